"""Pairs in the way of ESIM, decomposable attention, BiMPM and siamese encoders: each text in a field of its own."""

import json
from typing import Dict, Optional

import numpy as np
import pytest
import torch
from allennlp.data import DatasetReader, Instance
from allennlp.data.fields import LabelField, TextField
from allennlp.data.token_indexers import SingleIdTokenIndexer, TokenIndexer
from allennlp.data.tokenizers import Tokenizer, WhitespaceTokenizer
from allennlp.models import Model
from allennlp.modules import FeedForward, InputVariationalDropout, Seq2SeqEncoder, Seq2VecEncoder, TextFieldEmbedder
from allennlp.modules.matrix_attention import DotProductMatrixAttention
from allennlp.nn import util
from allennlp.predictors import Predictor
from closeness import assert_close

from eli5_transformers import attribute, get_explanation, load_predictor
from eli5_transformers.errors import InputError, UnsupportedModelError

PREMISE, HYPOTHESIS = "two women sing a song here", "a man sings"
PAIRS = [
    (PREMISE, HYPOTHESIS),
    ("women", "sing"),
    ("nobody sings a song here", "nobody sings a song here"),
    ("a man", "a man reads the news and sings a song here"),
    ("two women", "a man reads"),
    ("a man reads", "two women"),
]


@DatasetReader.register("pairs-in-two-fields", exist_ok=True)
class Pairs(DatasetReader):
    """As the readers of SNLI and of Quora's questions."""

    def __init__(
        self,
        tokenizer: Optional[Tokenizer] = None,
        token_indexers: Optional[Dict[str, TokenIndexer]] = None,
        hypothesis_indexers: Optional[Dict[str, TokenIndexer]] = None,
        hypothesis_first: bool = False,
    ) -> None:
        super().__init__()
        self._tokenizer = tokenizer or WhitespaceTokenizer()
        self._indexers = token_indexers or {"tokens": SingleIdTokenIndexer()}
        self._others = hypothesis_indexers or self._indexers
        self._turned = hypothesis_first

    def text_to_instance(self, premise: str, hypothesis: str, label: Optional[str] = None) -> Instance:
        fields = {
            "premise": TextField(self._tokenizer.tokenize(premise)),
            "hypothesis": TextField(self._tokenizer.tokenize(hypothesis)),
        }
        if self._turned:
            fields = dict(reversed(fields.items()))
        if label is not None:
            fields["label"] = LabelField(label)
        return Instance(fields)

    def apply_token_indexers(self, instance: Instance) -> None:
        instance["premise"].token_indexers = self._indexers
        instance["hypothesis"].token_indexers = self._others

    def _read(self, file_path: str):
        with open(file_path, encoding="utf-8") as file:
            for line in map(json.loads, file):
                yield self.text_to_instance(line["sentence1"], line["sentence2"], line["gold_label"])


@Predictor.register("entailment-of-two-fields", exist_ok=True)
class Entailment(Predictor):
    """As `textual_entailment`."""

    def predict(self, premise: str, hypothesis: str):
        return self.predict_json({"premise": premise, "hypothesis": hypothesis})

    def _json_to_instance(self, json_dict):
        return self._dataset_reader.text_to_instance(json_dict["premise"], json_dict["hypothesis"])

    def predictions_to_labeled_instances(self, instance, outputs):
        labelled = instance.duplicate()
        labelled.add_field("label", LabelField(int(np.argmax(outputs["probs"])), skip_indexing=True))
        return [labelled]


class OfTwoFields(Model):
    """What the models have in common; `logits_of(premise, hypothesis)` is their own."""

    default_predictor = "entailment-of-two-fields"

    def __init__(self, vocab) -> None:
        super().__init__(vocab)
        self._loss = torch.nn.CrossEntropyLoss()

    def forward(self, premise, hypothesis, label=None):
        logits = self.logits_of(premise, hypothesis)
        output = {"logits": logits, "probs": logits.softmax(-1)}
        if label is not None:
            output["loss"] = self._loss(logits, label)
        return output

    def make_output_human_readable(self, output_dict):
        names = self.vocab.get_index_to_token_vocabulary("labels")
        output_dict["label"] = [names[int(i)] for i in output_dict["probs"].argmax(-1)]
        return output_dict


