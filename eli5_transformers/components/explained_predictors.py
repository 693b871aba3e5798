"""Predictors as the engine sees them: this package's own, and those of AllenNLP behind an adapter."""

from __future__ import annotations

import weakref
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import torch

from ..engine.activations import ROWS, activation_of, differentiable, last_operation
from ..engine.codes import CodeBook, code_views, decoded, needs_codes, views_of
from ..engine.company import refusals
from ..engine.explainable import Explainable, ReadTokens, TokenizerVocabulary, TokenVocabulary
from ..engine.explained_model import ExplainedModel
from ..engine.instances import (
    PROBE,
    id_tensors,
    ids_and_mask,
    indexed,
    logits_of,
    other_text,
    probing,
    tensors_of,
    with_ids,
)
from ..engine.targets import Classes
from ..errors import InputError, UnsupportedModelError
from ..locks import READING
from ..sites.embedding_sites import EmbeddingSites
from ..sites.second_paths import learn_sites
from ..sites.state import explaining
from ..text.allennlp_pairs import pair_tokens
from ..text.allennlp_tokens import instance_tokens, notes, read_tokens, text_field
from ..text.field_places import token_names
from .predictor_classes import assumed, classes_of
from .predictor_inputs import CANONICAL, PredictorInputs
from .vocabularies import CodedVocabulary, plain_vocabulary, reader_tokenizer, start_and_end, transformer_tokenizer

_EXPLAINED: weakref.WeakKeyDictionary[Any, ExplainedModel] = weakref.WeakKeyDictionary()


def explained_model(predictor: Any) -> ExplainedModel:
    """The `ExplainedModel` of an AllenNLP predictor, made at its first use and kept as long as the predictor lives."""
    found = _EXPLAINED.get(predictor)
    if found is None:
        own = predictor if isinstance(predictor, Explainable) else AllenNLPPredictor(predictor)
        # Another thread may have been here meanwhile: all get the same.
        found = _EXPLAINED.setdefault(predictor, ExplainedModel(predictor, own))
    return found


