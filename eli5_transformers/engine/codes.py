"""One id for all that a model reads of a token: its word and its characters, or several numbers of it.

AllenNLP's text fields may have several indexers, and each gives the model another view of the same tokens: word ids
(batch, tokens), the ids of their characters (batch, tokens, characters), a tagger's numbers. All views of a token come and go
together when it is exchanged. So each token that is seen gets a code, and the engine works on codes (batch, tokens) as it does
on the ids of one indexer; `decoded` makes views of them where the model is called.

A model of two text fields reads two such rows. Their codes stand one behind the other in one row, the first field's with
their padding and then the second's, so that all that is said of places goes for both.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

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

        `views` are those of one field, or of two of the same indexers, one field's behind the other's. Raises
        UnsupportedModelError where the indexers do not read the same tokens.
        """
        parts = by_field(views)
        ids = torch.cat([self.codes(tensors, part) for part in parts], 1)
        mask = torch.cat([_mask(tensors[part[0].field], [view.of(tensors) for view in part]) for part in parts], 1)
        self._views = tuple(views)
        field = tensors[views[0].field]
        own = {_IDS: ids, "mask": mask, "book": self}
        return {**tensors, views[0].field: {**field, CODES: own}}

    def codes(self, tensors: Mapping[str, Any], views: Sequence[View]) -> torch.Tensor:
        """The codes of the tokens of one field, (batch, tokens); errors as for `coded`."""
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

    def views(self, tensors: Mapping[str, Any]) -> CodeViews:
        """From codes, (batch, tokens), to the views as wide as those in `tensors`, or wider where a token needs it."""
        parts = by_field(self._views)
        return CodeViews(self, parts, [[view.of(tensors) for view in part] for part in parts])

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


class IdBook(CodeBook):
    """Codes that are the ids themselves, for two fields of one indexer that gives one id a token."""

    def codes(self, tensors: Mapping[str, Any], views: Sequence[View]) -> torch.Tensor:
        """The ids, (batch, tokens)."""
        (view,) = views
        return view.of(tensors)

    def _made(self, place: int, codes: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        return codes.to(like)


@dataclass(frozen=True)
class CodeViews:
    """What a model reads in the place of codes, as `sites.tracing.Views` has it: the views, and those of two fields joined."""

    book: CodeBook
    views: List[List[View]]
    """A list a field."""
    like: List[List[torch.Tensor]]
    """The tensors of the text that was read, of the same order."""

    @property
    def widths(self) -> Tuple[int, ...]:
        """How many tokens of a row of codes each field has, padding included."""
        return tuple(part[0].shape[1] for part in self.like)

    @property
    def slices(self) -> List[Tuple[Optional[int], int, int]]:
        """For each of the tensors the field, and where in a row of codes the tokens begin that it is of, and their number."""
        widths, several = self.widths, len(self.views) > 1
        starts = itertools.accumulate((0, *widths[:-1]))
        own: List[Tuple[Optional[int], int, int]] = [
            (place if several else None, start, width)
            for place, (start, width, part) in enumerate(zip(starts, widths, self.views))
            for _ in part
        ]
        return own + [(None, 0, sum(widths)) for _ in self._joined(self.like)]

    def __call__(self, ids: torch.Tensor) -> List[torch.Tensor]:
        parts = self.of_fields(ids)
        return [*itertools.chain(*parts), *self._joined(parts)]

    def of_fields(self, codes: torch.Tensor) -> List[List[torch.Tensor]]:
        """The views of each field."""
        rows = codes.split(self.widths, 1)
        return [
            [self.book._made(place, row, like) for place, like in enumerate(part)] for row, part in zip(rows, self.like)
        ]

    @staticmethod
    def _joined(parts: Sequence[Sequence[torch.Tensor]]) -> List[torch.Tensor]:
        """A model may look up both fields at once, the first before the second: what is no wider a token in one of them."""
        if len(parts) < 2:
            return []
        return [torch.cat(pair, 1) for pair in zip(*parts) if len({tensor.shape[2:] for tensor in pair}) == 1]


def by_field(views: Sequence[View]) -> List[List[View]]:
    """The views of each field."""
    return [list(part) for _, part in itertools.groupby(views, lambda view: view.field)]


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
    views, result = code_views(tensors), dict(tensors)
    if views is None:
        return result
    for part, made in zip(views.views, views.of_fields(_coded(tensors)[_IDS])):
        field = part[0].field
        own = {indexer: dict(value) for indexer, value in tensors[field].items() if indexer != CODES}
        for view, tensor in zip(part, made):
            own[view.indexer][view.name] = tensor
        result[field] = own
    return result


def code_views(tensors: Mapping[str, Any]) -> Optional[CodeViews]:
    """From codes to what the model reads of them; None for tensors whose ids the model reads themselves."""
    coded = _coded(tensors)
    return coded["book"].views(tensors) if coded else None


def part_widths(tensors: Mapping[str, Any]) -> Tuple[int, ...]:
    """How many tokens of a row of ids each of two text fields has, padding included; empty where there is one field."""
    views = code_views(tensors)
    return () if views is None or len(views.views) < 2 else views.widths


def part_tensors(tensors: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """The tensors of each of two text fields, as those of a field alone, with its codes."""
    views, coded = code_views(tensors), _coded(tensors)
    assert views is not None
    made = []
    for part, ids, mask in zip(views.views, coded[_IDS].split(views.widths, 1), coded["mask"].split(views.widths, 1)):
        # Of one indexer also what it says beside the ids: offsets.
        beside = tensors[part[0].field][part[0].indexer] if len(part) == 1 else {}
        made.append({part[0].field: {CODES: {**beside, _IDS: ids, "mask": mask}}})
    return made


def _coded(tensors: Mapping[str, Any]) -> Dict[str, Any]:
    found = (parts[CODES] for parts in tensors.values() if isinstance(parts, dict) and isinstance(parts.get(CODES), dict))
    return next(found, {})


def _stripped(row: torch.Tensor) -> torch.Tensor:
    """A token's characters without the padding behind them, so that it has one code in any company."""
    if row.dim() != 1 or row.is_floating_point():
        return row
    held = row.nonzero()
    return row[: int(held[-1]) + 1 if len(held) else 0]


def _mask(field: Mapping[str, Any], views: Sequence[torch.Tensor]) -> torch.Tensor:
    """True where no padding is (batch, tokens), by AllenNLP's rule (nn/util.py, get_text_field_mask)."""
    for part in field.values():
        for name in ("wordpiece_mask", "mask") if isinstance(part, dict) else ():
            mask = part.get(name)
            if isinstance(mask, torch.Tensor) and mask.shape == views[0].shape[:2]:
                return mask.bool()
    least = min(views, key=lambda view: view.dim())
    held = least != 0
    return held if held.dim() == 2 else held.flatten(2).any(-1)
