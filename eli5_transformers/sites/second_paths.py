"""Looks for token ids that reach the prediction past the look-ups, and for look-ups that hold all of them."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional, Sequence

import numpy as np
import torch

from ..errors import UnsupportedModelError
from .architectures import name_of
from .embedding_sites import EmbeddingSites, Output, Run, find_sites
from .kept import Kept, beginning_alike, kept_by
from .state import explaining
from .tracing import Site, Views
from .twin import COPIES, VIEWS


class ReadsIdsError(UnsupportedModelError):
    """A text showed what the probe did not: that the model, as it is now, reads its ids past the known look-ups, too."""


# Calls around a look-up that are tried in its place, one around the other.
_OUTWARDS = 3
# How far the logits may move with the ids while the vectors stay, relative to the largest: the sums are the same ones.
_TOLERANCE = {torch.float64: 1e-10, torch.float32: 2e-5, torch.float16: 1e-2, torch.bfloat16: 5e-2}
_SMALL = 1e-2


def learn_sites(
    model: torch.nn.Module,
    inputs: Mapping[str, Any],
    others: Mapping[str, Any],
    input_ids: torch.Tensor,
    output: Output,
    views: Optional[Views] = None,
) -> EmbeddingSites:
    """The `truthful_sites` of `model`, which is not changed: its twin is run on `inputs`, and on `others` of another text.

    Where a training moves the weights between two passes, these do not agree: then a twin with copies of the weights is
    looked at. A forward pass that goes past the twin (to a module that a global variable holds, say) looks nothing up in
    it. Then the model itself is run, and `EmbeddingSites.twin` says that others must do so, too. `views` of the ids are what
    the model reads in place of them.

    Raises as `truthful_sites` does.
    """
    found = False
    failure: Optional[UnsupportedModelError] = None
    for twin, tensors in ((True, VIEWS), (True, COPIES), (False, VIEWS)):
        # Where look-ups are found in a twin it is the twin that runs. One of moving weights may hide them.
        if not twin and found:
            continue
        with explaining(model, twin=twin, tensors=tensors) as own:
            run, other_run = lambda: own(**inputs), lambda: own(**others)  # noqa: B023, E731
            try:
                kept = _kept(own, run, output) if twin else ()
                with beginning_alike(own, kept):
                    sites = find_sites(own, run, input_ids, views=views)
                    found = True
                    # Wider look-ups are for what the ids do, not for weights that may have moved.
                    outwards = 0 if (twin, tensors) == (True, VIEWS) else _OUTWARDS
                    sites = _truthful(sites, run, other_run, input_ids, output, outwards, views)
                return EmbeddingSites(model, sites.sites, twin, kept)
            except UnsupportedModelError as error:
                failure = error
    assert failure is not None
    raise failure


def _kept(model: torch.nn.Module, run: Run, output: Output) -> Kept:
    """What the model keeps from pass to pass."""
    with torch.no_grad():
        return kept_by(model, lambda: output(run()).detach())


def truthful_sites(
    model: torch.nn.Module, run: Run, other_run: Run, input_ids: torch.Tensor, output: Output
) -> EmbeddingSites:
    """The look-ups of `model`, verified: through them, and through nothing else, its ids reach its logits.

    `run()` feeds `input_ids` (batch, tokens) to the model, `other_run()` other ordinary ids in their places, and whatever
    else it reads of another text; `output` makes the logits of what either returns. Where other ids with the old vectors put
    in change the logits, the calls around the look-ups are tried in their place: an adapter adds a look-up of its own to that
    of the module in it.

    Raises `UnsupportedModelError` where no call holds all that the model reads of its ids, and as `find_sites` and
    `EmbeddingSites.verify` do.
    """
    return _truthful(find_sites(model, run, input_ids), run, other_run, input_ids, output, _OUTWARDS)


def _truthful(
    innermost: EmbeddingSites,
    run: Run,
    other_run: Run,
    input_ids: torch.Tensor,
    output: Output,
    outwards: int,
    views: Optional[Views] = None,
) -> EmbeddingSites:
    """These look-ups, or those up to so many calls around them."""
    sites, model = innermost, innermost.model
    sites.verify(run, output)
    moved = _moved(sites, run, other_run, output)
    for outside in range(1, outwards + 1):
        if moved <= 1:
            return sites
        wider = find_sites(model, run, input_ids, outside, views)
        if wider.sites == sites.sites:
            break
        sites = wider
        try:
            sites.verify(run, output)
            moved = _moved(sites, run, other_run, output)
        except UnsupportedModelError:  # what stands around the look-up is more than one
            continue
    if moved <= 1:
        return sites
    raise UnsupportedModelError(reads_ids(model, innermost.sites))


def reads_ids(model: torch.nn.Module, sites: Sequence[Site]) -> str:
    """The sentence for a model that reads its ids elsewhere than at these look-ups, too."""
    names: List[str] = list(dict.fromkeys(site.name for site in sites))
    return (
        f"{name_of(model)} reads more of its token ids than the vectors of {', '.join(map(repr, names))}: with other ids and "
        "the same vectors it predicts something else, so that its prediction cannot be explained by them: let it look ids up "
        "in submodules alone (not by torch.nn.functional.embedding or an EmbeddingBag), or merge its "
        "adapters into it"
    )


def moved(found: np.ndarray, expected: np.ndarray, dtype: torch.dtype) -> bool:
    """Whether outputs (texts, classes) are further from the expected ones than rounding in `dtype` explains."""
    size = max(float(np.abs(expected).max()), _SMALL)
    return bool(np.abs(found - expected).max() > _TOLERANCE.get(dtype, _TOLERANCE[torch.float32]) * size)


def _moved(sites: EmbeddingSites, run: Run, other_run: Run, output: Output) -> float:
    """How far other ids move the logits while the vectors stay: above 1 further than rounding does."""
    values, plain = sites.capture(lambda: output(run()))
    with torch.no_grad(), sites.replaced(values):
        # Both with the vectors put in, so that both are the same sums.
        again, other = output(run()), output(other_run())
    size = plain.abs().max().clamp(min=_SMALL)
    return float((other - again).abs().max() / size) / _TOLERANCE.get(plain.dtype, _TOLERANCE[torch.float32])
