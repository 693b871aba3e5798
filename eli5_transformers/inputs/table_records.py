"""The records of a table in text, read by the csv module one at a time.

What csv alone does silently is said here: rows of another width than the header's, and quotes that are not closed, which
would swallow the rows behind them. After such a row the reading goes on in its second line, so that only it is lost.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Deque, Dict, FrozenSet, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..locks import ProcessLock
from .column_kinds import NUMBER, has_few

_MOST_LINES = 5000
# For so many lines behind a broken quote, what looks like the rest of its row is none of its own.
_DOUBTFUL = 200
_MOST_CELL = 2**31 - 1
_NOT_CLOSED = "a quote in it is not closed, or does not stand around a whole cell: double it inside of a cell"
_REST = "it is the rest of a row whose quotes are broken"

# An odd number of backslashes before a quote; a sign that is no character.
_BACKSLASHES = re.compile(r'(?<!\\)((?:\\\\)*)\\"')
_ESCAPED = "\ufdd0"

Telling = Mapping[int, Optional[FrozenSet[str]]]
"""By their places, the columns that show whether a line is a row: the few values that they have, or None for numbers."""
_NOTHING: Telling = {}


class _LongCells:
    """While somebody is in it, csv takes cells of any length: its limit is one for the process, and is put back."""

    def __init__(self) -> None:
        self._lock, self._inside, self._before = ProcessLock(), 0, 0

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._before = csv.field_size_limit(_MOST_CELL)
            self._inside += 1

    def __exit__(self, *raised: Any) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                csv.field_size_limit(self._before)


_LONG_CELLS = _LongCells()


class Record(NamedTuple):
    """A row of cells, or what is wrong with it."""

    line: int
    cells: List[str]
    error: Optional[str] = None


class Quotes(Enum):
    """What quotes are in a table."""

    DOUBLED = ""
    """They stand around cells, and are doubled inside of them."""
    ESCAPED = "quotes in cells written as \\\""
    LETTERS = "quotes are letters"

    @property
    def said(self) -> str:
        """What to say of them; "" for the usual."""
        return self.value


@dataclass(frozen=True)
class Layout:
    """How a table is written."""

    delimiter: str
    spaced: bool = False
    """Whether a space stands behind each delimiter."""
    names: Tuple[str, ...] = ()
    """The names of its columns: those of its header, or their places from 1."""
    header: Optional[Tuple[str, ...]] = None
    """The cells of the header; None where there is none."""
    doubled: Tuple[str, ...] = ()
    """Names that several columns have."""
    agreement: float = 1.0
    """The share of the first rows that have the usual number of cells."""
    quotes: Quotes = Quotes.DOUBLED
    titled: bool = False
    """Whether lines without columns stand above its header."""

    @property
    def width(self) -> int:
        """How many cells a row has."""
        return len(self.names)


class _Feed:
    """Lines for csv's reader, of which those of a broken record can be given back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._again: Deque[str] = deque()
        self.taken: List[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= _MOST_LINES:
            raise csv.Error("a cell of too many lines")
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        return line

    def give_back(self) -> None:
        """Give back all lines of the last record but its first."""
        self._again.extendleft(reversed(self.taken[1:]))
        self.taken = self.taken[:1]


def records(lines: Iterable[str], layout: Layout, telling: Telling = _NOTHING) -> Iterator[Record]:
    """The records of a table, empty ones left out. A record of another width than the layout's, if it has one, is an error.

    `telling` are the columns (`telling_columns`) by which a swallowed row is told from a line of a cell, and the rest of a
    broken row from a row.
    """
    if layout.quotes is Quotes.ESCAPED:
        for record in records(map(_hidden, lines), replace(layout, quotes=Quotes.DOUBLED), telling):
            yield record._replace(cells=[cell.replace(_ESCAPED, '"') for cell in record.cells])
        return
    feed, line, doubtful = _Feed(lines), 1, 0
    reader: Iterator[List[str]]
    if layout.quotes is Quotes.LETTERS:
        reader = csv.reader(feed, delimiter=layout.delimiter, skipinitialspace=layout.spaced, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.reader(feed, delimiter=layout.delimiter, skipinitialspace=layout.spaced, strict=True)
    while True:
        feed.taken, cells, error = [], [], None
        try:
            with _LONG_CELLS:
                cells = fitted(next(reader), layout.width)
        except StopIteration:
            return
        except csv.Error:
            error = _NOT_CLOSED
        fits = not layout.width or len(cells) == layout.width
        if error is None and len(feed.taken) > 1 and _swallowed(feed.taken if fits else feed.taken[1:], layout, telling, fits):
            error = _NOT_CLOSED
        if error is None and doubtful > 0 and len(feed.taken) == 1 and _is_rest(feed.taken[0], cells, telling):
            error = _REST
        if error is None and not fits and any(map(str.strip, cells)):
            error = _of_other_width(len(cells), layout, line, len(feed.taken))
        if error is not None:
            if error == _NOT_CLOSED:
                plainly = _without_quotes(feed.taken, layout)
                feed.give_back()
                cells, error, doubtful = (cells, error, _DOUBTFUL) if plainly is None else (plainly, None, 0)
            elif error == _REST:
                doubtful = 0
        if error is not None or any(cell.strip() for cell in cells):
            yield Record(line, cells, error)
        elif '"' in feed.taken[0]:
            doubtful = 0  # its quotes are in order
        line += len(feed.taken)
        doubtful -= 1


def _hidden(line: str) -> str:
    """A line with a sign for each escaped quote that csv takes for a letter; it would take other escapes for such, too."""
    return _BACKSLASHES.sub(lambda found: found.group(1) + _ESCAPED, line)


def without_escapes(line: str) -> str:
    """A line without its escaped quotes."""
    return _BACKSLASHES.sub("", line)


def has_escapes(text: str) -> bool:
    """Whether a backslash stands before a quote."""
    return _BACKSLASHES.search(text) is not None


def telling_columns(rows: Sequence[Dict[str, str]], names: Sequence[str]) -> Telling:
    """The columns of some rows that hold numbers alone, or few values again and again, as labels are."""
    telling: Dict[int, Optional[FrozenSet[str]]] = {}
    for place, name in enumerate(names if rows else ()):
        values = [row.get(name) or "" for row in rows]
        if all(map(NUMBER.match, values)):
            telling[place] = None
        elif len(values) >= 8 and has_few(values):
            telling[place] = frozenset(values)
    return telling


def fitted(cells: List[str], width: int) -> List[str]:
    """The cells without empty ones behind the last column, as spreadsheets leave them."""
    while width and len(cells) > width and not cells[-1].strip():
        cells = cells[:-1]
    return cells


def _of_other_width(count: int, layout: Layout, line: int, lines: int) -> str:
    what = "the header" if layout.header is not None else "the first row"
    behind = f", to line {line + lines - 1}," if lines > 1 else ""
    return (
        f"it{behind} has {count} cell{'s' * (count != 1)} where {what} has {layout.width}: put quotes around a cell that holds "
        f"{layout.delimiter!r} or a line break"
    )


def _without_quotes(lines: Sequence[str], layout: Layout) -> Optional[List[str]]:
    """The cells of the first of some lines, in which quotes are letters, as in many files with tabs; None where they are not.

    Each of the lines, which a quote has joined, must be a row then.
    """
    if layout.delimiter != "\t" or layout.width < 2 or '"' not in lines[0]:
        return None
    rows = [fitted(line.strip("\r\n").split("\t"), layout.width) for line in lines]
    return rows[0] if all(len(cells) == layout.width for cells in rows) else None


def _swallowed(lines: Sequence[str], layout: Layout, telling: Telling, every: bool) -> bool:
    """Whether `every`, or any, line of a record is a row, as the columns show by which a row can be told from a text."""
    if layout.width < 2 or not telling:
        return False
    rows = [line.strip("\r\n").split(layout.delimiter) for line in lines]
    told = [len(cells) == layout.width and all(cells) and _tells(cells, telling) for cells in rows]
    return all(told) if every else any(told)


def _tells(cells: Sequence[str], telling: Telling) -> bool:
    for place, values in telling.items():
        cell = cells[place] if place < len(cells) else ""
        # A number of a sentence has a space before it.
        if cell[:1] == " " or not (NUMBER.match(cell) if values is None else cell in values):
            return False
    return True


def _is_rest(line: str, cells: Sequence[str], telling: Telling) -> bool:
    return line.count('"') % 2 == 1 or not _tells(cells, telling)
