"""What must be known of single architectures: everything about them that tracing cannot find out.

Keys are `config.model_type`. The reasons were measured by the sweep over all architectures
(`tests/architectures/`, results in `docs/architectures.md`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, FrozenSet, Iterator, List, Optional, Tuple

import torch

from ..errors import UnsupportedModelError

BEHIND_PADDING, RELATIVE = "behind padding", "relative"
NO_TOKEN = -1
"""As `pad_token_id`: an id that no token has."""


@dataclass(frozen=True)
class Facts:
    """What is known of one architecture; None and the empty text stand for nothing out of the ordinary."""

    leaks: str = ""
    """Why the prediction for a text changes with the padding around it, in spite of the attention mask: that it does is
    measured (`engine/company.py`), this says why."""
    caveat: str = ""
    """What a reader of any explanation must know, a sentence."""
    zero_gradients: str = ""
    """Why its prediction may not depend on the tokens, where it does not."""
    positions: Optional[str] = None
    """`BEHIND_PADDING`: learned positions begin behind the padding token's, so that the table has as many rows too many
    (`modeling_roberta.py`, `create_position_ids_from_input_ids`). `RELATIVE`: `max_position_embeddings`, where the config
    has it, is no limit."""


_ROBERTA_LIKE = (
    "camembert", "data2vec-text", "esm", "ibert", "lilt", "longformer", "luke", "markuplm", "mluke", "mpnet",
    "roberta", "roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "xmod",
)  # fmt: skip

ARCHITECTURES: Dict[str, Facts] = {
    # Only in old releases, for texts too short for its sparse attention (4.20:
    # models/bigbird_pegasus/modeling_bigbird_pegasus.py:1197 asks the config, not the layer, which attention it has).
    "bigbird_pegasus": Facts(leaks="in some releases its attention ignores the mask for short texts"),
    "canine": Facts(leaks="the padded length decides into how many blocks it pools the characters"),
    "convbert": Facts(leaks="its span convolution runs over the padding"),
    # 4.57: a text without padding gets no mask at all, so each token sees the ones behind it too.
    "doge": Facts(leaks="in some releases it reads left to right only beside padding"),
    "fnet": Facts(leaks="its Fourier transform mixes all positions and knows no attention mask"),
    "mobilebert": Facts(leaks="it convolves neighbouring embeddings, padding included, before any mask applies"),
    # transformers models/mra/modeling_mra.py: without the kernel mra2_attention returns zeros.
    "mra": Facts(
        zero_gradients="MRA attends to nothing without its CUDA kernel, so one token alone reaches the prediction"
    ),
    "nystromformer": Facts(leaks="its landmarks are means over segments that include the padding"),
    "reformer": Facts(
        leaks="its attention runs in chunks, the first of which sees the last, and that may be padding",
        caveat="Reformer hashes its tokens at random, so its prediction changes from call to call unless "
        "config.hash_seed is set: one fixed hash is explained, with dropout off.",
    ),
    "t5gemma": Facts(leaks="it pools one position further where padding follows the text"),
    "t5gemma2": Facts(leaks="it pools one position further where padding follows the text"),
    # transformers models/yoso/modeling_yoso.py, YosoCumulation.backward: the derivative of the collision probability is
    # replaced by a bound of it (Zeng et al., "You Only Sample (Almost) Once", ICML 2021).
    "yoso": Facts(
        leaks="it hashes and normalizes over all positions, padding included",
        caveat="YOSO's backward pass is a surrogate of the derivative, so the scores need not sum to the score "
        "difference.",
    ),
    # 4.57, by 1 % of the largest logit.
    "zamba2": Facts(leaks="in some releases its prediction moves a little with the padding"),
    **dict.fromkeys(_ROBERTA_LIKE, Facts(positions=BEHIND_PADDING)),
    **dict.fromkeys(("funnel", "mt5", "t5", "transfo-xl", "umt5", "xlnet"), Facts(positions=RELATIVE)),
}

# The attribute under which a wrapper has the module, by the wrapper's class, and whose classes these are: a person's own
# class may have such a name, too.
_WRAPPED = {
    "TransformerClassifier": "transformer",
    "OptimizedModule": "_orig_mod",
    "DataParallel": "module",
    "DistributedDataParallel": "module",
}
_WRAPPERS_OF = ("torch", __name__.partition(".")[0])
_DIGITS = {"bfloat16": "two to three digits", "float16": "three to four digits"}
_MIXTURES = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
_ROUTES = (
    "This mixture of experts jumps where a token changes its expert, so the scores need not sum to the score "
    "difference however many steps are taken."
)


def unwrapped(model: torch.nn.Module) -> torch.nn.Module:
    """The module that a person gave: without what this package, `torch.compile` and data parallelism put around it."""
    kind = type(model)
    known = kind.__module__.partition(".")[0] in _WRAPPERS_OF
    inner = getattr(model, _WRAPPED.get(kind.__name__, ""), None) if known else None
    if kind is torch.nn.Sequential and len(held := list(model.children())) == 1:
        inner = held[0]  # the container can be given no mask
    return model if inner is None else unwrapped(inner)


def sole_contents(module: torch.nn.Module) -> Iterator[torch.nn.Module]:
    """The modules inside one another that each hold all parameters of `module` alone, the outermost first.

    What a wrapper is around: a PEFT model, a module that returns the logits of another, one that puts a softmax behind it.
    """
    wanted = {id(parameter) for parameter in module.parameters()}
    inside: Optional[torch.nn.Module] = module
    while inside is not None and wanted:
        holding = [part for part in inside.children() if wanted == {id(parameter) for parameter in part.parameters()}]
        inside = holding[0] if len(holding) == 1 else None
        if inside is not None:
            yield inside


def without_wrappers(name: str) -> str:
    """The name that a module has in the unwrapped model, of the one that it has in what was put around it."""
    wrappers = {f"{attribute}." for kind, attribute in _WRAPPED.items() if kind != "TransformerClassifier"}
    while any(name.startswith(wrapper) for wrapper in wrappers):
        name = name.partition(".")[2]
    return name


def name_of(model: torch.nn.Module) -> str:
    """The class of the module that a person gave, for messages."""
    return type(unwrapped(model)).__name__


def model_types(model: torch.nn.Module) -> FrozenSet[str]:
    """The `model_type` of every HuggingFace model that `model` is or contains; empty for other modules."""
    return frozenset(c.model_type for c in configs(model) if isinstance(getattr(c, "model_type", None), str))


def leak_of(model: torch.nn.Module) -> str:
    """Why the prediction for a text changes when it is padded, in a clause; empty where that is not known."""
    return "; ".join(f"{name}: {facts.leaks}" for name, facts in _known(model) if facts.leaks)


def caveats(model: torch.nn.Module) -> Tuple[str, ...]:
    """What a reader of an explanation of `model` must know about its architecture and its numbers, a sentence each."""
    sentences = [facts.caveat for _, facts in _known(model) if facts.caveat]
    if routes_tokens(model):
        sentences.append(_ROUTES)
    half = half_precision(model)
    if half:
        sentences.append(f"The model computes in {half}, which has {_DIGITS[half]}: load it in float32 for exact numbers.")
    return tuple(sentences)


def half_precision(model: torch.nn.Module) -> str:
    """The name of the half precision in which parameters of the model are; empty where none are."""
    found = next((p.dtype for p in model.parameters() if p.dtype in (torch.float16, torch.bfloat16)), None)
    return "" if found is None else str(found).replace("torch.", "")


def routes_tokens(model: torch.nn.Module) -> bool:
    """True for a mixture of experts that sends each token to some of its experts only."""
    for config in configs(model):
        experts = next((n for n in (getattr(config, key, None) for key in _MIXTURES) if isinstance(n, int)), 0)
        # Doge counts experts in configs that use none.
        if experts > 1 and getattr(config, "is_moe", True):
            return True
    return False


def is_quantized(model: torch.nn.Module) -> bool:
    """True where torch has quantized layers of the model."""
    return any(".quantized" in type(module).__module__ for module in model.modules())


def require_gradients(model: torch.nn.Module) -> None:
    """Raises UnsupportedModelError for a model of which some layers have no gradient, or none of their own."""
    if is_quantized(model):
        raise UnsupportedModelError(
            f"layers of {name_of(model)} are quantized, and have no gradient: use 'occlusion' or 'shapley', which need none, "
            "or explain the model as it was before that"
        )


def require_in_memory(model: torch.nn.Module, device: torch.device) -> None:
    """Raises UnsupportedModelError where the device of `model` is none."""
    if device.type == "meta":
        raise UnsupportedModelError(
            f"the weights of {name_of(model)} are not in memory any more (moved to 'meta', or offloaded): load it whole, on "
            "one device"
        )


def cause_of_zero_gradients(model: torch.nn.Module) -> str:
    """Why the prediction of `model` may not depend on its tokens."""
    causes = [facts.zero_gradients for _, facts in _known(model) if facts.zero_gradients]
    return causes[0] if causes else "its prediction does not depend on the tokens, or its forward pass cuts the gradient"


def position_limit(config: Any) -> Optional[int]:
    """The most tokens, special ones included, that the model of a transformers config has positions for, or None."""
    limit = getattr(config, "max_position_embeddings", None)
    positions = ARCHITECTURES.get(getattr(config, "model_type", ""), Facts()).positions
    if not isinstance(limit, int) or limit <= 0 or positions == RELATIVE:
        return None
    if getattr(config, "position_biased_input", True) is False:  # DeBERTa without absolute positions
        return None
    if positions == BEHIND_PADDING:
        limit -= (getattr(config, "pad_token_id", None) or 0) + 1
    # A padding token that the config was given since says nothing of the table.
    return limit if limit > 0 else None


def configs(model: torch.nn.Module) -> List[Any]:
    """The configs of all HuggingFace models in `model`, each once."""
    found = {}
    for module in model.modules():
        config = module.__dict__.get("config")
        if hasattr(config, "model_type"):
            found[id(config)] = config
    return list(found.values())


def text_configs(model: torch.nn.Module) -> List[Any]:
    """The configs from which classifiers read the pad token: the outermost model's own and its text part's."""
    outermost = configs(model)[:1]
    texts = [config.get_text_config() for config in outermost if hasattr(config, "get_text_config")]
    return outermost + [config for config in texts if config not in outermost]


def _known(model: torch.nn.Module) -> List[Tuple[str, Facts]]:
    return [(name, ARCHITECTURES[name]) for name in sorted(model_types(model) & ARCHITECTURES.keys())]
