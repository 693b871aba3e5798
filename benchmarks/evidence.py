"""Generated sentences, of which it is known which words decide: do these come first, and with the right sign?"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from eli5_transformers.faithfulness.intervals import estimate, mean

from .methods import METHODS
from .timing import table

ORDERED = ("integrated-gradients", "linearization", "occlusion", "gradient-x-input")
"""Signed methods whose signs are counted."""
_DECIDES = ("opinion", "negator", "intensity")
"""Roles of words whose clause's sign is their own: comparisons and words of contrast speak of another clause."""


class Judged(NamedTuple):
    """What a model says of the sentences that it labels right."""

    predictor: Any
    examples: List[Any]
    """Those with evidence that are labelled right."""
    of: int
    """How many have evidence."""


def judged(predictor: Any, examples: Sequence[Any]) -> Judged:
    """The sentences that can be judged: where the label is not found, nothing is known of what decided."""
    decided = [example for example in examples if example.evidence]
    right = [one for one in decided if int(np.argmax(predictor.predict_json({"sentence": one.text})["probs"])) == one.label - 1]
    return Judged(predictor, right, len(decided))


def evidence(models: Mapping[str, Any], examples: Sequence[Any]) -> None:
    """Prints both tables for models (predictors by name) of five labels in order; the first is the demonstration model."""
    each = {name: judged(predictor, examples) for name, predictor in models.items()}
    first = next(iter(each.values()))
    ranking_table(first)
    if len(each) > 1:
        models_table({name: one for name, one in each.items() if one is not first})
    ordered_table(first)


def ranking_table(one: Judged) -> None:
    """Whether each method ranks the words first that decide."""
    rows = [[name, *map(mean_of, zip(*found))] for name, found in rankings(one).items()]
    table(
        f"Known evidence, {len(one.examples)} of {one.of} held-out texts that the demonstration model labels right",
        ["interpreter", "mean average precision", "AUROC"],
        sorted(rows, key=lambda row: -row[1].value),
        "Words are ranked by the size of their score. In brackets 95 % intervals, from drawing the texts anew. "
        "simple-gradient, integrated-gradient and smooth-gradient are AllenNLP's.",
    )


def models_table(each: Mapping[str, Judged]) -> None:
    """The mean average precision by model: were these models not trained on such sentences, still the same words decide."""
    found = {model: rankings(one) for model, one in each.items()}
    methods = list(dict.fromkeys(name for one in found.values() for name in one))
    rows = [[name, *(mean_of([p for p, _ in one[name]]) if name in one else "" for one in found.values())] for name in methods]
    counts = ", ".join(f"{model}: {len(one.examples)} of {one.of}" for model, one in each.items())
    table(
        "The same sentences, by models that were trained on texts of people",
        ["mean average precision", *found],
        sorted(rows, key=lambda row: -np.mean([cell.value for cell in row[1:] if cell])),
        f"Sentences that a model labels right ({counts}).",
    )


def rankings(one: Judged) -> Dict[str, List[Tuple[float, float]]]:
    """For each method, of each sentence the average precision and the area under the curve of its words."""
    from eli5_transformers.errors import MissingDependencyError, UnsupportedModelError
    from eli5_transformers.interpreters import attribute

    inputs = [{"sentence": example.text} for example in one.examples]
    found = {}
    for name, settings in METHODS.items():
        try:
            attributions = attribute(one.predictor, inputs, {"type": name, **settings})
        except (MissingDependencyError, UnsupportedModelError):
            continue
        found[name] = [_ranking(of_text, example) for (of_text,), example in zip(attributions, one.examples)]
    return found


def ordered_table(one: Judged) -> None:
    """By class, the share of sides (all words of a sentence that praise, or that blame) whose sum has the right sign."""
    rows = []
    for name in ORDERED:
        for question, shares in right_signs(one, name).items():
            rows.append([f"{name}, {question}", *(mean_of(shares.get(label, [])) for label in range(1, 6))])
    table(
        "Ordered labels: is the sign of praise and of blame right?",
        ["explained", *(f"{label} star{'s' if label > 1 else ''}" for label in range(1, 6))],
        rows,
        "The words of a sentence that praise are one sum of scores, those that blame another. The lean is right where praise "
        "pulls up and blame down; the label's own logit where praise speaks for 4 or 5 stars, or for 3, and against 1 or 2.",
    )


def right_signs(one: Judged, method: str) -> Dict[str, Dict[int, List[float]]]:
    """By question and label, 1 for each side of a sentence whose sum has the right sign, 0 for others."""
    from eli5_transformers import lean
    from eli5_transformers.interpreters import attribute

    inputs = [{"sentence": example.text} for example in one.examples]
    found: Dict[str, Dict[int, List[float]]] = {"the label's logit": {}, "the lean": {}}
    for example, (own, leaning) in zip(one.examples, attribute(one.predictor, inputs, method, targets=[None, lean()])):
        for sign in (1, -1):
            words = [word for word in example.evidence if word.sign == sign and word.role in _DECIDES]
            if not words:
                continue
            turn = 1 if example.label >= 3 else -1
            for question, (scores, wanted) in zip(found, ((own, sign * turn), (leaning, sign))):
                found[question].setdefault(example.label, []).append(float(np.sign(_sum(scores, words)) == wanted))
    return found


def mean_of(values: Sequence[float]) -> Any:
    """The mean of one number a text, with its interval."""
    return estimate(mean, [np.array([[value]]) for value in values])


def _sum(attribution: Any, words: Sequence[Any]) -> float:
    tokens = attribution.tokens
    places = zip(attribution.scores, tokens.start, tokens.end)
    return sum(score for score, start, end in places if start >= 0 and _within(start, end, words))


def _within(start: int, end: int, words: Sequence[Any]) -> bool:
    return any(start < word.end and word.start < end for word in words)


def _ranking(found: Any, example: Any) -> Tuple[float, float]:
    """Average precision and area under the curve of one text's words."""
    from eli5_transformers.text.granularity import by_word

    words = by_word(found)
    placed = [place for place in range(len(words.tokens)) if words.tokens.start[place] >= 0]
    scores = np.abs(words.scores[placed])
    decides = np.array([_within(words.tokens.start[at], words.tokens.end[at], example.evidence) for at in placed], dtype=bool)
    hits = decides[np.argsort(-scores, kind="stable")]
    precision = float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean()) if hits.any() else 0.0
    positive, negative = scores[decides], scores[~decides]
    if not len(positive) or not len(negative):
        return precision, 1.0
    wins = (positive[:, None] > negative[None]).mean() + 0.5 * (positive[:, None] == negative[None]).mean()
    return precision, float(wins)
