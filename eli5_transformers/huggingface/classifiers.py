"""HuggingFace sequence classifiers from a folder, a hub id or a config; float32, and never half trained."""

from __future__ import annotations

import json
import logging
import os
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional

import torch
from transformers import CONFIG_MAPPING, AutoConfig, AutoModelForSequenceClassification, PretrainedConfig
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING
from transformers.utils import logging as transformers_logging

from ..compat._remote_code import remote_classifier
from ..errors import Eli5TransformersError, SourceError, is_error, short
from ..locks import ProcessLock
from ..permissions import OWN_CODE, allows, transformers_options
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

    `options` go to `AutoConfig`. Raises SourceError where there is no config, or none of a known model type, and for one
    whose class is the checkpoint's own code, unless `options` or the caller of the load says `trust_remote_code`.
    """
    options = transformers_options(options)
    if content is not None:
        content = {**content, **_without_hub(options)}
        kind = content.pop("model_type", None)
        if kind not in CONFIG_MAPPING:
            raise SourceError(
                f"transformer_config has the 'model_type' {kind!r}, which the installed transformers does not know: "
                "give the name of an architecture, such as 'bert'"
            )
        with source_errors(f"a transformer_config of the type {kind!r} cannot be made"):
            return AutoConfig.for_model(kind, **content)
    place = os.path.expanduser(os.fspath(name or ""))
    with source_errors(f"there is no usable config.json of a checkpoint at {name!r}"):
        config = _with_names_as_written(place, options) or AutoConfig.from_pretrained(place, **options)
    attention = getattr(config, "_attn_implementation", None)
    if isinstance(attention, str) and "/" in attention and not options["trust_remote_code"]:
        # transformers 5 fetches a repository of that name from the hub and imports it.
        raise SourceError(f"the checkpoint {name!r} asks for the attention {attention!r} of the hub, which is {OWN_CODE}")
    return config


def _with_names_as_written(place: str, options: Mapping[str, Any]) -> Optional[PretrainedConfig]:
    """The config of a checkpoint whose labels are written in a way that transformers does not read, or None."""
    content, rest = PretrainedConfig.get_config_dict(place, **options)
    names = naming.written_otherwise(content)
    if names is None or content.get("model_type") not in CONFIG_MAPPING:
        return None
    content = {name: value for name, value in content.items() if name != "num_labels"}
    content.update(id2label=names, label2id={name: index for index, name in names.items()})
    return CONFIG_MAPPING[content["model_type"]].from_dict({**content, "_name_or_path": place}, **rest)


def from_config(config: PretrainedConfig, options: Optional[Mapping[str, Any]] = None) -> torch.nn.Module:
    """A classifier with random weights. Raises SourceError where the architecture has no sequence classifier."""
    options = transformers_options(options)
    with source_errors(f"a classifier of the type {config.model_type!r} cannot be made"), _architecture_errors(config):
        model = AutoModelForSequenceClassification.from_config(
            config, trust_remote_code=options["trust_remote_code"], **_for_model(options, config)
        )
    return (model if {"torch_dtype", "dtype"}.intersection(options) else model.float()).eval()


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
    where there is no weight file; and, without `allow_pickle`, where they can be read by unpickling only. The caller of a
    load has the last word on `allow_pickle` and `trust_remote_code`.
    """
    from .weights import read_state_dict

    options = transformers_options(options)
    folder = local_folder(name, options)
    architecture: Any = None
    if options["trust_remote_code"]:
        with source_errors(f"the code of the checkpoint {name!r} cannot be run"):
            architecture = remote_classifier(config, folder)
    if architecture is None:
        with _architecture_errors(config):
            architecture = MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING[type(config)]
    weights = read_state_dict(folder, allow_pickle=allow_pickle)
    wanted = {"torch_dtype": torch.float32, **_for_model(options, config)}
    with source_errors(f"the weights of {name!r} cannot be loaded"), _quiet_loading():
        model, info = architecture.from_pretrained(
            None,
            config=config,
            state_dict=weights,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            **wanted,
        )
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
        raise SourceError(f"{name!r} is no folder and cannot be fetched from the hub: {short(error)}") from error


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
        if getattr(config, "auto_map", None) and not isinstance(error, SourceError):
            raise SourceError(
                f"the checkpoint of the model type {config.model_type!r} has {OWN_CODE}"
            ) from error
        raise SourceError(
            f"transformers has no sequence classifier for the model type {config.model_type!r}: give a checkpoint of "
            "an architecture that AutoModelForSequenceClassification knows"
        ) from error


@contextmanager
def source_errors(what: str, settings: Optional[str] = None) -> Iterator[None]:
    """Any error of a library that reads a file of somebody else as a SourceError that begins with `what`.

    `settings` is a JSON file whose `auto_map` would name code of the checkpoint's own.
    """
    try:
        yield
    except Eli5TransformersError:
        raise
    except BaseException as error:
        if not is_error(error):
            raise
        # transformers says it in this way, in several lines, of configs, tokenizers and models alike.
        own_code = "trust_remote_code" in str(error) or _names_code(settings)
        reason = f"it has {OWN_CODE}" if own_code else short(error)
        raise SourceError(f"{what}: {reason}") from error


def _names_code(settings: Optional[str]) -> bool:
    """Whether the file names code of a checkpoint that the caller of this load does not trust."""
    if settings is None or allows("trust_remote_code"):
        return False
    try:
        with open(settings, encoding="utf-8") as file:
            return "auto_map" in json.load(file)
    except (OSError, ValueError, TypeError, RecursionError):
        return False


@contextmanager
def _quiet_loading() -> Iterator[None]:
    """Without transformers' report on missing weights (they are refused here, or asked for) and its progress bars.

    What other threads have to report is reported.
    """
    thread = threading.get_ident()
    others: Callable[[logging.LogRecord], bool] = lambda record: record.thread != thread  # noqa: E731
    # Not the logger's level: from WARNING on, transformers 5 reports on sharding that nobody asked for.
    logger = logging.getLogger("transformers.modeling_utils")
    logger.addFilter(others)
    try:
        with _without_bars():
            yield
    finally:
        logger.removeFilter(others)


_lock = ProcessLock()
_loads = 0
_had_bars = True


@contextmanager
def _without_bars() -> Iterator[None]:
    """Not by transformers' own function, which switches those of huggingface_hub, too. The last of several loads ends it."""
    global _loads, _had_bars
    with _lock:
        _loads += 1
        if _loads == 1:
            _had_bars, transformers_logging._tqdm_active = transformers_logging._tqdm_active, False
    try:
        yield
    finally:
        with _lock:
            _loads -= 1
            if _loads == 0:
                transformers_logging._tqdm_active = _had_bars


def _listed(names: List[str], most: int = 4) -> str:
    listed = ", ".join(names[:most])
    return f"{listed} and {len(names) - most} more" if len(names) > most else listed
