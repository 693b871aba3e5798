"""The cells in which a notebook loads a HuggingFace classifier into AllenNLP and asks it why, on every stack."""

import copy
import pickle

import allennlp_flows as flows
import numpy as np
import pytest
from closeness import assert_close

TEXT = "Not buying it any sooner! Other brands do a much better job"


@pytest.fixture(scope="module")
def predictor(stars_checkpoint):
    return flows.make_predictor(stars_checkpoint)


@pytest.fixture(scope="module")
def with_head(stars_checkpoint):
    """The predictor with the classifier's own head, copied as the notebooks copy it, and the classifier."""
    from transformers import AutoModelForSequenceClassification

    predictor = flows.make_predictor(stars_checkpoint)
    classifier = AutoModelForSequenceClassification.from_pretrained(str(stars_checkpoint)).eval()
    predictor._model._classification_layer.weight = classifier.classifier.weight
    predictor._model._classification_layer.bias = classifier.classifier.bias
    return predictor, classifier


def test_the_predictor_says_what_the_classifier_says(with_head, stars_checkpoint):
    import torch
    from transformers import AutoTokenizer

    predictor, classifier = with_head
    encoded = AutoTokenizer.from_pretrained(str(stars_checkpoint))(TEXT, return_tensors="pt")
    with torch.no_grad():
        expected = classifier(**encoded).logits.softmax(-1)[0].numpy()
    assert_close(predictor.predict(TEXT)["probs"], expected, rtol=1e-6, scale=1.0)


@pytest.mark.parametrize("name", ["simple-gradient", "integrated-gradient", "smooth-gradient"])
def test_the_interpreters_of_allennlp_run(with_head, name):
    from allennlp.interpret import SaliencyInterpreter

    interpreter = SaliencyInterpreter.by_name(name)(with_head[0])
    scores = interpreter.saliency_interpret_from_json({"sentence": TEXT})["instance_1"]["grad_input_1"]
    assert len(scores) == len(with_head[0]._dataset_reader._tokenizer.tokenize(TEXT))
    assert_close(sum(scores), 1.0, rtol=1e-6)


@pytest.mark.parametrize("name", ["hotflip", "input-reduction"])
def test_the_attackers_of_allennlp_run(with_head, name):
    from allennlp.interpret import Attacker

    attacker = Attacker.by_name(name)(with_head[0])
    if name == "hotflip":
        attacker.initialize()
        attacked = attacker.attack_from_json({"sentence": TEXT}, "tokens", "grad_input_1")
    else:
        attacked = attacker.attack_from_json({"sentence": TEXT}, "tokens", "grad_input_1")
    assert attacked["final"]
    assert str(attacked["original"][0]) == "[CLS]"


def test_tokens_carry_ids_types_and_offsets(predictor):
    tokens = predictor._dataset_reader._tokenizer.tokenize("Not buying")
    assert tokens[0].text == "[CLS]"
    assert tokens[-1].text == "[SEP]"
    assert (tokens[1].text, tokens[1].idx, tokens[1].idx_end, tokens[1].type_id) == ("not", 0, 3, 0)


def test_pairs_are_put_together_with_their_special_tokens(predictor):
    tokenizer = predictor._dataset_reader._tokenizer
    bare = [token for token in tokenizer.tokenize("good") if token.text not in ("[CLS]", "[SEP]")]
    pair = tokenizer.add_special_tokens(bare, bare)
    assert [token.text for token in pair] == ["[CLS]", "good", "[SEP]", "good", "[SEP]"]
    assert [token.type_id for token in pair] == [0, 0, 0, 1, 1]


def test_long_texts_are_folded_into_segments_with_special_tokens(stars_checkpoint):
    reader = flows.make_reader(stars_checkpoint, max_length=6)
    model = flows.make_model(stars_checkpoint, max_length=6)
    instance = reader.text_to_instance("the food was great and very good this time")
    reader.apply_token_indexers(instance)
    instance.index_fields(model.vocab)
    ids = instance.as_tensor_dict()["tokens"]["tokens"]["token_ids"].tolist()
    names = reader._tokenizer.tokenizer.convert_ids_to_tokens(ids)
    assert names[:6] == ["[CLS]", "the", "food", "was", "great", "[SEP]"]
    assert names[6] == "[CLS]"
    assert len(model.forward_on_instance(instance)["probs"]) == 5


def test_words_of_a_mismatched_indexer_get_one_vector_each(stars_checkpoint):
    from allennlp.common import Params
    from allennlp.data import Batch, Vocabulary
    from allennlp.data.dataset_readers import DatasetReader
    from allennlp.modules import TextFieldEmbedder

    name = {"type": "pretrained_transformer_mismatched", "model_name": str(stars_checkpoint)}
    config = {**flows.whitespace_reader_config(), "token_indexers": {"tokens": name}}
    reader = DatasetReader.from_params(Params(copy.deepcopy(config)))
    embedder = TextFieldEmbedder.from_params(Params({"token_embedders": {"tokens": dict(name)}}))
    batch = Batch([reader.text_to_instance("unbelievable food"), reader.text_to_instance("good")])
    for instance in batch.instances:
        reader.apply_token_indexers(instance)
    batch.index_instances(Vocabulary())
    assert embedder(batch.as_tensor_dict()["tokens"]).shape == (2, 2, 32)


def test_all_layers_can_be_mixed(stars_checkpoint):
    model = flows.make_model(stars_checkpoint, last_layer_only=False)
    instance = flows.make_reader(stars_checkpoint).text_to_instance("good food")
    flows.make_reader(stars_checkpoint).apply_token_indexers(instance)
    assert len(model.forward_on_instance(instance)["probs"]) == 5


def test_a_model_without_loaded_weights_is_float32_too(stars_checkpoint):
    import torch

    model = flows.make_model(stars_checkpoint, load_weights=False)
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_a_tokenizer_of_allennlp_survives_pickling_and_copying(predictor):
    tokenizer = predictor._dataset_reader._tokenizer
    expected = [token.text for token in tokenizer.tokenize(TEXT)]
    for twin in (pickle.loads(pickle.dumps(tokenizer)), copy.deepcopy(tokenizer)):
        assert twin.tokenizer is not tokenizer.tokenizer
        assert [token.text for token in twin.tokenize(TEXT)] == expected


def test_a_model_survives_pickling(predictor):
    twin = pickle.loads(pickle.dumps(predictor._model))
    instance = predictor._json_to_instance({"sentence": TEXT})
    predictor._dataset_reader.apply_token_indexers(instance)
    np.testing.assert_array_equal(
        twin.forward_on_instance(instance)["probs"], predictor._model.forward_on_instance(instance)["probs"]
    )


def test_special_tokens_are_put_around_given_ids_as_the_tokenizer_does(stars_checkpoint):
    from transformers import AutoTokenizer

    from eli5_transformers.compat.patches.tokenizers import build_inputs_with_special_tokens

    tokenizer = AutoTokenizer.from_pretrained(str(stars_checkpoint))
    first, second = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("very good", "bad"))
    assert build_inputs_with_special_tokens(tokenizer, first) == tokenizer("very good")["input_ids"]
    assert build_inputs_with_special_tokens(tokenizer, first, second) == tokenizer("very good", "bad")["input_ids"]
