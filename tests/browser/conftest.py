"""The browser that these tests look through, and a loud word where there is none."""

import functools

import pytest

from . import chromium

_MISSING = (
    f"no Chromium here ($CHROMIUM, or {', '.join(chromium.NAMES)} on the PATH): what a browser shows is NOT TESTED"
)
_executable = chromium.find_chromium()


@pytest.fixture(scope="session")
def look_at():
    """`look_at({name: page})`: what headless Chromium makes of the pages, as `{name: Seen}`."""
    if _executable is None:
        pytest.skip(_MISSING)
    return functools.partial(chromium.look_at, _executable)


def pytest_terminal_summary(terminalreporter):
    if _executable is None:
        terminalreporter.write_line(f"!!! {_MISSING} !!!", red=True, bold=True)
