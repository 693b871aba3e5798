"""What the files in `version_1` hold; the first release of the format wrote them."""

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

from eli5_transformers.records import Attribution, Tokens


def explanation():
    """One with every field and every kind of value that a file can hold."""
    rows = [
        FeatureWeight("good", 1.5, value=1.0),
        FeatureWeight(FormattedFeatureName("<BIAS>"), np.float32(0.1), std=2, value=(1, [True, None], {"a": 0.1})),
        FeatureWeight([{"name": "x", "sign": -1}], 10**30, std=float("inf"), value="a\ud800\u202e<b>"),
    ]
    weights = FeatureWeights(rows, [FeatureWeight("bad", -1 / 3)], pos_remaining=2, neg_remaining=np.int64(1))
    spans = [("0: good", [(0, 4)], 1.5), ["1: bad", ((5, 8), [9, 12]), -2]]
    document = DocWeightedSpans("good bad bad", spans, preserve_density=False, vec_name="text 1")
    target = TargetExplanation("fine <b>", weights, 0.75, -np.inf, WeightedSpans([document], other=weights))
    return Explanation(
        "e", "a\nb", None, "m", False, [target, TargetExplanation(np.int64(3))], FeatureImportances(rows[:1], 4),
        highlight_spaces=True,
    )  # fmt: skip


def attribution():
    """One of a pair of which a part was cut."""
    tokens = Tokens(
        ("[CLS]", "go", "##od", "é\ud800", "[SEP]"), (-1, 0, 2, 0, -1), (-1, 2, 4, 2, -1), (-1, 0, 0, 0, -1),
        (0, 0, 0, 1, 0), (True, False, False, False, True), cut=(0, 3), seen=((0, 4), (0, 2)),
    )  # fmt: skip
    return Attribution(
        ("good", "é\ud800 cut"), tokens, np.array([0.1, 1 / 3, -2e-300, 4.0, 0.0]), 1, "fine", "integrated-gradients",
        True, probability=0.75, score=2.0, parameters={"baseline": [0.5, None], "seed": 3, "deep": {"a": "b"}},
        notes=("a caveat.",), baseline="zeros", baseline_score=-1, convergence_delta=0.001, evaluations=45,
    )  # fmt: skip
