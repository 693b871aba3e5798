"""Several inputs together, as they are asked for."""

from __future__ import annotations

from typing import Iterator, List, TypeVar

Entry = TypeVar("Entry")


def batched(entries: Iterator[Entry], size: int) -> Iterator[List[Entry]]:
    """The entries, `size` at a time."""
    batch: List[Entry] = []
    for entry in entries:
        batch.append(entry)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
