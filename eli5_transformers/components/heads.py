"""The kinds of classification heads: what their logits mean, how they are trained, measured and read.

transformers names three problem types and picks the loss by them (`modeling_bert.py`, `BertForSequenceClassification`);
a single logit under a sigmoid is the multi-label kind with one label there. It is a kind of its own here, because a
person reads it as a choice of two.
"""

import abc
from typing import Any, ClassVar, Dict, List, Optional, Sequence, Union

import numpy as np
import torch
from allennlp.data.fields import Field, LabelField, MultiLabelField
from allennlp.training.metrics import (
    BooleanAccuracy,
    CategoricalAccuracy,
    FBetaMultiLabelMeasure,
    MeanAbsoluteError,
)

from ..engine.targets import Classes, probabilities
from ..errors import InputError, SourceError

Prediction = Union[str, float, List[str]]

SINGLE_LABEL, MULTI_LABEL, REGRESSION = "single_label_classification", "multi_label_classification", "regression"
PROBLEM_TYPES = (SINGLE_LABEL, MULTI_LABEL, REGRESSION)


class Head(abc.ABC):
    """One kind of head. `labels` has one name an output, unique; logits and probabilities are (batch, outputs)."""

    kind: ClassVar[str]
    link: ClassVar[Optional[str]]
    """What makes probabilities of the logits: "softmax", "sigmoid", or None where there are none."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = tuple(labels)

    @property
    def classes(self) -> Classes:
        """The classes as they are explained."""
        return Classes(self.labels, self.link)

    def probabilities(self, logits: torch.Tensor) -> Optional[torch.Tensor]:
        """Probabilities (batch, outputs) of the logits; None where there are none."""
        return probabilities(logits, self.link)

    @abc.abstractmethod
    def loss(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """The scalar that training lowers. Raises InputError for targets that the head does not have."""

    @abc.abstractmethod
    def prediction(self, outputs: torch.Tensor) -> Prediction:
        """What a person is told: the name of the class, the names of several, or a number.

        `outputs` (outputs,) are the probabilities, or the logits where there are none.
        """

    @abc.abstractmethod
    def target_field(self, outputs: np.ndarray) -> Optional[Field]:
        """The predicted label as an instance's field; None where the loss at the prediction is flat."""

    @abc.abstractmethod
    def measure(self, logits: torch.Tensor, target: torch.Tensor) -> None:
        """Adds a batch to the metrics."""

    @abc.abstractmethod
    def metrics(self, reset: bool) -> Dict[str, float]:
        """The metrics of all batches since the last reset."""


