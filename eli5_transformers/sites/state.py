"""The state in which a model is explained, which is a twin's: a person's module is not changed.

Where a part of a model can have no twin (`twin.twin_of`), one thread at a time changes it, and it is as before afterwards.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import Any, Iterator, List, Tuple

import torch

from ..locks import ALONE
from .architectures import NO_TOKEN, configs, text_configs
from .kept import Kept, beginning_alike
from .twin import SAME, VIEWS, twin_of

Change = Tuple[Any, str, Any]
"""Whose attribute, its name and what it must be."""

# In the attributes of a twin that is in this state already.
_READY = "_is_ready_to_be_explained"


@contextmanager
def explaining(
    model: torch.nn.Module, *, twin: bool = True, tensors: str = VIEWS, kept: Kept = ()
) -> Iterator[torch.nn.Module]:
    """A module to run and to change in place of `model`, in the state in which a prediction is explained.

    Evaluation mode, deterministic, no parameter differentiated, no keys and values kept, and no token taken for padding
    where the config names none. It is a twin (`tensors` is that of `twin.twin_of`), or `model` itself: where
    `twin` is False, so that other threads wait which would explain it, or where it is such a twin. What it keeps from pass to
    pass (`kept.kept_by`) is the same at the beginning of each.
    """
    if _READY in vars(model):
        yield model
        return
    with ExitStack() as stack:
        # Also where a caller has switched gradients off: what inference mode makes cannot be differentiated with.
        stack.enter_context(torch.inference_mode(False))
        own = twin_of(model, tensors=tensors) if twin else model
        originals = {id(module) for module in model.modules()}
        shared = [module for module in own.modules() if id(module) in originals]
        if shared:
            stack.enter_context(ALONE)
        theirs = {id(part) for part in (*shared, *(config for module in shared for config in configs(module)))}
        for owner, name, value in [*_changes(own), *_padding(own)]:
            if id(owner) in theirs:
                stack.callback(setattr, owner, name, getattr(owner, name))
                setattr(owner, name, value)
            else:
                _set(owner, name, value)
        if not twin:
            stack.enter_context(_frozen(own))
        stack.enter_context(_seeds_kept(own))
        stack.enter_context(beginning_alike(own, kept))
        if not shared:
            vars(own)[_READY] = True
        yield own


@contextmanager
def explainable(model: torch.nn.Module) -> Iterator[None]:
    """The module itself in that state, save that its parameters stay as they are; restored on leaving."""
    if _READY in vars(model):
        yield
        return
    with ExitStack() as stack:
        stack.enter_context(ALONE)
        for owner, name, value in list(_changes(model)):
            stack.callback(setattr, owner, name, getattr(owner, name))
            setattr(owner, name, value)
        stack.enter_context(_seeds_kept(model))
        yield


@contextmanager
def evaluating(model: torch.nn.Module) -> Iterator[torch.nn.Module]:
    """A module in evaluation mode to run in place of `model`: a twin with the same parameters, which are differentiated."""
    own = twin_of(model, tensors=SAME)
    originals = {id(module) for module in model.modules()}
    with ExitStack() as stack:
        if any(id(module) in originals for module in own.modules()):
            stack.enter_context(ALONE)
        for module in own.modules():
            if module.training and id(module) in originals:
                stack.callback(setattr, module, "training", True)
                module.training = False
            elif module.training:
                _set(module, "training", False)
        yield own


def _changes(model: torch.nn.Module) -> Iterator[Change]:
    """What of a module must be otherwise while its prediction is explained.

    Reformer differentiates only in training mode: only the layers that insist are told so (no dropout of theirs is
    switched on), and its hash is fixed. The keys and values that decoders keep for generating text are not kept (Reformer
    cannot differentiate with them).
    """
    insisting = set(_insisting(model))
    for module in model.modules():
        training = module in insisting
        if isinstance(module, torch.nn.RNNBase) and any(weight.is_cuda for weight in module.parameters()):
            # cuDNN's recurrent layers have no backward pass in evaluation mode.
            training = True
            if module.dropout:
                yield module, "dropout", 0.0
        if module.training is not training:
            yield module, "training", training
        if vars(module).get("hash_seed", 0) is None:
            yield module, "hash_seed", 0
        # AllenNLP's recurrent layers that go on where the batch before has ended, as ELMo's: a fresh model has no states.
        if vars(module).get("stateful") and vars(module).get("_states") is not None and hasattr(module, "reset_states"):
            yield module, "_states", None
    for config in configs(model):
        if getattr(config, "use_cache", False) is True:
            yield config, "use_cache", False


def _padding(model: torch.nn.Module) -> Iterator[Change]:
    """Decoders without pad token look for the last token that is none: as no row is padded then, the last one is."""
    for config in text_configs(model):
        if getattr(config, "pad_token_id", None) is None:
            yield config, "pad_token_id", NO_TOKEN


def _insisting(model: torch.nn.Module) -> List[torch.nn.Module]:
    """Reformer's layers, looked for in the classes: asking a module for an attribute that it lacks is slow."""
    return [module for module in model.modules() if hasattr(type(module), "_init_feed_forward_seed")]


def _set(owner: Any, name: str, value: Any) -> None:
    """Past a `__setattr__` of a class's own, which may tell others."""
    if name in vars(owner):
        vars(owner)[name] = value
    else:
        setattr(owner, name, value)


@contextmanager
def _frozen(model: torch.nn.Module) -> Iterator[None]:
    """Parameters that want no gradient, for the time being: torch before 1.13 computes theirs too, asked or not."""
    with ExitStack() as stack:
        for parameter in model.parameters():
            if parameter.requires_grad:
                stack.callback(parameter.requires_grad_, True)
                parameter.requires_grad_(False)
        yield


@contextmanager
def _seeds_kept(model: torch.nn.Module) -> Iterator[None]:
    """Reformer seeds the global random generators, and adds to the gradients of its parameters: both are put back."""
    layers = _insisting(model)
    if not layers:
        yield
        return
    with ExitStack() as stack:
        stack.enter_context(ALONE)
        for parameter in {p for layer in layers for p in layer.parameters()}:
            stack.callback(setattr, parameter, "grad", parameter.grad)
            parameter.grad = None
        devices = sorted({p.device.index for p in model.parameters() if p.device.type == "cuda"})
        stack.enter_context(torch.random.fork_rng(devices=devices))
        yield
