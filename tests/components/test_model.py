"""The model around HuggingFace classifiers: what it loads, refuses, computes and leaves alone."""

import eli5_transformers  # noqa: F401  first: it makes AllenNLP importable

# isort: split

import copy
import json
import shutil

import checkpoints
import more_checkpoints
import pytest
import torch
from allennlp.common import Params
from allennlp.data import Vocabulary
from allennlp.models import Model
from allennlp.nn import util
from closeness import BATCHED, assert_close
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForSequenceClassification
from transformers.models.auto.modeling_auto import MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING

from eli5_transformers.adapters import registered_components  # noqa: F401  registers the components
from eli5_transformers.components.model import TransformerClassifier
from eli5_transformers.components.predictor import TransformerClassifierPredictor
from eli5_transformers.components.reader import TransformerClassifierReader
from eli5_transformers.errors import InputError, SourceError
from eli5_transformers.huggingface import labels as naming

TEXTS = ("Not buying it any sooner! Other brands do a much better job", "I like it")


def loaded(folder, **options):
    return TransformerClassifier(Vocabulary(), model_name=str(folder), **options).eval()


def tensors(model, folder, texts=TEXTS, labels=(), **options):
    """The batch that the reader makes of the texts."""
    from allennlp.data.batch import Batch

    reader = TransformerClassifierReader(model_name=str(folder), **options)
    instances = [reader.text_to_instance(text) for text in texts]
    if labels:
        instances = [reader.text_to_instance(text, label=label) for text, label in zip(texts, labels)]
    for instance in instances:
        reader.apply_token_indexers(instance)
    batch = Batch(instances)
    batch.index_instances(model.vocab)
    return batch.as_tensor_dict()


def reference(folder):
    """The classifier as transformers loads it."""
    return AutoModelForSequenceClassification.from_pretrained(str(folder)).eval()


def inputs_of(batch):
    names = {"token_ids": "input_ids", "mask": "attention_mask", "type_ids": "token_type_ids"}
    return {names[name]: tensor.long() for name, tensor in batch["tokens"]["tokens"].items()}


@pytest.fixture(scope="module")
def multi_label(tmp_path_factory):
    folder = tmp_path_factory.mktemp("multi")
    return checkpoints.write_bert_checkpoint(
        folder, labels=["food", "price", "staff"], problem_type="multi_label_classification"
    )


@pytest.fixture(scope="module")
def regression(tmp_path_factory):
    return checkpoints.write_bert_checkpoint(tmp_path_factory.mktemp("regression"), labels=["stars"])


@pytest.fixture(scope="module")
def binary(tmp_path_factory):
    return checkpoints.write_bert_checkpoint(
        tmp_path_factory.mktemp("binary"), labels=["toxic"], problem_type="multi_label_classification"
    )


@pytest.mark.parametrize(
    "write",
    [
        more_checkpoints.write_roberta_checkpoint,
        more_checkpoints.write_xlm_roberta_checkpoint,
        more_checkpoints.write_distilbert_checkpoint,
        more_checkpoints.write_gpt2_checkpoint,
        more_checkpoints.write_bart_checkpoint,
    ],
)
def test_the_logits_of_a_padded_batch_are_those_of_transformers_for_each_text_alone(tmp_path, write):
    folder = write(tmp_path, labels=["a", "b", "c"])
    model, other = loaded(folder), reference(folder)
    batched = model(**tensors(model, folder))["logits"]
    for row, text in zip(batched, TEXTS):
        alone = other(**inputs_of(tensors(model, folder, [text]))).logits[0]
        assert_close(row, alone, rtol=BATCHED)


def test_loss_and_probabilities_of_each_kind_are_those_of_transformers(
    stars_checkpoint, multi_label, regression, binary
):
    bce, softmax = torch.nn.functional.binary_cross_entropy_with_logits, torch.softmax
    for folder, label, target, probabilities, loss in (
        (stars_checkpoint, ("2 stars", "5 stars"), torch.tensor([1, 4]), lambda x: softmax(x, -1), None),
        (multi_label, (["food"], ["price", "staff"]), torch.tensor([[1.0, 0, 0], [0, 1, 1]]), torch.sigmoid, None),
        (regression, (3.5, 1.25), torch.tensor([3.5, 1.25]), None, None),
        (binary, ("not toxic", "toxic"), torch.tensor([[0.0], [1.0]]), torch.sigmoid, bce),
    ):
        model, other = loaded(folder), reference(folder)
        batch = tensors(model, folder, labels=label)
        outputs = model(**batch)
        expected = other(**inputs_of(batch), labels=None if loss else target)
        wanted = loss(expected.logits, target) if loss else expected.loss
        assert_close(outputs["loss"], wanted)
        assert_close(outputs["logits"], expected.logits)
        if probabilities is None:
            assert "probs" not in outputs
        else:
            assert_close(outputs["probs"], probabilities(expected.logits))


