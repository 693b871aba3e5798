"""AllenNLP classifiers of people's own: probabilities without logits, and labels in a namespace with a name of its own.

AllenNLP's guide begins with a classifier that returns `probs` alone: it was refused, though its logits are known up to a
constant. One that returns `logits` alone was a regression; other names than these two were refused. Models that keep their
labels under "topics_labels" were explained as "0" and "1". The tests had AllenNLP's own `basic_classifier`, which returns
both and keeps its labels where all look.
"""

import pytest
import torch
from closeness import assert_close

import eli5_transformers  # noqa: F401  makes AllenNLP importable

# isort: split
from allennlp.data import Vocabulary
from allennlp.data.dataset_readers import TextClassificationJsonReader
from allennlp.data.tokenizers import WhitespaceTokenizer
from allennlp.models import Model
from allennlp.modules.text_field_embedders import BasicTextFieldEmbedder
from allennlp.modules.token_embedders import Embedding
from allennlp.nn.util import get_text_field_mask
from allennlp.predictors import TextClassifierPredictor

from eli5_transformers import attribute, get_explanation
from eli5_transformers.errors import UnsupportedModelError

TEXT = "a good film with a bad end"
METHODS = ("integrated-gradients", "occlusion", "gradient-x-input")


class Bag(Model):
    """A bag of words; `answer(logits)` is what it returns, `readable(vocab, outputs)` what it says of that."""

    def __init__(self, vocab, outputs, answer, readable=None):
        super().__init__(vocab)
        self.embedder = BasicTextFieldEmbedder({"tokens": Embedding(8, num_embeddings=vocab.get_vocab_size())})
        self.out = torch.nn.Linear(8, outputs)
        self.answer, self.readable = answer, readable

    def make_output_human_readable(self, outputs):
        return outputs if self.readable is None else self.readable(self.vocab, outputs)

    def forward(self, tokens, label=None):
        return self.answer(self.out((self.embedder(tokens) * get_text_field_mask(tokens)[..., None]).sum(1).tanh()))


def predictor_of(answer, outputs=2, readable=None, **namespaces):
    torch.manual_seed(1)
    vocabulary = Vocabulary({"tokens": dict.fromkeys(TEXT.split(), 1), **(namespaces or {"labels": {"pos": 2, "neg": 1}})})
    model = Bag(vocabulary, outputs, answer, readable).eval()
    return TextClassifierPredictor(model, TextClassificationJsonReader(tokenizer=WhitespaceTokenizer()))


def both(logits):
    return {"logits": logits, "probs": logits.softmax(-1)}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "answer",
    [
        lambda logits: {"probs": logits.softmax(-1)},
        lambda logits: {"class_probabilities": logits.softmax(-1)},
        lambda logits: {"logits": logits.softmax(-1)},
        lambda logits: {"logits": logits.softmax(-1), "probs": logits.softmax(-1)},
        lambda logits: {"logits": logits.log_softmax(-1)},
    ],
)
def test_probabilities_alone_are_explained_by_their_logarithm(answer, method):
    ((expected,),) = attribute(predictor_of(both), TEXT, interpreter=method, output="log-probability")
    predictor = predictor_of(answer)
    for output in ("logit", "log-probability"):
        ((found,),) = attribute(predictor, TEXT, interpreter=method, output=output)
        assert found.label == expected.label
        assert_close(found.probability, expected.probability, rtol=1e-5)
        assert_close(found.scores, expected.scores, rtol=2e-3)
    assert any("probabilities" in note for note in found.notes)


def test_probabilities_of_several_labels_are_explained_by_their_log_odds():
    expected = attribute(predictor_of(lambda x: {"logits": x, "probs": torch.sigmoid(x)}), TEXT, targets=[0, 1])[0]
    found = attribute(predictor_of(lambda x: {"probs": torch.sigmoid(x)}), TEXT, targets=[0, 1])[0]
    for one, other in zip(found, expected):
        assert_close(one.probability, other.probability, rtol=1e-5)
        assert_close(one.score, other.score, rtol=1e-4)
        assert_close(one.scores, other.scores, rtol=2e-3)


