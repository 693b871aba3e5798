"""What of each operation is held fixed: which of its inputs go on being an input, and how the gradient is changed for it.

The rules know operations by autograd's names, and no architectures. An operation that stands in no table has no rule.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

import torch

from . import ratios
from .nodes import SHAPING, computed_from, name_of, origin

NOTHING, CONSTANTS, GATES, WORDS = 0, 1, 2, 3
"""What an operation's output carries on: nothing (it is a fixed factor), parameters alone, the explained vectors in what is a
fixed factor where it is multiplied with them (a sigmoid), or the explained vectors."""

# Linear in all inputs together, or homogeneous of degree one: their gradient is the rule already. Choices (of a maximum, of a
# half) are fixed in it.
_LINEAR = SHAPING | frozenset(
    """AccumulateGrad Add Sub Rsub Neg Sum Mean Nansum Cumsum Narrow Gather TakeAlongDim Take Cat Stack Chunk Tile
    ConstantPadNd ReflectionPad1D ReplicationPad1D Where MaskedFill MaskedScatter MaskedSelect Copy CopySlices AsStridedScatter
    UnfoldBackward DiagEmbed Tril Triu NanToNum IndexPut IndexPutImpl IndexAdd IndexCopy IndexFill Scatter ScatterAdd
    ScatterReduce SliceScatter SelectScatter DiagonalScatter Amax Amin Max Min Maximum Minimum Topk Sort Kthvalue Median Relu
    LeakyRelu Abs FftC2C FftR2C FftC2R Real Imag Complex Conj ResolveConj ResolveNeg AvgPool1D AvgPool2D AdaptiveAvgPool1D
    AdaptiveAvgPool2D MaxPool2DWithIndices MaxPool1D UpsampleNearest1D UpsampleLinear1D PixelShuffle Embedding EmbeddingBag Fill
    Zero Values Movedim Unflatten Flatten Im2Col Col2Im Trace Cummax Cummin Std Norm LinalgVectorNorm PadPackedSequence
    PackPaddedSequence""".split()
)
# Probabilities, what norms divide by, and steps.
_FIXED = frozenset("Softmax SafeSoftmax SparseSoftmax Rsqrt Reciprocal Sign Sgn Round Floor Ceil Heaviside Cumprod".split())
# Of several inputs those that are not fixed: what is divided, and not what it is divided by; the values of an attention, and
# not what weighs them; the right side of a system of equations.
_KEPT: Dict[str, Tuple[int, ...]] = {
    "Addcdiv": (0, 1),
    "Div": (0,),
    "Lerp": (0, 1),
    "LinalgSolveEx": (1,),
    "LinalgSolveTriangular": (1,),
    "Prelu": (0,),
    "PreluKernel": (0,),
    "ScaledDotProduct": (2,),
    # transformers models/yoso/modeling_yoso.py, YosoCumulation and YosoLSHCumulation: masks, queries, keys, values, config.
    "function YosoCumulation": (4,),
    "function YosoLSHCumulation": (4,),
}
# Which inputs are multiplied with each other; all others are added.
_PRODUCTS: Dict[str, Tuple[int, int]] = {
    **dict.fromkeys(("Mul", "Mm", "Bmm", "Mv", "Dot", "Vdot", "Outer", "Kron", "GroupedMm", "Bilinear"), (0, 1)),
    **dict.fromkeys(("Convolution", "MkldnnConvolution", "CudnnConvolution", "Linear", "MkldnnLinear"), (0, 1)),
    **dict.fromkeys(("Addmm", "Baddbmm", "Addbmm", "Addmv", "Addr", "Addcmul"), (1, 2)),
}
_BATCH_NORMS = ("CudnnBatchNorm", "NativeBatchNorm")
# f(c x) = c ** p f(x).
_DEGREES = {"Sqrt": 0.5, "Var": 2.0}
_NORMS: Dict[str, Callable[[Any], ratios.Change]] = {
    "FusedRmsNorm": ratios.rms_norm,
    "NativeGroupNorm": ratios.group_norm,
    "NativeLayerNorm": ratios.layer_norm,
}
# Products in which all numbers of a vector meet.
_MIXING = _PRODUCTS.keys() - {"Mul", "Addcmul"}
_ACTIVATED = ratios.ACTIVATIONS | {"LeakyRelu", "Prelu", "PreluKernel", "Relu"}


class Rule(NamedTuple):
    """What is done at one node."""

    kept: Tuple[bool, ...]
    """For each input whether it goes on being one; all others are fixed."""
    change: Optional[ratios.Change] = None
    """What makes the gradient of the fixed operation of autograd's own; None where that is the same."""


