"""What was measured of several methods on several texts: plain data, and the statistics over the texts."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from .intervals import Estimate, estimate, mean, ranks

MEASURES = ("comprehensiveness", "sufficiency")
SHARES = (0.1, 0.2, 0.3, 0.5)
"""Of the words: the points of a deletion curve."""
RANDOM = "random order"
WHOLE = "the whole text"
_FLIPS = 9999
_SEED = 0


@dataclass(frozen=True)
class OrderRow:
    """One method on one text, hidden in one way and measured in one way."""

    text: int
    """The text's place, from 0."""
    label: str
    """What was explained of it."""
    method: str
    operator: str
    measure: str
    normalised: Optional[float]
    """From 0, the worst order of the text's words that is known, to 1, the best; None where no order makes a difference."""
    random: Optional[float]
    """The mean of random orders on the same scale."""
    wins: float
    """The share of random sets of the same sizes that do less."""
    p_value: float
    """Of the randomization test against random orders."""
    area: float
    """In the unit that is measured."""
    before: float
    """What is measured of the whole text."""
    curve: Tuple[float, ...]
    """What is measured when the first `SHARES` of the words are hidden; for sufficiency, when these alone are left."""
    random_curve: Tuple[float, ...]
    """The same for random words, a mean."""


@dataclass(frozen=True)
class MethodRow:
    """What one method costs."""

    method: str
    texts: int
    seconds: float
    """A text."""
    passes: Optional[float]
    """Gradients, or forward passes for methods without, a text; None where that is not known."""
    flattered_by: Tuple[str, ...]
    """Operators that put in the place of words what the method compares with."""


@dataclass(frozen=True)
class Difference:
    """Two methods on the same texts."""

    operator: str
    measure: str
    first: str
    second: str
    difference: Estimate
    """The first's normalised measure minus the second's: its mean over texts."""
    p_value: float
    """Of a randomization test that flips the sign of each text's difference, two-sided."""
    adjusted: float
    """The same, adjusted for the number of pairs in its table (Holm)."""


def estimates(rows: Sequence[OrderRow], field: str) -> Dict[Tuple[str, str, str], Tuple[Estimate, int]]:
    """The mean of "normalised", "random" or "wins" over texts, with a 95 % interval and the number of texts.

    By operator, measure and method.
    """
    found: Dict[Tuple[str, str, str], List[Tuple[int, float]]] = {}
    for row in rows:
        if row.normalised is not None:
            found.setdefault((row.operator, row.measure, row.method), []).append((row.text, getattr(row, field)))
    by = {key: _of_texts(values) for key, values in found.items()}
    return {key: (_estimate(of_texts), len(of_texts)) for key, of_texts in by.items()}


def _of_texts(values: Sequence[Tuple[int, float]]) -> np.ndarray:
    """The mean of each text's values, (texts,): those of several targets are not independent of each other."""
    texts: Dict[int, List[float]] = {}
    for text, value in values:
        texts.setdefault(text, []).append(value)
    return np.array([np.mean(own) for own in texts.values()])


def _estimate(of_texts: np.ndarray) -> Estimate:
    return estimate(mean, list(of_texts[:, None, None]))


def differences(rows: Sequence[OrderRow]) -> List[Difference]:
    """Every two methods on the texts that both explained."""
    held: Dict[Tuple[str, str], Dict[str, Dict[Tuple[int, str], float]]] = {}
    for row in rows:
        if row.normalised is not None:
            of_method = held.setdefault((row.operator, row.measure), {}).setdefault(row.method, {})
            of_method[row.text, row.label] = row.normalised
    found = []
    for (operator, measure), methods in held.items():
        pairs = []
        for first, second in itertools.combinations(methods, 2):
            shared = [key for key in methods[first] if key in methods[second]]
            by = _of_texts([(key[0], methods[first][key] - methods[second][key]) for key in shared])
            if len(by):
                pairs.append((first, second, _estimate(by), flipped(by)))
        adjusted = holm([pair[3] for pair in pairs])
        found += [Difference(operator, measure, *pair, p) for pair, p in zip(pairs, adjusted)]
    return found


def flipped(differences: np.ndarray, flips: int = _FLIPS) -> float:
    """The two-sided p value of paired differences (texts,): the share of flips of their signs with a mean as far from 0.

    Up to 12 texts all flips are tried.
    """
    size = len(differences)
    if size <= 12:
        signs = np.array(list(itertools.product((-1, 1), repeat=size)))
        extra = 0
    else:
        signs = np.random.default_rng(_SEED).choice((-1, 1), size=(flips, size))
        extra = 1
    own = abs(differences.sum()) * (1 - 1e-12)
    return float(((np.abs(signs @ differences) >= own).sum() + extra) / (len(signs) + extra))


def holm(p_values: Sequence[float]) -> List[float]:
    """P values adjusted by Holm's method: the smallest times their number, the next times one less, and so on."""
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for nth, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        largest = max(largest, min(1.0, p_values[place] * (len(p_values) - nth)))
        adjusted[place] = largest
    return adjusted


def diagnosticity(
    rows: Sequence[OrderRow], shuffled: Mapping[Tuple[str, str], Sequence[float]]
) -> Dict[Tuple[str, str], float]:
    """How well each operator and measure tells the methods' scores from shuffled ones: the area under the ROC curve.

    0.5 tells nothing, 1 tells them apart always.
    """
    found = {}
    for key, noise in shuffled.items():
        own = [row.normalised for row in rows if (row.operator, row.measure) == key and row.normalised is not None]
        if own and noise:
            found[key] = auc(own, noise)
    return found


def auc(higher: Sequence[float], lower: Sequence[float]) -> float:
    """The probability that one of the first is above one of the second; equal ones count half (Mann and Whitney)."""
    placed = ranks(np.concatenate([higher, lower]))[: len(higher)]
    return float((placed.sum() - len(higher) * (len(higher) + 1) / 2) / (len(higher) * len(lower)))


def no_better_than_random(rows: Sequence[OrderRow]) -> List[int]:
    """The texts for which no method's order does better than the mean of random ones, by any operator and measure.

    Texts of which no order makes a difference are not among them.
    """
    better: Dict[int, bool] = {}
    for row in rows:
        if row.normalised is not None:
            better[row.text] = better.get(row.text, False) or (row.random is not None and row.normalised > row.random)
    return [text for text, found in better.items() if not found]


def curves(rows: Sequence[OrderRow]) -> Dict[Tuple[str, str], Dict[str, np.ndarray]]:
    """The mean deletion curve of each method, of random orders and of the whole text, (shares,), by operator and measure."""
    made: Dict[Tuple[str, str], Dict[str, np.ndarray]] = {}
    for key in dict.fromkeys((row.operator, row.measure) for row in rows):
        own = [row for row in rows if (row.operator, row.measure) == key]
        methods = dict.fromkeys(row.method for row in own)
        of_key = {name: np.mean([row.curve for row in own if row.method == name], axis=0) for name in methods}
        of_key[RANDOM] = np.mean([row.random_curve for row in own], axis=0)
        of_key[WHOLE] = np.full(len(SHARES), np.mean([row.before for row in own]))
        made[key] = of_key
    return made
