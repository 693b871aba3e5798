"""A run in a process of its own that has what is imported here: to start Python and import torch anew takes seconds."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import traceback
from typing import Any, Callable, NamedTuple

import torch


class Done(NamedTuple):
    returncode: int
    """As `subprocess` has it: negative for a signal."""
    stdout: str
    stderr: str


def forked(run: Callable[[], Any]) -> Done:
    """`run()` in a forked process, which may do to itself what it likes."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out, tempfile.TemporaryFile("w+", encoding="utf-8") as err:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            os._exit(_code_of(run))
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0)
        err.seek(0)
        return Done(code, out.read(), err.read())


def _code_of(run: Callable[[], Any]) -> int:
    # The threads of the parent are not there.
    torch.set_num_threads(1)
    # Whoever runs the tests in the background ignores some.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))
    try:
        run()
        code: Any = 0
    except SystemExit as stop:
        code = stop.code
        if isinstance(code, str):
            sys.stderr.write(f"{code}\n")
            code = 1
    except BaseException:
        traceback.print_exc()
        code = 70
    sys.stderr.flush()
    sys.stdout.flush()
    return int(code or 0)
