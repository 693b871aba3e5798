"""A twin of a module: a module of the same structure on the same weights, that may be changed while the first is used.

A person may train, predict with or explain one module in several threads. What an explanation must change about it
(training mode, hooks, a config's attribute) is changed in a twin, so that the module itself never is. A twin costs no
memory: its parameters and buffers are views of the same numbers, so that it has the weights of the moment, also while an
optimizer steps. It is cheap enough to be made anew for every explanation, which therefore never has an old one.
"""

from __future__ import annotations

import copy
import functools
import types
import weakref
from collections import OrderedDict, defaultdict, deque
from typing import Any, Callable, Dict, List, Tuple, TypeVar

import torch

Module = TypeVar("Module", bound=torch.nn.Module)

# Never looked into: they hold no module, and vocabularies hold much else.
_PLAIN = frozenset(
    (type(None), bool, int, float, complex, str, bytes, type, types.BuiltinFunctionType, types.ModuleType, range, slice)
) | {torch.dtype, torch.device, torch.Size, torch.Generator}
_FOREIGN = ("torch", "numpy", "tokenizers", "sentencepiece", "threading", "logging", "builtins", "collections")
_MOST_ENTRIES = 1000
_REGISTRIES = frozenset(("_modules", "_parameters", "_buffers"))
# Tensors of at most so many numbers that are no parameters are copied.
_SMALL = 2**16
_DEEPEST = 4
# Where torch.compile keeps the function that it was given (torch/_dynamo/eval_frame.py).
_BEFORE_COMPILING = "_torchdynamo_orig_callable"


VIEWS, COPIES, SAME = "views", "copies", "same"
"""What the tensors of a twin are."""


def twin_of(model: Module, *, tensors: str = VIEWS) -> Module:
    """A twin of `model`: the same structure, hooks and flags, of its own.

    Its parameters are views of the module's, so that it costs no memory. What a forward pass may write in place is copied:
    small tensors that are no parameters (averages, counters), and tables with a `max_norm`.

    Modules, parameters, buffers and HuggingFace configs have one twin each, so that what was shared or tied still is, also
    where lists, bound methods, closures and helper objects refer to them. All else (vocabularies, tokenizers) is shared.

    Parameters have no gradient in the twin. Those that were made in inference mode are copied, because autograd takes no
    view of them. With `tensors=COPIES` all are: these numbers stay. With `SAME` the twin has the very parameters and buffers
    of the module, so that gradients reach them. Metrics (`get_metric`) are copied whole: a pass with a label
    counts into them.

    What cannot have a twin stays itself in the twin: TorchScript modules, and tensors of classes of their own (quantized).
    """
    with torch.inference_mode(False), torch.no_grad():
        return _Twins(tensors).of_model(model)


