"""Numbers that are equal but for rounding."""

import numpy as np
from closeness import assert_close

from eli5_transformers.faithfulness.ties import largest_first, tied


def test_numbers_that_differ_by_rounding_are_made_equal_and_others_stay():
    found = tied([0.5, -1.0, 0.5 + 1e-9, 0.25, -1.0 + 1e-9])
    assert found[0] == found[2]
    assert found[1] == found[4]
    assert_close(found, [0.5, -1.0, 0.5, 0.25, -1.0])


def test_there_is_no_line_that_tells_two_apart():
    for middle in np.linspace(0.1, 0.2, 101):
        found = tied([1.0, middle - 1e-9, middle + 1e-9])
        assert found[1] == found[2]


def test_neighbours_of_neighbours_are_equal():
    found = tied([1.0, 0.5, 0.500009, 0.500018])
    assert len(set(found[1:])) == 1


def test_what_is_nothing_beside_the_largest_is_nothing():
    assert list(tied([1.0, 1e-9, -1e-9, 0.0])) == [1.0, 0.0, 0.0, 0.0]
    assert list(tied([])) == []
    assert list(tied([0.0, 0.0])) == [0.0, 0.0]


def test_the_unit_does_not_matter():
    numbers = np.array([0.5, 0.5 + 1e-7, -1.0, 0.3])
    assert_close(tied(numbers * 1e-9) * 1e9, tied(numbers))
    assert len(set(tied(numbers * 1e-9))) == 3


def test_equal_ones_are_in_their_own_order_whatever_the_rounding():
    draw = np.random.default_rng(0)
    for _ in range(20):
        assert largest_first(np.array([0.1, 0.5, 0.5, 1.0, 0.1]) + draw.normal(scale=1e-7, size=5)) == [3, 1, 2, 0, 4]
