"""The optimizer that `transformers.AdamW` was."""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, Iterable, Optional, Tuple

import torch


class AdamW(torch.optim.Optimizer):
    """Adam with decoupled weight decay (https://arxiv.org/abs/1711.05101) as transformers 4 computed it.

    It differs from `torch.optim.AdamW` in three things: the weights decay after the step and not before it,
    epsilon is added before the second moment's bias is corrected, and the correction can be left out
    (`correct_bias=False`, as the original BERT did). Source: transformers 4.20.1, optimization.py, class AdamW.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: Tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        correct_bias: bool = True,
        no_deprecation_warning: bool = True,
    ):
        if lr < 0 or eps < 0:
            raise ValueError(f"AdamW takes lr and eps from 0 on, not lr={lr} and eps={eps}")
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"AdamW takes betas from 0 up to, not including, 1, not {tuple(betas)}")
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "correct_bias": correct_bias,
            },
        )

    @torch.no_grad()
    def step(self, closure: Optional[Callable[[], Any]] = None) -> Any:  # type: ignore[override]
        """Update the parameters once; returns what `closure` gives."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._update(parameter, group)
        return loss

    def _update(self, parameter: torch.Tensor, group: Dict[str, Any]) -> None:
        gradient = parameter.grad
        assert gradient is not None
        if gradient.is_sparse:
            raise RuntimeError("AdamW takes dense gradients only: use the optimizer dense_sparse_adam")
        state = self.state[parameter]
        if not state:
            state["step"] = 0
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
        state["step"] += 1
        mean_decay, square_decay = group["betas"]
        mean, square = state["exp_avg"], state["exp_avg_sq"]
        mean.mul_(mean_decay).add_(gradient, alpha=1.0 - mean_decay)
        square.mul_(square_decay).addcmul_(gradient, gradient, value=1.0 - square_decay)
        rate = group["lr"]
        if group["correct_bias"]:
            rate *= math.sqrt(1.0 - square_decay ** state["step"])
            rate /= 1.0 - mean_decay ** state["step"]
        parameter.addcdiv_(mean, square.sqrt().add_(group["eps"]), value=-rate)
        if group["weight_decay"] > 0:
            parameter.add_(parameter, alpha=-group["lr"] * group["weight_decay"])
