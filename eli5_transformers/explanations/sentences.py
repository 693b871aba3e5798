"""An attribution in words: what was asked, how sure the model is, and which words speak for and against.

The rules say never more than the numbers. `sentence_cases.json` beside the tests holds numbers and the sentences that must
come of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Callable, Dict, List, Mapping, Sequence

import numpy as np

from ..records import Attribution
from ..text.granularity import group_tokens
from ..text.label_order import order_by_weight
from ..text.spelling import white_space
from ..text.wording import NARROW, Part, Sentence, joined, number, ordinal, percent, plain, said

NAMED = 0.2
"""A word is named from this share of the strongest one's size."""
_MOST_NAMED = 3
_NEIGHBOUR = 0.5
"""A neighbour is named with a word from this share of its size."""
_SPREAD = 0.06
"""No word decides where the strongest one has less than this share of all sizes."""
_ALMOST, _LESS, _HARDLY = 0.8, 0.4, 0.1
_EQUAL = 1e-9
_LONGEST = 60
"""Characters of a quotation."""
_SURE = ((0.99, "almost certain"), (0.9, "very sure"), (0.7, "fairly sure"), (0.5, "not very sure"))


@dataclass(frozen=True)
class Word:
    """A word of the text, or several neighbours of one sign."""

    text: str
    score: float
    index: int
    """Its place among the words of the input; of several, the last one's."""
    segment: int
    start: int
    end: int
    follows: bool = False
    """True where nothing but space parts it from the word before it."""
    place: int = 0
    """Which of the words that are spelled so, from 1; 0 for the only one."""


@dataclass(frozen=True)
class _Side:
    """The words of a sign."""

    named: List[Word]
    total: float
    """The sum of all sizes."""

    @property
    def named_total(self) -> float:
        return sum(abs(word.score) for word in self.named)


@dataclass(frozen=True)
class _Ends:
    """What positive and negative scores are, in words."""

    verb: str
    up: Sentence
    down: Sentence
    up_after: Sentence
    """The same where the other end was said before it."""
    down_after: Sentence


def summary(attribution: Attribution) -> str:
    """The sentence of an attribution as text. See `sentence`."""
    return plain(sentence(attribution))


def answer(attributions: Sequence[Attribution]) -> List[str]:
    """What stands above all else in an explanation: a sentence for each question, then how sure the model is of each label."""
    lines = [plain(sentence(one)) for one in attributions]
    if len(attributions) > 1:  # of what an unsigned method speaks, its sentence does not say
        lines = [line if one.signed else f"{plain([_label(one.label)])}: {line}" for one, line in zip(attributions, lines)]
    first = attributions[0]
    alone = len({one.target for one in attributions}) == 1
    named = any(one.question != "class" for one in attributions)
    sure = plain(confidence(first, named)) if alone else ""
    every = plain(probabilities(first))
    return [*lines, *filter(None, [" ".join(filter(None, [sure, f"All labels: {every}." if every else ""]))])]


def heading(attribution: Attribution) -> Sentence:
    """What was asked, as a question: "Why 4 stars rather than 5 stars?"."""
    names, target = attribution.classes, attribution.target
    if attribution.question == "contrast":
        other = names[int(np.argmin(attribution.weights))]
        return [said("Why "), _label(names[target]), said(" rather than "), _label(other), said("?")]
    if not attribution.probabilities and attribution.probability is None:
        value = "" if attribution.score is None else number(attribution.score)
        return [said("Why "), _label(attribution.label), said(f" {value}?" if value else "?")]
    if attribution.question == "combination" or not names:
        return [said("Why "), _label(attribution.label), said("?")]
    return [said("Why "), _label(names[target]), said("?")]


def confidence(attribution: Attribution, named: bool = False) -> Sentence:
    """How sure the model is of the class that the question is about; empty where it has no probabilities.

    `named` names the class, for where no heading does.
    """
    chances, names, target = attribution.probabilities, attribution.classes, attribution.target
    if not chances or len(names) != len(chances):
        return []
    best, chance, label = int(np.argmax(chances)), chances[target], _label(names[target])
    of: Sentence = [said(" of "), label] if named else []
    if attribution.multi_label:
        return [said("The model gives "), label, said(f" {_in_words(chance)}.")]
    if chance < chances[best]:
        gives = [said("The model does not say this: it gives "), label, said(f" {_in_words(chance)}")]
        return [*gives, said(" and says "), _label(names[best]), said(f" ({_in_words(chances[best])}).")]
    if chance > 0.999:
        return [said(f"The model is more than 99.9{NARROW}% sure"), *of, said(".")]
    sure = next((words for least, words in _SURE if chance >= least), None)
    if sure is None:
        it = [label] if named else [said("this")]
        return [said(f"The model is unsure ({percent(chance)}); "), *it, said(f" is the likeliest of {len(chances)} labels.")]
    return [said(f"The model is {sure}"), *of, said(f" ({percent(chance)}).")]


