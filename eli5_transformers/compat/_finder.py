"""Runs patches around the execution of the modules they are for, whenever those are imported."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Dict, Iterable, List, Optional, Sequence

from ..errors import CompatibilityError
from ._imports import private_imports
from ._patch import Patch


class PatchingLoader(Loader):
    """Executes a module with the real loader and its patches around it; the module keeps the real loader."""

    def __init__(self, real: Loader, patches: Sequence[Patch]):
        self._real = real
        self._patches = patches

    def create_module(self, spec: ModuleSpec) -> Optional[ModuleType]:
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._real
        if module.__spec__ is not None:
            module.__spec__.loader = self._real
        supplied: Dict[str, Any] = {}
        for patch in self._patches:
            if patch.supply is not None:
                supplied.update(patch.supply(module.__name__))
        with private_imports(module, supplied) if supplied else nullcontext():
            self._real.exec_module(module)
        for patch in self._patches:
            if patch.mend is not None:
                patch.check(module)
                patch.mend(module)

    def __getattr__(self, name: str) -> Any:
        # What asks a spec's loader for source, code or resources before the import gets the real loader's answer.
        return getattr(self._real, name)


class PatchingFinder(MetaPathFinder):
    """Finds the modules that have patches, where the finders behind it find them."""

    def __init__(self, patches: Iterable[Patch]):
        self.patches: Dict[str, List[Patch]] = {}
        for patch in patches:
            for module in patch.modules:
                self.patches.setdefault(module, []).append(patch)

    def find_spec(
        self, fullname: str, path: Optional[Sequence[str]], target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        if fullname not in self.patches:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if find is None or isinstance(finder, PatchingFinder):
                continue
            spec = find(fullname, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = PatchingLoader(spec.loader, self.patches[fullname])
                return spec
        return None


def forget_failed_import(package: str) -> None:
    """Drop the modules that a failed import of `package` left behind.

    Python drops the packages whose execution failed and keeps the submodules that they had imported by then. The
    next import would find those submodules as they are, without a patch.
    """
    for name in [name for name in sys.modules if name.startswith(f"{package}.")]:
        parents = name.split(".")[:-1]
        if any(".".join(parents[:depth]) not in sys.modules for depth in range(1, len(parents) + 1)):
            del sys.modules[name]


def refuse_early_import(patches: Iterable[Patch]) -> None:
    """Raise CompatibilityError when a module that must be changed is imported already."""
    for patch in patches:
        for module in patch.modules:
            if patch.mend is not None and module in sys.modules:
                raise CompatibilityError(
                    f"{module} was imported before eli5_transformers, too early to be patched ({patch.cause} needs "
                    "it): import eli5_transformers before allennlp, in a new process"
                )
