"""Under CI a skipped test is a failure, unless it is on this short list: what does not run is not tested."""

import os
from fnmatch import fnmatchcase
from typing import Iterator, NamedTuple, Optional

import pytest


class Allowed(NamedTuple):
    """Tests that may be skipped under CI."""

    pattern: str
    """Of their ids below tests/, as in a shell; square brackets stand for themselves."""
    stack: str
    """ "stock", "current", or "both"."""
    why: str


ALLOWED = (
    Allowed(
        "architectures/*[layoutlmv2]", "both", "looks at an image of the page; needs detectron2, which is compiled"
    ),
    Allowed("architectures/*[deberta-v2]", "stock", "transformers 4.20 uses np.int, which NumPy 1.24 removed"),
    Allowed("architectures/*[qdqbert]", "stock", "needs pytorch-quantization, a package for GPUs"),
    Allowed("architectures/*[tapas]", "stock", "needs torch-scatter, which is compiled"),
    Allowed("adapters/*half_precision*[dtype1]", "stock", "torch 1.12 has no float16 on a CPU"),
    Allowed(
        "compat/test_still_needed.py::*[device_number]", "both", "shows nothing with a torch that is built for CUDA"
    ),
)


def reason_to_skip(nodeid: str, stack: str) -> Optional[str]:
    """Why this test may be skipped on this stack, or None."""
    name = nodeid.replace("\\", "/").partition("tests/")[2] or nodeid
    for allowed in ALLOWED:
        if allowed.stack in (stack, "both") and fnmatchcase(name, allowed.pattern.replace("[", "[[]")):
            return allowed.why
    return None


def _judge(report: pytest.TestReport) -> None:
    """Turn a skip that is not on the list into a failure."""
    if not report.skipped or hasattr(report, "wasxfail") or not os.environ.get("CI"):
        return
    from stacks import NAME

    if reason_to_skip(report.nodeid, NAME) is None:
        said = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = (
            f"{said}\n{report.nodeid} may not be skipped under CI: it is not listed in tests/skip_policy.py"
        )


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    outcome = yield
    _judge(outcome.get_result())  # type: ignore[attr-defined]


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    """A module that is skipped as a whole."""
    outcome = yield
    _judge(outcome.get_result())  # type: ignore[attr-defined]
