"""A file, a pipe or stdin as bytes that can be looked at before they are read, unpacked where they are gzip's."""

from __future__ import annotations

import gzip
import io
import os
import stat
import sys
import zlib
from pathlib import Path
from typing import Any, BinaryIO, Optional

from ..errors import InputError
from ..escapes import visible_line

SAMPLE = 128 * 1024
"""How many bytes of the beginning are looked at, at most."""
_GZIP = b"\x1f\x8b"


class Source:
    """The bytes of a file. Raises InputError for what is no file, or cannot be opened.

    A file can be opened again and again, and a pipe or stdin ("-") once: what was looked at is read again from memory.
    """

    def __init__(self, file: str) -> None:
        if not file:
            raise InputError("the name of the file is empty: give a file, or - for stdin")
        self.damage: Optional[str] = None
        """Why the bytes end sooner than they should, once they have been read; None where they do not."""
        self._file = file
        self.packed = False
        """Whether it is read through gzip."""
        self._refused: Optional[InputError] = None
        self._stream: Optional[io.BufferedReader] = None
        self.name = "stdin" if file == "-" else visible_line(os.path.basename(file))
        suffixes = [suffix.lower() for suffix in Path(file).suffixes]
        if suffixes and suffixes[-1] in (".gz", ".gzip"):
            suffixes.pop()
        self.suffix = suffixes[-1] if suffixes else ""
        self.repeatable = file != "-" and self._is_regular()
        self.head = b""
        """The first bytes: of a file up to SAMPLE, of a pipe what came with its first line, until `look` asks for more."""
        if self.repeatable:
            self.head = self._beginning()
        else:
            self._stream = io.BufferedReader(_Tolerant(self, self._opened()))
            self.look(first_line=True)
            if self.head.startswith(_GZIP):
                self._unpack_stream()

    @property
    def whole(self) -> bool:
        """Whether `head` is all there is."""
        return len(self.head) < SAMPLE and (self.repeatable or self._ended)

    @property
    def plain_path(self) -> Optional[str]:
        """The path of a file that is not packed, so that other libraries may open it; else None."""
        return self._file if self.repeatable and not self.packed else None

    def look(self, first_line: bool = False) -> None:
        """Read more of a pipe into `head`: up to SAMPLE, or only until a line that is not empty has ended."""
        while self._stream is not None and len(self.head) < SAMPLE:
            if first_line and self.head.lstrip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe").find(b"\n") >= 0:
                return
            more = self._stream.read1(SAMPLE - len(self.head))
            self._ended = not more
            if not more:
                return
            self.head += more

    def open(self) -> BinaryIO:
        """All bytes from the first one on."""
        if self._stream is None:
            return io.BufferedReader(_Tolerant(self, self._opened()))
        return io.BufferedReader(_Joined(self.head, self._stream))

    def close(self) -> None:
        """Let a pipe go that will not be read; stdin stays open."""
        if self._stream is not None:
            self._stream.close()

    def refuse(self, why: str) -> InputError:
        """The error that says why the file cannot be read."""
        shown = "stdin" if self._file == "-" else f"the file {self._file!r}"
        self._refused = InputError(f"{shown} {why}")
        return self._refused

    def said(self, error: Exception) -> bool:
        """Whether an error is one that `refuse` made, and so names the file."""
        return error is self._refused

    _ended = False

    def _is_regular(self) -> bool:
        try:
            mode = os.stat(self._file).st_mode
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from None
        if stat.S_ISDIR(mode):
            raise self.refuse(f"is a folder: give a file in it{self._hint()}")
        return stat.S_ISREG(mode)

    def _hint(self) -> str:
        """A file of the folder, or of a folder in it, that may hold the rows: those of `datasets` are named so."""
        for pattern in ("data-*.arrow", "*/data-*.arrow", "*.parquet", "*/*.parquet", "*.csv", "*.tsv", "*.jsonl", "*.txt"):
            found = min(Path(self._file).glob(pattern), default=None)
            if found is not None:
                return f", as {str(found)!r}"
        return ""

    def _unreadable(self, error: Exception) -> InputError:
        why = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        if not isinstance(error, FileNotFoundError):
            return self.refuse(why)
        if "://" in self._file:
            return self.refuse("is an address: fetch it first, and give the file, or a pipe from the program that fetches it")
        if self._file.startswith("~"):
            return self.refuse(f"{why}; a shell knows ~ only without quotes, and behind a space")
        if any(sign in self._file for sign in "*?["):
            return self.refuse(f"{why}; a pattern stands for no file: give several files as one, by a pipe to --input -")
        return self.refuse(why)

    def _opened(self) -> Any:
        if self._file == "-":
            if sys.stdin is None:
                raise self.refuse("is closed: there is nothing to read")
            stream = getattr(sys.stdin, "buffer", None)
            # A stdin that somebody has put a text into.
            return io.BytesIO(sys.stdin.read().encode("utf-8", "surrogatepass")) if stream is None else stream
        try:
            stream = open(self._file, "rb")  # noqa: SIM115  closed by whoever reads it
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from None
        return gzip.GzipFile(fileobj=stream) if self.packed else stream

    def _beginning(self) -> bytes:
        with self.open() as stream:
            head = stream.read(SAMPLE)
        if not self.packed and head.startswith(_GZIP):
            self.packed = True
            return self._beginning()
        if not head and self.damage:
            raise self.refuse(f"cannot be read: {self.damage}")
        return head

    def _unpack_stream(self) -> None:
        packed = self.open()
        self.packed = True
        self.head = b""
        self._stream = io.BufferedReader(_Tolerant(self, gzip.GzipFile(fileobj=packed)))
        self.look(first_line=True)
        if not self.head and self.damage:
            raise self.refuse(f"cannot be read: {self.damage}")


class _Tolerant(io.RawIOBase):
    """A stream that ends where it is damaged, and tells the source: what stands before that is read."""

    def __init__(self, source: Source, stream: Any) -> None:
        self._source, self._stream = source, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            read = self._stream.read1(len(buffer))
        except (EOFError, OSError, zlib.error) as error:
            packed = isinstance(self._stream, gzip.GzipFile)
            self._source.damage = (
                "its gzip data end too soon or are damaged" if packed else getattr(error, "strerror", None) or str(error)
            )
            return 0
        buffer[: len(read)] = read
        return len(read)

    def close(self) -> None:
        if not self.closed and self._stream is not getattr(sys.stdin, "buffer", None):
            inner = getattr(self._stream, "fileobj", None)
            self._stream.close()
            if inner is not None:
                inner.close()
        super().close()


class _Joined(io.RawIOBase):
    """Bytes that were read already, and then the rest of their stream."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = io.BytesIO(head), rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read = self._head.read(len(buffer)) or self._rest.read1(len(buffer))  # type: ignore[attr-defined]
        buffer[: len(read)] = read
        return len(read)

    def close(self) -> None:
        if not self.closed:
            self._rest.close()
        super().close()
