"""What an opinion clause is, and the parts that all kinds of them share.

A clause is written in a small markup: `[word|role]` marks words that decide its value (the role is `opinion` where none
is given), all else is scenery. `generator.py` joins clauses into sentences and turns the markup into character spans.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import FrozenSet, Mapping, Sequence, Tuple, TypeVar

from . import rules
from .dice import Dice
from .english import made_up_word
from .scenery import BRANDS, DOMAINS, RELATIONS, Domain

W = TypeVar("W", str, Tuple[str, str, str])

PLAIN = frozenset({"plain"})
NEGATION = frozenset({"negation"})
INTENSITY = frozenset({"intensity"})
COMPARISON = frozenset({"comparison"})
IDIOM = frozenset({"idiom"})


@dataclass(frozen=True)
class Clause:
    """One opinion: its words in markup, its value in points, and the phenomena that it shows."""

    markup: str
    value: int
    phenomena: FrozenSet[str] = PLAIN


@dataclass(frozen=True)
class Topic:
    """What a generated review is about."""

    domain: Domain
    thing: str

    def aspect(self, dice: Dice) -> str:
        """A part or property of the thing."""
        return dice.pick(self.domain.aspects)

    def named(self, dice: Dice) -> str:
        """The thing as a subject or object: "it", "this kettle", "the kettle"."""
        return dice.pick(("it", "it", f"this {self.thing}", f"the {self.thing}"))

    def subject(self, dice: Dice) -> str:
        """What an opinion can be about: the thing, or one of its aspects."""
        aspect = f"the {self.aspect(dice)}"
        whole = ("it", "it", f"the {self.thing}", f"this {self.thing}", "this one", "everything about it")
        return dice.pick((*whole, aspect, aspect))


def draw_topic(dice: Dice) -> Topic:
    """A thing of some domain."""
    domain = dice.pick(list(DOMAINS.values()))
    return Topic(domain, dice.pick(domain.things))


def draw_word(dice: Dice, values: Mapping[W, int]) -> Tuple[W, int]:
    """A word and its value; every value is as likely as the others, however many words have it."""
    wanted = dice.pick(sorted(set(values.values())))
    return dice.pick([word for word, value in values.items() if value == wanted]), wanted


def draw_brand(dice: Dice) -> str:
    """A brand that does not exist; every other one is made up on the spot."""
    return dice.pick(BRANDS) if dice.chance(0.5) else made_up_word(dice).capitalize()


def draw_person(dice: Dice) -> str:
    """ "my sister"."""
    return f"my {dice.pick(RELATIONS)}"


def operated(
    dice: Dice,
    manner: str,
    value: int,
    *,
    boosters: Sequence[str],
    weakeners: Sequence[str] = (),
    negators: Sequence[str] = (),
) -> Tuple[str, int, FrozenSet[str]]:
    """The operator's markup (with a space behind), the value that it leaves, and the phenomenon.

    `manner` is `plain`, `boost`, `weaken`, `deny` or `firm`.
    """
    choices = {"boost": boosters, "weaken": weakeners, "deny": negators, "firm": negators}
    if manner == "plain":
        return "", value, PLAIN
    denies = manner in ("deny", "firm")
    operator = {"boost": rules.boost, "weaken": rules.weaken, "deny": rules.deny, "firm": rules.deny_firmly}[manner]
    role = "negator" if denies else "intensity"
    return f"[{dice.pick(choices[manner])}|{role}] ", operator(value), NEGATION if denies else INTENSITY


def is_not(dice: Dice) -> str:
    """A denied "to be" in markup."""
    return dice.pick(
        (
            "is [not|negator]",
            "is [not|negator]",
            "was [not|negator]",
            "[isn't|negator]",
            "[isn't|negator]",
            "[wasn't|negator]",
            "[isnt|negator]",
        )
    )


def do_not(dice: Dice, third: bool = False) -> str:
    """A denied "to do" in markup."""
    now = ("does not", "doesn't", "doesn't", "doesnt") if third else ("do not", "don't", "don't", "dont")
    no = dice.pick((*now, "did not", "didn't"))
    return f"[{no}|negator]"
