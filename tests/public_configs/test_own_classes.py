"""Readers, models and predictors of people's own, in the usual way of guides and tutorials."""

import numpy as np
import pytest
import torch
from allennlp.data import DatasetReader, Instance
from allennlp.data.fields import LabelField, MultiLabelField, TextField
from allennlp.data.token_indexers import SingleIdTokenIndexer
from allennlp.data.tokenizers import Token, Tokenizer, WhitespaceTokenizer
from allennlp.models import Model
from allennlp.modules import Seq2SeqEncoder, Seq2VecEncoder, TextFieldEmbedder
from allennlp.nn import util
from allennlp.predictors import Predictor
from allennlp.training.metrics import CategoricalAccuracy
from closeness import assert_close

from eli5_transformers import attribute, get_explanation, load_predictor

TEXT = "a great film , but the plot is weak"
EMBEDDER = {"token_embedders": {"tokens": {"type": "embedding", "embedding_dim": 6}}}
LSTM = {"type": "lstm", "input_size": 6, "hidden_size": 5}


def lines(path):
    import json

    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@DatasetReader.register("guide-tsv", exist_ok=True)
class GuideReader(DatasetReader):
    """The reader of the guide's first chapters: what it is made of is public."""

    def __init__(self, tokenizer: Tokenizer = None, max_tokens: int = None, **kwargs) -> None:
        super().__init__(**kwargs)
        self.tokenizer = tokenizer or WhitespaceTokenizer()
        self.token_indexers = {"tokens": SingleIdTokenIndexer()}
        self.max_tokens = max_tokens

    def text_to_instance(self, text: str, label: str = None) -> Instance:
        tokens = self.tokenizer.tokenize(text)[: self.max_tokens]
        fields = {"text": TextField(tokens, self.token_indexers)}
        if label:
            fields["label"] = LabelField(label)
        return Instance(fields)

    def _read(self, file_path: str):
        for line in lines(file_path):
            yield self.text_to_instance(line["text"], line["label"])


@Model.register("guide-classifier", exist_ok=True)
class GuideClassifier(Model):
    """The guide's `simple_classifier`: probabilities and a loss alone."""

    def __init__(self, vocab, embedder: TextFieldEmbedder, encoder: Seq2VecEncoder) -> None:
        super().__init__(vocab)
        self.embedder, self.encoder = embedder, encoder
        self.classifier = torch.nn.Linear(encoder.get_output_dim(), vocab.get_vocab_size("labels"))
        self.accuracy = CategoricalAccuracy()

    def forward(self, text, label=None):
        mask = util.get_text_field_mask(text)
        logits = self.classifier(self.encoder(self.embedder(text), mask))
        output = {"probs": torch.nn.functional.softmax(logits, -1)}
        if label is not None:
            self.accuracy(logits, label)
            output["loss"] = torch.nn.functional.cross_entropy(logits, label)
        return output

    def get_metrics(self, reset: bool = False):
        return {"accuracy": self.accuracy.get_metric(reset)}


@Predictor.register("guide-sentence", exist_ok=True)
class GuidePredictor(Predictor):
    """As the guide has it: all labels beside the prediction."""

    def predict(self, sentence: str):
        return self.predict_json({"sentence": sentence})

    def _json_to_instance(self, json_dict):
        return self._dataset_reader.text_to_instance(json_dict["sentence"])


@DatasetReader.register("tutorial-tokens", exist_ok=True)
class TokensReader(DatasetReader):
    """Takes tokens, which its predictor or `_read` makes."""

    def __init__(self, token_indexers: dict = None) -> None:
        super().__init__()
        self._token_indexers = {"tokens": SingleIdTokenIndexer()}

    def text_to_instance(self, tokens, label: str = None) -> Instance:
        fields = {"tokens": TextField([Token(word) for word in tokens], self._token_indexers)}
        if label is not None:
            fields["label"] = LabelField(label)
        return Instance(fields)

    def _read(self, file_path: str):
        for line in lines(file_path):
            yield self.text_to_instance(line["text"].split(), line["label"])


