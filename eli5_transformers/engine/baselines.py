"""What a text is compared with: the vectors that stand for "nothing is said here".

A baseline of zeros is common and often wrong: where a norm meets the bare embedding (Llama, Gemma, ModernBERT, DeBERTa,
T5), the output does not depend on the embedding's length, so that the path from zero has no middle: all change happens at
its start. The vector of a token that stands for no content is a point which the model knows; it is the default wherever
the tokenizer has one whose vector is not zero itself (an untrained padding row is).
"""

from __future__ import annotations

from typing import Any, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np
import torch

from ..arguments import plain_text
from ..errors import InputError, is_lack_of_memory
from ..sites.embedding_sites import EmbeddingSites
from .explainable import TokenVocabulary
from .passes import TextBatch, Vectors

# In the order in which they are tried: the mask is read as "something stands here", the padding as "nothing does".
KINDS = ("mask", "pad", "unk")
# A token's vector counts as zero where its norm is below this share of the text's own.
_NEAR_ZERO = 1e-3

Spec = Union[None, str, Sequence[Any], np.ndarray, torch.Tensor]


class Baseline(NamedTuple):
    """A choice of baseline, the same for all texts of a call."""

    name: str
    """What it is, for the result: "mask ([MASK])", "zero"."""
    ids: Optional[Tuple[int, ...]] = None
    """Token ids to put in: one for every token, or those of a text, from its first token on."""
    filler: Optional[int] = None
    """The id where the text of `ids` has ended."""
    tensor: Optional[torch.Tensor] = None
    """Vectors to put in, (width,) or (tokens, width)."""


def choose(spec: Spec, batch: TextBatch) -> Baseline:
    """The baseline that `spec` names, or the best that the tokenizer has where it is None.

    `spec` is "pad", "mask", "unk", "zero", a token or a text, or vectors (width,) or (tokens, width). Raises InputError
    for a token that the tokenizer does not have and for vectors that are no such thing.
    """
    vocabulary = batch.scorer.explained.vocabulary
    if spec is None:
        return _default(vocabulary, batch)
    if isinstance(spec, str):
        return _named(vocabulary, plain_text(spec, empty=True, name="the baseline"))
    try:
        tensor = torch.as_tensor(np.asarray(spec, dtype=np.float64) if not isinstance(spec, torch.Tensor) else spec)
    except (TypeError, ValueError, OverflowError):
        tensor = torch.zeros(())
    if tensor.dim() not in (1, 2):
        raise InputError(
            f"baseline is a {type(spec).__name__}, but must be 'pad', 'mask', 'unk', 'zero', a token, a text, or vectors of "
            "shape (width,) or (tokens, width)"
        )
    if not bool(torch.isfinite(tensor).all()):
        raise InputError("the baseline's vectors hold numbers that are not finite: give numbers")
    return Baseline("a tensor", tensor=tensor.detach())


def vectors(baseline: Baseline, batch: TextBatch, keep_special: bool) -> Vectors:
    """The baseline of every text of the batch, [(texts, tokens', width)], at the explained embeddings or layer.

    Positions that hold no token keep the text's own vectors, and so do special tokens with `keep_special`: what is equal
    in text and baseline has the score zero. For a layer the baseline is what the layer makes of the embeddings'.
    """
    changed = batch.real & ~batch.special() if keep_special else batch.real
    if batch.sites is batch.embeddings:
        return _at_embeddings(baseline, batch, batch.vectors, changed)
    if baseline.tensor is not None:
        return [_placed(baseline.tensor, batch, batch.sites, own, site, changed) for site, own in enumerate(batch.vectors)]
    made = batch.at_layer(_at_embeddings(baseline, batch, batch.look_up(batch.ids), changed))
    # What is kept at the embeddings is another vector at the layer, where the tokens have seen each other.
    return _exchanged(batch.sites, batch.vectors, made, changed)


def _at_embeddings(baseline: Baseline, batch: TextBatch, own: Vectors, changed: torch.Tensor) -> Vectors:
    if baseline.tensor is not None:
        return [
            _placed(baseline.tensor, batch, batch.embeddings, vectors, site, changed) for site, vectors in enumerate(own)
        ]
    if baseline.ids is None:
        other = [torch.zeros_like(vectors) for vectors in own]
    else:
        other = batch.look_up(_ids(baseline, batch, changed))
    return _exchanged(batch.embeddings, own, other, changed)


