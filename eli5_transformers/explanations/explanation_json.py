"""eli5 explanations as JSON text, and back.

The format is a JSON object with the keys "format", "version" and "explanation". The last holds the fields of
`eli5.base.Explanation` by name, and so on down: a field's place says which of eli5's classes it is, so a file names no
class. What JSON lacks is an object with one key that begins with "$":

    {"$tuple": [0, 4]}   {"$dict": [["name", "x"], ["sign", 1]]}   {"$float": "nan"}   {"$formatted": "<BIAS>"}

NumPy's numbers become Python's, which equal them. A text that eli5 would print into HTML unescaped is read back as a
`LabelText`, which equals the text and is escaped where it is printed: a file from elsewhere cannot bring markup in. What
is read is as `shown` has it: characters that a screen would obey are spelled. And eli5's formatters take all that is read:
what they would fail on, as a span without characters, is refused.
"""

from __future__ import annotations

import math
import reprlib
from typing import Any, ClassVar, List, Optional, Tuple, Union

import attr
import msgspec
import numpy as np
from eli5 import base
from eli5.formatters.features import FormattedFeatureName

from ..errors import ExplanationError
from .label_text import safe
from .saved import ROUNDING, Count, Format, Leaf, mirror
from .shown import given_instead
from .to_eli5 import escaped_where_unescaped

FORMAT = "eli5_transformers.explanation"
OF_INPUT = ("line", "id", "label")
"""What a file may say of the input, beside the explanation: its place, its name, and the label that it was given with."""
_LARGEST = 2**1000


def explanation_to_json(explanation: base.Explanation) -> str:
    """The explanation as JSON text (ASCII only, no NaN literals), which `explanation_from_json` reads.

    Raises ExplanationError for what is not an explanation of a prediction: decision trees, CRF transitions, images and
    heat maps, and for field values that are not text, numbers, lists, tuples or dicts of these.
    """
    return explanation_of_input_to_json(explanation)


def explanation_of_input_to_json(explanation: base.Explanation, **given: Any) -> str:
    """The same with what is known of its input under the keys of `OF_INPUT`, which `explanation_from_json` passes over.

    Raises ExplanationError, too, for a value that JSON lacks.
    """
    if type(explanation) is not base.Explanation:
        raise ExplanationError(given_instead(explanation, "only an eli5 Explanation can be saved"))
    try:
        text = _FORMAT.to_text(_written(explanation), given)
    except RecursionError:
        raise ExplanationError("the explanation is nested too deeply") from None
    _require_shown_by_eli5(explanation)
    return text


def explanation_from_json(text: str) -> base.Explanation:
    """The explanation that `explanation_to_json` wrote: equal to the one that was saved, but for what `shown` spells.

    Raises ExplanationError for a text of another format or version, and for one that is damaged: the message names the
    place.
    """
    read = _FORMAT.from_text(text)
    _require_shown_by_eli5(read)
    return escaped_where_unescaped(read)


def _require_shown_by_eli5(explanation: base.Explanation) -> None:
    """Raises ExplanationError for fields that do not fit together, so that eli5's formatters would fail on them."""
    painted = [target.weighted_spans.docs_weighted_spans for target in explanation.targets or [] if target.weighted_spans]
    if len({len(documents) for documents in painted}) > 1:
        raise ExplanationError("the targets of the explanation have different numbers of documents")
    for document in (document for documents in painted for document in documents):
        for name, places, _ in document.spans:
            for start, end in places:
                # Of eli5's n-grams of characters the first may begin before the text, and the last end behind it.
                if not (-1 <= start < end and 0 < end <= len(document.document) + 1):
                    raise ExplanationError(
                        f"the span {(start, end)} of {reprlib.repr(name)} is no place in a document of "
                        f"{len(document.document)} characters"
                    )
    importances = explanation.feature_importances
    if importances and importances.remaining and not importances.importances:
        raise ExplanationError("feature_importances has features that remain, but none that they remain of")


class _Value(Leaf):
    """A value of a type that eli5 leaves open, as that of a feature, or of one that JSON lacks."""

    types: ClassVar[Tuple[type, ...]] = (type(None), bool, int, float, str, list, tuple, dict, FormattedFeatureName)

    def __init__(self, written: Any) -> None:
        self.value = _read(written)
        if type(self.value) not in self.types:
            raise _wrong(written, " or ".join(kind.__name__ for kind in self.types))


class _Number(_Value):
    types = (int, float)

    def __init__(self, written: Any) -> None:
        super().__init__(written)
        if isinstance(self.value, int) and abs(self.value) > _LARGEST:
            raise _wrong(written, "a number that a float can hold")


class _Probability(_Number):
    def __init__(self, written: Any) -> None:
        super().__init__(written)
        if self.value < -ROUNDING or self.value > 1 + ROUNDING:  # not a number is what a model may give
            raise _wrong(written, "a number from 0 to 1")


class _Target(_Value):
    types = (str, int, float, bool)


