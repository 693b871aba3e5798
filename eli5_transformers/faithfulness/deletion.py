"""Faithfulness by deletion: what a model says as words go, or stay alone, in the order in which a method ranks them.

Comprehensiveness and sufficiency are those of ERASER (DeYoung et al., ACL 2020), as areas over the curve of a few sizes.
Raw areas of different texts, models and operators do not compare, because the best order that there is differs. So each
is put on the scale between the worst and the best order of its own text (NAOPC: Edin et al., ACL 2025).

A set of words is an integer here, whose bit `i` stands for word `i`.
"""

from __future__ import annotations

from itertools import accumulate, combinations
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from .ties import TIE, beaten

Worth = Callable[[Sequence[int]], np.ndarray]
"""Sets of words to a number for each, shape (sets,): the better the words were chosen, the larger."""

FRACTIONS = (0.1, 0.2, 0.3, 0.5)
"""Of the words: how many are deleted, or stay."""
WIDTH = 1
"""So many chains of sets does the search for the best order follow."""
EXACT = 8
"""Up to so many words all chains are followed."""
ALIKE = 1e-3
"""Where the best and the worst order differ by less of the range that is measured, no order is better than another."""


class Deletions:
    """What a model says of a text without some of its words. The model sees every set once.

    `words` is how many words the text has; `values` gives for some sets what the model says of the text without each: a
    number, or a line of numbers.
    """

    def __init__(self, words: int, values: Callable[[List[int]], Iterable[Any]]) -> None:
        self._words, self._values = words, values
        self._known: Dict[int, Any] = {}

    def __len__(self) -> int:
        return self._words

    @property
    def passes(self) -> int:
        """How many sets the model has seen."""
        return len(self._known)

    def __call__(self, deleted: Sequence[int]) -> np.ndarray:
        """Shape (sets,), or (sets, numbers): what the model says of the text without each set of words."""
        new = [one for one in dict.fromkeys(deleted) if one not in self._known]
        if new:
            self._known.update(zip(new, self._values(new)))
        return np.array([self._known[one] for one in deleted])


def members(deleted: int, words: int) -> List[int]:
    """The words of a set, in reading order."""
    return [word for word in range(words) if deleted >> word & 1]


def comprehensiveness(value: Worth, words: int) -> Worth:
    """What is lost where a set of words is deleted."""
    return lambda sets: value([0])[0] - value(sets)


def sufficiency(value: Worth, words: int) -> Worth:
    """What is kept where all words but a set are deleted: ERASER's sufficiency with the sign turned, so that more is better."""
    every = (1 << words) - 1
    return lambda sets: value([every ^ one for one in sets]) - value([0])[0]


MEASURES: Dict[str, Callable[[Worth, int], Worth]] = {
    "comprehensiveness": comprehensiveness,
    "sufficiency": sufficiency,
}


def sizes(words: int) -> List[int]:
    """How many of two words or more are chosen: each size once, at least one word and never all."""
    return sorted({min(max(1, int(share * words + 0.5)), words - 1) for share in FRACTIONS})


def firsts(order: Sequence[int], counts: Iterable[int]) -> List[int]:
    """The sets of the first words of an order, one of each size."""
    growing = list(accumulate(order, lambda held, word: held | 1 << word, initial=0))
    return [growing[count] for count in counts]


def best_area(worth: Worth, words: int, counts: Sequence[int], width: int = WIDTH, exact: int = EXACT) -> float:
    """The mean worth of the first words of the best order that is found.

    Up to `exact` words all orders are tried, which asks for all sets. For more it is a beam search: what each further word
    does alone is asked for, and those that do most join together; the `width` best chains are followed.
    """
    chains = {0: 0.0}
    for count in counts:
        longer = _all_longer(chains, words, count) if words <= exact else _likely_longer(worth, chains, words, count, width)
        sets = list(longer)
        asked = _readable(worth(sets))
        grown = sorted(((longer[one] + here, one) for one, here in zip(sets, asked)), reverse=True)
        chains = {one: total for total, one in grown[: len(grown) if words <= exact else width]}
    return max(chains.values()) / len(counts)


def _readable(found: np.ndarray) -> np.ndarray:
    """What sets are worth, (sets,), where those without which nothing can be read are no one's choice."""
    return np.nan_to_num(found, nan=-np.inf)


def _all_longer(chains: Mapping[int, float], words: int, count: int) -> Dict[int, float]:
    """Every set of `count` words that holds one of the sets, to the total of the best of these."""
    longer: Dict[int, float] = {}
    for held, total in chains.items():
        for more in combinations(_outside(held, words), count - bin(held).count("1")):
            one = held | sum(1 << word for word in more)
            longer[one] = max(longer.get(one, -np.inf), total)
    return longer


def _likely_longer(worth: Worth, chains: Mapping[int, float], words: int, count: int, width: int) -> Dict[int, float]:
    """Sets of `count` words: each held set with the words that do most beside it, `width` choices of the last of them."""
    outside = {held: _outside(held, words) for held in chains}
    found = iter(_readable(worth([held | 1 << word for held, others in outside.items() for word in others])))
    longer: Dict[int, float] = {}
    for held, others in outside.items():
        ranked = [word for _, word in sorted((-next(found), word) for word in others)]
        step = count - bin(held).count("1")
        for last in ranked[step - 1 : step - 1 + width]:
            one = held | sum(1 << word for word in (*ranked[: step - 1], last))
            longer[one] = max(longer.get(one, -np.inf), chains[held])
    return longer


def _outside(held: int, words: int) -> List[int]:
    return [word for word in range(words) if not held >> word & 1]


class Found(NamedTuple):
    """How an order does by one measure."""

    normalised: float
    """0 for the worst order that is known, 1 for the best."""
    wins: float
    """The share of random sets of the same sizes that do less; ties count half."""
    p_value: float
    """The share of random orders, with this one among them, that do as well or better: a randomization test."""


class Scale(NamedTuple):
    """The areas of the best and the worst order that are known of a text, in the unit that is measured."""

    best: float
    worst: float


def judged(
    worth: Worth, words: int, orders: Mapping[str, Sequence[int]], drawn: Sequence[Sequence[int]], span: float = 1.0
) -> Tuple[Dict[str, Found], Scale]:
    """Each order by one measure, and "random order", the mean of those that were drawn, beside them.

    All orders help to find the best and the worst, so that none is outside of 0 and 1. No order is judged where none makes a
    difference of `ALIKE` of `span`, the range of what is measured; what differs by `ties.TIE` of it is equal.
    """
    counts = sizes(words)
    found = {name: worth(firsts(order, counts)) for name, order in orders.items()}
    random = np.array([worth(firsts(order, counts)) for order in drawn])
    areas = [*(one.mean() for one in found.values()), *random.mean(axis=1)]
    scale = Scale(
        max(best_area(worth, words, counts), *areas),
        min(-best_area(lambda sets: -worth(sets), words, counts), *areas),
    )
    if scale.best - scale.worst < ALIKE * span:
        return {}, scale

    def normalised(area: float) -> float:
        return float((area - scale.worst) / (scale.best - scale.worst))

    judgements = {
        name: Found(
            normalised(one.mean()),
            beaten(one, random, span),
            float((1 + (random.mean(axis=1) >= one.mean() - TIE * span).sum()) / (1 + len(random))),
        )
        for name, one in found.items()
    }
    judgements["random order"] = Found(normalised(random.mean()), 0.5, 1.0)
    return judgements, scale
