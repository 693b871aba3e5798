"""Linearization: what each token adds to the score, once what makes the network nonlinear is held fixed at the text."""

from typing import List, Sequence

import numpy as np
import torch
from allennlp.interpret.saliency_interpreters import SaliencyInterpreter
from allennlp.predictors import Predictor

from ..arguments import truth
from ..compat.registering import registered
from ..engine.frozen.network import FrozenNetwork
from ..engine.passes import TextBatch, Vectors
from ..engine.targets import Asked
from ..errors import InputError, QuestionError, shown
from ..records import Attribution, percent
from .base import Interpreter

_REST = "no words, in the network as it is held fixed at the text"

_LOGITS = "'linearization' splits a linear score into its parts, and what is made of probabilities is none"
_OTHER = "use 'integrated-gradients'"
# By which share of the tokens' contributions the parts may miss the score unsaid.
_MISSED = 0.01


@registered(SaliencyInterpreter, "linearization")
class Linearization(Interpreter):
    """The contribution of each token's vector in the network that is held fixed at the text (Ali et al., ICML 2022).

    Attention probabilities, the denominators of norms, gates, and of activations the quotient f(x) / x keep the values that
    they have at the text. What is left is an affine function of the vectors: the score is the sum of the tokens' contributions
    and of what positions, token types and parameters (biases) add, which is the baseline score. The sum is checked for each
    text and class: `convergence_delta` is what it missed before the rest was made to fit. One gradient a class, a text at a
    time.

    By linearity the contributions are those of propagating each token's vector forward through the same fixed network, as
    DecompX (Modarressi et al., ACL 2023) does for BERT, before that shares out the biases, which are left apart here.

    Parameters
    ----------
    keep_special
        True counts the tokens that the tokenizer added ([CLS], </s>) among the rest, so that their score is zero.

    Raises InputError for an output other than the logit, and UnsupportedModelError for a model with an operation of which it
    is not known what to hold fixed.
    """

    def __init__(self, predictor: Predictor, keep_special: bool = False, **kwargs) -> None:
        super().__init__(predictor, **kwargs)
        self.keep_special = truth(keep_special, "keep_special")
        if self.output != "logit":
            raise InputError(f"output is {shown(self.output)}, but {_LOGITS}: leave output at 'logit', or {_OTHER}")

    def require_targets(self, asked: Sequence[Asked]) -> None:
        """Raises QuestionError for a sum of probabilities."""
        for one in asked:
            if one.output:
                raise QuestionError(f"the {one.question} is asked for, but {_LOGITS}: ask for lean(), or {_OTHER}")

    def attributions(self, batch: TextBatch, targets: Sequence[Sequence[int]]) -> List[List[Attribution]]:
        """One gradient of the fixed network a text and class."""
        network = FrozenNetwork(batch.scorer.explained.model, batch.rounding)
        scored = batch.real & ~batch.special() if self.keep_special else batch.real

        deltas: List[List[float]] = [[] for _ in targets]

        def reduce(gradients: Vectors, rows: torch.Tensor) -> Vectors:
            deltas[int(rows)].append(network.delta)
            return [
                (g * vectors[rows]).sum(-1) * batch.at_positions(scored, site)[rows]
                for site, (g, vectors) in enumerate(zip(gradients, batch.vectors))
            ]

        passes = batch.gradients(
            range(len(batch.texts)), targets, lambda rows: [vectors[rows] for vectors in batch.vectors], reduce, network
        )
        batch.require_unread(passes.values)
        found = iter(passes.tokens)
        results: List[List[Attribution]] = []
        for text, wanted in enumerate(targets):
            results.append([])
            for target, delta in zip(wanted, deltas[text]):
                scores = next(found)[batch.place_of[text]]
                rest = float(batch.here()[text, target] - scores.sum())
                results[-1].append(
                    self.attribution(
                        batch,
                        text,
                        target,
                        scores,
                        baseline=_REST,
                        baseline_score=rest,
                        raw_delta=delta,
                        evaluations=1,
                        notes=_missed(delta, scores),
                    )
                )
        return results


def _missed(delta: float, scores: np.ndarray) -> List[str]:
    """A note where the parts miss the score by more than rounding in single precision does."""
    size = float(np.abs(scores).sum())
    if abs(delta) <= _MISSED * size or not size:
        return []
    return [
        f"The parts miss the score by {percent(abs(delta) / size)} of all contributions' sizes together, by rounding or by "
        "weights that moved meanwhile; <BIAS> makes up for it."
    ]
