"""A predictor as the interpreters see it: texts to tensors and tokens, tensors to logits, and where to differentiate.

This package's own predictor and those of AllenNLP (`text_classifier` with a `basic_classifier`, say) look alike from
here on: one text field whose token ids the model turns into vectors.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import torch

from ..errors import InputError, UnsupportedModelError
from ..records import Tokens
from ..sites.architectures import caveats, lacks_pad_token, pads_safely
from ..sites.embedding_sites import EmbeddingSites, Site, find_sites
from ..sites.tracing import first_tensor
from ..text.allennlp_tokens import field_tokens, read_tokens, text_field
from .targets import Classes

_PROBE = {"sentence": "The quick brown fox jumps over 3 lazy dogs."}
_ID_NAMES = ("token_ids", "tokens", "input_ids")
_SUBJECTS: weakref.WeakKeyDictionary[Any, Subject] = weakref.WeakKeyDictionary()


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

    def __len__(self) -> int:
        return len(self.tokens)


def subject_of(predictor: Any) -> Subject:
    """The `Subject` of an AllenNLP predictor, made at its first use and kept as long as the predictor lives."""
    if predictor not in _SUBJECTS:
        own = getattr(type(predictor), "sites", None) is not None
        _SUBJECTS[predictor] = (_TransformerSubject if own else Subject)(predictor)
    return _SUBJECTS[predictor]


class Subject:
    """Any AllenNLP predictor of one text field; its model returns `logits` (batch, outputs)."""

    def __init__(self, predictor: Any) -> None:
        # Weak: subjects are kept by their predictors.
        self._predictor = weakref.ref(predictor)
        self.model: torch.nn.Module = predictor._model
        self._classes: Optional[Classes] = None
        self._sites: Optional[EmbeddingSites] = None
        self._namespaces: Dict[str, Tuple[str, str]] = {}

    @property
    def predictor(self) -> Any:
        """The predictor itself."""
        predictor = self._predictor()
        if predictor is None:
            raise InputError("the predictor of this interpreter is gone: keep a reference to it")
        return predictor

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        parameter = next(self.model.parameters(), None)
        return torch.device("cpu") if parameter is None else parameter.device

    @property
    def caveats(self) -> Tuple[str, ...]:
        """What a reader of any explanation of this model must know."""
        return caveats(self.model)

    @property
    def alone(self) -> bool:
        """True where each text must be run without padding and without other texts."""
        return not pads_safely(self.model) or lacks_pad_token(self.model)

    # texts

    def encode(self, inputs: Mapping[str, Any]) -> EncodedText:
        """The text in a predictor's JSON. Raises InputError where it cannot be read."""
        instance = self.predictor._json_to_instance(dict(inputs))
        return self.encode_instance(instance, tuple(value for value in inputs.values() if isinstance(value, str))[:1])

    def encode_instance(self, instance: Any, documents: Sequence[str] = ()) -> EncodedText:
        """The text of an instance; `documents` are its source where the instance does not keep it."""
        instance = self._indexed(instance)
        tensors = self._tensors([instance])
        ids, real = self.ids_and_mask(tensors)
        kept = ids[0][real[0]].cpu().numpy()
        if not len(kept):
            raise InputError("no token of the text is left for the model to read: there is nothing to explain")
        documents, tokens, field = self._tokens(instance, kept, documents, tensors)
        return EncodedText(instance, documents, tokens, kept, field)

    def tensors(self, texts: Sequence[EncodedText]) -> Dict[str, Any]:
        """What the model takes for these texts, padded to the longest, on the model's device."""
        return self._tensors([text.instance for text in texts])

    def ids_and_mask(self, tensors: Mapping[str, Any]) -> Tuple[torch.Tensor, torch.Tensor]:
        """The token ids, (batch, tokens), and a mask of the same shape that is True where they are no padding."""
        fields = self._id_tensors(tensors)
        if len(fields) != 1:
            raise UnsupportedModelError(
                f"the model reads {len(fields)} tensors of token ids (batch, tokens), but an explanation needs exactly "
                "one: use one text field with one indexer (single_id, pretrained_transformer or "
                "pretrained_transformer_mismatched)"
            )
        ((part, name),) = fields
        ids = part[name]
        for mask_name in ("wordpiece_mask", "mask"):
            mask = part.get(mask_name)
            if isinstance(mask, torch.Tensor) and mask.shape == ids.shape:
                return ids, mask.bool()
        return ids, ids != 0  # AllenNLP pads with 0 (nn/util.py, get_text_field_mask)

    def with_ids(self, tensors: Mapping[str, Any], ids: torch.Tensor) -> Dict[str, Any]:
        """The same tensors with other token ids."""
        old, _ = self.ids_and_mask(tensors)
        return {
            key: {k: {n: ids if t is old else t for n, t in p.items()} if isinstance(p, dict) else p for k, p in v.items()}
            if isinstance(v, dict)
            else v
            for key, v in tensors.items()
        }

    def logits(self, tensors: Mapping[str, Any]) -> torch.Tensor:
        """Runs the model once: logits of the classes, (batch, classes)."""
        return self.classes.logits(_logits(self.model(**tensors)))

    # the model

    @property
    def classes(self) -> Classes:
        """The classes; known once a text was encoded."""
        if self._classes is None:
            raise InputError("the classes of a model are known after the first text was encoded")
        return self._classes

    @property
    def sites(self) -> EmbeddingSites:
        """Where the token ids become vectors, found and verified at the first use."""
        if self._sites is None:
            raise InputError("the embeddings of a model are found with the first text")
        return self._sites

    def prepare(self, text: EncodedText) -> None:
        """Learns once from a text what can only be seen in a forward pass: the classes and the embedding sites."""
        if self._sites is not None:
            return
        tensors = self._probe(text)
        ids, _ = self.ids_and_mask(tensors)
        with torch.no_grad():
            outputs = self.model(**tensors)
        self._classes = self._find_classes(outputs)
        sites = find_sites(self.model, lambda: self.model(**tensors), ids)
        sites.verify(lambda: self.model(**tensors), _logits)
        self._sites = sites

    def layer(self, name: str, text: EncodedText) -> EmbeddingSites:
        """The output of the module `name` in place of the embeddings.

        Raises InputError for a name that the model does not have, or a module that is not run once with an output
        (batch, tokens, width).
        """
        modules = dict(self.model.named_modules())
        module = modules.get(name)
        if module is None or not name:
            candidates = [n for n in modules if n.rpartition(".")[2].isdigit()][:4]
            raise InputError(
                f"the model has no module {name!r}: layer takes a name of model.named_modules(), such as "
                f"{', '.join(map(repr, candidates)) or 'that of a block'}"
            )
        seen: List[Any] = []
        handle = module.register_forward_hook(lambda module, arguments, result: seen.append(first_tensor(result)))
        tensors = self.tensors([text])
        try:
            with torch.no_grad(), EmbeddingSites(self.model, ()).changed(lambda index, vectors: vectors):
                self.model(**tensors)
        finally:
            handle.remove()
        rows, length = self.ids_and_mask(tensors)[0].shape
        if len(seen) != 1 or seen[0] is None or seen[0].dim() != 3 or seen[0].shape[0] != rows or seen[0].shape[1] < length:
            shapes = [None if tensor is None else tuple(tensor.shape) for tensor in seen]
            raise InputError(
                f"layer {name!r} cannot be attributed to tokens: it must run once with an output (batch, tokens, width), "
                f"but gave {shapes or 'nothing'}"
            )
        site = Site(name=name, caller="", call=0, shift=0, transposed=False, width=seen[0].shape[2])
        return EmbeddingSites(self.model, [site])

    # the tokenizer

    def token_id(self, kind: str) -> Optional[int]:
        """The id of the "pad", "mask" or "unk" token, or None where the tokenizer has none."""
        tokenizer = self._tokenizer()
        if tokenizer is not None:
            return getattr(tokenizer, f"{kind}_token_id", None)
        vocab, namespace = self.predictor._model.vocab, self._namespace()
        token = {"pad": vocab._padding_token, "unk": vocab._oov_token}.get(kind)
        return vocab._token_to_index[namespace].get(token) if token is not None else None

    def token_name(self, token_id: int) -> str:
        """How the vocabulary spells the token."""
        tokenizer = self._tokenizer()
        if tokenizer is not None:
            return str(tokenizer.convert_ids_to_tokens(int(token_id)))
        return str(self.predictor._model.vocab.get_token_from_index(int(token_id), self._namespace()))

    def content_ids(self, text: str) -> List[int]:
        """The token ids of a text without special tokens; a token spelled as the vocabulary has it counts as one."""
        tokenizer = self._tokenizer()
        if tokenizer is not None:
            vocabulary = tokenizer.get_vocab()
            if text in vocabulary:
                return [vocabulary[text]]
            return list(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
        encoded = self.encode({"sentence": text})
        return [int(i) for i, special in zip(encoded.ids, encoded.tokens.special) if not special]

    # what differs between predictors

    def _tokenizer(self) -> Any:
        indexer = self._indexer()
        return getattr(indexer, "_tokenizer", None)

    def _indexer(self) -> Any:
        indexers = getattr(self.predictor._dataset_reader, "_token_indexers", {})
        return next(iter(indexers.values()), None)

    def _namespace(self) -> str:
        return getattr(self._indexer(), "namespace", None) or "tokens"

    def _indexed(self, instance: Any) -> Any:
        """The instance, ready for batches and without its label."""
        instance = instance.duplicate() if hasattr(instance, "duplicate") else instance
        for name in [name for name in instance.fields if name in ("label", "labels")]:
            instance.fields.pop(name)
        self.predictor._dataset_reader.apply_token_indexers(instance)
        instance.indexed = False
        instance.index_fields(self.predictor._model.vocab)
        return instance

    def _tensors(self, instances: List[Any]) -> Dict[str, Any]:
        from allennlp.data.batch import Batch
        from allennlp.nn import util

        return util.move_to_device(Batch(instances).as_tensor_dict(), self.device)

    def _id_tensors(self, tensors: Mapping[str, Any]) -> List[Tuple[Dict[str, torch.Tensor], str]]:
        parts = [p for value in tensors.values() if isinstance(value, dict) for p in value.values() if isinstance(p, dict)]
        found = []
        for part in parts:
            names = [n for n in _ID_NAMES if isinstance(part.get(n), torch.Tensor) and part[n].dim() == 2]
            found += [(part, name) for name in names[:1] if not part[name].is_floating_point()]
        return found

    def _probe(self, text: EncodedText) -> Dict[str, Any]:
        """Tensors of an unpadded text of at least three different tokens."""
        try:
            instance = self._indexed(self.predictor._json_to_instance(dict(_PROBE)))
        except Exception:  # a predictor with keys of its own
            instance = text.instance
        tensors = self._tensors([instance])
        ids, _ = self.ids_and_mask(tensors)
        if len(ids.unique()) < 3:
            # All its words are unknown to the vocabulary: any others will do. 2 is the first that is no special one.
            count = self.predictor._model.vocab.get_vocab_size(self._namespace())
            ids.copy_((torch.arange(ids.shape[1], device=ids.device) * 7 % max(count - 2, 1) + 2).flip(0)[None])
        return tensors

    def _find_classes(self, outputs: Any) -> Classes:
        logits = _logits(outputs)
        model = self.predictor._model
        namespace = getattr(model, "_label_namespace", "labels")
        known = model.vocab.get_index_to_token_vocabulary(namespace)
        names = tuple(known.get(index, str(index)) for index in range(logits.shape[-1]))
        link = None
        probabilities = outputs.get("probs")
        for candidate in ("softmax", "sigmoid"):
            made = Classes(names, candidate).probabilities(logits)
            if probabilities is not None and made is not None and torch.allclose(made, probabilities, atol=1e-4):
                link = candidate
                break
        return Classes(names, link)

    def _tokens(
        self, instance: Any, ids: np.ndarray, documents: Sequence[str], tensors: Mapping[str, Any]
    ) -> Tuple[Tuple[str, ...], Tokens, Optional[Tuple[int, ...]]]:
        """The documents, the tokens, and the field's token of each."""
        kept = read_tokens(instance)
        if kept is not None:
            return (*kept, None)
        field = text_field(instance)
        text = documents[0] if documents else " ".join(str(token.text) for token in field.tokens)
        owners = self._owners(tensors, len(ids), len(field.tokens))
        pieces = None if owners is None else [self.token_name(token_id) for token_id in ids]
        return (text,), field_tokens(field, text, owners, pieces), owners

    def _owners(self, tensors: Mapping[str, Any], length: int, words: int) -> Optional[Tuple[int, ...]]:
        """For each word piece the word that it is of (`pretrained_transformer_mismatched`'s offsets), or -1.

        None where the model reads the field's tokens themselves.
        """
        ((part, _),) = self._id_tensors(tensors)
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


class _TransformerSubject(Subject):
    """This package's predictor, which knows its tokens, sites and classes itself."""

    def prepare(self, text: EncodedText) -> None:
        if self._sites is None:
            self._sites = self.predictor.sites
            self._classes = self._head_classes()

    def layer(self, name: str, text: EncodedText) -> EmbeddingSites:
        """As for any predictor; a name may also be that which the wrapped classifier has for the module."""
        own = f"transformer.{name}"
        modules = dict(self.model.named_modules())
        return super().layer(own if name not in modules and own in modules else name, text)

    def _head_classes(self) -> Classes:
        head = self.predictor._model.head
        if head.kind == "binary":
            return Classes((head.opposite, *head.labels), "sigmoid", opposite=True)
        link = {"single_label": "softmax", "multi_label": "sigmoid"}.get(head.kind)
        return Classes(tuple(head.labels), link)

    def _tokenizer(self) -> Any:
        return self.predictor._dataset_reader.tokenizer


def _logits(outputs: Any) -> torch.Tensor:
    logits = outputs.get("logits") if isinstance(outputs, dict) else None
    if not isinstance(logits, torch.Tensor) or logits.dim() != 2:
        raise UnsupportedModelError(
            "the model's output has no 'logits' (batch, outputs): interpreters are for classifiers that return them"
        )
    return logits if logits.dtype in (torch.float32, torch.float64) else logits.float()
