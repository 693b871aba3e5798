"""The bootstrap: AllenNLP may be imported first, and nothing else of a start of Python changes."""

import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from eli5_transformers.compat._stack import Stack

ROOT = Path(__file__).parents[2]
BOOTSTRAP = ROOT / "bootstrap"
FILES = ("_eli5_transformers_bootstrap.py", "eli5_transformers.pth")
PINNED = Stack.installed().pinned


def start(*options, script, paths=()):
    """A start of Python without site-packages, but for `paths`, whose .pth files are read."""
    added = f"import site, sys; [site.addsitedir(path) for path in {list(map(str, paths))!r}]"
    return subprocess.run(
        [sys.executable, "-I", "-S", *options, "-c", f"{added}\n{script}"], capture_output=True, text=True, cwd=ROOT
    )


def installed(script):
    """A start of Python as everybody has it, in a folder that is not the source's."""
    return subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, cwd=ROOT / "docs")


def test_it_is_installed_beside_the_packages():
    for name in FILES:
        installed_file = Path(sysconfig.get_paths()["purelib"]) / name
        assert installed_file.read_text() == (BOOTSTRAP / name).read_text(), "install again: make clean"


def test_allennlp_may_be_imported_first():
    done = installed("from allennlp.predictors import Predictor; import sys; print('eli5_transformers' in sys.modules)")
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


@pytest.mark.parametrize("first", ["eli5_transformers", "allennlp"])
def test_the_patches_are_there_in_either_order_and_none_on_the_pinned_stack(first):
    done = installed(
        f"import {first}; import allennlp, eli5_transformers, sys\n"
        "from allennlp.data.data_loaders.multiprocess_data_loader import MultiProcessDataLoader as Loader\n"
        "print(sum(type(finder).__name__ == 'PatchingFinder' for finder in sys.meta_path))\n"
        # The patch data_workers, which every newer stack needs, wraps this method.
        "print(hasattr(Loader._start_batch_workers, '__wrapped__'))\n"
        "print(type(allennlp.__spec__.loader).__name__)"
    )
    assert done.stdout.split() == [*(("0", "False") if PINNED else ("1", "True")), "SourceFileLoader"], done.stderr


def test_a_start_imports_the_bootstrap_and_nothing_else():
    script = "print(*sorted(sys.modules))"
    before, after = start(script=script), start(script=script, paths=[BOOTSTRAP])
    assert set(after.stdout.split()) - set(before.stdout.split()) == {"_eli5_transformers_bootstrap"}


def test_a_start_costs_less_than_a_millisecond():
    def microseconds():
        lines = start("-X", "importtime", script="pass", paths=[BOOTSTRAP]).stderr
        return int(re.search(r"\|\s*(\d+) \|\s+_eli5_transformers_bootstrap", lines).group(1))

    assert min(microseconds() for _ in range(5)) < 1000


def test_other_modules_are_found_by_others():
    done = start(script="import json; print(sys.meta_path[0].find_spec('json', None))", paths=[BOOTSTRAP])
    assert done.stdout == "None\n"


def test_without_site_packages_nothing_is_imported():
    done = start(script="print([name for name in sys.modules if 'eli5' in name])")
    assert done.stdout == "[]\n"


def test_where_neither_package_is_installed_the_error_is_pythons_own():
    done = start(script="import allennlp", paths=[BOOTSTRAP])
    assert done.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'allennlp'"
    assert "During handling" not in done.stderr


EXPLAINING = """
import eli5
registered = "eli5_transformers" in sys.modules
import torch
print(registered, torch.nn.Module in eli5.explain_prediction.registry, "allennlp" in sys.modules)
"""


def test_eli5_explains_models_wherever_it_is_imported():
    done = start("-W", "ignore", script=EXPLAINING, paths=[BOOTSTRAP, ROOT, sysconfig.get_paths()["purelib"]])
    assert done.stdout == "True True False\n", done.stderr


def test_where_the_package_is_broken_or_gone_eli5_is_imported_as_it_is(tmp_path):
    (tmp_path / "eli5.py").write_text("print('eli5')")
    for name, content in (("nothing", ""), ("eli5_transformers", "import not_installed"), ("eli5_transformers", "1 / 0")):
        (tmp_path / f"{name}.py").write_text(content)
        done = start(script="import eli5", paths=[BOOTSTRAP, tmp_path])
        assert (done.stdout, done.stderr) == ("eli5\n", "")


def test_where_the_package_is_gone_allennlp_is_imported_as_it_is(tmp_path):
    (tmp_path / "allennlp.py").write_text("print('unpatched')")
    done = start(script="import allennlp", paths=[BOOTSTRAP, tmp_path])
    assert (done.stdout, done.stderr) == ("unpatched\n", "")


def test_an_error_within_the_package_is_shown(tmp_path):
    (tmp_path / "allennlp.py").write_text("")
    (tmp_path / "eli5_transformers.py").write_text("import not_installed")
    done = start(script="import allennlp", paths=[BOOTSTRAP, tmp_path])
    assert "No module named 'not_installed'" in done.stderr


@pytest.mark.parametrize("content", [None, "raise RuntimeError('broken')", "not Python"], ids=["gone", "broken", "bad"])
def test_a_broken_bootstrap_breaks_no_start(tmp_path, content):
    shutil.copy(BOOTSTRAP / "eli5_transformers.pth", tmp_path)
    if content is not None:
        (tmp_path / "_eli5_transformers_bootstrap.py").write_text(content)
    done = start(script="print('started')", paths=[tmp_path])
    assert (done.stdout, done.stderr) == ("started\n", "")
