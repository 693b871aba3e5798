"""Clauses that say how the thing is: adjectives, feelings, performance, nouns."""

from __future__ import annotations

from . import lexicon
from .clauses import (
    INTENSITY,
    NEGATION,
    Clause,
    Topic,
    do_not,
    draw_person,
    draw_word,
    is_not,
    operated,
)
from .dice import Dice
from .english import past, third_person, with_article
from .rules import MILD, boost, deny, deny_firmly
from .scenery import NAMES


def adjective_clause(dice: Dice, topic: Topic) -> Clause:
    """ "The plot is very good", "what a great phone", "terrible service", "it isn't bad"."""
    if dice.chance(0.07):
        word, value, manner = dice.pick(lexicon.NEITHER), 0, "plain"
    else:
        word, value = draw_word(dice, topic.domain.adjectives if dice.chance(0.4) else lexicon.GENERAL)
        manner = dice.weighted({"plain": 40, "boost": 18, "weaken": 12, "deny": 20, "firm": 6, "deny boosted": 4})
    if manner in ("deny", "firm", "deny boosted"):
        return _denied_adjective(dice, topic, word, value, manner)
    mark, value, phenomena = operated(dice, manner, value, boosters=lexicon.BOOSTERS, weakeners=lexicon.WEAKENERS)
    phrase = f"{mark}[{word}]"
    predicate = f"{topic.subject(dice)} {dice.pick(('is', 'was', 'is', 'was', 'feels', 'seems', 'looks'))} {phrase}"
    if manner == "weaken":
        return Clause(predicate, value, phenomena)
    attribute = with_article(phrase, mark.lstrip("[") + word)
    markup = dice.weighted(
        {
            predicate: 5,
            f"{phrase} {topic.aspect(dice)}": 1.5,
            phrase: 0.5,
            f"what {attribute} {topic.thing}": 0.6,
            f"{dice.pick(('it is', 'this is', 'that was', 'it was'))} {attribute} {topic.thing}": 1.5,
            f"{dice.pick(('I find it', 'we found it', 'I think it is', f'I found the {topic.thing}'))} {phrase}": 1,
            f"{dice.pick(('it has', 'it had'))} {attribute} {topic.aspect(dice)}": 1,
        }
    )
    return Clause(markup, value, phenomena)


def _denied_adjective(dice: Dice, topic: Topic, word: str, value: int, manner: str) -> Clause:
    subject = topic.subject(dice)
    if manner == "deny boosted":
        booster = dice.pick(("very", "so", "really", "that", "all that", "particularly", "especially"))
        value = deny(boost(value) if booster in lexicon.BOOSTERS else value)
        return Clause(f"{subject} {is_not(dice)} [{booster}|intensity] [{word}]", value, NEGATION | INTENSITY)
    if manner == "firm":
        if dice.chance(0.5):
            return Clause(f"{subject} {is_not(dice)} [{word}] [at all|negator]", deny_firmly(value), NEGATION)
        denial = dice.pick(lexicon.FIRM_DENIALS)
        return Clause(f"{subject} {dice.pick(('is', 'was'))} [{denial}|negator] [{word}]", deny_firmly(value), NEGATION)
    attribute = with_article(f"[{word}]", word)
    markup = dice.weighted(
        {
            f"{subject} {is_not(dice)} [{word}]": 6,
            f"{subject} {dice.pick(('is', 'was'))} [{dice.pick(lexicon.DENIALS)}|negator] [{word}]": 2,
            f"{subject} {do_not(dice, third=True)} {dice.pick(('look', 'seem', 'feel'))} [{word}]": 0.8,
            f"[not|negator] [{word}]": 0.7,
            f"[not|negator] {attribute} {topic.thing}": 1.2,
            f"it {is_not(dice)} {attribute} {topic.thing}": 1.2,
            f"I {do_not(dice)} find it [{word}]": 0.8,
            f"I {do_not(dice)} think it is [{word}]": 0.8,
        }
    )
    return Clause(markup, deny(value), NEGATION)


def feeling_clause(dice: Dice, topic: Topic) -> Clause:
    """ "I love it", "my sister does not like the plot", "I'm not happy with it"."""
    if dice.chance(0.4):
        return _state_clause(dice, topic)
    word, value = draw_word(dice, lexicon.FEELING_VERBS)
    target = dice.pick((topic.named(dice), f"the {topic.aspect(dice)}"))
    who = dice.pick(("I", "I", "I", "we", "we all", draw_person(dice), dice.pick(NAMES)))
    third = who.startswith("my ") or who in NAMES
    manner = dice.weighted({"plain": 4, "boost": 2, "weaken": 1, "deny": 3, "firm": 0.8})
    if manner == "deny":
        return Clause(f"{who} {do_not(dice, third)} [{word}] {target}", deny(value), NEGATION)
    mark, value, phenomena = operated(
        dice,
        manner,
        value,
        boosters=lexicon.VERB_BOOSTERS,
        weakeners=lexicon.VERB_WEAKENERS,
        negators=("never",),
    )
    form = past(word) if dice.chance(0.25) else third_person(word) if third else word
    return Clause(f"{who} {mark}[{form}] {target}", value, phenomena)


def _state_clause(dice: Dice, topic: Topic) -> Clause:
    word, value = draw_word(dice, lexicon.FEELINGS)
    target = dice.pick((" with it", f" with the {topic.aspect(dice)}", f" with this {topic.thing}", ""))
    who = dice.pick(("I am", "I was", "I'm", "we are", "we were", f"{draw_person(dice)} was"))
    manner = dice.weighted({"plain": 4, "boost": 2, "weaken": 1.5, "deny": 2.5, "firm": 0.6})
    mark, value, phenomena = operated(
        dice, manner, value, boosters=lexicon.BOOSTERS, weakeners=lexicon.WEAKENERS, negators=("not",)
    )
    tail = " [at all|negator]" if manner == "firm" else ""
    return Clause(f"{who} {mark}[{word}]{tail}{target}", value, phenomena)


