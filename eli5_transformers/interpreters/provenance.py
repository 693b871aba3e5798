"""Which model and which releases the numbers of an attribution are from."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Dict

_RELEASES = ("eli5_transformers", "torch", "transformers")


def provenance(predictor: Any) -> Dict[str, str]:
    """What `Attribution.provenance` holds, read off the predictor's model as it is now; costs no pass."""
    from ..sites.architectures import unwrapped  # torch's; `source_name` is for those who have not loaded it yet

    model = unwrapped(predictor._model)
    config = getattr(model, "config", None)
    parameter = next(predictor._model.parameters(), None)
    known = {
        "model": getattr(predictor, "loaded_from", None) or source_name(getattr(config, "name_or_path", None)),
        "model_class": type(model).__name__,
        "model_type": getattr(config, "model_type", None),
        "dtype": None if parameter is None else str(parameter.dtype).replace("torch.", ""),
        "device": None if parameter is None else str(parameter.device),
        "allennlp": getattr(sys.modules.get("allennlp.version"), "VERSION", None),
        **{name: getattr(sys.modules.get(name), "__version__", None) for name in _RELEASES},
    }
    return {name: str(value) for name, value in known.items() if value}


def source_name(source: Any) -> str:
    """A hub id as it is; a folder or file by its own name.

    Where it lies on this machine is nobody else's business: attributions are passed on.
    """
    if not source or str(source) == "None":
        return ""
    path = Path(os.path.expanduser(os.fspath(source)))
    return os.path.basename(os.path.abspath(path)) if path.is_absolute() or path.exists() else str(source)
