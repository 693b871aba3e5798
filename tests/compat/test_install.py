"""`install` and `require_allennlp`: when they act, what they cost, and what they leave alone."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from stacks import on_current, on_stock

import eli5_transformers
from eli5_transformers import compat
from eli5_transformers.compat import _stack
from eli5_transformers.compat._finder import PatchingFinder, forget_failed_import
from eli5_transformers.compat._patch import Patch
from eli5_transformers.compat._stack import Stack, release
from eli5_transformers.errors import CompatibilityError, MissingDependencyError

ROOT = Path(eli5_transformers.__file__).parent.parent


def fresh(script):
    """What a fresh interpreter prints as its last line, as JSON."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def finders():
    return [finder for finder in sys.meta_path if isinstance(finder, PatchingFinder)]


@on_stock
def test_nothing_is_put_in_wait_on_the_pinned_stack():
    compat.install()
    assert finders() == []


@on_current
def test_a_second_install_changes_nothing():
    before = list(sys.meta_path)
    compat.install()
    assert sys.meta_path == before
    assert len(finders()) == 1


def test_install_imports_no_library():
    loaded = fresh(
        """
        import json, sys
        from eli5_transformers import compat
        compat.install()
        compat.require_allennlp()
        print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
        """
    )
    assert not set(loaded) & {"torch", "transformers", "allennlp", "numpy", "huggingface_hub", "packaging"}


@on_current
def test_importing_allennlp_first_is_refused_with_the_mend():
    # A complete module that was imported without its patch, as on a stack that has every package.
    message = fresh(
        """
        import json, sys, types
        names = "allennlp.data.data_loaders.multiprocess_data_loader".split(".")
        for end in range(1, len(names) + 1):
            name = ".".join(names[:end])
            sys.modules[name] = types.ModuleType(name)
        try:
            import eli5_transformers
        except RuntimeError as error:
            print(json.dumps([type(error).__name__, str(error)]))
        """
    )
    assert message[0] == "CompatibilityError"
    assert "import eli5_transformers before allennlp" in message[1]


@on_current
def test_a_failed_earlier_import_of_allennlp_does_not_matter():
    value = fresh(
        """
        import json, sys, types
        # As where the bootstrap is not read, which would patch this import, too.
        sys.meta_path[:] = [f for f in sys.meta_path if type(f).__module__ != "_eli5_transformers_bootstrap"]
        try:
            import allennlp.predictors
        except ImportError:
            failed = True
        # What stays behind where more packages are installed: a submodule whose package failed.
        left = "allennlp.data.data_loaders.multiprocess_data_loader"
        sys.modules[left] = types.ModuleType(left)
        import eli5_transformers
        from allennlp.data.data_loaders.multiprocess_data_loader import MultiProcessDataLoader
        # What the patch data_workers, which every newer stack needs, leaves of the method.
        print(json.dumps([failed, hasattr(MultiProcessDataLoader._start_batch_workers, "__wrapped__")]))
        """
    )
    assert value == [True, True]


def test_several_may_wait_for_one_module_and_none_takes_the_place_of_a_patch(tmp_path, monkeypatch):
    (tmp_path / "waited_for.py").write_text("value = 1")
    monkeypatch.syspath_prepend(tmp_path)
    ran = []

    def mend(module):
        ran.append(("patch", module.value))
        module.value = 2

    patch = Patch("p", ("waited_for",), "reason", "cause", needed=lambda stack: True, mend=mend)
    monkeypatch.setattr(sys, "meta_path", [PatchingFinder([patch]), *sys.meta_path])
    for name in ("replaced", "then"):
        compat.when_imported("waited_for", lambda module, name=name: ran.append((name, module.value)))
    try:
        import waited_for

        assert ran == [("patch", 1), ("then", 2)]
        assert type(waited_for.__spec__.loader).__name__ == type(waited_for.__loader__).__name__ == "SourceFileLoader"
        compat.when_imported("waited_for", lambda module: ran.append(("now", module.value)))
        assert ran[-1] == ("now", 2)
    finally:
        sys.modules.pop("waited_for", None)


