"""Names that AllenNLP imports and that later releases of their packages no longer have."""

from __future__ import annotations

from typing import Any, Mapping

from .._imports import LazyModule, view
from .._patch import supplies


@supplies(
    "allennlp.common.push_to_hf",
    cause="huggingface_hub 1.0",
    needed=lambda stack: stack.huggingface_hub >= (1,),
)
def hub_repository(module: str) -> Mapping[str, Any]:
    """`HfFolder` and `Repository` are gone from huggingface_hub.

    common/push_to_hf.py:14 imports them and is itself imported by common/__init__.py:8, so that nothing of AllenNLP
    can be imported. Only the function `push_to_hf` uses them, and it says so when it is called.
    """
    # A stand-in also where huggingface_hub is imported already, which lacks the names as well.
    return {"huggingface_hub": LazyModule("huggingface_hub")}


@supplies(
    "allennlp.training.optimizers",
    cause="transformers 4.50",
    needed=lambda stack: stack.transformers >= (4, 50),
)
def transformers_adamw(module: str) -> Mapping[str, Any]:
    """`transformers.AdamW` is gone, the base class of the optimizer `huggingface_adamw`.

    training/optimizers.py:456. `torch.optim.AdamW` is no substitute: it refuses `correct_bias` and decays the
    weights at another place, so that a config would train another model.
    """
    import transformers

    from .adamw import AdamW

    return {"transformers": view(transformers, "AdamW", AdamW)}


PATCHES = (hub_repository, transformers_adamw)
