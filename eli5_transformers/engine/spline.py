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

from typing import Optional, Tuple

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
_CAUTION, _CAUTION_OF_FEW, _FEW, _CAUTION_OF_STOPPED = 1.75, 2.0, 9, 2.0
# Refining aims somewhat below the tolerance, which saves rounds.
_AIM = 0.9
# A bisection that leaves more than this of a gap's squared error found nothing smooth, which leaves 1/512; rounding leaves
# half of it and more.
_STUCK, _STALLED = 1 / 8, 0.3
# Equations that numpy solves, in cubic time, as fast as others.
_MANY = 512
# f is not known to more than some units in the last place, of which a sum over a network's layers loses a few.
_ROUNDED = 32
# A gap that is no longer than the first of these may hold a jump of the gradient, of f from the second, and from the third
# it is cut no more.
_STEEP, _STUCK_AT, _SHORTEST = 2.0**-6, 2.0**-9, 2.0**-16
# It does where the gradient changes so much faster in it than on both sides, if that matters to this share of the
# tolerance; or where so many bisections in a row left it no better.
_TORN, _FELT, _TIMES = 8.0, 0.01, 3


def over_gaps(nodes: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """The spline's integral over each gap between the nodes, (gaps, positions), of gradients (nodes, positions).

    The cubic spline without knots at the second node and the last but one ("not-a-knot", de Boor 1978); through three
    nodes it is the parabola.
    """
    gap, size = np.diff(nodes), len(nodes)
    slope = np.diff(gradients, axis=0) / gap[:, None]
    # The five diagonals of the system, as SciPy has them: entry (row, column) is at [2 + row - column, column].
    band = np.zeros((5, size))
    band[3, : size - 2], band[2, 1:-1], band[1, 2:] = gap[:-1], 2 * (gap[:-1] + gap[1:]), gap[1:]
    first = [gap[1], -gap[0] - gap[1], gap[0]] if size > 3 else [1, -1, 0]
    last = [gap[-1], -gap[-2] - gap[-1], gap[-2]] if size > 3 else [0, -1, 1]
    band[[2, 1, 0], [0, 1, 2]], band[[4, 3, 2], [size - 3, size - 2, size - 1]] = first, last
    right = np.zeros_like(gradients)
    right[1:-1] = 6 * np.diff(slope, axis=0)
    bent = _solved(band, right)  # the second derivatives at the nodes
    return gap[:, None] * (gradients[1:] + gradients[:-1]) / 2 - gap[:, None] ** 3 * (bent[1:] + bent[:-1]) / 24


def _solved(band: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The solution of a system of five diagonals; of many equations by SciPy, which takes longer to import than few do."""
    size = band.shape[1]
    if size > _MANY:
        from scipy.linalg import solve_banded

        return solve_banded((2, 2), band, right)
    system = np.zeros((size, size))
    for offset in range(-2, 3):
        row = np.arange(max(offset, 0), size + min(offset, 0))
        system[row, row - offset] = band[2 + offset, row - offset]
    return np.linalg.solve(system, right)


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
        self._stalled = False
        """True where the last bisections did not refine."""
        self._stuck = np.zeros(START - 1, dtype=int)
        """(gaps,): how many bisections in a row did not refine it."""

    @property
    def evaluations(self) -> int:
        """How many gradients were computed."""
        return len(self._nodes)

    def add(self, gradients: np.ndarray, values: np.ndarray) -> None:
        """Takes what was found at `open`: gradients times differences, (nodes, positions), and f, (nodes,)."""
        before, place = self._nodes, np.searchsorted(self._nodes, self.open)
        self._nodes = np.insert(before, place, self.open)
        self._values = np.insert(self._values, place, values)
        if not len(before):
            self._values[[0, -1]] = self._ends
            self._gradients, self._gaps = gradients, over_gaps(self._nodes, gradients)
            coarse = over_gaps(self._nodes[::2], gradients[::2])
            self._change = np.repeat(np.abs(self._gaps[::2] + self._gaps[1::2] - coarse) / 2, 2, axis=0)
            self._measure()
        else:
            self._gradients = np.insert(self._gradients, place, gradients, axis=0)
            parent = np.searchsorted(before, (self._nodes[1:] + self._nodes[:-1]) / 2) - 1
            halved = np.bincount(parent)[parent] == 2
            self._compare(parent, halved)
            self._learn(parent, halved)
        self._refine()

    def _compare(self, parent: np.ndarray, halved: np.ndarray) -> None:
        """What the new nodes changed on each gap; a gap that was not cut keeps the largest change it has seen."""
        found = over_gaps(self._nodes, self._gradients)
        sums = np.zeros_like(self._gaps)
        np.add.at(sums, parent, found)
        change = np.abs(sums - self._gaps)[parent]
        self._change = np.where(halved[:, None], change / 2, np.maximum(self._change[parent], change))
        self._gaps = found

    def _learn(self, parent: np.ndarray, halved: np.ndarray) -> None:
        """Which gaps are none the better for having been cut."""
        before = self._each * self._size**2
        self._measure()
        after = np.bincount(parent, self._each) * self._size**2
        worse = (after > _STUCK * before)[parent]
        self._stuck = np.where(halved, np.where(worse, self._stuck[parent] + 1, 0), self._stuck[parent])
        cut = np.unique(parent[halved])
        self._stalled = bool(after[cut].sum() > _STALLED * before[cut].sum())

    def _measure(self) -> None:
        """Scores, delta and stated error by all nodes so far."""
        change, gaps = float(self._values[-1] - self._values[0]), np.diff(self._nodes)
        missed = np.diff(self._values) - self._gaps.sum(1)
        self.delta = -float(missed.sum())
        self.scores = self._gaps.sum(0) - self._shares() * self.delta
        size = max(float(np.abs(self.scores).sum()), abs(change))
        self._size = scale = size if size > 0 else 1.0
        forecast = (_LEFT * self._change / scale) ** 2
        # Whose a jump is cannot be told.
        known = (np.where(gaps > _STEEP, _MISSHARED, 1.0) * missed / scale) ** 2
        self._each = forecast.max(1) + known
        """(gaps,): the square of what a gap adds at most to a token's error."""
        stated = _CAUTION * float(np.sqrt(forecast.sum(0).max() + known.sum()))
        self.error = max(stated, abs(self.delta) / scale)
        self.error *= _CAUTION_OF_FEW if self.evaluations < _FEW else 1

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

    def _refine(self) -> None:
        """Opens the middles of the gaps that must be known better, if any."""
        gaps, each = np.diff(self._nodes), self._each
        self.open, self.jump = np.zeros(0), self._jump(gaps)
        if self.error <= self._tolerance:
            return
        goal = (_AIM * self._tolerance / _CAUTION) ** 2
        room, needed = self._most - self.evaluations, each > goal / len(each) / 2
        stuck = gaps <= _SHORTEST
        if self._rounded():
            self.stopped = ROUNDING
        elif each[stuck].sum() > goal and not needed[~stuck].any():
            self.stopped = JUMP
        elif not room:
            self.stopped = EVALUATIONS
        else:
            order = np.argsort(-np.where(stuck, 0.0, each), kind="stable")
            # Until the others are below the goal; but one spike, which grows when it is seen, is no reason to cut all.
            enough = int(np.searchsorted(np.cumsum(each[order]) * (1 - _LEFT**2), each.sum() - goal)) + 1
            chosen = np.sort(order[: min(max(1, min(enough, int(needed[~stuck].sum()))), room)])
            self.open = (self._nodes[chosen] + self._nodes[chosen + 1]) / 2
        if self.stopped:
            self.error *= _CAUTION_OF_STOPPED  # the last bisections have not shown what the next ones would leave

    def _jump(self, gaps: np.ndarray) -> Optional[float]:
        """Where in a short gap a gradient changes far faster than beside it; or f, which cutting the gap does not refine."""
        moved = np.abs(np.diff(self._gradients, axis=0)).max(1)
        slope = np.pad(moved / gaps, 1)
        torn = (slope[1:-1] > _TORN * np.maximum(slope[:-2], slope[2:])) & (moved * gaps > _FELT * self._tolerance * self._size)
        stuck = np.where((self._stuck >= _TIMES) & (gaps <= _STUCK_AT), self._each, 0.0)
        found = ((gaps <= _STEEP) & torn) | ((stuck > 0) & (stuck.sum() > self._each.sum() / 2))
        worst = int(np.where(found, self._each, -1.0).argmax())
        return float(self._nodes[worst : worst + 2].mean()) if found.any() else None

    def _rounded(self) -> bool:
        """True where rounding explains what is left: the last bisections changed nothing for the better, or it is tiny."""
        left, largest = float(np.sqrt(self._each.sum())) * self._size, max(float(np.abs(self._values).max()), self._size)
        return left <= self._eps * largest or (self._stalled and left <= _ROUNDED * self._eps * largest)
