"""Interpreters work on AllenNLP's own predictors: transformers, word pieces of words, classic embeddings."""

import json
from pathlib import Path

import checkpoints
import numpy as np
import pytest
import torch
from allennlp.common import Params
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model
from allennlp.predictors import TextClassifierPredictor
from closeness import BATCHED, DOUBLE, assert_close

from eli5_transformers import load_predictor  # noqa: F401  registers the components
from eli5_transformers.adapters import registered_components  # noqa: F401  registers the components
from eli5_transformers.errors import UnsupportedModelError
from eli5_transformers.interpreters import attribute, make
from eli5_transformers.text.granularity import by_word

CONFIG = Path(__file__).parent.parent.parent / "configs" / "bert_pooler.jsonnet"
TEXTS = ["the service was terrible, but the food is good", "Not buying it any sooner!", "great"]
INPUTS = [{"sentence": text} for text in TEXTS]
METHODS = ("gradient", "gradient-x-input", "integrated-gradients", "linearization", "smoothgrad", "occlusion", "shapley")


def built(reader, embedder, seq2vec, vocab):
    reader = DatasetReader.from_params(Params(reader))
    model = Model.from_params(
        Params(
            {
                "type": "basic_classifier",
                "text_field_embedder": {"token_embedders": {"tokens": embedder}},
                "seq2vec_encoder": seq2vec,
                "namespace": "tags" if "model_name" in embedder else "tokens",
            }
        ),
        vocab=vocab,
    ).eval()
    checkpoints.draw_weights(model, 4)
    return TextClassifierPredictor(model, reader)


def vocabulary(words=()):
    vocab = Vocabulary()
    for label in checkpoints.STARS:
        vocab.add_token_to_namespace(label, "labels")
    for word in words:
        vocab.add_token_to_namespace(word, "tokens")
    return vocab


@pytest.fixture(scope="module")
def pooled(stars_checkpoint):
    """basic_classifier with BERT's pooler: the same function of the text as the checkpoint's own classifier."""
    variables = {"checkpoint": str(stars_checkpoint), "labels": json.dumps(list(checkpoints.STARS))}
    params = Params.from_file(str(CONFIG), ext_vars=variables)
    reader = DatasetReader.from_params(params["dataset_reader"])
    return TextClassifierPredictor(Model.from_params(params["model"]), reader)


@pytest.fixture(scope="module")
def mismatched(stars_checkpoint):
    """Words of a whitespace tokenizer, cut into BERT's pieces, their vectors averaged."""
    name = {"type": "pretrained_transformer_mismatched", "model_name": str(stars_checkpoint)}
    reader = {
        "type": "text_classification_json",
        "tokenizer": {"type": "just_spaces"},
        "token_indexers": {"tokens": name},
    }
    return built(reader, dict(name), {"type": "bag_of_embeddings", "embedding_dim": 32}, vocabulary())


@pytest.fixture(scope="module")
def recurrent():
    """Embeddings, an LSTM, and words that the vocabulary does not know."""
    reader = {
        "type": "text_classification_json",
        "tokenizer": {"type": "just_spaces"},
        "token_indexers": {"tokens": {"type": "single_id"}},
    }
    encoder = {"type": "lstm", "input_size": 8, "hidden_size": 6, "bidirectional": True}
    return built(reader, {"type": "embedding", "embedding_dim": 8}, encoder, vocabulary(checkpoints.WORDS[:90]))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["pooled", "mismatched", "recurrent"])
def test_every_method_scores_every_token(kind, method, request):
    predictor = request.getfixturevalue(kind)
    for text, (one,) in zip(TEXTS, attribute(predictor, INPUTS, method)):
        assert one.documents == (text,)
        assert np.isfinite(one.scores).all()
        assert one.scores.any()
        assert one.label in checkpoints.STARS
        outputs = predictor.predict_json({"sentence": text})
        assert_close(one.probability, max(outputs["probs"]), rtol=BATCHED)
        spans = [(start, end) for start, end in zip(one.tokens.start, one.tokens.end) if start >= 0]
        assert [text[start:end] for start, end in dict.fromkeys(spans)] == (
            [text[start:end] for start, end in spans] if kind == "pooled" else text.split()
        )


