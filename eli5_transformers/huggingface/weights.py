"""Reads the weights of a checkpoint folder with every release of torch and transformers.

transformers 4.20 cannot read safetensors, and torch reads pickles safely only since 2.6.
"""

from __future__ import annotations

import json
import os
import pickle
import re
from pathlib import Path
from typing import TYPE_CHECKING, Callable, Dict, Iterable, List, Mapping, Tuple, Union

from ..compat._stack import installed_version, release
from ..errors import SourceError, short
from ..permissions import allows

if TYPE_CHECKING:
    import torch

SAFE_FILE = "model.safetensors"
PICKLE_FILE = "pytorch_model.bin"
INDEX = ".index.json"
# A prefix of all names is no part of a classifier, of which the head stands beside the encoder.
_PREFIXES = ("module.", "_orig_mod.", "model.", "_forward_module.", "net.", "_fsdp_wrapped_module.")
_INSIDE = ("_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")
_BEFORE = re.compile(r"((module|_orig_mod)\.)*")
_ANY_INSIDE = re.compile("|".join(map(re.escape, _INSIDE)))


def read_state_dict(folder: Union[str, os.PathLike[str]], *, allow_pickle: bool = False) -> Dict[str, torch.Tensor]:
    """The tensors of a HuggingFace checkpoint by the model's own names: `read_tensors` and `without_wrappers`."""
    return without_wrappers(read_tensors(folder, allow_pickle=allow_pickle))[0]


def read_tensors(folder: Union[str, os.PathLike[str]], *, allow_pickle: bool = False) -> Dict[str, torch.Tensor]:
    """The tensors of a HuggingFace checkpoint by name, on the CPU and in the data type of the file.

    Reads the first of `model.safetensors`, its shards (`model.safetensors.index.json`), `pytorch_model.bin` and its
    shards that is there. A `.bin` file is a pickle: it is read with torch's restricted reader (`weights_only`),
    which is safe since torch 2.6 (before, CVE-2025-32434), and with older releases only when `allow_pickle` is True.
    `allow_pickle=True` also reads pickles that hold more than tensors: only for files that you trust. In a load its
    caller has the last word on it.

    Raises SourceError when the folder has no weights, when a file cannot be read, and when a pickle would have to
    be trusted.
    """
    allow_pickle = allows("allow_pickle", allow_pickle)
    path = Path(folder)
    if not path.is_dir():
        raise SourceError(f"{os.fspath(folder)!r} is not a folder: give the folder of a checkpoint")
    for name, read in (
        (SAFE_FILE, _read_safetensors),
        (PICKLE_FILE, _trusting_reader if allow_pickle else _read_pickle),
    ):
        if (path / name).is_file():
            return _read_files([path / name], read)
        if (path / (name + INDEX)).is_file():
            return _read_files(_shards(path / (name + INDEX)), read)
    raise SourceError(
        f"{os.fspath(folder)!r} has no weights: neither {SAFE_FILE} nor {PICKLE_FILE} nor the index of their shards"
    )


def without_wrappers(tensors: Dict[str, torch.Tensor]) -> Tuple[Dict[str, torch.Tensor], str]:
    """The weights under the model's own names, where they were saved from something around it, and what must be said of that.

    Data parallelism, compiling and Lightning put a prefix before all names; sharding, checkpointing and a compiled part put
    theirs in the middle of some.
    """
    told: Dict[str, None] = {}
    inside = next((part for part in _INSIDE if any(part in name for name in tensors)), None)
    if inside is not None and any(_without(name) != name for name in tensors):
        names = {name: _without(name) for name in tensors}
        if len(set(names.values())) == len(names):
            tensors, told = {names[name]: tensor for name, tensor in tensors.items()}, {inside: None}
    while True:
        prefix = next((one for one in _PREFIXES if tensors and all(name.startswith(one) for name in tensors)), None)
        if prefix is None:
            break
        told[prefix] = None
        tensors = {name[len(prefix) :]: tensor for name, tensor in tensors.items()}
    listed = ", ".join(map(repr, told))
    note = f"The names of the checkpoint's weights were read without {listed}, of what it was saved from."
    return tensors, note if told else ""


