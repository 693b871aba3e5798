"""Ask a text classifier why: AllenNLP's saliency workflow on today's stack, shown by eli5.

Importing the package makes AllenNLP 2.10.1 importable on stacks that it does not know (`compat.install`), and loads
neither torch nor AllenNLP nor eli5: what is named here is imported at its first use (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import compat, eli5_dispatch

if TYPE_CHECKING:
    from .adapters.loading import load_predictor as load_predictor
    from .api import attribute as attribute
    from .api import get_explanation as get_explanation
    from .api import get_explanations as get_explanations
    from .api import list_interpreters as list_interpreters
    from .api import per_text as per_text
    from .api import to_explanation as to_explanation
    from .bundled import model_path as bundled_model  # noqa: F401
    from .comparing import compare as compare
    from .evaluation import evaluate_faithfulness as evaluate_faithfulness
    from .explanations.attribution_json import attribution_from_json as attribution_from_json
    from .explanations.attribution_json import attribution_to_json as attribution_to_json
    from .explanations.explanation_json import explanation_from_json as explanation_from_json
    from .explanations.explanation_json import explanation_to_json as explanation_to_json
    from .explanations.from_scores import get_explanation_from_grads as get_explanation_from_grads
    from .pairs import pair_effects as pair_effects
    from .questions import contrast as contrast
    from .questions import expected_value as expected_value
    from .questions import lean as lean
    from .records import Attribution as Attribution
    from .records import FailedText as FailedText
    from .records import Tokens as Tokens
    from .records import Trust as Trust
    from .views.comparison import Comparison as Comparison
    from .views.explanation_page import explanation_page as explanation_page
    from .views.faithfulness import Faithfulness as Faithfulness
    from .views.pair_table import PairEffects as PairEffects
    from .views.plotting import plot_attribution as plot_attribution

__version__ = "0.1.0"

_HOMES = {
    "Attribution": ("records", "Attribution"),
    "Comparison": ("views.comparison", "Comparison"),
    "Faithfulness": ("views.faithfulness", "Faithfulness"),
    "FailedText": ("records", "FailedText"),
    "PairEffects": ("views.pair_table", "PairEffects"),
    "Tokens": ("records", "Tokens"),
    "Trust": ("records", "Trust"),
    "attribute": ("api", "attribute"),
    "attribution_from_json": ("explanations.attribution_json", "attribution_from_json"),
    "attribution_to_json": ("explanations.attribution_json", "attribution_to_json"),
    "bundled_model": ("bundled", "model_path"),
    "compare": ("comparing", "compare"),
    "contrast": ("questions", "contrast"),
    "evaluate_faithfulness": ("evaluation", "evaluate_faithfulness"),
    "expected_value": ("questions", "expected_value"),
    "explanation_from_json": ("explanations.explanation_json", "explanation_from_json"),
    "explanation_page": ("views.explanation_page", "explanation_page"),
    "explanation_to_json": ("explanations.explanation_json", "explanation_to_json"),
    "get_explanation": ("api", "get_explanation"),
    "get_explanation_from_grads": ("explanations.from_scores", "get_explanation_from_grads"),
    "get_explanations": ("api", "get_explanations"),
    "lean": ("questions", "lean"),
    "list_interpreters": ("api", "list_interpreters"),
    "load_predictor": ("adapters.loading", "load_predictor"),
    "pair_effects": ("pairs", "pair_effects"),
    "per_text": ("api", "per_text"),
    "plot_attribution": ("views.plotting", "plot_attribution"),
    "to_explanation": ("api", "to_explanation"),
}
__all__ = ["__version__", *sorted(_HOMES)]

compat.install()
eli5_dispatch.register()


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name]
    value = getattr(importlib.import_module(f"{__name__}.{module}"), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