@Model.register("tutorial-lstm", exist_ok=True)
class LstmClassifier(Model):
    """Logits without probabilities, and no name of a predictor."""

    def __init__(self, vocab, embedder: TextFieldEmbedder, encoder: Seq2VecEncoder, positive_label: str = "pos") -> None:
        super().__init__(vocab)
        self.embedder, self.encoder = embedder, encoder
        self.hidden2tag = torch.nn.Linear(encoder.get_output_dim(), vocab.get_vocab_size("labels"))
        self.loss_function = torch.nn.CrossEntropyLoss()

    def forward(self, tokens, label=None):
        logits = self.hidden2tag(self.encoder(self.embedder(tokens), util.get_text_field_mask(tokens)))
        output = {"logits": logits}
        if label is not None:
            output["loss"] = self.loss_function(logits, label)
        return output


@Predictor.register("tutorial-words", exist_ok=True)
class WordsPredictor(Predictor):
    """{"tokens": […]}, without an option of its base class."""

    def __init__(self, model: Model, dataset_reader: DatasetReader) -> None:
        super().__init__(model, dataset_reader)

    def _json_to_instance(self, json_dict):
        return self._dataset_reader.text_to_instance(json_dict["tokens"])


@DatasetReader.register("topics", exist_ok=True)
class TopicsReader(DatasetReader):
    """Several labels, in a namespace of their own."""

    def text_to_instance(self, text: str, topics: list = None) -> Instance:
        fields = {"tokens": TextField([Token(word) for word in text.split()], {"tokens": SingleIdTokenIndexer()})}
        if topics is not None:
            fields["topics"] = MultiLabelField(topics, label_namespace="topics_labels")
        return Instance(fields)

    def _read(self, file_path: str):
        for line in lines(file_path):
            named = [word for word in ("film", "plot", "cast") if word in line["text"]]
            yield self.text_to_instance(line["text"], named)


@Model.register("topics", exist_ok=True)
class Topics(Model):
    """Sigmoids, and the names of all labels above one half."""

    default_predictor = "topics"

    def __init__(self, vocab, text_field_embedder: TextFieldEmbedder, seq2vec_encoder: Seq2VecEncoder) -> None:
        super().__init__(vocab)
        self._embedder, self._encoder = text_field_embedder, seq2vec_encoder
        self._out = torch.nn.Linear(seq2vec_encoder.get_output_dim(), vocab.get_vocab_size("topics_labels"))
        self._loss = torch.nn.BCEWithLogitsLoss()

    def forward(self, tokens, topics=None):
        logits = self._out(self._encoder(self._embedder(tokens), util.get_text_field_mask(tokens)))
        output = {"logits": logits, "probs": torch.sigmoid(logits)}
        if topics is not None:
            output["loss"] = self._loss(logits, topics.float())
        return output

    def make_output_human_readable(self, output_dict):
        names = self.vocab.get_index_to_token_vocabulary("topics_labels")
        output_dict["labels"] = [[names[i] for i, p in enumerate(row) if p > 0.5] for row in output_dict["probs"]]
        return output_dict


@Predictor.register("topics", exist_ok=True)
class TopicsPredictor(Predictor):
    """{"text": …}."""

    def _json_to_instance(self, json_dict):
        return self._dataset_reader.text_to_instance(text=json_dict["text"])


@Model.register("self-attentive", exist_ok=True)
class SelfAttentive(Model):
    """In the way of the biattentive network: attention of the text to itself, two encoders, three kinds of pooling."""

    default_predictor = "text_classifier"

    def __init__(
        self, vocab, text_field_embedder: TextFieldEmbedder, encoder: Seq2SeqEncoder, integrator: Seq2SeqEncoder
    ) -> None:
        super().__init__(vocab)
        self._embedder, self._encoder, self._integrator = text_field_embedder, encoder, integrator
        self._out = torch.nn.Linear(3 * integrator.get_output_dim(), vocab.get_vocab_size("labels"))
        self.loss = torch.nn.CrossEntropyLoss()

    def forward(self, tokens, label=None):
        mask = util.get_text_field_mask(tokens)
        encoded = self._encoder(self._embedder(tokens), mask)
        attended = util.weighted_sum(encoded, util.masked_softmax(encoded.bmm(encoded.transpose(1, 2)), mask))
        merged = self._integrator(torch.cat([encoded, encoded - attended, encoded * attended], 2), mask)
        pools = [util.masked_max(merged, mask[..., None], 1), util.masked_mean(merged, mask[..., None], 1), merged[:, 0]]
        logits = self._out(torch.cat(pools, 1))
        output = {"logits": logits, "class_probabilities": logits.softmax(-1)}
        if label is not None:
            output["loss"] = self.loss(logits, label)
        return output

    def make_output_human_readable(self, output_dict):
        best = output_dict["class_probabilities"].argmax(-1)
        output_dict["label"] = [self.vocab.get_token_from_index(int(i), namespace="labels") for i in best]
        return output_dict


GUIDE = {"type": "guide-classifier", "embedder": EMBEDDER, "encoder": {"type": "bag_of_embeddings", "embedding_dim": 6}}
TUTORIAL = {"type": "tutorial-lstm", "embedder": EMBEDDER, "encoder": LSTM}
RELEASED = {"type": "text_classification_json", "tokenizer": "just_spaces", "token_indexers": {"tokens": {"type": "single_id"}}}


def log(found):
    return np.log(found["probs"])


# The config, the option of loading, what the predictor reads, and its logits in what it returns.
CONFIGS = {
    "guide": (
        {"dataset_reader": {"type": "guide-tsv"}, "model": GUIDE, "predictor": {"type": "guide-sentence"}},
        {}, lambda text: {"sentence": text}, log,
    ),
    "guide, predictor of the caller": (
        {"dataset_reader": {"type": "guide-tsv"}, "model": GUIDE},
        {"predictor": "guide-sentence"}, lambda text: {"sentence": text}, log,
    ),
    "guide, no predictor": (
        {"dataset_reader": {"type": "guide-tsv"}, "model": GUIDE}, {}, lambda text: {"text": text}, log,
    ),
    "tutorial": (
        {"dataset_reader": {"type": "tutorial-tokens"}, "model": TUTORIAL, "predictor": "tutorial-words"},
        {}, lambda text: {"tokens": text.split()}, lambda found: found["logits"],
    ),
    "tutorial, no predictor": (
        {"dataset_reader": {"type": "tutorial-tokens"}, "model": TUTORIAL},
        {}, lambda text: {"tokens": text.split()}, lambda found: found["logits"],
    ),
    "topics": (
        {
            "dataset_reader": {"type": "topics"},
            "model": {"type": "topics", "text_field_embedder": EMBEDDER, "seq2vec_encoder": LSTM},
        },
        {}, lambda text: {"text": text}, lambda found: found["logits"],
    ),
    "self-attentive": (
        {
            "dataset_reader": RELEASED,
            "model": {
                "type": "self-attentive",
                "text_field_embedder": EMBEDDER,
                "encoder": {"type": "lstm", "input_size": 6, "hidden_size": 3, "bidirectional": True},
                "integrator": {"type": "lstm", "input_size": 18, "hidden_size": 3, "bidirectional": True},
            },
        },
        {}, lambda text: {"sentence": text}, lambda found: found["logits"],
    ),
}  # fmt: skip
MADE = {}


@pytest.fixture(params=list(CONFIGS))
def archive(request, trained):
    """The archive of a config, trained once, and what else the table says of it."""
    config, options, inputs, read = CONFIGS[request.param]
    if request.param not in MADE:
        MADE[request.param] = trained(config)
    return MADE[request.param], options, inputs, read


def test_scores_are_those_of_finite_differences(archive, slopes):
    path, options, inputs, read = archive
    predictor = load_predictor(path, **options)
    (expected,) = slopes(predictor, inputs(TEXT), read)
    (found,) = attribute(predictor, TEXT, interpreter="gradient-x-input", baseline="zero", targets=[0, 1])
    for one in found:
        assert one.documents == (TEXT,)
        assert one.tokens.text == tuple(TEXT.split())
        assert_close(one.scores, expected[:, one.target], rtol=1e-5)
        assert_close(one.score, read(predictor.predict_json(inputs(TEXT)))[one.target])


def test_what_is_explained_is_what_the_predictor_says(archive):
    path, options, inputs, read = archive
    predictor = load_predictor(path, **options)
    said = predictor.predict_json(inputs(TEXT))
    ((one, *_),) = attribute(predictor, TEXT)
    names = said.get("labels", [said["label"]] if "label" in said else None)
    if names:
        assert one.label in names
    else:  # a guide's model says no name
        assert one.label == predictor._model.vocab.get_token_from_index(int(np.argmax(read(said))), "labels")
    explained = get_explanation(path, TEXT, **options)
    assert explained.targets[0].target == one.label
    assert_close(explained.targets[0].proba, one.probability)
