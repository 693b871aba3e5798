"""A `Comparison` as HTML: each method painted on the same text in a colour range of its own, and the tables below.

`comparison.Comparison` calls this module, so that it is not imported here: `Any` stands for it.
"""

from __future__ import annotations

import html
import itertools
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

from ..errors import InputError, shown
from ..escapes import visible, visible_characters, visible_line
from ..explanations.agreement import rank_correlation
from ..explanations.trust_text import trust_lines
from ..records import RELEASED, Attribution, percent
from ..text.granularity import place_name, placed_scores, places, rest_score
from .explanation_page import standalone_page
from .figures import ELSEWHERE, fixed

# Every rule is of this block alone, so that it changes nothing of a notebook around it.
_STYLES = """
.eli5t { color: #1b1b1b; background: #fff; color-scheme: light; font: 16px/1.5 system-ui, sans-serif; max-width: 60rem;
  overflow-wrap: anywhere; padding: 0.1px 0; }
.eli5t h2 { font-size: 1.15rem; margin: 1.75rem 0 0.25rem; }
.eli5t h2 small { font-weight: normal; color: #555; font-size: 0.95rem; }
.eli5t h3 { font-size: 1rem; margin: 2rem 0 0.5rem; }
.eli5t h2, .eli5t h3, .eli5t p, .eli5t td, .eli5t th { unicode-bidi: plaintext; }
.eli5t bdi { unicode-bidi: isolate; }
.eli5t .method { border: 1px solid #ddd; border-radius: 6px; padding: 0.75rem 1rem; margin: 0.75rem 0; }
.eli5t .head { display: flex; flex-wrap: wrap; gap: 0 1.5rem; justify-content: space-between; color: #555;
  font-size: 0.85rem; }
.eli5t .head b { font-size: 0.95rem; color: #1b1b1b; }
.eli5t .text { font-size: 1.15rem; line-height: 1.9; white-space: pre-wrap; margin: 0.4rem 0 0.1rem; }
.eli5t .text b { font-size: 0.85rem; color: #555; }
.eli5t .text span { border-radius: 0.15em; padding: 0.12em 0; -webkit-box-decoration-break: clone;
  box-decoration-break: clone; }
.eli5t .text .unseen { color: #777; text-decoration: underline dotted; }
.eli5t .scale { display: inline-block; width: 7rem; height: 0.6em; margin: 0 0.4em; border-radius: 0.3em; }
.eli5t table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; margin: 0; }
.eli5t th, .eli5t td { border: none; border-bottom: 1px solid #e5e5e5; padding: 0.25rem 0.75rem; text-align: right;
  color: #1b1b1b; }
.eli5t th { overflow-wrap: normal; }
.eli5t thead th { color: #555; font-weight: 600; vertical-align: bottom; }
.eli5t tbody th { font-weight: 600; }
.eli5t th:first-child, .eli5t .words td:first-child { text-align: start; }
.eli5t tr { background: none !important; }
.eli5t .wide { overflow-x: auto; }
.eli5t .about, .eli5t summary { color: #555; font-size: 0.9rem; }
.eli5t .about { margin: 0.25rem 0 0.75rem; }
.eli5t summary { cursor: pointer; }
"""
_FOR, _AGAINST, _UNSIGNED = 120, 0, 265
_OPEN_UP_TO = 40  # words


def comparison_page(comparison: Any, title: Optional[str] = None) -> str:
    """The comparison as a whole HTML page, which runs and loads nothing. `title` is shown as text.

    Raises InputError for a title that is no text.
    """
    if not isinstance(title, (str, type(None))):
        raise InputError(f"title is {shown(title)}, but must be a text")
    heading_text = title if title is not None else f"Why? {' / '.join(comparison.documents)}"
    heading = "" if title is None else f"<h1>{_text(title)}</h1>\n"
    return standalone_page(heading_text, heading + comparison_fragment(comparison), width="60rem")


def comparison_fragment(comparison: Any) -> str:
    """The comparison as HTML for a page that exists, with its styles."""
    parts = [f"<style>{_STYLES}</style>", '<div class="eli5t">']
    targets = comparison.by_target()
    for label, methods in targets:
        parts += [_heading(label, [a for _, a, _ in methods])]
        parts += [_painted(name, attribution) for name, attribution, _ in methods]
        parts += [_methods_table(methods)]
        if len(methods) > 1:
            parts += [_agreement_table(methods)]
        parts += [_words_table(comparison, methods)]
    parts += [_notes(comparison, [method for _, methods in targets for method in methods]), "</div>"]
    return "\n".join(parts)


