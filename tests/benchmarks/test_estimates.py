"""The estimates of Shapley values that are compared are what they are called."""

import numpy as np
import pytest
from closeness import DOUBLE, assert_close

from benchmarks.shapley import WAYS, Played, controlled, exact, leverage, orders
from eli5_transformers.engine.shapley import estimate, pairs_of


@pytest.fixture
def game():
    draw = np.random.default_rng(0)
    there = (np.arange(2**7)[:, None] >> np.arange(7)) & 1
    values = np.tanh(there @ draw.normal(size=(7, 6))) @ draw.normal(size=6)
    return Played(7, values, draw.normal(size=7))


def test_the_exact_values_are_those_of_all_pairs(game):
    from eli5_transformers.engine.shapley import Pairs

    pairs = Pairs(7, seed=0)
    pairs.draw(pairs_of(7))
    assert_close(exact(game), estimate(pairs.drawn, game.gains(pairs.drawn)).scores, DOUBLE)
    assert_close(exact(game).sum(), game.values[-1] - game.values[0], DOUBLE)


@pytest.mark.parametrize("name", WAYS)
def test_every_way_comes_to_the_exact_values_with_all_passes(game, name):
    mean = np.mean([WAYS[name](game, 126, seed) for seed in range(40 if "orders" in name else 1)], axis=0)
    assert_close(mean, exact(game), 0.1 if "orders" in name else 1e-9)


@pytest.mark.parametrize("name", WAYS)
def test_every_way_adds_up_with_few_passes(game, name):
    assert_close(WAYS[name](game, 20, 1).sum(), game.values[-1] - game.values[0], 1e-9)


def test_a_sum_of_effects_as_a_control_variate_changes_nothing(game):
    for way in (orders, lambda g, passes, seed: orders(g, passes, seed, antithetic=True), leverage):
        assert_close(controlled(way)(game, 28, 3), way(game, 28, 3), 1e-9)
