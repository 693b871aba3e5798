"""The configs: loadable by AllenNLP alone, true to the checkpoint, and good from training to explanation."""

import eli5_transformers  # noqa: F401  first: it makes AllenNLP importable

# isort: split

import json
import shutil
import subprocess
import sys
from pathlib import Path

import checkpoints
import more_checkpoints
import numpy as np
import pytest
import torch
from allennlp.commands.train import train_model
from allennlp.common import Params, cached_transformers
from allennlp.data import DatasetReader, Vocabulary
from allennlp.interpret.saliency_interpreters import IntegratedGradient
from allennlp.models import Model, load_archive
from allennlp.nn import InitializerApplicator
from allennlp.predictors import Predictor
from closeness import assert_close
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from eli5_transformers.adapters import registered_components  # noqa: F401  registers the components
from eli5_transformers.adapters.configs import find_config
from eli5_transformers.adapters.loading import load_predictor
from eli5_transformers.components.basic_classifier import BertCheckpointInitializer
from eli5_transformers.errors import SourceError

CONFIGS = Path(__file__).parents[1] / "configs"
TEXT = "Not buying it any sooner! Other brands do a much better job"


def params_of(name, **variables):
    return Params.from_file(str(CONFIGS / f"{name}.jsonnet"), ext_vars={k: str(v) for k, v in variables.items()})


def predictor_of(name, **variables):
    """As a notebook does it: reader, model and predictor from the params."""
    params = params_of(name, **variables)
    reader = DatasetReader.from_params(params["dataset_reader"])
    model = Model.from_params(params["model"])
    return Predictor.by_name(model.default_predictor)(model, reader)


def reference(folder, *texts):
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    model = AutoModelForSequenceClassification.from_pretrained(str(folder)).eval()
    with torch.no_grad():
        return model(**tokenizer(*texts, return_tensors="pt")).logits[0].numpy()


def without(folder, target, name):
    shutil.copytree(folder, target, dirs_exist_ok=True)
    (target / name).unlink()
    return target


@pytest.mark.parametrize("labels", [",".join(checkpoints.STARS), json.dumps(list(checkpoints.STARS))])
def test_bert_pooler_predicts_what_transformers_predicts(stars_checkpoint, labels):
    predictor = predictor_of("bert_pooler", checkpoint=stars_checkpoint, labels=labels)
    found = predictor.predict(TEXT)
    expected = reference(stars_checkpoint, TEXT)
    assert_close(found["logits"], expected)
    assert found["label"] == checkpoints.STARS[int(expected.argmax())]
    tokenizer = AutoTokenizer.from_pretrained(str(stars_checkpoint))
    assert found["tokens"] == tokenizer.tokenize(TEXT, add_special_tokens=True)


def test_every_parameter_comes_from_the_checkpoint(stars_checkpoint, tmp_path):
    folder = without(stars_checkpoint, tmp_path / "safe", "pytorch_model.bin")
    model = predictor_of("bert_pooler", checkpoint=folder, labels="a,b,c,d,e")._model
    weights = AutoModelForSequenceClassification.from_pretrained(str(stars_checkpoint)).state_dict()
    named = dict(model.named_parameters())
    embedder = "_text_field_embedder.token_embedder_tokens.transformer_model."
    assert torch.equal(named["_classification_layer.weight"], weights["classifier.weight"])
    assert torch.equal(named["_seq2vec_encoder.pooler.dense.bias"], weights["bert.pooler.dense.bias"])
    for name, parameter in named.items():
        if name.startswith(embedder):
            assert torch.equal(parameter, weights["bert." + name[len(embedder) :]]), name


def test_the_initializer_reads_bin_files_too(stars_checkpoint, tmp_path):
    folder = without(stars_checkpoint, tmp_path / "bin", "model.safetensors")
    initializer = BertCheckpointInitializer(str(folder), allow_pickle=True)
    model = predictor_of("bert_pooler", checkpoint=stars_checkpoint, labels="a,b,c,d,e")._model
    expected = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    for parameter in model.parameters():
        parameter.data.zero_()
    InitializerApplicator([(".*", initializer)])(model)
    assert all(torch.equal(parameter, expected[name]) for name, parameter in model.named_parameters())


def test_old_names_of_layer_norms_are_understood(tmp_path, stars_checkpoint):
    from safetensors.numpy import load_file, save_file

    folder = without(stars_checkpoint, tmp_path / "old", "pytorch_model.bin")
    weights = load_file(str(folder / "model.safetensors"))
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value
        for name, value in weights.items()
    }
    assert old.keys() != weights.keys()
    save_file(old, str(folder / "model.safetensors"), metadata={"format": "pt"})
    found = predictor_of("bert_pooler", checkpoint=folder, labels="a,b,c,d,e").predict(TEXT)
    assert_close(found["logits"], reference(stars_checkpoint, TEXT))


