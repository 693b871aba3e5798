"""AllenNLP archives and serialization folders to predictors."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Optional, Tuple, Union

from ..errors import SourceError, short
from ..permissions import Permissions, current
from ..unpacking import unpacked
from . import folders
from .config_errors import configuration_errors
from .configs import read_config, require_parts, with_types
from .json_files import content_of, is_allennlp, is_transformers
from .objects import placed, require_place
from .predictors import Chosen, predictor_of

SUFFIXES = (".tar.gz", ".tgz", ".tar")
_ARCHIVE = "model.tar.gz"
_CONFIG, _META, _NON_PADDED = "config.json", "meta.json", "non_padded_namespaces.txt"
_RENAMED = "; overrides can write its parts as 2.10.1 has them"
_WEIGHTS, _WEIGHTS_SUFFIX = ("best.th", "weights.th"), ".th"


def is_serialization_folder(path: Path) -> bool:
    """Whether AllenNLP has written the folder: beside its archive, or instead of it, may lie a checkpoint's files."""
    content = content_of(path / _CONFIG)
    if is_transformers(content):
        return False
    # A training that has not ended has left its config alone.
    return (path / _ARCHIVE).is_file() or _has_weights(path) or is_allennlp(content)


def require_whole(path: Path) -> None:
    """Raises SourceError for one file, or the vocabulary, of a training whose weights are beside it.

    Its config alone would make a model of random weights.
    """
    parent = path.parent
    part = path.name in (_CONFIG, _META) or path.name.endswith(_WEIGHTS_SUFFIX) or (path / _NON_PADDED).is_file()
    if part and ((parent / _ARCHIVE).is_file() or _has_weights(parent)) and is_serialization_folder(parent):
        raise SourceError(f"{path} is one part of what AllenNLP has trained: give the folder, {parent}")


def of_loaded(archive: Any, device: Union[str, int, None], predictor: Chosen = None) -> Any:
    """The predictor of an `Archive` that AllenNLP's `load_archive` has given; its model is used as it is."""
    require_place(archive.model, device)
    named = Path("the Archive")
    with configuration_errors(named):
        said = require_parts(named, archive.config.duplicate())
        return predictor_of(archive.model, archive.validation_dataset_reader, said, predictor, named)


def from_archive(
    path: Path,
    device: Union[str, int, None],
    permissions: Permissions,
    of_checkpoint: Callable[[Path], Any],
    of_allennlp: Callable[[], str],
    predictor: Chosen = None,
) -> Any:
    """The predictor of an archive or a serialization folder, with what is registered and permitted alone.

    An archive that holds a HuggingFace checkpoint is `of_checkpoint`'s, which is given its unpacked folder; for one of
    AllenNLP `of_allennlp` gives the changes to its config.
    """
    if not path.exists():
        raise SourceError(f"there is no archive at {path}")
    if path.is_dir() and not _has_weights(path) and ((path / _ARCHIVE).exists() or not (path / _CONFIG).is_file()):
        path = path / _ARCHIVE
    if path.is_dir():
        return _from_folder(path, path, device, of_allennlp(), predictor)
    with unpacked(path, permissions) as unpacked_to:
        folder = _inside(Path(unpacked_to))
        if not (folder / "vocabulary").is_dir() and not _has_weights(folder) and folders.holds_checkpoint(folder):
            return of_checkpoint(folder)
        return _from_folder(folder, path, device, of_allennlp(), predictor)


def _from_folder(folder: Path, named: Path, device: Union[str, int, None], changes: str, chosen: Chosen) -> Any:
    """The predictor of a folder, with `named` in what is said of it."""
    from allennlp.models.archival import load_archive

    _require_archive(folder, named)
    params = read_config(folder / _CONFIG, changes, None, named)
    said, changes = require_parts(named, params), with_types(params, changes)
    try:
        with configuration_errors(named, folder):
            archive = load_archive(str(folder), overrides=changes)
            model, reader = placed(archive.model, device), archive.validation_dataset_reader
            return predictor_of(model, reader, said, chosen, named)
    except SourceError as error:
        permissions = current()
        if permissions is not None and permissions.refusals:
            raise
        raise SourceError(f"{error}{_of_another_release(folder)}") from error


def _inside(folder: Path) -> Path:
    """The folder, or the only one in it where the archive was packed with that."""
    held = list(folder.iterdir())
    return held[0] if len(held) == 1 and held[0].is_dir() and (held[0] / _CONFIG).is_file() else folder


def _require_archive(folder: Path, named: Path) -> None:
    if not (folder / _CONFIG).is_file():
        raise SourceError(f"{named} is not an archive of AllenNLP: it has no {_CONFIG}")
    if not (folder / "vocabulary").is_dir():
        raise SourceError(f"{named} is not an archive of AllenNLP: it has no vocabulary (a folder)")
    if not _has_weights(folder):
        ended = "; the training has not ended" if list(folder.glob("model_state_*")) else ""
        raise SourceError(f"{named} is not an archive of AllenNLP: it has no {' or '.join(_WEIGHTS)}{ended}")
    if not (folder / "vocabulary" / _NON_PADDED).is_file():
        raise SourceError(f"the vocabulary of {named} is damaged: it has no {_NON_PADDED}")
    for file in sorted((folder / "vocabulary").glob("*.txt")):
        try:
            file.read_text(encoding="utf-8")
        except ValueError as error:
            raise SourceError(f"the vocabulary of {named} is damaged: {file.name} is not UTF-8 ({short(error)})") from None
    weights = next(folder / name for name in reversed(_WEIGHTS) if (folder / name).is_file())
    if not weights.stat().st_size:
        raise SourceError(f"{named} is damaged: its {weights.name} is empty")
    if (folder / _META).is_file() and _release(folder) is None:
        raise SourceError(f'{named} is damaged: its {_META} must be an object such as {{"version": "2.10.1"}}: take it out')


def _release(folder: Path) -> Optional[Tuple[int, ...]]:
    """The release of AllenNLP that made the archive; None where it does not say, as before 2.0, or says no release."""
    content = content_of(folder / _META)
    version = content.get("version") if isinstance(content, dict) else None
    parts = version.split(".")[:3] if isinstance(version, str) else []
    numbers = [int(part) for part in parts[:2] if part.isdecimal()]
    return tuple(numbers) if len(parts) == 3 and len(numbers) == 2 else None


def _of_another_release(folder: Path) -> str:
    found = _release(folder)
    if found is None:
        return (
            f" (it has no {_META}, as archives of AllenNLP before 2.0 have none: AllenNLP 2.10.1 may not read "
            f"those{_RENAMED})"
        )
    made = ".".join(map(str, found))
    return "" if found[0] == 2 else f" (it was made by AllenNLP {made}, which AllenNLP 2.10.1 may not read{_RENAMED})"


def _has_weights(folder: Path) -> bool:
    return (folder / _CONFIG).is_file() and any((folder / name).is_file() for name in _WEIGHTS)
