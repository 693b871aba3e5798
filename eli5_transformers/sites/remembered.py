"""Whether a module is still the one of which something was learnt."""

from __future__ import annotations

import weakref

import torch


class Remembered:
    """A module as it was at some moment: the modules in it, held weakly, the type of its numbers and where they are."""

    def __init__(self, module: torch.nn.Module) -> None:
        self._parts = [weakref.ref(part) for part in module.modules()]
        self._kind = _kind(module)

    def is_still(self, module: torch.nn.Module) -> bool:
        """False once a part stands in the place of another (a new head), or all were moved or cast."""
        now = list(module.modules())
        same = len(self._parts) == len(now) and all(part() is other for part, other in zip(self._parts, now))
        return same and self._kind == _kind(module)


def _kind(module: torch.nn.Module) -> object:
    first = next(module.parameters(), None)
    return None if first is None else (first.dtype, first.device)
