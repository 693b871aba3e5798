"""The little English grammar that the generator needs."""

from __future__ import annotations

from .dice import Dice
from .lexicon import DECIDING

ONSETS = tuple("b c d f g h j k l m n p qu r s t v w x y z br ch cl cr dr fl fr gl gr pl pr sh sl st th tr".split())
VOWELS = tuple("a e i o u ai ea ee io oo ou".split())
CODAS = tuple("b c d f g k l m n p r s t x z ck ll nd ng nt rd rn ss st".split())
PREFIXES = tuple("un re in im dis mis non pre pro con com ex over under out up sub super inter de en em".split())
SUFFIXES = tuple(
    """s es ed ing er est ly ness less ful able ible ment tion sion ity ive ous al ic ish ist ism ize ise y ie ty
    th en ers ings ies ied ally fully ably ory ary ance ence ant ent age ate ation man men ship
    hood ward wise like land""".split()
)

_IRREGULAR = {
    "child": "children", "man": "men", "woman": "women", "people": "people", "fish": "fish", "sheep": "sheep",
    "leaf": "leaves", "knife": "knives", "shelf": "shelves", "series": "series", "stairs": "stairs",
    "potato": "potatoes", "tomato": "tomatoes",
}  # fmt: skip


def made_up_word(dice: Dice) -> str:
    """A pronounceable word that carries no opinion; the vocabulary's word pieces get their training from these."""
    while True:
        word = dice.pick(PREFIXES) if dice.chance(0.1) else ""
        # Two syllables at least: one alone is too often an English word ("not", "sad").
        for _ in range(2 + dice.below(2)):
            word += dice.pick(ONSETS) + dice.pick(VOWELS)
            word += dice.pick(CODAS) if dice.chance(0.5) else ""
        word += dice.pick(SUFFIXES) if dice.chance(0.4) else ""
        if word not in DECIDING:
            return word


def with_article(phrase: str, words: str) -> str:
    """The phrase behind "a" or "an", as its first word (in `words`, without markup) asks."""
    vowel = words[0].lower() in "aeiou" and not words.startswith(("use", "usual", "one"))
    return f"{'an' if vowel else 'a'} {phrase}"


def third_person(verb: str) -> str:
    """ "likes", "cherishes", "despises"."""
    return verb + ("es" if verb.endswith(("s", "sh", "ch", "x")) else "s")


def past(verb: str) -> str:
    """ "liked", "regretted", "enjoyed": of the verbs in `lexicon.FEELING_VERBS`."""
    if verb.endswith("e"):
        return verb + "d"
    return verb + {"regret": "ted", "worship": "ped"}.get(verb, "ed")


def plural(noun: str) -> str:
    """ "boxes", "stories", "children"."""
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith(("s", "sh", "ch", "x", "z")) else "s")
