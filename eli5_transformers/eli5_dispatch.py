"""eli5's own front door: `eli5.explain_prediction` for predictors, pipelines and models.

eli5 dispatches on the class of the estimator (`functools.singledispatch`). Registering the real classes would import
AllenNLP and torch whenever eli5 is imported; abstract classes that know theirs by name do not.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import sys
from abc import ABC
from types import ModuleType
from typing import Any, Callable, Optional, Sequence

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
    loaded = sys.modules.get(_HOME)
    if loaded is not None:
        _register(loaded)
    elif not any(isinstance(finder, _WhenImported) for finder in sys.meta_path):
        sys.meta_path.insert(0, _WhenImported(_HOME, _register))


def _register(explain: ModuleType) -> None:
    if AllenNLPPredictor not in explain.explain_prediction.registry:
        for kind in (AllenNLPPredictor, TransformersPipeline, TransformersModel):
            explain.explain_prediction.register(kind)(_explain_prediction)


def _explain_prediction(estimator: Any, doc: Any, **options: Any) -> Any:
    """The explanation of a text's prediction, with eli5's arguments and those of `eli5_transformers.get_explanation`."""
    from .api import get_explanation

    return get_explanation(estimator, doc, **options)


class _WhenImported(importlib.abc.MetaPathFinder):
    """Calls `then(module)` once, after the named module was executed; leaves no other trace."""

    def __init__(self, name: str, then: Callable[[ModuleType], None]) -> None:
        self._name, self._then = name, then

    def find_spec(self, fullname: str, path: Optional[Sequence[str]], target: Optional[ModuleType] = None) -> Any:
        if fullname != self._name or self not in sys.meta_path:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._then)
        return spec


class _Loader(importlib.abc.Loader):
    def __init__(self, real: Any, then: Callable[[ModuleType], None]) -> None:
        self._real, self._then = real, then

    def create_module(self, spec: Any) -> Any:
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._real
        if module.__spec__ is not None:
            module.__spec__.loader = self._real
        self._real.exec_module(module)
        self._then(module)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)
