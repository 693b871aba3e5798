"""What the arguments and the config file of `--config` say of a command's work."""

from __future__ import annotations

import argparse
import json
from typing import Any, Dict, List

from ..errors import InputError
from .asked import require_one_kind

CONFIG_KEYS = (
    "source", "interpreter", "format", "targets", "top_targets", "granularity", "top", "device", "overrides", "ext_vars",
    "predictor", "ordered", "trust",
)  # fmt: skip


_OPTIONS = ("interpreter", "targets", "top_targets", "granularity", "top", "device", "overrides", "predictor", "ordered")


def settings_of(arguments: argparse.Namespace) -> Dict[str, Any]:
    """What the config file says, overruled by the arguments."""
    if arguments.config == "":
        raise InputError("--config is empty: give the name of a file")
    settings = _read_settings(arguments.config) if arguments.config else {}
    for name in _OPTIONS:
        value = getattr(arguments, name)
        if value is not None:
            settings[name] = value
    if arguments.trust is not None:
        settings["trust"] = arguments.trust
    require_one_kind(arguments, settings)
    variables = pairs_of(arguments.ext_var, "--ext-var")
    if variables:
        settings["ext_vars"] = {**(settings.get("ext_vars") or {}), **variables}
    settings["options"] = {name: json_value(value) for name, value in pairs_of(arguments.set, "--set").items()}
    return settings


def _read_settings(file: str) -> Dict[str, Any]:
    from ..adapters.configs import read_config_file

    settings = read_config_file(file)
    unknown = sorted(set(settings) - set(CONFIG_KEYS))
    if unknown:
        raise InputError(f"the config {file} has the unknown key {unknown[0]!r}: known are {', '.join(CONFIG_KEYS)}")
    return settings


def pairs_of(given: List[str], option: str) -> Dict[str, str]:
    """NAME=VALUE arguments as a dict. Raises InputError, which names the option, for others."""
    wrong = [item for item in given if "=" not in item]
    if wrong:
        raise InputError(f"{option} {wrong[0]!r} is not of the form NAME=VALUE")
    return dict(item.split("=", 1) for item in given)


def json_value(text: str) -> Any:
    """A number, true, false, null, list or object as JSON has it; anything else is a string."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
