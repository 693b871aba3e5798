"""AllenNLP models and predictors as authors leave them once they train: a text to predict is only half of what they want.

A model whose forward insists on the label that its reader always gives ended in a bare TypeError; weight norms were said to
be kept from text to text; what AllenNLP's own interpreters failed with was called the embedder's fault.
"""

import allennlp_models as made
import numpy as np
import pytest
import torch
from allennlp.data import DatasetReader, Instance
from allennlp.data.fields import LabelField, ListField, TextField
from allennlp.data.token_indexers import SingleIdTokenIndexer
from allennlp.data.tokenizers import WhitespaceTokenizer
from allennlp.predictors import TextClassifierPredictor
from allennlp.training.metrics import CategoricalAccuracy
from closeness import assert_close

from eli5_transformers import attribute
from eli5_transformers.errors import InputError, UnsupportedModelError

TEXT = "a good film but the end is bad"


class Reader(DatasetReader):
    """Gives a label with every text, or none; or the text by its sentences."""

    def __init__(self, label=None, sentences=False):
        super().__init__()
        self._tokenizer, self.label, self.sentences = WhitespaceTokenizer(), label, sentences

    def text_to_instance(self, text, label=None):
        field = TextField(self._tokenizer.tokenize(text), {"tokens": SingleIdTokenIndexer()})
        fields = {"tokens": ListField([field]) if self.sentences else field}
        label = label or self.label
        if label is not None:
            fields["label"] = LabelField(label)
        return Instance(fields)


class Insisting(made.TokensToClasses):
    """Wants the label, and counts."""

    def forward(self, tokens, label):
        self.accuracy = vars(self).get("accuracy") or CategoricalAccuracy()
        found = super().forward(tokens, label)
        self.accuracy(found["logits"], label)
        return found


def predictor_of(reader, kind=None, predictor=TextClassifierPredictor):
    model = made.built()._model
    if kind is not None:
        model.__class__ = kind
    return predictor(model, reader)


def test_a_label_goes_along_where_the_model_insists_on_it():
    predictor = predictor_of(Reader("pos"), Insisting)
    said = predictor.predict_json({"sentence": TEXT})
    counted = predictor._model.accuracy.total_count
    ((found,),) = attribute(predictor, TEXT)
    plain = predictor_of(Reader())
    ((expected,),) = attribute(plain, TEXT)
    assert found.label == said["label"]
    assert_close(found.probability, np.max(said["probs"]))
    assert_close(found.scores, expected.scores)
    assert predictor._model.accuracy.total_count == counted  # a person's own metrics do not count what we run


def test_a_label_that_nobody_gives_is_said():
    with pytest.raises(InputError, match=r"missing 1 required positional argument: 'label'.*forward a default"):
        attribute(predictor_of(Reader(), Insisting), TEXT)


def test_sentences_in_a_list_are_refused_by_name():
    with pytest.raises(InputError, match=r"list of text fields.*segment_sentences: false"):
        attribute(predictor_of(Reader(sentences=True)), TEXT)


def test_weights_of_a_norm_are_not_kept_from_text_to_text():
    predictor = predictor_of(Reader())
    predictor._model.head = torch.nn.utils.weight_norm(predictor._model.head)
    ((found,),) = attribute(predictor, TEXT)
    assert not [note for note in found.notes if "from text to text" in note]


class Short(TextClassifierPredictor):
    """Says the label alone."""

    def predict_instance(self, instance):
        return {"label": super().predict_instance(instance)["label"]}


class Labelled(TextClassifierPredictor):
    """Reads a label, too."""

    def _json_to_instance(self, json_dict):
        return self._dataset_reader.text_to_instance(json_dict["text"], json_dict["label"])


@pytest.mark.parametrize("kind", [Short, Labelled])
def test_allennlps_own_run_where_its_own_do(kind):
    ((expected,),) = attribute(predictor_of(Reader()), TEXT, interpreter="simple-gradient")
    ((found,),) = attribute(predictor_of(Reader(), predictor=kind), TEXT, interpreter="simple-gradient")
    assert found.label == expected.label
    assert_close(found.scores, expected.scores)
    assert_close(found.probability, expected.probability)


class Nameless(made.TokensToClasses):
    def make_output_human_readable(self, output_dict):
        return output_dict


class OtherLabel(made.TokensToClasses):
    def forward(self, tokens, gold=None):
        return super().forward(tokens)


def test_allennlps_own_name_the_label_as_the_vocabulary_does():
    predictor = predictor_of(Reader(), Nameless)
    ((own,),) = attribute(predictor, TEXT, interpreter="simple-gradient")
    ((ours,),) = attribute(predictor, TEXT)
    assert own.label == ours.label
    assert not own.label.isdigit()


def test_what_allennlps_own_fail_with_is_said_as_it_is():
    with pytest.raises(UnsupportedModelError, match="fails on this predictor.*unexpected keyword argument 'label'"):
        attribute(predictor_of(Reader(), OtherLabel), TEXT, interpreter="simple-gradient")
