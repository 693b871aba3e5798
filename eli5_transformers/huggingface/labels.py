"""Which name each output of a classifier has."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ..errors import SourceError, shown

# What transformers calls the classes of a model whose author named none (`configuration_utils.py`).
_GENERIC = re.compile(r"LABEL_\d+")


def generic_names(count: int) -> List[str]:
    """The names that transformers gives to unnamed classes."""
    return [f"LABEL_{index}" for index in range(count)]


def config_names(id2label: Optional[Mapping[Any, Any]], count: int) -> List[str]:
    """The names in a config's `id2label`, by index; where one is missing or empty, the generic one."""
    names = generic_names(count)
    for key, name in (id2label or {}).items():
        try:
            index = int(key)
        except (TypeError, ValueError):
            continue
        if 0 <= index < count and name is not None and str(name).strip():
            names[index] = str(name)
    return names


def declared(config: Any) -> Optional[int]:
    """How many classes a config says that its model has; None where it does not say."""
    try:
        count = getattr(config, "num_labels", None)
    except TypeError:  # transformers counts `id2label`, which may have been set to None
        return None
    return count if isinstance(count, int) else None


def of_config(config: Any, outputs: int, trained: bool = False) -> Tuple[Optional[Dict[Any, Any]], str]:
    """A config's names of a head's outputs, by index, and what must be said of them (empty where nothing must).

    They are read as `docs/sources.md` has it. With `trained` the head has so many outputs, whatever the config says: names
    of another number are those of another head, and left aside. Two names of a single output are those of the opposite and
    of itself. Raises SourceError for a list of another length.
    """
    given = getattr(config, "id2label", None)
    if isinstance(given, (list, tuple)) and len(given) != outputs and trained and (outputs, len(given)) != (1, 2):
        raise SourceError(
            f"config.id2label is a list of {len(given)} names, but the model has {outputs} outputs: give one name an output, "
            "in their order, or labels=[...]"
        )
    names, note = _read(given, getattr(config, "label2id", None))
    two = outputs == 1 and len(names) == 2 and not are_generic([str(name) for name in names.values()])
    if len(names) == outputs and not set(names) <= set(range(outputs)):
        return None, _not_numbered(names)
    if not trained or len(names) in (0, outputs) or two:
        return names or None, note
    return None, (
        f"The model has {outputs} {'output' if outputs == 1 else 'outputs'}, but its config is of {len(names)} classes, as "
        "that of another head: the config's names are left aside; give labels=[...] to name the outputs."
    )


def as_written(content: Mapping[str, Any]) -> Tuple[Optional[Dict[int, str]], str]:
    """The names in the content of a `config.json`, by index, and what must be said of them.

    None where transformers reads the file itself as it is read here: an `id2label` that is an object from numbers to names,
    or no names at all.
    """
    given = content.get("id2label")
    names, note = _read(given, content.get("label2id"))
    plain = isinstance(given, Mapping) and bool(given) and all(str(key).strip().isdigit() for key in given)
    if plain and names == {int(key): name for key, name in given.items()} and not note:  # type: ignore[union-attr]
        return None, ""
    if not names:
        named = "id2label" in content or "label2id" in content
        return (dict(enumerate(generic_names(content.get("num_labels") or 2))) if named else None), note
    if set(names) != set(range(len(names))):
        return dict(enumerate(generic_names(len(names)))), _not_numbered(names)
    return dict(enumerate(config_names(names, len(names)))), note


def _read(id2label: Any, label2id: Any) -> Tuple[Dict[Any, Any], str]:
    """Names by index, whatever holds them, and what must be said of that."""
    names, notes = by_index(id2label), []
    if id2label is not None and not isinstance(id2label, (Mapping, list, tuple)):
        given = shown(id2label) if isinstance(id2label, (str, int, float)) else f"a {type(id2label).__name__}"
        notes.append(
            f"The config's id2label is {given}, which names no outputs: it is left aside; give labels=[...] to name "
            "the outputs."
        )
    if are_generic([str(name) for name in names.values()]):
        return _inverted(label2id) or names, " ".join(notes)
    missing = [index for index, name in names.items() if not _is_name(name)]
    if missing:
        notes.append(
            f"The config names {'no class' if len(missing) == 1 else 'no classes'} for output {_listed(missing)}: give "
            "labels=[...] to name the outputs."
        )
    twice = [name for name, count in Counter(str(name) for name in names.values() if _is_name(name)).items() if count > 1]
    if twice:
        notes.append(f"The config gives the name {shown(twice[0])} to several outputs, which are told apart by their numbers.")
    other = _disagreeing(names, label2id)
    if other is not None:
        notes.append(
            f"The config's id2label and label2id disagree about {shown(other)}: id2label counts, as in transformers."
        )
    return {index: name if _is_name(name) else None for index, name in names.items()}, " ".join(notes)


def _is_name(name: Any) -> bool:
    return isinstance(name, (str, int, float)) and bool(str(name).strip())


