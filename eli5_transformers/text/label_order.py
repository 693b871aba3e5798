"""Whether labels have an order, told by their names: numbers of one kind ("1 star" … "5 stars"), or words of one scale."""

from __future__ import annotations

import re
import unicodedata
from typing import Callable, Dict, NamedTuple, Optional, Sequence, Tuple

from .label_scales import SCALES, STRONGER, WEAKER, Scale

_NUMBER = re.compile(r"[-+\u2212]?\d+(?:[.,]\d+)?")
_STARS = re.compile(r"[★⭐]+[☆]*")
# Names that number the outputs and say nothing of them.
_INDEX = re.compile(r"(?:label|class|category|klasse|classe|clase|cluster|topic|output|id)\s*", re.IGNORECASE)
_PLURALS = ("s", "e")  # "stars", "Sterne", "étoiles": taken off one behind the other
_MOST_TERMS = 4
_STEP = 0.25
"""What a word such as "very" moves a level by, in levels."""


class Order(NamedTuple):
    """An order of labels."""

    places: Tuple[int, ...]
    """For each label its place, from 0 for the lowest; no two are the same."""
    values: Tuple[float, ...]
    """For each label the number in its name, or of words the place from 1."""
    up: str
    """What more of it is, in words: "more stars"; or, of labels that no word is known for, the highest one's name."""
    down: str
    by_ends: bool = False
    """True where `up` and `down` are the names of labels."""

    @property
    def lean(self) -> Tuple[float, ...]:
        """The weights of the lean: the places minus their mean."""
        mean = (len(self.places) - 1) / 2
        return tuple(place - mean for place in self.places)

    @property
    def inner(self) -> Tuple[bool, ...]:
        """True for the labels that stand between others."""
        return tuple(0 < place < len(self.places) - 1 for place in self.places)


