"""Lines that begin with their labels, as fastText has them: `__label__5 Works well`."""

from __future__ import annotations

import re
from typing import Iterable, Iterator

from .elements import Element

_LABELS = re.compile(r"((?:__label__\S+\s+)*__label__\S+)(?:\s+|$)")


def has_labels(head: str, whole: bool) -> bool:
    """Whether all lines of a file's beginning begin with a label."""
    lines = [line for line in head.splitlines() if line.strip()]
    lines = lines if whole else lines[:-1]
    return bool(lines) and all(map(_LABELS.match, lines))


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
