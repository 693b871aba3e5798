"""The reader and the model of the training config: ratings as targets, and texts with masked or removed tokens.

    eli5-transformers train sentiment_model/train.jsonnet --include-package sentiment_model.components -s out
"""

from __future__ import annotations

import json
import math
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple

import torch
from allennlp.data import DatasetReader, Instance, TextFieldTensors
from allennlp.data.fields import TensorField
from allennlp.models import Model
from allennlp.nn import util

from eli5_transformers.compat.registering import registered
from eli5_transformers.components.model import TransformerClassifier
from eli5_transformers.components.reader import TransformerClassifierReader

from .ratings import SIGNED


@registered(DatasetReader, "rated_texts")
class RatedTextsReader(TransformerClassifierReader):
    """Reads JSON lines of `text` and `rating`, a number: the mean of what people said."""

    def _read(self, file_path: Any) -> Iterable[Instance]:
        with open(file_path, encoding="utf-8") as file:
            for line in self.shard_iterable(file):
                content = json.loads(line)
                instance = self.text_to_instance(content["text"])
                instance.add_field("label", TensorField(torch.tensor(float(content["rating"]))))
                yield instance


@registered(Model, "rated_classifier")
class RatedClassifier(TransformerClassifier):
    """A classifier whose classes are stretches of a scale, trained on mean ratings, also of incomplete texts.

    Parameters:
        borders: where one class ends and the next begins, rising; one fewer than there are labels.
        spread: the standard deviation of the target around the mean rating: a normal distribution, of which each class
            gets the part between its borders. A rating near a border is thus no certain member of either class.
        masked_share: how many texts of a training batch are incomplete. Of each of them a random share of the tokens is
            replaced by the mask token or, in one text of two, removed. A masked or shortened text is then one that the
            model has seen, as attributions and deletion measures take for granted (Zheng et al., F-Fidelity, ICLR 2025).

    In training and validation `label` holds ratings (batch,). The metrics are the correlation of the expected class
    with the rating, and the share of ratings beyond 0.5 whose sign it has.
    """

    def __init__(self, vocab: Any, borders: Sequence[float], spread: float, masked_share: float, **kwargs: Any) -> None:
        super().__init__(vocab, **kwargs)
        self._borders = [float(border) for border in borders]
        self._spread = spread
        self._masked_share = masked_share
        self._seen: List[torch.Tensor] = []

    def forward(  # type: ignore[override]
        self,
        tokens: TextFieldTensors,
        label: Optional[torch.Tensor] = None,
        metadata: Optional[List[Any]] = None,
    ) -> Dict[str, torch.Tensor]:
        """As `TransformerClassifier.forward`, with ratings as `label`."""
        if self.training and self._masked_share:
            tokens = {"tokens": self._incomplete(tokens)}
        outputs = super().forward(tokens, metadata=metadata)
        if label is not None:
            logits = outputs["logits"]
            targets = class_shares(label, self._borders, self._spread)
            outputs["loss"] = torch.nn.functional.cross_entropy(logits, targets)
            if not self.training:
                self._seen.append(torch.stack([expected_class(logits.softmax(-1)), label], dim=-1).detach())
        return outputs

    def get_metrics(self, reset: bool = False) -> Dict[str, float]:
        """`correlation` and `sign_accuracy` of the texts since the last reset, of validation alone."""
        if not self._seen:
            return {}
        expected, ratings = torch.cat(self._seen).unbind(dim=-1)
        if reset:
            self._seen = []
        signed = ratings.abs() > SIGNED
        return {
            "correlation": float(torch.corrcoef(torch.stack([expected, ratings]))[0, 1]),
            "sign_accuracy": float((expected.sign() == ratings.sign())[signed].float().mean()),
        }

    def _incomplete(self, tokens: TextFieldTensors) -> Dict[str, torch.Tensor]:
        ids, mask = util.get_token_ids_from_text_field_tensors(tokens), util.get_text_field_mask(tokens)
        mask_token = self.vocab.get_token_index("[MASK]", self._namespace)
        ids, mask = incomplete(ids, mask, self._masked_share, mask_token)
        return {"token_ids": ids, "mask": mask, "type_ids": torch.zeros_like(ids)}


def class_shares(ratings: torch.Tensor, borders: Sequence[float], spread: float) -> torch.Tensor:
    """The part of a normal distribution around each rating that is between the borders: (batch, borders + 1)."""
    distances = ratings.new_tensor(borders) - ratings[:, None]
    below = 0.5 * (1 + torch.erf(distances / (spread * math.sqrt(2))))
    none, all_ = torch.zeros_like(below[:, :1]), torch.ones_like(below[:, :1])
    return torch.diff(torch.cat([none, below, all_], dim=1), dim=1)


def expected_class(probabilities: torch.Tensor) -> torch.Tensor:
    """The mean place of the class, 0 for the middle one: for five classes -2 to 2, (...,) of (..., classes)."""
    places = torch.arange(probabilities.shape[-1], dtype=probabilities.dtype, device=probabilities.device)
    return probabilities @ (places - (probabilities.shape[-1] - 1) / 2)


def incomplete(
    ids: torch.Tensor, mask: torch.Tensor, share: float, mask_token: int
) -> Tuple[torch.Tensor, torch.Tensor]:
    """The ids and mask of a batch, (batch, tokens) each, where a `share` of the texts lack some of their tokens.

    Of each such text every token is lost with the same probability, which is drawn for the text; the first and the last
    token are special and stay. In half of the texts a lost token is replaced by `mask_token`, in the others it is gone,
    and the tokens behind it move up.
    """
    rows, columns = ids.shape
    device = ids.device
    places, lengths = torch.arange(columns, device=device), mask.sum(dim=1, keepdim=True)
    inner = (places > 0) & (places < lengths - 1)
    loss = torch.rand(rows, 1, device=device) * (torch.rand(rows, 1, device=device) < share)
    lost = (torch.rand(rows, columns, device=device) < loss) & inner
    removed = lost & (torch.rand(rows, 1, device=device) < 0.5)
    ids = ids.masked_fill(lost & ~removed, mask_token)
    kept = mask & ~removed
    order = kept.logical_not().byte().sort(dim=1, stable=True).indices
    return ids.gather(1, order), kept.gather(1, order)
