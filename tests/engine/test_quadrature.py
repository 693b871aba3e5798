"""The rules of quadrature are exact to their degree, and a jump of the integrand ends the refinement."""

import numpy as np
from closeness import DOUBLE, assert_close

from eli5_transformers.engine import quadrature


def test_kronrods_extension_keeps_gauss_nodes_and_is_exact_to_its_degree():
    rule = quadrature.kronrod()
    nodes = np.concatenate([rule.gauss, rule.added])
    assert len(nodes) == 2 * quadrature.NODES + 1
    assert_close(rule.gauss[quadrature.NODES // 2], 0.5, rtol=DOUBLE)
    assert (rule.weights > 0).all()
    for degree in range(3 * quadrature.NODES + 2):
        assert_close(rule.weights @ nodes**degree, 1 / (degree + 1), rtol=1e-13, scale=1.0)


def test_rules_are_exact_for_what_they_promise():
    for method in quadrature.METHODS:
        nodes, weights = quadrature.fixed(method, 8)
        assert_close(weights.sum(), 1, rtol=DOUBLE)
        assert nodes.min() >= 0
        assert nodes.max() <= 1
    for method in ("gausslegendre", "riemann_middle", "riemann_trapezoid"):
        nodes, weights = quadrature.fixed(method, 8)
        assert_close(weights @ nodes, 0.5, rtol=DOUBLE)


def test_a_jump_is_stopped_at_and_told():
    integral = quadrature.Integral({0.0: 0.0, 0.5: 0.0, 1.0: 1.0})
    while integral.open:
        for piece in list(integral.open):
            nodes = integral.nodes(piece)
            integral.add(piece, np.zeros((len(nodes), 2)), (nodes > 0.7).astype(float))
        integral.refine(0.01, 10_000)
    assert integral.stopped
    assert integral.evaluations < 1000
