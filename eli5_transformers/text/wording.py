"""Numbers and quotations as a person reads them in a sentence."""

from __future__ import annotations

from typing import List, NamedTuple, Sequence

from ..escapes import visible_line

MINUS = "\u2212"
NARROW = "\u202f"  # a space that no line breaks at, narrower than one between words


class Part(NamedTuple):
    """A piece of a sentence."""

    text: str
    kind: str = ""
    """"word" for what a text says, "label" for the name of a class, else empty: the sentence's own words."""


Sentence = List[Part]


def number(value: float) -> str:
    """A size: from 100 without decimals, from 1 with one, below with two; "0" under .005."""
    size = abs(value)
    if size < 0.005:
        return "0"
    # By the number that is read: 0.999 is "1.0", 99.97 is "100".
    two, one = f"{size:.2f}", f"{size:.1f}"
    text = two if float(two) < 1 else one if float(one) < 100 else f"{size:.0f}"
    return f"{MINUS if value < 0 else ''}{text}"


def signed(value: float) -> str:
    """A contribution: as `number` has it, always with its sign."""
    text = number(value)
    return f"+{text}" if value > 0 and text != "0" else text


def percent(share: float) -> str:
    """A probability: ">99.9 %", one decimal from 99.5 % and below 1 %, else none, "<0.1 %"."""
    value = 100 * share
    if value > 99.9:
        text = ">99.9"
    elif value < 0.1:
        text = "<0.1"
    else:
        text = f"{value:.1f}" if value >= 99.5 or value < 1 else f"{value:.0f}"
    return f"{text}{NARROW}%"


def ordinal(place: int) -> str:
    """A place from 1: "1st", "2nd", "11th"."""
    ending = "th" if 10 < place % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"


def said(text: str) -> Part:
    """A piece of the sentence's own words."""
    return Part(text)


def joined(items: Sequence[Sentence]) -> Sentence:
    """Several things in a row: "a", "a and b", "a, b and c"."""
    made: Sentence = []
    for place, item in enumerate(items):
        if place:
            made.append(said(" and " if place == len(items) - 1 else ", "))
        made += item
    return made


def plain(sentence: Sentence) -> str:
    """The sentence as text: words in double quotation marks, labels in single ones; one line, nothing that a screen obeys."""
    marks = {"word": "“{}”", "label": "‘{}’", "": "{}"}
    return "".join(marks[part.kind].format(visible_line(part.text)) for part in sentence)
