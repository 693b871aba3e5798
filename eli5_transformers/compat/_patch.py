"""What a patch is: a change to one AllenNLP module, or to what that module sees when it imports others."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from types import MappingProxyType, ModuleType
from typing import Any, Callable, Mapping, Optional, Tuple

from ..errors import CompatibilityError
from ._stack import Stack

Mend = Callable[[ModuleType], None]
Supply = Callable[[str], Mapping[str, Any]]
Expected = Mapping[str, Optional[Tuple[str, ...]]]


@dataclass(frozen=True)
class Patch:
    """A declared difference between AllenNLP as released and AllenNLP as it runs here."""

    name: str
    modules: Tuple[str, ...]
    """The AllenNLP modules around whose execution the patch runs."""
    reason: str
    """What breaks without it, with the AllenNLP file and line."""
    cause: str
    """The upstream release that made it necessary, for instance "transformers 5.0"."""
    needed: Callable[[Stack], bool]
    expects: Expected = field(default_factory=lambda: MappingProxyType({}))
    """What `mend` finds in the executed module: dotted names, with the parameters of those that are functions."""
    mend: Optional[Mend] = None
    """Changes the executed module."""
    supply: Optional[Supply] = None
    """Gives, for a module's name, what its import statements find in place of the named modules."""

    def check(self, module: ModuleType) -> None:
        """Raise CompatibilityError unless `module` holds what the patch expects to change."""
        for path, parameters in self.expects.items():
            found: Any = module
            for name in path.split("."):
                found = getattr(found, name, None)
            if found is None:
                raise CompatibilityError(
                    f"the patch {self.name!r} expects {module.__name__} to have {path!r}, which this release of "
                    "AllenNLP has not: install allennlp==2.10.1"
                )
            if parameters is not None and tuple(inspect.signature(found).parameters) != parameters:
                raise CompatibilityError(
                    f"the patch {self.name!r} expects {module.__name__}.{path} to take {', '.join(parameters)}, but "
                    f"here it takes {inspect.signature(found)}: install allennlp==2.10.1"
                )


def mends(module: str, *, cause: str, needed: Callable[[Stack], bool], expects: Expected) -> Callable[[Mend], Patch]:
    """Make a patch of a function that changes `module` once it is executed; its docstring is the reason."""

    def declare(mend: Mend) -> Patch:
        return Patch(
            name=mend.__name__,
            modules=(module,),
            reason=inspect.getdoc(mend) or "",
            cause=cause,
            needed=needed,
            expects=MappingProxyType(dict(expects)),
            mend=mend,
        )

    return declare


def supplies(*modules: str, cause: str, needed: Callable[[Stack], bool]) -> Callable[[Supply], Patch]:
    """Make a patch of a function that says what `modules` find when they import; its docstring is the reason."""

    def declare(supply: Supply) -> Patch:
        return Patch(
            name=supply.__name__,
            modules=modules,
            reason=inspect.getdoc(supply) or "",
            cause=cause,
            needed=needed,
            supply=supply,
        )

    return declare
