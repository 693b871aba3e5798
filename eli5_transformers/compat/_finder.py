"""Runs code around the execution of modules whenever those are imported: the patches, and what waits for eli5."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence

from ..errors import CompatibilityError
from ._imports import private_imports
from ._patch import Patch

Execute = Callable[[ModuleType], None]
Around = Callable[[ModuleType, Execute], None]
"""Called with a module and the function that executes it, which it must call."""


class ExecutionLoader(Loader):
    """Executes a module with the real loader inside `around`; the module keeps the real loader."""

    def __init__(self, real: Loader, around: Around):
        self._real = real
        self._around = around

    def create_module(self, spec: ModuleSpec) -> Optional[ModuleType]:
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._real
        if module.__spec__ is not None:
            module.__spec__.loader = self._real
        self._around(module, self._real.exec_module)

    def __getattr__(self, name: str) -> Any:
        # What asks a spec's loader for source, code or resources before the import gets the real loader's answer.
        return getattr(self._real, name)


class ExecutionFinder(MetaPathFinder):
    """Finds the modules that something waits for, where the finders behind it find them: several may wait for one."""

    def __init__(self, waiting: Mapping[str, Around]):
        self.waiting = dict(waiting)

    def around(self, name: str) -> Optional[Around]:
        """What waits for the module of that name, or None."""
        return self.waiting.get(name)

    def find_spec(
        self, fullname: str, path: Optional[Sequence[str]], target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        around = self.around(fullname)
        if around is None:
            return None
        for finder in sys.meta_path[sys.meta_path.index(self) + 1 :]:
            find = getattr(finder, "find_spec", None)
            spec = None if find is None else find(fullname, path, target)
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = ExecutionLoader(spec.loader, around)
                return spec
        return None


class PatchingFinder(ExecutionFinder):
    """Runs patches around the modules they are for."""

    def __init__(self, patches: Iterable[Patch]):
        self.patches: Dict[str, List[Patch]] = {}
        for patch in patches:
            for module in patch.modules:
                self.patches.setdefault(module, []).append(patch)
        super().__init__(dict.fromkeys(self.patches, self._patched))

    def _patched(self, module: ModuleType, execute: Execute) -> None:
        patches = self.patches[module.__name__]
        supplied: Dict[str, Any] = {}
        for patch in patches:
            if patch.supply is not None:
                supplied.update(patch.supply(module.__name__))
        with private_imports(module, supplied) if supplied else nullcontext():
            execute(module)
        for patch in patches:
            if patch.mend is not None:
                patch.check(module)
                patch.mend(module)


def is_one(finder: Any, kind: type) -> bool:
    """Whether it is of that class, or of the class of that name from an earlier import of this package.

    Reloaders take a package out of `sys.modules` and import it again: what it put in wait is still there.
    """
    found = type(finder)
    return (found.__module__, found.__qualname__) == (kind.__module__, kind.__qualname__)


def when_imported(name: str, then: Callable[[ModuleType], None]) -> None:
    """Call `then(module)` with the module of that name: now if it is imported, else whenever it is.

    Imports nothing. What waits for it already by another call is replaced; patches stay.
    """
    loaded = sys.modules.get(name)
    if loaded is not None:
        then(loaded)

    def around(module: ModuleType, execute: Execute) -> None:
        execute(module)
        then(module)

    finder: Any
    for finder in sys.meta_path:
        if is_one(finder, ExecutionFinder) and name in finder.waiting:
            finder.waiting[name] = around
            return
    sys.meta_path.insert(0, ExecutionFinder({name: around}))


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
