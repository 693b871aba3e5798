"""One task of a multitask model: AllenNLP's own predictor of such models answers for whichever task an instance names."""

from __future__ import annotations

from typing import Any, Dict, Mapping

import torch
from allennlp.data.dataset_readers import MultiTaskDatasetReader
from allennlp.models import Model, MultiTaskModel
from allennlp.predictors import MultiTaskPredictor, Predictor

from ..compat.registering import registered
from ..errors import InputError
from .text_to_instance import ReaderPredictor

_NAME = "one_task"


class OneTask(Model):
    """A multitask model with the head of one task alone: its outputs have the names that the head itself gives them."""

    def __init__(self, model: MultiTaskModel, task: str) -> None:
        super().__init__(model.vocab)
        self.model, self.task = model, task
        self._label_namespace = getattr(self._head, "_label_namespace", "labels")

    @property
    def _head(self) -> Any:
        return self.model._heads[self.task]

    def forward(self, **fields: Any) -> Dict[str, Any]:  # type: ignore[override]
        found = self.model(**fields, task=[self.task] * _rows(fields))
        start = f"{self.task}_"
        return {name[len(start) :]: value for name, value in found.items() if name.startswith(start)}

    def make_output_human_readable(self, output_dict: Dict[str, Any]) -> Dict[str, Any]:
        said: Dict[str, Any] = self._head.make_output_human_readable(output_dict)
        return said


@registered(Predictor, _NAME)
class OneTaskPredictor(ReaderPredictor):
    """A predictor of one task of a `multitask` model, by the task's own head and reader: {"type": "one_task", "task": …}.

    Raises InputError for another model or reader, and for a task that the model has no head for. One head needs no name.
    """

    def __init__(self, model: MultiTaskModel, dataset_reader: MultiTaskDatasetReader, task: str = "") -> None:
        if not isinstance(model, MultiTaskModel) or not isinstance(dataset_reader, MultiTaskDatasetReader):
            raise InputError(f"the predictor {_NAME!r} is for a multitask model with a multitask reader")
        tasks = [name for name in model._heads if name in dataset_reader.readers]
        chosen = tasks[0] if not task and len(tasks) == 1 else task
        if chosen not in tasks:
            raise InputError(
                f"the predictor {_NAME!r} has the task {task!r}, but the model has {', '.join(map(repr, tasks)) or 'none'}: "
                f'give {{"type": "{_NAME}", "task": "{tasks[0] if tasks else ""}"}}'
            )
        super().__init__(OneTask(model, chosen), dataset_reader.readers[chosen].inner)


def require_one_task(predictor: Any) -> None:
    """Raises InputError for AllenNLP's predictor of all tasks at once: an explanation is of one."""
    if isinstance(predictor, MultiTaskPredictor):
        tasks = list(predictor.predictors)
        raise InputError(
            f"the model has several tasks ({', '.join(map(repr, tasks))}), and an explanation is of one: load it with "
            f'predictor={{"type": "{_NAME}", "task": "{tasks[0]}"}}'
        )


def _rows(fields: Mapping[str, Any]) -> int:
    """How many texts the tensors of all fields are of."""
    for value in fields.values():
        if isinstance(value, Mapping):
            found = _rows(value)
            if found:
                return found
        elif isinstance(value, torch.Tensor) and value.dim():
            return int(value.shape[0])
        elif isinstance(value, list):
            return len(value)
    return 0