def probabilities(attribution: Attribution, most: int = 10) -> Sentence:
    """All probabilities in a line, the likeliest first; of more than `most` classes the rest as one sum."""
    chances, names = attribution.probabilities, attribution.classes
    if not chances or len(names) != len(chances):
        return []
    ranked = sorted(range(len(chances)), key=lambda place: -chances[place])
    items: List[Sentence] = [[Part(names[place], "label"), said(f" {percent(chances[place])}")] for place in ranked[:most]]
    made: Sentence = []
    for item in items:
        made += [*([said(", ")] if made else []), *item]
    rest = ranked[most:]
    if rest and attribution.multi_label:
        made.append(said(f", {len(rest)} more, none above {percent(chances[rest[0]]).lstrip('<>')}"))
    elif rest:
        made.append(said(f", {len(rest)} more {percent(sum(chances[place] for place in rest))} together"))
    return made


def sentence(attribution: Attribution) -> Sentence:
    """The words that speak most for one side, and what there is on the other; for unsigned scores the strongest words.

    Scores of words are the sums of their tokens'. A word is named from a fifth of the strongest one's size, three a side at
    most, and with it a neighbour of its sign that is half as strong or more. The side of the larger sum comes first, unless the
    other side's named words are the stronger ones. How the sides compare is said by "almost as strongly" (sums from .8),
    "less strongly" (from .4) and "much less strongly"; one less where the named words compare by less than half of that.
    """
    words = words_of(attribution)
    strongest = max((abs(word.score) for word in words), default=0.0)
    if not strongest > 0:
        return [said("No word moves the score." if attribution.parameters.get("layer") is None else "Every score is 0.")]
    if not attribution.signed:
        named = joined([_quoted(word) for word in named_words(words, 1)]) or [said("several words alike")]
        unsigned = ". This method does not tell whether a word speaks for or against it."
        return [said("The answer reacts most to "), *named, said(unsigned)]
    ends, sides = _ends(attribution), {sign: _side(words, sign) for sign in (1, -1)}
    net = 1 if sides[1].total >= sides[-1].total else -1
    first = net if sides[net].named_total >= sides[-net].named_total else -net
    made = [said("No single word decides; many count a little.")] if strongest < _SPREAD * _sizes(words) else []
    if sides[first].named:
        made += [said(" ")] if made else []
        made += [*_says(ends, sides[first].named, first, most=True), *_other_side(ends, sides[-first], sides[first], -first)]
    elif not made:
        made = [said("No single word stands out.")]
    if first != net or not sides[first].named:
        return [*made, said(f" All words together {ends.verb} "), *_end(ends, net, most=not sides[first].named), said(".")]
    return made


def words_of(attribution: Attribution) -> List[Word]:
    """The words of the input that the tokenizer did not add, in reading order, with the scores of their tokens.

    Where a method has scored phrases or sentences as a whole, these are what is named. Of a loss the signs are turned: what
    raises it speaks against the class.
    """
    turn = -1.0 if attribution.output == "loss" and attribution.signed else 1.0
    tokens = attribution.tokens
    found: List[Word] = []
    for group in group_tokens(tokens, attribution.documents, _unit(attribution.parameters), skip_special=True):
        score = turn * float(np.asarray(attribution.scores, dtype=float)[group.tokens].sum())
        if all(white_space(tokens.text[at]) is not None for at in group.tokens):
            continue
        if group.place is None:
            found.append(Word(group.name, score, len(found), -1, -1, -1))
            continue
        segment, start, end = group.place
        document, last = attribution.documents[segment], found[-1] if found else None
        behind = last is not None and last.segment == segment and 0 <= last.end <= start
        follows = last is not None and behind and not document[last.end : start].strip()
        found.append(Word(document[start:end], score, len(found), segment, start, end, follows))
    seen: Dict[str, List[int]] = {}
    for word in found:
        seen.setdefault(word.text.casefold(), []).append(word.index)
    places = {word.index: seen[word.text.casefold()] for word in found}
    return [replace(w, place=places[w.index].index(w.index) + 1) if len(places[w.index]) > 1 else w for w in found]


def _unit(parameters: Mapping[str, Any]) -> str:
    """What a method scored as a whole: its own unit, or that of the method inside it."""
    around = parameters.get("around")
    unit = parameters.get("unit", around.get("unit") if isinstance(around, Mapping) else None)
    return unit if unit in ("phrase", "sentence") else "word"


