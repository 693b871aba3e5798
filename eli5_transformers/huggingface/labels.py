"""Which name each output of a classifier has."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

from ..errors import SourceError

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

    `id2label` may be a list, and `label2id` may stand alone. With `trained` the head has so many outputs, whatever the config
    says: names of another number are those of another head, and left aside. Two names of a single output are those of the
    opposite and of itself. Names of outputs that are not there, as of classes counted from 1, are left aside. Raises
    SourceError for a list of another length.
    """
    given = getattr(config, "id2label", None)
    if isinstance(given, (list, tuple)) and len(given) != outputs and trained and (outputs, len(given)) != (1, 2):
        raise SourceError(
            f"config.id2label is a list of {len(given)} names, but the model has {outputs} outputs: give one name an output, "
            "in their order, or labels=[...]"
        )
    names = dict(enumerate(given)) if isinstance(given, (list, tuple)) else given
    names = _by_index(names) if isinstance(names, Mapping) else {}
    if are_generic([str(name) for name in names.values()]):
        names = _inverted(getattr(config, "label2id", None)) or names
    two = outputs == 1 and len(names) == 2 and not are_generic([str(name) for name in names.values()])
    if len(names) == outputs and not set(names) <= set(range(outputs)):
        return None, (
            f"The config's id2label names the outputs {_listed(list(names))}, but the model's are numbered from 0 to "
            f"{outputs - 1}: the config's names are left aside; give labels=[...] to name the outputs."
        )
    if not trained or len(names) in (0, outputs) or two:
        return names or None, ""
    return None, (
        f"The model has {outputs} {'output' if outputs == 1 else 'outputs'}, but its config is of {len(names)} classes, as "
        "that of another head: the config's names are left aside; give labels=[...] to name the outputs."
    )


def written_otherwise(content: Mapping[str, Any]) -> Optional[Dict[int, str]]:
    """The names, by index, of a `config.json` that does not have them as transformers reads them; None for one that does.

    It reads an `id2label` that is an object, and nothing from a `label2id` alone.
    """
    given = content.get("id2label")
    if isinstance(given, list):
        return {index: str(name) for index, name in enumerate(given)}
    return (_inverted(content.get("label2id")) or None) if given is None else None


def _inverted(label2id: Any) -> Dict[Any, Any]:
    """Names by index of a `label2id` that numbers its names from 0 on and says something; empty for any other."""
    if not isinstance(label2id, Mapping) or are_generic([str(name) for name in label2id]):
        return {}
    names = {index: name for name, index in label2id.items()}
    return names if all(isinstance(i, int) for i in names) and sorted(names) == list(range(len(label2id))) else {}


def by_index(id2label: Any) -> Dict[Any, Any]:
    """A config's `id2label` by index, whatever holds it; empty where there is none."""
    if isinstance(id2label, (list, tuple)):
        return dict(enumerate(id2label))
    return _by_index(id2label) if isinstance(id2label, Mapping) else {}


def _by_index(id2label: Mapping[Any, Any]) -> Dict[Any, Any]:
    """An `id2label` with numbers as keys, where they are numbers; one that is a `label2id` is turned round."""
    turned = _inverted(id2label) if all(isinstance(key, str) for key in id2label) else {}
    return turned or {_number(key): name for key, name in id2label.items()}


def _number(key: Any) -> Any:
    try:
        return int(key)
    except (TypeError, ValueError):
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
    listed = ", ".join(repr(name) for name in names[:most])
    return f"{listed} and {len(names) - most} more" if len(names) > most else listed