class _Twins:
    """The twins made so far, one for each original."""

    def __init__(self, tensors: str) -> None:
        self._tensors = tensors
        # By id; with the original, whose id would else be another's once it is gone.
        self._made: Dict[int, Tuple[Any, Any]] = {}

    def of_model(self, model: Module) -> Module:
        # The tree first: what refers to a part of it is told by this from what refers to nothing in it.
        for module in model.modules():
            if not isinstance(module, torch.jit.ScriptModule):
                self._begin(module)
        pairs = [(original, twin) for original, twin in self._made.values() if original is not twin]
        for original, _ in pairs:
            if getattr(original, "max_norm", None) is not None and self._tensors == VIEWS:
                for table in original._parameters.values():  # a look-up shortens its rows in place
                    if table is not None:
                        self._keep(table, _view(table, True))
            for part in (*original._parameters.values(), *original._buffers.values(), vars(original).get("config")):
                if isinstance(part, torch.Tensor) or hasattr(part, "model_type"):
                    self._own(part)
        for original, twin in pairs:
            self._fill(original, twin)
        for original, twin in list(self._made.values()):
            if isinstance(original, torch.nn.Module) and original is not twin:
                _run_uncompiled(twin)
        return self._made[id(model)][1] if id(model) in self._made else model

    def _keep(self, original: Any, twin: Any) -> Any:
        self._made[id(original)] = original, twin
        return twin

    def _begin(self, module: torch.nn.Module) -> Any:
        try:
            twin = object.__new__(type(module))
        except TypeError:  # a class of C++
            twin = module
        return self._keep(module, twin)

    def _fill(self, original: torch.nn.Module, twin: torch.nn.Module) -> None:
        state = vars(twin)
        # Copied at once: the original may be at work in another thread.
        for name, value in vars(original).copy().items():
            if name.endswith("_hooks") and type(value) is OrderedDict and not value:  # most of all there is
                state[name] = OrderedDict()
            elif name in _REGISTRIES:  # however many there are
                state[name] = _fill_container(value, self._keep(value, value.copy()), self._own)
            else:
                state[name] = value if type(value) in _PLAIN else self._own(value)

    def _own(self, value: Any) -> Any:
        """The twin's own of what a module has in an attribute: tensors, containers and configs always are its own."""
        if type(value) in _PLAIN:
            return value
        found = self._made.get(id(value))
        if found is not None:
            return found[1]
        if isinstance(value, torch.Tensor):
            return self._keep(value, value if self._tensors == SAME else self._numbers(value))
        if isinstance(value, torch.nn.Module):  # in a list, where torch does not see it
            if isinstance(value, torch.jit.ScriptModule):
                return value
            twin = self._begin(value)
            if twin is not value:
                self._fill(value, twin)
            return twin
        if isinstance(value, tuple) and len(value) <= _MOST_ENTRIES:
            return _container(value, self._own)
        if type(value) in (dict, OrderedDict, defaultdict, list, set, deque) and len(value) <= _MOST_ENTRIES:
            # Kept before it is filled: it may hold itself.
            return _fill_container(value, self._keep(value, value.copy()), self._own)
        if isinstance(getattr(value, "model_type", None), str):
            return self._config(value)
        return self._referring(value, 0)

    def _numbers(self, tensor: torch.Tensor) -> torch.Tensor:
        # Counters and averages are small, and some forward passes write them in place.
        small = type(tensor) is torch.Tensor and tensor.numel() <= _SMALL
        return _view(tensor, small or self._tensors == COPIES)

    def _config(self, config: Any) -> Any:
        twin = self._keep(config, _shallow(config))
        for name, value in list(vars(config).items()):
            if hasattr(value, "model_type") and not isinstance(value, type):
                vars(twin)[name] = self._own(value)
        return twin

    def _referring(self, value: Any, depth: int) -> Any:
        """What refers to the twins where `value` refers to originals; `value` itself where it refers to none."""
        kind = type(value)
        if kind in _PLAIN or isinstance(value, type):
            return value
        found = self._made.get(id(value))
        if found is not None:
            return found[1]
        if depth > _DEEPEST or isinstance(value, (torch.Tensor, torch.nn.Module)):  # none of the tree's
            return value
        if hasattr(kind, "get_metric"):
            return self._keep(value, copy.deepcopy(value))
        # Whoever refers back to it meanwhile finds it as it is.
        self._keep(value, value)
        return self._keep(value, self._made_of(value, kind, lambda part: self._referring(part, depth + 1)))

    def _made_of(self, value: Any, kind: type, of: Callable[[Any], Any]) -> Any:
        if kind in (dict, OrderedDict, defaultdict, list, set, frozenset, deque):
            return _container(value, of) if len(value) <= _MOST_ENTRIES else value
        if isinstance(value, tuple):
            return _container(value, of) if len(value) <= _MOST_ENTRIES else value
        if kind is types.MethodType:
            owner, function = of(value.__self__), of(value.__func__)
            same = owner is value.__self__ and function is value.__func__
            return value if same else types.MethodType(function, owner)
        if kind is types.FunctionType:
            before = _uncompiled(value)
            twin = before if before is value else of(before)
            return _function(value, of) if twin is before else twin
        if kind is functools.partial:
            return _partial(value, of)
        if kind in (weakref.ref, weakref.WeakMethod):
            target = value()
            twin = target if target is None else of(target)
            return value if twin is target else kind(twin)
        if kind.__module__.partition(".")[0] in _FOREIGN:
            return value
        return _object(value, of)


def _view(tensor: torch.Tensor, copied: bool) -> torch.Tensor:
    """The same numbers without history; `data` has its own version counter, so that an optimizer may step meanwhile."""
    if type(tensor) not in (torch.Tensor, torch.nn.Parameter):
        return tensor
    numbers = tensor.clone() if copied or tensor.is_inference() else tensor.data
    if type(tensor) is torch.Tensor:
        return numbers
    made = torch.nn.Parameter(numbers, requires_grad=False)
    if vars(tensor):
        vars(made).update(vars(tensor))
    return made


def _fill_container(value: Any, made: Any, of: Callable[[Any], Any]) -> Any:
    """Puts the twins of what `value` holds into its copy `made`, in the same order."""
    if isinstance(value, list):
        made[:] = [of(entry) for entry in made]
        return made
    entries = list(made.items()) if isinstance(value, dict) else list(made)
    made.clear()
    if isinstance(value, deque):
        made.extend(map(of, entries))
    elif isinstance(value, dict):
        made.update((of(key) if isinstance(key, torch.nn.Module) else key, of(entry)) for key, entry in entries)
    else:
        made.update(map(of, entries))
    return made


