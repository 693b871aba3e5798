"""The tokens of an AllenNLP instance's text field, with their places in the text."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from ..errors import InputError
from ..records import Tokens
from .alignment import is_added_token
from .field_places import AROUND, BLANK, field_places, holds, row_ends, token_names
from .granularity import named, unplaced
from .words import Span, whole_clusters, word_indices, words


def text_fields(instance: Any) -> Dict[str, Any]:
    """The text fields of an instance by their names, one or two. Raises InputError where there are none or more."""
    from allennlp.data.fields import TextField

    fields = {name: field for name, field in instance.fields.items() if isinstance(field, TextField)}
    if not fields:
        raise InputError("the predictor's instances have no text field of tokens: an explanation is of one")
    if len(fields) > 2:
        raise InputError(
            f"the predictor's instances have {len(fields)} text fields, and an explanation is of one, or of two that hold the "
            "texts of a pair: use a reader that makes no others"
        )
    return fields


def text_field(instance: Any) -> Any:
    """The one text field of an instance. Raises InputError where there are none or several."""
    fields = list(text_fields(instance).values())
    if len(fields) != 1:
        raise InputError(
            f"the predictor's instances have {len(fields)} text fields where one is read: give a reader that puts both "
            "texts of a pair into one field"
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
    **options: Any,
) -> Tuple[Tuple[str, ...], Tokens]:
    """The documents and tokens of an instance: as this package's reader keeps them, or of its text field.

    `documents` is the source of that field, without which the spelling of its tokens stands for it; `owners`, `pieces` and
    the options are as for `field_tokens`.
    """
    kept = read_tokens(instance)
    if kept is not None:
        return kept
    field = text_field(instance)
    text = documents[0] if documents else " ".join(token_names(field.tokens))
    return (text,), field_tokens(field, text, owners, pieces, **options)


def field_tokens(
    field: Any,
    text: str,
    owners: Optional[Sequence[int]] = None,
    pieces: Optional[Sequence[str]] = None,
    *,
    count: Optional[Callable[[str], int]] = None,
    special: Sequence[str] = (),
) -> Tokens:
    """The tokens of a text field of `text`; where the tokenizer kept no offsets, they are found by their spelling.

    For a model that reads `pieces` of the field's tokens, `owners` names the field's token of each, -1 for pieces that
    were added: a piece has the span of its token. Tokens that cannot be found have no span. `count` says how many tokens a
    part of the text has that was cut; `special` are tokens that stand for no part of a text.
    """
    names = token_names(field.tokens)
    places = whole_clusters(text, field_places(text, field.tokens, names))
    word = word_indices(text, places)
    added = _added(text, names, places, special)
    at = range(len(names)) if owners is None else owners
    spans = [places[index] if index >= 0 else None for index in at]
    cut, seen = _cut(text, names, places, added, count)
    return Tokens(
        text=tuple(names if pieces is None else pieces),
        start=tuple(-1 if span is None else span[0] for span in spans),
        end=tuple(-1 if span is None else span[1] for span in spans),
        word=tuple(word[index] if index >= 0 else -1 for index in at),
        segment=(0,) * len(spans),
        special=tuple(added[index] if index >= 0 else True for index in at),
        cut=(cut,) if cut else (),
        seen=(seen,) if cut else (),
    )


def notes(documents: Sequence[str], tokens: Tokens) -> Tuple[str, ...]:
    """What the tokens of a text do not show: the words that the reader left out."""
    if len(documents) != 1:
        return ()
    spans = [(start, end) for start, end in zip(tokens.start, tokens.end) if start >= 0]
    begin, end = tokens.seen[0] if tokens.seen else (0, len(documents[0]))
    left_out = _uncovered(documents[0], spans, begin, end) if spans and not unplaced(tokens, documents) else []
    if not left_out:
        return ()
    return (f"The reader leaves out parts of the text, which the model does not see: {named(left_out)}.",)


def _added(text: str, names: Sequence[str], places: Sequence[Optional[Span]], special: Sequence[str]) -> List[bool]:
    """Which tokens are not of the text: those spelled so, and a few at an end where others hold all of the text up to there."""
    missing = [place is None for place in places]
    spans = [place for place in places if place is not None]
    held = spans[0][0] if spans else 0, spans[-1][1] if spans else 0
    # In front of the first that has a place, and behind the last.
    around = [sum(row_ends(missing)[: len(names) // 2]), sum(row_ends(missing)[len(names) // 2 :])]
    free = [bool(spans) and not part.strip() for part in (text[: held[0]], text[held[1] :])]
    before, behind = (number if 0 < number <= AROUND and alone else 0 for number, alone in zip(around, free))
    return [
        gone
        and bool(name.strip(BLANK))
        and (is_added_token(name) or name in special or place < before or place >= len(names) - behind)
        for place, (gone, name) in enumerate(zip(missing, names))
    ]


def _cut(
    text: str,
    names: Sequence[str],
    places: Sequence[Optional[Span]],
    added: Sequence[bool],
    count: Optional[Callable[[str], int]],
) -> Tuple[int, Span]:
    """How many tokens in front of the first that the model sees, and behind the last, and from where to where it sees."""
    own = [at for at, flag in enumerate(added) if not flag]
    spans = [span for span in (places[at] for at in own) if span is not None]
    if not spans:
        return 0, (0, len(text))
    seen, cut = [min(start for start, _ in spans), max(end for _, end in spans)], 0
    first, last = (next(at for at in order if places[at] is not None) for order in (own, own[::-1]))
    lost = ([names[at] for at in own if at < first], [names[at] for at in own if at > last])
    for side, part in enumerate((text[: seen[0]], text[seen[1] :])):
        # Signs alone are left out rather than cut, and what a token without a place may hold was not cut.
        number = max(1, len(words(part)) if count is None else count(part)) - len(lost[side])
        if any(map(str.isalnum, part)) and number > 0 and not any(holds(part, name) for name in lost[side]):
            cut += number
        else:
            seen[side] = (0, len(text))[side]
    return cut, (seen[0], seen[1])


def _uncovered(text: str, spans: Sequence[Span], begin: int, end: int) -> List[str]:
    """The words of that part of the text which no span touches."""
    covered = bytearray(len(text))
    for start, stop in spans:
        covered[start:stop] = b"\1" * (stop - start)
    return [
        text[start:stop]
        for start, stop in words(text)
        if begin <= start and stop <= end and text[start:stop].strip(BLANK) and not any(covered[start:stop])
    ]
