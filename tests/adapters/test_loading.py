"""What a person has becomes a predictor, or one sentence says why not."""

import json
import os
import tarfile
from pathlib import Path

import pytest
from closeness import assert_close

from eli5_transformers import get_explanation, load_predictor
from eli5_transformers.errors import InputError, SourceError

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.fixture
def config(stars_checkpoint):
    """The content of a config that needs no external variables."""
    return {
        "dataset_reader": {
            "type": "text_classification_json",
            "tokenizer": {"type": "pretrained_transformer", "model_name": str(stars_checkpoint)},
            "token_indexers": {"tokens": {"type": "pretrained_transformer", "model_name": str(stars_checkpoint)}},
        },
        "model": {
            "type": "basic_classifier",
            "vocab": {"type": "from_pretrained_transformer", "model_name": str(stars_checkpoint)},
            "text_field_embedder": {
                "token_embedders": {"tokens": {"type": "pretrained_transformer", "model_name": str(stars_checkpoint)}}
            },
            "seq2vec_encoder": {"type": "bert_pooler", "pretrained_model": str(stars_checkpoint)},
            "num_labels": 5,
        },
    }


def written(folder, content):
    path = folder / "config.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_a_predictor_is_returned_as_it_is(tmp_path, config):
    predictor = load_predictor(written(tmp_path, config))
    assert load_predictor(predictor) is predictor


def test_a_config_becomes_a_predictor_in_evaluation_mode(tmp_path, config):
    predictor = load_predictor(written(tmp_path, config))
    assert len(predictor.predict("I like it")["probs"]) == 5
    assert not predictor._model.training


def test_overrides_change_the_config(tmp_path, config):
    path = written(tmp_path, config)
    for overrides in ({"model.num_labels": 3}, '{"model.num_labels": 3}'):
        assert len(load_predictor(path, overrides=overrides).predict("I like it")["probs"]) == 3


def test_relative_paths_lead_from_the_folder_of_the_config(tmp_path, config, stars_checkpoint, monkeypatch):
    os.symlink(stars_checkpoint, tmp_path / "bert")
    relative = json.loads(json.dumps(config).replace(str(stars_checkpoint), "bert"))
    path = written(tmp_path, relative)
    monkeypatch.chdir("/")
    assert load_predictor(path).predict("I like it")["probs"]


def test_external_variables_and_imports_are_jsonnets(tmp_path, config):
    (tmp_path / "shared.libsonnet").write_text(json.dumps(config["dataset_reader"]))
    path = tmp_path / "config.jsonnet"
    model = json.dumps(config["model"]).replace("5}", "std.parseInt(std.extVar('n'))}")
    path.write_text(f"{{dataset_reader: import 'shared.libsonnet', model: {model}}}")
    assert len(load_predictor(path, ext_vars={"n": "4"}).predict("I like it")["probs"]) == 4
    with pytest.raises(SourceError, match="(?i)undefined external variable.*ext_vars"):
        load_predictor(path)


def test_an_archive_becomes_a_predictor(tmp_path, config, stars_checkpoint):
    from allennlp.models.archival import archive_model

    predictor = load_predictor(written(tmp_path, config))
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    predictor._model.vocab.save_to_files(str(folder / "vocabulary"))
    import torch

    torch.save(predictor._model.state_dict(), folder / "best.th")
    archive_model(str(folder), weights="best.th")
    text = "Not buying it any sooner!"
    expected = predictor.predict(text)["probs"]
    for source in (folder / "model.tar.gz", folder):
        assert_close(load_predictor(source).predict(text)["probs"], expected)


def test_an_archive_that_climbs_out_of_its_folder_is_refused(tmp_path):
    evil = tmp_path / "model.tar.gz"
    (tmp_path / "payload").write_text("x")
    with tarfile.open(evil, "w:gz") as archive:
        archive.add(tmp_path / "payload", arcname="../../climbed")
    with pytest.raises(SourceError, match="outside"):
        load_predictor(evil)
    assert not (tmp_path.parent / "climbed").exists()


def test_broken_jsonnet_is_refused_with_its_line(tmp_path):
    with pytest.raises(SourceError, match=r"not valid jsonnet.*:2"):
        load_predictor(written(tmp_path, '{"model": 1,\n "dataset_reader" 2}'))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("model"), "has no 'model'"),
        (lambda c: c.pop("dataset_reader"), "no 'dataset_reader'"),
        (lambda c: c["model"].update(type="no_such_model"), "no_such_model"),
        (lambda c: c["dataset_reader"].update(type="no_such_reader"), "no_such_reader"),
        (lambda c: c["model"].pop("type"), "type"),
    ],
)
def test_a_config_that_makes_no_predictor_is_refused(tmp_path, config, change, message):
    change(config)
    with pytest.raises(SourceError, match=message):
        load_predictor(written(tmp_path, config))


@pytest.mark.parametrize("source", ["no/such/folder", "no_such.jsonnet", "no_such.tar.gz"])
def test_a_source_that_is_not_there_is_refused(source):
    with pytest.raises(SourceError, match="no such|there is no|cannot be fetched"):
        load_predictor(source)


@pytest.mark.parametrize("source", [None, 3, ["a"], object()])
def test_an_object_of_another_kind_is_refused(source):
    with pytest.raises(SourceError, match="a predictor cannot be made from"):
        load_predictor(source)


def test_a_device_that_is_not_there_is_refused(tmp_path, config):
    import torch

    path = written(tmp_path, config)
    with pytest.raises(InputError, match="device 'nowhere'"):
        load_predictor(path, device="nowhere")
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match="device 'cuda:0'"):
            load_predictor(path, device="cuda:0")


@pytest.mark.parametrize("text", ["", "  \n\t", None, 3, b"bytes"])
def test_what_is_no_text_is_refused(tmp_path, config, text):
    with pytest.raises(InputError, match="text"):
        get_explanation(written(tmp_path, config), text)


def test_an_unknown_interpreter_is_refused_with_the_known_ones(tmp_path, config):
    with pytest.raises(InputError, match=r"no interpreter 'magic'.*integrated-gradient"):
        get_explanation(written(tmp_path, config), "I like it", interpreter="magic")
