"""A model as the interpreters see it: texts to tensors and tokens, tensors to logits, and where to differentiate.

This package's own predictor and those of AllenNLP (`text_classifier` with a `basic_classifier`, say) look alike from
here on: a text field whose token ids the model turns into vectors, or two of them for a pair.
"""

from __future__ import annotations

import copy
import weakref
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Dict, Iterator, Mapping, Optional, Sequence, Tuple

import numpy as np
import torch

from ..errors import Eli5TransformersError, InputError, is_lack_of_memory, short, shown
from ..locks import READING
from ..records import Tokens
from ..sites.architectures import caveats, name_of, require_in_memory, unwrapped
from ..sites.embedding_sites import EmbeddingSites
from ..sites.jitter import as_asked
from ..sites.state import explaining
from ..text.allennlp_tokens import text_fields
from .codes import decoded
from .company import Company
from .explainable import Explainable, TokenVocabulary
from .instances import ids_and_mask, indexed, logits_of, padded_on_the_other_side, tensors_of
from .targets import Classes


@dataclass(frozen=True, eq=False)
class EncodedText:
    """One input as the model reads it."""

    instance: Any
    """The indexed AllenNLP instance, without label."""
    documents: Tuple[str, ...]
    tokens: Tokens
    """One entry for each token id, padding left out."""
    ids: np.ndarray
    """Token ids, shape (tokens,)."""
    field: Optional[Tuple[int, ...]] = None
    """For each token the place in the instance's text field, -1 for none; None where it is the token's own place."""
    notes: Tuple[str, ...] = ()
    """What the tokens do not say of how the text was read, a sentence each."""
    parts: Tuple[int, ...] = ()
    """How many of the tokens each of two text fields has; empty where there is one field."""

    @property
    def shape(self) -> Tuple[int, ...]:
        """The lengths that padding makes equal."""
        return self.parts or (len(self),)

    def __len__(self) -> int:
        return len(self.tokens)


