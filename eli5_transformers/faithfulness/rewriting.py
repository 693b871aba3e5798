"""A text without some of its words, or with others in their place, as a person would write it."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from ..column_names import SECOND_TEXTS, TEXTS
from ..records import Tokens
from ..text.granularity import Place
from ..text.words import words as words_of


def rewritten(documents: Sequence[str], places: Sequence[Place], words: Mapping[int, str]) -> Tuple[str, ...]:
    """The documents with `words[i]` in the place of the word at `places[i]`; "" leaves it out, and a space beside it.

    `places` are in reading order and share no characters.
    """
    made = []
    for index, document in enumerate(documents):
        text, end = "", 0
        for word, (owner, start, stop) in enumerate(places):
            if owner == index and word in words:
                text = _joined(_joined(text, document[end:start]), words[word])
                end = stop
                if not words[word] and (not text or text[-1].isspace()):
                    end += len(document[end:]) - len(document[end:].lstrip())
        made.append(_joined(text, document[end:], keep=end == 0))
    return tuple(made)


def _joined(text: str, more: str, keep: bool = False) -> str:
    """Both, with a space between letters that would make one word of two; scripts without spaces have no such letters."""
    if not keep and text and more and more[0].isalnum() and words_of(text[-1] + more[0]) == [(0, 2)]:
        return f"{text} {more}"
    return text + more


def seen_alone(documents: Sequence[str], tokens: Tokens) -> Tuple[Tuple[str, ...], Tuple[int, ...]]:
    """The documents without what was cut of them, and how many characters each has lost at its beginning.

    Without it, a word that is left out would bring one into sight that nobody saw.
    """
    seen = tokens.seen or tuple((0, len(document)) for document in documents)
    spans = [span if span[1] > span[0] else (0, len(document)) for span, document in zip(seen, documents)]
    return tuple(document[start:end] for document, (start, end) in zip(documents, spans)), tuple(s for s, _ in spans)


def writer(given: Mapping[str, Any], documents: Sequence[str]) -> Optional[Callable[[Sequence[str]], Dict[str, Any]]]:
    """What makes a predictor's JSON of other documents; None where they do not stand in it as they are.

    A list of words stands for the text of them with spaces between. Of several that hold the same, an id say, one with the
    name of a text is the text.
    """
    keys: List[str] = []
    named = sorted(given, key=lambda key: key not in (*TEXTS, *SECOND_TEXTS))
    for document in documents:
        found = next((key for key in named if key not in keys and _as_text(given[key]) == document), None)
        if found is None:
            return None
        keys.append(found)

    def write(others: Sequence[str]) -> Dict[str, Any]:
        new = {key: text if isinstance(given[key], str) else text.split() for key, text in zip(keys, others)}
        return {**given, **new}

    return write


def _as_text(held: Any) -> Any:
    return " ".join(map(str, held)) if isinstance(held, (list, tuple)) else held