class Rules:
    """The rules for the nodes of one graph, asked for in the order of the forward pass."""

    def __init__(self, reached: Dict[Any, bool], carried: Dict[Any, int], recorded: Dict[Any, torch.Tensor]) -> None:
        self._reached = reached
        """Whether a node is computed from the explained vectors at all."""
        self._carried = carried
        self._recorded = recorded
        """Inputs of nodes that do not save them."""
        self.offsets: List[torch.Tensor] = []
        """What operations add to the output as constants of their own, once the gradients were computed."""
        self._self_gated: Dict[Any, bool] = {}

    def of(self, node: Any, made: Sequence[Any]) -> Optional[Rule]:
        """The rule for a node whose inputs come from the nodes `made`; None where there is none."""
        name, count = name_of(node), len(made)
        if name in _LINEAR:
            return Rule((True,) * count)
        if name in _FIXED:
            return Rule((False,) * count)
        if name in _KEPT:
            return Rule(_only(_KEPT[name], count))
        if name in _PRODUCTS:
            factors = _PRODUCTS[name]
            operand = self._operand(node, [(place, made[place]) for place in factors if place < count])
            return Rule(tuple(place not in factors or place == operand for place in range(count)))
        if name in _NORMS:
            return Rule(_only((0, 2), count), _NORMS[name](node))
        if name in _DEGREES:
            return Rule((True,), ratios.power(_DEGREES[name]))
        if name == "Pow":
            return _of_power(node, count)
        if name == "Glu":
            return Rule((True,), ratios.gated_halves(node))
        if name in ratios.ACTIVATIONS:
            change = ratios.activation(node, name, self._recorded.get(node))
            return None if change is None else Rule(_only((0,), count), change)
        if name in ratios.SECANTS:
            change = ratios.secant(node, name, self._recorded.get(node), self.offsets)
            return None if change is None else Rule(_only((0,), count), change)
        if name in _BATCH_NORMS:
            # In training a text's numbers depend on the texts beside it.
            return None if node._saved_training else Rule(_only((0, 2), count), ratios.batch_norm(node, self.offsets))
        return None

    def level(self, node: Any, made: Sequence[Any], rule: Rule) -> int:
        """What the node's output carries on by its rule."""
        name, levels = name_of(node), [self._carried.get(one, NOTHING) for one in made]
        most = max((level for level, kept in zip(levels, rule.kept) if kept), default=NOTHING)
        if name in ratios.SECANTS:
            return min(most, GATES)
        # What parameters mix gates to is a layer's output.
        mixed = most == GATES and name in _MIXING and any(
            level == CONSTANTS for level, kept in zip(levels, rule.kept) if not kept
        )
        return WORDS if mixed else most

    def _operand(self, node: Any, factors: List[Tuple[int, Any]]) -> int:
        """The place of the one factor of a product that is not fixed.

        That is the one that carries words, or a gate where the other is a parameter. Of two that carry words, the one that
        the other is computed from (the other is its gate); else the one that is no activation's output, where the other is;
        else the right one, as what a matrix is applied to stands on its right. Of two that carry parameters alone the first.
        """
        most = max(self._carried.get(made, NOTHING) for _, made in factors)
        able = [(place, made) for place, made in factors if made is not None and self._carried[made] == most]
        if len(able) < 2 or most < GATES:
            operand = able[0] if able else factors[0]
            self._note_gate(node, operand, factors)
            return operand[0]
        (left, first), (right, second) = ((place, origin(made)) for place, made in able)
        if computed_from(second, first) or computed_from(first, second):
            self._self_gated[node] = True
            return left if computed_from(second, first) else right
        active = [self._is_activated(one) for one in (first, second)]
        return left if active == [False, True] else right

    def _note_gate(self, node: Any, operand: Tuple[int, Any], factors: List[Tuple[int, Any]]) -> None:
        """An activation may be written as a product of its input and a gate, x * sigmoid(x)."""
        source = origin(operand[1])
        others = [made for place, made in factors if place != operand[0] and made is not None and self._reached[made]]
        self._self_gated[node] = source is not None and any(computed_from(other, source) for other in others)

    def _is_activated(self, node: Any) -> bool:
        return name_of(node) in _ACTIVATED or self._self_gated.get(node, False)


def _only(kept: Sequence[int], count: int) -> Tuple[bool, ...]:
    return tuple(place in kept for place in range(count))


def _of_power(node: Any, count: int) -> Rule:
    exponent = node._saved_exponent
    if isinstance(exponent, (int, float)) and exponent > 0:
        return Rule((True,) * count, ratios.power(float(exponent)))
    return Rule((False,) * count)