def _text(value: Any) -> str:
    """What an attribution holds, of whatever class, as HTML: one line."""
    return html.escape(visible_line(str(value)))


def _name(value: Any) -> str:
    """As `_text`, apart from what stands beside it: a name that is read from the right reorders nothing."""
    return f"<bdi>{_text(value)}</bdi>"


def _heading(label: str, attributions: Sequence[Attribution]) -> str:
    said = []
    for name, values in (
        ("probability", [a.probability for a in attributions]),
        ("score", [a.score for a in attributions]),
    ):
        known = [value for value in values if value is not None]
        said += [f"{name} <b>{known[0]:.3f}</b>"] if known else []
    return f"<h2>Why {_name(label)}? <small>{', '.join(said)}</small></h2>"


def _painted(name: str, attribution: Attribution) -> str:
    scores = placed_scores(attribution)
    largest = max(map(abs, scores.values()), default=0.0)
    paragraphs = []
    for index, document in enumerate(attribution.documents):
        called = f"<b>text {index + 1}:</b> " if len(attribution.documents) > 1 else ""
        held = {(start, end): weight for (where, start, end), weight in scores.items() if where == index}
        seen = attribution.tokens.seen[index] if attribution.tokens.seen else (0, len(document))
        paragraphs.append(
            f'<p class="text">{called}{_painted_text(document, held, largest, attribution.signed, seen)}</p>'
        )
    return (
        f'<div class="method"><div class="head"><b>{_name(name)}</b>'
        f"<span>{_scale(attribution, largest)}</span></div>{''.join(paragraphs)}</div>"
    )


def _painted_text(
    document: str, scores: Dict[Tuple[int, int], float], largest: float, signed: bool, seen: Tuple[int, int]
) -> str:
    """The text with a background behind each word; where words share characters their scores add up."""
    characters = visible_characters(document)  # of the whole text: a piece may begin with a joiner
    borders = sorted({0, len(document), *seen, *itertools.chain.from_iterable(scores)})
    parts = []
    for start, end in zip(borders, borders[1:]):
        piece = html.escape("".join(characters[start:end]))
        weights = [weight for (first, last), weight in scores.items() if first <= start and end <= last]
        if weights:
            weight = sum(weights)
            color = _color(weight, largest, signed)
            parts.append(
                f'<span style="background-color: {color}" title="{fixed(weight, largest, signed)}">{piece}</span>'
            )
        elif start < seen[0] or end > seen[1]:
            parts.append(f'<span class="unseen" title="not seen by the model">{piece}</span>')
        else:
            parts.append(piece)
    return "".join(parts)


def _color(weight: float, largest: float, signed: bool, lightest: float = 0.6) -> str:
    """eli5's scale for painted text; a hue of its own for scores that say nothing of for and against."""
    hue = _UNSIGNED if not signed else _FOR if weight > 0 else _AGAINST
    relative = (abs(weight) / largest) ** 0.7 if largest else 0.0
    return f"hsl({hue}, 100%, {100 - 100 * (1 - lightest) * relative:.1f}%)"


def _scale(attribution: Attribution, largest: float) -> str:
    signed = attribution.signed
    ends = (-largest, 0.0, largest) if signed else (0.0, largest)
    colors = ", ".join(_color(weight, largest, signed) for weight in ends)
    bar = f'<span class="scale" style="background: linear-gradient(to right, {colors})"></span>'
    low, high = fixed(ends[0], largest, signed), fixed(ends[-1], largest, signed)
    whose = "AllenNLP's own, " if attribution.method in RELEASED else ""
    if signed:
        return f"{whose}of the {_text(attribution.output)}: against {low}{bar}{high} for"
    return f"{whose}unsigned, of the {_text(attribution.output)}: weak {low}{bar}{high} strong"


def _number(value: Optional[float], signed: bool = False) -> str:
    if value is None:
        return "—"
    return f"{value:+.3g}" if signed else f"{value:.3g}"


def _methods_table(methods: Sequence[Tuple[str, Attribution, Optional[float]]]) -> str:
    stated = any(attribution.token_error is not None for _, attribution, _ in methods)
    rows = [
        [
            f"<th>{_name(name)}</th>",
            f"<td>{_text(attribution.output)}{'' if attribution.signed else ', unsigned'}</td>",
            f"<td>{_number(float(attribution.scores.sum()), attribution.signed)}</td>",
            f"<td>{_delta(attribution)}</td>",
            *([f"<td>{_share(attribution.token_error)}</td>"] if stated else []),
            f"<td>{'—' if attribution.evaluations is None else _text(attribution.evaluations)}</td>",
            f"<td>{_number(seconds)}</td>",
        ]
        for name, attribution, seconds in methods
    ]
    errors = ["convergence delta", *(["error of a token"] if stated else [])]
    head = ["method", "explains", "sum of scores", *errors, "evaluations", "seconds"]
    return f"<h3>What each method says of itself</h3>{_table(head, rows)}"


