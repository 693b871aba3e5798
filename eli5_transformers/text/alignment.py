"""Where the tokens of a text stand in it, from their spelling alone: for tokenizers that report no offsets."""

from __future__ import annotations

import re
import unicodedata
from typing import Dict, List, Optional, Sequence, Tuple

import regex

from ..errors import ExplanationError
from .words import Span

# Pieces that a tokenizer adds or puts in for what it does not know: [CLS], <s>, <|endoftext|>, <pad>.
_ADDED = re.compile(r"\[[A-Z]+\d*\]|<[^<>\s]+>")
_UNKNOWN = {"[UNK]", "<unk>", "@@UNKNOWN@@"}
# What an unknown token stands for: a run of letters and digits, or a single other sign, which may be several characters.
_CHUNK = regex.compile(r"[\w\p{N}\p{Cf}]+|\X")
# A byte, as SentencePiece writes those of characters that it does not know.
_HEX = re.compile(r"<0x([0-9A-F]{2})>")
SPACE_MARKERS = ("\u2581", "\u0120")  # SentencePiece's lower one eighth block, byte-level BPE's G with dot


def is_added_token(token: str) -> bool:
    """True where the token is spelled like one that a tokenizer adds, `[CLS]` or `</s>`."""
    return bool(_ADDED.fullmatch(token))


def align_tokens(text: str, tokens: Sequence[str]) -> List[Optional[Span]]:
    """The character span (start, end) in `text` of each token, or None for a token that stands for no characters.

    Tokens must come in the order of the text. Letter case, accents, continuation marks (`##er`), space marks (`▁the`,
    `Ġthe`) and added tokens (`[CLS]`) may differ from the text as tokenizers make them differ; an unknown token
    (`[UNK]`) takes one word. Tokens may spell bytes: as characters (ByT5), in GPT-2's alphabet, or as `<0xE2>`; one that holds
    a part of a character has the whole one's span. Tokens may end before the text does.

    Raises ExplanationError where a token cannot be found: its place would be a guess.
    """
    try:
        return _align_spellings(text, tokens)
    except ExplanationError:
        for reading in (_latin_bytes, _gpt2_bytes, _fallback_bytes):
            found = _align_bytes(text, [None if is_added_token(t) and not _HEX.search(t) else reading(t) for t in tokens])
            if found is not None:
                return found
        raise


def _align_spellings(text: str, tokens: Sequence[str]) -> List[Optional[Span]]:
    folded, places = _fold(text)
    spans: List[Optional[Span]] = []
    at = 0
    for position, token in enumerate(tokens):
        while at < len(folded) and folded[at].isspace():
            at += 1
        spelled = _spelling(token)
        if not spelled:
            spans.append(None)
        elif folded.startswith(spelled, at):
            spans.append((places[at][0], places[at + len(spelled) - 1][1]))
            at += len(spelled)
        elif token in _UNKNOWN:
            chunk = _CHUNK.match(text, places[at][0]) if at < len(folded) else None
            spans.append(chunk.span() if chunk else None)
            while chunk and at < len(folded) and places[at][0] < chunk.end():
                at += 1
        elif is_added_token(token):
            spans.append(None)
        else:
            found = text[places[at][0] :][:20] if at < len(folded) else ""
            raise ExplanationError(
                f"token {position} is {token!r}, but the text goes on with {found!r}: the tokens are not this text's, "
                "or their spelling hides their place; pass offsets=[(start, end), ...] with one span a token"
            )
    return spans


def _align_bytes(text: str, pieces: Sequence[Optional[bytes]]) -> Optional[List[Optional[Span]]]:
    """The spans of pieces of the text's bytes, None for an added token; None where the text goes on otherwise."""
    raw = text.encode("utf-8", "surrogatepass")
    owners = [index for index, char in enumerate(text) for _ in char.encode("utf-8", "surrogatepass")]
    spans: List[Optional[Span]] = []
    at = 0
    for piece in pieces:
        piece = (piece or b"").strip()
        while piece and raw[at : at + 1].isspace():
            at += 1
        if not raw.startswith(piece, at):
            return None
        spans.append((owners[at], owners[at + len(piece) - 1] + 1) if piece else None)
        at += len(piece)
    return spans


def _latin_bytes(token: str) -> bytes:
    return bytes(min(ord(char), _NO_BYTE) for char in token)


def _gpt2_bytes(token: str) -> bytes:
    return bytes(_GPT2.get(char, _NO_BYTE) for char in token)


def _fallback_bytes(token: str) -> bytes:
    found = _HEX.fullmatch(token)
    if found:
        return bytes([int(found[1], 16)])
    for marker in SPACE_MARKERS:
        token = token.replace(marker, " ")
    return token.encode("utf-8", "surrogatepass")


def _gpt2_alphabet() -> Dict[str, int]:
    """From the characters that byte-level BPE writes to the bytes they stand for (`bytes_to_unicode` of GPT-2)."""
    shown = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {**{chr(byte): byte for byte in shown}, **{chr(256 + place): byte for place, byte in enumerate(hidden)}}


_GPT2 = _gpt2_alphabet()
_NO_BYTE = 0xFF  # none of UTF-8


def _spelling(token: str) -> str:
    """The characters that the token stands for, folded as the text is."""
    if token.startswith("##") and len(token) > 2:
        token = token[2:]
    for marker in SPACE_MARKERS:
        token = token.replace(marker, " ")
    return _fold(token.strip())[0]


def _fold(text: str) -> Tuple[str, List[Span]]:
    """`text` without case, accents and control characters, and for each character left its span in `text`."""
    folded: List[str] = []
    places: List[Span] = []
    for index, char in enumerate(text):
        kept = [
            c for c in unicodedata.normalize("NFKD", char.casefold()) if unicodedata.category(c) not in ("Mn", "Cf")
        ]
        if not kept and places:  # a combining mark belongs to the character before it
            places[-1] = (places[-1][0], index + 1)
        folded.extend(kept)
        places.extend([(index, index + 1)] * len(kept))
    return "".join(folded), places
