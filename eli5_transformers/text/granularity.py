"""Tokens to what is shown of them: the words, tokens, phrases or sentences of a text, and the scores of each."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import replace
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..arguments import one_of
from ..records import Attribution, Tokens
from .alignment import is_spelled
from .spelling import is_unknown, readable, space_name, white_space
from .words import phrase_starts, sentence_starts

GRANULARITIES = ("word", "token", "phrase", "sentence")
_STARTS = {"phrase": phrase_starts, "sentence": sentence_starts}
# A sentence names so many tokens.
_NAMED = 5
Place = Tuple[int, int, int]
"""Document, start and end of characters."""


class Group(NamedTuple):
    """A word, token, phrase or sentence: tokens that are shown as one."""

    name: str
    """As the document spells it; a token as the vocabulary does, where that shows what it stands for. What shows nothing has
    a name of its own: "↵", "(space)"."""
    tokens: np.ndarray
    """The places of its tokens among all tokens, in their order."""
    place: Optional[Place]
    """From the first to the last of its characters; None where it stands for none."""
    special: bool
    """True for a token that the tokenizer added."""


def require_granularity(given: str, option: str = "granularity") -> str:
    """`given`. Raises InputError, which names the option, where it is none of `GRANULARITIES`."""
    return one_of(given, option, GRANULARITIES)


def group_tokens(
    tokens: Tokens, documents: Sequence[str], granularity: str = "word", skip_special: bool = False
) -> List[Group]:
    """The words, tokens, phrases or sentences in the order in which the model reads them.

    Every token belongs to one group: one that is special, or of no word or sentence, is a group of its own, and
    `skip_special` leaves the special ones out. A phrase or sentence holds the tokens that begin in it. Tokens of no word that
    share their characters, such as the bytes of a wide space, are one as a word is.
    """
    members: Dict[Tuple[int, int], List[int]] = {}
    for at, unit in enumerate(_units(tokens, documents, require_granularity(granularity))):
        if not (skip_special and tokens.special[at]):
            members.setdefault((tokens.segment[at], unit), []).append(at)
    made = []
    for (document, _), inside in members.items():
        placed = [(tokens.start[i], tokens.end[i]) for i in inside if 0 <= tokens.start[i] < tokens.end[i]]
        place = (document, min(placed)[0], max(end for _, end in placed)) if placed else None
        if place is not None and granularity in _STARTS:  # the tokenizer may not know the white space behind it
            place = _trimmed(documents, place)
        name = "".join(tokens.text[i] for i in inside)
        if place is not None:
            shown = documents[document][place[1] : place[2]]
            spelled = granularity == "token" and (is_unknown(name) or is_spelled(name, shown))
            name = name if spelled else place_name(documents, place)
        elif not tokens.special[inside[0]]:
            name = readable(name, documents[document])
        made.append(Group(name, np.array(inside), place, tokens.special[inside[0]]))
    return made


def place_name(documents: Sequence[str], place: Place) -> str:
    """The characters of a place, or a name for them where they are white space."""
    shown = documents[place[0]][place[1] : place[2]]
    return shown if shown.strip() else space_name(shown)


def _trimmed(documents: Sequence[str], place: Place) -> Place:
    """The place without white space at its ends, where anything else is in it."""
    shown = documents[place[0]][place[1] : place[2]]
    if not shown.strip():
        return place
    return place[0], place[2] - len(shown.lstrip()), place[1] + len(shown.rstrip())


def unplaced(tokens: Tokens, documents: Sequence[str]) -> List[str]:
    """A sentence for each document of whose tokens some have no place, white space left out."""
    told = []
    for index in range(len(documents)):
        own = [at for at, segment in enumerate(tokens.segment) if segment == index and not tokens.special[at]]
        lost = [at for at in own if tokens.start[at] < 0 and white_space(tokens.text[at]) is None]
        if lost:
            which = f"text {index + 1}" if len(documents) > 1 else "the text"
            told.append(
                f"The place of {len(lost)} of {len(own)} tokens in {which} is not known "
                f"({named(tokens.text[at] for at in lost)}): "
                "they are rows of their own, by the vocabulary's spelling, and nothing is painted for them."
            )
    return told


def named(names: Iterable[str]) -> str:
    """The first few of the names, as a sentence has them."""
    distinct = list(dict.fromkeys(names))
    return ", ".join(map(repr, distinct[:_NAMED])) + (" and others" if len(distinct) > _NAMED else "")


def _units(tokens: Tokens, documents: Sequence[str], granularity: str) -> List[int]:
    """For each token the number of its word, phrase or sentence within its document; a negative one where it is in none."""
    if granularity in _STARTS:
        starts = [_STARTS[granularity](document) for document in documents]
        found = [bisect_right(starts[where], at) if at >= 0 else -1 for where, at in zip(tokens.segment, tokens.start)]
    else:
        found = [-1] * len(tokens) if granularity == "token" else list(tokens.word)
    firsts: Dict[Tuple[int, int, int], int] = {}
    units = []
    for at, unit in enumerate(found):
        if unit < 0 or tokens.special[at]:
            place = (tokens.segment[at], tokens.start[at], tokens.end[at])
            unit = -1 - (firsts.setdefault(place, at) if granularity == "word" and tokens.start[at] >= 0 else at)
        units.append(unit)
    return units


def by(attribution: Attribution, granularity: str) -> Attribution:
    """The same attribution with an entry for each word, token, phrase or sentence: the sum of its tokens' scores.

    The total stays. An entry is named and placed as `group_tokens` does, and its word is that of its first token.
    """
    tokens, scores = attribution.tokens, np.asarray(attribution.scores, dtype=float)
    found = group_tokens(tokens, attribution.documents, granularity)
    places = [group.place or (0, -1, -1) for group in found]
    firsts = [int(group.tokens[0]) for group in found]
    summed = Tokens(
        text=tuple(group.name for group in found),
        start=tuple(start for _, start, _ in places),
        end=tuple(end for _, _, end in places),
        word=tuple(tokens.word[first] for first in firsts),
        segment=tuple(tokens.segment[first] for first in firsts),
        special=tuple(group.special for group in found),
        cut=tokens.cut,
        seen=tokens.seen,
    )
    errors = attribution.standard_errors
    return replace(
        attribution,
        tokens=summed,
        scores=np.array([scores[group.tokens].sum() for group in found]),
        standard_errors=None if errors is None else np.array([errors[group.tokens].sum() for group in found]),
    )


def by_word(attribution: Attribution) -> Attribution:
    """The same attribution with an entry a word; see `by`."""
    return by(attribution, "word")


def placed_scores(attribution: Attribution, granularity: str = "word") -> Dict[Place, float]:
    """The score of each word, token, phrase or sentence that has characters, by its place, without special tokens."""
    scores = np.asarray(attribution.scores, dtype=float)
    sums: Dict[Place, float] = {}
    for group in group_tokens(attribution.tokens, attribution.documents, granularity, skip_special=True):
        if group.place is not None:
            # Tokens may share characters: the pieces of a rare letter, say.
            sums[group.place] = sums.get(group.place, 0.0) + float(scores[group.tokens].sum())
    return sums


def rest_score(attribution: Attribution) -> float:
    """What the scores of the words leave of the sum of all scores: special tokens, and any without a place."""
    return float(np.sum(attribution.scores)) - sum(placed_scores(attribution).values())


def places(scores: Iterable[Mapping[Place, float]]) -> List[Place]:
    """All places of several methods' scores in reading order, each once."""
    return sorted({place for held in scores for place in held})


def told_apart(names: Sequence[str]) -> List[str]:
    """Names of which none occurs twice: the second "job" is "job [2]"."""
    total, seen = Counter(names), Counter[str]()
    told = []
    for name in names:
        seen[name] += 1
        told.append(f"{name} [{seen[name]}]" if total[name] > 1 else name)
    return told
