"""Tokens to words: which tokens belong together, and an attribution of words from one of tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import Dict, List, Tuple

import numpy as np

from ..records import Attribution, Tokens

UNITS = ("word", "token")


def units(tokens: Tokens, unit: str = "word", skip_special: bool = False) -> List[np.ndarray]:
    """The places of each word's tokens, or of each token alone, in reading order.

    `unit` is one of `UNITS`. A token that belongs to no word is a unit of its own; `skip_special` leaves those out that
    the tokenizer added.
    """
    groups: Dict[Tuple[int, int], List[int]] = {}
    for place in range(len(tokens)):
        if tokens.special[place] and skip_special:
            continue
        word = tokens.word[place]
        # A token without a word is a group of its own; negative keys cannot meet a word's.
        key = (tokens.segment[place], word if unit == "word" and word >= 0 else -1 - place)
        groups.setdefault(key, []).append(place)
    return [np.array(places) for places in groups.values()]


def by_word(attribution: Attribution) -> Attribution:
    """The same attribution with an entry a word: the sum of its tokens' scores, so that the total stays.

    A word is spelled as its document spells it; tokens that belong to no word stay as they are.
    """
    tokens, scores = attribution.tokens, np.asarray(attribution.scores, dtype=float)
    groups = units(tokens)
    spans = []
    for places in groups:
        placed = [(tokens.start[i], tokens.end[i]) for i in places if 0 <= tokens.start[i] < tokens.end[i]]
        spans.append((min(start for start, _ in placed), max(end for _, end in placed)) if placed else (-1, -1))
    firsts = [int(places[0]) for places in groups]
    spelled = [
        attribution.documents[tokens.segment[first]][start:end] if tokens.word[first] >= 0 and start >= 0 else ""
        for first, (start, end) in zip(firsts, spans)
    ]
    summed = Tokens(
        text=tuple(word or "".join(tokens.text[i] for i in places) for word, places in zip(spelled, groups)),
        start=tuple(start for start, _ in spans),
        end=tuple(end for _, end in spans),
        word=tuple(tokens.word[first] for first in firsts),
        segment=tuple(tokens.segment[first] for first in firsts),
        special=tuple(tokens.special[first] for first in firsts),
        cut=tokens.cut,
        seen=tokens.seen,
    )
    return replace(attribution, tokens=summed, scores=np.array([scores[places].sum() for places in groups]))
