"""What a folder that sentence-transformers saved says of its CrossEncoder."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, Mapping, Optional

FILE = "config_sentence_transformers.json"
OLD_SETTING = "sbert_ce_default_activation_function"
_KEPT = ("activation_fn", "default_prompt_name", "prompts")


def settings_of(config: Any) -> Optional[Dict[str, Any]]:
    """The settings of a CrossEncoder in a model's config; None where the model is no CrossEncoder.

    Releases before 4.0 of sentence-transformers wrote the activation alone (`CrossEncoder.get_default_activation_fn`).
    """
    settings, named = getattr(config, "sentence_transformers", None), getattr(config, OLD_SETTING, None)
    if isinstance(settings, dict):
        return {"activation_fn": named, **settings}
    return None if named is None else {"activation_fn": named}


def add_settings(config: Any, place: str, hub_options: Mapping[str, Any]) -> None:
    """Gives a config what newer releases of sentence-transformers write into a file beside it, in place of into itself.

    `place` is the checkpoint's folder or hub id. The file's words come first, as they do for `CrossEncoder`.
    """
    content = _read(_found(place, hub_options))
    if content.get("model_type") == "CrossEncoder":
        beside = {key: content[key] for key in _KEPT if content.get(key)}
        config.sentence_transformers = {**(settings_of(config) or {}), **beside}


def prompt_of(settings: Optional[Mapping[str, Any]]) -> str:
    """The text that a CrossEncoder puts before each of its texts; "" for none."""
    prompts = (settings or {}).get("prompts")
    found = prompts.get((settings or {}).get("default_prompt_name")) if isinstance(prompts, dict) else None
    return found if isinstance(found, str) else ""


def _found(place: str, hub_options: Mapping[str, Any]) -> Optional[str]:
    if os.path.isdir(place):
        return os.path.join(place, FILE)
    from huggingface_hub import hf_hub_download

    try:
        return str(hf_hub_download(place, FILE, **hub_options))
    except Exception:  # most models have none; who cannot be asked has said so for config.json
        return None


def _read(file: Optional[str]) -> Mapping[str, Any]:
    try:
        with open(file or "", encoding="utf-8-sig") as opened:
            content = json.load(opened)
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
