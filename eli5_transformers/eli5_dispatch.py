"""eli5's own front door: `eli5.explain_prediction` for predictors, pipelines and models.

eli5 dispatches on the class of the estimator (`functools.singledispatch`). Registering the real classes would import
AllenNLP and torch whenever eli5 is imported; abstract classes that know theirs by name do not.
"""

from __future__ import annotations

from abc import ABC
from types import ModuleType
from typing import Any

from . import compat

_HOME = "eli5.explain"


class _ByName(ABC):  # noqa: B024  abstract by its __subclasshook__
    """A class whose subclasses are those that have a class of that module and name among their bases."""

    home = ""
    name = ""

    @classmethod
    def __subclasshook__(cls, subclass: type) -> bool:
        return any(base.__name__ == cls.name and base.__module__ == cls.home for base in subclass.__mro__)


class AllenNLPPredictor(_ByName):
    """`allennlp.predictors.Predictor`, not imported."""

    home, name = "allennlp.predictors.predictor", "Predictor"


class TransformersPipeline(_ByName):
    """`transformers.Pipeline`, not imported."""

    home, name = "transformers.pipelines.base", "Pipeline"


class TransformersModel(_ByName):
    """`transformers.PreTrainedModel`, not imported."""

    home, name = "transformers.modeling_utils", "PreTrainedModel"


def register() -> None:
    """Register with eli5: now if it is imported, else as soon as it is. Imports nothing itself; may be called again."""
    compat.when_imported(_HOME, _register)


def _register(explain: ModuleType) -> None:
    if AllenNLPPredictor not in explain.explain_prediction.registry:
        for kind in (AllenNLPPredictor, TransformersPipeline, TransformersModel):
            explain.explain_prediction.register(kind)(_explain_prediction)


def _explain_prediction(estimator: Any, doc: Any, **options: Any) -> Any:
    """The explanation of a text's prediction, with eli5's arguments and those of `eli5_transformers.get_explanation`."""
    from .api import get_explanation

    return get_explanation(estimator, doc, **options)
