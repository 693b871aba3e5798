"""Imports that one module alone sees differently. `sys.modules` and `builtins` stay as they are."""

from __future__ import annotations

import builtins
import importlib
import sys
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Dict, Iterator, Mapping, Sequence, Set, Tuple

from ..errors import CompatibilityError, MissingDependencyError

DISTRIBUTIONS = {
    "cached_path": "cached-path",
    "more_itertools": "more-itertools",
    "sklearn": "scikit-learn",
}
"""Packages whose name for pip is not their name for Python."""


def load(name: str) -> ModuleType:
    """Import a module for real; MissingDependencyError when its package is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        package = name.split(".")[0]
        if error.name is None or error.name.split(".")[0] != package:
            raise
        distribution = DISTRIBUTIONS.get(package, package)
        raise MissingDependencyError(
            f"AllenNLP needs the package {package} for this, which is not installed: pip install {distribution}",
            name=package,
        ) from error


class LazyModule(ModuleType):
    """Stands for a module that may not be installed, and is not imported before something of it is used.

    It answers every name with a `LazyName`: that is what `from package import name` asks for, and
    `isinstance(x, package.Class)` (common/util.py:96) must not need the package either. Once the importer is
    executed (`open` is False) and somebody has imported the real module, it hands out what that has.
    """

    def __init__(self, name: str):
        super().__init__(name)
        self.__dict__.update(open=True, children={}, __path__=[])

    def __getattr__(self, name: str) -> Any:
        children: Dict[str, LazyModule] = self.__dict__["children"]
        if not self.__dict__["open"] and self.__name__ in sys.modules:
            return getattr(sys.modules[self.__name__], name)
        if name.startswith("__"):
            # Python's own machinery looks for such names and takes AttributeError for an answer.
            raise AttributeError(name)
        return children[name] if name in children else lazy_name(self.__name__, name)


class LazyName(type):
    """A class that stands for `name` of a module that is not imported yet.

    It is a class so that it can stand in annotations, in `isinstance` and among the bases of another class. Calls,
    attributes and items go to the real object.
    """

    where: Tuple[str, str]

    def real(cls) -> Any:
        module, name = cls.where
        try:
            return getattr(load(module), name)
        except AttributeError:
            pass
        try:
            return importlib.import_module(f"{module}.{name}")
        except ModuleNotFoundError:
            raise CompatibilityError(
                f"AllenNLP needs {name} of {module} for this, which the installed release does not have"
            ) from None

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls.real()(*args, **kwargs)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(cls.real(), name)

    def __getitem__(cls, key: Any) -> Any:
        return cls.real()[key]

    def __instancecheck__(cls, instance: Any) -> bool:
        # Nothing can be an instance of a class whose module is not imported.
        return cls.where[0] in sys.modules and isinstance(instance, cls.real())

    def __subclasscheck__(cls, subclass: type) -> bool:
        if type.__subclasscheck__(cls, subclass):
            return True
        return cls.where[0] in sys.modules and issubclass(subclass, cls.real())


def lazy_name(module: str, name: str) -> LazyName:
    """A stand-in for `name` of `module`."""
    return LazyName(name, (), {"where": (module, name), "__module__": module})


def lazy_modules(names: Sequence[str]) -> Dict[str, ModuleType]:
    """Stand-ins for the named modules that are not imported yet.

    A submodule comes after its package. Where the package is imported already, its submodule gets a stand-in only if
    the package imports its submodules when they are asked for (SciPy does): `import a.b` asks for `a`, and any other
    real `a` knows nothing of a stand-in for `a.b`.
    """
    made: Dict[str, ModuleType] = {}
    for name in names:
        parent, _, child = name.rpartition(".")
        real_parent = sys.modules.get(parent) if parent in names and parent not in made else None
        if name in sys.modules or (parent in names and parent not in made and not hasattr(real_parent, "__getattr__")):
            continue
        made[name] = LazyModule(name)
        owner = made.get(parent)
        if isinstance(owner, LazyModule):
            owner.__dict__["children"][child] = made[name]
        elif real_parent is not None:
            made[parent] = ModuleView(real_parent, {child: made[name]})
    return made


class ModuleView(ModuleType):
    """A module as one importer sees it: some names replaced, everything else the real module's."""

    def __init__(self, real: ModuleType, replaced: Mapping[str, Any]):
        super().__init__(real.__name__, real.__doc__)
        self.__dict__["real"] = real
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["real"], name)


def view(real: ModuleType, path: str, replacement: Any) -> ModuleView:
    """A view of `real` in which the dotted `path` gives `replacement`; modules on the way are views as well."""
    name, _, rest = path.partition(".")
    return ModuleView(real, {name: view(getattr(real, name), rest, replacement) if rest else replacement})


@contextmanager
def private_imports(module: ModuleType, supplied: Mapping[str, Any]) -> Iterator[None]:
    """While `module` is executed, its import statements find `supplied` (full module names to modules).

    Raises CompatibilityError when the module did not import one of the top-level names: then it is not the
    module for which they were meant.
    """
    asked: Set[str] = set()

    def import_(
        name: str,
        globals: Any = None,
        locals: Any = None,
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> Any:
        top = name.split(".")[0]
        wanted = name if fromlist else top
        if level == 0 and name in supplied and wanted in supplied:
            asked.add(top)
            return supplied[wanted]
        return builtins.__import__(name, globals, locals, fromlist, level)

    # Python takes `__import__` from the `__builtins__` of the executed module. The functions that the module
    # defines keep this copy, hence the real `__import__` is put back into it.
    private = dict(vars(builtins), __import__=import_)
    module.__dict__["__builtins__"] = private
    try:
        yield
    finally:
        private["__import__"] = builtins.__import__
        module.__dict__["__builtins__"] = vars(builtins)
        for stand_in in supplied.values():
            if isinstance(stand_in, LazyModule):
                stand_in.__dict__["open"] = False
    unasked = {name.split(".")[0] for name in supplied} - asked
    if unasked:
        raise CompatibilityError(
            f"{module.__name__} was expected to import {', '.join(sorted(unasked))} and does not: "
            "install allennlp==2.10.1"
        )
    for name, value in list(vars(module).items()):
        if isinstance(value, ModuleView) and any(value is view for view in supplied.values()):
            module.__dict__[name] = value.__dict__["real"]
