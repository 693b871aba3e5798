"""The code that the documentation shows runs as it stands there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import readable_model

ROOT = Path(__file__).parent.parent
# Blocks with a title are other projects' code, excerpts or output: `{ .python title="…" }`.
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = {page.stem: BLOCK.findall(page.read_text(encoding="utf-8")) for page in sorted((ROOT / "docs").glob("*.md"))}
PAGES = {name: blocks for name, blocks in PAGES.items() if blocks}

RUNNER = """
import json, sys, traceback
pages, startup = json.load(sys.stdin)
exec(startup, {})
errors = {}
for page, blocks in pages.items():
    names = {"__name__": page}  # the blocks of a page are read one after the other
    for number, block in enumerate(blocks, start=1):
        try:
            exec(compile(block, f"{page}, block {number}", "exec"), names)
        except Exception:
            errors[page] = f"block {number}:\\n{block}\\n{traceback.format_exc()}"
            break
sys.stderr.write("\\n" + json.dumps(errors))
"""


@pytest.fixture(scope="module")
def errors(tmp_path_factory):
    """The error of each page whose blocks do not run, in one process for all pages."""
    startup = readable_model.startup_code(tmp_path_factory.mktemp("bundled"))
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    ran = subprocess.run(
        [sys.executable, "-c", RUNNER],
        input=json.dumps([PAGES, startup]),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stderr.splitlines()[-1])


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_runs(errors, page):
    if page in errors:
        pytest.fail(errors[page], pytrace=False)


def test_the_pages_that_show_code_are_among_those_that_run():
    assert {"index", "three-ways", "configs", "migrating", "adding-an-interpreter"} <= set(PAGES)
