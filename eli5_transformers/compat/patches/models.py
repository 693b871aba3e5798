"""How later releases of transformers load and build models, against 4.20, which AllenNLP was written for."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any, MutableMapping

from .._gone_buffers import drop_gone_buffers
from .._patch import mends

GET = (
    "model_name",
    "make_copy",
    "override_weights_file",
    "override_weights_strip_prefix",
    "reinit_modules",
    "load_weights",
    "kwargs",
)
"""The parameters of AllenNLP's `cached_transformers.get`."""


@mends(
    "allennlp.common.cached_transformers",
    cause="transformers 4.36",
    needed=lambda stack: stack.transformers >= (4, 36),
    expects={"get": GET},
)
def eager_attention(module: ModuleType) -> None:
    """`from_pretrained` picks PyTorch's fused attention (sdpa).

    common/cached_transformers.py:88,128,156. It has no second derivative on the CPU and other rounding than the
    attention that AllenNLP's released numbers were computed with. A config may still ask for it in
    `transformer_kwargs`.
    """
    original = module.get

    @functools.wraps(original)
    def get(model_name: str, make_copy: bool, *args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("attn_implementation", "eager")
        return original(model_name, make_copy, *args, **kwargs)

    module.get = get  # type: ignore[attr-defined]


@mends(
    "allennlp.common.cached_transformers",
    cause="transformers 5.0",
    needed=lambda stack: stack.transformers >= (5,),
    expects={"get": GET},
)
def float32_weights(module: ModuleType) -> None:
    """`from_pretrained` keeps the data type of the checkpoint.

    common/cached_transformers.py:88,128,156: with a float16 or bfloat16 checkpoint the float32 layers that AllenNLP
    puts behind the transformer (bert_pooler, the classifier) fail. A config may still ask for another type in
    `transformer_kwargs`.
    """
    original = module.get

    @functools.wraps(original)
    def get(model_name: str, make_copy: bool, *args: Any, **kwargs: Any) -> Any:
        if "torch_dtype" not in kwargs:
            import torch

            kwargs.setdefault("dtype", torch.float32)
        return original(model_name, make_copy, *args, **kwargs)

    module.get = get  # type: ignore[attr-defined]


@mends(
    "allennlp.common.cached_transformers",
    cause="transformers 5.0",
    needed=lambda stack: stack.transformers >= (5,),
    expects={"get": GET, "AutoModel.from_pretrained": None, "AutoModel.from_config": None},
)
def reinit_modules(module: ModuleType) -> None:
    """`reinit_modules` silently does nothing.

    common/cached_transformers.py:126-153 calls the model's `_init_weights`, which since transformers 5.0 leaves every
    tensor alone that `from_pretrained` marked with `_is_hf_initialized`. The marks are of no use once the model
    is loaded.
    """
    auto_model = module.AutoModel

    class AutoModel:
        from_config = auto_model.from_config

        @staticmethod
        def from_pretrained(*args: Any, **kwargs: Any) -> Any:
            model = auto_model.from_pretrained(*args, **kwargs)
            for marked in (*model.modules(), *model.parameters(), *model.buffers()):
                vars(marked).pop("_is_hf_initialized", None)
            return model

    module.AutoModel = AutoModel  # type: ignore[attr-defined]


@mends(
    "allennlp.modules.token_embedders.pretrained_transformer_embedder",
    cause="transformers 4.31",
    needed=lambda stack: stack.transformers >= (4, 31),
    expects={"PretrainedTransformerEmbedder": None},
)
def archived_buffers(module: ModuleType) -> None:
    """Archives made with older releases carry buffers that the models no longer save, and are refused for them.

    models/model.py:358,379. The buffers are constants which every model makes anew.
    """
    embedder = module.PretrainedTransformerEmbedder

    def _load_from_state_dict(self: Any, state_dict: MutableMapping[str, Any], prefix: str, *args: Any) -> None:
        drop_gone_buffers(self, state_dict, prefix)
        super(embedder, self)._load_from_state_dict(state_dict, prefix, *args)

    embedder._load_from_state_dict = _load_from_state_dict


@mends(
    "allennlp.nn.util",
    cause="transformers 4.24",
    needed=lambda stack: stack.transformers >= (4, 23),
    expects={"find_embedding_layer": ("model",)},
)
def roberta_relatives(module: ModuleType) -> None:
    """Saliency of XLM-R and CamemBERT silently moves to the output of the encoder.

    nn/util.py:1867 looks for `RobertaEmbeddings`, which those models used until they got classes of their own.
    HotFlip fails with them.
    """
    original = module.find_embedding_layer

    @functools.wraps(original)
    def find_embedding_layer(model: Any) -> Any:
        for layer in model.modules():
            kind = type(layer)
            if kind.__module__.startswith("transformers.") and kind.__name__ in (
                "XLMRobertaEmbeddings",
                "CamembertEmbeddings",
            ):
                return layer.word_embeddings
        return original(model)

    module.find_embedding_layer = find_embedding_layer  # type: ignore[attr-defined]


PATCHES = (eager_attention, float32_weights, reinit_modules, archived_buffers, roberta_relatives)
