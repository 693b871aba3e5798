"""The public functions: a source and a text in, attributions or an eli5 explanation out."""

from __future__ import annotations

import inspect
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from .adapters.loading import load_predictor
from .errors import ExplanationError, InputError, UnsupportedModelError
from .records import RELEASED, Attribution

if TYPE_CHECKING:
    from .views.comparison import Comparison

DEFAULT_INTERPRETER = "integrated-gradients"
COMPARED_INTERPRETERS = ("integrated-gradients", "gradient-x-input", "smoothgrad")
LOADING_OPTIONS = frozenset(inspect.signature(load_predictor).parameters) - {"source"}

Names = Union[Sequence[str], Mapping[str, str], None]


def attribute(
    source: Any,
    texts: Union[str, Sequence[str]],
    *,
    text_pairs: Union[str, Sequence[Optional[str]], None] = None,
    interpreter: Union[str, Mapping[str, Any], Any] = DEFAULT_INTERPRETER,
    targets: Any = None,
    top_targets: Optional[int] = None,
    **options: Any,
) -> List[List[Attribution]]:
    """The attributions of each text, for each explained target: `result[text][target]`.

    Parameters
    ----------
    source
        A predictor, or anything that `load_predictor` takes.
    texts, text_pairs
        One text or several, and for models of pairs the second text of each.
    interpreter
        A registered name ("integrated-gradients", "gradient-x-input", "smoothgrad", "occlusion", …; AllenNLP's own are
        "simple-gradient", "integrated-gradient", "smooth-gradient"), a dict with `type` and options as a config has it,
        or an interpreter.
    targets, top_targets
        The classes to explain: None for what the model predicts, a name, an index or a sequence of these; or the number
        of classes with the highest scores.
    options
        Options of the interpreter (`tolerance=`, `baseline=`, …) and of `load_predictor` (`tokenizer=`, `device=`, …).

    Raises InputError for texts, targets and options that are not accepted, SourceError for a source that cannot be loaded,
    UnsupportedModelError for a model that cannot be explained truthfully.
    """
    from . import interpreters

    loading, options = _split(options)
    predictor = load_predictor(source, **loading)
    several = [texts] if isinstance(texts, str) or not isinstance(texts, Sequence) else list(texts)
    pairs = [text_pairs] if text_pairs is None or isinstance(text_pairs, str) else list(text_pairs)
    pairs = pairs * len(several) if text_pairs is None else pairs
    if len(pairs) != len(several):
        raise InputError(f"{len(several)} texts were given with {len(pairs)} text_pairs: there must be one for each")
    inputs = [read_input(predictor, text, pair) for text, pair in zip(several, pairs)]
    return interpreters.attribute(predictor, inputs, interpreter, targets, top_targets=top_targets, **options)


def get_explanation(
    source: Any,
    text: str,
    *,
    text_pair: Optional[str] = None,
    interpreter: Union[str, Mapping[str, Any], Any] = DEFAULT_INTERPRETER,
    targets: Any = None,
    top_targets: Optional[int] = None,
    target_names: Names = None,
    top: Union[int, Tuple[int, int], None] = None,
    feature_re: Optional[str] = None,
    feature_filter: Optional[Callable[..., bool]] = None,
    granularity: str = "word",
    **options: Any,
) -> Any:
    """The eli5 `Explanation` of what the model says of a text, or of a pair of texts.

    `source`, `interpreter`, `targets` and `options` are as for `attribute`. `top_targets`, `target_names`, `top`,
    `feature_re` and `feature_filter` mean what they mean to `eli5.explain_prediction`: `top_targets` is the number of
    classes with the highest scores (negative: the lowest), `target_names` shows classes under other names, given as a
    list with one for each class or as a dict from name to name, by which `targets` may ask, too; the others choose the
    rows of the table. `granularity` says what a row is: "word", "token" or "sentence". Without targets the predicted class is
    explained. Every eli5 formatter takes the result.

    Raises what `attribute` raises.
    """
    loading, options = _split(options)
    predictor = load_predictor(source, **loading)
    explained = explain_inputs(
        predictor,
        [read_input(predictor, text, text_pair)],
        interpreter=interpreter,
        targets=targets,
        top_targets=top_targets,
        target_names=target_names,
        rows={"granularity": granularity, "top": top, "feature_re": feature_re, "feature_filter": feature_filter},
        options=options,
    )
    return explained[0]


