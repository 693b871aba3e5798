"""What of a model's outputs are the numbers of its classes."""

from __future__ import annotations

from typing import Any, Mapping, Optional, Sequence

import torch

from ..errors import UnsupportedModelError

LOGITS = ("logits", "label_logits", "class_logits", "logit")
PROBABILITIES = (
    "probs", "label_probs", "class_probabilities", "probabilities", "class_probs", "prob", "log_probs", "label_log_probs",
)  # fmt: skip
# Where nothing has a name that says more.
_OTHERS = ("scores", "score", "predictions", "prediction", "preds", "output", "outputs", "value")


def logits_name(outputs: Any) -> Optional[str]:
    """Under which name the logits are, or None."""
    return _name(outputs, LOGITS, "logits")


def probabilities_name(outputs: Any) -> Optional[str]:
    """Under which name the probabilities are, or None."""
    return _name(outputs, PROBABILITIES, "probs") or _name(outputs, (), "probabilities")


def numbers(outputs: Any, name: Optional[str]) -> Optional[torch.Tensor]:
    """The numbers (batch, outputs) under a name; None where it holds others.

    Models give a row for each text with a dimension of one beside the classes, one number a text, or a list of rows.
    """
    found = outputs.get(name) if isinstance(outputs, Mapping) and name is not None else None
    if isinstance(found, (list, tuple)) and found and all(isinstance(row, torch.Tensor) for row in found):
        same = len({row.shape for row in found}) == 1 and found[0].dim() == 1
        found = torch.stack(list(found)) if same else None
    if not isinstance(found, torch.Tensor) or not found.dtype.is_floating_point:
        return None
    if found.dim() == 3 and 1 in found.shape[1:]:
        found = found.squeeze(1) if found.shape[1] == 1 else found.squeeze(2)
    if found.dim() == 1:
        found = found.unsqueeze(1)
    return found if found.dim() == 2 else None


def logits_of(outputs: Any) -> torch.Tensor:
    """The logits (batch, outputs), at least float32, in what an AllenNLP model returned; its probabilities without them."""
    name = logits_name(outputs) or probabilities_name(outputs) or _name(outputs, _OTHERS)
    logits = numbers(outputs, name)
    if logits is None:
        raise UnsupportedModelError(
            f"the model's output ({_shown(outputs) or 'nothing'}) has neither 'logits' nor 'probs' (batch, outputs): "
            "interpreters are for classifiers that return them, as tensors"
        )
    return logits if logits.dtype in (torch.float32, torch.float64) else logits.float()


def _shown(outputs: Any) -> str:
    """What a model returned, for a sentence: names, shapes and types."""
    if not isinstance(outputs, Mapping):
        return f"a {type(outputs).__name__}"
    shapes = {name: getattr(value, "shape", None) for name, value in outputs.items()}
    said = (f"{n!r}: {type(outputs[n]).__name__ if s is None else tuple(s)}" for n, s in list(shapes.items())[:8])
    return ", ".join(said)


def _name(outputs: Any, names: Sequence[str], ending: str = "") -> Optional[str]:
    """The first of the names that holds numbers of classes, else the only other one that ends so."""
    known = [name for name in names if numbers(outputs, name) is not None]
    if known or not ending or not isinstance(outputs, Mapping):
        return known[0] if known else None
    alike = [name for name in outputs if str(name).endswith(ending) and numbers(outputs, name) is not None]
    return alike[0] if len(alike) == 1 else None
