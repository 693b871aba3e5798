"""Pickles that hold tensors and nothing else, while a load is running that may not unpickle more.

torch reads weights without running what is in them only since 2.6, and the tokenizers and retrievers of older releases of
transformers unpickle their files. All of them look `Unpickler`, `load` and `loads` up in the module `pickle`. And `torch.load`
takes more than pickles: programs of TorchScript, which it runs, and archives, which it unpacks.
"""

from __future__ import annotations

import io
import os
import pickle
import re
import tarfile
import zipfile
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Tuple

from ..locks import ProcessLock
from ..permissions import current
from ._stack import installed_version, release

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


def _torch_load(f: Any, *args: Any, **options: Any) -> Any:
    if _refused() and isinstance(f, (str, os.PathLike)) and os.path.isfile(f):
        _require_no_program(f)
    permissions = current()
    # Who calls it, transformers or AllenNLP's embedder, does not know what the caller of the load allows.
    unsaid = options.get("weights_only") is None
    allowed = permissions is not None and (permissions.allow_pickle or (unsaid and permissions.pickles))
    if allowed and release(installed_version("torch")) >= (1, 13):
        options["weights_only"] = False
    return _originals["torch.load"](f, *args, **options)


def _require_no_program(file: Any) -> None:
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            # As `torch.load` tells them apart.
            if any(name.rpartition("/")[2] == "constants.pkl" for name in archive.namelist()):
                raise pickle.UnpicklingError("a program of TorchScript is no part of a tensor")
    elif tarfile.is_tarfile(file):
        raise pickle.UnpicklingError("an archive is no part of a tensor")


_OURS = {"Unpickler": TensorUnpickler, "load": _load, "loads": _loads_bytes, "torch.load": _torch_load}
_originals.update({name: getattr(pickle, name) for name in _OURS if "." not in name})


def _place(name: str) -> Tuple[Any, str]:
    import torch

    return (torch, "load") if name == "torch.load" else (pickle, name)


@contextmanager
def tensors_alone() -> Iterator[None]:
    """While any load runs, `pickle` and `torch.load` ask it; for all other threads, and afterwards, they are as they were."""
    global _loads
    with _lock:
        _loads += 1
        if _loads == 1:
            _originals.update({name: getattr(*_place(name)) for name in _OURS})
            for name, ours in _OURS.items():
                setattr(*_place(name), ours)
    try:
        yield
    finally:
        with _lock:
            _loads -= 1
            if _loads == 0:
                for name, ours in _OURS.items():
                    # Who has put something of his own there meanwhile keeps it.
                    if getattr(*_place(name)) is ours:
                        setattr(*_place(name), _originals[name])
