"""Shapley values of games that are known in full: by all orders of their players, by axioms, and with true errors."""

from itertools import permutations, product
from math import comb

import numpy as np
import pytest
from closeness import DOUBLE, assert_close

from eli5_transformers.engine.coalition_process import Prior, covariances, functionals, posterior
from eli5_transformers.engine.shapley import CAUTION, START, Game, Pairs, estimate, pairs_of, rounds


def all_coalitions(players):
    return np.array(list(product((-1.0, 1.0), repeat=players)))


def all_pairs(players):
    pairs = Pairs(players, seed=0)
    pairs.draw(pairs_of(players))
    return pairs.drawn


def gains_of(game, signs):
    """v(S) - v(complement), of a game that takes rows of 1 for who is there, and 0."""
    return game((signs > 0).astype(float)) - game((signs < 0).astype(float))


def by_all_orders(game, players):
    """The definition: the mean of what each adds to those before it."""
    found = np.zeros(players)
    orders = list(permutations(range(players)))
    for order in orders:
        there = np.array([np.isin(np.arange(players), order[:count]) for count in range(players + 1)], dtype=float)
        found[list(order)] += np.diff(game(there))
    return found / len(orders)


def network(players, seed, bend=2.0):
    """Two layers: effects, and what words do together in twos, threes and so on."""
    draw = np.random.default_rng(seed)
    size = draw.exponential(size=players)
    first, last = draw.normal(size=(players, 12)) * size[:, None], draw.normal(size=12)
    return lambda there: np.tanh(bend * there @ first / np.sqrt(players)) @ last


def played(game, players, **options):
    """The estimate of a game that is played to its end."""
    ends = game(np.stack([np.ones(players), np.zeros(players)]))
    made = Game(np.array([ends[0] - ends[1]]), players, **{"tolerance": 0.02, "passes": 2000, "seed": 0, **options})
    while len(made.open):
        made.add(gains_of(game, made.open)[:, None])
    return made.estimates[0]


@pytest.mark.parametrize("players", [1, 2, 3, 5, 6])
def test_all_pairs_give_the_mean_over_all_orders(players):
    game = network(players, seed=players)
    assert_close(estimate(all_pairs(players), gains_of(game, all_pairs(players))).scores, by_all_orders(game, players), DOUBLE)


GAMES = {
    "a product of two is halved": (lambda x: 3 * x[:, 1] * x[:, 2], [0, 1.5, 1.5, 0]),
    "gloves: one left, two right": (lambda x: np.minimum(x[:, 0], x[:, 1] + x[:, 2]), [2 / 3, 1 / 6, 1 / 6, 0]),
    "words that say the same": (lambda x: x[:, 1:].max(1), [0, 1 / 3, 1 / 3, 1 / 3]),
    "a majority of three votes": (lambda x: (x @ [2, 1, 1, 1] >= 3).astype(float), [1 / 2, 1 / 6, 1 / 6, 1 / 6]),
    "effects alone": (lambda x: x @ [1.0, -2, 0, 4] + 7, [1, -2, 0, 4]),
}


@pytest.mark.parametrize("name", GAMES)
def test_games_whose_values_are_known(name):
    game, values = GAMES[name]
    found = played(game, 4)
    assert_close(found.scores, values, DOUBLE)
    assert found.error == 0
    assert not found.standard_errors.any()


@pytest.mark.parametrize(
    ("effects", "players"), [([2.0, -1, 0.5], 12), ([1.0, 1], 60)]
)
def test_effects_alone_are_exact_by_few_pairs(effects, players):
    weights = np.resize(effects, players)
    found = played(lambda x: x @ weights, players, tolerance=None, passes=4 * players)
    assert_close(found.scores, weights, 1e-5)
    assert found.error < 1e-3


@pytest.mark.parametrize("players", [2, 5, 12])
@pytest.mark.parametrize("seed", range(3))
def test_scores_add_up_to_what_all_players_gain(players, seed):
    game = network(players, seed)
    for passes in (2, 10, 60):
        found = played(game, players, tolerance=None, passes=passes, seed=seed)
        gain = float(np.diff(game(np.stack([np.zeros(players), np.ones(players)])))[0])
        assert_close(found.scores.sum(), gain, DOUBLE, scale=np.abs(found.scores).sum())
        assert found.passes <= passes


def test_who_does_nothing_has_nothing_and_equals_have_the_same_within_the_error():
    inner = network(9, seed=1)
    # The tenth does nothing, and the ninth is the eighth's twin.
    game = lambda x: inner(x[:, [*range(8), 7]]) + inner(x[:, [*range(7), 8, 8]])  # noqa: E731
    found = played(game, 10, tolerance=0.01)
    assert 0 < found.error <= 0.01
    size = np.abs(found.scores).sum()
    assert abs(found.scores[9]) <= found.error * size
    assert abs(found.scores[7] - found.scores[8]) <= 2 * found.error * size


