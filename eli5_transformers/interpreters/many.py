"""Several texts at once, of which some may fail: which they are, and the results of the others."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, TypeVar

from ..arguments import one_of
from ..errors import Eli5TransformersError
from ..records import FailedText

Result = TypeVar("Result")
Run = Callable[[Sequence[int]], List[Any]]
"""From the places of some texts to a result for each."""

ON_ERROR = ("raise", "skip")
# Texts that go together where failing ones are skipped: one that fails costs the others of its group a second run.
_GROUP = 64


def require_on_error(on_error: str) -> None:
    """Raises InputError for a word that `on_error` does not have."""
    one_of(on_error, "on_error", ON_ERROR)


def with_place(error: Eli5TransformersError, place: int, texts: int) -> Eli5TransformersError:
    """The same error with the text's place in its message, where there are several texts."""
    return error if texts < 2 else type(error)(f"text {place}: {error}")


def one_by_one(run: Callable[[int], Any], texts: int, on_error: str) -> List[Any]:
    """`run(place)` for each text; where it fails a FailedText, or the error with the text's place in its message."""
    results: List[Any] = []
    for place in range(texts):
        try:
            results.append(run(place))
        except Eli5TransformersError as error:
            if on_error == "raise":
                raise with_place(error, place, texts) from error
            results.append(FailedText(place, error))
    return results


def together(
    run: Run, lengths: Mapping[int, int], texts: int, on_error: str, control: Callable[[], Any]
) -> Dict[int, Any]:
    """`run(places)` for all texts, which share their passes; `lengths` has their places as keys.

    A text for which the run fails is found by halves. With "skip" a FailedText takes its place; an error that all texts
    have alike is the call's, and raised; where there is one text alone, an error that `control()`, the run of any other text,
    has alike. With "raise" the error names the text, unless it is the call's: the first and the last text fail with it alike.
    """
    places = list(lengths)
    if on_error == "raise":
        try:
            return dict(zip(places, run(places))) if places else {}
        except Eli5TransformersError as error:
            culprit, found = _blamed(run, places, error)
            if culprit is None:
                raise
            raise with_place(found, culprit, texts) from error
    places.sort(key=lambda place: -lengths[place])
    results: Dict[int, Any] = {}
    for start in range(0, len(places), _GROUP):
        results.update(_skipping(run, places[start : start + _GROUP]))
    failed = [result.error for result in results.values() if isinstance(result, FailedText)]
    alike = len(failed) == len(places) and len({str(error) for error in failed}) == 1
    if alike and (len(places) > 1 or str(_failure(lambda _: [control()], ())) == str(failed[0])):
        raise failed[0]
    return results


def _skipping(run: Run, places: Sequence[int]) -> Dict[int, Any]:
    try:
        return dict(zip(places, run(places)))
    except Eli5TransformersError as error:
        if len(places) == 1:
            return {places[0]: FailedText(places[0], error)}
    middle = len(places) // 2
    return {**_skipping(run, places[:middle]), **_skipping(run, places[middle:])}


def _blamed(
    run: Run, places: Sequence[int], error: Eli5TransformersError
) -> Tuple[Optional[int], Eli5TransformersError]:
    """The text that fails alone, and its error; None where no text is to blame more than another."""
    if len(places) == 1:
        return places[0], error
    first, last = _failure(run, places[:1]), _failure(run, places[-1:])
    if first is not None and last is not None and str(first) == str(last):
        return None, error
    while len(places) > 1:
        half = places[: len(places) // 2]
        failed = _failure(run, half)
        places = half if failed is not None else places[len(places) // 2 :]
    found = _failure(run, places)
    return (None, error) if found is None else (places[0], found)


def _failure(run: Run, places: Sequence[int]) -> Optional[Eli5TransformersError]:
    try:
        run(places)
    except Eli5TransformersError as error:
        return error
    return None
