"""A file to its rows: its form, encoding and columns are found, and said in a sentence."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Callable, Iterable, Iterator, List, Optional, Union

from ..column_names import is_text
from ..errors import InputError, MissingDependencyError
from ..escapes import visible_line
from . import json_elements, table_elements
from .column_files import ColumnFile
from .columns import Asked, Columns
from .elements import Element
from .encodings import beginning, decoded, encoding_of, lines_of
from .forms import form_of_bytes, form_of_text, require_readable
from .labelled_lines import has_labels, labels_in_lines, parted
from .row_reader import RowReader
from .rows import Rows
from .sources import Source
from .table_layout import has_hidden_columns, has_tabs_as_columns, layout_of
from .table_records import Layout, telling_columns

_SAMPLED = 200
_SHOWN = 5
_NAMES = {"jsonl": "JSON Lines", "json": "JSON", "csv": "CSV", "tsv": "TSV", "parquet": "parquet", "arrow": "arrow"}
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def read_rows(
    file: Union[str, os.PathLike[str]],
    *,
    form: Optional[str] = None,
    encoding: Optional[str] = None,
    text_column: Optional[str] = None,
    pair_column: Optional[str] = None,
    label_column: Optional[str] = None,
    id_column: Optional[str] = None,
) -> Rows:
    """The rows of a file ("-" is stdin): text lines, JSON Lines, JSON, CSV, TSV, parquet or arrow, each also as gzip.

    Form, encoding and columns are found by the file's content and name where they are not given: `form` is one of
    "lines", "jsonl", "json", "csv", "tsv", "parquet" and "arrow", `encoding` one of Python's or "auto", which guesses, and
    a column its name or its place from 1. Text files are read as the rows are asked for; JSON that is one list is held
    whole. A row that cannot be used has its `error`, and the others are read.

    Raises InputError for what cannot be read at all, for a file without rows, and for columns that leave a choice;
    MissingDependencyError for parquet and arrow without pyarrow, and for "auto" without charset-normalizer.
    """
    asked = Asked(text_column, pair_column, label_column, id_column)
    source = Source(os.fspath(file))
    try:
        require_readable(source, form)
        return _rows(source, form, encoding, asked)
    except (InputError, MissingDependencyError, json_elements.NotATable) as error:
        source.close()
        told = source.said(error) or isinstance(error, MissingDependencyError)
        raise error if told else source.refuse(_joined(error)) from None


@dataclass
class _Found:
    """What a file turned out to be."""

    form: str
    elements: Callable[[], Iterable[Element]]
    """Reads the file from its beginning: once for a pipe, and whenever it is called for a file."""
    count: Optional[int] = None
    notes: List[str] = field(default_factory=list)
    """What else to say of it in the run's first line."""
    hint: str = ""
    """What to say behind an error about its columns."""


def _rows(source: Source, form: Optional[str], encoding: Optional[str], asked: Asked) -> Rows:
    kind = form_of_bytes(source, form)
    if kind is not None:
        file = ColumnFile(source, kind)
        if len(set(file.names)) < len(file.names):
            raise InputError(f"has a column twice: {', '.join(map(repr, file.names))}")
        return _described(source, _Found(kind, lambda: file, file.count), asked)
    encoding = encoding_of(source, encoding)
    found = _of_text(source, encoding, form, asked)
    if encoding not in ("utf-8", "utf-8-sig"):
        found.notes.insert(0, encoding.upper())
    return _described(source, found, asked)


def _of_text(source: Source, encoding: str, form: Optional[str], asked: Asked) -> _Found:
    head = beginning(source, encoding)
    if source.whole and not head.strip():
        raise InputError(_empty(source, "lines"))
    kind = form_of_text(source, head, form, bool(asked))
    labelled = kind == "lines" and form is None and has_labels(head, source.whole)
    if kind == "lines" and form is None and not labelled and source.repeatable and has_tabs_as_columns(head, source.whole):
        table = _of_table(source, encoding, "tsv", asked)
        return replace(table, hint=f"{table.hint}, or --input-format lines if each line is a text")
    if kind == "json":
        text = decoded(source, encoding)
        return _Found(kind, lambda: json_elements.in_document(text, encoding))
    if kind in ("csv", "tsv"):
        return _of_table(source, encoding, kind, asked)
    if kind == "lines" and asked:
        raise InputError("is read as lines, which have no columns: leave the columns out, or say --input-format csv")

    def lines() -> Iterator[Element]:
        read = lines_of(source, encoding, translated=True)
        return json_elements.in_lines(read, encoding, texts=kind == "lines", objects=form != "lines")

    if labelled:
        return _Found(kind, lambda: parted(lines()), notes=["with fastText's labels"])
    return _Found(kind, lines, notes=labels_in_lines(head, source.whole) if kind == "lines" and form is None else [])


