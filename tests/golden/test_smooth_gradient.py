"""What is true of AllenNLP's SmoothGradient on BERT, and why its numbers cannot be compared between two stacks."""

from typing import Any

import numpy as np
import pytest
import stock_flow
from closeness import assert_close

import eli5_transformers  # noqa: F401  (makes AllenNLP importable where its pins are not met)

TEXTS = (stock_flow.TEXTS[0], stock_flow.TEXTS[1], "terrible")


@pytest.fixture(scope="module", params=["stars_checkpoint", "sectors_checkpoint"])
def predictor(request: pytest.FixtureRequest) -> Any:
    labels = {"stars_checkpoint": 5, "sectors_checkpoint": 7}[request.param]
    return stock_flow.build_predictor(str(request.getfixturevalue(request.param)), labels)


# Not of one word alone: the noise of its three tokens is exactly zero now and then, and AllenNLP divides by it.
@pytest.mark.parametrize("text", TEXTS[:2])
def test_smooth_gradient_gives_one_share_of_1_per_token(predictor, text):
    from allennlp.interpret.saliency_interpreters import SmoothGradient

    scores = np.array(stock_flow.saliency(SmoothGradient(predictor), text))
    assert scores.shape == (len(predictor.predict(text)["tokens"]),)
    assert (scores >= 0).all()
    assert_close(scores.sum(), 1.0, rtol=1e-6)


@pytest.mark.parametrize("text", TEXTS)
def test_what_smooth_gradient_sums_is_rounding_noise_on_bert(predictor, text):
    """The LayerNorm behind BERT's word embedding makes a token's gradient sum to zero over the width.

    AllenNLP's SmoothGradient takes that very sum as the token's score and scales it up to a share of 1
    (smooth_gradient.py:42), so that on BERT it shows floating-point rounding, another on every stack.
    """
    gradients = predictor.get_gradients(predictor.json_to_labeled_instances({"sentence": text}))[0]
    gradient = gradients["grad_input_1"][0]
    norms = np.linalg.norm(gradient, axis=1)
    assert (norms > 0).all()
    assert (np.abs(gradient.sum(axis=1)) <= 1e-5 * norms).all()


def test_smooth_gradient_draws_other_scores_each_time(predictor):
    """Its noise takes torch's global random state: the same text gives other scores at the next call."""
    from allennlp.interpret.saliency_interpreters import SmoothGradient

    interpreter = SmoothGradient(predictor)
    first, second = (np.array(stock_flow.saliency(interpreter, TEXTS[0])) for _ in range(2))
    assert np.abs(first - second).max() > 1e-3
