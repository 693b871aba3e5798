"""Numbers as a table shows them."""

from __future__ import annotations

import math
from typing import Optional

ELSEWHERE = "special tokens (sum)"
"""The row of what stands for no characters of the text."""


def fixed(value: Optional[float], largest: float, signed: bool) -> str:
    """`value` in figures: three digits for the largest number of a column, and as many decimals for the others."""
    if value is None:
        return "—"
    decimals = 2 - math.floor(math.log10(largest)) if largest > 0 else 2
    if not -3 < decimals < 8:
        return f"{value:{'+' if signed else ''}.2e}"
    decimals = max(0, decimals)
    return f"{round(value, decimals) + 0.0:{'+' if signed else ''}.{decimals}f}"
