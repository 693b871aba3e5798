"""Random numbers for code that draws from torch's global generators, without moving those.

From torch 2.0 on, what one thread draws can be told another generator (`torch.overrides.TorchFunctionMode`). Before, the
global ones are set and put back, by one thread at a time.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Dict, Iterator, Optional

import torch

from ..locks import ALONE
from ._stack import release

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


@contextmanager
def private_random_numbers(device: torch.device, seed: Optional[int] = None) -> Iterator[None]:
    """What this thread draws inside comes from generators of its own, which begin at `seed`, or where the global ones stand.

    The same numbers come as from the global generators at that seed; those stay where they are.
    """
    if release(torch.__version__) < (2, 0):
        with _global_ones(device, seed):
            yield
        return
    with _Private(seed):
        yield


@contextmanager
def _global_ones(device: torch.device, seed: Optional[int]) -> Iterator[None]:
    devices = [device] if device.type == "cuda" else []
    with ALONE, torch.random.fork_rng(devices=devices):  # type: ignore[arg-type]
        if seed is not None:
            torch.manual_seed(seed % 2**63)
        yield


if release(torch.__version__) >= (2, 0):
    from torch.overrides import TorchFunctionMode

    class _Private(TorchFunctionMode):
        """Hands a generator to the functions that draw and were given none."""

        def __init__(self, seed: Optional[int]) -> None:
            super().__init__()
            self._seed = seed
            self._generators: Dict[torch.device, torch.Generator] = {}

        def __torch_function__(self, function: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
            options = dict(options or {})
            if function in _LIKE:
                (like,) = arguments
                chosen = {name: options.pop(name, None) or getattr(like, name) for name in ("dtype", "device", "layout")}
                function, arguments, options = _LIKE[function], (like.shape,), {**options, **chosen}
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