def compare(
    source: Any,
    text: str,
    interpreters: Sequence[Union[str, Mapping[str, Any], Any]] = COMPARED_INTERPRETERS,
    *,
    text_pair: Optional[str] = None,
    targets: Any = None,
    **options: Any,
) -> Comparison:
    """What several interpreters say of one text, side by side.

    `interpreters` are registered names, dicts of a name ("type") and its options, or instances. `source`, `text_pair`,
    `targets` and `options` are as for `attribute`; interpreters that are instances or AllenNLP's own do not get the
    options. AllenNLP's own ("simple-gradient", "integrated-gradient", "smooth-gradient") explain the predicted label,
    whatever `targets` says, and are marked as what they are: unsigned, of the loss. A method that cannot explain this
    model is left out, and a note says why. The seconds are those of one run, after a prediction to warm up.

    Raises InputError for an unknown interpreter or option, and what `attribute` raises for the source and the text;
    UnsupportedModelError where no method is left.
    """
    from .interpreters import make
    from .views.comparison import Comparison

    if isinstance(interpreters, (str, Mapping)) or not interpreters:
        raise InputError(f"interpreters is {interpreters!r}, but must be a list of names, dicts or interpreters")
    loading, shared = _split(options)
    predictor = load_predictor(source, **loading)
    made: List[Tuple[str, Any, bool]] = []
    for interpreter in interpreters:
        kind = interpreter.get("type") if isinstance(interpreter, Mapping) else interpreter
        released = isinstance(kind, str) and kind in RELEASED
        named = isinstance(interpreter, (str, Mapping)) and not released
        name = kind if isinstance(kind, str) else type(interpreter).__name__
        made.append((name, make(predictor, interpreter, **shared) if named else interpreter, released))
    predictor.predict_json(read_input(predictor, text, text_pair))
    attributions: List[Attribution] = []
    seconds: List[Optional[float]] = []
    failed: List[str] = []
    for name, interpreter, released in made:
        start = time.perf_counter()
        try:
            (found,) = attribute(
                predictor,
                text,
                text_pairs=text_pair,
                interpreter=interpreter,
                targets=None if released else targets,
            )
        except (ExplanationError, UnsupportedModelError) as error:
            failed.append(f"{name} is left out: {error}")
            continue
        attributions += found
        seconds += [time.perf_counter() - start] * len(found)
    if not attributions:
        raise UnsupportedModelError("; ".join(failed))
    return Comparison(tuple(attributions), tuple(seconds), tuple(failed))


def explain_inputs(
    predictor: Any,
    inputs: Sequence[Mapping[str, str]],
    *,
    interpreter: Any,
    targets: Any,
    top_targets: Optional[int],
    target_names: Names,
    rows: Mapping[str, Any],
    options: Mapping[str, Any],
) -> List[Any]:
    """The explanations of several inputs of a predictor, which share their passes through the model.

    `rows` are the options of `to_explanation` that choose rows, `options` those of the interpreter; the rest is as for
    `get_explanation`.
    """
    from . import interpreters
    from .components.explained_predictors import explained_model
    from .explanations.to_eli5 import to_explanation

    if top_targets is not None and targets is not None:
        raise InputError("targets and top_targets are both given: give one of them")
    released = interpreter in RELEASED if isinstance(interpreter, str) else False
    classes = None
    if not released:
        subject = explained_model(predictor)
        subject.encode(inputs[0])
        classes = subject.classes
    shown = _display_names(classes.names if classes is not None else (), target_names)
    chosen = _by_display_name(targets, shown, classes.names if classes is not None else ())
    if top_targets is not None and top_targets < 0 and classes is not None:
        attributions = [
            interpreters.attribute(predictor, [one], interpreter, _lowest(subject, one, -top_targets), **options)[0]
            for one in inputs
        ]
    else:
        attributions = interpreters.attribute(
            predictor, inputs, interpreter, chosen, top_targets=top_targets, **options
        )
    return [
        to_explanation(
            of_text,
            estimator=_estimator(predictor),
            target_names=[_shown(attribution, shown, target_names) for attribution in of_text],
            is_regression=classes is not None and classes.link is None,
            **rows,
        )
        for of_text in attributions
    ]


