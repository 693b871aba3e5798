"""`evaluate_faithfulness`: which methods' words a model's answers really depend on, over several texts."""

from __future__ import annotations

from typing import Any, Optional, Sequence, Tuple

from . import compat, faithfulness
from .adapters.loading import load_predictor
from .arguments import Texts, in_order, plain_text
from .errors import InputError
from .interpreters.many import require_on_error
from .interpreters.reading import read_inputs
from .options import split
from .views.faithfulness import Faithfulness

INTERPRETERS = ("integrated-gradients", "occlusion", "gradient-x-input", "gradient")
"""What is evaluated where nothing else is asked for."""


@compat.uncompiled
@compat.surviving_forks
def evaluate_faithfulness(
    source: Any,
    texts: Texts,
    *,
    text_pairs: Optional[Texts] = None,
    interpreters: Sequence[Any] = INTERPRETERS,
    operators: Sequence[str] = faithfulness.OPERATORS,
    targets: Any = None,
    orders: int = 50,
    replacements: Any = None,
    seed: int = 0,
    on_error: str = "raise",
    names: Optional[Sequence[str]] = None,
    **options: Any,
) -> Faithfulness:
    """How much of a model's answers goes with the words that methods put first, and how much these keep alone.

    Words are hidden in the order of a method's scores, in each of several ways. *Comprehensiveness* is what is lost without the
    first 10, 20, 30 and 50 % of the words, *sufficiency* what is kept by them alone (DeYoung et al., ACL 2020), on the scale
    from the worst to the best order of the text's words (Edin et al., ACL 2025): all orders for up to 8 words, a beam search
    of width 1 for more. The result has a table, tests between methods, deletion curves and how well the measures themselves
    work; there is no single number.

    Parameters
    ----------
    source, texts, text_pairs, targets, on_error
        As for `attribute`. Without targets the predicted class is explained.
    interpreters
        Names, dicts of a name ("type") and its options, or interpreters. One that cannot explain the model is left out.
    operators
        "mask" puts the default baseline's vectors in the place of words, "removal" leaves words out and reads the text
        anew, "replacement" puts words of the other texts there. Each is reported by itself.
    orders
        Random orders of each text's words to compare with. The smallest p value that can be is 1 / (orders + 1).
    replacements
        Texts or words that "replacement" draws from, instead of the other texts'; for a single text a few neutral
        English words.
    seed
        Of all draws, and of AllenNLP's methods' noise.
    names
        One for each text, by which notes and pages call it, such as its line in a file; without them its place, from 0.
    options
        Those of `load_predictor`.

    It costs the methods' own passes, and for each text, operator and target about 8 · orders + 16 · words forward passes.

    Raises InputError for options and texts that are not accepted, UnsupportedModelError where no method can explain the model.
    """
    several = in_order(interpreters, "interpreters")
    given = {"operators": operators, "orders": orders, "seed": seed, "stability": False}
    wanted = faithfulness.asked({**given, **({} if replacements is None else {"replacements": replacements})})
    loading, rest = split(options, [], evaluate_faithfulness)
    if rest:
        raise InputError(
            f"evaluate_faithfulness has no option {next(iter(rest))!r}: options of a method stand in its dict, as in "
            '{"type": "integrated-gradients", "tolerance": 0.01}'
        )
    require_on_error(on_error)
    from .faithfulness.evaluation import evaluated, named

    methods = named(several)
    predictor = load_predictor(source, **loading)
    inputs = read_inputs(predictor, texts, text_pairs, on_error)
    assert wanted is not None
    called = () if names is None else _names(names, len(inputs))
    found = evaluated(predictor, inputs, methods, targets, wanted, on_error)
    return Faithfulness(
        rows=tuple(found.rows),
        methods=tuple(found.methods),
        shuffled={key: tuple(values) for key, values in found.shuffled.items()},
        replaced_by=found.replaced_by,
        passes=found.passes,
        notes=tuple(found.told(called)),
        texts=len(inputs),
        names=called,
    )


def _names(given: Any, texts: int) -> Tuple[str, ...]:
    names = tuple(plain_text(name, name="names") for name in in_order(given, "names"))
    if len(names) != texts:
        raise InputError(f"{texts} texts were given with {len(names)} names: there must be one for each")
    return names
