"""AllenNLP's interpreters and attackers, unmodified, give on our predictor what they give on AllenNLP's own."""

import eli5_transformers  # noqa: F401  first: it makes AllenNLP importable

# isort: split

import json
from pathlib import Path

import checkpoints
import more_checkpoints
import numpy as np
import pytest
import torch
from allennlp.common import Params
from allennlp.data import DatasetReader, Vocabulary
from allennlp.data.batch import Batch
from allennlp.interpret.attackers import Hotflip, InputReduction
from allennlp.interpret.saliency_interpreters import IntegratedGradient, SimpleGradient, SmoothGradient
from allennlp.models import Model
from allennlp.predictors import Predictor, TextClassifierPredictor
from closeness import BATCHED, assert_apart, assert_close
from transformers import AutoTokenizer

from eli5_transformers.adapters import registered_components  # noqa: F401  registers the components
from eli5_transformers.components.model import TransformerClassifier
from eli5_transformers.components.predictor import EmbeddingPort, TransformerClassifierPredictor
from eli5_transformers.components.reader import TransformerClassifierReader
from eli5_transformers.errors import InputError, SourceError

CONFIGS = Path(__file__).parents[2] / "configs"
TEXTS = (
    "Not buying it any sooner! Other brands do a much better job",
    "terrible",
    "El teléfono más rápido de España",
)


def made(folder, **options):
    model = TransformerClassifier(Vocabulary(), model_name=str(folder), **options)
    return TransformerClassifierPredictor(model, TransformerClassifierReader(model_name=str(folder)))


def allennlps(folder, labels):
    """AllenNLP's own predictor: basic_classifier with bert_pooler."""
    variables = {"checkpoint": str(folder), "labels": json.dumps(list(labels))}
    params = Params.from_file(str(CONFIGS / "bert_pooler.jsonnet"), ext_vars=variables)
    reader = DatasetReader.from_params(params["dataset_reader"])
    return TextClassifierPredictor(Model.from_params(params["model"]), reader)


@pytest.fixture(scope="module")
def stars(stars_checkpoint):
    return made(stars_checkpoint), allennlps(stars_checkpoint, checkpoints.STARS)


@pytest.fixture(scope="module")
def sectors(sectors_checkpoint):
    return made(sectors_checkpoint), allennlps(sectors_checkpoint, checkpoints.SECTORS)


def scores(interpreter, predictor, text):
    result = interpreter(predictor).saliency_interpret_from_json({"sentence": text})
    assert list(result) == ["instance_1"]
    assert list(result["instance_1"]) == ["grad_input_1"]
    return np.array(result["instance_1"]["grad_input_1"])


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("interpreter", [SimpleGradient, IntegratedGradient])
def test_interpreters_give_the_numbers_of_allennlps_own_predictor(stars, sectors, interpreter, text):
    for ours, allennlps_own in (stars, sectors):
        assert_close(scores(interpreter, ours, text), scores(interpreter, allennlps_own, text), rtol=1e-5, scale=1.0)


def test_smooth_gradient_disturbs_the_embeddings_as_on_allennlps_own_predictor(stars, monkeypatch):
    """Its result is rounding noise on BERT, but the gradients that it sums are not."""
    runs = []
    for predictor in stars:
        seen, original = [], type(predictor).get_gradients

        def spy(self, instances, seen=seen, original=original):
            gradients, outputs = original(self, instances)
            seen.append(np.copy(gradients["grad_input_1"]))
            return gradients, outputs

        monkeypatch.setattr(type(predictor), "get_gradients", spy)
        predictor.json_to_labeled_instances({"sentence": TEXTS[0]})
        predictor.get_interpretable_layer()
        torch.manual_seed(3)
        SmoothGradient(predictor).saliency_interpret_from_json({"sentence": TEXTS[0]})
        runs.append(np.array(seen))
    ours, own = runs
    assert len(ours) == 10
    assert_close(ours, own)
    assert_apart(ours[0], ours[1], 1e-4)  # the noise reached the gradients


@pytest.mark.parametrize("text", TEXTS)
def test_attackers_do_what_they_do_on_allennlps_own_predictor(stars, text):
    ours, own = stars
    inputs = {"sentence": text}
    reduced = [InputReduction(p).attack_from_json(dict(inputs))["final"] for p in (ours, own)]
    assert [str(t) for t in reduced[0][0]] == [str(t) for t in reduced[1][0]]
    flipped = [
        Hotflip(p, vocab_namespace=namespace).attack_from_json(dict(inputs))["final"]
        for p, namespace in ((ours, "tokens"), (own, "tags"))
    ]
    assert [str(t) for t in flipped[0][0]] == [str(t) for t in flipped[1][0]]


