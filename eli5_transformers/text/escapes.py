"""Characters that a screen obeys instead of showing, made visible.

A label from a downloaded config, or a text from anywhere, may hold control characters and bidirectional overrides: the
first are invisible (or, on a terminal, commands), the second reorder what stands beside them, so that a probability of
0.750 could read 057.0. Wherever such a text is *shown*, these characters are spelled as Python spells them (`\\u202e`).
The data keep them: offsets, comparisons and saved files are of the text as it was given.

Marks that ordinary Arabic, Hebrew or Persian needs (LRM, RLM, ZWJ, ZWNJ) reorder nothing beyond themselves and stay.
"""

from __future__ import annotations

import re

# C0 and C1 controls but tab, line feed and carriage return; line and paragraph separator; the embeddings, overrides and
# isolates of the Unicode Bidirectional Algorithm (UAX 9, 2.1 to 2.4); lone surrogates, which no file can hold.
_OBEYED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """`text` with every character that a screen would obey spelled as an escape; line breaks and tabs stay.

    The escapes hold no character that HTML reads as markup, so this may be done before or after escaping HTML, and to a
    whole page as well.
    """
    return _OBEYED.sub(lambda match: _spelled(match.group()), text)


def visible_line(text: str) -> str:
    """As `visible`, for a name that must stay on one line: line breaks and tabs are spelled, too."""
    return re.sub("[\t\n\r]", lambda match: _spelled(match.group()), visible(text))


def _spelled(character: str) -> str:
    return repr(character)[1:-1]
