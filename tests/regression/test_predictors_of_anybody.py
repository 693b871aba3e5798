"""Predictors of anybody's are explained by the keys that they read, whatever these are, for one text or a pair.

Only a predictor whose JSON has the key "sentence" could be explained: {"text": …}, {"tokens": […]} and the pairs of
allennlp-models ended in a bare KeyError or were refused, and an archive whose model names no predictor was a bare
NotImplementedError. The tests before had AllenNLP's `text_classifier` alone, which is the only one with that key.
"""

import numpy as np
import pytest
import torch
from closeness import assert_close

import eli5_transformers  # noqa: F401  makes AllenNLP importable

# isort: split
from allennlp.data import DatasetReader, Instance, Vocabulary
from allennlp.data.dataset_readers import TextClassificationJsonReader
from allennlp.data.fields import MetadataField, TextField
from allennlp.data.token_indexers import SingleIdTokenIndexer
from allennlp.data.tokenizers import CharacterTokenizer, Token, WhitespaceTokenizer
from allennlp.models import BasicClassifier
from allennlp.modules.seq2vec_encoders import BagOfEmbeddingsEncoder
from allennlp.modules.text_field_embedders import BasicTextFieldEmbedder
from allennlp.modules.token_embedders import Embedding
from allennlp.predictors import Predictor

from eli5_transformers import attribute, compare, get_explanation
from eli5_transformers.components.text_to_instance import ReaderPredictor
from eli5_transformers.errors import InputError, UnsupportedModelError

TEXT, SECOND = "a good film, with a bad end", "the plot is a good film"


class Words(DatasetReader):
    """A reader whose field holds the lists of words in `parts(given)`, one behind the other."""

    def __init__(self, parts):
        super().__init__()
        self.text_to_instance = parts


def instance(*parts, **more):
    tokens = [Token(word) for part in parts for word in part]
    return Instance({"tokens": TextField(tokens, {"tokens": SingleIdTokenIndexer()}), **more})


def texts(tokenizer=None):
    return TextClassificationJsonReader(tokenizer=tokenizer or WhitespaceTokenizer())


def joined(*between):
    return Words(lambda one, two="": instance(one.split(), between, two.split()))


def predictor_of(reader, read, kind=Predictor):
    torch.manual_seed(3)
    words = [*TEXT.split(), *SECOND.split(), "[SEP]", "|||", *"abcdefghijklmnopqrstuvwxyz"]
    vocab = Vocabulary({"tokens": dict.fromkeys(words, 1), "labels": {"pos": 2, "neg": 1}})
    embedder = BasicTextFieldEmbedder({"tokens": Embedding(8, num_embeddings=vocab.get_vocab_size())})
    model = BasicClassifier(vocab, embedder, BagOfEmbeddingsEncoder(8, True)).eval()
    made = kind if read is None else type("Own", (kind,), {"_json_to_instance": lambda self, given: read(self, given)})
    return made(model, reader)


def reader_of(predictor):
    return predictor._dataset_reader.text_to_instance


ONE = {
    "required": (texts(), lambda own, given: reader_of(own)(text=given["text"]), "text"),
    "unknown name": (texts(), lambda own, given: reader_of(own)(text=given["tweet_cleaned"]), "tweet_cleaned"),
    "may be left out": (texts(), lambda own, given: reader_of(own)(text=given.get("review", "")), "review"),
    "either": (texts(), lambda own, given: reader_of(own)(text=given.get("sentence") or given["text"]), "sentence"),
    "asked for": (texts(), lambda own, given: reader_of(own)(text=given["body"]) if "body" in given else 1 / 0, "body"),
    "taken out": (texts(), lambda own, given: reader_of(own)(text=given.pop("comment")), "comment"),
    "handed on": (texts(), lambda own, given: reader_of(own)(**given), "text"),
    "list of words": (Words(lambda tokens: instance(tokens)), lambda own, given: reader_of(own)(given["tokens"]), "tokens"),
    "list by another name": (Words(lambda x: instance(x)), lambda own, given: reader_of(own)(given["review"]), "review"),
    "list that is joined": (texts(), lambda own, given: reader_of(own)(text=" ".join(given["tokens"])), "tokens"),
    "characters": (texts(CharacterTokenizer()), lambda own, given: reader_of(own)(text=given["text"]), "text"),
    "beside others": (
        Words(lambda text, more: instance(text.split(), metadata=MetadataField(more))),
        lambda own, given: reader_of(own)(given["text"], {"source": given["url"], "id": int(given["id"])}),
        "text",
    ),
}


