"""Public functions in a process that was forked, as the workers of many servers are."""

from __future__ import annotations

import functools
import os
import threading
from typing import Any, Callable, List, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])

_forked: List[int] = []
"""The thread that a fork took along, in the child: at most one."""


def surviving_forks(function: Function) -> Function:
    """The function, with no more than one of torch's threads in the thread that a fork took along.

    OpenMP keeps the threads of a thread that has computed for its next computation. A fork takes none of them along, and
    that computation would wait for them for ever (https://github.com/pytorch/pytorch/issues/17199); so would any other of
    torch's there, as that of a pipeline. Threads that begin in the child have threads of their own.
    """

    @functools.wraps(function)
    def called(*args: Any, **options: Any) -> Any:
        if threading.get_ident() not in _forked:
            return function(*args, **options)
        import torch  # by the functions themselves it is imported anyway

        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return function(*args, **options)
        finally:
            torch.set_num_threads(before)

    return cast(Function, called)


def _note_the_thread() -> None:
    _forked[:] = [threading.get_ident()]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_the_thread)
