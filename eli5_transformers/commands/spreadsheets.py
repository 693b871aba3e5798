"""Cells that a spreadsheet shows, and does not run."""

from __future__ import annotations

import unicodedata
from typing import Any

import regex

from ..escapes import visible

_FORMULAS = ("=", "+", "-", "@")  # an empty text is none of them
# What a spreadsheet may pass over before it looks for a formula.
_BEFORE = regex.compile(r"[\s'\"\p{Cf}]*+")


def cell(value: Any) -> Any:
    """`value` as a cell of a CSV file that a person opens in a spreadsheet.

    A text that begins with `=`, `+`, `-`, `@`, a tab or a line break, in whatever width and behind spaces or quotes, may be
    read as a formula: it gets an apostrophe before it, by which spreadsheets mark a text. Characters that a screen would
    obey are spelled (see `escapes`). What is no text, as a negative number, stays.
    """
    if not isinstance(value, str):
        return value
    shown = visible(value)
    behind = _BEFORE.match(shown).end()
    first = unicodedata.normalize("NFKC", shown[behind : behind + 1])
    return f"'{shown}" if first in _FORMULAS or not set(shown[:behind]).isdisjoint("\t\r\n") else shown
