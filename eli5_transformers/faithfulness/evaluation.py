"""Several methods on the same texts: what is lost without the words that each puts first, and what these keep alone."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from tqdm import tqdm

from .. import interpreters as methods
from ..components.explained_predictors import explained_model
from ..engine.explained_model import EncodedText
from ..engine.hiding import words_in_sight
from ..engine.passes import Scorer
from ..errors import Eli5TransformersError, ExplanationError, InputError, UnsupportedModelError
from ..records import Attribution, FailedText
from .asked import NEUTRAL, Asked
from .deletion import MEASURES, Worth, firsts
from .measured import measured
from .orders import order_measures, order_of
from .results import SHARES, MethodRow, OrderRow
from .trust import FEW_WORDS, OneText, Value, supporting

_RELEASED = {"simple-gradient": 1, "integrated-gradient": 10, "smooth-gradient": 10}
"""Gradients a text of AllenNLP's own, which do not count them; their source says so."""
_OTHERS = 50
"""Texts whose words stand in the place of one's: those behind it, and from the first on."""
_NAMED = 10
"""Places of texts that a note names."""
Key = Tuple[str, int, Tuple[float, ...]]


@dataclass
class Evaluated:
    """All that was measured."""

    rows: List[OrderRow]
    methods: List[MethodRow]
    shuffled: Dict[Tuple[str, str], List[float]]
    """By operator and measure: random orders of all texts on the scale of their text."""
    replaced_by: Dict[str, str]
    """What each operator puts in the place of words."""
    passes: int
    """Forward passes of all measures together."""
    notes: List[str]
    """Methods that were left out."""
    reasons: Dict[str, List[int]]
    """What was left out of texts, and of which."""

    def leave_out(self, text: int, reason: Any) -> None:
        """Notes what is left out of a text."""
        places = self.reasons.setdefault(str(reason), [])
        if text not in places:
            places.append(text)

    def told(self, names: Sequence[str] = ()) -> List[str]:
        """What was left out, a sentence each; texts by their names, else by their places, from 0."""
        said = list(self.notes)
        for reason, places in self.reasons.items():
            first = ", ".join(names[place] if names else str(place) for place in places[:_NAMED])
            several = f"{len(places)} texts ({first}{', …' if len(places) > _NAMED else ''})"
            said.append(f"{several if len(places) > 1 else first if names else f'text {first}'}: {reason}")
        return said

    def add(
        self, key: OrderKey, value: Value, orders: Mapping[str, Sequence[int]], drawn: Sequence[Sequence[int]]
    ) -> None:
        """Adds the rows of one text, operator and measure: one a method."""
        words = len(drawn[0])
        worth, before = MEASURES[key.measure](value, words), float(value([0])[0])
        found = order_measures(worth, orders, drawn, value.scale)
        self.shuffled.setdefault((key.operator, key.measure), []).extend(found.shuffled)
        if len(found.orders) < len(orders):
            self.leave_out(key.text, f"{key.operator}, {key.measure}: without some of the words nothing can be read")
        sign = -1 if key.measure == "comprehensiveness" else 1
        random = [curve for curve in (_curve(worth, order) for order in drawn) if np.isfinite(curve).all()]
        self.rows += [
            OrderRow(
                text=key.text,
                label=key.label,
                method=method,
                operator=key.operator,
                measure=key.measure,
                normalised=said.normalised,
                random=said.random,
                wins=said.wins,
                p_value=said.p_value,
                area=said.area,
                before=before,
                curve=tuple((before + sign * _curve(worth, orders[method])).tolist()),
                random_curve=tuple((before + sign * np.mean(random, axis=0)).tolist()),
            )
            for method, said in found.orders.items()
        ]


class OrderKey(NamedTuple):
    """What a measure is of."""

    text: int
    label: str
    operator: str
    measure: str


def evaluated(
    predictor: Any,
    inputs: Sequence[Union[Mapping[str, Any], FailedText]],
    interpreters: Mapping[str, Any],
    targets: Any,
    wanted: Asked,
    on_error: str,
) -> Evaluated:
    """The measures of each of the interpreters, which have names here, for each of the inputs.

    `wanted.replacements` are the words that stand in the place of others; where they are `NEUTRAL`, those of the other texts
    do, if there are any. Raises UnsupportedModelError where no interpreter can explain the model.
    """
    result = Evaluated([], [], {}, {}, 0, [], {})
    explanations: Dict[str, List[List[Attribution]]] = {}
    for name, interpreter in interpreters.items():
        start = time.perf_counter()
        try:
            with _seeded(wanted.seed):
                explanations[name] = methods.attribute(predictor, inputs, interpreter, targets, on_error=on_error)
        except (ExplanationError, UnsupportedModelError) as error:
            result.notes.append(f"{name} is left out: {error}")
            continue
        result.methods.append(_cost(name, explanations[name], time.perf_counter() - start))
    if not explanations:
        raise UnsupportedModelError("; ".join(result.notes))
    explained = explained_model(predictor)
    good = [place for place in range(len(inputs)) if any(found[place] for found in explanations.values())]
    for failed in (one for found in explanations.values() for one in found if isinstance(one, FailedText)):
        result.leave_out(failed.position, failed.error)
    encoded = {place: explained.encode(inputs[place]) for place in good}  # type: ignore[arg-type]
    spelled = {place: _words(text) for place, text in encoded.items()}
    scorer = Scorer(explained, progress=False)
    with scorer.session():
        for nth, place in enumerate(_shown(good)):
            following = (good[nth + 1 :] + good[:nth])[:_OTHERS]
            others = [word for other in following for word in spelled[other]]
            own = wanted if wanted.replacements is not NEUTRAL or not others else replace(wanted, replacements=tuple(others))
            of_text = {name: found[place] for name, found in explanations.items() if found[place]}
            try:
                one = OneText(scorer, encoded[place], inputs[place], own)  # type: ignore[arg-type]
                _measure(result, place, one, of_text, explained.classes)
            except Eli5TransformersError as error:
                result.leave_out(place, error)
    result.methods = [_flattered(row, explanations[row.method], result.replaced_by) for row in result.methods]
    return result


