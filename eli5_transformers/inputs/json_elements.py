"""JSON as it is met: an object in each line, a list, or a table that pandas or a program wrote as one object.

The standard library reads it, which takes NaN, as its own writer makes them; a repeated key and a number of thousands of
digits are told apart from what they could be taken for.
"""

from __future__ import annotations

import json
import re
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

from ..column_names import is_known, is_text
from ..errors import short
from .column_kinds import is_prose
from .elements import Element
from .encodings import what_was_not_decoded
from .forms import is_series

_SPACE = re.compile(r"[ \t\r\n]*")
# Objects that stand behind each other, or those of a list without its brackets.
_BETWEEN = re.compile(r"[ \t\r\n]*,?[ \t\r\n]*")
_DEEP = "not valid JSON: it is nested too deeply"


class _Impossible:
    """Stands for a value that JSON may hold and nobody can use."""

    def __init__(self, error: str) -> None:
        self.error = error


class _Repeating(Dict[str, Any]):
    """An object that has a key twice."""

    key = ""


class NotATable(ValueError):
    """A JSON document that is read as no rows; the message says why, without the file's name."""


def _object(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    held = dict(pairs)
    if len(held) == len(pairs):
        return held
    repeating = _Repeating(held)
    keys = [key for key, _ in pairs]
    repeating.key = next(key for key in keys if keys.count(key) > 1)
    return repeating


def _number(digits: str) -> Any:
    try:
        return int(digits)
    except ValueError:  # more digits than Python converts
        return _Impossible(f"it holds a number of {len(digits):,} digits, which nothing can be done with")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_int=_number)


def in_lines(lines: Iterable[str], encoding: str, *, texts: bool, objects: bool) -> Iterator[Element]:
    """The elements of a text file: with `texts` a line is a text, with `objects` one that begins with a brace is JSON.

    Without `texts` a line that is no object may still be a text, but not what can only be a piece of JSON.
    """
    for number, line in enumerate(lines, start=1):
        line = line.strip("\r\n")
        if not line.strip().strip("\x1a"):  # with which DOS ends a file
            continue
        error = what_was_not_decoded(line, encoding)
        if error is not None:
            yield Element(number, error=error)
        elif objects and (line.lstrip().startswith("{") or (not texts and _is_of_json(line))):
            for element in _parsed(number, line.strip()):
                mend = "; if it is a text, say --input-format lines" if texts and element.error else ""
                yield element._replace(error=f"{element.error}{mend}") if mend else element
        else:
            yield Element(number, line)


def in_document(text: str, encoding: str) -> Iterator[Element]:
    """The elements of a file that is one JSON value. Raises NotATable for one that holds no rows.

    The entries of a list are read one by one: what stands before damage is kept, and the damage is the last element.
    """
    start = _SPACE.match(text).end()  # type: ignore[union-attr]
    if text[start : start + 1] == "[":
        return _in_list(text, start + 1, encoding)
    try:
        held, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise NotATable(
            f"is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}; say --input-format lines if each "
            "line is a text"
        ) from None
    except RecursionError:
        raise NotATable(f"is {_DEEP}") from None
    if text.startswith("{", _SPACE.match(text, end).end()):  # type: ignore[union-attr]
        return _one_after_the_other(text, start, encoding)
    if text[end:].strip():
        raise NotATable("is not valid JSON: something stands behind its end; give JSON Lines one object in each line")
    wrong = what_was_not_decoded(text, encoding)
    if wrong is not None:
        raise NotATable(f"cannot be read: {wrong}")
    return (_checked(number, row, "row") for number, row in enumerate(_rows_of(held), start=1))


def _is_of_json(line: str) -> bool:
    stripped = line.strip().rstrip(",")
    return stripped[:1] in ('"', "[", "]", "}") or stripped[-1:] in ("}", "]") or stripped in ("null", "true", "false") or (
        re.fullmatch(r"-?\d[\d.eE+-]*", stripped) is not None
    )


