"""What importing the package costs, and what it shows."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import eli5_transformers

ROOT = Path(__file__).parent.parent


def loaded_by(statement):
    """The top-level packages that a fresh interpreter has loaded after `statement`."""
    script = (
        f"import sys; {statement}; import json; print(json.dumps(sorted({{m.split('.')[0] for m in sys.modules}})))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_importing_the_package_loads_neither_torch_nor_allennlp():
    assert not loaded_by("import eli5_transformers") & {"torch", "transformers", "allennlp", "eli5", "numpy"}


def test_the_probe_sees_what_is_loaded():
    assert {"torch", "numpy"} <= loaded_by("import eli5_transformers, torch")


def test_converting_scores_to_an_explanation_loads_no_torch():
    assert "torch" not in loaded_by("from eli5_transformers import get_explanation_from_grads")


def test_everything_that_is_named_can_be_used():
    for name in eli5_transformers.__all__:
        assert getattr(eli5_transformers, name)
    assert set(eli5_transformers.__all__) <= set(dir(eli5_transformers))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = eli5_transformers.nothing