@Model.register("esim-of-a-test", exist_ok=True)
class ESIM(OfTwoFields):
    """As allennlp-models' `esim`."""

    def __init__(
        self,
        vocab,
        text_field_embedder: TextFieldEmbedder,
        encoder: Seq2SeqEncoder,
        projection_feedforward: FeedForward,
        inference_encoder: Seq2SeqEncoder,
        output_feedforward: FeedForward,
        dropout: float = 0.5,
    ) -> None:
        super().__init__(vocab)
        self._text_field_embedder = text_field_embedder
        self._encoder = encoder
        self._attention = DotProductMatrixAttention()
        self._projection = projection_feedforward
        self._inference = inference_encoder
        self._dropout = InputVariationalDropout(dropout)
        self._output = output_feedforward
        self._out = torch.nn.Linear(output_feedforward.get_output_dim(), vocab.get_vocab_size("labels"))

    def logits_of(self, premise, hypothesis):
        embedded = [self._dropout(self._text_field_embedder(field)) for field in (premise, hypothesis)]
        masks = [util.get_text_field_mask(field) for field in (premise, hypothesis)]
        one, two = (self._encoder(vectors, mask) for vectors, mask in zip(embedded, masks))
        similar = self._attention(one, two)
        seen = util.weighted_sum(two, util.masked_softmax(similar, masks[1]))
        seen_by_two = util.weighted_sum(one, util.masked_softmax(similar.transpose(1, 2).contiguous(), masks[0]))
        pooled = []
        for own, other, mask in ((one, seen, masks[0]), (two, seen_by_two, masks[1])):
            enhanced = torch.cat([own, other, own - other, own * other], -1)
            composed = self._inference(self._dropout(self._projection(enhanced)), mask)
            largest = util.masked_max(composed, mask.unsqueeze(-1), dim=1)
            mean = torch.sum(composed * mask.unsqueeze(-1), 1) / mask.sum(1, keepdim=True)
            pooled += [mean, largest]
        return self._out(self._output(torch.cat(pooled, 1)))


@Model.register("decomposable-of-two-fields", exist_ok=True)
class Decomposable(OfTwoFields):
    """As allennlp-models' `decomposable_attention`, with a look-up of its own for the hypothesis where one is given."""

    def __init__(
        self,
        vocab,
        text_field_embedder: TextFieldEmbedder,
        attend_feedforward: FeedForward,
        compare_feedforward: FeedForward,
        aggregate_feedforward: FeedForward,
        hypothesis_embedder: Optional[TextFieldEmbedder] = None,
    ) -> None:
        super().__init__(vocab)
        self._text_field_embedder = text_field_embedder
        self._hypothesis_embedder = hypothesis_embedder or text_field_embedder
        self._attend, self._compare, self._aggregate = attend_feedforward, compare_feedforward, aggregate_feedforward

    def logits_of(self, premise, hypothesis):
        one, two = self._text_field_embedder(premise), self._hypothesis_embedder(hypothesis)
        mask, other_mask = util.get_text_field_mask(premise), util.get_text_field_mask(hypothesis)
        similar = self._attend(one).bmm(self._attend(two).transpose(1, 2))
        seen = util.weighted_sum(two, util.masked_softmax(similar, other_mask))
        seen_by_two = util.weighted_sum(one, util.masked_softmax(similar.transpose(1, 2), mask))
        compared = [
            (self._compare(torch.cat([own, attended], -1)) * present[..., None]).sum(1)
            for own, attended, present in ((one, seen, mask), (two, seen_by_two, other_mask))
        ]
        return self._aggregate(torch.cat(compared, -1))


