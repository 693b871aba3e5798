"""Packages that register classes of their author's own: AllenNLP's plugins, and those that a person names.

They are part of a person's environment, as what stands on PYTHONPATH is: the installed packages that AllenNLP knows as
plugins, and what `.allennlp_plugins` of the working folder and `~/.allennlp/plugins` name. They are imported only when a
source names something that nothing has registered. A file of plugins that comes with a source is never read.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import pkgutil
import sys
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Set, Tuple, TypeVar

from ..compat._guard import guarded
from ..errors import InputError, SourceError, is_error, short
from ..permissions import Permissions

Loaded = TypeVar("Loaded")


def loaded(load: Callable[[], Loaded], permissions: Permissions) -> Loaded:
    """`load()` with these permissions; once more behind an import of the plugins where it names what is not registered.

    Nothing is left of the first try. Raises what the last try raises, with what is wrong with the plugins in it.
    """
    try:
        with guarded(permissions):
            return load()
    except SourceError as error:
        if not permissions.unregistered:
            raise
        failed = error
    before = _known()
    problems = import_plugins()
    if _known() != before:
        permissions.begin_again()
        try:
            with guarded(permissions):
                return load()
        except SourceError as error:
            if not permissions.unregistered:
                raise
            failed = error
    if not problems:
        raise failed
    raise SourceError(f"{failed}; {'; '.join(problems)}") from failed


def import_plugins() -> List[str]:
    """Imports what AllenNLP's commands import before they begin; says in a sentence each what could not be imported."""
    from allennlp.common import plugins
    from allennlp.common.util import import_module_and_submodules

    # As in AllenNLP's own function: its deprecated modules and its tools are left out.
    import_module_and_submodules("allennlp", exclude={"allennlp.sanity_checks", "allennlp.tools"})
    problems: List[str] = []
    for name in plugins.DEFAULT_PLUGINS:
        if _is_installed(name):
            problems += _import(f"the plugin {name!r}", name, submodules=True)
    for file in (Path(plugins.LOCAL_PLUGINS_FILENAME), Path(plugins.GLOBAL_PLUGINS_FILENAME)):
        try:
            names = file.read_text(encoding="utf-8-sig").splitlines() if file.is_file() else []
        except (OSError, ValueError) as error:
            problems.append(f"{file} cannot be read: {short(error)}")
            continue
        for name in filter(None, map(str.strip, names)):
            problems += _import(f"the plugin {name!r} that {file} names", name)
    return problems


def import_package(name: str) -> None:
    """Imports a module, or a package with all modules in it, from the working folder too, as `--include-package` does.

    Raises InputError where one of them cannot be imported.
    """
    problems = _import(f"--include-package {name!r}", name, submodules=True)
    if problems:
        path = Path(name)
        meant = ".".join(path.with_suffix("").parts) if name.endswith(".py") or os.sep in name else ""
        raise InputError(problems[0] + (f"; did you mean {meant.lstrip('.')!r}?" if meant.strip(".") else ""))


def _import(what: str, name: str, submodules: bool = False) -> List[str]:
    """Imports a module found as AllenNLP finds it, the working folder first; the sentences that say what failed."""
    from allennlp.common.util import push_python_path

    importlib.invalidate_caches()
    with push_python_path("."):
        problems: List[str] = []
        for module in _with_submodules(name) if submodules else (name,):
            before = _known()
            try:
                importlib.import_module(module)
            except BaseException as error:
                if not is_error(error) and not isinstance(error, SystemExit):
                    raise
                _forget(module, before)
                said = short(error) if isinstance(error, ImportError) else f"{type(error).__name__}: {short(error)}"
                problems.append(f"{what} cannot be imported: {said}")
                if module == name:
                    break
        return list(dict.fromkeys(problems))


def _with_submodules(name: str) -> Iterator[str]:
    """The module, and once it is imported the public modules in it, save its tests."""
    yield name
    module = sys.modules[name]
    for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
        if not found.name.startswith(("_", "test")):
            inner = f"{name}.{found.name}"
            if not found.ispkg:
                yield inner
            else:
                for each in _with_submodules(inner):
                    yield each
                    if inner not in sys.modules:
                        break


def _forget(name: str, before: Tuple[Dict[Any, Set[str]], Set[str]]) -> None:
    """Takes back what an import that failed has registered since `before`: a second try registers it again."""
    from allennlp.common import Registrable

    registered, imported = before
    own = {f"{name.partition('.')[0]}."}
    for kind, registry in Registrable._registry.items():
        for new in set(registry) - registered.get(kind, set()):
            own.add(f"{registry.pop(new)[0].__module__}.")
    # What it imported of others stays: much of that cannot be imported twice.
    for module in set(sys.modules) - imported:
        if f"{module}.".startswith(tuple(own)):
            del sys.modules[module]


def _known() -> Tuple[Dict[Any, Set[str]], Set[str]]:
    """What is registered, and what is imported: by either a source may name a class."""
    from allennlp.common import Registrable

    return {kind: set(registry) for kind, registry in Registrable._registry.items() if registry}, set(sys.modules)


def _is_installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None
