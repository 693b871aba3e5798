"""Tests that try a promise many times: how often they do, and a table of what was tried and what failed at the end."""

import os
from typing import Any, Callable, List

import pytest

Tally = Callable[[str, int, int], None]
_NAME = "tried"


def tries(full: int, short: int) -> int:
    """`full` for `make fuzz`, `short` in a run of all tests."""
    return full if os.environ.get("FUZZ") == "full" else short


@pytest.fixture
def tally(record_property: Callable[[str, Any], None]) -> Tally:
    """`tally(what, tried, failed)` puts a line into the table and fails the test if anything failed."""

    def note(what: str, tried: int, failed: int) -> None:
        record_property(_NAME, [what, int(tried), int(failed)])
        assert tried > 0, f"{what}: nothing was tried"
        assert failed == 0, f"{what}: {failed} of {tried} failed"

    return note


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [r for outcome in ("passed", "failed") for r in terminalreporter.stats.get(outcome, [])]
    lines: List[List[Any]] = [
        value for report in reports for name, value in getattr(report, "user_properties", []) if name == _NAME
    ]
    if lines and os.environ.get("FUZZ") == "full":
        terminalreporter.section("tried and failed")
        for what, tried, failed in sorted(lines):
            terminalreporter.write_line(f"{tried:>7} tried {failed:>4} failed   {what}")
