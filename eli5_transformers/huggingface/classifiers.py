"""HuggingFace sequence classifiers from a folder, a hub id or a config; float32, and never half trained."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Set, Tuple

import torch
from transformers import CONFIG_MAPPING, AutoConfig, AutoModelForSequenceClassification, PretrainedConfig
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING
from transformers.utils import logging as transformers_logging

from ..compat._remote_code import remote_classifier
from ..errors import Eli5TransformersError, SourceError, is_error, short
from ..locks import ProcessLock
from ..permissions import OWN_CODE, allows, transformers_options
from . import cross_encoders, settings

# What a checkpoint on the hub may consist of; weights of other frameworks and training state are left where they are.
_HUB_OPTIONS = ("trust_remote_code", "revision", "token", "use_auth_token", "cache_dir", "local_files_only")
# Buffers that older releases saved, and those of losses: nothing is predicted with them. A pooler is one more of those that
# are saved and not used (RoBERTa's), heads of pretraining stand beside the classifier's.
_CONSTANTS = re.compile(
    r"(^|\.)(position_ids|token_type_ids|inv_freq|masked_bias|attn\.bias|num_batches_tracked|relative_position_index|"
    r"version|(loss|loss_fct|loss_fn|criterion)(\.\w+)?)$"
)
_PRETRAINING = ("cls.", "lm_head", "mlm", "generator_", "discriminator_predictions.", "vocab_", "pred_layer.", "lm_loss.")
_HUB_FILES = ["*.json", "*.txt", "*.model", "*.safetensors", "pytorch_model*.bin", "*.py"]


@dataclass(frozen=True)
class Classifier:
    """A classifier that was built here, and what was not in its checkpoint."""

    model: torch.nn.Module
    """Maps `input_ids`, `attention_mask` (and what else it takes) to an output with `logits`; in eval mode, float32."""
    new: List[str]
    """Names of the parameters that were drawn at random; empty for a checkpoint of a classifier."""
    notes: Tuple[str, ...] = ()
    """What a reader of its explanations must know of how it was read, a sentence each."""


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
        written, rest = _written(place, options)
        content, _ = settings.checked(written, _file_of(place))
        if content == written or content.get("model_type") not in CONFIG_MAPPING:
            config = AutoConfig.from_pretrained(place, **options)
        else:
            config = CONFIG_MAPPING[content["model_type"]].from_dict({**content, "_name_or_path": place}, **rest)
        settings.require_parts(config, _file_of(place))
    cross_encoders.add_settings(config, place, _for_download(options))
    attention = getattr(config, "_attn_implementation", None)
    if isinstance(attention, str) and "/" in attention and not options["trust_remote_code"]:
        # transformers 5 fetches a repository of that name from the hub and imports it.
        raise SourceError(f"the checkpoint {name!r} asks for the attention {attention!r} of the hub, which is {OWN_CODE}")
    return config


def notes_on_names(name: str, options: Optional[Mapping[str, Any]] = None) -> str:
    """What must be said of the names of classes in a checkpoint's config.json, a sentence or more; empty where nothing must."""
    place = os.path.expanduser(os.fspath(name))
    return settings.checked(_written(place, transformers_options(options))[0], _file_of(place))[1]


def _written(place: str, options: Mapping[str, Any]) -> Tuple[Any, Dict[str, Any]]:
    """The content of a checkpoint's config.json, and those of the options that are not for finding it."""
    file = os.path.join(place, "config.json")
    if os.path.isfile(file):
        try:
            with open(file, encoding="utf-8-sig") as opened:
                content = json.load(opened)
        except (ValueError, RecursionError) as error:
            raise SourceError(f"{_file_of(place)} is not JSON ({short(error)}): copy it from the checkpoint anew") from error
        # transformers takes any content for an object.
        if not isinstance(content, dict):
            return content, {}
    return PretrainedConfig.get_config_dict(place, **options)


def _in_evaluation(model: torch.nn.Module) -> torch.nn.Module:
    """The model itself: what `eval()` gives is nothing, where a `train()` of somebody's own returns nothing."""
    model.eval()
    return model


