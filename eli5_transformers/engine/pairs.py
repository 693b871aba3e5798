"""What hiding two words does, beside what hiding each does."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import List, NamedTuple, Sequence, Tuple

import numpy as np

from .hiding import HiddenUnits


class PairLosses(NamedTuple):
    """What one output of a text loses without some of its units, and without each two of them."""

    value: float
    """The output of the whole text."""
    baseline_value: float
    """The output where every unit is hidden."""
    losses: np.ndarray
    """(units, units): the output of the whole text minus that without both; on the diagonal, without the one."""
    baseline: str
    """What the units were replaced with."""
    passes: int
    """Forward passes without units, of all outputs of the text."""


def without_pairs(hidden: HiddenUnits, chosen: Sequence[Tuple[int, Sequence[int]]]) -> List[np.ndarray]:
    """The outputs of texts without each two of some units, (units, units, columns) for each text and units in `chosen`.

    On the diagonal are those without one. k units take k (k + 1) / 2 passes, which all of `chosen` share.
    """
    places = [list(combinations_with_replacement(range(len(units)), 2)) for _, units in chosen]
    values = hidden.values(
        [(text, {units[i], units[j]}) for (text, units), pairs in zip(chosen, places) for i, j in pairs]
    )
    made, start = [], 0
    for (_, units), pairs in zip(chosen, places):
        matrix = np.zeros((len(units), len(units), values.shape[1]))
        for (i, j), value in zip(pairs, values[start : start + len(pairs)]):
            matrix[i, j] = matrix[j, i] = value
        start += len(pairs)
        made.append(matrix)
    return made