def _delta(attribution: Attribution) -> str:
    if attribution.convergence_delta is None:
        return "—"
    relative = "" if attribution.relative_delta is None else f" ({_share(attribution.relative_delta)})"
    return _number(attribution.convergence_delta, True) + relative


def _share(value: Optional[float]) -> str:
    return "—" if value is None else percent(abs(value)).replace("%", " %")


def _agreement_table(methods: Sequence[Tuple[str, Attribution, Optional[float]]]) -> str:
    rows = []
    for name, one, _ in methods:
        cells = [f"<th>{_name(name)}</th>"]
        for other_name, other, _ in methods:
            value = None if other_name == name else rank_correlation(one, other)
            cells.append(_correlation_cell(value, one.signed and other.signed))
        rows.append(cells)
    absolute = any(not attribution.signed for _, attribution, _ in methods)
    return (
        "<h3>How far they agree</h3>"
        "<p class=\"about\">Spearman's rank correlation of the words' scores: 1 is the same order, 0 no relation, "
        f"-1 the reverse.{' |…|: of absolute values, as one of the two is unsigned.' if absolute else ''}</p>"
        + _table(["", *(_name(name) for name, _, _ in methods)], rows)
    )


def _correlation_cell(value: Optional[float], signed: bool) -> str:
    if value is None:
        return "<td>—</td>"
    hue = 210 if value >= 0 else 30
    said = f"{value:+.2f}" if signed else f"|{value:+.2f}|"
    return f'<td style="background-color: hsl({hue}, 70%, {100 - 25 * abs(value):.0f}%)">{said}</td>'


def _words_table(comparison: Any, methods: Sequence[Tuple[str, Attribution, Optional[float]]]) -> str:
    attributions = [attribution for _, attribution, _ in methods]
    scores = [placed_scores(attribution) for attribution in attributions]
    largest = [max(map(abs, held.values()), default=0.0) for held in scores]
    words = places(scores)
    rows = []
    for document, start, end in words:
        cells = [f"<td>{_name(place_name(comparison.documents, (document, start, end)))}</td>"]
        for held, most, attribution in zip(scores, largest, attributions):
            weight = held.get((document, start, end))
            color = "" if weight is None else _color(weight, most, attribution.signed, lightest=0.8)
            style = f' style="background-color: {color}"' if color else ""
            cells.append(f"<td{style}>{fixed(weight, most, attribution.signed)}</td>")
        rows.append(cells)
    rest = [fixed(rest_score(a), most, a.signed) for a, most in zip(attributions, largest)]
    rows.append([f"<td><i>{ELSEWHERE}</i></td>", *(f"<td>{number}</td>" for number in rest)])
    table = _table(["word", *(_name(name) for name, _, _ in methods)], rows, "words")
    opened = " open" if len(words) <= _OPEN_UP_TO else ""
    return f"<h3>Every word</h3><details{opened}><summary>{len(words)} words</summary>{table}</details>"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]], kind: str = "") -> str:
    header = "".join(f"<th>{name}</th>" for name in head)
    body = "".join(f"<tr>{''.join(cells)}</tr>" for cells in rows)
    return (
        f'<div class="wide"><table class="{kind}"><thead><tr>{header}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _notes(comparison: Any, methods: Sequence[Tuple[str, Attribution, Any]]) -> str:
    notes: Dict[str, List[str]] = {note: [] for note in comparison.notes}
    for name, attribution, _ in methods:
        for note in _of_method(attribution):
            named = notes.setdefault(note, [])
            if name not in named:
                named.append(name)
    if not notes:
        return ""
    items = [
        f'<p class="about">{"<b>" + _text(", ".join(named)) + ":</b> " if named else ""}{html.escape(visible(note))}</p>'
        for note, named in notes.items()
    ]
    return f"<h3>What to keep in mind</h3>{''.join(items)}"


def _of_method(attribution: Attribution) -> List[str]:
    cut = sum(attribution.tokens.cut)
    return [
        *([f"Compared with: {attribution.baseline}."] if attribution.baseline is not None else []),
        *([f"{cut} tokens at the end were cut: the model does not see them."] if cut else []),
        *trust_lines([attribution]),
        *attribution.notes,
    ]
