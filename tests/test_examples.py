"""The notebooks run from the first cell to the last, offline, and what they store is what a reader gets."""

import copy
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import readable_model

EXAMPLES = Path(__file__).parent.parent / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))


@pytest.fixture(scope="session")
def execute():
    """The module `examples/execute.py`."""
    spec = importlib.util.spec_from_file_location("execute", EXAMPLES / "execute.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def startup(tmp_path_factory):
    """Code for the kernel to run first."""
    return readable_model.startup_code(tmp_path_factory.mktemp("bundled"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_without_an_error(execute, startup, path):
    notebook = execute.run(path, startup=startup)
    # A cell that fails has raised already; this is for a cell that was never reached.
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
    assert execute.machine_paths(notebook) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_executed_small_and_without_traces_of_a_machine(execute, path):
    stored = nbformat.read(path, as_version=4)
    nbformat.validate(stored)
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not any(output.output_type == "error" for cell in code for output in cell.outputs)
    assert sum(bool(cell.outputs) for cell in code) > 1
    assert execute.machine_paths(stored) == []
    assert path.stat().st_size < 200_000
    assert execute.stripped(copy.deepcopy(stored)) == stored


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_of_a_notebook_is_introduced_in_words(path):
    cells = nbformat.read(path, as_version=4).cells
    assert cells[0].source.startswith("# ")
    for before, cell in zip(cells, cells[1:]):
        assert cell.cell_type == "markdown" or before.cell_type == "markdown"


def test_smoothgradient_on_a_bert_is_measured_to_be_rounding_noise(stars_checkpoint):
    output = subprocess.run(
        [sys.executable, str(EXAMPLES / "smoothgradient_is_noise.py"), str(stars_checkpoint), "--json"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(EXAMPLES.parent), os.environ.get("PYTHONPATH", "")])},
    ).stdout
    measured = json.loads(output)
    # What a layer norm cancels is left at the size of the last bits, whatever the precision.
    assert 0 < measured["largest sum in single precision, of the largest norm"] < 1e-5
    assert measured["largest sum in double precision, of the largest norm"] < 1e-13
    assert abs(measured["correlation of the sums, over the norms, in single and double precision"]) < 0.5
    # A quantity that means something is the same in both.
    assert measured["correlation of IntegratedGradient's scores in single and double precision"] > 0.9999
