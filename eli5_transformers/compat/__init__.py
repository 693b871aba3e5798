"""Makes AllenNLP 2.10.1, as released, import and run on stacks that are younger than it.

`install` puts patches in wait for AllenNLP's own modules. Nothing outside AllenNLP is changed, and nothing happens
until AllenNLP is imported. Where torch and transformers are the releases that AllenNLP pins, nothing of AllenNLP is patched.

Apart from that, on every stack: `_host` puts back what AllenNLP's import changes in the process, where this package is what
imports it. And `_guard` watches what AllenNLP, transformers and pickle do while this package loads a source, from the first
load on; outside of a load they do what they always did.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

from ..errors import CompatibilityError, MissingDependencyError
from ..locks import ProcessLock
from ._compiled import uncompiled
from ._finder import PatchingFinder, forget_failed_import, is_one, refuse_early_import, when_imported
from ._forked import surviving_forks
from ._gone_buffers import add_gone_buffers, drop_gone_buffers
from ._host import as_a_program, keep_host
from ._stack import Stack, installed_version

ALLENNLP_RELEASE = "2.10.1"

_lock = ProcessLock()

__all__ = [
    "ALLENNLP_RELEASE",
    "add_gone_buffers",
    "as_a_program",
    "drop_gone_buffers",
    "install",
    "require_allennlp",
    "surviving_forks",
    "uncompiled",
    "when_imported",
]


def install() -> None:
    """Put the patches that this stack needs in wait for AllenNLP's modules, and what puts back what their import changes.

    Does nothing when they wait already. Raises CompatibilityError when AllenNLP is imported already without them. Modules
    that a failed import of AllenNLP left behind do not matter.
    """
    with _lock:
        keep_host()
    stack = Stack.installed()
    if stack.pinned:
        return
    from .patches.all import needed_patches

    with _lock:
        if any(is_one(finder, PatchingFinder) for finder in sys.meta_path):
            return
        patches = needed_patches(stack)
        forget_failed_import("allennlp")
        refuse_early_import(patches)
        sys.meta_path.insert(0, PatchingFinder(patches))


def require_allennlp() -> None:
    """Raise unless AllenNLP is installed in a release that runs here.

    Raises MissingDependencyError, with the command that installs it, when AllenNLP is missing, and
    CompatibilityError when it is a release that the patches are not for. Imports nothing.
    """
    version = installed_version("allennlp")
    if version is None and find_spec("allennlp") is not None:
        return  # importable without metadata: the patches' own checks will tell
    options = "--no-deps " if sys.version_info >= (3, 11) else ""
    command = f'pip install {options}"allennlp=={ALLENNLP_RELEASE}"'
    if version is None:
        raise MissingDependencyError(f"AllenNLP is not installed: {command}", name="allennlp")
    if version != ALLENNLP_RELEASE and not Stack.installed().pinned:
        raise CompatibilityError(f"AllenNLP {version} does not run on this stack, {ALLENNLP_RELEASE} does: {command}")
