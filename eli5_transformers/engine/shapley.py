"""Shapley values of a game whose every answer costs a pass through a model: which coalitions to ask for, and what follows.

Players are the words of a text. A coalition is a set of them that are there, the others are hidden; v(S) is what the model says
of it. The Shapley value of a word is the mean of what it adds to the words before it, over all orders of all words (Shapley
1953). It depends on v(S) - v(S') alone, S' being the complement of S, so that coalitions are asked for in such *pairs*: what
two words do together beyond their sum cancels in it (Covert and Lee 2021).

Pairs are drawn without replacement, as many of each size as of any other: the leverage scores of the regression of which the
Shapley values are the solution (Musco and Witter, Leverage SHAP, ICLR 2025). That regression takes a game to be a sum of the
words' effects. What words do together in threes, fives and so on is noise to it, although the network is no random one: a word
interacts the more, the more it does. `coalition_process` learns that from the answers, and states standard errors.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import Iterator, List, NamedTuple, Optional, Set, Tuple

import numpy as np

from .coalition_process import posterior, weights

START = 2
"""Pairs a player that are asked for at first: so many tell how far an estimate may be off."""
_GROWTH = 1.5
# From this share of all pairs on the others are asked for, too: the values are exact then.
_NEARLY_ALL = 0.6
# So many standard errors of the word whose is largest hold the error of every word: benchmarks/shapley.py counts.
CAUTION = 3.0
# Subsets that are listed and shuffled; of more, some are drawn until they are new.
_LISTED = 20_000


class Estimate(NamedTuple):
    """Shapley values by some of the pairs."""

    scores: np.ndarray
    """(players,): they add up to v(all) - v(none)."""
    standard_errors: np.ndarray
    """(players,)"""
    error: float
    """No score is off by more than this share of the sum of their sizes, by forecast."""
    passes: int
    """How many answers it is made of, beside those of all players and of none."""


def pairs_of(players: int) -> int:
    """How many pairs there are beside that of all players and none."""
    return max(2 ** (players - 1) - 1, 0) if players else 0


def rounds(players: int, passes: int) -> Iterator[int]:
    """How many pairs to know after each round, up to so many passes (two a pair); the last is all that they allow."""
    whole = pairs_of(players)
    most = min(whole, passes // 2)
    count = min(START * players, most)
    while count < most:
        if count > _NEARLY_ALL * whole and most == whole:
            break
        yield count
        count = min(math.ceil(_GROWTH * count), most)
    yield most


class Game:
    """The Shapley values of one game for some questions, in progress.

    A round asks for the pairs that are `open` and hands the answers to `add`, until none is. `gains` (questions,) are
    v(all) - v(none). Pairs are asked for until each question's error is at most the tolerance, or `passes` are used up; without
    a tolerance they are used up at once. A question's estimate is the first that is good enough, whatever is asked with it.
    """

    open: np.ndarray
    """(pairs, players): what is wanted next, 1 for those of a coalition and -1 for those of its complement."""

    def __init__(self, gains: np.ndarray, players: int, *, tolerance: Optional[float], passes: int, seed: int) -> None:
        self.estimates: List[Optional[Estimate]] = [None] * len(gains)
        self._tolerance, self._gains = tolerance, gains[None]
        counts = list(rounds(players, passes))
        self._counts = iter(counts if tolerance is not None else counts[-1:])
        self._last = counts[-1]
        self._pairs = Pairs(players, seed)
        self.open = np.zeros((0, players))
        self._next()

    def add(self, gains: np.ndarray) -> None:
        """Takes the answers to the pairs that are `open`: v(S) - v(complement), (pairs, questions)."""
        self._gains = np.concatenate([self._gains, gains])
        self._estimate()
        self.open = self.open[:0]
        if None in self.estimates:
            self._next()

    def _next(self) -> None:
        self.open = self._pairs.draw(next(self._counts))
        if not len(self.open):
            self._estimate()

    def _estimate(self) -> None:
        """Estimates what is not known well enough."""
        for question, known in enumerate(self.estimates):
            if known is None:
                found = estimate(self._pairs.drawn, self._gains[:, question])
                last = len(self._gains) > self._last
                if last or (self._tolerance is not None and found.error <= self._tolerance):
                    self.estimates[question] = found


class Pairs:
    """Draws pairs of a game: the same ones in the same order for a seed and number of players, none twice."""

    def __init__(self, players: int, seed: int) -> None:
        self._players = players
        self.drawn = np.ones((1, players))
        """(pairs, players): 1 for those of a coalition and -1 for those of its complement; all players are the first."""
        self._sizes = [
            _Size(players, size, np.random.default_rng((seed, players, size))) for size in range(1, players // 2 + 1)
        ]

    def draw(self, count: int) -> np.ndarray:
        """Draws until `count` pairs are drawn beside the first; returns the new ones, (new, players)."""
        new: List[np.ndarray] = []
        while len(self.drawn) - 1 + len(new) < count:
            size = min((size for size in self._sizes if size.left), key=lambda size: size.turn)
            new.append(next(size))
        made = np.array(new).reshape(len(new), self._players)
        self.drawn = np.concatenate([self.drawn, made])
        return made


class _Size:
    """The coalitions of one size, in a random order, as rows of 1 and -1."""

    def __init__(self, players: int, size: int, draw: np.random.Generator) -> None:
        # Of two complements as large as each other one is drawn.
        self._half = 2 * size == players
        self.left = math.comb(players, size) // (2 if self._half else 1)
        self._taken = 0
        self._players, self._size, self._draw = players, size, draw
        self._subsets = self._shuffled() if math.comb(players, size) <= _LISTED else self._rejected()

    @property
    def turn(self) -> float:
        """The size whose is smallest is drawn next."""
        return (self._taken + 1) * (2 if self._half else 1)

    def __next__(self) -> np.ndarray:
        signs = -np.ones(self._players)
        signs[list(next(self._subsets))] = 1
        self._taken, self.left = self._taken + 1, self.left - 1
        return signs

    def _shuffled(self) -> Iterator[Tuple[int, ...]]:
        every = list(combinations(range(self._players), self._size))[: self.left]  # in halves, those of the first player
        for place in self._draw.permutation(len(every)):
            yield every[place]

    def _rejected(self) -> Iterator[Tuple[int, ...]]:
        seen: Set[Tuple[int, ...]] = set()
        while True:
            order = self._draw.permutation(self._players)
            inside = order[: self._size]
            if self._half and 0 not in inside:
                inside = order[self._size :]
            subset = tuple(sorted(inside.tolist()))
            if subset not in seen:
                seen.add(subset)
                yield subset


def estimate(signs: np.ndarray, gains: np.ndarray) -> Estimate:
    """The Shapley values by what is known of the pairs `signs`, (pairs, players), of which the first is all players.

    `gains` (pairs,) are v(S) - v(S'). Where all pairs are known the values are exact; else they are those of
    `coalition_process.posterior`.
    """
    players, passes = signs.shape[1], 2 * (len(signs) - 1)
    if len(signs) > pairs_of(players):
        scores = gains @ (signs * weights(signs))
        return Estimate(scores, np.zeros(players), 0.0, passes)
    scores, errors = posterior(signs, gains)
    scores = scores + (gains[0] - scores.sum()) / players  # what the arithmetic has rounded away
    size = max(float(np.abs(scores).sum()), abs(float(gains[0])))
    return Estimate(scores, errors, CAUTION * float(errors.max()) / size if size else 0.0, passes)
