"""Which classes are explained, and under which names: a person's words for them, to the engine's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, List, Mapping, Sequence, Union

from ..arguments import did_you_mean, in_order, is_missing, listed
from ..errors import InputError, shown
from ..questions import QUESTIONS, question_of, renamed
from ..records import Attribution, PerText
from ..text.label_order import in_words

Names = Union[Sequence[str], Mapping[str, str], None]
"""Other names for classes: one for each, or by name."""


def chosen(targets: Any, top_targets: Any) -> Any:
    """Targets as the engine takes them. Raises InputError where both are given."""
    from ..engine.targets import Top

    if top_targets is None:
        if targets is None:
            return None
        if isinstance(targets, PerText):
            return PerText(tuple(None if of_text is None else _questions(of_text) for of_text in targets.targets))
        return _questions(targets)
    if targets is not None:
        raise InputError("targets and top_targets are both given: give one of them")
    return Top(top_targets)


def _questions(targets: Any) -> List[Any]:
    return [question_of(target) for target in listed(targets)]


def shown_names(names: Sequence[str], target_names: Names) -> List[str]:
    """One name a class as it is shown. Raises InputError for names that do not fit the classes."""
    if target_names is None:
        return list(names)
    given = in_order(list(target_names.values()) if isinstance(target_names, Mapping) else target_names, "target_names")
    wrong = [name for name in given if is_missing(name) or isinstance(name, (list, tuple))]
    if wrong:
        raise InputError(f"target_names has {shown(wrong[0])} as the name of a class: give a text")
    if isinstance(target_names, Mapping):
        return [target_names.get(name, name) for name in names]
    if isinstance(target_names, str) or (names and len(given) != len(names)):
        raise InputError(
            f"target_names is {shown(target_names)}, but must be a dict or hold one name for each of the "
            f"{len(names)} classes ({', '.join(names)})"
        )
    return given


def shown_name(attribution: Attribution, called: Sequence[str], target_names: Names) -> str:
    """The name of the explained class, of those that `shown_names` gave; AllenNLP's own tell the predicted class alone."""
    if attribution.weights and len(called) == len(attribution.weights):
        return in_words(attribution.question, called, attribution.weights)
    if attribution.target < len(called):
        return called[attribution.target]
    if isinstance(target_names, Mapping):
        return target_names.get(attribution.label, attribution.label)
    if target_names is not None:
        raise InputError(
            f"target_names holds {len(target_names)} names, but class {attribution.target} is explained: "
            "give one name for each class"
        )
    return attribution.label


def relabelled(attribution: Attribution, called: Sequence[str], target_names: Names) -> Attribution:
    """The attribution with the names under which classes are shown."""
    label = shown_name(attribution, called, target_names)
    classes = tuple(called) if len(called) == len(attribution.classes) else attribution.classes
    return replace(attribution, label=label, classes=classes)


def require_classes(target_names: Names, names: Sequence[str]) -> None:
    """Raises InputError where `target_names` renames a class that the model does not have."""
    unknown = [name for name in target_names if name not in names] if isinstance(target_names, Mapping) else []
    if unknown:
        raise InputError(
            f"target_names renames {shown(unknown[0])}, which is no class of the model: give its names ({', '.join(names)}) "
            f"or a list with a name for each{did_you_mean(str(unknown[0]), names)}"
        )


def by_shown_name(targets: Any, called: Sequence[str], names: Sequence[str]) -> Any:
    """The same targets; those asked for by the name under which they are shown, as their index.

    Raises InputError for a name under which several are shown.
    """
    if isinstance(targets, PerText):
        return PerText(tuple(by_shown_name(wanted, called, names) for wanted in targets.targets))
    if isinstance(targets, (list, tuple)):
        return [by_shown_name(target, called, names) for target in targets]
    if isinstance(targets, QUESTIONS):
        return renamed(targets, lambda target: by_shown_name(target, called, names))
    if not isinstance(targets, str) or targets in names or targets not in called:
        return targets
    if list(called).count(targets) > 1:
        asked = ", ".join(map(repr, names))
        raise InputError(f"target_names shows several classes as {shown(targets)}: ask by one of {asked}")
    return called.index(targets)
