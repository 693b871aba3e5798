"""Texts that eli5's templates put into HTML: themselves wherever they are read, escaped where they are rendered.

eli5's template environment does not escape (`eli5/formatters/html.py`, `template_env`), and labels, descriptions, methods,
errors and names of documents reach it as they are. A label of a downloaded config is foreign input. Jinja asks an
environment's `finalize` for each value that it is about to print: here it escapes the texts of this module's type, and
nothing else.
"""

from __future__ import annotations

import html
from typing import Any

from eli5.formatters.html import template_env

from ..escapes import visible


class LabelText(str):
    """A text that is escaped, and its control characters spelled out, where eli5's templates print it.

    Everywhere else it is the text: for `str()`, in arrays and tables, in files.
    """

    def __html__(self) -> str:
        """The text as HTML, by the name under which template engines ask for it."""
        return html.escape(visible("".join(self)), quote=True)


class DocumentName(LabelText):
    """The name of a document, which eli5 puts into HTML by `str.format` before a template sees it."""

    def __format__(self, spec: str) -> str:
        return self.__html__()


def safe(text: Any, kind: type = LabelText) -> Any:
    """`text` as a `LabelText`, if it holds anything that HTML or a screen would not show as text."""
    if not isinstance(text, str) or isinstance(text, kind):
        return text
    return kind(text) if kind(text).__html__() != text else text  # type: ignore[attr-defined]


def _escape_when_rendered() -> None:
    before = template_env.finalize

    def finalize(value: Any) -> Any:
        if isinstance(value, LabelText):
            return value.__html__()
        return value if before is None else before(value)

    template_env.finalize = finalize
    if template_env.cache is not None:
        template_env.cache.clear()  # a template that is compiled already asks nobody


_escape_when_rendered()
