"""Gradient times input: the first-order estimate of what each token adds to the output."""

from typing import List, Sequence

import torch
from allennlp.interpret.saliency_interpreters import SaliencyInterpreter

from ..compat.registering import registered
from ..engine.passes import TextBatch, Vectors
from ..records import Attribution
from .comparing import ComparingInterpreter


@registered(SaliencyInterpreter, "gradient-x-input")
class GradientXInput(ComparingInterpreter):
    """The gradient times the difference between the token's vector and the baseline's (Shrikumar et al. 2016).

    One gradient a class. It is additive for a linear model alone; the convergence delta says by how much it is not here.
    With `baseline="zero"` and `keep_special=False` it is the gradient times the bare vector.
    """

    def attributions(self, batch: TextBatch, targets: Sequence[Sequence[int]]) -> List[List[Attribution]]:
        """One gradient a text and class, one forward pass a text for the baseline."""
        compared = self.compared(batch, checked=False)

        def reduce(gradients: Vectors, rows: torch.Tensor) -> Vectors:
            return [(g * difference[rows]).sum(-1) for g, difference in zip(gradients, compared.differences)]

        passes = batch.gradients(
            range(len(batch.texts)), targets, lambda rows: [vectors[rows] for vectors in batch.vectors], reduce
        )
        batch.require_unread(passes.values)
        products = iter(zip(passes.tokens, passes.rest))
        results: List[List[Attribution]] = []
        for text, wanted in enumerate(targets):
            results.append([])
            for target in wanted:
                tokens, rest = next(products)
                scores = tokens[batch.place_of[text]]
                results[-1].append(
                    self.attribution(
                        batch,
                        text,
                        target,
                        scores,
                        baseline=compared.name,
                        baseline_score=float(compared.scores[text, target]),
                        total=float(scores.sum() + rest),
                        evaluations=1,
                    )
                )
        return results