def _parsed(number: int, line: str) -> List[Element]:
    """The value of a line: or several objects, as where a file without a last line break was put before another one."""
    found: List[Element] = []
    place = 0
    while not found or line.startswith("{", place):
        try:
            held, place = _DECODER.raw_decode(line, place)
        except json.JSONDecodeError as error:
            return [Element(number, error=f"not valid JSON: {error.msg} at column {error.colno}")]
        except RecursionError:
            return [Element(number, error=_DEEP)]
        found.append(_checked(number, held, "line"))
        place = _BETWEEN.match(line, place).end()  # type: ignore[union-attr]
    if line[place:]:
        return [Element(number, error=f"not valid JSON: something stands behind the object, at column {place + 1}")]
    return found


def _in_list(text: str, place: int, encoding: str) -> Iterator[Element]:
    number = 0
    place, closed = _entered(text, place)
    while not closed:
        number += 1
        start = place
        try:
            held, place = _DECODER.raw_decode(text, start)
        except (json.JSONDecodeError, RecursionError) as damage:
            yield Element(number, error=f"{_why(damage)}; what stands behind it cannot be read", unit="row")
            return
        wrong = what_was_not_decoded(text[start:place], encoding)
        yield Element(number, error=wrong, unit="row") if wrong else _checked(number, held, "row")
        place = _SPACE.match(text, place).end()  # type: ignore[union-attr]
        sign = text[place : place + 1]
        closed = sign == "]"
        place = _SPACE.match(text, place + 1).end()  # type: ignore[union-attr]
        if sign not in ("]", ","):
            why = "the list ends too soon" if not sign else f"not valid JSON: {sign!r} stands behind it"
            yield Element(number + 1, error=f"{why}: what should stand there cannot be read", unit="row")
            return
        while closed and text.startswith("[", place):  # one list after the other, as Scrapy appends them
            place, closed = _entered(text, place + 1)
    if text[place:].strip():
        yield Element(number + 1, error="something stands behind the list's end, which is not read", unit="row")


def _entered(text: str, place: int) -> Tuple[int, bool]:
    """Where the first entry of a list begins; or what stands behind the list, and True, where it has none."""
    place = _SPACE.match(text, place).end()  # type: ignore[union-attr]
    if not text.startswith("]", place):
        return place, False
    return _SPACE.match(text, place + 1).end(), True  # type: ignore[union-attr]


def _one_after_the_other(text: str, place: int, encoding: str) -> Iterator[Element]:
    """Objects of several lines each, as `jq` and other programs print them."""
    number = 0
    while place < len(text):
        number += 1
        start = place
        try:
            held, place = _DECODER.raw_decode(text, start)
        except (json.JSONDecodeError, RecursionError) as damage:
            yield Element(number, error=f"{_why(damage)}; what stands behind it cannot be read", unit="row")
            return
        wrong = what_was_not_decoded(text[start:place], encoding)
        yield Element(number, error=wrong, unit="row") if wrong else _checked(number, held, "row")
        place = _SPACE.match(text, place).end()  # type: ignore[union-attr]


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}"
    return _DEEP if isinstance(error, RecursionError) else short(error)


def _checked(number: int, held: Any, unit: str) -> Element:
    """An entry as an element: lists get the names "1", "2", … for their places."""
    if isinstance(held, list):
        held = {str(place): value for place, value in enumerate(held, start=1)}
    error: Optional[str] = None
    if isinstance(held, _Repeating):
        error = f"it has the key {held.key!r} twice: which of both counts cannot be told"
    elif isinstance(held, dict):
        error = next((value.error for value in held.values() if isinstance(value, _Impossible)), None)
    elif not isinstance(held, str):
        what = held.error if isinstance(held, _Impossible) else f"it is {json.dumps(held)}"
        error = f"{what}: a text or an object such as " + '{"text": …} is needed'
    return Element(number, None if error else held, error, unit)


