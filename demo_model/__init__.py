"""The demonstration model, which has seen generated sentences alone, and the generator, which knows their evidence."""

from __future__ import annotations

from pathlib import Path

LABELS = ("1 star", "2 stars", "3 stars", "4 stars", "5 stars")


def checkpoint_path() -> Path:
    """The folder with the checkpoint: `config.json`, `model.safetensors`, tokenizer files, model card and metrics."""
    return Path(__file__).parent / "checkpoint"