@Model.register("siamese-of-a-test", exist_ok=True)
class Siamese(OfTwoFields):
    """One encoder for both; `joined` looks both fields up by one call: beside each other, or one above the other."""

    def __init__(
        self,
        vocab,
        text_field_embedder: TextFieldEmbedder,
        encoder: Seq2VecEncoder,
        hypothesis_embedder: Optional[TextFieldEmbedder] = None,
        joined: str = "",
        overlap: bool = False,
    ) -> None:
        super().__init__(vocab)
        self._text_field_embedder = text_field_embedder
        self._hypothesis_embedder = hypothesis_embedder or text_field_embedder
        self._encoder, self._joined, self._overlap = encoder, joined, overlap
        self._out = torch.nn.Linear(4 * encoder.get_output_dim() + overlap, vocab.get_vocab_size("labels"))

    def _looked_up(self, premise, hypothesis):
        if not self._joined:
            return self._text_field_embedder(premise), self._hypothesis_embedder(hypothesis)
        ids = [field["tokens"]["tokens"] for field in (premise, hypothesis)]
        length = ids[0].shape[1]
        if self._joined == "beside":
            both = self._text_field_embedder({"tokens": {"tokens": torch.cat(ids, 1)}})
            return both[:, :length], both[:, length:]
        longest = max(part.shape[1] for part in ids)
        both = torch.cat([torch.nn.functional.pad(part, (0, longest - part.shape[1])) for part in ids])
        one, two = self._text_field_embedder({"tokens": {"tokens": both}}).chunk(2)
        return one[:, :length], two[:, : ids[1].shape[1]]

    def logits_of(self, premise, hypothesis):
        fields = (premise, hypothesis)
        one, two = (
            self._encoder(vectors, util.get_text_field_mask(field))
            for vectors, field in zip(self._looked_up(*fields), fields)
        )
        features = [one, two, (one - two).square(), one * two]
        if self._overlap:
            ids = [field["tokens"]["tokens"] for field in fields]
            features.append((ids[0][:, :, None] == ids[1][:, None]).float().sum((1, 2))[:, None])
        return self._out(torch.cat(features, 1))


def embedder(**token_embedders):
    return {"token_embedders": token_embedders or {"tokens": {"type": "embedding", "embedding_dim": 6}}}


def forward(size, output, layers=1):
    return {"input_dim": size, "num_layers": layers, "hidden_dims": output, "activations": "tanh"}


def lstm(size, hidden=4):
    return {"type": "lstm", "input_size": size, "hidden_size": hidden, "bidirectional": True}


CHARACTERS = {
    "tokens": {"type": "single_id"},
    "token_characters": {"type": "characters", "min_padding_length": 3},
}
CHARACTERS_EMBEDDER = embedder(
    tokens={"type": "embedding", "embedding_dim": 6},
    token_characters={
        "type": "character_encoding",
        "embedding": {"embedding_dim": 4, "vocab_namespace": "token_characters"},
        "encoder": {"type": "cnn", "embedding_dim": 4, "num_filters": 5, "ngram_filter_sizes": [2, 3]},
    },
)


def esim(size=6, **options):
    return {
        "type": "esim-of-a-test",
        "text_field_embedder": embedder(),
        "encoder": lstm(size),
        "projection_feedforward": forward(32, 8),
        "inference_encoder": lstm(8),
        "output_feedforward": forward(32, 8),
        **options,
    }


def decomposable(size=6, **options):
    return {
        "type": "decomposable-of-two-fields",
        "text_field_embedder": embedder(),
        "attend_feedforward": forward(size, 5),
        "compare_feedforward": forward(2 * size, 5),
        "aggregate_feedforward": {**forward(10, 3), "activations": "linear"},
        **options,
    }


def siamese(size=6, **options):
    return {
        "type": "siamese-of-a-test",
        "text_field_embedder": embedder(),
        "encoder": lstm(size),
        **options,
    }


def config(pairs, model, **reader):
    return {
        "dataset_reader": {"type": "pairs-in-two-fields", **reader},
        "model": model,
        "train_data_path": str(pairs),
    }


MODELS = {
    "esim": (esim(), {}),
    "decomposable": (decomposable(), {}),
    "siamese": (siamese(), {}),
    "two embedders": (siamese(hypothesis_embedder=embedder()), {}),
    "hypothesis first": (decomposable(hypothesis_embedder=embedder()), {"hypothesis_first": True}),
    "joined": (siamese(joined="beside"), {}),
    "bag": (siamese(encoder={"type": "boe", "embedding_dim": 6, "averaged": True}), {}),
    "characters": (esim(16, text_field_embedder=CHARACTERS_EMBEDDER), {"token_indexers": CHARACTERS}),
}


@pytest.fixture(scope="module")
def predictors(trained, pairs):
    """The predictor of each of `MODELS`, made at its first use."""
    made = {}

    def predictor(name):
        if name not in made:
            model, reader = MODELS[name]
            made[name] = load_predictor(trained(config(pairs, model, **reader)))
        return made[name]

    return predictor


def explained(predictor, pairs=PAIRS, **options):
    found = attribute(predictor, [one for one, _ in pairs], text_pairs=[two for _, two in pairs], **options)
    return [one for (one,) in found]


def in_order(predictor, slopes, pair, double=True):
    """The slopes of a pair's tokens, (tokens, classes), the premise's before the hypothesis's."""
    model = predictor._model
    given = dict(zip(("premise", "hypothesis"), pair))
    tables = dict.fromkeys([model._text_field_embedder, getattr(model, "_hypothesis_embedder", model._text_field_embedder)])
    found = [
        part
        for table in tables
        for part in slopes(predictor, given, lambda outputs: outputs["logits"], table=table, double=double)
    ]
    return np.concatenate(found)


@pytest.mark.parametrize("pair", PAIRS[:4])
@pytest.mark.parametrize("name", MODELS)
def test_the_scores_are_those_of_finite_differences(predictors, slopes, name, pair):
    predictor = predictors(name)
    double = name != "characters"
    expected = in_order(predictor, slopes, pair, double)
    (one,) = explained(predictor, [pair], interpreter="gradient-x-input", baseline="zero", keep_special=False)
    assert one.documents == pair
    assert one.label == predictor.predict(*pair)["label"]
    assert_close(one.scores, expected[:, one.target], rtol=1e-5 if double else 3e-2)
    assert one.tokens.text == tuple(word for text in pair for word in text.split())
    assert one.tokens.segment == tuple(number for number, text in enumerate(pair) for _ in text.split())
    spans = zip(one.tokens.start, one.tokens.end, one.tokens.segment)
    assert [one.documents[segment][start:end] for start, end, segment in spans] == list(one.tokens.text)


@pytest.mark.parametrize("name", MODELS)
def test_a_pair_in_a_list_has_the_scores_that_it_has_alone(predictors, name):
    predictor = predictors(name)
    for interpreter in ("gradient-x-input", "linearization", {"type": "smoothgrad", "seed": 3, "samples": 4}, "occlusion"):
        for pair, listed in zip(PAIRS, explained(predictor, interpreter=interpreter)):
            (alone,) = explained(predictor, [pair], interpreter=interpreter)
            assert listed.documents == alone.documents == pair
            assert_close(listed.scores, alone.scores, rtol=1e-4)


@pytest.mark.parametrize("name", MODELS)
def test_integrated_gradients_are_complete(predictors, name):
    for one in explained(predictors(name), interpreter={"type": "integrated-gradients", "n_steps": 64}):
        assert one.relative_delta < 0.02, one.documents


