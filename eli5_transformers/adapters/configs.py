"""jsonnet and JSON configs to predictors."""

from __future__ import annotations

import inspect
import json
import os
import pickle
import re
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Union

from .. import compat
from ..arguments import did_you_mean
from ..bundled import configs_path
from ..compat._guard import IMPORT_IT
from ..errors import Eli5TransformersError, InputError, SourceError, is_error
from ..permissions import OWN_CODE, current, guarding
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
)  # fmt: skip
# What AllenNLP says of a name that nothing is registered under (common/params.py, pop_choice).
_UNREGISTERED = re.compile(r"(\S+) not in acceptable choices for (\S+): (\[.*?\])")
_QUOTED = re.compile(r"'([^']*)'")
# The most characters of another library's message.
_LONGEST = 400


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
    if params.get("model") is None or params.get("dataset_reader") is None:
        raise SourceError(f"the config {path} has no 'model' or no 'dataset_reader': a predictor needs both")
    _require_spelling(path, params)
    with configuration_errors(path):
        reader = DatasetReader.from_params(params.get("validation_dataset_reader", params["dataset_reader"]))
        model_params = _with_type(path, "model", params["model"])
        model_class, _ = Model.resolve_class_name(model_params["type"])
        said = predictor_said(path, params)
        extras: Dict[str, Any] = {}
        if "vocabulary" in params:
            extras["vocab"] = Vocabulary.from_params(params["vocabulary"])
        elif "vocab" not in model_params and "vocab" in inspect.signature(model_class).parameters:
            raise SourceError(
                f'the config {path} has no \'vocabulary\'{did_you_mean("vocabulary", params)}: a transformer_classifier needs '
                '"vocabulary": {"type": "empty"}, other models the one of their training'
            )
        model = Model.from_params(model_params, **extras)
        return predictor_of(placed(model, device), reader, said, predictor, path)


def predictor_said(path: Path, params: Any) -> Any:
    """What a config says of its predictor, or None."""
    return None if params.get("predictor") is None else _with_type(path, "predictor", params["predictor"])


def _require_spelling(path: Path, params: Any) -> None:
    """A key that nothing reads and that is nearly one of AllenNLP's is a slip; other keys are the author's affair."""
    for key in params:
        meant = "" if key in _KEYS else did_you_mean(key, _KEYS)
        if meant:
            raise SourceError(f"the config {path} has the unknown key {key!r}{meant}")


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


def read_config(path: Path, changes: str, ext_vars: Optional[Mapping[str, str]]) -> Any:
    """The config as AllenNLP's `Params`, its relative paths resolved beside it. Raises SourceError for one that has none."""
    from allennlp.common import Params

    if not path.is_file():
        shipped = f", and none of that name is shipped: those are {', '.join(shipped_configs())}"
        raise SourceError(f"there is no config at {path}{shipped if _is_bare(path) else ''}")
    try:
        params = Params.from_file(str(path), changes, dict(ext_vars or {})).as_dict(quiet=True)
    except (RuntimeError, json.JSONDecodeError, UnicodeDecodeError, TypeError, AttributeError, OSError) as error:
        raise SourceError(f"the config {path} is not valid jsonnet: {_jsonnet_error(error)}") from None
    except ValueError as error:
        raise InputError(f"the overrides do not fit the config {path}: {error}") from None
    if not isinstance(params, dict):
        raise SourceError(f"the config {path} is not an object with a 'model' and a 'dataset_reader', but {params!r:.40}")
    return Params(_beside(params, path.parent))


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
        return json.dumps(dict(changes)) if changes else ""
    except (RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            f'overrides must be an object such as {{"model.dropout": 0.0}}, from places in the config to values: '
            f"{_jsonnet_error(error)}"
        ) from None


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


@contextmanager
def configuration_errors(path: Path, folder: Optional[Path] = None) -> Iterator[None]:
    """Any error of AllenNLP in a config or archive as a SourceError that names the file, and not `folder`, its copy."""
    from allennlp.common.checks import ConfigurationError

    try:
        yield
    except Eli5TransformersError:
        raise
    except BaseException as error:
        if not is_error(error):
            raise
        permissions = current()
        if permissions is not None and permissions.refusals:
            # AllenNLP may have tried something else after it, and have failed with that.
            raise permissions.refusals[0] from error
        if _is_of_pickles(error):
            # torch's own text advises to run what is in the file.
            reason = (
                "its weights hold more than tensors, or are damaged; allow_pickle=True (--allow-pickle) reads them by running "
                "what their author chose, for a file that you trust"
            )
        elif "trust_remote_code" in str(error):
            reason = f"a checkpoint that it names has {OWN_CODE}"
        else:
            said = " ".join(str(getattr(error, "message", error)).split())
            unknown = _UNREGISTERED.match(said)
            if unknown:
                name, place, choices = unknown.groups()
                said = (
                    f"{name!r} as {place} is not registered{did_you_mean(name, _QUOTED.findall(choices))}: {IMPORT_IT}"
                )
            reason = said if isinstance(error, ConfigurationError) and said else f"{type(error).__name__}: {said}"
            place = _argument(error)
            reason = f"{place!r}: {reason}" if place else reason
        if folder is not None:
            reason = reason.replace(str(folder), str(path))
        raise SourceError(f"{path} cannot be loaded: {reason[:_LONGEST]}") from error


def _is_of_pickles(error: BaseException) -> bool:
    """Whether it began with a pickle that was refused: older releases of transformers say something else of that."""
    begun: Optional[BaseException] = error
    while begun is not None:
        if isinstance(begun, pickle.UnpicklingError) or "weights_only" in str(begun):
            return True
        begun = begun.__cause__ or begun.__context__
    return False


def _argument(error: BaseException) -> Optional[str]:
    """The argument that AllenNLP was making when the error came, by the frames of its traceback."""
    names = [
        frame.f_locals.get("argument_name")
        for frame, _ in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_name == "construct_arg"
    ]
    return next((name for name in reversed(names) if isinstance(name, str)), None)
