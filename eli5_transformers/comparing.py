"""`compare`: what several interpreters say of one text, side by side."""

from __future__ import annotations

import time
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from . import compat, faithfulness
from .adapters.loading import load_predictor
from .api import InterpreterLike, attribute
from .arguments import in_order, require_one
from .errors import ExplanationError, InputError, QuestionError, UnsupportedModelError, shown
from .interpreters import kind_of, make, option_names
from .interpreters.reading import read_input
from .options import split, takes_options
from .records import RELEASED, Attribution
from .views.comparison import Comparison

INTERPRETERS = ("integrated-gradients", "gradient-x-input", "smoothgrad")
"""What is compared where nothing else is asked for."""


@compat.uncompiled
@compat.surviving_forks
def compare(
    source: Any,
    text: Union[str, Mapping[str, Any]],
    interpreters: Sequence[InterpreterLike] = INTERPRETERS,
    *,
    text_pair: Optional[str] = None,
    targets: Any = None,
    trust: Any = True,
    **options: Any,
) -> Comparison:
    """What several interpreters say of one text, side by side.

    `interpreters` are registered names, dicts of a name ("type") and its options, or instances. `source`, `text_pair`,
    `targets` and `options` are as for `attribute`, and so is `trust`, which is measured unless it is False. An option goes to
    all interpreters that have it, unless their dict says another; those that are instances or AllenNLP's own get none.
    AllenNLP's own ("simple-gradient", "integrated-gradient", "smooth-gradient") explain the predicted label, whatever
    `targets` says, and are marked as what they are: unsigned, of the loss. A method that cannot explain this model, or has no
    answer to what `targets` asks, is left out, and a note says why. The seconds are those of one run without what `trust`
    measures, after a prediction to warm up.

    Raises InputError for an unknown interpreter or option, and what `attribute` raises for the source and the text;
    UnsupportedModelError where no method is left, QuestionError where none has an answer.
    """
    from .components.explained_predictors import explained_model

    require_one(text, text_pair, "compare each by itself")
    several = in_order(interpreters, "interpreters")
    if isinstance(interpreters, (str, Mapping)) or not several:
        raise InputError(f"interpreters is {shown(interpreters)}, but must be a list of names, dicts or interpreters")
    loading, shared = split(options, several, compare)
    if shared and not any(map(takes_options, several)):
        raise InputError(f"none of the interpreters takes options here, but {', '.join(shared)} were given")
    predictor = load_predictor(source, **loading)
    made: List[Tuple[str, Any, bool]] = []
    for interpreter in several:
        kind = kind_of(interpreter)
        released = kind in RELEASED
        if takes_options(interpreter):
            known = option_names(interpreter)
            said = interpreter if isinstance(interpreter, Mapping) else {}
            own = {n: value for n, value in shared.items() if n not in said and (known is None or n in known)}
            interpreter = make(predictor, interpreter, **own)
        made.append((kind or type(interpreter).__name__, interpreter, released))
    faithfulness.asked(trust)
    given = read_input(predictor, text, text_pair)
    predictor.predict_json(explained_model(predictor).explainable.json_of(given))
    attributions: List[Attribution] = []
    seconds: List[Optional[float]] = []
    failed: Dict[str, Exception] = {}
    for name, interpreter, released in made:
        def explain(made: Any = interpreter, wanted: Any = None if released else targets) -> List[List[Attribution]]:
            return attribute(predictor, [text], text_pairs=[text_pair], interpreter=made, targets=wanted)

        start = time.perf_counter()
        try:
            (found,) = explain()
            took = time.perf_counter() - start
            (found,) = faithfulness.beside(predictor, [given], [found], explain, trust)
        except (ExplanationError, QuestionError, UnsupportedModelError) as error:
            failed[f"{name} is left out: {error}"] = error
            continue
        attributions += found
        seconds += [took] * len(found)
    if not attributions:
        asked = all(isinstance(error, QuestionError) for error in failed.values())
        raise (QuestionError if asked else UnsupportedModelError)("; ".join(failed))
    return Comparison(tuple(attributions), tuple(seconds), tuple(failed))
