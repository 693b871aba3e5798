"""AllenNLP's files without the package cached-path, which brings the clients of three cloud stores."""

from __future__ import annotations

import errno
import os
import shutil
import tarfile
import tempfile
import warnings
import zipfile
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace
from typing import IO, Any, Iterator, Optional, Union

from ...errors import MissingDependencyError
from .._patch import mends

PathLike = Union[str, "os.PathLike[str]"]
NO_WRITE_ACCESS = (errno.EACCES, errno.EROFS, errno.EPERM)


def cached_path(
    url_or_filename: PathLike,
    cache_dir: Optional[PathLike] = None,
    extract_archive: bool = False,
    force_extract: bool = False,
) -> str:
    """The path of a local file or folder, as `cached_path.cached_path` gives it.

    Raises FileNotFoundError for a path that does not exist and MissingDependencyError for what only the package
    can do: URLs, and reading a file out of an archive.
    """
    path = os.path.expanduser(os.fspath(url_or_filename))
    if os.path.exists(path) and not (extract_archive and _is_archive(path)):
        return path
    if "://" in path or "!" in path or os.path.exists(path):
        raise MissingDependencyError(
            f"reading {path} needs the package cached-path: pip install cached-path", name="cached_path"
        )
    raise FileNotFoundError(f"file {path} not found")


def _is_archive(path: str) -> bool:
    """Whether the package would unpack it: readers ask it to unpack whatever it is, also their lines of text."""
    return os.path.isfile(path) and (zipfile.is_zipfile(path) or tarfile.is_tarfile(path))


def is_url_or_existing_file(url_or_filename: Optional[PathLike]) -> bool:
    """True for what `cached_path` can find, or could if the package were installed."""
    if url_or_filename is None:
        return False
    path = os.path.expanduser(os.fspath(url_or_filename))
    return "://" in path or os.path.exists(path)


@contextmanager
def replacing_file(path: PathLike, mode: str = "w+b", suffix: str = ".tmp") -> Iterator[IO[Any]]:
    """A temporary file beside `path` that takes its place when the block ends without an error."""
    folder, name = os.path.split(os.path.abspath(os.fspath(path)))
    with tempfile.NamedTemporaryFile(mode, dir=folder, prefix=name, suffix=suffix, delete=False) as file:
        try:
            yield file
            file.close()
            shutil.move(file.name, path)
        except BaseException:
            os.remove(file.name)
            raise


def _lock_class() -> type:
    import filelock  # a requirement of torch and of huggingface_hub

    class FileLock(filelock.FileLock):
        """A lock file that may be in a folder without write access when `read_only_ok`."""

        def __init__(self, lock_file: PathLike, timeout: float = -1, read_only_ok: bool = False):
            super().__init__(os.fspath(lock_file), timeout=timeout)
            self._read_only_ok = read_only_ok

        def acquire(self, *args: Any, **kwargs: Any) -> Any:
            try:
                return super().acquire(*args, **kwargs)
            except OSError as error:
                if not self._read_only_ok or error.errno not in NO_WRITE_ACCESS:
                    raise
                warnings.warn(f"no write access to {self.lock_file}: reading without a lock", stacklevel=2)
                return filelock.AcquireReturnProxy(self)

    return FileLock


@mends(
    "allennlp.common.file_utils",
    cause="Python 3.11",
    needed=lambda stack: not stack.pinned and find_spec("cached_path") is None,
    expects={
        "_cached_path": None,
        "FileLock": None,
        "CacheFile": None,
        "is_url_or_existing_file": None,
        "cached_path": ("url_or_filename", "cache_dir", "extract_archive", "force_extract"),
    },
)
def files_without_cached_path(module: ModuleType) -> None:
    """Opening any file goes through the package cached-path.

    common/file_utils.py:39-49,134, and its FileLock guards every vocabulary (data/vocabulary.py:367,758). The
    release that AllenNLP pins does not install beside huggingface_hub 1.0; local files need none of it.
    """
    module.FileLock = _lock_class()  # type: ignore[attr-defined]
    module.CacheFile = replacing_file  # type: ignore[attr-defined]
    module.is_url_or_existing_file = is_url_or_existing_file  # type: ignore[attr-defined]
    module._cached_path = SimpleNamespace(cached_path=cached_path)  # type: ignore[attr-defined]


PATCHES = (files_without_cached_path,)
