"""Methods that state the error of a token, and work until it is within a tolerance."""

from typing import Any

from ..arguments import real_number
from ..errors import InputError
from ..records import percent


def require_tolerance(given: Any) -> float:
    """The error of a token that is aimed at. Raises InputError where it is no positive number."""
    positive = "a positive number, such as 0.01 for one percent"
    tolerance = real_number(given, "tolerance", positive)
    if not tolerance > 0:
        raise InputError(f"tolerance is {given!r}, but must be {positive}")
    return tolerance


def not_met(error: float, tolerance: float) -> str:
    """The beginning of a sentence that says so; what follows says why."""
    return (
        f"The tolerance was not met: a token's contribution may be off by {percent(error)} of all contributions' "
        f"sizes together, where {percent(tolerance)} was asked for"
    )