def _container(value: Any, of: Callable[[Any], Any]) -> Any:
    """A container with the twins of what it holds; itself where it holds no original."""
    if isinstance(value, dict):
        pairs = [(of(key) if isinstance(key, torch.nn.Module) else key, of(entry)) for key, entry in list(value.items())]
        if all(value.get(key) is entry for key, entry in pairs):
            return value
        made = value.copy()
        made.clear()
        made.update(pairs)
        return made
    before = list(value)
    after = [of(entry) for entry in before]
    if all(one is other for one, other in zip(before, after)):
        return value
    if isinstance(value, deque):
        return deque(after, value.maxlen)
    return type(value)._make(after) if hasattr(value, "_make") else type(value)(after)


def _function(function: Any, of: Callable[[Any], Any]) -> Any:
    """The function with the twins in its closure and defaults; cells that hold no original stay shared."""
    cells = function.__closure__ or ()
    made = tuple(_cell(cell, of) for cell in cells)
    defaults, named = of(function.__defaults__), of(function.__kwdefaults__)
    same = all(one is other for one, other in zip(cells, made))
    if same and defaults is function.__defaults__ and named is function.__kwdefaults__:
        return function
    twin = types.FunctionType(function.__code__, function.__globals__, function.__name__, defaults, made)
    twin.__kwdefaults__ = named
    vars(twin).update(vars(function))
    return twin


def _cell(cell: Any, of: Callable[[Any], Any]) -> Any:
    try:
        content = cell.cell_contents
    except ValueError:  # not filled yet
        return cell
    twin = of(content)
    return cell if twin is content else types.CellType(twin)


def _partial(value: Any, of: Callable[[Any], Any]) -> Any:
    function, arguments, keywords = of(value.func), of(value.args), of(value.keywords)
    if function is value.func and arguments is value.args and keywords is value.keywords:
        return value
    twin = functools.partial(function, *arguments, **keywords)
    vars(twin).update(vars(value))
    return twin


def _object(value: Any, of: Callable[[Any], Any]) -> Any:
    """A helper object with the twins in its attributes."""
    state = getattr(value, "__dict__", None)
    if state is not None and (type(state) is not dict or len(state) > _MOST_ENTRIES):
        return value
    entries = [*(state or {}).items(), *_slots(value)]
    changed = {name: twin for name, entry in entries for twin in [of(entry)] if twin is not entry}
    if not changed:
        return value
    made = _shallow(value) if state is not None and not _slots(value) else copy.copy(value)
    for name, twin in changed.items():
        object.__setattr__(made, name, twin)  # past a class that forbids it
    return made


def _slots(value: Any) -> List[Tuple[str, Any]]:
    """What an object has in slots, by their names."""
    names = [vars(kind).get("__slots__", ()) for kind in type(value).__mro__ if kind.__module__ != "builtins"]
    flat = [name for own in names for name in ([own] if isinstance(own, str) else own)]
    return [(name, getattr(value, name)) for name in flat if not name.startswith("__") and hasattr(value, name)]


def _shallow(value: Any) -> Any:
    try:
        made = object.__new__(type(value))
        vars(made).update(vars(value))
    except TypeError:
        made = copy.copy(value)
    return made


def _run_uncompiled(twin: torch.nn.Module) -> None:
    """A compiled module's twin runs as it was before `torch.compile`: hooks are not reached in compiled code, and each twin
    would be compiled anew. It is the module that is compiled, or the `forward` of its class."""
    state = vars(twin)
    if state.get("_compiled_call_impl") is not None:
        state["_compiled_call_impl"] = None
    original = twin._modules.get("_orig_mod")
    if type(twin).__name__ == "OptimizedModule" and original is not None:
        state["forward"] = original.__call__
    written = getattr(type(twin), "forward", None)
    before = _uncompiled(written)
    if before is not written and "forward" not in state:
        state["forward"] = types.MethodType(before, twin)


def _uncompiled(function: Any) -> Any:
    """The function as it was before `torch.compile`, also inside of a decorator; itself where it was not compiled.

    `functools.wraps` takes along what torch notes of a compiled function to a decorator around it, which does more.
    """
    before = vars(function).get(_BEFORE_COMPILING) if isinstance(function, types.FunctionType) else None
    if before is None:
        return function
    return before if getattr(function, "__wrapped__", None) is before else _function(function, _uncompiled)
