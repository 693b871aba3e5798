"""Numerical stability: the scores again, with the last bits of the word vectors jittered.

It tells scores that are rounding noise from scores that are none, and says nothing about whether these are right.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable, List

import numpy as np

from ..errors import Eli5TransformersError
from ..records import Attribution, Stability
from ..sites.jitter import jittered
from ..text.granularity import placed_scores
from .intervals import spearman
from .ties import TIE, tied

JITTER = 4
"""Rounding errors of what the model computes in: by so much, at most, does a number of a word's vector change."""


def stability(
    found: List[List[Attribution]], explain: Callable[[], List[List[Attribution]]], size: float
) -> List[List[Attribution]]:
    """Attributions that have a trust, with the stability in it; `explain` finds them again, with other vectors.

    What a method draws is the same in both runs: seeds are options, and AllenNLP's noise begins where torch's generator
    stands, which does not move.
    """
    try:
        with jittered(size):
            again: List[Any] = explain()
    except Eli5TransformersError as error:
        again, reason = [[]] * len(found), f": {error}"
    else:
        reason = "."
    return [
        [_with_stability(one, other, size, f"How stable the scores are could not be measured{reason}") for one in own]
        for own, other in zip(found, again)
    ]


def _with_stability(one: Attribution, others: List[Attribution], size: float, note: str) -> Attribution:
    if one.trust is None:
        return one
    asked = (one.target, one.question, one.weights)
    other = next((other for other in others if (other.target, other.question, other.weights) == asked), None)
    if other is None:
        return replace(one, trust=replace(one.trust, notes=(*one.trust.notes, note)))
    measured = Stability(correlation(one, other), size, other.evaluations)
    return replace(one, trust=replace(one.trust, stability=measured))


def correlation(one: Attribution, other: Attribution) -> float:
    """Spearman's correlation of the words' scores of two attributions of one text.

    Scores that differ by rounding alone are equal (`ties.tied`). 1 where those of both runs are, or all scores of each.
    """
    first, second = placed_scores(one), placed_scores(other)
    columns = np.array([[held.get(place, 0.0) for place in first] for held in (first, second)])
    if np.abs(np.subtract(*columns)).max(initial=0.0) <= TIE * np.abs(columns).max(initial=0.0):
        return 1.0
    ranked = [tied(column) for column in columns]
    return min(1.0, spearman(np.array(ranked).T)) if any(map(np.ptp, ranked)) else 1.0
