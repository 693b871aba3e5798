"""What form a file has, by its content and its name; what it is said to be where it has none of them."""

from __future__ import annotations

import json
import re
from typing import Any, Dict, Optional

from ..arguments import did_you_mean
from ..column_names import is_known, is_text
from ..errors import InputError
from .other_texts import other_program
from .sources import Source

FORMS = ("lines", "jsonl", "json", "csv", "tsv", "parquet", "arrow")
DELIMITERS = {"csv": (",", ";", "\t", "|"), "tsv": ("\t", ",", ";", "|")}
"""The delimiters that a table may have, the likeliest first. csv's own sniffer takes spaces, colons and letters, too."""
_BY_SUFFIX = {
    ".jsonl": "jsonl", ".ndjson": "jsonl", ".jsonlines": "jsonl", ".json": "json", ".csv": "csv", ".tsv": "tsv", ".tab": "tsv",
    ".parquet": "parquet", ".pq": "parquet", ".arrow": "arrow", ".feather": "arrow", ".ipc": "arrow", ".txt": "lines",
}  # fmt: skip
_BYTES = (
    (b"PAR1", "parquet"), (b"ARROW1\0\0", "arrow"), (b"\xff\xff\xff\xff", "arrow"),
)  # fmt: skip
_CSV = "save it as CSV (UTF-8) there, and give that"
_UNPACK = "unpack it, and give the file that is in it"
_PICKLE = "is a pickle, which runs what its author chose when it is read: save the texts as CSV, JSON Lines or parquet"
_FIRST_OF_ZIP = 4096
_ZIP = b"PK\x03\x04"
_DOCUMENT = "is a word processor's document: save its texts as a text file, one in each line"
_OF_ZIP = (
    (b"opendocument.text", ".odt", _DOCUMENT),
    (b"word/", ".docx", _DOCUMENT),
    (b"opendocument.spreadsheet", ".ods", f"is a spreadsheet: {_CSV}"),
    (b"Index/", ".numbers", f"is a spreadsheet: {_CSV}"),
    (b"xl/", (".xlsx", ".xlsm", ".xlsb"), f"is an Excel workbook: {_CSV}"),
    (b".npy", ".npz", "holds arrays of numpy: save the texts as CSV or JSON Lines"),
)
"""Files that are ZIP archives, which nobody is to unpack: what is in them, how their names end, and what to say."""
_REFUSED = (
    (_ZIP, f"is a ZIP archive: {_UNPACK}"),
    (b"\xd0\xcf\x11\xe0", f"is an old Excel workbook or another document: {_CSV}"),
    (b"BZh91AY&SY", "is packed with bzip2: unpack it, or pack it with gzip"),
    (b"\xfd7zXZ", "is packed with xz: unpack it, or pack it with gzip"),
    (b"\x28\xb5\x2f\xfd", "is packed with zstd: unpack it, or pack it with gzip"),
    (b"\x1f\x8b", "is packed with gzip twice: unpack it once"),
    (b"Rar!\x1a", f"is an archive: {_UNPACK}"),
    (b"7z\xbc\xaf", f"is an archive: {_UNPACK}"),
    (b"%PDF-", "is a PDF: save its texts as a text file, one in each line"),
    (b"{\\rtf", "is a document in RTF: save it as plain text"),
    (b"SQLite format 3", "is a SQLite database: export the table as CSV"),
    (b"FEA1", "is of Feather's first version: write it again with to_feather or to_parquet"),
    (b"\x93NUMPY", "is an array of numpy: save the texts as CSV or JSON Lines"),
    (b"version https://git-lfs.github.com/spec/", "is Git LFS's pointer to a file: fetch that with `git lfs pull`"),
    (b"<?xml", "is XML: save its texts as CSV, or as a text file, one in each line"),
    (b"<!doctype html", "is a web page: save its texts as CSV, or as a text file, one in each line"),
    (b"<table", "is a web page: save its texts as CSV, or as a text file, one in each line"),
    (b"<html", "is a web page: save its texts as CSV, or as a text file, one in each line"),
)  # fmt: skip
_MARKUP = (b"<?xml", b"<!doctype html", b"<table", b"<html")
_NO_TEXTS = {
    ".yaml": "YAML", ".yml": "YAML", ".toml": "TOML", ".xml": "XML", ".html": "a web page", ".htm": "a web page",
    ".srt": "a file of subtitles", ".vtt": "a file of subtitles", ".sql": "SQL", ".eml": "an e-mail", ".mbox": "a mailbox",
    ".arff": "ARFF", ".sgm": "SGML", ".sgml": "SGML", ".vw": "Vowpal Wabbit's data", ".svm": "a file of numbered features",
    ".libsvm": "a file of numbered features", ".conll": "a file of tagged words", ".conllu": "a file of tagged words",
    ".bio": "a file of tagged words", ".iob": "a file of tagged words",
}  # fmt: skip
_LINES = "write its texts as JSON Lines, or say --input-format lines if each line is a text"
_NAMED = {suffix: f"is {what}: {_LINES}" for suffix, what in _NO_TEXTS.items()}
_NAMED.update(dict.fromkeys((".tar", ".tgz", ".tbz2", ".txz"), f"is an archive: {_UNPACK}"))
_NAMED[".ipynb"] = "is a notebook: save its texts as CSV or JSON Lines there"
# A line between rows of a table that was drawn: Markdown's, or a database's on a screen.
_DRAWN = re.compile(r"\s*[|+]?\s*:?-{3,}:?\s*([|+]\s*:?-{2,}:?\s*)+[|+]?\s*$")
# Of a pickle since its second protocol, whose first bytes are no text.
_PICKLED = re.compile(rb"\x80[\x02-\x05]")
SEPARATOR = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
"""The line by which a spreadsheet says its delimiter."""
_LABELLED = re.compile(r"__label__[^\s,]+\s")
_WORD = re.compile(r"[\w.:#-]+")


