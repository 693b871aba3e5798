"""What the JSON files of a folder hold, and whose config a config.json is: transformers' or AllenNLP's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def content_of(file: Path) -> Any:
    """What a JSON file holds; None for anything else."""
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return None


def is_transformers(content: Any) -> bool:
    """Whether the content of a config.json is one of transformers, which said its architecture from 2020 on."""
    if not isinstance(content, dict) or "model" in content:
        return False
    return "model_type" in content or "architectures" in content or {"hidden_size", "vocab_size"} <= set(content)


def is_allennlp(content: Any) -> bool:
    """Whether the content of a config.json is one of AllenNLP."""
    return isinstance(content, dict) and {"model", "dataset_reader"} <= set(content)
