"""Intervals over texts and correlations of ranks, held against what statistics knows in closed form."""

import math

import numpy as np
import pytest
from closeness import DOUBLE, assert_close

from eli5_transformers.faithfulness.intervals import estimate, mean, ranks, spearman


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution():
    values = np.random.default_rng(0).normal(3, 2, size=400)
    found = estimate(mean, [np.array([[value]]) for value in values], rounds=4000)
    half = 1.96 * values.std() / math.sqrt(len(values))
    assert_close(found.value, values.mean(), DOUBLE)
    assert_close([found.low, found.high], [values.mean() - half, values.mean() + half], 0.1, scale=half)


def test_texts_are_drawn_whole():
    # Ten words that agree in each of 100 texts are 100 independent numbers, not 1000.
    values = np.random.default_rng(0).normal(size=100)
    whole = estimate(mean, [np.full((10, 1), value) for value in values])
    single = estimate(mean, [np.array([[value]]) for value in values])
    assert_close(whole, single, DOUBLE)


def test_texts_without_rows_count_for_nothing():
    texts = [np.array([[1.0], [3.0]]), np.array([[2.0]])]
    assert estimate(mean, [texts[0], np.empty((0, 1)), texts[1]]) == estimate(mean, texts)
    assert np.isnan(estimate(mean, [np.empty((0, 1))])).all()


def test_the_same_texts_have_the_same_interval():
    texts = [np.random.default_rng(text).normal(size=(3, 2)) for text in range(8)]
    assert estimate(spearman, texts) == estimate(spearman, texts)


def test_equal_values_share_their_ranks():
    assert ranks(np.array([10.0, 7.0, 10.0, 3.0])).tolist() == [3.5, 2, 3.5, 1]


@pytest.mark.parametrize(
    ("second", "expected"),
    [([1, 4, 9, 16], 1), ([0, -1, -8, -9], -1), ([5, 5, 5, 5], 0), ([2, 1, 4, 3], 0.6)],
)
def test_spearmans_correlation(second, expected):
    # The last by the formula without ties: 1 - 6 * (1 + 1 + 1 + 1) / (4 * (16 - 1)).
    assert_close(spearman(np.array([[1, 2, 3, 4], second], dtype=float).T), expected, DOUBLE)
