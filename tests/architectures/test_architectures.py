"""Every architecture that transformers classifies sequences with is explained truthfully, or refused by name."""

from typing import Callable

import pytest

from . import builder, table
from .expectations import HASHES_BY_PRECISION, NOT_BUILT, REFUSED, SURROGATE
from .sweep import Finding, examine

PAGE = table.path().read_text(encoding="utf-8")
COMMITTED = table.rows(PAGE)
CHECKED = table.RELEASE in table.checked_on(PAGE)
"""Whether the committed page speaks of the release that is installed."""
every_architecture = pytest.mark.parametrize("architecture", builder.architectures())


def measured(architecture: str) -> Finding:
    """The finding, where there is a model to speak of; else what stands in its way must be known."""
    finding = examine(architecture)
    if finding.unbuildable or finding.refusal:
        known = NOT_BUILT.get(architecture) if finding.unbuildable else (REFUSED.get(architecture),)
        hindrance = finding.unbuildable or finding.refusal
        if architecture not in COMMITTED and not CHECKED and not known:
            pytest.xfail(f"new in transformers {table.RELEASE}, and not explained yet: {hindrance}")
        assert known, f"no known cause: {hindrance}"
        assert known[0] in hindrance
    if finding.unbuildable:
        pytest.skip(NOT_BUILT[architecture][1])
    return finding


@every_architecture
def test_gradient_equals_central_differences_or_the_reader_is_told(architecture: str) -> None:
    finding = measured(architecture)
    if finding.refusal:
        assert architecture in REFUSED
    elif architecture in SURROGATE:
        assert any(SURROGATE[architecture] in sentence for sentence in finding.caveats)
        assert not finding.exact, "the surrogate is gone: so must be the caveat"
    else:
        assert finding.exact, f"relative error {finding.gradient_error:.1e} in {finding.precision}"


@every_architecture
def test_token_ids_reach_the_prediction_through_the_sites_alone(architecture: str) -> None:
    finding = measured(architecture)
    assert finding.refusal or finding.other_path < 1e-9


@every_architecture
def test_every_token_has_a_gradient(architecture: str) -> None:
    finding = measured(architecture)
    assert finding.refusal or finding.blind_tokens == 0


@every_architecture
def test_single_precision_gives_the_gradient_of_double_precision(architecture: str) -> None:
    finding = measured(architecture)
    assert finding.refusal or architecture in HASHES_BY_PRECISION or finding.single_error < 1e-4


@every_architecture
def test_no_architecture_is_worse_than_the_committed_table_says(architecture: str, tell: Callable[[str], None]) -> None:
    found, committed = table.row_of(examine(architecture)), COMMITTED.get(architecture)
    if CHECKED:
        assert found == committed, "run `python -m tests.architectures.table`"
    elif committed is None:
        tell(f"new in transformers {table.RELEASE}: {found}")
    elif found != committed:
        assert table.grade(found) >= table.grade(committed)
        better = table.grade(found) > table.grade(committed)
        tell(f"{'better' if better else 'other'} in transformers {table.RELEASE}: {found}")


def test_architectures_that_are_gone_are_named(tell: Callable[[str], None]) -> None:
    gone = sorted(set(COMMITTED) - set(builder.architectures()))
    if CHECKED:
        assert not gone, "run `python -m tests.architectures.table`"
    elif gone:
        tell(f"not in transformers {table.RELEASE}: {', '.join(gone)}")
