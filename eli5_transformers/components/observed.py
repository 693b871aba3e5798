"""What a module that somebody hands over returns, seen by running it: its outputs, whether they are logits, whose they are.

A config says what a model was made as. Its head may have been replaced since, it may stand in a wrapper that has no
config, and a softmax may have been put behind it: the outputs themselves decide.
"""

from __future__ import annotations

import weakref
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Callable, Iterator, Optional, Sequence, Tuple

import numpy as np
import torch

from ..engine.activations import (
    LOG_SOFTMAX,
    ROWS,
    SIGMOID,
    SOFTMAX,
    activation_of,
    as_logits,
    differentiable,
    last_operation,
)
from ..engine.explainable import TokenizerVocabulary, TokenVocabulary
from ..engine.instances import PROBE
from ..errors import Eli5TransformersError, InputError, SourceError, is_lack_of_memory
from ..huggingface import cross_encoders
from ..huggingface import labels as naming
from ..sites.architectures import configs, position_limit, sole_contents
from ..sites.remembered import Remembered
from ..sites.state import explaining
from ..text.encoding import Encoding, encode
from .calling import accepts, explaining_ids, logits_of, require_fitting
from .heads import MULTI_LABEL, REGRESSION, SINGLE_LABEL

_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Observed:
    """What was seen of a module."""

    outputs: int
    """How many numbers it returns for a text."""
    activation: Optional[str] = None
    """What stands behind its logits: "softmax", "log-softmax", "sigmoid", or None."""
    config: Any = None
    """The transformers config that names its classes: its own, or that of the module inside with the same logits; or None."""
    unlike: str = ""
    """The class of a module inside that has as many classes, but other logits."""

    @property
    def note(self) -> str:
        """What a reader must know of the names of the classes, a sentence; empty where nothing must be said."""
        if not self.unlike:
            return ""
        return (
            f"The {self.unlike} inside the model gives other logits than the model, so its names of classes are left aside: "
            "give labels=[...] to name the outputs."
        )


_SEEN: weakref.WeakKeyDictionary[torch.nn.Module, Tuple[Remembered, Observed]] = weakref.WeakKeyDictionary()


def observed(module: torch.nn.Module, tokenizer: Any) -> Observed:
    """What `module` returns for texts of `tokenizer`; run once as long as it is the same.

    Raises SourceError for a module that cannot be run on a text, or that returns no logits (batch, outputs).
    """
    rows = require_fitting(tokenizer, module)
    before, seen = _SEEN.get(module, (None, None))
    if before is None or seen is None or not before.is_still(module):
        seen = _observe(module, tokenizer, rows)
        _SEEN[module] = Remembered(module), seen
    own = getattr(module, "config", None)
    return replace(seen, config=own, unlike="") if _says_something(own) else seen


def kind_of_head(
    seen: Optional[Observed], config: Any, wanted: Optional[str], outputs: int, names: Sequence[str]
) -> Tuple[Optional[str], Optional[str]]:
    """The problem type of a head, and the activation that its outputs are behind.

    A person's word comes first, then what was seen, then what the config says of as many outputs. Numbers that are to be
    taken as such (regression) are behind no activation. Raises SourceError for two names of a number.
    """
    said = getattr(config, "problem_type", None)
    activation = None if seen is None else seen.activation
    if seen is not None and said != MULTI_LABEL and naming.declared(config) not in (None, outputs):
        said = None  # it was said of another head
    if outputs == 1 and len(names) == 2:
        if wanted == REGRESSION:
            raise SourceError(
                f"labels gives two names ({names[0]!r}, {names[1]!r}), but a regression's number has one: leave problem_type "
                "out for a choice of two"
            )
        return MULTI_LABEL, activation
    kind = wanted or said
    if activation is None or kind == REGRESSION:
        return kind, None
    return MULTI_LABEL if activation == SIGMOID else SINGLE_LABEL, activation


def kind_of_cross_encoder(config: Any, outputs: int) -> Optional[str]:
    """The problem type that sentence-transformers' settings in a config mean; None without them, or where they mean none.

    A CrossEncoder puts the activation that they name behind the outputs; behind a single one, without a name, or with that of
    a class that is not torch's, a sigmoid.
    """
    settings = cross_encoders.settings_of(config)
    if settings is None:
        return None
    if naming.declared(config) != outputs or getattr(config, "problem_type", None) is not None:
        return None
    named = settings["activation_fn"]
    of_torch = named if isinstance(named, str) and named.startswith("torch.") else ""
    is_sigmoid = of_torch.endswith(".Sigmoid") if of_torch else outputs == 1
    return MULTI_LABEL if is_sigmoid else None


def _says_something(config: Any) -> bool:
    return hasattr(config, "model_type") or naming.declared(config) is not None


