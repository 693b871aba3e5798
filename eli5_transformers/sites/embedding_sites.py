"""Captures, replaces, scales and differentiates the vectors that a classifier makes of its token ids.

Works for any `torch.nn.Module`: the look-ups ("sites") are found by tracing one forward pass (`tracing.py`), never by
names. The model is always called with its token ids, and the sites' outputs are exchanged on the way, because
`inputs_embeds=` is not accepted or not equivalent in many architectures. A model may have several sites (encoder and
decoder share a table but look up twice); everything here is a list with one tensor a site, batch first.

    inputs = tokenizer(["a text", "another"], padding=True, return_tensors="pt")    # (batch, tokens)
    probe = tokenizer("The quick brown fox jumps", return_tensors="pt")             # unpadded, different tokens
    logits = lambda output: output.logits

    sites = find_sites(model, lambda: model(**probe), probe["input_ids"])           # once a model
    sites.verify(lambda: model(**probe), logits)                                    # once a model: is it truthful?

    values, output = sites.capture(lambda: model(**inputs))                         # [(batch, tokens', width)]
    with sites.replaced([torch.zeros_like(v) for v in values]):
        baseline = model(**inputs).logits
    with sites.scaled(0.5):
        halfway = model(**inputs).logits

    targets = torch.tensor([[0], [2]])                                              # a class a text
    score = lambda output: output.logits.gather(1, targets).squeeze(1)              # (batch,)
    result = sites.gradients(lambda: model(**inputs), score)                        # at the texts themselves
    products = [(v * g).sum(-1) for v, g in zip(result.values, result.gradients)]   # [(batch, tokens')]
    per_token, rest = sites.to_tokens(products, length=inputs["input_ids"].shape[1])    # (batch, tokens), (batch,)

    # k points on a path: repeat the inputs (and targets) k times; the points lie one behind the other in the batch
    path = [torch.cat([v * t for t in (0.25, 0.75)]) for v in values]               # [(2 * batch, tokens', width)]
    twice = {name: tensor.repeat(2, 1) for name, tensor in inputs.items()}
    sites.gradients(lambda: model(**twice), lambda output: output.logits[:, 1], values=path)

`run` must call the model itself (its `__call__`), once, in the thread that called the method. Whatever happens in it,
hooks are taken off and training mode, gradients of parameters and random state are as before. Where others use the model
meanwhile, let `model` be a twin (`state.explaining`): what the package explains always is one.
"""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Set, Tuple, Union

import torch

from ..errors import InputError, UnsupportedModelError
from .architectures import cause_of_zero_gradients, is_quantized, name_of, require_gradients
from .derivatives import derivatives
from .finite import require_finite
from .hooks import SiteHooks
from .kept import Kept
from .precision import distance, mixed, wide, widened
from .state import explainable
from .tracing import Site, Views, trace

__all__ = ["EmbeddingSites", "Gradients", "Site", "StopPass", "find_sites", "forget_sites", "known_sites"]

Run = Callable[[], Any]
Output = Callable[[Any], torch.Tensor]

# How far hooked logits may be from plain ones, relative to the largest logit (at least 1): the kernels that torch
# chooses with gradients on round differently.
_TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 5e-2}


class MisfitError(InputError):
    """Vectors do not fit those that the model looks up: rows run with others may be looked up wider than alone."""


class StopPass(Exception):  # noqa: N818  no error: it ends a forward pass of which all that matters has happened
    """Ends a forward pass early, see `EmbeddingSites.captured`."""


class Gradients(NamedTuple):
    """What `EmbeddingSites.gradients` gives, detached; half precision is widened to float32."""

    gradients: List[torch.Tensor]
    """One a site, shape (rows, tokens', width): derivative of each row's score with respect to its vectors."""
    values: List[torch.Tensor]
    """The vectors at which the gradients were taken, same shapes."""
    score: torch.Tensor
    """What `output` gave."""


def find_sites(
    model: torch.nn.Module, run: Run, input_ids: torch.Tensor, outside: int = 0, views: Optional[Views] = None
) -> EmbeddingSites:
    """The places where `model` turns token ids into vectors, found by watching one `run()`; `outside`, `views`: see `trace`.

    `input_ids` is what `run` feeds to the model, shape (batch, tokens): unpadded, with at least three different
    tokens, so that ids cannot be mistaken for positions or segments. The sites hold for any other input.

    Raises `InputError` for ids that tell too little, `UnsupportedModelError` where there is no look-up to be seen.
    """
    with explainable(model):
        sites = trace(model, run, input_ids, outside, views)
    if not sites:
        raise UnsupportedModelError(
            f"no module call in {name_of(model)} turns the token ids into vectors (batch, tokens, width), so its "
            "prediction cannot be traced to tokens: give a model that looks its tokens up in a submodule "
            "(torch.nn.Embedding, say), not compiled to TorchScript"
            f"{'' if views is None or len(_texts(views)) < 2 else ', each text field by itself'}"
        )
    return EmbeddingSites(model, sites)


