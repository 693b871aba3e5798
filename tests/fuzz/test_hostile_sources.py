"""Configs and archives of strangers run nothing, write nothing, ask nobody, and tell nothing, whatever they hold."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tally import tries

ROOT = Path(__file__).parents[2]
CONFIGS, ARCHIVES = tries(3000, 30), tries(3000, 100)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, str(Path(__file__).with_name("sources.py")), str(CONFIGS), str(ARCHIVES)]
    folder = tmp_path_factory.mktemp("sources")
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("kind", ["configs", "archives"])
def test_hostile_sources_do_nothing_but_be_refused(outcomes, kind, tally):
    outcome = outcomes[kind]
    sys.stderr.write("\n".join(outcome["examples"]))
    tally(f"hostile {kind}", outcome["tried"], outcome["failed"])