def _file_of(place: str) -> str:
    return f"the config.json of {os.path.basename(os.path.normpath(place))!r}"


def from_config(config: PretrainedConfig, options: Optional[Mapping[str, Any]] = None) -> torch.nn.Module:
    """A classifier with random weights. Raises SourceError where the architecture has no sequence classifier."""
    options = transformers_options(options)
    with source_errors(f"a classifier of the type {config.model_type!r} cannot be made"), _architecture_errors(config):
        model = AutoModelForSequenceClassification.from_config(
            config, trust_remote_code=options["trust_remote_code"], **_for_model(options, config)
        )
    return _in_evaluation(model if {"torch_dtype", "dtype"}.intersection(options) else model.float())


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
    from .weights import read_tensors, require_numbers, without_wrappers

    options = transformers_options(options)
    folder = local_folder(name, options)
    architecture: Any = None
    if options["trust_remote_code"]:
        with source_errors(f"the code of the checkpoint {name!r} cannot be run"):
            architecture = remote_classifier(config, folder)
    if architecture is None:
        with _architecture_errors(config):
            architecture = MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING[type(config)]
    _require_text_classifier(name, config, new_head)
    weights, renamed = without_wrappers(read_tensors(folder, allow_pickle=allow_pickle))
    settings.require_possible(config.to_dict(), (tuple(tensor.shape) for tensor in weights.values()), _file_of(folder))
    wanted = {"torch_dtype": torch.float32, **_for_model(options, config)}
    with source_errors(f"the weights of {name!r} cannot be loaded as its config.json says"), _quiet_loading():
        model, info = architecture.from_pretrained(
            None,
            config=config,
            state_dict=weights,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            **wanted,
        )
    parameters = {parameter for parameter, _ in model.named_parameters()}
    if not getattr(config, "quantization_config", None):
        require_numbers(name, weights, parameters)
    mismatched = {entry[0]: entry[1:] for entry in info["mismatched_keys"] if isinstance(entry, (tuple, list))}
    new = sorted(parameters.intersection({*info["missing_keys"], *mismatched}))
    if new and not new_head:
        cause = (
            _other_names(weights, parameters, getattr(model, "base_model_prefix", ""))
            or _other_outputs(mismatched, new, config)
            or _other_shape(mismatched, new)
        )
        raise SourceError(
            f"the checkpoint {name!r} is not a trained classifier of {config.num_labels} labels: its weights for "
            f"{_listed(new)} are missing or of another shape and would be random"
            f"{cause}; "
            "give a fine-tuned checkpoint, or `allow_new_head: true` to train one from it"
        )
    left = _left_over(info["unexpected_keys"], model)
    if left and not new_head:
        raise SourceError(
            f"the checkpoint {name!r} has weights of which a {type(model).__name__} makes no use ({_listed(left)}), as one of "
            f"{_whose(left, model)}, and give that with tokenizer="
        )
    kind = settings.unknown_class(config.architectures, type(model).__name__)
    return Classifier(_in_evaluation(model), new, tuple(filter(None, [renamed, "" if new_head else kind])))


def _require_text_classifier(name: str, config: PretrainedConfig, new_head: bool) -> None:
    """Raises SourceError for a checkpoint that says of itself that it is something else."""
    other = settings.other_head(config.architectures)
    if other and not new_head:
        raise SourceError(
            f"the checkpoint {name!r} is no classifier of texts: {other}; give one that was fine-tuned for sequence "
            "classification (if this one was, correct 'architectures' there), the model that does classify as an object with "
            "tokenizer=, or `allow_new_head: true` to train one from it"
        )


def _other_names(weights: Mapping[str, Any], parameters: Set[str], prefix: str) -> str:
    """What is to be corrected where a config names another architecture than that of the weights, a clause.

    Weights of the model without its head may be named without the `prefix`.
    """
    if not weights or parameters.intersection(weights) or parameters.intersection(f"{prefix}.{key}" for key in weights):
        return ""
    name = max(weights, key=len)
    return f" (it has other names, as {name}: correct 'model_type' in config.json, or give the model with tokenizer=)"


