"""Natural language inference and paraphrases, in the way of allennlp-models: both texts in one field, or each in its own."""

import json

import numpy as np
import pytest
import torch
from allennlp.data import DatasetReader, Instance
from allennlp.data.fields import LabelField, TextField
from allennlp.data.token_indexers import SingleIdTokenIndexer
from allennlp.data.tokenizers import Token, Tokenizer, WhitespaceTokenizer
from allennlp.models import Model
from allennlp.modules import TextFieldEmbedder
from allennlp.nn import util
from allennlp.predictors import Predictor
from closeness import assert_close

from eli5_transformers import attribute, get_explanation, load_predictor

PREMISE, HYPOTHESIS = "two women sing a song here", "a man sings"


@DatasetReader.register("pairs-in-the-way-of-snli", exist_ok=True)
class Pairs(DatasetReader):
    """As the readers of SNLI and of Quora's questions: joined or not, with a separator or without."""

    def __init__(self, tokenizer: Tokenizer = None, combine_input_fields: bool = True, separator: str = "[SEP]") -> None:
        super().__init__()
        self._tokenizer = tokenizer or WhitespaceTokenizer()
        self._token_indexers = {"tokens": SingleIdTokenIndexer()}
        self._combine, self._separator = combine_input_fields, separator

    def text_to_instance(self, premise: str, hypothesis: str, label: str = None) -> Instance:
        first, second = self._tokenizer.tokenize(premise), self._tokenizer.tokenize(hypothesis)
        if self._combine:
            between = [Token(self._separator)] if self._separator else []
            fields = {"tokens": TextField(first + between + second)}
        else:
            fields = {"premise": TextField(first), "hypothesis": TextField(second)}
        if label is not None:
            fields["label"] = LabelField(label)
        return Instance(fields)

    def apply_token_indexers(self, instance: Instance) -> None:
        for field in instance.fields.values():
            if isinstance(field, TextField):
                field.token_indexers = self._token_indexers

    def _read(self, file_path: str):
        with open(file_path, encoding="utf-8") as file:
            for line in map(json.loads, file):
                yield self.text_to_instance(line["sentence1"], line["sentence2"], line["gold_label"])


@Predictor.register("entailment-of-a-test", exist_ok=True)
class Entailment(Predictor):
    """As `textual_entailment`."""

    def predict(self, premise: str, hypothesis: str):
        return self.predict_json({"premise": premise, "hypothesis": hypothesis})

    def _json_to_instance(self, json_dict):
        return self._dataset_reader.text_to_instance(json_dict["premise"], json_dict["hypothesis"])


@Model.register("decomposable-of-a-test", exist_ok=True)
class Decomposable(Model):
    """Each text attends to the other, as in decomposable attention."""

    default_predictor = "entailment-of-a-test"

    def __init__(self, vocab, text_field_embedder: TextFieldEmbedder) -> None:
        super().__init__(vocab)
        self._embedder = text_field_embedder
        self._out = torch.nn.Linear(4 * text_field_embedder.get_output_dim(), vocab.get_vocab_size("labels"))
        self._loss = torch.nn.CrossEntropyLoss()

    def forward(self, premise, hypothesis, label=None):
        one, other = self._embedder(premise), self._embedder(hypothesis)
        mask, other_mask = util.get_text_field_mask(premise), util.get_text_field_mask(hypothesis)
        similar = one.bmm(other.transpose(1, 2))
        seen = util.weighted_sum(other, util.masked_softmax(similar, other_mask))
        seen_by_other = util.weighted_sum(one, util.masked_softmax(similar.transpose(1, 2), mask))
        compared = [
            (torch.cat([own, attended], 2).tanh() * present[..., None]).sum(1)
            for own, attended, present in ((one, seen, mask), (other, seen_by_other, other_mask))
        ]
        logits = self._out(torch.cat(compared, 1))
        output = {"label_logits": logits, "label_probs": logits.softmax(-1)}
        if label is not None:
            output["loss"] = self._loss(logits, label)
        return output

    def make_output_human_readable(self, output_dict):
        names = self.vocab.get_index_to_token_vocabulary("labels")
        output_dict["label"] = [names[int(i)] for i in output_dict["label_probs"].argmax(-1)]
        return output_dict


EMBEDDER = {"token_embedders": {"tokens": {"type": "embedding", "embedding_dim": 6}}}
JOINED = {
    "type": "basic_classifier",
    "text_field_embedder": EMBEDDER,
    "seq2vec_encoder": {"type": "lstm", "input_size": 6, "hidden_size": 5},
}


def joined(pairs, separator, predictor=None):
    chosen = {} if predictor is None else {"predictor": {"type": predictor}}
    reader = {"type": "pairs-in-the-way-of-snli", "separator": separator}
    return {"dataset_reader": reader, "model": JOINED, "train_data_path": str(pairs), **chosen}


@pytest.mark.parametrize(
    ("separator", "said", "chosen"),
    [
        ("[SEP]", "entailment-of-a-test", None),
        ("|||", None, "entailment-of-a-test"),
        ("", None, Entailment),
        # `basic_classifier` names a predictor of one text, which cannot read a pair: then the reader's own function does.
        ("[SEP]", None, None),
    ],
)
def test_a_joined_pair_has_the_scores_of_finite_differences(trained, pairs, slopes, separator, said, chosen):
    predictor = load_predictor(trained(joined(pairs, separator, said)), predictor=chosen)
    given = {"premise": PREMISE, "hypothesis": HYPOTHESIS}
    (expected,) = slopes(predictor, given, lambda found: found["logits"])
    ((one,),) = attribute(
        predictor, PREMISE, text_pairs=[HYPOTHESIS], interpreter="gradient-x-input", baseline="zero", keep_special=False
    )
    assert one.documents == (PREMISE, HYPOTHESIS)
    assert one.label == predictor.predict_json(given)["label"]
    assert_close(one.scores, expected[:, one.target], rtol=1e-5)
    of = {
        segment: [
            one.documents[segment][start:end]
            for start, end, own in zip(one.tokens.start, one.tokens.end, one.tokens.segment)
            if own == segment and start >= 0
        ]
        for segment in (0, 1)
    }
    assert of == {0: PREMISE.split(), 1: HYPOTHESIS.split()}
    assert get_explanation(predictor, PREMISE, text_pair=HYPOTHESIS).targets


def test_a_pair_in_two_fields_is_explained_by_outputs_called_label_logits(trained, pairs, slopes):
    reader = {"type": "pairs-in-the-way-of-snli", "combine_input_fields": False}
    model = {"type": "decomposable-of-a-test", "text_field_embedder": EMBEDDER}
    predictor = load_predictor(trained({"dataset_reader": reader, "model": model, "train_data_path": str(pairs)}))
    given = {"premise": PREMISE, "hypothesis": HYPOTHESIS}
    expected = np.concatenate(slopes(predictor, given, lambda found: found["label_logits"]))
    ((one,),) = attribute(predictor, PREMISE, text_pairs=[HYPOTHESIS], interpreter="gradient-x-input", baseline="zero")
    assert one.documents == (PREMISE, HYPOTHESIS)
    assert_close(one.scores, expected[:, one.target], rtol=1e-5)
    # A dict of one's own is read as it is.
    ((own,),) = attribute(predictor, given, interpreter="gradient-x-input", baseline="zero")
    assert_close(own.scores, one.scores)
