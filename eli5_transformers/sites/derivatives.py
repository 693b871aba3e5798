"""Derivatives of a score by the vectors of its tokens, with what to do where a model has none."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator, List, Optional, Sequence

import torch

from ..errors import UnsupportedModelError, is_lack_of_memory
from .architectures import name_of


def derivatives(
    model: torch.nn.Module, score: torch.Tensor, inputs: Sequence[torch.Tensor], retain: bool = False
) -> List[torch.Tensor]:
    """The derivatives of a scalar with respect to `inputs`; zeros for those that it does not depend on.

    Raises UnsupportedModelError where the backward pass of `model` fails.
    """
    try:
        found = torch.autograd.grad(score, inputs, retain_graph=retain, allow_unused=True)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        if is_lack_of_memory(error):
            raise
        mend = (
            "let it checkpoint with use_reentrant=False, or not at all"
            if "checkpoint" in reason.lower()
            else "explain it without what has no derivative"
        )
        raise UnsupportedModelError(
            f"the prediction of {name_of(model)} cannot be differentiated by the vectors of its tokens: {reason[:200]}: {mend}"
        ) from error
    return [torch.zeros_like(x) if gradient is None else gradient for x, gradient in zip(inputs, found)]


class Network:
    """How the passes of a model are differentiated: as it is. A subclass may differentiate another function."""

    rows: Optional[int] = None
    """How many rows go through the model at once; None for as many as memory and speed say."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.model = model

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Where a forward pass runs whose outputs are differentiated, and where they are."""
        yield

    def derivatives(
        self, score: torch.Tensor, inputs: Sequence[torch.Tensor], retain: bool = False
    ) -> List[torch.Tensor]:
        """See the function of this name."""
        return derivatives(self.model, score, inputs, retain)
