"""Attributions as JSON text, and back.

A JSON object with the keys "format", "version" and "attribution"; the last holds the fields of `records.Attribution` and
`records.Tokens` by name. Nothing of a file is imported or evaluated.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any, Dict, Mapping

import numpy as np

from ..errors import ExplanationError
from ..records import Attribution, Tokens

FORMAT = "eli5_transformers.attribution"
VERSION = 1


def attribution_to_json(attribution: Attribution) -> str:
    """The attribution as JSON text, which `attribution_from_json` reads; numbers keep all their digits."""
    written: Dict[str, Any] = {f.name: getattr(attribution, f.name) for f in fields(Attribution)}
    written["tokens"] = {f.name: getattr(attribution.tokens, f.name) for f in fields(Tokens)}
    written["scores"] = np.asarray(attribution.scores, dtype=float).tolist()
    try:
        return json.dumps({"format": FORMAT, "version": VERSION, "attribution": written}, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ExplanationError(f"the attribution cannot be saved: {error}") from None


def attribution_from_json(text: str) -> Attribution:
    """The attribution that `attribution_to_json` wrote. Raises ExplanationError for any other text."""
    try:
        held = json.loads(text)
    except (TypeError, ValueError) as error:
        raise ExplanationError(f"the text is no JSON: {error}") from None
    if not isinstance(held, dict) or held.get("format") != FORMAT:
        raise ExplanationError("the JSON text holds no attribution: give what attribution_to_json wrote")
    if held.get("version") != VERSION:
        raise ExplanationError(f"the attribution was saved in version {held.get('version')!r}, but {VERSION} is read")
    try:
        given = dict(held["attribution"])
        given["tokens"] = Tokens(**_tuples(given["tokens"]))
        given["scores"] = np.array([float(score) for score in given["scores"]])
        given["documents"], given["notes"] = tuple(given["documents"]), tuple(given["notes"])
        return Attribution(**given)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ExplanationError(f"the saved attribution is damaged: {error}") from None


def _tuples(held: Mapping[str, Any]) -> Dict[str, Any]:
    return {
        name: tuple(tuple(item) if isinstance(item, list) else item for item in part) for name, part in held.items()
    }
