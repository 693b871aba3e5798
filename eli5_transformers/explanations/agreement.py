"""How far two methods agree on a text."""

from __future__ import annotations

from typing import Optional

import numpy as np

from ..records import Attribution
from ..text.granularity import placed_scores


def rank_correlation(first: Attribution, second: Attribution) -> Optional[float]:
    """Spearman's rank correlation of two methods' word scores, between -1 and 1; ties share their mean rank.

    Where one of the methods is unsigned, both are compared by absolute value. None where it is not defined: fewer than
    two words in common, or scores that are all equal.
    """
    one, other = placed_scores(first), placed_scores(second)
    common = sorted(set(one) & set(other))
    pair = np.array([[held[place] for place in common] for held in (one, other)], dtype=float)
    if not (first.signed and second.signed):
        pair = np.abs(pair)
    if len(common) < 2 or np.ptp(pair, axis=1).min() == 0:
        return None
    from scipy.stats import spearmanr  # takes a while, and most calls of this package compare nothing

    # In one order whichever comes first, so that both ways give the same last digit.
    return float(spearmanr(*sorted(pair.tolist()))[0])
