"""The ways of hiding words, each by itself: masked in the vectors, left out of the text, other words in their place."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from ..engine import baselines
from ..engine.explained_model import EncodedText
from ..engine.hiding import HiddenUnits, words_in_sight
from ..engine.passes import Scorer
from ..errors import Eli5TransformersError, InputError, UnsupportedModelError
from ..sites.second_paths import ReadsIdsError
from ..text.granularity import Place
from .asked import NEUTRAL
from .deletion import Deletions, members
from .rewriting import rewritten, seen_alone, writer

# Texts that are read at once.
_ROUND = 256


@dataclass
class WordsOf:
    """One text and its words, within a scorer's session."""

    scorer: Scorer
    text: EncodedText
    given: Mapping[str, Any]
    """The predictor's JSON of it."""
    draw: random.Random
    """Of its own, so that no other text matters."""
    words: List[np.ndarray] = field(init=False)
    """The places of each word's tokens, in reading order; words that stand for no characters are left out."""
    places: List[Place] = field(init=False)
    """Where each is."""
    rounding: float = 0.0
    """The relative rounding error of the model's numbers, once the text was run."""

    def __post_init__(self) -> None:
        found: Dict[Place, List[np.ndarray]] = {}
        for word in words_in_sight(self.text.tokens, self.text.documents):
            found.setdefault(word.place, []).append(word.tokens)
        self.places = sorted(found)
        self.words = [np.concatenate(found[place]) for place in self.places]

    def name(self, word: int) -> str:
        """A word as the text has it."""
        document, start, end = self.places[word]
        return self.text.documents[document][start:end]


@dataclass
class Operator:
    """The logits of a text without some of its words."""

    name: str
    replaced_by: str
    """What stands there instead."""
    deletions: Deletions
    """From sets of words to logits (sets, classes); NaN where nothing can be read."""


def operator(name: str, of: WordsOf, others: Sequence[str] = NEUTRAL) -> Operator:
    """The operator of that name for a text; `others` are the words that "replacement" draws from.

    Raises UnsupportedModelError where the text cannot be changed so.
    """
    if name == "mask":
        return _mask(of)
    if name == "removal":
        return Operator(name, "nothing", _read_again(of, dict.fromkeys(range(len(of.words)), "")))
    drawn = {word: of.draw.choice(others) for word in range(len(of.words))}
    return Operator(name, "neutral words" if others is NEUTRAL else "words of other texts", _read_again(of, drawn))


def _mask(of: WordsOf) -> Operator:
    """The default baseline's vectors, as occlusion has them, in the place of the words'."""
    (batch,) = of.scorer.over([of.text], lambda batch: [batch])
    of.rounding = batch.rounding
    try:
        batch.require_unread()
    except ReadsIdsError as error:
        raise UnsupportedModelError(str(error)) from error
    chosen = baselines.choose(None, batch)
    hidden = HiddenUnits(batch, baselines.vectors(chosen, batch, True), [of.words])
    return Operator(
        "mask",
        chosen.name,
        Deletions(len(of.words), lambda sets: hidden.values([(0, members(one, len(of.words))) for one in sets])),
    )


def _read_again(of: WordsOf, instead: Mapping[int, str]) -> Deletions:
    """The text with other words in the place of those of a set, read as any other text."""
    documents, lost = seen_alone(of.text.documents, of.text.tokens)
    places = [(document, start - lost[document], end - lost[document]) for document, start, end in of.places]
    write = writer(of.given, of.text.documents)
    if write is None:
        raise UnsupportedModelError("the predictor's JSON does not hold the text as it is read, so no other can be put there")
    if any(stop > start for (one, _, stop), (two, start, _) in zip(places, places[1:]) if one == two):
        raise UnsupportedModelError("words of the text share characters, so that none can be left out without another")

    def values(sets: List[int]) -> np.ndarray:
        texts = [
            rewritten(documents, places, {word: instead[word] for word in members(one, len(places))}) for one in sets
        ]
        return _logits(of.scorer, [_encoded(of.scorer, write(text)) for text in texts])

    return Deletions(len(of.words), values)


def _encoded(scorer: Scorer, given: Mapping[str, Any]) -> Optional[EncodedText]:
    try:
        return scorer.explained.encode(given)
    except InputError:  # nothing is left of it, or of one of a pair
        return None


def _logits(scorer: Scorer, texts: Sequence[Optional[EncodedText]]) -> np.ndarray:
    """Logits (texts, classes), with NaN for those that are none."""
    found = np.full((len(texts), len(scorer.explained.classes.names)), np.nan)
    readable: List[Tuple[int, EncodedText]] = [(place, text) for place, text in enumerate(texts) if text is not None]
    for start in range(0, len(readable), _ROUND):
        some = readable[start : start + _ROUND]
        found[[place for place, _ in some]] = _run(scorer, [text for _, text in some])
    return found


def _run(scorer: Scorer, texts: Sequence[EncodedText]) -> np.ndarray:
    """Logits (texts, classes); NaN for those that the model cannot run, such as one shorter than its convolution."""
    try:
        return np.array(scorer.over(texts, lambda batch: list(batch.logits)))
    except Eli5TransformersError:
        if len(texts) == 1:
            return np.full((1, len(scorer.explained.classes.names)), np.nan)
    return np.concatenate([_run(scorer, [text]) for text in texts])