def test_values_are_linear_in_the_game_where_all_is_known():
    one, other, signs = network(6, 1), network(6, 2), all_pairs(6)
    first, second, both = (estimate(signs, gains_of(game, signs)).scores for game in (one, other, lambda x: one(x) - other(x)))
    assert_close(both, first - second, DOUBLE)


def test_standard_errors_hold_the_errors():
    """19 of 20 errors are below twice the standard error, and the stated error of a word holds in nearly all games."""
    within, true, near = [], [], []
    for seed in range(30):
        players = 9 + seed % 3
        game = network(players, seed, bend=1 + seed % 4)
        exact = estimate(all_pairs(players), gains_of(game, all_pairs(players))).scores
        for passes in (4 * players, 8 * players, 16 * players):
            found = played(game, players, tolerance=None, passes=passes, seed=seed)
            off = np.abs(found.scores - exact)
            within.append(np.mean(off <= 2 * found.standard_errors))
            true.append(off.max() <= found.error * np.abs(found.scores).sum())
            near.append(found.standard_errors.max() < 3 * off.max())
    assert np.mean(within) >= 0.93
    assert np.mean(true) >= 0.95
    assert np.mean(near) >= 0.9  # nor is more feared than there is


@pytest.mark.parametrize("players", [9, 11, 12, 14])
def test_outputs_that_jump_at_a_number_of_players_have_nearly_the_errors_that_are_stated(players):
    """Sixteen passes a player: 9 of 10 errors are below twice the standard error, and the stated error holds."""
    within, true = [], []
    for seed, border in product(range(10), (3.5, 5.5)):
        game = lambda there, border=border: 4 / (1 + np.exp(-12 * (there.sum(1) - border)))  # noqa: E731
        exact = (game(np.ones((1, players))) - game(np.zeros((1, players)))) / players  # all players are alike
        found = played(game, players, tolerance=None, passes=16 * players, seed=seed)
        off = np.abs(found.scores - exact)
        within.append(np.mean(off <= 2 * found.standard_errors))
        true.append(off.max() <= found.error * np.abs(found.scores).sum())
    assert np.mean(within) >= 0.9
    assert np.mean(true) >= 0.95


def test_fewer_pairs_than_players_tell_little_and_the_error_says_so():
    """Effects alone fit them without a rest, whatever the game."""
    true, stated = [], []
    for seed in range(20):
        game = network(10, seed)
        exact = estimate(all_pairs(10), gains_of(game, all_pairs(10))).scores
        for passes in (10, 20):
            found = played(game, 10, tolerance=None, passes=passes, seed=seed)
            true.append(np.abs(found.scores - exact).max() <= found.error * np.abs(found.scores).sum())
            stated.append(found.error)
    assert np.mean(true) >= 0.75
    assert np.mean(stated) > 0.2


def test_a_game_is_played_until_its_error_is_within_the_tolerance():
    game, passes = network(12, seed=4), []
    for tolerance in (0.1, 0.03, 0.01):
        found = played(game, 12, tolerance=tolerance)
        assert 0 < found.error <= tolerance
        passes.append(found.passes)
    assert passes == sorted(set(passes))
    assert passes[0] >= 2 * START * 12
    few = played(game, 12, tolerance=0.001, passes=50)
    assert few.error > 0.001
    assert few.passes == 50


def test_a_question_has_the_estimate_that_it_has_alone():
    games = [network(11, seed=seed) for seed in (1, 2)]
    rough = lambda x: np.sin(1e4 * x @ np.arange(1, 12))  # noqa: E731
    every = [*games, rough]
    ends = np.stack([np.ones(11), np.zeros(11)])
    gained = np.array([-np.diff(game(ends))[0] for game in every])
    made = Game(gained, 11, tolerance=0.03, passes=300, seed=5)
    while len(made.open):
        made.add(np.stack([gains_of(game, made.open) for game in every], 1))
    for game, found in zip(every, made.estimates):
        alone = played(game, 11, tolerance=0.03, passes=300, seed=5)
        assert np.array_equal(found.scores, alone.scores)
        assert found.passes == alone.passes
    assert made.estimates[2].passes > made.estimates[0].passes


