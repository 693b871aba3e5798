"""Tables in text: CSV with commas, semicolons, tabs or bars, read by the csv module a record at a time.

What csv alone does silently is said here: rows of another width than the header's, and quotes that are not closed, which
would swallow the rows behind them. After such a row the reading goes on in its second line, so that only it is lost.
"""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from dataclasses import dataclass, replace
from typing import Any, Deque, Dict, FrozenSet, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ..column_names import is_known, is_text, plain
from ..locks import ProcessLock
from .columns import NUMBER
from .elements import Element
from .encodings import what_was_not_decoded
from .forms import DELIMITERS

MISSING = frozenset(
    "NaN nan -NaN -nan NA N/A n/a <NA> #N/A #NA NULL null None #NAME? #REF! #VALUE! #DIV/0! #NULL! #NUM! \\N".split()
) | {""}
"""Cells that stand for a missing value: those that pandas takes for one, and the errors of spreadsheets and databases."""
_MOST_LINES = 5000
_TIGHT = re.compile(r"[,;\t|](?=\S)")
# For so many lines behind a broken quote, what looks like the rest of its row is none of its own.
_DOUBTFUL = 200
_MOST_CELL = 2**31 - 1
_NOT_CLOSED = "a quote in it is not closed, or does not stand around a whole cell: double it inside of a cell"
_REST = "it is the rest of a row whose quotes are broken"

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
    feed, line, doubtful = _Feed(lines), 1, 0
    reader = csv.reader(feed, delimiter=layout.delimiter, skipinitialspace=layout.spaced, strict=True)
    while True:
        feed.taken, cells, error = [], [], None
        try:
            with _LONG_CELLS:
                cells = _fitted(next(reader), layout.width)
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


def layout_of(head: str, whole: bool, form: str, asked: Sequence[str]) -> Tuple[Layout, int]:
    """How the table that begins with `head` is written, and how many of its lines stand before its first row.

    `asked` are names of columns that it should have. The delimiter is the one that makes rows of one width, and a header of
    names that are known; csv's own sniffer takes letters for delimiters, and counts inside of quotes.
    """
    lines = list(io.StringIO(head, newline=""))
    if not whole and len(lines) > 1:
        lines.pop()
    skipped = 0
    delimiters: Sequence[str] = DELIMITERS[form]
    while lines and not lines[0].strip():
        lines.pop(0)
        skipped += 1
    said = re.fullmatch(r'"?sep=(.)"?\s*', lines[0]) if lines else None
    if said:  # a spreadsheet's own word
        delimiters, lines, skipped = said.group(1), lines[1:], skipped + 1
    best: Optional[Tuple[Any, Layout, List[Record]]] = None
    for order, delimiter in enumerate(delimiters):
        all_spaced = False
        for spaced in (False, True):
            layout = Layout(delimiter, spaced)
            rows = _sample(lines, layout, whole)
            if rows:
                all_spaced = all_spaced or _is_spaced(rows)
                fit = (_fit(rows, asked), -order, spaced == all_spaced)
                best = (fit, layout, rows) if best is None or fit > best[0] else best
    if best is None:
        return Layout(delimiters[0]), skipped
    fit, layout, rows = best
    return replace(_with_header(layout, rows, asked), agreement=fit[0][2]), skipped


def elements(lines: Iterable[str], layout: Layout, skipped: int, encoding: str, telling: Telling) -> Iterator[Element]:
    """The rows of a table as dicts of its cells; `skipped` lines stand before it, and its header is left out."""
    rows = records(_behind(lines, skipped), layout, telling)
    if layout.header is not None:
        next(rows, None)
    for record in rows:
        number = record.line + skipped
        error = record.error or what_was_not_decoded(layout.delimiter.join(record.cells), encoding)
        if error is None and layout.header is not None and tuple(record.cells) == layout.header:
            error = "it is the header once more"
        yield Element(number, None if error else dict(zip(layout.names, record.cells)), error)


def telling_columns(rows: Sequence[Dict[str, str]], names: Sequence[str]) -> Telling:
    """The columns of some rows that hold numbers alone, or few values again and again, as labels are."""
    telling: Dict[int, Optional[FrozenSet[str]]] = {}
    for place, name in enumerate(names if rows else ()):
        values = [row.get(name) or "" for row in rows]
        if all(map(NUMBER.match, values)):
            telling[place] = None
        elif len(values) >= 8 and len(set(values)) <= len(values) // 4 and max(map(len, values)) < 30:
            telling[place] = frozenset(values)
    return telling


