"""The public functions: a source and a text in, attributions or an eli5 explanation out."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from . import compat, faithfulness, foreign, interpreters
from .adapters.loading import load_predictor
from .arguments import Input, Texts, expression, in_order, is_missing, listed, require_one, rows_of_table
from .errors import InputError, shown
from .interpreters import kind_of
from .interpreters.choosing import Names, relabelled, shown_names
from .interpreters.many import one_by_one, require_on_error
from .interpreters.reading import read_inputs
from .options import split
from .records import RELEASED, Attribution, FailedText, PerText, attributions_of
from .text.granularity import require_granularity

DEFAULT_INTERPRETER = "integrated-gradients"

InterpreterLike = Union[str, Mapping[str, Any], Any]


@compat.uncompiled
@compat.surviving_forks
def attribute(
    source: Any,
    texts: Texts,
    *,
    text_pairs: Optional[Texts] = None,
    interpreter: InterpreterLike = DEFAULT_INTERPRETER,
    targets: Any = None,
    top_targets: Optional[int] = None,
    on_error: str = "raise",
    trust: Any = None,
    **options: Any,
) -> List[List[Attribution]]:
    """The attributions of each text, for each explained target: `result[text][target]`.

    Parameters
    ----------
    source
        A predictor, or anything that `load_predictor` takes.
    texts, text_pairs
        One text or several (a list, tuple, generator, array, Series or column), and for models of pairs the second text
        of each. A text may be a dict, as a pipeline takes it: `{"text": …, "text_pair": …}`.
    interpreter
        A registered name ("integrated-gradients", "linearization", "occlusion", "smoothgrad", …; AllenNLP's own are
        "simple-gradient", "integrated-gradient", "smooth-gradient"), a dict with `type` and options as a config has it,
        or an interpreter. `list_interpreters` lists them.
    targets, top_targets
        The classes to explain: None for what the model predicts, a name, an index, `contrast(…)`, `lean()`,
        `expected_value()`, a dict of weights, or several of these, or `per_text([…])` with such an entry for each text; or the
        number of classes with the highest scores, highest first (negative: with the lowest scores, lowest first).
    on_error
        "raise" refuses the call with an error that names the text ("text 3: …"). "skip" puts a `FailedText` in the place
        of a text that cannot be read or explained: an empty list with the error. What is wrong with the call itself is
        raised in both cases.
    trust
        True measures beside each explanation how far to rely on it (`Attribution.trust`), "full" more of it; see
        `records.Trust` and the page "How far to trust it".
    options
        Options of the interpreter (`tolerance=`, `baseline=`, …) and of `load_predictor` (`tokenizer=`, `device=`, …).

    Raises InputError for texts, targets and options that are not accepted, SourceError for a source that cannot be loaded,
    UnsupportedModelError for a model that cannot be explained truthfully.
    """
    loading, options = split(options, [interpreter], attribute)
    require_on_error(on_error)
    predictor = load_predictor(source, **loading)
    return faithfulness.attribute(
        predictor,
        read_inputs(predictor, texts, text_pairs, on_error),
        interpreter,
        targets,
        top_targets=top_targets,
        on_error=on_error,
        trust=trust,
        **options,
    )


@compat.uncompiled
@compat.surviving_forks
def get_explanation(
    source: Any,
    text: Union[str, Mapping[str, Any]],
    *,
    text_pair: Optional[str] = None,
    interpreter: InterpreterLike = DEFAULT_INTERPRETER,
    targets: Any = None,
    top_targets: Optional[int] = None,
    target_names: Names = None,
    top: Union[int, Tuple[int, int], None] = None,
    feature_re: Optional[str] = None,
    feature_filter: Optional[Callable[..., bool]] = None,
    granularity: str = "word",
    trust: Any = None,
    **options: Any,
) -> foreign.Explanation:
    """The eli5 `Explanation` of what the model says of a text, or of a pair of texts.

    `source`, `interpreter`, `targets`, `top_targets` and `options` are as for `attribute`; `text` may be a dict with its
    pair. `target_names`, `top`, `feature_re` and `feature_filter` mean what they mean to `eli5.explain_prediction`:
    `target_names` shows classes under other names, given as a list with one for each class or as a dict from name to
    name, by which `targets` may ask, too; the others choose the rows of the table. `granularity` says what a row is:
    "word", "token", "phrase" (what stands between marks of punctuation) or "sentence". Without targets the predicted class is
    explained. `trust` is as for `attribute`; the description says what was measured. Every eli5 formatter takes the result.

    Raises what `attribute` raises.
    """
    require_one(text, text_pair, "use get_explanations for several")
    loading, options = split(options, [interpreter], get_explanation)
    rows = _rows(granularity, top, feature_re, feature_filter)
    predictor = load_predictor(source, **loading)
    (explained,) = explain_inputs(
        predictor,
        read_inputs(predictor, text, None if text_pair is None else [text_pair], "raise"),
        interpreter=interpreter,
        targets=targets,
        top_targets=top_targets,
        target_names=target_names,
        rows=rows,
        options=options,
        trust=trust,
    )
    return explained


@compat.uncompiled
@compat.surviving_forks
def get_explanations(
    source: Any,
    texts: Texts,
    *,
    text_pairs: Optional[Texts] = None,
    interpreter: InterpreterLike = DEFAULT_INTERPRETER,
    targets: Any = None,
    top_targets: Optional[int] = None,
    target_names: Names = None,
    top: Union[int, Tuple[int, int], None] = None,
    feature_re: Optional[str] = None,
    feature_filter: Optional[Callable[..., bool]] = None,
    granularity: str = "word",
    on_error: str = "raise",
    trust: Any = None,
    **options: Any,
) -> List[foreign.Explanation]:
    """The eli5 `Explanation` of each of several texts, which share their passes through the model.

    `texts`, `text_pairs`, `targets` and `on_error` are as for `attribute`, all else as for `get_explanation`. With
    `on_error="skip"` the explanation of a text that cannot be explained has its `error`, as eli5's own have, and no targets.

    Raises what `attribute` raises.
    """
    loading, options = split(options, [interpreter], get_explanations)
    require_on_error(on_error)
    rows = _rows(granularity, top, feature_re, feature_filter)
    predictor = load_predictor(source, **loading)
    return explain_inputs(
        predictor,
        read_inputs(predictor, texts, text_pairs, on_error),
        interpreter=interpreter,
        targets=targets,
        top_targets=top_targets,
        target_names=target_names,
        rows=rows,
        options=options,
        on_error=on_error,
        trust=trust,
    )


def to_explanation(
    attributions: Union[Attribution, Sequence[Attribution]],
    *,
    estimator: Optional[str] = None,
    target_names: Names = None,
    top: Union[int, Tuple[int, int], None] = None,
    feature_re: Optional[str] = None,
    feature_filter: Optional[Callable[..., bool]] = None,
    granularity: str = "word",
) -> foreign.Explanation:
    """The eli5 `Explanation` of attributions that were computed before, without another pass through the model.

    `attributions` are those of one text: one, or one for each target, such as `attribute(…)[0]`. A `FailedText` gives an
    explanation with its error. `estimator` is the name of the model, by default that of its class. `target_names` is a
    dict from name to name, or a list with one name for each attribution; the rest is as for `get_explanation`.

    Raises InputError for attributions of several texts, and for options that are not accepted.
    """
    from eli5.base import Explanation

    from .explanations.label_text import safe
    from .explanations.to_eli5 import to_explanation as converted

    rows = _rows(granularity, top, feature_re, feature_filter)
    if not isinstance(estimator, (str, type(None))):
        raise InputError(f"estimator is a {type(estimator).__name__}, but must be the name of the model")
    if isinstance(attributions, FailedText):
        return Explanation(estimator=estimator or "text classifier", error=safe(str(attributions.error)))
    several = attributions_of(attributions, "to_explanation")
    if len({one.documents for one in several}) > 1:
        raise InputError("the attributions are of several texts, but an explanation is of one: convert them one by one")
    if isinstance(target_names, Mapping):
        several = [relabelled(one, shown_names(one.classes, target_names), target_names) for one in several]
        target_names = None
    return converted(
        several,
        estimator=estimator or several[0].provenance.get("model_class") or "text classifier",
        target_names=None if target_names is None else shown_names([one.label for one in several], target_names),
        is_regression=all(one.probability is None and not one.probabilities for one in several),
        **rows,
    )


def list_interpreters() -> Dict[str, str]:
    """The registered interpreters by name, and what each does in a line; registered subclasses of yours are among them."""
    compat.require_allennlp()
    return interpreters.descriptions()


def per_text(targets: Any) -> PerText:
    """As `targets`: other classes for each text, such as the true label of each error.

    `targets` is a list, array, Series or column with an entry for each text: a name, an index, a sequence of these, or None
    for what the model predicts. Raises InputError for a missing value (NaN), and for what holds no entries.
    """
    if isinstance(targets, (str, Mapping, PerText)) or targets is None:
        raise InputError(f"per_text takes a list with the targets of each text, not {shown(targets)}")
    entries = in_order(targets, "targets")
    for place, entry in enumerate(entries):
        if entry is not None and is_missing(entry):
            raise InputError(
                f"target {place} is {shown(entry)}, a missing value: give a name, an index, or None for the prediction"
            )
    return PerText(tuple(listed(entry) if entry is not None else None for entry in entries))


def explain_inputs(
    predictor: Any,
    inputs: Sequence[Union[Input, FailedText]],
    *,
    interpreter: Any,
    targets: Any,
    top_targets: Optional[int],
    target_names: Names,
    rows: Mapping[str, Any],
    options: Mapping[str, Any],
    on_error: str = "raise",
    trust: Any = None,
) -> List[Any]:
    """The explanations of several inputs of a predictor, which share their passes through the model.

    `rows` are the options of `to_explanation` that choose rows, `options` those of the interpreter; the rest is as for
    `get_explanations`.
    """
    from .components.explained_predictors import explained_model
    from .sites.architectures import name_of

    rows = _rows(**rows)
    attributions = faithfulness.attribute(
        predictor,
        inputs,
        interpreter,
        targets,
        top_targets=top_targets,
        target_names=target_names,
        on_error=on_error,
        trust=trust,
        **options,
    )
    names: Sequence[str] = ()
    if kind_of(interpreter) not in RELEASED and any(attributions):
        names = explained_model(predictor).classes.names
    called = shown_names(names, target_names)
    estimator = name_of(predictor._model)

    def explanation(of_text: List[Attribution]) -> Any:
        if not isinstance(of_text, FailedText):
            of_text = [relabelled(attribution, called, target_names) for attribution in of_text]
        return to_explanation(of_text, estimator=estimator, **rows)

    made = one_by_one(lambda place: explanation(attributions[place]), len(attributions), on_error)
    return [explanation(one) if isinstance(one, FailedText) else one for one in made]


def require_call(
    predictor: Any,
    *,
    interpreter: Any,
    targets: Any,
    top_targets: Optional[int],
    rows: Mapping[str, Any],
    options: Mapping[str, Any],
    trust: Any = None,
) -> None:
    """Raises InputError for what `explain_inputs` refuses whatever the inputs are, before any of them is explained."""
    _rows(**rows)
    faithfulness.asked(trust)
    interpreters.require_accepted(predictor, interpreter, targets, top_targets=top_targets, **options)


def _rows(
    granularity: str = "word", top: Any = None, feature_re: Any = None, feature_filter: Any = None
) -> Dict[str, Any]:
    """What chooses the rows of a table; refused before the work, not behind it."""
    if feature_filter is not None and not callable(feature_filter):
        raise InputError(f"feature_filter is {shown(feature_filter)}, but must be a function of a row's name and value")
    return {
        "granularity": require_granularity(granularity),
        "top": rows_of_table(top),
        "feature_re": expression(feature_re, "feature_re"),
        "feature_filter": feature_filter,
    }