def test_gradients_are_those_of_the_loss_at_the_hooked_embeddings(stars):
    """Central differences of the loss, in the direction of one component of one token, with halved embeddings."""
    predictor, _ = stars
    layer = predictor.get_interpretable_layer()
    (instance,) = predictor.json_to_labeled_instances({"text": "I like it"})
    place, component, step = 2, 5, 1e-2

    def loss_and_gradient(shift):
        def hook(module, inputs, output):
            output.mul_(0.5)
            output[0, place, component] += shift

        handle = layer.register_forward_hook(hook)
        try:
            gradients, outputs = predictor.get_gradients([instance])
        finally:
            handle.remove()
        return float(outputs["loss"]), gradients["grad_input_1"][0, place, component]

    slope = (loss_and_gradient(step)[0] - loss_and_gradient(-step)[0]) / (2 * step)
    assert_close(loss_and_gradient(0.0)[1], slope, rtol=2e-2)


def state(model):
    return [
        (name, parameter.requires_grad, parameter.grad, parameter.detach().clone())
        for name, parameter in model.named_parameters()
    ]


def hooks(model):
    return [
        (name, len(module._forward_hooks), len(module._forward_pre_hooks), len(module._backward_hooks))
        for name, module in model.named_modules()
    ]


@pytest.mark.parametrize("fails", [False, True])
def test_a_model_is_left_as_it_was(stars_checkpoint, fails):
    predictor = made(stars_checkpoint)
    model = predictor._model
    (instance,) = predictor.json_to_labeled_instances({"text": TEXTS[0]})
    predictor.get_interpretable_layer()
    model.transformer.bert.embeddings.word_embeddings.weight.requires_grad_(False)
    model.transformer.classifier.bias.grad = torch.ones(5)
    before, hooked = state(model), hooks(model)
    if fails:
        instance["tokens"].tokens[1].text_id = 10**6
        instance.indexed = False
        with pytest.raises(InputError, match="no row for token 1000000"):
            predictor.get_gradients([instance])
    else:
        predictor.get_gradients([instance])
    for (name, wanted, gradient, value), (_, wanted_now, gradient_now, value_now) in zip(before, state(model)):
        assert wanted == wanted_now, name
        assert gradient is gradient_now, name
        assert torch.equal(value, value_now), name
    assert hooks(model) == hooked
    assert not predictor._token_offsets
    assert model.get_metrics() == {"accuracy": 0.0}, "an explanation is no evaluation"


def test_frozen_models_have_the_same_gradients(stars_checkpoint, stars):
    predictor = made(stars_checkpoint)
    for parameter in predictor._model.parameters():
        parameter.requires_grad_(False)
    for interpreter in (SimpleGradient, IntegratedGradient):
        assert_close(scores(interpreter, predictor, TEXTS[0]), scores(interpreter, stars[0], TEXTS[0]))


def test_gradients_of_a_batch_are_those_of_its_texts(stars):
    predictor, _ = stars
    instances = [predictor.json_to_labeled_instances({"text": text})[0] for text in TEXTS]
    together, outputs = predictor.get_gradients(instances)
    assert together["grad_input_1"].shape[0] == len(outputs["label"]) == 3
    for row, instance in zip(together["grad_input_1"], instances):
        alone = predictor.get_gradients([instance])[0]["grad_input_1"][0]
        assert_close(row[: len(alone)] * 3, alone, rtol=BATCHED, what="the loss is a mean")
        assert not row[len(alone) :].any(), "padding is not read"


def test_texts_and_pairs_are_predicted_from_their_usual_keys(stars, stars_checkpoint):
    predictor, _ = stars
    single = predictor.predict("I like it")
    assert predictor.predict_json({"sentence": "I like it"}) == predictor.predict_json({"text": "I like it"}) == single
    pair = predictor.predict("I like it", "not the price")
    assert predictor.predict_json({"premise": "I like it", "hypothesis": "not the price"}) == pair
    tokenizer = AutoTokenizer.from_pretrained(str(stars_checkpoint))
    with torch.no_grad():
        logits = predictor._model.transformer(**tokenizer("I like it", "not the price", return_tensors="pt")).logits
    assert_close(pair["logits"], logits[0].numpy())
    assert json.loads(predictor.dump_line(pair)) == pair
    with pytest.raises(InputError, match="no text"):
        predictor.predict_json({"txt": "I like it"})


def test_pairs_have_one_score_a_token(stars):
    predictor, _ = stars
    inputs = {"text": "I like it", "text_pair": "not the price"}
    result = IntegratedGradient(predictor).saliency_interpret_from_json(inputs)["instance_1"]["grad_input_1"]
    assert len(result) == len(predictor.predict(**inputs)["tokens"])
    assert_close(sum(result), 1.0, rtol=1e-6)


