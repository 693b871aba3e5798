"""Figures over texts with what they may be off by: bootstrap intervals, and a correlation of ranks."""

from __future__ import annotations

from typing import Callable, NamedTuple, Sequence

import numpy as np

ROUNDS = 1000


class Estimate(NamedTuple):
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"


def estimate(
    statistic: Callable[[np.ndarray], float], texts: Sequence[np.ndarray], rounds: int = ROUNDS, seed: int = 0
) -> Estimate:
    """The statistic of all texts' rows, shape (rows, …), and the percentiles of what it is of texts drawn with replacement.

    Texts are drawn whole, since words of one text are not independent of each other. Texts without rows are never drawn;
    where none has rows, nothing is known.
    """
    texts = [text for text in texts if len(text)]
    if not texts:
        return Estimate(*[float("nan")] * 3)
    draw = np.random.default_rng(seed)
    lengths = np.array([len(text) for text in texts])
    rows, begins = np.concatenate(texts), np.cumsum(lengths) - lengths
    found = []
    for _ in range(rounds):
        chosen = draw.integers(len(texts), size=len(texts))
        counts = lengths[chosen]
        # The rows of the chosen texts, without a loop over them.
        places = np.repeat(begins[chosen] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        found.append(statistic(rows[places]))
    low, high = np.percentile(found, (2.5, 97.5))
    return Estimate(float(statistic(rows)), float(low), float(high))


def mean(rows: np.ndarray) -> float:
    """The mean of rows (rows, 1)."""
    return float(rows.mean())


def spearman(rows: np.ndarray) -> float:
    """Spearman's correlation of ranks of the two columns of rows (rows, 2); 0 where a column is constant."""
    first, second = (ranks(column) for column in rows.T)
    spread = first.std() * second.std()
    return float(((first - first.mean()) * (second - second.mean())).mean() / spread) if spread else 0.0


def ranks(values: np.ndarray) -> np.ndarray:
    """The rank of each value, from 1; equal values have the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place.reshape(-1)]
