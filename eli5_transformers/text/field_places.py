"""Where the tokens of an AllenNLP text field stand in the text, whatever its reader did to them.

A reader may lower, stem or replace words, leave some out, clean the text before it is cut, and put tokens in front. The
offsets of a token are those of what the tokenizer was given, if it tells any. So they are believed where the text there
reads like the tokens; else the tokens are looked for by their spelling. A token of which the place would be a guess has none.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Dict, List, Optional, Sequence, Set

from ..errors import ExplanationError
from .alignment import align_tokens, is_added_token
from .words import Span, words

Spans = List[Optional[Span]]
AROUND = 4
"""At most so many tokens of unknown spelling are taken for added ones."""
BLANK = " \t\n\r\f\v\u00a0\u2581\u0120"
"""White space, and the marks that tokenizers write for it."""
_LETTERS, _ENDING = 3, 8
"""So many letters at their start make two words forms of one, and an ending has at most so many."""


def token_names(tokens: Sequence[Any]) -> List[str]:
    """How each token is spelled: its text, or the character of the byte that it is (`CharacterTokenizer` with bytes)."""
    return [_name(token) for token in tokens]


def _name(token: Any) -> str:
    if token.text is not None:
        return str(token.text)
    number = token.text_id
    # AllenNLP adds 1 to a byte, so that 0 may be padding; what is beyond are its start and end tokens.
    return chr(number - 1) if isinstance(number, int) and 1 <= number <= 256 else f"<{number}>"


def field_places(text: str, tokens: Sequence[Any], names: Sequence[str]) -> Spans:
    """The span of each token in the text, without white space around it; None for one that stands for none of it."""
    told = _told(text, tokens, names)
    if told is not None:
        return told
    try:
        return list(align_tokens(text, names))
    except ExplanationError:
        # A guess would paint the wrong characters.
        return _between_added(text, names) or _found(text, names)


def _between_added(text: str, names: Sequence[str]) -> Optional[Spans]:
    """Tokens that hold all of the text, between others that were put around them; None where they do not."""
    for around in range(1, min(AROUND, len(names)) + 1):
        for before in range(around + 1):
            inside = names[before : len(names) - around + before]
            try:
                found = align_tokens(text, inside)
            except ExplanationError:
                continue
            held = [span for span in found if span is not None]
            if held and not text[: held[0][0]].strip() and not text[held[-1][1] :].strip():
                return [*[None] * before, *found, *[None] * (around - before)]
    return None


def _told(text: str, tokens: Sequence[Any], names: Sequence[str]) -> Optional[Spans]:
    """The offsets that the tokens have; None where they are not this text's."""
    spans: Spans = []
    behind = 0
    for token, name in zip(tokens, names):
        span = _offsets(text, token, name)
        # A start token has the offset 0, an end token the offset 0 or -1, and neither has an end.
        if span is not None and getattr(token, "idx_end", None) is None and not _reads(text, span, name):
            span = None
        if span is not None and (span[0] < behind or not (_reads(text, span, name) or _unclear(text, span, name))):
            return None
        behind = behind if span is None else span[0]
        spans.append(span)
    lost = [name for name, span in zip(names, spans) if span is None and name.strip(BLANK) and not is_added_token(name)]
    # Tokens without a place at either end were added there; any other that has none was moved or changed.
    ends = row_ends([span is None for span in spans])
    return spans if any(spans) and len(lost) <= sum(ends) else None


def _offsets(text: str, token: Any, name: str) -> Optional[Span]:
    start, end = getattr(token, "idx", None), getattr(token, "idx_end", None)
    if start is None:
        return None
    end = start + len(name) if end is None else end
    if not 0 <= start < end <= len(text):
        return None
    found = text[start:end]
    start += len(found) - len(found.lstrip())
    end -= len(found) - len(found.rstrip())
    return (start, end) if start < end else None


def row_ends(missing: Sequence[bool]) -> List[bool]:
    """Which of them are missing in a row from the first on, or up to the last."""
    first = next((place for place, gone in enumerate(missing) if not gone), len(missing))
    last = next((place for place in range(len(missing) - 1, -1, -1) if not missing[place]), -1)
    return [place < first or place > last for place in range(len(missing))]


