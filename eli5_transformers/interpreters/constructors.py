"""The options that an interpreter's constructor has, and those that it is given."""

from __future__ import annotations

import inspect
from typing import Any, Dict, Mapping, Optional

from ..arguments import can_be_written, did_you_mean, is_table, truth
from ..errors import InputError, shown

_NUMBERS = (int, float, Optional[int], Optional[float])
_TRUTHS = (bool, Optional[bool])


def options_of(kind: Any) -> Optional[Dict[str, inspect.Parameter]]:
    """The options of a registered class by name; None for one that takes any."""
    found: Dict[str, inspect.Parameter] = {}
    # A class whose constructor takes **kwargs hands them on to that of its base class.
    for owner in kind.__mro__ if isinstance(kind, type) else ():
        constructor = vars(owner).get("__init__")
        if constructor is None:
            continue
        own = inspect.signature(constructor).parameters
        found.update(
            {n: p for n, p in own.items() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL) and n not in found}
        )
        if all(parameter.kind is not parameter.VAR_KEYWORD for parameter in own.values()):
            return {name: parameter for name, parameter in found.items() if name not in ("self", "predictor")}
    return None


def require_options(settings: Mapping[str, Any], known: Optional[Mapping[str, inspect.Parameter]]) -> None:
    """Raises InputError for an option that the interpreter named by `type` does not have, and for a bool as a number."""
    name = settings["type"]
    for option, value in settings.items():
        if known is None or option == "type":
            continue
        if option not in known:
            raise InputError(
                f"the options of {name!r} are not accepted: it has no option {option!r}{did_you_mean(option, known) or ':'} it "
                f"takes {', '.join(known) or 'none'}"
            )
        # AllenNLP writes and compares what it is given.
        if not can_be_written(value) or is_table(value):
            raise InputError(f"{option} is {shown(value)}, which {name!r} cannot take")
        # AllenNLP would make the number 1 of it.
        if isinstance(value, bool) and known[option].annotation in _NUMBERS:
            raise InputError(f"{option} is {value}, but must be a number")
        # And True of a number.
        if isinstance(value, int) and known[option].annotation in _TRUTHS:
            truth(value, option)
