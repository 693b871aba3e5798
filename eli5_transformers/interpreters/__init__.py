"""Saliency interpreters: AllenNLP's own three as released, one file a method for all others."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Union

from ..arguments import did_you_mean
from ..errors import InputError, shown
from ..records import RELEASED, Attribution, FailedText, PerText
from . import many
from .choosing import Names, by_shown_name, chosen, require_classes, shown_names
from .constructors import options_of, require_options

__all__ = ["attribute", "descriptions", "kind_of", "make", "option_names", "require_accepted", "require_known"]


def attribute(
    predictor: Any,
    inputs: Sequence[Union[Mapping[str, Any], FailedText]],
    interpreter: Union[str, Mapping[str, Any], Any] = "integrated-gradients",
    targets: Any = None,
    *,
    top_targets: Optional[int] = None,
    target_names: Names = None,
    on_error: str = "raise",
    **options: Any,
) -> List[List[Attribution]]:
    """The attributions of each input, for each of its targets: `result[input][target]`.

    Parameters
    ----------
    predictor
        Any AllenNLP predictor of one text field, or of two for a pair, whose model returns `logits`.
    inputs
        The predictor's JSON objects, `{"sentence": "…"}`; a FailedText stays in its place.
    interpreter
        A registered name, a dict with `type` and options as a config has it, or an interpreter of this predictor.
    targets, top_targets
        The classes to explain: None for what the model predicts, a name, an index, a sequence of these, or a `PerText`; or
        instead the number of classes with the highest logits (negative: the lowest).
    target_names
        Other names by which `targets` may ask: one for each class, or a dict from name to name.
    on_error
        "raise", or "skip" for a FailedText in the place of an input that cannot be explained.
    options
        The interpreter's, where a name is given.

    Raises InputError for an unknown interpreter, option or target, and for targets where one of AllenNLP's own
    interpreters is asked, which explain the predicted label alone. An error of one of several inputs names its place.
    """
    from ..compat.modes import require_numbers
    from ..components.explained_predictors import explained_model
    from ..engine.instances import PROBE

    require_numbers()
    many.require_on_error(on_error)
    wanted = chosen(targets, top_targets)
    if isinstance(wanted, PerText):
        wanted.of(len(inputs))
    if kind_of(interpreter) in RELEASED:
        return _attribute_released(predictor, inputs, interpreter, wanted, on_error, options)
    made = _made(predictor, interpreter, options)
    explained = explained_model(made.predictor)
    texts = many.one_by_one(lambda place: _encoded(explained, inputs[place]), len(inputs), on_error)
    places = [place for place, text in enumerate(texts) if not isinstance(text, FailedText)]
    if places:
        names = explained.classes.names
        require_classes(target_names, names)
        wanted = by_shown_name(wanted, shown_names(names, target_names), names)
        _require_targets(made, explained.classes, wanted, texts, on_error)
        places = [place for place in places if not isinstance(texts[place], FailedText)]

    def run(some: Sequence[int]) -> List[List[Attribution]]:
        own = PerText(tuple(wanted.targets[place] for place in some)) if isinstance(wanted, PerText) else wanted
        return made.explain([texts[place] for place in some], own)

    lengths = {place: len(texts[place]) for place in places}
    any_text = lambda: made.explain(  # noqa: E731
        [explained.encode_instance(explained.explainable.probe(PROBE), (PROBE,))]
    )
    found = many.together(run, lengths, len(texts), on_error, any_text)
    return [found.get(place, text) for place, text in enumerate(texts)]


def require_known(interpreter: Union[str, Mapping[str, Any], Any], **options: Any) -> None:
    """Raises InputError for an interpreter or an option that there is not: what can be said before a model is loaded."""
    if kind_of(interpreter) in RELEASED:
        _require_released(interpreter, None, options)
    elif isinstance(interpreter, (str, Mapping)):
        settings = {**_settings(interpreter), **options}
        require_options(settings, _parameters(settings))


def require_accepted(
    predictor: Any,
    interpreter: Union[str, Mapping[str, Any], Any],
    targets: Any = None,
    *,
    top_targets: Optional[int] = None,
    **options: Any,
) -> None:
    """Raises InputError for what `attribute` refuses whatever the texts are: interpreter, options and targets."""
    from ..components.explained_predictors import explained_model

    wanted = chosen(targets, top_targets)
    if kind_of(interpreter) in RELEASED:
        return _require_released(interpreter, wanted, options)
    made = _made(predictor, interpreter, options)
    _require_targets(made, explained_model(made.predictor).classes, wanted, [], "raise")
    return None


def _made(predictor: Any, interpreter: Any, options: Mapping[str, Any]) -> Any:
    """The interpreter, of this predictor and one that gives attributions. Raises InputError for others."""
    from .base import Interpreter

    made = make(predictor, interpreter, **options)
    _require_same_model(made, predictor)
    if not isinstance(made, Interpreter):
        raise InputError(
            f"a {type(made).__name__} gives no attributions: use one of {', '.join(_names())}, or a subclass of "
            "eli5_transformers.interpreters.base.Interpreter"
        )
    return made


def make(predictor: Any, interpreter: Union[str, Mapping[str, Any], Any], **options: Any) -> Any:
    """The interpreter of a registered name, or of a dict with `type` and options; an interpreter is returned as it is.

    Raises InputError for an unknown name or option.
    """
    from allennlp.common import Params
    from allennlp.common.checks import ConfigurationError
    from allennlp.interpret.saliency_interpreters import SaliencyInterpreter

    from .layers import with_layer_names

    if isinstance(interpreter, SaliencyInterpreter):
        if options:
            raise InputError(
                f"an interpreter was given with the options {', '.join(options)}: give them when making it"
            )
        return interpreter
    for option, value in _settings(interpreter).items():
        if option in options and options[option] is not value and not _equal(options[option], value):
            raise InputError(
                f"{option} is given twice: {shown(value)} in the interpreter's dict, {shown(options[option])} beside it"
            )
    # AllenNLP's Params take what JSON has, and lose what is taken from them.
    settings = {k: v.tolist() if hasattr(v, "tolist") else v for k, v in {**_settings(interpreter), **options}.items()}
    name = settings["type"]
    require_options(settings, _parameters(settings))
    try:
        return SaliencyInterpreter.from_params(Params(with_layer_names(predictor, settings)), predictor=predictor)
    except (ConfigurationError, TypeError) as error:
        reason = " ".join(str(getattr(error, "message", error)).split())
        raise InputError(f"the options of {name!r} are not accepted: {reason}") from error


def kind_of(interpreter: Any) -> Optional[str]:
    """The registered name in a name or a dict; None for an instance."""
    kind = interpreter.get("type") if isinstance(interpreter, Mapping) else interpreter
    return kind if isinstance(kind, str) else None


def option_names(interpreter: Any) -> Optional[List[str]]:
    """The options of a registered name or of a dict with `type`; none for an instance, which has had them.

    None for an interpreter that takes any. Raises InputError for an unknown name.
    """
    from allennlp.interpret.saliency_interpreters import SaliencyInterpreter

    if isinstance(interpreter, SaliencyInterpreter):
        return []
    known = _parameters(_settings(interpreter))
    return None if known is None else list(known)


def descriptions() -> Dict[str, str]:
    """The registered names, and what each does in a line."""
    from allennlp.interpret.saliency_interpreters import SaliencyInterpreter

    from . import registered  # noqa: F401
    from .allennlp_own import DESCRIPTIONS

    return {
        name: DESCRIPTIONS.get(name)
        or (inspect.getdoc(SaliencyInterpreter.by_name(name)) or "").partition("\n")[0].strip()
        for name in _names()
    }


def _attribute_released(
    predictor: Any, inputs: Sequence[Any], interpreter: Any, wanted: Any, on_error: str, options: Mapping[str, Any]
) -> List[Any]:
    from ..sites.architectures import caveats
    from .allennlp_own import attribute_released
    from .provenance import provenance

    _require_released(interpreter, wanted, options)
    kind = _settings(interpreter)["type"]

    def run(place: int) -> Any:
        if isinstance(inputs[place], FailedText):
            return inputs[place]
        found = attribute_released(predictor, dict(inputs[place]), kind)
        notes = (*found.notes, *getattr(predictor, "caveats", ()), *caveats(predictor._model))
        return [replace(found, notes=notes, provenance=provenance(predictor))]

    return many.one_by_one(run, len(inputs), on_error)


def _require_released(interpreter: Any, wanted: Any, options: Mapping[str, Any]) -> None:
    settings = _settings(interpreter)
    kind, given = settings["type"], sorted({*options, *settings} - {"type"})
    if given:
        raise InputError(f"AllenNLP's {kind!r} has no options, but {', '.join(given)} were given")
    if wanted is not None:
        raise InputError(
            f"AllenNLP's {kind!r} explains the predicted label alone: leave targets out, or use 'integrated-gradients'"
        )


def _require_same_model(interpreter: Any, predictor: Any) -> None:
    """An interpreter explains the model that it was made for; with another one, that would be silently left aside."""
    from ..sites.architectures import unwrapped

    own = interpreter.predictor
    if own is not predictor and unwrapped(own._model) is not unwrapped(predictor._model):
        raise InputError(
            f"the {type(interpreter).__name__} was made for another predictor than the one to explain: make it with that one, "
            "or give its name and options"
        )


def _equal(one: Any, other: Any) -> bool:
    """Whether two options say the same; arrays do not say so in one word."""
    return bool(type(one) is type(other) and not hasattr(one, "shape") and one == other)


def _encoded(explained: Any, given: Any) -> Any:
    if isinstance(given, FailedText):
        return given
    text = explained.encode(given)
    explained.require_known(text)
    return text


def _require_targets(made: Any, classes: Any, wanted: Any, texts: List[Any], on_error: str) -> None:
    """Targets that the model or the method does not have are refused before any text is explained: of a call, or a text."""
    logits = [0.0] * len(classes.names)

    def require(targets: Any) -> None:
        made.require_targets(classes.resolve(targets, logits))

    if not isinstance(wanted, PerText):
        require(wanted)
        return
    resolve: Callable[[int], Any] = lambda place: require(wanted.targets[place])  # noqa: E731
    for place, found in enumerate(many.one_by_one(resolve, len(texts), on_error)):
        if isinstance(found, FailedText) and not isinstance(texts[place], FailedText):
            texts[place] = found


def _parameters(settings: Mapping[str, Any]) -> Optional[Dict[str, inspect.Parameter]]:
    from allennlp.interpret.saliency_interpreters import SaliencyInterpreter

    from . import registered  # noqa: F401

    name = settings["type"]
    if name not in SaliencyInterpreter.list_available():
        raise InputError(
            f"there is no interpreter {name!r}: the registered ones are {', '.join(_names())}{did_you_mean(name, _names())}"
        )
    return options_of(SaliencyInterpreter.by_name(name))


def _settings(interpreter: Any) -> Dict[str, Any]:
    """An interpreter's name or dict, as a dict with `type`. Raises InputError for anything else."""
    settings = {"type": interpreter} if isinstance(interpreter, str) else interpreter
    if not isinstance(settings, Mapping) or not isinstance(settings.get("type"), str):
        given = shown(interpreter)
        if isinstance(interpreter, type):
            given = f"the class {interpreter.__name__}"
        raise InputError(
            f"interpreter is {given}, but must be one of {', '.join(_names())}, a dict with one of them as 'type', "
            "or a SaliencyInterpreter that was made, such as IntegratedGradients(predictor)"
        )
    return dict(settings)


def _names() -> List[str]:
    from allennlp.interpret.saliency_interpreters import SaliencyInterpreter

    return sorted(SaliencyInterpreter.list_available())
