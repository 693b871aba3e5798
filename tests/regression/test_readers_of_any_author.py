"""Readers that call their parts as they like, cut, pad, add tokens, stem, replace or leave out words.

AllenNLP's guide calls the attribute `token_indexers`, and so do its many copies. The indexers were looked for under one name:
such a reader lost its tokenizer, and with it the right baseline and the special tokens, without a word. What a reader cut
looked like words without influence, a least length (for a CNN) or tokens of an indexer were refused by wrong reasons, and a
start token was painted over the first word. Only AllenNLP's own reader had been tried, with one indexer, as it is.
"""

import re

import allennlp_models as made
import checkpoints
import numpy as np
import pytest
import torch
from allennlp.data import DatasetReader, Instance, Token, Vocabulary
from allennlp.data.dataset_readers import TextClassificationJsonReader
from allennlp.data.fields import TextField
from allennlp.data.token_indexers import PretrainedTransformerIndexer, SingleIdTokenIndexer
from allennlp.data.tokenizers import CharacterTokenizer, LettersDigitsTokenizer, PretrainedTransformerTokenizer
from allennlp.interpret.saliency_interpreters import SaliencyInterpreter
from allennlp.models import BasicClassifier
from allennlp.modules.seq2vec_encoders import ClsPooler
from allennlp.modules.text_field_embedders import BasicTextFieldEmbedder
from allennlp.modules.token_embedders import PretrainedTransformerEmbedder
from allennlp.predictors import TextClassifierPredictor
from allennlp_models import TEXT, lstm
from closeness import BATCHED, assert_close

from eli5_transformers import attribute, get_explanation
from eli5_transformers.errors import InputError, UnsupportedModelError

CLS = {"type": "cls_pooler", "embedding_dim": 32}
RELEASED = ("simple-gradient", "integrated-gradient", "smooth-gradient")


def shown(attribution):
    """Each token with what it is painted on; + for a special one, ? for one without a place."""
    (text,), tokens = attribution.documents, attribution.tokens
    return [
        (name, text[start:end] if start >= 0 else "+" if special else "?")
        for name, start, end, special in zip(tokens.text, tokens.start, tokens.end, tokens.special)
    ]


# The parts of a reader, whatever they are called


class Guide(DatasetReader):
    """AllenNLP's guide's, which gives its indexers to the field at once."""

    def __init__(self, folder):
        super().__init__()
        self.tokenizer = PretrainedTransformerTokenizer(folder)
        self.token_indexers = {"tokens": PretrainedTransformerIndexer(folder)}

    def text_to_instance(self, text, label=None):
        return Instance({"tokens": TextField(self.tokenizer.tokenize(text), self.token_indexers)})


class Later(Guide):
    """Gives them when the instance is to be indexed, under a name of its own."""

    def __init__(self, folder):
        super().__init__(folder)
        self.cutter, self.numbers = self.__dict__.pop("tokenizer"), self.__dict__.pop("token_indexers")

    def text_to_instance(self, text, label=None):
        return Instance({"tokens": TextField(self.cutter.tokenize(text))})

    def apply_token_indexers(self, instance):
        instance["tokens"].token_indexers = self.numbers


@pytest.mark.parametrize("own", [Guide, Later])
def test_indexers_are_those_of_the_text_field(own, stars_checkpoint):
    folder = str(stars_checkpoint)
    embedder = BasicTextFieldEmbedder({"tokens": PretrainedTransformerEmbedder(folder)})
    vocab = Vocabulary({"labels": {"pos": 2, "neg": 1}})
    torch.manual_seed(0)
    model = BasicClassifier(vocab, embedder, ClsPooler(32), namespace="tags").eval()
    indexers = {"tokens": PretrainedTransformerIndexer(folder)}
    released = TextClassificationJsonReader(tokenizer=PretrainedTransformerTokenizer(folder), token_indexers=indexers)

    class Reading(TextClassifierPredictor):  # else AllenNLP's own cuts the text where a reader has no `tokenizer`
        def _json_to_instance(self, json_dict):
            return self._dataset_reader.text_to_instance(json_dict["sentence"])

    text = "the service was good"
    ((expected,),) = attribute(Reading(model, released), text)
    ((found,),) = attribute(Reading(model, own(folder)), text)
    assert found.baseline == expected.baseline == "mask ([MASK])"
    assert found.tokens == expected.tokens
    assert_close(found.scores, expected.scores)


