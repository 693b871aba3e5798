"""AllenNLP archives and serialization folders to predictors."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path
from typing import Any, Union

from ..errors import SourceError
from .configs import as_overrides, configuration_errors
from .objects import placed

SUFFIXES = (".tar.gz", ".tgz", ".tar")


def is_serialization_folder(path: Path) -> bool:
    return (path / "model.tar.gz").is_file() or ((path / "best.th").is_file() and (path / "config.json").is_file())


def from_archive(path: Path, device: Union[str, int, None], overrides: Any) -> Any:
    from allennlp.models.archival import load_archive
    from allennlp.predictors import Predictor

    if not path.exists():
        raise SourceError(f"there is no archive at {path}")
    if path.is_file():
        _refuse_climbing(path)
    with configuration_errors(path):
        archive = load_archive(str(path), overrides=as_overrides(overrides))
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
