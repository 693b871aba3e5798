"""Text files of other programs, whose lines are no texts, by what they begin with."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import List

_LOOKED_AT = 200
_TIMES = re.compile(r"\s*(\d+:)?\d\d:\d\d[.,]\d{3} --> ")
_HEADER = re.compile(r"[A-Z][\w-]*: |[ \t]+\S")


def other_program(head: str) -> str:
    """What a file is, as in "is ARFF", by its beginning; "" for one of lines, JSON or a table."""
    lines = head.split("\n", _LOOKED_AT)[:_LOOKED_AT]
    first = next((line.strip().lower() for line in lines if line.strip() and not line.startswith("%")), "")
    if any(map(_TIMES.match, lines[:10])):
        return "a file of subtitles"
    if first.startswith("@relation ") and any(line.lower().startswith("@attribute ") for line in lines):
        return "ARFF"
    if first.startswith("<!doctype "):
        return "SGML"
    return "an e-mail" if _is_mail(lines) else ""


def _is_mail(lines: List[str]) -> bool:
    """Whether a header with a sender or subject stands above an empty line."""
    header = list(takewhile(str.strip, lines))
    named = sum(line.startswith(("From: ", "Subject: ", "Date: ", "To: ")) for line in header)
    return named > 1 and len(header) < len(lines) and all(map(_HEADER.match, header))