def _shown(places: Sequence[int]) -> Iterable[int]:
    """The same, with a progress bar on a terminal where it takes longer than a person would wonder."""
    if sys.stderr is None or not sys.stderr.isatty():
        return places
    return tqdm(places, unit=" texts", desc="measuring", delay=3, leave=False)


def _words(text: EncodedText) -> List[str]:
    return [word.text for word in words_in_sight(text.tokens, text.documents)]


def _measure(
    result: Evaluated, place: int, one: OneText, of_text: Mapping[str, Sequence[Attribution]], classes: Any
) -> None:
    """Adds the rows of one text, of every target that is explained of it."""
    drawn = one.drawn()
    if len(drawn[0]) < 2:
        result.leave_out(place, FEW_WORDS)
        return
    for name, reason in one.reasons.items():
        result.leave_out(place, f"{name}: {reason}")
    targets: Dict[Key, Dict[str, Attribution]] = {}
    for method, attributions in of_text.items():
        for each in attributions:
            targets.setdefault((each.question, each.target, each.weights), {})[method] = each
    for of_target in targets.values():
        what = measured(classes, next(iter(of_target.values())))
        orders = {method: order_of(supporting(one.words(each), each, what), each.signed) for method, each in of_target.items()}
        label = next(iter(of_target.values())).label
        for name in one.wanted.operators:
            if name in one.operators:
                result.replaced_by[name] = one.operators[name].replaced_by
                value = Value(one.operators[name].deletions, what)
                for measure in MEASURES:
                    result.add(OrderKey(place, label, name, measure), value, orders, drawn)
                result.passes += value.passes
    if not any(row.text == place and row.normalised is not None for row in result.rows):
        result.leave_out(place, "no order of the words makes a difference")


def _curve(worth: Worth, order: Sequence[int]) -> np.ndarray:
    """The worth of the first words of each share, (shares,)."""
    counts = [min(max(1, int(share * len(order) + 0.5)), len(order) - 1) for share in SHARES]
    return worth(firsts(order, counts))


def _cost(name: str, found: Sequence[Sequence[Attribution]], seconds: float) -> MethodRow:
    texts = [of_text for of_text in found if of_text]
    counts: List[Optional[float]] = []
    for of_text in texts:
        known = [_RELEASED.get(each.method) if each.evaluations is None else each.evaluations for each in of_text]
        counts.append(None if None in known else float(sum(known)))  # type: ignore[arg-type]
    passes = None if None in counts or not counts else float(np.mean(counts))  # type: ignore[arg-type]
    return MethodRow(name, len(texts), seconds / max(1, len(texts)), passes, ())


def _flattered(row: MethodRow, found: Sequence[Sequence[Attribution]], replaced_by: Mapping[str, str]) -> MethodRow:
    baselines = {each.baseline for of_text in found for each in of_text}
    return replace(row, flattered_by=tuple(name for name, other in replaced_by.items() if other in baselines))


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """What AllenNLP's methods draw begins at the seed; the process's generator is as before afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


def named(interpreters: Sequence[Any]) -> Dict[str, Any]:
    """A name for each interpreter: its registered one, with its options where one is there twice.

    Raises InputError where there is none, and for two that are the same.
    """
    if not interpreters:
        raise InputError("interpreters is empty: name one or several methods")
    kinds = [methods.kind_of(one) or type(one).__name__ for one in interpreters]
    found: Dict[str, Any] = {}
    for kind, one in zip(kinds, interpreters):
        options = {k: v for k, v in one.items() if k != "type"} if isinstance(one, Mapping) else {}
        name = kind
        if kinds.count(kind) > 1 and options:
            name = f"{kind} ({', '.join(f'{option}={value}' for option, value in options.items())})"
        if name in found:
            raise InputError(f"the interpreter {name!r} is there twice: give each once, or with other options")
        found[name] = one
    return found
