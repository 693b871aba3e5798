"""What is measured of a model's answer when words are hidden: one number for each question that an explanation answers."""

from __future__ import annotations

from typing import Callable, NamedTuple, Optional

import numpy as np
import torch

from ..engine.targets import Classes
from ..records import Attribution
from ..text.label_order import order_by_weight
from .deletion import ALIKE

# Kernels round differently for other numbers of rows: what differs by less is the same.
_DECIMALS = 6


class Measured(NamedTuple):
    """A number made of a model's logits."""

    name: str
    """"probability", "expected value", "preference" (of the first class of a contrast, among both) or "score"."""
    of: Callable[[np.ndarray], np.ndarray]
    """From logits (rows, classes) to a number each, (rows,); NaN for lines that are none."""
    span: Optional[float]
    """From the smallest to the largest number that there can be; None where there are no such."""

    @property
    def alike(self) -> float:
        """Numbers that differ by less do not count as different."""
        return ALIKE * (1.0 if self.span is None else self.span)


def measured(classes: Classes, attribution: Attribution) -> Measured:
    """What is measured for an attribution: the probability of its class, for the lean and an expected value the expected
    place or value, for a contrast the probability of the one class where only the two are there. Where there are no
    probabilities, and for other combinations, it is the explained score itself.
    """
    count, question, weights = len(classes.names), attribution.question, np.array(attribution.weights, dtype=float)
    if question == "class":
        weights = np.zeros(count)
        weights[attribution.target] = 1.0
    elif question == "lean":
        # The numbers in the labels' names, or their places from 1.
        weights = np.array(order_by_weight(classes.names, attribution.weights).values)

    def score(logits: np.ndarray) -> np.ndarray:
        return logits @ weights

    def expected(logits: np.ndarray) -> np.ndarray:
        found = classes.probabilities(torch.from_numpy(np.array(logits, dtype=float)))
        assert found is not None
        return found.numpy() @ weights

    def preference(logits: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-score(logits)))

    if classes.link is None or question == "combination" or (question == "lean" and classes.link != "softmax"):
        return Measured("score", _rounded(score, count), None)
    if question == "contrast":
        return Measured("preference", _rounded(preference, count), 1.0)
    if question == "class":
        return Measured("probability", _rounded(expected, count), 1.0)
    return Measured("expected value", _rounded(expected, count), float(np.ptp(weights)))


def _rounded(numbers: Callable[[np.ndarray], np.ndarray], classes: int) -> Callable[[np.ndarray], np.ndarray]:
    def rounded(logits: np.ndarray) -> np.ndarray:
        # Columns behind the classes' are combinations of these.
        return np.round(numbers(np.atleast_2d(logits)[:, :classes]), _DECIMALS)

    return rounded
