"""What the model says of texts of which some parts are put out of sight.

A part, or *unit*, is a word, a token, a phrase or a sentence: tokens that are hidden together, by the baseline's vectors in
place of their own.
"""

from __future__ import annotations

from typing import Collection, Dict, FrozenSet, List, NamedTuple, Sequence, Tuple

import numpy as np
import torch

from ..records import Tokens
from ..text.granularity import Place, group_tokens
from .passes import TextBatch, Vectors

Hidden = Tuple[int, Collection[int]]
"""A text of the batch, and which of its units are hidden."""


class HiddenUnits:
    """The outputs of a batch's texts with some of their units hidden; what was asked once is known.

    A caller may ask in rounds, and choose what to hide by earlier answers. The sets of all texts that one call asks for share
    their passes, and an equal set of one text is run once. What is kept of each is its outputs.
    """

    def __init__(self, batch: TextBatch, baseline: Vectors, units: Sequence[Sequence[np.ndarray]]) -> None:
        """`baseline`, [(texts, tokens', width)], stands for what is hidden; `units` are those of each text: the places of their
        tokens, as `units_of` gives them."""
        self.units = [len(found) for found in units]
        """How many units each text has."""
        self.passes = [0] * len(units)
        """How many forward passes were made for each text."""
        self._batch = batch
        self._baseline = baseline
        self._places = [[batch.place_of[text][unit] for unit in found] for text, found in enumerate(units)]
        self._known: Dict[Tuple[int, FrozenSet[int]], np.ndarray] = {
            (text, frozenset()): values for text, values in enumerate(batch.here())
        }

    def values(self, wanted: Sequence[Hidden]) -> np.ndarray:
        """The explained output, (wanted, columns), of these texts without these units."""
        asked = [(text, frozenset(hidden)) for text, hidden in wanted]
        new = [key for key in dict.fromkeys(asked) if key not in self._known]
        for key, values in zip(new, self._run(new)):
            self._known[key] = values
            self.passes[key[0]] += 1
        return np.array([self._known[key] for key in asked]).reshape(len(asked), self._batch.columns)

    def _run(self, wanted: Sequence[Tuple[int, FrozenSet[int]]]) -> np.ndarray:
        batch = self._batch

        def at(numbers: torch.Tensor) -> Vectors:
            own = [wanted[number] for number in numbers.tolist()]
            texts = torch.tensor([text for text, _ in own], device=batch.device)
            mask = self._mask(own).to(batch.device)
            return [
                torch.where(batch.at_positions(mask, site)[:, :, None], base[texts], vectors[texts])
                for site, (base, vectors) in enumerate(zip(self._baseline, batch.vectors))
            ]

        return batch.forward([text for text, _ in wanted], at)

    def _mask(self, wanted: Sequence[Tuple[int, FrozenSet[int]]]) -> torch.Tensor:
        """(wanted, padded tokens): True where a token is hidden."""
        mask = np.zeros((len(wanted), self._batch.length), dtype=bool)
        for row, (text, hidden) in enumerate(wanted):
            for unit in hidden:
                mask[row, self._places[text][unit]] = True
        return torch.from_numpy(mask)


class WordInSight(NamedTuple):
    """A word of a text that has characters, others than white space: one that can be hidden, and named."""

    unit: int
    """Its place among the word units of the text, as `units_of` gives them without special tokens."""
    text: str
    """As the text has it."""
    place: Place
    tokens: np.ndarray
    """The places of its tokens."""


def words_in_sight(tokens: Tokens, documents: Sequence[str]) -> List[WordInSight]:
    """The words that can be hidden, in the order in which the model reads them; two may share their characters."""
    found = []
    for unit, group in enumerate(group_tokens(tokens, documents, "word", skip_special=True)):
        if group.place is not None:
            document, start, end = group.place
            if word := documents[document][start:end].strip():
                found.append(WordInSight(unit, word, group.place, group.tokens))
    return found


def units_of(batch: TextBatch, granularity: str, keep_special: bool) -> List[List[np.ndarray]]:
    """The units of each text, in reading order: the places of their tokens among the text's own.

    `granularity` is one of `text.granularity.GRANULARITIES`. With `keep_special` tokens that the tokenizer added are in no
    unit, so that hiding all units gives the baseline of `baselines.vectors`.
    """
    return [
        [group.tokens for group in group_tokens(text.tokens, text.documents, granularity, keep_special)]
        for text in batch.texts
    ]
