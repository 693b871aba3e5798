"""Packages that AllenNLP imports at module level and that explaining a text classifier seldom or never uses."""

from __future__ import annotations

import functools
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Dict, List, Mapping, Optional, Tuple

from .._imports import lazy_modules
from .._patch import mends, supplies
from .._stack import Stack

USED_LATER: Mapping[str, Tuple[str, ...]] = {
    "allennlp": ("spacy",),
    "allennlp.commands.diff": ("termcolor",),
    "allennlp.common.file_utils": (
        "lmdb",
        "cached_path",
        "cached_path.cache_file",
        "cached_path.common",
        "cached_path.file_lock",
        "cached_path.meta",
    ),
    "allennlp.common.util": ("spacy", "spacy.tokens", "spacy.cli", "spacy.cli.download", "spacy.language"),
    "allennlp.data.data_loaders.data_collator": ("transformers.data.data_collator",),
    "allennlp.data.data_loaders.multitask_scheduler": ("more_itertools",),
    "allennlp.data.fields.text_field": ("spacy", "spacy.tokens"),
    "allennlp.data.image_loader": ("torchvision",),
    "allennlp.data.token_indexers.spacy_indexer": ("spacy", "spacy.tokens"),
    "allennlp.data.tokenizers.sentence_splitter": ("spacy",),
    "allennlp.data.tokenizers.spacy_tokenizer": ("spacy", "spacy.tokens"),
    "allennlp.fairness.bias_direction": ("sklearn",),
    "allennlp.fairness.bias_mitigators": ("scipy", "sklearn"),
    "allennlp.fairness.fairness_metrics": ("scipy", "scipy.stats"),
    "allennlp.modules.elmo": ("h5py",),
    "allennlp.modules.elmo_lstm": ("h5py",),
    "allennlp.modules.token_embedders.embedding": ("h5py",),
    "allennlp.modules.transformer.activation_layer": ("transformers.models.bert.modeling_bert",),
    "allennlp.modules.vision.grid_embedder": ("torchvision",),
    "allennlp.modules.vision.region_detector": ("torchvision", "torchvision.ops", "torchvision.ops.boxes"),
    "allennlp.training.callbacks.tensorboard": ("tensorboardX",),
    "allennlp.training.metrics.auc": ("sklearn",),
    "allennlp.training.metrics.evalb_bracketing_scorer": ("nltk",),
    "allennlp.training.metrics.spearman_correlation": ("scipy", "scipy.stats"),
}
"""What each module uses only inside its functions, in annotations and in `isinstance`."""

USED_AT_ONCE: Mapping[str, Tuple[str, ...]] = {
    "allennlp.nn.checkpoint.fairscale_checkpoint_wrapper": (
        "fairscale",
        "fairscale.nn",
        "fairscale.nn.checkpoint",
    ),
    "allennlp.nn.parallel.fairscale_fsdp_accelerator": (
        "fairscale",
        "fairscale.nn",
        "fairscale.nn.wrap",
        "fairscale.nn.misc",
        "fairscale.optim",
        "fairscale.optim.grad_scaler",
    ),
}
"""What is a base class while the module is executed: a stand-in serves only where the package is missing."""


def _without_pins(stack: Stack) -> bool:
    return not stack.pinned


@supplies(*USED_LATER, cause="Python 3.11", needed=_without_pins)
def unused_packages(module: str) -> Mapping[str, Any]:
    """Packages that the text classification part of AllenNLP never touches are imported at module level.

    common/util.py:36 (spacy), common/file_utils.py:39,52 (cached_path, lmdb), data/image_loader.py:6 (torchvision),
    training/metrics/auc.py:6 (scikit-learn) and so on: on Python 3.11 and later AllenNLP is installed without its
    pins, most of these packages are not there, and the imports fail. Where they are installed they cost two
    seconds and 250 MB. Each is imported at its first use instead.
    """
    names = USED_LATER[module]
    return lazy_modules(names)


@supplies(*USED_AT_ONCE, cause="Python 3.11", needed=_without_pins)
def missing_packages(module: str) -> Mapping[str, Any]:
    """fairscale gives base classes to modules that nn/parallel/__init__.py imports always.

    nn/parallel/fairscale_fsdp_accelerator.py:4 and nn/checkpoint/fairscale_checkpoint_wrapper.py:3; the release
    that AllenNLP pins (0.4.6) has no wheel and does not know torch 2.
    """
    missing: Dict[str, Any] = {}
    if find_spec(USED_AT_ONCE[module][0]) is None:
        missing.update(lazy_modules(USED_AT_ONCE[module]))
    return missing


@mends(
    "allennlp.common.registrable",
    cause="Python 3.11",
    needed=lambda stack: not stack.pinned and find_spec("nltk") is None,
    expects={"_get_suggestion": ("name", "available")},
)
def spelling_suggestion(module: ModuleType) -> None:
    """An unknown registered name is answered with a missing package, not with the name.

    common/registrable.py:315 imports nltk to look for a name that differs by one letter: the error about the name in
    a config never appears. Without nltk there is no suggestion.
    """
    suggest = module._get_suggestion

    @functools.wraps(suggest)
    def without_nltk(name: str, available: List[str]) -> Optional[str]:
        try:
            return suggest(name, available)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.split(".")[0] != "nltk":
                raise
            return None

    module._get_suggestion = without_nltk  # type: ignore[attr-defined]


PATCHES = (unused_packages, missing_packages, spelling_suggestion)
