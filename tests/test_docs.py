"""The code that the README and the documentation show runs as it stands there.

Here, in the environment of the tests; tools/test_wheel.py does the same in one that is made as the README's Install says,
and runs the commands of the pages, too.
"""

import configparser
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import documentation
import pytest
import readable_model

import eli5_transformers

ROOT = Path(__file__).parent.parent
TEXTS = {page.name: page.read_text(encoding="utf-8") for page in [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]}
PROJECT = configparser.ConfigParser()
PROJECT.read(ROOT / "setup.cfg", encoding="utf-8")
PAGES = [name for name, text in TEXTS.items() if documentation.python_blocks(text)]
# What every line of the README that is a command begins with, and what runs it: the makefile, the wheel's test.
FIRST_WORDS = ("make ", "pip install ", "export ", "eli5-transformers ")


@pytest.fixture(scope="module")
def failures(tmp_path_factory):
    """What is wrong with each page whose blocks do not run."""
    folder = tmp_path_factory.mktemp("docs")
    startup = folder / "startup.py"
    startup.write_text(readable_model.startup_code(folder), encoding="utf-8")
    pages = [ROOT / ("README.md" if name == "README.md" else f"docs/{name}") for name in PAGES]
    work = folder / "work"
    work.mkdir()
    ran = subprocess.run(
        [sys.executable, documentation.__file__, "--startup", str(startup), *map(str, pages)],
        capture_output=True,
        text=True,
        cwd=work,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))},
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_runs(failures, page):
    if page in failures:
        pytest.fail(failures[page], pytrace=False)


def test_the_figures_of_the_readme_are_those_of_the_measured_pages():
    shown = _rows(TEXTS["README.md"].split("| | generated |", 1)[1].split("\n\n", 1)[0])
    assert "integrated-gradients" in shown
    evidence = _rows(TEXTS["measured-evidence.md"])
    people = [_rows(part) for part in TEXTS["measured-human.md"].split("\n### ")[1:]]
    masked, removed, replaced, signs, cost = people
    for name, cells in shown.items():
        measured = [evidence.get(name, [""])[0], *(table[name][0] for table in (masked, removed, replaced))]
        measured += [signs.get(name, [""])[0], cost.get(name, ["", ""])[1]]
        assert cells == [cell.split(" ")[0] for cell in measured], name


def _rows(text):
    """The rows of the Markdown tables in a text: the first cell, without its marks, to the others."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")]
    return {cells[0].strip("`* "): cells[1:] for cells in rows}


def test_the_pages_that_show_code_are_among_those_that_run():
    pages = {"README", "index", "three-ways", "configs", "migrating", "adding-an-interpreter"}
    assert {f"{page}.md" for page in pages} <= set(PAGES)


def test_every_command_of_the_readme_is_known_to_a_test():
    shown = documentation.commands(TEXTS["README.md"], first_words=("",))
    assert [line for line in shown if line] == documentation.commands(TEXTS["README.md"], FIRST_WORDS)


def test_every_public_name_is_in_the_reference():
    shown = {line.rpartition(".")[2] for line in TEXTS["reference.md"].splitlines() if line.startswith("::: ")}
    assert set(eli5_transformers.__all__) - {"__version__"} <= shown


def test_readme_and_documentation_install_alike():
    install = [
        [line.partition("#")[0].split() for line in documentation.commands(TEXTS[page], ("pip install ",))]
        for page in ("README.md", "index.md")
    ]
    assert install[0] == install[1]
    assert len(install[0]) == 3


def test_a_block_that_fails_is_reported(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\nx = 1\n```\n\n```python\ny = x / 0\n```\n", encoding="utf-8")
    failure = documentation.failure_of_code(documentation.python_blocks(page.read_text(encoding="utf-8")), "")
    assert failure.startswith("block 2:\ny = x / 0")


def test_a_command_that_fails_is_reported():
    assert documentation.failure_of_commands(["export word=hello", 'test "$word" = hello']) is None
    assert "false" in documentation.failure_of_commands(["false", "true"])


def test_what_is_required_is_the_oldest_that_was_run():
    requirements = PROJECT["options"]["install_requires"].splitlines()
    rows = re.findall(r"^\| (3\.\d+) \| ([\d.]+) \| ([\d.]+)", TEXTS["index.md"], re.MULTILINE)
    for column, package in ((1, "torch"), (2, "transformers")):
        oldest = min(tuple(map(int, row[column].split("."))) for row in rows)
        assert f'{package}>={oldest[0]}.{oldest[1]}; python_version >= "3.11"' in requirements
    pythons = {line.rpartition(" ")[2] for line in PROJECT["metadata"]["classifiers"].splitlines() if ":: 3." in line}
    assert {"3.10", *(row[0] for row in rows)} == pythons


def test_the_readme_names_every_extra_for_users_and_all_stands_for_them():
    extras = PROJECT["options.extras_require"]
    users = sorted(set(extras) - {"all", "test", "check", "docs"})
    install = TEXTS["README.md"].partition("## Install\n")[2].partition("\n## ")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", install, re.MULTILINE)) == users
    assert extras["all"].strip() == f"eli5_transformers[{','.join(users)}]"
