"""The class that a checkpoint's own code has for its models, with every release of transformers."""

from __future__ import annotations

import inspect
from typing import Any, Optional

_AUTO_CLASS = "AutoModelForSequenceClassification"


def remote_classifier(config: Any, folder: str) -> Optional[Any]:
    """The class that `auto_map` of a checkpoint's config names for sequence classification, its code run; else None.

    transformers 5 takes either the checkpoint's folder or its weights, and its auto class finds code by the folder alone:
    with weights that are read already, the class must be found first.
    """
    reference = (getattr(config, "auto_map", None) or {}).get(_AUTO_CLASS)
    if reference is None:
        return None
    from transformers.dynamic_module_utils import get_class_from_dynamic_module

    if "module_file" in inspect.signature(get_class_from_dynamic_module).parameters:
        # transformers 4.20
        module, _, name = reference.partition(".")
        return get_class_from_dynamic_module(folder, f"{module}.py", name)
    return get_class_from_dynamic_module(reference, folder)
