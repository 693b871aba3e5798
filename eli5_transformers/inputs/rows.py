"""The record of a row, and the rows of a file with the sentence that says what they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator, Optional


@dataclass(frozen=True)
class Row:
    """One input, or what is wrong with it."""

    number: Optional[int]
    """Its line or row in the file, from 1, by `unit`; None for an argument."""
    text: str = ""
    text_pair: Optional[str] = None
    label: Any = None
    """What the file says that its label is: a text, or a number or list as JSON and tables have them."""
    id: Any = None
    error: Optional[str] = None
    """What is wrong with it, as a sentence; then `text` is ""."""
    unit: str = "line"
    """What `number` counts: the "line"s of a text file, or the "row"s of a JSON list or of a file of columns."""

    @property
    def place(self) -> str:
        """Where it stands, as "line 5"; "" for an argument."""
        return "" if self.number is None else f"{self.unit} {self.number}"


class Rows:
    """The rows of a file, read as they are asked for; they can be iterated once."""

    def __init__(self, rows: Iterator[Row], described: str, count: Optional[int] = None) -> None:
        self._rows = rows
        self.described = described
        """What was recognised, as in "reviews.csv: 12 rows, text from column 'review', label from 'stars'"."""
        self.count = count
        """How many there are; None for what can be read only once, as stdin."""

    def __iter__(self) -> Iterator[Row]:
        return self._rows
