"""Watches a forward pass for what its autograd graph does not hold: constants that are added, and the inputs of tanh."""

from __future__ import annotations

from typing import Any, Dict, List

import torch
import torch.nn.functional as F  # noqa: N812
from torch.overrides import TorchFunctionMode

_ADDING = {
    getattr(owner, name)
    for owner, names in (
        (torch, ("add", "sub", "subtract", "rsub", "where", "cat", "concat", "stack")),
        (
            torch.Tensor,
            (
                "add", "add_", "sub", "sub_", "where", "__add__", "__radd__", "__iadd__", "__sub__", "__rsub__", "__isub__",
            ),
        ),
    )
    for name in names
    if hasattr(owner, name)
}  # fmt: skip
_LOOK_UPS = (F.embedding, F.embedding_bag)
_TANH = (torch.tanh, torch.Tensor.tanh, F.tanh)


class Watch(TorchFunctionMode):
    """Makes leaves of the graph of all constants that are added to something differentiated, and of what is looked up.

    What a leaf adds to a linear output is then its gradient times itself. The numbers of the pass stay as they are.
    """

    def __init__(self, constants: List[torch.Tensor], recorded: Dict[Any, torch.Tensor]) -> None:
        # The base is not asked: see `compat.function_modes.entered`.
        self._constants = constants
        """The leaves that were made."""
        self._recorded = recorded
        """For nodes that do not save their input: that."""

    def __torch_function__(self, function: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
        options = dict(options or {})
        if not torch.is_grad_enabled():
            return function(*arguments, **options)
        if function in _ADDING and any(_differentiated(one) for one in _tensors(arguments)):
            arguments = tuple(self._with_leaves(one) for one in arguments)
        found = function(*arguments, **options)
        if function in _LOOK_UPS and isinstance(found, torch.Tensor):
            # A copy goes on: models change their embeddings in place, which a leaf does not bear.
            return self._leaf(found).clone()
        if function in _TANH and found.grad_fn is not None:
            self._recorded[found.grad_fn] = arguments[0].detach()
        return found

    def _with_leaves(self, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return type(value)(map(self._with_leaves, value)) if type(value) in (list, tuple) else value
        if isinstance(value, float) and value:
            return self._leaf(torch.tensor(value))
        plain = isinstance(value, torch.Tensor) and value.is_floating_point() and not value.requires_grad
        return self._leaf(value) if plain else value

    def _leaf(self, value: torch.Tensor) -> torch.Tensor:
        leaf = value.detach().requires_grad_(True)
        self._constants.append(leaf)
        return leaf


def _tensors(values: Any) -> List[Any]:
    return [one for value in values for one in (value if isinstance(value, (list, tuple)) else (value,))]


def _differentiated(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad


__all__ = ["Watch"]
