"""Watches a forward pass for what its autograd graph does not hold: constants that are added, and unsaved inputs."""

from __future__ import annotations

from numbers import Real
from typing import Any, Dict, Iterable, Iterator, Optional, Sequence, Set

import torch
import torch.nn.functional as F  # noqa: N812
from torch.overrides import TorchFunctionMode

# What is linear in several tensors together, or chooses among them: any of them may be a constant.
_TENSORS = """addbmm addcdiv addcmul addmm addmv addr baddbmm bilinear cat column_stack concat concatenate conv1d conv2d conv3d
    dstack fmax fmin group_norm hstack index_add index_copy index_put layer_norm lerp linear masked_scatter max maximum min
    minimum rms_norm scatter scatter_add select_scatter slice_scatter stack vstack""".split()
_NUMBERS = "add sub subtract rsub masked_fill where __add__ __radd__ __sub__ __rsub__".split()
# What is written into its first argument, and behind which arguments what is written stands.
_IN_PLACE = {
    **dict.fromkeys(("add_", "sub_", "subtract_", "__iadd__", "__isub__", "copy_", "fill_"), 1),
    **dict.fromkeys(("__setitem__", "masked_fill_"), 2),
}


def _called(names: Iterable[str], *owners: Any) -> Set[Any]:
    """The functions and methods of these names that this torch has."""
    return {getattr(owner, name) for owner in owners or _OWNERS for name in names if hasattr(owner, name)}


_OWNERS = (torch, torch.Tensor, F, torch._C._nn)
_WRITING = {function: place for name, place in _IN_PLACE.items() for function in _called([name], torch.Tensor)}
# What takes numbers, too.
_WITH_NUMBERS = _called(_NUMBERS) | set(_WRITING)
_ADDING = _called(_TENSORS) | _WITH_NUMBERS
_VALUES = ("other", "value")
_LOOK_UPS = (F.embedding, F.embedding_bag)
# What torch computes in one operation on a CPU, but for float64.
_FUSED = (torch.lstm,)
# What saves its output alone.
_FORGETFUL = _called(("exp", "exp2", "expm1", "sigmoid", "tanh"))


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
            given = (*arguments, *options.values())
            differentiated = next((one for one in _flat(given) if _is_differentiated(one)), None)
            if differentiated is not None:
                numbers = differentiated if function in _WITH_NUMBERS else None
                written = _WRITING.get(function, 0)
                if written:
                    _become_leaf(arguments[0])
                arguments = (*arguments[:written], *_with_leaves(arguments[written:], numbers))
                options = {name: _with_leaves(one, numbers if name in _VALUES else None) for name, one in options.items()}
        if function in _FUSED:
            return _in_parts(function, arguments, options)
        found = function(*arguments, **options)
        if function in _LOOK_UPS and isinstance(found, torch.Tensor):
            # A copy goes on: models change their embeddings in place, which a leaf does not bear.
            return _leaf(found).clone()
        if function in _FORGETFUL and isinstance(found, torch.Tensor) and found.grad_fn is not None:
            self._recorded[found.grad_fn] = arguments[0].detach()
        return found


def _with_leaves(value: Any, like: Optional[torch.Tensor]) -> Any:
    """Arguments with leaves in place of constants; numbers become some where a tensor `like` them is given."""
    if type(value) in (list, tuple):
        return type(value)(_with_leaves(one, like) for one in value)
    if like is not None and isinstance(value, Real) and value:
        return _leaf(torch.tensor(float(value), dtype=like.dtype, device=like.device))
    return _leaf(value) if _is_constant(value) else value


def _become_leaf(value: Any) -> None:
    """Makes what a constant tensor holds a leaf, where the tensor is going to be written into."""
    if _is_constant(value):
        value.copy_(_leaf(value.clone()))


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


def _is_constant(value: Any) -> bool:
    is_number = isinstance(value, torch.Tensor) and value.is_floating_point()
    return is_number and not value.requires_grad and not value.is_inference()


def _is_differentiated(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.requires_grad