def require_readable(source: Source, form: Optional[str]) -> None:
    """Raises InputError for what is no file of texts, whatever it is called, with the mend."""
    if form is not None and form not in FORMS:
        raise InputError(f"no form {form!r} of input is known: it is one of {', '.join(FORMS)}{did_you_mean(form, FORMS)}")
    head = source.head
    begin = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:64].lower()
    for magic, why in _REFUSED:
        text = magic in _MARKUP
        if (begin if text else head).startswith(magic) and not (text and form is not None):
            raise source.refuse(_of_zip(source) or why if magic == _ZIP else why)
    if source.suffix in (".pkl", ".pickle") or _PICKLED.match(head):
        raise source.refuse(_PICKLE)
    if form is None and source.suffix in _NAMED:
        raise source.refuse(_NAMED[source.suffix])
    if head[257:262] == b"ustar":
        raise source.refuse(f"is an archive: {_UNPACK}")


def _of_zip(source: Source) -> str:
    """What to say of a file that only a program unpacks; "" for an archive."""
    head, name = source.head[:_FIRST_OF_ZIP], source.suffix
    return next((why for inside, ends, why in _OF_ZIP if inside in head or name.endswith(ends)), "")


def form_of_bytes(source: Source, form: Optional[str]) -> Optional[str]:
    """The form of a file of columns, None for a text file. Raises InputError for a name, or `form`, that is not true."""
    found = _bytes_form(source)
    said = f"--input-format says {form}" if form else f"its name says {_BY_SUFFIX.get(source.suffix)}"
    named = form or _BY_SUFFIX.get(source.suffix)
    if named in ("parquet", "arrow") and found != named and (found is None or form is not None):
        raise source.refuse(f"is no {named} data, but {said}: it is {'something else' if found is None else found}")
    if found is not None and form not in (None, found):
        raise source.refuse(f"holds {found} data, but {said}: leave that out")
    return found


def form_of_text(source: Source, head: str, form: Optional[str], asked_for_columns: bool) -> str:
    """The form of a text file: `form`, or by its first line that is not empty and by its name.

    A list in JSON begins as one, JSON Lines with an object that ends where its line ends; both are known in files of any
    name. What is named .csv, .tsv or .tab is a table. In files of other names it is one if its first line is a header
    (`header_in`), or if columns were asked for; else each line is a text, also with tabs or commas in it.
    """
    if form is not None:
        return form
    lines = [line for line in head.splitlines() if line.strip()]
    first = lines[0].strip() if lines else ""
    if any(map(_DRAWN.match, lines[:3])):
        raise source.refuse("is a table drawn with lines: export it as CSV, or say --input-format lines if each line is a text")
    other = other_program(head)
    if other:
        raise source.refuse(f"is {other}: {_LINES}")
    named = _BY_SUFFIX.get(source.suffix)
    if _LABELLED.match(first):
        return "lines"
    json_form = _json_form(first, head, named)
    if json_form is not None:
        return json_form
    if named in ("csv", "tsv"):
        return named
    if SEPARATOR.fullmatch(first) or header_in(first) or other_delimiter(first):
        return "tsv" if "\t" in first else "csv"
    if named in (None, "lines") and asked_for_columns:
        return "tsv" if "\t" in first else "csv"
    return "json" if named == "json" else named or "lines"


def header_in(line: str) -> bool:
    """Whether a line can only be a table's header: single words, of which one names a text and another is a usual name."""
    for delimiter in DELIMITERS["csv"]:
        cells = [cell.strip().strip('"') for cell in line.split(delimiter)]
        if len(cells) > 1 and any(map(is_text, cells)) and sum(map(is_known, cells)) > 1:
            return all(is_known(cell) or _WORD.fullmatch(cell) for cell in cells)
    return False


def other_delimiter(line: str) -> str:
    """The sign between the usual names of a header, where it is none of `DELIMITERS`; "" where the line is no such header.

    A space may part words of a name, or of a text: it counts only between names in quotes, as R writes them.
    """
    for sign in sorted({sign for sign in line.strip() if not (sign.isalnum() or sign in '_-"' or sign in DELIMITERS["csv"])}):
        cells = line.strip().split(sign)
        known = len(cells) > 1 and all(cell and is_known(cell) for cell in cells) and any(map(is_text, cells))
        if known and not is_known(line) and (sign != " " or all(cell[0] == cell[-1] == '"' for cell in cells)):
            return sign
    return ""


def _json_form(first: str, head: str, named: Optional[str]) -> Optional[str]:
    if first == "{" and (named != "jsonl" or not _has_object_line(head)):
        return "json"
    if named == "jsonl":
        return "jsonl" if not re.match(r"\[\s*(\{|$)", first) else "json"
    if re.match(r"\[\s*([\[{\"\]]|$)", first):
        return "json"
    if not first.startswith("{"):
        return None
    try:
        held, end = json.JSONDecoder().raw_decode(first)
    except (ValueError, RecursionError):
        # The first line is damaged, or is that of a document of several lines, or a text that begins with a brace.
        if named != "json" and not re.match(r'\{\s*"', first):
            return None
        return "json" if named == "json" and not _has_object_line(head) else "jsonl"
    several = len(head.strip().splitlines()) > 1
    return "json" if not several and named != "jsonl" and _is_table(held) else "jsonl"


def _has_object_line(head: str) -> bool:
    for line in head.splitlines()[1:50]:
        try:
            if isinstance(json.loads(line), dict):
                return True
        except (ValueError, RecursionError):
            continue
    return False


def _is_table(held: object) -> bool:
    """Whether a JSON object holds rows or columns, rather than being a row itself."""
    if not isinstance(held, dict) or any(is_text(key) and isinstance(held[key], str) for key in held):
        return False
    return is_series(held) or any(isinstance(value, (list, dict)) for value in held.values())


def is_series(held: Dict[str, Any]) -> bool:
    """Whether an object holds texts by their numbers from 0, as pandas writes a column alone."""
    return len(held) > 1 and list(held) == list(map(str, range(len(held)))) and all(isinstance(v, str) for v in held.values())


def _bytes_form(source: Source) -> Optional[str]:
    return next((form for magic, form in _BYTES if source.head.startswith(magic)), None)
