"""A file to its rows: its form, encoding and columns are found, and said in a sentence."""

from __future__ import annotations

import os
from itertools import chain, islice
from typing import Any, Callable, Dict, FrozenSet, Iterable, Iterator, List, Mapping, Optional, Tuple, Union

from ..arguments import is_missing, plain_text
from ..column_names import is_text
from ..errors import InputError, MissingDependencyError
from ..escapes import visible_line
from . import json_elements, table_elements
from .column_files import ColumnFile
from .columns import NUMBER, Asked, Columns, choose, named
from .elements import Element
from .encodings import beginning, decoded, encoding_of, lines_of
from .forms import form_of_bytes, form_of_text, require_readable
from .rows import Row, Rows
from .sources import Source

_SAMPLED = 200
_SHOWN = 5
_NAMES = {"jsonl": "JSON Lines", "json": "JSON", "csv": "CSV", "tsv": "TSV", "parquet": "parquet", "arrow": "arrow"}
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}

Elements = Callable[[], Iterable[Element]]


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
    require_readable(source, form, encoding)
    try:
        return _rows(source, form, encoding, asked)
    except MissingDependencyError:
        raise
    except (InputError, json_elements.NotATable) as error:
        raise error if source.said(error) else source.refuse(_joined(error)) from None


def _rows(source: Source, form: Optional[str], encoding: Optional[str], asked: Asked) -> Rows:
    found = form_of_bytes(source, form)
    notes: List[str] = []
    count: Optional[int] = None
    if found is not None:
        file = ColumnFile(source, found)
        count, elements, names = file.count, _again(file), file.names
        if len(set(names)) < len(names):
            raise InputError(f"has a column twice: {', '.join(map(repr, names))}")
    else:
        encoding = encoding_of(source, encoding)
        if encoding not in ("utf-8", "utf-8-sig"):
            notes.append(encoding.upper())
        found, elements = _of_text(source, encoding, form, asked, notes)
    return _described(source, found, elements, asked, notes, count)


def _of_text(
    source: Source, encoding: str, form: Optional[str], asked: Asked, notes: List[str]
) -> Tuple[str, Elements]:
    found = form_of_text(source, beginning(source, encoding), form, bool(asked))
    if found == "json":
        try:
            text = decoded(source, encoding)
            return found, lambda: json_elements.in_document(text)
        except MemoryError:
            raise InputError("is too large to be read as one JSON value: write it as JSON Lines") from None
    if found in ("csv", "tsv"):
        return found, _of_table(source, encoding, found, asked, notes)
    if found == "lines" and asked:
        raise InputError("is read as lines, which have no columns: leave the columns out, or say --input-format csv")
    if found == "lines":
        notes.extend(_tabs(beginning(source, encoding)))
    texts, objects = found == "lines", form != "lines"
    return found, lambda: json_elements.in_lines(
        lines_of(source, encoding, translated=True), encoding, texts=texts, objects=objects
    )


def _of_table(source: Source, encoding: str, form: str, asked: Asked, notes: List[str]) -> Elements:
    source.look()
    names = [name for name in asked.named() if name is not None]
    head = beginning(source, encoding)
    layout, skipped = table_elements.layout_of(head, source.whole, form, names)
    doubled = next((name for name in layout.doubled if is_text(name) or name in names), None)
    if doubled is not None and doubled in [*names, *([] if asked.text else [doubled])]:
        raise InputError(
            f"has several columns {doubled!r}: name the text's by its place, as in --text-column "
            f"{layout.names.index(doubled) + 1}"
        )
    if layout.delimiter != {"csv": ",", "tsv": "\t"}[form] and layout.width > 1:
        notes.append(_DELIMITERS.get(layout.delimiter, f"delimiter {layout.delimiter!r}"))
    if layout.header is None and layout.width:
        notes.append("no header")
    if layout.header is None and layout.agreement <= 0.5:
        raise InputError(
            "is no table: its rows have different numbers of cells; say --input-format lines if each line is a text, or put "
            "quotes around the texts"
        )
    sample = [
        element.value
        for element in islice(table_elements.elements(_lines(head), layout, skipped, encoding, ()), _SAMPLED)
        if element.error is None
    ]
    numbers = table_elements.numeric_columns(sample, layout.names)
    return lambda: table_elements.elements(
        lines_of(source, encoding, translated=False), layout, skipped, encoding, numbers
    )


