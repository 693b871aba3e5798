"""The keyword options of the public functions: whose they are, and what was meant by one that nobody has."""

from __future__ import annotations

import inspect
from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple

from . import compat
from .adapters.loading import load_predictor
from .arguments import did_you_mean
from .errors import InputError
from .interpreters import kind_of, option_names
from .records import RELEASED

LOADING_OPTIONS = frozenset(inspect.signature(load_predictor).parameters) - {"source"}


def split(
    options: Mapping[str, Any], interpreters: Sequence[Any], function: Callable[..., Any]
) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """The options of `load_predictor`, and those of the interpreters, given to the public `function`.

    Raises InputError for one that none of them has, before anything is loaded. Where no interpreter takes options, they are
    not judged here: who makes the interpreter says so.
    """
    loading = {name: value for name, value in options.items() if name in LOADING_OPTIONS}
    rest = {name: value for name, value in options.items() if name not in LOADING_OPTIONS}
    if not rest:
        return loading, rest
    compat.require_allennlp()
    known: Dict[str, List[str]] = {}
    for interpreter in filter(takes_options, interpreters):
        names = option_names(interpreter)
        if names is None:
            return loading, rest
        known[str(kind_of(interpreter))] = names
    every = {name for names in known.values() for name in names}
    unknown = [name for name in rest if known and name not in every]
    if unknown:
        own = [n for n, p in inspect.signature(function).parameters.items() if p.kind is not p.VAR_KEYWORD]
        taken = [f"{kind!r} takes {', '.join(names) or 'none'}" for kind, names in known.items()]
        raise InputError(
            f"the options of {', '.join(map(repr, known))} are not accepted: {function.__name__} has no option "
            f"{unknown[0]!r}{did_you_mean(unknown[0], [*own, *every, *LOADING_OPTIONS]) or ':'} {'; '.join(taken)}; "
            f"load_predictor takes {', '.join(sorted(LOADING_OPTIONS))}"
        )
    return loading, rest


def takes_options(interpreter: Any) -> bool:
    """False for an instance, which has had its options, and for AllenNLP's own interpreters."""
    return kind_of(interpreter) not in (None, *RELEASED)