def test_an_output_that_jumps_at_random_is_said_to_be_uncertain():
    """Nothing can be learned of what was not asked; the error says so."""
    values = dict(zip(map(tuple, all_coalitions(10) > 0), np.random.default_rng(0).normal(size=2**10)))
    game = lambda x: np.array([values[tuple(row > 0)] for row in x])  # noqa: E731
    exact = estimate(all_pairs(10), gains_of(game, all_pairs(10))).scores
    found = played(game, 10, tolerance=None, passes=200)
    off = np.abs(found.scores - exact)
    assert off.max() <= found.error * np.abs(found.scores).sum()
    assert found.error > 0.1


def test_a_constant_game_has_no_values():
    found = played(lambda x: np.full(len(x), 3.0), 12)
    assert not found.scores.any()
    assert found.error == 0
    assert played(lambda x: np.zeros(len(x)), 0).scores.shape == (0,)


# Which pairs are drawn


@pytest.mark.parametrize("players", [2, 3, 7, 8])
def test_all_pairs_are_each_coalition_or_its_complement_once(players):
    drawn = all_pairs(players)
    seen = {tuple(sign * row) for row in drawn for sign in (1, -1)}
    assert len(seen) == 2 * len(drawn) == 2**players
    assert (drawn[0] == 1).all()


def test_sizes_are_drawn_equally_often_until_one_is_exhausted():
    drawn = Pairs(30, seed=1)
    sizes = (drawn.draw(145) > 0).sum(1)
    # Of half the players a pair is two coalitions of one size.
    assert [int((sizes == size).sum()) for size in range(1, 16)] == [10] * 14 + [5]
    more = (drawn.draw(1000) > 0).sum(1)
    assert int((more == 1).sum()) == 20  # all thirty
    assert len({tuple(row) for row in drawn.drawn}) == 1001


def test_pairs_depend_on_the_seed_alone_and_are_nested():
    one, other, third = Pairs(40, seed=3), Pairs(40, seed=3), Pairs(40, seed=4)
    one.draw(50)
    one.draw(90)
    other.draw(90)
    third.draw(90)
    assert np.array_equal(one.drawn, other.drawn)
    assert not np.array_equal(one.drawn, third.drawn)


@pytest.mark.parametrize(("players", "passes"), [(1, 10), (4, 10), (4, 14), (10, 2000), (12, 500), (40, 60), (40, 2000)])
def test_rounds_grow_up_to_what_the_passes_allow(players, passes):
    counts = list(rounds(players, passes))
    assert counts == sorted(set(counts))
    assert counts[-1] == min(passes // 2, pairs_of(players))
    assert counts[0] == min(START * players, counts[-1])


# The process, against its own covariances of all coalitions


@pytest.mark.parametrize("players", [1, 2, 3, 5, 6])
def test_covariances_with_the_values_are_those_of_all_coalitions(players):
    """The values are a linear map of the game: so much of the covariances of all pairs are theirs, without an integral."""
    pairs = all_pairs(players)
    prior = Prior(np.linspace(0.1, 0.8, players), 0.03)
    size = (pairs > 0).sum(1)[:, None] - (pairs > 0)
    ways = np.array([[comb(players - 1, int(others)) for others in row] for row in size])
    shapley = 2 * pairs / (players * ways)  # of half the difference that a pair makes
    every = covariances(pairs, prior)
    parts, own = functionals(pairs, prior)
    assert_close(parts, every @ shapley, 1e-9)
    assert_close(own, np.diag(shapley.T @ every @ shapley), 1e-9)


def test_rates_are_of_a_product_over_the_players():
    signs, rates = all_pairs(4), np.array([0.2, 0.5, 0.05, 0.7])
    product_of = lambda other: np.prod(1 + rates * signs[:, None] * other, axis=-1)  # noqa: E731
    odd = product_of(signs) - product_of(-signs)
    linear = covariances(signs, Prior(rates, 0.0)) - odd / odd[0, 0]
    assert_close(linear / linear[0, 0], signs @ signs.T / 4, 1e-9)


def test_the_posterior_of_all_pairs_is_the_value_and_certain():
    game, signs = network(7, seed=2), all_pairs(7)
    gains = gains_of(game, signs)
    scores, errors = posterior(signs, gains)
    assert_close(scores, estimate(signs, gains).scores, 1e-6)
    assert errors.max() < 1e-4 * np.abs(scores).sum()


def test_the_stated_error_is_that_of_the_least_certain_player():
    game, pairs = network(11, seed=3), Pairs(11, seed=0)
    pairs.draw(40)
    found = estimate(pairs.drawn, gains_of(game, pairs.drawn))
    size = np.abs(found.scores).sum()
    assert_close(found.error, CAUTION * found.standard_errors.max() / size, DOUBLE)
