"""Numbers that differ by rounding alone: how many rows a model sees at once changes the last bits of what it says."""

from __future__ import annotations

from typing import Sequence, Union

import numpy as np

TIE = 1e-5
"""Of the largest size, or of a range: what differs by no more is equal."""


def tied(numbers: Union[Sequence[float], np.ndarray]) -> np.ndarray:
    """The numbers, (numbers,), of which those that are equal but for rounding are made equal, and those that are 0 so, 0.

    Neighbours no more than `TIE` of the largest size apart are equal, and so are their neighbours (single linkage). A grid
    would tell apart what lies on the two sides of a line.
    """
    held = np.append(np.asarray(numbers, dtype=float), 0.0)
    order = np.argsort(held, kind="stable")
    groups = np.concatenate([[0], np.cumsum(np.diff(held[order]) > TIE * np.abs(held).max())])
    means = np.bincount(groups, held[order]) / np.bincount(groups)
    means[groups[order == len(held) - 1]] = 0.0
    found = np.empty(len(held))
    found[order] = means[groups]
    return found[:-1]


def largest_first(numbers: Union[Sequence[float], np.ndarray]) -> list[int]:
    """The places of the numbers, those of the largest first, and of equal ones in their own order."""
    return [int(place) for place in np.argsort(-tied(numbers), kind="stable")]


def beaten(effect: Union[float, np.ndarray], others: Union[Sequence[float], np.ndarray], span: float) -> float:
    """The share of the others that are smaller; those that are equal, to `TIE` of the range `span`, count half."""
    less = effect - np.asarray(others)
    return float(((less > TIE * span) + 0.5 * (np.abs(less) <= TIE * span)).mean())