def _described(
    source: Source, form: str, elements: Elements, asked: Asked, notes: List[str], count: Optional[int]
) -> Rows:
    """The rows, with what was found; the beginning is read here, and a file that can be read again is counted."""
    iterator = _whole(source, elements())
    sampled: List[Element] = []
    # Of a pipe of lines only what is needed: the one who writes it may wait for the first answer.
    most = _SAMPLED if source.repeatable or form not in ("lines", "jsonl") else 1
    for element in iterator:
        sampled.append(element)
        if len(sampled) >= most and (element.error is None or len(sampled) >= _SAMPLED):
            break
    if not sampled:
        raise InputError(_empty(source, form, notes))
    reader = _Reader(asked, form in ("csv", "tsv"))
    columns = reader.learn(sampled)
    if count is None and source.repeatable:
        count = sum(1 for _ in _whole(source, elements()))
    rows = map(reader.row, chain(sampled, iterator))
    return Rows(rows, _sentence(source, form, columns, notes, count), count)


class _Reader:
    """Makes rows of elements. The columns are chosen for each set of names that objects have, once."""

    def __init__(self, asked: Asked, of_table: bool) -> None:
        self._asked, self._of_table = asked, of_table
        self._chosen: Dict[FrozenSet[str], Union[Columns, InputError]] = {}
        self._usual: Optional[Columns] = None

    def learn(self, sampled: Iterable[Element]) -> Optional[Columns]:
        """The columns of the first objects; None where all are texts. Raises InputError where no object has any."""
        by_names: Dict[FrozenSet[str], List[Mapping[str, Any]]] = {}
        texts = 0
        for element in sampled:
            if isinstance(element.value, dict):
                by_names.setdefault(frozenset(element.value), []).append(element.value)
            else:
                texts += element.error is None
        if self._asked and by_names:
            # What was asked for must be somewhere, and may be missing in a row.
            held = (name for rows in by_names.values() for row in rows for name in row)
            self._asked = named(list(dict.fromkeys(held)), self._asked)
        for names, rows in by_names.items():
            chosen = self._choose(names, rows)
            if self._usual is None and isinstance(chosen, Columns):
                self._usual = chosen
        failed = [chosen for chosen in self._chosen.values() if isinstance(chosen, InputError)]
        if self._usual is None and failed and not texts:
            raise failed[0]
        return self._usual

    def row(self, element: Element) -> Row:
        """The row that an element is."""
        if element.error is not None:
            return self._failed(element, element.error)
        try:
            if isinstance(element.value, str):
                if self._asked:
                    raise InputError("it is a text alone, without the columns that were asked for")
                return Row(element.number, plain_text(element.value), unit=element.unit)
            return self._row(element)
        except InputError as error:
            return self._failed(element, str(error.args[0]))

    def _row(self, element: Element) -> Row:
        held = element.value
        names = frozenset(held)
        chosen = self._chosen.get(names) or self._choose(names, [held])
        if isinstance(chosen, InputError):
            raise chosen
        self._require_all(chosen, held)
        return Row(
            element.number,
            self._text(held, chosen.text),
            None if chosen.pair is None else self._text(held, chosen.pair, second=True),
            None if chosen.label is None else self._value(held[chosen.label]),
            None if chosen.id is None else self._value(held[chosen.id]),
            unit=element.unit,
        )

    def _choose(self, names: FrozenSet[str], rows: List[Mapping[str, Any]]) -> Union[Columns, InputError]:
        try:
            chosen: Union[Columns, InputError] = choose(list(rows[0]), rows, self._asked)
        except InputError as error:
            chosen = error
        if len(self._chosen) < 1000:  # objects may have names without end
            self._chosen[names] = chosen
        return chosen

    def _require_all(self, chosen: Columns, held: Mapping[str, Any]) -> None:
        usual = self._usual
        if usual is not None and usual.pair not in (None, "text_pair") and chosen.pair is None:
            raise InputError(f"it has no {usual.pair!r}, the second text that others have")
        if self._asked.text is not None:
            return
        for name in chosen.unread:
            value = held[name]
            if is_text(name) and isinstance(value, str) and value.strip() and not NUMBER.match(value):
                raise InputError(
                    f"it has another text, {name!r}, beside {chosen.text!r}: say with --text-column and --pair-column which "
                    "are read"
                )

    def _text(self, held: Mapping[str, Any], name: str, second: bool = False) -> str:
        value = held[name]
        mend = ": leave it out for a text without a second one" if second and not self._of_table else ""
        if is_missing(value) or (self._of_table and value in table_elements.MISSING):
            shown = f"is {value!r}, which stands for a missing value" if value and isinstance(value, str) else "is missing"
            raise InputError(f"its {name!r} {shown}{mend}")
        if not isinstance(value, str):
            kind = {"dict": "object", "int": "number", "float": "number", "bool": "truth value"}
            shown = kind.get(type(value).__name__, type(value).__name__)
            raise InputError(f"its {name!r} is no text, but of the kind {shown}: a string is needed")
        if not value.strip():
            raise InputError(f"its {name!r} is empty or white space only{mend}")
        return plain_text(value)

    def _value(self, value: Any) -> Any:
        return None if is_missing(value) or (self._of_table and value == "") else value

    @staticmethod
    def _failed(element: Element, error: str) -> Row:
        return Row(element.number, error=error, unit=element.unit)