def _of_table(source: Source, encoding: str, form: str, asked: Asked) -> _Found:
    source.look()
    names = [name for name in asked.named() if name is not None]
    head = beginning(source, encoding)
    layout, skipped = layout_of(head, source.whole, form, names)
    _require_distinct(layout, asked)
    notes = [f"header in line {skipped + 1}"] if layout.titled else []
    if layout.width > 1 and layout.delimiter != {"csv": ",", "tsv": "\t"}[form]:
        notes.append(_DELIMITERS.get(layout.delimiter, f"delimiter {layout.delimiter!r}"))
    if layout.header is None and layout.width:
        notes.append("no header")
    notes += [said for said in (layout.quotes.said,) if said]
    hidden = layout.width == 1 and has_hidden_columns(head)
    if layout.header is None and (layout.agreement <= 0.5 or hidden):
        raise InputError(
            "is no table: its rows have different numbers of cells, or no commas, semicolons, tabs or bars between them; say "
            "--input-format lines if each line is a text, put quotes around the texts, or say another delimiter in a first "
            "line, as in sep=^"
        )
    beginnings = table_elements.elements(io.StringIO(head, newline=""), layout, skipped, encoding, {})
    sample = [element.value for element in islice(beginnings, _SAMPLED) if element.error is None]
    telling = telling_columns(sample, layout.names)
    return _Found(
        form,
        lambda: table_elements.elements(
            lines_of(source, encoding, translated=False), layout, skipped, encoding, telling
        ),
        notes=notes,
        hint="" if layout.header is not None else " (no first row of known names was found, so that columns are called by "
        "their places; a column that is asked for by a name of the first row makes it the header)",
    )


def _require_distinct(layout: Layout, asked: Asked) -> None:
    """Raises InputError for a name of several columns, where one of them would be read."""
    wanted = {name for name in asked.named() if name is not None}
    for name in layout.doubled:
        if name in wanted or (asked.text is None and is_text(name)):
            raise InputError(
                f"has several columns {name!r}: say which by its place, as in --text-column {layout.names.index(name) + 1}"
            )


def _described(source: Source, found: _Found, asked: Asked) -> Rows:
    """The rows, with what was found; the beginning is read here, and a file that can be read again is counted."""
    iterator = _whole(source, found.elements())
    sampled: List[Element] = []
    # Of a pipe of lines only what is needed: the one who writes it may wait for the first answer.
    most = _SAMPLED if source.repeatable or found.form not in ("lines", "jsonl") else 1
    for element in iterator:
        sampled.append(element)
        if len(sampled) >= most and (element.error is None or len(sampled) >= _SAMPLED):
            break
    if not sampled:
        raise InputError(_empty(source, found.form))
    reader = RowReader(asked, found.form in ("csv", "tsv"))
    try:
        columns = reader.learn(sampled)
    except InputError as error:
        raise InputError(f"{error.args[0]}{found.hint}") from None
    count = found.count
    if count is None and source.repeatable and found.form != "arrow":
        count = sum(1 for _ in _whole(source, found.elements()))
    rows = map(reader.row, chain(sampled, iterator))
    texts = any(element.error is None for element in sampled)
    return Rows(rows, _sentence(source, found, columns, texts, count), count)


def _sentence(source: Source, found: _Found, columns: Optional[Columns], texts: bool, count: Optional[int]) -> str:
    form = found.form
    what = [] if form in ("lines", source.suffix[1:]) else [_NAMES[form]]
    what += found.notes
    said = f"{source.name}: "
    if count is None:
        said += ", ".join(what) or "rows"
    else:
        said += f"{count:,} row{'s' * (count != 1)}{' (' * bool(what)}{', '.join(what)}{')' * bool(what)}"
    if columns is None and not texts:
        return visible_line(f"{said}, of which the first are no texts")
    if columns is None:
        return visible_line(f"{said}, each line a text" if form in ("lines", "jsonl") else f"{said}, each a text")
    for name, column in (("text", columns.text), ("pair", columns.pair), ("label", columns.label), ("id", columns.id)):
        if column is not None:
            shown = repr(column) if column else "the first one, which has no name"
            said += f", {name} from {'column ' if name == 'text' else ''}{shown}"
    if columns.unread:
        more = f" and {len(columns.unread) - _SHOWN} more" if len(columns.unread) > _SHOWN else ""
        said += f"; not read: {', '.join(map(repr, columns.unread[:_SHOWN]))}{more}"
    return visible_line(said)


def _empty(source: Source, form: str) -> str:
    if source.damage:
        return f"cannot be read: {source.damage}"
    if not source.head:
        return "is empty: there is nothing to explain"
    if form in ("lines", "jsonl"):
        return "holds empty lines alone: there is nothing to explain"
    what = "a header, but no rows" if form in ("csv", "tsv") else "no rows"
    return f"holds {what}: there is nothing to explain"


def _whole(source: Source, elements: Iterable[Element]) -> Iterator[Element]:
    """The elements; where a file ends too soon, packed or on a disk that cannot be read, the last one is cut, and an error.

    The elements of a pipe are not held back: the one who writes it may wait for an answer.
    """
    if not (source.packed or source.repeatable):
        yield from elements
        return
    before: Optional[Element] = None
    for element in elements:
        if before is not None:
            yield before
        before = element
    if before is not None and source.damage is not None:
        yield before._replace(value=None, error=f"the file ends in it, or behind it: {source.damage}")
    elif before is not None:
        yield before


def _joined(error: Exception) -> str:
    said = str(error.args[0])
    return said if said.split(" ", 1)[0] in ("is", "has", "holds", "cannot") else f"cannot be read as it is: {said}"
