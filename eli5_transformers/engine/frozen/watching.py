"""Watches a forward pass for what its autograd graph does not hold: constants that are added, and the inputs of tanh."""

from __future__ import annotations

from typing import Any, Dict, Iterator, Optional, Sequence, Set

import torch
import torch.nn.functional as F  # noqa: N812
from torch.overrides import TorchFunctionMode

_TENSORS = ("where", "cat", "concat", "stack")
_NUMBERS = ("add", "sub", "subtract", "rsub", "__add__", "__radd__", "__sub__", "__rsub__")
_IN_PLACE = ("add_", "sub_", "__iadd__", "__isub__")


def _called(names: Sequence[str]) -> Set[Any]:
    """The functions and methods of these names that this torch has."""
    return {getattr(owner, name) for owner in (torch, torch.Tensor) for name in names if hasattr(owner, name)}


# What adds, or puts beside, tensors; and what adds numbers, too.
_WRITING = _called(_IN_PLACE)
_ADDING_NUMBERS = _called(_NUMBERS) | _WRITING
_ADDING = _called(_TENSORS) | _ADDING_NUMBERS
_LOOK_UPS = (F.embedding, F.embedding_bag)
# What torch computes in one operation on a CPU, but for float64.
_FUSED = (torch.lstm,)
_TANH = (torch.tanh, torch.Tensor.tanh, F.tanh)


class Watch(TorchFunctionMode):
    """Makes leaves of the graph of all constants that are added to something differentiated, and of what is looked up.

    What a leaf adds to a linear output is then its gradient times itself. The numbers of the pass stay as they are.
    """

    def __init__(self, recorded: Dict[Any, torch.Tensor]) -> None:
        # The base is not asked: see `compat.function_modes.entered`.
        self._recorded = recorded
        """For nodes that do not save their input: that."""

    def __torch_function__(self, function: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
        options = dict(options or {})
        if not torch.is_grad_enabled():
            return function(*arguments, **options)
        if function in _ADDING:
            differentiated = next((one for one in _flat(arguments) if _is_differentiated(one)), None)
            if differentiated is not None:
                numbers = differentiated if function in _ADDING_NUMBERS else None
                # What is written in place stays itself.
                written = function in _WRITING
                arguments = (*arguments[:written], *_with_leaves(arguments[written:], numbers))
        if function in _FUSED:
            return _in_parts(function, arguments, options)
        found = function(*arguments, **options)
        if function in _LOOK_UPS and isinstance(found, torch.Tensor):
            # A copy goes on: models change their embeddings in place, which a leaf does not bear.
            return _leaf(found).clone()
        if function in _TANH and found.grad_fn is not None:
            self._recorded[found.grad_fn] = arguments[0].detach()
        return found


def _with_leaves(value: Any, like: Optional[torch.Tensor]) -> Any:
    """Arguments with leaves in place of constants; numbers become some where a tensor `like` them is given."""
    if type(value) in (list, tuple):
        return type(value)(_with_leaves(one, like) for one in value)
    if like is not None and type(value) in (int, float) and value:
        return _leaf(torch.tensor(value, dtype=like.dtype, device=like.device))
    constant = isinstance(value, torch.Tensor) and value.is_floating_point() and not value.requires_grad
    return _leaf(value) if constant else value


def _leaf(value: torch.Tensor) -> torch.Tensor:
    return value.detach().requires_grad_(True)


def _in_parts(function: Any, arguments: Sequence[Any], options: Dict[str, Any]) -> Any:
    """What the function gives, made of operations that the graph holds one by one: computed in float64."""
    kinds = [one.dtype for one in _flat(arguments) if isinstance(one, torch.Tensor) and one.is_floating_point()]
    found = function(*_cast(tuple(arguments), torch.float64), **options)
    return _cast(found, kinds[0])


def _cast(value: Any, kind: torch.dtype) -> Any:
    """Tensors of floating numbers in another type, also in lists."""
    if type(value) in (list, tuple):
        return type(value)(_cast(one, kind) for one in value)
    return value.to(kind) if isinstance(value, torch.Tensor) and value.is_floating_point() else value


def _flat(values: Sequence[Any]) -> Iterator[Any]:
    for value in values:
        yield from value if type(value) in (list, tuple) else (value,)


def _is_differentiated(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad
