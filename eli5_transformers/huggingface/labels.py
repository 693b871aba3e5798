"""Which name each output of a classifier has."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, List, Mapping, Optional, Sequence

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


def _listed(names: Sequence[str], most: int = 10) -> str:
    listed = ", ".join(repr(name) for name in names[:most])
    return f"{listed} and {len(names) - most} more" if len(names) > most else listed
