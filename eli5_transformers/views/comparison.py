"""Several methods' attributions of one text, side by side: the scores, what they cost, and how far they agree."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from ..arguments import real_number
from ..errors import InputError, shown
from ..explanations.agreement import rank_correlation
from ..records import Attribution, attributions_of
from ..text.granularity import place_name, placed_scores, places, rest_score, told_apart
from .figures import ELSEWHERE
from .tables import data_frame

TABLES = ("words", "methods", "agreement")


@dataclass(frozen=True, eq=False)
class Comparison:
    """Attributions of the same input by several methods, for one target or several.

    `to_dataframe` gives the numbers, `html` a page that stands alone; a notebook shows the page's content.
    """

    attributions: Tuple[Attribution, ...]
    seconds: Tuple[Optional[float], ...] = ()
    """One entry an attribution: the time that its method took for all its targets; empty where nothing was timed."""
    notes: Tuple[str, ...] = ()
    """What belongs to the whole comparison, a sentence each."""

    def __post_init__(self) -> None:
        if isinstance(self.attributions, (list, tuple)) and not self.attributions:
            raise InputError("there is nothing to compare: give at least one attribution")
        object.__setattr__(self, "attributions", tuple(attributions_of(self.attributions, "Comparison")))
        texts = {attribution.documents for attribution in self.attributions}
        if len(texts) > 1:
            raise InputError(
                f"attributions of {len(texts)} texts were given, but only those of one text can be compared"
            )
        for name in ("seconds", "notes"):
            given = getattr(self, name)
            if not isinstance(given, (list, tuple)):
                raise InputError(f"{name} is {shown(given)}, but must be a list, empty where there are none")
            object.__setattr__(self, name, tuple(given))
        for took in self.seconds:
            if took is not None:
                real_number(took, "an entry of seconds", "a number or None")
        if not all(isinstance(note, str) for note in self.notes):
            raise InputError(f"notes is {shown(self.notes)}, but must be a list of sentences")
        if self.seconds and len(self.seconds) != len(self.attributions):
            raise InputError(f"{len(self.attributions)} attributions were given with {len(self.seconds)} times")

    @property
    def documents(self) -> Tuple[str, ...]:
        """The text, or the two texts of a pair."""
        return self.attributions[0].documents

    def by_target(self) -> List[Tuple[str, List[Tuple[str, Attribution, Optional[float]]]]]:
        """For each target its label and, for each method, (name, attribution, seconds); no name occurs twice."""
        seconds = self.seconds or (None,) * len(self.attributions)
        targets: Dict[Tuple[int, str], List[Tuple[Attribution, Optional[float]]]] = {}
        for attribution, took in zip(self.attributions, seconds):
            targets.setdefault((attribution.target, attribution.label), []).append((attribution, took))
        return [
            (label, [(name, *pair) for name, pair in zip(_names([a for a, _ in pairs]), pairs)])
            for (_, label), pairs in targets.items()
        ]

    def to_dataframe(self, table: str = "words") -> Any:
        """A pandas DataFrame of one of the page's tables.

        "words" has a row for each word in reading order, a last one for the special tokens (with document, start and
        end -1), and a column for each method, which sums to the method's scores; "methods" a row for each method
        with what its scores mean and cost, "agreement" a row for each two methods with the rank correlation of their
        words' scores. Raises MissingDependencyError without pandas, InputError for another table.
        """
        if table not in TABLES:
            raise InputError(f"table is {shown(table)}, but must be one of {', '.join(map(repr, TABLES))}")
        rows = {"words": self._word_rows, "methods": self._method_rows, "agreement": self._agreement_rows}[table]()
        columns = list(dict.fromkeys(column for row in rows for column in row))
        return data_frame(rows, columns=columns)

    def html(self, title: Optional[str] = None) -> str:
        """One self-contained HTML page: every method painted on the text, and the tables. It runs and loads nothing."""
        from .comparison_page import comparison_page

        return comparison_page(self, title)

    def _repr_html_(self) -> str:
        from .comparison_page import comparison_fragment

        return comparison_fragment(self)

    def _word_rows(self) -> List[Dict[str, Any]]:
        rows = []
        for label, methods in self.by_target():
            scores = {name: placed_scores(attribution) for name, attribution, _ in methods}
            for document, start, end in places(scores.values()):
                word = place_name(self.documents, (document, start, end))
                row = {"target": label, "document": document, "start": start, "end": end, "word": word}
                rows.append({**row, **{name: held.get((document, start, end)) for name, held in scores.items()}})
            rest = {"target": label, "document": -1, "start": -1, "end": -1, "word": ELSEWHERE}
            rows.append({**rest, **{name: rest_score(attribution) for name, attribution, _ in methods}})
        return rows

    def _method_rows(self) -> List[Dict[str, Any]]:
        return [
            {
                "target": label,
                "method": name,
                "of": attribution.output,
                "signed": attribution.signed,
                "sum": float(np.sum(attribution.scores)),
                "convergence_delta": attribution.convergence_delta,
                "relative_delta": attribution.relative_delta,
                "token_error": attribution.token_error,
                "evaluations": attribution.evaluations,
                "seconds": seconds,
            }
            for label, methods in self.by_target()
            for name, attribution, seconds in methods
        ]

    def _agreement_rows(self) -> List[Dict[str, Any]]:
        return [
            {
                "target": label,
                "first": first,
                "second": second,
                "rank_correlation": rank_correlation(one, other),
                "of": "scores" if one.signed and other.signed else "absolute scores",
            }
            for label, methods in self.by_target()
            for (first, one, _), (second, other, _) in itertools.combinations(methods, 2)
        ]


def _names(attributions: Sequence[Attribution]) -> List[str]:
    """A name for each attribution: its method, with the options that tell it from others of the same method."""
    named = []
    for attribution in attributions:
        same = [other for other in attributions if other.method == attribution.method]
        differing = [
            key
            for key in dict.fromkeys(key for other in same for key in other.parameters)
            if len({_spelled(other.parameters.get(key)) for other in same}) > 1
        ]
        said = ", ".join(f"{key}={_spelled(attribution.parameters.get(key))}" for key in differing)
        named.append(f"{attribution.method} ({said})" if said else attribution.method)
    return told_apart(named)


def _spelled(value: Any) -> str:
    return json.dumps(value, default=str, sort_keys=True)
