"""The adaptive integral: the spline is the one of the books, and what is stated of the error is true."""

import numpy as np
import pytest
from closeness import DOUBLE, SINGLE, assert_close
from scipy.interpolate import CubicSpline

from eli5_transformers.engine import spline

DOUBLE_EPS, SINGLE_EPS = 2.0**-52, 2.0**-23


def sigmoid(steep, where):
    def parts(t):
        value = 1 / (1 + np.exp(-np.clip(steep * (t - where), -500, 500)))
        return value, steep * value * (1 - value)

    return parts


def kink(where):
    return lambda t: (np.maximum(t - where, 0), (t > where).astype(float))


def step(where):
    return lambda t: ((t > where).astype(float), np.zeros_like(t))


def wave(periods):
    return lambda t: (np.sin(2 * np.pi * periods * t) / (2 * np.pi * periods), np.cos(2 * np.pi * periods * t))


def line(t):
    return t, np.ones_like(t)


def flat(t):
    return np.zeros_like(t), np.zeros_like(t)


def times(factor, part):
    return lambda t: tuple(factor * found for found in part(t))


def integrated(*parts, tolerance=0.01, most=500, eps=SINGLE_EPS, scale=1.0):
    """The finished integral of tokens with these (antiderivative, derivative), and the true scores."""

    def at(nodes):
        return np.stack([[scale * found for found in part(nodes)] for part in parts], axis=-1)

    ends = at(np.array([0.0, 1.0]))[0]
    made = spline.Integral((ends[0].sum(), ends[1].sum()), tolerance, most, eps)
    while len(made.open):
        values, gradients = at(made.open)
        made.add(gradients, values.sum(1))
    return made, ends[1] - ends[0]


def off(made, true):
    return np.abs(made.scores - true).max() / max(np.abs(made.scores).sum(), np.abs(true).sum(), 1e-300)


@pytest.mark.parametrize("size", [3, 4, 5, 9, 14])
def test_gaps_are_integrated_as_by_scipys_spline(size):
    dice = np.random.default_rng(size)
    nodes = np.concatenate([[0], np.sort(dice.random(size - 2)), [1]])
    values = dice.standard_normal((size, 3))
    theirs = CubicSpline(nodes, values)
    expected = [theirs.integrate(a, b) for a, b in zip(nodes, nodes[1:])]
    assert_close(spline.over_gaps(nodes, values), expected, rtol=1e-10)


SMOOTH = {
    "opposed and steep": (sigmoid(60, 0.8), times(-1, sigmoid(60, 0.8))),
    "opposed, one behind the other": (sigmoid(60, 0.8), times(-1, sigmoid(60, 0.78))),
    "steep at the start": (sigmoid(300, 0.01), times(-1, sigmoid(200, 0.015)), times(0.1, line)),
    "steep at the end": (sigmoid(200, 0.99), line),
    "very steep": (sigmoid(2000, 0.37), times(0.3, line)),
    "the sum goes up and down": (wave(1), times(-0.5, line), times(0.3, sigmoid(9, 0.4))),
}


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("tolerance", [0.1, 0.01, 1e-4])
def test_no_token_is_off_by_more_than_is_stated(name, tolerance):
    made, true = integrated(*SMOOTH[name], tolerance=tolerance, eps=DOUBLE_EPS)
    assert off(made, true) <= made.error <= tolerance
    assert made.stopped is None
    assert made.jump is None
    assert_close(made.scores.sum(), true.sum(), rtol=DOUBLE, scale=np.abs(true).sum())


@pytest.mark.parametrize("name", SMOOTH)
def test_the_unit_of_the_output_changes_nothing(name):
    made, _ = integrated(*SMOOTH[name])
    for scale in (1e-6, 1e6):
        other, _ = integrated(*SMOOTH[name], scale=scale)
        assert other.evaluations == made.evaluations
        assert_close(other.scores, scale * made.scores, rtol=1e-9)
        assert_close(other.error, made.error, rtol=1e-6)


def test_a_spike_does_not_make_a_round_cut_everything():
    made, _ = integrated(sigmoid(2000, 0.37), line)
    assert made.evaluations < 100


