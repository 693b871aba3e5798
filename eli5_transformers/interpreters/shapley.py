"""Shapley values with stated errors, by forward passes alone."""

from typing import Any, List, Optional, Sequence

import numpy as np
from allennlp.interpret.saliency_interpreters import SaliencyInterpreter
from allennlp.predictors import Predictor

from ..arguments import whole_number
from ..compat.registering import registered
from ..engine.hiding import Hidden, HiddenUnits, units_of
from ..engine.passes import TextBatch
from ..engine.shapley import Estimate, Game
from ..records import Attribution
from ..text.granularity import require_granularity
from .comparing import Compared, ComparingInterpreter
from .tolerances import not_met, require_tolerance

# What is kept of the passes grows with their square.
_MOST_PASSES = 10_000


@registered(SaliencyInterpreter, "shapley")
class Shapley(ComparingInterpreter):
    """What a word adds to the output, on average over all orders in which the words may be uncovered (Shapley 1953).

    The scores sum to the output's difference between text and baseline, and every one has a standard error. What two words
    do together is shared equally between them. Where few enough words make it possible, all sets of words are run and the
    values are exact; else sets are drawn in pairs of a set and its complement, by leverage scores (Musco and Witter 2025), and
    a Gaussian process over sets fills in the others. Of the text itself and the baseline no more passes are made. A word's
    tokens share its score equally, so that their sum is the word's. No gradients are needed.

    Parameters
    ----------
    unit
        "word", "token", "phrase" or "sentence": what is uncovered as a whole.
    tolerance
        The error of a token that is aimed at, as a share of the sum of all scores' sizes. Sets are drawn until the stated
        error, three times the largest standard error, is below it. It is a forecast: `python -m benchmarks shapley` counts how
        often it holds.
    max_evaluations
        The most forward passes for one text; the result says so when they do not suffice.
    budget
        Instead of the tolerance a fixed number of forward passes for each text. From about eight a word on, the stated errors
        are what they are called; outputs that jump at a number of words need sixteen. Fewer tell little, of the errors too.
    seed
        The same seed gives the same scores. Every text of as many words gets the same sets, so that its scores do not
        depend on the texts that are explained with it.
    """

    def __init__(
        self,
        predictor: Predictor,
        unit: str = "word",
        tolerance: float = 0.02,
        max_evaluations: int = 2000,
        budget: Optional[int] = None,
        seed: int = 0,
        **kwargs,
    ) -> None:
        super().__init__(predictor, **kwargs)
        self.unit = require_granularity(unit, "unit")
        self.tolerance = require_tolerance(tolerance)
        self.max_evaluations = _passes(max_evaluations, "max_evaluations")
        self.budget = None if budget is None else _passes(budget, "budget")
        self.seed = whole_number(seed, "seed", least=0, most=None)

    def attributions(self, batch: TextBatch, targets: Sequence[Sequence[int]]) -> List[List[Attribution]]:
        """The sets of all texts are run together, round by round; all targets of a text share them."""
        compared = self.compared(batch)
        units = units_of(batch, self.unit, self.keep_special)
        games = self._played(batch, targets, compared, units)
        results: List[List[Attribution]] = []
        for text, wanted in enumerate(targets):
            results.append([])
            for target, found in zip(wanted, games[text].estimates):
                assert found is not None
                results[-1].append(
                    self.attribution(
                        batch,
                        text,
                        target,
                        _shared(len(batch.texts[text]), units[text], found.scores),
                        baseline=compared.name,
                        baseline_score=float(compared.scores[text, target]),
                        token_error=found.error,
                        standard_errors=_shared(len(batch.texts[text]), units[text], found.standard_errors),
                        evaluations=found.passes,
                        notes=self._notes(found),
                    )
                )
        return results

    def _played(
        self, batch: TextBatch, targets: Sequence[Sequence[int]], compared: Compared, units: List[List[np.ndarray]]
    ) -> List[Game]:
        hidden, moved = HiddenUnits(batch, compared.vectors, units), batch.here() - compared.scores
        games = [
            Game(
                moved[text, list(wanted)],
                hidden.units[text],
                tolerance=self.tolerance if self.budget is None else None,
                passes=self.budget or self.max_evaluations,
                seed=self.seed,
            )
            for text, wanted in enumerate(targets)
        ]
        while True:
            playing = [text for text, game in enumerate(games) if len(game.open)]
            if not playing:
                return games
            values = hidden.values([one for text in playing for one in _hidden(text, games[text].open)])
            gains, start = values[::2] - values[1::2], 0
            for text in playing:
                end = start + len(games[text].open)
                games[text].add(gains[start:end, list(targets[text])])
                start = end

    def _notes(self, found: Estimate) -> List[str]:
        if self.budget is not None or found.error <= self.tolerance:
            return []
        missed = not_met(found.error, self.tolerance)
        return [f"{missed}; max_evaluations={self.max_evaluations} allows no more forward passes."]


def _passes(given: Any, name: str) -> int:
    return whole_number(given, name, 2, "a number of forward passes", _MOST_PASSES)


def _hidden(text: int, pairs: np.ndarray) -> List[Hidden]:
    """What is hidden in each coalition and behind it in its complement."""
    return [(text, np.flatnonzero(row == sign).tolist()) for row in pairs for sign in (-1, 1)]


def _shared(length: int, units: Sequence[np.ndarray], values: np.ndarray) -> np.ndarray:
    """(tokens,): each unit's value, in equal shares of its tokens."""
    shares = np.zeros(length)
    for tokens, value in zip(units, values):
        shares[tokens] = value / len(tokens)
    return shares
