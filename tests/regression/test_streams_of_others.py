"""A caller closed stderr, and the run ended without a word; or it takes no more, and a progress bar ended the run.

Services, `cron` and programs without a console start others with closed streams. stderr was wrapped though it was None, on
which transformers' import fails; `--output /dev/stdout` of a closed stdout was written into nothing, with exit code 0. The
tests called `main()` in a process of pytest, which always has a stderr.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from eli5_transformers.__main__ import _VisibleStream

ROOT = Path(__file__).parents[2]
TO_FILE = ("--output", "out.csv")


def run(folder, redirected, *options):
    words = ("-m", "eli5_transformers", "explain", "'I love it'", "--interpreter", "gradient-x-input", *options)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = f'"{sys.executable}" -W ignore {" ".join(words)} {redirected}'
    return subprocess.run(command, shell=True, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("redirected", ["2>&-", "<&- 2>&-"])
def test_results_come_where_stderr_takes_nothing(tmp_path, redirected):
    done = run(tmp_path, redirected)
    assert (done.returncode, "love" in done.stdout) == (0, True)


@pytest.mark.parametrize("redirected", [">&-", "<&- >&- 2>&-"])
def test_a_file_is_written_whatever_is_closed(tmp_path, redirected):
    assert run(tmp_path, redirected, *TO_FILE).returncode == 0
    assert "love" in (tmp_path / "out.csv").read_text()


@pytest.mark.parametrize(("redirected", "output"), [(">&-", "/dev/stdout"), ("2>&-", "/dev/stderr")])
def test_a_closed_stream_is_no_output(tmp_path, redirected, output):
    done = run(tmp_path, redirected, "--output", output)
    assert done.returncode == 1
    assert redirected == "2>&-" or f"{output!r} cannot be written: it is closed" in done.stderr


def test_what_stderr_cannot_take_ends_nothing():
    with open("/dev/full", "w", buffering=1) as full:
        stream = _VisibleStream(full)
        assert stream.write("a bar\n") == 6
        stream.flush()
        full.close = lambda: None