def test_labels_that_are_not_the_heads_are_refused_with_both_numbers(stars_checkpoint):
    with pytest.raises(SourceError, match="the config has 7 labels.*head of.*has 5"):
        predictor_of("bert_pooler", checkpoint=stars_checkpoint, labels=",".join(checkpoints.SECTORS))


@pytest.mark.parametrize(
    ("write", "kind"),
    [
        (more_checkpoints.write_distilbert_checkpoint, "distilbert"),
        (more_checkpoints.write_roberta_checkpoint, "roberta"),
        (more_checkpoints.write_albert_checkpoint, "albert"),
        (more_checkpoints.write_electra_checkpoint, "electra"),
    ],
)
def test_heads_of_another_form_are_refused_with_the_mend(tmp_path, stars_checkpoint, write, kind):
    folder = write(tmp_path, labels=["a", "b", "c", "d", "e"])
    model = predictor_of("bert_pooler", checkpoint=stars_checkpoint, labels="a,b,c,d,e")._model
    with pytest.raises(SourceError, match=rf"head.*\({kind}\).*transformer_classifier.jsonnet"):
        InitializerApplicator([(".*", BertCheckpointInitializer(str(folder)))])(model)


def test_other_parts_of_a_model_and_other_sizes_are_refused(stars_checkpoint, sectors_checkpoint):
    initializer = BertCheckpointInitializer(str(stars_checkpoint))
    with pytest.raises(SourceError, match="'_feedforward.weight'.*basic_classifier"):
        initializer(torch.zeros(2, 2), parameter_name="_feedforward.weight")
    model = predictor_of("bert_pooler", checkpoint=sectors_checkpoint, labels=",".join(checkpoints.SECTORS))._model
    with pytest.raises(SourceError, match="shape.*the same checkpoint"):
        InitializerApplicator([(".*", initializer)])(model)


def test_allennlps_cache_is_not_left_with_random_weights(stars_checkpoint):
    cached_transformers._clear_caches()
    predictor_of("bert_pooler", checkpoint=stars_checkpoint, labels="a,b,c,d,e")
    loaded = cached_transformers.get(str(stars_checkpoint), False)
    expected = AutoModelForSequenceClassification.from_pretrained(str(stars_checkpoint)).bert
    assert all(torch.equal(a, b) for a, b in zip(loaded.parameters(), expected.parameters()))


def test_labels_that_repeat_are_told_apart(stars_checkpoint):
    vocab = predictor_of("bert_pooler", checkpoint=stars_checkpoint, labels="a, b, a, d, e")._model.vocab
    assert list(vocab.get_token_to_index_vocabulary("labels")) == ["a (0)", "b", "a (2)", "d", "e"]


def test_transformer_classifier_takes_other_architectures(tmp_path):
    folder = more_checkpoints.write_roberta_checkpoint(tmp_path, labels=["a", "b", "c"])
    found = predictor_of("transformer_classifier", checkpoint=folder).predict("the price is good")
    expected = reference(folder, "the price is good")
    assert_close(found["logits"], expected)
    assert found["label"] == "abc"[int(expected.argmax())]


def test_pairs_are_read_as_transformers_reads_them(stars_checkpoint):
    predictor = predictor_of("pairs", checkpoint=stars_checkpoint)
    found = predictor.predict_json({"premise": "I like it", "hypothesis": "not the price"})
    assert_close(found["logits"], reference(stars_checkpoint, "I like it", "not the price"))


def test_multi_label_gives_each_label_its_own_probability(stars_checkpoint):
    found = predictor_of("multi_label", checkpoint=stars_checkpoint).predict(TEXT)
    probabilities = 1 / (1 + np.exp(-reference(stars_checkpoint, TEXT)))
    assert_close(found["probs"], probabilities)
    assert found["label"] == [name for name, p in zip(checkpoints.STARS, probabilities) if p >= 0.5]