def named_words(words: Sequence[Word], sign: int) -> List[Word]:
    """The words of a sign that are named, strongest first; neighbours that nothing but space parts are one.

    Of words that are equally strong all are named or none.
    """
    least = NAMED * max(abs(word.score) for word in words)
    side = [word for word in words if word.score * sign > 0 and abs(word.score) >= least]
    seeds = sorted(side, key=lambda word: -abs(word.score))
    if len(seeds) > _MOST_NAMED:
        beyond = abs(seeds[_MOST_NAMED].score) * (1 + _EQUAL)
        seeds = [word for word in seeds[:_MOST_NAMED] if abs(word.score) > beyond]
    chosen = {word.index for word in seeds}
    for word in seeds:
        near = [word.index - 1] if word.follows else []
        near += [word.index + 1] if word.index + 1 < len(words) and words[word.index + 1].follows else []
        chosen |= {at for at in near if words[at].score * sign >= _NEIGHBOUR * abs(word.score)}
    phrases = _phrases([word for word in words if word.index in chosen], words)
    return sorted(phrases, key=lambda word: -abs(word.score))


def _phrases(chosen: Sequence[Word], words: Sequence[Word]) -> List[Word]:
    """Neighbours as one, with their place where the text has them again."""
    runs: List[List[Word]] = []
    for word in chosen:
        if runs and runs[-1][-1].index + 1 == word.index and word.follows:
            runs[-1].append(word)
        else:
            runs.append([word])
    return [run[0] if len(run) == 1 else _phrase(run, words) for run in runs]


def _phrase(run: Sequence[Word], words: Sequence[Word]) -> Word:
    text = run[0].text
    for before, word in zip(run, run[1:]):
        text += (" " if word.start > before.end else "") + word.text
    spelled, own = [word.text.casefold() for word in words], [word.text.casefold() for word in run]
    again = [at for at in range(len(words)) if spelled[at : at + len(own)] == own]
    place = again.index(run[0].index) + 1 if len(again) > 1 else 0
    return replace(run[-1], text=text, score=sum(word.score for word in run), start=run[0].start, place=place)


def _side(words: Sequence[Word], sign: int) -> _Side:
    return _Side(named_words(words, sign), sum(abs(word.score) for word in words if word.score * sign > 0))


def _sizes(words: Sequence[Word]) -> float:
    return sum(abs(word.score) for word in words)


def _other_side(ends: _Ends, other: _Side, main: _Side, sign: int) -> Sentence:
    if other.named:
        how = _compared(other.total / main.total, other.named_total / main.named_total)
        return [said("; "), *_says(ends, other.named, sign, most=False), said(f", {how}.")]
    none = "hardly any word" if other.total < _HARDLY * main.total else "no single word stands out that"
    return [said(f"; {none} {ends.verb}s "), *_end(ends, sign, most=False), said(".")]


def _compared(totals: float, named: float) -> str:
    """How the second side compares: by the sums of all its words, and no better than its named words bear out."""
    if totals > 1:  # the first side's named words alone are the stronger ones
        totals = named
    for least, how in ((_ALMOST, "almost as strongly"), (_LESS, "less strongly")):
        if totals > least and named > least / 2:
            return how
    return "much less strongly"


def _says(ends: _Ends, words: Sequence[Word], sign: int, most: bool) -> Sentence:
    verb = ends.verb if len(words) > 1 else f"{ends.verb}s"
    named = joined([_quoted(word) for word in words])
    return [*named, said(f" {verb}{' most' if most else ''} "), *_end(ends, sign, most)]


def _end(ends: _Ends, sign: int, most: bool) -> Sentence:
    first, after = (ends.up, ends.up_after) if sign > 0 else (ends.down, ends.down_after)
    return first if most else after


def _quoted(word: Word) -> Sentence:
    text = word.text if len(word.text) <= _LONGEST else f"{word.text[: _LONGEST - 1]}…"
    return [Part(text, "word"), *([said(f" ({ordinal(word.place)})")] if word.place else [])]


def _ends(attribution: Attribution) -> _Ends:
    names = attribution.classes
    if attribution.question == "contrast":
        place = list(attribution.weights).index
        up, down = ([said("for "), _label(names[place(extreme(attribution.weights))])] for extreme in (max, min))
        return _Ends("speak", up, down, up, down)
    if attribution.question == "lean":
        order = order_by_weight(names, attribution.weights)
        part: Callable[[str], Part] = _label if order.by_ends else said
        return _pulling([part(order.up)], [part(order.down)])
    if attribution.question == "expected value":
        return _pulling([said("a higher expected value")], [said("a lower expected value")])
    if attribution.question == "combination" or (not attribution.probabilities and attribution.probability is None):
        label = _label(attribution.label)
        return _pulling([said("a higher value of "), label], [said("a lower value of "), label])
    label = _label(attribution.label)
    return _Ends("speak", [said("for "), label], [said("against "), label], [said("for it")], [said("against it")])


def _pulling(up: Sentence, down: Sentence) -> _Ends:
    higher, lower = [said("towards "), *up], [said("towards "), *down]
    return _Ends("pull", higher, lower, higher, lower)


def _label(name: str) -> Part:
    return Part(name, "label")


def _in_words(chance: float) -> str:
    """A probability within a sentence: without the signs for more and less."""
    text = percent(chance)
    return text.replace(">", "more than ").replace("<", "less than ")
