"""Where an output goes: a file that is there when it is whole, a pipe or device, stdout.

A file is written beside its place, under a hidden name that ends in `.part`, and renamed: who reads it, or is stopped
while writing it, has the old one or the new one. It gets the permissions of the file that stood there, or those that any
new file gets. Links stay: a symbolic one keeps pointing, and where a file has several names, or its folder takes no new
files, the content of the same file is exchanged at the end.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import shutil
import stat
import sys
import tempfile
from typing import Any, List, Optional

from ..errors import InputError
from ..escapes import visible_line

STDOUT = "-"
_DESCRIPTOR = re.compile(r"(?:/dev/fd|/proc/(?:self|thread-self)/fd)/(\d+)")
_STANDARD = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
_MOST_LINKS = 40


class OutputError(InputError):
    """An output took no more: a full disk, a quota, a closed stdout."""


class Destination:
    """One output. `check` it, `open` it, `write` records, and `finish` it."""

    encoding = "utf-8"
    partial: Optional[str] = None
    """The unfinished file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.records = 0
        """How many records are in it."""

    def check(self) -> None:
        """Raises InputError for what cannot be written; changes nothing."""

    def open(self) -> None:
        """Ready for `write`."""

    def is_terminal(self) -> bool:
        """Whether a person looks at it."""
        return False

    def add(self, record: str) -> None:
        """Write a record. Raises OutputError, or BrokenPipeError where the reader has gone."""
        self.write(record)
        self.records += 1

    def write(self, text: str) -> None:
        """Write a part of a record. Raises as `add`."""
        raise NotImplementedError

    def finish(self, foot: str, complete: bool, stopped: bool) -> Optional[str]:
        """Write what closes the records; the name under which all is there, None where none could be kept.

        `complete` says that the run came to its end, `stopped` that it was asked to stop.
        """
        raise NotImplementedError

    def discard(self) -> None:
        """Leave no trace of it."""


class Stdout(Destination):
    """stdout as Python has it, in its own encoding: what that lacks is spelled."""

    def check(self) -> None:
        if sys.stdout is None:
            raise OutputError("stdout is closed: give --output FILE")

    def open(self) -> None:
        self.encoding = getattr(sys.stdout, "encoding", None) or "utf-8"

    def is_terminal(self) -> bool:
        return sys.stdout.isatty()

    def write(self, text: str) -> None:
        if os.linesep == "\r\n":
            text = text.replace("\r\n", "\n")  # stdout makes two of one again
        try:
            sys.stdout.write(text.encode(self.encoding, "backslashreplace").decode(self.encoding))
            sys.stdout.flush()
        except BrokenPipeError:
            silence_stdout()
            raise
        except OSError as error:
            silence_stdout()
            raise OutputError(f"stdout cannot be written: {error.strerror}") from error

    def finish(self, foot: str, complete: bool, stopped: bool) -> Optional[str]:
        self.write(foot)
        return "stdout"