@pytest.mark.parametrize("parts", [(flat, flat), (line, times(-2, line), flat), (line, times(-1, line))])
def test_what_is_straight_is_known_after_five_evaluations(parts):
    made, true = integrated(*parts)
    assert made.evaluations == spline.START
    assert_close(made.scores, true, rtol=DOUBLE, scale=1.0)
    assert made.error < SINGLE
    assert made.stopped is None


def test_what_is_zero_keeps_zero():
    # A token that is equal in text and baseline: nothing of what the sum misses is its.
    made, _ = integrated(sigmoid(60, 0.8), flat, line, tolerance=0.1)
    assert made.delta != 0
    assert made.scores[1] == 0


@pytest.mark.parametrize("most", [5, 6, 20, 33])
def test_the_limit_of_evaluations_holds_and_is_told(most):
    made, true = integrated(sigmoid(200, 0.37), times(-1, sigmoid(150, 0.6)), line, tolerance=1e-5, most=most)
    assert made.evaluations == most
    assert made.stopped == spline.EVALUATIONS
    assert 1e-5 < off(made, true) <= made.error


def test_the_delta_is_what_the_sum_missed_before_it_was_shared_out():
    nodes = np.linspace(0, 1, spline.START)
    first, _ = integrated(sigmoid(60, 0.8), line, most=5)
    gradients = np.stack([sigmoid(60, 0.8)(nodes)[1], line(nodes)[1]], axis=1)
    values = sigmoid(60, 0.8)(np.array([0.0, 1.0]))[0] + np.array([0.0, 1.0])
    assert_close(first.delta, spline.over_gaps(nodes, gradients).sum() - np.diff(values)[0], rtol=1e-9)
    assert abs(first.delta) > 0.01


@pytest.mark.parametrize("where", [0.371, 0.0621, 0.93])
@pytest.mark.parametrize("height", [1.0, -3.0])
def test_a_jump_of_the_output_is_stopped_at_and_told(where, height):
    made, true = integrated(times(height, step(where)), line, times(-0.5, line))
    assert made.stopped == spline.JUMP
    assert_close(made.jump, where, rtol=1e-3, scale=1.0)
    assert made.evaluations < 100
    assert off(made, true) <= made.error


def test_a_jump_where_no_gradient_is_leaves_a_delta_that_is_told():
    made, _ = integrated(step(0.371), flat)
    assert not made.scores.any()
    assert made.delta == -1
    assert made.error >= 1
    assert made.stopped == spline.JUMP


@pytest.mark.parametrize("where", [0.371, 0.7, 0.1234])
def test_a_jump_of_the_gradient_is_integrated_and_told(where):
    made, true = integrated(times(2, kink(where)), times(0.1, line), times(-0.3, line), tolerance=1e-3)
    assert off(made, true) <= made.error <= 1e-3
    assert_close(made.jump, where, rtol=0.02, scale=1.0)


def test_two_jumps_are_told_too():
    made, _ = integrated(step(0.371), times(-0.8, step(0.81)), line)
    assert made.stopped == spline.JUMP
    assert min(abs(made.jump - 0.371), abs(made.jump - 0.81)) < 1e-3


def rounded(where, eps, dice):
    """Rounding as a network of half precision leaves it: some units in the last place, of values and of gradients."""
    smooth, other = sigmoid(4, where), times(0.5, wave(0.5))

    def parts(t):
        noise = 1 + eps * dice.standard_normal((2, len(t)))
        return tuple(factor * (one + two) for factor, one, two in zip(noise, smooth(t), other(t)))

    return parts


@pytest.mark.parametrize("eps", [2.0**-7, 2.0**-10])
def test_refining_ends_where_rounding_is_all_that_is_left(eps):
    dice = np.random.default_rng(5)
    for where in np.linspace(0, 1, 50):
        made, _ = integrated(rounded(where, eps, dice), tolerance=1e-4, eps=eps)
        assert made.stopped == spline.ROUNDING
        assert made.evaluations < 60
        assert 0.1 * eps < made.error < 64 * eps


def test_what_cancels_within_a_quarter_of_the_path_is_not_seen():
    # No rule that begins with five nodes can: the documentation says so.
    for parts in [(wave(4), times(-1, wave(4)), line), (sigmoid(300, 0.13), times(-1, sigmoid(300, 0.12)), line)]:
        made, _ = integrated(*parts)
        assert made.evaluations == spline.START
        assert made.error < 1e-6
    assert off(*integrated(*parts)) > 0.3