@pytest.mark.parametrize("name", ["esim", "decomposable", "two embedders", "joined", "characters"])
def test_a_word_put_out_of_sight_is_a_word_exchanged_by_hand(predictors, name):
    predictor = predictors(name)
    for pair, one in zip(PAIRS, explained(predictor, interpreter="occlusion", baseline="unk")):
        logits = predictor.predict(*pair)["logits"]
        expected = []
        for number, text in enumerate(pair):
            for place in range(len(text.split())):
                words = text.split()
                words[place] = "@@UNKNOWN@@"
                changed = [" ".join(words) if number == other else kept for other, kept in enumerate(pair)]
                expected.append(logits[one.target] - predictor.predict(*changed)["logits"][one.target])
        assert_close(one.scores, expected, rtol=1e-3)


@pytest.mark.parametrize("interpreter", ["simple-gradient", "integrated-gradient"])
@pytest.mark.parametrize("name", ["esim", "decomposable", "siamese", "bag", "characters"])
def test_allennlps_own_numbers_stand_at_the_tokens_that_they_are_of(predictors, name, interpreter):
    from allennlp.interpret.saliency_interpreters import SaliencyInterpreter

    predictor = predictors(name)
    for pair in PAIRS:
        (one,) = explained(predictor, [pair], interpreter=interpreter)
        stock = SaliencyInterpreter.by_name(interpreter)(predictor)
        grads = stock.saliency_interpret_from_json(dict(zip(("premise", "hypothesis"), pair)))["instance_1"]
        # The gradient of what was looked up last comes first.
        assert_close(one.scores, [*grads["grad_input_2"], *grads["grad_input_1"]])
        assert one.tokens.text == tuple(word for text in pair for word in text.split())
        assert any("each text are normalized by themselves" in note for note in one.notes)


def test_allennlps_own_numbers_of_one_look_up_for_both(predictors):
    from allennlp.interpret.saliency_interpreters import SaliencyInterpreter

    predictor = predictors("joined")
    (one,) = explained(predictor, PAIRS[:1], interpreter="simple-gradient")
    stock = SaliencyInterpreter.by_name("simple-gradient")(predictor)
    (scores,) = stock.saliency_interpret_from_json({"premise": PREMISE, "hypothesis": HYPOTHESIS})["instance_1"].values()
    assert_close(one.scores, scores)
    assert not any("by themselves" in note for note in one.notes)


def test_allennlps_own_are_refused_where_they_look_at_one_text_alone(predictors):
    with pytest.raises(UnsupportedModelError, match="returned 6 scores for two texts of 6 and 3 tokens.*looks at one embedder"):
        explained(predictors("two embedders"), PAIRS[:1], interpreter="simple-gradient")


def test_allennlps_json_has_the_second_text_first_as_allennlp_has_it(predictors):
    from allennlp.interpret.saliency_interpreters import SaliencyInterpreter

    predictor = predictors("esim")
    interpreter = SaliencyInterpreter.by_name("gradient-x-input")(predictor)
    (found,) = interpreter.saliency_interpret_from_json({"premise": PREMISE, "hypothesis": HYPOTHESIS}).values()
    (one,) = explained(predictor, PAIRS[:1], interpreter="gradient-x-input")
    assert list(found) == ["grad_input_1", "grad_input_2"]
    assert_close([*found["grad_input_2"], *found["grad_input_1"]], one.scores)
    assert len(found["grad_input_1"]) == len(HYPOTHESIS.split())


