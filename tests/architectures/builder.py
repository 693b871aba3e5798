"""Builds the tiny model of an architecture, with random weights, and feeds it."""

import inspect
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Sequence

import torch
import transformers
from transformers import CONFIG_MAPPING
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES

from .sizes import KEEP_NONE, LABELS, OPTIONS, SIZES, VOCABULARY

SPECIAL_TOKENS = ("pad_token_id", "bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id")
# Ordinary tokens; what lies outside is special in some config (images at 91 to 96, a mask at 9).
ORDINARY = range(20, 90)
# Its tokenizer pads left and its classifier reads the last position.
PADS_LEFT = {"xlnet"}
# Weights of heads are enlarged, so that logits differ by more than rounding.
HEADS = ("score", "classifier", "classification_head", "logits_proj")


def architectures() -> List[str]:
    """Every architecture that the installed transformers classifies sequences with."""
    return sorted(MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES)


def class_name(architecture: str) -> str:
    name = MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES[architecture]
    return name if isinstance(name, str) else name[0]


def tiny_config(architecture: str) -> Any:
    make = CONFIG_MAPPING[architecture]
    defaults = make().to_dict()
    options: Dict[str, Any] = {
        name: size
        for name, size in SIZES.items()
        if name in defaults and not (name in KEEP_NONE and defaults[name] is None)
    }
    if "vocab_size" in defaults:
        options["vocab_size"] = VOCABULARY
    options.update(_special_tokens(defaults))
    for name, times in (("layer_types", 1), ("layers_block_type", 2)):
        if defaults.get(name):
            kinds = list(dict.fromkeys(defaults[name]))
            options[name] = kinds * times if len(kinds) > 1 else kinds * 2
            options["num_hidden_layers"] = len(options[name])
    if defaults.get("mlp_layer_types"):
        options["mlp_layer_types"] = ["dense", "sparse"]
    options.update(OPTIONS.get(architecture, {}))
    return make(**{name: value for name, value in options.items() if value is not None}, num_labels=LABELS)


def _special_tokens(defaults: Dict[str, Any]) -> Dict[str, int]:
    """Small and different ids for the special tokens, the config's own where they are that."""
    chosen: Dict[str, int] = {}
    for name in SPECIAL_TOKENS:
        if name not in defaults and name != "pad_token_id":
            continue
        own = defaults.get(name)
        good = isinstance(own, int) and 0 <= own < 8 and own not in chosen.values()
        chosen[name] = own if good else next(n for n in range(8) if n not in chosen.values())
    return chosen


def build(architecture: str) -> torch.nn.Module:
    """The architecture's classifier, float32, in evaluation mode, the same at every call.

    Raises what the architecture raises where it cannot be built (a package that it needs is missing).
    """
    torch.manual_seed(1234)
    model = getattr(transformers, class_name(architecture))(tiny_config(architecture))
    noise = torch.Generator().manual_seed(1235)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if not parameter.is_floating_point():
                continue
            if name.split(".")[0] in HEADS and parameter.dim() > 1:
                parameter.copy_(0.3 * torch.randn(parameter.shape, generator=noise))
            elif parameter.dim() <= 1:
                # Norms and biases off their initial ones and zeros, as in trained models.
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=noise))
    return model.eval()


def batch(model: torch.nn.Module, lengths: Sequence[int] = (9, 6), seed: int = 5) -> Dict[str, torch.Tensor]:
    """Random texts of these lengths, each closed by the end token if there is one, padded to the longest."""
    config = model.config
    text = config.get_text_config() if hasattr(config, "get_text_config") else config
    end = getattr(config, "eos_token_id", None)
    pads = (getattr(part, "pad_token_id", None) for part in (config, text))
    pad = next((token for token in pads if token is not None), 0)
    draw = torch.Generator().manual_seed(seed)
    shape = (len(lengths), max(lengths))
    ids, mask = torch.full(shape, pad), torch.zeros(shape, dtype=torch.long)
    for row, length in enumerate(lengths):
        tokens = torch.randperm(len(ORDINARY), generator=draw)[:length] + ORDINARY.start
        if isinstance(end, int):
            tokens[-1] = end
        start = shape[1] - length if config.model_type in PADS_LEFT else 0
        ids[row, start : start + length] = tokens
        mask[row, start : start + length] = 1
    return {"input_ids": ids, "attention_mask": mask}


def logits(model: torch.nn.Module, inputs: Dict[str, torch.Tensor]) -> torch.Tensor:
    """Shape (batch, labels). The mask is left out for models that have no argument for it."""
    parameters = inspect.signature(model.forward).parameters
    open_ended = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    return model(**{name: value for name, value in inputs.items() if open_ended or name in parameters}).logits


@contextmanager
def double_precision(model: torch.nn.Module) -> Iterator[str]:
    """Inside, the model computes in float64 (it stays converted); yields the precision that this release reaches.

    Many models compute parts in float32 whatever they are loaded in (rotary embeddings, norms, masks). Where torch lets
    us, these requests are granted in float64 too, so that differences show the gradient's error and not rounding.
    """
    for module in model.modules():
        config = getattr(module, "config", None)
        if hasattr(config, "_experts_implementation"):
            # The fused kernels of mixtures of experts have no float64.
            config._experts_implementation = "eager"
    model.double()
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        if WIDENING is None:
            yield "float64 in part"
        else:
            with WIDENING():
                yield "float64"
    finally:
        torch.set_default_dtype(before)


def _widening() -> Any:
    """A context in which torch functions give float64 where they are asked for float32; None before torch 2.0."""
    if int(torch.__version__.split(".")[0]) < 2:
        return None
    from torch.overrides import TorchFunctionMode

    def widened(value: Any) -> Any:
        return torch.float64 if value is torch.float32 else value

    class Widening(TorchFunctionMode):
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if function is torch.Tensor.float:
                function = torch.Tensor.double
            named = {name: widened(value) for name, value in (kwargs or {}).items()}
            return function(*(widened(value) for value in args), **named)

    return Widening


WIDENING = _widening()