def _exchanged(sites: EmbeddingSites, own: Vectors, other: Vectors, changed: torch.Tensor) -> Vectors:
    """The vectors `own`, and `other` at the tokens that are `changed`."""
    return [
        torch.where(sites.at_positions(changed, site, vectors.shape[1])[:, :, None], new, vectors)
        for site, (new, vectors) in enumerate(zip(other, own))
    ]


def _ids(baseline: Baseline, batch: TextBatch, changed: torch.Tensor) -> torch.Tensor:
    ids = batch.ids.clone()
    assert baseline.ids is not None
    for row in range(len(batch.texts)):
        places = torch.nonzero(changed[row]).squeeze(1)
        if len(baseline.ids) == 1:
            ids[row, places] = baseline.ids[0]
            continue
        assert baseline.filler is not None
        wanted = list(baseline.ids[: len(places)]) + [baseline.filler] * (len(places) - len(baseline.ids))
        ids[row, places] = torch.tensor(wanted, device=ids.device)
    return ids


def _placed(
    tensor: torch.Tensor, batch: TextBatch, sites: EmbeddingSites, own: torch.Tensor, site: int, changed: torch.Tensor
) -> torch.Tensor:
    result = own.clone()
    if tensor.shape[-1] != own.shape[-1]:
        raise InputError(f"the baseline's vectors have {tensor.shape[-1]} numbers, but the model's {own.shape[-1]}")
    mask = sites.at_positions(changed, site, own.shape[1])
    if tensor.dim() == 1:
        return torch.where(mask[:, :, None], tensor.to(own), own)
    for text in batch.texts:
        if len(tensor) != len(text):
            raise InputError(f"the baseline has vectors for {len(tensor)} tokens, but the text has {len(text)}")
    tokens = sites.at_positions(batch.real.cumsum(1) - 1, site, own.shape[1])
    result[mask] = tensor.to(own)[tokens[mask]]
    return result


def _named(vocabulary: TokenVocabulary, spec: str) -> Baseline:
    if spec == "zero":
        return Baseline("zero")
    if spec in KINDS:
        token_id = vocabulary.token_id(spec)
        if token_id is None:
            have = [kind for kind in KINDS if vocabulary.token_id(kind) is not None]
            raise InputError(
                f"the tokenizer has no {spec} token that the model knows: give {' or '.join(map(repr, [*have, 'zero']))} as "
                "the baseline, or a token of its vocabulary"
            )
        return Baseline(f"{spec} ({vocabulary.token_name(token_id)})", (token_id,))
    ids = vocabulary.content_ids(spec) if spec.strip() else []
    if not ids:
        raise InputError(
            f"the baseline {spec!r} holds no token, or one that the model does not know: give 'pad', 'mask', 'unk', 'zero', a "
            "token or a text"
        )
    if len(ids) == 1:
        return Baseline(f"token ({vocabulary.token_name(ids[0])})", tuple(ids))
    filler = next((i for i in map(vocabulary.token_id, ("pad", "mask", "unk")) if i is not None), ids[-1])
    return Baseline(f"text ({spec!r})", tuple(ids), filler)


def _default(vocabulary: TokenVocabulary, batch: TextBatch) -> Baseline:
    own = batch.look_up(batch.ids)
    for kind in KINDS:
        token_id = vocabulary.token_id(kind)
        if token_id is None:
            continue
        try:
            there = batch.look_up(torch.where(batch.real, torch.full_like(batch.ids, token_id), batch.ids))
        except (RuntimeError, ValueError, IndexError) as error:
            # Characters that are all padding leave an LSTM of them nothing to read.
            if is_lack_of_memory(error):
                raise
            continue
        if _norm(there, batch) > _NEAR_ZERO * _norm(own, batch):
            return _named(vocabulary, kind)
    return Baseline("zero")


def _norm(found: Vectors, batch: TextBatch) -> float:
    """The mean norm at the tokens of all look-ups."""
    norms: List[torch.Tensor] = []
    for site, tensor in enumerate(found):
        norms.append(tensor[batch.embeddings.at_positions(batch.real, site, tensor.shape[1])].norm(dim=-1))
    return float(torch.cat(norms).mean())
