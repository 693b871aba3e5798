"""Anything that a person already has, to an AllenNLP predictor.

Configs and archives are read here; checkpoints and objects in `wrapping`.
"""

from __future__ import annotations

import json
import os
import tarfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping, Optional, Sequence, Union

from .. import compat
from ..errors import InputError, SourceError
from .objects import from_checkpoint, from_object, placed

CONFIG_SUFFIXES = (".jsonnet", ".json")
ARCHIVE_SUFFIXES = (".tar.gz", ".tgz", ".tar")
# Keys of a config whose relative values are looked up beside the config before they are in the working folder.
_PATH_KEYS = ("model_name", "pretrained_model", "checkpoint", "directory", "source")
_PATH_ENDINGS = ("_path", "_file", "_folder", "_directory")


def load_predictor(
    source: Any,
    tokenizer: Any = None,
    *,
    device: Union[str, int, None] = None,
    overrides: Union[str, Mapping[str, Any], None] = None,
    ext_vars: Optional[Mapping[str, str]] = None,
    max_length: Optional[int] = None,
    truncation: Optional[str] = None,
    labels: Optional[Sequence[str]] = None,
    problem_type: Optional[str] = None,
    trust_remote_code: bool = False,
    allow_pickle: bool = False,
) -> Any:
    """The AllenNLP `Predictor` of anything that classifies texts.

    Parameters
    ----------
    source
        A folder with a HuggingFace checkpoint, or its id on the hub; a `.jsonnet` or `.json` config with a `model` and a
        `dataset_reader`; an AllenNLP archive (`model.tar.gz`, or its serialization folder); a transformers
        text-classification pipeline; with `tokenizer`, a `PreTrainedModel` or any `torch.nn.Module` that maps
        `input_ids` and `attention_mask` to logits (batch, classes); or a `Predictor`, which is returned as it is. An
        object is used as it is, never copied or changed.
    tokenizer
        The HuggingFace tokenizer of a model that is given as an object; for a checkpoint, another than its own.
    device
        "cpu", "cuda:0" or a number. A checkpoint, config or archive is loaded to the CPU by default; objects stay
        where they are.
    overrides, ext_vars
        Changes to and external variables of a config, as AllenNLP has them; `overrides` for archives too.
    max_length, truncation
        The most tokens that are read, and what happens to longer texts: "longest_first" (the default), "only_first",
        "only_second" or "error".
    labels, problem_type
        Names of the classes, in the order of the outputs, and the kind of head, where the model's config says nothing
        or something else: "single_label_classification", "multi_label_classification" or "regression".
    trust_remote_code, allow_pickle
        Run code that the checkpoint brings; read weights that can be read only by running what their author chose.

    Raises SourceError for anything else, and for a source that cannot be loaded or would predict noise.
    """
    compat.require_allennlp()
    from allennlp.predictors import Predictor

    own = {"max_length": max_length, "truncation": truncation, "labels": labels, "problem_type": problem_type}
    if isinstance(source, Predictor):
        _refuse({**own, "tokenizer": tokenizer, "overrides": overrides, "ext_vars": ext_vars}, "a Predictor")
        return source
    from . import registered_components  # noqa: F401  registers the components that configs name

    if not isinstance(source, (str, os.PathLike)):
        _refuse({"overrides": overrides, "ext_vars": ext_vars}, f"a {type(source).__name__}")
        return from_object(source, tokenizer, device, own)
    path = Path(os.path.expanduser(os.fspath(source)))
    if path.name.endswith(CONFIG_SUFFIXES):
        _refuse({**own, "tokenizer": tokenizer}, "a config (use overrides)")
        return _from_config(path, device, overrides, ext_vars)
    if path.name.endswith(ARCHIVE_SUFFIXES) or _is_serialization_folder(path):
        _refuse({**own, "tokenizer": tokenizer, "ext_vars": ext_vars}, "an archive (use overrides)")
        return _from_archive(path, device, overrides)
    _refuse({"overrides": overrides, "ext_vars": ext_vars}, "a checkpoint")
    name = str(path) if path.exists() else str(source)
    return from_checkpoint(name, tokenizer, device, own, trust_remote_code, allow_pickle)