class AllenNLPPredictor(Explainable):
    """Any AllenNLP predictor of one text field whose model returns `logits` (batch, outputs)."""

    def __init__(self, predictor: Any) -> None:
        # Weak: it is kept as long as its predictor.
        self._reference = weakref.ref(predictor)
        self._first: Optional[Any] = None
        self._inputs: Optional[PredictorInputs] = None
        self._assumed = ""
        self._learnt: Optional[Tuple[EmbeddingSites, Classes]] = None
        self._vocabulary: Optional[TokenVocabulary] = None
        self._book = CodeBook()

    @property
    def _predictor(self) -> Any:
        return self._reference()

    @property
    def sites(self) -> EmbeddingSites:
        return self._learn()[0]

    def forget_sites(self) -> None:
        self._learnt = None

    @property
    def classes(self) -> Classes:
        return self._learn()[1]

    @property
    def caveats(self) -> Tuple[str, ...]:
        return tuple(filter(None, [self.classes.note, self._assumed, "" if self._inputs is None else self._inputs.note]))

    @property
    def inputs(self) -> PredictorInputs:
        """What the predictor reads. Raises InputError where that is not clear."""
        if self._inputs is None:
            self._inputs = PredictorInputs(self._predictor)
        return self._inputs

    @property
    def reads_pairs(self) -> bool:  # type: ignore[override]
        """True where its JSON takes a second text."""
        return len(self.inputs.keys) > 1

    def json_of(self, inputs: Mapping[str, Any]) -> Dict[str, Any]:
        # A dict of the person's own needs nothing to be learnt.
        return self.inputs.of(inputs) if set(inputs) <= set(CANONICAL) else dict(inputs)

    def takes(self, given: Mapping[str, Any]) -> bool:
        try:
            return self.inputs.takes(given)
        except InputError:  # then only a dict can be read
            return True

    def documents_of(self, inputs: Mapping[str, Any]) -> Tuple[str, ...]:
        try:
            return self.inputs.documents(inputs)
        except InputError:
            return super().documents_of(inputs)

    @property
    def vocabulary(self) -> TokenVocabulary:
        if self._vocabulary is None:
            field = text_field(self._probed() if self._first is None else self._first)
            plain = plain_vocabulary(self._predictor, field, self._content)
            self._vocabulary = plain or CodedVocabulary(self._predictor, field, self._book, self._content)
        return self._vocabulary

    def coded(self, tensors: Dict[str, Any], instances: Sequence[Any]) -> Dict[str, Any]:
        self._first = self._first or next(iter(instances), None)
        if needs_codes(tensors) or (len(views_of(tensors)) == 1 and isinstance(self.vocabulary, CodedVocabulary)):
            return self._book.coded(tensors, views_of(tensors))
        return tensors

    def _content(self, text: str) -> List[int]:
        encoded = explained_model(self._predictor).encode_instance(self.probe(text), (text,))
        return [int(i) for i, special in zip(encoded.ids, encoded.tokens.special) if not special]

    def read_tokens(
        self, instance: Any, ids: np.ndarray, tensors: Mapping[str, Any], documents: Sequence[str]
    ) -> ReadTokens:
        kept = read_tokens(instance)
        if kept is not None:
            return ReadTokens(*kept)
        field, vocabulary = text_field(instance), self.vocabulary
        before, behind = start_and_end(field)
        owners, pieces = _owners(tensors, len(field.tokens), len(before), len(behind)), None
        if owners is not None and len(before) + len(behind) == 0 and len(ids) > len(field.tokens):
            pieces = [vocabulary.token_name(token_id) for token_id in ids]
        elif owners is not None:
            names, ends = token_names(field.tokens), iter([*before, *behind])
            pieces = [names[owner] if owner >= 0 else next(ends) for owner in owners]
        tokenizer = transformer_tokenizer(field, self._predictor._dataset_reader)
        count = token_counter(tokenizer, reader_tokenizer(self._predictor._dataset_reader))
        special = [str(token) for token in getattr(tokenizer, "all_special_tokens", ())]
        if len(documents) == 2:
            read, tokens = tuple(documents), pair_tokens(field, documents, owners, pieces, count=count, special=special)
        else:
            read, tokens = instance_tokens(instance, documents, owners, pieces, count=count, special=special)
        if isinstance(vocabulary, CodedVocabulary):
            vocabulary.seen(ids.tolist(), tokens.text, tokens.special)
        return ReadTokens(read, tokens, owners, notes(read, tokens))

    def _learn(self) -> Tuple[EmbeddingSites, Classes]:
        """What can only be seen in a forward pass, seen once."""
        learnt = self._learnt
        if learnt is None or not learnt[0].current:
            tensors = self._probe()
            others = other_text(tensors, self.vocabulary)
            ids, model = ids_and_mask(tensors)[0], self._predictor._model
            with refusals(model, ids.shape[1]):
                sites = learn_sites(model, decoded(tensors), decoded(others), ids, logits_of, code_views(tensors))
            with explaining(self._predictor._model, twin=sites.twin, kept=sites.kept) as model:
                learnt = self._learnt = sites, self._find_classes(model, tensors)
        return learnt

    def _probe(self) -> Mapping[str, Any]:
        """Tensors of an unpadded text of at least three different tokens."""
        parameter = next(self._predictor._model.parameters(), torch.empty(0))
        instance = self._probed()
        tensors = self.coded(tensors_of([instance], parameter.device), [instance])
        return probing(tensors, self.vocabulary, everywhere=isinstance(self.vocabulary, CodedVocabulary))

    def _probed(self) -> Any:
        """An indexed instance of the probe text."""
        try:
            with READING:
                return indexed(self._predictor, self.probe(PROBE))
        except Exception:  # a predictor with keys of its own: the first text that it did read will do
            if self._first is None:
                raise
            return self._first

    def probe(self, text: str) -> Any:
        pair = {"text_pair": " ".join(reversed(text.split()))} if len(self.inputs.keys) > 1 else {}
        given = self.json_of({"sentence": text, **pair})
        with READING:
            return self._predictor._json_to_instance(given)

    def _find_classes(self, model: torch.nn.Module, tensors: Mapping[str, Any]) -> Classes:
        with torch.no_grad():
            outputs = model(**decoded(tensors))
        classes = classes_of(model, outputs, lambda logits: self._activation(model, logits, tensors))
        self._assumed = assumed(outputs, classes)
        return classes

    def _activation(
        self, model: torch.nn.Module, first: torch.Tensor, tensors: Mapping[str, Any]
    ) -> Optional[str]:
        random = np.random.RandomState(0)
        ids, _ = ids_and_mask(tensors)
        known = self.vocabulary.ordinary_ids(1000) or ids.unique().tolist()

        def other() -> torch.Tensor:
            drawn = torch.from_numpy(random.choice(known, size=tuple(ids.shape)).astype(np.int64))
            return logits_of(model(**decoded(with_ids(tensors, drawn.to(ids)))))

        def others() -> torch.Tensor:
            with torch.no_grad():
                return torch.cat([other() for _ in range(ROWS)])

        def operation() -> str:
            with torch.enable_grad(), differentiable(model):
                return last_operation(logits_of(model(**decoded(tensors))))

        return activation_of(first, others, operation)


def token_counter(tokenizer: Any, other: Any) -> Optional[Callable[[str], int]]:
    """How many tokens a text has: by a HuggingFace tokenizer, else by another of AllenNLP's."""
    if tokenizer is not None:
        return lambda text: len(TokenizerVocabulary(tokenizer).content_ids(text))
    return None if other is None else lambda text: len(other.tokenize(text))


def _owners(tensors: Mapping[str, Any], words: int, before: int, behind: int) -> Optional[Tuple[int, ...]]:
    """For each token id that is no padding the field's token that it is of, or -1 for one that was added.

    They are word pieces (`pretrained_transformer_mismatched`'s offsets), or stand between tokens that an indexer put `before`
    and `behind`; a reader may have padded the field itself. None where the model reads the field's tokens themselves.
    """
    ((part, _),) = id_tensors(tensors)
    ids, real = ids_and_mask(tensors)
    places = torch.nonzero(real[0]).squeeze(1).tolist()
    offsets = part.get("offsets")
    if offsets is None:
        whole = [*[-1] * before, *range(words), *[-1] * behind]
        if len(places) != len(whole) and ids.shape[1] != len(whole):
            raise UnsupportedModelError(
                f"the model reads {len(places)} token ids of a text field of {words}, and no offsets say which belong "
                "together: leave max_length out of the indexer, which folds long texts"
            )
        owners = [whole[place] for place in places]
        return None if owners == list(range(words)) else tuple(owners)
    owners = [-1] * len(places)
    for word, (first, last) in enumerate(offsets[0].tolist()):
        for place in range(max(first, 0), min(last + 1, len(owners))):
            owners[place] = word
    return tuple(owners)
