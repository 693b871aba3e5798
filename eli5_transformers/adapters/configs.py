"""jsonnet and JSON configs to predictors."""

from __future__ import annotations

import inspect
import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Optional, Union

from .. import compat
from ..bundled import configs_path
from ..errors import SourceError
from .objects import placed

SUFFIXES = (".jsonnet", ".json")
# Keys of a config whose relative values are looked up beside the config before they are in the working folder.
_PATH_KEYS = ("model_name", "pretrained_model", "checkpoint", "directory", "source")
_PATH_ENDINGS = ("_path", "_file", "_folder", "_directory")


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
    path: Path, device: Union[str, int, None], overrides: Any, ext_vars: Optional[Mapping[str, str]]
) -> Any:
    from allennlp.data import DatasetReader, Vocabulary
    from allennlp.models import Model
    from allennlp.predictors import Predictor

    params = read_config(path, overrides, ext_vars)
    if "model" not in params or "dataset_reader" not in params:
        raise SourceError(f"the config {path} has no 'model' or no 'dataset_reader': a predictor needs both")
    with configuration_errors(path):
        reader = DatasetReader.from_params(params.get("validation_dataset_reader", params["dataset_reader"]))
        model_params = params["model"]
        if "type" not in model_params:
            raise SourceError(f"the model of {path} has no 'type': name a registered model")
        model_class, _ = Model.resolve_class_name(model_params["type"])
        name = params.get("predictor", {}).get("type") or model_class.default_predictor
        if name is None:
            raise SourceError(f'the model of {path} names no predictor: add "predictor": {{"type": …}} to the config')
        extras: Dict[str, Any] = {}
        if "vocabulary" in params:
            extras["vocab"] = Vocabulary.from_params(params["vocabulary"])
        model = Model.from_params(model_params, **extras)
    kind = Predictor.by_name(name)
    return kind(placed(model, device), reader, **_options(params.get("predictor", {}), kind, path))


def _options(given: Any, kind: Any, path: Path) -> Dict[str, Any]:
    """What a config's "predictor" says beside its type. Raises SourceError for what the predictor does not take."""
    options = {key: value for key, value in dict(getattr(given, "params", given)).items() if key != "type"}
    known = list(inspect.signature(kind.__init__).parameters)[3:]  # behind self, model, dataset_reader
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise SourceError(
            f"the predictor of {path} has no option {unknown[0]!r}: a {kind.__name__} takes {', '.join(known) or 'none'}"
        )
    return options


def read_config(path: Path, overrides: Any, ext_vars: Optional[Mapping[str, str]]) -> Any:
    from allennlp.common import Params

    if not path.is_file():
        shipped = f", and none of that name is shipped: those are {', '.join(shipped_configs())}"
        raise SourceError(f"there is no config at {path}{shipped if _is_bare(path) else ''}")
    try:
        params = Params.from_file(str(path), as_overrides(overrides), dict(ext_vars or {}))
    except (RuntimeError, json.JSONDecodeError) as error:
        # jsonnet's message is several lines: the cause first, then the places in the file, innermost first
        cause = "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
        hint = " (give it in ext_vars)" if "undefined external variable" in cause.lower() else ""
        raise SourceError(f"the config {path} is not valid jsonnet: {cause}{hint}") from None
    return Params(_beside(params.as_dict(quiet=True), path.parent))


def read_config_file(file: Union[str, Path]) -> Any:
    """The content of a jsonnet or JSON file, its relative paths resolved beside it. Raises SourceError as loading does."""
    compat.require_allennlp()
    return read_config(find_config(file), None, None).as_dict(quiet=True)


def as_overrides(overrides: Any) -> str:
    if overrides is None:
        return ""
    return overrides if isinstance(overrides, str) else json.dumps(overrides)


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
def configuration_errors(path: Path) -> Iterator[None]:
    """AllenNLP's own errors of a config or archive as a SourceError that names the file."""
    from allennlp.common.checks import ConfigurationError

    try:
        yield
    except ConfigurationError as error:
        raise SourceError(f"{path} cannot be loaded: {' '.join(str(error.message).split())}") from error
    except FileNotFoundError as error:
        raise SourceError(f"{path} cannot be loaded, since a file is missing: {error}") from error
