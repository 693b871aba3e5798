"""What the model says of texts without some of their words: it is run once for each set of them, and for no other."""

from contextlib import contextmanager
from itertools import combinations

import numpy as np
import pytest
from closeness import BATCHED, assert_close
from interpreters import tiny

from eli5_transformers import load_predictor
from eli5_transformers.components.explained_predictors import explained_model
from eli5_transformers.engine import baselines
from eli5_transformers.engine.hiding import HiddenUnits, units_of
from eli5_transformers.engine.passes import Scorer, TextBatch


@contextmanager
def texts_of(predictor):
    """A function from texts to their batch, its baseline and the units of a granularity."""
    explained = explained_model(predictor)
    scorer = Scorer(explained, internal_batch_size=3)

    def of(*texts, unit="word", keep_special=True):
        encoded = [explained.encode(text) for text in tiny.inputs(*texts)]
        batch = TextBatch(scorer, range(len(texts)), encoded)
        vectors = baselines.vectors(baselines.choose("mask", batch), batch, keep_special)
        return batch, vectors, units_of(batch, unit, keep_special)

    with scorer.session():
        yield of


@pytest.fixture
def made():
    """The same of a tiny BERT in float64."""
    with texts_of(tiny.predictor("bert", double=True)) as of:
        yield of


def test_hidden_words_are_words_that_are_masked_in_the_text(stars_checkpoint):
    predictor = load_predictor(str(stars_checkpoint))
    with texts_of(predictor) as of:
        hidden = HiddenUnits(*of("the price is not good", "a better job"))
        found = hidden.values([(0, [1]), (1, range(3)), (0, []), (1, {0, 2}), (0, {0, 4, 2})])
    texts = [
        "the [MASK] is not good",
        "[MASK] [MASK] [MASK]",
        "the price is not good",
        "[MASK] better [MASK]",
        "[MASK] price [MASK] not [MASK]",
    ]
    assert_close(found, np.array([predictor.predict(text)["logits"] for text in texts]))


def test_a_set_is_run_once_in_whatever_round_or_order_it_is_asked_for(made):
    batch, vectors, units = made("i love it", "never again")
    hidden = HiddenUnits(batch, vectors, units)
    first = hidden.values([(0, [1, 2]), (0, (2, 1)), (1, [1]), (0, {1, 2}), (1, [])])
    assert hidden.passes == [1, 1]
    assert np.array_equal(first[0], first[1])
    again = hidden.values([(1, [1]), (0, [2, 1]), (0, [0])])
    assert hidden.passes == [2, 1]
    assert np.array_equal(again[:2], first[[2, 0]])


def test_sets_of_several_texts_in_chunks_are_those_of_each_text_alone(made):
    texts = ("we had to wait long", "i love it", "never again would buy it")
    batch, vectors, units = made(*texts)
    hidden = HiddenUnits(batch, vectors, units)
    wanted = [(text, pair) for text, count in enumerate(hidden.units) for pair in combinations(range(count), 2)]
    together = iter(hidden.values(wanted))
    for text in texts:
        alone, own, (words,) = made(text)
        pairs = [(0, pair) for pair in combinations(range(len(words)), 2)]
        for values in HiddenUnits(alone, own, [words]).values(pairs):
            assert_close(next(together), values, rtol=BATCHED)


def test_without_all_units_a_text_is_the_baseline(made):
    for keep_special in (True, False):
        batch, vectors, units = made("i love it", unit="token", keep_special=keep_special)
        assert len(units[0]) == (3 if keep_special else 5)
        (found,) = HiddenUnits(batch, vectors, units).values([(0, range(len(units[0])))])
        (whole,) = batch.forward([0], lambda rows, at=vectors: [site[rows] for site in at])
        assert_close(found, whole)


def test_nothing_asked_is_nothing_run(made):
    batch, vectors, units = made("i love it")
    hidden = HiddenUnits(batch, vectors, units)
    assert hidden.values([]).shape == (0, 3)
    assert hidden.passes == [0]
