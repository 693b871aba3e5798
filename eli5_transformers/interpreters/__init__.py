"""Saliency interpreters: AllenNLP's own three as released, one file a method for all others."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional, Sequence, Union

from ..errors import InputError
from ..records import RELEASED, Attribution

__all__ = ["attribute", "make"]


def attribute(
    predictor: Any,
    inputs: Sequence[Mapping[str, Any]],
    interpreter: Union[str, Mapping[str, Any], Any] = "integrated-gradients",
    targets: Any = None,
    *,
    top_targets: Optional[int] = None,
    **options: Any,
) -> List[List[Attribution]]:
    """The attributions of each input, for each of its targets: `result[input][target]`.

    Parameters
    ----------
    predictor
        Any AllenNLP predictor of one text field whose model returns `logits`.
    inputs
        The predictor's JSON objects, `{"sentence": "…"}`.
    interpreter
        A registered name, a dict with `type` and options as a config has it, or an interpreter of this predictor.
    targets, top_targets
        The classes to explain: None for what the model predicts, a name, an index, or a sequence of these; or instead the
        number of classes with the highest logits.
    options
        The interpreter's, where a name is given.

    Raises InputError for an unknown interpreter, option or target, and for targets where one of AllenNLP's own
    interpreters is asked, which explain the predicted label alone.
    """
    from ..engine.targets import Top
    from .allennlp_own import attribute_released
    from .base import Interpreter

    if top_targets is not None:
        if targets is not None:
            raise InputError("targets and top_targets are both given: give one of them")
        targets = Top(top_targets)
    kind = interpreter.get("type") if isinstance(interpreter, Mapping) else interpreter
    if isinstance(kind, str) and kind in RELEASED:
        given = sorted({*options, *(interpreter if isinstance(interpreter, Mapping) else ())} - {"type"})
        if given:
            raise InputError(f"AllenNLP's {kind!r} has no options, but {', '.join(given)} were given")
        if targets is not None:
            raise InputError(
                f"AllenNLP's {kind!r} explains the predicted label alone: leave targets out, or use 'integrated-gradients'"
            )
        return [[attribute_released(predictor, dict(one), kind)] for one in inputs]
    made = make(predictor, interpreter, **options)
    if not isinstance(made, Interpreter):
        raise InputError(
            f"a {type(made).__name__} gives no attributions: use one of {', '.join(_names())}, or a subclass of "
            "eli5_transformers.interpreters.base.Interpreter"
        )
    return made.attribute(inputs, targets)


def make(predictor: Any, interpreter: Union[str, Mapping[str, Any], Any], **options: Any) -> Any:
    """The interpreter of a registered name, or of a dict with `type` and options; an interpreter is returned as it is.

    Raises InputError for an unknown name or option.
    """
    from allennlp.common import Params
    from allennlp.common.checks import ConfigurationError
    from allennlp.interpret.saliency_interpreters import SaliencyInterpreter

    from . import registered  # noqa: F401

    if isinstance(interpreter, SaliencyInterpreter):
        if options:
            raise InputError(f"an interpreter was given with the options {', '.join(options)}: give them when making it")
        return interpreter
    if isinstance(interpreter, str):
        interpreter = {"type": interpreter}
    if not isinstance(interpreter, Mapping) or not isinstance(interpreter.get("type"), str):
        raise InputError(
            f"interpreter is {interpreter!r}, but must be one of {', '.join(_names())}, a dict with one of them as 'type', "
            "or a SaliencyInterpreter"
        )
    # AllenNLP's Params take what JSON has, and lose what is taken from them.
    settings = {k: v.tolist() if hasattr(v, "tolist") else v for k, v in {**interpreter, **options}.items()}
    name = settings["type"]
    if name not in SaliencyInterpreter.list_available():
        raise InputError(f"there is no interpreter {name!r}: the registered ones are {', '.join(_names())}")
    try:
        return SaliencyInterpreter.from_params(Params(settings), predictor=predictor)
    except (ConfigurationError, TypeError) as error:
        reason = " ".join(str(getattr(error, "message", error)).split())
        raise InputError(f"the options of {name!r} are not accepted: {reason}") from error


def _names() -> List[str]:
    from allennlp.interpret.saliency_interpreters import SaliencyInterpreter

    return sorted(SaliencyInterpreter.list_available())
