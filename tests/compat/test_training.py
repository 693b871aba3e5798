"""From a config to an archive and back, as AllenNLP's command line does it, on every stack."""

import json
import shutil
import sys

import allennlp_flows as flows
import pytest
from closeness import assert_close


def command(*arguments):
    """Run AllenNLP's command line in this process."""
    from allennlp.commands import main

    saved = sys.argv
    sys.argv = ["allennlp", *map(str, arguments)]
    try:
        main(prog="allennlp")
    finally:
        sys.argv = saved


def classic(encoder, **embedder):
    """A model over single-id tokens with the given seq2vec encoder."""
    return {
        "type": "basic_classifier",
        "text_field_embedder": {"token_embedders": {"tokens": {"type": "embedding", "embedding_dim": 8, **embedder}}},
        "seq2vec_encoder": encoder,
    }


@pytest.fixture(scope="module")
def archive(stars_checkpoint, reviews, tmp_path_factory):
    """A fine-tuned transformer, trained by `allennlp train` from a jsonnet file."""
    folder = tmp_path_factory.mktemp("fine-tuned")
    # A folder of its own: AllenNLP keeps loaded transformers by their name, whatever options they were loaded with.
    checkpoint = shutil.copytree(stars_checkpoint, folder / "checkpoint")
    still = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    config = flows.training_config(
        reviews,
        dataset_reader=flows.reader_config(checkpoint),
        # The indexer fills the namespace "tags", which the model reads to name the tokens of a prediction.
        model={**flows.model_config(checkpoint, transformer_kwargs=still), "namespace": "tags", "dropout": 0.0},
    )
    config["trainer"]["optimizer"] = {
        "type": "huggingface_adamw",
        "lr": 0.0005,
        "weight_decay": 0.01,
        "correct_bias": False,
        "parameter_groups": [[["bias"], {"weight_decay": 0.0}]],
    }
    config["trainer"]["learning_rate_scheduler"] = {"type": "slanted_triangular"}
    config["trainer"]["num_epochs"] = 4
    text = json.dumps(config).replace(json.dumps(str(reviews)), 'std.extVar("DATA")')
    (folder / "config.jsonnet").write_text(f"local unused = 1;\n{text}\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA", str(reviews))
        command("train", folder / "config.jsonnet", "-s", folder / "run")
    return folder / "run" / "model.tar.gz"


def test_training_learns_and_writes_an_archive(archive):
    first, last = (
        json.loads((archive.parent / f"metrics_epoch_{epoch}.json").read_text())["training_loss"] for epoch in (0, 3)
    )
    assert archive.is_file()
    assert last < first


def test_evaluate_gives_what_the_training_reported(archive, reviews, tmp_path):
    command("evaluate", archive, reviews, "--output-file", tmp_path / "metrics.json")
    evaluated = json.loads((tmp_path / "metrics.json").read_text())
    trained = json.loads((archive.parent / "metrics.json").read_text())
    assert evaluated["accuracy"] == trained["best_validation_accuracy"]
    assert_close(evaluated["loss"], trained["best_validation_loss"])


def test_predict_writes_a_line_for_every_line(archive, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"sentence": "great food"}\n{"sentence": "very bad"}\n')
    command("predict", archive, tmp_path / "in.jsonl", "--output-file", tmp_path / "out.jsonl", "--silent")
    answers = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [set(answer) >= {"probs", "label", "tokens"} for answer in answers] == [True, True]


def test_an_archive_is_explained(archive):
    from allennlp.interpret import SaliencyInterpreter
    from allennlp.predictors import Predictor

    predictor = Predictor.from_path(str(archive))
    interpreter = SaliencyInterpreter.by_name("integrated-gradient")(predictor)
    scores = interpreter.saliency_interpret_from_json({"sentence": "great food"})["instance_1"]["grad_input_1"]
    assert_close(sum(scores), 1.0, rtol=1e-6)


def test_a_serialization_folder_loads_as_its_archive_does(archive):
    from allennlp.predictors import Predictor

    first, second = (Predictor.from_path(str(path)) for path in (archive, archive.parent))
    assert first.predict("great food")["probs"] == second.predict("great food")["probs"]


@pytest.mark.parametrize(
    ("encoder", "embedder"),
    [
        ({"type": "lstm", "input_size": 8, "hidden_size": 4, "bidirectional": True}, {}),
        ({"type": "cnn", "embedding_dim": 8, "num_filters": 3, "ngram_filter_sizes": [1, 2]}, {"trainable": False}),
        ({"type": "bag_of_embeddings", "embedding_dim": 8, "averaged": True}, {"padding_index": 0}),
    ],
    ids=["lstm", "cnn", "bag"],
)
def test_classic_models_train_and_come_back_from_their_archive(reviews, tmp_path, encoder, embedder):
    from allennlp.predictors import Predictor

    config = flows.training_config(reviews, model=classic(encoder, **embedder))
    model = flows.train(config, tmp_path / "run")
    predictor = Predictor.from_path(str(tmp_path / "run" / "model.tar.gz"))
    loaded = predictor._model.state_dict()
    assert all((loaded[name] == value).all() for name, value in model.state_dict().items())
    assert predictor.predict("the food was good")["label"] in ("positive", "negative")


@pytest.mark.parametrize(
    "scheduler",
    [
        {"type": "reduce_on_plateau", "patience": 1},
        {"type": "linear_with_warmup", "warmup_steps": 1},
        {"type": "cosine", "t_initial": 2},
        {"type": "exponential", "gamma": 0.9},
        {"type": "step", "step_size": 1},
        {"type": "polynomial_decay"},
    ],
    ids=lambda scheduler: scheduler["type"],
)
def test_learning_rate_schedulers_train(reviews, tmp_path, scheduler):
    config = flows.training_config(reviews)
    config["trainer"]["learning_rate_scheduler"] = scheduler
    flows.train(config, tmp_path / "run")
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["epoch"] == 1


def test_an_interrupted_training_goes_on(reviews, tmp_path):
    run = tmp_path / "run"
    config = flows.training_config(reviews)
    config["trainer"]["learning_rate_scheduler"] = {"type": "cosine", "t_initial": 2}
    flows.train(config, run)
    flows.forget_last_epoch(run)
    flows.train(config, run, recover=True)
    assert (run / "metrics_epoch_1.json").exists()


def test_sparse_gradients_are_clipped_to_the_asked_norm(reviews, tmp_path):
    import torch
    from allennlp.training import gradient_descent_trainer

    embedding = torch.nn.Embedding(5, 3, sparse=True)
    dense = torch.nn.Linear(3, 1)
    dense(embedding(torch.tensor([1, 1, 2]))).sum().backward()
    parameters = [*embedding.parameters(), *dense.parameters()]
    before = torch.cat([parameter.grad.to_dense().flatten() for parameter in parameters])
    reported = gradient_descent_trainer.clip_grad_norm_(parameters, 0.5)
    after = torch.cat([parameter.grad.to_dense().flatten() for parameter in parameters])
    assert_close(float(reported), float(before.norm()))
    assert_close(after, before * 0.5 / before.norm())


@pytest.mark.parametrize("start_method", ["fork", "spawn"])
def test_data_is_read_by_worker_processes(reviews, start_method):
    from allennlp.data import Vocabulary

    loader = flows.make_worker_loader(reviews, start_method)
    words = {word: 1 for text, _ in flows.REVIEWS for word in text.split()}
    loader.index_with(Vocabulary({"tokens": words, "labels": {"positive": 1, "negative": 1}}))
    assert sum(len(batch["label"]) for batch in loader) == len(flows.REVIEWS)
