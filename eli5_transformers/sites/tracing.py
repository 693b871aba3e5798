"""Finds the module calls in which token ids become vectors, by watching one forward pass.

No class or attribute name of any architecture is used: a call is taken for what it does. The modules' `forward` is
wrapped instead of hooked, because the forward hooks of torch < 2.0 do not see keyword arguments.
"""

from __future__ import annotations

import functools
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Optional, Protocol, Sequence, Tuple

import torch

from ..errors import InputError
from .outputs import first_tensor

# The place at which a token is exchanged to see what changes with it, and what is no change, relative to the largest.
_EXCHANGED = 1
_ROUNDING = 1e-4


class Views(Protocol):
    """From token ids (batch, tokens) to all that a model reads in their place, each (batch, tokens, …): words and characters.

    Where a model reads two texts apart, a row of ids holds one text behind the other, and a view may be of one of them.
    """

    @property
    def slices(self) -> Sequence[Tuple[Optional[int], int, int]]:
        """For each view: which text it is of, None for the whole row; the first of its tokens in the row; their number."""

    def __call__(self, ids: torch.Tensor) -> Sequence[torch.Tensor]:
        """The views of the ids."""


@dataclass(frozen=True)
class Site:
    """One look-up: the `call`-th call of the module `name` from the module `caller` in a forward pass of the model."""

    name: str
    """Qualified name of the module, as in `model.named_modules()`."""
    caller: str
    """Qualified name of the module that calls it, "" for the model itself. Encoder and decoder may share a table."""
    call: int
    """Counts the calls of `name` from `caller` in one forward, from 0.

    Not those of all callers together: LED looks up its padding in between, if the text needs any.
    """
    shift: int
    """The site's position i holds the token i - shift: 0, or 1 for decoders that are fed the text shifted right, and for
    look-ups that put a start in front, as ELMo's."""
    transposed: bool
    """True where the module works on (tokens, batch); values and gradients are always handed out batch first."""
    width: int
    """Length of the vectors."""
    part: Optional[int] = None
    """Which of two texts that the model reads apart is looked up, 0 or 1; None where it is the whole row of ids."""


@dataclass(frozen=True)
class _Match:
    """How an integer tensor relates to the token ids."""

    shift: int = 0
    transposed: bool = False
    view: Optional[int] = None
    """Which of the views it is."""
    part: Optional[int] = None
    start: int = 0
    """Where in the row of ids the tokens begin."""
    length: int = 0
    """How many they are."""


@dataclass
class _Frame:
    """A module call in progress."""

    name: str
    first: int
    """How many sites there were before it."""
    height: int = -1
    """How many sites stand around the innermost one in it; -1 where there is none."""


def trace(
    model: torch.nn.Module,
    run: Callable[[], Any],
    input_ids: torch.Tensor,
    outside: int = 0,
    views: Optional[Views] = None,
) -> Tuple[Site, ...]:
    """The sites of `model` in the order in which one `run()` reaches them; empty where there are none.

    A site is an innermost module call that is handed the token ids, returns (first) a float tensor
    `(batch, tokens, width)`, and returns another one when the ids are others: at those places alone where they are. The
    ids may be shifted right by one (decoders), transposed (XLNet) or have columns appended (Longformer and Reformer pad
    to a multiple). `outside` takes a call in place of those in it, up to so many times: an adapter's, which adds its own
    look-up to that of the module in it.

    `input_ids` is `(batch, tokens)`, unpadded, with at least three different tokens. Where they stand for several `views` of
    the tokens, a site may be handed any of these. Raises `InputError` for others.
    """
    _require_telling(input_ids)
    if views is not None:
        _require_apart(views(input_ids), views.slices)
    tracer = _Tracer(input_ids, outside, views)
    with torch.no_grad(), _watched_by(tracer, model):
        run()
    return tuple(tracer.sites)


def _require_telling(input_ids: torch.Tensor) -> None:
    """Refuses ids that could be mistaken for a mask, for segments or for positions."""
    shape = tuple(input_ids.shape)
    if len(shape) != 2 or input_ids.is_floating_point():
        raise InputError(f"token ids of shape (batch, tokens) are needed, got {input_ids.dtype} of shape {shape}")
    counting = torch.arange(shape[1], device=input_ids.device).expand_as(input_ids)
    if len(torch.unique(input_ids)) < 3 or torch.equal(input_ids, counting):
        raise InputError(
            "the look-up of the token ids cannot be told from other look-ups with these ids "
            f"({input_ids[0, :8].tolist()}...): trace the model with a text of at least three different tokens"
        )


