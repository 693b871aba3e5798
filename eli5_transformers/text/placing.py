"""Where the tokens of a tokenizer in Python stand, which reports no places.

Such a tokenizer may lower-case, drop, replace ("HTTPURL") and not know what a text holds. What it makes of the text's parts,
one by one, tells which tokens are of which part, whatever they are spelled like.
"""

from __future__ import annotations

from typing import Any, Callable, List, Optional, Sequence, Tuple

import regex

from ..errors import ExplanationError
from .alignment import align_tokens, align_unsurely, basic_words, is_added_token
from .layout import Layout, cut_layout, owners, whole_layout
from .spelling import is_unknown, spaced, white_space
from .words import Span, clusters, whole_clusters, words

Spans = List[Optional[Span]]
_SPACED = regex.compile(r"\S+")
# How a text is taken apart: at its spaces, then into words, then into characters as a reader sees them.
_LEVELS: Tuple[Callable[[str], List[Span]], ...] = (
    lambda text: [found.span() for found in _SPACED.finditer(text)],
    words,
    basic_words,
    clusters,
)


class OwnTokens:
    """The tokens that a tokenizer in Python made of a text, or a pair: of which text each is, and where it stands."""

    def __init__(self, tokenizer: Any, documents: Sequence[str], ids: Sequence[int], mask: Sequence[bool]) -> None:
        self._tokenizer, self._documents, self._ids, self._mask = tokenizer, documents, ids, mask
        self._alone = [_ids(tokenizer, document) for document in documents]

    def whole(self) -> Tuple[List[Optional[int]], Spans]:
        """The text of each token (None for those that were added) and its span, where no text is cut."""
        layout = whole_layout(self._ids, self._alone, self._mask)
        if layout is None:
            return self._told()
        return owners(layout, len(self._ids)), self._placed(layout)

    def cut(
        self, whole_ids: Sequence[int], documents: Sequence[Optional[int]], spans: Sequence[Optional[Span]],
        only: Optional[int], most: Optional[int],
    ) -> Tuple[List[Optional[int]], Spans]:  # fmt: skip
        """The same where texts are cut to `most` tokens.

        `whole_ids`, `documents` and `spans` are those of the whole texts; `only` is the text that is cut, where it is one.
        """
        whole = whole_layout(whole_ids, self._alone, [document is None for document in documents])
        left = getattr(self._tokenizer, "truncation_side", "right") == "left"
        short = most is not None and len(self._ids) < most
        layout = whole and cut_layout(self._ids, self._alone, whole_ids, whole, left, only, short)
        if not layout or not whole:
            return self._told()
        found: Spans = [None] * len(self._ids)
        for part, before in zip(layout, whole):
            first = before.at + part.first
            found[part.at : part.at + part.length] = spans[first : first + part.length]
        return owners(layout, len(self._ids)), found

    def _placed(self, layout: Layout) -> Spans:
        found: Spans = [None] * len(self._ids)
        for document, alone, part in zip(self._documents, self._alone, layout):
            tokens = spelled_tokens(self._tokenizer, document, alone)
            spans = placed_tokens(document, tokens, lambda text: spelled_tokens(self._tokenizer, text))
            names = self._tokenizer.convert_ids_to_tokens(alone)
            found[part.at : part.at + part.length] = _on_spaces(document, spans, [str(name) for name in names])
        return found

    def _told(self) -> Tuple[List[Optional[int]], Spans]:
        """By what the tokenizer says is special, where a text alone gives other tokens than in its company."""
        special = set(self._tokenizer.all_special_ids) - {self._tokenizer.unk_token_id}
        added = [flag or token_id in special for flag, token_id in zip(self._mask, self._ids)]
        border = len(added)
        if len(self._documents) == 2:  # the second text begins behind an added token
            first = next((place for place, flag in enumerate(added) if not flag), 0)
            border = next((place for place in range(first, len(added)) if added[place]), len(added))
            if all(added[border:]):
                border = first + len(self._alone[0])
        of = [None if flag else int(place >= border) for place, flag in enumerate(added)]
        names = [str(token) for token in self._tokenizer.convert_ids_to_tokens(list(self._ids))]
        found: Spans = [None] * len(names)
        for index, document in enumerate(self._documents):
            own = [place for place, owner in enumerate(of) if owner == index]
            try:
                spans = align_tokens(document, [names[place] for place in own])
            except ExplanationError:  # a guess would paint the wrong characters
                continue
            for place, span in zip(own, spans):
                found[place] = span
        return of, found


