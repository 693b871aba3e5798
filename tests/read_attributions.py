"""What holds of every attribution that was read from a file."""

from typing import get_type_hints

import numpy as np

from eli5_transformers.records import Attribution, Tokens


def same(one, other):
    arrays = {"scores", "standard_errors"}
    fields = set(get_type_hints(Attribution)) - arrays
    return all(np.array_equal(getattr(one, f), getattr(other, f)) for f in arrays) and all(
        getattr(one, f) == getattr(other, f) for f in fields
    )


def fits(value, types):
    return any(type(value) is kind for kind in types)


def require_right_types(read):
    assert read.scores.dtype == float
    assert read.scores.shape == (len(read.tokens),)
    assert np.isfinite(read.scores).all()
    assert read.standard_errors is None or read.standard_errors.shape == read.scores.shape
    assert fits(read.target, [int])
    assert fits(read.signed, [bool])
    assert fits(read.evaluations, [int, type(None)])
    assert fits(read.parameters, [dict])
    for name in ("probability", "score", "baseline_score", "convergence_delta", "relative_delta", "token_error"):
        assert fits(getattr(read, name), [float, type(None)])
    for texts in (read.documents, read.notes, read.tokens.text):
        assert fits(texts, [tuple])
        assert all(fits(text, [str]) for text in texts)
    for name in set(get_type_hints(Tokens)) - {"text", "seen"}:
        entries = getattr(read.tokens, name)
        assert all(fits(entry, [bool if name == "special" else int]) for entry in entries)
