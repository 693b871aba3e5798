"""A `Faithfulness` as plain text and as HTML: tables, tests, curves.

`faithfulness.Faithfulness` calls this module, so that it is not imported here: `Any` stands for it.
"""

from __future__ import annotations

import html
from typing import Any, Dict, Iterable, List, Optional, Sequence

import numpy as np

from ..errors import InputError, shown
from ..escapes import visible, visible_line
from ..faithfulness.results import MEASURES, RANDOM, SHARES, WHOLE, curves
from .explanation_page import standalone_page

MEANINGS = {
    "comprehensiveness": "how much of the answer is lost without the words that a method puts first",
    "sufficiency": "how much of the answer these words keep alone",
}
_SCALE = (
    "0 is the worst order of a text's words that is known, 1 the best; 95 % intervals over texts in brackets. Wins: the share "
    "of random sets of words, as many, that do less."
)
_OPERATORS = {
    "mask": "words are masked in the vectors",
    "removal": "words are left out and the text is read anew",
    "replacement": "other words stand in their place",
}
_FLATTERED = "* The method compares with the same thing, which flatters it here."
_COLOURS = ("#14579a", "#b5432c", "#2f7d4f", "#7a4fb3", "#8a6d00", "#0f7f86", "#a03a72")
_STYLES = """
.eli5f { color: #1b1b1b; background: #fff; color-scheme: light; font: 16px/1.5 system-ui, sans-serif; max-width: 60rem;
  overflow-wrap: anywhere; }
.eli5f h2 { font-size: 1.15rem; margin: 2rem 0 0.25rem; }
.eli5f table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; margin: 0.5rem 0; }
.eli5f th, .eli5f td { border: none; border-bottom: 1px solid #e5e5e5; padding: 0.25rem 0.75rem; text-align: right;
  color: #1b1b1b; }
.eli5f th:first-child { text-align: start; }
.eli5f thead th { color: #555; font-weight: 600; }
.eli5f tr { background: none !important; }
.eli5f .wide { overflow-x: auto; }
.eli5f .about { color: #555; font-size: 0.9rem; margin: 0.25rem 0; }
.eli5f svg { background: #fff; max-width: 100%; height: auto; margin: 0.5rem 0; }
.eli5f figure { display: inline-block; margin: 0; }
"""


def sections(found: Any) -> List[Dict[str, Any]]:
    """What is shown, in its order: a title, sentences, and a table of texts with its head."""
    made = []
    rows = found.measures()
    for operator in found.operators:
        of_operator = [row for row in rows if row["operator"] == operator]
        methods = list(dict.fromkeys(row["method"] for row in of_operator if row["method"] != RANDOM)) + [RANDOM]
        held = {(row["method"], row["measure"]): row for row in of_operator}
        starred = any(row["flattered"] for row in of_operator)
        made.append(
            {
                "title": f"{operator.capitalize()}: {_OPERATORS[operator]}{_instead(found.replaced_by[operator])}",
                "about": [_SCALE, *([_FLATTERED] if starred else []), *_told_apart(found, operator)],
                "head": ["method", *(name for measure in MEASURES for name in (measure, "wins")), "texts"],
                "rows": [_method_row(method, held) for method in methods],
                "operator": operator,
            }
        )
    return [*made, _costs(found), _differences(found)]


def _instead(replaced_by: str) -> str:
    return "" if replaced_by == "nothing" else f" ({replaced_by})"


def _method_row(method: str, held: Dict[Any, Dict[str, Any]]) -> List[str]:
    cells, texts, flattered = [], 0, False
    for measure in MEASURES:
        row = held.get((method, measure))
        if row is None:
            cells += ["—", "—"]
            continue
        texts, flattered = max(texts, row["texts"]), row["flattered"]
        cells += [f"{row['normalised']:.2f} ({row['low']:.2f} to {row['high']:.2f})", f"{row['wins']:.2f}"]
    return [f"{method} *" if flattered else method, *cells, str(texts)]


def _told_apart(found: Any, operator: str) -> List[str]:
    values = {measure: found.diagnosticity().get((operator, measure)) for measure in MEASURES}
    known = [f"{measure} {value:.2f}" for measure, value in values.items() if value is not None]
    if not known:
        return []
    told = "How well these tell the methods' scores from shuffled ones (area under the ROC curve, 0.5: not at all)"
    return [f"{told}: {', '.join(known)}."]


def _costs(found: Any) -> Dict[str, Any]:
    return {
        "title": "Cost",
        "about": [
            "Passes are gradients, or forward passes of methods without. The measures took "
            f"{found.passes} forward passes for {found.texts} texts."
        ],
        "head": ["method", "passes a text", "seconds a text", "texts"],
        "rows": [
            [row.method, "—" if row.passes is None else f"{row.passes:.4g}", f"{row.seconds:.3g}", str(row.texts)]
            for row in sorted(found.methods, key=lambda row: (row.passes is None, row.passes or 0.0))
        ],
    }