def test_pieces_with_ids_of_a_vocabulary_have_their_special_tokens(stars_checkpoint):
    predictor = made.built({"type": "pretrained_transformer", "model_name": str(stars_checkpoint)})
    ((found,),) = attribute(predictor, "a good film")
    assert found.tokens.text[0] == "[CLS]"
    assert found.tokens.special[0]
    assert found.tokens.special[-1]
    assert found.scores[0] == found.scores[-1] == 0


# What is cut


@pytest.mark.parametrize("method", ["integrated-gradients", "occlusion", *RELEASED])
def test_what_a_reader_cuts_is_told(method):
    predictor = made.built(max_sequence_length=3)
    ((found,),) = attribute(predictor, TEXT, interpreter=method)
    assert (found.tokens.cut, found.tokens.seen) == ((6,), ((0, len("a good film")),))
    explanation = get_explanation(predictor, TEXT, interpreter=method)
    assert "The model sees the characters 0 to 11 of the text: 6 more tokens were cut." in explanation.description


def test_what_a_transformers_tokenizer_cuts_is_told(stars_checkpoint):
    name = {"type": "pretrained_transformer", "model_name": str(stars_checkpoint)}
    text, parts = "the service was good but never again", ({"tokens": name}, {"tokens": name}, CLS)
    predictor, whole = made.built({**name, "max_length": 5}, *parts), made.built(name, *parts)
    ((found,),) = attribute(predictor, text)
    assert found.tokens.cut == (len(attribute(whole, text)[0][0].tokens) - 5,)
    assert text[slice(*found.tokens.seen[0])] == text[: max(found.tokens.end)]


# Padding, and tokens that are put around


def test_a_least_length_is_padding():
    indexers = {"tokens": {"type": "single_id", "token_min_padding_length": 5}}
    cnn = {"type": "cnn", "embedding_dim": 8, "num_filters": 4, "ngram_filter_sizes": [2, 5]}
    predictor = made.built(indexers=indexers, encoder=cnn)
    for text in ("good film", TEXT):
        words = text.split()
        ((found,),) = attribute(predictor, text, interpreter="occlusion", baseline="unk")
        assert shown(found) == list(zip(words, words))
        assert_close(found.scores, made.removed(predictor, words, "@@UNKNOWN@@")[:, found.target], rtol=BATCHED)
    for name in RELEASED:
        torch.manual_seed(2)
        stock = SaliencyInterpreter.by_name(name)(predictor).saliency_interpret_from_json({"sentence": "good film"})
        torch.manual_seed(2)
        ((found,),) = attribute(predictor, "good film", interpreter=name)
        assert len(stock["instance_1"]["grad_input_1"]) == 5
        assert_close(found.scores, stock["instance_1"]["grad_input_1"][:2])


def test_a_text_below_the_width_of_a_convolution_names_the_mend():
    cnn = {"type": "cnn", "embedding_dim": 8, "num_filters": 4, "ngram_filter_sizes": [2, 5]}
    for method in ("occlusion", "simple-gradient"):
        with pytest.raises(InputError, match="token_min_padding_length"):
            attribute(made.built(encoder=cnn), "good film", interpreter=method)


@pytest.mark.parametrize("method", ["integrated-gradients", "occlusion", *RELEASED])
def test_tokens_that_an_indexer_adds_are_special(method):
    indexers = {"tokens": {"type": "single_id", "start_tokens": ["BEGIN"], "end_tokens": ["THE", "END"]}}
    predictor = made.built(indexers=indexers)
    ((found,),) = attribute(predictor, "a good film", interpreter=method)
    words = [(word, word) for word in ("a", "good", "film")]
    assert shown(found) == [("BEGIN", "+"), *words, ("THE", "+"), ("END", "+")]
    if method in RELEASED:
        torch.manual_seed(2)
        stock = SaliencyInterpreter.by_name(method)(predictor).saliency_interpret_from_json({"sentence": "a good film"})
        torch.manual_seed(2)
        ((found,),) = attribute(predictor, "a good film", interpreter=method)
        assert_close(found.scores, stock["instance_1"]["grad_input_1"])
    elif method == "occlusion":
        ((found,),) = attribute(predictor, "a good film", interpreter=method, baseline="unk")
        expected = made.removed(predictor, "a good film".split(), "@@UNKNOWN@@")[:, found.target]
        assert_close(found.scores[1:4], expected, rtol=BATCHED)


