"""Attributions with what was measured beside their scores."""

from __future__ import annotations

import random
from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property
from math import floor, log10
from typing import Any, Callable, Dict, List, Mapping, Sequence, Set, Union

import numpy as np

from ..components.explained_predictors import explained_model
from ..engine.explained_model import EncodedText
from ..engine.passes import Scorer
from ..errors import Eli5TransformersError
from ..records import Attribution, FailedText, HiddenWord, OperatorTrust, Trust
from ..text.granularity import placed_scores
from .asked import Asked
from .check import checked
from .deletion import MEASURES, Deletions
from .measured import Measured, measured
from .operators import Operator, WordsOf, operator
from .orders import order_measures, order_of
from .stability import JITTER, stability
from .ties import largest_first, tied

FEW_WORDS = "less than two words, of which no order is better than another"
Explain = Callable[[], List[List[Attribution]]]


def with_trust(
    predictor: Any,
    inputs: Sequence[Union[Mapping[str, Any], FailedText]],
    found: List[List[Attribution]],
    explain: Explain,
    wanted: Asked,
) -> List[List[Attribution]]:
    """The attributions `found` of the inputs, each with its trust; `explain` finds the same again.

    A text of which nothing can be measured keeps its attributions, with a note that says why.
    """
    explained = explained_model(predictor)
    scorer = Scorer(explained, progress=False)
    results = list(found)
    coarsest = 0.0
    try:
        with scorer.session() if any(found) else nullcontext():
            for place, given in enumerate(inputs):
                if isinstance(given, FailedText) or not found[place]:
                    continue
                try:
                    one = OneText(scorer, explained.encode(given), given, wanted)
                    results[place] = [replace(each, trust=one.trust(each)) for each in found[place]]
                    coarsest = max(coarsest, one.rounding)
                except Eli5TransformersError as error:
                    results[place] = _unmeasured(found[place], error)
    except Eli5TransformersError as error:  # a model that only AllenNLP's own methods explain
        return [_unmeasured(of_text, error) if of_text else of_text for of_text in found]
    return stability(results, explain, JITTER * coarsest) if wanted.stability and coarsest else results


def _unmeasured(attributions: List[Attribution], error: Exception) -> List[Attribution]:
    note = f"How far to trust this could not be measured: {error}"
    return [replace(one, notes=(*one.notes, note)) for one in attributions]


