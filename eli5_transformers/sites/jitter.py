"""Vectors of tokens with their last bits changed: what a score must not depend on."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import Callable, ContextManager, Iterator, Optional

import torch

from .embedding_sites import EmbeddingSites

_SIZE: ContextVar[Optional[float]] = ContextVar("eli5_transformers_jitter", default=None)
# What a twin that jitters already has among its attributes.
_JITTERS = "_has_jittered_vectors"
_SEED = 0


@contextmanager
def jittered(size: float) -> Iterator[None]:
    """Inside, models that are explained look up other vectors: each number times 1 ± up to `size`, always the same.

    It holds for the thread, or task, that enters it.
    """
    token = _SIZE.set(size)
    try:
        yield
    finally:
        _SIZE.reset(token)


def as_asked(model: torch.nn.Module, sites: Callable[[], EmbeddingSites]) -> ContextManager[None]:
    """Context in which the vectors of a model, which is a twin, jitter if that was asked for; entered before other hooks."""
    size = _SIZE.get()
    if size is None or _JITTERS in vars(model):
        return nullcontext()
    return _jittering(model, sites(), size)


@contextmanager
def _jittering(model: torch.nn.Module, sites: EmbeddingSites, size: float) -> Iterator[None]:
    def change(index: int, vectors: torch.Tensor) -> torch.Tensor:
        # A number for each place in a vector, from a generator of its own: equal tokens stay equal, in whatever batch.
        draw = torch.Generator().manual_seed(_SEED + index)
        factors = 1 + size * (2 * torch.rand(vectors.shape[-1], generator=draw, dtype=torch.float64) - 1)
        wider = torch.promote_types(vectors.dtype, torch.float32)
        return (vectors.to(wider) * factors.to(wider).to(vectors.device)).to(vectors.dtype)

    vars(model)[_JITTERS] = True
    try:
        with sites.changed(change):
            yield
    finally:
        del vars(model)[_JITTERS]