def _rows_of(held: Any) -> Iterable[Any]:
    """The rows of an object: of pandas' orients, of columns, of a list under some key, or the object itself."""
    if not isinstance(held, dict):
        return [held]
    if isinstance(held, _Repeating):
        raise NotATable(f"has the key {held.key!r} twice")
    values = list(held.values())
    lists = {key: value for key, value in held.items() if isinstance(value, list)}
    if isinstance(held.get("columns"), list) and isinstance(held.get("data"), list):
        return _of_split(held)
    if any(is_text(key) and isinstance(value, str) for key, value in held.items()):
        return [held]
    if is_series(held):
        return values
    if set(held) == {"name", "index", "data"} and isinstance(held["data"], list):
        return held["data"]  # pandas' orient "split" of a column alone
    of_rows = [key for key, value in lists.items() if value and all(isinstance(row, dict) for row in value)]
    with_texts = [key for key in of_rows if any(map(_has_text, lists[key]))]
    others = [value for key, value in lists.items() if value and key not in with_texts]
    if len(with_texts) == 1 and not any(map(is_prose, others)):  # beside features, intents
        return lists[with_texts[0]]
    if "schema" in held and "data" in of_rows:
        of_rows = ["data"]
    if len(of_rows) == 1 and len([value for value in lists.values() if value]) == 1:
        return lists[of_rows[0]]
    if values and len(lists) == len(values) and not of_rows:
        return _of_columns(lists)
    if len(values) == 1 and isinstance(values[0], dict) and any(isinstance(value, list) for value in values[0].values()):
        return _rows_of(values[0])  # the program's name around its data
    if values and all(isinstance(value, dict) for value in values):
        return _of_objects(held)
    raise NotATable(
        f"is a JSON object with the keys {', '.join(map(repr, list(held)[:12])) or 'none'}, which is no table of rows: give "
        'JSON Lines or a list, with an object such as {"text": …} for each text'
    )


def _has_text(row: Dict[str, Any], deeper: bool = True) -> bool:
    """Whether a row has a string under the name of a text, itself or in one of its objects."""
    return any(
        (is_text(key) and isinstance(value, str)) or (deeper and isinstance(value, dict) and _has_text(value, False))
        for key, value in row.items()
    )


def _of_split(held: Dict[str, Any]) -> List[Any]:
    columns = [str(column) for column in held["columns"]]
    if len(set(columns)) < len(columns):
        raise NotATable("has a column twice")
    if any(not isinstance(row, list) or len(row) != len(columns) for row in held["data"]):
        raise NotATable(f'has rows of another length than its {len(columns)} "columns"')
    return [dict(zip(columns, row)) for row in held["data"]]


def _of_columns(columns: Dict[str, List[Any]]) -> List[Dict[str, Any]]:
    lengths = {len(values) for values in columns.values()}
    if len(lengths) > 1:
        raise NotATable(
            f"has lists of different lengths under {', '.join(map(repr, list(columns)[:12]))}, which are no columns of one "
            "table: if they are parts of a data set, write the one that is meant as a file of its own, as JSON Lines or a list"
        )
    return [dict(zip(columns, row)) for row in zip(*columns.values())]


def _of_objects(held: Dict[str, Any]) -> List[Dict[str, Any]]:
    """Of an object of objects: columns with a value for each row's name, or rows by name, as pandas writes both."""
    by_column = any(map(is_known, held))
    by_row = any(is_known(name) for inner in held.values() for name in inner)
    if by_column == by_row:
        raise NotATable(
            "is a JSON object of objects, and whether its keys name rows or columns cannot be told: write it with "
            'orient="records", or as JSON Lines'
        )
    if by_row:
        return list(held.values())
    names = list(dict.fromkeys(name for inner in held.values() for name in inner))
    return [{column: inner.get(name) for column, inner in held.items()} for name in names]