def performance_clause(dice: Dice, topic: Topic) -> Clause:
    """ "It works", "the battery never disappoints", "it does not run smoothly"."""
    subject = topic.subject(dice)
    if dice.chance(0.5):
        return _manner_clause(dice, topic, subject)
    (base, third, before), value = draw_word(dice, lexicon.PERFORMANCE)
    form = dice.pick((third, third, before))
    manner = dice.weighted({"plain": 4, "boost": 1, "deny": 3, "hardly": 1, "firm": 2})
    if manner == "deny":
        no = dice.pick((do_not(dice, third=True), "[won't|negator]", "[will not|negator]", "[can't|negator]"))
        return Clause(f"{subject} {no} [{base}]", deny(value), NEGATION)
    if manner == "hardly":
        no = dice.pick(("hardly", "barely", "rarely", "hardly ever", "scarcely"))
        return Clause(f"{subject} [{no}|negator] [{form}]", deny(value), NEGATION)
    if manner == "firm":
        markup = dice.pick(
            (
                f"{subject} [never|negator] [{form}]",
                f"[never|negator] [{form}]",
                f"{subject} {do_not(dice, third=True)} [{base}] [at all|negator]",
            )
        )
        return Clause(markup, deny_firmly(value), NEGATION)
    if manner == "boost":
        return Clause(f"{subject} [{dice.pick(lexicon.VERB_BOOSTERS)}|intensity] [{form}]", boost(value), INTENSITY)
    tail = dice.pick(("", "", " every day", " from day one", " after a week", " all the time", " again", " me", " us"))
    return Clause(f"{subject} [{form}]{tail}", value)


def _manner_clause(dice: Dice, topic: Topic, subject: str) -> Clause:
    word, value = draw_word(dice, lexicon.ADVERBS)
    base, third, _ = dice.pick(lexicon.NEUTRAL_VERBS)
    manner = dice.weighted({"plain": 4, "boost": 2, "deny": 2, "made": 2, "bare": 1})
    if manner == "deny":
        return Clause(f"{subject} {do_not(dice, third=True)} {base} [{word}]", deny(value), NEGATION)
    if manner == "boost":
        booster = dice.pick(("very", "really", "extremely", "so", "incredibly", "exceptionally"))
        return Clause(f"{subject} {third} [{booster}|intensity] [{word}]", boost(value), INTENSITY)
    if manner == "made":
        made = dice.pick(("it is", "it was", f"the {topic.thing} is", "everything was"))
        done = dice.pick(("made", "done", "designed", "built", "written", "put together", "packed"))
        return Clause(f"{made} [{word}] {done}", value)
    return Clause(f"{third} [{word}]" if manner == "bare" else f"{subject} {third} [{word}]", value)


def noun_clause(dice: Dice, topic: Topic) -> Clause:
    """ "It is a total disaster", "it was junk", "not a gem"."""
    it, be = topic.named(dice), dice.pick(("is", "was"))
    if dice.chance(0.15):
        word, value = draw_word(dice, lexicon.MASS_NOUNS)
        return Clause(f"{it} {be} [{word}]", value)
    word, value = draw_word(dice, lexicon.NOUNS)
    manner = dice.weighted({"plain": 4, "boost": 3, "deny": 2})
    if manner == "deny":
        return Clause(f"{it} {is_not(dice)} {with_article(f'[{word}]', word)}", deny(value), NEGATION)
    mark, value, phenomena = operated(dice, manner, value, boosters=lexicon.NOUN_BOOSTERS)
    start = dice.pick((f"{it} {be} ", f"{it} {be} ", "what ", ""))
    return Clause(start + with_article(f"{mark}[{word}]", mark.lstrip("[") + word), value, phenomena)


def amount_clause(dice: Dice, topic: Topic) -> Clause:
    """ "No problems", "it has lots of charm", "the cable is too short"."""
    it = topic.named(dice)
    if dice.chance(0.3):
        excess = dice.pick(("too", "too", "way too", "far too", "much too"))
        where = dice.pick((f"{it} is ", f"the {topic.aspect(dice)} is ", f"the {topic.aspect(dice)} was ", ""))
        value = -MILD if excess == "too" else boost(-MILD)
        return Clause(f"{where}[{excess}|intensity] [{dice.pick(lexicon.DIMENSIONS)}]", value, INTENSITY)
    praise = dice.chance(0.5)
    word, value = (dice.pick(lexicon.QUALITIES), MILD) if praise else (dice.pick(lexicon.TROUBLES), -MILD)
    have = dice.pick((f"{it} has ", "I had ", "there is ", "there was ", "it came with ", ""))
    amount = dice.weighted({"none": 5, "much": 3, "some": 2})
    if amount == "none":
        markup = dice.pick(
            (
                f"{have}[no|negator] [{word}]",
                f"{have}[zero|negator] [{word}]",
                f"it came [without|negator] [{word}]",
                f"{it} [{'lacks' if praise else 'avoids'}|negator] [{word}]",
            )
        )
        return Clause(markup, deny(value), NEGATION)
    if amount == "much":
        much = dice.pick(("lots of", "plenty of", "a lot of", "nothing but", "so much", "tons of"))
        return Clause(f"{have}[{much}|intensity] [{word}]", boost(value), INTENSITY)
    return Clause(f"{it} has {dice.pick(('', 'some ', 'its '))}[{word}]", value)
