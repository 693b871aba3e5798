"""Review-like sentences with 1 to 5 stars whose deciding words are known.

The label follows from the parts by the rule of `rules.py`; nothing about it is random. The sentences are a test bed:
English enough for a small model to learn negation, contrast, intensity and comparison from, and no more.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Callable, Dict, FrozenSet, Iterator, List, Optional, Sequence, Set, Tuple

from .clauses import Clause, Topic, draw_topic
from .dice import Dice
from .facts import draw_fact, draw_misleading_fact
from .opinions import adjective_clause, amount_clause, feeling_clause, noun_clause, performance_clause
from .rules import concede, sign, stars
from .scenery import OPENERS, TAILS
from .verdicts import comparison_clause, idiom_clause, intention_clause

TRAIN, HELD_OUT = "train", "held-out"
HELD_OUT_SHARE = 10
"""One in so many combinations of deciding words is held out."""

OPINIONS: Dict[Callable[[Dice, Topic], Clause], float] = {
    adjective_clause: 40,
    feeling_clause: 15,
    performance_clause: 14,
    noun_clause: 6,
    amount_clause: 5,
    comparison_clause: 10,
    idiom_clause: 9,
    intention_clause: 7,
}
"""The kinds of opinion clauses and how often each is drawn."""

_CONTRASTS: Dict[str, float] = {
    "{conceded}, [but|contrast] {upheld}": 8,
    "{conceded} [but|contrast] {upheld}": 8,
    "{conceded}, [yet|contrast] {upheld}": 2,
    "{conceded}; [however|contrast], {upheld}": 1,
    "{conceded}. [however|contrast], {upheld}": 2,
    "{conceded}. [but|contrast] {upheld}": 2,
    "[although|contrast] {conceded}, {upheld}": 4,
    "[even though|contrast] {conceded}, {upheld}": 2,
    "[while|contrast] {conceded}, {upheld}": 1.5,
    "[though|contrast] {conceded}, {upheld}": 1,
    "{upheld}, [although|contrast] {conceded}": 2,
    "{upheld} [even though|contrast] {conceded}": 2,
}
_JOINTS = {". ": 10, "! ": 3, ", ": 3, " and ": 4, ", and ": 2, "; ": 1, " - ": 0.7, "... ": 0.7, "!! ": 0.3}
_ENDS = {".": 10, "!": 4, "": 4, "!!": 0.7, "...": 0.5, "!!!": 0.3}


@dataclass(frozen=True)
class Evidence:
    """One word that decides the label of a text: `text[start:end]`."""

    start: int
    end: int
    role: str
    """`opinion`, `negator`, `intensity`, `comparison` (says that other things are meant) or `contrast`."""
    sign: int
    """What the word's clause says of the product: 1 praise, -1 blame, 0 neither. The words of a conceded clause have
    that clause's own sign, a contrast word ("but") has the sign of the clause that is upheld."""


@dataclass(frozen=True)
class Example:
    """A generated text, its stars, and the words that decide them in order of appearance."""

    text: str
    label: int
    """1 to 5 stars."""
    evidence: Tuple[Evidence, ...]
    """Empty for a text without an opinion."""
    phenomena: Tuple[str, ...]
    """What the text shows, sorted: `plain`, `negation`, `intensity`, `comparison`, `idiom`, `contrast`,
    `several opinions`, `no opinion`, `distractor` (an opinion word that does not count)."""

    @property
    def split(self) -> str:
        """`train` or `held-out`, by the deciding words alone: no combination of them is in both."""
        words = " ".join(self.text[word.start : word.end] for word in self.evidence) or self.text
        digest = hashlib.sha256(words.replace("\u2019", "'").lower().encode()).digest()
        return HELD_OUT if digest[0] % HELD_OUT_SHARE == 0 else TRAIN


@dataclass(frozen=True)
class _Piece:
    text: str
    role: Optional[str] = None
    sign: int = 0


def examples(seed: int) -> Iterator[Example]:
    """An endless stream; the same seed gives the same examples on every platform."""
    dice = Dice(seed)
    while True:
        yield _example(dice)


