"""One id for all that a model reads of a token: its word and its characters, or several numbers of it.

AllenNLP's text fields may have several indexers, and each gives the model another view of the same tokens: word ids
(batch, tokens), the ids of their characters (batch, tokens, characters), a tagger's numbers. All views of a token come and go
together when it is exchanged. So each token that is seen gets a code, and the engine works on codes (batch, tokens) as it does
on the ids of one indexer; `decoded` makes views of them where the model is called.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import torch

from ..errors import UnsupportedModelError
from ..locks import ProcessLock

CODES = "codes"
_IDS = "token_ids"
# By these names AllenNLP's indexers and others hand over the ids of tokens; of what else they give, these are none.
_ID_NAMES = ("token_ids", "tokens", "input_ids")
_NO_VIEWS = ("mask", "wordpiece_mask", "type_ids", "token_type_ids", "offsets", "segment_concat_mask", "position_ids")


class View(NamedTuple):
    """Where among a model's inputs something is that is read of each token."""

    field: str
    indexer: str
    name: str

    def of(self, tensors: Mapping[str, Any]) -> torch.Tensor:
        """The tensor, (batch, tokens, …)."""
        return tensors[self.field][self.indexer][self.name]  # type: ignore[no-any-return]


class CodeBook:
    """The codes of the tokens that were seen so far; they stay what they are. Several threads may use it."""

    def __init__(self) -> None:
        self._lock = ProcessLock()
        self._views: Tuple[View, ...] = ()
        self._codes: Dict[Tuple[bytes, ...], int] = {}
        self._tokens: List[Tuple[torch.Tensor, ...]] = []

    def __len__(self) -> int:
        return len(self._tokens)

    def coded(self, tensors: Mapping[str, Any], views: Sequence[View]) -> Dict[str, Any]:
        """The tensors with the codes of their tokens beside the views; `ids_and_mask` finds these.

        Raises UnsupportedModelError where the indexers do not read the same tokens.
        """
        ids = self.codes(tensors, views)
        self._views = tuple(views)
        field = tensors[views[0].field]
        own = {_IDS: ids, "mask": _mask(field, [view.of(tensors) for view in views]), "book": self}
        return {**tensors, views[0].field: {**field, CODES: own}}

    def codes(self, tensors: Mapping[str, Any], views: Sequence[View]) -> torch.Tensor:
        """The codes of the tokens, (batch, tokens); errors as for `coded`."""
        parts = [view.of(tensors) for view in views]
        shapes = {tuple(part.shape[:2]) for part in parts}
        if len(shapes) > 1:
            numbers = " and ".join(str(length) for _, length in sorted(shapes))
            names = ", ".join(repr(view.indexer) for view in views)
            raise UnsupportedModelError(
                f"the indexers {names} read the same text as {numbers} tokens (words and word pieces, say), whose scores "
                "cannot be told apart: use one of them, or indexers that read the same tokens"
            )
        rows = zip(*(part.cpu().flatten(0, 1) for part in parts))
        with self._lock:
            found = [self._code(tuple(map(_stripped, row))) for row in rows]
        return torch.tensor(found, dtype=torch.long, device=parts[0].device).view(parts[0].shape[:2])

    def _code(self, token: Tuple[torch.Tensor, ...]) -> int:
        key = tuple(part.numpy().tobytes() for part in token)
        if key not in self._codes:
            self._codes[key] = len(self._tokens)
            # Copies: a view of a tensor would keep the whole of it.
            self._tokens.append(tuple(part.clone() for part in token))
        return self._codes[key]

    def views(self, tensors: Mapping[str, Any]) -> Callable[[torch.Tensor], List[torch.Tensor]]:
        """From codes, (batch, tokens), to the views as wide as those in `tensors`, or wider where a token needs it."""

        def views(codes: torch.Tensor) -> List[torch.Tensor]:
            return [self._made(place, codes, view.of(tensors)) for place, view in enumerate(self._views)]

        return views

    def _made(self, place: int, codes: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        present, where = codes.unique(return_inverse=True)
        tokens = [self._tokens[code][place] for code in present.tolist()]
        shape = like.shape[2:]
        if like.dim() == 3:
            shape = torch.Size([max(shape[0], *map(len, tokens))])
        table = torch.zeros((len(tokens), *shape), dtype=like.dtype)
        for row, token in zip(table, tokens):
            if like.dim() == 3:
                row[: len(token)] = token
            else:
                row.copy_(token)
        return table.to(like.device)[where]


def views_of(tensors: Mapping[str, Any]) -> List[View]:
    """What is read of each token, in all text fields: the tensors of ids, of characters, of features (batch, tokens, …)."""
    return [
        View(field, indexer, name)
        for field, parts in tensors.items()
        if isinstance(parts, dict)
        for indexer, part in parts.items()
        if isinstance(part, dict) and indexer != CODES
        for name in _read_names(part)
    ]


def _read_names(part: Mapping[str, Any]) -> List[str]:
    names = [n for n, value in part.items() if isinstance(value, torch.Tensor) and value.dim() >= 2 and n not in _NO_VIEWS]
    ids = [name for name in _ID_NAMES if name in names and part[name].dim() == 2 and not part[name].is_floating_point()]
    return ids[:1] or names


def needs_codes(tensors: Mapping[str, Any]) -> bool:
    """Whether the tokens of one text field are read in another way than by one tensor of ids (batch, tokens)."""
    views = views_of(tensors)
    plain = len(views) == 1 and views[0].of(tensors).dim() == 2 and not views[0].of(tensors).is_floating_point()
    return bool(views) and not plain and len({view.field for view in views}) == 1


def decoded(tensors: Mapping[str, Any]) -> Dict[str, Any]:
    """What the model itself takes: tensors with the views of their codes, if they have any."""
    result = dict(tensors)
    for field, part in _coded_fields(tensors):
        book = part["book"]
        views = book.views(tensors)(part[_IDS])
        own = {indexer: dict(value) for indexer, value in tensors[field].items() if indexer != CODES}
        for view, tensor in zip(book._views, views):
            own[view.indexer][view.name] = tensor
        result[field] = own
    return result


def code_views(tensors: Mapping[str, Any]) -> Optional[Callable[[torch.Tensor], List[torch.Tensor]]]:
    """From codes to what the model reads of them; None for tensors whose ids the model reads themselves."""
    return next((part["book"].views(tensors) for _, part in _coded_fields(tensors)), None)


def _coded_fields(tensors: Mapping[str, Any]) -> Iterator[Tuple[str, Dict[str, Any]]]:
    for field, parts in tensors.items():
        if isinstance(parts, dict) and isinstance(parts.get(CODES), dict):
            yield field, parts[CODES]


def _stripped(row: torch.Tensor) -> torch.Tensor:
    """A token's characters without the padding behind them, so that it has one code in any company."""
    if row.dim() != 1 or row.is_floating_point():
        return row
    held = row.nonzero()
    return row[: int(held[-1]) + 1 if len(held) else 0]


def _mask(field: Mapping[str, Any], views: Sequence[torch.Tensor]) -> torch.Tensor:
    """True where no padding is (batch, tokens), by AllenNLP's rule (nn/util.py, get_text_field_mask)."""
    for part in field.values():
        mask = part.get("mask") if isinstance(part, dict) else None
        if isinstance(mask, torch.Tensor) and mask.shape == views[0].shape[:2]:
            return mask.bool()
    least = min(views, key=lambda view: view.dim())
    held = least != 0
    return held if held.dim() == 2 else held.flatten(2).any(-1)
