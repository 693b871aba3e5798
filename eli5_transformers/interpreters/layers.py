"""The `layer` of an interpreter: a module itself, or its name."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Optional

from ..errors import InputError
from ..sites.architectures import name_of


def layer_name(predictor: Any, layer: Any) -> Optional[str]:
    """The name that the predictor's model has for the module; a name, or None, is returned as it is.

    Raises InputError for a module that is none of the model's, and for anything else.
    """
    if layer is None or isinstance(layer, str):
        return layer
    model = predictor._model
    for name, module in model.named_modules():
        if module is layer and name:
            return name
    raise InputError(
        f"layer is a {type(layer).__name__} that is not a module of the explained {name_of(model)}: give one of its modules, "
        "or a name of model.named_modules()"
    )


def with_layer_names(predictor: Any, settings: Mapping[str, Any]) -> Dict[str, Any]:
    """An interpreter's settings with names in the place of modules, also for an interpreter inside of it."""
    return {
        option: layer_name(predictor, value)
        if option == "layer"
        else with_layer_names(predictor, value)
        if isinstance(value, Mapping)
        else value
        for option, value in settings.items()
    }