def test_each_kind_of_head_is_read_as_people_read_it(stars_checkpoint, multi_label, regression, binary):
    def read(folder, logits, **options):
        model = loaded(folder, **options)
        outputs = {"logits": torch.tensor([logits])}
        probabilities = model.head.probabilities(outputs["logits"])
        if probabilities is not None:
            outputs["probs"] = probabilities
        return model.make_output_human_readable(outputs)["label"][0]

    assert read(stars_checkpoint, [0.0, 0, 3, 0, 0]) == "3 stars"
    assert read(multi_label, [1.0, -1, 2]) == ["food", "staff"]
    assert read(multi_label, [-1.0, -1, -1]) == []
    assert read(regression, [3.25]) == 3.25
    assert read(binary, [0.5]) == "toxic"
    assert read(binary, [-0.5]) == "not toxic"
    assert read(binary, [-0.5], labels=["fine", "toxic"]) == "fine"


def test_each_kind_of_head_has_its_metrics(stars_checkpoint, multi_label, regression, binary):
    for folder, label, names in (
        (stars_checkpoint, ("2 stars", "5 stars"), {"accuracy"}),
        (binary, ("toxic", "not toxic"), {"accuracy"}),
        (multi_label, (["food"], []), {"precision", "recall", "fscore"}),
        (regression, (3.5, 1.25), {"mae"}),
    ):
        model = loaded(folder)
        outputs = model(**tensors(model, folder, labels=label))
        metrics = model.get_metrics(reset=True)
        assert set(metrics) == names
        if names == {"mae"}:
            errors = (outputs["logits"][:, 0].detach() - torch.tensor(label)).abs()
            assert_close(metrics["mae"], float(errors.mean()))
        if names == {"accuracy"}:
            predicted = model.make_output_human_readable(dict(outputs))["label"]
            assert metrics["accuracy"] == sum(a == b for a, b in zip(predicted, label)) / 2


def test_problem_types_that_do_not_fit_are_refused(stars_checkpoint, regression):
    with pytest.raises(SourceError, match="'ranking'.*single_label_classification"):
        loaded(stars_checkpoint, problem_type="ranking")
    with pytest.raises(SourceError, match="needs two outputs"):
        loaded(regression, problem_type="single_label_classification")


def test_names_that_repeat_or_are_missing_are_told_apart(tmp_path):
    folder = checkpoints.write_bert_checkpoint(tmp_path, labels=["POS", "NEG", "POS", "x"])
    config = json.loads((folder / "config.json").read_text())
    config["id2label"] = {"0": "POS", "1": "NEG", "2": "POS", "3": ""}
    config.pop("label2id")
    (folder / "config.json").write_text(json.dumps(config))
    model = loaded(folder)
    assert model.labels == ["POS (0)", "NEG", "POS (2)", "LABEL_3"]
    assert model.vocab.get_index_to_token_vocabulary("labels") == dict(enumerate(model.labels))


@given(st.lists(st.sampled_from(["a", "b", "a (0)", "a (1)", "a (0) (0)", "b (1)"]), max_size=7))
def test_distinct_names_are_distinct_and_in_their_places(names):
    made = naming.distinct(names)
    assert len(set(made)) == len(names)
    assert all(new.startswith(old) for old, new in zip(names, made))
    assert [new for old, new in zip(names, made) if names.count(old) == 1] == [n for n in names if names.count(n) == 1]


def test_labels_of_the_wrong_number_are_refused_with_both_numbers(stars_checkpoint):
    with pytest.raises(SourceError, match="3 labels.*5 outputs"):
        loaded(stars_checkpoint, labels=["a", "b", "c"])
    with pytest.raises(SourceError, match="num_labels is 7.*5 outputs"):
        loaded(stars_checkpoint, num_labels=7)


