"""The output of a module in place of the embeddings: which of its positions hold which tokens."""

from __future__ import annotations

import threading
from typing import Any, List, Optional, Tuple

import torch

from ..errors import InputError
from ..sites.embedding_sites import EmbeddingSites, Site
from ..sites.outputs import first_tensor
from .codes import decoded
from .explained_model import EncodedText, ExplainedModel
from .instances import ids_and_mask


def layer_sites(explained: ExplainedModel, name: str, text: EncodedText, *, rows_at_once: int = 2) -> EmbeddingSites:
    """The output of the module `name` in place of the embeddings, as one pass over `text` shows it.

    A layer's positions are those of the look-up that was reached last before it: a decoder that is fed the text shifted
    right has layers that are shifted as much. Whether it works on (tokens, batch) is seen in its output.

    Raises InputError for a name that the model does not have, a module that is not run once with an output
    (batch, tokens, width), or a model that reads two texts apart.
    """
    if any(site.part is not None for site in explained.sites.sites):
        raise InputError(
            f"{explained.name} reads the two texts of a pair by themselves, so that the output of a layer is of one of them: "
            "leave layer out, so that the pair is explained at its embeddings"
        )
    modules = dict(explained.model.named_modules())
    found = explained.explainable.layer_name(name)
    if modules.get(found) is None or not found:
        candidates = [n for n in modules if n.rpartition(".")[2].isdigit()][:4]
        raise InputError(
            f"the model has no module {name!r}: layer takes a name of model.named_modules(), such as "
            f"{', '.join(map(repr, candidates)) or 'that of a block'}"
        )
    # One token in one row does not tell which of the two comes first; it need not where rows run one by one.
    tensors = explained.tensors([text, text] if len(text) == 1 and rows_at_once > 1 else [text])
    rows, length = ids_and_mask(tensors)[0].shape
    seen, source, positions = _watched(explained, modules[found], tensors)
    vectors = seen[0] if len(seen) == 1 else None
    transposed = vectors is not None and vectors.dim() == 3 and vectors.shape[0] != rows and vectors.shape[1] == rows
    if transposed and vectors is not None:
        vectors = vectors.transpose(0, 1)
    if vectors is None or vectors.dim() != 3 or not length <= vectors.shape[1] <= max(positions, length):
        shapes = [None if tensor is None else tuple(tensor.shape) for tensor in seen]
        raise InputError(
            f"layer {name!r} cannot be attributed to tokens: it must run once with an output (batch, tokens, width), "
            f"but gave {shapes or 'nothing'} for {rows} text{'s' * (rows > 1)} of {length} tokens"
        )
    shift = 0 if source is None else source.shift
    site = Site(name=found, caller="", call=0, shift=shift, transposed=transposed, width=vectors.shape[2])
    return EmbeddingSites(explained.model, [site])


def _watched(
    explained: ExplainedModel, module: torch.nn.Module, tensors: Any
) -> Tuple[List[Optional[torch.Tensor]], Optional[Site], int]:
    """What the module returned in one pass, the look-up that was reached last before it did, and that one's positions."""
    seen: List[Optional[torch.Tensor]] = []
    before: List[Tuple[Site, int]] = []
    last: List[Tuple[Site, int]] = []
    thread = threading.get_ident()

    def note(module: torch.nn.Module, arguments: Any, result: Any) -> None:
        # Another thread may be running the same model.
        if threading.get_ident() == thread:
            seen.append(first_tensor(result))
            last[:] = before[-1:]

    def look_up(index: int, vectors: torch.Tensor) -> torch.Tensor:
        before.append((explained.sites.sites[index], vectors.shape[1]))
        return vectors

    with torch.no_grad(), explained.sites.changed(look_up):
        handle = module.register_forward_hook(note)
        try:
            explained.model(**decoded(tensors))
        finally:
            handle.remove()
    return (seen, *last[0]) if last else (seen, None, 0)
