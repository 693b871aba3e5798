"""What hiding words alone and in pairs does: the effects, what is left over, and both in sentences."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any, Dict, FrozenSet, List, NamedTuple, Tuple

import numpy as np

from ..records import Attribution
from ..text.granularity import Place
from ..text.wording import Part, Sentence, number, ordinal, plain, said
from .tables import data_frame

NOTHING = 0.25
"""A word does nothing alone whose effect has at most this share of the size of what hiding both does."""
MUCH = 0.3
"""Two words do much together from this share of the scale; so for what is left over."""
TURNS = 0.15
"""A word changes sides where both effects have at least this share of the scale."""
OF_ALL = 0.2
"""The scale is the largest effect of all that were hidden, but no less than this share of what hiding every word does: where
every pair does next to nothing, nothing is found."""
_MOST_SAID = 3


@dataclass(frozen=True)
class PairWord:
    """A word that was hidden."""

    text: str
    contribution: float
    """What the attribution has for it."""
    place: Place
    """Document, start and end of its characters."""
    nth: int = 0
    """Which of the words that are spelled so, from 1; 0 for the only one."""


class PairFinding(NamedTuple):
    """Two words of which hiding both is another thing than hiding each."""

    first: int
    """Places in `PairEffects.words`. Of "turns" the first is the word that changes sides when the second is hidden."""
    second: int
    kind: str
    """"redundant": each alone does nothing, both do much. "turns": hiding one changes the sign of what hiding the other
    does. "more" or "less": both do more, or less, than the sum of each."""


@dataclass(frozen=True, eq=False)
class PairEffects:
    """What hiding each of some words of a text does to one output, hiding each two of them, and what is left over.

    Effects are of hiding: the output of the text minus the output without the words, so that a positive one is of words that
    speak for the target; of a loss, against it. They are measurements, not estimates. They hold for this text and this
    baseline.
    """

    attribution: Attribution
    """By which the words were chosen."""
    output: str
    """The unit of all effects: "logit", "probability", "log-probability", "loss" or "expected value"."""
    baseline: str
    """What a hidden word was replaced with."""
    words: Tuple[PairWord, ...]
    """In reading order."""
    value: float
    """The output of the whole text."""
    baseline_value: float
    """The output where every word is hidden."""
    losses: np.ndarray
    """(words, words): the effect of hiding both; on the diagonal, of hiding the one."""
    passes: int
    """Forward passes that were made without words, for all targets of the text."""

    @property
    def alone(self) -> np.ndarray:
        """(words,): the effect of hiding each."""
        return np.diag(self.losses)

    @property
    def interactions(self) -> np.ndarray:
        """(words, words): f(x) - f(-i) - f(-j) + f(-ij), the sum of the effects of hiding each minus that of hiding both.

        Zero where words do not depend on each other, and on the diagonal.
        """
        left = self.alone[:, None] + self.alone[None, :] - self.losses
        np.fill_diagonal(left, 0.0)
        return left

    @property
    def beside_hidden(self) -> np.ndarray:
        """(words, words): the effect of hiding the first where the second is hidden already; on the diagonal, zero."""
        return self.losses - self.alone[None, :]

    @property
    def findings(self) -> Tuple[PairFinding, ...]:
        """The pairs of which hiding both is another thing than hiding each, those of the largest interaction first.

        A pair has one: "redundant", else "turns" (once or for both words), else "more" or "less" where what is left over is
        much. See `NOTHING`, `MUCH`, `TURNS` and `OF_ALL` for what counts.
        """
        left = np.abs(self.interactions)
        pairs = sorted(combinations(range(len(self.words)), 2), key=lambda pair: -left[pair])
        return tuple(finding for pair in pairs for finding in self._of_pair(*pair))

    @property
    def summary(self) -> str:
        """The findings of the three pairs with the largest interaction in sentences, or that there are none."""
        pairs = list(dict.fromkeys(frozenset(finding[:2]) for finding in self.findings))[:_MOST_SAID]
        told = [finding for finding in self.findings if frozenset(finding[:2]) in pairs]
        if told:
            return " ".join(plain(self._sentence(finding)) for finding in told)
        size = number(float(np.abs(self.interactions).max(initial=0.0)))
        most = "by more than " + size if size != "0" else "by 0.01 or more"
        return (
            f"Of no two of these {len(self.words)} words does what hiding both does differ from the sum of what hiding each "
            f"does {most}."
        )

    def to_dataframe(self) -> Any:
        """A pandas DataFrame with a row for each pair: its words, effects, interaction, and findings (", " between several).

        Raises MissingDependencyError without pandas.
        """
        kinds: Dict[FrozenSet[int], List[str]] = {}
        for finding in self.findings:
            kinds.setdefault(frozenset(finding[:2]), []).append(finding.kind)
        rows = [
            {
                "first": self.words[i].text,
                "second": self.words[j].text,
                "first_alone": self.alone[i],
                "second_alone": self.alone[j],
                "both": self.losses[i, j],
                "interaction": self.interactions[i, j],
                "finding": ", ".join(dict.fromkeys(kinds.get(frozenset((i, j)), []))),
            }
            for i, j in combinations(range(len(self.words)), 2)
        ]
        return data_frame(rows)

    def _of_pair(self, i: int, j: int) -> List[PairFinding]:
        both, left, scale = self.losses[i, j], self.interactions[i, j], self._scale()
        if not scale > 0:
            return []
        each = max(abs(self.alone[i]), abs(self.alone[j]))
        if abs(both) >= MUCH * scale and each <= NOTHING * abs(both):
            return [PairFinding(i, j, "redundant")]
        turned = []
        for word, other in ((i, j), (j, i)):
            before, behind = self.alone[word], self.beside_hidden[word, other]
            if before * behind < 0 and min(abs(before), abs(behind)) >= TURNS * scale:
                turned.append(PairFinding(word, other, "turns"))
        if turned or abs(left) < MUCH * scale:
            return turned
        return [PairFinding(i, j, "more" if abs(both) > abs(self.alone[i] + self.alone[j]) else "less")]

    def _scale(self) -> float:
        return max(float(np.abs(self.losses).max()), OF_ALL * abs(self.value - self.baseline_value))

    def _sentence(self, finding: PairFinding) -> Sentence:
        first, second = self._quoted(finding.first), self._quoted(finding.second)
        one, other = self.alone[finding.first], self.alone[finding.second]
        hiding: Sentence = [said("Hiding "), *first, said(" "), *self._change(one, named=True)]
        if finding.kind == "turns":
            behind = self.beside_hidden[finding.first, finding.second]
            where = [said("; where "), *second, said(" is hidden, hiding "), *first, said(" ")]
            return [*hiding, *where, *self._change(behind), said(".")]
        other_hidden = [said(" and hiding "), *second, said(" "), *self._change(other)]
        both = [said("; hiding both "), *self._change(self.losses[finding.first, finding.second])]
        return [*hiding, *other_hidden, *both, said(".")]

    def _change(self, effect: float, named: bool = False) -> Sentence:
        """What hiding does to the output: an effect is what it loses."""
        what = self._what() if named else [said("it")]
        size = number(abs(effect))
        if size == "0":
            return [said("changes "), *what, said(" by less than 0.01")]
        return [said("lowers " if effect > 0 else "raises "), *what, said(f" by {size}")]

    def _what(self) -> Sentence:
        question, label = self.attribution.question, Part(self.attribution.label, "label")
        if question == "class":
            return [said(f"the {self.output} of "), label]
        names = {"contrast": "the difference", "lean": "the lean", "expected value": "the expected value"}
        return [said(names[question])] if question in names else [said("the value of "), label]

    def _quoted(self, place: int) -> Sentence:
        word = self.words[place]
        return [Part(word.text, "word"), *([said(f" ({ordinal(word.nth)})")] if word.nth else [])]