def test_labels_of_the_data_keep_the_order_of_the_checkpoint(stars_checkpoint):
    vocab = Vocabulary(tokens_to_add={"labels": ["5 stars", "1 star"]})
    model = TransformerClassifier(vocab, model_name=str(stars_checkpoint))
    assert [vocab.get_token_index(name, "labels") for name in checkpoints.STARS] == [0, 1, 2, 3, 4]
    assert model.labels == list(checkpoints.STARS)
    with pytest.raises(SourceError, match="'great'.*allow_new_head"):
        TransformerClassifier(Vocabulary(tokens_to_add={"labels": ["great"]}), model_name=str(stars_checkpoint))


def test_data_with_names_needs_labels_for_a_checkpoint_without(tmp_path):
    folder = checkpoints.write_bert_checkpoint(tmp_path, labels=["LABEL_0", "LABEL_1"])
    names = {"labels": ["good", "bad"]}
    with pytest.raises(SourceError, match="labels=.*order of the outputs"):
        TransformerClassifier(Vocabulary(tokens_to_add=names), model_name=str(folder))
    vocab = Vocabulary(tokens_to_add=names)
    TransformerClassifier(vocab, model_name=str(folder), labels=["bad", "good"])
    assert vocab.get_token_index("bad", "labels") == 0


@pytest.fixture(scope="module")
def headless(tmp_path_factory, stars_checkpoint):
    """The encoder of the five-star model, as pretraining leaves it."""
    folder = tmp_path_factory.mktemp("headless")
    shutil.copytree(stars_checkpoint, folder, dirs_exist_ok=True)
    model = reference(stars_checkpoint)
    (folder / "pytorch_model.bin").unlink()
    checkpoints.write_weights(folder, model.bert, pytorch_bin=False)
    return folder


def test_a_checkpoint_without_a_head_is_refused_unless_it_shall_be_trained(headless, stars_checkpoint):
    with pytest.raises(SourceError, match="classifier.bias, classifier.weight.*allow_new_head"):
        loaded(headless)
    model = loaded(headless, allow_new_head=True, labels=["a", "b"])
    assert model(**tensors(model, headless))["logits"].shape == (2, 2)
    encoder = model.transformer.bert.state_dict()
    assert all(torch.equal(encoder[name], value) for name, value in reference(stars_checkpoint).bert.named_parameters())


def test_a_new_head_has_an_output_for_each_label_of_the_data(stars_checkpoint):
    vocab = Vocabulary(tokens_to_add={"labels": ["good", "bad", "ugly"]})
    model = TransformerClassifier(vocab, model_name=str(stars_checkpoint), allow_new_head=True)
    assert model.labels == ["good", "bad", "ugly"]
    assert model.transformer.classifier.weight.shape[0] == 3


def test_a_trained_head_is_kept_where_the_data_has_its_labels(stars_checkpoint):
    vocab = Vocabulary(tokens_to_add={"labels": ["5 stars", "1 star"]})
    model = TransformerClassifier(vocab, model_name=str(stars_checkpoint), allow_new_head=True)
    assert model.labels == list(checkpoints.STARS)
    assert torch.equal(model.transformer.classifier.weight, reference(stars_checkpoint).classifier.weight)


def test_a_half_precision_checkpoint_is_loaded_in_float32(tmp_path, stars_checkpoint):
    shutil.copytree(stars_checkpoint, tmp_path, dirs_exist_ok=True)
    (tmp_path / "pytorch_model.bin").unlink()
    halves = {name: value.detach().half().numpy() for name, value in reference(stars_checkpoint).named_parameters()}
    from safetensors.numpy import save_file

    save_file(halves, str(tmp_path / "model.safetensors"), metadata={"format": "pt"})
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "torch_dtype": "float16", "dtype": "float16"}))
    model = loaded(tmp_path)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert model(**tensors(model, tmp_path))["logits"].dtype == torch.float32


def test_pickled_weights_are_read_when_trusted(tmp_path, stars_checkpoint):
    shutil.copytree(stars_checkpoint, tmp_path, dirs_exist_ok=True)
    (tmp_path / "model.safetensors").unlink()
    model, safe = loaded(tmp_path, allow_pickle=True), loaded(stars_checkpoint)
    for (name, value), other in zip(model.named_parameters(), safe.parameters()):
        assert torch.equal(value, other), name


