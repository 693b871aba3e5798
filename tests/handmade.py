"""Attributions made by hand, so that what is shown can be tested without a model."""

import re

import numpy as np

from eli5_transformers.records import Attribution, Tokens


def attribution(documents, scores, *, special=(0.25, -0.125), pattern=r"\w+|[^\w\s]", **changes):
    """An attribution of a text (or two) with a token for each match of `pattern`, between `[CLS]` and `[SEP]`.

    `scores` holds a number for each token of the texts, in their order; `special` those of the two special tokens.
    """
    documents = (documents,) if isinstance(documents, str) else tuple(documents)
    found = [(d, m) for d, text in enumerate(documents) for m in re.finditer(pattern, text, re.DOTALL)]
    word = [sum(1 for e, _ in found[:i] if e == d) for i, (d, _) in enumerate(found)]
    assert len(found) == len(scores), [m.group() for _, m in found]
    tokens = Tokens(
        text=("[CLS]", *(m.group() for _, m in found), "[SEP]"),
        start=(-1, *(m.start() for _, m in found), -1),
        end=(-1, *(m.end() for _, m in found), -1),
        word=(-1, *word, -1),
        segment=(0, *(d for d, _ in found), 0),
        special=(True, *[False] * len(found), True),
    )
    fields = {
        "target": 1,
        "label": "fine",
        "method": "by-hand",
        "signed": True,
        "probability": 0.75,
        "score": 2.0,
        **changes,
    }
    return Attribution(
        documents=documents, tokens=tokens, scores=np.array([special[0], *scores, special[1]], dtype=float), **fields
    )
