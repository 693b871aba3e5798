"""Models that end in a softmax or sigmoid: how their outputs are told from logits, and the logits of such outputs.

Outputs that are probabilities already must not become probabilities again. One row of logits may lie so by accident; the
outputs of several texts, which differ, do not, unless the last operation made them so. Where that operation is known
(autograd names it), it decides: a linear layer gives logits, whatever they sum to, and numbers between 0 and 1 that sum to
anything are probabilities of several labels only behind a sigmoid.

The logit of such a model is its log-probability (softmax), whose softmax is the probability again, or its log-odds
(sigmoid).
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Iterator, Optional

import torch

SOFTMAX, LOG_SOFTMAX, SIGMOID = "softmax", "log-softmax", "sigmoid"

ROWS = 8
"""Other texts by which outputs that could be probabilities are told from logits."""
# Operations that give back the numbers of another one, by the beginning of autograd's name for them.
_SHAPING = (
    "Alias", "AsStrided", "Clone", "Contiguous", "Expand", "Permute", "ReshapeAlias", "Select", "Slice", "Squeeze", "TBackward",
    "ToCopy", "Transpose", "UnsafeView", "Unsqueeze", "View",
)  # fmt: skip
_LINEAR = ("Addmm", "Addmv", "Baddbmm", "Bmm", "Dot", "Linear", "Mkldnn", "Mm", "Mv", "NativeLayerNorm")
_LEAST_TOLERANCE = 1e-5


def last_operation(outputs: torch.Tensor) -> str:
    """Autograd's name of what made the numbers, such as "SoftmaxBackward0"; empty where it does not know."""
    node = outputs.grad_fn
    while node is not None and node.name().startswith(_SHAPING) and node.next_functions:
        node = node.next_functions[0][0]
    return "" if node is None else node.name()


@contextmanager
def differentiable(model: torch.nn.Module) -> Iterator[None]:
    """Autograd sees what happens to the embeddings even where no parameter is trained."""
    hook: Callable[..., Any] = lambda part, inputs, output: output.detach().requires_grad_(True)  # noqa: E731
    tables = [part for part in model.modules() if isinstance(part, torch.nn.Embedding)]
    handles = [table.register_forward_hook(hook) for table in tables]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def look_like(outputs: torch.Tensor) -> Optional[str]:
    """What all these rows, (rows, outputs), could be the outputs of: a softmax, its logarithm, a sigmoid; else None."""
    given = outputs.detach()
    rows = given.double()
    if not bool(torch.isfinite(rows).all()) or not rows.numel():
        return None
    tolerance = max(_LEAST_TOLERANCE, 4 * torch.finfo(given.dtype).eps) if given.is_floating_point() else _LEAST_TOLERANCE
    one = lambda sums: bool(((sums - 1).abs() <= tolerance).all())  # noqa: E731
    if rows.shape[1] > 1 and bool((rows >= 0).all()) and one(rows.sum(1)):
        return SOFTMAX
    if rows.shape[1] > 1 and bool((rows <= 0).all()) and one(rows.exp().sum(1)):
        return LOG_SOFTMAX
    return SIGMOID if bool(((rows >= 0) & (rows <= 1)).all()) else None


def activation_of(
    first: torch.Tensor, others: Callable[[], torch.Tensor], operation: Callable[[], str]
) -> Optional[str]:
    """The activation behind which a model's outputs are, or None for logits.

    `first` are the outputs for one text, (1, outputs). Only where they could be probabilities are `others()`, the outputs for
    several others, (rows, outputs), and `operation()`, the name of the last operation, asked for.
    """
    if look_like(first) is None:
        return None
    rows = torch.cat([first.detach(), others().detach()])
    kind, made_by = look_like(rows), operation()
    if kind is None or made_by.startswith(_LINEAR):
        return None
    if kind == SIGMOID:
        return SIGMOID if made_by.startswith("Sigmoid") else None
    # Of a constant nobody can say what it is.
    known = made_by.startswith(("Softmax", "LogSoftmax"))
    return kind if known or bool((rows - rows[:1]).abs().max() > _LEAST_TOLERANCE) else None


def as_logits(outputs: torch.Tensor, activation: Optional[str]) -> torch.Tensor:
    """The logits, same shape, whose softmax or sigmoid the outputs (rows, outputs) are; logits as they are.

    A probability that has run into 0 or 1 counts as the number next to it that the data type has.
    """
    limits = torch.finfo(outputs.dtype)
    if activation == SOFTMAX:
        return outputs.clamp(min=limits.tiny).log()
    if activation == SIGMOID:
        kept = outputs.clamp(min=limits.tiny, max=1 - limits.eps)
        return kept.log() - torch.log1p(-kept)
    return outputs


def note(activation: Optional[str]) -> str:
    """What a reader must know of scores for a model that ends so, a sentence; empty for logits."""
    if activation is None:
        return ""
    of, logit = {
        SOFTMAX: ("probabilities (a softmax)", "log-probability"),
        LOG_SOFTMAX: ("log-probabilities (a log-softmax)", "log-probability"),
        SIGMOID: ("probabilities (a sigmoid)", "log-odds"),
    }[activation]
    return f"The model's outputs are {of} already and are taken as they are: what is called its logit is the {logit}."
