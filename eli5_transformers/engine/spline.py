"""The integral of gradients over a path, from 0 to 1, by an adaptive cubic spline that states the error of every token.

Nodes are 0, 1/4, 1/2, 3/4, 1 at first, then the middle of each gap that needs it: a gradient that was computed is used in
every later round, so that refining a gap costs one evaluation, and the ends of the path are nodes themselves. Each
token's gradients are interpolated by the cubic spline without a knot next to the ends, which reaches 1 % with about as
many uniform nodes as Gauss-Legendre's rule needs of its own.

Two things are known of the error. What the sum of all tokens misses on each gap is known exactly, since f is known at
every node; it is shared out, to each token by its regression on the derivative of f, so that the scores add up. What a
single token misses is forecast from what the last bisection of its gap changed. Errors of tokens, or of gaps, are never
set off against each other.
"""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

import numpy as np

START = 5
"""Evaluations at first."""
EVALUATIONS, ROUNDING, JUMP = "evaluations", "rounding", "jump"
"""Why refining may end above the tolerance."""

# Of what a bisection changed, the share that the halves are taken to miss still (in theory, for a smooth function, 1/16).
_LEFT = 1 / 8
# Of what the sum of a gap misses, the share that a token is taken to miss when it has been shared out.
_MISSHARED = 1 / 2
# Signs of errors are independent, so that they are added in quadrature over gaps; times this, and once more where few
# nodes are known, the forecast holds in 97 % of cases and more: tests/fuzz/test_stated_errors.py counts them.
_CAUTION, _CAUTION_OF_FEW, _FEW = 1.75, 2.0, 9
# Refining aims somewhat below the tolerance, which saves rounds.
_AIM = 0.9
# A bisection that leaves more than this of its gaps' squared errors did not refine: 1/512 is left where f is smooth.
_STALLED = 0.3
# f is not known to more than some units in the last place, of which a sum over a network's layers loses a few.
_ROUNDED = 32
# A gap that is shorter, and holds most of the squared error, holds a jump; one that is shorter still is cut no more.
_STEEP, _SHORTEST = 2.0**-7, 2.0**-12


