"""No patch outlives its reason: without it something breaks, with it that works as on the pinned releases."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from patch_scenarios import SCENARIOS
from stacks import on_current

import eli5_transformers
from eli5_transformers.compat._stack import Stack
from eli5_transformers.compat.patches.all import needed_patches

NEEDED = [patch.name for patch in needed_patches(Stack.installed())]


@pytest.fixture(scope="module")
def outcomes(stars_checkpoint, reviews, tmp_path_factory):
    """`with` and `without` the patches, by name, what their scenarios say: None or an error."""
    package = Path(eli5_transformers.__file__).parent.parent
    runner = Path(__file__).with_name("scenario_runner.py")
    scratch = tmp_path_factory.mktemp("scenarios")
    # Without the bootstrap that an installed package brings, as where Python reads no .pth files: with it a process that a
    # patch is for would import the patches by itself.
    unmade = tmp_path_factory.mktemp("without")
    (unmade / "_eli5_transformers_bootstrap.py").touch()
    path = os.pathsep.join([str(unmade), str(package)])
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, str(runner), str(stars_checkpoint), str(reviews), str(scratch)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def outcome(outcomes, key, name):
    error = outcomes[key][name]
    if error is not None and error.startswith("Inapplicable: "):
        pytest.skip(error)
    return error


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_the_patch_is_for_works(outcomes, name):
    assert outcome(outcomes, "with", name) is None


@on_current
@pytest.mark.parametrize("name", NEEDED)
def test_without_the_patch_it_breaks_for_the_declared_reason(outcomes, name):
    error = outcome(outcomes, "without", name)
    assert error is not None, "the patch is no longer needed here: take it out, or narrow its predicate"
    assert re.search(SCENARIOS[name][1], error), error
