"""What must be known of single architectures: everything about them that tracing cannot find out.

Keys are `config.model_type`. The reasons were measured by the sweep over all architectures
(`tests/architectures/`, results in `docs/architectures.md`).
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import Any, FrozenSet, Iterator, Tuple

import torch

# Their prediction for a text changes with the padding around it, in spite of the attention mask.
LEAKS_INTO_PADDING = {
    # Only in old releases, for texts too short for its sparse attention (4.20:
    # models/bigbird_pegasus/modeling_bigbird_pegasus.py:1197 asks the config, not the layer, which attention it has).
    "bigbird_pegasus": "in some releases its attention ignores the mask for short texts",
    "canine": "the padded length decides into how many blocks it pools the characters",
    "convbert": "its span convolution runs over the padding",
    # 4.57: a text without padding gets no mask at all, so each token sees the ones behind it too.
    "doge": "in some releases it reads left to right only beside padding",
    "fnet": "its Fourier transform mixes all positions and knows no attention mask",
    "mobilebert": "it convolves neighbouring embeddings, padding included, before any mask applies",
    "nystromformer": "its landmarks are means over segments that include the padding",
    "reformer": "its attention runs in chunks, the first of which sees the last, and that may be padding",
    "t5gemma": "it pools one position further where padding follows the text",
    "t5gemma2": "it pools one position further where padding follows the text",
    "yoso": "it hashes and normalizes over all positions, padding included",
    # 4.57, by 1 % of the largest logit.
    "zamba2": "in some releases its prediction moves a little with the padding",
}

_MIXTURES = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")


def model_types(model: torch.nn.Module) -> FrozenSet[str]:
    """The `model_type` of every HuggingFace model that `model` is or contains; empty for other modules."""
    return frozenset(c.model_type for c in _configs(model) if isinstance(getattr(c, "model_type", None), str))


def pads_safely(model: torch.nn.Module) -> bool:
    """False where the prediction for a text changes when it is padded: explain such texts one at a time."""
    return not model_types(model) & LEAKS_INTO_PADDING.keys()


def caveats(model: torch.nn.Module) -> Tuple[str, ...]:
    """What a reader of an explanation of `model` must know about its architecture, a sentence each."""
    types, sentences = model_types(model), []
    for name in sorted(types & LEAKS_INTO_PADDING.keys()):
        sentences.append(
            f"The prediction of {name} depends on the padding ({LEAKS_INTO_PADDING[name]}): "
            "each text is explained alone, unpadded."
        )
    if "yoso" in types:
        # transformers models/yoso/modeling_yoso.py, YosoCumulation.backward: the derivative of the collision
        # probability is replaced by a bound of it (Zeng et al., "You Only Sample (Almost) Once", ICML 2021).
        sentences.append(
            "YOSO's backward pass is a surrogate of the derivative, so the scores need not sum to the score difference."
        )
    if "reformer" in types:
        sentences.append(
            "Reformer hashes its tokens at random, so its prediction changes from call to call unless "
            "config.hash_seed is set: one fixed hash is explained, with dropout off."
        )
    if routes_tokens(model):
        sentences.append(
            "This mixture of experts jumps where a token changes its expert, so the scores need not sum to the score "
            "difference however many steps are taken."
        )
    return tuple(sentences)


def routes_tokens(model: torch.nn.Module) -> bool:
    """True for a mixture of experts that sends each token to some of its experts only."""
    for config in _configs(model):
        experts = next((n for n in (getattr(config, key, None) for key in _MIXTURES) if isinstance(n, int)), 0)
        # Doge counts experts in configs that use none.
        if experts > 1 and getattr(config, "is_moe", True):
            return True
    return False


def cause_of_zero_gradients(model: torch.nn.Module) -> str:
    """Why the prediction of `model` may not depend on its tokens."""
    if "mra" in model_types(model):
        # transformers models/mra/modeling_mra.py: without the kernel mra2_attention returns zeros.
        return "MRA attends to nothing without its CUDA kernel, so one token alone reaches the prediction"
    return "its prediction does not depend on the tokens, or its forward pass cuts the gradient"


def lacks_pad_token(model: torch.nn.Module) -> bool:
    """True where `config.pad_token_id` is not set.

    Decoders that classify at the last token find it by the pad token's id; without one they refuse batches of more
    than one row (transformers: `GenericForSequenceClassification.forward`). See `pad_token`.
    """
    return any(getattr(config, "pad_token_id", None) is None for config in _text_configs(model))


@contextmanager
def pad_token(model: torch.nn.Module, pad_token_id: int) -> Iterator[None]:
    """The models' configs know `pad_token_id` inside the context, if they had none; they are restored after it."""
    changed = [config for config in _text_configs(model) if getattr(config, "pad_token_id", None) is None]
    try:
        for config in changed:
            config.pad_token_id = pad_token_id
        yield
    finally:
        for config in changed:
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
        for config in _configs(model):
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


def _cuda_devices(model: torch.nn.Module) -> list:
    return sorted({p.device.index for p in model.parameters() if p.device.type == "cuda"})


def _configs(model: torch.nn.Module) -> list:
    """The configs of all HuggingFace models in `model`, each once."""
    found = {}
    for module in model.modules():
        config = module.__dict__.get("config")
        if hasattr(config, "model_type"):
            found[id(config)] = config
    return list(found.values())


def _text_configs(model: torch.nn.Module) -> list:
    """The configs from which classifiers read the pad token: the outermost model's own and its text part's."""
    outermost = _configs(model)[:1]
    texts = [config.get_text_config() for config in outermost if hasattr(config, "get_text_config")]
    return outermost + [config for config in texts if config not in outermost]
