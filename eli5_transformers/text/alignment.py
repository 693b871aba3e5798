"""Where the tokens of a text stand in it, from their spelling alone: for tokenizers that report no offsets."""

from __future__ import annotations

import re
import unicodedata
from typing import List, Optional, Sequence, Tuple

import regex

from ..errors import ExplanationError
from .words import Span

# Pieces that a tokenizer adds or puts in for what it does not know: [CLS], <s>, <|endoftext|>, <pad>.
_ADDED = re.compile(r"\[[A-Z]+\d*\]|<[^<>\s]+>")
_UNKNOWN = {"[UNK]", "<unk>", "@@UNKNOWN@@"}
# What an unknown token stands for: a run of letters and digits, or a single other sign, which may be several characters.
_CHUNK = regex.compile(r"[\w\p{N}\p{Cf}]+|\X")
SPACE_MARKERS = ("\u2581", "\u0120")  # SentencePiece's lower one eighth block, byte-level BPE's G with dot


def is_added_token(token: str) -> bool:
    """True where the token is spelled like one that a tokenizer adds, `[CLS]` or `</s>`."""
    return bool(_ADDED.fullmatch(token))


def align_tokens(text: str, tokens: Sequence[str]) -> List[Optional[Span]]:
    """The character span (start, end) in `text` of each token, or None for a token that stands for no characters.

    Tokens must come in the order of the text. Letter case, accents, continuation marks (`##er`), space marks (`▁the`,
    `Ġthe`) and added tokens (`[CLS]`) may differ from the text as tokenizers make them differ; an unknown token
    (`[UNK]`) takes one word. Tokens may end before the text does.

    Raises ExplanationError where a token cannot be found: its place would be a guess.
    """
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
