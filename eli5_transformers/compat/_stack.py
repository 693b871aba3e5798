"""Which releases are installed. Read from the packages' metadata: nothing is imported."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from importlib import metadata
from typing import Optional, Tuple

Release = Tuple[int, ...]

UNKNOWN: Release = (10**6,)
"""Stands for a package whose metadata cannot be read: taken for newer than every known release."""


def installed_version(package: str) -> Optional[str]:
    """The version of an installed distribution, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def release(version: Optional[str]) -> Release:
    """`"2.13.0+cpu"` as `(2, 13, 0)`; what follows the numbers is left out."""
    numbers = re.match(r"\d+(\.\d+)*", version or "")
    return tuple(int(number) for number in numbers.group().split(".")) if numbers else UNKNOWN


@dataclass(frozen=True)
class Stack:
    """The releases that decide which patches are needed."""

    python: Release
    torch: Release
    transformers: Release
    huggingface_hub: Release

    @classmethod
    def installed(cls) -> Stack:
        """The stack of this process."""
        return cls(
            python=tuple(sys.version_info[:3]),
            torch=release(installed_version("torch")),
            transformers=release(installed_version("transformers")),
            huggingface_hub=release(installed_version("huggingface_hub")),
        )

    @property
    def pinned(self) -> bool:
        """True where torch and transformers are releases that AllenNLP 2.10.1 itself asks for."""
        # allennlp 2.10.1, Requires-Dist: torch >=1.10.0,<1.13.0 and transformers >=4.1,<4.21
        return self.torch < (1, 13) and self.transformers < (4, 21)