def over_gaps(nodes: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """The spline's integral over each gap between the nodes, (gaps, positions), of gradients (nodes, positions).

    The cubic spline without knots at the second node and the last but one ("not-a-knot", de Boor 1978); through three
    nodes it is the parabola.
    """
    gap, size = np.diff(nodes), len(nodes)
    slope, inner = np.diff(gradients, axis=0) / gap[:, None], np.arange(1, size - 1)
    system = np.zeros((size, size))
    system[inner, inner - 1], system[inner, inner], system[inner, inner + 1] = gap[:-1], 2 * (gap[:-1] + gap[1:]), gap[1:]
    system[0, :3] = [gap[1], -gap[0] - gap[1], gap[0]] if size > 3 else [1, -1, 0]
    system[-1, -3:] = [gap[-1], -gap[-2] - gap[-1], gap[-2]] if size > 3 else [0, -1, 1]
    right = np.zeros_like(gradients)
    right[1:-1] = 6 * np.diff(slope, axis=0)
    bent = np.linalg.solve(system, right)  # the second derivatives at the nodes
    return gap[:, None] * (gradients[1:] + gradients[:-1]) / 2 - gap[:, None] ** 3 * (bent[1:] + bent[:-1]) / 24


class _Errors(NamedTuple):
    """Squared errors, as shares of the scale, a gap a line."""

    forecast: np.ndarray
    """(gaps, positions)"""
    known: np.ndarray
    """(gaps,): of the sum over positions."""

    @property
    def each(self) -> np.ndarray:
        """(gaps,): what a gap adds at most to a token's error."""
        return self.forecast.max(1) + self.known


class Integral:
    """The integral of one text's gradients for one class, in progress.

    A round evaluates the nodes that are `open` and hands the results to `add`, which says what is open next, until
    nothing is. `tolerance` is the error of a token that is aimed at, as a share of the sum of all scores' sizes; `most`
    the most evaluations, from `START`; `eps` the relative rounding error of the numbers that are handed over.
    """

    open: np.ndarray
    """The nodes that are wanted next, in [0, 1]."""
    scores: np.ndarray
    """(positions,): they add up to the change of f, unless f changes where no gradient is."""
    delta: float
    """What the scores' sum missed of the change of f before that was shared out: their sum minus the change."""
    error: float
    """No token's score is off by more than this share of the sum of the scores' sizes, by forecast."""
    stopped: Optional[str] = None
    """Why `error` is above the tolerance when nothing is open: `EVALUATIONS`, `ROUNDING` or `JUMP`."""
    jump: Optional[float] = None
    """Where on the path f or its gradient jumps, if a jump was found."""

    def __init__(self, ends: Tuple[float, float], tolerance: float, most: int, eps: float) -> None:
        self._ends, self._tolerance, self._most, self._eps = ends, tolerance, most, eps
        self.open = np.linspace(0, 1, START)
        self._nodes = self._values = np.zeros(0)
        self._cut, self._before = np.zeros(0, dtype=int), 0.0
        """The gaps that were cut last, and their squared error then."""

    @property
    def evaluations(self) -> int:
        """How many gradients were computed."""
        return len(self._nodes)

    def add(self, gradients: np.ndarray, values: np.ndarray) -> None:
        """Takes what was found at `open`: gradients times differences, (nodes, positions), and f, (nodes,)."""
        if self.evaluations:
            place = np.searchsorted(self._nodes, self.open)
            before = self._nodes
            self._nodes = np.insert(before, place, self.open)
            self._gradients = np.insert(self._gradients, place, gradients, axis=0)
            self._values = np.insert(self._values, place, values)
            self._compare(over_gaps(self._nodes, self._gradients), before)
        else:
            self._nodes, self._gradients, self._values = self.open, gradients, np.array(values, dtype=float)
            self._values[[0, -1]] = self._ends
            self._gaps = over_gaps(self._nodes, gradients)
            coarse = over_gaps(self._nodes[::2], gradients[::2])
            self._change = np.repeat(np.abs(self._gaps[::2] + self._gaps[1::2] - coarse) / 2, 2, axis=0)
        self._refine(self._measure())

    def _compare(self, found: np.ndarray, before: np.ndarray) -> None:
        """What the new nodes changed on each gap; a gap that was not cut keeps the largest change it has seen."""
        parent = np.searchsorted(before, (self._nodes[1:] + self._nodes[:-1]) / 2) - 1
        sums = np.zeros_like(self._gaps)
        np.add.at(sums, parent, found)
        change, halved = np.abs(sums - self._gaps)[parent], np.bincount(parent)[parent] == 2
        self._change = np.where(halved[:, None], change / 2, np.maximum(self._change[parent], change))
        self._gaps, self._cut = found, np.flatnonzero(halved)

    def _measure(self) -> _Errors:
        """Scores, delta and stated error by all nodes so far."""
        change = float(self._values[-1] - self._values[0])
        missed = np.diff(self._values) - self._gaps.sum(1)
        shares = self._shares()
        self.delta = -float(missed.sum())
        self.scores = self._gaps.sum(0) - shares * self.delta
        size = max(float(np.abs(self.scores).sum()), abs(change))
        self._size = scale = size if size > 0 else 1.0
        errors = _Errors((_LEFT * self._change / scale) ** 2, (_MISSHARED * missed / scale) ** 2)
        stated = _CAUTION * float(np.sqrt(errors.forecast.sum(0).max() + errors.known.sum()))
        # What was shared out wrongly is no more than what was shared out.
        certain = _MISSHARED * abs(self.delta) / scale
        self.error = max(stated, certain) * (_CAUTION_OF_FEW if self.evaluations < _FEW else 1)
        return errors

    def _shares(self) -> np.ndarray:
        """Each position's share of what the sum misses, (positions,); they sum to 1, or are 0 where no gradient is.

        The regression of its gradients on the derivative of f, the sum of all; where that is a straight line, which
        teaches nothing, the share of its size.
        """
        weights, total = np.convolve(np.diff(self._nodes), [0.5, 0.5]), self._gradients.sum(1)
        varies = weights * (total - weights @ total)
        spread = float(varies @ total)
        if spread > max(1e-12, (8 * self._eps) ** 2) * float(weights @ total**2):
            return varies @ self._gradients / spread
        sizes = np.abs(self._gaps).sum(0)
        return sizes / max(float(sizes.sum()), 1e-300)

    def _refine(self, errors: _Errors) -> None:
        """Opens the middles of the gaps that must be known better, if any."""
        gaps, each = np.diff(self._nodes), errors.each
        left, goal = float(each.sum()), (_AIM * self._tolerance / _CAUTION) ** 2
        worst = int(each.argmax())
        if gaps[worst] <= _STEEP and each[worst] > left / 2:
            self.jump = float(self._nodes[worst : worst + 2].mean())
        self.open, self.stopped = np.zeros(0), None
        if self.error <= self._tolerance:
            return
        if self._rounded(each):
            self.stopped = ROUNDING
            return
        cut = gaps > _SHORTEST
        order = np.argsort(np.where(cut, -each, 0.0), kind="stable")[: int(cut.sum())]
        room = self._most - self.evaluations
        if not len(order) or not room:
            self.stopped = EVALUATIONS if len(order) else JUMP
            return
        # Until the others are below the goal; but one spike, which only grows when it is seen, is no reason to cut all.
        enough = int(np.searchsorted(np.cumsum(each[order]) * (1 - _LEFT**2), left - goal)) + 1
        worth = int((each[order] > goal / len(each) / 2).sum())
        chosen = np.sort(order[: min(max(1, min(enough, worth)), room)])
        self._before = float(each[chosen].sum()) * self._size**2
        self.open = (self._nodes[chosen] + self._nodes[chosen + 1]) / 2

    def _rounded(self, each: np.ndarray) -> bool:
        """True where the last bisections changed nothing for the better, and rounding explains what is left."""
        after = float(each[self._cut].sum()) * self._size**2
        largest = max(float(np.abs(self._values).max()), self._size)
        return (
            len(self._cut) > 0
            and after > _STALLED * self._before
            and float(np.sqrt(each.sum())) * self._size <= _ROUNDED * self._eps * largest
        )
