"""Numbers, shares and words as a sentence has them."""

from __future__ import annotations

from typing import Sequence

_MINUS = "\u2212"
_THIN = "\u202f"


def number(value: float) -> str:
    """100 and more without decimals, 1 and more with one, less with two; "0" below 0.005."""
    size = abs(value)
    if size < 0.005:
        return "0"
    return f"{_MINUS if value < 0 else ''}{size:.{0 if size >= 100 else 1 if size >= 1 else 2}f}"


def percent(share: float) -> str:
    """Whole percents, one decimal near the ends; "<0.1 %" and ">99.9 %" beyond."""
    if share > 0.999:
        return f">99.9{_THIN}%"
    if share < 0.001:
        return f"<0.1{_THIN}%"
    return f"{100 * share:.{1 if share >= 0.995 or share < 0.01 else 0}f}{_THIN}%"


def quoted(words: Sequence[str]) -> str:
    """Words in curly quotes, as a list in a sentence: “a”, “b” and “c”."""
    marked = [f"\u201c{word}\u201d" for word in words]
    return " and ".join([", ".join(marked[:-1]), marked[-1]] if len(marked) > 1 else marked)
