"""The command line in the tests' own process."""

import io
import sys

import pytest

from eli5_transformers import __main__ as command_line


@pytest.fixture
def run(capsys, monkeypatch):
    """Runs a command in this process: (exit code, stdout, stderr)."""

    def run_command(*words, stdin=""):
        monkeypatch.setattr(sys, "argv", ["eli5-transformers", *map(str, words)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        code = 0
        try:
            command_line.main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
            if isinstance(stop.code, str):
                sys.stderr.write(stop.code)
        out, err = capsys.readouterr()
        return code, out, err

    return run_command
