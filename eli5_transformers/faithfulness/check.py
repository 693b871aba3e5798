"""The deletion check: does hiding the words that an explanation names change the answer more than hiding others?"""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations
from math import comb
from typing import Callable, List, Optional, Sequence, Union

import numpy as np

from ..records import DeletionCheck, HiddenWord
from .ties import TIE, beaten, largest_first, tied

Numbers = Union[Sequence[float], np.ndarray]
Value = Callable[[Sequence[int]], np.ndarray]
"""Sets of words to what is measured of the text without each, (sets,)."""

MOST_NAMED = 2
"""So many words of the winning side are hidden together."""
LEAST_SHARE = 0.2
"""Of the largest score: what a word must have to be named."""
YES, PARTLY = 0.9, 0.6
"""Shares of the draws."""
_FEWEST = 4
"""Other sets, without which nothing can be compared."""
MARGIN = 0.05
"""Of the range that there is: by so much must the effect be larger than the draws' mean."""


def verdict(effect: float, others: Numbers, span: float) -> str:
    """"yes" where an effect beats 90 % of the others', and both nothing and their mean by 0.05 of the range; "partly" where it
    beats 60 %, nothing and their mean; "no" otherwise, so that hiding what moves the answer the wrong way is a "no". Equal
    ones count half.
    """
    margin = effect - max(0.0, float(np.mean(others)))
    share = beaten(effect, others, span)
    if share >= YES and margin >= MARGIN * span:
        return "yes"
    return "partly" if share >= PARTLY and margin > TIE * span else "no"


def winning_side(scores: np.ndarray, signed: bool) -> int:
    """1 or -1, by which words have the larger sum of scores, 1 where neither has; 0 without signs."""
    return 0 if not signed else 1 if scores.sum() >= -TIE * np.abs(scores).max(initial=0.0) else -1


def named(scores: np.ndarray, signed: bool) -> List[int]:
    """The words that an explanation names on its winning side, strongest first."""
    sizes = tied(scores * winning_side(scores, signed) if signed else np.abs(scores))
    least = (LEAST_SHARE - TIE) * np.abs(sizes).max(initial=0.0)
    return [word for word in largest_first(sizes) if sizes[word] > 0 and sizes[word] >= least][:MOST_NAMED]


def drawn(words: int, chosen: int, count: int, draw: random.Random) -> List[int]:
    """`count` different sets of as many words as the set `chosen` has, or all there are; never that set itself."""
    size = bin(chosen).count("1")
    if comb(words, size) - 1 <= count:
        every = (sum(1 << word for word in some) for some in combinations(range(words), size))
        return [one for one in every if one != chosen]
    found: dict[int, None] = {}
    while len(found) < count:
        one = sum(1 << word for word in draw.sample(range(words), size))
        if one != chosen:
            found.setdefault(one)
    return list(found)


def checked(
    value: Value,
    words: Sequence[HiddenWord],
    scores: np.ndarray,
    *,
    signed: bool,
    span: Optional[float],
    count: int,
    draw: random.Random,
) -> Optional[DeletionCheck]:
    """The check of an explanation of these words, all of a text in reading order; their `after` need not be known.

    `scores` are theirs, positive where they speak for the answer. `count` sets are drawn, `span` is the range of what is
    measured: without one, that of all numbers of the check. Sets without which nothing can be read are left out. None where
    no word is named, where the answer cannot be read without the named ones, or where there are fewer than four other sets:
    in a text of two or three words most others hold the named ones.
    """
    chosen = sorted(named(scores, signed))
    if not chosen:
        return None
    together = sum(1 << word for word in chosen)
    sets = drawn(len(words), together, count, draw)
    asked = value([0, together, *sets])
    before, after, others = float(asked[0]), float(asked[1]), asked[2:][np.isfinite(asked[2:])]
    if len(others) < _FEWEST or not np.isfinite(after):
        return None
    alone = value([1 << word for word in chosen])
    reach = float(np.ptp(asked[np.isfinite(asked)])) if span is None else span
    side = winning_side(scores, signed)
    effect = side * (before - after) if side else abs(before - after)
    effects = side * (before - others) if side else np.abs(before - others)
    return DeletionCheck(
        words=tuple(replace(words[word], after=float(found)) for word, found in zip(chosen, alone)),
        side=side,
        after=after,
        random_mean=float(others.mean()),
        draws=len(others),
        beaten=beaten(effect, effects, reach),
        verdict=verdict(effect, effects, reach),
        passes=len({0, together, *sets, *(1 << word for word in chosen)}),
    )
