"""The rows of a table in text as elements, each a dict of its cells."""

from __future__ import annotations

from typing import Iterable, Iterator

from .elements import Element
from .encodings import what_was_not_decoded
from .table_records import Layout, Telling, records

MISSING = frozenset(
    "NaN nan -NaN -nan NA N/A n/a <NA> #N/A #NA NULL null None #NAME? #REF! #VALUE! #DIV/0! #NULL! #NUM! \\N".split()
) | {""}
"""Cells that stand for a missing value: those that pandas takes for one, and the errors of spreadsheets and databases."""


def elements(lines: Iterable[str], layout: Layout, skipped: int, encoding: str, telling: Telling) -> Iterator[Element]:
    """The rows of a table as dicts of its cells; `skipped` lines stand before it, and its header is left out."""
    rows = records(_behind(lines, skipped), layout, telling)
    if layout.header is not None:
        next(rows, None)
    for record in rows:
        if record.cells == ["\x1a"]:  # with which DOS ends a file
            continue
        number = record.line + skipped
        error = record.error or what_was_not_decoded(layout.delimiter.join(record.cells), encoding)
        if error is None and layout.header is not None and tuple(record.cells) == layout.header:
            error = "it is the header once more"
        yield Element(number, None if error else dict(zip(layout.names, record.cells)), error)


def _behind(lines: Iterable[str], count: int) -> Iterator[str]:
    lines = iter(lines)
    for _ in range(count):
        next(lines, None)
    return lines
