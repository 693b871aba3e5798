"""What the engine asks of a predictor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..records import Tokens
from ..sites.embedding_sites import EmbeddingSites
from ..text.tokenizers import in_use, special_ids, vocabulary_of
from .targets import Classes


class ReadTokens(NamedTuple):
    """What a model reads of one instance."""

    documents: Tuple[str, ...]
    """The text, or the two texts of a pair."""
    tokens: Tokens
    """One entry for each token id, padding left out."""
    field: Optional[Tuple[int, ...]] = None
    """For each token the place in the instance's text field, -1 for none; None where it is the token's own place."""
    notes: Tuple[str, ...] = ()
    """What the tokens do not say of how the text was read, a sentence each."""
    parts: Tuple[int, ...] = ()
    """How many of the tokens each of two text fields has; empty where there is one field."""


class Explainable(ABC):
    """A predictor, as the engine sees it: where its model looks tokens up, its classes, and the tokens of an instance.

    This package's predictor is one; `components.explained_predictors` makes one of AllenNLP's.
    """

    reads_pairs: ClassVar[bool] = False
    """True where its JSON takes a second text."""

    def json_of(self, inputs: Mapping[str, Any]) -> Dict[str, Any]:
        """The predictor's own JSON of this package's, `arguments.Input`; any other is the predictor's already.

        Raises InputError for a pair where one text is read, and the other way round.
        """
        return dict(inputs)

    def takes(self, given: Mapping[str, Any]) -> bool:
        """Whether a person's dict is to be handed to the predictor as it is."""
        return False

    def documents_of(self, inputs: Mapping[str, Any]) -> Tuple[str, ...]:
        """The text, or the texts of a pair, in either JSON; one that the instance keeps goes before it."""
        return tuple(value for value in inputs.values() if isinstance(value, str))[:1]

    @property
    @abstractmethod
    def sites(self) -> EmbeddingSites:
        """The places where the model turns token ids into vectors, verified.

        Raises UnsupportedModelError for a model that cannot be explained truthfully.
        """

    @abstractmethod
    def forget_sites(self) -> None:
        """Makes the next use of `sites` look for them anew."""

    @property
    @abstractmethod
    def classes(self) -> Classes:
        """The classes, and what makes probabilities of their logits."""

    @abstractmethod
    def read_tokens(
        self, instance: Any, ids: np.ndarray, tensors: Mapping[str, Any], documents: Sequence[str]
    ) -> ReadTokens:
        """The tokens of an indexed instance.

        `ids` (tokens,) and `tensors` are those of the instance alone; `documents` is its source, where the instance may not
        keep it.
        """

    def coded(self, tensors: Dict[str, Any], instances: Sequence[Any]) -> Dict[str, Any]:
        """The tensors of these indexed instances, with codes where more is read of a token than one id (`codes`)."""
        return tensors

    @property
    @abstractmethod
    def vocabulary(self) -> TokenVocabulary:
        """The tokens that the model knows."""

    @property
    def caveats(self) -> Tuple[str, ...]:
        """What a reader must know of the model's outputs, a sentence each."""
        return ()

    @abstractmethod
    def probe(self, text: str) -> Any:
        """An instance of a text, not indexed; raises what the reader raises where it cannot read one so."""

    def layer_name(self, name: str) -> str:
        """The name, in the AllenNLP model, of the module that a person means by `name`."""
        return name


class TokenVocabulary(ABC):
    """The tokens that a model knows, by their ids."""

    @abstractmethod
    def token_id(self, kind: str) -> Optional[int]:
        """The id of the "pad", "mask" or "unk" token, or None where there is none."""

    @abstractmethod
    def token_name(self, token_id: int) -> str:
        """How the vocabulary spells the token."""

    @abstractmethod
    def content_ids(self, text: str) -> List[int]:
        """The token ids of a text without special tokens; a token spelled as the vocabulary has it counts as one.

        An empty list where the model does not know one of them.
        """

    @abstractmethod
    def ordinary_ids(self, count: int) -> List[int]:
        """At most that many different ids of tokens that are no special ones."""

    @abstractmethod
    def special_ids(self) -> List[int]:
        """The ids of the special tokens."""


class TokenizerVocabulary(TokenVocabulary):
    """The tokens of a HuggingFace tokenizer; with `rows`, those for which the model has a row."""

    def __init__(self, tokenizer: Any, rows: Optional[int] = None) -> None:
        self._tokenizer = tokenizer
        self._rows = rows

    def token_id(self, kind: str) -> Optional[int]:
        token_id = getattr(self._tokenizer, f"{kind}_token_id", None)
        return token_id if token_id is not None and self._has(token_id) else None

    def token_name(self, token_id: int) -> str:
        return str(self._tokenizer.convert_ids_to_tokens([int(token_id)])[0])

    def content_ids(self, text: str) -> List[int]:
        known = vocabulary_of(self._tokenizer)
        if text in known:
            ids = [known[text]]
        else:
            with in_use(self._tokenizer) as tokenizer:
                ids = list(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
        return ids if all(map(self._has, ids)) else []

    def ordinary_ids(self, count: int) -> List[int]:
        ids = set(vocabulary_of(self._tokenizer).values()) - special_ids(self._tokenizer)
        return sorted(filter(self._has, ids))[-count:]

    def special_ids(self) -> List[int]:
        return list(self._tokenizer.all_special_ids)

    def _has(self, token_id: int) -> bool:
        return self._rows is None or token_id < self._rows
