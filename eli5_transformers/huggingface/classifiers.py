"""HuggingFace sequence classifiers from a folder, a hub id or a config; float32, and never half trained."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Dict, Iterator, List, Mapping, Optional

import torch
from transformers import CONFIG_MAPPING, AutoConfig, AutoModelForSequenceClassification, PretrainedConfig
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING
from transformers.utils import logging as transformers_logging

from ..errors import SourceError
from . import labels as naming

# What a checkpoint on the hub may consist of; weights of other frameworks and training state are left where they are.
_HUB_OPTIONS = ("trust_remote_code", "revision", "token", "use_auth_token", "cache_dir", "local_files_only")
_HUB_FILES = ["*.json", "*.txt", "*.model", "*.safetensors", "pytorch_model*.bin", "*.py"]


@dataclass(frozen=True)
class Classifier:
    """A classifier that was built here, and what was not in its checkpoint."""

    model: torch.nn.Module
    """Maps `input_ids`, `attention_mask` (and what else it takes) to an output with `logits`; in eval mode, float32."""
    new: List[str]
    """Names of the parameters that were drawn at random; empty for a checkpoint of a classifier."""


def read_config(
    name: Optional[str],
    *,
    content: Optional[Mapping[str, Any]] = None,
    options: Optional[Mapping[str, Any]] = None,
) -> PretrainedConfig:
    """The transformer's config of a checkpoint, or the one with that content (`model_type` and its sizes).

    `options` go to `AutoConfig`. Raises SourceError where there is no config, or none of a known model type.
    """
    if content is not None:
        content = {**content, **_without_hub(options)}
        kind = content.pop("model_type", None)
        if kind not in CONFIG_MAPPING:
            raise SourceError(
                f"transformer_config has the 'model_type' {kind!r}, which the installed transformers does not know: "
                "give the name of an architecture, such as 'bert'"
            )
        return AutoConfig.for_model(kind, **content)
    place, options = os.path.expanduser(os.fspath(name or "")), dict(options or {})
    try:
        content, rest = PretrainedConfig.get_config_dict(place, **options)
        names = naming.written_otherwise(content)
        if names is None or content.get("model_type") not in CONFIG_MAPPING:
            return AutoConfig.from_pretrained(place, **options)
        content = {name: value for name, value in content.items() if name != "num_labels"}
        content.update(id2label=names, label2id={name: index for index, name in names.items()})
        return CONFIG_MAPPING[content["model_type"]].from_dict({**content, "_name_or_path": place}, **rest)
    except Exception as error:
        # A wrong value in it raises whatever the arithmetic with it does.
        raise SourceError(f"there is no usable config.json of a checkpoint at {name!r}: {_short(error)}") from error


def from_config(config: PretrainedConfig, options: Optional[Mapping[str, Any]] = None) -> torch.nn.Module:
    """A classifier with random weights. Raises SourceError where the architecture has no sequence classifier."""
    with _architecture_errors(config):
        trust = {name: value for name, value in (options or {}).items() if name == "trust_remote_code"}
        model = AutoModelForSequenceClassification.from_config(config, **trust, **_for_model(options, config))
    return (model if {"torch_dtype", "dtype"}.intersection(options or {}) else model.float()).eval()


def from_checkpoint(
    name: str,
    config: PretrainedConfig,
    *,
    new_head: bool = False,
    allow_pickle: bool = False,
    options: Optional[Mapping[str, Any]] = None,
) -> Classifier:
    """The classifier with the weights of a checkpoint's folder or hub id.

    Raises SourceError where weights are missing or of another shape, unless `new_head` says that they shall be trained;
    where there is no weight file; and, without `allow_pickle`, where they can be read by unpickling only.
    """
    from .weights import read_state_dict

    remote_code = bool((options or {}).get("trust_remote_code"))
    with _architecture_errors(config):
        if remote_code:
            architecture: Any = AutoModelForSequenceClassification
        else:
            architecture = MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING[type(config)]
    folder = local_folder(name, options)
    weights = read_state_dict(folder, allow_pickle=allow_pickle)
    wanted = {"torch_dtype": torch.float32, **_for_model(options, config)}
    if remote_code:
        wanted["trust_remote_code"] = True
    with _quiet_loading():
        try:
            model, info = architecture.from_pretrained(
                folder if remote_code else None,
                config=config,
                state_dict=weights,
                output_loading_info=True,
                ignore_mismatched_sizes=True,
                **wanted,
            )
        except Exception as error:
            # A wrong size in the config raises whatever the arithmetic with it does.
            reason = _short(error) if isinstance(error, (OSError, RuntimeError, TypeError, ValueError)) else repr(error)
            raise SourceError(f"the weights of {name!r} cannot be loaded: {reason}") from error
    parameters = {parameter for parameter, _ in model.named_parameters()}
    mismatched = {entry[0] if isinstance(entry, (tuple, list)) else entry for entry in info["mismatched_keys"]}
    new = sorted(parameters.intersection(info["missing_keys"]) | mismatched)
    if new and not new_head:
        raise SourceError(
            f"the checkpoint {name!r} is not a trained classifier of {config.num_labels} labels: its weights for "
            f"{_listed(new)} are missing or of another shape and would be random; give a fine-tuned checkpoint, or "
            "`allow_new_head: true` to train one from it"
        )
    return Classifier(model.eval(), new)


def local_folder(name: str, options: Optional[Mapping[str, Any]] = None) -> str:
    """The folder itself, or the one into which the files of a hub id were fetched. Raises SourceError for neither."""
    name = os.path.expanduser(os.fspath(name))
    if os.path.isdir(name):
        return name
    from huggingface_hub import snapshot_download

    try:
        hub_options = {key: value for key, value in _hub_options(options).items() if key != "trust_remote_code"}
        return snapshot_download(name, allow_patterns=_HUB_FILES, **hub_options)
    except Exception as error:
        # huggingface_hub has changed its exceptions with every major release; all of them mean the same here.
        raise SourceError(f"{name!r} is no folder and cannot be fetched from the hub: {_short(error)}") from error


def _hub_options(options: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
    return {key: value for key, value in (options or {}).items() if key in _HUB_OPTIONS}


def _without_hub(options: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
    return {key: value for key, value in (options or {}).items() if key not in _HUB_OPTIONS}


def _for_model(options: Optional[Mapping[str, Any]], config: PretrainedConfig) -> Dict[str, Any]:
    """What is not the config's: a model's constructor refuses what the config has taken."""
    own = ("torch_dtype", "dtype")
    return {key: value for key, value in _without_hub(options).items() if key in own or not hasattr(config, key)}


@contextmanager
def _architecture_errors(config: PretrainedConfig) -> Iterator[None]:
    try:
        yield
    except (KeyError, ValueError) as error:
        raise SourceError(
            f"transformers has no sequence classifier for the model type {config.model_type!r}: give a checkpoint of "
            "an architecture that AutoModelForSequenceClassification knows"
        ) from error


@contextmanager
def _quiet_loading() -> Iterator[None]:
    """Without transformers' report on missing weights (they are refused here, or asked for) and its progress bars."""
    # Not the logger's level: from WARNING on, transformers 5 reports on sharding that nobody asked for.
    logger = logging.getLogger("transformers.modeling_utils")
    had_bars = transformers_logging._tqdm_active
    transformers_logging.disable_progress_bar()
    logger.addFilter(_nothing)
    try:
        yield
    finally:
        logger.removeFilter(_nothing)
        if had_bars:
            transformers_logging.enable_progress_bar()


def _nothing(record: logging.LogRecord) -> bool:
    return False


def _short(error: BaseException, most: int = 200) -> str:
    """The first line of another library's message, which may list all that it knows."""
    lines = str(error).strip().splitlines()
    line = lines[0].rstrip(".:") if lines else type(error).__name__
    return line if len(line) <= most else f"{line[:most]}…"


def _listed(names: List[str], most: int = 4) -> str:
    listed = ", ".join(names[:most])
    return f"{listed} and {len(names) - most} more" if len(names) > most else listed
