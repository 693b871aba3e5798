"""How a table in text is written: its delimiter, its header, and whether it is one.

csv's own sniffer takes letters, spaces and colons for delimiters, and counts inside of quotes; here each delimiter that
tables have is tried by reading with it.
"""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any, List, Optional, Sequence, Tuple

from ..column_names import IDS, is_known, is_text, is_text_in_plural, plain
from .column_kinds import NUMBER, has_few, is_answer, is_data, is_date, is_mark, is_prose, is_value
from .forms import DELIMITERS, SEPARATOR, header_in, other_delimiter
from .table_records import Layout, Quotes, Record, fitted, has_escapes, records, without_escapes

_TITLES = 10
_TIGHT = re.compile(r"[,;\t|\x01](?=\S)")  # the last one as Hive has it


def layout_of(head: str, whole: bool, form: str, asked: Sequence[str]) -> Tuple[Layout, int]:
    """How the table that begins with `head` is written, and how many of its lines stand before its first row.

    `asked` are names of columns that it should have. The delimiter is the one that makes rows of one width, and a header of
    names that are known.
    """
    lines = list(io.StringIO(head, newline=""))
    if not whole and len(lines) > 1:
        lines.pop()
    start = next((place for place, line in enumerate(lines) if line.strip()), len(lines))
    said = SEPARATOR.fullmatch(lines[start]) if lines[start:] else None
    titled = False
    if said:  # a spreadsheet's own word
        delimiters: Sequence[str] = said.group(1)
        start += 1
    else:
        above = _lines_above(lines[start:], asked)
        start, titled = start + above, above > 0
        other = other_delimiter(lines[start]) if lines[start:] else ""
        delimiters = (*DELIMITERS[form], *other)
    best: Optional[Tuple[Any, Layout, List[Record]]] = None
    for order, delimiter in enumerate(delimiters):
        found = _read_with(lines[start:], delimiter, whole, asked)
        if found is not None and delimiter not in DELIMITERS[form] and not said and not _agree(found[2][1:]):
            continue
        if found is not None and (best is None or (found[0], -order) > best[0]):
            best = ((found[0], -order), *found[1:])
    if best is None:
        return Layout(delimiters[0]), start
    (fit, _), layout, rows = best
    quoted = lines[start].startswith('"')
    return replace(_with_header(layout, rows, asked, quoted), agreement=fit[2], titled=titled), start


def _agree(rows: Sequence[Record]) -> bool:
    """Whether nearly all rows have the same number of cells, and several."""
    widths = [len(row.cells) for row in rows if row.error is None]
    usual = max(set(widths), key=widths.count, default=1)
    return usual > 1 and widths.count(usual) >= 0.9 * len(rows)


def _lines_above(lines: Sequence[str], asked: Sequence[str]) -> int:
    """How many lines, a title or comments with one cell each at most, stand above a header of known names."""
    for place, line in enumerate(lines[:_TITLES]):
        named = header_in(line.strip())
        signs = [sign for sign in DELIMITERS["csv"] if sign in line and (named or _has_asked(line.split(sign), asked))]
        if signs:
            return place if any(sign in below for sign in signs for below in lines[place + 1 : place + 2]) else 0
        if '"' in line or any(sum(map(bool, map(str.strip, line.split(sign)))) > 1 for sign in ",;\t|"):
            return 0
    return 0


def _read_with(
    lines: Sequence[str], delimiter: str, whole: bool, asked: Sequence[str]
) -> Optional[Tuple[Any, Layout, List[Record]]]:
    """How well a delimiter fits, with what stands behind it and how its quotes are, and the rows; None without rows."""
    plainly = [Quotes.LETTERS] if delimiter == "\t" and _are_letters(lines) else [Quotes.DOUBLED]
    text = "".join(lines)
    # Quotes that stand around nothing are letters, in files with tabs with whatever is before them.
    if plainly == [Quotes.DOUBLED] and has_escapes(text) and (delimiter != "\t" or re.search(r'(?<!\\)"', text)):
        plainly.append(Quotes.ESCAPED)
    best: Optional[Tuple[Any, Any, Layout, List[Record]]] = None
    for quotes in plainly:
        all_spaced = False
        for spaced in (False, True):
            layout = Layout(delimiter, spaced, quotes=quotes)
            rows = _sample(lines, layout, whole)
            if rows:
                all_spaced = all_spaced or _is_spaced(rows)
                fit = _fit(rows, asked)
                escaped = quotes is Quotes.ESCAPED and not _has_unescaped(lines, layout)
                key = (fit, escaped or quotes is not Quotes.ESCAPED, escaped, spaced == all_spaced)
                best = (key, fit, layout, rows) if best is None or key > best[0] else best
    return None if best is None else best[1:]


def _are_letters(lines: Sequence[str]) -> bool:
    """Whether quotes in a file with tabs are letters: some stand where who quotes has none, and all rows are whole."""
    rows = [line.strip("\r\n").split("\t") for line in lines if line.strip()]
    if len(set(map(len, rows))) != 1 or len(rows[0]) < 2:
        return False
    cells = [cell for row in rows for cell in row if '"' in cell]
    around = [len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in cells]
    doubled = any(whole and '""' in cell[1:-1] for cell, whole in zip(cells, around))
    return not all(around) and not doubled


def has_hidden_columns(head: str) -> bool:
    """Whether most lines hold a delimiter as tables have it, with no space behind it as in a sentence.

    So it is, too, where the first line is of usual names with another sign between them, which is read as no delimiter.
    """
    lines = [line for line in head.splitlines() if line.strip()]
    words = re.split("[ :]+", lines[0].strip()) if lines else []
    if len(words) > 1 and all(map(is_known, words)) and any(map(is_text, words)):
        return True
    return 2 * sum(_TIGHT.search(line) is not None for line in lines) >= len(lines)


