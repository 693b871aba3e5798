"""What `explain --input FILE` explains, run in this process."""

import contextlib
import io
import sys

from eli5_transformers import __main__ as command_line
from eli5_transformers.explanations.explanation_json import explanation_from_json


def explained(checkpoint, file, *options):
    """(exit code, the texts in their order, stderr); a pair of texts is a tuple."""
    words = ["eli5-transformers", "explain", str(checkpoint), "--input", str(file), "--format", "jsonl"]
    out, err, before, code = io.StringIO(), io.StringIO(), sys.argv, 0
    sys.argv = [*words, *map(str, options)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            command_line.main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
        err.write(stop.code if isinstance(stop.code, str) else "")
    finally:
        sys.argv = before
    return code, list(map(_texts, out.getvalue().splitlines())), err.getvalue()


def _texts(line):
    shown = explanation_from_json(line).targets[0].weighted_spans.docs_weighted_spans
    documents = tuple(document.document for document in shown)
    return documents[0] if len(documents) == 1 else documents
