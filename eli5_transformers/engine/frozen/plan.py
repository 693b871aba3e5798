"""What is done to one autograd graph, so that its gradients are those of the fixed network.

Forwards it is found out what each node carries on (`rules`), backwards which nodes the output is made of. Hooks on these drop
gradients into what is fixed, and change those of activations and norms.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

import torch

from .nodes import in_order, inputs_of, leaf_of, name_of, origin
from .ratios import Change, Gradients
from .rules import CONSTANTS, GATES, NOTHING, WORDS, Rule, Rules

Hook = Callable[[Gradients, Gradients], Gradients]


class Plan(NamedTuple):
    """What is done to one graph."""

    hooks: Dict[Any, Hook]
    added: List[torch.Tensor]
    """The parameters and constants that are added to the output."""
    factors: Set[int]
    """The ids of the parameters and constants that are not."""
    unknown: List[str]
    """The operations between the explained vectors and the output that have no rule."""
    fixed: Counter[str]
    """Those that were fixed, but are added to what is explained."""
    lost: List[str]
    """Those that were fixed, and through which alone the explained vectors reach a part of the output."""
    offsets: List[torch.Tensor]
    """What operations add to the output as constants of their own; filled by the hooks."""


class _Forwards(NamedTuple):
    """What is known of each node."""

    reached: Dict[Any, bool]
    """Whether it is computed from the explained vectors at all."""
    carried: Dict[Any, int]
    """What its output carries on."""
    rules: Dict[Any, Rule]
    unknown: Set[Any]
    """The nodes that have no rule, although something explained reaches them."""
    offsets: List[torch.Tensor]


def planned(root: Any, inputs: Sequence[torch.Tensor], recorded: Dict[Any, torch.Tensor]) -> Plan:
    """The plan for the graph of `root`; `inputs` are the explained vectors, leaves of the graph.

    `recorded` holds the inputs of nodes that do not save them.
    """
    nodes = in_order(root)
    explained = {id(one) for one in inputs}
    known = _forwards(nodes, explained, recorded)
    used = _used(root, known)
    added = [leaf for leaf in map(leaf_of, used) if leaf is not None and id(leaf) not in explained]
    wanted = explained | {id(one) for one in added}
    leading = _leading(nodes, wanted)
    hooks: Dict[Any, Hook] = {}
    fixed: Counter[str] = Counter()
    for node in used:
        rule, made = known.rules[node], inputs_of(node)
        passed = tuple(kept and _carries(known, one) for one, kept in zip(made, rule.kept))
        dropped = [place for place, one in enumerate(made) if one is not None and leading[one] and not passed[place]]
        if dropped or rule.change is not None:
            hooks[node] = _hook(passed, rule.change)
        fixed.update(name_of(origin(made[place])) for place in dropped if rule.kept[place] and known.reached[made[place]])
    unknown = sorted({name_of(node) for node in used if node in known.unknown})
    factors = {id(leaf) for leaf in map(leaf_of, nodes) if leaf is not None} - wanted
    return Plan(hooks, added, factors, unknown, fixed, _lost(used, known), known.offsets)


def _forwards(nodes: Sequence[Any], explained: Set[int], recorded: Dict[Any, torch.Tensor]) -> _Forwards:
    reached: Dict[Any, bool] = {}
    carried: Dict[Any, int] = {}
    rules = Rules(reached, carried, recorded)
    known = _Forwards(reached, carried, {}, set(), rules.offsets)
    for node in nodes:
        leaf, made = leaf_of(node), inputs_of(node)
        own = leaf is not None and id(leaf) in explained
        known.reached[node] = own or any(one is not None and known.reached[one] for one in made)
        if leaf is not None:
            known.rules[node], known.carried[node] = Rule(()), WORDS if own else CONSTANTS
            continue
        most = max((known.carried[one] for one in made if one is not None), default=NOTHING)
        rule = rules.of(node, made) if most else None
        if rule is None and most >= GATES:
            known.unknown.add(node)
        known.rules[node] = rule or Rule((most >= GATES,) * len(made))
        carried[node] = rules.level(node, made, known.rules[node])
    return known


def _lost(used: Sequence[Any], known: _Forwards) -> List[str]:
    """What is fixed of the nodes that the explained vectors reach, although these carry none of them."""
    found: Set[str] = set()
    for node in used:
        if known.reached[node] and known.carried[node] < GATES:
            sources = [origin(one) for one in inputs_of(node) if one is not None and known.reached[one]]
            found |= {name_of(one) for one in sources if known.carried[one] == NOTHING}
    return sorted(found)


def _carries(known: _Forwards, node: Any) -> bool:
    return node is not None and known.carried[node] > NOTHING


def _used(root: Any, known: _Forwards) -> List[Any]:
    """The nodes that the output is made of, but for what is fixed."""
    seen, waiting = {root: None}, [root]
    while waiting:
        node = waiting.pop()
        for one, kept in zip(inputs_of(node), known.rules[node].kept):
            if kept and _carries(known, one) and one not in seen:
                seen[one] = None
                waiting.append(one)
    return list(seen)


def _leading(nodes: Sequence[Any], wanted: Set[int]) -> Dict[Any, bool]:
    """For each node whether a gradient that enters it reaches one of the tensors of these ids."""
    leading: Dict[Any, bool] = {}
    for node in nodes:
        leading[node] = id(leaf_of(node)) in wanted or any(one is not None and leading[one] for one in inputs_of(node))
    return leading


def _hook(passed: Tuple[bool, ...], change: Optional[Change]) -> Hook:
    def hook(gradients: Gradients, outer: Gradients) -> Gradients:
        changed = gradients if change is None else change(gradients, outer)
        return tuple(g if passes else None for g, passes in zip(changed, passed))

    return hook
