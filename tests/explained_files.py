"""What `explain --input FILE` explains, run in this process."""

import contextlib
import csv
import io
import sys

from eli5_transformers import __main__ as command_line


def explained(checkpoint, file, *options):
    """(exit code, the texts in their order, stderr)."""
    words = ["eli5-transformers", "explain", str(checkpoint), "--input", str(file), "--format", "csv", "--raw-csv"]
    out, err, before, code = io.StringIO(), io.StringIO(), sys.argv, 0
    sys.argv = [*words, *map(str, options)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            command_line.main()
    except SystemExit as stop:
        code = stop.code
    finally:
        sys.argv = before
    rows = list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))
    return code, list({row["input"]: row["text"] for row in rows}.values()), err.getvalue()
