"""jsonnet and JSON configs to predictors."""

from __future__ import annotations

import inspect
import json
import os
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Union

from .. import compat
from ..arguments import did_you_mean
from ..bundled import configs_path
from ..errors import InputError, SourceError, shown
from ..permissions import guarding
from .config_errors import configuration_errors
from .objects import placed
from .predictors import Chosen, predictor_of

SUFFIXES = (".jsonnet", ".json")
# Keys of a config whose relative values are looked up beside the config before they are in the working folder.
_PATH_KEYS = ("model_name", "pretrained_model", "checkpoint", "directory", "source")
_PATH_ENDINGS = ("_path", "_file", "_folder", "_directory")
# What AllenNLP reads of a config (commands/train.py, TrainModel.from_partial_objects, and predictors/predictor.py).
_KEYS = (
    "dataset_reader", "validation_dataset_reader", "model", "vocabulary", "predictor", "train_data_path",
    "validation_data_path", "test_data_path", "data_loader", "validation_data_loader", "trainer", "distributed",
    "evaluate_on_test", "datasets_for_vocab_creation", "callbacks", "evaluation", "random_seed", "numpy_seed", "pytorch_seed",
    "include_in_archive", "batch_weight_key", "ddp_accelerator", "serialization_dir", "local_rank", "type",
)  # fmt: skip
# What the predictor of a config is made of: a change to anything else changes nothing.
_PARTS = ("dataset_reader", "validation_dataset_reader", "model", "vocabulary", "predictor")
# Of these, what is an object, or the name of its type alone.
_NAMED = ("dataset_reader", "validation_dataset_reader", "vocabulary")
# Of configs of AllenNLP before 1.0, and of what people keep in a config for other programs.
_OTHERS = ("iterator", "validation_iterator", "vocab", "udpos")


def find_config(file: Union[str, Path]) -> Path:
    """The file itself, or where a bare name leads to no file of the working folder, the shipped config of that name."""
    path = Path(os.path.expanduser(os.fspath(file)))
    if path.name in shipped_configs() and _is_bare(path) and not path.exists():
        return configs_path() / path.name
    return path


def shipped_configs() -> List[str]:
    """The names of the configs that come with the package."""
    return sorted(file.name for file in configs_path().glob("*.jsonnet"))


def _is_bare(path: Path) -> bool:
    return str(path) == path.name


def from_config(
    path: Path,
    device: Union[str, int, None],
    changes: str,
    ext_vars: Optional[Mapping[str, str]],
    predictor: Chosen = None,
) -> Any:
    """The predictor of a config; `changes` are what `as_overrides` gave, `predictor` what the caller says of it."""
    from allennlp.data import DatasetReader, Vocabulary
    from allennlp.models import Model

    params = read_config(path, changes, ext_vars)
    said = require_parts(path, params)
    for key in params:
        if key not in (*_KEYS, *_OTHERS):
            raise SourceError(
                f"the config {path} has the unknown key {key!r}{did_you_mean(key, _KEYS) or ': AllenNLP has no such part'}"
            )
    with configuration_errors(path):
        model_params = _with_type(path, "model", params["model"])
        model_class, _ = Model.resolve_class_name(model_params["type"])
        # Before anything is read: a reader may ask the hub for its tokenizer.
        needed = "vocab" not in model_params and "vocab" in inspect.signature(model_class).parameters
        if needed and params.get("vocabulary") is None:
            raise SourceError(
                f'the config {path} has no \'vocabulary\'{did_you_mean("vocabulary", params)}: a transformer_classifier needs '
                '"vocabulary": {"type": "empty"}; for a model that AllenNLP has trained give its archive or folder, which '
                "holds its vocabulary and weights"
            )
        said_vocabulary = params.get("vocabulary")
        extras: Dict[str, Any] = {} if said_vocabulary is None else {"vocab": Vocabulary.from_params(said_vocabulary)}
        reader = DatasetReader.from_params(params.get("validation_dataset_reader", params["dataset_reader"]))
        model = Model.from_params(model_params, **extras)
        return predictor_of(placed(model, device), reader, said, predictor, path)


def require_parts(path: Path, params: Any) -> Any:
    """What a config says of its predictor, or None; raises SourceError where a part is missing, or is none at all.

    A key that is nearly one of AllenNLP's is a slip.
    """
    from allennlp.common import Params

    if params.get("model") is None or params.get("dataset_reader") is None:
        raise SourceError(f"the config of {path} has no 'model' or no 'dataset_reader': a predictor needs both")
    for key in params:
        meant = "" if key in (*_KEYS, *_OTHERS) else did_you_mean(key, _KEYS)
        if meant:
            raise SourceError(f"the config {path} has the unknown key {key!r}{meant}")
    for key in _NAMED:
        if not isinstance(params.get(key), (str, dict, Params, type(None))):
            raise SourceError(f"the {key} of {path} is {shown(params[key], 60)}, but must be an object with a 'type'")
    _with_type(path, "model", params["model"])
    return None if params.get("predictor") is None else _with_type(path, "predictor", params["predictor"])


