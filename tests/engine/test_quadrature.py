"""Fixed rules of quadrature keep what they promise."""

from closeness import DOUBLE, assert_close

from eli5_transformers.engine import quadrature


def test_rules_are_exact_for_what_they_promise():
    for method in quadrature.METHODS:
        nodes, weights = quadrature.fixed(method, 8)
        assert_close(weights.sum(), 1, rtol=DOUBLE)
        assert nodes.min() >= 0
        assert nodes.max() <= 1
    for method in ("gausslegendre", "riemann_middle", "riemann_trapezoid"):
        nodes, weights = quadrature.fixed(method, 8)
        assert_close(weights @ nodes, 0.5, rtol=DOUBLE)
