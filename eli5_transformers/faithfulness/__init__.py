"""How far to trust an explanation: what the model says without the words that a method names, and scores under rounding."""

from __future__ import annotations

from typing import Any, Callable, List, Mapping, Sequence, Union

from .. import interpreters
from ..records import Attribution, FailedText
from .asked import OPERATORS, asked

__all__ = ["OPERATORS", "asked", "attribute", "beside"]


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
    asked(trust)

    def explain() -> List[List[Attribution]]:
        return interpreters.attribute(predictor, inputs, interpreter, targets, **options)

    return beside(predictor, inputs, explain(), explain, trust)


def beside(
    predictor: Any,
    inputs: Sequence[Union[Mapping[str, Any], FailedText]],
    found: List[List[Attribution]],
    explain: Callable[[], List[List[Attribution]]],
    trust: Any,
) -> List[List[Attribution]]:
    """The attributions that `explain` gives of the inputs, `found` already, with what `trust` asks for (`asked.asked`)."""
    wanted = asked(trust)
    if wanted is None:
        return found
    from .trust import with_trust

    return with_trust(predictor, inputs, found, explain, wanted)
