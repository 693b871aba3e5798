"""Hooks that reach the sites of a model, and no other call of the same modules."""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, List, Sequence, Set, Tuple

import torch

from .outputs import first_tensor, with_first_tensor
from .tracing import Site


class SiteHooks:
    """Hooks that tell the sites from other calls of the same modules, in the thread that made this object."""

    def __init__(self, sites: Sequence[Site], change: Callable[[int, torch.Tensor], torch.Tensor]) -> None:
        self.names = {site.name for site in sites}
        self.callers = {site.caller for site in sites} | {""}
        self.reached: Set[int] = set()
        self._sites = sites
        self._index = {(site.caller, site.name, site.call): index for index, site in enumerate(sites)}
        self._change = change
        self._thread = threading.get_ident()
        self._calls: Dict[Tuple[str, str], int] = {}
        self._active: List[str] = []

    def entering(self, name: str) -> Callable[..., None]:
        """Forward pre-hook of the caller `name`."""

        def hook(module: torch.nn.Module, arguments: Any) -> None:
            if threading.get_ident() != self._thread:
                return
            if name == "":
                # A new forward pass; the one before may have ended in an exception.
                self._calls, self._active = {}, []
            self._active.append(name)

        return hook

    def leaving(self, module: torch.nn.Module, arguments: Any, result: Any) -> None:
        """Forward hook of the callers."""
        if threading.get_ident() == self._thread:
            self._active.pop()

    def looked_up(self, name: str) -> Callable[..., Any]:
        """Forward hook of the module `name`."""

        def hook(module: torch.nn.Module, arguments: Any, result: Any) -> Any:
            if threading.get_ident() != self._thread:
                return None
            caller = self._active[-1] if self._active else ""
            call = self._calls.get((caller, name), 0)
            self._calls[caller, name] = call + 1
            index = self._index.get((caller, name, call))
            if index is None:
                return None
            vectors = first_tensor(result)
            if vectors is None:
                return None
            self.reached.add(index)
            if self._sites[index].transposed:
                return with_first_tensor(result, self._change(index, vectors.transpose(0, 1)).transpose(0, 1))
            return with_first_tensor(result, self._change(index, vectors))

        return hook
