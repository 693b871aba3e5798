"""eli5 explanations of scores that were computed elsewhere: the function that people's notebooks define themselves."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional, Sequence, Tuple

import numpy as np
from eli5.base import Explanation, FeatureWeights, TargetExplanation, WeightedSpans

from ..arguments import listed, truth, whole_number
from ..errors import ExplanationError, shown
from ..text.alignment import align_tokens, is_added_token
from ..text.granularity import told_apart
from ..text.spelling import readable
from .to_eli5 import Row, escaped_where_unescaped, signed_weights, summary, weighted_documents


def get_explanation_from_grads(
    estimator_name: str,
    estimator_description: str,
    text: str,
    tokens: Sequence[str],
    grads: Sequence[float],
    probas: Sequence[float],
    labels: Sequence[str],
    force_weights: bool = False,
    offsets: Optional[Sequence[Optional[Tuple[int, int]]]] = None,
) -> Explanation:
    """The eli5 explanation of saliency scores that were computed elsewhere, by an AllenNLP interpreter say.

    Parameters
    ----------
    estimator_name, estimator_description
        What the explanation says of the model.
    text
        The text, exactly as it was given to the predictor.
    tokens, grads
        The tokens as the predictor names them, and one score for each; shape (tokens,).
    probas, labels
        One probability and one name for each class; the class of the highest probability is the one explained.
    force_weights
        True gives the table a row for each token, in the order of the text; False gives it the sum alone,
        "Highlighted in text". The text is painted in both cases.
    offsets
        The character span (start, end) in `text` of each token, None for a token that stands for no characters. Without
        them the spans are found from the tokens' spelling.

    Raises ExplanationError where the arguments do not fit together, InputError for a flag or an offset that is none.
    """
    for name, given in (("estimator_name", estimator_name), ("text", text)):
        if not isinstance(given, str):
            raise ExplanationError(f"{name} is a {type(given).__name__}, but must be a str")
    if not isinstance(estimator_description, (str, type(None))):
        raise ExplanationError(f"estimator_description is a {type(estimator_description).__name__}, but must be a str")
    tokens, labels = _checked_names(tokens, "tokens", "token"), _checked_names(labels, "labels", "class")
    force_weights = truth(force_weights, "force_weights")
    scores = _checked_scores(tokens, grads)
    probabilities = _checked_probabilities(probas, labels)
    spans = align_tokens(text, tokens) if offsets is None else _checked_offsets(text, tokens, offsets)
    names = [readable(token, text) if span is None else token for token, span in zip(tokens, spans)]
    rows = [
        Row(name, float(score), (0, *span) if span is not None and span[0] < span[1] else None)
        for name, score, span in zip(told_apart(names), scores, spans)
    ]
    explained = int(np.argmax(probabilities))
    target = TargetExplanation(
        target=labels[explained],
        feature_weights=_in_reading_order(rows) if force_weights else summary(rows),
        proba=float(probabilities[explained]),
        weighted_spans=WeightedSpans(weighted_documents((text,), rows), other=summary(rows)),
    )
    return escaped_where_unescaped(
        Explanation(estimator=estimator_name, description=estimator_description or None, targets=[target])
    )


def _in_reading_order(rows: Sequence[Row]) -> FeatureWeights:
    weights = signed_weights([(row.name, row.weight) for row in rows])
    weights.neg.reverse()  # the formatters print the negative ones from the last to the first
    return weights


def _checked_names(given: Any, name: str, of: str) -> List[str]:
    names = None if isinstance(given, (str, set, frozenset, Mapping)) else listed(given)
    # A class may be known by its number alone.
    kinds = (str, int) if of == "class" else str
    if names is None or not all(isinstance(one, kinds) for one in names):
        raise ExplanationError(f"{name} is {shown(given)}, but must be a list with one name for each {of}")
    return names


def _numbers(given: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(listed(given), dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise ExplanationError(f"{name} must be numbers in a list or an array: {error}") from None


def _checked_scores(tokens: Sequence[str], grads: Sequence[float]) -> np.ndarray:
    scores = _numbers(grads, "grads")
    if scores.shape != (len(tokens),):
        raise ExplanationError(
            f"{len(tokens)} tokens were given with scores of shape {scores.shape}: there must be one score for each token"
        )
    if not np.isfinite(scores).all():
        raise ExplanationError(
            f"the score of token {int(np.argmax(~np.isfinite(scores)))} is not a finite number: "
            "an interpreter that divides by a norm of zero returns such scores, and nothing can be explained by them"
        )
    return scores


def _checked_probabilities(probas: Sequence[float], labels: Sequence[str]) -> np.ndarray:
    probabilities = _numbers(probas, "probas")
    if probabilities.ndim != 1 or len(probabilities) != len(labels) or not len(labels):
        raise ExplanationError(
            f"{len(labels)} labels were given with probabilities of shape {probabilities.shape}: "
            "there must be one label for each class of the model, in the order of its outputs"
        )
    return probabilities


def _checked_offsets(
    text: str, tokens: Sequence[str], offsets: Sequence[Optional[Tuple[int, int]]]
) -> List[Optional[Tuple[int, int]]]:
    offsets = [] if isinstance(offsets, (str, set, frozenset, Mapping)) else listed(offsets)
    if len(offsets) != len(tokens):
        raise ExplanationError(
            f"{len(tokens)} tokens were given with {len(offsets)} offsets: there must be one for each"
        )
    spans: List[Optional[Tuple[int, int]]] = []
    for token, span in zip(tokens, offsets):
        if span is None:
            spans.append(None)
            continue
        places = [] if isinstance(span, (str, set, frozenset)) else listed(span)
        if len(places) != 2:
            raise ExplanationError(f"the offsets of token {token!r} are {shown(span)}, but must be (start, end) or None")
        start, end = (whole_number(place, f"an offset of token {token!r}", least=0) for place in places)
        if start == end and is_added_token(token):
            spans.append(None)
            continue
        if not 0 <= start <= end <= len(text):
            raise ExplanationError(
                f"the offsets {(start, end)} of token {token!r} lie outside the text, which has {len(text)} characters"
            )
        spans.append((start, end))
    return spans
