"""AllenNLP instances to the tensors that a model takes, and what of them are the token ids."""

from __future__ import annotations

import inspect
from typing import Any, Collection, Dict, List, Mapping, Optional, Sequence, Tuple

import torch

from ..compat.modes import require_numbers
from ..errors import UnsupportedModelError
from .codes import CODES, CodeBook, part_widths, views_of
from .explainable import TokenVocabulary
from .outputs import logits_of as logits_of

PROBE = "The quick brown fox jumps over 3 lazy dogs."
"""A text by which a model's look-ups are told from each other."""
_ALL, _CYCLE, _STRANGE = 10**9, 32, 128


def indexed(predictor: Any, instance: Any) -> Any:
    """A copy of the instance that is ready for batches, without its label, where the model does not insist on one."""
    instance = instance.duplicate() if hasattr(instance, "duplicate") else instance
    parameters = inspect.signature(predictor._model.forward).parameters
    for name in [name for name in instance.fields if name in ("label", "labels")]:
        if name not in parameters or parameters[name].default is not inspect.Parameter.empty:
            instance.fields.pop(name)
    predictor._dataset_reader.apply_token_indexers(instance)
    instance.indexed = False
    instance.index_fields(predictor._model.vocab)
    return instance


def tensors_of(instances: Sequence[Any], device: torch.device) -> Dict[str, Any]:
    """What a model takes for indexed instances, padded to the longest."""
    from allennlp.data.batch import Batch
    from allennlp.nn import util

    require_numbers()
    return util.move_to_device(Batch(instances).as_tensor_dict(), device)


def probing(
    tensors: Mapping[str, Any], vocabulary: TokenVocabulary, *, everywhere: bool = False
) -> Mapping[str, Any]:
    """The tensors of a text, with other tokens where needed, so that they hold at least three different ordinary ones.

    A vocabulary that knows nothing of the text (another script, a few words) makes one token of it: any tokens that it
    knows will do. `everywhere` puts such in all ordinary places: unknown words are one token to the one of two indexers, and
    different ones to the other.
    """
    if everywhere:
        ids, real = ids_and_mask(tensors)
        known = torch.tensor(vocabulary.ordinary_ids(_CYCLE), dtype=ids.dtype, device=ids.device)
        unknown = vocabulary.token_id("unk")
        kept = [token_id for token_id in vocabulary.special_ids() if token_id != unknown]
        special = torch.tensor(kept, dtype=ids.dtype, device=ids.device)
        if len(known):
            ordinary = (ids[:, :, None] != special).all(-1) & real
            return with_ids(tensors, torch.where(ordinary, known[real.cumsum(1) % len(known)], ids))
    tensors = with_known_tokens(tensors, vocabulary)
    ids, _ = ids_and_mask(tensors)
    if len(ids.unique()) < 3:
        ordinary_ids = vocabulary.ordinary_ids(ids.shape[1])
        ids[0, : len(ordinary_ids)] = torch.tensor(ordinary_ids[::-1], dtype=ids.dtype, device=ids.device)
    return tensors


def with_texts_apart(tensors: Mapping[str, Any]) -> Mapping[str, Any]:
    """The tensors of one row of two texts, the second with its tokens in another order where it reads like the first."""
    widths = part_widths(tensors)
    ids, _ = ids_and_mask(tensors)
    first, second = ids.split(widths, 1) if widths else (ids, None)
    if second is None or first.shape != second.shape or not torch.equal(first, second):
        return tensors
    return with_ids(tensors, torch.cat([first, second.roll(1, 1)], 1))


def with_known_tokens(tensors: Mapping[str, Any], vocabulary: TokenVocabulary) -> Mapping[str, Any]:
    """The tensors with ordinary tokens where the vocabulary did not know the text's (a script of another language).

    Which they are depends on their places in the text alone, not on the padding before them.
    """
    ids, real = ids_and_mask(tensors)
    unknown = vocabulary.token_id("unk")
    if unknown is None or not (ids == unknown).any():
        return tensors
    # The first ones: a model may lack rows for the last, which were added to its tokenizer.
    usual = vocabulary.ordinary_ids(_ALL)[:_CYCLE]
    if not usual:
        return tensors
    cycle = torch.tensor(usual, dtype=ids.dtype, device=ids.device)
    return with_ids(tensors, torch.where((ids == unknown) & real, cycle[real.cumsum(1) % len(cycle)], ids))


def exchanged_tokens(ids: torch.Tensor, real: torch.Tensor, special: Collection[int]) -> torch.Tensor:
    """The ids (texts, tokens) with another one in the place of each ordinary one, which its text has not where there is one.

    Special tokens and padding stay: by them models find where a text ends. The new ids are below the largest of the text,
    and so in the model's tables, too; no vocabulary is asked, which takes long.
    """
    changed = ids.clone()
    for row, (own, kept) in enumerate(zip(ids.tolist(), real.tolist())):
        places = [place for place, token in enumerate(own) if kept[place] and token not in special]
        here = list(dict.fromkeys(own[place] for place in places))
        new = next((i for i in range(max(here, default=0) - 1, -1, -1) if i not in here and i not in special), None)
        another = {token: here[number - 1] if new is None else new for number, token in enumerate(here)}
        for place in places:
            changed[row, place] = another[own[place]]
    return changed


