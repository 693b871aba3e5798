"""The tokens that the model of an AllenNLP predictor knows, as the indexers of its instances' text field have them.

A reader may call its indexers and its tokenizer what it likes: they are taken from the text field of an instance, to which
`apply_token_indexers` gives them.
"""

from __future__ import annotations

import copy
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

import torch

from ..engine.codes import CodeBook, View, views_of
from ..engine.explainable import TokenizerVocabulary, TokenVocabulary
from ..engine.instances import PROBE, tensors_of

Encode = Callable[[str], Sequence[int]]
"""From a text to the ids of its tokens without special ones."""

# AllenNLP's vocabularies begin with padding and with what is unknown.
_ORDINARY = 2
# Known tokens that are indexed to try a model with.
_KNOWN = 256


def indexers_of(field: Any) -> Dict[str, Any]:
    """The indexers of a text field, by the names under which the model gets what they make."""
    return dict(getattr(field, "_token_indexers", None) or {})


def start_and_end(field: Any) -> List[List[str]]:
    """What the indexers put before the field's tokens and behind them, spelled as they have it."""
    for indexer in indexers_of(field).values():
        found = [getattr(indexer, name, None) or [] for name in ("_start_tokens", "_end_tokens")]
        if any(found):
            return [[str(token) for token in tokens] for tokens in found]
    return [[], []]


def reader_tokenizer(reader: Any) -> Any:
    """The AllenNLP tokenizer of a dataset reader, whatever its attribute is called; None where it has none, or several."""
    from allennlp.data.tokenizers import Tokenizer

    found = [value for value in vars(reader).values() if isinstance(value, Tokenizer)]
    return found[0] if len({id(value) for value in found}) == 1 else None


def transformer_tokenizer(field: Any, reader: Any) -> Any:
    """The HuggingFace tokenizer that made a field's tokens: of its indexers, or of the reader. None for another kind."""
    for holder in (*indexers_of(field).values(), reader_tokenizer(reader)):
        found = getattr(holder, "_tokenizer", None) or getattr(holder, "tokenizer", None)
        if hasattr(found, "convert_ids_to_tokens"):
            return found
    return None


def plain_vocabulary(predictor: Any, field: Any, encode: Encode) -> Optional[TokenVocabulary]:
    """The vocabulary of a field with one indexer, of one id a token; None where that is none of AllenNLP's kinds."""
    indexers = list(indexers_of(field).values())
    if len(indexers) != 1:
        return None
    (indexer,) = indexers
    tokenizer = getattr(indexer, "_tokenizer", None)
    if hasattr(tokenizer, "convert_ids_to_tokens"):
        return TokenizerVocabulary(tokenizer)
    made_by = transformer_tokenizer(field, predictor._dataset_reader)
    namespace = getattr(indexer, "namespace", None)
    if namespace is not None:
        special = [*sum(start_and_end(field), []), *_specials(made_by)]
        return NamespaceVocabulary(predictor._model.vocab, namespace, encode, special)
    # Ids that the tokenizer itself gave its tokens.
    return None if made_by is None else TokenizerVocabulary(made_by)


def _specials(tokenizer: Any) -> List[str]:
    return [str(token) for token in getattr(tokenizer, "all_special_tokens", ())]


class NamespaceVocabulary(TokenVocabulary):
    """The tokens in a namespace of an AllenNLP vocabulary; `special` are those that stand for no word of a text."""

    def __init__(self, vocab: Any, namespace: str, encode: Encode, special: Sequence[str] = ()) -> None:
        self._vocab = vocab
        self._namespace = namespace
        self._encode = encode
        self._special = special

    def token_id(self, kind: str) -> Optional[int]:
        token = {"pad": self._vocab._padding_token, "unk": self._vocab._oov_token}.get(kind)
        return self._vocab._token_to_index[self._namespace].get(token) if token is not None else None

    def token_name(self, token_id: int) -> str:
        return str(self._vocab.get_token_from_index(int(token_id), self._namespace))

    def content_ids(self, text: str) -> List[int]:
        return [int(token_id) for token_id in self._encode(text)]

    def ordinary_ids(self, count: int) -> List[int]:
        special = set(self.special_ids())
        size = self._vocab.get_vocab_size(self._namespace)
        return [number for number in range(_ORDINARY, size) if number not in special][-count:]

    def special_ids(self) -> List[int]:
        known = self._vocab._token_to_index[self._namespace]
        return [*range(_ORDINARY), *(known[token] for token in self._special if known.get(token, 0) >= _ORDINARY)]


