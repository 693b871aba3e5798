"""What is asked of each text, from the arguments: labels, and questions about several of them."""

from __future__ import annotations

import argparse
import math
from typing import Any, List, Mapping, Optional, Sequence

from ..errors import InputError
from ..inputs import Row
from ..questions import contrast, expected_value, lean
from ..records import PerText
from ..text.label_order import numbers_of
from .words import with_indices

PAGES = ({"html"}, {"html", "text"})
"""Formats of a run whose outputs are for people alone, with a page among them."""


def add_questions(group: Any, once: Any) -> None:
    """Declare the arguments that say what is explained; `once` is the action of those that may be given once."""
    group.add_argument("--targets", action=once, metavar="LABEL", nargs="+", help="explain these labels, by name or index")
    group.add_argument("--top-targets", type=int, metavar="N", help="explain the N labels of the highest scores")
    group.add_argument(
        "--contrast",
        action=once,
        metavar="LABEL",
        nargs="*",
        help="explain why the first LABEL and not the second; without them the predicted label and the runner-up",
    )
    group.add_argument("--lean", action="store_true", help="explain towards which end of its ordered labels a text leans")
    group.add_argument("--expected-value", action="store_true", help="explain the expected value of ordered labels")
    group.add_argument(
        "--true-label", action="store_true", help="explain FILE's label of each text, too, beside the predicted one"
    )


def require_one_kind(arguments: argparse.Namespace, settings: Mapping[str, Any]) -> None:
    """Raises InputError for arguments that exclude each other; what can be said before a model is loaded."""
    others = {
        "--targets": settings.get("targets") is not None,
        "--contrast": arguments.contrast is not None,
        "--lean": arguments.lean,
        "--expected-value": arguments.expected_value,
        "--true-label": arguments.true_label,
    }
    given = [name for name, is_given in others.items() if is_given]
    if settings.get("top_targets") is not None and given:
        raise InputError(f"{given[0]} and --top-targets are both given: give one of them")
    if len(arguments.contrast or ()) > 2:
        raise InputError(
            f"--contrast takes two labels, but {len(arguments.contrast)} were given: put texts before it, or -- between the "
            "labels and them"
        )
    if arguments.true_label and arguments.input is None:
        raise InputError("--true-label is about the labels in the file of --input, but none is given")


def targets_of(arguments: argparse.Namespace, settings: Mapping[str, Any], names: Sequence[str]) -> Any:
    """What is explained of every text: all that is asked for, else None for what the model predicts."""
    targets = with_indices(settings.get("targets"), names)
    questions: List[Any] = []
    if arguments.contrast is not None:
        questions.append(contrast(*with_indices(arguments.contrast, names)))
    questions += [lean()] * arguments.lean + [expected_value()] * arguments.expected_value
    if not questions:
        return targets
    return [*(targets if isinstance(targets, (list, tuple)) else [] if targets is None else [targets]), *questions]


def page_targets(predictor: Any, interpreter: Any) -> Any:
    """What a page explains where nothing is asked for: the lean of ordered labels, too, where a method has signs for it."""
    from allennlp.interpret.saliency_interpreters import SaliencyInterpreter

    from ..components.explained_predictors import explained_model
    from ..interpreters import kind_of

    kind = kind_of(interpreter)
    order = explained_model(predictor).classes.order
    signed = getattr(interpreter if kind is None else SaliencyInterpreter.by_name(kind), "signed", False)
    return [lean(), None] if signed and order is not None and any(order.inner) else None


def require_labels(rows: Sequence[Row], classes: Any) -> None:
    """Raises InputError for `--true-label` where none of the first rows has a label, and for a regression."""
    if classes.link is None:
        raise InputError("--true-label is about classes, but the model is a regression: leave it out")
    if rows and all(row.label is None for row in rows):
        raise InputError("--true-label finds no label in the file: name its column by --label-column")


def with_true_labels(targets: Any, rows: Sequence[Row], names: Sequence[str]) -> PerText:
    """What is explained of each of these rows: the same, or what is predicted, and the label that the file has of it.

    A label that is a number is the class with this number in its name ("4" is "4 stars"), or, where the names hold none, the
    class at this place, from 0.
    """
    before = [None] if targets is None else targets if isinstance(targets, (list, tuple)) else [targets]
    return PerText(tuple((*before, *_labels(row.label, names)) for row in rows))


def _labels(label: Any, names: Sequence[str]) -> List[Any]:
    several: Optional[Any] = label if isinstance(label, (list, tuple)) else None if label is None else [label]
    return [_class_of(one, names) for one in several or ()]


def _class_of(label: Any, names: Sequence[str]) -> Any:
    """A name or an index of the class that a label is; the label itself where it is none."""
    if str(label) in names:
        return str(label)
    number, known = _number(label), numbers_of(names)
    if known is not None and number is not None:
        return known[0].index(number) if known[0].count(number) == 1 else label
    return int(number) if number is not None and number == int(number) else label


def _number(label: Any) -> Optional[float]:
    """The number that a label is, of a table, of JSON or written; None for others."""
    try:
        number = float(label) if not isinstance(label, bool) else float("nan")
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
