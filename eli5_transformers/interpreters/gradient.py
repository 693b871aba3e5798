"""The size of the gradient at each token: how much the output would move, not in which direction."""

from typing import List, Sequence

import torch
from allennlp.interpret.saliency_interpreters import SaliencyInterpreter
from allennlp.predictors import Predictor

from ..compat.registering import registered
from ..engine.passes import TextBatch, Vectors
from ..errors import InputError, shown
from ..records import Attribution
from .base import Interpreter

_UNSIGNED = (
    "Scores are sizes of gradients: they say how much the output would move with a token's vector, not whether the token "
    "speaks for or against the class, and they do not add up to it."
)


@registered(SaliencyInterpreter, "gradient")
class Gradient(Interpreter):
    """The norm of the output's gradient with respect to each token's vector (Simonyan et al. 2014; Li et al. 2016).

    Parameters
    ----------
    norm
        "l2" or "l1".
    """

    signed = False

    def __init__(self, predictor: Predictor, norm: str = "l2", **kwargs) -> None:
        super().__init__(predictor, **kwargs)
        if norm not in ("l1", "l2"):
            raise InputError(f"norm is {shown(norm)}, but must be 'l1' or 'l2'")
        self.norm = norm

    def attributions(self, batch: TextBatch, targets: Sequence[Sequence[int]]) -> List[List[Attribution]]:
        """One gradient a text and class."""

        def reduce(gradients: Vectors, rows: torch.Tensor) -> Vectors:
            return [(g.abs() if self.norm == "l1" else g.square()).sum(-1) for g in gradients]

        passes = batch.gradients(
            range(len(batch.texts)), targets, lambda rows: [vectors[rows] for vectors in batch.vectors], reduce
        )
        batch.require_unread(passes.values)
        sums = iter(passes.tokens if self.norm == "l1" else passes.tokens**0.5)
        return [
            [
                self.attribution(batch, text, target, next(sums)[batch.place_of[text]], evaluations=1, notes=[_UNSIGNED])
                for target in wanted
            ]
            for text, wanted in enumerate(targets)
        ]