class Direct(Destination):
    """A pipe, a device, a descriptor of the process: written as it comes."""

    _file: Optional[int] = None

    def __init__(self, name: str, path: str, descriptor: Optional[int] = None) -> None:
        super().__init__(name)
        self._path, self._descriptor = path, descriptor

    def check(self) -> None:
        try:
            if self._descriptor is not None:
                if _was_closed(self._descriptor):
                    raise OSError(errno.EBADF, "it is closed; give the name of a file")
                os.fstat(self._descriptor)
            elif not os.access(self._path, os.W_OK):
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            raise _refused(self.name, error) from None

    def open(self) -> None:
        try:
            taken = self._descriptor
            self._file = os.dup(taken) if taken is not None else os.open(self._path, os.O_WRONLY)
        except OSError as error:
            raise _refused(self.name, error) from None

    def is_terminal(self) -> bool:
        return self._file is not None and os.isatty(self._file)

    def write(self, text: str) -> None:
        assert self._file is not None
        try:
            _write_all(self._file, text)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(str(_refused(self.name, error))) from error

    def finish(self, foot: str, complete: bool, stopped: bool) -> Optional[str]:
        try:
            self.write(foot)
        finally:
            self.discard()
        return self.name

    def discard(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class Beside(Destination):
    """A file, which is written beside its place."""

    _file: Optional[int] = None

    def __init__(self, name: str, path: str) -> None:
        super().__init__(name)
        self._path = path
        self._ends: List[int] = [0]
        """Where the records end."""
        self._folder = os.path.dirname(path)

    def check(self) -> None:
        try:
            known = _stat(self._path)
            if known is not None and stat.S_ISDIR(known.st_mode):
                raise InputError(f"{self.name!r} cannot be written: it is a folder, give the name of a file")
            if not os.path.isdir(self._folder):
                raise InputError(f"{self.name!r} cannot be written: there is no folder {self._folder!r}")
            if not os.path.basename(self._path) or self.name.endswith(("/", os.sep)):
                raise InputError(f"{self.name!r} cannot be written: it is the name of a folder")
            if known is not None:
                os.close(os.open(self._path, os.O_WRONLY))
        except (OSError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise _refused(self.name, error) from None
        try:
            self._create(known)
        except OSError as error:
            if known is None:
                raise _refused(self.name, error) from None
            # Its folder takes no new files, but it can be written itself.
            self._folder = tempfile.gettempdir()
        self.discard()

    def open(self) -> None:
        try:
            self._create(_stat(self._path))
        except OSError as error:
            raise _refused(self.name, error) from None

    def _create(self, known: Optional[os.stat_result]) -> None:
        base = os.fsdecode(os.fsencode(os.path.basename(self._path))[:150])
        partial = os.path.join(self._folder, f".{base}.{os.getpid()}-{secrets.token_hex(3)}.part")
        mode = 0o666 if known is None else stat.S_IMODE(known.st_mode)
        self._file = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode & 0o777)
        self.partial, self._ends = partial, [0]
        if known is not None and hasattr(os, "fchown"):
            own = (os.geteuid(), os.getegid())
            for owner, group in ((known.st_uid, known.st_gid), (-1, known.st_gid)):
                try:
                    if (owner, group) != own:
                        os.fchown(self._file, owner, group)
                    break
                except OSError:  # somebody else's file in a folder of one's own: the new one is one's own
                    pass
            os.fchmod(self._file, mode)

    def write(self, text: str) -> None:
        assert self._file is not None
        try:
            _write_all(self._file, text)
        except OSError as error:
            raise OutputError(str(_refused(self.name, error))) from error
        self._ends.append(os.lseek(self._file, 0, os.SEEK_CUR))

    def finish(self, foot: str, complete: bool, stopped: bool) -> Optional[str]:
        assert self._file is not None
        written = self.records
        if not self._closed_by(foot):
            self.discard()
            return None
        complete = complete and self.records == written
        os.close(self._file)
        self._file = None
        place = self._path
        if not (complete or stopped) and os.path.lexists(place):
            root, suffix = os.path.splitext(place)
            place = f"{root}.partial{suffix}"
        self._put(place)
        return self.name if place == self._path else place

    def _closed_by(self, foot: str) -> bool:
        """Cut to the last record that leaves room for the foot; False where there is room for none."""
        assert self._file is not None
        while True:
            try:
                os.ftruncate(self._file, self._ends[-1])
                os.lseek(self._file, self._ends[-1], os.SEEK_SET)
                _write_all(self._file, foot)
                os.fsync(self._file)  # what a disk of the network has no room for is told here
                return True
            except OSError as error:
                if len(self._ends) <= 2 or error.errno == errno.EIO:
                    return False
                self._ends.pop()
                self.records -= 1

    def _put(self, place: str) -> None:
        made = self.partial
        assert made is not None
        try:
            known = _stat(place)
            beside = os.path.dirname(made) == os.path.dirname(place)
            if not (beside and (known is None or known.st_nlink < 2) and _renamed(made, place)):
                with open(made, "rb") as whole, open(place, "wb") as file:
                    shutil.copyfileobj(whole, file)
                os.unlink(made)
            self.partial = None
        except OSError as error:
            left = f"; what was explained is in {made!r}" if os.path.exists(made) else ""
            raise OutputError(f"{_refused(self.name, error)}{left}") from error

    def discard(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self.partial is not None:
            with contextlib.suppress(OSError):
                os.unlink(self.partial)
            self.partial = None


def destination(name: Optional[str], option: str) -> Destination:
    """What a name on the command line stands for; None and "-" are stdout. Raises InputError for what names nothing."""
    if name is None or name == STDOUT:
        return Stdout("stdout")
    if not name:
        raise InputError(f"{option} is empty: give the name of a file")
    path = os.path.abspath(name)
    for _ in range(_MOST_LINKS):
        found = _DESCRIPTOR.fullmatch(path)
        if path in _STANDARD or found:
            return Direct(name, path, _STANDARD[path] if found is None else int(found[1]))
        try:
            path = os.path.abspath(os.path.join(os.path.dirname(path), os.readlink(path)))
        except (OSError, ValueError):
            break
    try:
        known = _stat(path)
    except (OSError, ValueError):
        known = None  # `check` says what is wrong
    if known is not None and not stat.S_ISREG(known.st_mode) and not stat.S_ISDIR(known.st_mode):
        return Direct(name, path)
    return Beside(name, os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path)))


