"""A text of one sign over and over costs as much as any other of its length.

A hundred thousand dots, as a separator in a log has them, took three minutes to be cut into sentences, and as many letters
of flags took half a minute to be cut into words: the time grew with the square of the length, which no text of a test is
long enough to show. So did, with the cube, the nodes of a fixed rule: 4,000 took longer than the passes that they were for.
"""

import time

import numpy as np
import pytest
from closeness import DOUBLE, assert_close

from eli5_transformers.commands.spreadsheets import cell
from eli5_transformers.engine import quadrature, spline
from eli5_transformers.escapes import visible, visible_line, visible_offsets
from eli5_transformers.inputs.column_kinds import is_data, is_prose, is_value
from eli5_transformers.text.words import clusters, sentence_starts, words

LENGTH = 100_000
SIGNS = [
    ".", '."', "!?", "\"", "'", "a'", " ", "\n", "\n ", ".\n", "a.", "1.", "1", "a", "www.", "http://a.", ")", "(", "<",
    "\u0301", "a\u0301", "\u200b", "\u00ad", "\ufe0f", "\U0001f1e9", "\U0001f44d", "\U0001f469\u200d", "1\ufe0f\u20e3",
    "\U000e0061", "\u4e2d", "\u3002", "\u3002\u300d", "\u0e01", "\u0915\u094d", "\u05d0\"", "\x01", "\u202e", "\u200e", "=",
]  # fmt: skip


@pytest.mark.parametrize("signs", SIGNS, ids=ascii)
def test_a_text_of_one_sign_costs_as_much_as_any(signs):
    text = "x" + (signs * LENGTH)[:LENGTH] + "x"
    for cost in (words, clusters, sentence_starts, visible, visible_line, visible_offsets, cell):
        start = time.process_time()
        cost(text)
        assert time.process_time() - start < 4, cost.__name__


@pytest.mark.parametrize("signs", [*SIGNS, "1,", "e1"], ids=ascii)
def test_what_a_value_is_costs_no_square_of_its_length(signs):
    text = f"{(signs * LENGTH)[:LENGTH]}x"
    start = time.process_time()
    for values in ([text] * 4, [f" {text}"] * 4):
        assert is_value(values[0]) is False
        is_data(values)
        is_prose(values)
    assert time.process_time() - start < 4


def test_many_nodes_cost_less_than_their_passes_and_are_kept():
    start = time.process_time()
    nodes, weights = quadrature.fixed("gausslegendre", 4000)
    assert time.process_time() - start < 4
    assert_close(weights @ np.exp(nodes), np.e - 1, rtol=DOUBLE)
    assert (np.diff(nodes) > 0).all()
    assert (weights > 0).all()
    again, _ = quadrature.fixed("gausslegendre", 4000)
    assert again is nodes


@pytest.mark.parametrize("steps", [1, 2, 7, 50, 300])
def test_the_nodes_are_those_of_numpy(steps):
    nodes, weights = quadrature.fixed("gausslegendre", steps)
    expected, of_expected = np.polynomial.legendre.leggauss(steps)
    assert_close(nodes, (expected + 1) / 2, rtol=DOUBLE)
    assert_close(weights, of_expected / 2, rtol=DOUBLE)
    with pytest.raises(ValueError, match="read-only"):
        nodes[0] = 0


def test_a_spline_of_many_nodes_is_that_of_few_and_costs_no_more_a_node():
    places = np.linspace(0, 1, 5000) ** 2
    start = time.process_time()
    gaps = spline.over_gaps(places, np.exp(places)[:, None])
    assert time.process_time() - start < 4
    assert_close(gaps[:, 0], np.diff(np.exp(places)), rtol=1e-9)
    several = np.random.default_rng(0).standard_normal((spline._MANY + 1, 3))
    nodes = np.linspace(0, 1, len(several))
    by_scipy = spline.over_gaps(nodes, several)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spline, "_MANY", len(several))
        assert_close(spline.over_gaps(nodes, several), by_scipy, rtol=DOUBLE)