@pytest.mark.parametrize("name", ONE)
def test_one_text_goes_under_the_key_that_is_read(name):
    reader, read, key = ONE[name]
    predictor = predictor_of(reader, read)
    ((one,),) = attribute(predictor, TEXT, interpreter="gradient-x-input")
    assert one.documents == (TEXT,)
    placed = [TEXT[start:end] for start, end in zip(one.tokens.start, one.tokens.end) if start >= 0]
    assert "".join(placed) == TEXT.replace(" ", "")
    listed = "list" in name
    given = {key: TEXT.split() if listed else TEXT, **({"url": "x", "id": "1"} if name == "beside others" else {})}
    assert one.label == predictor.predict_json(dict(given))["label"]
    # A person's own dict goes as it is.
    ((own,),) = attribute(predictor, [given], interpreter="gradient-x-input")
    assert_close(own.scores, one.scores)
    assert own.documents == (TEXT,)
    assert bool(one.notes) == ("list of words" in name or "another name" in name)


PAIRS = {
    "separator": (joined("[SEP]"), ("premise", "hypothesis")),
    "separator of ones own": (joined("|||"), ("q1", "q2")),
    "no separator": (joined(), ("sentence1", "sentence2")),
    "two separators": (joined("[SEP]", "[SEP]"), ("text_a", "text_b")),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("backwards", [False, True])
def test_a_pair_goes_to_the_two_keys_and_each_token_to_its_text(name, backwards):
    reader, (first, second) = PAIRS[name]

    def read(own, given):
        found = {key: given[key] for key in ((second, first) if backwards else (first, second))}
        return reader_of(own)(found[first], found[second])

    predictor = predictor_of(reader, read)
    ((one,),) = attribute(predictor, TEXT, text_pairs=[SECOND], interpreter="gradient-x-input")
    asked = backwards and second not in ("hypothesis", "sentence2", "text_b")
    documents = (TEXT, SECOND)
    for segment, document in enumerate(documents):
        places = [
            (start, end)
            for start, end, of in zip(one.tokens.start, one.tokens.end, one.tokens.segment)
            if start >= 0 and of == segment
        ]
        assert [document[start:end] for start, end in places] == document.split()
    given = dict(zip((second, first) if asked else (first, second), documents))
    assert one.label == predictor.predict_json(given)["label"]
    assert_close(attribute(predictor, [given], interpreter="gradient-x-input")[0][0].scores, one.scores)
    assert get_explanation(predictor, TEXT, text_pair=SECOND).targets


def test_a_second_text_may_be_left_out_where_the_predictor_lets_it():
    predictor = predictor_of(joined("[SEP]"), lambda own, given: reader_of(own)(given["text"], given.get("text_pair", "")))
    assert attribute(predictor, TEXT)[0][0].documents == (TEXT,)
    assert attribute(predictor, TEXT, text_pairs=[SECOND])[0][0].documents == (TEXT, SECOND)


def test_texts_that_are_missing_too_many_or_none_are_said():
    pair = predictor_of(joined("[SEP]"), lambda own, given: reader_of(own)(given["premise"], given["hypothesis"]))
    with pytest.raises(InputError, match=r"reads a pair of texts \('premise', 'hypothesis'\): give the second one as text_pa"):
        attribute(pair, TEXT)
    single = predictor_of(texts(), lambda own, given: reader_of(own)(text=given["text"]))
    with pytest.raises(InputError, match="reads one text, but text_pair was given"):
        attribute(single, TEXT, text_pairs=[SECOND])
    with pytest.raises(InputError, match="reads one text"):  # it would be dropped
        attribute(single, [{"text": TEXT, "text_pair": SECOND}])
    unread = Words(lambda x: Instance({"metadata": MetadataField(x)}))
    nothing = predictor_of(unread, lambda own, given: reader_of(own)(given["x"]))
    with pytest.raises(InputError, match="its instances have no text field"):
        attribute(nothing, TEXT)
    broken = predictor_of(texts(), lambda own, given: {}[given["x"]])
    with pytest.raises(InputError, match="it is not clear how a Own takes a text .*KeyError"):
        attribute(broken, TEXT)
    with pytest.raises(InputError, match="a Own cannot read 'x', 'y': KeyError"):
        attribute(broken, [{"x": 1, "y": 2}])
    with pytest.raises(InputError, match="has no _json_to_instance of its own.*predictor="):
        attribute(predictor_of(texts(), None), TEXT)


class Typed(DatasetReader):
    """A reader as tutorials have it, whose field is made of tokens."""

    def text_to_instance(self, tokens, tags=None):
        return Instance({"tokens": TextField(tokens, {"tokens": SingleIdTokenIndexer()})})


@pytest.mark.parametrize(
    ("reader", "pair"),
    [
        (texts(), None),
        (Typed(), None),
        (Words(lambda sentence, label=None: instance(sentence.split())), None),
        (Words(lambda index, label, premise, hypothesis: instance(premise.split(), ["[SEP]"], hypothesis.split())), SECOND),
        (Words(lambda text=None, label=None: instance(text.split())), None),
    ],
)
def test_without_a_predictor_texts_go_to_the_reader(reader, pair):
    predictor = predictor_of(reader, None, ReaderPredictor)
    ((one,),) = attribute(predictor, TEXT, text_pairs=None if pair is None else [pair], interpreter="gradient-x-input")
    names = [word for document in one.documents for word in document.split()]
    assert [name for name in one.tokens.text if name != "[SEP]"] == names
    given = [TEXT.split() if isinstance(reader, Typed) else TEXT, *([pair] if pair else [])]
    assert one.label == predictor.predict(*given)["label"]


def test_allennlps_own_interpreters_and_comparisons_read_the_same_keys():
    predictor = predictor_of(texts(), lambda own, given: reader_of(own)(text=given["text"]), ReaderPredictor)
    ((one,),) = attribute(predictor, TEXT, interpreter="simple-gradient")
    expected = predictor_of(texts(), lambda own, given: reader_of(own)(text=given["sentence"]), ReaderPredictor)
    assert_close(one.scores, attribute(expected, TEXT, interpreter="simple-gradient")[0][0].scores)
    assert one.documents == (TEXT,)
    assert len(compare(predictor, TEXT, ["gradient-x-input", "occlusion"]).attributions) == 2


@pytest.mark.parametrize("name", ["simple-gradient", "integrated-gradient", "smooth-gradient"])
def test_allennlps_own_interpreters_say_what_they_lack_of_a_predictor(name):
    predictor = predictor_of(texts(), lambda own, given: reader_of(own)(text=given["text"]))
    with pytest.raises(UnsupportedModelError, match="predictions_to_labeled_instances"):
        attribute(predictor, TEXT, interpreter=name)

    def labelled(self, instance, outputs):
        return outputs["label_logits"]

    type(predictor).predictions_to_labeled_instances = labelled
    with pytest.raises(UnsupportedModelError, match="looks for 'label_logits' in the model's output"):
        attribute(predictor, TEXT, interpreter=name)


def test_occlusion_of_a_pair_is_its_removal():
    predictor = predictor_of(joined("[SEP]"), lambda own, given: reader_of(own)(given["premise"], given["hypothesis"]))
    ((one,),) = attribute(predictor, TEXT, text_pairs=[SECOND], interpreter="occlusion", baseline="unk", targets="pos")
    whole = predictor.predict_json({"premise": TEXT, "hypothesis": SECOND})["logits"][0]
    for place, name in enumerate(one.tokens.text):
        if one.tokens.segment[place] == 1:
            at = one.tokens.start[place]
            without = f"{SECOND[:at]}zzz{SECOND[at + len(name):]}"
            changed = predictor.predict_json({"premise": TEXT, "hypothesis": without})["logits"][0]
            assert_close(one.scores[place], whole - changed, rtol=1e-4, scale=np.abs(one.scores).max())
