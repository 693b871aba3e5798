"""What AllenNLP and eli5 change in the process when they are imported, put back where this package is what imports them.

AllenNLP is a program as much as a library: its import makes its own class that of all new loggers
(common/logging.py:46), silences the logger "tqdm" and stops tqdm's monitor (common/tqdm.py:28,32), and adds filters of
warnings (__init__.py:5); what it and eli5 import in turn adds others, an environment variable and a hook for exceptions,
and draws a random number. Who asks this package for an explanation has asked for none of it. Whoever imports AllenNLP
himself gets what AllenNLP does.
"""

from __future__ import annotations

import functools
import gc
import logging
import os
import signal
import sys
import threading
import warnings
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any, Callable, Iterator, List, Optional

from ._finder import Around, Execute, ExecutionFinder, is_one, when_imported

_PACKAGE = __name__.split(".")[0]
# A command of AllenNLP's own is AllenNLP's program, and this one's frames are no callers.
_PROGRAM, _OWN = f"{_PACKAGE}.__main__", f"{_PACKAGE}.compat."


_state = threading.local()


class HostFinder(ExecutionFinder):
    """Waits for every module of AllenNLP and eli5."""

    def __init__(self) -> None:
        super().__init__({})

    def around(self, name: str) -> Optional[Around]:
        """What runs around the execution of the module; None for what is not theirs."""
        return _put_back if name.split(".")[0] in ("allennlp", "eli5") else None


def keep_host() -> None:
    """Put it in wait, once."""
    if not any(is_one(finder, HostFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, HostFinder())
        when_imported("allennlp.common.logging", _take_over_progress_bars)
        when_imported("allennlp.common.util", _lend_loggers)


def _put_back(module: ModuleType, execute: Execute) -> None:
    if not _imported_by_this_package():
        execute(module)
    elif getattr(_state, "importing", False):
        # At once, so that the loggers of the libraries that are imported next are the host's.
        with _loggers():
            execute(module)
    else:
        if module.__name__.split(".")[0] == "allennlp":
            # What these two do when they are imported is theirs: a model needs them, whoever imports them first.
            import torch  # noqa: F401
            import transformers  # noqa: F401

        _state.importing = True
        try:
            with ExitStack() as stack:
                for kept in (*_IMPORTING, _loggers):
                    stack.enter_context(kept())
                execute(module)
        finally:
            _state.importing = False


def _imported_by_this_package() -> bool:
    """Whether the innermost caller that is this package's is not its program."""
    frame = sys._getframe()
    while frame is not None:
        name = frame.f_globals.get("__name__") or ""
        if name.split(".")[0] == _PACKAGE and not name.startswith(_OWN):
            return bool(name != _PROGRAM)
        frame = frame.f_back  # type: ignore[assignment]
    return False


@contextmanager
def _loggers() -> Iterator[None]:
    before = logging.getLoggerClass()
    try:
        yield
    finally:
        if logging.getLoggerClass().__module__.split(".")[0] == "allennlp":
            logging.setLoggerClass(before)


@contextmanager
def _progress_bars() -> Iterator[None]:
    from tqdm import tqdm

    interval, logger = tqdm.monitor_interval, logging.getLogger("tqdm")
    propagate = logger.propagate
    try:
        yield
    finally:
        tqdm.monitor_interval, logger.propagate = interval, propagate
        # In a notebook it is another class, which has none of its own.
        used = getattr(sys.modules.get("allennlp.common.tqdm"), "_tqdm", tqdm)
        if used is not tqdm and "monitor_interval" in vars(used):
            del used.monitor_interval


@contextmanager
def _filters_of_warnings() -> Iterator[None]:
    before = list(warnings.filters)
    try:
        yield
    finally:
        if list(warnings.filters) != before:
            warnings.resetwarnings()  # says that they have changed, which their list alone does not
            warnings.filters[:] = before  # type: ignore[index]


@contextmanager
def _environment() -> Iterator[None]:
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in set(os.environ) - set(before):
            del os.environ[name]
        os.environ.update({name: value for name, value in before.items() if os.environ.get(name) != value})


def _take_over_progress_bars(module: Any) -> None:
    """AllenNLP's training takes the log over, and that of its progress bars: as it expects, that is not printed twice."""
    original = module.prepare_global_logging

    @functools.wraps(original)
    def prepare_global_logging(*args: Any, **options: Any) -> Any:
        logging.getLogger("tqdm").propagate = False
        return original(*args, **options)

    module.prepare_global_logging = prepare_global_logging


def _lend_loggers(module: Any) -> None:
    """The packages that AllenNLP imports for its user (`--include-package`, plugins) may rely on its class of loggers."""
    original = module.import_module_and_submodules

    @functools.wraps(original)
    def import_module_and_submodules(*args: Any, **options: Any) -> Any:
        from allennlp.common.logging import AllenNlpLogger

        before = logging.getLoggerClass()
        logging.setLoggerClass(AllenNlpLogger)
        try:
            return original(*args, **options)
        finally:
            logging.setLoggerClass(before)

    module.import_module_and_submodules = import_module_and_submodules


@contextmanager
def _log() -> Iterator[None]:
    root = logging.getLogger()
    handlers, filters = list(root.handlers), list(root.filters)
    changed = {name: logging.getLogger(name) for name in (None, "filelock", "tqdm", "allennlp")}
    levels = {name: (logger.level, logger.disabled) for name, logger in changed.items()}
    try:
        yield
    finally:
        root.handlers[:], root.filters[:] = handlers, filters
        for name, logger in changed.items():
            level, logger.disabled = levels[name]
            logger.setLevel(level)


@contextmanager
def _hooks() -> Iterator[None]:
    hook, number = sys.excepthook, signal.SIGTERM
    # Another thread than the main one can set no handlers, nor has the program set any.
    main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(number)
    try:
        yield
    finally:
        sys.excepthook = hook
        if main and handler is not None and signal.getsignal(number) is not handler:
            signal.signal(number, handler)


@contextmanager
def _random_numbers() -> Iterator[None]:
    """Those of the libraries that are loaded: of the others nobody has drawn yet."""
    import random

    numpy: Any = getattr(sys.modules.get("numpy"), "random", None)
    torch: Any = sys.modules.get("torch")
    restore: List[Callable[[], Any]] = [functools.partial(random.setstate, random.getstate())]
    if numpy is not None:
        restore.append(functools.partial(numpy.set_state, numpy.get_state()))
    if torch is not None and hasattr(torch, "get_rng_state"):
        restore.append(functools.partial(torch.set_rng_state, torch.get_rng_state()))
    try:
        yield
    finally:
        for put_back in restore:
            put_back()


_IMPORTING = (_progress_bars, _filters_of_warnings, _environment, _hooks, _random_numbers)


@contextmanager
def _garbage() -> Iterator[None]:
    enabled = gc.isenabled()
    try:
        yield
    finally:
        (gc.enable if enabled else gc.disable)()


@contextmanager
def as_a_program() -> Iterator[None]:
    """A program run inside of another's process: log, signals, hooks, environment, random numbers are put back, and more."""
    with ExitStack() as stack:
        for kept in (*_IMPORTING, _loggers, _log, _garbage):
            stack.enter_context(kept())
        yield
