"""How vocabularies spell tokens: the marks of spaces and of pieces, bytes, and names that a person can read."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Dict, Iterator, Optional

SPACE_MARKERS = ("\u2581", "\u0120")  # SentencePiece's lower one eighth block, byte-level BPE's G with dot
SPACES_OF_BYTES = ("\x85", "\xa0")
"""White space by its name, and a byte of "à", "ą" and "х" where bytes are spelled as characters (ByT5)."""
_UNKNOWN = {"[UNK]", "<unk>", "<UNK>", "UNK", "@@UNKNOWN@@"}
# A byte, as SentencePiece writes those of characters that it does not know.
_HEX = re.compile(r"<0x([0-9A-F]{2})>")
NO_BYTE = 0xFF
"""A byte of no text in UTF-8."""


def _gpt2_alphabet() -> Dict[str, int]:
    """From the characters that byte-level BPE writes to the bytes they stand for (`bytes_to_unicode` of GPT-2)."""
    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {**{chr(byte): byte for byte in shown}, **{chr(256 + place): byte for place, byte in enumerate(hidden)}}


_GPT2 = _gpt2_alphabet()


def is_unknown(token: str) -> bool:
    """True for what vocabularies call a word that they do not know."""
    return token in _UNKNOWN


def may_hold_marks(text: str) -> bool:
    """True where a text has a character that stands for white space in a vocabulary."""
    return not text.isascii() and any(char in _GPT2 and _GPT2[char] <= 0x20 or char in SPACE_MARKERS for char in text)


def byte_of(token: str) -> Optional[int]:
    """The byte that `<0xE2>` stands for; None for any other token."""
    found = _HEX.fullmatch(token)
    return int(found[1], 16) if found else None


def gpt2_bytes(token: str) -> bytes:
    """The bytes that GPT-2's alphabet spells so, `NO_BYTE` for a character that is none of it."""
    return bytes(_GPT2.get(char, NO_BYTE) for char in token)


def spaced(token: str) -> str:
    """The token with spaces in the place of their marks."""
    for marker in SPACE_MARKERS:
        token = token.replace(marker, " ")
    return token


def spellings(token: str) -> Iterator[str]:
    """What of a text the token may be, the likeliest first: as it is, and without the mark that it is a piece of a word."""
    for spelled in dict.fromkeys((token.strip(), spaced(token).strip())):
        yield spelled
        if spelled.startswith("##") and len(spelled) > 2:
            yield spelled[2:]
        for end in ("</w>", "@@"):
            if spelled.endswith(end):
                yield spelled[: -len(end)]


def white_space(token: str, document: str = "") -> Optional[str]:
    """The white space that the token stands for, "" for nothing; None where it stands for anything else.

    What a document holds is not read as the mark of a space: "▁" or "Ċ" may be its own.
    """
    if token.strip() and token.casefold() in _casefolded(document):
        return None
    byte = byte_of(token)
    known = bytes([byte]) if byte is not None else gpt2_bytes(token)
    for found in (spaced(token), "" if token == "</w>" else token, known.decode("utf-8", "replace")):
        if not found.strip():
            return found
    return None


@lru_cache(maxsize=4)
def _casefolded(document: str) -> str:
    return document.casefold()


def space_name(space: str) -> str:
    """A name for white space, which shows nothing: "↵" for a line feed, "(space)", "(2 spaces)", "(no-break space)"."""
    if not space:
        return "(nothing)"
    if set(space) == {" "}:
        return "(space)" if len(space) == 1 else f"({len(space)} spaces)"
    return "".join(_SPACES.get(char) or _unicode_name(char) for char in space)


_SPACES = {"\n": "↵", "\t": "⇥", "\r": "␍", "\x0b": "␋", "\x0c": "␌", " ": "(space)"}


def _unicode_name(char: str) -> str:
    return f"({unicodedata.name(char, '').lower() or f'U+{ord(char):04X}'})"


def readable(token: str, document: str = "") -> str:
    """A name for a token without a place in its document: white space by its name, parts of a character as bytes."""
    space = white_space(token, document)
    if space is not None:
        return space_name(space)
    if is_part_of_a_character(token) and token not in document:
        byte = byte_of(token)
        known = bytes([byte]) if byte is not None else gpt2_bytes(token)
        return f"({'byte' if len(known) == 1 else 'bytes'} {' '.join(f'{byte:02X}' for byte in known)})"
    return token


def is_part_of_a_character(token: str) -> bool:
    """True for some bytes of a character, as a byte-level vocabulary spells them."""
    byte = byte_of(token)
    known = bytes([byte]) if byte is not None else gpt2_bytes(token)
    if not known or min(known) < 0x80 or (byte is None and not set(token) <= set(_GPT2)):
        return False
    return "\ufffd" in known.decode("utf-8", "replace")
