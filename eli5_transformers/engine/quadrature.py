"""Fixed rules for integrals of gradients over a path, from 0 to 1."""

from __future__ import annotations

from functools import lru_cache
from typing import Tuple

import numpy as np

from ..errors import InputError, shown

METHODS = ("gausslegendre", "riemann_left", "riemann_right", "riemann_middle", "riemann_trapezoid")


def fixed(method: str, steps: int) -> Tuple[np.ndarray, np.ndarray]:
    """Nodes in [0, 1] and weights that sum to 1. Raises InputError for an unknown method or too few steps."""
    least = 2 if method == "riemann_trapezoid" else 1
    if method not in METHODS:
        raise InputError(f"method is {shown(method)}, but must be one of {', '.join(map(repr, METHODS))}")
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < least:
        raise InputError(f"n_steps is {steps!r}, but {method} needs a number from {least}")
    if method == "gausslegendre":
        return _gauss_legendre(steps)
    if method == "riemann_trapezoid":
        weights = np.full(steps, 1 / (steps - 1))
        weights[[0, -1]] /= 2
        return np.linspace(0, 1, steps), weights
    shift = {"riemann_left": 0.0, "riemann_middle": 0.5, "riemann_right": 1.0}[method]
    return (np.arange(steps) + shift) / steps, np.full(steps, 1 / steps)


@lru_cache(maxsize=16)
def _gauss_legendre(steps: int) -> Tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre's rule; SciPy finds its nodes from a band in steps² time, numpy from a whole matrix in steps³."""
    from scipy.special import roots_legendre  # here, for those who need no rule

    nodes, weights = roots_legendre(steps)
    rule = (nodes + 1) / 2, weights / 2
    for shared in rule:
        shared.setflags(write=False)
    return rule