def has_tabs_as_columns(head: str, whole: bool) -> bool:
    """Whether tabs can only part columns: as many in every line, with data in one column and prose in another."""
    lines = [line.rstrip("\n") for line in io.StringIO(head, newline=None)]
    rows = [line.split("\t") for line in (lines if whole else lines[:-1]) if line.strip()]
    if len(rows) < 5 or len(rows[0]) < 2 or len(set(map(len, rows))) > 1:
        return False
    columns = [[cell for cell in column if cell.strip()] for column in zip(*rows[1:])]  # the first row may be a header
    return any(column and is_data(column) for column in columns) and any(map(is_prose, columns))


def _sample(lines: Sequence[str], layout: Layout, whole: bool) -> List[Record]:
    """The records of the beginning; the last one of a part of a file may be cut."""
    found = list(records(lines, layout))
    return found if whole or len(found) < 2 else found[:-1]


def _has_unescaped(lines: Sequence[str], layout: Layout) -> bool:
    """Whether a cell holds a quote without a backslash."""
    rows = records(map(without_escapes, lines), replace(layout, quotes=Quotes.DOUBLED))
    return any('"' in cell for row in rows for cell in row.cells)


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


def _with_header(layout: Layout, rows: Sequence[Record], asked: Sequence[str], quoted: bool) -> Layout:
    """The layout with its columns; `quoted` says that the first line begins with a quote."""
    first = rows[0].cells
    if not _is_header([row.cells for row in rows if row.error is None], first, asked):
        usual = [len(row.cells) for row in rows if row.error is None] or [len(first)]
        width = max(set(usual), key=usual.count)
        return replace(layout, names=tuple(str(place + 1) for place in range(width)))
    cells = list(first)
    while len(cells) > 1 and not cells[-1].strip() and all(
        len(fitted(row.cells, len(cells) - 1)) < len(cells) for row in rows
    ):
        cells.pop()
    below = [row.cells for row in rows[1:] if row.error is None]
    if all(len(row) == len(cells) + 1 for row in below) and _are_names(cells[0], [row[0].strip() for row in below], quoted):
        cells.insert(0, "")  # R names its rows in a column that has no name
    header = tuple(first if len(cells) == len(first) else cells)
    names: List[str] = []
    for place, cell in enumerate(cells, start=1):
        name = cell.strip().strip("\ufeff") or f"column {place}"
        name = "" if place == 1 and not cell.strip() else name
        names.append(f"{name} (column {place})" if name in names else name)
    doubled = tuple(name for name in {cell.strip() for cell in cells} if name and [c.strip() for c in cells].count(name) > 1)
    return replace(layout, names=tuple(names), header=header, doubled=doubled)


def _are_names(header: str, cells: Sequence[str], quoted: bool) -> bool:
    """Whether these are names of rows: their numbers, or, where texts are quoted and so hold no delimiters, all different.

    A single row may have a cell too many: it is named where R's quotes are there, and the first column holds no ids.
    """
    if len(cells) < 2:
        return quoted and list(cells) == ["1"] and plain(header) not in IDS
    return all(map(str.isdecimal, cells)) or (quoted and len(set(cells)) == len(cells))


def _is_header(rows: Sequence[Sequence[str]], first: Sequence[str], asked: Sequence[str]) -> bool:
    """Whether the first row names the columns: by names that are known or were asked for, or by how it differs."""
    if not rows or any(NUMBER.match(cell) for cell in first if cell):
        return False
    if _has_asked(first, asked) or any(map(is_text, first)):
        return True
    # A header may come again, where files were joined; its cells do not come alone.
    columns = list(zip(*(row for row in rows[1:] if len(row) == len(first) and list(row) != list(first))))
    named = [cell for cell in first if cell.strip()]
    if any(_is_alike(cell, column) for cell, column in zip(first, columns)):
        return False
    if any(map(is_text_in_plural, first)):
        return True
    short = all(len(cell.split()) <= 3 and len(cell) <= 40 for cell in first)
    short_above_prose = short and any(map(is_prose, columns))
    if len(named) > 1 and any(_differs(cell, column, short_above_prose) for cell, column in zip(first, columns)):
        return True
    return short and 1 < len(named) == len(set(named)) and (
        any(cell and is_known(cell) for cell in first)
        or any(all(NUMBER.match(cell) or len(cell.split()) > 3 for cell in column) for column in columns)
    )


def _is_alike(cell: str, column: Sequence[str]) -> bool:
    """Whether a cell is one of those below it, or of their kind, or stands for a value that is missing, and so is no name."""
    below = [other for other in column if other.strip()]
    if not cell.strip() or not below:
        return False
    ticked = set(below) == {cell} and len(below) < len(column)  # surveys put the name of a column where it was chosen
    same_kind = any(all(map(kind, (cell, *below))) for kind in (is_date, is_answer))
    return (cell in below and not ticked) or is_mark(cell) or same_kind


def _differs(cell: str, column: Sequence[str], short: bool) -> bool:
    """Whether a cell is of another kind than those below it: above numbers or dates, or none of a few names that come again.

    A rare label may stand in the first row alone: a name is a question, longer than such labels, or all cells beside it are
    `short` and those below are not.
    """
    below = [other for other in column if other.strip()]
    if len(below) < 2 or not any(map(str.isalpha, cell)):
        return False
    if all(is_value(other) and not is_answer(other) for other in below):
        return True
    longer = len(cell.split()) > max(3, *(len(other.split()) for other in below))
    return len(below) >= 8 and has_few(below) and cell not in below and (short or longer)
