"""Attributions as tables."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ..errors import MissingDependencyError
from ..records import Attribution, Tokens

_ONE_A_DOCUMENT = ("cut", "seen")


def tokens_table(attribution: Attribution) -> Any:
    """A pandas DataFrame with a row for each token: the columns of `Tokens`, and "score".

    Raises MissingDependencyError without pandas.
    """
    try:
        import pandas
    except ImportError:
        raise MissingDependencyError("a DataFrame needs pandas: pip install pandas") from None
    columns = {f.name: getattr(attribution.tokens, f.name) for f in fields(Tokens) if f.name not in _ONE_A_DOCUMENT}
    return pandas.DataFrame({**columns, "score": attribution.scores})
