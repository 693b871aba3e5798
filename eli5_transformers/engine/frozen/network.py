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

from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Sequence, Set

import torch

from ...compat.function_modes import entered
from ...errors import UnsupportedModelError
from ...sites.architectures import name_of
from ...sites.derivatives import Network
from ...sites.precision import wide
from .plan import Plan, planned
from .watching import Watch

# The parts may miss the prediction by so much of all parts' sizes, or by so many rounding errors, where that is more.
_TOLERANCE, _ROUNDINGS = 1e-3, 4
_LEAST = 1e-30
_OTHERS = "use 'integrated-gradients' or 'occlusion', which fix nothing"


class FrozenNetwork(Network):
    """A model in whose passes the nonlinear parts are fixed; for one batch of texts (`passes.TextBatch.gradients`).

    A row goes through the model by itself: what constants add is known of all rows of a pass together, and the sum is
    checked of each. `rounding` is the relative rounding error of the model's numbers.
    """

    rows = 1

    def __init__(self, model: torch.nn.Module, rounding: float) -> None:
        super().__init__(model)
        self._parameters = list(model.parameters())
        self._limit = max(_TOLERANCE, _ROUNDINGS * rounding)
        self._recorded: Dict[Any, torch.Tensor] = {}
        self._before: List[float] = []
        self._factors: Set[int] = set()
        """The ids of parameters of which it is known that they are only multiplied with."""
        self.delta, self.missed = 0.0, 0.0
        """By how much the parts of the last score missed it, and as a share of their sizes."""

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Where a forward pass runs whose outputs are differentiated, and where they are."""
        parameters = [one for one in self._parameters if one.is_floating_point() and not one.requires_grad]
        parameters = [one for one in parameters if id(one) not in self._factors and not one.is_inference()]
        self._recorded, self._before = {}, self._some_weights()
        try:
            for parameter in parameters:
                parameter.requires_grad_(True)
            with entered(Watch, self._recorded):
                yield
        finally:
            for parameter in parameters:
                parameter.requires_grad_(False)
            self._recorded = {}

    def _some_weights(self) -> List[float]:
        """A number of each parameter: a training that goes on meanwhile moves all of them."""
        return [float(one.detach()[(0,) * one.dim()]) for one in self._parameters if one.numel()]

    def derivatives(
        self, score: torch.Tensor, inputs: Sequence[torch.Tensor], retain: bool = False
    ) -> List[torch.Tensor]:
        """The derivatives of a scalar, in the fixed network, with respect to `inputs`.

        Raises UnsupportedModelError for an operation that has no rule, and where the parts do not sum to the score.
        """
        if score.grad_fn is None:
            return super().derivatives(score, inputs, retain)
        plan = planned(score.grad_fn, inputs, self._recorded)
        if plan.unknown:
            raise UnsupportedModelError(
                f"the prediction of {name_of(self.model)} is made by {', '.join(map(repr, plan.unknown))}, of which it "
                f"is not known what to hold fixed: {_OTHERS}"
            )
        if plan.lost:
            raise UnsupportedModelError(
                f"the prediction of {name_of(self.model)} goes from what is explained through "
                f"{', '.join(map(repr, plan.lost))}, held fixed, to parameters alone, so that no token would have a part in "
                f"what they add: {_OTHERS}"
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
            words, added = map(_products, inputs, own), map(_products, plan.added, rest)
            constants = [part.sum()[None] for part in (*added, *(offset.cpu().double() for offset in plan.offsets))]
            self._check(score, torch.cat([*(part.reshape(-1) for part in words), *constants]), plan)
        return own

    def _check(self, score: torch.Tensor, parts: torch.Tensor, plan: Plan) -> None:
        """That the parts, one a position and one a constant, sum to the score."""
        value = float(score)
        delta = float(parts.sum()) - value
        missed = abs(delta) / max(abs(value), float(parts.abs().sum()), _LEAST)
        # Weights that moved between the two directions of a pass are no fault of a rule: the share that is missed says so.
        if not missed <= self._limit and self._some_weights() == self._before:
            names = ", ".join(f"{name!r}" for name, _ in plan.fixed.most_common(3))
            why = f" ({names} is added, not multiplied with)" if names else ""
            raise UnsupportedModelError(
                f"the parts of the prediction of {name_of(self.model)} miss its score by {missed:.2g} of their size where what "
                f"is nonlinear is held fixed{why}: {_OTHERS}"
            )
        self.delta, self.missed = delta, missed


def _products(value: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """Gradient times input, summed over the width; nothing where the gradient is none, even of what is infinite."""
    kind = wide(value.dtype)
    products = torch.where(gradient == 0, 0.0, value.to(kind) * gradient.to(kind))
    return torch.atleast_1d(products).sum(-1).cpu().double()
