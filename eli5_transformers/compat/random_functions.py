"""Random numbers for code that draws from torch's global generators, without moving those.

What one thread draws is told another generator, by a `torch.overrides.TorchFunctionMode`, which holds for its thread alone.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, Optional, Tuple

import torch
from torch.nn import init
from torch.overrides import TorchFunctionMode

from .function_modes import entered

_DRAWING = {
    getattr(owner, name)
    for owner, names in (
        (torch, ("bernoulli", "multinomial", "normal", "poisson", "rand", "randint", "randn", "randperm")),
        (
            torch.Tensor,
            (
                "bernoulli", "bernoulli_", "cauchy_", "exponential_", "geometric_", "log_normal_", "multinomial", "normal_",
                "random_", "uniform_",
            ),
        ),
    )
    for name in names
}  # fmt: skip
_LIKE = {torch.rand_like: torch.rand, torch.randn_like: torch.randn}


def _kaiming(tensor: torch.Tensor, a: float, mode: Any, nonlinearity: Any) -> Tuple[str, float, float]:
    fan = init._calculate_correct_fan(tensor, mode)
    bound = math.sqrt(3.0 / fan) * init.calculate_gain(nonlinearity, a)
    return "uniform_", -bound, bound


# What draws in torch.nn.init, by the method that it calls, before torch let these take a generator: what they call in turn is
# not seen, as the mode is left while one of them runs.
_OF_INIT: Dict[Any, Callable[..., Tuple[str, float, float]]] = {
    init.uniform_: lambda tensor, a, b: ("uniform_", a, b),
    init.normal_: lambda tensor, mean, std: ("normal_", mean, std),
    init.kaiming_uniform_: _kaiming,
}


@contextmanager
def private_random_numbers(device: torch.device, seed: Optional[int] = None) -> Iterator[None]:
    """What this thread draws inside comes from generators of its own, which begin at `seed`, or where the global ones stand.

    The same numbers come as from the global generators at that seed; those stay where they are.
    """
    with entered(_Private, seed):
        yield


class _Private(TorchFunctionMode):
    """Hands a generator to the functions that draw and were given none."""

    def __init__(self, seed: Optional[int]) -> None:
        # The base is not asked: see `function_modes.entered`.
        self._seed = seed
        self._generators: Dict[torch.device, torch.Generator] = {}

    def __torch_function__(self, function: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
        options = dict(options or {})
        if function in _LIKE:
            (like,) = arguments
            chosen = {name: options.pop(name, None) or getattr(like, name) for name in ("dtype", "device", "layout")}
            function, arguments, options = _LIKE[function], (like.shape,), {**options, **chosen}
        if function in _OF_INIT and "generator" not in options and options["tensor"].numel():
            tensor = options["tensor"]
            name, *limits = _OF_INIT[function](**options)
            with torch.no_grad():
                return getattr(tensor, name)(*limits, generator=self._generator(tensor.device))
        # Those of torch.nn.init, which draw in turn, name the argument.
        if (function in _DRAWING or "generator" in options) and options.get("generator") is None:
            device = _device(arguments, options)
            if device.type != "meta":  # where nothing is drawn
                options["generator"] = self._generator(device)
        return function(*arguments, **options)

    def _generator(self, device: torch.device) -> torch.Generator:
        if device not in self._generators:
            made = torch.Generator(device)
            if self._seed is None:
                state = torch.get_rng_state() if device.type == "cpu" else torch.cuda.get_rng_state(device)
                made.set_state(state)
            else:
                made.manual_seed(self._seed % 2**63)
            self._generators[device] = made
        return self._generators[device]


def _device(arguments: Any, options: Dict[str, Any]) -> torch.device:
    """Where a function draws: where it is told to, or where its tensors are."""
    if options.get("device") is not None:
        found = torch.device(options["device"])
    else:
        given = (value for value in (*arguments, *options.values()) if isinstance(value, torch.Tensor))
        found = next((value.device for value in given), torch.empty(0).device)
    if found.type == "cuda" and found.index is None:
        found = torch.device("cuda", torch.cuda.current_device())
    return found
