"""Two texts in one text field of an AllenNLP instance, or in two: which token is of which.

Readers join a pair in many ways: with separators of a tokenizer or of their own, with type ids or without, with offsets of
each text, of the joined one, or none. The spelling of the tokens tells most; type ids and offsets that begin anew the rest.
"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Iterator, List, Optional, Sequence, Tuple

from ..errors import ExplanationError
from ..records import Tokens
from .alignment import align_tokens, is_added_token
from .allennlp_tokens import field_tokens

# The most tokens of their own that readers put between two texts.
_BETWEEN = 4


def pair_tokens(
    field: Any,
    documents: Sequence[str],
    owners: Optional[Sequence[int]] = None,
    pieces: Optional[Sequence[str]] = None,
    **options: Any,
) -> Tokens:
    """The tokens of a text field that holds both `documents`; all else is as for `field_tokens`.

    Where it cannot be told which token is of which text, none has a place.
    """
    tokens = list(field.tokens)
    names = [str(token.text) for token in tokens]
    found = _borders(tokens, names, documents)
    if found is None:
        made = [_of_none(names)]
        order = [0]
    else:
        order, end, begin = found
        halves = (_plain(tokens[:end]), _plain(tokens[begin:]))
        first, second = (
            field_tokens(SimpleNamespace(tokens=half), documents[order[place]], **options)
            for place, half in enumerate(halves)
        )
        made = [first, _of_none(names[end:begin], special=True), second]
        order = [order[0], 0, order[1]]
    joined = _joined(made, order)
    if owners is None:
        return joined
    return _of_pieces(joined, owners, joined.text if pieces is None else pieces)


def tokens_of_fields(made: Sequence[Tokens], documents: Sequence[str]) -> Tokens:
    """The tokens of two text fields, one field's behind the other's, of those of each."""
    joined = _joined(made, [0, 1])
    if not any(tokens.cut for tokens in made):
        return joined
    cut = tuple(sum(tokens.cut) for tokens in made)
    seen = tuple(tokens.seen[0] if tokens.seen else (0, len(text)) for tokens, text in zip(made, documents))
    return replace(joined, cut=cut, seen=seen)


def _borders(
    tokens: Sequence[Any], names: Sequence[str], documents: Sequence[str]
) -> Optional[Tuple[List[int], int, int]]:
    """Which document is first, where its tokens end, and where those of the other begin; None where that is not known."""
    for order in ([0, 1], [1, 0]):
        first, second = documents[order[0]], documents[order[1]]
        for end in dict.fromkeys(_ends(tokens, names, first)):
            if not _fits(names[:end], first):
                continue
            for begin in range(end, min(end + _BETWEEN, len(names)) + 1):
                if names[begin:] and _fits(names[begin:], second):
                    return order, end, begin
    return None


def _ends(tokens: Sequence[Any], names: Sequence[str], text: str) -> Iterator[int]:
    """Where the first text may end, the likeliest first."""
    kinds = [-1 if getattr(token, "type_id", None) is None else int(token.type_id) for token in tokens]
    yield from (at for at in range(1, len(tokens)) if 0 <= kinds[at - 1] < kinds[at])
    starts = [(at, getattr(token, "idx", None)) for at, token in enumerate(tokens)]
    known = [(at, start) for at, start in starts if start is not None]
    yield from (at for (_, before), (at, start) in zip(known, known[1:]) if start < before)
    yield from _exhausted(names, text)


def _exhausted(names: Sequence[str], text: str) -> Iterator[int]:
    """Behind the token with which the text is at its end; separators are left to what follows."""
    low, high = 0, len(names)
    while low < high:  # the longest beginning that is of this text: with each token more it is less likely
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _fits(names[:middle], text) else (low, middle - 1)
    last = low
    while last and is_added_token(names[last - 1]):
        last -= 1
    yield from (last, low)


def _fits(names: Sequence[str], text: str) -> bool:
    try:
        return any(span is not None for span in align_tokens(text, names))
    except ExplanationError:
        return False


def _plain(tokens: Sequence[Any]) -> List[Any]:
    """The tokens without offsets, which may be those of the joined text: their spelling fits."""
    return [SimpleNamespace(text=str(token.text), idx=None, idx_end=None) for token in tokens]


def _of_none(names: Sequence[str], special: bool = False) -> Tokens:
    nowhere = (-1,) * len(names)
    flags = tuple(special or is_added_token(name) for name in names)
    return Tokens(tuple(names), nowhere, nowhere, nowhere, (0,) * len(names), flags)


def _joined(made: Sequence[Tokens], segments: Sequence[int]) -> Tokens:
    def all_of(name: str) -> Tuple[Any, ...]:
        return tuple(value for part in made for value in getattr(part, name))

    places = [segment for part, segment in zip(made, segments) for _ in range(len(part))]
    special = all_of("special")
    return Tokens(
        text=all_of("text"),
        start=all_of("start"),
        end=all_of("end"),
        word=all_of("word"),
        segment=tuple(0 if added else place for place, added in zip(places, special)),
        special=special,
    )


def _of_pieces(tokens: Tokens, owners: Sequence[int], pieces: Sequence[str]) -> Tokens:
    def of(values: Sequence[Any], none: Any) -> Tuple[Any, ...]:
        return tuple(values[owner] if owner >= 0 else none for owner in owners)

    return Tokens(
        text=tuple(pieces),
        start=of(tokens.start, -1),
        end=of(tokens.end, -1),
        word=of(tokens.word, -1),
        segment=of(tokens.segment, 0),
        special=of(tokens.special, True),
    )