@pytest.mark.parametrize("kind", ["pretrained_transformer", "pretrained_transformer_mismatched"])
@pytest.mark.parametrize("two", [False, True], ids=["one embedder", "two embedders"])
def test_transformers_of_both_texts(trained, pairs, slopes, stars_checkpoint, kind, two):
    name = {"type": kind, "model_name": str(stars_checkpoint)}
    tokenizer = name if kind == "pretrained_transformer" else {"type": "whitespace"}
    given = embedder(tokens=name)
    second = {"hypothesis_embedder": given} if two else {}
    model = siamese(32, text_field_embedder=given, encoder={"type": "boe", "embedding_dim": 32, "averaged": True}, **second)
    predictor = load_predictor(trained(config(pairs, model, tokenizer=tokenizer, token_indexers={"tokens": name})))
    pair = ("the service was good but never again", "not good")
    (one,) = explained(predictor, [pair], interpreter="gradient-x-input", baseline="zero", keep_special=False)
    tables = [module for key, module in predictor._model.named_modules() if key.endswith("word_embeddings")]
    expected = np.concatenate(
        [
            part
            for table in dict.fromkeys(tables)
            for part in slopes(
                predictor,
                dict(zip(("premise", "hypothesis"), pair)),
                lambda outputs: outputs["logits"],
                table=table,
            )
        ]
    )
    assert_close(one.scores, expected[:, one.target], rtol=1e-3)
    assert sum(one.tokens.special) == 4
    assert [one.tokens.text[place] for place in (0, -1)] == ["[CLS]", "[SEP]"]
    listed = explained(predictor, [pair, ("not good", "the service was good"), ("never", "never")])
    assert [found.baseline for found in listed] == ["mask ([MASK])"] * 3
    for own, found in zip([pair, ("not good", "the service was good"), ("never", "never")], listed):
        (alone,) = explained(predictor, [own])
        assert_close(found.scores, alone.scores, rtol=1e-3)


def test_what_a_reader_cuts_and_an_indexer_adds(trained, pairs, slopes):
    indexer = {"type": "single_id", "start_tokens": ["<s>"], "end_tokens": ["</s>"], "token_min_padding_length": 7}
    predictor = load_predictor(trained(config(pairs, esim(), token_indexers={"tokens": indexer})))
    (one,) = explained(predictor, PAIRS[:1], interpreter="gradient-x-input", baseline="zero", keep_special=False)
    expected = in_order(predictor, slopes, PAIRS[0])
    assert one.tokens.text == ("<s>", *PREMISE.split(), "</s>", "<s>", *HYPOTHESIS.split(), "</s>")
    # The hypothesis is padded to 7 tokens behind its own 5.
    assert len(expected) == len(one.tokens) + 2
    assert_close(one.scores, expected[: len(one.tokens), one.target], rtol=1e-5)
    assert_close(expected[len(one.tokens) :], 0 * expected[len(one.tokens) :])
    for interpreter in ("simple-gradient", "occlusion", "integrated-gradients"):
        assert len(explained(predictor, PAIRS[:1], interpreter=interpreter)[0].scores) == len(one.tokens)


REFUSED = {
    "one above the other": (siamese(joined="above"), {}, "turns the token ids into vectors.*each text field by itself"),
    "the same words counted": (siamese(overlap=True), {}, "reads more of its token ids than the vectors"),
    "indexers of two namespaces": (
        siamese(hypothesis_embedder=embedder(tokens={"type": "embedding", "embedding_dim": 6, "vocab_namespace": "others"})),
        {"hypothesis_indexers": {"tokens": {"type": "single_id", "namespace": "others"}}},
        "'premise' and 'hypothesis' have other indexers.*'tokens' of 'others'.*the same indexers",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_explained_soundly_is_refused_by_its_name(trained, pairs, name):
    model, reader, sentence = REFUSED[name]
    predictor = load_predictor(trained(config(pairs, model, **reader)))
    assert predictor.predict(PREMISE, HYPOTHESIS)["label"]
    for interpreter in ("integrated-gradients", "occlusion"):
        with pytest.raises((InputError, UnsupportedModelError), match=sentence):
            explained(predictor, PAIRS[:1], interpreter=interpreter)


def test_a_layer_of_two_texts_is_refused(predictors):
    with pytest.raises(InputError, match="reads the two texts of a pair by themselves.*leave layer out"):
        explained(predictors("esim"), PAIRS[:1], layer="_encoder")


def test_a_pair_is_shown_as_pairs_are(predictors, tmp_path):
    explanation = get_explanation(predictors("decomposable"), PREMISE, text_pair=HYPOTHESIS)
    assert explanation.targets
    with pytest.raises(InputError, match="reads a pair of texts.*text_pair="):
        get_explanation(predictors("decomposable"), PREMISE)