def _texts(views: Views) -> Set[int]:
    """The texts that a model reads apart."""
    return {part for part, _, _ in views.slices if part is not None}


_KNOWN: weakref.WeakKeyDictionary[torch.nn.Module, Tuple[Tuple[Site, ...], Dict[str, Any], bool, Kept]] = (
    weakref.WeakKeyDictionary()
)


def known_sites(model: torch.nn.Module, find: Callable[[], EmbeddingSites]) -> EmbeddingSites:
    """The sites of `model` as `find()` gives them, which is called once for the modules that the model wraps.

    A person may hand over the same module again and again, each time in a new wrapper: its look-ups are remembered, weakly,
    by the module that makes the vectors, and are those of the new wrapper as long as the same modules stand in the same
    places (resized embeddings are another module).
    """
    for module in model.children():
        sites, involved, twin, kept = _KNOWN.get(module, ((), {}, True, ()))
        if sites and all(_stands(model, name, reference()) for name, reference in involved.items()):
            return EmbeddingSites(model, sites, twin, kept)
    found = find()
    for module in model.children():
        # The wrapper itself, which calls the modules, is another one each time.
        involved = {name: weakref.ref(part) for name, part in found.involved.items() if part is not model}
        _KNOWN[module] = found.sites, involved, found.twin, found.kept
    return found


def forget_sites(model: torch.nn.Module) -> None:
    """Makes `known_sites` look again: the modules that `model` wraps are run otherwise than they were."""
    for module in model.children():
        _KNOWN.pop(module, None)


def _stands(model: torch.nn.Module, name: str, module: Optional[torch.nn.Module]) -> bool:
    """Whether that module is there, and has that name in the model."""
    try:
        return module is not None and model.get_submodule(name) is module
    except AttributeError:
        return False


class _NoGradientError(InputError):
    """A score that nothing was differentiated for."""


