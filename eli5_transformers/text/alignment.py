"""Where the tokens of a text stand in it, from their spelling alone: for tokenizers that report no offsets."""

from __future__ import annotations

import re
import unicodedata
from itertools import accumulate
from typing import List, Optional, Sequence, Tuple

from ..errors import ExplanationError

Span = Tuple[int, int]

# Pieces that a tokenizer adds or puts in for what it does not know: [CLS], <s>, <|endoftext|>, <pad>.
_ADDED = re.compile(r"\[[A-Z]+\d*\]|<[^<>\s]+>")
_UNKNOWN = {"[UNK]", "<unk>", "@@UNKNOWN@@"}
# What word-level splitting makes one token of: a run of word characters, or a single other character.
_CHUNK = re.compile(r"\w+|[^\w\s]", re.UNICODE)
# A word as a reader sees it: "don't" and "U.S." stay whole enough to be read; CJK is written without spaces.
_CJK = "\u2e80-\u2fdf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_WORD = re.compile(rf"[{_CJK}]|(?:(?![{_CJK}])\w)+(?:['’](?:(?![{_CJK}])\w)+)*|[^\w\s]", re.UNICODE)
_SENTENCE_END = re.compile(
    r"[.!?\u2026]+[\"'\u2019\u201d\u00bb)\]]*\s+|[\u3002\uff01\uff1f]+[\u300d\u300f\u201d]*\s*|\n\s*\n"
)
_SPACE_MARKERS = ("\u2581", "\u0120")  # SentencePiece's lower one eighth block, byte-level BPE's G with dot


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
            chunk = _CHUNK.match(folded, at)
            spans.append((places[at][0], places[chunk.end() - 1][1]) if chunk else None)
            at = chunk.end() if chunk else at
        elif is_added_token(token):
            spans.append(None)
        else:
            found = text[places[at][0] :][:20] if at < len(folded) else ""
            raise ExplanationError(
                f"token {position} is {token!r}, but the text goes on with {found!r}: the tokens are not this text's, "
                "or their spelling hides their place; pass offsets=[(start, end), ...] with one span a token"
            )
    return spans


def word_indices(text: str, spans: Sequence[Optional[Span]]) -> List[int]:
    """The index of the word that each span lies in, or -1 where there is no span.

    Words are runs of letters and digits with inner apostrophes, single CJK characters and single other signs. Words
    that one token joins count as one, so that every token belongs to exactly one word.
    """
    word_at = [-1] * len(text)
    words = _words(text)
    for index, (start, end) in enumerate(words):
        word_at[start:end] = [index] * (end - start)
    touched = [sorted({w for w in word_at[span[0] : span[1]] if w >= 0}) if span else [] for span in spans]
    joined = [0] * len(words)  # 1 for a word that shares a token with the word before it
    for indices in touched:
        for index in indices[1:]:
            joined[index] = 1
    places = [index - behind for index, behind in enumerate(accumulate(joined))]
    return [places[indices[0]] if indices else -1 for indices in touched]


def _words(text: str) -> List[Span]:
    words: List[Span] = []
    for match in _WORD.finditer(text):
        start, end = match.span()
        # A combining mark is no letter to `re`, but goes on with its word, as does the letter behind it (Hindi, NFD).
        is_mark = unicodedata.category(text[start])[0] == "M"
        follows_mark = start > 0 and unicodedata.category(text[start - 1])[0] == "M" and text[start].isalnum()
        if words and words[-1][1] == start and (is_mark or follows_mark):
            words[-1] = (words[-1][0], end)
        else:
            words.append((start, end))
    return words


def sentence_starts(text: str) -> List[int]:
    """Where the sentences of the text begin: behind a full stop, exclamation or question mark with its closing quotes, or
    an empty line; the marks of CJK need no space behind them. Abbreviations are not known: "Dr. Who" is two.
    """
    return [0, *(match.end() for match in _SENTENCE_END.finditer(text) if match.end() < len(text))]


def _spelling(token: str) -> str:
    """The characters that the token stands for, folded as the text is."""
    if token.startswith("##") and len(token) > 2:
        token = token[2:]
    for marker in _SPACE_MARKERS:
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