def test_a_classifier_begins_from_a_config_alone():
    content = {"model_type": "bert", "vocab_size": 50, "hidden_size": 16, "num_hidden_layers": 1}
    content.update(num_attention_heads=2, intermediate_size=32)
    params = Params({"type": "transformer_classifier", "transformer_config": content, "labels": ["a", "b"]})
    model = Model.from_params(params, vocab=Vocabulary())
    assert model.transformer.config.vocab_size == 50
    assert model.labels == ["a", "b"] == list(model.config.id2label.values())


@pytest.mark.parametrize("kind", [ValueError, RuntimeError, ModuleNotFoundError])
def test_an_architecture_that_is_known_but_not_imported_is_not_called_unknown(monkeypatch, stars_checkpoint, kind):
    """As under `python -OO`, for transformers reads docstrings: it was said to have no classifier of the type 'bert'."""
    from transformers.models.auto import auto_factory

    def failing(*_):
        raise kind("its docstring has no Args section")

    monkeypatch.setattr(auto_factory._LazyAutoMapping, "_load_attr_from_module", failing)
    monkeypatch.setattr(MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING, "_modules", {})
    monkeypatch.setattr(MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING, "_extra_content", {})
    settings = {"model_type": "bert", "hidden_size": 8, "num_attention_heads": 2, "num_labels": 2}
    for build in ({"model_name": str(stars_checkpoint)}, {"transformer_config": settings}):
        with pytest.raises(SourceError, match="'bert' cannot be made: its docstring has no Args section"):
            TransformerClassifier(Vocabulary(), **build)


def test_what_cannot_be_built_is_refused_in_one_sentence(tmp_path, stars_checkpoint):
    with pytest.raises(SourceError, match="exactly one of.*but 0"):
        TransformerClassifier(Vocabulary())
    with pytest.raises(SourceError, match="exactly one of.*but 2"):
        TransformerClassifier(Vocabulary(), model_name=str(stars_checkpoint), transformer=torch.nn.Linear(2, 2))
    with pytest.raises(SourceError, match="config.json"):
        loaded(tmp_path)
    with pytest.raises(SourceError, match="model_type"):
        TransformerClassifier(Vocabulary(), transformer_config={"hidden_size": 16})
    with pytest.raises(SourceError, match="model_type"):
        TransformerClassifier(Vocabulary(), transformer_config={"model_type": "no such type"})
    with pytest.raises(SourceError, match="no sequence classifier.*'vit'"):
        TransformerClassifier(Vocabulary(), transformer_config={"model_type": "vit", "num_labels": 2})
    with pytest.raises(SourceError, match="give `labels` or `num_labels`"):
        TransformerClassifier(Vocabulary(), transformer=torch.nn.Linear(2, 2))


def test_a_class_that_does_not_exist_is_refused(stars_checkpoint):
    model = loaded(stars_checkpoint)
    with pytest.raises(InputError, match="label 5 is not one of the model's 5.*0 to 4"):
        model(**tensors(model, stars_checkpoint, labels=("0", "5"), skip_label_indexing=True))


def test_decoders_without_padding_token_say_what_they_need(tmp_path):
    folder = more_checkpoints.write_gpt2_checkpoint(tmp_path, labels=["a", "b"], pad=False)
    model = loaded(folder)
    batch = tensors(model, folder)
    with pytest.raises(InputError, match="pad_token_id"):
        model(**batch)
    assert model(**tensors(model, folder, TEXTS[:1]))["logits"].shape == (1, 2)
    padded = loaded(folder, pad_token_id=0)
    alone = model(**tensors(model, folder, TEXTS[1:]))["logits"]
    assert_close(padded(**batch)["logits"][1:], alone, rtol=BATCHED)


