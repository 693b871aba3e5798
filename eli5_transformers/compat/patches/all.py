"""All patches, in the order in which those of one module are applied."""

from __future__ import annotations

from typing import Tuple

from .._patch import Patch
from .._stack import Stack
from . import gone_names, local_files, models, processes, standins, tokenizers, torch2

PATCHES: Tuple[Patch, ...] = (
    *standins.PATCHES,
    *gone_names.PATCHES,
    *local_files.PATCHES,
    *tokenizers.PATCHES,
    *models.PATCHES,
    *torch2.PATCHES,
    *processes.PATCHES,
)


def needed_patches(stack: Stack) -> Tuple[Patch, ...]:
    """Those that a stack needs."""
    return tuple(patch for patch in PATCHES if patch.needed(stack))
