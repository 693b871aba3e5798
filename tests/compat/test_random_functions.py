"""Code that draws from torch's global generators gets the numbers of a seed, and moves none of them."""

import threading
from typing import List

import pytest
import torch

from eli5_transformers.compat.random_functions import private_random_numbers

CPU = torch.device("cpu")
DRAWS = {
    "rand": lambda: torch.rand(3),
    "randn": lambda: torch.randn(2, 3),
    "randperm": lambda: torch.randperm(9),
    "randint": lambda: torch.randint(100, (5,)),
    "normal": lambda: torch.normal(0.0, torch.ones(4)),
    "bernoulli": lambda: torch.bernoulli(torch.full((8,), 0.5)),
    "multinomial": lambda: torch.multinomial(torch.ones(6), 4),
    "rand_like": lambda: torch.rand_like(torch.ones(3)),
    "randn_like": lambda: torch.randn_like(torch.ones(3, dtype=torch.float64)),
    "uniform_": lambda: torch.empty(4).uniform_(),
    "random_": lambda: torch.empty((), dtype=torch.int64).random_(generator=None),
    "distribution": lambda: torch.distributions.Categorical(torch.ones(5)).sample((3,)),
    "init": lambda: torch.nn.Linear(3, 2).weight.detach(),
    "initializers": lambda: torch.cat([module.weight.detach().flatten() for module in _initialized()]),
    "loader": lambda: torch.stack(list(torch.utils.data.DataLoader(torch.arange(6), shuffle=True))),
}


def _initialized() -> List[torch.nn.Module]:
    """Modules whose weights are drawn otherwise than those of a linear layer."""
    own = torch.nn.Linear(3, 2)
    torch.nn.init.uniform_(own.weight, -2, 3)
    return [own, torch.nn.Embedding(3, 2), torch.nn.Conv1d(2, 2, 2)]


@pytest.mark.parametrize("name", DRAWS)
def test_the_numbers_are_those_of_the_global_generator_at_that_seed(name: str) -> None:
    draw = DRAWS[name]
    before = torch.get_rng_state()
    with private_random_numbers(CPU, 5):
        found = draw(), draw()
    assert torch.equal(torch.get_rng_state(), before)
    with private_random_numbers(CPU):
        here = draw()
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(draw(), here), "without a seed it begins where the global one stands"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        assert torch.equal(draw(), found[0])
        assert torch.equal(draw(), found[1])


def test_another_thread_draws_as_ever() -> None:
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    drawn = []
    with private_random_numbers(CPU, 5):
        torch.rand(2)
        thread = threading.Thread(target=lambda: drawn.append(torch.rand(3)))
        thread.start()
        thread.join()
    assert torch.equal(drawn[0], expected)
