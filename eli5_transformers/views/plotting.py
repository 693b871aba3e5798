"""Pictures of attributions with matplotlib: bars by word, and a heat map of several targets by word."""

from __future__ import annotations

import textwrap
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from ..arguments import one_of, whole_number
from ..errors import InputError, MissingDependencyError, shown
from ..escapes import visible_line
from ..records import Attribution, attributions_of
from ..text.granularity import Place, place_name, placed_scores, places, rest_score
from ..text.words import clusters
from .figures import ELSEWHERE, fixed

KINDS = ("bar", "heatmap")
_FOR, _AGAINST, _UNSIGNED, _REST = "#3fae55", "#e0524a", "#8a5cd6", "#b8b8b8"
_LONGEST = 28  # characters of a word that are drawn
_LONGEST_LABEL = 44
_COLUMN = 11  # characters in a line above a column
_ROW = 0.27  # inches


class _Row(NamedTuple):
    """One row of a picture: a word, or a sum of what has no row of its own."""

    name: str
    document: int
    scores: Tuple[float, ...]
    """One number a target; NaN where a target's attribution has no such word."""


def plot_attribution(
    attributions: Union[Attribution, Sequence[Attribution]],
    ax: Any = None,
    kind: str = "bar",
    top: Optional[int] = None,
) -> Any:
    """Draw the scores of a text's words, in reading order from the top, and return the matplotlib Axes.

    `kind` is "bar", horizontal bars of one attribution, or "heatmap", one column for each of several attributions of
    the same text (its targets, or methods whose scores have the same unit). With `top` only the words of the largest
    absolute scores have a row; the others are one row, their sum, as the special tokens are, so that the rows always
    sum to the scores. `ax` is drawn into; without it a figure of a fitting size is made.

    Words of more than 28 characters lose their middle. Characters that matplotlib's configured font lacks are drawn
    with an installed font that has them. Where none has, and where this matplotlib cannot shape right-to-left words
    (before 3.11, without python-bidi and arabic-reshaper), a warning says so.

    Raises MissingDependencyError without matplotlib, InputError for arguments that are not accepted.
    """
    chosen = attributions_of(attributions, "plot_attribution")
    top = None if top is None else whole_number(top, "top", what="None or a number of words")
    _check(chosen, kind)
    if ax is not None and not hasattr(ax, "barh"):
        raise InputError(f"ax is {shown(ax)}, but must be the matplotlib Axes to draw into")
    try:
        from matplotlib import pyplot

        from . import matplotlib_fonts
    except ImportError:
        raise MissingDependencyError("a picture needs matplotlib: pip install 'eli5_transformers[plot]'") from None
    rows = _rows(chosen, top)
    labels = [_shortened(row.name) for row in rows]
    columns = _column_names(chosen)
    if ax is None:
        width = 7.0 if kind == "bar" else 3.5 + 0.9 * len(chosen)
        _, ax = pyplot.subplots(figsize=(width, 1.3 + _ROW * len(rows)), layout="constrained")
    style = matplotlib_fonts.text_style([*labels, *columns])
    if kind == "bar":
        _draw_bars(ax, chosen[0], rows, columns[0], style)
    else:
        _draw_heat_map(ax, chosen, rows, columns, style)
    ax.set_yticks(range(len(rows)), [style.shaped(label) for label in labels], **style.properties)
    ax.tick_params(length=0)
    for index in range(1, len(rows)):
        if rows[index].document != rows[index - 1].document:
            ax.axhline(index - 0.5, color="#666666", linewidth=0.8, linestyle=":")
    return ax


def _check(attributions: List[Attribution], kind: str) -> None:
    one_of(kind, "kind", KINDS)
    if kind == "bar" and len(attributions) > 1:
        raise InputError(
            f"bars show one attribution, but {len(attributions)} were given: draw each by itself, or use kind='heatmap'"
        )
    if len({attribution.documents for attribution in attributions}) > 1:
        raise InputError("the attributions are of different texts, but one picture shows one text")
    if len({(attribution.output, attribution.signed) for attribution in attributions}) > 1:
        raise InputError(
            "the attributions have different units, which cannot share the colours of one heat map: "
            "draw each by itself, or use Comparison(attributions).html()"
        )


