"""Clauses that judge by comparing, by a fixed phrase, or by what the writer will do next."""

from __future__ import annotations

from . import lexicon
from .clauses import COMPARISON, IDIOM, NEGATION, Clause, Topic, draw_brand, draw_person, draw_word, is_not, operated
from .dice import Dice
from .english import plural
from .rules import MILD, STRONG, boost, deny


def comparison_clause(dice: Dice, topic: Topic) -> Clause:
    """ "Better than any other I tried" is praise; "other brands do a much better job" is blame."""
    if dice.chance(0.15):
        return _superlative_clause(dice, topic)
    better = dice.chance(0.5)
    word, value = (dice.pick(lexicon.BETTER), MILD) if better else (dice.pick(lexicon.WORSE), -MILD)
    if better and dice.chance(0.5):
        word = "better"
    if dice.chance(0.1):
        than = _rival(dice, topic)
        no = dice.pick(("is [not|negator]", "[isn't|negator]", "is [no|negator]", "was [not|negator]"))
        it = dice.pick(("it", "this one", f"this {topic.thing}"))
        return Clause(f"{it} {no} [{word}] than {than}", deny(value), COMPARISON | NEGATION)
    comparative = f"[{word}]"
    if dice.chance(0.4):
        comparative, value = f"[{dice.pick(lexicon.DEGREES)}|intensity] [{word}]", boost(value)
    if dice.chance(0.1):
        does = dice.pick((f"{topic.named(dice)} does a", f"this {topic.thing} did a", "does a"))
        tail = dice.pick(("", f" than {_rival(dice, topic)}"))
        return Clause(f"{does} {comparative} job{tail}", value, COMPARISON)
    if dice.chance(0.5):
        it = dice.pick(("it", "it", "this one", f"this {topic.thing}", f"the {topic.aspect(dice)}"))
        it = dice.pick((f"{it} is ", f"{it} is ", f"{it} was ", f"{it} is ", f"{it} is ", ""))
        return Clause(f"{it}{comparative} than {_rival(dice, topic)}", value, COMPARISON)
    return Clause(_elsewhere(dice, topic, comparative), -value, COMPARISON)


def _rival(dice: Dice, topic: Topic) -> str:
    """What the thing is compared with, in its favour or not."""
    return dice.pick(
        (
            f"any other {topic.thing} I tried",
            "any other I tried",
            "other brands",
            "the old one",
            f"my old {topic.thing}",
            "the competition",
            f"the one from {draw_brand(dice)}",
            f"all the other {plural(topic.thing)}",
            "I expected",
            "expected",
            "the rest",
            "the last one",
            "what I had before",
            f"every other {topic.thing}",
        )
    )


def _elsewhere(dice: Dice, topic: Topic, comparative: str) -> str:
    """A clause that says the comparative of other things: the word that says so is evidence too."""
    thing, things, done = topic.thing, plural(topic.thing), topic.domain.verb
    return dice.pick(
        (
            f"[other|comparison] brands do a {comparative} job",
            f"[other|comparison] brands do a {comparative} job",
            f"[other|comparison] brands are {comparative}",
            f"[other|comparison] {things} are {comparative}",
            f"[other|comparison] companies do a {comparative} job",
            f"the [other|comparison] {thing} I tried was {comparative}",
            f"I have {done} [other|comparison] {things} that were {comparative}",
            f"[others|comparison] are {comparative}",
            f"[{draw_brand(dice)}|comparison] makes a {comparative} {thing}",
            f"the one from [{draw_brand(dice)}|comparison] is {comparative}",
            f"my [old|comparison] {thing} was {comparative}",
            f"my [previous|comparison] one was {comparative}",
            f"the [competition|comparison] is {comparative}",
            f"the [original|comparison] one is {comparative}",
            f"the [cheaper|comparison] one is {comparative}",
            f"there are {comparative} {things} out [there|comparison]",
            f"you can find {comparative} ones [elsewhere|comparison]",
            f"I have [{done}|comparison] {comparative}",
        )
    )


def _superlative_clause(dice: Dice, topic: Topic) -> Clause:
    word, value = dice.pick((("best", STRONG), ("worst", -STRONG)))
    if dice.chance(0.25):
        return Clause(f"it {is_not(dice)} the [{word}] {topic.thing}", deny(value), COMPARISON | NEGATION)
    where = dice.pick((f"I have ever {topic.domain.verb}", "ever", "in town", "in years", "of the year"))
    it = dice.pick(("it is the", "this was the", "the", "by far the", "one of the"))
    thing = plural(topic.thing) if it.startswith("one") else topic.thing
    return Clause(f"{it} [{word}] {thing} {where}", value, COMPARISON)


def idiom_clause(dice: Dice, topic: Topic) -> Clause:
    """A fixed phrase: "worth every penny", "a waste of money"."""
    markup, value = draw_word(dice, lexicon.IDIOMS)
    if markup.startswith("it is ") and dice.chance(0.3):
        rest = markup[len("it is ") :]
        markup = dice.pick((rest, f"this {topic.thing} is {rest}", f"it's {rest}"))
    elif markup.startswith("it ") and dice.chance(0.4):
        markup = f"{dice.pick(('the', 'this'))} {topic.thing}{markup[2:]}"
    elif markup.startswith("I ") and dice.chance(0.2):
        markup = f"we {markup[2:]}"
    return Clause(markup, value, IDIOM)


def intention_clause(dice: Dice, topic: Topic) -> Clause:
    """ "I would definitely recommend it", "not buying it any sooner"."""
    manner = dice.weighted({"deny": 4, "firm": 2, "plain": 3, "boost": 1.5})
    denied = manner in ("deny", "firm")
    progressive = dice.chance(0.4)
    verb, _, rest = dice.pick(lexicon.GERUNDS if progressive else lexicon.INTENTIONS).partition(" ")
    mark, value, phenomena = operated(
        dice,
        manner,
        MILD,
        boosters=("definitely", "certainly", "absolutely"),
        negators=("never",) if manner == "firm" else ("not",),
    )
    if progressive:
        start = dice.pick(("I am ", "I'm ", "we are ", "" if denied else "I am ")) + mark
    elif manner == "deny":
        start = dice.pick(("I ", "I ", "we ", ""))
        start += dice.pick(("will [not|negator] ", "would [not|negator] ", "[won't|negator] ", "[wouldn't|negator] "))
    else:
        start = dice.pick(("I ", "I ", "we ")) + dice.pick(("will ", "would ")) + mark
    if rest == "it":
        rest = dice.pick((topic.named(dice), "this", "one"))
    tails = [" again", " soon", f" for {draw_person(dice)}", f" to {draw_person(dice)}"]
    if denied:
        tails = [" again", " anymore", " any time soon", " any sooner", " ever again", f" from {draw_brand(dice)}"]
    return Clause(f"{start}[{verb}] {rest}{dice.pick(['', '', *tails])}", value, phenomena)
