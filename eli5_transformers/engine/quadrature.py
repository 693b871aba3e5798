"""Fixed rules for integrals of gradients over a path, from 0 to 1."""

from __future__ import annotations

from typing import Tuple

import numpy as np
from numpy.polynomial import legendre

from ..arguments import written
from ..errors import InputError

METHODS = ("gausslegendre", "riemann_left", "riemann_right", "riemann_middle", "riemann_trapezoid")


def fixed(method: str, steps: int) -> Tuple[np.ndarray, np.ndarray]:
    """Nodes in [0, 1] and weights that sum to 1. Raises InputError for an unknown method or too few steps."""
    least = 2 if method == "riemann_trapezoid" else 1
    if method not in METHODS:
        raise InputError(f"method is {written(method)}, but must be one of {', '.join(map(repr, METHODS))}")
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < least:
        raise InputError(f"n_steps is {steps!r}, but {method} needs a number from {least}")
    if method == "gausslegendre":
        nodes, weights = legendre.leggauss(steps)
        return (nodes + 1) / 2, weights / 2
    if method == "riemann_trapezoid":
        weights = np.full(steps, 1 / (steps - 1))
        weights[[0, -1]] /= 2
        return np.linspace(0, 1, steps), weights
    shift = {"riemann_left": 0.0, "riemann_middle": 0.5, "riemann_right": 1.0}[method]
    return (np.arange(steps) + shift) / steps, np.full(steps, 1 / steps)
