"""Models of a shape with random weights, and texts of an exact number of tokens."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, List

CONFIGS = Path(__file__).parent.parent / "configs"
LABELS = ("bad", "fair", "good")
WORDS = [f"{first}{second}{third}" for first in "bdfgklmnprst" for second in "aeiou" for third in "dgklmnrst"]


@dataclass(frozen=True)
class Shape:
    """A BERT's sizes."""

    name: str
    layers: int
    width: int
    heads: int

    @property
    def inner(self) -> int:
        """Width of the feed-forward layers."""
        return 4 * self.width


BASE = Shape("BERT-base shape", 12, 768, 12)
SMALL = Shape("small shape (quick)", 4, 256, 4)
TINY = Shape("tiny shape", 2, 32, 4)


def write(shape: Shape, folder: Path, gain: float = 1.0, seed: int = 0) -> Path:
    """A checkpoint of the shape with random weights, `gain` times the usual, and a tokenizer of whole words."""
    import torch
    from safetensors.torch import save_file
    from transformers import BertConfig, BertForSequenceClassification

    folder.mkdir(parents=True, exist_ok=True)
    entries = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", *WORDS]
    (folder / "vocab.txt").write_text("\n".join(entries) + "\n", encoding="utf-8")
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 512}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    torch.manual_seed(seed)
    model = BertForSequenceClassification(
        BertConfig(
            vocab_size=len(entries),
            hidden_size=shape.width,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            intermediate_size=shape.inner,
            id2label=dict(enumerate(LABELS)),
            label2id={label: index for index, label in enumerate(LABELS)},
        )
    )
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter.mul_(gain)
    # Safetensors on every release, where `save_pretrained` of older ones writes a pickle.
    model.config.save_pretrained(str(folder))
    tensors = {name: parameter.detach().contiguous() for name, parameter in model.named_parameters()}
    save_file(tensors, str(folder / "model.safetensors"), metadata={"format": "pt"})
    return folder


def ours(folder: Path) -> Any:
    """This package's predictor of a checkpoint."""
    from eli5_transformers import load_predictor

    return load_predictor(str(folder))


def allennlps(folder: Path) -> Any:
    """AllenNLP's own predictor of the same checkpoint: basic_classifier with bert_pooler."""
    from eli5_transformers import load_predictor

    variables = {"checkpoint": str(folder), "labels": ",".join(LABELS)}
    return load_predictor(str(CONFIGS / "bert_pooler.jsonnet"), ext_vars=variables)


def text(tokens: int, seed: int = 0) -> str:
    """A text that BERT's tokenizer makes exactly that many tokens of, [CLS] and [SEP] included."""
    draw = random.Random(f"{tokens} {seed}")
    return " ".join(draw.choice(WORDS) for _ in range(tokens - 2))


def mixed(count: int, longest: int = 64) -> List[str]:
    """Texts of lengths as reviews have them: many short ones, few long ones."""
    draw = random.Random(count)
    lengths = [max(5, min(longest, round(draw.lognormvariate(2.9, 0.5)))) for _ in range(count)]
    return [text(length, seed) for seed, length in enumerate(lengths)]
