"""Which output of a classifier is explained, and in which unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import torch

from ..arguments import count_of_targets, did_you_mean, listed
from ..errors import InputError, shown
from .activations import as_logits, note

OUTPUTS = ("logit", "probability", "log-probability", "loss")

_LINKS: Dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "softmax": lambda logits: torch.softmax(logits, -1),
    "sigmoid": torch.sigmoid,
}
_LOGARITHMS: Dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "softmax": lambda logits: torch.log_softmax(logits, -1),
    "sigmoid": torch.nn.functional.logsigmoid,
}


def probabilities(logits: torch.Tensor, link: Optional[str]) -> Optional[torch.Tensor]:
    """Probabilities of logits (rows, outputs), same shape: by "softmax" or "sigmoid"; None without a link."""
    return None if link is None else _LINKS[link](logits)


@dataclass(frozen=True)
class Top:
    """As targets: the `count` classes of the highest logits; negative, of the lowest. Raises InputError for zero."""

    count: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "count", count_of_targets(self.count))


@dataclass(frozen=True)
class Classes:
    """The classes of a model and how its logits become probabilities.

    A head with one logit for a choice of two has two classes here, the opposite first: its score is the negative logit.
    """

    names: Tuple[str, ...]
    """One name a class, unique."""
    link: Optional[str]
    """What makes probabilities of the logits: "softmax", "sigmoid", or None where there are none (regression)."""
    opposite: bool = False
    """True where the model has one logit and the classes are (opposite, label)."""
    activation: Optional[str] = None
    """What the model's outputs are behind, where they are no logits: see `activations`."""

    @property
    def note(self) -> str:
        """What a reader must know of the outputs, a sentence; empty for logits."""
        return note(self.activation)

    def logits(self, logits: torch.Tensor) -> torch.Tensor:
        """Logits (rows, classes) of the model's outputs (rows, outputs)."""
        logits = as_logits(logits, self.activation)
        return torch.cat([-logits, logits], dim=-1) if self.opposite else logits

    def probabilities(self, logits: torch.Tensor) -> Optional[torch.Tensor]:
        """Probabilities of `self.logits(...)`, same shape, or None."""
        return probabilities(logits, self.link)

    def values(self, logits: torch.Tensor, output: str) -> torch.Tensor:
        """The explained quantity of every class, (rows, classes), from `self.logits(...)`.

        `output` is one of `OUTPUTS`; the loss is the negative log-probability, so that positive scores speak against the
        class. Raises InputError for another name, and for probabilities of a model that has none.
        """
        if output not in OUTPUTS:
            raise InputError(f"output is {shown(output)}, but must be one of {', '.join(map(repr, OUTPUTS))}")
        if output == "logit":
            return logits
        if self.link is None:
            raise InputError(f"output is {shown(output)}, but the model is a regression without probabilities: use 'logit'")
        if output == "probability":
            return _LINKS[self.link](logits)
        logs = _LOGARITHMS[self.link](logits)
        return -logs if output == "loss" else logs

    def resolve(self, targets: Any, logits: Sequence[float]) -> List[int]:
        """The indices of the classes to explain for one text, each once, in the order asked for.

        `targets` is None for what the model predicts (for several labels at once all those that it predicts, for a
        regression every output), a name, an index, a sequence of these, or `Top(k)` for the k classes of the highest
        logits, highest first (`Top(-k)`: of the lowest, lowest first). `logits` are the text's, (classes,). Raises
        InputError for a class that the model does not have.
        """
        if isinstance(targets, Top):
            ranked = self._ranked(logits)
            return ranked[: targets.count] if targets.count > 0 else ranked[::-1][: -targets.count]
        if targets is None:
            return self._predicted(logits)
        chosen = list(dict.fromkeys(self._index(target) for target in listed(targets)))
        if not chosen:
            raise InputError("targets is empty: name a class, or leave it out to explain the predicted one")
        return chosen

    def _ranked(self, logits: Sequence[float]) -> List[int]:
        return sorted(range(len(self.names)), key=lambda index: -logits[index])

    def _predicted(self, logits: Sequence[float]) -> List[int]:
        if self.link is None:
            return list(range(len(self.names)))
        best = self._ranked(logits)[0]
        if self.link == "sigmoid" and not self.opposite:
            # A sigmoid of 0 is one half.
            return [index for index in range(len(self.names)) if logits[index] >= 0] or [best]
        return [best]

    def _index(self, target: Any) -> int:
        if isinstance(target, str):
            if target in self.names:
                return self.names.index(target)
        elif hasattr(target, "__index__") and not isinstance(target, bool):
            index = target.__index__()
            if -len(self.names) <= index < len(self.names):
                return index % len(self.names)
        names = ", ".join(map(repr, self.names[:10])) + (", …" if len(self.names) > 10 else "")
        if isinstance(target, (list, tuple)):
            hint = "; per_text([…]) gives each text classes of its own"
        else:
            hint = did_you_mean(target, self.names) if isinstance(target, str) else ""
        raise InputError(
            f"there is no class {shown(target)}: the model has {names}; give one of these names or an index "
            f"from 0 to {len(self.names) - 1}{hint}"
        )