def require_apart(outputs: List[Any], inputs: List[Any]) -> None:
    """Raises InputError where a file is written twice, or read and written: `(option, destination or name)` of each."""
    for number, (option, held) in enumerate(outputs):
        for other, given in outputs[number + 1 :]:
            if _same(_known_as(held), _known_as(given)) or (isinstance(held, Stdout) and isinstance(given, Stdout)):
                raise InputError(f"{option} and {other} are both {given.name}: give two names")
        for other, given in inputs:
            if _same(_known_as(held), os.path.realpath(given) if given != STDOUT else 0):
                raise InputError(
                    f"{option} {held.name!r} is the file that {other} reads, which would be lost: give another name"
                )


def _known_as(held: Destination) -> Any:
    """A path, or the number of an open file."""
    if isinstance(held, Stdout):
        return 1
    if isinstance(held, Direct):
        return held._path if held._descriptor is None else held._descriptor
    return held._path  # type: ignore[attr-defined]


def _same(one: Any, other: Any) -> bool:
    """Whether two names are of one file; a terminal, or the like, may be used twice."""
    try:
        found = [os.fstat(name) if isinstance(name, int) else os.stat(name) for name in (one, other)]
    except (OSError, ValueError):
        return bool(one == other)
    return os.path.samestat(*found) and stat.S_ISREG(found[0].st_mode)


def _was_closed(descriptor: int) -> bool:
    """Whether the caller has closed a standard stream: what is open under its number now leads nowhere."""
    return descriptor < 3 and (sys.__stdin__, sys.__stdout__, sys.__stderr__)[descriptor] is None


def _stat(path: str) -> Optional[os.stat_result]:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _renamed(made: str, place: str) -> bool:
    """False where it stands, but takes no other name: mounted by itself, or somebody else's in a folder of all."""
    try:
        os.replace(made, place)
        return True
    except OSError:
        if not os.path.isfile(place):
            raise
        return False


def _write_all(file: int, text: str) -> None:
    left = memoryview(text.encode("utf-8", "backslashreplace"))
    while left:
        left = left[os.write(file, left) :]


def _refused(name: str, error: Exception) -> InputError:
    return InputError(f"{name!r} cannot be written: {getattr(error, 'strerror', None) or error}")


def silence_stdout() -> None:
    """Let nothing more go to a stdout that takes nothing: Python would complain once more when it flushes it at exit."""
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
        os.close(nothing)
    except (OSError, ValueError, AttributeError):
        sys.stdout = None  # type: ignore[assignment]


def say(message: str) -> None:
    """A line on stderr, where there is one; what it cannot take ends nothing."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"{visible_line(message)}\n")