def _is_serialization_folder(path: Path) -> bool:
    return (path / "model.tar.gz").is_file() or ((path / "best.th").is_file() and (path / "config.json").is_file())


def _refuse(options: Mapping[str, Any], what: str) -> None:
    """An option that would have no effect is a mistake, and says so."""
    for name, value in options.items():
        if value is not None:
            raise InputError(f"the option {name} is not for {what}")


def _from_config(
    path: Path, device: Union[str, int, None], overrides: Any, ext_vars: Optional[Mapping[str, str]]
) -> Any:
    from allennlp.data import DatasetReader, Vocabulary
    from allennlp.models import Model
    from allennlp.predictors import Predictor

    params = _read_config(path, overrides, ext_vars)
    if "model" not in params or "dataset_reader" not in params:
        raise SourceError(f"the config {path} has no 'model' or no 'dataset_reader': a predictor needs both")
    with _configuration_errors(path):
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
    return Predictor.by_name(name)(placed(model, device), reader)


def _from_archive(path: Path, device: Union[str, int, None], overrides: Any) -> Any:
    from allennlp.models.archival import load_archive
    from allennlp.predictors import Predictor

    if not path.exists():
        raise SourceError(f"there is no archive at {path}")
    if path.is_file():
        _refuse_climbing(path)
    with _configuration_errors(path):
        archive = load_archive(str(path), overrides=_as_overrides(overrides))
        predictor = Predictor.from_archive(archive)
    placed(predictor._model, device)
    predictor.cuda_device = next(predictor._model.parameters()).get_device()
    return predictor


def _refuse_climbing(path: Path) -> None:
    """AllenNLP unpacks an archive as it is (`models/archival.py:extracted_archive`): members must stay in its folder."""
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                inside = os.path.normpath(os.path.join(os.path.dirname(member.name), member.linkname or "."))
                names = [os.path.normpath(member.name)] + ([inside] if member.issym() else [])
                names += [os.path.normpath(member.linkname)] if member.islnk() else []
                if any(os.path.isabs(name) or name.split(os.sep)[0] == os.pardir for name in names) or member.isdev():
                    raise SourceError(
                        f"the archive {path} is refused: its member {member.name!r} would be unpacked outside its folder"
                    )
    except (tarfile.TarError, EOFError, OSError) as error:
        raise SourceError(f"{path} is not an archive that can be read: {error}") from None


def _read_config(path: Path, overrides: Any, ext_vars: Optional[Mapping[str, str]]) -> Any:
    from allennlp.common import Params

    if not path.is_file():
        raise SourceError(f"there is no config at {path}")
    try:
        params = Params.from_file(str(path), _as_overrides(overrides), dict(ext_vars or {}))
    except (RuntimeError, json.JSONDecodeError) as error:
        # jsonnet's message is several lines: the cause first, then the places in the file, innermost first
        cause = "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
        hint = " (give it in ext_vars)" if "undefined external variable" in cause.lower() else ""
        raise SourceError(f"the config {path} is not valid jsonnet: {cause}{hint}") from None
    return Params(_beside(params.as_dict(quiet=True), path.parent))


def read_config_file(file: Union[str, Path], ext_vars: Optional[Mapping[str, str]] = None) -> Any:
    """The content of a jsonnet or JSON file, its relative paths resolved beside it. Raises SourceError as loading does."""
    compat.require_allennlp()
    return _read_config(Path(os.path.expanduser(os.fspath(file))), None, ext_vars).as_dict(quiet=True)


def _as_overrides(overrides: Any) -> str:
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
def _configuration_errors(path: Path) -> Iterator[None]:
    """AllenNLP's own errors of a config or archive as a SourceError that names the file."""
    from allennlp.common.checks import ConfigurationError

    try:
        yield
    except ConfigurationError as error:
        raise SourceError(f"{path} cannot be loaded: {' '.join(str(error.message).split())}") from error