def _reads(text: str, span: Span, name: str) -> bool:
    """Whether the text reads there like the token."""
    try:
        found = align_tokens(text[span[0] : span[1]], [name])[0]
    except ExplanationError:
        return False
    return found is not None


def _unclear(text: str, span: Span, name: str) -> bool:
    """Whether a token's spelling cannot be compared: bytes of a letter, an unknown token, a form of the word."""
    found = text[span[0] : span[1]]
    return not found.isascii() or not name.isascii() or is_added_token(name) or _alike(_folded(found), _folded(name))


def _alike(word: str, token: str) -> bool:
    """Whether both may be forms of one word ("running" and "run", "it's" and "it"): they begin alike and go on for a little.

    Both are folded.
    """
    short, long = sorted((word, token), key=len)
    common = next((at for at, (one, other) in enumerate(zip(short, long)) if one != other), len(short))
    if len(short) < _LETTERS:
        return 0 < common == len(short) and not long[common : common + 1].isalnum()
    return common >= max(_LETTERS, len(short) / 2) and len(long) - len(short) <= _ENDING and short[0].isalnum()


def _beginning(folded: str) -> str:
    """What words that are alike have in common."""
    letters = folded[:_LETTERS]
    return letters if letters.isalnum() else next((letters[:at] for at, char in enumerate(letters) if not char.isalnum()), "")


def holds(text: str, token: str) -> bool:
    """Whether the letters of the token stand somewhere in the text, whatever white space is between them."""
    return _folded("".join(token.split())) in _folded("".join(text.split()))


def _folded(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.strip("\u2581\u0120 ").casefold())
    return "".join(char for char in text if unicodedata.category(char) not in ("Mn", "Cf"))


def _found(text: str, names: Sequence[str]) -> Spans:
    """Tokens of a text of which some words were left out or changed, where each can stand in one place alone."""
    pieces = [[match.span() for match in re.finditer(cut, text)] for cut in (r"\S+", r"[^\W\d_]+|\d+|[^\w\s]|_")]
    pieces.append(words(text))
    candidates = [_embedded(text, spans, names, alike) for alike in (False, True) for spans in pieces]
    return max(candidates, key=lambda spans: sum(span is not None for span in spans))


def _embedded(text: str, pieces: Sequence[Span], names: Sequence[str], alike: bool) -> Spans:
    spelled = [_folded(text[start:end]) for start, end in pieces]
    tokens = [_folded(name) for name in names]
    # Of long texts each token is only compared with what begins like it.
    begins: Dict[str, Set[str]] = {}
    for word in set(spelled):
        begins.setdefault(_beginning(word), set()).add(word)
    fits = {
        token: {word for word in begins.get(_beginning(token), ()) if word == token or (alike and _alike(word, token))}
        for token in set(tokens)
        if token
    }
    # What no piece is like was put in or exchanged; it may stand in a gap between others.
    held = [number for number, token in enumerate(tokens) if fits.get(token)]
    first = _leftmost([fits[tokens[number]] for number in held], spelled)
    last = _leftmost([fits[tokens[number]] for number in held[::-1]], spelled[::-1])
    places: List[Optional[int]] = [None] * len(names)
    if first is None or last is None:
        return [None] * len(names)
    for number, one, other in zip(held, first, last[::-1]):
        places[number] = one if one == len(pieces) - 1 - other else None
    _fill_gaps(places, len(pieces), [bool(name) for name in tokens])
    return [None if place is None else pieces[place] for place in places]


def _leftmost(fits: Sequence[Set[str]], spelled: Sequence[str]) -> Optional[List[int]]:
    """For each token, in order, the first piece behind that of the one before that fits it; None where one has none."""
    found: List[int] = []
    left = iter(range(len(spelled)))
    for fitting in fits:
        place = next((piece for piece in left if spelled[piece] in fitting), None)
        if place is None:
            return None
        found.append(place)
    return found


def _fill_gaps(places: List[Optional[int]], pieces: int, spelled: Sequence[bool]) -> None:
    """One exchanged token between two that have their place, and one piece between these: it stands there."""
    for token, place in enumerate(places):
        if place is not None or not spelled[token]:
            continue
        before = places[token - 1] if token else -1
        behind = places[token + 1] if token + 1 < len(places) else pieces
        if before is not None and behind is not None and behind - before == 2 and 0 < token < len(places) - 1:
            places[token] = before + 1