def _disagreeing(names: Mapping[Any, Any], label2id: Any) -> Any:
    """A name that the two have at different places, or None."""
    if not isinstance(label2id, Mapping):
        return None
    for index, name in names.items():
        other = label2id.get(name) if isinstance(name, str) else None
        if other is not None and _number(other) != index and list(names.values()).count(name) == 1:
            return name
    return None


def _not_numbered(names: Mapping[Any, Any]) -> str:
    return (
        f"The config's id2label names the outputs {_listed(list(names))}, but the model's are numbered from 0 to "
        f"{len(names) - 1}: the config's names are left aside; give labels=[...] to name the outputs."
    )


def _inverted(label2id: Any) -> Dict[Any, Any]:
    """Names by index of a `label2id` that numbers its names from 0 on and says something; empty for any other."""
    if not isinstance(label2id, Mapping) or are_generic([str(name) for name in label2id]):
        return {}
    names = {_number(index): name for name, index in label2id.items()}
    numbered = all(isinstance(index, int) and not isinstance(index, bool) for index in names)
    return names if numbered and sorted(names) == list(range(len(label2id))) else {}


def by_index(id2label: Any) -> Dict[Any, Any]:
    """A config's `id2label` by index, whatever holds it; empty where there is none."""
    if isinstance(id2label, (list, tuple)):
        return dict(enumerate(id2label))
    return _by_index(id2label) if isinstance(id2label, Mapping) else {}


def _by_index(id2label: Mapping[Any, Any]) -> Dict[Any, Any]:
    """An `id2label` with numbers as keys, where they are numbers; one that is a `label2id` is turned round."""
    words = all(isinstance(key, str) and not key.strip().isdigit() for key in id2label)
    turned = _inverted(id2label) if words else {}
    return turned or {_number(key): name for key, name in id2label.items()}


def _number(key: Any) -> Any:
    try:
        return int(key)
    except (TypeError, ValueError, OverflowError):
        return key


def are_generic(names: Sequence[str]) -> bool:
    """True where no name says anything."""
    return all(_GENERIC.fullmatch(name) for name in names)


def distinct(names: Sequence[str]) -> List[str]:
    """The names, those that occur more than once with their index: `["POS", "NEG", "POS"]` has `POS (0)`, `POS (2)`."""
    counts = Counter(names)
    result: List[str] = []
    for index, name in enumerate(names):
        own = f"{name} ({index})" if counts[name] > 1 else name
        # A name may already be spelled like a numbered one.
        while own in result or (own != name and own in counts):
            own = f"{own} ({index})"
        result.append(own)
    return result


def resolve(
    outputs: int,
    *,
    given: Optional[Sequence[str]] = None,
    vocabulary: Sequence[str] = (),
    id2label: Optional[Mapping[Any, Any]] = None,
    new_head: bool = False,
) -> List[str]:
    """The distinct names of a head's outputs, in the order of the outputs.

    `given` are the names that the caller chose, `vocabulary` those of the training data in the vocabulary's order,
    `id2label` the checkpoint's. A trained head keeps the checkpoint's order, since that of the data is another; only a
    new head takes the data's. Raises SourceError where the names do not fit the outputs or each other.
    """
    if given is not None:
        names = [str(name) for name in given]
        # A single logit has a positive label and may have a negative one.
        if len(names) != outputs and not (outputs == 1 and len(names) == 2):
            raise SourceError(
                f"{len(names)} labels are given ({_listed(names)}), but the classifier has {outputs} outputs: "
                "give one label an output, in their order"
            )
        names = distinct(names)
        _require_known(vocabulary, names, "the given labels")
        return names
    two = [str(name) for name in (id2label or {}).values()]
    if outputs == 1 and len(two) == 2 and not are_generic(two) and not new_head:
        return distinct(two)
    names = config_names(id2label, outputs)
    if not vocabulary:
        return distinct(names)
    fits = len(vocabulary) == outputs or (outputs == 1 and len(vocabulary) == 2)
    if new_head and fits and not set(vocabulary) <= set(names):
        return list(vocabulary)
    if are_generic(names) and not set(vocabulary) <= set(names):
        raise SourceError(
            f"the data has the labels {_listed(vocabulary)}, but the checkpoint does not say which of its {outputs} "
            "outputs has which: name them with `labels=[...]`, in the order of the outputs"
        )
    names = distinct(names)
    _require_known(vocabulary, names, "those of the checkpoint")
    return names


def _require_known(vocabulary: Sequence[str], names: Sequence[str], whose: str) -> None:
    unknown = [name for name in vocabulary if name not in names]
    if unknown:
        raise SourceError(
            f"the data has the labels {_listed(unknown)}, which are not among {whose} ({_listed(names)}): "
            "correct the data, or give `labels=[...]` and `allow_new_head: true` to train a head for them"
        )


def _listed(names: Sequence[Any], most: int = 10) -> str:
    listed = ", ".join(shown(name, 60) for name in names[:most])
    return f"{listed} and {len(names) - most} more" if len(names) > most else listed
