"""Modules with random weights and endings: what they return is taken for what it is, and no number is none."""

import numpy as np
import pytest
import torch
from interpreters import tiny
from tally import tries

from eli5_transformers import attribute, load_predictor
from eli5_transformers.components.observed import observed
from eli5_transformers.errors import Eli5TransformersError

SPECIAL = {"pad": 0, "unk": 1, "cls": 2, "sep": 3, "mask": 4}


def affine(weight, bias):
    return lambda x: torch.nn.functional.linear(x, weight, bias)


def endings(random, outputs):
    """Functions of raw numbers (rows, outputs) by name, and what they are behind."""
    near = affine(torch.eye(outputs) * 1e-3, torch.full((outputs,), 1 / outputs))
    centred = affine((torch.eye(outputs) - 1 / outputs) * 1e-2, torch.full((outputs,), 1 / outputs))
    temperature = float(np.exp(random.uniform(-1, 2)))
    several = {
        "softmax": (lambda x: (x / temperature).softmax(-1), "softmax"),
        "softmax, sliced": (lambda x: torch.cat([x, x], 0).softmax(-1)[: len(x)], "softmax"),
        "log-softmax": (lambda x: x.log_softmax(-1), "log-softmax"),
        "normalized": (lambda x: x.exp() / x.exp().sum(-1, keepdim=True), "softmax"),
        "averaged": (lambda x: (x.softmax(-1) + x.flip(-1).softmax(-1) * 2) / 3, "softmax"),
        "sum to 1 by accident": (centred, None),
    }
    any_number = {
        "raw": (lambda x: x, None),
        "sigmoid": (torch.sigmoid, "sigmoid"),
        "sigmoid, squeezed": (lambda x: torch.sigmoid(x[:, None]).squeeze(1), "sigmoid"),
        "near": (near, None),
        "tanh": (torch.tanh, None),
        "relu": (torch.relu, None),
        "scaled": (lambda x: x * 1e-3 + 0.5, None),
    }
    return {**any_number, **(several if outputs > 1 else {})}


class Ending(torch.nn.Module):
    """A bag of words, a linear layer, and a function of its outputs."""

    def __init__(self, words, outputs, ending, generator):
        super().__init__()
        self.table, self.ending = torch.nn.Embedding(words, 5), ending
        self.out = torch.nn.Linear(5, outputs)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator))

    def forward(self, input_ids, attention_mask):
        return self.ending(self.out((self.table(input_ids) * attention_mask[..., None]).mean(1).tanh()))


@pytest.mark.parametrize("frozen", [False, True])
def test_what_a_module_ends_in_is_seen(tally, frozen):
    random, tokenizer = np.random.RandomState(int(frozen)), tiny.tokenizer(80, SPECIAL)
    tried = failed = 0
    for seed in range(tries(300, 5)):
        outputs = int(random.randint(1, 6))
        for ending, activation in endings(random, outputs).values():
            module = Ending(80, outputs, ending, torch.Generator().manual_seed(seed)).requires_grad_(not frozen)
            seen = observed(module.eval(), tokenizer)
            tried, failed = tried + 1, failed + ((seen.outputs, seen.activation) != (outputs, activation))
    tally("what a module ends in", tried, failed)


def test_no_number_is_none(tally):
    random, tokenizer = np.random.RandomState(2), tiny.tokenizer(80, SPECIAL)
    methods = ("gradient-x-input", "occlusion", "integrated-gradients")
    tried = failed = 0
    for seed in range(tries(300, 4)):
        outputs = int(random.randint(1, 6))
        ending, _ = list(endings(random, outputs).values())[random.randint(7)]
        module = Ending(80, outputs, ending, torch.Generator().manual_seed(seed)).eval()
        with torch.no_grad():
            if random.rand() < 0.6:
                module.table.weight[random.randint(20, 60)] = float(random.choice([np.nan, np.inf, -np.inf, 1e38]))
            if random.rand() < 0.3:
                module.out.weight.mul_(1e38)
        try:
            predictor = load_predictor(module, tokenizer)
            found = attribute(predictor, list(tiny.TEXTS), interpreter=methods[seed % 3], on_error="skip")
        except Eli5TransformersError:
            tried += 1
            continue
        for attributions in found:
            numbers = [n for a in attributions for n in (*a.scores, a.score, a.probability or 0.0, a.baseline_score or 0.0)]
            tried, failed = tried + 1, failed + (not np.isfinite(numbers).all())
    tally("numbers that are none", tried, failed)
