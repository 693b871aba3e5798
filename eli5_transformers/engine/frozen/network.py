"""The network with everything fixed that makes it nonlinear, and its derivatives, which are exact for every size of input.

At a text the network is written as an affine function of the explained vectors: attention probabilities, the denominators of
norms, gates, and of activations the quotient f(x) / x keep the values that they have there (Ali et al., "XAI for
Transformers: Better Explanations through Conservative Propagation", ICML 2022, extended to all activations and gates). The
forward pass is the model's own; its autograd graph is walked once, and nodes whose gradient is another one in the fixed network
get hooks. No relevance is redistributed: what comes out is the gradient of the fixed network.

An affine function is the sum of its gradient times its input and of what its constants add: biases, position embeddings,
constants of the forward pass. Those are differentiated as well, and both together must give the prediction: if they do not,
a rule does not fit the model, and it is refused.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence, Set

import torch

from ...compat.function_modes import entered
from ...errors import UnsupportedModelError
from ...sites.architectures import name_of as name_of_model
from ...sites.derivatives import Network
from ...sites.precision import wide
from .nodes import in_order, inputs_of, leaf_of, name_of
from .ratios import Change, Gradients
from .rules import CONSTANTS, NOTHING, WORDS, Rule, Rules
from .watching import Watch

# The parts may miss the prediction by so much of all parts' sizes, or by so many rounding errors, where that is more.
_TOLERANCE, _ROUNDINGS = 1e-3, 40
_LEAST = 1e-30
_OTHERS = "use 'integrated-gradients' or 'occlusion', which fix nothing"


class FrozenNetwork(Network):
    """A model in whose passes the nonlinear parts are fixed; for one batch of texts (`passes.TextBatch.gradients`).

    `rounding` is the relative rounding error of the model's numbers.
    """

    def __init__(self, model: torch.nn.Module, rounding: float) -> None:
        super().__init__(model)
        self._limit = max(_TOLERANCE, _ROUNDINGS * rounding)
        self._recorded: Dict[Any, torch.Tensor] = {}
        self._factors: Set[int] = set()
        """The ids of parameters of which it is known that they are only multiplied with."""
        self.missed = 0.0
        """The largest share of the parts' sizes that a prediction missed of their sum."""

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Where a forward pass runs whose outputs are differentiated, and where they are."""
        parameters = [one for one in self.model.parameters() if one.is_floating_point() and not one.requires_grad]
        parameters = [one for one in parameters if id(one) not in self._factors and not one.is_inference()]
        self._recorded = {}
        try:
            for parameter in parameters:
                parameter.requires_grad_(True)
            with entered(Watch, self._recorded):
                yield
        finally:
            for parameter in parameters:
                parameter.requires_grad_(False)
            self._recorded = {}

    def derivatives(
        self, score: torch.Tensor, inputs: Sequence[torch.Tensor], retain: bool = False
    ) -> List[torch.Tensor]:
        """The derivatives of a scalar, in the fixed network, with respect to `inputs`.

        Raises UnsupportedModelError for an operation that has no rule, and where the parts do not sum to the score.
        """
        if score.grad_fn is None:
            return super().derivatives(score, inputs, retain)
        plan = _planned(score.grad_fn, inputs, self._recorded)
        if plan.unknown:
            raise UnsupportedModelError(
                f"the prediction of {name_of_model(self.model)} is made by {', '.join(map(repr, plan.unknown))}, of which it "
                f"is not known what to hold fixed: {_OTHERS}"
            )
        self._factors |= plan.factors
        handles = [node.register_hook(hook) for node, hook in plan.hooks.items()]
        try:
            found = super().derivatives(score, [*inputs, *plan.added], retain)
        finally:
            for handle in handles:
                handle.remove()
        own, rest = found[: len(inputs)], found[len(inputs) :]
        with torch.no_grad():
            self._check(score, list(map(_products, inputs, own)), list(map(_products, plan.added, rest)), plan)
        return own

    def _check(self, score: torch.Tensor, words: List[torch.Tensor], added: List[torch.Tensor], plan: _Plan) -> None:
        """That the parts, one a position and one a constant, sum to the score."""
        parts = torch.cat([part.reshape(-1) for part in (*words, *(part.sum()[None] for part in added))])
        value = float(score)
        missed = abs(float(parts.sum()) - value) / max(abs(value), float(parts.abs().sum()), _LEAST)
        if not missed <= self._limit:
            fixed = ", ".join(f"{name!r}" for name, _ in plan.fixed.most_common(3))
            raise UnsupportedModelError(
                f"the parts of the prediction of {name_of_model(self.model)} miss its score by {missed:.2g} of their size where "
                f"what is nonlinear is held fixed{f' ({fixed} is added, not multiplied with)' if fixed else ''}: {_OTHERS}"
            )
        self.missed = max(self.missed, missed)


class _Plan(NamedTuple):
    """What is done to one graph."""

    hooks: Dict[Any, Any]
    added: List[torch.Tensor]
    """The parameters and constants that are added to the output."""
    factors: Set[int]
    """The ids of the parameters that are not."""
    unknown: List[str]
    """The operations on the way from the explained vectors that have no rule."""
    fixed: Counter[str]
    """Those that were fixed, but are added to what is explained."""


def _planned(root: Any, inputs: Sequence[torch.Tensor], recorded: Dict[Any, torch.Tensor]) -> _Plan:
    """The plan for the graph of `root`: forwards, what each node carries; backwards, which of them the output is made of."""
    nodes = in_order(root)
    explained = {id(one) for one in inputs}
    reached: Dict[Any, bool] = {}
    carried: Dict[Any, int] = {}
    rules: Dict[Any, Rule] = {}
    unknown: Set[Any] = set()
    asked = Rules(reached, carried, recorded)
    for node in nodes:
        leaf, made = leaf_of(node), inputs_of(node)
        own = leaf is not None and id(leaf) in explained
        reached[node] = own or any(one is not None and reached[one] for one in made)
        if leaf is not None:
            rules[node], carried[node] = Rule(()), WORDS if own else CONSTANTS
            continue
        most = max((carried[one] for one in made if one is not None), default=NOTHING)
        rule = asked.of(node, made) if most else None
        if most == WORDS and rule is None:
            unknown.add(node)
            rule = Rule((True,) * len(made))
        rules[node] = rule or Rule((False,) * len(made))
        carried[node] = max((carried[one] for one, kept in zip(made, rules[node].kept) if one is not None and kept), default=0)
    used = _used(root, rules, carried)
    leaves = [leaf for leaf in map(leaf_of, nodes) if leaf is not None]
    added = [leaf for leaf in map(leaf_of, used) if leaf is not None and id(leaf) not in explained]
    wanted = explained | {id(one) for one in added}
    leading: Dict[Any, bool] = {}
    for node in nodes:
        leading[node] = id(leaf_of(node)) in wanted or any(one is not None and leading[one] for one in inputs_of(node))
    hooks: Dict[Any, Any] = {}
    fixed: Counter[str] = Counter()
    for node in used:
        made = inputs_of(node)
        passed = tuple(kept and one is not None and carried[one] > 0 for one, kept in zip(made, rules[node].kept))
        dropped = [one for one, passes in zip(made, passed) if one is not None and not passes and leading[one]]
        if dropped or rules[node].change is not None:
            hooks[node] = _hook(passed, rules[node].change)
        fixed.update(name_of(one) for one, kept in zip(made, rules[node].kept) if one in dropped and kept and reached[one])
    return _Plan(
        hooks,
        added,
        {id(leaf) for leaf in leaves} - wanted,
        sorted({name_of(node) for node in used if node in unknown}),
        fixed,
    )


def _used(root: Any, rules: Dict[Any, Rule], carried: Dict[Any, int]) -> List[Any]:
    """The nodes that the output is made of, but for what is fixed."""
    seen, waiting = {root: None}, [root]
    while waiting:
        node = waiting.pop()
        for one, kept in zip(inputs_of(node), rules[node].kept):
            if kept and one is not None and carried[one] and one not in seen:
                seen[one] = None
                waiting.append(one)
    return list(seen)


def _hook(passed: Sequence[bool], change: Any) -> Any:
    def hook(gradients: Gradients, outer: Gradients) -> Gradients:
        changed: Gradients = gradients if change is None else change(gradients, outer)
        return tuple(g if passes else None for g, passes in zip(changed, passed))

    return hook


def _products(value: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """Gradient times input, summed over the width."""
    kind = wide(value.dtype)
    return torch.atleast_1d(value.to(kind) * gradient.to(kind)).sum(-1).cpu().double()
