"""Code that a checkpoint brings runs where its caller says so, and is never asked for on stdin."""

import json
import os
import shutil
import sys

import numpy as np
import pytest
from closeness import assert_close

from eli5_transformers import attribute, load_predictor
from eli5_transformers.errors import SourceError

TEXT = "Not good, and no better than the other brands"
PARTS = ("config", "model", "tokenizer")
CODE = {
    "config": "from transformers import BertConfig\nclass OwnConfig(BertConfig):\n    model_type = 'own-bert'\n",
    "model": (
        "from transformers import BertForSequenceClassification\n"
        "class OwnModel(BertForSequenceClassification):\n    own = True\n"
    ),
    "tokenizer": "from transformers import BertTokenizerFast\nclass OwnTokenizer(BertTokenizerFast):\n    own = True\n",
}


@pytest.fixture(autouse=True)
def modules(tmp_path, monkeypatch):
    """Where transformers copies a checkpoint's code before it imports it."""
    import transformers.dynamic_module_utils as dynamic

    monkeypatch.setattr(dynamic, "HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "transformers_modules"]:
        del sys.modules[name]


@pytest.fixture
def stdin_that_agrees(monkeypatch):
    """A stdin with lines that consent to everything."""
    reading, writing = os.pipe()
    os.write(writing, b"y\n" * 1000)
    os.close(writing)
    with os.fdopen(reading) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        yield stream


def checkpoint(folder, stars, parts):
    """The checkpoint with code of its own for some of its parts; `ran` in it lists what was imported."""
    shutil.copytree(stars, folder)
    config = json.loads((folder / "config.json").read_text())
    tokenizer = json.loads((folder / "tokenizer_config.json").read_text())
    config["auto_map"] = {}
    for part in parts:
        note = f"with open({str(folder / 'ran')!r}, 'a') as file: file.write({part!r} + '\\n')\n"
        (folder / f"own_{part}.py").write_text(note + CODE[part])
    if "config" in parts:
        config["model_type"] = "own-bert"
        config["auto_map"]["AutoConfig"] = "own_config.OwnConfig"
        # A config of another class than the model's own needs a model that takes it.
        config["auto_map"]["AutoModelForSequenceClassification"] = "own_model.OwnModel"
        if "model" not in parts:
            (folder / "own_model.py").write_text(CODE["model"])
    if "model" in parts:
        config["auto_map"]["AutoModelForSequenceClassification"] = "own_model.OwnModel"
    if "tokenizer" in parts:
        tokenizer.update(tokenizer_class="OwnTokenizer", auto_map={"AutoTokenizer": [None, "own_tokenizer.OwnTokenizer"]})
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    return folder


def ran(folder):
    return set((folder / "ran").read_text().split()) if (folder / "ran").exists() else set()


SOME = [("config",), ("model",), ("tokenizer",), PARTS]


@pytest.mark.parametrize("parts", SOME, ids="+".join)
def test_code_of_a_checkpoint_is_not_run_and_nobody_is_asked(tmp_path, stars_checkpoint, parts, stdin_that_agrees):
    folder = checkpoint(tmp_path / "own", stars_checkpoint, parts)
    for option in ({}, {"trust_remote_code": False}):
        # Where transformers has a class of its own for this type, it takes that.
        if parts == ("model",):
            predictor = load_predictor(folder, **option)
            assert type(predictor._model.transformer).__module__.startswith("transformers.")
            continue
        with pytest.raises(SourceError, match="trust_remote_code=True") as refused:
            load_predictor(folder, **option)
        assert "\n" not in str(refused.value)
    assert ran(folder) == set()
    assert stdin_that_agrees.readline() == "y\n"


@pytest.mark.parametrize("parts", SOME, ids="+".join)
def test_code_of_a_checkpoint_is_run_where_its_caller_trusts_it(tmp_path, stars_checkpoint, parts):
    folder = checkpoint(tmp_path / "own", stars_checkpoint, parts)
    predictor = load_predictor(folder, trust_remote_code=True)
    assert ran(folder) == set(parts)
    plain = load_predictor(stars_checkpoint)
    assert_close(predictor.predict(TEXT)["probs"], plain.predict(TEXT)["probs"])
    ((found,),), ((expected,),) = attribute(predictor, TEXT), attribute(plain, TEXT)
    assert_close(np.asarray(found.scores), np.asarray(expected.scores))


def test_a_checkpoint_without_code_loads_with_trust_as_without(stars_checkpoint):
    trusted, plain = load_predictor(stars_checkpoint, trust_remote_code=True), load_predictor(stars_checkpoint)
    assert_close(trusted.predict(TEXT)["probs"], plain.predict(TEXT)["probs"])


@pytest.mark.parametrize("said", [True, False, None])
def test_a_config_does_not_consent_for_its_reader(tmp_path, stars_checkpoint, said, stdin_that_agrees):
    folder = checkpoint(tmp_path / "own", stars_checkpoint, PARTS)
    options = {} if said is None else {"trust_remote_code": said}
    part = {"type": "transformer_classifier", "model_name": str(folder)}
    config = {
        "dataset_reader": {**part, "tokenizer_kwargs": options},
        "model": {**part, "transformer_kwargs": options},
        "vocabulary": {"type": "empty"},
    }
    file = tmp_path / "c.json"
    file.write_text(json.dumps(config))
    for caller in ({}, {"trust_remote_code": False}, {"trust_remote_code": False, "trust_source": True}):
        with pytest.raises(SourceError, match="trust_remote_code=True"):
            load_predictor(file, **caller)
    assert ran(folder) == set()
    assert stdin_that_agrees.readline() == "y\n"
    load_predictor(file, trust_remote_code=True)
    assert ran(folder) == set(PARTS)


@pytest.mark.parametrize("what", ["reader", "embedder"])
def test_allennlps_own_parts_neither_run_code_nor_ask(tmp_path, stars_checkpoint, what, stdin_that_agrees):
    folder = checkpoint(tmp_path / "own", stars_checkpoint, PARTS)
    names = {"reader": stars_checkpoint, "embedder": stars_checkpoint, what: folder}
    consent = {"trust_remote_code": True}
    transformer = {"type": "pretrained_transformer", "model_name": str(names["embedder"]), "transformer_kwargs": consent}
    tokenizer = {"type": "pretrained_transformer", "model_name": str(names["reader"]), "tokenizer_kwargs": consent}
    config = {
        "dataset_reader": {
            "type": "text_classification_json",
            "tokenizer": tokenizer,
            "token_indexers": {"tokens": tokenizer},
        },
        "vocabulary": {"type": "empty"},
        "model": {
            "type": "basic_classifier",
            "text_field_embedder": {"token_embedders": {"tokens": transformer}},
            "seq2vec_encoder": {"type": "cls_pooler", "embedding_dim": 32},
            "num_labels": 5,
        },
    }
    file = tmp_path / "c.json"
    file.write_text(json.dumps(config))
    with pytest.raises(SourceError):
        load_predictor(file)
    assert ran(folder) == set()
    assert stdin_that_agrees.readline() == "y\n"


@pytest.mark.parametrize("name", ["AutoModel", "AutoModelForSequenceClassification", "AutoConfig", "RagRetriever", "pipeline"])
def test_a_tokenizer_class_that_is_none_does_not_get_round_it(tmp_path, stars_checkpoint, name, stdin_that_agrees):
    """transformers takes any name of its own for the class of a tokenizer, and calls it without what its caller said."""
    for parts in ((), ("config",)):
        folder = checkpoint(tmp_path / f"own{len(parts)}", stars_checkpoint, parts)
        settings = json.loads((folder / "tokenizer_config.json").read_text())
        (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "tokenizer_class": name}))
        part = {"type": "transformer_classifier"}
        file = tmp_path / "c.json"
        file.write_text(
            json.dumps(
                {
                    "dataset_reader": {**part, "model_name": str(folder)},
                    "model": {**part, "model_name": str(stars_checkpoint)},
                    "vocabulary": {"type": "empty"},
                }
            )
        )
        for source in (file, folder):
            with pytest.raises(SourceError):
                load_predictor(source)
        assert ran(folder) == set()
        assert stdin_that_agrees.readline() == "y\n"
