"""The optimizer that stands for `transformers.AdamW` takes the steps that one took."""

import copy

import numpy as np
import pytest
import torch
import transformers
from closeness import DOUBLE, assert_close
from stacks import on_stock

from eli5_transformers.compat.patches.adamw import AdamW

OPTIONS = [
    {"lr": 0.1},
    {"lr": 0.1, "correct_bias": False},
    {"lr": 0.1, "weight_decay": 0.3, "eps": 1e-3},
    {"lr": 0.1, "betas": (0.5, 0.9), "weight_decay": 0.1},
]


def gradients():
    return np.random.RandomState(0).randn(5, 4)


def trajectory(optimizer_class, **options):
    """The weights after every step."""
    weights = torch.nn.Parameter(torch.linspace(-1, 1, 4, dtype=torch.float64))
    optimizer = optimizer_class([weights], **options)
    visited = []
    for gradient in gradients():
        weights.grad = torch.from_numpy(gradient.copy())
        optimizer.step()
        visited.append(weights.detach().numpy().copy())
    return np.stack(visited)


def published(lr, betas=(0.9, 0.999), eps=1e-6, weight_decay=0.0, correct_bias=True):
    """Algorithm 2 of https://arxiv.org/abs/1711.05101 with the decay after the step, in numpy."""
    weights, mean, square, visited = np.linspace(-1, 1, 4), 0.0, 0.0, []
    for step, gradient in enumerate(gradients(), start=1):
        mean = betas[0] * mean + (1 - betas[0]) * gradient
        square = betas[1] * square + (1 - betas[1]) * gradient**2
        rate = lr * np.sqrt(1 - betas[1] ** step) / (1 - betas[0] ** step) if correct_bias else lr
        weights = weights - rate * mean / (np.sqrt(square) + eps)
        weights = weights - lr * weight_decay * weights
        visited.append(weights)
    return np.stack(visited)


@pytest.mark.parametrize("options", OPTIONS)
def test_steps_are_the_published_ones(options):
    assert_close(trajectory(AdamW, **options), published(**options), rtol=DOUBLE)


@on_stock
@pytest.mark.parametrize("options", OPTIONS)
def test_steps_are_those_of_transformers(options):
    np.testing.assert_array_equal(trajectory(AdamW, **options), trajectory(transformers.AdamW, **options))


@pytest.mark.parametrize("options", [{"lr": -1}, {"eps": -1}, {"betas": (1.0, 0.9)}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(ValueError, match="AdamW takes"):
        AdamW([torch.nn.Parameter(torch.zeros(1))], **options)


def test_sparse_gradients_are_refused_with_the_mend():
    embedding = torch.nn.Embedding(3, 2, sparse=True)
    embedding(torch.tensor([1])).sum().backward()
    with pytest.raises(RuntimeError, match="dense_sparse_adam"):
        AdamW(embedding.parameters()).step()


def test_the_state_can_be_saved_and_taken_up_again():
    weights = torch.nn.Parameter(torch.ones(3))
    optimizer = AdamW([weights], weight_decay=0.1)
    weights.grad = torch.ones(3)
    optimizer.step()
    twin = torch.nn.Parameter(weights.detach().clone())
    resumed = AdamW([twin])
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    twin.grad = torch.ones(3)
    optimizer.step()
    resumed.step()
    assert torch.equal(weights, twin)
