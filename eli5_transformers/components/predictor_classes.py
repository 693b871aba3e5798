"""The classes of an AllenNLP model of anybody's: their names as the model itself says them, and what makes probabilities."""

from __future__ import annotations

import copy
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import torch

from ..engine.activations import SIGMOID, SOFTMAX, look_like
from ..engine.outputs import logits_name, logits_of, numbers, probabilities_name
from ..engine.targets import Classes, probabilities
from ..errors import UnsupportedModelError, is_error

# How sure a model is made of one class, to hear what it calls it.
_SURE = 12.0
# So many classes are asked for.
_MOST = 1000
_TOLERANCE = 1e-4
_LABEL_KEYS = ("label", "labels", "predicted_label", "predicted_labels", "class", "prediction")
_SEVERAL = ("BCEWithLogitsLoss", "BCELoss", "MultiLabelSoftMarginLoss", "MultiLabelMarginLoss")


def classes_of(
    model: torch.nn.Module, outputs: Mapping[str, Any], activation_of: Callable[[torch.Tensor], Optional[str]]
) -> Classes:
    """The classes of a model that has given `outputs` for one text; `activation_of` says what logits are behind.

    Raises UnsupportedModelError for outputs that are not those of one text, or that contradict each other.
    """
    logits = logits_of(outputs)
    if len(logits) != 1:
        raise UnsupportedModelError(
            f"the model returns {len(logits)} rows of outputs for one text: a classifier returns one for each, (batch, outputs)"
        )
    count = logits.shape[1]
    said = spoken_names(model, outputs)
    names = said or vocabulary_names(model, max(count, 2)) or vocabulary_names(model, count)
    # One number for a choice of two.
    opposite = count == 1 and names is not None and len(names) == 2
    shown = tuple(names) if names is not None and len(names) == (2 if opposite else count) else _numbered(model, count)
    given = numbers(outputs, probabilities_name(outputs)) if logits_name(outputs) is not None else None
    if given is not None:
        link = _link_of(logits, given)
        if link is not None:
            return Classes(shown, link, opposite)
    activation = activation_of(logits)
    if activation is None and logits_name(outputs) is None and probabilities_name(outputs) is not None:
        activation = SOFTMAX if look_like(logits) == SOFTMAX else SIGMOID
    if activation is not None:
        return Classes(shown, "sigmoid" if activation == SIGMOID else "softmax", opposite, activation)
    if given is not None:
        raise UnsupportedModelError(
            f"the model's {probabilities_name(outputs)!r} are neither the softmax nor the sigmoid of its "
            f"{logits_name(outputs)!r}, so it is not known what its prediction is: let it return one of them"
        )
    if opposite or (count > 1 and _several_labels(model, outputs)):
        return Classes(shown, "sigmoid", opposite)
    return Classes(shown, "softmax" if count > 1 and names is not None else None)


def assumed(outputs: Mapping[str, Any], classes: Classes) -> str:
    """What a reader must know where the model itself says no probabilities, a sentence; else empty."""
    if classes.link is None or classes.activation is not None or probabilities_name(outputs) is not None:
        return ""
    return f"The model returns logits without probabilities: the probabilities shown are their {classes.link}."


def _link_of(logits: torch.Tensor, given: torch.Tensor) -> Optional[str]:
    for link in ("softmax", "sigmoid") if logits.shape[1] > 1 else ("sigmoid",):
        made = probabilities(logits, link)
        if made is None:
            continue
        if logits.shape[1] == 1 and given.shape[1] == 2:
            made = torch.cat([1 - made, made], 1)
        if made.shape == given.shape and torch.allclose(made, given.to(made), atol=_TOLERANCE):
            return link
    return None


