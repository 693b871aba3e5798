"""The deletion check's one rule, and which words and sets it is about."""

import random
from itertools import combinations

import numpy as np
import pytest
from closeness import assert_close

from eli5_transformers.faithfulness.check import checked, drawn, named, verdict, winning_side
from eli5_transformers.faithfulness.ties import beaten
from eli5_transformers.records import HiddenWord


@pytest.mark.parametrize(
    ("effect", "others", "expected"),
    [
        (0.5, [0.1] * 10, "yes"),
        (0.5, [0.1] * 9 + [0.9], "yes"),  # beats exactly 90 %
        (0.5, [0.1] * 8 + [0.9] * 2, "partly"),
        (0.14, [0.1] * 10, "partly"),  # beats all, by less than 0.05
        (0.5, [0.1] * 6 + [0.9] * 4, "partly"),
        (0.5, [0.1] * 5 + [0.9] * 5, "no"),
        (0.2, [0.1] * 7 + [0.9] * 3, "no"),  # beats 70 %, and not their mean
        (0.1, [0.1] * 10, "no"),
        (-0.01, [-0.2] * 10, "no"),  # moves the answer the wrong way, less than others do
        (0.0, [-0.2] * 10, "no"),
        (0.01, [-0.2] * 10, "partly"),  # by less than 0.05 itself
        (0.06, [-0.2] * 10, "yes"),
    ],
)
def test_the_verdict_is_by_share_and_margin(effect, others, expected):
    assert verdict(effect, others, 1.0) == expected


def test_the_margin_is_a_share_of_the_range():
    assert verdict(0.5, [0.4] * 10, 1.0) == "yes"
    assert verdict(0.5, [0.4] * 10, 4.0) == "partly"


def test_equal_effects_count_half():
    assert beaten(0.5, [0.1, 0.5, 0.5, 0.9], 1.0) == 0.5


def test_effects_that_differ_by_rounding_are_equal():
    assert beaten(0.5, [0.5 - 1e-7, 0.5 + 1e-7, 0.5 - 1e-6, 0.5], 1.0) == 0.5
    assert verdict(0.1 + 1e-7, [0.1] * 10, 1.0) == "no"
    assert beaten(5e-7, [4e-7, 6e-7], 1e-6) == 0.5  # in whatever unit


@pytest.mark.parametrize("signed", [True, False])
def test_rounding_decides_neither_the_side_nor_the_words(signed):
    draw = np.random.default_rng(0)
    scores = np.array([0.3, -0.3, 0.3, -0.3, 0.2, -0.2, 0.06, -0.06])
    for _ in range(20):
        off = scores + draw.normal(scale=1e-7, size=8)
        assert winning_side(off, signed) == (1 if signed else 0)
        assert named(off, signed) == ([0, 2] if signed else [0, 1])


def test_words_are_named_on_the_winning_side_alone():
    scores = np.array([0.5, -0.9, 0.6, 0.17, -0.1])
    assert winning_side(scores, True) == 1
    assert named(scores, True) == [2, 0]
    assert winning_side(-scores, True) == -1
    assert named(-scores, True) == [2, 0]
    assert winning_side(scores, False) == 0
    assert named(scores, False) == [1, 2]


def test_a_word_below_a_fifth_of_the_largest_score_is_not_named():
    assert named(np.array([1.0, 0.19, -0.3]), True) == [0]
    assert named(np.array([0.1, 0.1, 0.1, 0.1, 0.1, 0.1, -0.55]), True) == []
    assert named(np.zeros(3), True) == []


@pytest.mark.parametrize(("words", "size", "count"), [(5, 2, 200), (30, 2, 200), (300, 1, 200), (2, 1, 5)])
def test_other_sets_are_drawn_each_once_or_all_there_are(words, size, count):
    chosen = (1 << size) - 1
    found = drawn(words, chosen, count, random.Random(0))
    every = len(list(combinations(range(words), size))) - 1
    assert len(set(found)) == len(found) == min(count, every)
    assert chosen not in found
    assert all(bin(one).count("1") == size for one in found)
    assert found == drawn(words, chosen, count, random.Random(0))


def words_of(scores):
    return [HiddenWord(str(place), (0, place, place + 1), score, float("nan")) for place, score in enumerate(scores)]


def check_of(value, scores, span=1.0):
    draw = random.Random(0)
    return checked(value, words_of(scores), np.array(scores), signed=True, span=span, count=200, draw=draw)


def bag(weights):
    """What the words that are left add up to."""
    return lambda sets: np.array([sum(w for i, w in enumerate(weights) if not one >> i & 1) for one in sets], dtype=float)


def test_the_check_of_a_bag_of_words_by_hand():
    weights = [0.4, 0.3, 0.1, -0.2]
    found = check_of(bag(weights), weights)
    assert [word.word for word in found.words] == ["0", "1"]
    assert [round(word.after, 9) for word in found.words] == [0.2, 0.3]
    assert (found.side, found.draws) == (1, 5)
    assert_close(found.after, -0.1)
    # Of the five other pairs, each word is in two or three: 0.6 less the mean of what they add up to.
    others = [sum(pair) for pair in combinations(weights, 2)][1:]
    assert_close(found.random_mean, 0.6 - np.mean(others))
    assert (found.beaten, found.verdict) == (1.0, "yes")
    assert found.passes == 9  # the text, the pair, five others, and the two words alone


def test_words_against_the_answer_are_checked_by_how_far_it_rises():
    weights = [-0.4, -0.3, 0.1, 0.2]
    found = check_of(bag(weights), weights)
    assert (found.side, found.verdict) == (-1, "yes")
    assert_close(found.after, 0.3)


def test_a_wrong_explanation_is_not_held_to_be_right():
    found = check_of(bag([0.4, 0.3, 0.1, 0.0]), [0.0, 0.0, 0.1, 0.4])
    assert found.verdict == "no"
    assert found.beaten == 0


def test_without_a_range_the_margin_is_of_what_was_measured():
    weights = [40.0, 30.0, 10.0, -20.0]
    assert check_of(bag(weights), weights, None).verdict == "yes"


def test_nothing_is_checked_where_there_is_nothing_to_compare_with():
    assert check_of(bag([1.0]), [1.0], 1.0) is None
    assert check_of(bag([1.0, 0.5]), [1.0, 0.5], 1.0) is None
    assert check_of(bag([1.0, 1.0]), [0.0, 0.0], 1.0) is None


def test_sets_without_which_nothing_can_be_read_are_left_out():
    def value(sets):
        return np.array([np.nan if one == 0b1100 else 1 - bin(one & 0b11).count("1") / 2 for one in sets])

    found = check_of(value, [2.0, 1.0, 0.1, 0.1])
    assert found.draws == 4
    assert found.verdict == "yes"
