"""A text, or a pair, to the tokens that a HuggingFace tokenizer makes of it, each with its place in the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, List, Optional, Sequence, Tuple

from ..arguments import plain_text
from ..errors import InputError, is_error, short
from ..records import Tokens
from .placing import OwnTokens
from .spelling import SPACE_MARKERS, white_space
from .tokenizers import in_use
from .words import whole_clusters, word_indices

TRUNCATIONS = ("longest_first", "only_first", "only_second", "error")

Span = Optional[Tuple[int, int]]


@dataclass(frozen=True)
class Encoding:
    """What the model is fed, and what it stands for."""

    ids: Tuple[int, ...]
    type_ids: Tuple[int, ...]
    """Segments by the tokenizer's rule; zeros where it makes none."""
    tokens: Tokens


def encode(
    tokenizer: Any,
    documents: Sequence[str],
    *,
    max_length: Optional[int] = None,
    truncation: str = "longest_first",
    add_special_tokens: bool = True,
) -> Encoding:
    """The encoding of one text or of a pair.

    At most `max_length` tokens, special ones included, are kept; `truncation` says of which document the rest is cut,
    or that nothing may be ("error"). What was cut is told by `tokens.cut` and `tokens.seen`. Spans leave out the white
    space that byte-level and SentencePiece tokenizers count to a token, and hold whole grapheme clusters: tokens of one
    share its place. A tokenizer without offsets (a slow one) has its tokens placed by their spelling and by what it makes
    of the parts of the text; where that fails, no token of that text has a span. Without
    `add_special_tokens` the text is read as it is, for texts that hold their special tokens already. The tokenizer's own
    settings stay as they are, and several threads may use it.

    Raises InputError for a document that is no string or blank, of which no tokens are left, or that is too long.
    """
    documents = tuple(map(plain_text, documents))
    if truncation not in TRUNCATIONS:
        raise InputError(f"truncation is {truncation!r}, but must be one of {', '.join(map(repr, TRUNCATIONS))}")
    with in_use(tokenizer) as own:
        return _encode(own, documents, max_length, truncation, add_special_tokens)


def _encode(
    tokenizer: Any, documents: Tuple[str, ...], max_length: Optional[int], truncation: str, add_special_tokens: bool
) -> Encoding:
    full = _run(tokenizer, documents, add_special_tokens=add_special_tokens)
    for index, document in enumerate(documents):
        if index not in full.documents:
            raise InputError(f"the tokenizer makes no tokens of {document[:40]!r}: the model reads nothing")
    kept = full
    if max_length is not None and len(full.ids) > max_length:
        _require_room(tokenizer if add_special_tokens else None, documents, max_length)
        if truncation == "error":
            raise InputError(
                f"the text has {len(full.ids)} tokens, {len(full.ids) - max_length} more than the {max_length} that "
                "the model sees: shorten it, or choose another `truncation` to explain what the model sees"
            )
        _require_enough(documents, full, max_length, truncation)
        kept = _run(
            tokenizer,
            documents,
            max_length=max_length,
            truncation=truncation,
            add_special_tokens=add_special_tokens,
            full=full,
        )
        if len(kept.ids) > max_length:
            raise InputError(
                f"the text has {len(kept.ids)} tokens, and its tokenizer, a {type(tokenizer).__name__}, does not cut it to "
                f"the {max_length} that the model sees: shorten it"
            )
    return Encoding(kept.ids, kept.type_ids, _tokens(documents, kept, full))


def tokenizer_limit(tokenizer: Any) -> Optional[int]:
    """The tokenizer's own maximum, or None where it names none (transformers writes a huge number then)."""
    limit = getattr(tokenizer, "model_max_length", None)
    return int(limit) if limit is not None and 0 < limit < 10**9 else None


@dataclass(frozen=True)
class _Run:
    """One call of the tokenizer. All tuples have one entry a token."""

    ids: Tuple[int, ...]
    type_ids: Tuple[int, ...]
    text: Tuple[str, ...]
    documents: Tuple[Optional[int], ...]
    """The document that the token is of, None for those that the tokenizer added."""
    spans: Tuple[Span, ...]