class CodedVocabulary(TokenVocabulary):
    """Tokens of which a model reads more than one id, by their codes (`engine.codes`).

    `field` is a text field with its indexers, `encode` as above. A token that is put in is one for all indexers, so that a
    person can put it into the text: "unk" is the word `@@UNKNOWN@@`, with its characters. "pad" is what stands behind
    texts; ELMo knows none, as it looks for the end of a text itself.
    """

    def __init__(self, predictor: Any, field: Any, book: CodeBook, encode: Encode) -> None:
        self._vocab = predictor._model.vocab
        self._book = book
        self._encode = encode
        self._indexers = indexers_of(field)
        self._tokens = list(field.tokens)
        self._tokenizer = transformer_tokenizer(field, predictor._dataset_reader)
        self._names: Dict[int, str] = {}
        self._special: Dict[int, None] = {}
        self._kinds: Dict[str, Optional[int]] = {}
        self._known: Optional[List[int]] = None

    def seen(self, codes: Sequence[int], names: Sequence[str], special: Sequence[bool]) -> None:
        """Notes the names of tokens, and which are special ones."""
        for code, name, added in zip(codes, names, special):
            self._names.setdefault(int(code), name)
            if added:
                self._special[int(code)] = None

    def token_id(self, kind: str) -> Optional[int]:
        if kind not in self._kinds:
            code = self._kinds[kind] = self._padding() if kind == "pad" else self._named(kind)
            if code is not None:
                self._names[code] = self._spelled(kind)
        return self._kinds[kind]

    def token_name(self, token_id: int) -> str:
        return self._names.get(int(token_id), f"token {token_id}")

    def content_ids(self, text: str) -> List[int]:
        return [int(code) for code in self._encode(text)]

    def ordinary_ids(self, count: int) -> List[int]:
        if self._known is None:
            try:
                self._known = self._codes(self._known_tokens())
            except Exception:  # an indexer of ids that tokens have, as bytes do, knows no words
                self._known = self._codes(self._tokens)
        special = set(self.special_ids())
        return [code for code in dict.fromkeys(self._known) if code not in special][-count:]

    def special_ids(self) -> List[int]:
        return [*filter(lambda code: code is not None, map(self.token_id, ("pad", "unk", "mask"))), *self._special]  # type: ignore[list-item]

    def _known_tokens(self) -> List[Any]:
        """Tokens that differ in every view: of the vocabularies' words, else of the tokenizer's, or any words."""
        spelling = [indexer for indexer in self._indexers.values() if getattr(indexer, "_feature_name", "") == "text"]
        names = dict.fromkeys(getattr(indexer, "namespace", None) for indexer in spelling)
        spelled = [self._vocab.get_index_to_token_vocabulary(name) for name in names if name is not None]
        words = [word for known in spelled for number, word in list(known.items())[-_KNOWN:] if number >= _ORDINARY]
        if self._tokenizer is not None and len(words) < len(PROBE.split()):
            # The first ones: a model may lack rows for the last, which were added to its tokenizer.
            known = self._tokenizer.get_vocab()
            words += sorted(known, key=known.__getitem__)[:_KNOWN]
        special = {*_specials(self._tokenizer)}
        words = [word for word in dict.fromkeys(words) if word not in special]
        if len(words) < len(PROBE.split()):
            words += PROBE.split()
        return [self._like(self._tokens[place % len(self._tokens)], word) for place, word in enumerate(words)]

    def _like(self, token: Any, word: str) -> Any:
        made = copy.copy(token)
        made.text = word
        if made.text_id is not None:
            made.text_id = self._tokenizer.convert_tokens_to_ids(word) if self._tokenizer is not None else None
        return made

    def _spelled(self, kind: str) -> str:
        """How the tokenizer of the tokens spells it, or AllenNLP does; empty where neither has it."""
        own = getattr(self._tokenizer, f"{kind}_token", None)
        return str(own or {"pad": self._vocab._padding_token, "unk": self._vocab._oov_token}.get(kind, ""))

    def _named(self, kind: str) -> Optional[int]:
        """The code of a token that stands for what is unknown, or left open."""
        spelled = self._spelled(kind)
        if not spelled or not self._tokens:
            return None
        try:
            # As the reader itself has it, where that is one token: a tagger of its own has seen it.
            own = [int(code) for code in self._encode(spelled)]
            if len(own) == 1:
                return own[0]
        except Exception:  # a predictor with keys of its own
            pass
        try:
            return self._codes([self._like(self._tokens[len(self._tokens) // 2], spelled)])[0]
        except Exception:  # an indexer of tokens alone that a tagger has seen, or that have an id
            return None

    def _padding(self) -> Optional[int]:
        from allennlp.data.token_indexers import ELMoTokenCharactersIndexer

        if not self._tokens or any(isinstance(i, ELMoTokenCharactersIndexer) for i in self._indexers.values()):
            return None
        tensors = self._tensors(self._tokens[:1])
        views = views_of(tensors)
        for view in views:
            tokenizer = getattr(self._indexers[view.indexer], "_tokenizer", None)
            filler = getattr(tokenizer, "pad_token_id", 0)
            if filler is None:
                return None
            part = tensors[view.field][view.indexer]
            part[view.name] = torch.full_like(part[view.name][:, :1], filler)
        return self._coded(tensors, views)[0]

    def _codes(self, tokens: Sequence[Any]) -> List[int]:
        tensors = self._tensors(tokens)
        codes = self._coded(tensors, views_of(tensors))
        start = next((len(i._start_tokens) for i in self._indexers.values() if getattr(i, "_start_tokens", None)), 0)
        return codes[start : start + len(tokens)]

    def _tensors(self, tokens: Sequence[Any]) -> Dict[str, Any]:
        from allennlp.data import Instance
        from allennlp.data.fields import TextField

        instance = Instance({"tokens": TextField(list(tokens), self._indexers)})
        instance.index_fields(self._vocab)
        return tensors_of([instance], torch.device("cpu"))

    def _coded(self, tensors: Mapping[str, Any], views: Sequence[View]) -> List[int]:
        return self._book.codes(tensors, views)[0].tolist()  # type: ignore[no-any-return]
