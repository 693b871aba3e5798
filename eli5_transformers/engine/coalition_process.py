"""A Gaussian process over the coalitions of a game, by whose posterior Shapley values have standard errors.

What a model says of a text without some words is a smooth function of which are there: the words' effects, and on top of these
what few of them do together, the less the more they are. As a prior over games,

    k(S, T) = prod_j (1 + r_j s_j t_j),    s_j = 1 where word j is in S, else -1

says just that: a product of |A| words has the variance of its r_j multiplied (a kernel of the hypercube, as in Kondor and
Lafferty 2002). Its odd part, that of the pairs (S, complement of S), is sinh(sum_j artanh(r_j) s_j t_j) times a constant.
Added are the words' effects alone, with so large a variance that they are as good as free, and a part that is of no such order
(`rough`).

The Shapley value is linear in the game, so that its posterior is known in closed form: for a product it is an integral over one
number, the chance u that the others are there (Owen 1972), and Gauss and Legendre's rule gives it exactly. Where all pairs are
known the posterior is the Shapley value itself. This is Bayesian quadrature (O'Hagan 1991) over coalitions.

How much each word interacts is taken from what it does: r_j goes with the size of its value to a power, by a first estimate
with all r_j alike. The second is of what that leaves over. r and `rough` are those of the largest likelihood.
"""

from __future__ import annotations

from typing import List, NamedTuple, Tuple

import numpy as np

# The values of r that are tried, and of `rough`, the variance of what has no order as a share of the process's own.
_RATES = (0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.75, 0.9)
_ROUGH = (1e-8, 1e-3, 3e-2)
_LEAST_RATE, _MOST_RATE = 1e-3, 0.97
# r_j goes with the size of a word's value to this power; what does nothing by itself counts as a tenth of the mean.
_POWER, _FLOOR = 0.75, 0.1
# The variance of the words' effects alone.
_FREE = 1000.0
# r and the variances are estimates themselves, which the posterior takes for known: standard deviations are so much larger.
_CAUTION = 1.2
# Pairs by which r and `rough` are chosen, at least, and for each player.
_CHOOSING, _CHOOSING_EACH = 300, 2
# Points of the integral: exact up to twice as many players.
_POINTS = 64


class Prior(NamedTuple):
    """A process: its rates, (players,), and the variance of what has no order."""

    rates: np.ndarray
    rough: float


def weights(signs: np.ndarray) -> np.ndarray:
    """The weight in each player's Shapley value of what a pair tells of it, (pairs, players): 1 / (n C(n - 1, others)).

    `signs` (pairs, players) are 1 for those of the coalition and -1 for those of its complement. Over all pairs, the sum of
    weights times signs times v(S) - v(complement) is the Shapley value.
    """
    players = signs.shape[1]
    beside = (signs > 0).sum(1, keepdims=True) - (signs > 0)
    return _of_size(players)[beside]