def test_a_given_model_is_used_and_left_as_it_was(stars_checkpoint):
    given_model = AutoModelForSequenceClassification.from_pretrained(str(stars_checkpoint))
    given_model.train()
    given_model.bert.pooler.eval()
    next(given_model.parameters()).requires_grad_(False)
    config = copy.deepcopy(given_model.config.to_dict())
    modes = [module.training for module in given_model.modules()]
    wanted = [parameter.requires_grad for parameter in given_model.parameters()]
    state = {name: value.clone() for name, value in given_model.state_dict().items()}

    model = TransformerClassifier(Vocabulary(), transformer=given_model, labels=["a", "b", "c", "d", "e"])
    reader = TransformerClassifierReader(model_name=str(stars_checkpoint))
    predictor = TransformerClassifierPredictor(model, reader)
    first, second = predictor.predict(TEXTS[0]), predictor.predict(TEXTS[0])
    predictor.get_gradients(predictor.json_to_labeled_instances({"text": TEXTS[0]}))

    assert first["probs"] == second["probs"], "dropout was on"
    assert first["label"] in "abcde"
    assert model.transformer is given_model
    assert [module.training for module in given_model.modules()] == modes
    assert [parameter.requires_grad for parameter in given_model.parameters()] == wanted
    assert all(parameter.grad is None for parameter in given_model.parameters())
    assert given_model.config.to_dict() == config
    assert all(torch.equal(value, state[name]) for name, value in given_model.state_dict().items())


def test_a_given_model_keeps_its_mode_when_its_forward_raises(stars_checkpoint):
    given_model = AutoModelForSequenceClassification.from_pretrained(str(stars_checkpoint)).train()
    model = TransformerClassifier(Vocabulary(), transformer=given_model).eval()
    batch = tensors(model, stars_checkpoint)
    batch["tokens"]["tokens"]["token_ids"][0, 0] = 10**6
    with pytest.raises(InputError, match="no row for token 1000000"):
        model(**batch)
    assert all(module.training for module in given_model.modules())


def test_any_module_that_returns_logits_can_be_wrapped(stars_checkpoint):
    class Bag(torch.nn.Module):
        def __init__(self, as_tuple):
            super().__init__()
            self.table = torch.nn.Embedding(1000, 4)
            self.layer = torch.nn.Linear(4, 2)
            self.as_tuple = as_tuple

        def forward(self, input_ids, attention_mask):
            logits = self.layer((self.table(input_ids) * attention_mask[..., None]).sum(1))
            return (logits,) if self.as_tuple else logits

    for as_tuple in (False, True):
        bag = Bag(as_tuple)
        model = TransformerClassifier(Vocabulary(), transformer=bag, labels=["bad", "good"])
        batch = tensors(model, stars_checkpoint)
        ids, mask = batch["tokens"]["tokens"]["token_ids"], util.get_text_field_mask(batch["tokens"])
        expected = bag.layer((bag.table(ids) * mask[..., None]).sum(1))
        assert_close(model(**batch)["logits"], expected)


def test_half_precision_models_give_float32_probabilities(stars_checkpoint):
    halves = reference(stars_checkpoint).to(torch.bfloat16)
    model = TransformerClassifier(Vocabulary(), transformer=halves)
    outputs = model(**tensors(model, stars_checkpoint))
    assert outputs["probs"].dtype == torch.float32
    assert next(halves.parameters()).dtype == torch.bfloat16
    assert_close(outputs["probs"].sum(-1), 1.0, rtol=1e-6)


def test_tokens_are_spelled_without_padding(stars_checkpoint):
    model = loaded(stars_checkpoint)
    outputs = model.make_output_human_readable(model(**tensors(model, stars_checkpoint)))
    assert outputs["tokens"][1][0] == "[CLS]"
    assert outputs["tokens"][1][-1] == "[SEP]"
    assert len(outputs["tokens"][1]) < len(outputs["tokens"][0])


def test_an_indexer_that_folds_long_texts_is_refused(stars_checkpoint):
    model = loaded(stars_checkpoint)
    ones = torch.ones(1, 6, dtype=torch.long)
    tokens = {"tokens": {"token_ids": ones, "mask": ones.bool(), "type_ids": ones, "segment_concat_mask": ones.bool()}}
    with pytest.raises(InputError, match="max_length"):
        model(tokens)


def test_options_of_transformers_reach_the_config_and_the_model(stars_checkpoint):
    model = loaded(stars_checkpoint, transformer_kwargs={"output_attentions": True, "torch_dtype": torch.float64})
    assert model.config.output_attentions
    assert next(model.parameters()).dtype == torch.float64
    with pytest.raises(SourceError, match="no_such_option"):
        loaded(stars_checkpoint, transformer_kwargs={"no_such_option": True})