class SingleLabel(Head):
    """One class of several: softmax, cross entropy, accuracy."""

    kind = "single_label"
    link = "softmax"

    def __init__(self, labels: Sequence[str]) -> None:
        super().__init__(labels)
        self._accuracy = CategoricalAccuracy()

    def loss(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        target = target.long().view(-1)
        _require_classes(target, logits.shape[-1], self.labels)
        return torch.nn.functional.cross_entropy(logits, target)

    def prediction(self, outputs: torch.Tensor) -> str:
        return self.labels[int(outputs.argmax())]

    def target_field(self, outputs: np.ndarray) -> Field:
        return LabelField(int(np.argmax(outputs)), skip_indexing=True)

    def measure(self, logits: torch.Tensor, target: torch.Tensor) -> None:
        self._accuracy(logits, target.view(-1))

    def metrics(self, reset: bool) -> Dict[str, float]:
        return {"accuracy": self._accuracy.get_metric(reset)}


class Binary(Head):
    """One logit under a sigmoid: the label or its opposite, binary cross entropy, accuracy."""

    kind = "binary"
    link = "sigmoid"

    def __init__(self, labels: Sequence[str]) -> None:
        # Two names mean (negative, positive), as in the targets 0 and 1.
        super().__init__(labels[-1:])
        self.opposite = labels[0] if len(labels) == 2 else f"not {labels[0]}"
        self._accuracy = BooleanAccuracy()

    @property
    def classes(self) -> Classes:
        return Classes((self.opposite, *self.labels), self.link, opposite=True)

    def loss(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        target = target.view(-1)
        _require_classes(target, 2, (self.opposite, *self.labels))
        return torch.nn.functional.binary_cross_entropy_with_logits(logits.view(-1), target.to(logits.dtype))

    def prediction(self, outputs: torch.Tensor) -> str:
        return self.labels[0] if float(outputs.reshape(-1)[0]) >= 0.5 else self.opposite

    def target_field(self, outputs: np.ndarray) -> Field:
        return LabelField(int(np.ravel(outputs)[0] >= 0.5), skip_indexing=True)

    def measure(self, logits: torch.Tensor, target: torch.Tensor) -> None:
        self._accuracy((logits.detach().view(-1) >= 0).long(), target.long().view(-1))

    def metrics(self, reset: bool) -> Dict[str, float]:
        return {"accuracy": self._accuracy.get_metric(reset)}


class MultiLabel(Head):
    """Any number of classes at once: a sigmoid each, mean binary cross entropy, micro F1 at one half."""

    kind = "multi_label"
    link = "sigmoid"

    def __init__(self, labels: Sequence[str]) -> None:
        super().__init__(labels)
        self._fbeta = FBetaMultiLabelMeasure(average="micro", threshold=0.5)

    def loss(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        if target.shape != logits.shape:
            raise InputError(
                f"a multi-label head of {logits.shape[-1]} outputs needs targets of shape {tuple(logits.shape)}, got "
                f"{tuple(target.shape)}: give `labels` as a list in the data and `problem_type` to the reader"
            )
        return torch.nn.functional.binary_cross_entropy_with_logits(logits, target.to(logits.dtype))

    def prediction(self, outputs: torch.Tensor) -> List[str]:
        return [label for label, output in zip(self.labels, outputs.tolist()) if output >= 0.5]

    def target_field(self, outputs: np.ndarray) -> Field:
        chosen = [index for index, output in enumerate(np.ravel(outputs)) if output >= 0.5]
        return MultiLabelField(chosen, skip_indexing=True, num_labels=len(self.labels))

    def measure(self, logits: torch.Tensor, target: torch.Tensor) -> None:
        self._fbeta(torch.sigmoid(logits.detach()), target)

    def metrics(self, reset: bool) -> Dict[str, float]:
        return {name: float(value) for name, value in self._fbeta.get_metric(reset).items()}


class Regression(Head):
    """Numbers: no probabilities, mean squared error, mean absolute error."""

    kind = "regression"
    link = None

    def __init__(self, labels: Sequence[str]) -> None:
        super().__init__(labels)
        self._error = MeanAbsoluteError()

    def loss(self, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.mse_loss(logits, target.to(logits.dtype).view_as(logits))

    def prediction(self, outputs: torch.Tensor) -> Any:
        return float(outputs[0]) if len(self.labels) == 1 else [float(value) for value in outputs]

    def target_field(self, outputs: np.ndarray) -> None:
        # The squared error of the predicted number is at its minimum: no gradient to explain.
        return None

    def measure(self, logits: torch.Tensor, target: torch.Tensor) -> None:
        self._error(logits.detach().view(-1), target.to(logits.dtype).view(-1))

    def metrics(self, reset: bool) -> Dict[str, float]:
        return {"mae": self._error.get_metric(reset)["mae"]}


def make_head(labels: Sequence[str], outputs: int, problem_type: Optional[str]) -> Head:
    """The head with that many outputs: its kind follows from `problem_type` or, without one, from the outputs.

    As in transformers, several outputs without a problem type are one label of several, and a single output is a
    regression; a single output of `multi_label_classification` is a choice of two. Raises SourceError for a problem
    type that transformers does not know and for one that does not fit the outputs.
    """
    if problem_type is not None and problem_type not in PROBLEM_TYPES:
        raise SourceError(
            f"problem_type is {problem_type!r}, but must be one of {', '.join(map(repr, PROBLEM_TYPES))}"
        )
    if problem_type == "regression" or (problem_type is None and outputs == 1):
        return Regression(labels)
    if problem_type == "multi_label_classification":
        return Binary(labels) if outputs == 1 else MultiLabel(labels)
    if outputs == 1:
        raise SourceError(
            "problem_type 'single_label_classification' needs two outputs or more, but the head has 1: give "
            "'multi_label_classification' for a single logit under a sigmoid, or 'regression' for a number"
        )
    return SingleLabel(labels)


def _require_classes(target: torch.Tensor, classes: int, labels: Sequence[str]) -> None:
    """Refuses targets that cross entropy would answer with an assertion in the middle of a CUDA kernel."""
    wrong = target[(target < 0) | (target >= classes)]
    if len(wrong):
        raise InputError(
            f"label {int(wrong[0])} is not one of the model's {classes} ({', '.join(labels)}): "
            f"integer labels count from 0 to {classes - 1}"
        )
