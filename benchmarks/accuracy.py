"""How many gradients a stated error costs."""

from __future__ import annotations

from typing import Any, Dict, Sequence, Tuple

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
