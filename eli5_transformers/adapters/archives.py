"""AllenNLP archives and serialization folders to predictors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Union

from ..errors import SourceError
from ..permissions import Permissions
from ..unpacking import unpacked
from . import folders
from .configs import configuration_errors
from .objects import placed

SUFFIXES = (".tar.gz", ".tgz", ".tar")
_ARCHIVE = "model.tar.gz"
_WEIGHTS = ("best.th", "weights.th")


def is_serialization_folder(path: Path) -> bool:
    """Whether AllenNLP has written the folder: beside its archive, or instead of it, may lie a checkpoint's files."""
    if _is_checkpoint(path):
        return False
    return (path / _ARCHIVE).is_file() or _has_weights(path)


def from_archive(
    path: Path,
    device: Union[str, int, None],
    permissions: Permissions,
    of_checkpoint: Callable[[Path], Any],
    of_allennlp: Callable[[], str],
) -> Any:
    """The predictor of an archive or a serialization folder, with what is registered and permitted alone.

    An archive that holds a HuggingFace checkpoint is `of_checkpoint`'s, which is given its unpacked folder; for one of
    AllenNLP `of_allennlp` prepares the load and gives the changes to its config.
    """
    if not path.exists():
        raise SourceError(f"there is no archive at {path}")
    if path.is_dir() and not _has_weights(path):
        path = path / _ARCHIVE
    if path.is_dir():
        return _from_folder(path, path, device, of_allennlp())
    with unpacked(path, permissions) as unpacked_to:
        folder = Path(unpacked_to)
        if not (folder / "vocabulary").is_dir() and not _has_weights(folder) and folders.holds_checkpoint(folder):
            return of_checkpoint(folder)
        return _from_folder(folder, path, device, of_allennlp())


def _from_folder(folder: Path, named: Path, device: Union[str, int, None], changes: str) -> Any:
    """The predictor of a folder, with `named` in what is said of it."""
    from allennlp.models.archival import load_archive
    from allennlp.predictors import Predictor

    _require_archive(folder, named)
    with configuration_errors(named, folder):
        archive = load_archive(str(folder), overrides=changes)
        predictor = Predictor.from_archive(archive)
    placed(predictor._model, device)
    predictor.cuda_device = next(predictor._model.parameters()).get_device()
    return predictor


def _require_archive(folder: Path, named: Path) -> None:
    missing = [name for name in ("config.json", "vocabulary") if not (folder / name).exists()]
    missing += [] if _has_weights(folder) else [" or ".join(_WEIGHTS)]
    if missing:
        raise SourceError(f"{named} is not an archive of AllenNLP: it has no {missing[0]}")


def _has_weights(folder: Path) -> bool:
    return (folder / "config.json").is_file() and any((folder / name).is_file() for name in _WEIGHTS)


def _is_checkpoint(folder: Path) -> bool:
    """Whether the config.json is one of transformers, not of AllenNLP."""
    try:
        content = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and "model" not in content and ("model_type" in content or "architectures" in content)
