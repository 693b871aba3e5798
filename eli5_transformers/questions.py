"""What can be asked of a text beside a class: plain data, which the engine makes numbers of.

`targets` take these wherever they take a class. A config has them as JSON: `{"type": "contrast", "label": "4 stars",
"other": "5 stars"}`, `{"type": "lean"}`, `{"type": "expected_value"}`; an object from label to weight is a combination.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, fields, replace
from typing import Any, Callable, Dict, Mapping, Optional, Tuple, Union

from .arguments import did_you_mean, in_order, real_number
from .errors import InputError, shown


@dataclass(frozen=True)
class Contrast:
    """The difference of two classes' outputs. `contrast` makes it."""

    label: Any = None
    """The class that is asked for, by name or index; None for the predicted one."""
    other: Any = None
    """The class that it is compared with; None for the likeliest other one."""


@dataclass(frozen=True)
class Lean:
    """Towards which end of its ordered labels a text leans. `lean` makes it."""

    order: Optional[Tuple[Any, ...]] = None
    """The classes from the lowest to the highest; None for the order that is recognised or was declared."""


@dataclass(frozen=True)
class ExpectedValue:
    """The mean of the labels' values under the model's probabilities. `expected_value` makes it."""

    values: Optional[Tuple[Tuple[Any, float], ...]] = None
    """The value of each class; None for that which its name has, or else its place in the order, from 1."""


@dataclass(frozen=True)
class Combination:
    """A weighted sum of the classes' outputs."""

    weights: Tuple[Tuple[Any, float], ...]
    """Pairs of a class, by name or index, and its weight; other classes have the weight 0."""


Question = Union[Contrast, Lean, ExpectedValue, Combination]
QUESTIONS = (Contrast, Lean, ExpectedValue, Combination)


def contrast(label: Any = None, other: Any = None) -> Contrast:
    """As a target: why `label` rather than `other`? The difference of the two logits, from one set of passes.

    Both are names or indices of classes. Without `label` it is the predicted class, without `other` the likeliest of the
    others: the runner-up. In another unit than the logit it is the difference of the outputs in that unit.
    """
    return Contrast(label, other)


def lean(order: Any = None) -> Lean:
    """As a target: towards which end of the ordered labels does the text lean?

    The sum of (k - mean of k) · logit over the labels, k = 0, 1, … their places in the order. A label in the middle of an
    order ("3 stars") gains from words that speak against its neighbours, so that its own logit misleads; the lean has one
    meaning for all of them.

    `order` holds the labels from the lowest to the highest, where the order is neither recognised by their names nor
    declared (`load_predictor(…, ordered=True)`).
    """
    return Lean(None if order is None else tuple(in_order(order, "order")))


def expected_value(values: Optional[Mapping[Any, float]] = None) -> ExpectedValue:
    """As a target: the sum of value · probability over the labels, such as the expected number of stars.

    `values` is a dict from label to value; without it, the value is the number in the label's name ("4 stars"), or, of
    labels that are ordered by words, their place in the order, from 1.
    """
    return ExpectedValue(None if values is None else _numbers(values, "values"))


_MAKERS: Dict[str, Callable[..., Question]] = {"contrast": contrast, "lean": lean, "expected_value": expected_value}


def question_of(target: Any) -> Any:
    """The question that a dict is (see the head of this module); anything else as it is.

    Raises InputError for a dict that is none.
    """
    if not isinstance(target, Mapping):
        return target
    if not isinstance(target.get("type"), str):
        return Combination(_numbers(target, "targets"))
    settings = dict(target)
    name = settings.pop("type")
    if name not in _MAKERS:
        known = ", ".join(map(repr, _MAKERS))
        raise InputError(f"a target has the type {shown(name)}, but must be one of {known}{did_you_mean(name, _MAKERS)}")
    taken = list(inspect.signature(_MAKERS[name]).parameters)
    unknown = [option for option in settings if option not in taken]
    if unknown:
        raise InputError(f"a target of the type {name!r} has no {shown(unknown[0])}: it takes {', '.join(taken)}")
    return _MAKERS[name](**settings)


def renamed(question: Any, rename: Callable[[Any], Any]) -> Any:
    """The question with its classes called otherwise."""
    if isinstance(question, Contrast):
        return Contrast(rename(question.label), rename(question.other))
    if isinstance(question, Lean):
        return question if question.order is None else Lean(tuple(map(rename, question.order)))
    pairs = question.values if isinstance(question, ExpectedValue) else question.weights
    own = None if pairs is None else tuple((rename(label), number) for label, number in pairs)
    return replace(question, **{fields(question)[0].name: own})


def _numbers(given: Any, name: str) -> Tuple[Tuple[Any, float], ...]:
    if not isinstance(given, Mapping) or not given:
        raise InputError(f"{name} is {shown(given)}, but must be a dict from label to number")
    return tuple((label, real_number(number, f"the number of {shown(label)}")) for label, number in given.items())
