"""How explanations leave the command line: as text, HTML, JSON, JSON lines or CSV.

What stdout's encoding lacks is spelled: a console or a pipe of an old code page ends nothing.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, TextIO, Tuple

from ..errors import InputError
from ..escapes import visible, visible_line
from . import spreadsheets


class Writer:
    """Writes explanations one after the other; use it as a context. `report` says on stderr what could not be."""

    def __init__(self, output: Optional[str], page: Optional[str], raw: bool = False) -> None:
        self._output, self._page, self._raw = output, page, raw
        self._pages: List[Tuple[str, Any]] = []
        self._stream: TextIO = sys.stdout

    def __enter__(self) -> Writer:
        for file in (self._output, self._page):
            folder = os.path.dirname(os.path.abspath(file)) if file else None
            if folder is not None and not os.path.isdir(folder):
                raise InputError(f"{file!r} cannot be written: there is no folder {folder!r}")
        if self._output is not None:
            try:
                self._stream = open(self._output, "w", encoding="utf-8", newline="")  # noqa: SIM115  closed in __exit__
            except OSError as error:
                raise InputError(f"{self._output!r} cannot be written: {error.strerror}") from None
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            if kind is None:
                self.finish()
                if self._page is not None:
                    Path(self._page).write_text(_page(self._pages), encoding="utf-8")
                    sys.stderr.write(f"written: {visible_line(self._page)}\n")
                self._stream.flush()
        finally:
            if self._output is not None:
                self._stream.close()

    def write(self, text: str, explanation: Any) -> None:
        """Write the explanation of a text."""
        if self._page is not None:
            self._pages.append((text, explanation))
        self.put(text, explanation)

    def put(self, text: str, explanation: Any) -> None:
        """Write the explanation to the output."""
        raise NotImplementedError

    def finish(self) -> None:
        """Write what comes behind the last explanation."""

    def report(self, message: str) -> None:
        """Say what could not be explained."""
        sys.stderr.write(f"{visible(message)}\n")

    def say(self, text: str) -> None:
        """Write `text` to the output; what its encoding lacks is spelled."""
        self._stream.write(text.encode(self._encoding, "backslashreplace").decode(self._encoding))

    @property
    def _encoding(self) -> str:
        return getattr(self._stream, "encoding", None) or "utf-8"


class TextWriter(Writer):
    """eli5's text, on a terminal below the text in its colours."""

    _first = True

    def put(self, text: str, explanation: Any) -> None:
        from eli5.formatters.text import format_as_text

        from ..views.terminal import painted

        if not self._first:
            self.say("\n")
        self._first = False
        if self._stream.isatty() and "NO_COLOR" not in os.environ:
            self.say(painted(explanation) + "\n\n")
        self.say(visible(format_as_text(explanation)).rstrip("\n") + "\n")
        self._stream.flush()


class HtmlWriter(Writer):
    """One page for all explanations."""

    def __init__(self, output: Optional[str], page: Optional[str], raw: bool = False) -> None:
        super().__init__(output, page, raw)
        self._all: List[Tuple[str, Any]] = []

    def put(self, text: str, explanation: Any) -> None:
        self._all.append((text, explanation))

    def finish(self) -> None:
        page = _page(self._all)
        if codecs.lookup(self._encoding).name != "utf-8":  # the page says that it is in UTF-8, as ASCII is, too
            page = page.encode("ascii", "xmlcharrefreplace").decode("ascii")
        self.say(page)


class JsonLinesWriter(Writer):
    """One line for each explanation, which `explanation_from_json` reads."""

    def put(self, text: str, explanation: Any) -> None:
        from ..explanations.explanation_json import explanation_to_json

        self.say(explanation_to_json(explanation) + "\n")
        self._stream.flush()


class JsonWriter(Writer):
    """A JSON list of explanations."""

    _count = 0

    def put(self, text: str, explanation: Any) -> None:
        from ..explanations.explanation_json import explanation_to_json

        self.say(("[\n" if self._count == 0 else ",\n") + explanation_to_json(explanation))
        self._count += 1

    def finish(self) -> None:
        self.say("\n]\n" if self._count else "[]\n")


class CsvWriter(Writer):
    """A line for each row of each explanation's table, in cells that a spreadsheet shows and does not run, or raw."""

    _count = 0

    def put(self, text: str, explanation: Any) -> None:
        lines = io.StringIO()
        table, cell = csv.writer(lines), (lambda value: value) if self._raw else spreadsheets.cell
        if self._count == 0:
            table.writerow(["input", "text", "target", "probability", "score", "feature", "contribution"])
        self._count += 1
        for target in explanation.targets:
            weights = target.feature_weights
            for weight in [*weights.pos, *reversed(weights.neg)]:
                name = getattr(weight.feature, "value", weight.feature)
                label = str.__str__(target.target) if isinstance(target.target, str) else target.target
                row = [self._count, text, label, target.proba, target.score, name, float(weight.weight)]
                table.writerow(map(cell, row))
        self.say(lines.getvalue())
        self._stream.flush()


FORMATS: Dict[str, Callable[[Optional[str], Optional[str], bool], Writer]] = {
    "csv": CsvWriter,
    "html": HtmlWriter,
    "json": JsonWriter,
    "jsonl": JsonLinesWriter,
    "text": TextWriter,
}
_SUFFIXES = {".csv": "csv", ".html": "html", ".htm": "html", ".json": "json", ".jsonl": "jsonl"}


def make_writer(form: Optional[str], output: Optional[str], page: Optional[str], raw: bool = False) -> Writer:
    """The writer of a format, by default the one that the output's name tells; `raw` keeps a CSV's cells as they are.

    Raises InputError for an unknown format.
    """
    form = form or _SUFFIXES.get(os.path.splitext(output or "")[1].lower(), "text")
    if form not in FORMATS:
        raise InputError(f"the format is {form!r}, but must be one of {', '.join(sorted(FORMATS))}")
    return FORMATS[form](output, page, raw)


def _page(explained: List[Tuple[str, Any]]) -> str:
    from ..views.explanation_page import explanations_page

    return explanations_page(explained)
