"""What a person calls their model: not the modules that this package, or torch, put around it."""

from __future__ import annotations

from typing import Any

# The attribute under which a wrapper has the module, by the wrapper's class: ours, torch.compile's, torch.nn.parallel's.
_WRAPPED = {
    "TransformerClassifier": "transformer",
    "OptimizedModule": "_orig_mod",
    "DataParallel": "module",
    "DistributedDataParallel": "module",
}


def unwrapped(model: Any) -> Any:
    """The person's own module inside an AllenNLP model of ours, a compiled or a parallel one; others as they are."""
    inner = getattr(model, _WRAPPED.get(type(model).__name__, ""), None)
    return model if inner is None else unwrapped(inner)


def name_of(model: Any) -> str:
    """The name of the class of the person's own module."""
    return type(unwrapped(model)).__name__