def test_a_reader_that_pads_its_fields_itself():
    def padded(text):
        return [*map(Token, text.split()), *[Token("@@PADDING@@")] * 4]

    ((found,),) = attribute(made.read_by(padded), "a good film")
    assert shown(found) == [("a", "a"), ("good", "good"), ("film", "film")]


def test_a_reader_that_makes_nothing_of_a_text_is_told():
    with pytest.raises(InputError):
        attribute(made.read_by(lambda text: []), "a good film")


def test_folded_texts_are_refused_by_allennlps_names_too(stars_checkpoint):
    name = {"type": "pretrained_transformer", "model_name": str(stars_checkpoint)}
    folding = {"tokens": {**name, "max_length": 6}}
    predictor = made.built(name, folding, folding, CLS)
    with pytest.raises(UnsupportedModelError, match="which folds longer ones"):
        attribute(predictor, "the service was good but never again", interpreter="simple-gradient")


# Where the tokens stand


TEXT_OF_FORMS = "The runners were running 42 times; it's a GOOD film!"
FORMS = {"runners": "runner", "were": "be", "running": "run"}


def words(text):
    return text.split()


def letters(text):
    return LettersDigitsTokenizer().tokenize(text)


READERS = {
    "lower": (lambda t: map(Token, words(t.lower())), [("good", "GOOD"), ("film!", "film!")]),
    "lemmas": (
        lambda t: [Token(FORMS.get(w, w)) for w in words(t)],
        [("runner", "runners"), ("be", "were"), ("run", "running")],
    ),
    "lemmas with offsets": (
        lambda t: [Token(FORMS.get(w.text, w.text), idx=w.idx, idx_end=w.idx + len(w.text)) for w in letters(t)],
        [("runner", "runners"), ("be", "were"), ("run", "running"), ("!", "!")],
    ),
    "stems with offsets": (
        lambda t: [Token(FORMS.get(w.text, w.text)[:6], idx=w.idx) for w in letters(t) if w.text != "were"],
        [("runner", "runner"), ("run", "run"), ("film", "film")],
    ),
    "numbers": (lambda t: [Token("<num>" if w.isdigit() else w) for w in words(t)], [("<num>", "42"), ("times;", "times;")]),
    "start and end": (
        lambda t: [Token("@start@", 0), *letters(t), Token("@end@", -1)],
        [("@start@", "+"), ("The", "The"), ("!", "!"), ("@end@", "+")],
    ),
    "markers": (lambda t: [Token("BOS"), *map(Token, words(t)), Token("EOS")], [("BOS", "+"), ("The", "The"), ("EOS", "+")]),
    "characters": (
        CharacterTokenizer(lowercase_characters=True, start_tokens=["<s>"], end_tokens=["#end#"]).tokenize,
        [("<s>", "+"), ("t", "T"), ("g", "G"), ("!", "!"), ("#end#", "+")],
    ),
    "cleaned before": (
        lambda t: letters(t.replace("The ", "")),
        [("runners", "runners"), ("42", "42"), ("'", "'"), ("s", "s"), ("!", "!")],
    ),
    "the last three": (lambda t: map(Token, words(t)[-3:]), [("a", "a"), ("GOOD", "GOOD"), ("film!", "film!")]),
    "upside down": (lambda t: map(Token, words(t)[::-1]), [("film!", "?"), ("The", "?")]),
    "twice": (lambda t: [Token(w) for w in words(t) for _ in range(2)], [("The", "?"), ("film!", "?")]),
    "pairs of words": (
        lambda t: map(Token, [*words(t), *map("_".join, zip(words(t), words(t)[1:]))]),
        [("runners", "runners"), ("The_runners", "?"), ("GOOD_film!", "?")],
    ),
    "a marker inside": (
        lambda t: [Token(x) for w in words(t) for x in (["xxup", w.lower()] if w.isupper() else [w])],
        [("xxup", "?"), ("good", "GOOD"), ("film!", "film!")],
    ),
}


