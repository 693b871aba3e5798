"""Comprehensiveness and sufficiency of orders: closed forms, and scores that are noise."""

import numpy as np
from closeness import assert_close

from eli5_transformers.faithfulness.orders import order_measures, order_of


def one_order(worth, order, drawn):
    return order_measures(worth, {"own": order}, drawn).orders.get("own")


def test_words_are_ordered_by_score_or_by_size():
    assert order_of(np.array([0.1, -0.9, 0.5]), True) == [2, 0, 1]
    assert order_of(np.array([0.1, -0.9, 0.5]), False) == [1, 2, 0]


def test_comprehensiveness_of_a_bag_of_words_in_closed_form():
    weights = np.array([0.4, 0.3, 0.2, -0.1])
    worth = lambda sets: np.array([sum(w for i, w in enumerate(weights) if one >> i & 1) for one in sets])  # noqa: E731
    found = one_order(worth, [0, 1, 2, 3], [[3, 2, 1, 0], [1, 0, 2, 3]])
    # Of four words one and two are hidden: 0.4 and 0.7 at best, -0.1 and 0.1 at worst.
    assert_close([found.area, found.best, found.worst, found.normalised], [0.55, 0.55, 0.0, 1.0], scale=1)
    # The best order beats the reversed one in both sizes, and the other in one; the mean of no random order is as large.
    assert found.wins == (2 + 1 + 0.5) / 4
    assert found.p_value == 1 / 3


def test_scores_that_are_noise_are_at_the_level_of_random_orders():
    draw = np.random.default_rng(0)
    normalised, p_values = [], []
    for _ in range(60):
        weights = draw.normal(size=8)
        worth = lambda sets, own=weights: np.array([sum(w for i, w in enumerate(own) if one >> i & 1) for one in sets])  # noqa: E731
        orders = [list(map(int, draw.permutation(8))) for _ in range(51)]
        found = one_order(worth, orders[0], orders[1:])
        normalised.append(found.normalised)
        p_values.append(found.p_value)
    assert abs(np.mean(normalised) - 0.5) < 0.08
    # A test's p values are uniform where there is nothing to be found.
    assert abs(np.mean(p_values) - 0.5) < 0.12
    assert np.mean(np.array(p_values) <= 0.1) < 0.25


def test_where_no_order_makes_a_difference_none_is_judged():
    found = one_order(lambda sets: np.zeros(len(sets)), [0, 1, 2], [[2, 1, 0]])
    assert (found.normalised, found.wins, found.p_value) == (None, 0.5, 1.0)


def test_where_nothing_is_left_to_read_no_order_is_measured():
    def worth(sets):
        return np.array([np.nan if one & 1 else 0.5 for one in sets])

    assert one_order(worth, [0, 1, 2], [[2, 1, 0]]) is None
    assert one_order(worth, [2, 1, 0], [[1, 2, 0], [0, 1, 2]]) is not None


def test_shuffled_scores_are_on_the_same_scale():
    weights = np.array([0.4, 0.3, 0.2, -0.1])
    worth = lambda sets: np.array([sum(w for i, w in enumerate(weights) if one >> i & 1) for one in sets])  # noqa: E731
    found = order_measures(worth, {"own": [1, 0, 2, 3]}, [[0, 1, 2, 3], [3, 2, 1, 0]])
    assert_close(found.shuffled, [1.0, 0.0])
    assert_close(found.orders["own"].random, 0.5)
