"""Runs what the README and the pages of the documentation show: the Python blocks, and the commands.

    python documentation.py [--commands] [--startup FILE] PAGE.md…

runs each page by itself in the current folder and prints a JSON object from the pages that fail to what is wrong. With
`--commands` the commands run, too, on small checkpoints and data under the names that the pages use. It needs the
standard library and the installed package: tools/test_wheel.py runs it where there are no tests and no sources.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import traceback
from pathlib import Path

# Blocks with a title are other projects' code, excerpts or output: `{ .python title="…" }`.
_PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:(?<=\n\n)|\A)((?: {4}.*\n)(?:(?: {4}.*)?\n)*)")
_RUN = ("eli5-transformers ", "export ")
_REVIEWS = (("Great value, works perfectly", "positive"), ("It broke after a week", "negative"))


def python_blocks(page: str) -> list[str]:
    """The Python blocks of a page, which are read one after the other."""
    return _PYTHON.findall(page)


def commands(page: str, first_words: tuple[str, ...] = _RUN) -> list[str]:
    """The indented commands of a page that begin with one of `first_words`; one over several lines is one string."""
    lines = "".join(textwrap.dedent(block) for block in _INDENTED.findall(page)).replace("\\\n", "").splitlines()
    return [line for line in lines if re.sub(r"^(\w+=\S* +)+", "", line).startswith(first_words)]


def failure_of_code(blocks: list[str], startup: str) -> str | None:
    """What is wrong with the blocks, run in a forked process that has torch and transformers, and no more, imported."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        with os.fdopen(writing, "w", encoding="utf-8") as pipe:
            pipe.write(_error_of(blocks, startup))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        error = pipe.read()
    _, status = os.waitpid(child, 0)
    return error or (f"the process ended with the status {status}" if status else None)


def _error_of(blocks: list[str], startup: str) -> str:
    names = {"__name__": "page"}
    block, number = startup, 0
    try:
        exec(startup, {})
        for number, block in enumerate(blocks, start=1):
            exec(compile(block, f"block {number}", "exec"), names)
    except BaseException:
        return f"block {number}:\n{block}\n{traceback.format_exc()}"
    return ""


def failure_of_commands(lines: list[str]) -> str | None:
    """What is wrong with the commands, run by one shell, so that variables stay set."""
    ran = subprocess.run(["sh", "-ex"], input="\n".join(lines), capture_output=True, text=True)
    return f"{ran.stdout[-1000:]}\n{ran.stderr[-3000:]}" if ran.returncode else None


def make_material(folder: Path) -> None:
    """The checkpoints and data that the pages' commands name: a classifier with five labels, a BERT with two, reviews."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    from eli5_transformers import bundled_model

    bundled = str(bundled_model())
    shutil.copytree(bundled, folder / "path" / "to" / "checkpoint")
    labels = {"num_labels": 2, "id2label": {0: "negative", 1: "positive"}, "label2id": {"negative": 0, "positive": 1}}
    model = AutoModelForSequenceClassification.from_pretrained(bundled, ignore_mismatched_sizes=True, **labels)
    for name in ("path/to/bert", "bert-base-uncased"):
        model.save_pretrained(folder / name)
        AutoTokenizer.from_pretrained(bundled).save_pretrained(folder / name)
    for name in ("train", "dev", "test", "reviews"):
        records = [{"text": text, "label": label} for text, label in _REVIEWS * 4]
        if name == "reviews":
            records = [{"sentence": record["text"]} for record in records]
        lines = "".join(json.dumps(record) + "\n" for record in records)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    cells = "".join(f'{number},"{text}",{label}\n' for number, (text, label) in enumerate(_REVIEWS))
    (folder / "reviews.csv").write_text(f"id,review,sentiment\n{cells}", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--commands", action="store_true")
    parser.add_argument("--startup", type=Path, help="Python code to run before the blocks of each page")
    arguments = parser.parse_args()
    import torch  # noqa: F401  once for all forked processes
    import transformers  # noqa: F401

    startup = arguments.startup.read_text(encoding="utf-8") if arguments.startup else ""
    failures = {}
    for page in arguments.pages:
        text = page.read_text(encoding="utf-8")
        failures[page.name] = failure_of_code(python_blocks(text), startup)
    if arguments.commands:
        exec(startup, {})
        make_material(Path.cwd())
        for page in arguments.pages:
            shutil.rmtree("out", ignore_errors=True)  # where every page trains into
            lines = commands(page.read_text(encoding="utf-8"))
            failures[page.name] = failures[page.name] or (failure_of_commands(lines) if lines else None)
    print(json.dumps({page: failure for page, failure in failures.items() if failure}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
