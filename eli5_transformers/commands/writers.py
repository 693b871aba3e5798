"""How explanations leave the command line: as text, HTML, JSON, JSON lines or CSV."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, TextIO, Tuple

from ..errors import InputError


class Writer:
    """Writes explanations one after the other; use it as a context. `report` says on stderr what could not be."""

    def __init__(self, output: Optional[str], page: Optional[str]) -> None:
        self._output, self._page = output, page
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
                    sys.stderr.write(f"written: {self._page}\n")
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
        sys.stderr.write(f"{message}\n")


class TextWriter(Writer):
    """eli5's text, on a terminal below the text in its colours."""

    _first = True

    def put(self, text: str, explanation: Any) -> None:
        from eli5.formatters.text import format_as_text

        from ..text.escapes import visible
        from ..views.terminal import painted

        if not self._first:
            self._stream.write("\n")
        self._first = False
        if self._stream.isatty() and "NO_COLOR" not in os.environ:
            self._stream.write(painted(explanation) + "\n\n")
        self._stream.write(visible(format_as_text(explanation)).rstrip("\n") + "\n")
        self._stream.flush()


class HtmlWriter(Writer):
    """One page for all explanations."""

    def __init__(self, output: Optional[str], page: Optional[str]) -> None:
        super().__init__(output, page)
        self._all: List[Tuple[str, Any]] = []

    def put(self, text: str, explanation: Any) -> None:
        self._all.append((text, explanation))

    def finish(self) -> None:
        self._stream.write(_page(self._all))


class JsonLinesWriter(Writer):
    """One line for each explanation, which `explanation_from_json` reads."""

    def put(self, text: str, explanation: Any) -> None:
        from ..explanations.explanation_json import explanation_to_json

        self._stream.write(explanation_to_json(explanation) + "\n")
        self._stream.flush()


class JsonWriter(Writer):
    """A JSON list of explanations."""

    _count = 0

    def put(self, text: str, explanation: Any) -> None:
        from ..explanations.explanation_json import explanation_to_json

        self._stream.write(("[\n" if self._count == 0 else ",\n") + explanation_to_json(explanation))
        self._count += 1

    def finish(self) -> None:
        self._stream.write("\n]\n" if self._count else "[]\n")


class CsvWriter(Writer):
    """A line for each row of each explanation's table."""

    _count = 0

    def put(self, text: str, explanation: Any) -> None:
        table = csv.writer(self._stream)
        if self._count == 0:
            table.writerow(["input", "text", "target", "probability", "score", "feature", "contribution"])
        self._count += 1
        for target in explanation.targets:
            weights = target.feature_weights
            for weight in [*weights.pos, *reversed(weights.neg)]:
                name = getattr(weight.feature, "value", weight.feature)
                label = str.__str__(target.target) if isinstance(target.target, str) else target.target
                table.writerow([self._count, text, label, target.proba, target.score, name, float(weight.weight)])
        self._stream.flush()


FORMATS: Dict[str, Callable[[Optional[str], Optional[str]], Writer]] = {
    "csv": CsvWriter,
    "html": HtmlWriter,
    "json": JsonWriter,
    "jsonl": JsonLinesWriter,
    "text": TextWriter,
}
_SUFFIXES = {".csv": "csv", ".html": "html", ".htm": "html", ".json": "json", ".jsonl": "jsonl"}


def make_writer(form: Optional[str], output: Optional[str], page: Optional[str]) -> Writer:
    """The writer of a format, by default the one that the output's name tells. Raises InputError for an unknown one."""
    form = form or _SUFFIXES.get(os.path.splitext(output or "")[1].lower(), "text")
    if form not in FORMATS:
        raise InputError(f"the format is {form!r}, but must be one of {', '.join(sorted(FORMATS))}")
    return FORMATS[form](output, page)


def _page(explained: List[Tuple[str, Any]]) -> str:
    from ..views.explanation_page import explanations_page

    return explanations_page(explained)
