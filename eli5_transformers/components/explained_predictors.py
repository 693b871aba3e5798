"""Predictors as the engine sees them: this package's own, and those of AllenNLP behind an adapter."""

from __future__ import annotations

import weakref
from typing import Any, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import torch

from ..engine.explainable import Explainable, ReadTokens, TokenizerVocabulary, TokenVocabulary
from ..engine.explained_model import ExplainedModel
from ..engine.instances import PROBE, id_tensors, ids_and_mask, indexed, logits_of, other_text, probing, tensors_of
from ..engine.targets import Classes, probabilities
from ..errors import UnsupportedModelError
from ..sites.embedding_sites import EmbeddingSites
from ..sites.second_paths import truthful_sites
from ..sites.state import frozen
from ..text.allennlp_tokens import instance_tokens, read_tokens, text_field

# AllenNLP's vocabularies begin with padding and with what is unknown.
_ORDINARY = 2
_EXPLAINED: weakref.WeakKeyDictionary[Any, ExplainedModel] = weakref.WeakKeyDictionary()


def explained_model(predictor: Any) -> ExplainedModel:
    """The `ExplainedModel` of an AllenNLP predictor, made at its first use and kept as long as the predictor lives."""
    if predictor not in _EXPLAINED:
        own = predictor if isinstance(predictor, Explainable) else AllenNLPPredictor(predictor)
        _EXPLAINED[predictor] = ExplainedModel(predictor, own)
    return _EXPLAINED[predictor]


class AllenNLPPredictor(Explainable):
    """Any AllenNLP predictor of one text field whose model returns `logits` (batch, outputs)."""

    def __init__(self, predictor: Any) -> None:
        # Weak: it is kept as long as its predictor.
        self._reference = weakref.ref(predictor)
        self._first: Optional[Any] = None
        self._learnt: Optional[Tuple[EmbeddingSites, Classes]] = None

    @property
    def _predictor(self) -> Any:
        return self._reference()

    @property
    def sites(self) -> EmbeddingSites:
        return self._learn()[0]

    @property
    def classes(self) -> Classes:
        return self._learn()[1]

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
        return ReadTokens(*instance_tokens(instance, documents, owners, pieces), owners)

    def _learn(self) -> Tuple[EmbeddingSites, Classes]:
        """What can only be seen in a forward pass, seen once."""
        if self._learnt is None or not self._learnt[0].current:
            model = self._predictor._model
            # Also where a caller has switched gradients off: what inference mode makes cannot be differentiated with.
            with torch.inference_mode(False), frozen(model):
                tensors = self._probe()
                with torch.no_grad():
                    outputs = model(**tensors)
                classes = self._find_classes(outputs)
                others = other_text(tensors, self.vocabulary)
                sites = truthful_sites(
                    model, lambda: model(**tensors), lambda: model(**others), ids_and_mask(tensors)[0], logits_of
                )
            self._learnt = sites, classes
        return self._learnt

    def _probe(self) -> Mapping[str, Any]:
        """Tensors of an unpadded text of at least three different tokens."""
        predictor = self._predictor
        try:
            instance = indexed(predictor, self.probe(PROBE))
        except Exception:  # a predictor with keys of its own: the first text that it did read will do
            if self._first is None:
                raise
            instance = self._first
        parameter = next(predictor._model.parameters(), torch.empty(0))
        return probing(tensors_of([instance], parameter.device), self.vocabulary)

    def probe(self, text: str) -> Any:
        return self._predictor._json_to_instance({"sentence": text})

    def _find_classes(self, outputs: Any) -> Classes:
        logits = logits_of(outputs)
        model = self._predictor._model
        known = model.vocab.get_index_to_token_vocabulary(getattr(model, "_label_namespace", "labels"))
        names = tuple(known.get(index, str(index)) for index in range(logits.shape[-1]))
        given = outputs.get("probs")
        for link in ("softmax", "sigmoid"):
            made = probabilities(logits, link)
            if given is not None and made is not None and torch.allclose(made, given, atol=1e-4):
                return Classes(names, link)
        return Classes(names, None)


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
        encoded = explained_model(self._predictor).encode({"sentence": text})
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
