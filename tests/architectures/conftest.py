"""What the sweep has to tell beside pass and fail stands at the end of the run."""

from typing import Callable

import pytest

_NOTE = "architectures"


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Takes a sentence for the end of the run, also from a process of pytest-xdist."""
    return lambda sentence: record_property(_NOTE, sentence)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    notes = [
        value
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, value in report.user_properties
        if name == _NOTE
    ]
    if notes:
        terminalreporter.section("architectures that the committed table does not know so")
        for note in sorted(notes):
            terminalreporter.write_line(note)
