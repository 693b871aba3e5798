"""Every architecture that transformers classifies sequences with is explained truthfully, or refused by name."""

import pytest

from . import builder, table
from .expectations import HASHES_BY_PRECISION, NOT_BUILT, REFUSED, SAFE_IN_SOME_RELEASES, SURROGATE
from .sweep import Finding, examine

PAGE = table.path().read_text(encoding="utf-8")
COMMITTED = table.rows(PAGE)
COMMITTED_RELEASE = PAGE.split(" in transformers ", 1)[1].split(",")[0]
every_architecture = pytest.mark.parametrize("architecture", builder.architectures())


def measured(architecture: str) -> Finding:
    """The finding, where there is a model to speak of; else what stands in its way must be known."""
    finding = examine(architecture)
    if finding.unbuildable and architecture not in COMMITTED and COMMITTED_RELEASE != table.RELEASE:
        pytest.skip(
            f"new in transformers {table.RELEASE}, and the builder does not know it: {finding.unbuildable}"
        )
    if finding.unbuildable:
        assert NOT_BUILT.get(architecture, ("no known cause",))[0] in finding.unbuildable
        pytest.skip(NOT_BUILT[architecture][1])
    if finding.refusal:
        assert REFUSED.get(architecture, "no known cause") in finding.refusal
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
def test_padding_has_no_effect_or_the_reader_is_told(architecture: str) -> None:
    finding = measured(architecture)
    if finding.refusal or architecture in SAFE_IN_SOME_RELEASES:
        assert finding.refusal or not finding.pads_safely
        return
    assert finding.pads_safely is not finding.leaks, (
        f"shift {finding.padding_shift:.1e}, gradient {finding.padding_gradient:.1e}"
    )
    assert finding.leaks == any("unpadded" in sentence for sentence in finding.caveats)


@every_architecture
def test_single_precision_gives_the_gradient_of_double_precision(architecture: str) -> None:
    finding = measured(architecture)
    assert finding.refusal or architecture in HASHES_BY_PRECISION or finding.single_error < 1e-4


@every_architecture
def test_committed_table_says_what_is_found(architecture: str) -> None:
    if COMMITTED_RELEASE != table.RELEASE:
        pytest.skip(f"the committed table is of transformers {COMMITTED_RELEASE}, this is {table.RELEASE}")
    found = table.rows(table.render([examine(architecture)]))
    assert COMMITTED.get(architecture) == found[architecture], "run `python -m tests.architectures.table`"


def test_committed_table_has_no_architecture_too_many_and_counts_right() -> None:
    if COMMITTED_RELEASE != table.RELEASE:
        pytest.skip(f"the committed table is of transformers {COMMITTED_RELEASE}, this is {table.RELEASE}")
    findings = [examine(architecture) for architecture in builder.architectures()]
    assert sorted(COMMITTED) == builder.architectures()
    assert table.render(findings) == PAGE
    explained = sum(finding.exact for finding in findings)
    assert explained == sum(1 for f in findings if not f.unbuildable) - len(
        [f for f in findings if f.architecture in {*REFUSED, *SURROGATE}]
    )


def test_known_hindrances_are_not_of_the_past() -> None:
    """An entry that no stack needs any more must go; the two committed tables stand for the stacks."""
    pages = "".join(page.read_text(encoding="utf-8") for page in sorted(table.DOCS.glob("architectures*.md")))
    for why in [why for _, why in NOT_BUILT.values()] + list(REFUSED.values()):
        assert why in pages
