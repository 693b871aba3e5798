"""Texts of an explanation as they are shown.

eli5's formatters print documents, features, descriptions and errors character by character, into a notebook's cell or onto
a terminal. So an eli5 `Explanation` holds them as `escapes` spells them, and its spans count the characters of what it
holds; the `Attribution` that it is made of, and its file, keep the texts as they were given. Labels stay as the model has
them: whoever asks for a target asks by its name. And a table of zeros, on which the formatters fail, is shown, too.
"""

from __future__ import annotations

from typing import Any, Callable, Optional, TypeVar

import attr
from eli5.base import DocWeightedSpans, Explanation, FeatureWeight, FeatureWeights
from eli5.formatters.features import FormattedFeatureName

from ..escapes import visible, visible_line, visible_offsets

_Text = TypeVar("_Text", str, Optional[str])


def shown(explanation: Explanation) -> Explanation:
    """The explanation with its texts as they are shown; equal where there is nothing to spell."""
    importances = explanation.feature_importances
    return attr.evolve(
        explanation,
        description=_spelled(explanation.description),
        error=_spelled(explanation.error),
        method=_spelled(explanation.method),
        targets=explanation.targets and [_target(target) for target in explanation.targets],
        feature_importances=importances
        and attr.evolve(importances, importances=[_weight(weight) for weight in importances.importances]),
    )


def _spelled(text: _Text, spell: Callable[[str], str] = visible) -> _Text:
    """The text as `spell` has it, of the same class of string; what is no string stays as it is."""
    if not isinstance(text, str):
        return text
    spelled = spell(text)
    return text if spelled == text else type(text)(spelled)


def _target(target: Any) -> Any:
    spans = target.weighted_spans
    return attr.evolve(
        target,
        feature_weights=_weights(target.feature_weights),
        weighted_spans=spans
        and attr.evolve(
            spans,
            docs_weighted_spans=[_document(document) for document in spans.docs_weighted_spans],
            other=_weights(spans.other),
        ),
    )


def _document(document: DocWeightedSpans) -> DocWeightedSpans:
    """The document as it is shown, with each span at the same characters."""
    named = attr.evolve(document, vec_name=_spelled(document.vec_name, visible_line))
    text = visible(document.document)
    if text == document.document:
        return named
    places = visible_offsets(document.document)

    def place(at: int) -> int:
        # eli5's n-grams of characters may begin before the text.
        return at if at < 0 else places[min(at, len(places) - 1)]

    spans = [(name, [(place(start), place(end)) for start, end in held], weight) for name, held, weight in document.spans]
    return attr.evolve(named, document=text, spans=spans)


def _weights(weights: Optional[FeatureWeights]) -> Optional[FeatureWeights]:
    if weights is None:
        return None
    return attr.evolve(
        weights, pos=[_weight(weight) for weight in weights.pos], neg=[_weight(weight) for weight in weights.neg]
    )


class _Zero(float):
    """A weight of 0, which is no share of the largest one, even where that is 0: eli5 divides the two to choose a colour."""

    def __abs__(self) -> _Zero:
        return self

    def __truediv__(self, other: Any) -> float:
        return 0.0


def _weight(weight: FeatureWeight) -> FeatureWeight:
    return attr.evolve(
        weight, feature=_feature(weight.feature), weight=_Zero() if weight.weight == 0 else weight.weight
    )


def _feature(feature: Any) -> Any:
    """A feature as it is shown: one line, whatever its kind is."""
    if isinstance(feature, FormattedFeatureName):
        return FormattedFeatureName(_spelled(feature.value, visible_line))
    if isinstance(feature, list):  # one of these names, which share a place of eli5's hashed features
        return [{**one, "name": _feature(one["name"])} if isinstance(one, dict) and "name" in one else one for one in feature]
    return _spelled(feature, visible_line)


def given_instead(value: Any, wanted: str) -> str:
    """The sentence about what is no Explanation; `wanted` ends it.

    One of an earlier eli5 is none for this one, whose classes are others, and eli5's own formatters fail on it.
    """
    if (type(value).__module__, type(value).__qualname__) == (Explanation.__module__, Explanation.__qualname__):
        return (
            "the Explanation was made before eli5 was taken out of sys.modules and imported again, which knows its own alone: "
            "explain the text again"
        )
    return f"a {type(value).__name__} was given, but {wanted}"
