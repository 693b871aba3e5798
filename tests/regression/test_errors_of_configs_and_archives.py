"""What is wrong with a config, its overrides or an archive is one sentence of this package that names it.

A config that was null, named a predictor as a text, a folder that is not there or a label that is no list, overrides of
another form, and an archive that lacked a file or was cut, left `load_predictor` as a TypeError, KeyError, FileNotFoundError
or UnpicklingError of a library. Of a damaged archive torch's own message even advised to unpickle it. A folder with a
checkpoint and the archive that it came in was taken for AllenNLP's. Nobody saw it, because every test of an error began
with a config whose parts are of the right types.
"""

import json
import shutil
import tarfile

import pytest
import torch
from closeness import assert_close
from hostile_sources import own_config, written

from eli5_transformers import load_predictor
from eli5_transformers.errors import InputError, SourceError

TEXT = "Not good, and no better than the other brands"


def without(key):
    return lambda content: content.pop(key)


def within(part, **values):
    return lambda content: content[part].update(values)


def put(key, value):
    return lambda content: content.update({key: value})


CONFIGS = {
    "no model": (without("model"), "no 'model'"),
    "model null": (put("model", None), "no 'model'"),
    "model a number": (put("model", 3), "the model of .* must be an object"),
    "model a list": (put("model", []), "the model of .* must be an object"),
    "type a number": (within("model", type=3), "the model of .* must be an object with a 'type' that is a name"),
    "type a list": (within("dataset_reader", type=["x"]), "cannot be loaded"),
    "reader a list": (put("dataset_reader", [1]), "the dataset_reader of .* must be an object"),
    "predictor a text": (put("predictor", "nope"), "'nope' is not a registered Predictor"),
    "predictor a list": (put("predictor", ["x"]), "the predictor of .* must be an object"),
    "predictor unknown": (put("predictor", {"type": "nope"}), "'nope' is not a registered Predictor"),
    "no vocabulary": (without("vocabulary"), '"vocabulary": {"type": "empty"}'),
    "key misspelled": (put("vocabluary", {}), "unknown key 'vocabluary'; did you mean 'vocabulary'"),
    "key of nobody": (put("zzz", {}), "unknown key 'zzz': AllenNLP has no such part"),
    "key of a model misspelled": (within("model", problem_tipe=""), "has no key 'problem_tipe'; did you mean 'problem_type'"),
    "vocabulary not there": (put("vocabulary", {"type": "from_files", "directory": "/nope"}), "/nope not found"),
    "vocabulary a number": (put("vocabulary", 3), "the vocabulary of .* must be an object"),
    "unknown argument": (within("model", nope=1), "'nope'"),
    "labels a number": (within("model", labels=5), "'labels'"),
    "max_length a text": (within("dataset_reader", max_length="many"), "max_length"),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_wrong_with_a_config_is_one_sentence(tmp_path, stars_checkpoint, name):
    change, message = CONFIGS[name]
    content = own_config(stars_checkpoint)
    change(content)
    with pytest.raises((SourceError, InputError), match=message) as refused:
        load_predictor(written(tmp_path, content))
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 700


NO_CONFIGS = ("null", "[]", "3", "true", '"x"', "", "{", "import 'config.jsonnet'", "[" * 10_000 + "]" * 10_000)


@pytest.mark.parametrize("text", NO_CONFIGS)
def test_a_file_that_is_no_config_is_refused(tmp_path, text):
    with pytest.raises(SourceError, match="the config .* is not") as refused:
        load_predictor(written(tmp_path, text, "config.jsonnet"))
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 1000


NO_CHANGES = ({"zzz.a": 1}, {"trainer.num_epochs": 1}, {"model.a.b": 1}, {"": 1}, {"modl.labels": []})


@pytest.mark.parametrize("overrides", [[1], 3, "[1]", "{", "null1", {1: 2}, {"model": object()}, *NO_CHANGES])
def test_overrides_that_do_not_fit_are_refused(tmp_path, stars_checkpoint, overrides):
    with pytest.raises(InputError, match="overrides"):
        load_predictor(written(tmp_path, own_config(stars_checkpoint)), overrides=overrides)


def test_a_part_may_be_its_type_alone(tmp_path, stars_checkpoint):
    content = {**own_config(stars_checkpoint), "predictor": "transformer_classifier"}
    assert load_predictor(written(tmp_path, content)).predict(TEXT)["probs"]


@pytest.fixture
def parts(tmp_path, stars_checkpoint):
    """The files of a good archive."""
    folder = tmp_path / "good"
    predictor = load_predictor(stars_checkpoint)
    predictor._model.vocab.save_to_files(str(folder / "vocabulary"))
    torch.save(predictor._model.state_dict(), folder / "weights.th")
    written(folder, own_config(stars_checkpoint))
    return folder


def archived(folder, file):
    with tarfile.open(file, "w:gz") as archive:
        for part in sorted(folder.iterdir()):
            archive.add(part, arcname=part.name)
    return file


@pytest.mark.parametrize("missing", ["config.json", "weights.th", "vocabulary"])
def test_an_archive_that_lacks_a_file_is_refused_by_its_name(tmp_path, parts, missing):
    part = parts / missing
    shutil.rmtree(part) if part.is_dir() else part.unlink()
    with pytest.raises(SourceError, match=f"not an archive of AllenNLP: it has no .*{missing}"):
        load_predictor(archived(parts, tmp_path / "model.tar.gz"))


@pytest.mark.parametrize("content", [b"", b"x", b"PK\x03\x04 no weights"])
def test_damaged_weights_of_an_archive_are_one_sentence(tmp_path, parts, content):
    (parts / "weights.th").write_bytes(content)
    archive = archived(parts, tmp_path / "model.tar.gz")
    for source in (archive, parts):
        with pytest.raises(SourceError) as refused:
            load_predictor(source)
        assert "\n" not in str(refused.value)
        assert "weights_only" not in str(refused.value)
        assert str(source) in str(refused.value)


def test_a_checkpoint_in_an_archive_is_loaded_as_the_one_beside_it(tmp_path, stars_checkpoint):
    both = tmp_path / "both"
    shutil.copytree(stars_checkpoint, both)
    archive = archived(both, tmp_path / "model.tar.gz")
    shutil.copy(archive, both)
    for source in (archive, both):
        assert_close(load_predictor(source).predict(TEXT)["probs"], load_predictor(stars_checkpoint).predict(TEXT)["probs"])


def test_a_folder_with_the_archive_alone_is_the_archive(tmp_path, parts, stars_checkpoint):
    folder = tmp_path / "run"
    folder.mkdir()
    archived(parts, folder / "model.tar.gz")
    (folder / "config.json").write_text(json.dumps(own_config(stars_checkpoint)))
    assert_close(load_predictor(folder).predict(TEXT)["probs"], load_predictor(stars_checkpoint).predict(TEXT)["probs"])


def other_weights(folder):
    weights = torch.load(folder / "weights.th")
    name = next(iter(weights))
    torch.save({**weights, name: weights[name][:1], "of_nobody": torch.zeros(1)}, folder / "weights.th")


def lacking_weights(folder):
    weights = torch.load(folder / "weights.th")
    torch.save(dict(list(weights.items())[:-1]), folder / "weights.th")


def content(part, text):
    return lambda folder: (folder / part).write_bytes(text.encode("latin-1"))


DAMAGED = {
    "config null": (content("config.json", "null"), "config.json of .* is not an object"),
    "config cut": (content("config.json", "{"), "config.json of .* is not valid jsonnet"),
    "config of nothing": (content("config.json", "{}"), "no 'model' or no 'dataset_reader'"),
    "weights empty": (content("weights.th", ""), "its weights.th is empty"),
    "weights a tensor": (lambda folder: torch.save(torch.zeros(1), folder / "weights.th"), "are a Tensor, not a dict"),
    "weights too many": (other_weights, "not of the model that its config and vocabulary describe"),
    "weights too few": (lacking_weights, "describe: it lacks"),
    "vocabulary without its list": (
        lambda folder: (folder / "vocabulary" / "non_padded_namespaces.txt").unlink(),
        "it has no non_padded_namespaces.txt",
    ),
    "vocabulary of another encoding": (content("vocabulary/labels.txt", "\xff\xfe"), "labels.txt is not UTF-8"),
    "release no object": (content("meta.json", "null"), "its meta.json must be an object"),
    "release no number": (content("meta.json", '{"version": "x"}'), "its meta.json must be an object"),
    "of an old release": (
        lambda folder: (lacking_weights(folder), content("meta.json", '{"version": "1.2.0"}')(folder)),
        "made by AllenNLP 1.2",
    ),
    "before releases": (lacking_weights, "archives of AllenNLP before 2.0"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_damaged_in_an_archive_is_named(tmp_path, parts, name):
    damage, message = DAMAGED[name]
    damage(parts)
    with pytest.raises(SourceError, match=message) as refused:
        load_predictor(archived(parts, tmp_path / "model.tar.gz"))
    assert str(tmp_path / "model.tar.gz") in str(refused.value) or "a Tensor" in message
    assert "eli5_transformers-" not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 700


def test_an_archive_that_was_packed_with_its_folder_is_read(tmp_path, parts, stars_checkpoint):
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        archive.add(parts, arcname="run")
    found = load_predictor(tmp_path / "model.tar.gz")
    assert_close(found.predict(TEXT)["probs"], load_predictor(stars_checkpoint).predict(TEXT)["probs"])


def test_a_training_that_has_not_ended_says_so(parts):
    (parts / "weights.th").rename(parts / "model_state_e0_b0.th")
    with pytest.raises(SourceError, match="it has no best.th or weights.th; the training has not ended"):
        load_predictor(parts)


@pytest.mark.parametrize("overrides", NO_CHANGES)
def test_overrides_of_an_archive_that_change_nothing_are_refused(parts, overrides):
    with pytest.raises(InputError, match="overrides"):
        load_predictor(parts, overrides=overrides)
