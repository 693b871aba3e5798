"""How faithful several methods are, over several texts: tables, tests, deletion curves; never one number."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple, Union

from ..arguments import one_of, real_number
from ..errors import InputError, MissingDependencyError
from ..faithfulness.intervals import Estimate
from ..faithfulness.results import (
    MEASURES,
    RANDOM,
    SHARES,
    WHOLE,
    Difference,
    MethodRow,
    OrderRow,
    curves,
    diagnosticity,
    differences,
    estimates,
    no_better_than_random,
)
from .tables import data_frame

TABLES = ("measures", "methods", "differences", "texts")
LEVEL = 0.05
"""Two methods are told apart where the adjusted p value of their difference is below this."""


class Best(NamedTuple):
    """The method that does best by one operator and measure."""

    operator: str
    measure: str
    method: str
    alike: Tuple[str, ...]
    """Other methods within the budget that the texts do not tell from it."""


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """What `evaluate_faithfulness` found. A notebook shows its tables; `text`, `html` and `save_page` give them elsewhere."""

    rows: Tuple[OrderRow, ...]
    """One for each text, target, method, operator and measure."""
    methods: Tuple[MethodRow, ...]
    """What each method costs."""
    shuffled: Mapping[Tuple[str, str], Tuple[float, ...]]
    """By operator and measure: the normalised measure of random orders, of all texts."""
    replaced_by: Mapping[str, str]
    """What each operator puts in the place of words."""
    passes: int
    """Forward passes of all measures together, without the methods' own."""
    texts: int
    """How many texts were given."""
    notes: Tuple[str, ...] = ()
    """What was left out, and why."""
    names: Tuple[str, ...] = ()
    """What each text is called; empty where it is by its place, from 0."""

    @property
    def operators(self) -> Tuple[str, ...]:
        """The ways of hiding words, in the order asked for."""
        return tuple(self.replaced_by)

    def measures(self) -> List[Dict[str, Any]]:
        """A row for each operator, measure and method, and one for random orders: means over texts with 95 % intervals.

        "normalised" is 0 for the worst order of a text's words and 1 for the best; "wins" is the share of random sets of
        words, as many, that lose (or keep) less. Texts of which no order makes a difference are left out.
        """
        normalised, wins = (estimates(self.rows, field) for field in ("normalised", "wins"))
        chance = estimates(self.rows, "random")
        flattered = {row.method: row.flattered_by for row in self.methods}
        found: List[Dict[str, Any]] = []
        for operator in self.operators:
            for measure in MEASURES:
                own = [key for key in normalised if key[:2] == (operator, measure)]
                for key in sorted(own, key=lambda key: -normalised[key][0].value):
                    found.append(_measure_row(key, normalised[key], wins[key][0], operator in flattered[key[2]]))
                if own:
                    most = max(own, key=lambda key: chance[key][1])
                    even = Estimate(0.5, 0.5, 0.5)
                    found.append(_measure_row((operator, measure, RANDOM), chance[most], even, False))
        return found

    def differences(self) -> Tuple[Difference, ...]:
        """Every two methods on the texts that both explained: the mean difference, and a randomization test over texts."""
        return tuple(differences(self.rows))

    def diagnosticity(self) -> Dict[Tuple[str, str], float]:
        """How well each operator and measure tells the methods' scores from shuffled ones: the area under the ROC curve.

        0.5 tells nothing. What is low here says little about any method.
        """
        return diagnosticity(self.rows, self.shuffled)

    def no_better_than_random(self) -> List[int]:
        """The places of texts for which no method does better than the mean of random orders, by any operator and measure.

        Texts of which no order makes a difference are not among them; a note names these.
        """
        return no_better_than_random(self.rows)

    def best(self, passes: Optional[float] = None) -> Tuple[Best, ...]:
        """For each operator and measure the method with the highest mean among those of at most so many passes a text.

        Methods that the texts do not tell from it (adjusted p of 0.05 or more) are named with it. A method whose passes are
        not known is left out where `passes` is given. Raises InputError where none is left.
        """
        budget = float("inf") if passes is None else real_number(passes, "passes", "a number of passes")
        allowed = {row.method for row in self.methods if passes is None or (row.passes is not None and row.passes <= budget)}
        if not allowed:
            raise InputError(f"no method takes {passes:g} passes or less: the cheapest is {self._cheapest()}")
        tested = {(d.operator, d.measure, frozenset((d.first, d.second))): d.adjusted for d in self.differences()}
        found: Dict[Tuple[str, str], List[str]] = {}
        for row in self.measures():
            if row["method"] in allowed:
                found.setdefault((row["operator"], row["measure"]), []).append(row["method"])
        return tuple(
            Best(*key, first, tuple(o for o in rest if tested.get((*key, frozenset((first, o))), 1.0) >= LEVEL))
            for key, (first, *rest) in found.items()
        )

    def _cheapest(self) -> str:
        known = [row for row in self.methods if row.passes is not None]
        if not known:
            return "not known"
        least = min(known, key=lambda row: row.passes or 0.0)
        return f"{least.method} with {least.passes:g}"

    def to_dataframe(self, table: str = "measures") -> Any:
        """A pandas DataFrame: "measures" and "differences" as the methods of these names have them, "methods" with the
        passes and seconds of each, "texts" with a row for each text, method, operator and measure.

        Raises MissingDependencyError without pandas, InputError for another table.
        """
        return data_frame(self.table(table))

    def table(self, table: str) -> List[Dict[str, Any]]:
        """The rows of one of the tables as dicts. Raises InputError for another table."""
        one_of(table, "table", TABLES)
        if table == "measures":
            return self.measures()
        if table == "differences":
            return [_flat(vars(row)) for row in self.differences()]
        return [dict(vars(row)) for row in (self.methods if table == "methods" else self.rows)]

    def plot(self, measure: str = "comprehensiveness", axes: Any = None) -> Any:
        """Draw the mean deletion curves, one picture for each operator, with matplotlib; returns the Axes.

        What is measured, such as the probability, by the share of the words that are hidden (or alone are left, for
        "sufficiency"). Raises MissingDependencyError without matplotlib, InputError for another measure.
        """
        one_of(measure, "measure", MEASURES)
        try:
            from matplotlib import pyplot
        except ImportError:
            raise MissingDependencyError("a picture needs matplotlib: pip install 'eli5_transformers[plot]'") from None
        drawn = {key[0]: found for key, found in curves(self.rows).items() if key[1] == measure}
        if axes is None:
            count = max(1, len(drawn))
            _, grid = pyplot.subplots(1, count, figsize=(4.2 * count, 3.4), sharey=True, squeeze=False)
            axes = grid[0]
        for ax, (operator, found) in zip(axes, drawn.items()):
            for name, values in found.items():
                style = {RANDOM: "--", WHOLE: ":"}.get(name, "-")
                ax.plot([100 * share for share in SHARES], values, style, marker="" if style != "-" else ".", label=name)
            ax.set_title(operator, loc="left")
            ax.set_xlabel("% of the words hidden" if measure == "comprehensiveness" else "% of the words left")
        if drawn:
            axes[0].set_ylabel("what is measured, mean over texts")
            axes[0].legend(fontsize="small")
        return axes

    def text(self) -> str:
        """The tables as plain text."""
        from .faithfulness_page import as_text

        return as_text(self)

    def html(self, title: Optional[str] = None) -> str:
        """One HTML page with the tables and the deletion curves. It runs and loads nothing."""
        from .faithfulness_page import faithfulness_page

        return faithfulness_page(self, title)

    def save_page(self, path: Union[str, os.PathLike[str]], title: Optional[str] = None) -> None:
        """Write `html` to a file."""
        Path(path).write_text(self.html(title), encoding="utf-8")

    def _repr_html_(self) -> str:
        from .faithfulness_page import fragment

        return fragment(self)

    def __repr__(self) -> str:
        names = ", ".join(row.method for row in self.methods)
        return f"<Faithfulness of {names} on {self.texts} texts by {', '.join(self.operators)}>"


def _measure_row(
    key: Tuple[str, str, str], normalised: Tuple[Estimate, int], wins: Estimate, flattered: bool
) -> Dict[str, Any]:
    (value, low, high), texts = normalised
    operator, measure, method = key
    return {
        "operator": operator,
        "measure": measure,
        "method": method,
        "normalised": value,
        "low": low,
        "high": high,
        "wins": wins.value,
        "wins_low": wins.low,
        "wins_high": wins.high,
        "texts": texts,
        "flattered": flattered,
    }


def _flat(row: Mapping[str, Any]) -> Dict[str, Any]:
    """A row with an estimate as three columns."""
    made: Dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Estimate):
            made.update({name: value.value, "low": value.low, "high": value.high})
        else:
            made[name] = value
    return made
