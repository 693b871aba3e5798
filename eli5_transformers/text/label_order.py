"""Whether labels have an order, told by their names: numbers of one kind ("1 star" … "5 stars"), or words of one scale."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Callable, Dict, NamedTuple, Optional, Sequence, Tuple

from .label_scales import SCALES, STRONGER, WEAKER, Scale

_NUMBER = re.compile(r"[-+\u2212]?\d+(?:[.,]\d+)*")
# "1,000" is a thousand, or one: nobody can tell. "1.2.3" is no number.
_UNCLEAR = re.compile(r"\D?\d{1,3}(?:[.,]\d{3})+|\D?\d+(?:[.,]\d+){2,}")
_STARS = re.compile(r"[★⭐]+[☆]*")
# What is counted or graded, as `_singular` has it. Beside other words a number may be a name ("type 1", "F32", "class 2").
_UNITS = frozenset(
    "star stern étoil etoil estrell stell ster sterren estrel gwiazdk звезд звезда звезды yıldız نجوم نجمة 星 颗星 星级 つ星 "
    "별 점 point punkt punt pont scor rating grad level rank not".split()
)
_PLURALS = "seaio"  # "stars", "Sterne", "étoiles", "stelle" and "stella", "punti": taken off one behind the other
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
    folded = unicodedata.normalize("NFKC", name).casefold().replace("\u2019", "'").replace("\ufe0f", "")
    return " ".join(re.sub(r"[\s_.:;,!()\[\]-]+", " ", folded).split())


def order_of(names: Sequence[str]) -> Optional[Order]:
    """The order of labels, by their names; None where they have none that is plain to see, or are fewer than two.

    Numbers count where all labels are numbers, or have the same word beside them that says what is counted or graded
    ("stars", "level"). Those that only count the outputs ("LABEL_0", "LABEL_1", … and bare 0, 1, … in this order) say nothing
    of an order and are not taken for one.
    """
    return _order_of(tuple(names)) if len(names) > 1 and all(isinstance(name, str) for name in names) else None


@lru_cache(maxsize=64)
def _order_of(names: Tuple[str, ...]) -> Optional[Order]:
    return _bynumbers_of(names) or _by_words(names)


def declared_order(names: Sequence[str], lowest_first: Sequence[str]) -> Order:
    """The order in which somebody has put the labels.

    Words for it are those of `order_of`, where it is the same order or its reverse; values are the numbers in the names, where
    there are any.
    """
    places = tuple(list(lowest_first).index(name) for name in names)
    known, numbers = order_of(names), numbers_of(names)
    made = _by_ends(names, places)
    if numbers is not None:
        made = made._replace(values=numbers[0])
    if known is not None and known.places == places:
        return known
    if known is not None and not known.by_ends and places == tuple(len(names) - 1 - place for place in known.places):
        return made._replace(up=known.down, down=known.up, by_ends=False)
    return made


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


def _bynumbers_of(names: Sequence[str]) -> Optional[Order]:
    found = numbers_of(names)
    if found is None:
        return None
    values, unit = found
    places = _ranked(values)
    if places is None or (unit and unit not in _UNITS) or (not unit and list(values) == list(range(len(values)))):
        return None
    if unit in ("star", "point"):
        return Order(places, values, f"more {unit}s", f"fewer {unit}s")
    if not unit:
        return Order(places, values, "a higher number", "a lower number")
    return _by_ends(names, places)._replace(values=values)


def numbers_of(names: Sequence[str]) -> Optional[Tuple[Tuple[float, ...], str]]:
    """The number in each name, and the word beside all of them; None where one has none, or another word."""
    read = [found for found in map(_number, names) if found is not None]
    units = {_singular(word) for _, word in read}
    return (tuple(value for value, _ in read), units.pop()) if len(read) == len(names) and len(units) == 1 else None


def _number(name: str) -> Optional[Tuple[float, str]]:
    """The one number in a name, and the words beside it."""
    if stars := _STARS.fullmatch(name.strip().replace("\ufe0f", "")):
        return float(sum(sign in "★⭐" for sign in stars.group())), "star"
    # A sign counts at the beginning alone: "rating-5" is a five.
    text = unicodedata.normalize("NFKC", name).strip().replace("_", " ")
    found = list(_NUMBER.finditer(text))
    if len(found) != 1 or _UNCLEAR.fullmatch(found[0].group()):
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
    for words, factor in ((_STRONGER, 1), (_WEAKER, -1)):
        for word in words:
            bare = _without(name, word)
            if bare in heights and heights[bare]:
                return heights[bare] + factor * (_STEP if heights[bare] > 0 else -_STEP)
    return None


@cache
def _heights(scale: Scale) -> Dict[str, float]:
    middle = (len(scale.levels) - 1) / 2
    return {plain(spelling): place - middle for place, level in enumerate(scale.levels) for spelling in level}


def _without(name: str, word: str) -> str:
    """The name without a word; scripts without spaces have none behind it. Empty where it has not the word."""
    if f" {word} " in f" {name} ":
        return " ".join(f" {name} ".replace(f" {word} ", " ", 1).split())
    return "" if word.isascii() or not name.startswith(word) else name[len(word) :].strip()


_STRONGER, _WEAKER = (sorted(map(plain, words), key=len, reverse=True) for words in (STRONGER, WEAKER))

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


def between(label: str) -> str:
    """What a reader must know of the scores of a label that stands between others."""
    return (
        f"‘{label}’ stands between other labels: words that speak against its neighbours speak for it, too. The lean tells "
        "towards which end of the labels a word pulls."
    )


def order_by_weight(names: Sequence[str], weights: Sequence[float]) -> Order:
    """The order in which the labels have these weights in a lean."""
    return declared_order(names, [names[place] for place in sorted(range(len(names)), key=lambda place: weights[place])])


def _place_of(weights: Sequence[float], extreme: Callable[[Sequence[float]], float]) -> int:
    return list(weights).index(extreme(weights))
