"""eli5 explanations as JSON text, and back.

The format is a JSON object with the keys "format", "version" and "explanation". The last holds the fields of
`eli5.base.Explanation` by name, and so on down: a field's place says which of eli5's classes it is, so a file names no
class and nothing of it is ever imported or evaluated. What JSON lacks is an object with one key that begins with "$":

    {"$tuple": [0, 4]}   {"$dict": [["name", "x"], ["sign", 1]]}   {"$float": "nan"}   {"$formatted": "<BIAS>"}

NumPy's numbers become Python's, which equal them. A text that eli5 would print into HTML unescaped is read back as a
`LabelText`, which equals the text and is escaped where it is printed: a file from elsewhere cannot bring markup in.
"""

from __future__ import annotations

import json
import math
from typing import Any, Callable, Dict, List, NamedTuple, Type

import attr
import numpy as np
from eli5.base import (
    DocWeightedSpans,
    Explanation,
    FeatureImportances,
    FeatureWeight,
    FeatureWeights,
    TargetExplanation,
    WeightedSpans,
)
from eli5.formatters.features import FormattedFeatureName

from ..errors import ExplanationError
from .to_eli5 import LabelText, escaped_where_unescaped

FORMAT = "eli5_transformers.explanations.to_eli5"
VERSION = 1
_UNSAVED = ("decision_tree", "transition_features", "image", "heatmap")


class _Kind(NamedTuple):
    """How values of one kind are written and read; both get the value and its path, which errors name."""

    write: Callable[[Any, str], Any]
    read: Callable[[Any, str], Any]


def explanation_to_json(explanation: Explanation) -> str:
    """The explanation as JSON text (ASCII only, no NaN literals), which `explanation_from_json` reads.

    Raises ExplanationError for what is not an explanation of a prediction: decision trees, CRF transitions, images and
    heat maps, and for field values that are not text, numbers, lists, tuples or dicts of these.
    """
    if not isinstance(explanation, Explanation):
        raise ExplanationError(f"a {type(explanation).__name__} was given, but only an eli5 Explanation can be saved")
    try:
        written = _object(Explanation).write(explanation, "explanation")
    except RecursionError:
        raise ExplanationError("the explanation holds a list, tuple or dict that is nested too deeply") from None
    return json.dumps({"format": FORMAT, "version": VERSION, "explanation": written}, allow_nan=False)


def explanation_from_json(text: str) -> Explanation:
    """The explanation that `explanation_to_json` wrote: equal to the one that was saved.

    Raises ExplanationError for a text of another format or version, and for one that is damaged: the message names the
    place.
    """
    try:
        return escaped_where_unescaped(_object(Explanation).read(_held(text), "explanation"))
    except RecursionError:
        raise ExplanationError("the text is nested too deeply to be a saved explanation") from None


def _held(text: str) -> Any:
    """What stands under "explanation" in the text."""
    try:
        held = json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_no_constant)
    except ExplanationError:
        raise
    except (TypeError, ValueError) as error:
        raise ExplanationError(
            f"the text is not JSON ({error}): give the text that explanation_to_json returned"
        ) from None
    if not isinstance(held, dict) or held.get("format") != FORMAT:
        raise ExplanationError(
            f'the text is not a saved explanation: it must be a JSON object with "format": "{FORMAT}", '
            "as explanation_to_json writes it"
        )
    if held.get("version") != VERSION or isinstance(held["version"], bool):
        raise ExplanationError(
            f"the saved explanation has version {held.get('version')!r}, but this release reads version {VERSION}: "
            "save it again, or read it with the release that wrote it"
        )
    _check_keys(
        held, {"format", "version", "explanation"}, {"format", "version", "explanation"}, "the saved explanation"
    )
    return held["explanation"]


def _wrong(path: str, value: Any, accepted: str) -> ExplanationError:
    shown = repr(value)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}…"
    return ExplanationError(f"{path} is {shown} ({type(value).__name__}), but must be {accepted}")


def _plain(check: Callable[[Any], bool], accepted: str, change: Callable[[Any], Any] = lambda value: value) -> _Kind:
    """Values that JSON holds as they are."""

    def either_way(value: Any, path: str) -> Any:
        if not check(value):
            raise _wrong(path, value, accepted)
        return change(value)

    return _Kind(either_way, either_way)


