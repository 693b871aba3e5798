"""Archives to folders: files and folders alone, inside the folder, up to a size, or nothing at all."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import tarfile
import tempfile
import zlib
from contextlib import contextmanager
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Callable, Dict, Iterator, Union

from .errors import SourceError
from .permissions import Permissions

MAX_MEMBERS = 100_000
# Folders in each other. Python removes a folder by a call for each of them, which ends at a thousand.
MAX_DEPTH = 100
# A header of the archive that is longer than this describes no name of a file. It is read into memory whole.
_LONGEST_HEADER = 2**20
_COMPRESSIONS: Dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ": lzma.open}


@contextmanager
def unpacked(file: Union[str, os.PathLike[str]], permissions: Permissions, cleanup: bool = True) -> Iterator[str]:
    """A new folder with the content of a tar archive, compressed or not; it is removed at the end unless `cleanup` is False.

    Raises SourceError for an archive that cannot be read, that has links, devices, or a member outside of its folder,
    and for one that is larger than is permitted. Then nothing is left of it.
    """
    folder = tempfile.mkdtemp(prefix="eli5_transformers-")
    try:
        _unpack(file, folder, permissions)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    try:
        yield folder
    finally:
        if cleanup:
            shutil.rmtree(folder, ignore_errors=True)


def _unpack(file: Union[str, os.PathLike[str]], folder: str, permissions: Permissions) -> None:
    try:
        with _opened(file) as stream, tarfile.TarFile(fileobj=_Limited(stream)) as archive:  # type: ignore[arg-type]
            # One after the other, as they are read: what would be too large is not read to its end first.
            for count, member in enumerate(archive, start=1):
                if count > MAX_MEMBERS:
                    raise SourceError(f"the archive {file} is refused: it has more than {MAX_MEMBERS} members")
                _require_harmless(member, file)
                _count(member.size, permissions, file)
                _extract(archive, member, folder)
    except SourceError:
        raise
    except (tarfile.TarError, EOFError, OSError, ValueError, lzma.LZMAError, zlib.error, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SourceError(f"{file} is not an archive that can be read: {reason}") from None


def _opened(file: Union[str, os.PathLike[str]]) -> Any:
    """The archive's stream, decompressed. A pipe or a device would be waited for."""
    if not os.path.isfile(file):
        raise SourceError(f"{file} is not an archive that can be read: it is no file")
    with open(file, "rb") as raw:
        start = raw.read(6)
    return next((opener for magic, opener in _COMPRESSIONS.items() if start.startswith(magic)), open)(file, "rb")


def _require_harmless(member: tarfile.TarInfo, file: Any) -> None:
    shown = member.name if len(member.name) <= 100 else f"{member.name[:100]}…"
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE) or member.issparse():
        kind = "a link" if member.issym() or member.islnk() else "neither a file nor a folder"
        raise SourceError(
            f"the archive {file} is refused: its member {shown!r} is {kind}; an archive holds files and folders alone"
        )
    if member.size < 0:
        # The next header would be looked for before this one, again and again.
        raise SourceError(f"the archive {file} is refused: its member {shown!r} has a size below 0")
    posix, windows = PurePosixPath(member.name), PureWindowsPath(member.name)
    if len(posix.parts) > MAX_DEPTH:
        raise SourceError(f"the archive {file} is refused: its member {shown!r} is in more than {MAX_DEPTH} folders")
    climbs = os.pardir in posix.parts or os.pardir in windows.parts
    if posix.is_absolute() or windows.anchor or climbs or "\0" in member.name:
        raise SourceError(f"the archive {file} is refused: its member {shown!r} would be unpacked outside its folder")


def _count(size: int, permissions: Permissions, file: Any) -> None:
    permissions.unpacked += size
    if permissions.unpacked > permissions.max_unpacked:
        raise SourceError(
            f"the archive {file} is refused: it unpacks to more than {permissions.max_unpacked} bytes; "
            "max_unpacked (--max-unpacked) allows more"
        )


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: str) -> None:
    # Python 3.10 has the filter since 3.10.12; what it refuses has been refused above, too.
    options = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
    archive.extract(member, folder, set_attrs=False, **options)  # type: ignore[arg-type]


class _Limited:
    """The decompressed archive; a header that is read whole must not be longer than a header is."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _LONGEST_HEADER:
            raise tarfile.ReadError("a header is too long")
        return self._stream.read(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
