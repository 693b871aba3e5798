"""Attributions as JSON text, and back.

A JSON object with the keys "format", "version" and "attribution"; the last holds the fields of `records.Attribution` and
`records.Tokens` by name.
"""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import Annotated, List, Literal, Optional, Sequence, Tuple, get_type_hints

import msgspec
import numpy as np

from ..errors import ExplanationError
from ..records import (
    Attribution,
    DeletionCheck,
    HiddenWord,
    OperatorTrust,
    OrderMeasure,
    Stability,
    Tokens,
    Trust,
)
from .saved import Count, Format, Index, Probability, Size, mirror

_TOKENS = mirror(
    Tokens,
    **{
        **get_type_hints(Tokens),
        **dict.fromkeys(("start", "end", "word"), Tuple[Index, ...]),
        **dict.fromkeys(("segment", "cut"), Tuple[Count, ...]),
        "seen": Tuple[Tuple[Count, Count], ...],
    },
)
_PLACE = Tuple[Count, Count, Count]
_HIDDEN = mirror(HiddenWord, **{**get_type_hints(HiddenWord), "place": _PLACE})
_CHECK = mirror(
    DeletionCheck,
    **{
        **get_type_hints(DeletionCheck),
        "words": Tuple[_HIDDEN, ...],  # type: ignore[valid-type]
        "side": Literal[-1, 0, 1],
        "verdict": Literal["yes", "partly", "no"],
        **dict.fromkeys(("draws", "passes"), Count),
        "beaten": Probability,
    },
)
_MEASURE = mirror(OrderMeasure, **{**get_type_hints(OrderMeasure), **dict.fromkeys(("wins", "p_value"), Probability)})
_OPERATOR = mirror(
    OperatorTrust,
    **{
        **get_type_hints(OperatorTrust),
        **dict.fromkeys(("comprehensiveness", "sufficiency"), Optional[_MEASURE]),
        "operator": Literal["mask", "removal", "replacement"],
        **dict.fromkeys(("draws", "passes"), Count),
    },
)
_STABILITY = mirror(Stability, **{**get_type_hints(Stability), "evaluations": Optional[Count]})
_TRUST = mirror(
    Trust,
    **{
        **get_type_hints(Trust),
        "measured": Literal["probability", "expected value", "preference", "score"],
        "hidden": Tuple[_HIDDEN, ...],  # type: ignore[valid-type]
        "passes": Count,
        "check": Optional[_CHECK],
        "operators": Tuple[_OPERATOR, ...],  # type: ignore[valid-type]
        "stability": Optional[_STABILITY],
    },
)
_RECORD = mirror(
    Attribution,
    **{
        **get_type_hints(Attribution),
        "documents": Annotated[Tuple[str, ...], msgspec.Meta(min_length=1)],
        "tokens": _TOKENS,
        "scores": List[float],
        "target": Count,
        "probability": Optional[Probability],
        "standard_errors": Optional[List[Size]],
        "evaluations": Optional[Count],
        "probabilities": Tuple[Probability, ...],
        "places": Tuple[Count, ...],
        "trust": Optional[_TRUST],
    },
)
_ARRAYS = ("scores", "standard_errors")
_FORMAT = Format("eli5_transformers.attribution", "attribution", _RECORD)


def attribution_to_json(attribution: Attribution) -> str:
    """The attribution as JSON text, which `attribution_from_json` reads; numbers keep all their digits.

    Raises ExplanationError for one that JSON cannot hold: scores that are not finite, parameters of other types.
    """
    if not isinstance(attribution, Attribution):
        raise ExplanationError(f"a {type(attribution).__name__} was given, but only one Attribution can be saved")
    given = {f.name: getattr(attribution, f.name) for f in fields(Attribution)}
    held = {name: value.item() if isinstance(value, np.generic) else value for name, value in given.items()}
    held["tokens"] = {f.name: getattr(attribution.tokens, f.name) for f in fields(Tokens)}
    held["trust"] = None if attribution.trust is None else asdict(attribution.trust)
    for name in _ARRAYS:
        held[name] = None if held[name] is None else np.asarray(held[name], dtype=float).tolist()
    return _FORMAT.to_text(held)


def attribution_from_json(text: str) -> Attribution:
    """The attribution that `attribution_to_json` wrote. Raises ExplanationError, which names the place, for any other."""
    try:
        read = _FORMAT.from_text(text)
    except ValueError as error:
        raise ExplanationError(str(error)) from None
    # Whoever reads scores by their characters relies on every token standing in a document.
    tokens, lengths = read.tokens, [len(document) for document in read.documents]
    places = list(zip(tokens.segment, tokens.start, tokens.end))
    seen = [(document, *span) for document, span in enumerate(tokens.seen)]
    _require_places("tokens", [place for place in [*places, *seen] if place[1:] != (-1, -1)], lengths)
    if read.trust is not None:
        hidden = [*read.trust.hidden, *(read.trust.check.words if read.trust.check else ())]
        _require_places("trust", [word.place for word in hidden], lengths)
    if len(tokens.cut) not in (0, len(lengths)) or len(tokens.seen) != len(tokens.cut):
        raise ExplanationError(
            "attribution.tokens must have one entry of `cut` and of `seen` for each document, or none"
        )
    _require_classes(read)
    held = {name: getattr(read, name) for name in _ARRAYS}
    return replace(read, **{name: np.array(numbers, dtype=float) for name, numbers in held.items() if numbers is not None})


def _require_places(name: str, places: Sequence[Tuple[int, int, int]], lengths: Sequence[int]) -> None:
    for document, start, end in places:
        if not (document < len(lengths) and 0 <= start <= end <= lengths[document]):
            raise ExplanationError(f"attribution.{name} has {(document, start, end)}, which is no place in a document")


def _require_classes(read: Attribution) -> None:
    """Whoever puts an attribution into words relies on one entry a class. Raises ExplanationError for others."""
    count = len(read.classes)
    if not {len(read.probabilities), len(read.weights), len(read.places)} <= {0, count}:
        raise ExplanationError(
            "attribution.probabilities, weights and places must have one entry for each of the classes, or none"
        )
    if read.places and sorted(read.places) != list(range(count)):
        raise ExplanationError(f"attribution.places is {read.places}, which is no order of the classes")
    if count and read.target >= count:
        raise ExplanationError(f"attribution.target is {read.target}, but there are {count} classes")
    known = {"class": 0, "contrast": count, "lean": count, "expected value": count, "combination": count}
    if known.get(read.question) != len(read.weights) or (read.weights and not any(read.weights)):
        raise ExplanationError(f"attribution.question is {read.question!r}, which has no weights like these: {read.weights}")
