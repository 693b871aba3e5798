"""The predictor around a model and a reader that were loaded: the one that is asked for, or that fits."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Union

from ..arguments import did_you_mean
from ..errors import InputError, SourceError, shown

Chosen = Union[str, Mapping[str, Any], type, None]
"""A registered name, an object with a name and options as a config has it, or a class; None for what fits."""

# What reads a text where neither the source nor its model names a predictor: the reader itself.
_FALLBACK = "text_to_instance"


def require_predictor(chosen: Any) -> None:
    """Raises InputError for what names no predictor."""
    from allennlp.predictors import Predictor

    if isinstance(chosen, Mapping) and isinstance(chosen.get("type"), str):
        return
    if chosen is None or isinstance(chosen, str) or (isinstance(chosen, type) and issubclass(chosen, Predictor)):
        return
    raise InputError(
        f'predictor is {shown(chosen)}, but must be a registered name, an object such as {{"type": "text_classifier"}}, or a '
        "class of predictors"
    )


def predictor_of(model: Any, reader: Any, said: Any, chosen: Chosen, path: Path) -> Any:
    """The predictor: `chosen` by the caller, else `said` by the source, else the model's own, else the reader's.

    What a source or caller says beside the type are its options. Raises SourceError, or InputError where the caller chose,
    for options that the predictor does not have.
    """
    from allennlp.common import Params
    from allennlp.common.from_params import create_kwargs
    from allennlp.predictors import Predictor

    kind: Any = chosen
    options: Dict[str, Any] = {}
    if not isinstance(chosen, type):
        given: Any = chosen if chosen is not None else said
        if given is None:
            given = _fitting(model, reader)
        given = {"type": given} if isinstance(given, str) else dict(getattr(given, "params", given))
        kind, options = Predictor.by_name(given.pop("type")), given
    names = list(inspect.signature(kind).parameters)
    _require_options(options, names[2:], kind, path, chosen is not None)
    if not options:
        return kind(model, reader)
    own = getattr(kind, "__self__", kind)
    constructor = kind.__init__ if isinstance(kind, type) else kind  # type: ignore[misc]
    arguments: Dict[str, Any] = create_kwargs(
        constructor, own, Params(options), **dict(zip(names, (model, reader)))
    )
    return kind(**arguments)


def _fitting(model: Any, reader: Any) -> str:
    """The model's own predictor, but for AllenNLP's of one text where the reader must be given more.

    `basic_classifier` names that one, whatever reader it was trained with.
    """
    from allennlp.predictors import Predictor, TextClassifierPredictor

    from ..components.text_to_instance import ReaderPredictor

    name = getattr(model, "default_predictor", None)
    if name is not None and len(ReaderPredictor.parameters(reader)) > 1:
        kind: Any = Predictor.by_name(name)
        if getattr(kind, "_json_to_instance", None) is TextClassifierPredictor._json_to_instance:
            return _FALLBACK
    return name or _FALLBACK


def _require_options(options: Mapping[str, Any], known: List[str], kind: Any, path: Path, called: bool) -> None:
    unknown: Optional[str] = next((name for name in options if name not in known), None)
    if unknown is None:
        return
    taken = f"a {getattr(kind, '__name__', kind)} takes {', '.join(known) or 'none'}"
    if called:
        raise InputError(f"predictor has no option {unknown!r}{did_you_mean(unknown, known)}: {taken}")
    raise SourceError(f"the predictor of {path} has no option {unknown!r}{did_you_mean(unknown, known)}: {taken}")
