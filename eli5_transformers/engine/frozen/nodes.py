"""The nodes of an autograd graph: their names, their order, and what they are computed from.

A node stands for one operation of the forward pass. `next_functions` has an entry for each of its inputs: the node that made
the input, or None for one that is not differentiated.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Iterator, List, Set

import torch
from torch.autograd.function import BackwardCFunction

# Operations that give back the numbers of their first input, all or some, elsewhere.
SHAPING = frozenset(
    """Alias AsStrided Clone Contiguous Detach Diagonal Expand Flip Index IndexSelect Lift Permute Repeat RepeatInterleave
    Reshape ReshapeAlias Roll Select Slice Split SplitWithSizes Squeeze Swapaxes T To ToCopy Transpose Unbind Unfold UnsafeSplit
    UnsafeView Unsqueeze View ViewAsComplex ViewAsReal""".split()
)
# The nodes that are looked at where one is searched for among what another is computed from: gates are computed nearby.
_NEARBY = 24


def name_of(node: Any) -> str:
    """The operation, without what tells overloads apart: "Mul" of "MulBackward0".

    A `torch.autograd.Function` may have the name of any operation: it is "function Mul" then.
    """
    operation = _operation(node.name())
    return f"function {operation}" if isinstance(node, BackwardCFunction) else operation


@cache
def _operation(name: str) -> str:
    operation = re.sub(r"Backwards?\d*$", "", name.rpartition("::")[2])
    # One for each kernel.
    return "ScaledDotProduct" if operation.startswith("ScaledDotProduct") else operation


def inputs_of(node: Any) -> List[Any]:
    """The nodes that made the node's inputs; None for those that are not differentiated."""
    return [made for made, _ in node.next_functions]


def in_order(root: Any) -> List[Any]:
    """All nodes that `root` is computed from and itself, each once, behind those that it is computed from."""
    ordered: List[Any] = []
    seen: Set[Any] = set()
    waiting = [(root, False)]
    while waiting:
        node, entered = waiting.pop()
        if entered:
            ordered.append(node)
        elif node not in seen:
            seen.add(node)
            waiting.append((node, True))
            waiting.extend((made, False) for made in inputs_of(node) if made is not None and made not in seen)
    return ordered


def leaf_of(node: Any) -> Any:
    """The tensor that was given, where the node stands for one; else None."""
    leaf = getattr(node, "variable", None)
    return leaf if isinstance(leaf, torch.Tensor) else None


def origin(node: Any) -> Any:
    """What made the numbers that `node` gives, but for their shape and a constant factor."""
    while node is not None:
        made, name = inputs_of(node), name_of(node)
        scaled = name in ("Mul", "Div") and sum(one is not None for one in made) == 1 and made[0] is not None
        if not made or made[0] is None or not (name in SHAPING or scaled):
            break
        node = made[0]
    return node


def computed_from(node: Any, source: Any) -> bool:
    """Whether `source` is among the nodes nearby that `node` is computed from."""
    return any(one is source for one in _before(node))


def _before(node: Any) -> Iterator[Any]:
    """The nodes nearest before `node`, breadth first, and itself."""
    seen, level = {node}, [node]
    while level and len(seen) <= _NEARBY:
        yield from level
        level = [made for one in level for made in inputs_of(one) if made is not None and made not in seen]
        seen.update(level)
    yield from level
