"""An explanation as one HTML file that needs nothing else: no network, no script, no notebook."""

from __future__ import annotations

import html
from typing import Any, Optional, Sequence, Tuple

import attr
from eli5.base import Explanation, FeatureWeights, NodeInfo
from eli5.formatters import fields
from eli5.formatters.html import format_as_html

from ..errors import InputError, shown
from ..escapes import visible_line
from ..explanations.label_text import safe
from ..explanations.shown import given_instead
from ..explanations.to_eli5 import escaped_where_unescaped

# The policy forbids what the page does not need: should a text ever become markup, it could still run and load nothing.
_PAGE = """<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light; }}
body {{ font: 16px/1.6 system-ui, sans-serif; color: #1b1b1b; background: #fff; max-width: {width};
  margin: 2.5rem auto; padding: 0 1rem; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.25rem; line-height: 1.4; margin: 0 0 1.5rem; }}
h2 {{ font-size: 1rem; margin: 2.25rem 0 0.75rem; }}
h1, h2, h3, td, th, p {{ unicode-bidi: plaintext; }}
table {{ border-collapse: collapse; font-variant-numeric: tabular-nums; }}
{styles}</style>
</head>
<body>
{body}
</body>
</html>
"""

# What eli5 prints is addressed by its structure: its own styles are inline, hence "!important". The painted text is
# what a person came for: larger, in full colour, each line in its own direction.
_EXPLANATION_STYLES = """
p[style*="pre-wrap"] { font-size: 1.2rem; line-height: 2; margin-bottom: 2rem !important; }
p[style*="pre-wrap"] span { opacity: 1 !important; padding: 0.15em 0; border-radius: 0.15em;
  -webkit-box-decoration-break: clone; box-decoration-break: clone; }
p b { unicode-bidi: isolate; }
.eli5-weights { line-height: 1.7; }
.eli5-weights th { font-size: 0.85rem; font-weight: 600; color: #555; }
.eli5-weights-wrapper > tbody > tr > td { border: 1px solid #ddd !important; }
.eli5-weights-wrapper table { width: 100%; }
section + section { border-top: 3px double #bbb; margin-top: 3rem; padding-top: 1.5rem; }
.answer { font-size: 1.1rem; margin: 0 0 0.75rem; }
.answer ~ .answer { font-size: 1rem; }
.given { color: #555; margin: -1rem 0 1.5rem; }
.legend { color: #555; font-size: 0.85rem; }
.about { border-top: 1px solid #ddd; margin-top: 2.5rem; padding-top: 1rem; color: #555; font-size: 0.85rem; }
.about pre { white-space: pre-wrap; font: inherit; margin: 0.5rem 0; }
"""
_SECTIONS = "<!-- sections -->"  # which no title holds: they are escaped
_LEGEND = '<p class="legend">Green words speak for the label that stands above them, red words against it.</p>'


def standalone_page(title: str, body: str, *, styles: str = "", width: str = "46rem") -> str:
    """A whole HTML page around `body`, which is HTML: own character set, title and styles, no script and no network.

    `title` is shown as text, whatever it holds; characters in it that a screen would obey are spelled out (see `escapes`).
    """
    return _PAGE.format(title=html.escape(visible_line(title)), body=body, styles=styles, width=width)


def explanation_page(explanation: Any, title: str, note: str = "") -> str:
    """The explanation as a whole HTML page: the painted text, the table of all rows, the method and its caveats.

    `title` and `note`, a line below it, are shown as text, whatever they hold, and so are the labels, names and
    descriptions of an explanation that was not made by this package.
    """
    return standalone_page(title, _section(explanation, title, note), styles=_EXPLANATION_STYLES)


def explanations_page(explained: Sequence[Tuple[str, Any]], title: str = "Explanations") -> str:
    """Several explanations, each with its own title, on one page; a single one as `explanation_page` has it."""
    if len(explained) == 1:
        ((own, explanation),) = explained
        return explanation_page(explanation, own)
    head, foot = around_sections(title)
    return "\n".join([head, *(section(explanation, own) for own, explanation in explained), foot])


def around_sections(title: str = "Explanations") -> Tuple[str, str]:
    """What stands on a page before and behind the sections of several explanations, for a page that grows."""
    head, foot = standalone_page(title, _SECTIONS, styles=_EXPLANATION_STYLES).split(f"{_SECTIONS}\n")
    return head.rstrip("\n"), foot


def section(explanation: Any, title: str, note: str = "") -> str:
    """One explanation of several on a page. `title` and `note`, a line below it, are shown as text, whatever they hold."""
    return f"<section>{_section(explanation, title, note)}</section>"


def cell(explanation: Any) -> str:
    """The explanation as an output of a notebook: the answer in words, then what eli5 shows there."""
    answer, _ = _answer_and_about(escaped_where_unescaped(explanation))
    return f"{answer}\n{explanation._repr_html_()}"


def _section(explanation: Any, title: str, note: str = "") -> str:
    if not isinstance(explanation, Explanation):
        raise InputError(given_instead(explanation, "a page shows an Explanation: call to_explanation"))
    for name, given in (("title", title), ("note", note)):
        if not isinstance(given, str):
            raise InputError(f"{name} is {shown(given)}, but must be a text")
    escaped = escaped_where_unescaped(_with_escaped_tree(explanation))
    answer, about = _answer_and_about(escaped)
    escaped = attr.evolve(escaped, description=safe(about) or None)
    table = attr.evolve(escaped, targets=[attr.evolve(target, weighted_spans=None) for target in escaped.targets or []])
    parts = [
        f"<h1>{html.escape(visible_line(title))}</h1>",
        f'<p class="given">{html.escape(visible_line(note))}</p>' if note else "",
        answer,
        format_as_html(escaped, force_weights=False, show=fields.WEIGHTS),
        _LEGEND if _has_both_signs(escaped) else "",
        "<h2>Every contribution</h2>",
        format_as_html(table, include_styles=False, show=fields.WEIGHTS),
        f'<div class="about">{format_as_html(escaped, include_styles=False, show=fields.INFO)}</div>',
    ]
    return "\n".join(parts)


def _answer_and_about(explanation: Explanation) -> Tuple[str, str]:
    """The first paragraph of a description, as HTML, which `to_explanation` makes the answer, and the others."""
    description = str.__str__(explanation.description or "")
    answer, blank, about = description.partition("\n\n")
    if not blank:
        return "", description
    return "\n".join(f'<p class="answer">{html.escape(visible_line(line))}</p>' for line in answer.splitlines()), about


def _with_escaped_tree(explanation: Explanation) -> Explanation:
    """The explanation with its decision tree as text, whose names eli5 prints as they are."""
    whole = explanation.decision_tree
    if whole is None:
        return explanation

    def escaped(node: Optional[NodeInfo]) -> Optional[NodeInfo]:
        if node is None:
            return None
        name = node.feature_name if node.feature_name is None else html.escape(visible_line(str(node.feature_name)))
        return attr.evolve(node, feature_name=name, left=escaped(node.left), right=escaped(node.right))

    return attr.evolve(explanation, decision_tree=attr.evolve(whole, tree=escaped(whole.tree), graphviz=""))


def _has_both_signs(explanation: Any) -> bool:
    weights = [target.feature_weights for target in explanation.targets or []]
    return any(_has(w, "pos") for w in weights) and any(_has(w, "neg") for w in weights)


def _has(weights: Optional[FeatureWeights], sign: str) -> bool:
    return weights is not None and bool(getattr(weights, sign) or getattr(weights, f"{sign}_remaining"))
