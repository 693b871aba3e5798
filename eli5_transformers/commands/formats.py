"""Explanations as text, HTML, JSON, JSON lines or CSV: a record for each, and what stands around them.

The records of a run that was stopped are closed by the same foot, so that whatever was computed is a valid file.
"""

from __future__ import annotations

import csv
import io
import json
import os
from typing import Any, Callable, Dict, List, Optional

from ..errors import InputError
from ..escapes import visible
from . import spreadsheets

CSV_TEXT = ("every", "first", "none")
# What is known of the input stands behind, as programs may count the columns that were there first.
_COLUMNS = ("input", "text", "target", "probability", "score", "feature", "contribution", "text_pair", "id", "label")


# The signs of our own sentences, for a stdout that lacks them.
_IN_ASCII = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "\u2212": "-", "\u202f": " ", "…": "..."})


class Format:
    """Text formats; a subclass says what a record is."""

    head = between = foot = empty = ""
    """Before the first record, between two, behind the last; all there is where there is no record."""

    def record(self, number: int, row: Any, explanation: Any) -> str:
        """The explanation of a row (`number` of text, text_pair, label and id), the `number`th of all, from 1."""
        raise NotImplementedError


class Text(Format):
    """eli5's text, below what is known of the input, and with `colours` below the painted text."""

    between = "\n"

    def __init__(self, colours: bool = False, ascii_only: bool = False) -> None:
        self._colours, self._ascii = colours, ascii_only

    def record(self, number: int, row: Any, explanation: Any) -> str:
        import attr
        from eli5.formatters.text import format_as_text

        known, painted = given(row), ""
        if self._colours:
            from ..views.terminal import painted as in_colours

            painted = in_colours(explanation)
        if self._ascii and explanation.description:
            explanation = attr.evolve(explanation, description=explanation.description.translate(_IN_ASCII))
        parts = [visible(known), *([painted + "\n"] if painted else [])]
        return "\n".join([*filter(None, parts), visible(format_as_text(explanation)).rstrip("\n") + "\n"])


class Html(Format):
    """One page: a section for each explanation, or the page of one `alone`."""

    between = "\n"

    def __init__(self, alone: bool = False, ascii_only: bool = False) -> None:
        from ..views.explanation_page import around_sections

        head, foot = around_sections()
        self._alone, self._ascii, self.empty = alone, ascii_only, f"{head}\n{foot}"
        if not alone:
            self.head, self.foot = f"{head}\n", f"\n{foot}"

    def record(self, number: int, row: Any, explanation: Any) -> str:
        from ..views.explanation_page import explanation_page, section

        made = (explanation_page if self._alone else section)(explanation, row.text, given(row))
        # The page says that it is in UTF-8, as ASCII is, too.
        return made.encode("ascii", "xmlcharrefreplace").decode("ascii") if self._ascii else made


class JsonLines(Format):
    """A line for each explanation, which `explanation_from_json` reads, with what is known of the input beside it."""

    def record(self, number: int, row: Any, explanation: Any) -> str:
        return _json(row, explanation) + "\n"


class Json(Format):
    """A JSON list of explanations."""

    head, between, foot, empty = "[\n", ",\n", "\n]\n", "[]\n"

    def record(self, number: int, row: Any, explanation: Any) -> str:
        return _json(row, explanation)


class Csv(Format):
    """A line for each row of each explanation's table, in cells that a spreadsheet shows and does not run, or `raw`.

    `text` says in which lines of an input its text, or both of a pair, stand: "every", the "first", or "none"; its id stands
    in all.
    """

    def __init__(self, raw: bool = False, text: str = CSV_TEXT[0]) -> None:
        self._cell: Callable[[Any], Any] = (lambda value: value) if raw else spreadsheets.cell
        self._text = text
        self.head = self.empty = self._lines([_COLUMNS])

    def record(self, number: int, row: Any, explanation: Any) -> str:
        name = row.id if row.id is not None else row.number if row.number is not None else number
        lines: List[Any] = []
        for target in explanation.targets:
            weights = target.feature_weights
            label = str.__str__(target.target) if isinstance(target.target, str) else target.target
            for weight in [*weights.pos, *reversed(weights.neg)]:
                feature = getattr(weight.feature, "value", weight.feature)
                said = self._text == "every" or (self._text == "first" and not lines)
                text, pair = (row.text, row.text_pair) if said else ("", "")
                about = (number, text, label, target.proba, target.score, feature, float(weight.weight))
                lines.append((*about, pair, plain(name), plain(row.label)))
        return self._lines(lines)

    def _lines(self, rows: Any) -> str:
        lines = io.StringIO()
        csv.writer(lines).writerows([map(self._cell, row) for row in rows])
        return lines.getvalue()


def given(row: Any) -> str:
    """What a file says of an input, in a line: "line 3, id r-17, label positive"; "" where it names neither id nor label."""
    known = [f"{key} {plain(value)}" for key, value in (("id", row.id), ("label", row.label)) if value is not None]
    return ", ".join([row.place, *known] if row.place and known else known)


def plain(value: Any) -> Any:
    """A label or an id as a cell: a text or a number as it is, a list as JSON."""
    return value if value is None or isinstance(value, (str, int, float)) else json.dumps(value, default=str)


def _json(row: Any, explanation: Any) -> str:
    from ..explanations.explanation_json import explanation_of_input_to_json

    known = {"line": row.number, "id": row.id, "label": row.label}
    return explanation_of_input_to_json(explanation, **{key: held for key, held in known.items() if held is not None})


FORMATS = ("csv", "html", "json", "jsonl", "text")
_PLAIN: Dict[str, Callable[[], Format]] = {"json": Json, "jsonl": JsonLines}
_SUFFIXES = {".csv": "csv", ".html": "html", ".htm": "html", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl"}
_NOT_WRITTEN = frozenset(
    ".gz .bz2 .xz .zst .zip .tar .tgz .xlsx .xlsm .xls .ods .parquet .pq .arrow .feather .tsv .tab .pdf .docx .odt .rtf .ipynb "
    ".yaml .yml .toml .xml .png .jpg .jpeg .svg .pkl .pickle .npy .npz .db .sqlite".split()
)


def format_of(form: Optional[str], output: Optional[str]) -> str:
    """The name of the format that is asked for, by default the one that the output's name tells.

    Raises InputError for an unknown one, and for a name of what is not written, such as a workbook, without a format.
    """
    suffix = os.path.splitext(output or "")[1].lower()
    if not form and suffix in _NOT_WRITTEN:
        raise InputError(
            f"the output {output!r} has the name of what is not written: end it in {', '.join(_SUFFIXES)} or .txt, or say "
            "--format"
        )
    form = form or _SUFFIXES.get(suffix, "text")
    if form not in FORMATS:
        raise InputError(f"the format is {form!r}, but must be one of {', '.join(FORMATS)}")
    return form


def make_format(
    form: str, *, alone: bool = False, colours: bool = False, ascii_only: bool = False, raw: bool = False, text: str = "every"
) -> Format:
    """The format of that name."""
    if form == "html":
        return Html(alone, ascii_only)
    if form == "csv":
        return Csv(raw, text)
    return Text(colours, ascii_only) if form == "text" else _PLAIN[form]()
