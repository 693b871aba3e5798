"""In what precision a model computes: its weights say, and its outputs."""

from __future__ import annotations

from typing import List

import torch

# Numbers that are multiples of this may be counts.
_GRAIN = 2.0**-4


def coarsest(model: torch.nn.Module) -> torch.dtype:
    """The coarsest type of the model's weights."""
    kinds = [p.dtype for p in model.parameters() if p.dtype.is_floating_point]
    return _coarser(kinds or [torch.float32])


def computed_in(model: torch.nn.Module, logits: torch.Tensor) -> torch.dtype:
    """The coarsest type that the model computes in, as its weights and these logits of it show.

    Under `torch.autocast` layers compute in half precision, whatever their weights are held in: numbers which all have so
    few digits come from there.
    """
    own, given = coarsest(model), logits.detach()
    grained = bool((given / _GRAIN == (given / _GRAIN).round()).all())
    half = [kind for kind in (torch.bfloat16, torch.float16) if not grained and torch.equal(given.to(kind).to(given), given)]
    return _coarser([own, *half[:1]])


def _coarser(kinds: List[torch.dtype]) -> torch.dtype:
    return max(kinds, key=lambda kind: torch.finfo(kind).eps)