def with_types(params: Any, changes: str) -> str:
    """The changes that make objects of the parts that a config gives by their names alone, and those that are there.

    AllenNLP trains with such parts, but its `load_archive` cannot read them.
    """
    named = {key: {"type": params[key]} for key in _NAMED if isinstance(params.get(key), str)}
    return json.dumps({**json.loads(changes or "{}"), **named}) if named else changes


def _with_type(path: Path, key: str, given: Any) -> Any:
    """The part of a config; a text alone is its type, as AllenNLP has it."""
    from allennlp.common import Params

    if isinstance(given, str):
        given = Params({"type": given})
    if not isinstance(given, (dict, Params)) or not isinstance(given.get("type"), (str, type(None))):
        raise SourceError(f"the {key} of {path} must be an object with a 'type' that is a name")
    if "type" not in given:
        raise SourceError(f"the {key} of {path} has no 'type': name a registered one")
    return given


def read_config(
    path: Path, changes: str, ext_vars: Optional[Mapping[str, str]], named: Optional[Path] = None
) -> Any:
    """The config as AllenNLP's `Params`, its relative paths resolved beside it. Raises SourceError for one that has none.

    `named` stands for its folder in what is said of it.
    """
    from allennlp.common import Params

    called = path if named is None else f"{path.name} of {named}"
    if not path.is_file():
        shipped = f", and none of that name is shipped: those are {', '.join(shipped_configs())}"
        raise SourceError(f"there is no config at {path}{shipped if _is_bare(path) else ''}")
    try:
        params = Params.from_file(str(path), changes, dict(ext_vars or {})).as_dict(quiet=True)
    except (RuntimeError, json.JSONDecodeError, UnicodeDecodeError, TypeError, AttributeError, OSError) as error:
        said = _jsonnet_error(error)
        if isinstance(error, (AttributeError, TypeError)) and _content(path) is not None:
            raise SourceError(
                f"the config {called} is not an object with a 'model' and a 'dataset_reader', but {_content(path)}"
            ) from None
        said = said if named is None else said.replace(str(path.parent), str(named))
        raise SourceError(f"the config {called} is not valid jsonnet: {said}") from None
    except ValueError as error:
        raise InputError(f"the overrides do not fit the config {called}: {error}") from None
    if not isinstance(params, dict):
        said = shown(params, 40)
        raise SourceError(f"the config {called} is not an object with a 'model' and a 'dataset_reader', but {said}")
    return Params(_beside(params, path.parent))


def _content(path: Path) -> Optional[str]:
    """What a JSON file holds that is no object, shown; None for an object, and for other files."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return None if isinstance(held, dict) else shown(held, 40)


def _jsonnet_error(error: Exception) -> str:
    """jsonnet's message is several lines: the cause, then the places in the file, of which the innermost is enough."""
    lines = [line.strip()[:400] for line in str(error).splitlines() if line.strip()]
    if lines and lines[0].startswith("RUNTIME ERROR") and guarding() is None:
        # The text is the config's own, and this one reads the environment: it may say what it has read.
        for value in os.environ.values():
            lines[0] = lines[0].replace(value, "…") if len(value) >= 8 else lines[0]
    cause = "; ".join(lines[:2])
    undefined = "undefined external variable" in cause.lower()
    return f"{cause} (give it in ext_vars; the environment is read with trust_source=True alone)" if undefined else cause


def read_config_file(file: Union[str, Path]) -> Any:
    """The content of a jsonnet or JSON file, its relative paths resolved beside it. Raises SourceError as loading does."""
    compat.require_allennlp()
    return read_config(find_config(file), "", None).as_dict(quiet=True)


def as_overrides(overrides: Any, ext_vars: Optional[Mapping[str, str]]) -> str:
    """The caller's changes as JSON. They are the caller's own, so they read the environment as AllenNLP has it.

    Raises InputError for what is no object from places to values.
    """
    from allennlp.common.params import parse_overrides

    if overrides is None:
        return ""
    try:
        changes = parse_overrides(overrides, dict(ext_vars or {})) if isinstance(overrides, str) else overrides
        if not isinstance(changes, Mapping) or not all(isinstance(key, str) for key in changes):
            raise TypeError("it is no object")
        made = json.dumps(dict(changes)) if changes else ""
    except (RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            f'overrides must be an object such as {{"model.dropout": 0.0}}, from places in the config to values: '
            f"{_jsonnet_error(error)}"
        ) from None
    for key in changes:
        part = key.partition(".")[0]
        if part not in _PARTS:
            raise InputError(
                f"the overrides' {key!r} would change nothing: a predictor is made of {', '.join(_PARTS)}"
                f"{did_you_mean(part, _PARTS)}"
            )
    return made


def _beside(value: Any, folder: Path, key: str = "") -> Any:
    """`value` with every relative path that leads somewhere from `folder` made absolute."""
    if isinstance(value, dict):
        return {k: _beside(v, folder, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_beside(v, folder, key) for v in value]
    if isinstance(value, str) and value and (key in _PATH_KEYS or key.endswith(_PATH_ENDINGS)):
        candidate = folder / value
        if not os.path.isabs(value) and candidate.exists():
            return str(candidate.resolve())
    return value
