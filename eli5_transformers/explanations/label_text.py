"""Texts that eli5's HTML formatter prints: themselves wherever they are read, escaped where they are rendered.

eli5's template environment does not escape (`eli5/formatters/html.py`, `template_env`), and labels, descriptions, methods,
errors and names of documents reach it as they are. A label of a downloaded config is foreign input. Jinja asks an
environment's `finalize` for each value that it is about to print: here it escapes the texts of this module's type, and
nothing else. The name of a document eli5 puts into HTML before a template sees it, the value of a feature it formats as a
number: those two functions are wrapped. For what is not this module's all three do what they did.
"""

from __future__ import annotations

import functools
import html
from typing import Any, Callable, List, Optional

import attr
from eli5.formatters import html as html_formatter
from eli5.formatters import text as text_formatter

from ..escapes import visible, visible_line


class LabelText(str):
    """A text that is escaped, and its control characters spelled out, where eli5's HTML formatter prints it.

    Everywhere else it is the text: for `str()` and in f-strings, in copies and pickles, in arrays, tables and files.
    """

    def __html__(self) -> str:
        """The text as HTML, by the name under which template engines ask for it."""
        return html.escape(visible("".join(self)), quote=True)


def safe(text: Any) -> Any:
    """`text` as a `LabelText`, if it holds anything that HTML or a screen would not show as text."""
    if not isinstance(text, str) or isinstance(text, LabelText):
        return text
    return LabelText(text) if LabelText(text).__html__() != text else text


def _has_html(value: Any) -> bool:
    """True for a `LabelText`, also for one of an earlier import of this package."""
    return isinstance(value, str) and hasattr(value, "__html__")


def _wrap(original: Any, wrapper: Callable[..., Any]) -> Any:
    """`wrapper(original, …)` in place of `original`, and of what an earlier import of this package put there."""
    original = getattr(original, "_eli5s_own", original)

    def wrapped(*arguments: Any) -> Any:
        return wrapper(original, *arguments)

    wrapped._eli5s_own = original  # type: ignore[attr-defined]
    return wrapped if original is None else functools.update_wrapper(wrapped, original)


def _finalize(original: Optional[Callable[[Any], Any]], value: Any) -> Any:
    if _has_html(value):
        return value.__html__()
    return value if original is None else original(value)


def _value_as_html(original: Callable[[Any], str], value: Any) -> str:
    try:
        return original(value)
    except (TypeError, ValueError):  # it takes numbers alone
        return html.escape(visible_line(str(value)), quote=True)


def _value_as_text(original: Callable[[Any], str], value: Any) -> str:
    try:
        return original(value)
    except (TypeError, ValueError):
        return visible_line(str(value))


def _spans_as_html(original: Callable[..., Any], targets: List[Any], preserve_density: Any) -> Any:
    return original([_with_escaped_names(target) for target in targets], preserve_density)


def _with_escaped_names(target: Any) -> Any:
    spans = target.weighted_spans
    if not spans or not any(_has_html(doc.vec_name) for doc in spans.docs_weighted_spans):
        return target
    escaped = [
        attr.evolve(doc, vec_name=doc.vec_name.__html__()) if _has_html(doc.vec_name) else doc
        for doc in spans.docs_weighted_spans
    ]
    return attr.evolve(target, weighted_spans=attr.evolve(spans, docs_weighted_spans=escaped))


def escape_when_rendered(formatter: Any) -> None:
    """Let eli5's `formatters.html` escape these texts: now, and when it was reloaded."""
    environment: Any = formatter.template_env
    environment.finalize = _wrap(environment.finalize, _finalize)
    environment.filters["format_value"] = _wrap(environment.filters["format_value"], _value_as_html)
    if environment.cache is not None:
        environment.cache.clear()  # a template that is compiled already asks nobody
    for module, name, wrapper in (
        (formatter, "render_targets_weighted_spans", _spans_as_html),
        (text_formatter, "format_value", _value_as_text),
    ):
        setattr(module, name, _wrap(getattr(module, name), wrapper))


escape_when_rendered(html_formatter)
