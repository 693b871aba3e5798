"""Which columns hold the texts, labels and ids. Nothing that a model should see is left out unsaid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from ..arguments import did_you_mean, is_missing
from ..column_names import IDS, LABELS, SECOND_TEXTS, is_text, pair_of, plain
from ..errors import InputError
from .column_kinds import holds_strings, is_data, is_numeric, is_prose

_SHOWN = 12
_FEWEST = 10
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
    written = [name for name in known if not is_numeric(_values(name, sample))] or known
    if not written:
        return _by_values(others, sample, names), pair
    # A text of a pair may be missing in all rows that were looked at, which each row is to say.
    for both in (written, *([*written, name] for name in known if name not in written)):
        found = pair_of(both) if pair is None else None
        if found is not None:
            return found
    if len(written) > 1:
        raise _ambiguous(names, f"{_listed(written)} may each be the text")
    if plain(written[0]) in SECOND_TEXTS and pair is None:
        raise _ambiguous(names, f"{written[0]!r} is the second text of a pair, but the first one is missing")
    prose = [name for name in others if is_prose(_values(name, sample))]
    if prose and pair is None:
        raise _ambiguous(names, f"{_listed([written[0], *prose])} hold texts")
    return written[0], pair


def _by_values(others: Sequence[str], sample: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    """The one column of texts, of those whose names say nothing; what is beside data must be prose to be it."""
    held = {name: _values(name, sample) for name in others}
    # What stands in a few rows only, as behind the last column where a text was not quoted, is not what all are about.
    others = [name for name in others if _FEWEST * len(held[name]) >= len(sample)] or others
    strings = [name for name in others if not is_numeric(held[name]) or holds_strings(held[name])]
    texts = [name for name in strings if not is_data(held[name])]
    if len(texts) == 1 and not holds_strings(held[texts[0]]) and (texts == strings or is_prose(held[texts[0]])):
        return texts[0]
    if texts:
        raise _ambiguous(names, f"which of them is the text cannot be told{_inside(others, sample)}")
    named = [name for name in names if plain(name) in (*LABELS, *IDS) and is_prose(_values(name, sample))]
    if named:
        raise _ambiguous(names, f"{_listed(named)} holds texts, but is a name of labels or ids")
    raise _ambiguous(names, f"none of them holds a text{_inside(others, sample)}")


def _inside(names: Sequence[str], sample: Sequence[Mapping[str, Any]]) -> str:
    """What to say where the text stands inside of an object, or of a list of them: how it is named."""
    for name in names:
        for value in _values(name, sample):
            path, value = (f"{name}.1", value[0]) if isinstance(value, list) and value else (name, value)
            inner = [key for key, text in value.items() if isinstance(text, str)] if isinstance(value, dict) else []
            if inner:
                return f" (inside of an object a value is named with a dot, as {f'{path}.{max(inner, key=is_text)}'!r})"
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
