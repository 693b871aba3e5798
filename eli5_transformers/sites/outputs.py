"""The tensor of vectors in whatever a module returns, and the same output with another tensor in its place."""

from __future__ import annotations

import dataclasses
from typing import Any, Iterator, Optional, Tuple

import torch


def first_tensor(result: Any) -> Optional[torch.Tensor]:
    """The tensor that a module returned: alone, or the first in a tuple, a list, a dict, an output object or a dataclass.

    I-BERT's look-up returns a scale with its vectors, XLNet's layers two streams, encoders an output object, ELMo's a mask
    before its vectors: masks and ids stand behind numbers.
    """
    if isinstance(result, torch.Tensor):
        return result
    place = _first_place(result)
    return None if place is None else next(value for name, value in _parts(result) if name == place)


def _first_place(result: Any) -> Any:
    tensors = [(place, value) for place, value in _parts(result) if isinstance(value, torch.Tensor)]
    floating = [place for place, value in tensors if value.is_floating_point()]
    return next(iter([*floating, *(place for place, _ in tensors)]), None)


def with_first_tensor(result: Any, tensor: torch.Tensor) -> Any:
    """`result` with its first tensor replaced; the object that the module returned is not changed itself."""
    if isinstance(result, torch.Tensor):
        return tensor
    place = _first_place(result)
    if isinstance(result, dict):
        # The output objects of transformers are both: made of their fields, which are those that are not None.
        entries = {**result, place: tensor}
        return type(result)(**entries) if dataclasses.is_dataclass(result) else type(result)(entries)
    if dataclasses.is_dataclass(result):
        return dataclasses.replace(result, **{place: tensor})  # type: ignore[type-var]
    items = [tensor if index == place else value for index, value in enumerate(result)]
    return type(result)._make(items) if hasattr(result, "_make") else type(result)(items)


def _parts(result: Any) -> Iterator[Tuple[Any, Any]]:
    if isinstance(result, dict):
        yield from result.items()
    elif isinstance(result, (tuple, list)):
        yield from enumerate(result)
    elif dataclasses.is_dataclass(result) and not isinstance(result, type):
        yield from ((field.name, getattr(result, field.name)) for field in dataclasses.fields(result))