class _Feature(_Value):
    types = (str, list, FormattedFeatureName)

    def __init__(self, written: Any) -> None:
        super().__init__(written)
        if isinstance(self.value, list) and not all(map(_is_signed_name, self.value)):
            raise _wrong(written, 'a text, or a list of dicts with a "name" and a "sign"')


class _Spans(_Value):
    types = (list, tuple)

    def __init__(self, written: Any) -> None:
        super().__init__(written)
        try:  # As `get_char_weights` unpacks them.
            spans = msgspec.convert(self.value, List[Tuple[Any, List[Tuple[int, int]], Union[int, float]]])
            for feature, _, weight in spans:
                hash(feature)
                _Number(_written(weight))
        except (TypeError, ValueError):
            raise _wrong(written, "a list of (feature, [(start, end), ...], weight)") from None


def _is_signed_name(value: Any) -> bool:
    return type(value) is dict and type(value.get("name")) is str and value.get("sign") in (1, -1)


# eli5's classes, field by field; a field that is missing here cannot be saved.
# mypy takes classes that are made when a module is loaded for no types.
_List: Any = List
_Optional: Any = Optional
_WEIGHT = mirror(base.FeatureWeight, feature=_Feature, weight=_Number, std=_Optional[_Number], value=_Optional[_Value])
_WEIGHTS = mirror(base.FeatureWeights, pos=_List[_WEIGHT], neg=_List[_WEIGHT], pos_remaining=Count, neg_remaining=Count)
_IMPORTANCES = mirror(base.FeatureImportances, importances=_List[_WEIGHT], remaining=Count)
_FLAG, _TEXT = _Optional[bool], _Optional[str]
_DOCUMENT = mirror(
    base.DocWeightedSpans, document=str, spans=_Spans, preserve_density=_FLAG, with_probabilities=_FLAG, vec_name=_TEXT
)
_SPANS = mirror(base.WeightedSpans, docs_weighted_spans=_List[_DOCUMENT], other=_Optional[_WEIGHTS])
_TARGET = mirror(
    base.TargetExplanation, target=_Target, proba=_Optional[_Probability], score=_Optional[_Number],
    feature_weights=_Optional[_WEIGHTS], weighted_spans=_Optional[_SPANS],
)  # fmt: skip
_EXPLANATION = mirror(
    base.Explanation, estimator=str, description=_TEXT, error=_TEXT, method=_TEXT, is_regression=bool,
    targets=_Optional[_List[_TARGET]], feature_importances=_Optional[_IMPORTANCES], highlight_spaces=_FLAG,
)  # fmt: skip
_RECORDS = {kind.of: kind for kind in (_WEIGHT, _WEIGHTS, _IMPORTANCES, _DOCUMENT, _SPANS, _TARGET, _EXPLANATION)}
_FORMAT = Format(FORMAT, "explanation", _EXPLANATION, OF_INPUT)


def _written(value: Any) -> Any:
    """`value` as JSON has it; one that JSON cannot hold stays as it is, for the check to name its place."""
    if type(value) in _RECORDS:
        known = _RECORDS[type(value)].__struct_fields__
        return {
            field.name: _written(getattr(value, field.name))
            for field in attr.fields(type(value))
            if field.name in known or getattr(value, field.name) is not field.default
        }
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, str):
        return "".join(value)
    if isinstance(value, FormattedFeatureName):
        return {"$formatted": "".join(value.value)}
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else {"$float": str(float(value))}
    if type(value) is list:
        return [_written(item) for item in value]
    if type(value) is tuple:
        return {"$tuple": [_written(item) for item in value]}
    if type(value) is dict:
        return {"$dict": [[_written(key), _written(item)] for key, item in value.items()]}
    return value


def _read(written: Any) -> Any:
    """What `_written` wrote of a leaf. Raises ValueError for anything else."""
    if written is None or type(written) in (bool, int, float, str):
        return written
    if type(written) is list:
        return [_read(item) for item in written]
    ((tag, held),) = written.items() if type(written) is dict and len(written) == 1 else ((None, None),)
    if tag == "$float" and held in ("nan", "inf", "-inf"):
        return float(held)
    if tag == "$formatted" and type(held) is str:
        return FormattedFeatureName(safe(held))
    if tag == "$tuple" and type(held) is list:
        return tuple(_read(held))
    if tag == "$dict" and type(held) is list and all(type(pair) is list and len(pair) == 2 for pair in held):
        try:
            made = {_read(key): _read(item) for key, item in held}
        except TypeError:
            made = {}
        if len(made) != len(held):
            raise _wrong(held, "pairs whose first halves can be keys of a dict, each once")
        return made
    raise _wrong(written, "None, a bool, a number, a text, or a list, tuple or dict of these")


def _wrong(value: Any, accepted: str) -> ValueError:
    return ValueError(f"{reprlib.repr(value)} ({type(value).__name__}) must be {accepted}")
