"""The token indexer of the HuggingFace reader: token ids as the tokenizer made them."""

from typing import Any, Dict, List, Optional, Tuple

import torch
from allennlp.data import Token, Vocabulary
from allennlp.data.token_indexers import SingleIdTokenIndexer
from allennlp.data.token_indexers.token_indexer import IndexedTokenList

from ..errors import InputError
from ..text.tokenizers import vocabulary_of


class TransformerIndexer(SingleIdTokenIndexer):
    """Turns tokens that carry their ids (`text_id`, `type_id`) into `token_ids`, `mask` and `type_ids`.

    `type_ids` are there only where the tokenizer makes them. A token without an id, as an attacker puts it in, is
    looked up by its spelling and belongs to the segment of the token behind it. Batches are padded on the tokenizer's
    side with its padding token. The vocabulary's namespace gets the tokenizer's entries under its own numbers.

    It is a `SingleIdTokenIndexer` because AllenNLP's HotFlip knows how to feed an embedder only by the class of the
    indexer (`interpret/attackers/hotflip.py:127`).
    """

    def __init__(self, tokenizer: Any, namespace: str = "tokens") -> None:
        super().__init__(namespace=namespace)
        self._own_namespace = namespace
        self.tokenizer = tokenizer
        self._makes_segments = "token_type_ids" in tokenizer.model_input_names
        self._pads = {"mask": False, "type_ids": getattr(tokenizer, "pad_token_type_id", 0) or 0}
        self._left = tokenizer.padding_side == "left"
        self.fit(tokenizer.pad_token_id, None)

    def fit(self, padding: Optional[int], rows: Optional[int]) -> None:
        """Fits it to a model: pads with the token `padding`, and knows the tokens before `rows` alone, with None all.

        With None for `padding`, for a model without such a token, it pads with any, which the mask leaves out.
        """
        self._pads["token_ids"] = padding or 0
        self._rows = rows
        self._entries: Dict[str, int] = {}
        self._spelled: Dict[int, str] = {}

    def __deepcopy__(self, memo: Any) -> "TransformerIndexer":
        # Attackers copy instances by the dozen; nothing in here changes, and a tokenizer is large.
        return self

    def count_vocab_items(self, token: Token, counter: Dict[str, Dict[str, int]]) -> None:
        """Nothing to count: the tokenizer's vocabulary is complete."""

    def fill(self, vocabulary: Vocabulary) -> None:
        """Gives the namespace the tokenizer's entries, and no padding or unknown entries of AllenNLP's."""
        if not self._entries:
            entries = vocabulary_of(self.tokenizer)
            if self._rows is not None:
                entries = {token: index for token, index in entries.items() if index < self._rows}
            # The other one first: a second thread asks for the entries alone.
            self._spelled = {index: token for token, index in entries.items()}
            self._entries = entries
        # Set as a whole: AllenNLP begins a namespace of this name with entries of its own.
        vocabulary._token_to_index[self._own_namespace] = self._entries
        vocabulary._index_to_token[self._own_namespace] = self._spelled
        vocabulary._non_padded_namespaces.add(self._own_namespace)

    def tokens_to_indices(self, tokens: List[Token], vocabulary: Vocabulary) -> IndexedTokenList:
        """The ids, mask and segments of a text field's tokens. Raises InputError for a token that the model has no row for."""
        self.fill(vocabulary)
        ids = [
            self.tokenizer.convert_tokens_to_ids(token.text) if token.text_id is None else token.text_id
            for token in tokens
        ]
        without = next((index for index in ids if index >= self._rows), None) if self._rows is not None else None
        if without is not None:  # on a GPU torch would end all that the process does there
            raise InputError(
                f"the model has no row for token {without}, {self.tokenizer.convert_ids_to_tokens(without)!r}: give a text "
                "without it, or, to train a row for it, call model.resize_token_embeddings(len(tokenizer))"
            )
        # From the end: the separator behind a segment belongs to it, the one before it does not.
        segments, segment = [], next((t.type_id for t in reversed(tokens) if t.type_id is not None), 0)
        for token in reversed(tokens):
            segment = segment if token.type_id is None else token.type_id
            segments.append(segment)
        segments.reverse()
        indexed: IndexedTokenList = {"token_ids": ids, "mask": [True] * len(ids)}
        if self._makes_segments:
            indexed["type_ids"] = segments
        return indexed

    def get_empty_token_list(self) -> IndexedTokenList:
        """What an empty field is indexed to."""
        names = ("token_ids", "mask", "type_ids") if self._makes_segments else ("token_ids", "mask")
        return {name: [] for name in names}

    def as_padded_tensor_dict(
        self, tokens: IndexedTokenList, padding_lengths: Dict[str, int]
    ) -> Dict[str, torch.Tensor]:
        """Tensors (tokens,) of the padded length."""
        tensors = {}
        for name, values in tokens.items():
            padding = [self._pads[name]] * (padding_lengths[name] - len(values))
            padded = padding + values if self._left else values + padding
            tensors[name] = torch.tensor(padded, dtype=torch.bool if name == "mask" else torch.long)
        return tensors

    def _key(self) -> Tuple[Any, ...]:
        return (self.namespace, self.tokenizer.name_or_path, len(self.tokenizer))

    def __eq__(self, other: Any) -> bool:
        return self._key() == other._key() if isinstance(other, TransformerIndexer) else NotImplemented

    __hash__ = None  # type: ignore[assignment]