GOOD, BAD = ("good", "great", "love", "like", "best"), ("bad", "terrible", "slow", "never", "out")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Reviews whose label one word tells."""
    folder = tmp_path_factory.mktemp("data")
    rows = [
        {"text": f"the {thing} was {word}", "label": label}
        for label, words in (("positive", GOOD), ("negative", BAD))
        for word in words
        for thing in ("food", "price", "service", "product", "job")
    ]
    for name in ("train", "validation"):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


FAST = {
    "trainer.num_epochs": 12,
    "trainer.patience": None,
    "trainer.optimizer.lr": 3e-3,
    "trainer.cuda_device": -1,
    "random_seed": 7,
    "numpy_seed": 7,
    "pytorch_seed": 7,
}


def fine_tuned(checkpoint, data, out, **overrides):
    variables = {"checkpoint": checkpoint, "train": data / "train.jsonl", "validation": data / "validation.jsonl"}
    params = Params.from_file(
        str(CONFIGS / "fine_tune.jsonnet"),
        params_overrides=json.dumps({**FAST, **overrides}),
        ext_vars={k: str(v) for k, v in variables.items()},
    )
    train_model(params, str(out))
    return out / "model.tar.gz"


@pytest.fixture(scope="module")
def trained(tmp_path_factory, stars_checkpoint, data):
    """An archive, trained from a checkpoint that is gone since, and a prediction made before it went."""
    folder = tmp_path_factory.mktemp("trained")
    checkpoint = folder / "checkpoint"
    shutil.copytree(stars_checkpoint, checkpoint)
    archive = fine_tuned(checkpoint, data, folder / "out")
    before = Predictor.from_path(str(archive)).predict("the food was great")
    shutil.rmtree(checkpoint)
    return archive, before, checkpoint


def test_fine_tuning_learns_the_labels_of_the_data(trained):
    archive, before, _ = trained
    metrics = json.loads((archive.parent / "metrics.json").read_text())
    assert metrics["best_validation_accuracy"] > 0.9
    assert before["label"] == "positive"


def test_an_archive_is_whole_without_its_checkpoint(trained):
    archive, before, checkpoint = trained
    assert not checkpoint.exists()
    for source in (archive, archive.parent):
        predictor = Predictor.from_path(str(source))
        after = predictor.predict("the food was great")
        assert_close(after["probs"], before["probs"])
        assert (after["label"], after["tokens"]) == (before["label"], before["tokens"])
        assert predictor._model.labels == ["positive", "negative"]
    scores = IntegratedGradient(predictor).saliency_interpret_from_json({"text": "the food was terrible"})
    assert len(scores["instance_1"]["grad_input_1"]) == len(predictor.predict("the food was terrible")["tokens"])


def test_an_archive_is_whole_in_another_process(trained, data):
    """AllenNLP's own commands, in a process that has never seen the checkpoint."""
    archive, _, _ = trained
    program = (
        "import sys, eli5_transformers\n"
        "from allennlp.commands import main\n"
        "sys.argv[1:] = sys.argv[1:] + ['--include-package', 'eli5_transformers.adapters.registered_components']\n"
        "main()\n"
    )
    output = archive.parent / "predictions.jsonl"
    command = [sys.executable, "-W", "ignore", "-c", program, "predict", str(archive), str(data / "train.jsonl")]
    command += ["--output-file", str(output), "--silent"]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[1], timeout=300)
    found = [json.loads(line) for line in output.read_text().splitlines()]
    expected = [json.loads(line)["label"] for line in (data / "train.jsonl").read_text().splitlines()]
    assert np.mean([row["label"] == label for row, label in zip(found, expected)]) > 0.9


def test_an_archive_evaluates_on_data(trained, data):
    from allennlp.evaluation import Evaluator

    archive = load_archive(str(trained[0]))
    loader_params = Params({"batch_size": 8})
    from allennlp.data import DataLoader

    loader = DataLoader.from_params(
        loader_params, reader=archive.validation_dataset_reader, data_path=str(data / "validation.jsonl")
    )
    loader.index_with(archive.model.vocab)
    assert Evaluator.from_params(Params({}))(archive.model, loader)["accuracy"] > 0.9


def test_loading_a_serialization_folder_writes_nothing_into_it(trained):
    folder = trained[0].parent
    before = sorted(str(path) for path in folder.rglob("*"))
    load_archive(str(folder))
    assert sorted(str(path) for path in folder.rglob("*")) == before


def test_a_training_that_is_taken_up_again_begins_from_the_checkpoint(tmp_path, stars_checkpoint, data):
    """A serialization folder without weights is no archive: its model must not begin with random ones."""
    out = tmp_path / "out"
    (out / "vocabulary" / ".transformers" / "model").mkdir(parents=True)
    shutil.copy(stars_checkpoint / "config.json", out / "vocabulary" / ".transformers" / "model")
    params = params_of(
        "fine_tune", checkpoint=stars_checkpoint, train=data / "train.jsonl", validation=data / "validation.jsonl"
    )
    vocab = Vocabulary(tokens_to_add={"labels": list(checkpoints.STARS)})
    model = Model.from_params(params["model"], vocab=vocab, serialization_dir=str(out))
    expected = AutoModelForSequenceClassification.from_pretrained(str(stars_checkpoint)).state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in model.transformer.named_parameters())


