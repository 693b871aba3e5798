"""AllenNLP's own processes: what they start with, and the locks they are handed.

A process that is started by "spawn" imports what it is to run and nothing else. It begins with a function of this
module, so that it imports this package, and with it the patches, before AllenNLP.
"""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any, Callable, Optional, Tuple

from .._imports import view
from .._patch import mends


def run(target: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call `target` in a process that has the patches."""
    return target(*args, **kwargs)


def run_ranked(rank: int, target: Callable[..., Any], *args: Any) -> Any:
    """Call `target` with its rank first, as `torch.multiprocessing.spawn` does."""
    return target(rank, *args)


class PatchedContext:
    """A multiprocessing context whose processes have the patches."""

    def __init__(self, context: Any):
        self._context = context

    def Process(self, *, target: Callable[..., Any], args: Tuple[Any, ...] = (), **options: Any) -> Any:
        return self._context.Process(target=run, args=(target, *args), **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


class OwnLockContext:
    """A multiprocessing context that hands its processes its own lock in place of the progress bars' lock."""

    def __init__(self, context: Any, progress: Any):
        self._context = context
        self._progress = progress
        self._lock: Optional[Any] = None

    def Process(self, *, target: Callable[..., Any], args: Tuple[Any, ...] = (), **options: Any) -> Any:
        given = self._progress.get_lock()
        if self._lock is None:
            self._lock = self._context.RLock()
            self._progress.set_lock(self._lock)
        args = tuple(self._lock if argument is given else argument for argument in args)
        return self._context.Process(target=target, args=args, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)


def _wrap_context(loader: Any, wrap: Callable[[Any], Any]) -> None:
    """Let the two methods of `loader` that start processes see their context wrapped."""
    for name in ("_start_instance_workers", "_start_batch_workers"):
        original = getattr(loader, name)

        def start(self: Any, queue: Any, ctx: Any, *, original: Any = original) -> Any:
            return original(self, queue, wrap(ctx))

        setattr(loader, name, functools.wraps(original)(start))


WORKERS = {
    "Tqdm.get_lock": (),
    "MultiProcessDataLoader._start_instance_workers": ("self", "queue", "ctx"),
    "MultiProcessDataLoader._start_batch_workers": ("self", "queue", "ctx"),
}


@mends(
    "allennlp.data.data_loaders.multiprocess_data_loader",
    cause="Python 3.11",
    needed=lambda stack: not stack.pinned,
    expects=WORKERS,
)
def data_workers(module: ModuleType) -> None:
    """Spawned data workers import AllenNLP before there is a patch, and fail.

    data/data_loaders/multiprocess_data_loader.py:437,454, with `start_method: "spawn"`.
    """
    _wrap_context(module.MultiProcessDataLoader, PatchedContext)


@mends(
    "allennlp.data.data_loaders.multiprocess_data_loader",
    cause="Python 3.11.5",
    needed=lambda stack: stack.python >= (3, 11, 5),
    expects=WORKERS,
)
def worker_lock(module: ModuleType) -> None:
    """A lock of the default context cannot be handed to a process of another one.

    data/data_loaders/multiprocess_data_loader.py:431,449 make it by `mp.RLock()`, whatever the `start_method` is.
    """
    _wrap_context(module.MultiProcessDataLoader, functools.partial(OwnLockContext, progress=module.Tqdm))


@mends(
    "allennlp.commands.train",
    cause="Python 3.11",
    needed=lambda stack: not stack.pinned,
    expects={"mp.spawn": None, "train_model": None},
)
def training_workers(module: ModuleType) -> None:
    """The spawned processes of distributed training import AllenNLP before there is a patch, and fail.

    commands/train.py:325.
    """
    processes = module.mp

    @functools.wraps(processes.spawn)
    def spawn(fn: Callable[..., Any], args: Tuple[Any, ...] = (), *others: Any, **options: Any) -> Any:
        return processes.spawn(run_ranked, (fn, *args), *others, **options)

    module.mp = view(processes, "spawn", spawn)  # type: ignore[attr-defined]


PATCHES = (data_workers, worker_lock, training_workers)
