"""Examines one architecture: are explanations of it true?"""

import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from typing import Callable, Dict, List, Sequence, Tuple

import torch

from eli5_transformers.errors import UnsupportedModelError
from eli5_transformers.sites.architectures import caveats, routes_tokens
from eli5_transformers.sites.embedding_sites import EmbeddingSites, Gradients
from eli5_transformers.sites.second_paths import truthful_sites
from eli5_transformers.sites.tracing import Site

from . import builder

STEPS = {
    "float64": (1e-4, 1e-5),
    "float64 in part": (1e-2, 3e-3, 1e-3, 1e-4, 1e-5),
    "float32": (3e-2, 1e-2, 3e-3),
}
"""Of the central differences, relative to the spread of the embeddings; the best counts.

Large ones err by curvature, small ones by rounding, and how much of each differs from model to model.
"""
DIRECTIONS = 2
LIMITS = {"float64": 1e-7, "float64 in part": 1e-4, "float32": 1e-3}
"""The largest error of a gradient that is called exact, by the precision of the differences."""
TARGET = 1
"""The class that is explained."""


@dataclass(frozen=True)
class Finding:
    """What was found out about one architecture. Numbers are infinite where nothing was measured."""

    architecture: str
    class_name: str
    unbuildable: str = ""
    """Why no model could be built and run on text, or nothing."""
    refusal: str = ""
    """The sentence with which the package refuses it, or nothing."""
    sites: Tuple[Site, ...] = ()
    precision: str = ""
    """In which the gradient was compared with differences, a key of LIMITS."""
    gradient_error: float = float("inf")
    """Of the gradient against central differences, relative to the terms that are summed."""
    single_error: float = float("inf")
    """Of the float32 gradient against the float64 one, relative to the largest."""
    other_path: float = float("inf")
    """How far the logits move (relative) when the ids change but the vectors at the sites do not."""
    blind_tokens: int = 0
    """Tokens of the text with no gradient at all."""
    padding_gradient: float = float("inf")
    """Largest gradient at padding, relative to the largest."""
    padding_shift: float = float("inf")
    """How far the logits of a text move (relative) when it is padded."""
    routes_tokens: bool = False
    caveats: Tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def exact(self) -> bool:
        return self.gradient_error <= LIMITS.get(self.precision, 0.0)

    @property
    def leaks(self) -> bool:
        """The padding changes the prediction, or has a gradient."""
        return self.padding_shift > 1e-4 or self.padding_gradient > 0


@cache
def examine(architecture: str) -> Finding:
    """Builds the architecture's tiny model and measures it; once a process."""
    start = time.perf_counter()
    finding = Finding(architecture, builder.class_name(architecture))
    try:
        model = builder.build(architecture)
        text = builder.batch(model, [9])
        with torch.no_grad():
            builder.logits(model, text)
    except Exception as error:  # whatever a package that is missing makes of it
        return replace(finding, unbuildable=_one_line(error), seconds=time.perf_counter() - start)
    try:
        finding = _measured(finding, model, text)
    except UnsupportedModelError as error:
        finding = replace(finding, refusal=str(error))
    return replace(finding, seconds=time.perf_counter() - start)


def _measured(finding: Finding, model: torch.nn.Module, text: Dict[str, torch.Tensor]) -> Finding:
    def run() -> torch.Tensor:
        return builder.logits(model, text)

    finding = replace(
        finding,
        routes_tokens=routes_tokens(model),
        caveats=caveats(model),
    )
    other = builder.batch(model, [text["input_ids"].shape[1]], seed=6)
    sites = truthful_sites(model, run, lambda: builder.logits(model, other), text["input_ids"], lambda logits: logits)
    finding = replace(finding, sites=sites.sites)
    single = sites.gradients(run, lambda logits: logits[:, TARGET])
    finding = replace(finding, **_padding(model, sites))
    with ExitStack() as stack:
        precision = stack.enter_context(builder.double_precision(model))
        try:
            run()
        except Exception:  # no float64 in this release
            stack.close()
            model.float()
            precision = "float32"
        result = sites.gradients(run, lambda logits: logits[:, TARGET])
        tokens, _ = sites.to_tokens([g.abs().sum(-1) for g in result.gradients], text["input_ids"].shape[1])
        return replace(
            finding,
            precision=precision,
            gradient_error=_gradient_error(sites, run, result, STEPS[precision]),
            single_error=max(_relative(s.double(), d) for s, d in zip(single.gradients, result.gradients)),
            other_path=_other_path(model, sites, text, result.values),
            blind_tokens=int((tokens == 0).sum()),
        )


def _gradient_error(
    sites: EmbeddingSites, run: Callable[[], torch.Tensor], result: Gradients, steps: Sequence[float]
) -> float:
    """The worst of some random directions: slope by the gradient against slope by central differences."""
    draw, worst = torch.Generator().manual_seed(7), 0.0
    for _ in range(DIRECTIONS):
        direction = [torch.randn(v.shape, generator=draw, dtype=v.dtype) * v.std() for v in result.values]

        def score(step: float, direction: List[torch.Tensor] = direction) -> float:
            moved = [v + step * d for v, d in zip(result.values, direction)]
            with torch.no_grad(), sites.replaced(moved):
                return run()[:, TARGET].item()

        terms = [g * d for g, d in zip(result.gradients, direction)]
        slope = sum(term.sum() for term in terms).item()
        size = sum(term.abs().sum() for term in terms).item()
        errors = [abs((score(step) - score(-step)) / (2 * step) - slope) for step in steps]
        worst = max(worst, min(errors) / max(size, 1e-30))
    return worst


def _other_path(
    model: torch.nn.Module, sites: EmbeddingSites, text: Dict[str, torch.Tensor], values: List[torch.Tensor]
) -> float:
    other = builder.batch(model, [text["input_ids"].shape[1]], seed=6)
    with torch.no_grad(), sites.replaced(values):
        return _relative(builder.logits(model, other), builder.logits(model, text))


def _padding(model: torch.nn.Module, sites: EmbeddingSites) -> Dict[str, float]:
    inputs = builder.batch(model)
    mask = inputs["attention_mask"].bool()
    alone = {name: value[1:][mask[1:]][None] for name, value in inputs.items()}
    result = sites.gradients(lambda: builder.logits(model, inputs), lambda logits: logits[:, TARGET])
    per_token, _ = sites.to_tokens([g.abs().sum(-1) for g in result.gradients], mask.shape[1])
    with torch.no_grad():
        _, unpadded = sites.capture(lambda: builder.logits(model, alone))
        _, padded = sites.capture(lambda: builder.logits(model, inputs))
    return {
        "padding_gradient": (per_token[~mask].max() / per_token.max()).item(),
        "padding_shift": _relative(padded[1:], unpadded),
    }


def _relative(value: torch.Tensor, reference: torch.Tensor) -> float:
    return ((value - reference).abs().max() / reference.abs().max().clamp(min=1e-30)).item()


def _one_line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
