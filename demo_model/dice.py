"""Seeded choices that are the same on every Python release."""

from __future__ import annotations

import random
from typing import Mapping, Sequence, TypeVar

T = TypeVar("T")


class Dice:
    """Draws from a seeded source.

    Only `random.Random.random` is used: its sequence is the one that Python promises not to change between releases
    (docs.python.org/3/library/random.html, "Notes on Reproducibility"); `choice` and `shuffle` carry no such promise.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random

    def chance(self, probability: float) -> bool:
        """True with the given probability."""
        return self._random() < probability

    def below(self, limit: int) -> int:
        """An integer of 0 .. `limit` - 1."""
        return int(self._random() * limit)

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, each as likely."""
        return items[self.below(len(items))]

    def weighted(self, weights: Mapping[T, float]) -> T:
        """One of the keys, as likely as its weight says."""
        draw = self._random() * sum(weights.values())
        for item, weight in weights.items():
            draw -= weight
            if draw < 0:
                return item
        return item