def _differences(found: Any) -> Dict[str, Any]:
    return {
        "title": "Methods on the same texts",
        "about": [
            "The mean difference of two methods, the first minus the second, and a randomization test that flips the signs of "
            "the texts' differences; p values are adjusted for the number of pairs in a table (Holm)."
        ],
        "head": ["operator", "measure", "first", "second", "difference", "p"],
        "rows": [
            [
                row.operator,
                row.measure,
                row.first,
                row.second,
                f"{row.difference.value:+.2f} ({row.difference.low:+.2f} to {row.difference.high:+.2f})",
                f"{row.adjusted:.3f}",
            ]
            for row in found.differences()
        ],
    }


def sentences(found: Any) -> List[str]:
    """What belongs to the whole: what it means, texts that tell nothing, what was left out."""
    lines = [f"{measure.capitalize()} is {meaning}." for measure, meaning in MEANINGS.items()]
    hopeless = found.no_better_than_random()
    if hopeless:
        places = ", ".join(found.names[place] if found.names else str(place) for place in hopeless[:10])
        places = ("" if found.names else "places from 0: ") + places + (", …" if len(hopeless) > 10 else "")
        lines.append(f"Texts for which no method does better than random orders: {len(hopeless)} ({places}).")
    return [*lines, *found.notes]


def as_text(found: Any) -> str:
    """The tables as plain text, with aligned columns."""
    parts = ["\n".join(visible_line(line) for line in sentences(found))]
    for section in sections(found):
        if section["rows"]:
            table = _aligned([section["head"], *section["rows"]])
            parts.append("\n".join([section["title"], *section["about"], table]))
    return visible("\n\n".join(parts)) + "\n"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    shown_rows = [[visible_line(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in shown_rows) for column in range(len(shown_rows[0]))]
    lines = []
    for first, *rest in shown_rows:
        cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:]))]
        lines.append("  ".join(cells))
    return "\n".join(lines)


def faithfulness_page(found: Any, title: Optional[str] = None) -> str:
    """The whole HTML page. Raises InputError for a title that is no text."""
    if not isinstance(title, (str, type(None))):
        raise InputError(f"title is {shown(title)}, but must be a text")
    heading = title or f"Faithfulness on {found.texts} texts"
    return standalone_page(heading, f"<h1>{_text(heading)}</h1>\n{fragment(found)}", width="60rem")


def fragment(found: Any) -> str:
    """The tables and curves as HTML for a page that exists, with its styles."""
    parts = [f"<style>{_STYLES}</style>", '<div class="eli5f">', *(_about(line) for line in sentences(found))]
    drawn = curves(found.rows)
    for section in sections(found):
        if not section["rows"]:
            continue
        parts += [f"<h2>{_text(section['title'])}</h2>", *(_about(line) for line in section["about"])]
        parts.append(_table(section["head"], section["rows"]))
        for measure in MEASURES:
            held = drawn.get((section.get("operator", ""), measure))
            if held:
                parts.append(_picture(measure, held))
    return "\n".join([*parts, "</div>"])


def _picture(measure: str, held: Dict[str, np.ndarray]) -> str:
    """Deletion curves as SVG, with a line of names below."""
    low = min(float(values.min()) for values in held.values())
    high = max(float(values.max()) for values in held.values())
    span = (high - low) or 1.0
    lines, names = [], []
    for place, (name, values) in enumerate(held.items()):
        dashes = {RANDOM: ' stroke-dasharray="6 4"', WHOLE: ' stroke-dasharray="1 4"'}.get(name, "")
        colour = "#444444" if dashes else _COLOURS[place % len(_COLOURS)]
        points = " ".join(
            f"{50 + 600 * share:.1f},{200 - 180 * (float(value) - low) / span:.1f}" for share, value in zip(SHARES, values)
        )
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>')
        names.append(f'<text x="360" y="{24 + 16 * place}" font-size="11" fill="{colour}">{_text(name)}</text>')
    axis = "".join(
        f'<text x="{50 + 600 * share:.1f}" y="220" font-size="11" text-anchor="middle">{share:.0%}</text>' for share in SHARES
    )
    ends = (
        f'<text x="42" y="204" font-size="11" text-anchor="end">{low:.2f}</text>'
        f'<text x="42" y="24" font-size="11" text-anchor="end">{high:.2f}</text>'
    )
    what = "words hidden" if measure == "comprehensiveness" else "words left"
    return (
        f'<figure><svg viewBox="0 0 470 240" width="470" height="240" role="img" aria-label="Deletion curves, {measure}">'
        f'{"".join(lines)}{"".join(names)}{axis}{ends}<text x="200" y="237" font-size="11" text-anchor="middle">'
        f"{what}; mean of what is measured</text></svg></figure>"
    )


def _table(head: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    header = "".join(f"<th>{_text(name)}</th>" for name in head)
    body = "".join(
        f"<tr><th>{_text(first)}</th>{''.join(f'<td>{_text(cell)}</td>' for cell in rest)}</tr>" for first, *rest in rows
    )
    return f'<div class="wide"><table><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table></div>'


def _about(line: str) -> str:
    return f'<p class="about">{_text(line)}</p>'


def _text(value: Any) -> str:
    return html.escape(visible_line(str(value)))
