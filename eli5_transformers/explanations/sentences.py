"""An attribution in words: what was asked, how sure the model is, and which words speak for and against.

The rules say never more than the numbers. `sentence_cases.json` beside the tests holds numbers and the sentences that must
come of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable, Dict, List, Sequence

import numpy as np

from ..records import Attribution
from ..text.label_order import order_by_weight
from ..text.spelling import white_space
from ..text.wording import Part, Sentence, joined, number, ordinal, percent, plain, said

NAMED = 0.2
"""A word is named from this share of the strongest one's size."""
_MOST_NAMED = 3
_NEIGHBOUR = 0.5
"""A neighbour is named with a word from this share of its size."""
_SPREAD = 0.06
"""No word decides where the strongest one has less than this share of all sizes."""
_ALMOST, _LESS, _HARDLY = 0.8, 0.4, 0.1
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
    # What the words of an unsigned method are about, its sentence does not say.
    asked = [plain(heading(one)) + " " if len(attributions) > 1 and not one.signed else "" for one in attributions]
    lines = [question + plain(sentence(one)) for question, one in zip(asked, attributions)]
    first = attributions[0]
    sure = plain(confidence(first)) if len({one.target for one in attributions}) == 1 else ""
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


def confidence(attribution: Attribution) -> Sentence:
    """How sure the model is of the class that the question is about; empty where it has no probabilities."""
    chances, names, target = attribution.probabilities, attribution.classes, attribution.target
    if not chances or len(names) != len(chances):
        return []
    best = int(np.argmax(chances))
    chance = chances[target]
    if attribution.multi_label:
        return [said("The model gives "), _label(names[target]), said(f" {_in_words(chance)}.")]
    if chance < chances[best]:
        gives = [said("The model does not say this: it gives "), _label(names[target]), said(f" {_in_words(chance)}")]
        return [*gives, said(" and says "), _label(names[best]), said(f" ({_in_words(chances[best])}).")]
    if chance > 0.999:
        return [said("The model is more than 99.9\u202f% sure.")]
    sure = next((words for least, words in _SURE if chance >= least), None)
    if sure is None:
        return [said(f"The model is unsure ({percent(chance)}); this is the likeliest of {len(chances)} labels.")]
    return [said(f"The model is {sure} ({percent(chance)}).")]


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
        made.append(said(f", {len(rest)} more below {percent(chances[ranked[most - 1]])}"))
    elif rest:
        made.append(said(f", {len(rest)} more {percent(sum(chances[place] for place in rest))} together"))
    return made


def sentence(attribution: Attribution) -> Sentence:
    """The words that speak most for one side, and what there is on the other; for unsigned scores the strongest words.

    Scores of words are the sums of their tokens'. A word is named from a fifth of the strongest one's size, three a side at
    most, and with it a neighbour of its sign that is half as strong or more. How the sides' totals compare is said by
    "almost as strongly" (from .8), "less strongly" (from .4) and "much less strongly".
    """
    words = words_of(attribution)
    strongest = max((abs(word.score) for word in words), default=0.0)
    if not strongest > 0:
        return [said("No word moves the score.")]
    if not attribution.signed:
        named = joined([_quoted(word) for word in named_words(words, 1)])
        unsigned = ". This method does not tell whether a word speaks for or against it."
        return [said("The answer reacts most to "), *named, said(unsigned)]
    ends, totals = _ends(attribution), {sign: sum(abs(w.score) for w in words if w.score * sign > 0) for sign in (1, -1)}
    spread = strongest < _SPREAD * (totals[1] + totals[-1])
    begin = [said("No single word decides; many count a little. ")] if spread else []
    first = 1 if totals[1] >= totals[-1] else -1
    main, other = named_words(words, first), named_words(words, -first)
    if not main:  # many small words, against few strong ones
        return [*begin, *_says(ends, other, -first, most=True), said(".")]
    return [*begin, *_says(ends, main, first, most=True), *_other_side(ends, other, -first, totals[-first] / totals[first])]


def words_of(attribution: Attribution) -> List[Word]:
    """The words of the input that the tokenizer did not add, in reading order, with the scores of their tokens.

    Of a loss the signs are turned: what raises it speaks against the class.
    """
    turn = -1.0 if attribution.output == "loss" and attribution.signed else 1.0
    whole = attribution.by_word()
    tokens = whole.tokens
    found: List[Word] = []
    for place in range(len(tokens)):
        if tokens.special[place] or white_space(tokens.text[place]) is not None:
            continue
        segment, start, end = tokens.segment[place], tokens.start[place], tokens.end[place]
        document = attribution.documents[segment]
        last = found[-1] if found else None
        behind = last is not None and last.segment == segment and 0 <= last.end <= start
        follows = last is not None and behind and not document[last.end : start].strip()
        text = document[start:end] if start >= 0 else tokens.text[place]
        found.append(Word(text, turn * float(whole.scores[place]), len(found), segment, start, end, follows))
    seen: Dict[str, List[int]] = {}
    for word in found:
        seen.setdefault(word.text.casefold(), []).append(word.index)
    return [
        replace(word, place=places.index(word.index) + 1) if len(places) > 1 else word
        for word in found
        for places in [seen[word.text.casefold()]]
    ]


def named_words(words: Sequence[Word], sign: int) -> List[Word]:
    """The words of a sign that are named, strongest first; neighbours that nothing but space parts are one."""
    least = NAMED * max(abs(word.score) for word in words)
    side = [word for word in words if word.score * sign > 0 and abs(word.score) >= least]
    seeds = sorted(side, key=lambda word: -abs(word.score))[:_MOST_NAMED]
    chosen = {word.index for word in seeds}
    for word in seeds:
        for neighbour in words[max(0, word.index - 1) : word.index + 2]:
            near = neighbour.segment == word.segment and neighbour.score * sign >= _NEIGHBOUR * abs(word.score)
            chosen |= {neighbour.index} if near else set()
    return sorted(_phrases([word for word in words if word.index in chosen]), key=lambda word: -abs(word.score))


def _phrases(words: Sequence[Word]) -> List[Word]:
    made: List[Word] = []
    for word in words:
        last = made[-1] if made else None
        if last is None or last.index + 1 != word.index or not word.follows:
            made.append(word)
            continue
        space = " " if word.start > last.end else ""
        text = f"{last.text}{space}{word.text}"
        made[-1] = replace(word, text=text, score=last.score + word.score, start=last.start, place=0)
    return made


def _other_side(ends: _Ends, named: Sequence[Word], sign: int, ratio: float) -> Sentence:
    if named:
        how = "almost as strongly" if ratio > _ALMOST else "less strongly" if ratio > _LESS else "much less strongly"
        return [said("; "), *_says(ends, named, sign, most=False), said(f", {how}.")]
    none = "hardly any word" if ratio < _HARDLY else "no single word stands out that"
    return [said(f"; {none} {ends.verb}s "), *_end(ends, sign, most=False), said(".")]


def _says(ends: _Ends, words: Sequence[Word], sign: int, most: bool) -> Sentence:
    verb = ends.verb if len(words) > 1 else f"{ends.verb}s"
    named = joined([_quoted(word) for word in words])
    return [*named, said(f" {verb}{' most' if most else ''} "), *_end(ends, sign, most)]


def _end(ends: _Ends, sign: int, most: bool) -> Sentence:
    first, after = (ends.up, ends.up_after) if sign > 0 else (ends.down, ends.down_after)
    return first if most else after


def _quoted(word: Word) -> Sentence:
    return [Part(word.text, "word"), *([said(f" ({ordinal(word.place)})")] if word.place else [])]


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