def spoken_names(model: torch.nn.Module, outputs: Mapping[str, Any]) -> Optional[Tuple[str, ...]]:
    """What the model's `make_output_human_readable` calls each class, when it is made sure of that class; or None.

    Of one number the names of both sides, the lower first.
    """
    count = logits_of(outputs).shape[1]
    if count > _MOST:
        return None
    rows = [[-_SURE], [_SURE]] if count == 1 else [[_SURE * (2 * (i == k) - 1) for i in range(count)] for k in range(count)]
    heard: List[Dict[str, Any]] = [_readable(model, outputs, row) for row in rows]
    keys = [key for key in _LABEL_KEYS if key in heard[0]]
    for key in keys + [key for key in heard[0] if key not in keys]:
        names = [_name(said.get(key)) for said in heard]
        if None not in names and len(set(names)) == len(rows):
            return tuple(str(name) for name in names)
    return None


def _several_labels(model: torch.nn.Module, outputs: Mapping[str, Any]) -> bool:
    """Whether a text may have several labels: by the model's loss, or by what it says when it is sure of all."""
    if any(type(part).__name__ in _SEVERAL for part in model.modules()):
        return True
    said = _readable(model, outputs, [_SURE] * logits_of(outputs).shape[1])
    return any(
        isinstance(value, (list, tuple)) and len(value) == 1 and isinstance(value[0], (list, tuple)) and len(value[0]) > 1
        and all(isinstance(name, str) for name in value[0])
        for key, value in said.items() if key in _LABEL_KEYS
    )  # fmt: skip


def _readable(model: torch.nn.Module, outputs: Mapping[str, Any], logits: Sequence[float]) -> Dict[str, Any]:
    """What the model makes of its outputs with other numbers of the classes in them."""
    made = dict(outputs)
    row = torch.tensor([list(logits)], dtype=torch.float64)
    for name in (logits_name(outputs), probabilities_name(outputs)):
        held = numbers(outputs, name)
        if held is None or name is None:
            continue
        values = row if name == logits_name(outputs) else _as_probabilities(row, held)
        if values is None or values.numel() != held.numel():
            continue
        given = outputs[name]
        values = values.to(held)
        made[name] = values.reshape(given.shape) if isinstance(given, torch.Tensor) else list(values)
    try:
        with torch.no_grad():
            found = model.make_output_human_readable(copy.copy(made))  # type: ignore[operator]
    except BaseException as error:  # whatever the code of a stranger raises of numbers that it has not made
        if not is_error(error):
            raise
        return {}
    return dict(found) if isinstance(found, Mapping) else {}


def _as_probabilities(row: torch.Tensor, held: torch.Tensor) -> Optional[torch.Tensor]:
    """The probabilities of logits, of the kind that is held: of a choice, of several labels, or their logarithms."""
    if row.shape[1] == 1 and held.shape[1] == 2:
        row = torch.cat([-row / 2, row / 2], 1)
    if row.shape != held.shape:
        return None
    if bool((held < 0).any()):
        return row.log_softmax(-1)
    return row.softmax(-1) if row.shape[1] > 1 and look_like(held) == SOFTMAX else torch.sigmoid(row)


def _name(value: Any) -> Optional[str]:
    """The one name in what stands for one text: "a", ["a"] or [["a"]]."""
    while isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, str) else None


def vocabulary_names(model: Any, count: int) -> Optional[Tuple[str, ...]]:
    """The names of so many classes: of the namespace that the model says, or of the only one of labels with as many."""
    spelled = model.vocab._index_to_token
    own = getattr(model, "_label_namespace", None) or getattr(model, "label_namespace", None)
    fitting = [name for name in spelled if len(spelled[name]) == count]
    for names in (
        [name for name in fitting if name in (own, "labels")][:2],
        [name for name in fitting if name.endswith(("labels", "tags"))],
    ):
        chosen = own if own in names else names[0] if len(names) == 1 else None
        if chosen is not None:
            return tuple(str(spelled[chosen].get(index, index)) for index in range(count))
    return None


def _numbered(model: Any, count: int) -> Tuple[str, ...]:
    """The names of the model's namespace of labels as far as it has any, and numbers."""
    own = getattr(model, "_label_namespace", None) or getattr(model, "label_namespace", None) or "labels"
    known = model.vocab._index_to_token
    names = known[own] if own in known and len(known[own]) > count else {}
    return tuple(str(names.get(index, index)) for index in range(count))