def _is_whole(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _write_number(value: Any, path: str) -> Any:
    if _is_whole(value):
        return int(value)
    if not isinstance(value, (float, np.floating)):
        raise _wrong(path, value, "a number")
    number = float(value)
    return number if math.isfinite(number) else {"$float": str(number)}


def _read_number(value: Any, path: str) -> Any:
    if isinstance(value, dict) and list(value) == ["$float"] and value["$float"] in ("nan", "inf", "-inf"):
        return float(value["$float"])
    if not _is_whole(value) and not (isinstance(value, float) and math.isfinite(value)):
        raise _wrong(path, value, "a number")
    return value


def _write_value(value: Any, path: str) -> Any:
    """A leaf whose type eli5 leaves open: the name of a feature or target, the value of a feature, spans."""
    if value is None or isinstance(value, (bool, np.bool_)):
        return None if value is None else bool(value)
    if isinstance(value, str):
        return "".join(value)
    if isinstance(value, FormattedFeatureName):
        return {"$formatted": "".join(value.value)}
    if isinstance(value, (int, float, np.integer, np.floating)):
        return _write_number(value, path)
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        items = [_write_value(item, f"{path}[{index}]") for index, item in enumerate(value)]
        return items if isinstance(value, list) else {"$tuple": items}
    if type(value) is dict:
        pairs = [[_write_value(part, f"{path}[{key!r}]") for part in (key, item)] for key, item in value.items()]
        return {"$dict": pairs}
    raise _wrong(path, value, "None, a bool, a number, a text, or a list, tuple or dict of these")


def _read_value(value: Any, path: str) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, list):
        return [_read_value(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if not isinstance(value, dict):
        return _read_number(value, path)
    ((tag, held),) = value.items() if len(value) == 1 else ((None, None),)
    if tag == "$formatted" and isinstance(held, str):
        return FormattedFeatureName(LabelText(held) if str(LabelText(held)) != held else held)
    if tag == "$tuple" and isinstance(held, list):
        return tuple(_read_value(held, path))
    if tag == "$dict" and isinstance(held, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in held):
        try:
            return {_read_value(key, path): _read_value(item, path) for key, item in held}
        except TypeError:
            raise _wrong(path, held, "pairs whose first halves can be keys of a dict") from None
    return _read_number(value, path)


def _optional(kind: _Kind) -> _Kind:
    return _Kind(
        lambda value, path: None if value is None else kind.write(value, path),
        lambda value, path: None if value is None else kind.read(value, path),
    )


def _list_of(kind: Callable[[], _Kind]) -> _Kind:
    """A list of objects; `kind` is called late, for classes that hold each other."""

    def each(value: Any, path: str, way: str) -> List[Any]:
        if type(value) is not list:
            raise _wrong(path, value, "a list")
        return [getattr(kind(), way)(item, f"{path}[{index}]") for index, item in enumerate(value)]

    return _Kind(lambda value, path: each(value, path, "write"), lambda value, path: each(value, path, "read"))


def _object(made: Type[Any]) -> _Kind:
    """An object of one of eli5's classes, as a JSON object of its fields."""
    kinds = _FIELDS[made]

    def write(value: Any, path: str) -> Dict[str, Any]:
        if type(value) is not made:
            raise _wrong(path, value, f"an eli5 {made.__name__}")
        for field in attr.fields(made):
            if field.name not in kinds and getattr(value, field.name) is not field.default:
                reason = (
                    "only explanations of predictions are saved" if field.name in _UNSAVED else "it is unknown here"
                )
                raise ExplanationError(f"{path}.{field.name} cannot be saved as JSON: {reason}")
        return {name: kind.write(getattr(value, name), f"{path}.{name}") for name, kind in kinds.items()}

    def read(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise _wrong(path, value, f"a JSON object with the fields of eli5's {made.__name__}")
        needed = {field.name for field in attr.fields(made) if field.default is attr.NOTHING}
        _check_keys(value, needed, set(kinds), path)
        return made(**{name: kinds[name].read(item, f"{path}.{name}") for name, item in value.items()})

    return _Kind(write, read)


def _check_keys(held: Dict[str, Any], needed: set, known: set, path: str) -> None:
    for problem, names in (("has no field", needed - set(held)), ("has an unknown field", set(held) - known)):
        if names:
            raise ExplanationError(
                f"{path} {problem} {sorted(names)[0]!r}: the text is not what explanation_to_json wrote"
            )


def _is_spans(value: Any) -> bool:
    """(feature, [(start, end), ...], weight) each, as `get_char_weights` unpacks them."""
    return isinstance(value, (list, tuple)) and all(
        isinstance(span, (list, tuple))
        and len(span) == 3
        and isinstance(span[1], (list, tuple))
        and all(isinstance(pair, (list, tuple)) and len(pair) == 2 and all(map(_is_whole, pair)) for pair in span[1])
        and isinstance(span[2], (int, float, np.integer, np.floating))
        for span in value
    )


def _checked(check: Callable[[Any], bool], accepted: str) -> _Kind:
    """A leaf of which eli5's formatters expect a form."""

    def checked(value: Any, path: str) -> Any:
        if not check(value):
            raise _wrong(path, value, accepted)
        return value

    return _Kind(
        lambda value, path: _write_value(checked(value, path), path),
        lambda value, path: checked(_read_value(value, path), path),
    )


_TEXT = _plain(lambda value: isinstance(value, str), "a text", "".join)
_FLAG = _plain(lambda value: isinstance(value, (bool, np.bool_)), "true or false", bool)
_COUNT = _plain(_is_whole, "a whole number", int)
_NUMBER = _Kind(_write_number, _read_number)
_VALUE = _Kind(_write_value, _read_value)
_TARGET = _checked(lambda value: isinstance(value, (str, int, float, np.generic)), "a text or a number")
_FEATURE = _checked(
    lambda value: isinstance(value, (str, list, FormattedFeatureName)), "a text, a list or a FormattedFeatureName"
)
_WEIGHTS = _list_of(lambda: _object(FeatureWeight))

_FIELDS: Dict[Type[Any], Dict[str, _Kind]] = {
    FeatureWeight: {"feature": _FEATURE, "weight": _NUMBER, "std": _optional(_NUMBER), "value": _VALUE},
    FeatureWeights: {"pos": _WEIGHTS, "neg": _WEIGHTS, "pos_remaining": _COUNT, "neg_remaining": _COUNT},
    FeatureImportances: {"importances": _WEIGHTS, "remaining": _COUNT},
    DocWeightedSpans: {
        "document": _TEXT,
        "spans": _checked(_is_spans, "a list of (feature, [(start, end), ...], weight)"),
        "preserve_density": _optional(_FLAG),
        "with_probabilities": _optional(_FLAG),
        "vec_name": _optional(_TEXT),
    },
}
_FIELDS[WeightedSpans] = {
    "docs_weighted_spans": _list_of(lambda: _object(DocWeightedSpans)),
    "other": _optional(_object(FeatureWeights)),
}
_FIELDS[TargetExplanation] = {
    "target": _TARGET,
    "feature_weights": _optional(_object(FeatureWeights)),
    "proba": _optional(_NUMBER),
    "score": _optional(_NUMBER),
    "weighted_spans": _optional(_object(WeightedSpans)),
}
_FIELDS[Explanation] = {
    "estimator": _TEXT,
    "description": _optional(_TEXT),
    "error": _optional(_TEXT),
    "method": _optional(_TEXT),
    "is_regression": _FLAG,
    "targets": _optional(_list_of(lambda: _object(TargetExplanation))),
    "feature_importances": _optional(_object(FeatureImportances)),
    "highlight_spaces": _optional(_FLAG),
}


def _without_duplicates(pairs: List[Any]) -> Dict[str, Any]:
    held = dict(pairs)
    if len(held) != len(pairs):
        raise ExplanationError(
            "the text has a JSON object with a field twice: it is not what explanation_to_json wrote"
        )
    return held


def _no_constant(name: str) -> Any:
    raise ExplanationError(f'the text holds {name}, which is not JSON: such numbers are saved as {{"$float": …}}')
