"""Which texts are padded together, and how many rows go through the model at once."""

from __future__ import annotations

import enum
import os
from typing import Any, List, Optional, Sequence, Tuple

import torch

from ..sites.architectures import configs

# On a CPU the gain from batching ends where a chunk has about this many numbers at the embeddings (8 rows of 64 tokens of
# width 768); an accelerator wants more.
_CHUNK_NUMBERS = {"cpu": 8 * 64 * 768}
_CHUNK_NUMBERS_ACCELERATOR = 256 * 64 * 768
_MOST_ROWS = 512
# Positions that are run for those that hold tokens: for texts so small that calls cost more than positions, and others.
_SMALL_WASTE, _WASTE = 1.5, 1.1
# A share of the free memory that one chunk may take.
_MEMORY_SHARE = 0.25


class Sharing(enum.Enum):
    """Which texts may share a pass."""

    PADDED = "padded"
    EQUAL_LENGTHS = "equal lengths"
    NONE = "none"


def bucket(
    shapes: Sequence[Tuple[int, ...]], width: int, *, sharing: Sharing = Sharing.PADDED, device: str = "cpu"
) -> List[List[int]]:
    """The indices of the texts that share passes, longest first.

    `shapes` are the lengths of the texts: one each, or those of two parts that are padded by themselves. Texts of similar
    length share a bucket: padding makes it at most a tenth larger, or half as large again where all of it is small and calls
    cost more than positions. With another `sharing` they are those of equal length, or none.
    """
    lengths = [sum(shape) for shape in shapes]
    order = sorted(range(len(shapes)), key=lambda index: (-lengths[index], shapes[index]))
    if sharing is Sharing.NONE:
        return [[index] for index in order]
    small = _chunk_numbers(device) // 4
    buckets: List[List[int]] = []
    own, longest = 0, shapes[0] if shapes else ()
    for index in order:
        if buckets:
            common = tuple(map(max, longest, shapes[index]))
            count = len(buckets[-1]) + 1
            padded = sum(common) * count
            accepted = _SMALL_WASTE if padded * width <= small else _WASTE
            if sharing is Sharing.EQUAL_LENGTHS:
                accepted = 1.0
            if count <= _MOST_ROWS and padded <= accepted * (own + lengths[index]):
                buckets[-1].append(index)
                own, longest = own + lengths[index], common
                continue
        buckets.append([index])
        own, longest = lengths[index], shapes[index]
    return buckets


def rows_at_once(model: torch.nn.Module, length: int, width: int, device: torch.device) -> int:
    """How many rows of that length are differentiated at once where no `internal_batch_size` is given.

    As many as still make the work faster, and no more than a quarter of the free memory holds, by an estimate of what a
    transformer of the model's depth keeps for the backward pass.
    """
    fast = _chunk_numbers(device.type) // max(length * width, 1)
    free = free_memory(device)
    if free is not None:
        fast = min(fast, int(_MEMORY_SHARE * free / _bytes_a_row(model, length, width)))
    return max(1, min(fast, _MOST_ROWS))


def free_memory(device: torch.device) -> Optional[int]:
    """Bytes that are free on the device, or None where that is not known."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if device.type != "cpu":
        return None
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _chunk_numbers(device: str) -> int:
    return _CHUNK_NUMBERS.get(device, _CHUNK_NUMBERS_ACCELERATOR)


def _bytes_a_row(model: torch.nn.Module, length: int, width: int) -> int:
    """What one row keeps: about 16 vectors of the width and, with eager attention, 3 maps of all heads, a layer."""
    config = next(iter(configs(model)), None)
    layers, heads = _number(config, "num_hidden_layers", 2), _number(config, "num_attention_heads", 1)
    return 4 * layers * length * (16 * width + 3 * heads * length)


def _number(config: Any, name: str, default: int) -> int:
    value = getattr(config, name, None)
    return value if isinstance(value, int) and value > 0 else default