@pytest.mark.parametrize("kind", READERS)
def test_tokens_stand_where_they_are_or_are_said_not_to(kind):
    tokenize, expected = READERS[kind]
    predictor = made.read_by(lambda text: list(tokenize(text)), TEXT_OF_FORMS)
    ((found,),) = attribute(predictor, TEXT_OF_FORMS, interpreter="gradient-x-input")
    places = shown(found)
    assert set(expected) <= set(places)
    lost = [name for name, place in places if place == "?" and name.strip()]
    said = [note for note in found.notes if "is not known" in note]
    assert bool(said) == bool(lost)
    if lost:
        assert f"{len(lost)} of {len(places)} tokens" in said[0]
        assert repr(lost[0]) in said[0]


def test_words_that_are_left_out_are_named():
    stop = {"the", "were", "a"}
    predictor = made.read_by(lambda t: [Token(w) for w in t.split() if w.lower() not in stop], "we saw the film of a friend")
    ((found,),) = attribute(predictor, "we saw the film of a friend")
    (note,) = (note for note in found.notes if "leaves out" in note)
    assert "'the', 'a'" in note
    assert not found.tokens.cut


def test_bytes_stand_on_their_characters():
    tokenizer = {"type": "character", "byte_encoding": "utf-8", "start_tokens": [258]}
    numbers = {"type": "single_id", "namespace": None, "feature_name": "text_id"}
    table = {"type": "embedding", "embedding_dim": 8, "num_embeddings": 260}
    predictor = made.built(tokenizer, {"tokens": numbers}, {"tokens": table})
    text = "né 4"
    ((found,),) = attribute(predictor, text)
    assert [place for _, place in shown(found)] == ["+", "n", "é", "é", "?", "4"]
    assert not [note for note in found.notes if "is not known" in note]


def test_a_namespace_of_ones_own_is_the_vocabulary():
    indexers = {"tokens": {"type": "single_id", "namespace": "mine", "lowercase_tokens": True}}
    embedders = {"tokens": {"type": "embedding", "embedding_dim": 8, "vocab_namespace": "mine"}}
    predictor = made.built(indexers=indexers, embedders=embedders, encoder=lstm(8))
    ((found,),) = attribute(predictor, "A Good film", interpreter="occlusion", baseline="bad")
    assert found.baseline == "token (bad)"
    expected = made.removed(predictor, ["A", "Good", "film"], "bad")[:, found.target]
    assert_close(found.scores, expected, rtol=BATCHED)


def test_an_indexer_of_ones_own_kind():
    """Ids that no vocabulary knows: numbers that the indexer makes itself."""

    class Hashing(SingleIdTokenIndexer):
        def tokens_to_indices(self, tokens, vocabulary):
            return {"numbers": [3 + sum(map(ord, token.text)) % 40 for token in tokens]}

        def as_padded_tensor_dict(self, tokens, padding_lengths):
            numbers = tokens["numbers"]
            return {"numbers": torch.tensor(numbers + [0] * (padding_lengths["numbers"] - len(numbers)))}

        def get_empty_token_list(self):
            return {"numbers": []}

    class Table(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.table = torch.nn.Embedding(50, 8)

        def forward(self, tokens):
            return self.table(tokens["tokens"]["numbers"])

    predictor = made.read_by(lambda text: list(map(Token, text.split())))
    reader, model = predictor._dataset_reader, predictor._model
    read = reader.text_to_instance
    reader.text_to_instance = lambda text, label=None: Instance(
        {"tokens": TextField(list(read(text)["tokens"].tokens), {"tokens": Hashing(namespace=None)})}
    )
    torch.manual_seed(0)
    model.embedder = Table()
    text = "a good film"
    ((found,),) = attribute(predictor, text, interpreter="occlusion", baseline="bad")
    expected = made.removed(predictor, text.split(), "bad")[:, found.target]
    assert_close(found.scores, expected, rtol=BATCHED)
    assert np.abs(found.scores).max() > 0
    assert re.fullmatch(r"token \(bad\)", found.baseline)


def test_the_words_of_the_checkpoint_are_those_of_the_tests():
    # The texts above are of words that it knows.
    assert {"the", "service", "was", "good"} <= set(checkpoints.WORDS)