def _without(name: str) -> str:
    """The name without what stands in the middle of it; what stands before it is a prefix of all names, or of another kind."""
    before = _BEFORE.match(name)
    begin = before.end() if before else 0
    return name[:begin] + _ANY_INSIDE.sub("", name[begin:])


def require_numbers(name: str, tensors: Mapping[str, torch.Tensor], parameters: Iterable[str]) -> None:
    """Raises SourceError where parameters of a model are those of a quantized one, which mean nothing without its scales."""
    import torch

    plain = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
    packed = sorted(key for key in parameters if key in tensors and tensors[key].dtype not in plain)
    if packed:
        kind = str(tensors[packed[0]].dtype).rpartition(".")[2]
        raise SourceError(
            f"the checkpoint {name!r} has weights of the type {kind} ({', '.join(packed[:2])}), as quantized models have, but "
            "no quantization_config in its config.json: give the model as it was before, or, loaded with the library that "
            "quantized it, as an object with tokenizer="
        )


def _shards(index: Path) -> List[Path]:
    """The files that an index names, each once, all in the folder of the index."""
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SourceError(f"{str(index)!r} is not the index of a sharded checkpoint: {error!r}") from error
    for name in names:
        if not isinstance(name, str) or name != os.path.basename(name) or name in ("", ".", ".."):
            raise SourceError(f"{str(index)!r} names the shard {name!r}, which is not a file of its own folder")
        if not (index.parent / name).is_file():
            raise SourceError(f"{str(index)!r} names the shard {name!r}, which is missing: download it again")
    return [index.parent / name for name in names]


def _require_content(file: Path) -> None:
    """Refuses what stands for a file, as git has it without its extension for large ones, and one that has nothing in it."""
    with open(file, "rb") as opened:
        start = opened.read(64)
    if start.startswith(b"version https://git-lfs"):
        raise SourceError(f"{str(file)!r} is a pointer of Git LFS, and not the weights: fetch them with `git lfs pull`")
    if not start:
        raise SourceError(f"{str(file)!r} is empty: download it again")
    if start.lstrip()[:1] == b"<":
        raise SourceError(f"{str(file)!r} is a page of a web site, and not the weights: download them again")


def _read_files(files: Iterable[Path], read: Callable[[Path], Mapping[str, torch.Tensor]]) -> Dict[str, torch.Tensor]:
    import torch

    tensors: Dict[str, torch.Tensor] = {}
    for file in files:
        _require_content(file)
        content = read(file)
        if not isinstance(content, Mapping) or not all(
            isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in content.items()
        ):
            raise SourceError(f"{str(file)!r} does not hold tensors by name: save the model's state_dict()")
        tensors.update(content)
    return tensors


def _read_safetensors(file: Path) -> Mapping[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(str(file), device="cpu")
    except (SafetensorError, OSError, ValueError) as error:
        raise SourceError(f"{str(file)!r} cannot be read as safetensors ({short(error)}): download it again") from error


def _read_pickle(file: Path) -> Mapping[str, torch.Tensor]:
    import torch

    if release(installed_version("torch")) < (2, 6):
        raise SourceError(
            f"{str(file)!r} is a pickle, which torch {torch.__version__} cannot read without running what is in it: "
            "use a checkpoint with model.safetensors, or allow_pickle=True (--allow-pickle) if you trust the file"
        )
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise SourceError(
            f"{str(file)!r} is a pickle that holds more than tensors, or is damaged: use a checkpoint with "
            "model.safetensors, or allow_pickle=True (--allow-pickle) if you trust the file"
        ) from error
    except (RuntimeError, OSError, EOFError, ValueError) as error:
        raise SourceError(f"{str(file)!r} cannot be read as a checkpoint of torch: {short(error)}") from error


def _trusting_reader(file: Path) -> Mapping[str, torch.Tensor]:
    import torch

    # torch before 1.13 has no weights_only; from 2.6 on its default is True.
    options = {"weights_only": False} if release(installed_version("torch")) >= (1, 13) else {}
    try:
        return torch.load(file, map_location="cpu", **options)
    except Exception as error:
        raise SourceError(f"{str(file)!r} cannot be read as a checkpoint of torch: {short(error)}") from error