def _require_apart(seen: Sequence[torch.Tensor], slices: Sequence[Tuple[Optional[int], int, int]]) -> None:
    """Refuses two texts that read alike: which of them is looked up could not be told."""
    for one, (part, _, _) in zip(seen, slices):
        if any(other != part and _is_same(one, two) for two, (other, _, _) in zip(seen, slices)):
            raise InputError(
                "the look-ups of the two texts cannot be told apart, because the model reads the same of both: trace it with "
                "two texts of different tokens"
            )


class _Tracer:
    """Watches module calls and collects the sites among them."""

    def __init__(self, input_ids: torch.Tensor, outside: int, views: Optional[Views]) -> None:
        self.sites: List[Site] = []
        self._ids = input_ids
        self._views = views
        self._seen = () if views is None else tuple(views(input_ids))
        self._outside = outside
        self._thread = threading.get_ident()
        self._stack: List[_Frame] = []
        self._calls: Dict[Tuple[str, str], int] = {}
        self._announced: Optional[torch.nn.Module] = None
        self._probing = False

    def announce(self, module: torch.nn.Module, arguments: Any) -> None:
        """Pre-hook: a forward that is reached without it was called past the hooks, so hooks cannot change it."""
        if threading.get_ident() == self._thread:
            self._announced = module

    def watched(self, name: str, module: torch.nn.Module) -> Callable[..., Any]:
        """The `forward` of `module` with a look at what goes in and out."""
        forward = module.forward

        @functools.wraps(forward)
        def watching(*args: Any, **kwargs: Any) -> Any:
            if self._probing or self._announced is not module or threading.get_ident() != self._thread:
                return forward(*args, **kwargs)
            self._announced = None
            caller, frame = self._stack[-1].name if self._stack else "", _Frame(name, len(self.sites))
            call = self._calls.get((caller, name), 0)
            self._calls[caller, name] = call + 1
            # Before the call: a forward may change its inputs in place.
            match = next((m for m in map(self._match, (*args, *kwargs.values())) if m is not None), None)
            self._stack.append(frame)
            try:
                result = forward(*args, **kwargs)
            finally:
                self._stack.pop()
            if match is not None and frame.height < self._outside:
                found = self._look_up(match, result, forward, args, kwargs)
                if found is not None:
                    width, behind = found
                    site = Site(name, caller, call, match.shift + behind, match.transposed, width, match.part)
                    self.sites[frame.first :] = [site]
                    frame.height += 1
            if self._stack:
                self._stack[-1].height = max(self._stack[-1].height, frame.height)
            return result

        return watching

    def _match(self, value: Any) -> Optional[_Match]:
        ids, (batch, length) = self._ids, self._ids.shape
        if self._views is not None:
            same = (v for v, seen in enumerate(self._seen) if isinstance(value, torch.Tensor) and _is_same(value, seen))
            view = next(same, None)
            return None if view is None else _Match(0, False, view, *self._views.slices[view])
        if not isinstance(value, torch.Tensor) or value.is_floating_point() or value.dim() != 2:
            return None
        if value.dtype == torch.bool or value.device != ids.device:
            return None
        # Batch first wins where both fit.
        if value.shape[0] == batch and value.shape[1] >= length:
            if torch.equal(value[:, :length], ids):
                return _Match(length=length)
            if torch.equal(value[:, 1:length], ids[:, :-1]):
                return _Match(shift=1, length=length)
        if value.shape == (length, batch) and torch.equal(value.T, ids):
            return _Match(transposed=True, length=length)
        return None

    def _look_up(
        self,
        match: _Match,
        result: Any,
        forward: Callable[..., Any],
        args: Tuple[Any, ...],
        kwargs: Dict[str, Any],
    ) -> Optional[Tuple[int, int]]:
        """The length of the vectors that the call made of the ids, and how many stand before the first; None if none."""
        vectors = first_tensor(result)
        if vectors is None or not vectors.is_floating_point() or vectors.dim() != 3:
            return None
        by_batch = vectors.transpose(0, 1) if match.transposed else vectors
        if by_batch.shape[0] != self._ids.shape[0] or by_batch.shape[1] < match.length:
            return None
        # Some position tables are handed the ids for their shape alone (MVP's): their vectors stay as they are.
        changed = self._again(_in_another_order(match), forward, args, kwargs)
        if changed is not None and torch.equal(changed, vectors):
            return None
        # What mixes the tokens is more than a look-up: a whole encoder that looks up without a module.
        exchanged = min(_EXCHANGED, match.length - 1)
        place = self._place(exchanged, match, vectors, forward, args, kwargs)
        behind = -1 if place is None else place - exchanged
        if behind > 0 and self._place(0, match, vectors, forward, args, kwargs) != behind:
            return None
        fits = 0 <= behind <= by_batch.shape[1] - match.length
        return (vectors.shape[2], behind) if fits else None

    def _place(
        self,
        exchanged: int,
        match: _Match,
        vectors: torch.Tensor,
        forward: Callable[..., Any],
        args: Tuple[Any, ...],
        kwargs: Dict[str, Any],
    ) -> Optional[int]:
        """The only position whose vector changes with the token at the place `exchanged`; None where others do, too."""
        changed = self._again(lambda ids: _one_exchanged(ids, match.start + exchanged), forward, args, kwargs)
        if changed is None or changed.shape != vectors.shape:
            return None
        moved = (changed - vectors).abs().amax(-1)
        moved = (moved.T if match.transposed else moved).amax(0)
        place = int(moved.argmax()) if moved.any() else exchanged
        moved[place] = 0
        return None if moved.max() > _ROUNDING * vectors.abs().max() else place

    def _again(
        self,
        change: Callable[[torch.Tensor], torch.Tensor],
        forward: Callable[..., Any],
        args: Tuple[Any, ...],
        kwargs: Dict[str, Any],
    ) -> Optional[torch.Tensor]:
        """The vectors of the same call with the token ids changed, (batch, tokens) to (batch, tokens)."""

        def changed(value: Any) -> Any:
            match = self._match(value)
            if match is None:
                return value
            if self._views is not None and match.view is not None:
                return self._views(change(self._ids))[match.view]
            return change(value.T).T.contiguous() if match.transposed else change(value)

        self._probing = True
        try:
            return first_tensor(forward(*map(changed, args), **{name: changed(value) for name, value in kwargs.items()}))
        finally:
            self._probing = False