def _rows(attributions: Sequence[Attribution], top: Optional[int]) -> List[_Row]:
    """The rows from the top: words in reading order, then what has no row of its own."""
    scores = [placed_scores(attribution) for attribution in attributions]
    words = places(scores)
    kept = set(words)
    if top is not None and top < len(words):
        kept = set(sorted(words, key=lambda place: -_largest(scores, place))[:top])
    documents = attributions[0].documents
    rows = [
        _Row(place_name(documents, place), place[0], tuple(held.get(place, np.nan) for held in scores))
        for place in words
        if place in kept
    ]
    left = [place for place in words if place not in kept]
    if left:
        sums = tuple(float(sum(held.get(place, 0.0) for place in left)) for held in scores)
        rows.append(_Row(f"{len(left)} other words (sum)", -1, sums))
    if any(-1 in attribution.tokens.start for attribution in attributions):
        rows.append(_Row(ELSEWHERE, -1, tuple(map(rest_score, attributions))))
    return rows


def _largest(scores: Sequence[Dict[Place, float]], place: Place) -> float:
    return max(abs(held.get(place, 0.0)) for held in scores)


def _draw_bars(ax: Any, attribution: Attribution, rows: Sequence[_Row], title: str, style: Any) -> None:
    values = [row.scores[0] for row in rows]
    signed = attribution.signed
    ax.barh(range(len(rows)), values, height=0.78, color=[_bar_color(row, signed) for row in rows])
    ax.axvline(0, color="#333333", linewidth=0.8)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.grid(axis="x", color="#e5e5e5", linewidth=0.8)
    ax.set_axisbelow(True)
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.set_title(style.shaped(title), loc="left", **style.properties)
    unit = f"contribution to the {attribution.output}" if signed else f"strength, unsigned, of the {attribution.output}"
    ax.set_xlabel(f"{visible_line(unit)} ({visible_line(attribution.method)})", parse_math=False)


def _bar_color(row: _Row, signed: bool) -> str:
    if row.document < 0:
        return _REST
    return _UNSIGNED if not signed else _FOR if row.scores[0] >= 0 else _AGAINST


def _draw_heat_map(
    ax: Any, attributions: Sequence[Attribution], rows: Sequence[_Row], columns: Sequence[str], style: Any
) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    table = np.array([row.scores for row in rows], dtype=float).reshape(len(rows), len(attributions))
    signed = attributions[0].signed
    colors = [_AGAINST, "#ffffff", _FOR] if signed else ["#ffffff", _UNSIGNED]
    color_map = LinearSegmentedColormap.from_list("attribution", colors).with_extremes(bad="#eeeeee")
    # sums of many words would take the colours from the words
    words = table[[row.document >= 0 for row in rows]]
    largest = float(np.nanmax(np.abs(words))) if np.isfinite(words).any() else 0.0
    drawn = ax.imshow(table, cmap=color_map, vmin=-largest if signed else 0.0, vmax=largest or 1.0, aspect="auto")
    for (row, column), score in np.ndenumerate(table):
        if np.isfinite(score):
            ax.text(column, row, fixed(score, largest, signed), ha="center", va="center", fontsize="small")
    wrapped = ["\n".join(map(style.shaped, textwrap.wrap(name, _COLUMN) or [""])) for name in columns]
    ax.set_xticks(range(len(columns)), wrapped, **style.properties)
    ax.xaxis.tick_top()
    for spine in ax.spines.values():
        spine.set_visible(False)
    unit = f"contribution to the {attributions[0].output}" if signed else f"strength, of the {attributions[0].output}"
    bar = ax.figure.colorbar(drawn, ax=ax, shrink=0.8)
    bar.set_label(visible_line(unit), parse_math=False)
    bar.outline.set_visible(False)


def _column_names(attributions: Sequence[Attribution]) -> List[str]:
    """What tells the attributions apart: their labels, or their methods where they are of one label."""
    labels = [_shortened(attribution.label, _LONGEST_LABEL) for attribution in attributions]
    methods = [_shortened(attribution.method, _LONGEST_LABEL) for attribution in attributions]
    if len(attributions) > 1 and len({attribution.target for attribution in attributions}) == 1:
        return methods
    if len(set(methods)) > 1:
        return [f"{label}, {method}" for label, method in zip(labels, methods)]
    if len(attributions) == 1 and attributions[0].probability is not None:
        return [f"{labels[0]} (probability {attributions[0].probability:.3f})"]
    return labels


def _shortened(name: str, longest: int = _LONGEST) -> str:
    """The name on one line, without its middle where it is long, with no character (grapheme cluster) torn apart."""
    line = visible_line(name)
    if len(line) <= longest:
        return line
    head, tail = longest * 2 // 3, len(line) - longest // 3
    whole = clusters(line)
    head = max((end for _, end in whole if end <= head), default=head)
    tail = min((start for start, _ in whole if start >= tail), default=tail)
    return f"{line[:head]}…{line[tail:]}"