def _observe(module: torch.nn.Module, tokenizer: Any, rows: Optional[int]) -> Observed:
    limit = next(filter(None, map(position_limit, configs(module)[:1])), None)
    encoding = encode(tokenizer, (PROBE,), max_length=limit)
    # One twin for all texts: that of a module of thousands of parts takes longer than a pass.
    with explaining(module) as own:
        first = _run(own, tokenizer, encoding.ids, encoding.type_ids)
        if first.dim() != 2 or len(first) != 1:
            raise SourceError(
                f"a {type(module).__name__} returns logits of shape {tuple(first.shape)} for one text: a classifier of texts "
                "returns (batch, outputs)"
            )
        if not first.dtype.is_floating_point or not first.shape[1]:
            kind = str(first.dtype).replace("torch.", "")
            raise SourceError(
                f"a {type(module).__name__} returns {first.shape[1]} numbers of type {kind} for one text: give a classifier "
                "that returns its logits, which are floating point"
            )

        def others() -> torch.Tensor:
            texts = _other_texts(encoding, TokenizerVocabulary(tokenizer, rows))
            return torch.cat([_run(own, tokenizer, ids, encoding.type_ids) for ids in texts])

        def operation() -> str:
            return last_operation(_run(own, tokenizer, encoding.ids, encoding.type_ids, differentiated=True))

        activation = activation_of(first, others, operation)
    inside = lambda part: _run(part, tokenizer, encoding.ids, encoding.type_ids)  # noqa: E731
    return Observed(int(first.shape[1]), activation, *_config_inside(module, activation, first, inside))


def _config_inside(
    module: torch.nn.Module, activation: Optional[str], outputs: torch.Tensor, run: Callable[[torch.nn.Module], torch.Tensor]
) -> Tuple[Any, str]:
    """The config of the module in a wrapper that gives the same logits, or None; and who gives as many others."""
    unlike = ""
    for inside in sole_contents(module):
        config = inside.__dict__.get("config")
        if not _says_something(config):
            continue
        try:
            found = run(inside)
        except (SourceError, InputError):
            continue
        if found.shape == outputs.shape and _equal(outputs, found, activation):
            return config, ""
        unlike = unlike or (type(inside).__name__ if found.shape == outputs.shape else "")
    return None, unlike


def _equal(outputs: torch.Tensor, logits: torch.Tensor, activation: Optional[str]) -> bool:
    """Whether outputs are those logits, behind the activation or as they are."""
    one, other = as_logits(outputs.double(), activation), logits.double()
    if activation in (SOFTMAX, LOG_SOFTMAX):
        other = other.log_softmax(-1)
    if activation == SIGMOID and not torch.isfinite(one).all():
        return False
    tolerance = max(_TOLERANCE, 8 * torch.finfo(outputs.dtype).eps)
    return bool((one - other).abs().max() <= tolerance * other.abs().max().clamp(min=1.0))


def _other_texts(encoding: Encoding, vocabulary: TokenVocabulary) -> Iterator[Tuple[int, ...]]:
    """Texts as long as the encoded one, of other tokens: no row needs padding, which some models do not bear."""
    known = vocabulary.ordinary_ids(1000) or list(encoding.ids)
    random = np.random.RandomState(0)
    for _ in range(ROWS):
        drawn = random.choice(known, size=len(encoding.ids)).tolist()
        yield tuple(
            own if special else other for own, other, special in zip(encoding.ids, drawn, encoding.tokens.special)
        )


def _run(
    module: torch.nn.Module,
    tokenizer: Any,
    token_ids: Sequence[int],
    type_ids: Sequence[int],
    differentiated: bool = False,
) -> torch.Tensor:
    """The outputs for one text of the module's twin, in evaluation mode."""
    parameter = next(module.parameters(), None)
    device = torch.device("cpu") if parameter is None else parameter.device
    if device.type == "meta":
        raise SourceError(
            f"the weights of a {type(module).__name__} are not in memory (offloaded, or never loaded): load it whole, on one "
            "device"
        )
    ids = torch.tensor([token_ids], device=device)
    inputs = {"input_ids": ids}
    if accepts(module, "attention_mask"):
        inputs["attention_mask"] = torch.ones_like(ids)
    makes_types = "token_type_ids" in getattr(tokenizer, "model_input_names", ())
    if accepts(module, "token_type_ids", required=not makes_types):
        inputs["token_type_ids"] = torch.tensor([type_ids], device=device)
    try:
        with explaining(module) as own, explaining_ids(own, ids), torch.set_grad_enabled(differentiated), ExitStack() as stack:
            if differentiated:
                stack.enter_context(differentiable(own))
            return logits_of(own(**inputs))
    except Eli5TransformersError:
        raise
    except TypeError as error:
        raise SourceError(
            f"a {type(module).__name__} cannot be called with input_ids= and attention_mask=: {error}; wrap it in a module "
            "whose forward has arguments of these names"
        ) from error
    except Exception as error:  # whatever the code of a module that is given other things raises
        if is_lack_of_memory(error):
            raise
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise SourceError(
            f"a {type(module).__name__} cannot be run on a text, (batch, tokens): {reason}; give a classifier of texts, which "
            "returns logits (batch, outputs)"
        ) from error
