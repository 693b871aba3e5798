"""The texts that a command explains: from its arguments, from a file or from stdin."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any, Iterator, List, Optional, Sequence

from ..arguments import TEXT_KEYS, text_and_pair
from ..errors import InputError


@dataclass(frozen=True)
class Line:
    """One input, or what is wrong with it."""

    number: Optional[int]
    """Its line in the file, from 1; None for an argument."""
    text: str = ""
    text_pair: Optional[str] = None
    label: Any = None
    """The label that it is given with."""
    id: Any = None
    """The name that it is given with."""
    error: Optional[str] = None

    @property
    def place(self) -> str:
        """Where it stands, as "line 5"; "" for an argument."""
        return "" if self.number is None else f"line {self.number}"


def read_inputs(texts: Sequence[str], file: Optional[str]) -> Iterator[Line]:
    """The inputs in their order, from `texts` or else from `file` ("-" is stdin), read as they are asked for.

    A line of a file is a text, or, where it begins with a brace, a JSON object as AllenNLP's `predict` takes them
    (`{"sentence": …}`, `{"premise": …, "hypothesis": …}`). Empty lines are left out. Raises InputError for a file that
    cannot be read.
    """
    if file is None:
        for text in texts:
            yield Line(None, text)
        return
    try:
        if file == "-":
            yield from _lines(sys.stdin)
        else:
            with open(file, encoding="utf-8") as stream:
                yield from _lines(stream)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"the file {file!r} cannot be read: {reason}") from None


def _lines(stream: Any) -> Iterator[Line]:
    for number, line in enumerate(stream, start=1):
        if line.strip():
            yield _line(number, line.strip("\r\n"))


def _line(number: int, line: str) -> Line:
    if not line.lstrip().startswith("{"):
        return Line(number, line)
    try:
        content = json.loads(line)
    except json.JSONDecodeError as error:
        return Line(number, error=f"not valid JSON: {error.msg} at column {error.colno}")
    text, pair = text_and_pair(content)
    if text is None:
        return Line(number, error=f"no text in it: one of the keys {', '.join(TEXT_KEYS)} is needed")
    if not isinstance(text, str) or not isinstance(pair, (str, type(None))):
        return Line(number, error="its text is not a string")
    return Line(number, text, pair, content.get("label"), content.get("id"))


def batched(lines: Iterator[Line], size: int) -> Iterator[List[Line]]:
    """The lines, `size` at a time."""
    batch: List[Line] = []
    for line in lines:
        batch.append(line)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
