"""Elements of a file to its rows, by the columns that their names say."""

from __future__ import annotations

from typing import Any, Dict, FrozenSet, Iterable, List, Mapping, Optional, Union

from ..arguments import is_missing, plain_text
from ..column_names import is_text
from ..errors import InputError
from .column_kinds import is_numeric
from .columns import Asked, Columns, choose, named
from .elements import Element
from .rows import Row
from .table_elements import MISSING


class RowReader:
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
                held = self._opened(element.value)
                by_names.setdefault(frozenset(held), []).append(held)
            else:
                texts += element.error is None
        if self._asked and by_names:
            # What was asked for must be somewhere, and may be missing in a row.
            every = (name for rows in by_names.values() for row in rows for name in row)
            self._asked = named(list(dict.fromkeys(every)), self._asked)
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
                return Row(element.number, _plain(element.value), unit=element.unit)
            return self._row(element)
        except InputError as error:
            return self._failed(element, str(error.args[0]))

    def _row(self, element: Element) -> Row:
        held = self._opened(element.value)
        names = frozenset(held)
        chosen = self._chosen.get(names) or self._choose(names, [held])
        if isinstance(chosen, InputError):
            raise chosen
        self._require_all(chosen, held)
        return Row(
            element.number,
            self._text(held, chosen.text) or "",
            None if chosen.pair is None else self._text(held, chosen.pair, second=True),
            None if chosen.label is None else self._value(held[chosen.label]),
            None if chosen.id is None else self._value(held[chosen.id]),
            unit=element.unit,
        )

    def _opened(self, held: Mapping[str, Any]) -> Mapping[str, Any]:
        """An object with what was asked for by names with dots, "row.text", and stands inside of its objects and lists."""
        inner = {name: _inner(held, name) for name in self._asked.named() if name and "." in name and name not in held}
        found = {name: value for name, value in inner.items() if value is not None}
        return {**held, **found} if found else held

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
            if is_text(name) and isinstance(value, str) and value.strip() and not is_numeric([value]):
                raise InputError(
                    f"it has another text, {name!r}, beside {chosen.text!r}: say with --text-column and --pair-column which "
                    "are read"
                )

    def _text(self, held: Mapping[str, Any], name: str, second: bool = False) -> Optional[str]:
        value = held[name]
        if second and value is None and name == "text_pair":
            return None  # as the functions of this package have it
        mend = ": leave it out for a text without a second one" if name == "text_pair" and not self._of_table else ""
        if is_missing(value) or (self._of_table and value in MISSING):
            shown = f"is {value!r}, which stands for a missing value" if value and isinstance(value, str) else "is missing"
            raise InputError(f"its {name!r} {shown}{mend}")
        if not isinstance(value, str):
            kind = {"dict": "object", "int": "number", "float": "number", "bool": "truth value"}
            shown = kind.get(type(value).__name__, type(value).__name__)
            raise InputError(f"its {name!r} is no text, but of the kind {shown}: a string is needed")
        if not value.strip():
            raise InputError(f"its {name!r} is empty or white space only{mend}")
        return _plain(value)

    def _value(self, value: Any) -> Any:
        value = value.strip() if self._of_table and isinstance(value, str) else value
        return None if is_missing(value) or (self._of_table and value == "") else value

    @staticmethod
    def _failed(element: Element, error: str) -> Row:
        return Row(element.number, error=error, unit=element.unit)


def _inner(held: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(held, list) and name.isdecimal():
            held = held[int(name[:9]) - 1] if 1 <= int(name[:9]) <= len(held) else None
        else:
            held = held.get(name) if isinstance(held, dict) else None
    return held


def _plain(text: str) -> str:
    if "\0" in text:
        raise InputError(f"it holds a NUL character, which no text has, at character {text.index(chr(0)) + 1}")
    return plain_text(text)
