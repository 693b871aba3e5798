"""eli5's own front door: `eli5.explain_prediction` for predictors, pipelines and modules.

eli5 dispatches on the class of the estimator (`functools.singledispatch`). Registering a class would import AllenNLP or
torch whenever eli5 is imported, so each is registered as soon as both it and eli5 are there. They are the real classes, not
abstract ones that know them by name: with an abstract class that somebody else has registered, such as
`collections.abc.Callable`, those would make the dispatch ambiguous.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any, Iterator, Set

from . import compat

_HOME = "eli5.explain"
EXPLAINED = {
    "allennlp.predictors.predictor": "Predictor",
    "torch.nn.modules.module": "Module",
    "transformers.pipelines.base": "Pipeline",
}
"""The classes that are explained, by the modules that define them."""
_HOLDING_ELI5 = tuple(f"{__package__}.{folder}." for folder in ("explanations", "views"))
# What eli5's own explainers of text classifiers take, and a model that reads the text itself has no use for.
_OF_OTHER_ESTIMATORS = ("vec", "vectorized", "feature_names")


def register() -> None:
    """Register with eli5 what is imported now, and the rest as soon as it is. Imports nothing; may be called again."""
    for name in (_HOME, *EXPLAINED):
        compat.when_imported(name, _register)
    compat.when_imported("eli5.formatters.html", _escape_again)
    compat.when_imported("eli5", _bind_again)


def _bind_again(imported: ModuleType) -> None:
    """eli5 was taken out of `sys.modules` and imported anew: what holds classes of the earlier one is executed again.

    It stays the same module, so that functions that somebody has already take the new classes, too.
    """
    stale = {name for name in list(sys.modules) if name.startswith(_HOLDING_ELI5) and _holds_earlier(sys.modules[name])}
    while stale:
        _execute_again(next(iter(stale)), stale)


def _holds_earlier(module: ModuleType) -> bool:
    for name, home in _homes(module):
        now = sys.modules.get(home) if home.split(".")[0] == "eli5" else None
        held = vars(module)[name]
        if now is not None and held is not now and held is not vars(now).get(getattr(held, "__name__", ""), held):
            return True
    return False


def _execute_again(name: str, stale: Set[str]) -> None:
    """Those first of which it holds something."""
    stale.remove(name)
    for _, home in list(_homes(sys.modules[name])):
        if home in stale:
            _execute_again(home, stale)
    importlib.reload(sys.modules[name])


def _homes(module: ModuleType) -> Iterator[Any]:
    """The names of a module, each with the module that its value comes from."""
    for name, value in list(vars(module).items()):
        home = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
        if isinstance(home, str):
            yield name, home


def _escape_again(imported: ModuleType) -> None:
    """eli5's formatter was reloaded: its templates know nothing of the texts that are escaped in them."""
    label_text = sys.modules.get(f"{__package__}.explanations.label_text")
    if label_text is not None and hasattr(label_text, "escape_when_rendered"):
        label_text.escape_when_rendered(imported)


def _register(imported: ModuleType) -> None:
    """Register the classes that are there, if eli5 is, and are not registered yet."""
    explain: Any = getattr(sys.modules.get(_HOME), "explain_prediction", None)
    if explain is None:
        return
    for home, name in EXPLAINED.items():
        kind = getattr(sys.modules.get(home), name, None)
        if kind is not None and kind not in explain.registry:
            explain.register(kind)(_explain_prediction)


def _explain_prediction(estimator: Any, doc: Any, **options: Any) -> Any:
    """The explanation of a text's prediction, with eli5's arguments and those of `eli5_transformers.get_explanation`.

    A module without `tokenizer=` is answered as eli5 answers what it does not support, with an explanation that says so:
    whoever explains modules in another way still can.
    """
    from .api import get_explanation
    from .errors import InputError, SourceError

    for name in _OF_OTHER_ESTIMATORS:
        if options.pop(name, None) not in (None, False):
            raise InputError(
                f"{name} is given, which is for estimators that read features: a {type(estimator).__name__} reads the text "
                "itself, leave it out"
            )
    try:
        return get_explanation(estimator, doc, **options)
    except SourceError as error:
        module = getattr(sys.modules.get("torch.nn.modules.module"), "Module", ())
        if not isinstance(estimator, module) or options.get("tokenizer") is not None:
            raise
        from eli5.base import Explanation

        from .explanations.label_text import safe

        return Explanation(estimator=repr(estimator), error=safe(str(error)))
