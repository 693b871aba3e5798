"""What later releases of PyTorch do in another way than 1.12, which AllenNLP was written for."""

from __future__ import annotations

import functools
import os
import warnings
from types import ModuleType
from typing import Any

from .._imports import view
from .._patch import mends

TRAINING_STATE = "training_state_"
"""How the file names of a trainer's own state begin (training/checkpointer.py:105)."""


@mends(
    "allennlp.training.checkpointer",
    cause="torch 2.6",
    needed=lambda stack: stack.torch >= (2, 6),
    expects={"torch": None, "Checkpointer._training_state_path": None, "Checkpointer.load_checkpoint": ("self",)},
)
def training_state(module: ModuleType) -> None:
    """`torch.load` refuses the state of the trainer, which holds numpy scalars and objects of AllenNLP.

    training/checkpointer.py:289, for `allennlp train --recover`. The file was written by the training that is being
    continued. The model's weights beside it (line 288) keep the safe default.
    """
    import torch

    @functools.wraps(torch.load)
    def load(file: Any, *args: Any, **kwargs: Any) -> Any:
        if os.path.basename(os.fspath(file)).startswith(TRAINING_STATE):
            kwargs.setdefault("weights_only", False)
        return torch.load(file, *args, **kwargs)

    module.torch = view(torch, "load", load)  # type: ignore[attr-defined]


@mends(
    "allennlp.common.file_utils",
    cause="torch 2.6",
    needed=lambda stack: stack.torch >= (2, 6),
    expects={"torch": None, "TensorCache.__getitem__": ("self", "key")},
)
def tensor_cache(module: ModuleType) -> None:
    """`torch.load` refuses what a TensorCache wrote with the highest pickle protocol.

    common/file_utils.py:312,345. The cache is a file that AllenNLP wrote itself.
    """
    import torch

    module.torch = view(torch, "load", functools.partial(torch.load, weights_only=False))  # type: ignore[attr-defined]


@mends(
    "allennlp.common.util",
    cause="torch 2.5",
    needed=lambda stack: stack.torch >= (2, 5),
    expects={"int_to_device": ("device",)},
)
def device_number(module: ModuleType) -> None:
    """`torch.device(0)` fails where there is no accelerator.

    common/util.py:489, before common/checks.py can say that the asked GPU does not exist. Where there is another
    accelerator than CUDA it is not the CUDA device that AllenNLP means.
    """
    import torch

    def int_to_device(device: Any) -> torch.device:
        if isinstance(device, torch.device):
            return device
        return torch.device("cpu") if device < 0 else torch.device("cuda", device)

    module.int_to_device = int_to_device  # type: ignore[attr-defined]


@mends(
    "allennlp.training.learning_rate_schedulers.pytorch_lr_schedulers",
    cause="torch 2.7",
    needed=lambda stack: stack.torch >= (2, 7),
    expects={"torch.optim.lr_scheduler.ReduceLROnPlateau": None, "ReduceOnPlateauLearningRateScheduler": None},
)
def plateau_verbose(module: ModuleType) -> None:
    """`ReduceLROnPlateau` no longer takes `verbose`.

    training/learning_rate_schedulers/pytorch_lr_schedulers.py:216 always passes it, so that no config can use
    `reduce_on_plateau`.
    """
    import torch

    def plateau(*args: Any, verbose: bool = False, **kwargs: Any) -> Any:
        if verbose:
            warnings.warn("this release of torch does not print reduced learning rates (verbose)", stacklevel=2)
        return torch.optim.lr_scheduler.ReduceLROnPlateau(*args, **kwargs)

    module.torch = view(torch, "optim.lr_scheduler.ReduceLROnPlateau", plateau)  # type: ignore[attr-defined]


@mends(
    "allennlp.training.gradient_descent_trainer",
    cause="torch 2.0",
    needed=lambda stack: (2,) <= stack.torch < (2, 14),
    expects={"clip_grad_norm_": None, "GradientDescentTrainer.rescale_gradients": ("self",)},
)
def sparse_clipping(module: ModuleType) -> None:
    """`clip_grad_norm_` has no kernel for sparse gradients.

    training/gradient_descent_trainer.py:389, with `grad_norm` and embeddings that are `sparse`. 2.14 has it again.
    """
    original = module.clip_grad_norm_

    @functools.wraps(original)
    def clip_grad_norm_(parameters: Any, max_norm: float, *args: Any, **kwargs: Any) -> Any:
        import torch

        parameters = list(parameters)
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        if not any(gradient.is_sparse for gradient in gradients):
            return original(parameters, max_norm, *args, **kwargs)
        values = [gradient.coalesce().values() if gradient.is_sparse else gradient.detach() for gradient in gradients]
        norm = torch.norm(torch.stack([torch.norm(value) for value in values]))
        # 1e-6 as in torch.nn.utils.clip_grad_norm_, against a division by zero.
        factor = torch.clamp(max_norm / (norm + 1e-6), max=1.0)
        with torch.no_grad():
            for gradient in gradients:
                # Not through detach(): since torch 2 a detached sparse tensor shares no values with the gradient.
                gradient.mul_(factor)
        return norm

    module.clip_grad_norm_ = clip_grad_norm_  # type: ignore[attr-defined]


@mends(
    "allennlp.training.gradient_descent_trainer",
    cause="torch 2.4",
    needed=lambda stack: stack.torch >= (2, 4),
    expects={"amp.autocast": None, "amp.GradScaler": None},
)
def mixed_precision_names(module: ModuleType) -> None:
    """`torch.cuda.amp.autocast` and `GradScaler` warn at every training, also at one that does not use them.

    training/gradient_descent_trainer.py:333,509,689 say `torch.cuda.amp`, which is deprecated and will go.
    """
    import torch

    def autocast(enabled: bool = True) -> Any:
        return torch.amp.autocast("cuda", enabled=enabled)

    amp = view(module.amp, "autocast", autocast)
    module.amp = view(amp, "GradScaler", functools.partial(torch.amp.GradScaler, "cuda"))  # type: ignore[attr-defined]


PATCHES = (
    training_state,
    tensor_cache,
    device_number,
    plateau_verbose,
    sparse_clipping,
    mixed_precision_names,
)
