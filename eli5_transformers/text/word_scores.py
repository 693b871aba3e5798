"""The scores of a text's words, which is what methods are compared by and pictures show."""

from __future__ import annotations

import math
from typing import Dict, Iterable, List, Mapping, Optional, Tuple

import numpy as np

from ..records import Attribution
from .words import by_word

ELSEWHERE = "special tokens (sum)"
"""The row of what stands for no characters of the text."""
Place = Tuple[int, int, int]
"""A word's document, start and end."""


def word_scores(attribution: Attribution) -> Dict[Place, float]:
    """The score of each word that has characters, by its place; the pieces of a word are summed."""
    scores: Dict[Place, float] = {}
    words = by_word(attribution)
    tokens = words.tokens
    for place, special, score in zip(zip(tokens.segment, tokens.start, tokens.end), tokens.special, words.scores):
        if 0 <= place[1] < place[2] and not special:
            scores[place] = scores.get(place, 0.0) + float(score)
    return scores


def rest_score(attribution: Attribution) -> float:
    """What the scores of the words leave of the sum of all scores: special tokens, and any without a place."""
    return float(np.sum(attribution.scores)) - sum(word_scores(attribution).values())


def places(scores: Iterable[Mapping[Place, float]]) -> List[Place]:
    """All words of several methods' scores in reading order, each once."""
    return sorted({place for held in scores for place in held})


def fixed(value: Optional[float], largest: float, signed: bool) -> str:
    """`value` in figures: three digits for the largest number of a column, and as many decimals for the others."""
    if value is None:
        return "—"
    decimals = 2 - math.floor(math.log10(largest)) if largest > 0 else 2
    if not -3 < decimals < 8:
        return f"{value:{'+' if signed else ''}.2e}"
    decimals = max(0, decimals)
    return f"{round(value, decimals) + 0.0:{'+' if signed else ''}.{decimals}f}"


def rank_correlation(first: Attribution, second: Attribution) -> Optional[float]:
    """Spearman's rank correlation of two methods' word scores, between -1 and 1; ties share their mean rank.

    Where one of the methods is unsigned, both are compared by absolute value. None where it is not defined: fewer than
    two words in common, or scores that are all equal.
    """
    one, other = word_scores(first), word_scores(second)
    common = sorted(set(one) & set(other))
    pair = np.array([[held[place] for place in common] for held in (one, other)], dtype=float)
    if not (first.signed and second.signed):
        pair = np.abs(pair)
    if len(common) < 2 or np.ptp(pair, axis=1).min() == 0:
        return None
    ranks = np.array([_ranks(scores) for scores in pair])
    ranks -= ranks.mean(axis=1, keepdims=True)
    return float(ranks[0] @ ranks[1] / np.sqrt((ranks[0] @ ranks[0]) * (ranks[1] @ ranks[1])))


def _ranks(scores: np.ndarray) -> np.ndarray:
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse.reshape(-1)]
