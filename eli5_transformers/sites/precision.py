"""Numbers of half precision in a wider one, and how far logits of two passes are apart."""

from __future__ import annotations

import torch


def wide(dtype: torch.dtype) -> torch.dtype:
    """Half precision is worked with in float32."""
    return torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype


def widened(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor in the precision that is worked with."""
    return tensor.to(wide(tensor.dtype))


def mixed(logits: torch.Tensor) -> torch.Tensor:
    """A sum in which the classes do not cancel (the log-probabilities of a softmax layer would)."""
    weights = torch.linspace(1.0, 2.0, logits[0].numel() if logits.dim() > 1 else 1, device=logits.device)
    return (widened(logits).flatten(1 if logits.dim() > 1 else 0) * weights).sum()


def distance(first: torch.Tensor, second: torch.Tensor) -> float:
    """Largest difference, relative to the largest logit (at least 1)."""
    return float((first - second).abs().max() / second.abs().max().clamp(min=1.0))
