"""How many gradients a stated error costs, and whether the words that decide come first."""

from __future__ import annotations

from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from .timing import table, verdict

TOLERANCE = 0.01
SHARE = 0.95
RUNGS = (8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 50, 64, 80, 100, 128, 160, 200, 256, 320)


def evaluations(
    title: str, predictor: Any, texts: Sequence[str], baselines: Sequence[str] = ("mask", "pad", "zero")
) -> None:
    """Our gradients to 1 % for each token, beside the fixed number that Captum's rule needs for its sum, on 95 % of texts."""
    from eli5_transformers.interpreters import attribute

    inputs = [{"sentence": text} for text in texts]
    rows = []
    for baseline in baselines:
        found = [one for (one,) in attribute(predictor, inputs, baseline=baseline)]
        ours = float(np.mean([one.evaluations for one in found]))
        steps, reached = _fixed_steps(predictor, inputs, baseline)
        worst = max(one.token_error for one in found)
        missed = sum(one.token_error > TOLERANCE for one in found)
        told = sum(bool(one.notes) for one in found)
        ratio = verdict(ours / steps, 0.7, False) if reached else f"≤ {ours / steps:.2f} (not reached with {steps})"
        rows.append([baseline, ours, max(one.evaluations for one in found), steps, ratio, f"{worst:.2%}", missed, told])
    table(
        f"Gradients to an error of {TOLERANCE:.0%} on {len(texts)} texts: {title}",
        ["baseline", "ours (mean)", "ours (most)", "fixed", "ours : fixed", "worst token", "above 1 %", "told so"],
        rows,
        f"Shares of the sum of all scores' sizes. Ours: until no token is expected to be off by more; the worst that is "
        f"stated. Fixed: the smallest number of Gauss-Legendre nodes, Captum's default rule, whose sum misses at most "
        f"{TOLERANCE:.0%} on {SHARE:.0%} of the texts; what single tokens miss is not known of it.",
    )


def _fixed_steps(predictor: Any, inputs: Sequence[Dict[str, str]], baseline: str) -> Tuple[int, bool]:
    from eli5_transformers.interpreters import attribute

    for steps in RUNGS:
        found = attribute(predictor, inputs, baseline=baseline, n_steps=steps)
        if np.mean([one.relative_delta <= TOLERANCE for (one,) in found]) >= SHARE:
            return steps, True
    return RUNGS[-1], False


METHODS: Dict[str, Dict[str, Any]] = {
    "integrated-gradients": {},
    "integrated-gradients, pad": {"type": "integrated-gradients", "baseline": "pad"},
    "linearization": {},
    "gradient-x-input": {},
    "gradient": {},
    "smoothgrad": {},
    "smoothgrad of integrated-gradients": {"type": "smoothgrad", "around": "integrated-gradients", "samples": 5},
    "occlusion": {},
    "captum": {"method": "ShapleyValueSampling", "options": {"n_samples": 5}},
    "simple-gradient": {},
    "integrated-gradient": {},
    "smooth-gradient": {},
}


def evidence(predictor: Any, examples: Sequence[Any]) -> None:
    """Whether each method ranks the words first that decide the label, which the generator knows."""
    from eli5_transformers.errors import MissingDependencyError
    from eli5_transformers.interpreters import attribute

    # Texts whose label the model does not find have no evidence for what it predicts; texts without opinion have none.
    examples = [example for example in examples if example.evidence]
    right = [example for example in examples if _predicted(predictor, example.text) == example.label - 1]
    inputs = [{"sentence": example.text} for example in right]
    rows = []
    for name, settings in METHODS.items():
        try:
            found = attribute(predictor, inputs, {"type": name, **settings})
        except MissingDependencyError:
            continue
        precisions, areas = zip(*(_ranking(one, example) for (one,), example in zip(found, right)))
        rows.append([name, float(np.mean(precisions)), float(np.mean(areas))])
    table(
        f"Known evidence, {len(right)} of {len(examples)} held-out texts that the model labels right",
        ["interpreter", "mean average precision", "AUROC"],
        sorted(rows, key=lambda row: -row[1]),
        "Words are ranked by the size of their score. simple-gradient, integrated-gradient and smooth-gradient are AllenNLP's.",
    )


def _predicted(predictor: Any, text: str) -> int:
    return int(np.argmax(predictor.predict_json({"sentence": text})["probs"]))


def _ranking(found: Any, example: Any) -> Tuple[float, float]:
    """Average precision and area under the curve of one text's words."""
    from eli5_transformers.text.granularity import by_word

    words = by_word(found)
    scores: List[float] = []
    decides: List[bool] = []
    for place in range(len(words.tokens)):
        start, end = words.tokens.start[place], words.tokens.end[place]
        if start < 0:
            continue
        scores.append(abs(float(words.scores[place])))
        decides.append(any(start < item.end and item.start < end for item in example.evidence))
    order = np.argsort(-np.array(scores), kind="stable")
    hits = np.array(decides)[order]
    precision = float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean()) if hits.any() else 0.0
    positive = np.array(scores)[np.array(decides)]
    negative = np.array(scores)[~np.array(decides)]
    if not len(positive) or not len(negative):
        return precision, 1.0
    wins = (positive[:, None] > negative[None]).mean() + 0.5 * (positive[:, None] == negative[None]).mean()
    return precision, float(wins)