class EmbeddingSites:
    """The look-ups of one model. Make it with `find_sites`; `sites` may come from an earlier search."""

    def __init__(
        self,
        model: torch.nn.Module,
        sites: Sequence[Site],
        twin: bool = True,
        kept: Kept = (),
        widths: Tuple[int, ...] = (),
    ) -> None:
        self.model = model
        self.sites = tuple(sites)
        self.twin = twin
        """False where these are not reached in a twin of the model, but in the model itself alone."""
        self.kept = kept
        """What the model keeps from one forward pass to the next, which depends on it."""
        self.widths = widths
        """Where it reads two texts apart: how many tokens of a row each has, see `laid_out`."""
        names = {name for site in self.sites for name in (site.name, site.caller, "")}
        self.involved = {name: module for name, module in model.named_modules() if name in names}
        """The modules that look up or call one that does, and the model itself, by their names in it."""

    def __len__(self) -> int:
        return len(self.sites)

    def on(self, model: torch.nn.Module) -> EmbeddingSites:
        """The same look-ups in another module of the same structure: a twin."""
        return self if model is self.model else EmbeddingSites(model, self.sites, self.twin, self.kept, self.widths)

    def laid_out(self, widths: Tuple[int, ...]) -> EmbeddingSites:
        """The same look-ups for rows that hold two texts, one behind the other, of so many tokens with their padding."""
        return self if widths == self.widths else EmbeddingSites(self.model, self.sites, self.twin, self.kept, widths)

    @property
    def current(self) -> bool:
        """False once another module stands in the place of one that is involved, as after resizing the embeddings."""
        return all(_stands(self.model, name, module) for name, module in self.involved.items())

    def capture(self, run: Run) -> Tuple[List[torch.Tensor], Any]:
        """The vectors at the sites, [(rows, tokens', width)], and what `run()` returned; no gradients.

        tokens' may exceed the number of tokens where the model appends columns. Raises `UnsupportedModelError` if a
        site was not reached.
        """
        with torch.no_grad(), self.captured() as values:
            output = run()
        return list(values), output

    @contextmanager
    def captured(self, stop: bool = False) -> Iterator[List[torch.Tensor]]:
        """Context that gives a list, which a forward inside fills with the vectors at the sites, in their order.

        With `stop` that forward is ended by `StopPass` as soon as all of them are there.
        """
        values: List[torch.Tensor] = [torch.empty(0)] * len(self)
        seen: Set[int] = set()

        def keep(index: int, vectors: torch.Tensor) -> torch.Tensor:
            # Cloned: models multiply their embeddings in place.
            values[index] = vectors.detach().to(wide(vectors.dtype), copy=True)
            seen.add(index)
            if stop and len(seen) == len(self):
                raise StopPass
            return vectors

        with self.changed(keep):
            yield values

    @contextmanager
    def changed(self, change: Callable[[int, torch.Tensor], torch.Tensor]) -> Iterator[None]:
        """Every forward of the model inside the context uses `change(index of the site, vectors)` for the vectors.

        Vectors are (rows, tokens', width), as computed; `change` returns the same shape and dtype. Raises
        `UnsupportedModelError` on leaving if a site was not reached.
        """
        hooks = SiteHooks(self.sites, change)
        handles = []
        with explainable(self.model):
            try:
                for name, module in self.involved.items():
                    if name in hooks.callers:
                        handles.append(module.register_forward_pre_hook(hooks.entering(name)))
                        handles.append(module.register_forward_hook(hooks.leaving))
                    if name in hooks.names:
                        handles.append(module.register_forward_hook(hooks.looked_up(name)))
                yield
            finally:
                for handle in handles:
                    handle.remove()
        reached = hooks.reached
        missing = [self.sites[index].name for index in range(len(self)) if index not in reached]
        if missing:
            raise UnsupportedModelError(
                f"the look-up {missing[0]!r} of {name_of(self.model)} was not reached in this forward pass: "
                "call the model itself, in this thread, neither compiled nor replicated over devices"
            )

    def replaced(self, values: Sequence[torch.Tensor]) -> Any:
        """Context in which every forward uses `values`, [(rows, tokens', width)], instead of looking up.

        Raises `InputError` where the number of tensors or a shape does not fit.
        """
        self._require_one_a_site(values)
        return self.changed(lambda index, vectors: _fitting(values[index], vectors).to(vectors, copy=True))

    def scaled(self, factor: Union[float, torch.Tensor]) -> Any:
        """Context in which every forward uses the vectors times `factor`: a number, or one a row, shape (rows,)."""

        def scale(index: int, vectors: torch.Tensor) -> torch.Tensor:
            if isinstance(factor, torch.Tensor) and factor.dim() == 1:
                return vectors * factor.to(vectors)[:, None, None]
            return vectors * factor

        return self.changed(scale)

    def gradients(
        self, run: Run, output: Output, values: Optional[Sequence[torch.Tensor]] = None
    ) -> Gradients:
        """Gradients of a score with respect to the vectors at the sites; nothing else is differentiated.

        `output(run())` is the score: one a row, shape (rows,), or a scalar; its unit is whatever it computes (logit,
        probability). As the rows of a batch do not see each other, each row gets the gradient of its own score.
        `values`, [(rows, tokens', width)], are the vectors to use; without them, those that the model looks up.

        Raises `InputError` where `values` do not fit or the score has no gradient, `UnsupportedModelError` where a
        gradient is not finite or a site was not reached.
        """
        require_gradients(self.model)
        if values is not None:
            self._require_one_a_site(values)
        leaves: Dict[int, torch.Tensor] = {}

        def leaf(index: int, vectors: torch.Tensor) -> torch.Tensor:
            value = vectors if values is None else _fitting(values[index], vectors).to(vectors.device)
            leaves[index] = value.detach().to(wide(vectors.dtype), copy=True).requires_grad_(True)
            # A copy goes on: models multiply their embeddings in place, which a leaf does not bear.
            return leaves[index].to(vectors.dtype, copy=True)

        with torch.inference_mode(False), torch.enable_grad(), self.changed(leaf):
            score = output(run())
            if not score.requires_grad:
                raise _NoGradientError(
                    f"the prediction of {name_of(self.model)} has no gradient at its tokens: a part of it runs under "
                    "torch.no_grad or inference_mode, is detached, or returns what cannot be differentiated (argmax): leave "
                    "that out of its forward"
                )
            inputs = [leaves[index] for index in sorted(leaves)]
            gradients = derivatives(self.model, score.sum(), inputs)
        for site, gradient in zip(self.sites, gradients):
            require_finite(self.model, gradient, f"gradients of the score at {site.name!r}")
        return Gradients(gradients, [x.detach() for x in inputs], widened(score.detach()))

    def verify(self, run: Run, output: Output) -> None:
        """Checks once for a model that its explanations are truthful; callers keep the answer.

        `output(run())` are the logits, any shape. The logits with replaced vectors must equal the plain ones, and the
        gradients of all of them together must be finite and reach more than one token of the text, so `run` must feed
        a text of several tokens. Of a model with quantized layers, which have no gradient, the logits alone are compared.
        Raises `UnsupportedModelError` with the cause.
        """
        name = name_of(self.model)
        with torch.no_grad(), explainable(self.model):
            plain = output(run()).detach()
        require_finite(self.model, plain, "the logits of a plain text")
        values, _ = self.capture(run)
        quantized = is_quantized(self.model)
        result = None
        if not quantized:
            try:
                result = self.gradients(run, lambda ran: mixed(output(ran)), values)
            except _NoGradientError as error:
                raise UnsupportedModelError(str(error)) from error
        with torch.no_grad(), self.replaced(values):
            hooked = output(run())
        difference, tolerance = distance(hooked, plain), _TOLERANCE.get(plain.dtype, 1e-4)
        if not difference <= tolerance:
            with torch.no_grad(), explainable(self.model):
                again = output(run())
            cause = (
                "it is not deterministic (it draws random numbers, or keeps something from call to call)"
                if not distance(again, plain) <= tolerance
                else "something else reaches the prediction"
            )
            raise UnsupportedModelError(
                f"{name} does not predict the same with its own embeddings put in by hand (off by {difference:.1e}): "
                f"{cause}, so its prediction cannot be explained by its tokens"
            )
        if result is None:
            return
        # One token alone is what remains of MRA without its kernel: the one whose vector is pooled.
        seen = sum(int(gradient.ne(0).any(-1).any(0).sum()) for gradient in result.gradients)
        if seen < 2:
            raise UnsupportedModelError(
                f"{name} has no gradient at {'all but one of' if seen else 'any of'} the tokens: "
                f"{cause_of_zero_gradients(self.model)}"
            )

    def at_positions(
        self, values: torch.Tensor, site: int, length: int, elsewhere: Union[bool, int, float] = False
    ) -> torch.Tensor:
        """Values of tokens, (rows, tokens), a mask, say, as those of the `length` positions of a site, (rows, length).

        Positions that hold no token get `elsewhere`.
        """
        result = torch.full((values.shape[0], length), elsewhere, dtype=values.dtype, device=values.device)
        shift, (start, end) = self.sites[site].shift, self._tokens_at(site, values.shape[1])
        # A decoder that is fed the text shifted right never reads the last token.
        kept = min(end - start, length - shift)
        result[:, shift : shift + kept] = values[:, start : start + kept]
        return result

    def to_tokens(self, per_site: Sequence[torch.Tensor], length: int) -> Tuple[torch.Tensor, torch.Tensor]:
        """Sums maps of the sites, [(rows, tokens', ...)], onto the `length` tokens of the text.

        Returns (rows, length, ...) and the rest, (rows, ...): what lies on positions that are no tokens (the
        decoder's start, appended columns), so that both together keep the total.
        """
        self._require_one_a_site(per_site)
        first = per_site[0]
        tokens = first.new_zeros((first.shape[0], length, *first.shape[2:]))
        rest = first.new_zeros((first.shape[0], *first.shape[2:]))
        for number, (site, scores) in enumerate(zip(self.sites, per_site)):
            start, end = self._tokens_at(number, length)
            behind = end - start + site.shift
            own = scores[:, site.shift : behind]
            # A decoder that is fed the text shifted right never reads the last token.
            tokens[:, start : start + own.shape[1]] += own
            rest += scores[:, : site.shift].sum(1) + scores[:, behind:].sum(1)
        return tokens, rest

    def _tokens_at(self, site: int, length: int) -> Tuple[int, int]:
        """From where to where in a row of `length` tokens those stand that the site looks up."""
        part = self.sites[site].part
        if part is None:
            return 0, length
        start = sum(self.widths[:part])
        return start, start + self.widths[part]

    def _require_one_a_site(self, values: Sequence[torch.Tensor]) -> None:
        if len(values) != len(self):
            raise InputError(f"{len(self)} tensors are needed, one a look-up of the model, got {len(values)}")


def _fitting(value: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
    if value.shape != vectors.shape:
        raise MisfitError(
            f"the vectors to put in have shape {tuple(value.shape)}, but the model looks up {tuple(vectors.shape)}: "
            "`run` must feed as many rows and tokens as the values have"
        )
    return value
