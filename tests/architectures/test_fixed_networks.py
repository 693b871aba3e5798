"""Every architecture is exactly the sum of its parts once what makes it nonlinear is held fixed, or refused by name."""

from contextlib import ExitStack
from typing import Dict

import pytest
import torch

from eli5_transformers.engine.frozen.network import FrozenNetwork
from eli5_transformers.errors import UnsupportedModelError
from eli5_transformers.sites.second_paths import truthful_sites
from eli5_transformers.sites.state import explaining

from . import builder
from .expectations import NOT_BUILT, REFUSED

NOT_FIXED: Dict[str, str] = {
    **REFUSED,
    # Its reversible layers run their own backward pass.
    "reformer": "'function _ReversibleFunction'",
}
"""What the refusal must name."""
LIMIT = 1e-5


@pytest.mark.parametrize("architecture", builder.architectures())
def test_parts_sum_to_the_score_or_the_operation_is_named(architecture: str) -> None:
    if architecture in NOT_FIXED:
        with pytest.raises(UnsupportedModelError, match=NOT_FIXED[architecture]):
            missed_by(architecture)
    else:
        assert missed_by(architecture) < LIMIT


def missed_by(architecture: str) -> float:
    """What the parts of one score miss of it, as a share of their size; in float64 where the release bears it."""
    try:
        model = builder.build(architecture)
        text, other = builder.batch(model, [9]), builder.batch(model, [9], seed=6)
        with torch.no_grad():
            builder.logits(model, text)
    except Exception as error:  # whatever a package that is missing makes of it
        if architecture not in NOT_BUILT:
            raise
        pytest.skip(str(error)[:100] or NOT_BUILT[architecture][1])
    with ExitStack() as stack:
        stack.enter_context(builder.double_precision(model))
        try:
            builder.logits(model, text)
        except Exception:  # no float64 in this release
            stack.close()
            model.float()
        sites = truthful_sites(
            model, lambda: builder.logits(model, text), lambda: builder.logits(model, other), text["input_ids"], lambda x: x
        )
        with explaining(model, twin=sites.twin, kept=sites.kept) as own:
            there = sites.on(own)
            vectors, _ = there.capture(lambda: builder.logits(own, text))
            leaves = [vector.detach().clone().requires_grad_(True) for vector in vectors]
            network = FrozenNetwork(own, torch.finfo(torch.float64).eps)
            with torch.enable_grad(), there.replaced(leaves), network.watched():
                found = network.derivatives(builder.logits(own, text)[:, 1].sum(), leaves)
    assert all(gradient.abs().sum() > 0 for gradient in found[:1])
    return network.missed
