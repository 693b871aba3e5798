"""Where the tokens of a text stand in it, from their spelling alone: for tokenizers that report no offsets."""

from __future__ import annotations

import re
import unicodedata
from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple

import regex

from ..errors import ExplanationError
from .spelling import (
    NO_BYTE,
    SPACE_MARKERS,
    SPACES_OF_BYTES,
    byte_of,
    gpt2_bytes,
    is_unknown,
    may_hold_marks,
    spaced,
    spellings,
    white_space,
)
from .words import Span, whole_clusters

# Pieces that a tokenizer adds: [CLS], <s>, <|endoftext|>, <pad>.
_ADDED = re.compile(r"\[[A-Z]+\d*\]|<[^<>\s]+>")
# What an unknown token may stand for, the likeliest first: what BERT takes as a word, a run of letters and digits, of other
# signs, a single sign (which may be several characters), all up to the next space.
_SIGN = r"[\p{P}$+<=>\^`|~]"
_IDEOGRAPH = r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f]"
_UNKNOWN = [
    regex.compile(pattern, regex.VERSION1)
    for pattern in (
        rf"(?={_IDEOGRAPH})\X|{_SIGN}\p{{M}}*|[[^\s]--{_IDEOGRAPH}--{_SIGN}]+",
        r"[\w\p{N}\p{Cf}]+|\X",
        r"[^\w\s]+",
        r"\X",
        r"\S+",
    )
]
_MOST = 50_000
"""Tokens times characters up to which all readings of unknown tokens are compared: a second."""
_TATWEEL = "\u0640"
_REPLACEMENT = "\ufffd"
# What tokenizers write for signs that are no compatibility characters of each other.
_QUOTES = {"'": "\u2018\u2019\u201a\u201b`\u00b4\u2032", '"': "\u201c\u201d\u201e\u201f\u2033"}
_ALIKE = str.maketrans({shape: sign for sign, shapes in _QUOTES.items() for shape in shapes})


def is_added_token(token: str) -> bool:
    """True where the token is spelled like one that a tokenizer adds, `[CLS]` or `</s>`."""
    return bool(_ADDED.fullmatch(token))


def basic_words(text: str) -> List[Span]:
    """The spans of what BERT's basic tokenizer takes as words: it parts at spaces, at signs, and around each of CJK."""
    return [found.span() for found in _UNKNOWN[0].finditer(text)]


def is_spelled(token: str, text: str) -> bool:
    """True where the spelling of a token shows the characters of `text`, or some of them."""
    folded = fold(text)
    spelled = [fold(spelling) for spelling in spellings(token) if spelling]
    found = [folded.find(one, at) for one in spelled for at in range(len(folded.chars))]
    return any(choice is not None and choice.span is not None for choice in found)


def align_tokens(text: str, tokens: Sequence[str]) -> List[Optional[Span]]:
    """The character span (start, end) in `text` of each token, or None for a token that stands for no characters.

    Tokens must come in the order of the text. Letter case, accents, compatibility characters, the shapes of dashes and
    quotes, the marks of pieces (`##er`, `so@@`, `good</w>`), space marks (`▁the`, `Ġthe`) and added tokens (`[CLS]`) may
    differ from the text as tokenizers make them differ; an unknown token (`[UNK]`) takes one word. Tokens may spell bytes:
    as characters (ByT5), in GPT-2's alphabet, or as `<0xE2>`. A token that holds a part of a grapheme cluster has the whole
    one's span; none holds white space at its ends. Tokens may end before the text does.

    Raises ExplanationError where a token cannot be found: its place would be a guess.
    """
    # Where a text holds what may be the mark of a space, or a byte is spelled like one ("à" is "Ã" and a no-break space), bytes
    # that give the whole text are the surer reading.
    surer = may_hold_marks(text) or any(token in SPACES_OF_BYTES for token in tokens)
    found = _aligned_bytes(text, tokens) if surer else None
    try:
        found = found or _Spellings(text, tokens).aligned()
    except ExplanationError:
        found = _aligned_bytes(text, tokens)
        if found is None:
            raise
    return whole_clusters(text, found, [white_space(token) is None for token in tokens])


def align_unsurely(text: str, tokens: Sequence[str]) -> Optional[List[Optional[Span]]]:
    """As `align_tokens`, for all tokens of the text, but None instead of an error.

    An unknown token may stand for any characters up to the next space: one that could stand in several places has them all.
    """
    if len(text) * len(tokens) > _MOST:
        return _aligned_bytes(text, tokens)
    found = _Spellings(text, tokens).possible()
    return _aligned_bytes(text, tokens) if found is None else whole_clusters(text, found)


