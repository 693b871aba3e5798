"""Modes of torch in which tensors hold no numbers, or belong to a program that is being written down."""

from __future__ import annotations

import sys
from typing import Any, Optional

import torch

from ..errors import InputError

# By the names of their classes: these modules are imported by whoever uses them.
_DISPATCHING = {
    "FakeTensorMode": "FakeTensorMode, in which tensors hold no numbers",
    "ProxyTorchDispatchMode": "make_fx or torch.export, which write down what is computed",
    "FunctionalTensorMode": "a functionalization, which writes down what is computed",
}


def require_numbers() -> None:
    """Raises InputError inside of a mode of torch, or of a function that it transforms, where no explanation is computed."""
    if torch.empty(0).device.type == "meta":
        raise InputError(
            "torch's default device is 'meta', on which nothing is computed: call torch.set_default_device('cpu') before"
        )
    found = _transforming()
    if found is not None:
        raise InputError(f"no explanation is computed inside of {found}: call it outside")


def _transforming() -> Optional[str]:
    """What transforms or writes down the code that runs, if anything does."""
    if torch.jit.is_tracing():
        return "torch.jit.trace, which writes down what is computed"
    functorch: Any = getattr(torch._C, "_functorch", None)
    if getattr(functorch, "peek_interpreter_stack", lambda: None)() is not None:
        return "a function that torch.func transforms (vmap, grad, jvp, functionalize)"
    modes: Any = getattr(sys.modules.get("torch.utils._python_dispatch"), "_get_current_dispatch_mode_stack", list)
    return next((_DISPATCHING[name] for mode in modes() if (name := type(mode).__name__) in _DISPATCHING), None)
