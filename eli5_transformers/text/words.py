"""Where the words, phrases and sentences of a text stand, in any script."""

from __future__ import annotations

from itertools import accumulate
from typing import List, Optional, Sequence, Tuple

import regex

Span = Tuple[int, int]

# Written without spaces, so that only a tokenizer says where a word ends: han and kana, and the letters of Thai, Lao,
# Khmer and Burmese (line break class "complex context", UAX 14).
_UNSPACED = r"[\u2e80-\u2fdf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f\p{Line_Break=SA}]"
_MARK = r"\p{M}\p{Grapheme_Cluster_Break=Extend}"
# A letter, digit or other number with its marks and invisible format characters. The zero width space is one of the
# latter, but ends a word: that is what it is for.
_LETTER = rf"(?:(?=[[\w\p{{N}}]--[\p{{M}}{_UNSPACED}]])\X[[{_MARK}\p{{Cf}}]--\u200b]*)"
# What stands in an address by RFC 3986; a sign at its end is rather the sentence's.
_ADDRESS = r"(?i:https?://|www\.)(?i:[a-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*[a-z0-9/_~=#&%\-])"
_APOSTROPHE = r"['\u2018\u2019\u00b7\u05f3\u05f4]"  # with Catalan's middle dot and Hebrew's geresh and gershayim
# Two letters of a flag. `\X` knows it, too, but looks back over all flags before it at each.
_FLAG = r"(?:\p{Regional_Indicator}{2}[\p{Grapheme_Cluster_Break=Extend}\p{Grapheme_Cluster_Break=SpacingMark}\u200d]*+)"
_WORD = regex.compile(
    rf"""
    (?:\p{{Cf}}[{_MARK}]*)*                                   # invisible, at the start of a text or behind a space
    (?: {_ADDRESS}
      | (?={_UNSPACED})\X
      | (?!{_UNSPACED})\p{{L}}(?:\.(?!{_UNSPACED})\p{{L}})+\.?(?!\w)           # U.S., e.g.
      | {_LETTER}+
        (?: (?: {_APOSTROPHE} | (?<=\p{{Nd}})[.,\u066b\u066c](?=\p{{Nd}}) | (?<=\p{{Hebrew}})"(?=\p{{Hebrew}}) )
            {_LETTER}+ )*
      | {_FLAG}
      | (?![\s\x1c-\x1f])\X
    )
    (?:\p{{Cf}}[{_MARK}]*)*
    """,
    regex.VERSION1 | regex.VERBOSE,
)
_CLUSTER = regex.compile(rf"{_FLAG}|\X", regex.VERSION1)
# Behind the last mark of a run, and nothing given back: a line of dots is not tried from each of them.
_SENTENCE_END = regex.compile(
    r"(?<=[.!?\u2026])[\"'\u2019\u201d\u00bb)\]]*+\s++"
    r"|(?<=[\u3002\uff01\uff1f])(?![\u3002\uff01\uff1f])[\u300d\u300f\u201d]*+\s*+"
    r"|\n\s*\n"
)
# Behind a mark between words; a hyphen, and the comma or colon of a number or a time, are inside of one.
_PHRASE_END = regex.compile(
    r"(?<=[,;:])[\"'\u2019\u201d\u00bb)\]]*+\s++"
    r"|(?<=[)\]}]|\S[\u2013\u2014])\s++|\s++(?=[\u2013\u2014(\[{])"
    r"|(?<=[\u3001\uff0c\uff1b\uff1a])(?![\u3001\uff0c\uff1b\uff1a])\s*+"
)


def words(text: str) -> List[Span]:
    """The spans (start, end) of the words of a text: what a reader sees as one.

    These are the words of UAX 29 but for

    - han, kana and the scripts of South-East Asia: a word for each character with its marks, as a text without spaces
      does not tell its words; `word_indices` joins those that a token joins;
    - a full stop or colon between words, which is a forgotten space ("film.It") more often than a part of one; it
      belongs to abbreviations of single letters ("U.S.", with its last one) and, as a comma does, to numbers;
    - apostrophes, which join digits, too ("80's");
    - addresses of web pages, which are one word.

    Any other sign is a word of its own: a grapheme cluster, so that flags, keycaps and families of emoji stay whole.
    An invisible format character belongs to what stands before it, or at the beginning of a word to what follows.
    """
    return [match.span() for match in _WORD.finditer(text)]


def clusters(text: str) -> List[Span]:
    """The spans of the grapheme clusters of a text (UAX 29): characters that must not be torn apart."""
    return [match.span() for match in _CLUSTER.finditer(text)]


def whole_clusters(
    text: str, spans: Sequence[Optional[Span]], of_spaces: Sequence[bool] = ()
) -> List[Optional[Span]]:
    """The spans without the white space at their ends, and with the whole of each grapheme cluster that they hold a part of.

    None where nothing is left, but for those that `of_spaces` marks, one entry a span: they may stand on white space. A
    mark behind a space is no part of the space.
    """
    begins, ends = list(range(len(text))), list(range(1, len(text) + 1))
    for start, end in clusters(text) if not text.isascii() or "\r" in text else ():
        whole = text[start:end]
        start += (len(whole) - len(whole.lstrip())) % len(whole)
        for at in range(start, end):
            begins[at], ends[at] = start, end
    found: List[Optional[Span]] = []
    for at, span in enumerate(spans):
        held = "" if span is None else text[span[0] : span[1]]
        if span is None or not held or not (held.strip() or (of_spaces and of_spaces[at])):
            found.append(None)
            continue
        start, end = span
        if held.strip():
            start, end = start + len(held) - len(held.lstrip()), end - len(held) + len(held.rstrip())
        found.append((begins[start], ends[end - 1]))
    return found


def word_indices(text: str, spans: Sequence[Optional[Span]]) -> List[int]:
    """The index of the word that each span lies in, or -1 where there is no span.

    Words that one token joins count as one, so that every token belongs to exactly one word.
    """
    word_at = [-1] * len(text)
    found = words(text)
    for index, (start, end) in enumerate(found):
        word_at[start:end] = [index] * (end - start)
    touched = [sorted({w for w in word_at[span[0] : span[1]] if w >= 0}) if span else [] for span in spans]
    joined = [0] * len(found)  # 1 for a word that shares a token with the word before it
    for indices in touched:
        for index in indices[1:]:
            joined[index] = 1
    places = [index - behind for index, behind in enumerate(accumulate(joined))]
    return [places[indices[0]] if indices else -1 for indices in touched]


def sentence_starts(text: str) -> List[int]:
    """Where the sentences of the text begin: behind a full stop, exclamation or question mark with its closing quotes, or
    an empty line; the marks of CJK need no space behind them. Abbreviations are not known: "Dr. Who" is two.
    """
    return [0, *(match.end() for match in _SENTENCE_END.finditer(text) if match.end() < len(text))]


def phrase_starts(text: str) -> List[int]:
    """Where the phrases of the text begin: at the starts of sentences, behind commas, semicolons and colons, and at brackets
    and long dashes. A mark belongs to the phrase that it ends.
    """
    ends = (match.end() for match in _PHRASE_END.finditer(text) if match.end() < len(text))
    return sorted({*sentence_starts(text), *ends})
