"""Constants that models once saved with their weights, and that other releases neither save nor accept."""

from __future__ import annotations

from typing import Any, MutableMapping

# Position numbers and causal masks: every model makes them anew.
_ENDINGS = (
    ".position_ids",
    ".token_type_ids",
    ".attn.bias",
    ".attn.masked_bias",
    ".attention.bias",
    ".attention.masked_bias",
)


def drop_gone_buffers(module: Any, state_dict: MutableMapping[str, Any], prefix: str = "") -> None:
    """Takes out of `state_dict` the constants that `module`, saved under `prefix`, no longer has."""
    gone = [key for key in state_dict if key.startswith(prefix) and key.endswith(_ENDINGS)]
    own = module.state_dict() if gone else {}
    for key in gone:
        if key[len(prefix) :] not in own:
            del state_dict[key]


def add_gone_buffers(module: Any, state_dict: MutableMapping[str, Any], prefix: str = "") -> None:
    """Puts into `state_dict` the constants that `module` has and that were not saved with it."""
    for name, value in module.state_dict().items():
        if name.endswith(_ENDINGS):
            state_dict.setdefault(prefix + name, value)