def _split(options: Mapping[str, Any]) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """The options of `load_predictor`, and those of the interpreter."""
    loading = {name: value for name, value in options.items() if name in LOADING_OPTIONS}
    return loading, {name: value for name, value in options.items() if name not in LOADING_OPTIONS}


def read_input(predictor: Any, text: Any, text_pair: Optional[str] = None) -> Dict[str, str]:
    """The predictor's JSON of a text or a pair. Raises InputError for what is no text, or a pair for a model of texts."""
    for given in (text,) if text_pair is None else (text, text_pair):
        if not isinstance(given, str):
            raise InputError(f"a text must be a str, but a {type(given).__name__} was given")
        if not given.strip():
            raise InputError("the text is empty or white space only: there is nothing to explain")
    if text_pair is None:
        return {"sentence": text}
    from .components.explained_predictors import explained_model

    if not explained_model(predictor).explainable.reads_pairs:
        raise InputError(
            f"a {type(predictor).__name__} reads one text, but text_pair was given: "
            "load the checkpoint itself, or a config with the reader transformer_classifier"
        )
    return {"sentence": text, "text_pair": text_pair}


def _display_names(names: Sequence[str], target_names: Names) -> List[str]:
    """One name a class as it is shown."""
    if target_names is None or isinstance(target_names, Mapping):
        return [(target_names or {}).get(name, name) for name in names]
    if isinstance(target_names, str) or (names and len(target_names) != len(names)):
        raise InputError(
            f"target_names is {target_names!r}, but must be a dict or hold one name for each of the "
            f"{len(names)} classes ({', '.join(names)})"
        )
    return list(target_names)


def _shown(attribution: Attribution, shown: Sequence[str], target_names: Names) -> str:
    if attribution.target < len(shown):
        return shown[attribution.target]
    # AllenNLP's own interpreters tell the predicted class alone.
    if isinstance(target_names, Mapping):
        return target_names.get(attribution.label, attribution.label)
    if target_names is not None:
        raise InputError(
            f"target_names holds {len(target_names)} names, but class {attribution.target} is explained: "
            "give one name for each class"
        )
    return attribution.label


def _by_display_name(targets: Any, shown: Sequence[str], names: Sequence[str]) -> Any:
    """Targets that are asked for by the name under which they are shown, as their index."""
    if targets is None:
        return None
    several = list(targets) if isinstance(targets, (list, tuple, set, frozenset, range)) else [targets]
    return [
        shown.index(target) if isinstance(target, str) and target in shown and target not in names else target
        for target in several
    ]


def _lowest(subject: Any, one: Mapping[str, str], count: int) -> List[int]:
    """The classes of the lowest scores, lowest first, as `eli5.explain_prediction(top_targets=-count)` has them."""
    import torch

    with torch.no_grad():
        logits = subject.logits(subject.tensors([subject.encode(one)]))[0]
    return [int(index) for index in torch.argsort(logits)[:count]]


def _estimator(predictor: Any) -> str:
    model = predictor._model
    return type(getattr(model, "transformer", model)).__name__
