"""The locks of the package: whatever two threads must not do at once."""

from __future__ import annotations

import os
import threading
import weakref
from types import TracebackType
from typing import Optional, Type

_ALL: weakref.WeakSet[ProcessLock] = weakref.WeakSet()


class ProcessLock:
    """A lock that the thread which has it may take again, and that a forked child finds open.

    Of the threads of a process a fork takes along only the one that forks. A lock that another one holds at that moment
    would never be opened again.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        _ALL.add(self)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._lock.release()

    def reopen(self) -> None:
        """Forgets who had it."""
        self._lock = threading.RLock()


def _reopen_all() -> None:
    for lock in list(_ALL):
        lock.reopen()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reopen_all)

ALONE = ProcessLock()
"""Held by the one thread that changes, for a while, what others could see: state of the process, or of a module that can
have no twin. Taken before `READING`, never while that is held."""

READING = ProcessLock()
"""Held by the one thread that reads a text with AllenNLP's tokenizers, which keep how they were asked to cut."""
