"""The classes of AllenNLP and eli5 that public signatures name, imported when somebody asks for them.

An annotation `foreign.Predictor` is a class to an editor, which reads the lines below TYPE_CHECKING, and to
`typing.get_type_hints`, which takes the attribute of this module; importing a function that has it loads neither library.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from allennlp.predictors import Predictor as Predictor
    from eli5.base import Explanation as Explanation

_HOMES = {"Explanation": "eli5.base", "Predictor": "allennlp.predictors"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
