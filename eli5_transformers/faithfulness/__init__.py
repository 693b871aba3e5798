"""How far to trust an explanation: what the model says without the words that a method names, and scores under rounding."""

from __future__ import annotations

from typing import Any, List, Mapping, Sequence, Union

from .. import interpreters
from ..records import Attribution, FailedText
from .asked import OPERATORS, asked

__all__ = ["OPERATORS", "asked", "attribute"]


def attribute(
    predictor: Any,
    inputs: Sequence[Union[Mapping[str, Any], FailedText]],
    interpreter: Any,
    targets: Any = None,
    *,
    trust: Any = None,
    **options: Any,
) -> List[List[Attribution]]:
    """`interpreters.attribute`, with the `trust` of each attribution where `trust` asks for it (`asked.asked`)."""
    wanted = asked(trust)

    def explain() -> List[List[Attribution]]:
        return interpreters.attribute(predictor, inputs, interpreter, targets, **options)

    found = explain()
    if wanted is None:
        return found
    from .trust import with_trust

    return with_trust(predictor, inputs, found, explain, wanted)
