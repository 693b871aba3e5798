"""Being stopped, by Ctrl-C, a job's end or a closed terminal: records stay whole, and what was computed is kept."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager
from typing import Any, Iterator, List, Optional

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]
# One Ctrl-C may arrive twice: from the terminal, and from the program that started this one and was stopped by it, too.
_ONE_WISH = 0.2


class Stopped(KeyboardInterrupt):
    """A person, or the system, wants the run to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = 128 + number
        """The exit code, as a shell has it: 130 for Ctrl-C, 143 for SIGTERM."""


class Stopping:
    """The signals of one run. The first raises `Stopped`, a second ends the process at once."""

    def __init__(self) -> None:
        self.kept: List[str] = []
        """Files that a second signal leaves unfinished; it names them."""
        self._asked: Optional[Stopped] = None
        self._since = 0.0
        self._held = self._ending = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Where signals are met; those that are ignored (nohup, a job in the background) stay so."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        for number, handler in before.items():
            if handler not in (signal.SIG_IGN, None):
                signal.signal(number, self._meet)
        try:
            yield
        finally:
            for number, handler in before.items():
                if handler is not None:
                    signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Where a first signal waits for the end of the block: a record is written whole, or not at all."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        self.require_none()

    def ending(self) -> None:
        """What was computed is being put away: nothing more is raised."""
        self._ending = True

    def require_none(self) -> None:
        """Raises `Stopped` for a signal that waited, or whose exception was lost in somebody's code."""
        if self._asked is not None and not self._ending:
            raise self._asked

    def _meet(self, number: int, frame: Any) -> None:
        now = time.monotonic()
        if self._asked is None:
            self._asked, self._since = Stopped(number), now
            if not self._held and not self._ending:
                raise self._asked
        elif now - self._since > _ONE_WISH:
            if self.kept:
                left = ", ".join(self.kept).encode("utf-8", "backslashreplace")
                os.write(2, b"stopped at once; unfinished: " + left + b"\n")
            os._exit(128 + number)
