"""Integrated gradients with a stated error."""

from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import torch
from allennlp.interpret.saliency_interpreters import SaliencyInterpreter
from allennlp.predictors import Predictor

from ..arguments import whole_number
from ..compat.registering import registered
from ..engine import spline
from ..engine.passes import Passes, TextBatch, Vectors
from ..engine.precision import coarsest
from ..engine.quadrature import METHODS, fixed
from ..records import Attribution
from .comparing import Compared, ComparingInterpreter, wide
from .tolerances import not_met, require_tolerance


class _Found(NamedTuple):
    """What a rule gives for one text and class."""

    scores: np.ndarray
    """(padded tokens,)"""
    rest: float
    """What lies on positions that are no tokens."""
    evaluations: int
    delta: Optional[float] = None
    """Where the scores were made to add up, what their sum missed before."""
    error: Optional[float] = None
    notes: Tuple[str, ...] = ()


@registered(SaliencyInterpreter, "integrated-gradients")
class IntegratedGradients(ComparingInterpreter):
    """The gradient, integrated along the straight path from the baseline, times the difference (Sundararajan et al. 2017).

    The scores sum to the output's difference between text and baseline. The result states by how much a single score
    may be off, and what the sum missed before that was shared out among the scores.

    Parameters
    ----------
    tolerance
        The error of a token that is aimed at, as a share of the sum of all scores' sizes. The path is refined until the
        stated error is below it. It is a forecast: tests/fuzz/test_stated_errors.py counts how often it holds.
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
        self.tolerance = require_tolerance(tolerance)
        self.max_evaluations = whole_number(max_evaluations, "max_evaluations", spline.START)
        n_steps = None if n_steps is None else whole_number(n_steps, "n_steps", most=1_000_000)
        if n_steps is not None or method is not None:
            fixed(method or METHODS[0], 50 if n_steps is None else n_steps)
        self.n_steps = 50 if n_steps is None and method is not None else n_steps
        self.method = method or (METHODS[0] if n_steps is not None else None)

    def attributions(self, batch: TextBatch, targets: Sequence[Sequence[int]]) -> List[List[Attribution]]:
        """All open nodes of all texts and classes are evaluated together, round by round."""
        compared = self.compared(batch, checked=self.n_steps is not None)
        scheme = self._adaptive if self.n_steps is None else self._fixed
        results: List[List[Attribution]] = [[] for _ in targets]
        for (text, target), found in scheme(batch, targets, compared).items():
            results[text].append(
                self.attribution(
                    batch,
                    text,
                    target,
                    found.scores[batch.place_of[text]],
                    baseline=compared.name,
                    baseline_score=float(compared.scores[text, target]),
                    total=float(found.scores.sum() + found.rest),
                    raw_delta=found.delta,
                    token_error=found.error,
                    evaluations=found.evaluations,
                    notes=found.notes,
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
                (wide(base[own]) + difference[own] * share.to(difference)).to(base)
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
                found[text, target] = _Found(scores, beside, len(points))
            start = end
        return found

    def _adaptive(
        self, batch: TextBatch, targets: Sequence[Sequence[int]], compared: Compared
    ) -> Dict[Tuple[int, int], _Found]:
        here = batch.here()
        integrals = {
            (text, target): spline.Integral(
                (float(compared.scores[text, target]), float(here[text, target])),
                self.tolerance,
                self.max_evaluations,
                batch.rounding,
            )
            for text, wanted in enumerate(targets)
            for target in wanted
        }
        while any(len(integral.open) for integral in integrals.values()):
            self._round(batch, compared, integrals)
        return {key: self._finished(batch, integral) for key, integral in integrals.items()}

    def _round(
        self, batch: TextBatch, compared: Compared, integrals: Dict[Tuple[int, int], spline.Integral]
    ) -> None:
        """Evaluates what is open; the classes that want the same point of a text share its forward pass."""
        wanted: Dict[Tuple[int, float], List[int]] = {}
        for (text, target), integral in integrals.items():
            for alpha in integral.open.tolist():
                wanted.setdefault((text, alpha), []).append(target)
        rows, alphas = [text for text, _ in wanted], [alpha for _, alpha in wanted]
        passes = self._passes(batch, compared, rows, list(wanted.values()), alphas)
        if 1.0 in alphas:  # in the first round: the texts themselves
            batch.require_unread(passes.values[[number for number, alpha in enumerate(alphas) if alpha == 1.0]])
        maps = iter(np.concatenate([passes.tokens, passes.rest[:, None]], axis=1))
        found = {
            (text, target, alpha): (next(maps), float(passes.values[number, target]))
            for number, ((text, alpha), classes) in enumerate(wanted.items())
            for target in classes
        }
        for (text, target), integral in integrals.items():
            if len(integral.open):
                gradients, values = zip(*(found[text, target, alpha] for alpha in integral.open.tolist()))
                integral.add(np.array(gradients), np.array(values))

    def _finished(self, batch: TextBatch, integral: spline.Integral) -> _Found:
        return _Found(
            integral.scores[:-1],
            float(integral.scores[-1]),
            integral.evaluations,
            integral.delta,
            integral.error,
            tuple(self._notes(batch, integral)),
        )

    @staticmethod
    def _finer(batch: TextBatch) -> str:
        if batch.dtype != coarsest(batch.scorer.explained.model):
            return ": run it without torch.autocast for exact numbers"
        return ": load it in float64 for exact numbers" if batch.dtype is torch.float32 else ""

    def _notes(self, batch: TextBatch, integral: spline.Integral) -> List[str]:
        """What a person must know of the error: that the tolerance was not met, by how much, and why; jumps."""
        notes = []
        missed = not_met(integral.error, self.tolerance)
        if integral.stopped == spline.EVALUATIONS:
            notes.append(f"{missed}; max_evaluations={self.max_evaluations} allows no more gradient evaluations.")
        if integral.stopped == spline.ROUNDING:
            # Of half precision every result says so (`architectures.caveats`).
            notes.append(
                f"{missed}; the model computes in {str(batch.dtype).replace('torch.', '')}, and more evaluations do not bring "
                f"back what that rounds away{self._finer(batch)}."
            )
        if integral.stopped == spline.JUMP:
            notes.append(f"{missed}; the output jumps, and more evaluations do not tell whose the jump is.")
        if integral.jump is not None:
            notes.append(
                f"The output or its gradient jumps at {integral.jump:.1%} of the way from the baseline to the text, as "
                "behind a ReLU: another jump, between the points that were evaluated, would not have been seen."
            )
        return notes
