"""Faithfulness by deletion, held against models whose best order is known and against curves that are computed by hand."""

import itertools

import numpy as np
import pytest
from closeness import DOUBLE, assert_close

from eli5_transformers.faithfulness.deletion import (
    EXACT,
    MEASURES,
    Deletions,
    best_area,
    comprehensiveness,
    firsts,
    judged,
    members,
    sizes,
    sufficiency,
)


def linear(weights):
    """A bag of words: what the words that are left add up to."""
    return lambda sets: np.array([sum(weight for i, weight in enumerate(weights) if not one >> i & 1) for one in sets])


def rough(words, seed=0):
    """A model without any order: every set of words has a number of its own."""
    numbers = np.random.default_rng(seed).random(1 << words)
    return lambda sets: numbers[list(sets)]


# The measures


def test_comprehensiveness_of_three_words_by_hand():
    value = linear([0.5, 0.3, -0.1])
    worth = comprehensiveness(value, 3)
    assert sizes(3) == [1, 2]
    # Without the first word 0.2 of 0.7 is left, without the first two -0.1.
    assert_close(worth(firsts([0, 1, 2], sizes(3))), [0.5, 0.8], DOUBLE)


def test_sufficiency_of_three_words_by_hand():
    worth = sufficiency(linear([0.5, 0.3, -0.1]), 3)
    # The first word alone has 0.5, the first two 0.8, where the text has 0.7.
    assert_close(worth(firsts([0, 1, 2], sizes(3))), [-0.2, 0.1], DOUBLE)


def test_the_first_words_of_an_order_are_bits():
    assert firsts([2, 0, 1], [1, 2, 3]) == [0b100, 0b101, 0b111]


@pytest.mark.parametrize("words", range(2, 90))
def test_neither_no_word_nor_all_are_chosen(words):
    counts = sizes(words)
    assert counts == sorted(set(counts))
    assert counts[0] >= 1
    assert words / 2 <= counts[-1] <= words / 2 + 0.5
    assert counts[-1] < words


# The best order


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("words", [3, EXACT, EXACT + 1, 25])
def test_the_true_order_of_a_linear_model_is_the_best_and_the_reversed_one_the_worst(measure, words):
    weights = np.random.default_rng(words).normal(size=words)
    order = [int(word) for word in np.argsort(-weights)]
    orders = {"true": order, "reversed": order[::-1]}
    # Nothing but the search may know these two.
    worth = MEASURES[measure](linear(weights), words)
    _, scale = judged(worth, words, {}, [order[3:] + order[:3]])
    assert_close(scale, [worth(firsts(one, sizes(words))).mean() for one in orders.values()], DOUBLE)
    found, _ = judged(worth, words, orders, [order[3:] + order[:3]])
    assert_close([found[name].normalised for name in orders], [1, 0], DOUBLE)


@pytest.mark.parametrize("measure", MEASURES)
def test_random_orders_are_about_in_the_middle_of_a_linear_model(measure):
    draw = np.random.default_rng(0)
    weights = np.arange(20) - 9.5
    drawn = [list(map(int, draw.permutation(20))) for _ in range(300)]
    found, _ = judged(MEASURES[measure](linear(weights), 20), 20, {"true": list(range(20))[::-1]}, drawn)
    assert_close(found["random order"].normalised, 0.5, 0.03, scale=1)
    assert found["random order"].wins == 0.5
    assert found["true"].wins > 0.99


@pytest.mark.parametrize("words", [2, 5, 6])
def test_few_words_are_searched_to_the_end(words):
    worth, counts = rough(words), sizes(words)
    best = max(worth(firsts(order, counts)).mean() for order in itertools.permutations(range(words)))
    assert_close(best_area(worth, words, counts), best, DOUBLE)


def test_no_order_is_outside_of_the_scale_where_the_search_misses_the_best():
    draw = np.random.default_rng(1)
    words = EXACT + 4
    orders = {str(number): list(map(int, draw.permutation(words))) for number in range(500)}
    worth = MEASURES["comprehensiveness"](rough(words), words)
    found, scale = judged(worth, words, orders, [list(range(words))])
    assert all(0 <= one.normalised <= 1 for one in found.values())
    assert scale.best >= best_area(worth, words, sizes(words))


def test_a_wider_search_finds_no_less_at_its_first_size():
    worth = rough(EXACT + 3)
    narrow, wide = (best_area(worth, EXACT + 3, [1], width=width) for width in (1, 4))
    assert narrow == wide == worth([1 << word for word in range(EXACT + 3)]).max()


# Wins


def test_wins_are_the_share_of_random_sets_of_the_same_size_that_do_less():
    worth = comprehensiveness(linear([4.0, 3.0, 2.0, 1.0]), 4)
    assert sizes(4) == [1, 2]
    # Of the first words (1, 3) the order's is better than one, and equal to the other; its pair is above (3, 2), and is
    # (1, 0) itself.
    found, _ = judged(worth, 4, {"one": [1, 0, 2, 3]}, [[3, 2, 1, 0], [1, 0, 2, 3]])
    assert found["one"].wins == (1 + 0.5 + 1 + 0.5) / 4


def test_no_order_is_judged_where_none_makes_a_difference():
    found, scale = judged(comprehensiveness(lambda sets: np.full(len(sets), 0.9), 9), 9, {}, [list(range(9))])
    assert found == {}
    assert scale == (0, 0)


# Deleted words


def test_the_model_sees_every_set_once():
    seen = []

    def values(sets):
        seen.extend(sets)
        return [len(members(one, 3)) / 10 for one in sets]

    text = Deletions(3, values)
    assert_close(text([0, 1, 1, 2]), [0, 0.1, 0.1, 0.1])
    assert_close(text([1, 4, 7]), [0.1, 0.1, 0.3])
    assert sorted(seen) == [0, 1, 2, 4, 7]
    assert text.passes == 5


def test_the_words_of_a_set_are_its_bits():
    assert members(0b101, 3) == [0, 2]
    assert members(1 << 70, 71) == [70]
