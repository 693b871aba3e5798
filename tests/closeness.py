"""How near two computed results must be: within a share of the largest value compared.

Floating-point rounding is relative. What a processor, the number of threads or a library for matrices changes in a
result is a share of the largest terms that were added up, also where the result is small. An absolute limit fails
where values are large, on some processors only, and says nothing where they are small.
"""

from typing import Any, Optional

import numpy as np

SINGLE = 2e-5
"""Of float32, which rounds at 6e-8: a pass and its gradient through a tiny model leave up to 4e-6 on the processors seen."""
BATCHED = 5e-5
"""Of float32 passes whose batches have other shapes: every product is summed in another order; up to 1.2e-5 was seen."""
DOUBLE = 1e-12
"""Of float64, which rounds at 1e-16."""


def as_array(value: Any) -> np.ndarray:
    """A tensor, a number, or a list of numbers, as float64."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().double().numpy()
    return np.asarray(value, dtype=np.float64)


def largest_difference(actual: np.ndarray, expected: np.ndarray, scale: Optional[float] = None) -> float:
    """The largest difference as a share of the largest value, or of `scale`; infinite where a value is not finite."""
    if not (np.isfinite(actual).all() and np.isfinite(expected).all()):
        return np.inf
    difference = np.abs(actual - expected).max(initial=0.0)
    size = max(np.abs(actual).max(initial=0.0), np.abs(expected).max(initial=0.0)) if scale is None else scale
    return 0.0 if difference == 0 else float(difference / size) if size else np.inf


def assert_close(
    actual: Any, expected: Any, rtol: float = SINGLE, *, scale: Optional[float] = None, what: str = ""
) -> None:
    """Nowhere do the two differ by more than `rtol` times the largest value in them.

    Shapes must be equal; one number may be expected everywhere. `scale` stands for the largest value where that is
    not in sight: the size of the terms whose sum is compared, or the whole that shares are shares of.
    """
    __tracebackhide__ = True
    actual, expected = as_array(actual), as_array(expected)
    if expected.ndim == 0:
        expected = np.broadcast_to(expected, actual.shape)
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape}, expected {expected.shape}"
    share = largest_difference(actual, expected, scale)
    assert share <= rtol, _difference(actual, expected, share, rtol, scale, what)


def assert_apart(one: Any, other: Any, share: float = 1e-3) -> None:
    """Somewhere the two differ by more than this share of the largest value in them: a change arrived."""
    __tracebackhide__ = True
    one, other = as_array(one), as_array(other)
    assert one.shape == other.shape, f"shapes {one.shape} and {other.shape}"
    found = largest_difference(one, other)
    assert share < found < np.inf, f"they differ by {found:.2g} of the largest value, more than {share:.2g} expected"


def _difference(
    actual: np.ndarray, expected: np.ndarray, share: float, rtol: float, scale: Optional[float], what: str
) -> str:
    """The largest difference, where it is, the largest value, and what was allowed."""
    with np.errstate(invalid="ignore"):
        off = np.abs(actual - expected)
    off = np.where(np.isfinite(off), off, np.inf)
    place = np.unravel_index(np.argmax(off), off.shape)
    largest = max(np.abs(actual).max(), np.abs(expected).max())
    measure = f"the largest value {largest:.6g}" if scale is None else f"a scale of {scale:.6g}"
    return (
        f"{what + ': ' if what else ''}largest difference {off[place]:.3g} at {tuple(map(int, place))}, "
        f"{actual[place]:.9g} for {expected[place]:.9g}: {share:.2g} of {measure}, {rtol:.2g} allowed"
    )
