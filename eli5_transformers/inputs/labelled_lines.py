"""Lines that hold their labels: at their beginning, as fastText has them (`__label__5 Works well`), or in ways to ask about."""

from __future__ import annotations

import re
from typing import Iterable, Iterator, List

from .column_kinds import has_few
from .elements import Element

_LABELS = re.compile(r"((?:__label__\S+\s+)*__label__\S+)(?:\s+|$)")
_NUMBERED = re.compile(r"(\d+)[ ,;|]\s*\S")
_ENDING = re.compile(r".*([@#|,;])\s*([\w-]+)\s*$")
_ENOUGH = 8


def has_labels(head: str, whole: bool) -> bool:
    """Whether all lines of a file's beginning begin with a label."""
    lines = _lines(head, whole)
    return bool(lines) and all(map(_LABELS.match, lines))


def labels_in_lines(head: str, whole: bool) -> List[str]:
    """What to ask about lines that are read as texts with all that is in them, where a label seems to be in each."""
    lines = _lines(head, whole)
    tabs = {line.count("\t") for line in lines}
    if len(lines) > 1 and len(tabs) == 1 and tabs != {0}:
        return ["if its tabs part columns, say --input-format tsv"]
    if len(lines) < _ENOUGH:
        return []
    begins = list(filter(None, map(_NUMBERED.match, lines)))
    if len(begins) == len(lines) and has_few([begin[1] for begin in begins]):
        return ["if the number before each text is its label, put a tab between them and say --input-format tsv"]
    blocks = [block.count("\n") for block in re.split(r"\n\s*\n", head.replace("\r\n", "\n").strip())]
    if len(blocks) > 1 and 2 * sum(map(bool, blocks)) > len(blocks):
        return ["if empty lines part its texts, give them as JSON Lines"]
    ends = list(filter(None, map(_ENDING.match, lines)))
    if len(ends) == len(lines) and len({end[1] for end in ends}) == 1 and has_few([end[2] for end in ends]):
        sign = ends[0][1]
        if sign in ",;|" and len({line.count(sign) for line in lines}) == 1:
            return [f"if {sign!r} parts columns, say --input-format csv"]
        return [f"if what is behind the last {sign!r} is the text's label, put a tab there and say --input-format tsv"]
    return []


def parted(elements: Iterable[Element]) -> Iterator[Element]:
    """Lines as objects of their "text" and "label": a list where there are several, None where there is none."""
    for element in elements:
        if isinstance(element.value, str):
            found = _LABELS.match(element.value)
            labels = [] if found is None else [label.removeprefix("__label__") for label in found.group(1).split()]
            text = element.value if found is None else element.value[found.end() :]
            label = None if not labels else labels[0] if len(labels) == 1 else labels
            element = element._replace(value={"text": text, "label": label})
        yield element


def _lines(head: str, whole: bool) -> List[str]:
    """The lines of a file's beginning that are not empty; the last one of a part of a file may be cut."""
    lines = [line for line in head.splitlines() if line.strip()]
    return lines if whole or len(lines) < 2 else lines[:-1]
