"""Pickles that hold tensors and nothing else, while a load is running that may not unpickle more.

torch reads weights without running what is in them only since 2.6, and the tokenizers and retrievers of older releases of
transformers unpickle their files. All of them look `Unpickler`, `load` and `loads` up in the module `pickle`.
"""

from __future__ import annotations

import io
import pickle
import re
from contextlib import contextmanager
from typing import Any, Dict, Iterator

from ..locks import ProcessLock
from ..permissions import current

_TENSORS = {
    ("collections", "OrderedDict"),
    ("torch", "Size"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch._utils", "_rebuild_tensor"),
    ("torch._utils", "_rebuild_tensor_v2"),
}
_STORAGE = re.compile(r"torch(\.cuda)?\.[A-Z][A-Za-z0-9]*Storage")

_lock = ProcessLock()
_loads = 0
_originals: Dict[str, Any] = {}


def _refused() -> bool:
    permissions = current()
    return permissions is not None and not permissions.pickles


class TensorUnpickler(pickle.Unpickler):
    """Python's own; in a load that may not unpickle it finds no classes but those of which a tensor is made."""

    def find_class(self, module: str, name: str) -> Any:
        """The class, or UnpicklingError, before its module is imported."""
        if _refused() and (module, name) not in _TENSORS and not _STORAGE.fullmatch(f"{module}.{name}"):
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a tensor")
        return super().find_class(module, name)


def _load(file: Any, **options: Any) -> Any:
    return TensorUnpickler(file, **options).load() if _refused() else _originals["load"](file, **options)


def _loads_bytes(data: Any, /, **options: Any) -> Any:
    return TensorUnpickler(io.BytesIO(data), **options).load() if _refused() else _originals["loads"](data, **options)


_OURS = {"Unpickler": TensorUnpickler, "load": _load, "loads": _loads_bytes}
_originals.update({name: getattr(pickle, name) for name in _OURS})


@contextmanager
def tensors_alone() -> Iterator[None]:
    """While any load runs, `pickle` asks it; for all other threads it is as it was, and afterwards for everybody."""
    global _loads
    with _lock:
        _loads += 1
        if _loads == 1:
            _originals.update({name: getattr(pickle, name) for name in _OURS})
            for name, ours in _OURS.items():
                setattr(pickle, name, ours)
    try:
        yield
    finally:
        with _lock:
            _loads -= 1
            if _loads == 0:
                for name, ours in _OURS.items():
                    # Who has put something of his own there meanwhile keeps it.
                    if getattr(pickle, name) is ours:
                        setattr(pickle, name, _originals[name])
