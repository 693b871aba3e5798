"""Scores as pandas' tables."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Dict

from ..errors import MissingDependencyError
from ..records import Attribution, Tokens

_ONE_A_DOCUMENT = ("cut", "seen")


def tokens_table(attribution: Attribution) -> Any:
    """A pandas DataFrame with a row for each token: the columns of `Tokens`, "score", and "standard_error" where known.

    Raises MissingDependencyError without pandas.
    """
    names = [f.name for f in fields(Tokens) if f.name not in _ONE_A_DOCUMENT]
    columns: Dict[str, Any] = {name: getattr(attribution.tokens, name) for name in names}
    columns["score"] = attribution.scores
    if attribution.standard_errors is not None:
        columns["standard_error"] = attribution.standard_errors
    return data_frame(columns)


def data_frame(held: Any, **options: Any) -> Any:
    """A pandas DataFrame of columns by name, or of rows. Raises MissingDependencyError without pandas."""
    try:
        import pandas
    except ImportError:
        mend = "pip install 'eli5_transformers[notebook]'"
        raise MissingDependencyError(f"a DataFrame needs pandas: {mend}") from None
    return pandas.DataFrame(held, **options)