def _other_outputs(mismatched: Mapping[str, Any], new: List[str], config: PretrainedConfig) -> str:
    """What is to be corrected where a config is of another number of classes than its weights, a clause."""
    shapes = [mismatched.get(parameter, ()) for parameter in new]
    found = {tuple(shape[0])[:1] for shape in shapes if len(shape) == 2}
    if any(len(shape) != 2 for shape in shapes) or len(found) != 1:
        return ""
    (outputs,) = found
    same = all(tuple(there)[1:] == tuple(here)[1:] and here[0] == config.num_labels for there, here in shapes)
    return f" (the weights have {outputs[0]} outputs: correct id2label in config.json, or labels)" if same and outputs else ""


def _other_shape(mismatched: Mapping[str, Any], new: List[str]) -> str:
    """What is to be corrected where weights are there, but of other sizes than the config says, a clause."""
    one = new[0] if set(new) <= set(mismatched) else ""
    if len(mismatched.get(one, ())) != 2:
        return ""
    there, here = map(tuple, mismatched[one])
    return f" ({one.rpartition('.')[0]} is {there} in the weights, and {here} by config.json: correct config.json)"


def _left_over(unexpected: Any, model: torch.nn.Module) -> List[str]:
    """The weights of a checkpoint that the model does not have, save those that no classifier's output depends on."""
    base = getattr(model, "base_model_prefix", "") + "."
    heads = {part for part, _ in model.named_children()}
    return sorted(
        key
        for key in unexpected
        if not _CONSTANTS.search(key)
        and not (key.startswith(base) and key[len(base) :].startswith("pooler."))
        and not (key.startswith(_PRETRAINING) and key.partition(".")[0] not in heads)
    )


def _whose(left: List[str], model: torch.nn.Module) -> str:
    """What weights that are left over are of, and what to do, a clause."""
    if all(key.startswith(getattr(model, "base_model_prefix", "") + ".") for key in left):
        return "another size than config.json says: correct that (num_hidden_layers, say), or load it with the class of its own"
    return "another kind of head: load it with the class that it was saved from"


def local_folder(name: str, options: Optional[Mapping[str, Any]] = None) -> str:
    """The folder itself, or the one into which the files of a hub id were fetched. Raises SourceError for neither."""
    name = os.path.expanduser(os.fspath(name))
    if os.path.isdir(name):
        return name
    from huggingface_hub import snapshot_download

    try:
        return snapshot_download(name, allow_patterns=_HUB_FILES, **_for_download(options))
    except Exception as error:
        # huggingface_hub has changed its exceptions with every major release; all of them mean the same here.
        raise SourceError(f"{name!r} is no folder and cannot be fetched from the hub: {short(error)}") from error


def _hub_options(options: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
    return {key: value for key, value in (options or {}).items() if key in _HUB_OPTIONS}


def _for_download(options: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
    return {key: value for key, value in _hub_options(options).items() if key != "trust_remote_code"}


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
    except Eli5TransformersError:
        raise
    except Exception as error:
        if getattr(config, "auto_map", None) and isinstance(error, (KeyError, ValueError)):
            raise SourceError(
                f"the checkpoint of the model type {config.model_type!r} has {OWN_CODE}"
            ) from error
        if type(config) in MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING:
            raise SourceError(_not_imported(config, error)) from error
        if not isinstance(error, (KeyError, ValueError)):
            raise
        raise SourceError(
            f"transformers has no sequence classifier for the model type {config.model_type!r}: give a checkpoint of "
            "an architecture that AutoModelForSequenceClassification knows"
        ) from error


def _not_imported(config: PretrainedConfig, error: Exception) -> str:
    mend = ": run Python without -OO, which leaves out the docstrings that transformers reads" * (sys.flags.optimize > 1)
    return f"the classifier of the model type {config.model_type!r} cannot be made{mend or f': {short(error)}'}"


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
