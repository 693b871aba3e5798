"""What comes with the package: where the bundled model and the configs are. Imports no torch."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

LABELS = ("very negative", "negative", "neutral", "positive", "very positive")
"""The names of the bundled model's classes, in their order."""


def model_path() -> Path:
    """The folder with the checkpoint (`config.json`, `model.safetensors`, tokenizer files, model card and notices)."""
    # The package is never run from a zip archive (zip_safe is off), so its resources are files.
    return Path(str(resources.files(__package__) / "model"))


def configs_path() -> Path:
    """The folder with the configs: `configs/` of the source, which a wheel holds within the package."""
    package = Path(str(resources.files(__package__))).parent
    installed = package / "configs"
    return installed if installed.is_dir() else package.parent / "configs"
