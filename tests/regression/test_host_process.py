"""What this package does in a process leaves nothing behind there but what it is for.

One explanation exchanged the class of all new loggers, silenced the logger of tqdm, stopped its monitor and put filters
before those of the host's warnings: the import of AllenNLP does it, and nobody had asked for that. Loading a checkpoint on
the older stack moved torch's random numbers, and a command run in a process left its log there. Every test process imports
AllenNLP before its first test, so that none saw a difference.
"""

import copy
import json
import os
import random
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch

from demo_model import checkpoint_path
from eli5_transformers import get_explanation, load_predictor

TESTS = Path(__file__).parent.parent

BEGIN = """
import logging, sys, warnings
sys.path.insert(0, {tests!r})
from host_state import changes, state
import numpy, torch, transformers, tqdm
{more}
torch.manual_seed(3)
MODEL = {model!r}


class OfTheHost(logging.Logger):
    pass


logging.setLoggerClass(OfTheHost)
logging.getLogger("of.the.host").setLevel(17)
warnings.filterwarnings("error", message="of the host")
before = state()


def same(what):
    found = changes(before, state())
    assert not found, (what, found)
"""


def run(script, *options, folder=None, more=""):
    """The output of a fresh interpreter that has run the script after `BEGIN`."""
    paths = [str(TESTS.parent), str(TESTS), os.environ.get("PYTHONPATH", "")]
    begin = BEGIN.format(tests=str(TESTS), model=str(checkpoint_path()), more=more)
    ran = subprocess.run(
        [sys.executable, *options, "-W", "ignore", "-c", begin + textwrap.dedent(script)],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=600,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
    )
    assert ran.returncode == 0, ran.stderr[-4000:]
    return ran.stdout


LIBRARIES = "import gc; gc.disable(); import eli5, pandas; from transformers import AutoTokenizer, pipeline"


@pytest.mark.parametrize("more", ["", LIBRARIES], ids=["torch alone", "all libraries"])
def test_nothing_else_has_changed_after_import_load_explanations_and_a_command(more):
    run(
        """
        import eli5_transformers
        same("import")
        from eli5_transformers import *
        for name in eli5_transformers.__all__:
            getattr(eli5_transformers, name)
        same("what is imported at its first use")
        predictor = load_predictor(MODEL)
        same("a load")
        for name in list_interpreters():
            try:
                get_explanation(predictor, "Great value", interpreter=name)
            except ImportError:
                pass  # a library that is no part of this stack
            same(name)
        compare(predictor, "Great value")
        same("compare")
        import eli5
        same("eli5's import")
        eli5.show_prediction(predictor, "Great value")
        eli5.explain_prediction_df(predictor, "Great value")
        explanation_to_json(get_explanation(predictor, "Great value"))
        same("eli5")
        for text in ("", "x" * 100000, "\\ud800", 3):
            try:
                get_explanation(predictor, text)
            except ValueError:
                pass
        same("refused texts")
        import contextlib, io
        from eli5_transformers.__main__ import main
        for words in (["explain", MODEL, "Great value"], ["explain", "/no such folder", "x"], ["--version"],
                      ["explain", "--no-such-option"], ["no-such-command"], ["evaluate", "/no such archive", "x"]):
            sys.argv = ["eli5-transformers", *words]
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                try:
                    main()
                except (SystemExit, Exception):
                    pass
            same(words)
        """,
        more=more,
    )


def test_the_probe_sees_what_allennlps_own_import_changes():
    run(
        """
        import eli5_transformers, allennlp.predictors
        found = changes(before, state())
        assert {"class of new loggers", "a new logger", "tqdm"} <= set(found), found
        assert logging.getLogger("tqdm").propagate is False
        """
    )


def test_who_imports_allennlp_first_keeps_what_it_does():
    run(
        """
        import allennlp.common.logging, allennlp.common.tqdm
        from eli5_transformers import get_explanation
        before = state()
        get_explanation(MODEL, "Great value")
        same("an explanation")
        assert logging.getLoggerClass() is allennlp.common.logging.AllenNlpLogger
        """
    )


def test_included_packages_have_the_loggers_that_allennlp_gives_them(tmp_path):
    (tmp_path / "included.py").write_text(
        "import logging\nlogger = logging.getLogger(__name__)\nlogger.info_once('imported')\nkind = type(logger).__name__\n"
    )
    run(
        """
        from eli5_transformers import get_explanation
        get_explanation(MODEL, "Great value")
        from allennlp.common.util import import_module_and_submodules
        sys.path.insert(0, ".")
        import_module_and_submodules("included")
        assert sys.modules["included"].kind == "AllenNlpLogger"
        assert type(logging.getLogger("new")) is OfTheHost
        """,
        folder=tmp_path,
    )


def kinds_of_sources(folder, checkpoint):
    config = {
        "type": "basic_classifier",
        "text_field_embedder": {"token_embedders": {"tokens": {"type": "embedding", "embedding_dim": 8}}},
        "seq2vec_encoder": {"type": "lstm", "input_size": 8, "hidden_size": 4},
    }
    from allennlp.common import Params
    from allennlp.data import Vocabulary
    from allennlp.models import Model
    from allennlp.models.archival import archive_model

    words = Vocabulary({"tokens": {"good": 5, "bad": 4, "film": 3}, "labels": {"no": 2, "yes": 2}})
    reader = {"type": "text_classification_json", "tokenizer": {"type": "whitespace"}}
    (folder / "config.json").write_text(json.dumps({"dataset_reader": reader, "model": config}))
    words.save_to_files(str(folder / "vocabulary"))
    torch.save(Model.from_params(Params(copy.deepcopy(config)), vocab=words).state_dict(), folder / "best.th")
    archive_model(str(folder), weights="best.th")
    return {"archive": folder / "model.tar.gz", "checkpoint": checkpoint}


@pytest.mark.parametrize("kind", ["archive", "checkpoint"])
def test_loading_draws_no_random_numbers_of_the_caller(tmp_path, stars_checkpoint, kind):
    source = kinds_of_sources(tmp_path, stars_checkpoint)[kind]
    load_predictor(source)
    torch.manual_seed(5)
    before = random.getstate(), repr(np.random.get_state()), torch.get_rng_state().tolist()
    explained = get_explanation(load_predictor(source), "good bad film")
    assert explained.targets
    assert (random.getstate(), repr(np.random.get_state()), torch.get_rng_state().tolist()) == before


@pytest.mark.parametrize("statement", ["import eli5_transformers", "from eli5_transformers import compat; compat.install()"])
def test_an_import_waits_and_changes_nothing(statement):
    run(
        f"""
        count = len(sys.meta_path)
        {statement}
        same("import")
        waiting = len(sys.meta_path)
        {statement}
        assert len(sys.meta_path) == waiting
        assert not [name for name in sys.modules if name.split(".")[0] == "allennlp"]
        """
    )
