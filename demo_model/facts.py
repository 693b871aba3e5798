"""Clauses that say nothing about how good the thing is."""

from __future__ import annotations

import re
from string import ascii_uppercase
from typing import Callable, Dict

from . import lexicon, scenery
from .clauses import Topic, draw_brand, draw_word
from .dice import Dice
from .english import made_up_word, plural, third_person, with_article


def draw_fact(dice: Dice, topic: Topic) -> str:
    """A clause without an opinion: names, places, dates, dimensions."""
    return _filled(
        dice.pick(scenery.FACTS),
        {
            "city": lambda: dice.pick(scenery.CITIES),
            "time": lambda: dice.pick(scenery.TIMES),
            "brand": lambda: draw_brand(dice),
            "name": lambda: _name(dice),
            "color": lambda: dice.pick(scenery.COLORS),
            "number": lambda: dice.pick(scenery.NUMBERS),
            "noun": lambda: _noun(dice),
            "nouns": lambda: plural(_noun(dice)),
            "adjective": lambda: dice.pick(scenery.ADJECTIVES),
            "verb": lambda: dice.pick(scenery.VERBS),
            "prep": lambda: dice.pick(scenery.PREPOSITIONS),
            "relation": lambda: dice.pick(scenery.RELATIONS),
            "dimension": lambda: dice.pick(lexicon.DIMENSIONS),
            "thing": lambda: topic.thing,
            "aspect": lambda: topic.aspect(dice),
            "word": lambda: made_up_word(dice),
            "letter": lambda: dice.pick(ascii_uppercase),
            "symbol": lambda: dice.pick(scenery.PUNCTUATION + scenery.UNKNOWN_SYMBOLS),
            "code": lambda: f"{dice.pick(ascii_uppercase)}{dice.pick(ascii_uppercase)}-{dice.below(1000)}",
        },
    )


def draw_misleading_fact(dice: Dice) -> str:
    """A clause whose opinion word does not count: it is part of a quoted title, or about something else."""
    clause = _filled(
        dice.pick(scenery.MISLEADING_FACTS),
        {
            "city": lambda: dice.pick(scenery.CITIES),
            "time": lambda: dice.pick(scenery.TIMES),
            "name": lambda: _name(dice),
            "noun": lambda: _noun(dice),
            "relation": lambda: dice.pick(scenery.RELATIONS),
            "title": lambda: _title(dice),
            "unrelated": lambda: dice.pick(scenery.UNRELATED),
            "pastime": lambda: dice.pick(scenery.PASTIMES),
            "opinion_word": lambda: draw_word(dice, lexicon.GENERAL)[0],
            "opinion_adverb": lambda: draw_word(dice, lexicon.ADVERBS)[0],
            "feeling": lambda: draw_word(dice, lexicon.FEELINGS)[0],
            "feel": lambda: draw_word(dice, lexicon.FEELING_VERBS)[0],
            "feels": lambda: third_person(draw_word(dice, lexicon.FEELING_VERBS)[0]),
        },
    )
    return re.sub(r'"(.*)"', "\u201c\\1\u201d", clause) if dice.chance(0.15) else clause


def _filled(template: str, slots: Dict[str, Callable[[], str]]) -> str:
    filled = re.sub(r"\{(\w+)\}", lambda match: slots[match.group(1)](), template)
    return re.sub(r"\b([Aa]) (\w+)", lambda match: with_article(match.group(2), match.group(2)), filled)


def _name(dice: Dice) -> str:
    return made_up_word(dice).capitalize() if dice.chance(0.15) else dice.pick(scenery.NAMES)


def _noun(dice: Dice) -> str:
    return made_up_word(dice) if dice.chance(0.1) else dice.pick(scenery.NOUNS)


def _title(dice: Dice) -> str:
    word, other = (draw_word(dice, lexicon.GENERAL)[0].capitalize() for _ in range(2))
    noun = dice.pick(scenery.TITLE_NOUNS)
    return dice.pick(
        (f"The {word} {noun}", f"{word} {noun}", f"My {word} {noun}", f"{word} and {other}", f"{noun} of the {word}")
    )