def _run(
    tokenizer: Any,
    documents: Tuple[str, ...],
    *,
    add_special_tokens: bool,
    max_length: Optional[int] = None,
    truncation: Any = False,
    full: Optional[_Run] = None,
) -> _Run:
    """`full` is the run of the whole texts, for one that cuts them."""
    fast = getattr(tokenizer, "is_fast", False)
    try:
        encoded = tokenizer(
            *documents,
            truncation=truncation,
            max_length=max_length,
            add_special_tokens=add_special_tokens,
            return_special_tokens_mask=True,
            return_offsets_mapping=fast,
            verbose=False,
        )
    except BaseException as error:
        # Only of tokenizers in Rust: those in Python may be a person's own, whose errors are theirs.
        if not fast or not is_error(error) or not (type(error) is Exception or not isinstance(error, Exception)):
            raise
        raise InputError(f"the tokenizer, whose files may be damaged, cannot cut the text: {short(error)}") from error
    ids = tuple(encoded["input_ids"])
    mask = [bool(flag) for flag in encoded["special_tokens_mask"]] if "special_tokens_mask" in encoded else [False] * len(ids)
    text = tuple(map(str, tokenizer.convert_ids_to_tokens(list(ids))))
    if fast:
        owners = [None if added else owner for owner, added in zip(encoded.sequence_ids(0), mask)]
        spans = _reported(documents, text, owners, encoded["offset_mapping"])
    else:
        own = OwnTokens(tokenizer, documents, ids, mask)
        only = {"only_first": 0, "only_second": 1}.get(truncation)
        owners, spans = own.whole() if full is None else own.cut(full.ids, full.documents, full.spans, only, max_length)
    type_ids = tuple(encoded["token_type_ids"]) if "token_type_ids" in encoded else (0,) * len(ids)
    return _Run(ids, type_ids, text, tuple(owners), tuple(spans))


def _reported(
    documents: Tuple[str, ...], text: Sequence[str], owners: Sequence[Optional[int]], offsets: Sequence[Tuple[int, int]]
) -> List[Span]:
    """The places that the tokenizer reports, of whole characters as a reader sees them.

    Without white space, but for that which the tokenizer does not know.
    """
    spans: List[Span] = [None] * len(text)
    for index, document in enumerate(documents):
        own = [place for place, owner in enumerate(owners) if owner == index]
        # A lone space marker may be given the offsets of the character behind it; it stands for none of the text's own.
        lone = [set(text[at]) <= set(SPACE_MARKERS) and not set(text[at]) & set(document[slice(*offsets[at])]) for at in own]
        found = whole_clusters(
            document,
            [None if none else (offsets[at][0], offsets[at][1]) for at, none in zip(own, lone)],
            [white_space(text[at]) is None for at in own],
        )
        for place, span in zip(own, found):
            spans[place] = span
    return spans


def _tokens(documents: Tuple[str, ...], kept: _Run, full: _Run) -> Tokens:
    words = [-1] * len(kept.ids)
    for index, document in enumerate(documents):
        own = [place for place, owner in enumerate(kept.documents) if owner == index]
        for place, word in zip(own, word_indices(document, [kept.spans[place] for place in own])):
            words[place] = word
    cut = tuple(full.documents.count(index) - kept.documents.count(index) for index in range(len(documents)))
    return Tokens(
        text=kept.text,
        start=tuple(-1 if span is None else span[0] for span in kept.spans),
        end=tuple(-1 if span is None else span[1] for span in kept.spans),
        word=tuple(words),
        segment=tuple(owner or 0 for owner in kept.documents),
        special=tuple(owner is None for owner in kept.documents),
        cut=cut if any(cut) else (),
        seen=tuple(_seen(document, index, cut[index], kept, full) for index, document in enumerate(documents))
        if any(cut)
        else (),
    )


def _seen(document: str, index: int, cut: int, kept: _Run, full: _Run) -> Tuple[int, int]:
    spans = _placed(kept, index)
    if cut and spans:
        return (min(start for start, _ in spans), max(end for _, end in spans))
    # White space alone is left of it, or nothing; where nobody knows what, all may be.
    nothing = cut and (index not in kept.documents or _placed(full, index))
    return (0, 0) if nothing else (0, len(document))


def _placed(run: _Run, index: int) -> List[Tuple[int, int]]:
    return [span for owner, span in zip(run.documents, run.spans) if owner == index and span is not None]


def _require_room(tokenizer: Any, documents: Tuple[str, ...], max_length: int) -> None:
    count = getattr(tokenizer, "num_special_tokens_to_add", None)
    added = count(pair=len(documents) == 2) if count is not None else 0
    if max_length < added + len(documents):
        raise InputError(
            f"max_length {max_length} leaves no room for the text beside the {added} special tokens: raise it"
        )


def _require_enough(documents: Tuple[str, ...], full: _Run, max_length: int, truncation: str) -> None:
    """Where one text alone is cut, a token of it must be left."""
    if truncation == "longest_first":
        return
    index = int(truncation == "only_second")
    if full.documents.count(index) <= len(full.ids) - max_length:
        which = repr(documents[index][:40]) if index < len(documents) else "the second text, which is not there"
        raise InputError(
            f"max_length {max_length} with truncation {truncation!r} leaves no token of {which}: raise it, or choose "
            "'longest_first'"
        )