def _in_another_order(match: _Match) -> Callable[[torch.Tensor], torch.Tensor]:
    """The tokens of the match moved on by one, so that all are in the vocabulary."""

    def moved(ids: torch.Tensor) -> torch.Tensor:
        end, changed = match.start + match.length, ids.clone()
        changed[:, match.start : end] = ids[:, match.start : end].roll(1, 1)
        return changed

    return moved


def _one_exchanged(ids: torch.Tensor, place: int) -> torch.Tensor:
    """Another token at one place: one of the text, so that it is in the vocabulary."""
    changed = ids.clone()
    for row, own in enumerate(ids):
        changed[row, place] = ids[ids != own[place]][0]
    return changed


def _is_same(value: torch.Tensor, view: torch.Tensor) -> bool:
    return value.shape == view.shape and value.dtype == view.dtype and value.device == view.device and torch.equal(value, view)


@contextmanager
def _watched_by(tracer: _Tracer, model: torch.nn.Module) -> Iterator[None]:
    """Every submodule watched by `tracer`; all is taken back on the way out, whatever happens."""
    missing = object()
    before: List[Tuple[torch.nn.Module, Any]] = []
    handles = []
    try:
        for name, module in model.named_modules():
            # The calls inside a compiled TorchScript module never reach Python.
            if module is model or isinstance(module, torch.jit.ScriptModule):
                continue
            handles.append(module.register_forward_pre_hook(tracer.announce))
            before.append((module, module.__dict__.get("forward", missing)))
            module.__dict__["forward"] = tracer.watched(name, module)
        yield
    finally:
        for handle in handles:
            handle.remove()
        for module, forward in before:
            if forward is missing:
                module.__dict__.pop("forward", None)
            else:
                module.__dict__["forward"] = forward
