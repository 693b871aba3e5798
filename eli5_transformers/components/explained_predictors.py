"""Predictors as the engine sees them: this package's own, and those of AllenNLP behind an adapter."""

from __future__ import annotations

import weakref
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import torch

from ..engine.activations import ROWS, activation_of, differentiable, last_operation
from ..engine.codes import CodeBook, IdBook, View, code_views, decoded, needs_codes, part_tensors, views_of
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
    with_texts_apart,
)
from ..engine.targets import Classes
from ..errors import InputError, UnsupportedModelError
from ..locks import READING
from ..records import Tokens
from ..sites.embedding_sites import EmbeddingSites
from ..sites.second_paths import learn_sites
from ..sites.state import explaining
from ..text.allennlp_pairs import pair_tokens, tokens_of_fields
from ..text.allennlp_tokens import field_tokens, instance_tokens, notes, read_tokens, text_fields
from ..text.field_places import token_names
from .one_task import require_one_task
from .predictor_classes import assumed, classes_of
from .predictor_inputs import CANONICAL, PredictorInputs
from .vocabularies import (
    CodedVocabulary,
    indexers_of,
    plain_vocabulary,
    reader_tokenizer,
    start_and_end,
    transformer_tokenizer,
)

_EXPLAINED: weakref.WeakKeyDictionary[Any, ExplainedModel] = weakref.WeakKeyDictionary()


def explained_model(predictor: Any) -> ExplainedModel:
    """The `ExplainedModel` of an AllenNLP predictor, made at its first use and kept as long as the predictor lives."""
    found = _EXPLAINED.get(predictor)
    if found is None:
        require_one_task(predictor)
        own = predictor if isinstance(predictor, Explainable) else AllenNLPPredictor(predictor)
        # Another thread may have been here meanwhile: all get the same.
        found = _EXPLAINED.setdefault(predictor, ExplainedModel(predictor, own))
    return found


