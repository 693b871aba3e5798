"""Which output of a classifier is explained, and in which unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import torch

from ..arguments import count_of_targets, did_you_mean, listed
from ..errors import InputError, shown
from ..questions import QUESTIONS, Combination, Contrast, Lean
from ..text.label_order import Order, declared_order, in_words, order_of
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
class Asked:
    """What is explained of one text: the output of a class, or a weighted sum of the classes' outputs."""

    target: int
    """Index of the class; of a sum, of the class that it is about."""
    label: str
    """Name of the class; of a sum, what speaks for a higher one, in words."""
    question: str = "class"
    weights: Tuple[float, ...] = ()
    """One a class; empty for the class itself."""
    output: str = ""
    """The unit of what is summed, where it is another than the one that everything is explained in."""


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
    ordered: Any = None
    """Whether the classes are ordered labels: None where their names say so, True where they stand in that order, False
    where they have none, or their names from the lowest to the highest."""

    @property
    def order(self) -> Optional[Order]:
        """The order of the classes, or None. Raises InputError for a declared one that does not fit them."""
        if self.link is None or self.ordered is False or len(self.names) < 2:
            return None
        if self.ordered is None:
            return order_of(self.names)
        return self._declared(self.names if self.ordered is True else listed(self.ordered))

    @property
    def multi_label(self) -> bool:
        """True where a text may have several of the classes at once."""
        return self.link == "sigmoid" and not self.opposite

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

    def weighted(self, logits: torch.Tensor, output: str, asked: Asked) -> torch.Tensor:
        """The explained quantity of a weighted sum of classes, (rows,), from `self.logits(...)`."""
        values = self.values(logits, asked.output or output)
        return values @ torch.tensor(asked.weights, dtype=values.dtype, device=values.device)

    def resolve(self, targets: Any, logits: Sequence[float]) -> List[Asked]:
        """What to explain of one text, each once, in the order asked for.

        `targets` is None for what the model predicts (for several labels at once all those that it predicts, for a
        regression every output), a name, an index, one of `questions.QUESTIONS`, a sequence of these, or `Top(k)` for the k
        classes of the highest logits, highest first (`Top(-k)`: of the lowest, lowest first). None in a sequence is what the
        model predicts, too. `logits` are the text's, (classes,). Raises InputError for a class that the model does not
        have, and for a question that it cannot be asked.
        """
        if isinstance(targets, Top):
            ranked = self._ranked(logits)
            chosen = ranked[: targets.count] if targets.count > 0 else ranked[::-1][: -targets.count]
            return [self._class(index) for index in chosen]
        asked: List[Asked] = []
        for target in [None] if targets is None else listed(targets):
            asked += self._asked(target, logits)
        if not asked:
            raise InputError("targets is empty: name a class, or leave it out to explain the predicted one")
        return list(dict.fromkeys(asked))

    def _asked(self, target: Any, logits: Sequence[float]) -> List[Asked]:
        if target is None:
            return [self._class(index) for index in self._predicted(logits)]
        if not isinstance(target, QUESTIONS):
            return [self._class(self._index(target))]
        if isinstance(target, Contrast):
            return [self._contrast(target, logits)]
        best = self._ranked(logits)[0]
        if isinstance(target, Combination):
            weights = self._weights(target.weights)
            return [self._sum("combination", best, weights)]
        return [self._of_order(target, best)]

    def _class(self, index: int) -> Asked:
        return Asked(index, self.names[index])

    def _contrast(self, target: Contrast, logits: Sequence[float]) -> Asked:
        if len(self.names) < 2:
            raise InputError(f"a contrast needs two classes, but the model has {', '.join(map(repr, self.names))} alone")
        ranked = self._ranked(logits)
        label = ranked[0] if target.label is None else self._index(target.label)
        other = next(i for i in ranked if i != label) if target.other is None else self._index(target.other)
        if label == other:
            raise InputError(f"a contrast of {self.names[label]!r} with itself is always 0: name another class")
        weights = tuple(float(i == label) - float(i == other) for i in range(len(self.names)))
        return self._sum("contrast", label, weights)

    def _sum(self, question: str, target: int, weights: Tuple[float, ...], output: str = "") -> Asked:
        return Asked(target, in_words(question, self.names, weights), question, weights, output)

    def _of_order(self, target: Any, best: int) -> Asked:
        if self.link is None:
            raise InputError("the model is a regression, whose output has an order of its own: leave targets out")
        if isinstance(target, Lean):
            order = self.order if target.order is None else self._declared(target.order)
            if order is None:
                raise InputError(self._without_order("the lean", "lean([…])"))
            return self._sum("lean", best, order.lean)
        if self.multi_label:
            raise InputError("an expected value needs classes of which one is true: this model gives several labels at once")
        order = self.order
        if target.values is None and order is None:
            raise InputError(self._without_order("the expected value", "expected_value({label: value, …})"))
        values = order.values if target.values is None and order is not None else self._weights(target.values, every=True)
        return self._sum("expected value", best, values, output="probability")

    def _without_order(self, what: str, instead: str) -> str:
        return (
            f"{what} is of ordered labels, but no order is known of {self._listed()}: give it, as in {instead}, or load the "
            "model with ordered=True (--ordered) where its outputs stand in that order"
        )

    def _declared(self, lowest_first: Sequence[Any]) -> Order:
        places = [self._index(name) for name in lowest_first]
        if sorted(places) != list(range(len(self.names))):
            raise InputError(
                f"the order {shown(list(lowest_first))} must have each class once, from the lowest to the highest: "
                f"{self._listed()}"
            )
        return declared_order(self.names, [self.names[place] for place in places])

    def _weights(self, given: Sequence[Tuple[Any, float]], every: bool = False) -> Tuple[float, ...]:
        """One number a class, 0 where none is given; with `every` one must be given for each."""
        weights = {self._index(target): number for target, number in given}
        if len(weights) < len(given):
            raise InputError(f"{shown(dict(given))} has a class twice, by name and index: give each once")
        if every and len(weights) < len(self.names):
            missing = next(name for index, name in enumerate(self.names) if index not in weights)
            raise InputError(f"values has none for {missing!r}: give one for each class")
        if not any(weights.values()):
            raise InputError("every weight is 0: give one class another weight")
        return tuple(float(weights.get(index, 0.0)) for index in range(len(self.names)))

    def _ranked(self, logits: Sequence[float]) -> List[int]:
        return sorted(range(len(self.names)), key=lambda index: -logits[index])

    def _predicted(self, logits: Sequence[float]) -> List[int]:
        if self.link is None:
            return list(range(len(self.names)))
        best = self._ranked(logits)[0]
        if self.multi_label:
            # A sigmoid of 0 is one half.
            return [index for index in range(len(self.names)) if logits[index] >= 0] or [best]
        return [best]

    def _listed(self) -> str:
        return ", ".join(map(repr, self.names[:10])) + (", …" if len(self.names) > 10 else "")

    def _index(self, target: Any) -> int:
        if isinstance(target, str):
            if target in self.names:
                return self.names.index(target)
        elif hasattr(target, "__index__") and not isinstance(target, bool):
            index = target.__index__()
            if -len(self.names) <= index < len(self.names):
                return index % len(self.names)
        if isinstance(target, (list, tuple)):
            hint = "; per_text([…]) gives each text classes of its own"
        else:
            hint = did_you_mean(target, self.names) if isinstance(target, str) else ""
        raise InputError(
            f"there is no class {shown(target)}: the model has {self._listed()}; give one of these names or an index "
            f"from 0 to {len(self.names) - 1}{hint}"
        )
