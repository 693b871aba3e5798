"""Griffe extension: how this project's docstrings are read.

They are of numpy's style, but end with plain sentences ("Raises InputError for …"), which the style counts to the last
section. Such sentences are shown before the first section.
"""

import re

import griffe

_SECTION = re.compile(r"^(?=[A-Z][a-z]+\n-{3,}$)", re.MULTILINE)


class ClosingSentences(griffe.Extension):
    """Moves the unindented paragraphs behind a section's entries in front of the sections."""

    def on_object(self, *, obj: griffe.Object, **kwargs: object) -> None:
        """Called for every object with a docstring, once it is read."""
        if obj.docstring is not None:
            obj.docstring.value = arranged(obj.docstring.value)


def arranged(text: str) -> str:
    """The docstring with its closing sentences in front of its sections."""
    introduction, *sections = _SECTION.split(text)
    if not sections:
        return text
    paragraphs = sections[-1].split("\n\n")
    closing = []
    while len(paragraphs) > 1 and not _holds_entries(paragraphs[-1]):
        closing.insert(0, paragraphs.pop())
    sections[-1] = "\n\n".join(paragraphs)
    return "\n\n".join(part.strip("\n") for part in [introduction, *closing, *sections])


def _holds_entries(paragraph: str) -> bool:
    """True for a name on a line of its own and indented lines below it."""
    lines = paragraph.split("\n")
    return any(line.startswith("    ") for line in lines[1:]) or lines[0].startswith("    ")
