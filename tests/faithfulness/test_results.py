"""Statistics over texts, held against SciPy and closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from closeness import DOUBLE, assert_close
from scipy import stats

from eli5_transformers.faithfulness.results import (
    RANDOM,
    WHOLE,
    OrderRow,
    auc,
    curves,
    diagnosticity,
    differences,
    estimates,
    flipped,
    holm,
    no_better_than_random,
)


def row(text, method, normalised, random=0.5, operator="removal", measure="comprehensiveness"):
    return OrderRow(
        text=text,
        label="good",
        method=method,
        operator=operator,
        measure=measure,
        normalised=normalised,
        random=random,
        wins=0.7,
        p_value=0.1,
        area=0.3,
        before=0.9,
        curve=(0.8, 0.6, 0.4, 0.2),
        random_curve=(0.9, 0.8, 0.7, 0.6),
    )


def test_few_paired_differences_have_the_exact_p_value_of_all_flips():
    # Of 16 flips, all four of one sign and their mirror image are as far from 0.
    assert flipped(np.array([1.0, 2.0, 3.0, 4.0])) == 2 / 16
    assert flipped(np.array([1.0, -1.0])) == 1.0


def test_many_paired_differences_agree_with_scipys_permutation_test():
    by = np.random.default_rng(1).normal(0.3, 1, size=30)
    found = stats.permutation_test((by,), np.mean, permutation_type="samples", n_resamples=20000, random_state=0)
    assert_close(flipped(by), found.pvalue, 0.02, scale=1)


def test_p_values_are_adjusted_by_holm():
    assert_close(holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06], DOUBLE)
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_the_area_under_the_curve_is_that_of_mann_and_whitney():
    draw = np.random.default_rng(0)
    first, second = draw.normal(0.5, 1, 40).round(1), draw.normal(0, 1, 30).round(1)
    expected = stats.mannwhitneyu(first, second).statistic / (40 * 30)
    assert_close(auc(list(first), list(second)), expected, DOUBLE)
    assert auc([2.0, 3.0], [0.0, 1.0]) == 1.0


def test_measures_that_see_no_difference_tell_nothing():
    rows = [row(text, "a", value) for text, value in enumerate((0.1, 0.5, 0.9))]
    key = ("removal", "comprehensiveness")
    assert diagnosticity(rows, {key: (0.1, 0.5, 0.9)}) == {key: 0.5}


def test_means_are_over_texts_and_not_over_their_targets():
    rows = [row(0, "a", 1.0), row(0, "a", 0.0), row(1, "a", 0.2), row(2, "a", None)]
    ((found, texts),) = estimates(rows, "normalised").values()
    assert texts == 2
    assert_close(found.value, ((1.0 + 0.0) / 2 + 0.2) / 2)


def test_targets_of_one_text_are_no_more_texts():
    once = [row(text, method, value) for text in range(4) for method, value in (("a", 1.0), ("b", 0.25 * text))]
    thrice = [replace(one, label=label) for one in once for label in ("good", "bad", "fair")]
    assert differences(thrice) == differences(once)
    assert estimates(thrice, "normalised") == estimates(once, "normalised")


def test_methods_are_compared_on_the_texts_that_both_explained():
    rows = [row(text, "a", 0.9) for text in range(4)] + [row(text, "b", 0.5) for text in range(1, 6)]
    (found,) = differences(rows)
    assert (found.first, found.second) == ("a", "b")
    assert_close(found.difference, [0.4, 0.4, 0.4])
    assert found.p_value == found.adjusted == 2 / 8


def test_texts_that_no_method_explains_are_named():
    rows = [row(0, "a", 0.4), row(0, "b", 0.5), row(1, "a", 0.4), row(1, "b", 0.6), row(2, "a", None, None)]
    assert no_better_than_random(rows) == [0]


def test_curves_are_means_over_texts():
    (found,) = curves([row(0, "a", 1.0), row(1, "a", 0.0)]).values()
    assert_close(found["a"], [0.8, 0.6, 0.4, 0.2])
    assert_close(found[RANDOM], [0.9, 0.8, 0.7, 0.6])
    assert_close(found[WHOLE], [0.9] * 4)


@pytest.mark.parametrize("size", [5, 40])
def test_p_values_of_no_difference_are_large(size):
    draw = np.random.default_rng(3)
    found = [flipped(draw.normal(size=size), 999) for _ in range(40)]
    assert 0.3 < np.mean(found) < 0.7
