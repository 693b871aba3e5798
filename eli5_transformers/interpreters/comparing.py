"""What interpreters share that compare each text with a baseline."""

from typing import Any, NamedTuple

import numpy as np
import torch
from allennlp.predictors import Predictor

from ..arguments import truth
from ..engine import baselines
from ..engine.passes import TextBatch, Vectors
from .base import Interpreter


class Compared(NamedTuple):
    """A batch's baselines."""

    name: str
    vectors: Vectors
    """[(texts, tokens', width)]"""
    differences: Vectors
    """The texts' own vectors minus the baselines', in float32 at least: products with them are not rounded further."""
    scores: np.ndarray
    """(texts, classes): the explained output at the baselines."""


class ComparingInterpreter(Interpreter):
    """An interpreter that compares each text with a baseline.

    Parameters
    ----------
    baseline
        "pad", "mask", "unk", "zero", a token, a text, or vectors of shape (width,) or (tokens, width); by default the
        first of mask, pad and unk that the tokenizer has and whose vector is not zero. The result names it.
    keep_special
        True leaves the tokens that the tokenizer added ([CLS], </s>) as they are, so that their score is zero.
    """

    def __init__(
        self,
        predictor: Predictor,
        baseline: Any = None,
        keep_special: bool = True,
        **kwargs,
    ) -> None:
        super().__init__(predictor, **kwargs)
        self.baseline = baseline
        self.keep_special = truth(keep_special, "keep_special")

    def compared(self, batch: TextBatch, checked: bool = True) -> Compared:
        """The baselines of a batch and what the model makes of them.

        A pass at the texts' own vectors shows whether the model reads more than these; without it (`checked` False), the
        method must hand one of its own passes to `batch.require_unread`.
        """
        if checked:
            batch.require_unread()
        chosen = baselines.choose(self.baseline, batch)
        vectors = baselines.vectors(chosen, batch, self.keep_special)
        scores = batch.forward(range(len(batch.texts)), lambda rows: [site[rows] for site in vectors])
        differences = [wide(own) - wide(other) for own, other in zip(batch.vectors, vectors)]
        return Compared(chosen.name, vectors, differences, scores)


def wide(vectors: torch.Tensor) -> torch.Tensor:
    """The same numbers in float32 where they are held in less."""
    return vectors.float() if torch.finfo(vectors.dtype).bits < 32 else vectors
