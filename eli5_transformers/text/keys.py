"""Under which keys people's JSON objects hold a text, and the second text of a pair."""

from __future__ import annotations

from typing import Any, Mapping, Sequence, Tuple

TEXT_KEYS = ("text", "sentence", "premise", "sentence1")
PAIR_KEYS = ("text_pair", "hypothesis", "sentence2")


def text_and_pair(
    held: Mapping[str, Any], text_keys: Sequence[str] = TEXT_KEYS, pair_keys: Sequence[str] = PAIR_KEYS
) -> Tuple[Any, Any]:
    """The values of the first text key and of the first pair key that hold something, None where none does."""
    text, pair = (
        next((held[key] for key in keys if held.get(key) is not None), None) for keys in (text_keys, pair_keys)
    )
    return text, pair
