"""Numbers that are none (NaN, infinity): refused, in a sentence that says what made them."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
import torch

from ..errors import UnsupportedModelError
from .architectures import half_precision, name_of, unwrapped


def require_finite(model: torch.nn.Module, numbers: Any, what: str) -> None:
    """Raises UnsupportedModelError unless all `numbers` (a tensor, an array or a number) of `model` are finite.

    `what` names them in the plural ("the logits of the text"). The sentence names the cause: a weight that is none itself,
    half precision, or else the numbers alone.
    """
    found = numbers if isinstance(numbers, torch.Tensor) else torch.as_tensor(np.asarray(numbers, dtype=float))
    if bool(torch.isfinite(found).all()):
        return
    kind = _kind(found.detach())
    weight = _spoilt(unwrapped(model))
    name = name_of(model)
    if weight is not None:
        raise UnsupportedModelError(
            f"{what} are not finite ({kind}), because {weight} of {name} holds numbers that are not: load weights from before "
            "they were spoilt (by a training that diverged, or a conversion to half precision)"
        )
    half = half_precision(model)
    if half:
        raise UnsupportedModelError(
            f"{what} overflow to {kind} in {half}, in which {name} is loaded: load it in float32"
        )
    raise UnsupportedModelError(
        f"{what} are not finite ({kind}), though the weights of {name} are: a layer of it overflows or divides by zero there, "
        "so nothing can be explained"
    )


def require_sound_weights(model: torch.nn.Module, what: str) -> None:
    """The same where the numbers are lost: raises UnsupportedModelError if a weight of `model` is not finite."""
    if _spoilt(unwrapped(model)) is not None:
        require_finite(model, float("nan"), what)


def _kind(numbers: torch.Tensor) -> str:
    return "NaN" if bool(torch.isnan(numbers).any()) else "infinity"


def _spoilt(model: torch.nn.Module) -> Optional[str]:
    """The first weight that is not finite, and what it holds. Buffers may hold infinity: masks do."""
    for name, parameter in model.named_parameters():
        if parameter.dtype.is_floating_point and not bool(torch.isfinite(parameter).all()):
            return f"the weight {name!r}"
    for name, buffer in model.named_buffers():
        if buffer.dtype.is_floating_point and bool(torch.isnan(buffer).any()):
            return f"the buffer {name!r}"
    return None