@pytest.mark.parametrize(
    ("namespaces", "names"),
    [
        ({"topics_labels": {"film": 2, "book": 1}}, ("film", "book")),
        ({"topics_tags": {"film": 2, "book": 1}}, ("film", "book")),
        ({"a_labels": {"x": 3, "y": 2, "z": 1}, "b_labels": {"film": 2, "book": 1}}, ("film", "book")),
        ({"labels": {"pos": 2, "neg": 1}, "b_labels": {"film": 2, "book": 1}}, ("pos", "neg")),
        ({"a_labels": {"x": 2, "y": 1}, "b_labels": {"film": 2, "book": 1}}, ("0", "1")),
    ],
)
def test_labels_have_the_names_of_the_only_namespace_that_fits(namespaces, names):
    found = attribute(predictor_of(both, **namespaces), TEXT, targets=[0, 1])[0]
    assert tuple(one.label for one in found) == names


THREE = {"labels": {"x": 3, "y": 2, "z": 1}}
# One logit, a number between 0 and 1, is a choice of two.
NAMED = {
    "entailment": (lambda x: {"label_logits": x, "label_probs": x.softmax(-1)}, "label_probs"),
    "entailment of two kinds": (lambda x: {"logits": x, "label_probs": x.softmax(-1)}, "label_probs"),
    "biattentive": (lambda x: {"logits": x, "class_probabilities": x.softmax(-1)}, "class_probabilities"),
    "of ones own": (lambda x: {"topic_logits": x, "topic_probs": x.softmax(-1), "attention": x[:, None]}, "topic_probs"),
    "a row of one": (lambda x: {"logits": x[:, None], "probs": x.softmax(-1)[:, None]}, "probs"),
    "a list of rows": (lambda x: {"logits": list(x), "probs": list(x.softmax(-1))}, "probs"),
}


@pytest.mark.parametrize("name", NAMED)
def test_outputs_by_other_names_and_in_other_shapes(name):
    answer, key = NAMED[name]
    predictor = predictor_of(answer)
    expected = attribute(predictor_of(both), TEXT, targets=[0, 1])[0]
    for one, other in zip(attribute(predictor, TEXT, targets=[0, 1])[0], expected):
        assert_close(one.scores, other.scores)
        assert not one.notes
        said = torch.as_tensor(predictor.predict_json({"sentence": TEXT})[key]).flatten()
        assert_close(one.probability, float(said[one.target]))


@pytest.mark.parametrize("method", METHODS)
def test_logits_alone_are_a_classifier_where_the_labels_are_as_many(method):
    ((expected,),) = attribute(predictor_of(both), TEXT, interpreter=method)
    ((found,),) = attribute(predictor_of(lambda logits: {"logits": logits}), TEXT, interpreter=method)
    assert found.label == expected.label
    assert_close(found.scores, expected.scores)
    assert_close(found.probability, expected.probability)
    assert any("logits without probabilities" in note for note in found.notes)
    # Nothing names three numbers.
    many = attribute(predictor_of(lambda logits: {"logits": logits}, 3), TEXT, interpreter=method)[0]
    assert [one.probability for one in many] == [None] * 3


def labels(key, above):
    """What a model of several labels says: the names of those above a limit."""

    def readable(vocab, outputs):
        rows = [[i for i, value in enumerate(row) if value > above] for row in outputs[key]]
        return {**outputs, "labels": [[vocab.get_token_from_index(i, "labels") for i in row] for row in rows]}

    return readable


@pytest.mark.parametrize("loss", [False, True])
def test_logits_alone_of_several_labels(loss):
    predictor = predictor_of(lambda x: {"logits": x}, 3, None if loss else labels("logits", 0), **THREE)
    if loss:
        predictor._model.loss = torch.nn.BCEWithLogitsLoss()
    expected = attribute(predictor_of(lambda x: {"logits": x, "probs": torch.sigmoid(x)}, 3, **THREE), TEXT)[0]
    found = attribute(predictor, TEXT)[0]
    assert [one.label for one in found] == [one.label for one in expected]
    assert_close([one.probability for one in found], [one.probability for one in expected])