def _ids(tokenizer: Any, text: str) -> List[int]:
    """The ids of a text without special tokens, also of a tokenizer that adds them in any case."""
    ids = list(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
    added = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
    while ids and ids[0] in added and not _holds(tokenizer, text, ids[0]):
        del ids[0]
    while ids and ids[-1] in added and not _holds(tokenizer, text, ids[-1]):
        del ids[-1]
    return ids


def _holds(tokenizer: Any, text: str, token_id: int) -> bool:
    return str(tokenizer.convert_ids_to_tokens([token_id])[0]) in text


def spelled_tokens(tokenizer: Any, text: str, ids: Optional[Sequence[int]] = None) -> List[str]:
    """The tokens of a text without special tokens, with the spelling of unknown ones where the tokenizer keeps it.

    `ids` are the tokenizer's own for this text, where they are known.
    """
    if ids is None:
        ids = _ids(tokenizer, text)
    try:
        spelled = [str(token) for token in tokenizer.tokenize(text)]
        if list(tokenizer.convert_tokens_to_ids(spelled)) == list(ids):
            return spelled
    except Exception:  # of a person's own, which may not have it
        pass
    return [str(token) for token in tokenizer.convert_ids_to_tokens(list(ids))]


def placed_tokens(text: str, tokens: Sequence[str], cut: Callable[[str], List[str]]) -> Spans:
    """The span of each token, None for white space, or for all where their places would be a guess.

    `tokens` are all that the tokenizer makes of `text`, and `cut` gives those of any other text. Tokens of which only a
    common place is known, such as those of "HTTPURL", share it.
    """
    found = _by_spelling(text, tokens)
    if found is not None:
        return found
    found = _by_parts(text, tokens, cut, _LEVELS)
    if found is None:
        found = align_unsurely(text, tokens)
    return [None] * len(tokens) if found is None else whole_clusters(text, found)


def _by_spelling(text: str, tokens: Sequence[str]) -> Optional[Spans]:
    """The tokens' spans, None where one is unknown or not found."""
    if any(map(is_unknown, tokens)):
        return None
    try:
        found = align_tokens(text, tokens)
    except ExplanationError:
        return None
    lost = any(span is None and white_space(token, text) is None for token, span in zip(tokens, found))
    return None if lost else found


def _on_spaces(text: str, spans: Spans, names: Sequence[str]) -> Spans:
    """The spans, and for a token that is not white space by its name, but is none of a word, the space where it stands."""
    found, behind = list(spans), 0
    for at, (span, name) in enumerate(zip(spans, names)):
        if span is None and white_space(name) is None:
            before = next((later[0] for later in spans[at:] if later is not None), len(text))
            if text[behind:before].isspace():
                found[at] = (behind, before)
        behind = behind if span is None else span[1]
    return found


def _by_parts(
    text: str, tokens: Sequence[str], cut: Callable[[str], List[str]], levels: Sequence[Callable[[str], List[Span]]]
) -> Optional[Spans]:
    """The tokens' spans by what the tokenizer makes of the text's parts; None where that is not what it makes of it all."""
    for depth, parts_of in enumerate(levels, start=1):
        parts = _parts(text, tokens, parts_of)
        made = [_shown(cut(text[start:end]), text) for start, end in parts]
        if [token for part in made for token in part] == _shown(tokens, text):
            found = _Filled(tokens, text)
            for (start, end), own in zip(parts, made):
                taken = found.next(len(own))
                inside = _in_part(text[start:end], taken, cut, levels[depth:])
                found.fill([None if span is None else (start + span[0], start + span[1]) for span in inside])
            return found.spans
    return None


def _in_part(
    text: str, tokens: Sequence[str], cut: Callable[[str], List[str]], levels: Sequence[Callable[[str], List[Span]]]
) -> Spans:
    if len(tokens) == 1:
        return [(0, len(text))]
    found = _by_spelling(text, tokens)
    if found is not None:
        return found
    found = _by_parts(text, tokens, cut, levels) if levels else None
    if found is None and any(map(is_unknown, tokens)):
        found = align_unsurely(text, tokens)
    return [(0, len(text))] * len(tokens) if found is None or None in found else found


def _parts(text: str, tokens: Sequence[str], parts_of: Callable[[str], List[Span]]) -> List[Span]:
    """The parts of a text; special tokens that it holds, such as a literal "[SEP]", are parts of their own.

    So is white space between parts that is more than a space: not every tokenizer knows it.
    """
    literals = sorted({token for token in tokens if is_added_token(token) and token in text}, key=len, reverse=True)
    special = [found.span() for found in regex.finditer("|".join(map(regex.escape, literals)), text)] if literals else []
    found: List[Span] = []
    behind = 0
    for start, end in [*special, (len(text), len(text))]:
        for first, last in [*parts_of(text[behind:start]), (start - behind, start - behind)]:
            before = found[-1][1] if found else 0
            if text[before : behind + first].strip(" "):
                found.append((before, behind + first))
            found.append((behind + first, behind + last))
        found.append((start, end))
        behind = end
    return [part for part in found if part[0] < part[1]]


class _Filled:
    """Spans of tokens, filled in from the left; white space is passed over."""

    def __init__(self, tokens: Sequence[str], text: str) -> None:
        self._tokens = tokens
        self._places = [place for place, token in enumerate(tokens) if white_space(token, text) is None]
        self._filled = 0
        self.spans: Spans = [None] * len(tokens)

    def next(self, count: int) -> List[str]:
        return [self._tokens[place] for place in self._places[self._filled : self._filled + count]]

    def fill(self, spans: Sequence[Optional[Span]]) -> None:
        for span in spans:
            self.spans[self._places[self._filled]] = span
            self._filled += 1


def _shown(tokens: Sequence[str], text: str) -> List[str]:
    """The tokens but white space, without the marks of spaces, which a part alone has at another place."""
    return [spaced(token).strip() for token in tokens if white_space(token, text) is None]
