"""The structure that the documentation draws is the one that the code has."""

import ast
import configparser
import os
import subprocess
import sys
from pathlib import Path

import eli5_transformers
from demo_model import checkpoint_path
from eli5_transformers import get_explanation, load_predictor

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "how-it-is-built.md"
HEAD = "| | |\n|---|---|\n"


def table_of_modules():
    """The rows of the page's table: one a layer, each module with the first line of its docstring."""
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / "setup.cfg", encoding="utf-8")
    rows = []
    for layer in contracts["importlinter:contract:layers"]["layers"].split():
        if layer == "|":
            continue
        path = ROOT / "eli5_transformers" / layer
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        said = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))).splitlines()[0]
        rows.append(f"| `{layer}{'/' if path.is_dir() else '.py'}` | {said} |")
    return "\n".join(rows)


def test_the_table_of_modules_is_that_of_the_contracts():
    shown = PAGE.read_text(encoding="utf-8").split(HEAD, 1)[1].split("\n\n")[0].rstrip()
    assert shown == table_of_modules(), f"the table should read:\n{table_of_modules()}"


def test_the_files_that_a_text_is_said_to_enter_are_entered_in_that_order():
    steps = PAGE.read_text(encoding="utf-8").split("## The way of a text", 1)[1].split("## ", 1)[0]
    named = [word for word in steps.replace("\n", " ").split("`") if word.endswith(".py")]
    root = f"{eli5_transformers.__path__[0]}{os.sep}"
    predictor = load_predictor(checkpoint_path())
    get_explanation(predictor, "I love it")  # what is learnt once is not the way of a text
    entered = {}

    def note(frame, event, argument):
        if event == "call" and frame.f_code.co_filename.startswith(root):
            entered.setdefault(frame.f_code.co_filename[len(root) :])

    before = sys.getprofile()
    try:
        sys.setprofile(note)
        get_explanation(predictor, "Great value, works perfectly")
    finally:
        sys.setprofile(before)
    once = list(dict.fromkeys(named))
    assert [file for file in entered if file in once] == once


def test_modules_import_in_one_direction():
    """The contracts of import-linter in setup.cfg."""
    lint = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    done = subprocess.run(lint, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout
