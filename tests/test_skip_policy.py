"""Under CI nothing is skipped unnoticed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from skip_policy import ALLOWED, reason_to_skip

TESTS = Path(__file__).parent
SAMPLE = """
import pytest

def test_that_skips():
    pytest.skip("no reason at all")

@pytest.mark.skipif(True, reason="no reason at all")
def test_that_is_marked():
    pass

@pytest.mark.xfail(reason="known")
def test_that_is_known_to_fail():
    assert False

def test_that_passes():
    pass
"""


def run(folder, sample, **environment):
    """What a run over a sample of tests prints."""
    (folder / "test_sample.py").write_text(sample)
    inherited = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith("PYTEST")}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "skip_policy",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(folder),
            ".",
        ],
        capture_output=True,
        text=True,
        cwd=folder,
        env={**inherited, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)]), **environment},
    )
    return done.stdout


def test_under_ci_a_skip_that_is_not_listed_fails(tmp_path):
    output = run(tmp_path, SAMPLE, CI="true")
    assert "test_sample.py::test_that_skips may not be skipped under CI" in output
    assert "test_sample.py::test_that_is_marked may not be skipped under CI" in output
    assert "1 failed, 1 passed, 1 xfailed" in output
    assert "1 error" in output


def test_under_ci_a_module_that_is_skipped_as_a_whole_fails(tmp_path):
    output = run(tmp_path, "import pytest\npytest.importorskip('no_such_package')\n", CI="true")
    assert "test_sample.py may not be skipped under CI" in output


def test_elsewhere_it_is_a_skip(tmp_path):
    assert "1 passed, 2 skipped, 1 xfailed" in run(tmp_path, SAMPLE)


def test_the_list_is_read_by_test_and_stack():
    test = "tests/architectures/test_architectures.py::test_every_token_has_a_gradient[tapas]"
    assert reason_to_skip(test, "stock")
    assert reason_to_skip(test, "current") is None
    assert reason_to_skip(test.replace("tapas", "bert"), "stock") is None


@pytest.mark.parametrize("allowed", ALLOWED, ids=lambda allowed: allowed.pattern)
def test_what_is_listed_names_a_folder_a_stack_and_a_reason(allowed):
    assert (TESTS / allowed.pattern.partition("/")[0]).is_dir()
    assert allowed.stack in ("stock", "current", "both")
    assert allowed.why