class ExplainedModel:
    """The model of an AllenNLP predictor of one text field or two, and the predictor as an `Explainable`."""

    def __init__(self, predictor: Any, explainable: Explainable) -> None:
        # Weak: an explained model is kept as long as its predictor.
        self._predictor = weakref.ref(predictor)
        self._explainable = weakref.ref(explainable) if explainable is predictor else lambda: explainable
        self.model: torch.nn.Module = predictor._model
        self.given = unwrapped(self.model)
        """The module that a person gave: the same where `model` is a twin."""
        self.company = Company()
        """What is known of how texts may share a pass, see `company.measure`."""
        self._own_sites: Optional[EmbeddingSites] = None

    @contextmanager
    def at_work(self) -> Iterator[ExplainedModel]:
        """The same on a twin of the model, for as long as it is explained: nothing about the model itself is changed."""
        sites = self.sites
        with explaining(self.model, twin=sites.twin, kept=sites.kept) as model:
            own = sites.on(model)
            with as_asked(model, lambda: own):
                yield self._on(model, own)

    @contextmanager
    def predicting(self) -> Iterator[ExplainedModel]:
        """The same for a model that is only run: what cannot be explained may be predicted with."""
        with explaining(self.model) as model:
            yield self._on(model, None)

    def _on(self, model: torch.nn.Module, sites: Optional[EmbeddingSites]) -> ExplainedModel:
        twin = copy.copy(self)
        twin.model, twin._own_sites = model, sites
        return twin

    @property
    def predictor(self) -> Any:
        """The predictor itself."""
        return _there(self._predictor())

    @property
    def explainable(self) -> Explainable:
        """The predictor, or what stands for it."""
        return _there(self._explainable())

    @property
    def name(self) -> str:
        """The class of the model that a person gave, for messages."""
        return name_of(self.model)

    @property
    def device(self) -> torch.device:
        """Where the model is. Raises UnsupportedModelError where it is nowhere."""
        parameter = next(self.model.parameters(), None)
        device = torch.device("cpu") if parameter is None else parameter.device
        require_in_memory(self.model, device)
        return device

    @property
    def caveats(self) -> Tuple[str, ...]:
        """What a reader of any explanation of this model must know."""
        own = (*self.explainable.caveats, *self.company.caveats(self.model), *caveats(self.model))
        if not self.sites.kept:
            return own
        kept = ", ".join(repr(".".join(filter(None, names))) for names in self.sites.kept[:3])
        return (
            *own,
            f"{self.name} keeps something from text to text ({kept}): every text begins with the same of it, so "
            "that its prediction may be another one behind other texts.",
        )

    @property
    def classes(self) -> Classes:
        """The classes of the model, with what was declared of their order: `predictor.ordered`."""
        ordered = getattr(self.predictor, "ordered", None)
        return self.explainable.classes if ordered is None else replace(self.explainable.classes, ordered=ordered)

    @property
    def sites(self) -> EmbeddingSites:
        """Where the token ids become vectors, found and verified at the first use."""
        return self.explainable.sites if self._own_sites is None else self._own_sites

    @property
    def vocabulary(self) -> TokenVocabulary:
        """The tokens that the model knows."""
        return self.explainable.vocabulary

    def encode(self, inputs: Mapping[str, Any]) -> EncodedText:
        """The text in a predictor's JSON. Raises InputError where it cannot be read."""
        own = self.explainable is self.predictor
        read = self.predictor._json_to_instance if own else self._read
        instance = read(self.explainable.json_of(inputs))
        return self.encode_instance(instance, self.explainable.documents_of(inputs))

    def _read(self, given: Dict[str, Any]) -> Any:
        """What a predictor of anybody's makes of its JSON."""
        name = type(self.predictor).__name__
        try:
            with READING:
                instance = self.predictor._json_to_instance(given)
        except Eli5TransformersError:
            raise
        except Exception as error:  # whatever the code of a stranger's reader raises of a text
            if is_lack_of_memory(error):
                raise
            keys = ", ".join(map(repr, given))
            raise InputError(f"a {name} cannot read {keys}: {type(error).__name__}: {short(error)}") from error
        if not hasattr(instance, "fields"):
            raise InputError(f"a {name} makes no instance of this text, but {shown(instance, 40)}")
        text_fields(instance)
        return instance

    def encode_instance(self, instance: Any, documents: Sequence[str] = ()) -> EncodedText:
        """The text of an instance; `documents` are its source where the instance does not keep it."""
        with READING if self.explainable is not self.predictor else nullcontext():
            instance = indexed(self.predictor, instance)
        tensors = self.explainable.coded(tensors_of([instance], self.device), [instance])
        ids, real = ids_and_mask(tensors)
        kept = ids[0][real[0]].cpu().numpy()
        if not len(kept):
            raise InputError("no token of the text is left for the model to read: there is nothing to explain")
        read = self.explainable.read_tokens(instance, kept, tensors, documents)
        return EncodedText(instance, read.documents, read.tokens, kept, read.field, read.notes, read.parts)

    def require_known(self, text: EncodedText) -> None:
        """Refuses words of which the model is told only that they are unknown, as by the tokenizer of another model.

        Raises InputError.
        """
        unknown = self.vocabulary.token_id("unk")
        own = [int(token) for token, special in zip(text.ids, text.tokens.special) if not special]
        words = [word for document in text.documents for word in document.split() if sum(map(str.isalpha, word)) > 1]
        if unknown is not None and len(words) > 1 and set(own) == {unknown}:
            raise InputError(
                f"the tokenizer knows no word of {text.documents[0][:40]!r} (each is {self.vocabulary.token_name(unknown)}), "
                "so the prediction is not of this text: give the tokenizer that the model was trained with, or a text in its "
                "language"
            )

    def tensors(self, texts: Sequence[EncodedText]) -> Dict[str, Any]:
        """What the model takes for these texts, on the model's device, padded to the longest where it was found to bear it."""
        return self.padded(self.own_side(texts))

    def padded(self, tensors: Dict[str, Any]) -> Dict[str, Any]:
        """What the predictor's reader has padded, padded on the side where the model was found to bear it."""
        turned = padded_on_the_other_side(tensors) if self.company.other_side else None
        return tensors if turned is None else turned

    def own_side(self, texts: Sequence[EncodedText]) -> Dict[str, Any]:
        """The same, padded as the predictor's reader pads."""
        instances = [text.instance for text in texts]
        return self.explainable.coded(tensors_of(instances, self.device), instances)

    def logits(self, tensors: Mapping[str, Any]) -> torch.Tensor:
        """Runs the model once: logits of the classes, (batch, classes)."""
        return self.classes.logits(logits_of(self.model(**decoded(tensors))))


def _there(predictor: Any) -> Any:
    if predictor is None:
        raise InputError("the predictor of this interpreter is gone: keep a reference to it")
    return predictor
