"""What deletion says of orders of a text's words: as areas, on the scale from the worst to the best, and beside random ones."""

from __future__ import annotations

from typing import Dict, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from ..records import OrderMeasure
from .deletion import Worth, firsts, judged, sizes
from .ties import largest_first


class Orders(NamedTuple):
    """What one measure says of some orders of a text."""

    orders: Dict[str, OrderMeasure]
    """By name; without those that leave nothing to read."""
    shuffled: Tuple[float, ...]
    """Random orders on the same scale: what shuffled scores get."""


def order_of(scores: np.ndarray, signed: bool) -> List[int]:
    """The words by their scores, (words,), largest first; by their sizes where scores have no sign; ties as they are read."""
    return largest_first(scores if signed else np.abs(scores))


def order_measures(
    worth: Worth, orders: Mapping[str, Sequence[int]], drawn: Sequence[Sequence[int]], span: float = 1.0
) -> Orders:
    """What one measure says of orders of the words of one text, and of `drawn` ones.

    Orders, random ones too, of which some set leaves nothing that can be read are left out; all are for a text of less than
    two words. `span` is the range of what is measured.
    """
    words = max(map(len, (*orders.values(), *drawn)), default=0)
    if words < 2:
        return Orders({}, ())
    counts = sizes(words)
    areas = {name: worth(firsts(order, counts)).mean() for name, order in orders.items()}
    known = {name: order for name, order in orders.items() if np.isfinite(areas[name])}
    readable = [one for one in drawn if np.isfinite(worth(firsts(one, counts))).all()]
    if not known or not readable:
        return Orders({}, ())
    judgements, scale = judged(worth, words, known, readable, span)
    chance = judgements.get("random order")
    found = {}
    for name in known:
        one = judgements.get(name)
        found[name] = OrderMeasure(
            area=float(areas[name]),
            best=float(scale.best),
            worst=float(scale.worst),
            normalised=None if one is None else one.normalised,
            random=None if chance is None else chance.normalised,
            wins=0.5 if one is None else one.wins,
            p_value=1.0 if one is None else one.p_value,
        )
    if chance is None:
        return Orders(found, ())
    shuffled = [worth(firsts(one, counts)).mean() for one in readable]
    return Orders(found, tuple(float((area - scale.worst) / (scale.best - scale.worst)) for area in shuffled))
