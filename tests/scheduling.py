"""Which tests share a process of pytest-xdist, and in which order the processes get them.

The tests of a file share fixtures, so they stay together. Two files are long lists of tests that share nothing but what
belongs to one architecture, or nothing at all: they are spread over the processes. What takes long goes first and what
comes in small portions last, so that all processes end at about the same time.
"""

from pathlib import PurePosixPath
from typing import Any, List

import pytest

SPREAD_BY_PARAMETER = ("architectures/test_architectures.py", "test_examples.py")
FIRST = (
    "compat/test_still_needed.py",
    "demo_model/test_demo_model.py",
    "test_examples.py",
    "sentiment_model/test_sentiment_model.py",
    "test_configs.py",
    "commands/test_explain.py",
    "browser/test_pages.py",
)
"""The longest, in the order of their length."""
LAST = ("architectures/test_architectures.py",)


def _file(nodeid: str) -> str:
    """The test's file below tests/."""
    return str(PurePosixPath(nodeid.partition("::")[0])).rpartition("tests/")[2]


def place(nodeid: str) -> int:
    """Sorts tests by their file; those of a file, and files of which nothing is known, keep their order."""
    file = _file(nodeid)
    return FIRST.index(file) if file in FIRST else len(FIRST) + (file in LAST)


def share(nodeid: str) -> str:
    """The name of the portion that a test belongs to: its file, or what it has in brackets."""
    file, _, test = nodeid.partition("::")
    if _file(nodeid) in SPREAD_BY_PARAMETER:
        return f"{file}::{test.partition('[')[2] or test}"
    return file


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    items.sort(key=lambda item: place(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """In place of `--dist loadfile`."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Shares(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return share(nodeid)

    # Else those with the most tests would go first, whatever they take.
    config.option.loadscopereorder = False
    return Shares(config, log)