def _behind(lines: Iterable[str], count: int) -> Iterator[str]:
    lines = iter(lines)
    for _ in range(count):
        next(lines, None)
    return lines


def _fitted(cells: List[str], width: int) -> List[str]:
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
    rows = [_fitted(line.strip("\r\n").split("\t"), layout.width) for line in lines]
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


def _sample(lines: Sequence[str], layout: Layout, whole: bool) -> List[Record]:
    """The records of the beginning; the last one of a part of a file may be cut."""
    found = list(records(lines, layout))
    return found if whole or len(found) < 2 else found[:-1]


def has_hidden_columns(head: str) -> bool:
    """Whether most lines hold a delimiter as tables have it, with no space behind it as in a sentence."""
    lines = [line for line in head.splitlines() if line.strip()]
    return 2 * sum(_TIGHT.search(line) is not None for line in lines) >= len(lines)


def _fit(rows: Sequence[Record], asked: Sequence[str]) -> Tuple[bool, bool, float]:
    """How well a delimiter fits: whether it makes several columns, whether names are known, the share of equal rows."""
    first = rows[0].cells
    known = len(first) > 1 and (_has_asked(first, asked) or any(map(is_text, first)))
    widths = [len(row.cells) for row in rows if row.error is None]
    usual = max(set(widths), key=widths.count) if widths else 1
    share = widths.count(usual) / len(rows)
    return known or (usual > 1 and share >= 0.5), known, share


def _is_spaced(rows: Sequence[Record]) -> bool:
    """Whether each cell behind a delimiter begins with a space, which then is none of the cell's."""
    behind = [cell for row in rows for cell in row.cells[1:] if cell]
    return bool(behind) and all(cell.startswith(" ") for cell in behind)


def _has_asked(cells: Sequence[str], asked: Sequence[str]) -> bool:
    return bool({plain(cell) for cell in cells} & {plain(name) for name in asked if not name.isdigit()})


def _with_header(layout: Layout, rows: Sequence[Record], asked: Sequence[str]) -> Layout:
    first = rows[0].cells
    if not _is_header([row.cells for row in rows if row.error is None], first, asked):
        usual = [len(row.cells) for row in rows if row.error is None] or [len(first)]
        width = max(set(usual), key=usual.count)
        return Layout(layout.delimiter, layout.spaced, tuple(str(place + 1) for place in range(width)))
    cells = list(first)
    while len(cells) > 1 and not cells[-1].strip() and all(
        len(_fitted(row.cells, len(cells) - 1)) < len(cells) for row in rows
    ):
        cells.pop()
    below = [row.cells for row in rows[1:] if row.error is None]
    if len(below) > 1 and all(len(row) == len(cells) + 1 and row[0].strip().isdecimal() for row in below):
        cells.insert(0, "")  # R numbers its rows in a column that has no name
    header = tuple(first if len(cells) == len(first) else cells)
    names: List[str] = []
    for place, cell in enumerate(cells, start=1):
        name = cell.strip().strip("\ufeff") or f"column {place}"
        name = "" if place == 1 and not cell.strip() else name
        names.append(f"{name} (column {place})" if name in names else name)
    doubled = tuple(name for name in {cell.strip() for cell in cells} if name and [c.strip() for c in cells].count(name) > 1)
    return Layout(layout.delimiter, layout.spaced, tuple(names), header, doubled)


def _is_header(rows: Sequence[Sequence[str]], first: Sequence[str], asked: Sequence[str]) -> bool:
    """Whether the first row names the columns: by names that are known or were asked for, or by how it differs."""
    if not rows or any(NUMBER.match(cell) for cell in first if cell):
        return False
    if _has_asked(first, asked) or any(map(is_text, first)):
        return True
    if len(first) < 2 or len(set(first)) < len(first) or any(len(cell.split()) > 3 or len(cell) > 40 for cell in first):
        return False
    if any(cell and is_known(cell) for cell in first):
        return True
    below = [row for row in rows[1:] if len(row) == len(first)]
    return any(
        all(NUMBER.match(row[place]) or len(row[place].split()) > 3 for row in below) for place in range(len(first)) if below
    )
