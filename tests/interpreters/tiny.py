"""Tiny predictors of many kinds, with tokenizers of whole words, for the interpreters' tests."""

from functools import cache
from typing import Any, Dict, List

import torch
from architectures import builder
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from eli5_transformers import load_predictor

LABELS = ("bad", "fair", "good")
WORDS = (
    "not good at all but the food was great and service slow price is a very other brands do much better job than this "
    "one i love it hate never again would buy in any case we had to wait long for our table he said she wrote they came "
    "back with friends who liked what was cooked on sunday"
).split()
GAIN = 2.0
"""Of the weights, so that integrals need nodes."""
TEXTS = (
    "not good at all but the food was great",
    "i love it",
    "we had to wait long for our table and the service was very slow",
    "never again",
    "other brands do a much better job than this one",
)


def tokenizer(size: int, special: Dict[str, int], *, wrap: bool = True, left: bool = False) -> Any:
    """A tokenizer of whole words with `size` entries: words from id 20, special tokens by name at their ids."""
    spelled = {number: f"<{name}>" for name, number in special.items()}
    words = iter(dict.fromkeys(WORDS))
    entries: List[str] = []
    for number in range(size):
        fallback = f"<unused{number}>"
        entries.append(spelled.get(number) or (next(words, fallback) if number >= 20 else fallback))
    made = Tokenizer(models.WordLevel({entry: number for number, entry in enumerate(entries)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    if wrap:
        ids = [("<cls>", special["cls"]), ("<sep>", special["sep"])]
        made.post_processor = processors.TemplateProcessing(single="<cls> $A <sep>", special_tokens=ids)
    names = {f"{name}_token": f"<{name}>" for name in special}
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        model_input_names=["input_ids", "attention_mask"],
        padding_side="left" if left else "right",
        **names,
    )


@cache
def predictor(architecture: str, double: bool = False, gain: float = GAIN) -> Any:
    """The architecture's predictor; weights are enlarged by `gain`, so that the output bends along every path.

    `double` makes it float64, so that two implementations differ by what they do and not by how they round.
    """
    model = builder.build(architecture)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 2 and not name.startswith(builder.HEADS) and "emb" not in name and "shared" not in name:
                parameter.mul_(gain)
    if double:
        model.double()
    config = model.config
    pad = config.pad_token_id
    end = config.eos_token_id if isinstance(getattr(config, "eos_token_id", None), int) else 9
    special = {"pad": pad, "unk": 10, "mask": 11, "cls": 12, "sep": end if end != pad else 13}
    decoder = architecture in ("gpt2", "llama")
    own = tokenizer(
        config.vocab_size, special, wrap=not decoder, left=architecture in builder.PADS_LEFT
    )
    return load_predictor(model, tokenizer=own, labels=list(LABELS))


class Linear(torch.nn.Module):
    """A bag of words: the sum of the words' vectors, and a linear layer on it."""

    def __init__(self, words: int, width: int = 6, outputs: int = 3) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(words, width)
        self.head = torch.nn.Linear(width, outputs)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return self.head((self.table(input_ids) * attention_mask[:, :, None]).sum(1))


def linear(**options: Any) -> Any:
    """The predictor of a bag of words."""
    torch.manual_seed(3)
    own = tokenizer(100, {"pad": 0, "unk": 1, "mask": 2, "cls": 3, "sep": 4})
    return load_predictor(Linear(100), tokenizer=own, labels=list(LABELS), **options)


def price(unit: float) -> Any:
    """The predictor of a regression on a bag of words, whose output is in this unit; in float64."""
    torch.manual_seed(0)
    model = Linear(100, outputs=1).double()
    with torch.no_grad():
        for parameter in model.head.parameters():
            parameter.mul_(unit)
    own = linear()._dataset_reader.tokenizer
    return load_predictor(model, tokenizer=own, labels=["price"], problem_type="regression")


def inputs(*texts: str) -> List[Dict[str, str]]:
    """The predictor's JSON of these texts, or of `TEXTS`."""
    return [{"sentence": text} for text in texts or TEXTS]


__all__ = ["LABELS", "TEXTS", "Linear", "inputs", "linear", "predictor", "price", "tokenizer"]