def test_complete_packages_are_not_forgotten(monkeypatch):
    import types

    for name in ("somepackage", "somepackage.complete", "somepackage.failed.left"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    forget_failed_import("somepackage")
    assert "somepackage.complete" in sys.modules
    assert "somepackage.failed.left" not in sys.modules


@on_current
def test_patched_modules_keep_their_own_loader_and_source():
    import inspect
    from importlib.machinery import SourceFileLoader

    import allennlp.common.util as util

    assert type(util.__loader__) is SourceFileLoader
    assert type(util.__spec__.loader) is SourceFileLoader
    assert "def int_to_device" in inspect.getsource(util)
    assert vars(util)["__builtins__"] is vars(__import__("builtins"))


@on_current
def test_other_libraries_see_nothing_of_the_stand_ins():
    state = fresh(
        """
        import json, sys
        import huggingface_hub, importlib.util, transformers
        had = hasattr(huggingface_hub, "HfFolder")
        methods = set(vars(transformers.PreTrainedTokenizerBase))
        import eli5_transformers
        import allennlp.predictors, allennlp.commands, allennlp.training, allennlp.modules.vision
        from transformers import AutoImageProcessor
        from transformers.utils import import_utils
        absent = [name for name in ("torchvision", "fairscale", "spacy", "lmdb", "cached_path")
                  if importlib.util.find_spec(name) is None]
        try:
            import torchvision
        except ModuleNotFoundError as error:
            torchvision = error.name
        print(json.dumps({
            "vision": import_utils.is_torchvision_available() == ("torchvision" not in absent),
            "stand-ins": [name for name in absent if name in sys.modules],
            "hub": hasattr(huggingface_hub, "HfFolder") == had,
            "adamw": hasattr(transformers, "AdamW"),
            "tokenizer": sorted(set(vars(transformers.PreTrainedTokenizerBase)) - methods),
            "import": torchvision if isinstance(torchvision, str) else "torchvision",
        }))
        """
    )
    assert state == {
        "vision": True,
        "stand-ins": [],
        "hub": True,
        "adamw": False,
        "tokenizer": [],
        "import": "torchvision",
    }


@on_current
def test_packages_that_are_not_used_are_not_imported():
    loaded = fresh(
        """
        import json, sys
        import eli5_transformers
        import allennlp.predictors, allennlp.interpret, allennlp.models, allennlp.data.dataset_readers
        print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
        """
    )
    unused = {"spacy", "nltk", "h5py", "lmdb", "tensorboardX", "cached_path", "sklearn", "scipy", "torchvision"}
    assert not set(loaded) & unused


def test_a_missing_allennlp_is_named_with_the_command(monkeypatch):
    monkeypatch.setattr(compat, "installed_version", lambda package: None)
    monkeypatch.setattr(compat, "find_spec", lambda name: None)
    option = "--no-deps " if sys.version_info >= (3, 11) else ""
    with pytest.raises(MissingDependencyError) as caught:
        compat.require_allennlp()
    assert str(caught.value) == f'AllenNLP is not installed: pip install {option}"allennlp==2.10.1"'
    assert isinstance(caught.value, ImportError)


@on_current
def test_another_release_of_allennlp_is_refused(monkeypatch):
    monkeypatch.setattr(compat, "installed_version", lambda package: "2.9.3")
    with pytest.raises(CompatibilityError, match="AllenNLP 2.9.3 does not run on this stack, 2.10.1 does"):
        compat.require_allennlp()


@on_stock
def test_another_release_of_allennlp_is_the_users_choice_where_no_patch_is_needed(monkeypatch):
    monkeypatch.setattr(compat, "installed_version", lambda package: "2.9.3")
    compat.require_allennlp()


def test_the_installed_allennlp_is_accepted():
    assert compat.require_allennlp() is None


def test_versions_are_compared_by_their_numbers():
    assert release("2.13.0+cpu") == (2, 13, 0)
    assert release("5.0.0rc1") == (5, 0, 0)
    assert release(None) == _stack.UNKNOWN > (999,)
    assert release("1.9") < release("1.13")


def test_the_pins_are_those_of_allennlp():
    def stack(torch, transformers):
        return Stack((3, 10), release(torch), release(transformers), (0, 10))

    assert stack("1.12.1", "4.20.1").pinned
    assert not stack("1.13.0", "4.20.1").pinned
    assert not stack("1.12.1", "4.21.0").pinned