def other_text(tensors: Mapping[str, Any], vocabulary: TokenVocabulary) -> Dict[str, Any]:
    """The tensors of a text of as many tokens, special ones in the same places, but other ordinary ones."""
    ids, _ = ids_and_mask(tensors)
    special = torch.tensor(vocabulary.special_ids(), dtype=ids.dtype, device=ids.device)
    ordinary = (ids[:, :, None] != special).all(-1)
    own = list(dict.fromkeys(ids[ordinary].tolist()))
    # Those of the text itself are in the model's tables, whatever the tokenizer knows besides.
    known = (own + [i for i in vocabulary.ordinary_ids(3) if i not in own])[:2] if len(own) < 2 else own[:2]
    if len(known) < 2:
        raise UnsupportedModelError("the tokenizer knows no two ordinary tokens, so that its texts cannot be told apart")
    first, second = known
    return with_ids(tensors, torch.where(ordinary, torch.where(ids == first, second, first), ids))


def strangers(tensors: Mapping[str, Any], vocabulary: TokenVocabulary, rows: int) -> List[Mapping[str, Any]]:
    """Tensors of texts as long, each of other ordinary tokens at all places that hold no special ones."""
    ids, _ = ids_and_mask(tensors)
    known = torch.tensor(vocabulary.ordinary_ids(_ALL)[:_STRANGE], dtype=ids.dtype, device=ids.device)
    if not len(known):
        return []
    special = torch.tensor(vocabulary.special_ids(), dtype=ids.dtype, device=ids.device)
    ordinary = (ids[:, :, None] != special).all(-1)
    places = torch.arange(ids.shape[1], device=ids.device)[None]
    return [
        with_ids(tensors, torch.where(ordinary, known[(places + row * ids.shape[1]) % len(known)], ids))
        for row in range(rows)
    ]


def beside(one: Mapping[str, Any], other: Mapping[str, Any]) -> Dict[str, Any]:
    """The rows of one text and of another of equal length as one batch."""
    return {name: _beside(part, other[name]) for name, part in one.items()}


def _beside(one: Any, other: Any) -> Any:
    if isinstance(one, torch.Tensor):
        return torch.cat([one, other])
    if isinstance(one, CodeBook):
        return one
    return beside(one, other) if isinstance(one, dict) else [*one, *other]


def padded_on_the_other_side(tensors: Mapping[str, Any]) -> Optional[Dict[str, Any]]:
    """The same rows, with the padding of each behind its tokens if it was before them, and else before them.

    None where the model is told places of tokens (`pretrained_transformer_mismatched`'s offsets), which would be others, and
    where it reads two texts apart.
    """
    if part_widths(tensors):
        return None
    ids, mask = ids_and_mask(tensors)
    parts = [part for field in tensors.values() if isinstance(field, dict) for part in field.values()]
    if any(isinstance(part, dict) and "offsets" in part for part in parts):
        return None
    before, length = mask.int().argmax(1), ids.shape[1]
    moved = torch.where(before > 0, before, mask.sum(1) % max(length, 1))
    places = (torch.arange(length, device=ids.device) + moved[:, None]) % length

    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: turned(part) for name, part in value.items()}
        if not isinstance(value, torch.Tensor) or value.shape[:2] != ids.shape:
            return value
        return value[torch.arange(len(ids), device=ids.device)[:, None], places]

    return {name: turned(value) for name, value in tensors.items()}


def id_tensors(tensors: Mapping[str, Any]) -> List[Tuple[Dict[str, torch.Tensor], str]]:
    """Where among a model's inputs token ids (batch, tokens) are: the indexers' parts, and the name in each.

    The codes of tokens alone where there are any.
    """
    coded = [value[CODES] for value in tensors.values() if isinstance(value, dict) and CODES in value]
    if coded:
        return [(part, "token_ids") for part in coded]
    found = [(tensors[view.field][view.indexer], view.name) for view in views_of(tensors)]
    return [(part, name) for part, name in found if part[name].dim() == 2 and not part[name].is_floating_point()]


def ids_and_mask(tensors: Mapping[str, Any]) -> Tuple[torch.Tensor, torch.Tensor]:
    """The token ids, (batch, tokens), and a mask of the same shape that is True where they are no padding.

    Raises UnsupportedModelError unless there is exactly one tensor of token ids.
    """
    fields = id_tensors(tensors)
    if len(fields) != 1:
        raise UnsupportedModelError(
            f"the model reads {len(fields)} tensors of token ids (batch, tokens), but an explanation needs exactly "
            "one: use one text field, or two for a pair"
        )
    ((part, name),) = fields
    ids = part[name]
    for mask_name in ("wordpiece_mask", "mask"):
        mask = part.get(mask_name)
        if isinstance(mask, torch.Tensor) and mask.shape == ids.shape:
            return ids, mask.bool()
    return ids, ids != 0  # AllenNLP pads with 0 (nn/util.py, get_text_field_mask)


def with_ids(tensors: Mapping[str, Any], ids: torch.Tensor) -> Dict[str, Any]:
    """The same tensors with other token ids."""
    old, _ = ids_and_mask(tensors)
    return {
        key: {k: {n: ids if t is old else t for n, t in p.items()} if isinstance(p, dict) else p for k, p in v.items()}
        if isinstance(v, dict)
        else v
        for key, v in tensors.items()
    }


def rows_of(value: Any, index: torch.Tensor, size: int) -> Any:
    """The rows `index` of a model's inputs for `size` texts."""
    if isinstance(value, torch.Tensor):
        return value.index_select(0, index) if value.dim() and value.shape[0] == size else value
    if isinstance(value, dict):
        return {name: rows_of(part, index, size) for name, part in value.items()}
    if isinstance(value, list) and len(value) == size:
        return [value[place] for place in index.tolist()]
    return value
