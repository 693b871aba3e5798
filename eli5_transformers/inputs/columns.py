"""Which columns hold the texts, labels and ids. Nothing that a model should see is left out unsaid."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from ..arguments import did_you_mean, is_missing
from ..column_names import IDS, LABELS, SECOND_TEXTS, is_text, pair_of, plain
from ..errors import InputError

_LETTERS = re.compile(r"[^\W\d_]+")
NUMBER = re.compile(r"\s*[-+]?[\d.,]*\d\s*%?\s*$|\s*[-+]?\d[\d.,]*e[-+]?\d+\s*$", re.IGNORECASE)
# Dates, times, truth values and what annotators answer, which are no texts either.
_VALUE = re.compile(r"[\d\s:./,+TZ-]*\d[\d\s:./,+TZ-]*$|(true|false|yes|no|accept|reject|ignore)$", re.IGNORECASE)
_WORDS_OF_PROSE = 5
# Scripts that put no spaces between words: Thai to Khmer, Chinese, Japanese.
_WITHOUT_SPACES = re.compile("[\u0e00-\u17ff\u3040-\u30ff\u3400-\u9fff]{8}")
_SHOWN = 12
_OPTIONS = ("--text-column", "--pair-column", "--label-column", "--id-column")


@dataclass(frozen=True)
class Asked:
    """The columns that were asked for: by their names, or by their places from 1."""

    text: Optional[str] = None
    pair: Optional[str] = None
    label: Optional[str] = None
    id: Optional[str] = None

    def __bool__(self) -> bool:
        return any(name is not None for name in self.named())

    def named(self) -> Tuple[Optional[str], ...]:
        """What was asked for as text, pair, label and id."""
        return self.text, self.pair, self.label, self.id


@dataclass(frozen=True)
class Columns:
    """The columns that are read, by their names in the file."""

    text: str
    pair: Optional[str] = None
    label: Optional[str] = None
    id: Optional[str] = None
    unread: Tuple[str, ...] = ()
    """The other columns."""


def choose(names: Sequence[str], sample: Sequence[Mapping[str, Any]], asked: Asked) -> Columns:
    """The columns to read, of those that a file has: what was asked for, else by the usual names and by what is in them.

    Raises InputError, which lists the columns and names the option, where they leave a choice.
    """
    text = None if asked.text is None else _found(asked.text, names, _OPTIONS[0])
    pair = None if asked.pair is None else _found(asked.pair, names, _OPTIONS[1])
    # A text is a text, also without its label.
    label, id_ = (None if name is None else _place(name, names) for name in (asked.label, asked.id))
    taken = [name for name in (text, pair, label, id_) if name is not None]
    if len(set(taken)) < len(taken):
        raise InputError(f"the column {_twice(taken)!r} is asked for as two things: give two columns")
    rest = [name for name in names if name not in taken]
    label = label or _first_of(rest, LABELS)
    id_ = id_ or _first_of(rest, IDS)
    rest = [name for name in rest if name not in (label, id_)]
    if text is None:
        text, pair = _texts(rest, pair, sample, names)
    return Columns(text, pair, label, id_, tuple(name for name in rest if name not in (text, pair)))


def named(names: Sequence[str], asked: Asked) -> Asked:
    """`asked` by the names that the file has. Raises InputError for a column that no row has."""
    found = (None if name is None else _found(name, names, option) for name, option in zip(asked.named(), _OPTIONS))
    return Asked(*found)


def _texts(
    rest: List[str], pair: Optional[str], sample: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> Tuple[str, Optional[str]]:
    """The columns of the text and of its pair, if it has one."""
    # A label or id beyond the one that is read is no text either.
    known = [name for name in rest if is_text(name)]
    others = [name for name in rest if name not in known and plain(name) not in (*LABELS, *IDS)]
    written = [name for name in known if not _is_numeric(name, sample)] or known
    if not written:
        strings = [name for name in others if not _is_numeric(name, sample) or _is_nested(name, sample)]
        if len(strings) != 1 or _is_nested(strings[0], sample):
            why = "which of them is the text cannot be told" if strings else "none of them holds a text"
            raise _ambiguous(names, f"{why}{_inside(others, sample)}")
        return strings[0], pair
    # A text of a pair may be missing in all rows that were looked at, which each row is to say.
    for both in (written, *([*written, name] for name in known if name not in written)):
        found = pair_of(both) if pair is None else None
        if found is not None:
            return found
    if len(written) > 1:
        raise _ambiguous(names, f"{_listed(written)} may each be the text")
    if plain(written[0]) in SECOND_TEXTS and pair is None:
        raise _ambiguous(names, f"{written[0]!r} is the second text of a pair, but the first one is missing")
    prose = [name for name in others if _is_prose(name, sample)]
    if prose and pair is None:
        raise _ambiguous(names, f"{_listed([written[0], *prose])} hold texts")
    return written[0], pair


def _inside(names: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> str:
    """What to say where the text stands inside of an object: how it is named."""
    for name in names:
        for value in _values(name, sample):
            inner = [key for key, text in value.items() if isinstance(text, str)] if isinstance(value, dict) else []
            if inner:
                return f" (inside of an object a value is named with a dot, as {f'{name}.{max(inner, key=is_text)}'!r})"
    return ""


def _found(asked: str, names: Sequence[str], option: str) -> str:
    found = _place(asked, names)
    if found is not None:
        return found
    raise InputError(
        f"there is no column {asked!r}, which {option} names: the columns are {_listed(names)}{did_you_mean(asked, names)}"
    )


def _place(asked: str, names: Sequence[str]) -> Optional[str]:
    if asked in names:
        return asked
    alike = [name for name in names if plain(name) == plain(asked)]
    if len(alike) == 1:
        return alike[0]
    return names[int(asked) - 1] if asked.isdecimal() and 1 <= int(asked[:9]) <= len(names) else None


def _ambiguous(names: Sequence[str], why: str) -> InputError:
    if not names:
        return InputError("it is an empty object, without a text")
    return InputError(
        f"the columns are {_listed(names)}: {why}; say it with --text-column, and with --pair-column for the second text of "
        "a pair"
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(repr(name) for name in names[:_SHOWN]) + more


def _first_of(names: Sequence[str], known: Sequence[str]) -> Optional[str]:
    found = sorted((known.index(plain(name)), place) for place, name in enumerate(names) if plain(name) in known)
    return names[found[0][1]] if found else None


def _twice(names: Sequence[str]) -> str:
    return next(name for name in names if list(names).count(name) > 1)


def _values(name: str, sample: Sequence[Mapping[str, Any]]) -> List[Any]:
    values = (row.get(name) for row in sample)
    return [value for value in values if not is_missing(value) and value != ""]


def is_value(text: str) -> bool:
    """Whether a string is a number, a date, a truth value or what annotators answer, and so no text."""
    return NUMBER.match(text) is not None or _VALUE.match(text) is not None


def _is_numeric(name: str, sample: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a column holds no strings, or strings of numbers and dates alone; one without any value does, too."""
    return all(not isinstance(value, str) or is_value(value) for value in _values(name, sample))


def _is_nested(name: str, sample: Sequence[Mapping[str, Any]]) -> bool:
    """Whether lists or objects of a column hold strings."""
    return any(isinstance(value, (list, dict)) and "'" in str(value) for value in _values(name, sample))


def _is_prose(name: str, sample: Sequence[Mapping[str, Any]]) -> bool:
    """Whether at least a third of a column's values are of several words, or long in a script without spaces."""
    values = [str(value) for value in _values(name, sample) if isinstance(value, (str, list, dict))]
    return 3 * sum(map(_is_sentence, values)) >= max(1, len(values)) and bool(values)


def _is_sentence(text: str) -> bool:
    words = _LETTERS.findall(text)
    # An address, or a path, has words and no spaces.
    return (len(words) >= _WORDS_OF_PROSE and len(text.split()) > 2) or bool(_WITHOUT_SPACES.search(text))
