"""What is asked of `trust=`: which parts are measured, and how thoroughly."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Mapping, Optional, Tuple

from ..arguments import did_you_mean, listed, one_of, plain_text, truth, whole_number
from ..errors import InputError, shown

OPERATORS = ("mask", "removal", "replacement")
"""The ways of hiding words."""
NEUTRAL = ("the", "of", "and", "in", "this", "that", "it", "as", "on", "for", "at", "by", "from", "some", "one", "their")
"""What stands in the place of words where no other texts are there: English words without a colour."""


@dataclass(frozen=True)
class Asked:
    """What is measured beside each explanation."""

    words: int = 5
    """The strongest so many words are hidden one by one."""
    draws: int = 200
    """Sets of random words that the deletion check compares with."""
    stability: bool = True
    """Whether the scores are computed again with jittered vectors."""
    operators: Tuple[str, ...] = ()
    """The ways of hiding words of which comprehensiveness and sufficiency are measured."""
    orders: int = 50
    """Random orders that these compare with."""
    replacements: Tuple[str, ...] = NEUTRAL
    """The words that "replacement" draws from."""
    seed: int = 0
    """Of all draws."""


def asked(trust: Any) -> Optional[Asked]:
    """What `trust` asks for: nothing (False, None), the cheap parts (True), all ("full"), or a dict of the fields of `Asked`.

    Raises InputError for anything else.
    """
    if trust is None or trust is False:
        return None
    if trust is True:
        return Asked()
    if isinstance(trust, Asked):
        return trust
    if isinstance(trust, str) and trust == "full":
        return Asked(operators=OPERATORS)
    names = [held.name for held in fields(Asked)]
    if not isinstance(trust, Mapping):
        raise InputError(f"trust is {shown(trust)}, but must be True, False, 'full' or a dict of {', '.join(names)}")
    unknown = [name for name in trust if name not in names]
    if unknown:
        raise InputError(f"trust has no {unknown[0]!r}: there are {', '.join(names)}{did_you_mean(unknown[0], names)}")
    given = dict(trust)
    for name in ("words", "draws", "orders"):
        if name in given:
            given[name] = whole_number(given[name], name)
    if "seed" in given:
        given["seed"] = whole_number(given["seed"], "seed", least=0)
    if "stability" in given:
        given["stability"] = truth(given["stability"], "stability")
    if "operators" in given:
        several = listed(given["operators"])
        given["operators"] = tuple(dict.fromkeys(one_of(name, "operators", OPERATORS) for name in several))
    if "replacements" in given:
        given["replacements"] = words_to_draw(given["replacements"])
    return Asked(**given)


def words_to_draw(given: Any) -> Tuple[str, ...]:
    """The words in a list of texts or words. Raises InputError where there are none."""
    found = tuple(word for text in listed(given) for word in plain_text(text, empty=True, name="replacements").split())
    if not found:
        raise InputError("replacements holds no word: give words, or leave it out for neutral English ones")
    return found