def plain(name: str) -> str:
    """A label's name as it is compared: in small letters, with one space where there are signs or spaces."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(re.sub(r"[\s_.:;,!()\[\]-]+", " ", folded).split())


def order_of(names: Sequence[str]) -> Optional[Order]:
    """The order of labels, by their names; None where they have none that is plain to see, or are fewer than two.

    Numbers count where all labels are numbers, or have the same word beside them. Those that only count the outputs
    ("LABEL_0", "LABEL_1", … and bare 0, 1, … in this order) say nothing of an order and are not taken for one.
    """
    if len(names) < 2 or not all(isinstance(name, str) for name in names):
        return None
    return _by_numbers(names) or _by_words(names)


def declared_order(names: Sequence[str], lowest_first: Sequence[str]) -> Order:
    """The order in which somebody has put the labels; words for it are those of `order_of`, where it is the same order."""
    places = tuple(list(lowest_first).index(name) for name in names)
    known = order_of(names)
    if known is not None and known.places == places:
        return known
    if known is not None and places == tuple(len(names) - 1 - place for place in known.places):
        return Order(places, tuple(place + 1.0 for place in places), known.down, known.up)
    return _by_ends(names, places)


def _ranked(values: Sequence[float]) -> Optional[Tuple[int, ...]]:
    """The place of each value; None where two are the same."""
    if len(set(values)) < len(values):
        return None
    ordered = sorted(values)
    return tuple(ordered.index(value) for value in values)


def _by_ends(names: Sequence[str], places: Sequence[int]) -> Order:
    ends = [names[list(places).index(end)] for end in (len(names) - 1, 0)]
    return Order(tuple(places), tuple(place + 1.0 for place in places), ends[0], ends[1], by_ends=True)


# Numbers


def _by_numbers(names: Sequence[str]) -> Optional[Order]:
    read = [_number(name) for name in names]
    if any(one is None for one in read):
        return None
    values, words = zip(*(one for one in read if one is not None))
    places = _ranked(values)
    units = {_singular(word) for word in words}
    if places is None or len(units) > 1:
        return None
    if any(_INDEX.fullmatch(word) for word in words if word):
        return None
    (unit,) = units
    if not unit and list(values) == list(range(len(values))):
        return None
    if unit in ("star", "point"):
        return Order(places, tuple(values), f"more {unit}s", f"fewer {unit}s")
    if not unit:
        return Order(places, tuple(values), "a higher number", "a lower number")
    return _by_ends(names, places)._replace(values=tuple(values))


def _number(name: str) -> Optional[Tuple[float, str]]:
    """The one number in a name, and the words beside it."""
    if stars := _STARS.fullmatch(name.strip()):
        return float(sum(sign in "★⭐" for sign in stars.group())), "star"
    # A sign counts at the beginning alone: "rating-5" is a five.
    text = unicodedata.normalize("NFKC", name).strip().replace("_", " ")
    found = list(_NUMBER.finditer(text))
    if len(found) != 1:
        return None
    (number,) = found
    digits = number.group() if number.start() == 0 else number.group().lstrip("+-\u2212")
    value = float(digits.replace(",", ".").replace("\u2212", "-"))
    return value, plain(text[: number.start()] + " " + text[number.end() :])


def _singular(word: str) -> str:
    """The same for a word beside a one and beside more: "star" and "stars"."""
    for ending in _PLURALS:
        if len(word) > len(ending) + 1 and word.endswith(ending):
            word = word[: -len(ending)]
    return word


# Words


def _by_words(names: Sequence[str]) -> Optional[Order]:
    spelled = [plain(name) for name in names]
    for scale in SCALES:
        levels = [_level(scale, name) for name in spelled]
        if any(level is None for level in levels):
            continue
        places = _ranked([level for level in levels if level is not None])
        if places is None:
            continue
        order = _by_ends(names, places)
        return order._replace(up=scale.up, down=scale.down, by_ends=False) if scale.up else order
    return None


def _level(scale: Scale, name: str) -> Optional[float]:
    """The height of a name on a scale, from the middle; None where it is not of the scale."""
    heights = _heights(scale)
    if name in heights:
        return heights[name]
    for words, factor in ((STRONGER, 1), (WEAKER, -1)):
        for word in words:
            bare = _without(name, word)
            if bare in heights and heights[bare]:
                return heights[bare] + factor * (_STEP if heights[bare] > 0 else -_STEP)
    return None


def _heights(scale: Scale) -> Dict[str, float]:
    middle = (len(scale.levels) - 1) / 2
    return {spelling: place - middle for place, level in enumerate(scale.levels) for spelling in level}


def _without(name: str, word: str) -> str:
    """The name without a word before or behind it; scripts without spaces have none between them."""
    spaced = name.startswith(f"{word} ") or name.endswith(f" {word}")
    if not spaced and (word.isascii() or not name.startswith(word)):
        return ""
    return name[len(word) :].strip() if name.startswith(word) else name[: -len(word)].strip()


# In words


def in_words(question: str, names: Sequence[str], weights: Sequence[float]) -> str:
    """What a higher value of a weighted sum of classes is, in words: "more stars", "joy rather than fear"."""
    if question == "contrast":
        return f"{names[_place_of(weights, max)]} rather than {names[_place_of(weights, min)]}"
    if question == "lean":
        order = order_by_weight(names, weights)
        return f"towards {order.up}" if order.by_ends else order.up
    if question == "expected value":
        return "a higher expected value"
    held = sorted(zip(weights, names), key=lambda pair: -abs(pair[0]))
    held = [(weight, name) for weight, name in held if weight]
    said = " ".join(f"{'−' if weight < 0 else '+'} {abs(weight):.3g} · {name}" for weight, name in held[:_MOST_TERMS])
    return (said[2:] if said.startswith("+") else said) + (" …" if len(held) > _MOST_TERMS else "")


def order_by_weight(names: Sequence[str], weights: Sequence[float]) -> Order:
    """The order in which the labels have these weights in a lean."""
    return declared_order(names, [names[place] for place in sorted(range(len(names)), key=lambda place: weights[place])])


def _place_of(weights: Sequence[float], extreme: Callable[[Sequence[float]], float]) -> int:
    return list(weights).index(extreme(weights))