def side(key, above):
    return lambda vocab, outputs: {
        **outputs,
        "label": [vocab.get_token_from_index(int(float(row.flatten()[-1]) > above), "labels") for row in outputs[key]],
    }


@pytest.mark.parametrize(
    ("answer", "readable"),
    [
        (lambda x: {"probs": torch.sigmoid(x)}, side("probs", 0.5)),
        (lambda x: {"probs": torch.sigmoid(x)}, None),
        (lambda x: {"probs": torch.sigmoid(x).squeeze(-1)}, side("probs", 0.5)),
        (lambda x: {"logits": x, "probs": torch.sigmoid(x)}, side("logits", 0)),
        (lambda x: {"logits": x.squeeze(-1)}, side("logits", 0)),
        (lambda x: {"logits": x, "probs": torch.cat([1 - torch.sigmoid(x), torch.sigmoid(x)], -1)}, side("probs", 0.5)),
    ],
)
def test_one_number_for_a_choice_of_two(answer, readable):
    predictor = predictor_of(answer, 1, readable)
    expected = attribute(predictor_of(lambda x: {"logits": x}, 1), TEXT, targets=["neg", "pos"])[0]
    found = attribute(predictor, TEXT, targets=["neg", "pos"])[0]
    for one, other in zip(found, expected):
        assert_close(one.scores, other.scores, rtol=2e-3)
        assert_close(one.probability, other.probability)
    assert_close(found[0].probability + found[1].probability, 1.0)
    ((best,),) = attribute(predictor, TEXT)
    assert best.label == predictor.predict_json({"sentence": TEXT}).get("label", best.label)
    assert get_explanation(predictor, TEXT).targets[0].target == best.label


@pytest.mark.parametrize(
    ("outputs", "namespaces"),
    [
        (2, {"labels": {"x": 2, "y": 1}, "b_labels": {"film": 2, "book": 1}}),
        (2, {"a_labels": {"x": 2, "y": 1}, "b_labels": {"film": 2, "book": 1}}),
        (4, {"b_labels": {"film": 4, "book": 3, "song": 2, "play": 1}, "x": {"y": 2, "z": 1}}),
    ],
)
def test_classes_are_called_what_the_model_itself_says(outputs, namespaces):
    def readable(vocab, found):
        return {**found, "label": [vocab.get_token_from_index(int(row.argmax()), "b_labels") for row in found["probs"]]}

    predictor = predictor_of(both, outputs, readable, **namespaces)
    found = attribute(predictor, TEXT, targets=list(range(outputs)))[0]
    assert [one.label for one in found] == list(namespaces["b_labels"])
    assert attribute(predictor, TEXT)[0][0].label == predictor.predict(TEXT)["label"]
    mapped = predictor_of(both, 2, lambda vocab, x: {**x, "mood": [["bad", "fine"][int(row.argmax())] for row in x["probs"]]})
    assert attribute(mapped, TEXT)[0][0].label == mapped.predict(TEXT)["mood"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda x: {"logits": x[:, None].expand(-1, 4, -1)}, r"'logits': \(1, 4, 2\)"),
        (lambda x: {"logits": x.tolist()}, "as tensors"),
        (lambda x: {"logits": x.squeeze()}, "returns 2 rows of outputs for one text"),
        (lambda x: {"logits": x, "probs": (x / 3).softmax(-1)}, "neither the softmax nor the sigmoid"),
        (lambda x: {"span_start_logits": x, "span_end_logits": x}, "neither 'logits' nor 'probs'"),
    ],
)
def test_outputs_of_no_classifier_are_one_sentence(answer, said):
    with pytest.raises(UnsupportedModelError, match=said):
        attribute(predictor_of(answer), TEXT)
