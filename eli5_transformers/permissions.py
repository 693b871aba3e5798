"""What the caller of a load permits the source to do: it holds for the thread, or task, that loads, and nowhere else."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Dict, Iterator, List, Mapping, Optional

from .errors import SourceError

MAX_UNPACKED = 20 * 2**30
"""The most bytes that the archives of one load may unpack to, unless the caller says another number: 20 GiB."""

OWN_CODE = (
    "code of its own, which is run with trust_remote_code=True (--trust-remote-code) alone: read it before you trust it"
)

# What transformers' loading functions take and a file of somebody else must not choose: what runs code or unpickles,
# writes where it likes, or sends what is asked elsewhere.
_CALLERS = ("weights_only", "allow_all_kernels", "cache_dir", "local_dir", "offload_folder", "proxies", "mirror")


@dataclass
class Permissions:
    """What the caller of one load permits, and what was refused while it ran.

    None for a flag means that the caller has not said: then it is off, and what the file says counts only with
    `trust_source`.
    """

    trust_source: bool = False
    trust_remote_code: Optional[bool] = None
    allow_pickle: Optional[bool] = None
    max_unpacked: int = MAX_UNPACKED
    unpacked: int = 0
    """Bytes that were unpacked so far, by all archives of the load together."""
    refusals: List[SourceError] = field(default_factory=list)
    unregistered: List[str] = field(default_factory=list)
    """Names in the source that nothing was registered under."""

    def allows(self, flag: str, said: Any = None) -> bool:
        """Whether `trust_remote_code` or `allow_pickle` is on, where a file has said `said`."""
        callers = getattr(self, flag)
        return bool(callers) if callers is not None else self.trust_source and bool(said)

    @property
    def pickles(self) -> bool:
        """Whether anything may be unpickled. With `trust_source` it may, unless the caller says no."""
        return self.trust_source if self.allow_pickle is None else self.allow_pickle

    def begin_again(self) -> None:
        """Forgets what happened in a load that is tried once more."""
        self.unpacked = 0
        self.refusals.clear()
        self.unregistered.clear()

    def refuse(self, what: str) -> SourceError:
        """The error that refuses something, noted: AllenNLP may catch it and go on to say something else."""
        error = SourceError(f"{what}; trust_source=True (--trust-source) allows it, for a source that you trust")
        self.refusals.append(error)
        return error


_current: ContextVar[Optional[Permissions]] = ContextVar("eli5_transformers_permissions", default=None)


def current() -> Optional[Permissions]:
    """The permissions of the load that runs in this thread or task, or None where none does."""
    return _current.get()


def guarding() -> Optional[Permissions]:
    """The permissions of a load whose source is not trusted, or None."""
    permissions = _current.get()
    return None if permissions is None or permissions.trust_source else permissions


@contextmanager
def loading(permissions: Permissions) -> Iterator[Permissions]:
    """A load with these permissions, in this thread or task."""
    token = _current.set(permissions)
    try:
        yield permissions
    finally:
        _current.reset(token)


def allows(flag: str, said: Any = None) -> bool:
    """Whether `flag` is on where a file or a constructor's argument has said `said`: in a load the caller's word counts."""
    permissions = _current.get()
    return bool(said) if permissions is None else permissions.allows(flag, said)


def transformers_options(options: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
    """The options for a loading function of transformers, with `trust_remote_code` always said.

    Left unsaid, transformers asks on stdin. Raises SourceError for an option that is the caller's to choose.
    """
    options = dict(options or {})
    permissions = guarding()
    if permissions is not None:
        for name in _CALLERS:
            if options.get(name) is not None:
                raise permissions.refuse(f"the source gives transformers the option {name!r}, which is not its to choose")
        attention = options.get("attn_implementation")
        if isinstance(attention, str) and "/" in attention:
            raise permissions.refuse(f"the source asks for the attention {attention[:100]!r} of the hub, which is code")
    options["trust_remote_code"] = allows("trust_remote_code", options.get("trust_remote_code"))
    return options
