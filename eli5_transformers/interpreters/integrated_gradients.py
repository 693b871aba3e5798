"""Integrated gradients with a stated error."""

from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np
import torch
from allennlp.interpret.saliency_interpreters import SaliencyInterpreter
from allennlp.predictors import Predictor

from ..arguments import real_number, whole_number
from ..compat.registering import registered
from ..engine.passes import Passes, TextBatch, Vectors
from ..engine.quadrature import METHODS, NODES, START, Integral, Piece, fixed
from ..errors import InputError
from ..records import Attribution
from .base import delta_scale
from .comparing import Compared, ComparingInterpreter

# Rounding: f is not known to more than some units in the last place, of which a sum over a network's layers loses a few.
_ROUNDING = 32
_LEAST = NODES * (len(START) - 1)

_Found = Tuple[np.ndarray, float, int, List[str]]  # scores of the padded row, rest, evaluations, notes


@registered(SaliencyInterpreter, "integrated-gradients")
class IntegratedGradients(ComparingInterpreter):
    """The gradient, integrated along the straight path from the baseline, times the difference (Sundararajan et al. 2017).

    The scores sum to the output's difference between text and baseline, up to the convergence delta.

    Parameters
    ----------
    tolerance
        The relative delta that is aimed at. The path is refined where the scores of a piece do not add up to the change of
        the output on it, until the errors of all pieces, none set off against another, are below this share of the
        output's difference (or, where that is small because scores cancel, of a tenth of the scores' sizes).
    max_evaluations
        The most gradients for one text and class; the result says so when they do not suffice.
    n_steps, method
        Instead of the tolerance a fixed rule: "gausslegendre" (the default), "riemann_left", "riemann_right",
        "riemann_middle", "riemann_trapezoid".
    """

    def __init__(
        self,
        predictor: Predictor,
        tolerance: float = 0.01,
        max_evaluations: int = 500,
        n_steps: Optional[int] = None,
        method: Optional[str] = None,
        **kwargs,
    ) -> None:
        super().__init__(predictor, **kwargs)
        positive = "a positive number, such as 0.01 for one percent"
        self.tolerance = real_number(tolerance, "tolerance", positive)
        if not self.tolerance > 0:
            raise InputError(f"tolerance is {tolerance!r}, but must be {positive}")
        self.max_evaluations = whole_number(max_evaluations, "max_evaluations", _LEAST)
        n_steps = None if n_steps is None else whole_number(n_steps, "n_steps")
        if n_steps is not None or method is not None:
            fixed(method or METHODS[0], 50 if n_steps is None else n_steps)
        self.n_steps = 50 if n_steps is None and method is not None else n_steps
        self.method = method or (METHODS[0] if n_steps is not None else None)

    def attributions(self, batch: TextBatch, targets: Sequence[Sequence[int]]) -> List[List[Attribution]]:
        """All open pieces of all texts and classes are evaluated together, round by round."""
        compared = self.compared(batch)
        scheme = self._adaptive if self.n_steps is None else self._fixed
        found = scheme(batch, targets, compared)
        results: List[List[Attribution]] = []
        for text, wanted in enumerate(targets):
            results.append([])
            for target in wanted:
                scores, rest, evaluations, notes = found[text, target]
                results[-1].append(
                    self.attribution(
                        batch,
                        text,
                        target,
                        scores[batch.place_of[text]],
                        baseline=compared.name,
                        baseline_score=float(compared.scores[text, target]),
                        total=float(scores.sum() + rest),
                        evaluations=evaluations,
                        notes=notes,
                    )
                )
        return results

    def _passes(
        self,
        batch: TextBatch,
        compared: Compared,
        rows: Sequence[int],
        classes: Sequence[Sequence[int]],
        alphas: Sequence[float],
    ) -> Passes:
        """Gradients times differences at points of the paths: row i is at `alphas[i]` on the path of text `rows[i]`."""
        texts = torch.as_tensor(np.asarray(rows, dtype=np.int64), device=batch.device)
        along = torch.as_tensor(np.asarray(alphas, dtype=np.float64), device=batch.device)

        def at(numbers: torch.Tensor) -> Vectors:
            own, share = texts[numbers], along[numbers][:, None, None]
            return [
                torch.addcmul(base[own], difference[own], share.to(base))
                for base, difference in zip(compared.vectors, compared.differences)
            ]

        def reduce(gradients: Vectors, numbers: torch.Tensor) -> Vectors:
            own = texts[numbers]
            return [(g * difference[own]).sum(-1) for g, difference in zip(gradients, compared.differences)]

        return batch.gradients(rows, classes, at, reduce)

    def _fixed(
        self, batch: TextBatch, targets: Sequence[Sequence[int]], compared: Compared
    ) -> Dict[Tuple[int, int], _Found]:
        assert self.n_steps is not None
        assert self.method is not None
        points, weights = fixed(self.method, self.n_steps)
        rows = [text for text in range(len(batch.texts)) for _ in points]
        passes = self._passes(batch, compared, rows, [targets[text] for text in rows], list(points) * len(batch.texts))
        found: Dict[Tuple[int, int], _Found] = {}
        start = 0
        for text, wanted in enumerate(targets):
            end = start + len(points) * len(wanted)
            tokens = passes.tokens[start:end].reshape(len(points), len(wanted), -1)
            rest = passes.rest[start:end].reshape(len(points), len(wanted))
            for place, target in enumerate(wanted):
                scores, beside = weights @ tokens[:, place], float(weights @ rest[:, place])
                found[text, target] = (scores, beside, len(points), [])
            start = end
        return found

    def _adaptive(
        self, batch: TextBatch, targets: Sequence[Sequence[int]], compared: Compared
    ) -> Dict[Tuple[int, int], _Found]:
        integrals = self._begun(batch, targets, compared)
        pending = self._open(integrals)
        while pending:
            rows: List[int] = []
            alphas: List[float] = []
            classes: List[List[int]] = []
            for (text, _, points), wanted in pending.items():
                rows += [text] * len(points)
                alphas += points
                classes += [wanted] * len(points)
            passes = self._passes(batch, compared, rows, classes, alphas)
            pairs = np.concatenate([passes.tokens, passes.rest[:, None]], axis=1)
            row = pair = 0
            for (text, piece, points), wanted in pending.items():
                maps = pairs[pair : pair + len(points) * len(wanted)].reshape(len(points), len(wanted), -1)
                for place, target in enumerate(wanted):
                    integrals[text, target].add(piece, maps[:, place], passes.values[row : row + len(points), target])
                row, pair = row + len(points), pair + len(points) * len(wanted)
            for key in {(text, target) for (text, _, _), wanted in pending.items() for target in wanted}:
                integrals[key].refine(self._allowed(batch, integrals[key]), self.max_evaluations)
            pending = self._open(integrals)
        return {key: self._finished(integral) for key, integral in integrals.items()}

    def _begun(
        self, batch: TextBatch, targets: Sequence[Sequence[int]], compared: Compared
    ) -> Dict[Tuple[int, int], Integral]:
        """The integrals with the output at the ends of their first pieces."""
        inner: Dict[float, np.ndarray] = {}
        for alpha in START[1:-1]:

            def at(rows: torch.Tensor, alpha: float = alpha) -> Vectors:
                return [b[rows] + alpha * d[rows] for b, d in zip(compared.vectors, compared.differences)]

            inner[alpha] = batch.forward(range(len(batch.texts)), at)
        ends = {0.0: compared.scores, **inner, 1.0: batch.here()}
        return {
            (text, target): Integral({alpha: float(values[text, target]) for alpha, values in ends.items()})
            for text, wanted in enumerate(targets)
            for target in wanted
        }

    @staticmethod
    def _open(integrals: Dict[Tuple[int, int], Integral]) -> Dict[Tuple[int, Piece, Tuple[float, ...]], List[int]]:
        """The classes that need the same nodes of a piece of a text: they share their forward passes."""
        pending: Dict[Tuple[int, Piece, Tuple[float, ...]], List[int]] = {}
        for (text, target), integral in integrals.items():
            for piece in integral.open:
                pending.setdefault((text, piece, tuple(integral.nodes(piece))), []).append(target)
        return pending

    def _allowed(self, batch: TextBatch, integral: Integral) -> float:
        first, last = integral.values[0.0], integral.values[1.0]
        rounding = _ROUNDING * batch.rounding * max(abs(first), abs(last))
        return max(self.tolerance * delta_scale(last - first, integral.scores()), rounding)

    def _finished(self, integral: Integral) -> _Found:
        scores, notes = integral.scores(), []
        if integral.stopped:
            missed = integral.missed() / delta_scale(integral.values[1.0] - integral.values[0.0], scores)
            notes.append(
                f"After {integral.evaluations} gradient evaluations the errors along the path still add up to {missed:.1%} of "
                f"what is explained, more than the tolerance of {self.tolerance:.1%}; the convergence delta says what is "
                "left of them in the sum of the scores."
            )
        return scores[:-1], float(scores[-1]), integral.evaluations, notes
