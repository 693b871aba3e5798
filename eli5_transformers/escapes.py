"""Characters that a screen obeys, or shows nothing of, made visible.

A label from a downloaded config, or a text from anywhere, may hold control characters, bidirectional overrides and
characters without width: the first are commands to a terminal, the second reorder what stands beside them, so that a
probability of 0.750 could read 057.0, and the last make two texts look alike that a model reads as different ones.
Wherever such a text is *shown*, these characters are spelled as Python spells them (`\\u202e`). The data keep them:
offsets, attributions and their files are of the text as it was given.

What ordinary writing needs stays: joiners between emoji and in scripts whose letters join or stack (Persian, Hindi), the
variation selector of the character before it, zero-width spaces in Thai, Lao, Khmer and Burmese, and the direction marks
(LRM, RLM, ALM) of a text that has right-to-left letters: they reorder nothing beyond themselves.
"""

from __future__ import annotations

import itertools
from typing import Iterator, List

import regex

# Controls but tab, line feed and carriage return; line and paragraph separator; lone surrogates, which no file can hold;
# all that Unicode says to show nothing for (its property "default ignorable": joiners, fillers, marks, the embeddings,
# overrides and isolates of UAX 9) and the anchors of annotations.
_UNSEEN = r"[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB--[\t\n\r]]"
# What may stand before a joiner: letters and marks, but of scripts whose letters neither join nor stack.
_JOINING = (
    r"[[\p{L}\p{M}]--[\p{Latin}\p{Greek}\p{Cyrillic}\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Common}"
    r"\p{InCombining_Diacritical_Marks}\p{Default_Ignorable_Code_Point}]]"
)
_EMOJI = r"[[\p{Extended_Pictographic}\p{Emoji_Modifier}]--\p{Cn}]"
_NEEDED = (
    # A selector of the shape of the one character before it.
    r"(?<=[[^\p{ASCII}\p{C}\p{Z}\p{Default_Ignorable_Code_Point}][0-9#*]])\p{Variation_Selector}",
    rf"(?<={_EMOJI}\uFE0F?)\u200D(?={_EMOJI})",
    rf"(?<={_JOINING})[\u200C\u200D\u180E]",
    r"(?<=[\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])\u200B",
    # The flags of England, Texas and the like: a black flag, then the letters of the place.
    r"(?<=\U0001F3F4)[\U000E0030-\U000E0039\U000E0061-\U000E007A]{2,6}\U000E007F",
)
_PATTERN = rf"{'|'.join(_NEEDED)}|(?P<spelled>{_UNSEEN})"
_ANY = regex.compile(_UNSEEN, regex.V1)
_LEFT_TO_RIGHT = regex.compile(_PATTERN, regex.V1)
_RIGHT_TO_LEFT = regex.compile(rf"[\u200E\u200F\u061C]|{_PATTERN}", regex.V1)
_HAS_RIGHT_TO_LEFT = regex.compile(r"[\p{L}&&[\p{Bidi_Class=R}\p{Bidi_Class=AL}]]", regex.V1)
_BREAKS = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def visible(text: str) -> str:
    """`text` with every character that a screen would obey or hide spelled as an escape; line breaks and tabs stay.

    The escapes hold no character that HTML reads as markup. What is visible already stays as it is. A whole text belongs
    in one call: a part of it may lack the letter that a joiner joins.
    """
    return "".join(_pieces(text)) if _ANY.search(text) else text


def visible_line(text: str) -> str:
    """As `visible`, for a name that must stay on one line: line breaks and tabs are spelled, too."""
    shown = visible(text)
    return shown if shown.isprintable() else "".join(_BREAKS.get(character, character) for character in shown)


def visible_characters(text: str) -> List[str]:
    """What `visible` shows for each character of `text`: joined, they are `visible(text)`."""
    return list(_pieces(text))


def visible_offsets(text: str) -> List[int]:
    """Where each character of `text` begins in `visible(text)`, and behind them where the last one ends."""
    return [0, *itertools.accumulate(map(len, _pieces(text)))]


def _pieces(text: str) -> Iterator[str]:
    done = 0
    pattern = _RIGHT_TO_LEFT if _HAS_RIGHT_TO_LEFT.search(text) else _LEFT_TO_RIGHT
    for found in pattern.finditer(text):
        yield from text[done : found.start()]
        spelled = found["spelled"]
        yield from (_escape(spelled),) if spelled else found.group()
        done = found.end()
    yield from text[done:]


def _escape(character: str) -> str:
    # As `repr` does, which spells only some of them.
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
