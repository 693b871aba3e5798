"""What hiding the strongest words does, one by one and two at a time: a source and a text in, the effects out."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional, Tuple, Union

import numpy as np

from . import compat, interpreters
from .adapters.loading import load_predictor
from .api import DEFAULT_INTERPRETER, InterpreterLike
from .arguments import require_one, whole_number
from .engine.hiding import words_in_sight
from .engine.targets import Asked
from .errors import InputError
from .faithfulness.ties import largest_first
from .interpreters import option_names
from .interpreters.reading import read_input
from .options import split, takes_options
from .records import Attribution
from .views.pair_table import PairEffects, PairWord

# Their passes grow with the square.
_MOST_WORDS = 50
# Options that hiding words and the interpreter have in common.
_SHARED = ("baseline", "output", "layer", "internal_batch_size")


@compat.uncompiled
@compat.surviving_forks
def pair_effects(
    source: Any,
    text: Union[str, Mapping[str, Any]],
    *,
    text_pair: Optional[str] = None,
    k: int = 6,
    targets: Any = None,
    top_targets: Optional[int] = None,
    interpreter: InterpreterLike = DEFAULT_INTERPRETER,
    baseline: Any = None,
    output: Optional[str] = None,
    **options: Any,
) -> List[PairEffects]:
    """What hiding each of the strongest words of a text does, and hiding each two of them: one `PairEffects` a target.

    An attribution is a list of words and does not tell what words do together: that *not* turns *clean*, or that *good* and
    *great* cover for each other. This measures it. The `k` words with the largest contributions by `interpreter` are
    replaced by the baseline, alone and in pairs, which takes k (k + 1) / 2 forward passes beside the interpreter's, and two
    for the text and the baseline.

    `source`, `targets`, `top_targets` and `options` (of the interpreter and of `load_predictor`) are as for `attribute`, `text`
    and `text_pair` as for `get_explanation`. `baseline` and `output` say what stands for a hidden word and what is
    measured; the interpreter has them, too, where it takes them. Without them they are the interpreter's own, if it has
    any, else the default baseline and the logit.

    Raises InputError for a text of one word, which has no pairs, and what `attribute` raises.
    """
    from .components.explained_predictors import explained_model
    from .interpreters.occlusion import Occlusion

    require_one(text, text_pair, "ask for each by itself")
    count = whole_number(k, "k", 2, what="a number of words", most=_MOST_WORDS)
    loading, options = split(options, [interpreter], pair_effects)
    predictor = load_predictor(source, **loading)
    known = (option_names(interpreter) or []) if takes_options(interpreter) else []
    given = {name: value for name, value in (("baseline", baseline), ("output", output)) if value is not None}
    shared = {name: value for name, value in given.items() if name in known}
    read = read_input(predictor, text, text_pair)
    (found,) = interpreters.attribute(
        predictor, [read], interpreter, targets, top_targets=top_targets, **{**shared, **options}
    )
    strongest = [_strongest(attribution, count) for attribution in found]
    own = {**found[0].parameters, **options, **given}
    occlusion = Occlusion(predictor, **{name: own[name] for name in _SHARED if name in own})
    (measured,) = occlusion.pairs(
        [explained_model(predictor).encode(read)],
        [[_asked(attribution) for attribution in found]],
        [[[place for place, _ in words] for words in strongest]],
    )
    return [
        PairEffects(
            attribution=attribution,
            output=attribution.question if attribution.question == "expected value" else occlusion.output,
            baseline=of_target.baseline,
            words=tuple(word for _, word in words),
            value=of_target.value,
            baseline_value=of_target.baseline_value,
            losses=of_target.losses,
            passes=of_target.passes,
        )
        for attribution, words, of_target in zip(found, strongest, measured, strict=True)
    ]


def _strongest(attribution: Attribution, count: int) -> List[Tuple[int, PairWord]]:
    """The words of the largest contributions in reading order, each with its place among the text's units."""
    found = words_in_sight(attribution.tokens, attribution.documents)
    if len(found) < 2:
        raise InputError("the text has one word, but a pair is of two: give a longer text")
    scores = [float(attribution.scores[word.tokens].sum()) for word in found]
    names = [word.text.casefold() for word in found]
    made = []
    for place in sorted(largest_first(np.abs(scores))[:count]):
        word, own = found[place], names[place]
        nth = names[: place + 1].count(own) if names.count(own) > 1 else 0
        made.append((word.unit, PairWord(word.text, scores[place], word.place, nth)))
    return made


def _asked(attribution: Attribution) -> Asked:
    """What the attribution is of: what was found may be less than what its targets would be resolved to."""
    output = "probability" if attribution.question == "expected value" else ""
    return Asked(attribution.target, attribution.label, attribution.question, attribution.weights, output)
