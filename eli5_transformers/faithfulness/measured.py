"""What is measured of a model's answer when words are hidden: one number for each question that an explanation answers."""

from __future__ import annotations

from typing import Callable, NamedTuple, Optional

import numpy as np
import torch

from ..engine.targets import Classes
from ..records import Attribution
from ..text.label_order import order_by_weight


class Measured(NamedTuple):
    """A number made of a model's logits."""

    name: str
    """"probability", "expected value", "preference" (of the first class of a contrast, among both) or "score"."""
    of: Callable[[np.ndarray], np.ndarray]
    """From logits (rows, classes) to a number each, (rows,); NaN for lines that are none."""
    span: Optional[float]
    """From the smallest to the largest number that there can be; None where there are no such."""
    falls: bool = False
    """True where a larger number speaks against the answer: a loss."""


def measured(classes: Classes, attribution: Attribution) -> Measured:
    """What is measured for an attribution.

    The probability of its class; for the lean and an expected value the expected number or value; for a contrast the
    probability of the one class where only the two are there. Where classes do not exclude each other, or have no
    probabilities, and for other combinations it is what is explained itself, in its own unit.
    """
    question, output = attribution.question, attribution.output
    if question == "class":
        weights = np.eye(len(classes.names))[attribution.target]
    else:
        weights = np.array(attribution.weights, dtype=float)

    def summed(output: str, weights: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        def of(logits: np.ndarray) -> np.ndarray:
            # Columns behind the classes' are combinations of these.
            own = torch.from_numpy(np.atleast_2d(np.array(logits, dtype=float))[:, : len(weights)])
            return np.asarray(classes.values(own, output).numpy() @ weights)

        return of

    if question == "class" and classes.link is not None:
        return Measured("probability", summed("probability", weights), 1.0)
    if classes.link is None or classes.multi_label or question in ("class", "combination"):
        return Measured("score", summed(output, weights), None, output == "loss")
    if question == "contrast":
        lead = summed("log-probability", weights)
        return Measured("preference", lambda logits: 1 / (1 + np.exp(-lead(logits))), 1.0)
    if question == "lean":
        # The numbers in the labels' names, or their places from 1.
        weights = np.array(order_by_weight(classes.names, attribution.weights).values)
    return Measured("expected value", summed("probability", weights), float(np.ptp(weights)))
