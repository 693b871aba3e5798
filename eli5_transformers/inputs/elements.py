"""What a file holds, one after the other: a text, an object with named values, or what is wrong there."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional


class Element(NamedTuple):
    """One line or row before its columns are chosen."""

    number: int
    """Its line or row, from 1."""
    value: Any = None
    """A str that is a text, or a dict of what stands under each name."""
    error: Optional[str] = None
    """What is wrong with it, as a sentence."""
    unit: str = "line"