class AllenNLPPredictor(Explainable):
    """Any AllenNLP predictor of one text field, or of two for a pair, whose model returns `logits` (batch, outputs)."""

    def __init__(self, predictor: Any) -> None:
        # Weak: it is kept as long as its predictor.
        self._reference = weakref.ref(predictor)
        self._first: Optional[Any] = None
        self._inputs: Optional[PredictorInputs] = None
        self._assumed = ""
        self._learnt: Optional[Tuple[EmbeddingSites, Classes]] = None
        self._vocabulary: Optional[TokenVocabulary] = None
        self._book = CodeBook()
        self._id_book = IdBook()

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
            field = self._fields(self._probed() if self._first is None else self._first)[0][1]
            plain = plain_vocabulary(self._predictor, field, self._content)
            self._vocabulary = plain or CodedVocabulary(self._predictor, field, self._book, self._content)
        return self._vocabulary

    def coded(self, tensors: Dict[str, Any], instances: Sequence[Any]) -> Dict[str, Any]:
        self._first = self._first or next(iter(instances), None)
        fields = self._fields(instances[0]) if instances else []
        if len(fields) == 2:
            views = _views_of_both(tensors, *fields)
            first = {views[0].field: tensors[views[0].field]}
            coded = isinstance(self.vocabulary, CodedVocabulary) or needs_codes(first)
            return (self._book if coded else self._id_book).coded(tensors, views)
        if needs_codes(tensors) or (len(views_of(tensors)) == 1 and isinstance(self.vocabulary, CodedVocabulary)):
            return self._book.coded(tensors, views_of(tensors))
        return tensors

    def _content(self, text: str) -> List[int]:
        encoded = explained_model(self._predictor).encode_instance(self.probe(text), (text,))
        own = slice(0, encoded.shape[0])
        return [int(i) for i, special in zip(encoded.ids[own], encoded.tokens.special[own]) if not special]

    def _fields(self, instance: Any) -> List[Tuple[str, Any]]:
        """The text fields of an instance, by their names: one, or that of the first text of a pair and that of the second.

        Raises InputError where there are others.
        """
        found = text_fields(instance)
        if len(found) == 1:
            return list(found.items())
        try:
            known = self.inputs.fields
        except InputError:  # then only a dict can be read
            return list(found.items())
        names = [name for fields in known for name in fields]
        if len(known) != 2 or sorted(names) != sorted(found) or not all(known):
            keys = ", ".join(map(repr, self.inputs.keys))
            raise InputError(
                f"the predictor's instances have the text fields {', '.join(map(repr, found))}, and not one for each of the "
                f"texts that it reads ({keys}): use a reader that makes one field of each text of a pair, or one of all"
            )
        return [(name, found[name]) for name in names]

    def read_tokens(
        self, instance: Any, ids: np.ndarray, tensors: Mapping[str, Any], documents: Sequence[str]
    ) -> ReadTokens:
        kept = read_tokens(instance)
        if kept is not None:
            return ReadTokens(*kept)
        fields, vocabulary = self._fields(instance), self.vocabulary
        if len(fields) == 2:
            return self._read_both(fields, tensors, documents)
        field, owners, pieces, options = self._read_field(fields[0][1], tensors)
        if len(documents) == 2:
            read, tokens = tuple(documents), pair_tokens(field, documents, owners, pieces, **options)
        else:
            read, tokens = instance_tokens(instance, documents, owners, pieces, **options)
        if isinstance(vocabulary, CodedVocabulary):
            vocabulary.seen(ids.tolist(), tokens.text, tokens.special)
        return ReadTokens(read, tokens, owners, notes(read, tokens))

    def _read_field(
        self, field: Any, tensors: Mapping[str, Any]
    ) -> Tuple[Any, Optional[Tuple[int, ...]], Optional[List[str]], Dict[str, Any]]:
        """What `field_tokens` is told of a text field whose tensors these are."""
        before, behind = start_and_end(field)
        owners, pieces = _owners(tensors, len(field.tokens), len(before), len(behind)), None
        ids, real = ids_and_mask(tensors)
        kept = ids[0][real[0]].tolist()
        if owners is not None and len(before) + len(behind) == 0 and len(kept) > len(field.tokens):
            pieces = [self.vocabulary.token_name(token_id) for token_id in kept]
        elif owners is not None:
            names, ends = token_names(field.tokens), iter([*before, *behind])
            pieces = [names[owner] if owner >= 0 else next(ends) for owner in owners]
        tokenizer = transformer_tokenizer(field, self._predictor._dataset_reader)
        count = token_counter(tokenizer, reader_tokenizer(self._predictor._dataset_reader))
        special = [str(token) for token in getattr(tokenizer, "all_special_tokens", ())]
        return field, owners, pieces, {"count": count, "special": special}

    def _read_both(
        self, fields: Sequence[Tuple[str, Any]], tensors: Mapping[str, Any], documents: Sequence[str]
    ) -> ReadTokens:
        """The tokens of two text fields, each of one of the documents; without these the spelling of tokens stands for them."""
        spelled = [" ".join(token_names(field.tokens)) for _, field in fields]
        read = tuple(documents if len(documents) == 2 else spelled)
        made: List[Tokens] = []
        places: List[int] = []
        said: List[str] = []
        for (_, field), part, text in zip(fields, part_tensors(tensors), read):
            _, owners, pieces, options = self._read_field(field, part)
            tokens = field_tokens(field, text, owners, pieces, **options)
            ids, real = ids_and_mask(part)
            if isinstance(self.vocabulary, CodedVocabulary):
                self.vocabulary.seen(ids[0][real[0]].tolist(), tokens.text, tokens.special)
            made.append(tokens)
            places += list(range(len(tokens)) if owners is None else owners)
            said += notes((text,), tokens)
        parts = tuple(map(len, made))
        return ReadTokens(read, tokens_of_fields(made, read), tuple(places), tuple(dict.fromkeys(said)), parts)

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
        return with_texts_apart(probing(tensors, self.vocabulary, everywhere=isinstance(self.vocabulary, CodedVocabulary)))

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
        pair = {}
        if len(self.inputs.keys) > 1:
            words = text.split()[::-1]
            # Fields of their own are told apart by their lengths, too.
            several = len({name for names in self.inputs.fields for name in names}) > 1
            pair = {"text_pair": " ".join(words[: len(words) // 2 + 1] if several else words)}
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


def _views_of_both(tensors: Mapping[str, Any], first: Tuple[str, Any], second: Tuple[str, Any]) -> List[View]:
    """What is read of the tokens of two text fields, the first one's before the second's.

    Raises UnsupportedModelError where their tokens are read otherwise: no token of one could stand in the other.
    """
    views = [views_of({name: tensors[name]}) for name, _ in (first, second)]
    named = [{(view.indexer, view.name) for view in own} for own in views]
    indexers = [indexers_of(field) for _, field in (first, second)]
    if not views[0] or named[0] != named[1] or indexers[0] != indexers[1]:
        raise UnsupportedModelError(
            f"the text fields {first[0]!r} and {second[0]!r} have other indexers ({_named(indexers[0])}, and "
            f"{_named(indexers[1])}), and an explanation of both needs the same: give both texts the same indexers"
        )
    order = {(view.indexer, view.name): place for place, view in enumerate(views[0])}
    return [*views[0], *sorted(views[1], key=lambda view: order[view.indexer, view.name])]


def _named(indexers: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{type(indexer).__name__} {name!r}" + (f" of {space!r}" if (space := getattr(indexer, "namespace", "")) else "")
        for name, indexer in indexers.items()
    )


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
                "together: give a text of at most the indexer's max_length, which folds longer ones, or leave max_length "
                "out of both the indexer and the embedder"
            )
        owners = [whole[place] for place in places]
        return None if owners == list(range(words)) else tuple(owners)
    owners = [-1] * len(places)
    for word, (first, last) in enumerate(offsets[0].tolist()):
        for place in range(max(first, 0), min(last + 1, len(owners))):
            owners[place] = word
    return tuple(owners)