def sample(count: int, seed: int = 0, split: str = TRAIN) -> List[Example]:
    """`count` different examples of one split, all labels equally often (or once more, from 1 star up)."""
    left = {label: (count + 5 - label) // 5 for label in range(1, 6)}
    seen: Set[str] = set()
    chosen: List[Example] = []
    stream = examples(seed)
    while len(chosen) < count:
        example = next(stream)
        text = example.text.lower()
        if left[example.label] and text not in seen and example.split == split:
            left[example.label] -= 1
            seen.add(text)
            chosen.append(example)
    return chosen


def _example(dice: Dice) -> Example:
    topic = draw_topic(dice)
    shape = dice.weighted({"one": 38, "two": 28, "three": 4, "contrast": 24, "none": 6})
    phenomena: Set[str] = set()
    clauses: List[Clause] = []
    values: List[int] = []
    blocks: List[List[_Piece]] = []
    if shape == "none":
        phenomena.add("no opinion")
    elif shape == "contrast":
        clauses, value, block = _contrast(dice, topic)
        values, blocks = [value], [block]
        phenomena.add("contrast")
    else:
        clauses = [_opinion(dice, topic) for _ in range({"one": 1, "two": 2, "three": 3}[shape])]
        values = [clause.value for clause in clauses]
        blocks = [_pieces(clause.markup, sign(clause.value)) for clause in clauses]
        phenomena |= {"several opinions"} if len(clauses) > 1 else set()
    phenomena.update(*(clause.phenomena for clause in clauses))
    if phenomena != {"plain"}:
        phenomena.discard("plain")
    blocks = [_framed(dice, block) for block in blocks]
    for _ in range(dice.weighted({0: 6, 1: 4, 2: 1.2}) if blocks else 1 + dice.below(3)):
        misleads = dice.chance(0.22)
        phenomena |= {"distractor"} if misleads else set()
        fact = draw_misleading_fact(dice) if misleads else draw_fact(dice, topic)
        blocks.insert(dice.below(len(blocks) + 1), _framed(dice, [_Piece(fact)]))
    text, evidence = _render(_styled(dice, _joined(dice, blocks)))
    return Example(text, stars(values), evidence, tuple(sorted(phenomena)))


def _opinion(dice: Dice, topic: Topic, wanted: FrozenSet[int] = frozenset({-1, 0, 1})) -> Clause:
    """An opinion whose sign is one of those wanted."""
    while True:
        clause = dice.weighted(OPINIONS)(dice, topic)
        if sign(clause.value) in wanted:
            return clause


def _contrast(dice: Dice, topic: Topic) -> Tuple[List[Clause], int, List[_Piece]]:
    """A concession: its clauses, their common value, and its pieces. Now and then only a fact is before the "but"."""
    upheld = _opinion(dice, topic, frozenset({-1, 1}))
    if dice.chance(0.12):
        but = _Piece(draw_fact(dice, topic).rstrip("?") + dice.pick((" but ", ", but ")))
        return [upheld], upheld.value, [but, *_pieces(upheld.markup, sign(upheld.value))]
    conceded = _opinion(dice, topic, frozenset({-sign(upheld.value)}))
    value = concede(conceded.value, upheld.value)
    clauses = {"{conceded}": conceded, "{upheld}": upheld}
    pieces: List[_Piece] = []
    for part in re.split(r"(\{\w+\})", dice.weighted(_CONTRASTS)):
        clause = clauses.get(part)
        pieces += _pieces(clause.markup, sign(clause.value)) if clause else _pieces(part, sign(value))
    return [conceded, upheld], value, pieces


def _pieces(markup: str, clause_sign: int) -> List[_Piece]:
    pieces, position = [], 0
    for match in re.finditer(r"\[([^\]|]+)(?:\|(\w+))?\]", markup):
        pieces.append(_Piece(markup[position : match.start()]))
        pieces.append(_Piece(match.group(1), match.group(2) or "opinion", clause_sign))
        position = match.end()
    pieces.append(_Piece(markup[position:]))
    return [piece for piece in pieces if piece.text]


def _framed(dice: Dice, block: List[_Piece]) -> List[_Piece]:
    """The clause with an opener ("honestly, ...") or a tail ("... so far") now and then."""
    if block[-1].text.endswith("?"):
        return block
    if dice.chance(0.07):
        block = [_Piece(dice.pick(OPENERS) + ", "), *block]
    if dice.chance(0.05):
        block = [*block, _Piece(dice.pick((" ", ", ")) + dice.pick(TAILS))]
    return block


def _joined(dice: Dice, blocks: Sequence[Sequence[_Piece]]) -> List[_Piece]:
    pieces: List[_Piece] = []
    for index, block in enumerate(blocks):
        pieces += block
        asks = block[-1].text.endswith("?")
        if index < len(blocks) - 1:
            pieces.append(_Piece(" " if asks else dice.weighted(_JOINTS)))
        elif not asks:
            pieces.append(_Piece(dice.weighted(_ENDS)))
    return [piece for piece in pieces if piece.text]


def _styled(dice: Dice, pieces: Sequence[_Piece]) -> List[_Piece]:
    """Capitals and apostrophes as people type them; no character is added or removed."""
    style = dice.weighted({"sentence": 70, "lower": 16, "upper": 4, "shout": 10})
    apostrophe = "\u2019" if dice.chance(0.08) else "'"
    styled, begins = [], True
    for piece in pieces:
        text = piece.text.replace("'", apostrophe)
        if style == "lower":
            text = text.lower()
        elif style == "upper" or (style == "shout" and piece.role == "opinion"):
            text = text.upper()
        elif begins:
            text = text[0].upper() + text[1:]
        ends = piece.text[-2:] in (". ", "! ", "? ") or piece.text[-1] == "?"
        begins = ends or (begins and not text.strip())
        styled.append(_Piece(text, piece.role, piece.sign))
    return styled


def _render(pieces: Sequence[_Piece]) -> Tuple[str, Tuple[Evidence, ...]]:
    text, evidence = "", []
    for piece in pieces:
        if piece.role:
            for word in re.finditer(r"\S+", piece.text):
                evidence.append(Evidence(len(text) + word.start(), len(text) + word.end(), piece.role, piece.sign))
        text += piece.text
    return text, tuple(evidence)
