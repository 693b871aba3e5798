"""How a table in text is written: its delimiter, its header, and whether it is one.

csv's own sniffer takes letters, spaces and colons for delimiters, and counts inside of quotes; here each delimiter that
tables have is tried by reading with it.
"""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any, List, Optional, Sequence, Tuple

from ..column_names import is_known, is_text, plain
from .columns import NUMBER
from .forms import DELIMITERS
from .table_records import Layout, Record, fitted, records

_TIGHT = re.compile(r"[,;\t|](?=\S)")


def layout_of(head: str, whole: bool, form: str, asked: Sequence[str]) -> Tuple[Layout, int]:
    """How the table that begins with `head` is written, and how many of its lines stand before its first row.

    `asked` are names of columns that it should have. The delimiter is the one that makes rows of one width, and a header of
    names that are known.
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


def has_hidden_columns(head: str) -> bool:
    """Whether most lines hold a delimiter as tables have it, with no space behind it as in a sentence.

    So it is, too, where the first line is of usual names with another sign between them, which is read as no delimiter.
    """
    lines = [line for line in head.splitlines() if line.strip()]
    words = re.split("[ :]+", lines[0].strip()) if lines else []
    if len(words) > 1 and all(map(is_known, words)) and any(map(is_text, words)):
        return True
    return 2 * sum(_TIGHT.search(line) is not None for line in lines) >= len(lines)


def _sample(lines: Sequence[str], layout: Layout, whole: bool) -> List[Record]:
    """The records of the beginning; the last one of a part of a file may be cut."""
    found = list(records(lines, layout))
    return found if whole or len(found) < 2 else found[:-1]


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
        len(fitted(row.cells, len(cells) - 1)) < len(cells) for row in rows
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
