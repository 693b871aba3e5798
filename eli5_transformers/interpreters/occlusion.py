"""Occlusion: what the output loses when a word is put out of sight."""

from typing import Any, Dict, List, Sequence

import numpy as np
from allennlp.interpret.saliency_interpreters import SaliencyInterpreter
from allennlp.predictors import Predictor

from ..arguments import whole_number
from ..compat.registering import registered
from ..engine.explained_model import EncodedText
from ..engine.hiding import HiddenUnits, units_of
from ..engine.pairs import PairLosses, without_pairs
from ..engine.passes import TextBatch
from ..engine.targets import Asked
from ..records import Attribution
from ..text.granularity import require_granularity
from .comparing import ComparingInterpreter


@registered(SaliencyInterpreter, "occlusion")
class Occlusion(ComparingInterpreter):
    """The output of the text minus the output with a word (or window of words) replaced (Zeiler and Fergus 2014).

    A word's tokens share its score equally, so that their sum is the word's. In windows of several words each word gets
    the mean, over the windows that hold it, of an equal share. The scores need not sum to the output's difference.
    Tokens, phrases or sentences may stand for words.

    Parameters
    ----------
    unit
        "word", "token", "phrase" or "sentence": what is put out of sight as a whole.
    window
        How many neighbouring units at a time, moved on by one.

    What a word is replaced with is the baseline.
    """

    def __init__(self, predictor: Predictor, unit: str = "word", window: int = 1, **kwargs) -> None:
        super().__init__(predictor, **kwargs)
        self.unit = require_granularity(unit, "unit")
        self.window = whole_number(window, "window", what="a number of words")

    def attributions(self, batch: TextBatch, targets: Sequence[Sequence[int]]) -> List[List[Attribution]]:
        """One forward pass a window, for all classes."""
        compared = self.compared(batch)
        here = batch.here()
        groups = units_of(batch, self.unit, self.keep_special)
        windows = [self._windows(len(found)) for found in groups]
        hidden = HiddenUnits(batch, compared.vectors, groups)
        values = hidden.values([(text, window) for text, found in enumerate(windows) for window in found])
        results: List[List[Attribution]] = []
        start = 0
        for text, wanted in enumerate(targets):
            lost = here[text][None, :] - values[start : start + len(windows[text])]
            start += len(windows[text])
            results.append([])
            for target in wanted:
                scores = self._scores(len(batch.texts[text]), groups[text], windows[text], lost[:, target])
                results[-1].append(
                    self.attribution(
                        batch,
                        text,
                        target,
                        scores,
                        baseline=compared.name,
                        baseline_score=float(compared.scores[text, target]),
                        evaluations=len(windows[text]),
                    )
                )
        return results

    def pairs(
        self,
        texts: Sequence[EncodedText],
        asked: Sequence[Sequence[Asked]],
        chosen: Sequence[Sequence[Sequence[int]]],
    ) -> List[List[PairLosses]]:
        """What each of `asked[text]` loses without each two of the units `chosen[text]` has for it, whatever the window.

        A batch of texts shares its passes, and what is asked of a text those that they have in common.
        """

        def measure(batch: TextBatch, _: Any) -> List[List[PairLosses]]:
            columns = batch.ask([asked[place] for place in batch.index])
            compared = self.compared(batch)
            hidden = HiddenUnits(batch, compared.vectors, units_of(batch, self.unit, self.keep_special))
            wanted = [(text, units) for text, place in enumerate(batch.index) for units in chosen[place]]
            found, here = iter(without_pairs(hidden, wanted)), batch.here()
            return [
                [
                    PairLosses(
                        float(here[text, column]),
                        float(compared.scores[text, column]),
                        here[text, column] - next(found)[:, :, column],
                        compared.name,
                        hidden.passes[text],
                    )
                    for column in of_text
                ]
                for text, of_text in enumerate(columns)
            ]

        return self.measured(texts, None, measure)

    def _windows(self, units: int) -> List[range]:
        size = min(self.window, units)
        return [range(start, start + size) for start in range(units - size + 1)] if units else []

    @staticmethod
    def _scores(length: int, groups: Sequence[np.ndarray], windows: Sequence[range], lost: np.ndarray) -> np.ndarray:
        shares: Dict[int, List[float]] = {}
        for window, loss in zip(windows, lost):
            for unit in window:
                shares.setdefault(unit, []).append(float(loss) / len(window))
        scores = np.zeros(length)
        for unit, found in shares.items():
            scores[groups[unit]] = np.mean(found) / len(groups[unit])
        return scores