class _Choice(NamedTuple):
    """Where a token may end: in the folded text, and the span that it has then."""

    behind: int
    span: Optional[Span]


class _Spellings:
    """Finds tokens one behind the other; where one may stand for several things, the first that lets the rest be found."""

    def __init__(self, text: str, tokens: Sequence[str]) -> None:
        self._text, self._tokens = text, tokens
        self._folded = fold(text)
        self._furthest = (0, 0)

    def aligned(self) -> List[Optional[Span]]:
        taken: List[Tuple[int, _Choice, Iterator[_Choice]]] = []
        dead: Set[Tuple[int, int]] = set()
        at = 0
        while len(taken) < len(self._tokens):
            position = len(taken)
            left = iter(()) if (position, at) in dead else self._choices(position, at)
            choice = next(left, None)
            while choice is None:
                self._furthest = max(self._furthest, (position, at))
                dead.add((position, at))
                if not taken:
                    raise self._error()
                at, _, left = taken.pop()
                position = len(taken)
                choice = next(left, None)
            taken.append((at, choice, left))
            at = choice.behind
        return [choice.span for _, choice, _ in taken]

    def possible(self) -> Optional[List[Optional[Span]]]:
        """For each token the span from the first to the last of its characters in any reading; None where there is none."""
        steps: List[Dict[int, List[_Choice]]] = []
        reached = {0}
        for token in self._tokens:
            anything = self._anything if is_unknown(token) else lambda at: ()
            steps.append({at: [*self._own(token, at), *anything(at)] for at in reached})
            reached = {choice.behind for choices in steps[-1].values() for choice in choices}
        # All of the text is read wherever that can be.
        wanted = {at for at in reached if self._is_end(at)} or reached
        if not wanted:
            return None
        spans: List[Optional[Span]] = []
        for step in reversed(steps):
            leading = [(at, choice) for at, choices in step.items() for choice in choices if choice.behind in wanted]
            held = [choice.span for _, choice in leading if choice.span is not None]
            spans.append((min(start for start, _ in held), max(end for _, end in held)) if held else None)
            wanted = {at for at, _ in leading}
        return spans[::-1]

    def _own(self, token: str, at: int) -> List[_Choice]:
        """Where a token of the text may end: one that might be added is left out where the text has it nowhere."""
        missing = is_added_token(token) and not is_unknown(token) and token not in self._text
        return self._spelled(token, at) or ([_Choice(at, None)] if missing else [])

    def _anything(self, at: int) -> Iterator[_Choice]:
        """Any characters up to the next space, or some white space."""
        chars, places = self._folded.chars, self._folded.places
        for first in range(at, min(at + self._passed(at) + 1, len(chars))):
            for behind in range(first + 1, len(chars) + 1):
                if chars[behind - 1].isspace() != chars[first].isspace():
                    break
                if behind == len(chars) or places[behind] != places[behind - 1]:
                    yield _Choice(behind, (places[first], places[behind - 1] + 1))

    def _passed(self, at: int) -> int:
        """How many characters of white space, and of what tokenizers drop, stand there."""
        chars, behind = self._folded.chars, at
        while behind < len(chars) and (chars[behind].isspace() or self._folded.optional[behind]):
            behind += 1
        return behind - at

    def _choices(self, position: int, at: int) -> Iterator[_Choice]:
        token = self._tokens[position]
        spelled = self._spelled(token, at)
        if is_unknown(token) or not is_added_token(token) or byte_of(token) is not None:
            yield from spelled
            if is_unknown(token):
                yield from self._unknown(at)
            return
        nothing = [_Choice(at, None)]
        # At its ends a text rather has tokens that were added than such a literal.
        last = position == len(self._tokens) - 1 and not any(self._is_end(choice.behind) for choice in spelled)
        yield from (nothing + spelled if position == 0 or last else spelled + nothing)

    def _spelled(self, token: str, at: int) -> List[_Choice]:
        found = (self._folded.find(fold(spelled), at) for spelled in spellings(token))
        return list(dict.fromkeys(choice for choice in found if choice is not None))

    def _unknown(self, at: int) -> Iterator[_Choice]:
        chars, places = self._folded.chars, self._folded.places
        # Marks that are left over are of the token before.
        at += self._passed(at)
        ends = []
        for pattern in _UNKNOWN if at < len(chars) else ():
            found = pattern.match(self._text, places[at])
            if found and found.end() not in ends:
                ends.append(found.end())
                behind = at
                while behind < len(chars) and places[behind] < found.end():
                    behind += 1
                yield _Choice(behind, found.span())

    def _is_end(self, at: int) -> bool:
        return not "".join(self._folded.chars[at:]).strip()

    def _error(self) -> ExplanationError:
        position, at = self._furthest
        found = self._text[self._folded.places[at] :].lstrip()[:20] if at < len(self._folded.chars) else ""
        return ExplanationError(
            f"token {position} is {self._tokens[position]!r}, but the text goes on with {found!r}: the tokens are not this "
            "text's, or their spelling hides their place; pass offsets=[(start, end), ...] with one span a token"
        )


