"""Which tokens are of which text, for tokenizers that do not say: what each text gives alone is found in what all give."""

from __future__ import annotations

from typing import Iterator, List, NamedTuple, Optional, Sequence, Tuple

Ids = Sequence[int]


class Part(NamedTuple):
    """The tokens of one text: `length` of them, from the place `at` of all tokens, are those from `first` of the text's own."""

    at: int
    first: int
    length: int


Layout = Tuple[Part, ...]


def whole_layout(ids: Ids, texts: Sequence[Ids], special: Sequence[bool]) -> Optional[Layout]:
    """Where the tokens of each text stand in `ids`, which has them all; None where they are not there.

    `special` is what the tokenizer says of each, which decides between several places.
    """
    found = list(_whole(list(ids), [list(text) for text in texts], 0))
    return min(found, key=lambda layout: _disagreement(layout, special), default=None)


def _whole(ids: List[int], texts: Sequence[List[int]], start: int) -> Iterator[Layout]:
    if not texts:
        yield ()
        return
    text, rest = texts[0], sum(map(len, texts[1:]))
    for at in range(start, len(ids) - rest - len(text) + 1):
        if ids[at : at + len(text)] == text:
            for behind in _whole(ids, texts[1:], at + len(text)):
                yield (Part(at, 0, len(text)), *behind)


def cut_layout(
    ids: Ids, texts: Sequence[Ids], whole_ids: Ids, whole: Layout, left: bool, cut: Optional[int] = None, short: bool = False
) -> Optional[Layout]:
    """Where the tokens stand that are left of each text in `ids`, cut from `whole_ids`; None where that cannot be told.

    `left` says that texts are cut at their left; `cut` is the one text that is cut, where it is one; `short` says that fewer
    tokens are left than might be.
    """
    ids, own = list(ids), [list(text) for text in texts]
    *before, end = _between(whole_ids, whole)
    # Some add an end token only where the text, as it is cut, has none: then there is one less than might be.
    for tail in ([], end) if short else (end, [], ids[-1:]):
        for kept in _counts(len(ids) - sum(map(len, before)) - len(tail), own, cut):
            firsts = [len(text) - length if left else 0 for length, text in zip(kept, own)]
            expected: List[int] = []
            parts = []
            for lead, text, first, length in zip(before, own, firsts, kept):
                expected += lead
                parts.append(Part(len(expected), first, length))
                expected += text[first : first + length]
            if expected + tail == ids:
                return tuple(parts)
    return None


def _counts(total: int, texts: Sequence[List[int]], cut: Optional[int]) -> Iterator[Tuple[int, ...]]:
    """How many tokens may be left of each text, `total` of all."""
    most = [len(text) for text in texts]
    several = [(total,)] if len(texts) == 1 else [(first, total - first) for first in range(total + 1)]
    for counts in several:
        fits = all(0 <= count <= size for count, size in zip(counts, most))
        if fits and (cut is None or all(count == size for at, (count, size) in enumerate(zip(counts, most)) if at != cut)):
            yield counts


def _between(ids: Ids, layout: Layout) -> List[List[int]]:
    """What stands before, between and behind the texts."""
    ends = [0, *(part.at + part.length for part in layout)]
    starts = [*(part.at for part in layout), len(ids)]
    return [list(ids[end:start]) for end, start in zip(ends, starts)]


def owners(layout: Layout, length: int) -> List[Optional[int]]:
    """The text of each of `length` tokens, None for those that were added."""
    found: List[Optional[int]] = [None] * length
    for index, part in enumerate(layout):
        found[part.at : part.at + part.length] = [index] * part.length
    return found


def _disagreement(layout: Layout, special: Sequence[bool]) -> int:
    return sum((owner is None) != flag for owner, flag in zip(owners(layout, len(special)), special))