def posterior(signs: np.ndarray, gains: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the Shapley values, (players,) each, by what is known of some pairs.

    `signs` (pairs, players) are as for `weights`, `gains` (pairs,) are v(S) - v(complement); the pair of all players and none
    is among them.
    """
    values = gains / 2  # of the odd part of the game, which alone counts
    prior, effects = _chosen(signs, values)
    known = _Known(signs, values - signs @ effects, prior)
    parts, own = functionals(signs, prior)
    explained = _solved(known.root, parts)
    left = np.maximum(own - (explained**2).sum(0), 0)
    return 2 * effects + parts.T @ known.solution(), _CAUTION * np.sqrt(left * known.scale(values))


class _Known:
    """What is known of a process by the values of some pairs."""

    def __init__(self, signs: np.ndarray, values: np.ndarray, prior: Prior) -> None:
        self.root = np.linalg.cholesky(covariances(signs, prior))
        self._white = _solved(self.root, values)
        self._variance = float(np.mean(self._white**2))

    def likelihood(self) -> float:
        """The logarithm of the likelihood, at the best scale; larger is better."""
        logarithm = np.log(max(self._variance, 1e-300))
        return float(-len(self._white) / 2 * logarithm - np.log(np.diag(self.root)).sum())

    def solution(self) -> np.ndarray:
        """(pairs,): the inverse of the covariances times the values."""
        return _solved(self.root, self._white, transposed=True)

    def scale(self, values: np.ndarray) -> float:
        """The variance of the process: the larger of what fits best, and what leaving out each of the `values` tells.

        These are those of the game itself: a few are fitted by effects alone, which leave nothing over, but predict no other.
        """
        inverse = _solved(self.root, np.eye(len(self.root)))
        left_out = (inverse.T @ (inverse @ values)) ** 2 / (inverse**2).sum(0)
        return max(self._variance, float(np.mean(left_out)))


def _solved(root: np.ndarray, right: np.ndarray, transposed: bool = False) -> np.ndarray:
    """The solution of a system whose matrix is lower triangular, or the transpose of one."""
    from scipy.linalg import solve_triangular

    return solve_triangular(root, right, lower=True, trans=int(transposed), check_finite=False)


def _chosen(signs: np.ndarray, values: np.ndarray) -> Tuple[Prior, np.ndarray]:
    """The prior by which the values are likeliest, and what it is around: the effect of each player, (players,)."""
    players = signs.shape[1]
    some = max(_CHOOSING, _CHOOSING_EACH * players)
    if len(signs) > some:
        places = np.linspace(0, len(signs) - 1, some).astype(int)
        signs, values = signs[places], values[places]
    alike = _likeliest(signs, values, [Prior(np.full(players, rate), _ROUGH[0]) for rate in _RATES])
    effects = functionals(signs, alike)[0].T @ _Known(signs, values, alike).solution() / 2
    if not effects.any():
        return alike, effects
    sizes = np.abs(effects) + _FLOOR * np.abs(effects).mean()
    shares = (sizes / sizes.mean()) ** _POWER
    rates = [np.clip(rate * shares, _LEAST_RATE, _MOST_RATE) for rate in _RATES]
    values = values - signs @ effects
    return _likeliest(signs, values, [Prior(each, rough) for each in rates for rough in _ROUGH]), effects


def _likeliest(signs: np.ndarray, values: np.ndarray, priors: List[Prior]) -> Prior:
    return max(priors, key=lambda prior: _Known(signs, values, prior).likelihood())


def covariances(signs: np.ndarray, prior: Prior) -> np.ndarray:
    """(pairs, pairs), of the odd part of the game."""
    slopes = np.arctanh(prior.rates)
    most = float(slopes.sum())
    exponent = (signs * slopes) @ signs.T
    # sinh(exponent) / sinh(most), which neither overflows.
    found = (np.exp(exponent - most) - np.exp(-exponent - most)) / -np.expm1(-2 * most)
    found += _FREE / signs.shape[1] * (signs @ signs.T)
    found[np.diag_indices_from(found)] += prior.rough
    return found


def functionals(signs: np.ndarray, prior: Prior) -> Tuple[np.ndarray, np.ndarray]:
    """The covariances of the players' Shapley values with the pairs, (pairs, players), and their own, (players,)."""
    players, rates = signs.shape[1], prior.rates
    most = float(np.arctanh(rates).sum())
    # The logarithm of what the product is divided by to be 1 at equal coalitions.
    scale = most + np.log(-np.expm1(-2 * most) / 2) + np.log1p(-(rates**2)).sum() / 2
    points, shares = np.polynomial.legendre.leggauss(min(players // 2 + 1, _POINTS))
    parts, own = np.zeros(signs.shape), np.zeros(players)
    for point, share in zip(points, shares):
        parts += share * _others(point * rates * signs, scale)
        own += share * (shares @ _others(point * points[:, None] * rates, scale))
    of_size = _of_size(players)
    linear = 2 * _FREE / players
    return (
        signs * (rates * parts + linear + 2 * prior.rough * weights(signs)),
        rates * own + 2 * linear + 4 * prior.rough * of_size.sum() / players,
    )


def _others(terms: np.ndarray, scale: float) -> np.ndarray:
    """For each player the product of 1 + term over all others, (…, players), divided by the exponential of the scale."""
    logarithms = np.log1p(terms)
    return np.exp(logarithms.sum(-1, keepdims=True) - logarithms - scale)


def _of_size(players: int) -> np.ndarray:
    """1 / (n C(n - 1, others)) for each number of others, (players,): in logarithms, of which none is too large."""
    from scipy.special import gammaln

    others = np.arange(players)
    return np.exp(gammaln(others + 1) + gammaln(players - others) - gammaln(players + 1))
