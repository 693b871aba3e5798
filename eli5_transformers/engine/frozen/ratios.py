"""Gradients of activations and norms whose nonlinear factor is held fixed.

An activation is f(x) = x * (f(x) / x) with the quotient fixed; one that is not 0 at 0 is the straight line through there,
f(0) + x * ((f(x) - f(0)) / x), with both fixed. A norm is fixed in its denominator. The functions here take a
node and give what autograd calls after it: (gradients of the inputs, gradients of the outputs) to the gradients of the inputs.
They read the node's inputs, as it saved them, at once: a graph that is used up has lost them.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Tuple

import torch
import torch.nn.functional as F  # noqa: N812

from ...sites.precision import wide

Gradients = Tuple[Optional[torch.Tensor], ...]
Change = Callable[[Gradients, Gradients], Gradients]

# From a node and its input to the activation's output.
_ACTIVATIONS: Dict[str, Callable[[Any, torch.Tensor], torch.Tensor]] = {
    "Celu": lambda node, x: F.celu(x, node._saved_alpha),
    "Clamp": lambda node, x: torch.clamp(x, node._saved_min, node._saved_max),
    "ClampMax": lambda node, x: torch.clamp(x, max=node._saved_max),
    "ClampMin": lambda node, x: torch.clamp(x, min=node._saved_min),
    "Elu": lambda node, x: torch.ops.aten.elu(x, node._saved_alpha, node._saved_scale, node._saved_input_scale),
    "Gelu": lambda node, x: F.gelu(x, approximate=node._saved_approximate),
    "Hardswish": lambda node, x: F.hardswish(x),
    "Hardtanh": lambda node, x: F.hardtanh(x, node._saved_min_val, node._saved_max_val),
    "Mish": lambda node, x: F.mish(x),
    "Silu": lambda node, x: F.silu(x),
    # transformers models/bloom/modeling_bloom.py, GeLUFunction: a class of its own for the same derivative.
    "function GeLUFunction": lambda node, x: F.gelu(x, approximate="tanh"),
}

ACTIVATIONS = frozenset((*_ACTIVATIONS, "Tanh"))

# Functions of one number that are gates mostly. From a node and its input to the output.
_GATES: Dict[str, Callable[[Any, torch.Tensor], torch.Tensor]] = {
    "Atan": lambda node, x: torch.atan(x),
    "Cos": lambda node, x: torch.cos(x),
    "Erf": lambda node, x: torch.erf(x),
    "Erfc": lambda node, x: torch.erfc(x),
    "Exp": lambda node, x: torch.exp(x),
    "Exp2": lambda node, x: torch.exp2(x),
    "Expm1": lambda node, x: torch.expm1(x),
    "Hardsigmoid": lambda node, x: F.hardsigmoid(x),
    "Log": lambda node, x: torch.log(x),
    "Log10": lambda node, x: torch.log10(x),
    "Log1P": lambda node, x: torch.log1p(x),
    "Log2": lambda node, x: torch.log2(x),
    "LogSigmoid": lambda node, x: F.logsigmoid(x),
    "LogSigmoidForward": lambda node, x: F.logsigmoid(x),
    "Sigmoid": lambda node, x: torch.sigmoid(x),
    "Sin": lambda node, x: torch.sin(x),
    "Softplus": lambda node, x: F.softplus(x, node._saved_beta, node._saved_threshold),
}
SECANTS = frozenset(_GATES)
# Where the straight line begins: at 0, but for logarithms, which have no value there.
_BEGINNINGS = dict.fromkeys(("Log", "Log2", "Log10"), 1.0)
# From the output to the input, for those that save that alone.
_INVERSES: Dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "Exp": torch.log,
    "Exp2": torch.log2,
    "Expm1": torch.log1p,
    "Sigmoid": torch.logit,
}


def activation(node: Any, name: str, recorded: Optional[torch.Tensor]) -> Optional[Change]:
    """Of an activation function; `recorded` is its input, which tanh does not save. None where that is not known."""
    if name == "Tanh":
        result = node._saved_result
        # A result of 1 has no inverse: the identity tells where this matters (`network`).
        return _quotient(torch.tanh, torch.atanh(result) if recorded is None else recorded)
    x = node.saved_tensors[0] if name == "function GeLUFunction" else getattr(node, "_saved_self", None)
    return None if x is None else _quotient(lambda x: _ACTIVATIONS[name](node, x), x.detach())


def _quotient(function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> Change:
    def change(gradients: Gradients, outer: Gradients) -> Gradients:
        if outer[0] is None or gradients[0] is None:
            return gradients
        with torch.no_grad():
            fixed = function(x).div_(x).mul_(outer[0])
            # At zero the derivative is the quotient's limit.
            return (torch.where(x != 0, fixed, gradients[0]), *gradients[1:])

    return change


def secant(node: Any, name: str, recorded: Optional[torch.Tensor], offsets: List[torch.Tensor]) -> Optional[Change]:
    """Of a function of one number that is not 0 at 0: the straight line from there to x. None where x is not known.

    The change puts what the line adds to the output at 0 into `offsets`.
    """
    x = getattr(node, "_saved_self", None) if recorded is None else recorded
    if x is None and name in _INVERSES:
        x = _INVERSES[name](node._saved_result.detach())
    return None if x is None else _line(lambda x: _GATES[name](node, x), x.detach(), _BEGINNINGS.get(name, 0.0), offsets)


def _line(
    function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, begins: float, offsets: List[torch.Tensor]
) -> Change:
    def change(gradients: Gradients, outer: Gradients) -> Gradients:
        if outer[0] is None or gradients[0] is None:
            return gradients
        with torch.no_grad():
            first, run = function(torch.full_like(x, begins)), x - begins
            # Nearby the difference is rounding, and the derivative is as good.
            near = run.abs() < torch.finfo(x.dtype).eps ** 0.5
            slopes = torch.where(near, gradients[0], (function(x) - first) / run * outer[0])
            offsets.append((first * outer[0] - begins * slopes).to(wide(x.dtype)).sum())
            return (slopes, *gradients[1:])

    return change


def batch_norm(node: Any, offsets: List[torch.Tensor]) -> Change:
    """Of (x - mean) / deviation * weight + bias with numbers of the training: linear, and its mean is a constant."""
    mean, variance, weight = node._saved_running_mean, node._saved_running_var, node._saved_weight
    small = node._saved_eps if hasattr(node, "_saved_eps") else node._saved_epsilon
    taken = mean * (variance + small).rsqrt() * (1 if weight is None else weight.detach())

    def change(gradients: Gradients, outer: Gradients) -> Gradients:
        if outer[0] is not None:
            kind = wide(outer[0].dtype)
            offsets.append(-(outer[0].to(kind).transpose(0, 1).flatten(1).sum(1) * taken.to(kind)).sum())
        return gradients

    return change


def power(exponent: float) -> Change:
    """Of f(x) = x ** p, where f(x) / x is the derivative over p; and of every other homogeneous function of degree p."""

    def change(gradients: Gradients, outer: Gradients) -> Gradients:
        return (None if gradients[0] is None else gradients[0] / exponent, *gradients[1:])

    return change


def gated_halves(node: Any) -> Change:
    """Of a gated linear unit, a * sigmoid(b): the gate is fixed."""
    x, dim = node._saved_self.detach(), node._saved_dim
    # torch saves a negative one without its sign.
    dim = dim if dim < x.dim() else dim - 2**64

    def change(gradients: Gradients, outer: Gradients) -> Gradients:
        if outer[0] is None:
            return gradients
        own = outer[0] * x.chunk(2, dim)[1].sigmoid()
        return (torch.cat([own, torch.zeros_like(own)], dim),)

    return change


def layer_norm(node: Any) -> Change:
    """Of (x - mean) / deviation * weight + bias: the deviation is fixed, the mean is not."""
    dims = tuple(range(-len(node._saved_normalized_shape), 0))
    weight, inverse = node._saved_weight, node._saved_result2
    return _normalized(lambda g: _scaled(g, weight, inverse), lambda g: g.mean(dims, keepdim=True))


def rms_norm(node: Any) -> Change:
    """Of x / root mean square * weight."""
    weight, inverse = node._saved_weight, node._saved_result1
    return _normalized(lambda g: _scaled(g, weight, inverse), None)


def group_norm(node: Any) -> Change:
    """The same as a layer norm in groups of channels, (rows, channels, ...)."""
    shape = (node._saved_N, node._saved_group, -1)
    weight, inverse = node._saved_weight, node._saved_result2

    def scaled(g: torch.Tensor) -> torch.Tensor:
        own = g if weight is None else g * weight.reshape(1, -1, *[1] * (g.dim() - 2))
        return (own.reshape(shape) * inverse.reshape(*shape[:2], 1)).reshape(g.shape)

    def mean(g: torch.Tensor) -> torch.Tensor:
        return g.reshape(shape).mean(-1, keepdim=True).expand(g.reshape(shape).shape).reshape(g.shape)

    return _normalized(scaled, mean)


def _scaled(g: torch.Tensor, weight: Optional[torch.Tensor], inverse: torch.Tensor) -> torch.Tensor:
    return (g if weight is None else g * weight) * inverse.to(g.dtype)


def _normalized(
    scaled: Callable[[torch.Tensor], torch.Tensor], mean: Optional[Callable[[torch.Tensor], torch.Tensor]]
) -> Change:
    def change(gradients: Gradients, outer: Gradients) -> Gradients:
        if outer[0] is None or gradients[0] is None:
            return gradients
        with torch.no_grad():
            own = scaled(outer[0])
            if mean is not None:
                own.sub_(mean(own))
            return (own.to(gradients[0].dtype), *gradients[1:])

    return change
