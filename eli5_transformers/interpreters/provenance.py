"""Which model and which releases the numbers of an attribution are from."""

from __future__ import annotations

import os
import sys
from typing import Any, Dict

from ..sites.names import name_of, unwrapped

_RELEASES = ("eli5_transformers", "torch", "transformers")


def provenance(predictor: Any) -> Dict[str, str]:
    """What `Attribution.provenance` holds, read off the predictor's model as it is now; costs no pass.

    A folder is called by its own name: where it lies on this machine is nobody else's business.
    """
    model = unwrapped(predictor._model)
    config = getattr(model, "config", None)
    source = str(getattr(config, "name_or_path", None) or getattr(config, "_name_or_path", None) or "")
    parameter = next(predictor._model.parameters(), None)
    known = {
        "model": os.path.basename(os.path.normpath(source)) if source and os.path.isabs(source) else source,
        "model_class": name_of(predictor._model),
        "model_type": getattr(config, "model_type", None),
        "dtype": None if parameter is None else str(parameter.dtype).replace("torch.", ""),
        "device": None if parameter is None else str(parameter.device),
        "allennlp": getattr(sys.modules.get("allennlp.version"), "VERSION", None),
        **{name: getattr(sys.modules.get(name), "__version__", None) for name in _RELEASES},
    }
    return {name: str(value) for name, value in known.items() if value}