@pytest.mark.parametrize(
    ("labels", "problem_type", "keys"),
    [
        (["stars"], "regression", {"logits", "token_ids", "label", "tokens"}),
        (["toxic"], "multi_label_classification", {"logits", "probs", "token_ids", "label", "tokens"}),
        (["food", "price"], "multi_label_classification", {"logits", "probs", "token_ids", "label", "tokens"}),
    ],
)
def test_every_kind_of_head_can_be_interpreted(tmp_path, labels, problem_type, keys):
    predictor = made(checkpoints.write_bert_checkpoint(tmp_path, labels=labels, problem_type=problem_type))
    assert set(predictor.predict(TEXTS[0])) == keys
    for interpreter in (SimpleGradient, IntegratedGradient):
        found = scores(interpreter, predictor, TEXTS[0])
        assert np.isfinite(found).all()
        assert_close(found.sum(), 1.0, rtol=1e-6)
    assert len(InputReduction(predictor).attack_from_json({"text": TEXTS[0]})["final"][0]) >= 1
    assert len(Hotflip(predictor).attack_from_json({"text": "terrible"})["final"][0]) >= 1


def test_the_gradient_of_a_regression_is_that_of_its_output(tmp_path):
    predictor = made(checkpoints.write_bert_checkpoint(tmp_path, labels=["stars"]))
    (instance,) = predictor.json_to_labeled_instances({"text": "I like it"})
    assert "label" not in instance
    gradients, outputs = predictor.get_gradients([instance])
    embedding = predictor._model.transformer.bert.embeddings.word_embeddings
    ids = outputs["token_ids"]
    vectors = embedding(ids).detach().requires_grad_(True)
    predictor._model.transformer(inputs_embeds=vectors, attention_mask=torch.ones_like(ids)).logits.sum().backward()
    assert_close(-gradients["grad_input_1"], vectors.grad.numpy())


@pytest.mark.parametrize(
    "write",
    [
        more_checkpoints.write_roberta_checkpoint,
        more_checkpoints.write_xlm_roberta_checkpoint,
        more_checkpoints.write_distilbert_checkpoint,
        more_checkpoints.write_gpt2_checkpoint,
    ],
)
def test_other_architectures_are_explained_at_their_word_embeddings(tmp_path, write):
    predictor = made(write(tmp_path, labels=["a", "b", "c"]))
    assert isinstance(predictor.get_interpretable_layer(), torch.nn.Embedding)
    for interpreter in (SimpleGradient, IntegratedGradient):
        found = scores(interpreter, predictor, "the price is good")
        assert len(found) == len(predictor.predict("the price is good")["tokens"])
        assert_close(found.sum(), 1.0, rtol=1e-6)
    assert Hotflip(predictor).attack_from_json({"text": "the price is good"})["final"]
    assert InputReduction(predictor).attack_from_json({"text": "the price is good"})["final"]


def test_a_model_that_looks_up_twice_has_two_inputs_in_the_order_of_the_backward_pass(tmp_path):
    predictor = made(more_checkpoints.write_bart_checkpoint(tmp_path, labels=["a", "b"]))
    (instance,) = predictor.json_to_labeled_instances({"text": "the price is good"})
    gradients, outputs = predictor.get_gradients([instance])
    assert sorted(gradients) == ["grad_input_1", "grad_input_2"]
    model, tensors = predictor._model.transformer, outputs["token_ids"]
    leaves = []

    def leaf(module, inputs, output):
        leaves.append(output.detach().requires_grad_(True))
        return leaves[-1].clone()

    # One module or two, as the release has it; two are explained through a port.
    tables = {predictor._model.get_submodule(site.name) for site in predictor.sites.sites}
    handles = [table.register_forward_hook(leaf) for table in tables]
    loss = torch.nn.functional.cross_entropy(model(input_ids=tensors).logits, torch.tensor([instance["label"].label]))
    encoder, decoder = torch.autograd.grad(loss, leaves)
    for handle in handles:
        handle.remove()
    assert_close(gradients["grad_input_1"], decoder.numpy())
    assert_close(gradients["grad_input_2"], encoder.numpy())
    result = IntegratedGradient(predictor).saliency_interpret_from_json({"text": "the price is good"})
    assert sorted(result["instance_1"]) == ["grad_input_1", "grad_input_2"]


class TwoTables(torch.nn.Module):
    """Adds the vectors of two tables, each in a module of its own, of which the first is no Embedding."""

    class Hashed(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.randn(50, 6))

        def forward(self, input_ids):
            return self.weight[input_ids % 50]

    def __init__(self):
        super().__init__()
        self.hashed, self.table, self.layer = self.Hashed(), torch.nn.Embedding(1000, 6), torch.nn.Linear(6, 3)

    def forward(self, input_ids, attention_mask):
        mixed = torch.tanh(self.hashed(input_ids) + 2 * self.table(input_ids)) * attention_mask[..., None]
        return self.layer(mixed.sum(1))


