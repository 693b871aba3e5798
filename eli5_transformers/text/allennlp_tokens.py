"""The tokens of an AllenNLP instance's text field, with their places in the text."""

from __future__ import annotations

from typing import Any, List, Optional, Sequence, Tuple

from ..errors import ExplanationError, InputError
from ..records import Tokens
from .alignment import align_tokens, is_added_token
from .words import whole_clusters, word_indices


def text_field(instance: Any) -> Any:
    """The one text field of an instance. Raises InputError where there are none or several."""
    from allennlp.data.fields import TextField

    fields = [field for field in instance.fields.values() if isinstance(field, TextField)]
    if len(fields) != 1:
        raise InputError(
            f"the predictor's instances have {len(fields)} text fields, and an explanation is of one: "
            "use a reader that puts both texts of a pair into one field"
        )
    return fields[0]


def read_tokens(instance: Any) -> Optional[Tuple[Tuple[str, ...], Tokens]]:
    """The documents and tokens that this package's reader keeps, which tells the texts of a pair apart.

    None for other readers' instances, and for one whose tokens were exchanged, by an attacker say.
    """
    metadata = getattr(instance.fields.get("metadata"), "metadata", None) or {}
    documents, tokens = metadata.get("documents"), metadata.get("tokens")
    if not documents or not isinstance(tokens, Tokens):
        return None
    if tuple(token.text for token in text_field(instance).tokens) != tokens.text:
        return None
    return tuple(documents), tokens


def instance_tokens(
    instance: Any,
    documents: Sequence[str] = (),
    owners: Optional[Sequence[int]] = None,
    pieces: Optional[Sequence[str]] = None,
) -> Tuple[Tuple[str, ...], Tokens]:
    """The documents and tokens of an instance: as this package's reader keeps them, or of its text field.

    `documents` is the source of that field, without which the spelling of its tokens stands for it; `owners` and `pieces`
    are as for `field_tokens`.
    """
    kept = read_tokens(instance)
    if kept is not None:
        return kept
    field = text_field(instance)
    text = documents[0] if documents else " ".join(str(token.text) for token in field.tokens)
    return (text,), field_tokens(field, text, owners, pieces)


def field_tokens(
    field: Any, text: str, owners: Optional[Sequence[int]] = None, pieces: Optional[Sequence[str]] = None
) -> Tokens:
    """The tokens of a text field of `text`; where the tokenizer kept no offsets, they are found by their spelling.

    For a model that reads `pieces` of the field's tokens, `owners` names the field's token of each, -1 for pieces that
    were added: a piece has the span of its token. Tokens that cannot be found have no span.
    """
    names = [str(token.text) for token in field.tokens]
    places = whole_clusters(text, _places(text, field.tokens, names))
    words = word_indices(text, places)
    added = [place is None and is_added_token(name) for place, name in zip(places, names)]
    at = range(len(names)) if owners is None else owners
    spans = [places[index] if index >= 0 else None for index in at]
    return Tokens(
        text=tuple(names if pieces is None else pieces),
        start=tuple(-1 if span is None else span[0] for span in spans),
        end=tuple(-1 if span is None else span[1] for span in spans),
        word=tuple(words[index] if index >= 0 else -1 for index in at),
        segment=(0,) * len(spans),
        special=tuple(added[index] if index >= 0 else True for index in at),
    )


def _places(text: str, tokens: Sequence[Any], names: Sequence[str]) -> List[Optional[Tuple[int, int]]]:
    places: List[Optional[Tuple[int, int]]] = []
    for token, name in zip(tokens, names):
        start, end = getattr(token, "idx", None), getattr(token, "idx_end", None)
        if start is not None and end is None:
            end = start + len(name)
        places.append(None if start is None or end is None or end <= start else (start, end))
    if any(places):
        return places
    try:
        return list(align_tokens(text, names))
    except ExplanationError:
        # A guess would paint the wrong characters.
        return [None] * len(names)
