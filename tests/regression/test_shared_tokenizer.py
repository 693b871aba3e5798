"""A person's tokenizer is as they left it, whoever encodes beside them.

A fast tokenizer keeps how it was last asked to cut and pad. Encoding a text for an explanation asked again, so that a
person's tokenizer lost its settings, and threads that asked differently got "Already borrowed" or each other's cuts. Tests
that compare encodings of one thread see nothing of it.
"""

import copy
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from interpreters import tiny
from interpreters.test_allennlp_models import built, vocabulary
from tokenizers import pre_tokenizers, processors

from eli5_transformers import attribute, load_predictor
from eli5_transformers.engine.explainable import TokenizerVocabulary
from eli5_transformers.locks import READING
from eli5_transformers.text.encoding import encode
from eli5_transformers.text.tokenizers import in_use, keep_for_ourselves

SPECIAL = {"pad": 0, "unk": 1, "mask": 2, "cls": 3, "sep": 4}
LONG = "the food was great and service slow price is a very other brands"


def made():
    return tiny.tokenizer(100, SPECIAL)


def settings(tokenizer):
    core = tokenizer._tokenizer
    return core.truncation, core.padding


@pytest.mark.parametrize("max_length", [None, 5])
def test_settings_for_cutting_and_padding_stay(max_length):
    tokenizer = made()
    tokenizer._tokenizer.enable_truncation(4)
    tokenizer._tokenizer.enable_padding(length=7)
    before = settings(tokenizer)
    assert len(encode(tokenizer, [LONG], max_length=max_length).ids) == (max_length or 15)
    assert TokenizerVocabulary(tokenizer).content_ids("food was great and slow") != []
    predictor = load_predictor(tiny.Linear(100), tokenizer=tokenizer, labels=list(tiny.LABELS))
    predictor.predict_proba([LONG, ""])
    assert settings(tokenizer) == before


def test_threads_that_cut_differently_get_their_own_cuts():
    tokenizer = made()
    lengths = [None, 5, 7, None, 6, 9] * 60

    def ids(max_length):
        if max_length == 9:  # the person, beside us
            return tuple(tokenizer(LONG, truncation=True, max_length=9)["input_ids"])
        return encode(tokenizer, [LONG], max_length=max_length).ids

    alone = {max_length: ids(max_length) for max_length in set(lengths)}
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(ids, lengths))
    assert all(found == alone[max_length] for found, max_length in zip(together, lengths))


def test_what_a_person_changes_about_the_tokenizer_is_seen():
    tokenizer = made()
    before = encode(tokenizer, ["food zzz"]).ids
    tokenizer.add_tokens(["zzz"])
    added = encode(tokenizer, ["food zzz"]).ids
    assert added != before
    assert added == tuple(tokenizer("food zzz")["input_ids"])
    tokenizer._tokenizer.post_processor = processors.TemplateProcessing(single="$A <sep>", special_tokens=[("<sep>", 4)])
    assert encode(tokenizer, ["food zzz"]).ids == tuple(tokenizer("food zzz")["input_ids"]) != added
    tokenizer.truncation_side = "left"
    cut = tuple(copy.deepcopy(tokenizer)(LONG, truncation=True, max_length=5)["input_ids"])
    assert encode(tokenizer, [LONG], max_length=5).ids == cut


def test_a_tokenizer_that_cannot_be_copied_gets_its_settings_back():
    tokenizer = made()
    tokenizer._tokenizer.pre_tokenizer = pre_tokenizers.PreTokenizer.custom(Spaces())
    tokenizer._tokenizer.enable_truncation(4)
    before = settings(tokenizer)
    assert len(encode(tokenizer, [LONG]).ids) > 4
    assert settings(tokenizer) == before


def bag():
    reader = {"type": "text_classification_json", "tokenizer": {"type": "whitespace"}}
    encoder = {"type": "bag_of_embeddings", "embedding_dim": 8}
    return built(reader, {"type": "embedding", "embedding_dim": 8}, encoder, vocabulary(["a", "good", "bad", "film"]))


def test_allennlps_readers_read_for_one_thread_at_a_time(monkeypatch):
    """Also the texts that are tried before a list is run."""
    predictor = bag()
    read, held = predictor._json_to_instance, []

    def watched(inputs):
        held.append(READING._lock._is_owned())
        return read(inputs)

    monkeypatch.setattr(predictor, "_json_to_instance", watched)
    attribute(predictor, ["a good film", "bad"], interpreter="gradient")
    assert len(held) > 3
    assert all(held)


class Spaces:
    """A part in Python, which tokenizers cannot copy."""

    def pre_tokenize(self, pretokenized):
        pretokenized.split(lambda number, text: text.split(" ", "removed"))


def test_a_tokenizer_of_our_own_is_used_itself():
    tokenizer = made()
    keep_for_ourselves(tokenizer)
    with in_use(tokenizer) as own:
        assert own is tokenizer
    assert np.array_equal(encode(tokenizer, [LONG]).ids, tokenizer(LONG)["input_ids"])