class Folded(NamedTuple):
    """A text as tokenizers may change it: without case, decomposed."""

    chars: List[str]
    places: List[int]
    """For each character the one of the text that it is of."""
    optional: List[bool]
    """True for what tokenizers drop: accents, tatweel, controls and what else shows nothing."""

    def find(self, token: Folded, at: int) -> Optional[_Choice]:
        """Where the token ends that begins at `at`, or behind what may be dropped there. None where it does not.

        A token of nothing has no span.
        """
        chars, size = self.chars, len(self.chars)
        first = last = -1
        for char, optional in zip(token.chars, token.optional):
            here = at
            while here < size and chars[here] != char and (self.optional[here] or (first < 0 and chars[here].isspace())):
                here += 1
            if here < size and chars[here] == char:
                first, last, at = (here if first < 0 else first), here, here + 1
            elif not optional and not char.isspace():
                return None
        return _Choice(at, None if first < 0 else (self.places[first], self.places[last] + 1))


def fold(text: str) -> Folded:
    """`text` without case and decomposed, dashes and quotes each alike."""
    folded = Folded([], [], [])
    for index, char in enumerate(text):
        if char.isascii():
            folded.chars.append("'" if char == "`" else char.lower())
            folded.places.append(index)
            folded.optional.append(not char.isprintable() and not char.isspace())
            continue
        for part in unicodedata.normalize("NFKD", char.translate(_ALIKE).casefold()):
            kind = unicodedata.category(part)
            folded.chars.append("-" if kind == "Pd" or part == "\u2212" else part)
            folded.places.append(index)
            folded.optional.append(
                kind[0] == "M" or (kind[0] == "C" and not part.isspace()) or part in (_TATWEEL, _REPLACEMENT)
            )
    return folded


def _aligned_bytes(text: str, tokens: Sequence[str]) -> Optional[List[Optional[Span]]]:
    for reading in (_latin_bytes, gpt2_bytes, _fallback_bytes):
        for literal in (True, False):
            added = [is_added_token(token) and byte_of(token) is None and not is_unknown(token) for token in tokens]
            pieces = [
                (token.encode("utf-8", "surrogatepass") if literal else b"") if special else reading(token)
                for token, special in zip(tokens, added)
            ]
            found = _align_bytes(text, pieces, added)
            if found is not None:
                return found
    return None


def _align_bytes(text: str, pieces: Sequence[bytes], optional: Sequence[bool]) -> Optional[List[Optional[Span]]]:
    """The spans of pieces of the text's bytes, None for an optional one that is not there; None where another is not."""
    raw = text.encode("utf-8", "surrogatepass")
    owners = [index for index, char in enumerate(text) for _ in char.encode("utf-8", "surrogatepass")]
    spans: List[Optional[Span]] = []
    at = 0
    for piece, may_miss in zip(pieces, optional):
        piece, here = piece.strip(), at
        # SentencePiece has its own mark in a text for a space, too.
        while piece and here < len(raw) and not raw.startswith(piece, here) and _is_space(text[owners[here]]):
            here += 1
        if piece and not raw.startswith(piece, here):
            if not may_miss:
                return None
            piece = b""
        spans.append((owners[here], owners[here + len(piece) - 1] + 1) if piece else None)
        at = here + len(piece) if piece else at
    return spans


def _is_space(char: str) -> bool:
    return char.isspace() or char in SPACE_MARKERS[:1]


def _latin_bytes(token: str) -> bytes:
    return bytes(min(ord(char), NO_BYTE) for char in token)


def _fallback_bytes(token: str) -> bytes:
    byte = byte_of(token)
    return bytes([byte]) if byte is not None else spaced(token).encode("utf-8", "surrogatepass")
