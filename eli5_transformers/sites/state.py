"""The state in which a model is explained; whatever happens, it is as before afterwards."""

from __future__ import annotations

import threading
from contextlib import ExitStack, contextmanager
from typing import Any, Dict, Iterator, List

import torch

from .architectures import configs, text_configs


@contextmanager
def frozen(model: torch.nn.Module) -> Iterator[None]:
    """Parameters that want no gradient, for the time being: torch before 1.13 computes theirs too, asked or not."""
    with ExitStack() as stack:
        for parameter in model.parameters():
            if parameter.requires_grad:
                stack.callback(parameter.requires_grad_, True)
                parameter.requires_grad_(False)
        yield


# How many contexts have given a config its pad token, by the config's id: threads may explain one model at once.
_GIVEN: Dict[int, int] = {}
_GIVING = threading.Lock()


@contextmanager
def pad_token(model: torch.nn.Module, pad_token_id: int) -> Iterator[None]:
    """The models' configs know `pad_token_id` inside the context, if they had none; the last to leave restores them."""
    with ExitStack() as stack:
        for config in text_configs(model):
            stack.enter_context(_given(config, pad_token_id))
        yield


@contextmanager
def _given(config: Any, pad_token_id: int) -> Iterator[None]:
    with _GIVING:
        had = getattr(config, "pad_token_id", None) is not None and id(config) not in _GIVEN
        if not had:
            config.pad_token_id = pad_token_id
            _GIVEN[id(config)] = _GIVEN.get(id(config), 0) + 1
    try:
        yield
    finally:
        with _GIVING:
            if not had:
                _GIVEN[id(config)] -= 1
                if not _GIVEN[id(config)]:
                    del _GIVEN[id(config)]
                    config.pad_token_id = None


@contextmanager
def explainable(model: torch.nn.Module) -> Iterator[None]:
    """The model as its prediction is explained: in evaluation mode, deterministic, differentiable; restored after it.

    Reformer differentiates only in training mode, where it seeds the global random generators and adds to the
    gradients of its parameters: only the layers that insist are told so (no dropout of theirs is switched on), its
    hash is fixed, and both generators and gradients are put back. The keys and values that decoders keep for
    generating text are not kept (Reformer cannot differentiate with them).
    """
    modules = list(model.modules())
    # Looked for in the classes: asking a module for an attribute that it lacks is slow.
    insisting = {module for module in modules if hasattr(type(module), "_init_feed_forward_seed")}
    with ExitStack() as stack:
        for module in modules:
            if module.training is not (module in insisting):
                _set_for_now(stack, module, "training", module in insisting)
            if module.__dict__.get("hash_seed", 0) is None:
                _set_for_now(stack, module, "hash_seed", 0)
        for config in configs(model):
            if getattr(config, "use_cache", False) is True:
                _set_for_now(stack, config, "use_cache", False)
        for parameter in {p for module in insisting for p in module.parameters()}:
            _set_for_now(stack, parameter, "grad", None)
        if insisting:
            stack.enter_context(torch.random.fork_rng(devices=_cuda_devices(model)))
        if any(isinstance(module, torch.nn.RNNBase) for module in modules):
            # cuDNN's recurrent layers have no backward pass in evaluation mode.
            stack.enter_context(torch.backends.cudnn.flags(enabled=False))
        yield


def _set_for_now(stack: ExitStack, owner: Any, name: str, value: Any) -> None:
    stack.callback(setattr, owner, name, getattr(owner, name))
    setattr(owner, name, value)


def _cuda_devices(model: torch.nn.Module) -> List[int]:
    return sorted({p.device.index for p in model.parameters() if p.device.type == "cuda"})