@pytest.mark.parametrize("kind", ["pooled", "mismatched", "recurrent"])
def test_scores_add_up(kind, request):
    for found in attribute(request.getfixturevalue(kind), INPUTS, top_targets=3, tolerance=0.005):
        for one in found:
            assert one.relative_delta <= 0.005 + 1e-4
            assert not one.notes


@pytest.mark.parametrize("kind", ["pooled", "mismatched", "recurrent"])
def test_batch_equals_one_by_one(kind, request):
    predictor = request.getfixturevalue(kind)
    for one, given in zip(attribute(predictor, INPUTS, n_steps=6), INPUTS):
        alone = attribute(predictor, [given], n_steps=6)[0]
        assert_close(one[0].scores, alone[0].scores, rtol=BATCHED)


def test_works_where_gradients_are_switched_off(stars_checkpoint):
    variables = {"checkpoint": str(stars_checkpoint), "labels": ",".join(checkpoints.STARS)}
    for around in (torch.no_grad, torch.inference_mode):
        predictor = load_predictor(str(CONFIG), ext_vars=variables)
        trained = [parameter.requires_grad for parameter in predictor._model.parameters()]
        assert any(trained)
        with around():
            ((found,),) = attribute(predictor, INPUTS[:1])
        ((expected,),) = attribute(load_predictor(str(CONFIG), ext_vars=variables), INPUTS[:1])
        assert_close(found.scores, expected.scores)
        assert [parameter.requires_grad for parameter in predictor._model.parameters()] == trained


@pytest.mark.parametrize("kind", ["pooled", "mismatched", "recurrent"])
def test_json_has_a_score_for_each_token_of_the_field(kind, request):
    predictor = request.getfixturevalue(kind)
    found = make(predictor, "integrated-gradients").saliency_interpret_from_json(INPUTS[0])
    tokens = predictor._json_to_instance(INPUTS[0])["tokens"].tokens
    assert len(found["instance_1"]["grad_input_1"]) == len(tokens)


def test_allennlps_predictor_and_ours_give_the_same_scores(pooled, stars_checkpoint):
    ours = load_predictor(str(stars_checkpoint))
    for method, options in (("integrated-gradients", {"n_steps": 10}), ("gradient-x-input", {}), ("occlusion", {})):
        for (one,), (other,) in zip(
            attribute(pooled, INPUTS, method, **options), attribute(ours, INPUTS, method, **options)
        ):
            assert one.tokens.text == other.tokens.text
            assert one.baseline == other.baseline
            assert_close(one.scores, other.scores)


def test_word_pieces_are_told_and_sum_to_their_words(mismatched):
    ((one,),) = attribute(mismatched, INPUTS[:1])
    assert one.tokens.text[0] == "[CLS]"
    assert one.tokens.special[0]
    assert one.tokens.special[-1]
    words = by_word(one)
    assert len(words.tokens) == len(TEXTS[0].split()) + 2
    assert_close(words.scores.sum(), one.scores.sum(), rtol=DOUBLE, scale=np.abs(one.scores).sum())


def test_unknown_word_is_the_baseline_of_a_vocabulary(recurrent):
    ((one,),) = attribute(recurrent, [{"sentence": "the service was zzz but good"}], baseline="unk")
    assert one.baseline == "unk (@@UNKNOWN@@)"
    assert one.scores[list(one.tokens.text).index("zzz")] == 0
    ((default,),) = attribute(recurrent, [{"sentence": "the service was zzz but good"}])
    assert default.baseline in ("pad (@@PADDING@@)", "unk (@@UNKNOWN@@)")


def test_folded_texts_are_refused_in_a_sentence(stars_checkpoint):
    name = {"type": "pretrained_transformer", "model_name": str(stars_checkpoint), "max_length": 12}
    reader = {
        "type": "text_classification_json",
        "tokenizer": {"type": "pretrained_transformer", "model_name": str(stars_checkpoint)},
        "token_indexers": {"tokens": name},
    }
    predictor = built(reader, dict(name), {"type": "bag_of_embeddings", "embedding_dim": 32}, vocabulary())
    with pytest.raises(UnsupportedModelError):
        attribute(
            predictor, [{"sentence": "the service was good and the food was great but never again in this place"}]
        )
    assert not any(module._forward_hooks for module in predictor._model.modules())
