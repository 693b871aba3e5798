"""Under which names people's data hold texts, second texts, labels and ids: one table for files, JSON and dicts."""

from __future__ import annotations

from typing import Any, Optional, Sequence, Tuple

SECOND_TEXTS = (
    "text_pair", "hypothesis", "sentence2", "question2", "text2", "text_b", "text_2", "sentence_b", "sentence_2", "#2_string",
)  # fmt: skip
"""Names that say of a text that another one stands before it."""

TEXTS = (
    "text", "sentence", "premise", "sentence1", "question1", "text1", "text_a", "text_1", "sentence_a", "sentence_1",
    "#1_string", "review", "content", "body", "comment", "tweet", "document", "message", "utterance", "post", "title",
    "headline", "description", "summary", "subject", "review_text", "review_body", "reviewtext", "review_title", "comment_text",
    "full_text", "question", "answer", "passage", "context", "query", "claim", "evidence", "prompt", "response", "reply",
)  # fmt: skip
"""Names of texts that may stand alone."""

TOGETHER = (
    ("question", "sentence"), ("question", "answer"), ("question", "passage"), ("question", "context"),
    ("query", "passage"), ("query", "document"), ("query", "answer"), ("claim", "evidence"),
)  # fmt: skip
"""Names of texts that are a pair where both are there, in the order in which a model of pairs reads them."""

LABELS = (
    "label", "labels", "gold_label", "target", "class", "sentiment", "stars", "rating", "score", "category", "polarity",
    "emotion", "intent", "is_duplicate", "label_text",
)  # fmt: skip
"""Names of what a row was labelled with, the one that is taken first."""

IDS = (
    "id", "idx", "index", "uid", "guid", "uuid", "row_id", "review_id", "pairid", "tweet_id", "__index_level_0__",
    "unnamed:_0", "",
)  # fmt: skip
"""Names of what tells rows apart, the one that is taken first; the last three are an index that pandas wrote."""


def plain(name: Any) -> str:
    """A name as the table has it: without the spaces and quotes around it, in small letters, with `_` between words."""
    return str(name).strip().strip("\ufeff\"'").strip().casefold().replace(" ", "_").replace("-", "_")


def is_known(name: Any) -> bool:
    """Whether the table has the name, of whatever kind."""
    return is_text(name) or plain(name) in LABELS or plain(name) in IDS


def is_text(name: Any) -> bool:
    """Whether it is a name of a text, or of the second text of a pair."""
    return plain(name) in TEXTS or plain(name) in SECOND_TEXTS


def is_text_in_plural(name: Any) -> bool:
    """Whether a header may call a column of texts so, "reviews", which in an object is rather a list."""
    return plain(name).removesuffix("s") in TEXTS


def pair_of(names: Sequence[Any]) -> Optional[Tuple[Any, Any]]:
    """Both names in the order of a pair, where `names` are two that belong together; else None."""
    if len(names) != 2:
        return None
    for first, second in (tuple(names), (names[1], names[0])):
        one, other = plain(first), plain(second)
        if (one in TEXTS and other in SECOND_TEXTS) or (one, other) in TOGETHER:
            return first, second
    return None