def _sentence(
    source: Source, form: str, columns: Optional[Columns], notes: List[str], count: Optional[int]
) -> str:
    what = [] if form in ("lines", source.suffix[1:]) else [_NAMES[form]]
    what += notes
    said = f"{source.name}: " if count is None else f"{source.name}: {count:,} row{'s' * (count != 1)}"
    said += f"{'' if count is None else ' '}({', '.join(what)})" if what else ("rows" if count is None else "")
    if columns is None:
        return visible_line(f"{said}, each line a text" if form in ("lines", "jsonl") else f"{said}, each a text")
    for name, column in (("text", columns.text), ("pair", columns.pair), ("label", columns.label), ("id", columns.id)):
        if column is not None:
            said += f", {name} from {'column ' if name == 'text' else ''}{column!r}"
    if columns.unread:
        more = f" and {len(columns.unread) - _SHOWN} more" if len(columns.unread) > _SHOWN else ""
        said += f"; not read: {', '.join(map(repr, columns.unread[:_SHOWN]))}{more}"
    return visible_line(said)


def _empty(source: Source, form: str, notes: List[str]) -> str:
    if source.damage:
        return f"cannot be read: {source.damage}"
    if not source.head:
        return "is empty: there is nothing to explain"
    if form in ("lines", "jsonl") or not source.head.strip(b"\0\r\n\t \xef\xbb\xbf\xff\xfe"):
        return "holds empty lines alone: there is nothing to explain"
    what = "a header, but no rows" if form in ("csv", "tsv") else "no rows"
    return f"holds {what}: there is nothing to explain"


def _whole(source: Source, elements: Iterable[Element]) -> Iterator[Element]:
    """The elements; where a packed file ends too soon, the last one is cut, and an error."""
    if not source.packed:
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


def _tabs(head: str) -> List[str]:
    lines = [line for line in head.splitlines() if line.strip()]
    counts = {line.count("\t") for line in lines}
    return ["if its tabs part columns, say --input-format tsv"] if len(lines) > 1 and counts != {0} and len(counts) == 1 else []


def _lines(head: str) -> List[str]:
    import io

    return list(io.StringIO(head, newline=""))


def _again(file: ColumnFile) -> Elements:
    return lambda: file


def _joined(error: Exception) -> str:
    said = str(error.args[0])
    return said if said.split(" ", 1)[0] in ("is", "has", "holds", "cannot") else f"cannot be read as it is: {said}"
