"""The two stacks that the suite runs on, and what is installed on one of them alone."""

import importlib.util
from typing import Any

import pytest

from eli5_transformers.compat._stack import Stack

PINNED = Stack.installed().pinned
"""Whether torch and transformers are the releases that AllenNLP 2.10.1 pins."""
NAME = "stock" if PINNED else "current"

# A test of one stack is not collected on the other, instead of being skipped there.
on_stock = pytest.mark.stock
on_current = pytest.mark.current


def _optional(package: str) -> Any:
    """Marks a test that needs a package which setup.cfg requires for tests on the current stack alone."""
    missing = pytest.mark.skipif(importlib.util.find_spec(package) is None, reason=f"{package} is not installed")
    return lambda test: on_current(missing(test))


needs_captum = _optional("captum")
needs_matplotlib = _optional("matplotlib")