def test_a_classifier_from_scratch_is_whole_in_its_archive(tmp_path, stars_checkpoint, data):
    """Trained from a config alone; the tokenizer's folder may go afterwards too."""
    tokenizer = tmp_path / "tokenizer"
    tokenizer.mkdir()
    for name in ("vocab.txt", "tokenizer_config.json", "config.json"):
        shutil.copy(stars_checkpoint / name, tokenizer)
    config = json.loads((stars_checkpoint / "config.json").read_text())
    content = {k: v for k, v in config.items() if k not in ("id2label", "label2id", "architectures")}
    params = Params(
        {
            **FAST_TRAINING,
            "dataset_reader": {"type": "transformer_classifier", "model_name": str(tokenizer)},
            "train_data_path": str(data / "train.jsonl"),
            "model": {"type": "transformer_classifier", "transformer_config": content},
        }
    )
    train_model(params, str(tmp_path / "out"))
    before = Predictor.from_path(str(tmp_path / "out" / "model.tar.gz")).predict(TEXT)
    shutil.rmtree(tokenizer)
    after = Predictor.from_path(str(tmp_path / "out" / "model.tar.gz")).predict(TEXT)
    assert before == after
    assert after["label"] in ("positive", "negative")


FAST_TRAINING = {
    "data_loader": {"batch_size": 25},
    "trainer": {"num_epochs": 1, "cuda_device": -1, "optimizer": {"type": "adam", "lr": 1e-3}},
}


@pytest.mark.parametrize(
    ("problem_type", "labels", "options", "row"),
    [
        ("multi_label_classification", None, {}, {"labels": ["food", "price"]}),
        ("multi_label_classification", ["fine", "toxic"], {"num_labels": 1}, {"label": "toxic"}),
        ("regression", None, {"num_labels": 1}, {"label": 3.5}),
    ],
)
def test_every_kind_of_head_can_be_trained_archived_and_read(
    tmp_path, stars_checkpoint, problem_type, labels, options, row
):
    rows = [{"text": f"the {word} is {other}", **row} for word in ("food", "price") for other in GOOD]
    rows += [{"text": "other", "labels": ["staff"]}] if "labels" in row else []
    (tmp_path / "data.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    kind = {"problem_type": problem_type}
    model = {"model_name": str(stars_checkpoint), "allow_new_head": True, **({"labels": labels} if labels else {})}
    params = Params(
        {
            **FAST_TRAINING,
            "dataset_reader": {"type": "transformer_classifier", "model_name": str(stars_checkpoint), **kind},
            "train_data_path": str(tmp_path / "data.jsonl"),
            "model": {"type": "transformer_classifier", **model, **kind, **options},
        }
    )
    trained_model = train_model(params, str(tmp_path / "out"))
    predictor = Predictor.from_path(str(tmp_path / "out" / "model.tar.gz"))
    assert predictor._model.head.kind == trained_model.head.kind
    assert predictor._model.labels == trained_model.labels
    assert predictor._model.head.__dict__.get("opposite") == trained_model.head.__dict__.get("opposite")
    for (name, value), other in zip(trained_model.state_dict().items(), predictor._model.state_dict().values()):
        assert torch.equal(value, other), name
    assert predictor.predict(TEXT)["logits"]


def test_a_shipped_config_is_found_by_its_bare_name(stars_checkpoint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    predictor = load_predictor("transformer_classifier.jsonnet", ext_vars={"checkpoint": str(stars_checkpoint)})
    assert_close(predictor.predict(TEXT)["logits"], reference(stars_checkpoint, TEXT))


def test_a_config_of_the_working_folder_comes_before_a_shipped_one(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pairs.jsonnet").write_text("{}")
    assert find_config("pairs.jsonnet") == Path("pairs.jsonnet")
    assert find_config("multi_label.jsonnet") == CONFIGS / "multi_label.jsonnet"


@pytest.mark.parametrize("file", ["elsewhere/pairs.jsonnet", "./none.jsonnet", "lists.libsonnet"])
def test_a_path_and_an_unknown_name_are_no_shipped_config(tmp_path, monkeypatch, file):
    monkeypatch.chdir(tmp_path)
    assert find_config(file) == Path(file)


def test_an_unknown_name_is_answered_with_the_shipped_ones(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match=r"no config at pair\.jsonnet.*shipped.*pairs\.jsonnet"):
        load_predictor("pair.jsonnet")
    with pytest.raises(SourceError, match=r"no config at there/pair\.jsonnet$"):
        load_predictor("there/pair.jsonnet")