def test_all_tables_of_a_model_pass_through_one_layer(stars_checkpoint):
    torch.manual_seed(0)
    module = TwoTables()
    model = TransformerClassifier(Vocabulary(), transformer=module, labels=["a", "b", "c"])
    predictor = TransformerClassifierPredictor(model, TransformerClassifierReader(model_name=str(stars_checkpoint)))
    assert isinstance(predictor.get_interpretable_layer(), EmbeddingPort)
    result = IntegratedGradient(predictor).saliency_interpret_from_json({"text": "I like it"})["instance_1"]

    ids = torch.tensor([predictor.predict("I like it")["token_ids"]])
    first, second = module.hashed(ids).detach(), module.table(ids).detach()
    target = torch.tensor([int(np.argmax(predictor.predict("I like it")["probs"]))])
    sums = [0.0, 0.0]
    for alpha in np.linspace(0, 1.0, num=10, endpoint=False):
        scaled = [(alpha * vectors).float().requires_grad_(True) for vectors in (first, second)]
        logits = module.layer(torch.tanh(scaled[0] + 2 * scaled[1]).sum(1))
        found = torch.autograd.grad(torch.nn.functional.cross_entropy(logits, target), scaled)
        sums = [total + gradient / 10 for total, gradient in zip(sums, found)]
    for key, total, vectors in (("grad_input_2", sums[0], first), ("grad_input_1", sums[1], second)):
        by_token = (total * vectors).sum(-1)[0].abs()
        assert_close(result[key], (by_token / by_token.sum()).numpy())
    assert InputReduction(predictor).attack_from_json({"text": "I like it"})["final"]
    assert Hotflip(predictor).attack_from_json({"text": "I like it"})["final"]


def test_an_instance_without_label_has_no_loss(stars):
    predictor, _ = stars
    instance = predictor._json_to_instance({"text": "I like it"})
    with pytest.raises(InputError, match="no label"):
        predictor.get_gradients([instance])


def test_a_predictor_needs_this_packages_model_and_reader(stars):
    ours, own = stars
    with pytest.raises(SourceError, match="BasicClassifier"):
        TransformerClassifierPredictor(own._model, ours._dataset_reader)
    with pytest.raises(SourceError, match="TextClassificationJsonReader"):
        TransformerClassifierPredictor(ours._model, own._dataset_reader)


def test_the_predictor_tells_reader_and_model_what_they_need_of_each_other(tmp_path):
    folder = more_checkpoints.write_gpt2_checkpoint(tmp_path, labels=["a", "b"], pad=False)
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    tokenizer.pad_token = tokenizer.eos_token
    model = TransformerClassifier(Vocabulary(), model_name=str(folder))
    predictor = TransformerClassifierPredictor(model, TransformerClassifierReader(tokenizer=tokenizer))
    assert predictor._dataset_reader.max_length == 64
    batch = predictor.predict_batch_json([{"text": "the price is good"}, {"text": "good"}])
    assert_close(batch[1]["logits"], predictor.predict("good")["logits"], rtol=BATCHED)


def test_texts_that_are_too_long_are_read_up_to_the_last_position(tmp_path):
    predictor = made(more_checkpoints.write_roberta_checkpoint(tmp_path, labels=["a", "b"]))
    assert len(predictor.predict("good " * 100)["tokens"]) == 40


def test_the_registered_name_is_the_models_default():
    assert Model.by_name("transformer_classifier") is TransformerClassifier
    assert Predictor.by_name(TransformerClassifier.default_predictor) is TransformerClassifierPredictor


def test_the_vocabulary_is_there_for_attackers_before_anything_is_read(stars_checkpoint):
    predictor = made(stars_checkpoint)
    tokenizer = predictor._dataset_reader.tokenizer
    assert predictor._model.vocab.get_token_to_index_vocabulary("tokens") == tokenizer.get_vocab()
    assert Hotflip(predictor).invalid_replacement_indices


def test_copies_of_instances_share_the_tokenizer(stars):
    """InputReduction copies instances by the dozen."""
    from copy import deepcopy

    predictor, _ = stars
    (instance,) = predictor.json_to_labeled_instances({"text": "I like it"})
    indexer = instance["tokens"].token_indexers["tokens"]
    assert deepcopy(instance)["tokens"].token_indexers["tokens"] is indexer
    batch = Batch([deepcopy(instance)])
    batch.index_instances(predictor._model.vocab)
    assert batch.as_tensor_dict()["label"].tolist() == [instance["label"].label]
