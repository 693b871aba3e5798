"""eli5 without its explainers: for a command that needs its formatters alone.

`import eli5.base` first runs `eli5/__init__.py` (0.16), which imports scikit-learn, SciPy's statistics, pandas and
matplotlib for explainers and formatters that the command line never calls: half of the time that `explain` takes to start.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any


class _Postponed(ModuleType):
    """A package whose submodules can be imported at once, and whose own code runs when a name of it is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        full = f"{self.__name__}.{name}"
        if importlib.util.find_spec(full) is not None:
            return importlib.import_module(full)
        self.__class__ = ModuleType  # type: ignore[assignment]
        assert self.__spec__ is not None
        assert self.__spec__.loader is not None
        self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def postpone_eli5() -> None:
    """Put off what the packages `eli5` and `eli5.formatters` do when they are imported until something of them is used.

    Does nothing where eli5 is imported already.
    """
    if "eli5" in sys.modules:
        return
    for name in ("eli5", "eli5.formatters"):
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return
        module = importlib.util.module_from_spec(spec)
        module.__class__ = _Postponed
        sys.modules[name] = module
        parent, _, child = name.rpartition(".")
        if parent:  # as the import system does for a submodule that it imports
            setattr(sys.modules[parent], child, module)
