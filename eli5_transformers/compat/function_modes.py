"""Entering a `torch.overrides.TorchFunctionMode`, which sees every call of a torch function in its thread."""

from __future__ import annotations

from functools import partial
from typing import Any, ContextManager

import torch


def entered(kind: Any, *arguments: Any) -> ContextManager[Any]:
    """Makes the mode `kind(*arguments)` and enters it.

    torch 1.12 does so by a function of its own, which makes it around the mode before it; it gives each class on the way up
    the mode around this one, so that the mode's own `__init__` must not ask its base for that again.
    """
    push = getattr(torch.overrides, "push_torch_function_mode", None)
    if push is None:
        made: ContextManager[Any] = kind(*arguments)
        return made
    pushed: ContextManager[Any] = push(partial(kind, *arguments))
    return pushed
