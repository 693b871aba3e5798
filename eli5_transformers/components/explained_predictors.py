"""Predictors as the engine sees them: this package's own, and those of AllenNLP behind an adapter."""

from __future__ import annotations

import weakref
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import torch

from ..engine.activations import ROWS, activation_of, differentiable, last_operation
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
from ..text.allennlp_tokens import instance_tokens, read_tokens, text_field
from .predictor_classes import assumed, classes_of
from .predictor_inputs import CANONICAL, PredictorInputs

# AllenNLP's vocabularies begin with padding and with what is unknown.
_ORDINARY = 2
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
        indexers = getattr(self._predictor._dataset_reader, "_token_indexers", {})
        indexer = next(iter(indexers.values()), None)
        tokenizer = getattr(indexer, "_tokenizer", None)
        if tokenizer is not None:
            return TokenizerVocabulary(tokenizer)
        return _NamespaceVocabulary(self._predictor, getattr(indexer, "namespace", None) or "tokens")

    def read_tokens(
        self, instance: Any, ids: np.ndarray, tensors: Mapping[str, Any], documents: Sequence[str]
    ) -> ReadTokens:
        self._first = self._first or instance
        kept = read_tokens(instance)
        if kept is not None:
            return ReadTokens(*kept)
        owners = _owners(tensors, len(ids), len(text_field(instance).tokens))
        pieces = None if owners is None else [self.vocabulary.token_name(token_id) for token_id in ids]
        if len(documents) == 2:
            return ReadTokens(tuple(documents), pair_tokens(text_field(instance), documents, owners, pieces), owners)
        return ReadTokens(*instance_tokens(instance, documents, owners, pieces), owners)

    def _learn(self) -> Tuple[EmbeddingSites, Classes]:
        """What can only be seen in a forward pass, seen once."""
        learnt = self._learnt
        if learnt is None or not learnt[0].current:
            tensors = self._probe()
            others = other_text(tensors, self.vocabulary)
            ids, model = ids_and_mask(tensors)[0], self._predictor._model
            with refusals(model, ids.shape[1]):
                sites = learn_sites(model, tensors, others, ids, logits_of)
            with explaining(self._predictor._model, twin=sites.twin) as model:
                learnt = self._learnt = sites, self._find_classes(model, tensors)
        return learnt

    def _probe(self) -> Mapping[str, Any]:
        """Tensors of an unpadded text of at least three different tokens."""
        predictor = self._predictor
        try:
            with READING:
                instance = indexed(predictor, self.probe(PROBE))
        except Exception:  # a predictor with keys of its own: the first text that it did read will do
            if self._first is None:
                raise
            instance = self._first
        parameter = next(predictor._model.parameters(), torch.empty(0))
        return probing(tensors_of([instance], parameter.device), self.vocabulary)

    def probe(self, text: str) -> Any:
        pair = {"text_pair": " ".join(reversed(text.split()))} if len(self.inputs.keys) > 1 else {}
        given = self.json_of({"sentence": text, **pair})
        with READING:
            return self._predictor._json_to_instance(given)

    def _find_classes(self, model: torch.nn.Module, tensors: Mapping[str, Any]) -> Classes:
        with torch.no_grad():
            outputs = model(**tensors)
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
            return logits_of(model(**with_ids(tensors, drawn.to(ids))))

        def others() -> torch.Tensor:
            with torch.no_grad():
                return torch.cat([other() for _ in range(ROWS)])

        def operation() -> str:
            with torch.enable_grad(), differentiable(model):
                return last_operation(logits_of(model(**tensors)))

        return activation_of(first, others, operation)


class _NamespaceVocabulary(TokenVocabulary):
    """The tokens in a namespace of an AllenNLP vocabulary."""

    def __init__(self, predictor: Any, namespace: str) -> None:
        self._predictor = predictor
        self._vocab = predictor._model.vocab
        self._namespace = namespace

    def token_id(self, kind: str) -> Optional[int]:
        token = {"pad": self._vocab._padding_token, "unk": self._vocab._oov_token}.get(kind)
        return self._vocab._token_to_index[self._namespace].get(token) if token is not None else None

    def token_name(self, token_id: int) -> str:
        return str(self._vocab.get_token_from_index(int(token_id), self._namespace))

    def content_ids(self, text: str) -> List[int]:
        explained = explained_model(self._predictor)
        encoded = explained.encode_instance(explained.explainable.probe(text), (text,))
        return [int(i) for i, special in zip(encoded.ids, encoded.tokens.special) if not special]

    def ordinary_ids(self, count: int) -> List[int]:
        return list(range(_ORDINARY, self._vocab.get_vocab_size(self._namespace)))[-count:]

    def special_ids(self) -> List[int]:
        return list(range(_ORDINARY))


def _owners(tensors: Mapping[str, Any], length: int, words: int) -> Optional[Tuple[int, ...]]:
    """For each word piece the word that it is of (`pretrained_transformer_mismatched`'s offsets), or -1.

    None where the model reads the field's tokens themselves.
    """
    ((part, _),) = id_tensors(tensors)
    offsets = part.get("offsets")
    if offsets is None and length == words:
        return None
    if offsets is None:
        raise UnsupportedModelError(
            f"the model reads {length} token ids of a text field of {words}, and no offsets say which belong "
            "together: leave max_length out of the indexer, which folds long texts"
        )
    owners = [-1] * length
    for word, (first, last) in enumerate(offsets[0].tolist()):
        for place in range(max(first, 0), min(last + 1, length)):
            owners[place] = word
    return tuple(owners)
