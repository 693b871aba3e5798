"""Several texts at once, of which some may fail: which they are, and the results of the others."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, TypeVar

from ..arguments import one_of
from ..errors import Eli5TransformersError, InputError, is_error, is_lack_of_memory, short
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
        except BaseException as error:
            if on_error == "skip":
                results.append(FailedText(place, _of_a_text(error)))
            elif isinstance(error, Eli5TransformersError):
                raise with_place(error, place, texts) from error
            else:
                raise
    return results


def together(
    run: Run, lengths: Mapping[int, int], texts: int, on_error: str, control: Callable[[], Any]
) -> Dict[int, Any]:
    """`run(places)` for all texts, which share their passes; `lengths` has their places as keys.

    A text for which the run fails is found by halves. With "skip" a FailedText takes its place, whatever the error is; an
    error that all texts have alike is the call's, and raised; where there is one text alone, an error that `control()`, the
    run of any other text, has alike. With "raise" the error names the text, unless it is the call's: the first and the last
    text fail with it alike.
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
        group = places[start : start + _GROUP]
        try:
            results.update(zip(group, run(group)))
        except BaseException as error:
            failed = _of_a_text(error)
            if all(isinstance(result, FailedText) for result in results.values()):
                _require_of_some(run, group, failed, control)
            results.update(_halved(run, group, failed))
    errors = [result.error for result in results.values() if isinstance(result, FailedText)]
    if 1 < len(errors) == len(places) and len(set(map(str, errors))) == 1:
        raise errors[0]
    return results


def _require_of_some(run: Run, places: Sequence[int], error: Eli5TransformersError, control: Callable[[], Any]) -> None:
    """Raises the error that the texts at both ends have alike and the control, too: the others need not be tried."""
    ends = [error] if len(places) == 1 else [failure(run, places[:1]), failure(run, places[-1:])]
    if any(found is None or str(found) != str(ends[0]) for found in ends):
        return
    found = failure(lambda _: [control()], ())
    if found is not None and (len(places) > 1 or str(found) == str(error)):
        raise ends[0] from None  # type: ignore[misc]


def skipping(run: Run, places: Sequence[int]) -> Dict[int, Any]:
    """`run(places)`, with a FailedText for each text for which it fails, found by halves."""
    try:
        return dict(zip(places, run(places)))
    except BaseException as error:
        failed = _of_a_text(error)
    return _halved(run, places, failed)


def _halved(run: Run, places: Sequence[int], error: Eli5TransformersError) -> Dict[int, Any]:
    if len(places) == 1:
        return {places[0]: FailedText(places[0], error)}
    middle = len(places) // 2
    return {**skipping(run, places[:middle]), **skipping(run, places[middle:])}


def _of_a_text(error: BaseException) -> Eli5TransformersError:
    """The error as this package's: whatever the model, the tokenizer or a reader of a person's own raises.

    Without the frames, which hold the tensors of a batch: those that are tried next need the memory. Raises what is no
    error, such as the wish to stop.
    """
    if not is_error(error):
        raise error
    if isinstance(error, Eli5TransformersError):
        return error.with_traceback(None)
    if is_lack_of_memory(error):
        return InputError(f"there is not enough memory to explain it, also alone: {short(error)}")
    return InputError(f"it cannot be explained: {type(error).__name__}: {short(error)}")


def failure(run: Run, places: Sequence[int]) -> Optional[Eli5TransformersError]:
    """The error with which the run of these texts fails, as one of this package; None where it does not."""
    try:
        run(places)
    except BaseException as error:
        return _of_a_text(error)
    return None


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
