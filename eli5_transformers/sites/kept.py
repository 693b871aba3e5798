"""What modules keep from one forward pass to the next, and passes that all begin with the same of it.

ELMo's LSTM goes on where the text before has ended, counters count, lists grow. Then a prediction depends on what was run
before, and no two passes can be compared. So what changes from pass to pass is found once a model, by running it; while it
is explained, each pass begins with what there was at the start.
"""

from __future__ import annotations

import copy
from collections import OrderedDict, defaultdict, deque
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Sequence, Tuple

import torch

Kept = Tuple[Tuple[str, str], ...]
"""The names of modules, and of the attributes of each, that a forward pass leaves otherwise than it finds them."""

_CONTAINERS = (list, dict, set, tuple, deque, OrderedDict, defaultdict)
_FOREIGN = ("torch", "numpy", "transformers", "tokenizers", "allennlp", "builtins", "collections", "types", "threading", "re")
# What all modules have is hooks and flags.
_COMMON = frozenset(vars(torch.nn.Module())) | {"forward"}
_MOST_ENTRIES = 1000
_DEEPEST = 4
_MOST_NUMBERS = 2**16


def kept_by(model: torch.nn.Module, run: Callable[[], torch.Tensor]) -> Kept:
    """What `model`, a twin, keeps from one `run()` to the next, which gives its logits; it is run twice, and not put back.

    What the first pass makes for those behind it (a table of positions) does not count where the logits stay the same.
    """
    for module in model.modules():
        # A twin shares these with its original, which must not change.
        for key, value in list(vars(module).items()):
            if key not in _COMMON and _is_helper(value) and _is_light(value, 0):
                vars(module)[key] = _copy(value, 0)
    before = _state(model)
    first = run()
    between = _state(model)
    second = run()
    changed = _changes(between, _state(model))
    same = first.shape == second.shape and bool(torch.allclose(first, second, rtol=1e-4, atol=1e-6, equal_nan=True))
    return tuple(changed if same else dict.fromkeys([*_changes(before, between), *changed]))


@contextmanager
def beginning_alike(model: torch.nn.Module, kept: Kept) -> Iterator[None]:
    """Each forward pass of `model` inside the context finds what is kept as it is now; it is so again behind the context."""
    modules = dict(model.named_modules())
    held = [(_home(modules[name], key), key) for name, key in kept if name in modules]
    values = [(home, key, _copy(home[key], 0) if key in home else _MISSING) for home, key in held]
    if not values:
        yield
        return

    def put_back(*_: Any) -> None:
        for home, key, value in values:
            if value is _MISSING:
                home.pop(key, None)
            else:
                home[key] = _copy(value, 0)

    handle = model.register_forward_pre_hook(put_back)
    try:
        yield
    finally:
        handle.remove()
        put_back()


_MISSING = object()


def _home(module: torch.nn.Module, key: str) -> Dict[str, Any]:
    return module._buffers if key in module._buffers else vars(module)


def _state(model: torch.nn.Module) -> Dict[Tuple[str, str], Any]:
    found = {}
    for name, module in model.named_modules():
        own = [(key, value) for key, value in vars(module).items() if key not in _COMMON and not key.startswith("_is_ready")]
        for key, value in [*own, *module._buffers.items()]:
            found[name, key] = _print(value, 0)
    return found


def _changes(before: Dict[Tuple[str, str], Any], after: Dict[Tuple[str, str], Any]) -> List[Tuple[str, str]]:
    """The keys whose values differ. A print holds its objects, so that no other has their id meanwhile."""
    keys = dict.fromkeys([*before, *after])
    return [key for key in keys if not _same(before.get(key), after.get(key))]


def _print(value: Any, depth: int) -> Any:
    """What tells a value from another, or from itself once it was changed in place."""
    if isinstance(value, torch.Tensor):
        return ("tensor", value, 0 if value.is_inference() else value._version)
    if isinstance(value, (bool, int, float, complex, str, bytes, type(None))):
        return ("plain", value)
    if depth < _DEEPEST and type(value) in _CONTAINERS and len(value) <= _MOST_ENTRIES:
        entries: Sequence[Any] = [*value.keys(), *value.values()] if isinstance(value, dict) else list(value)
        return (type(value).__name__, *(_print(entry, depth + 1) for entry in entries))
    if depth < _DEEPEST and _is_helper(value):
        return ("object", value, *(_print(entry, depth + 1) for entry in vars(value).values()))
    return ("other", value)


def _same(one: Any, other: Any) -> bool:
    if _are_tensors(one, other) and one[1] is not other[1]:
        # Made anew in each pass of the same numbers, as weights of a norm are (`torch.nn.utils.weight_norm`).
        alike = all(found[1].is_inference() or found[1]._version == found[2] for found in (one, other))
        return alike and one[1].shape == other[1].shape and bool(torch.equal(one[1], other[1]))
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    plain = isinstance(one, (bool, int, float, complex, str, bytes)) and type(one) is type(other)
    return one is other or (plain and (one == other or one != one))


def _are_tensors(*prints: Any) -> bool:
    return all(isinstance(found, tuple) and found[:1] == ("tensor",) for found in prints)


def _is_helper(value: Any) -> bool:
    """Whether it is an object of a person's own, in which something may be kept."""
    kind = type(value)
    foreign = kind.__module__.partition(".")[0] in _FOREIGN or hasattr(kind, "get_metric")  # a metric counts, and says nothing
    known = foreign or isinstance(value, (type, torch.nn.Module))
    return not known and 0 < len(getattr(value, "__dict__", ())) <= _MOST_ENTRIES


def _is_light(value: Any, depth: int) -> bool:
    """Whether all that an object holds is its own: numbers, texts, small tensors, and containers of these."""
    if isinstance(value, torch.Tensor):
        return value.numel() <= _MOST_NUMBERS
    if isinstance(value, (bool, int, float, complex, str, bytes, type(None))):
        return True
    if depth >= _DEEPEST:
        return False
    if type(value) in _CONTAINERS and len(value) <= _MOST_ENTRIES:
        return all(_is_light(entry, depth + 1) for entry in (value.values() if isinstance(value, dict) else value))
    return _is_helper(value) and all(_is_light(entry, depth + 1) for entry in vars(value).values())


def _copy(value: Any, depth: int) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if depth < _DEEPEST and type(value) in _CONTAINERS and len(value) <= _MOST_ENTRIES:
        if isinstance(value, dict):
            made = value.copy()
            made.update({key: _copy(entry, depth + 1) for key, entry in value.items()})
            return made
        entries = [_copy(entry, depth + 1) for entry in value]
        return deque(entries, value.maxlen) if isinstance(value, deque) else type(value)(entries)
    return copy.deepcopy(value) if _is_helper(value) and _is_light(value, 0) else value
