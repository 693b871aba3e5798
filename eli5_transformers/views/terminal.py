"""A painted text for a terminal: the colours of eli5's HTML as ANSI escape sequences."""

from __future__ import annotations

import os
from itertools import groupby
from typing import Any, List, Mapping

import numpy as np
from eli5.formatters.text_helpers import prepare_weighted_spans

from ..escapes import visible_line
from ..explanations.shown import shown

# Steps of green (for) and red (against) of the 256-colour palette, from pale to strong, all readable under black text.
_FOR = (194, 157, 120, 83)
_AGAINST = (224, 217, 210, 203)
_RESET = "\x1b[0m"


def colours(terminal: bool, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether colours are wanted: on a terminal, unless the environment says otherwise.

    NO_COLOR (no-color.org) with any value forbids them, FORCE_COLOR (force-color.org) and CLICOLOR_FORCE
    (bixense.com/clicolors) want them everywhere, CLICOLOR=0 and TERM=dumb nowhere; the first of these that is set decides.
    """
    if environment.get("NO_COLOR"):
        return False
    if any(environment.get(name, "0") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return terminal and environment.get("CLICOLOR") != "0" and environment.get("TERM") != "dumb"


def painted(explanation: Any) -> str:
    """The texts of the explanation with the words coloured, a paragraph for each target; "" where nothing is painted."""
    targets = shown(explanation).targets or []
    paragraphs: List[str] = []
    for target, documents in zip(targets, prepare_weighted_spans(targets)):
        for document in documents or []:
            name = document.doc_weighted_spans.vec_name
            text = _colored(document.doc_weighted_spans.document, document.char_weights, document.weight_range)
            label = f"y={visible_line(str.__str__(target.target))}: " if len(targets) > 1 else ""
            paragraphs.append(f"{label}{name + ': ' if name else ''}{text}")
    return "\n".join(paragraphs)


def _colored(text: str, weights: np.ndarray, weight_range: float) -> str:
    parts = []
    for weight, pairs in groupby(zip(text, weights), key=lambda pair: pair[1]):
        part = "".join(char for char, _ in pairs)
        strength = abs(weight) / weight_range if weight_range else 0.0
        if strength < 0.05:
            parts.append(part)
            continue
        steps = _FOR if weight > 0 else _AGAINST
        color = steps[min(int(strength * len(steps)), len(steps) - 1)]
        parts.append(f"\x1b[48;5;{color}m\x1b[30m{part}{_RESET}")
    return "".join(parts)