class OneText:
    """What is measured of one text, for any number of attributions: the model sees it without a set of words once."""

    def __init__(self, scorer: Scorer, text: EncodedText, given: Mapping[str, Any], wanted: Asked) -> None:
        self.wanted, self._text = wanted, text
        self._classes = scorer.explained.classes
        self._of = WordsOf(scorer, text, given, self._draw())
        self.operators: Dict[str, Operator] = {"mask": operator("mask", self._of)}
        """Those that there are; "mask" always is."""
        self.reasons: Dict[str, str] = {}
        """Why there are no others."""
        if wanted.operators and len(self._of.words) < 2:
            self.reasons = dict.fromkeys(wanted.operators, FEW_WORDS)
            return
        for name in wanted.operators:
            try:
                self.operators.setdefault(name, operator(name, self._of, wanted.replacements))
            except Eli5TransformersError as error:
                self.reasons[name] = str(error)

    def _draw(self) -> random.Random:
        """Of the text's own: neither other texts nor other targets change what is drawn."""
        return random.Random(f"{self.wanted.seed} {self._text.documents!r}")

    @property
    def rounding(self) -> float:
        """The relative rounding error of the model's numbers."""
        return self._of.rounding

    def words(self, attribution: Attribution) -> List[HiddenWord]:
        """The words in reading order with their scores; what is measured without each is not known yet."""
        scores = placed_scores(attribution)
        return [
            HiddenWord(self._of.name(word), place, scores.get(place, 0.0), float("nan"))
            for word, place in enumerate(self._of.places)
        ]

    def trust(self, attribution: Attribution) -> Trust:
        """What was measured for one attribution of the text."""
        wanted, words, what = self.wanted, self.words(attribution), measured(self._classes, attribution)
        value = Value(self.operators["mask"].deletions, what)
        sizes = tied([abs(word.score) for word in words])
        strongest = [word for word in largest_first(sizes)[: wanted.words] if sizes[word]]
        alone = value([0, *(1 << word for word in strongest)])
        passes = value.passes
        check = checked(
            value,
            words,
            supporting(words, attribution, what),
            signed=attribution.signed,
            span=what.span,
            count=wanted.draws,
            draw=self._draw(),
        )
        if check is not None:
            check = replace(check, passes=value.passes - passes)
        return Trust(
            measured=what.name,
            replaced_by=self.operators["mask"].replaced_by,
            before=float(alone[0]),
            hidden=tuple(replace(words[word], after=float(after)) for word, after in zip(strongest, alone[1:])),
            passes=passes,
            check=check,
            operators=tuple(
                self.by_operator(self.operators[name], attribution, words, what)
                for name in wanted.operators
                if name not in self.reasons
            ),
            notes=tuple(
                f"Comprehensiveness and sufficiency by {name} were left out: {reason}."
                for name, reason in self.reasons.items()
            ),
        )

    def by_operator(
        self, used: Operator, attribution: Attribution, words: Sequence[HiddenWord], what: Measured
    ) -> OperatorTrust:
        """Comprehensiveness and sufficiency of the order of the words' scores."""
        value, drawn = Value(used.deletions, what), self.drawn()
        order = order_of(supporting(words, attribution, what), attribution.signed)
        found = {
            name: order_measures(worth(value, len(words)), {"own": order}, drawn, value.scale).orders.get("own")
            for name, worth in MEASURES.items()
        }
        return OperatorTrust(
            operator=used.name,
            replaced_by=used.replaced_by,
            flatters=attribution.baseline == used.replaced_by,
            comprehensiveness=found["comprehensiveness"],
            sufficiency=found["sufficiency"],
            draws=len(drawn),
            passes=value.passes,
        )

    def drawn(self) -> List[List[int]]:
        """Random orders of the words."""
        draw, words = self._draw(), len(self._of.words)
        return [draw.sample(range(words), words) for _ in range(self.wanted.orders)]


def supporting(words: Sequence[HiddenWord], attribution: Attribution, what: Measured) -> np.ndarray:
    """The words' scores, (words,), positive where they raise what is measured: what raises a loss lowers a probability."""
    turned = attribution.signed and (attribution.output == "loss") != what.falls
    return np.array([-word.score if turned else word.score for word in words])


_DIGITS = 6
_MOST_DECIMALS = 200


class Value:
    """What is measured of a text without each of some sets of words, (sets,), and how many passes that takes.

    Numbers are rounded to the sixth digit of their range: kernels round differently for other numbers of rows.
    """

    def __init__(self, deletions: Deletions, what: Measured) -> None:
        self._deletions, self._what = deletions, what
        self._asked: Set[int] = set()

    def __call__(self, sets: Sequence[int]) -> np.ndarray:
        return np.round(self._of(sets), self._decimals) if len(sets) else np.zeros(0)

    def _of(self, sets: Sequence[int]) -> np.ndarray:
        self._asked.update(sets)
        return self._what.of(self._deletions(sets))

    @cached_property
    def scale(self) -> float:
        """The range of what is measured; where it has no ends, that of the whole text, all hidden, and each word alone."""
        if self._what.span is not None:
            return self._what.span
        words = len(self._deletions)
        found = self._of([0, (1 << words) - 1, *(1 << word for word in range(words))])
        return float(np.ptp(found[np.isfinite(found)]))

    @cached_property
    def _decimals(self) -> int:
        return min(_MOST_DECIMALS, _DIGITS - floor(log10(self.scale))) if self.scale > 0 else _MOST_DECIMALS

    @property
    def passes(self) -> int:
        """How many sets were asked for, the whole text counted in; what other targets share is counted, too."""
        return len(self._asked)
