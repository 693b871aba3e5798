"""Tests of a file share a process; where they share nothing they are spread, and the longest go first."""

from pathlib import Path

import pytest
from scheduling import FIRST, LAST, SPREAD_BY_PARAMETER, place, share

ARCHITECTURES = "tests/architectures/test_architectures.py"


def test_tests_of_a_file_stay_together():
    assert share("tests/text/test_escapes.py::test_a[x]") == share("tests/text/test_escapes.py::test_b")
    assert share("tests/text/test_escapes.py::test_a") != share("tests/text/test_alignment.py::test_a")


def test_tests_of_an_architecture_stay_together_and_architectures_do_not():
    assert share(f"{ARCHITECTURES}::test_a[bert]") == share(f"{ARCHITECTURES}::test_b[bert]")
    assert share(f"{ARCHITECTURES}::test_a[bert]") != share(f"{ARCHITECTURES}::test_a[bart]")
    assert share(f"{ARCHITECTURES}::test_a") != share(f"{ARCHITECTURES}::test_b")


def test_long_files_go_first_and_small_portions_last():
    order = [f"tests/{FIRST[0]}::test_a", f"tests/{FIRST[1]}::test_a", "tests/text/test_escapes.py::test_a"]
    assert [place(test) for test in [*order, f"{ARCHITECTURES}::test_a[bert]"]] == [0, 1, len(FIRST), len(FIRST) + 1]
    assert place(order[0].removeprefix("tests/")) == 0, "also where pytest starts in tests/"


@pytest.mark.parametrize("file", sorted({*FIRST, *LAST, *SPREAD_BY_PARAMETER}))
def test_what_is_named_is_there(file):
    assert (Path(__file__).parent / file).is_file()
