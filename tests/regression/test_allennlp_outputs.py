"""AllenNLP classifiers of people's own: probabilities without logits, and labels in a namespace with a name of its own.

AllenNLP's guide begins with a classifier that returns `probs` alone: it was refused, though its logits are known up to a
constant. Models that keep their labels under "topics_labels" were explained as "0" and "1". The tests had AllenNLP's own
`basic_classifier`, which returns both and keeps its labels where all look.
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

from eli5_transformers import attribute

TEXT = "a good film with a bad end"
METHODS = ("integrated-gradients", "occlusion", "gradient-x-input")


class Bag(Model):
    """A bag of words; `answer(logits)` is what it returns."""

    def __init__(self, vocab, outputs, answer):
        super().__init__(vocab)
        self.embedder = BasicTextFieldEmbedder({"tokens": Embedding(8, num_embeddings=vocab.get_vocab_size())})
        self.out = torch.nn.Linear(8, outputs)
        self.answer = answer

    def forward(self, tokens, label=None):
        return self.answer(self.out((self.embedder(tokens) * get_text_field_mask(tokens)[..., None]).sum(1).tanh()))


def predictor_of(answer, outputs=2, **namespaces):
    torch.manual_seed(1)
    vocabulary = Vocabulary({"tokens": dict.fromkeys(TEXT.split(), 1), **(namespaces or {"labels": {"pos": 2, "neg": 1}})})
    model = Bag(vocabulary, outputs, answer).eval()
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
