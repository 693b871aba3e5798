"""Threads that explain one model get what each gets alone, and a training beside them goes as it does alone."""

import importlib.util
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict, List, NamedTuple, Tuple

import numpy as np
import pytest
import torch
from interpreters import tiny
from interpreters.test_allennlp_models import built, vocabulary
from stacks import PINNED
from tally import Tally, tries

from eli5_transformers import load_predictor
from eli5_transformers.interpreters import attribute
from eli5_transformers.records import RELEASED

THREADS = 8
TEXTS = ("not good at all", "i love it", "never again would buy in any case")
OWN: Tuple[Any, ...] = (
    "gradient",
    "gradient-x-input",
    {"type": "integrated-gradients", "n_steps": 6},
    {"type": "gradient-x-input", "layer": "LAYER"},
    "linearization",
    {"type": "smoothgrad", "samples": 3},
    "occlusion",
    {"type": "shapley", "budget": 12},
)
BY_CAPTUM: Tuple[Dict[str, Any], ...] = (
    {"method": "IntegratedGradients", "options": {"n_steps": 4}},
    {"method": "InputXGradient"},
    {"method": "Saliency"},
    {"method": "GradientShap", "options": {"n_samples": 3}},
    {"method": "FeatureAblation"},
    {"method": "ShapleyValueSampling", "options": {"n_samples": 2}},
    {"method": "KernelShap", "options": {"n_samples": 12}},
    {"method": "Lime", "options": {"n_samples": 12}},
)
# Captum is not installed on the stack that AllenNLP pins.
HAS_CAPTUM = importlib.util.find_spec("captum") is not None
METHODS = (*OWN, *({"type": "captum", **o} for o in BY_CAPTUM if HAS_CAPTUM), *sorted(RELEASED))


class Job(NamedTuple):
    """One call."""

    predictor: Any
    method: Any
    text: str

    def scores(self) -> np.ndarray:
        method = dict(self.method) if isinstance(self.method, dict) else self.method
        if isinstance(method, dict) and "layer" in method:
            names = [name for name, _ in self.predictor._model.named_modules()]
            method["layer"] = next((name for name in names if name.endswith(".0")), "_text_field_embedder")
        return np.asarray(attribute(self.predictor, tiny.inputs(self.text), method)[0][0].scores)


def fresh(architecture: str) -> Any:
    """A predictor that no other test has."""
    return tiny.predictor.__wrapped__(architecture)


def again(predictor: Any) -> Any:
    """Another predictor of the same module and tokenizer."""
    reader = predictor._dataset_reader
    return load_predictor(predictor._model.transformer, tokenizer=reader.tokenizer, labels=list(tiny.LABELS))


def recurrent() -> Any:
    """A model of AllenNLP's with an LSTM, in training mode; its predictor is AllenNLP's own."""
    reader = {
        "type": "text_classification_json",
        "tokenizer": {"type": "just_spaces"},
        "token_indexers": {"tokens": {"type": "single_id"}},
    }
    encoder = {"type": "lstm", "input_size": 8, "hidden_size": 6, "num_layers": 2, "dropout": 0.5}
    made = built(reader, {"type": "embedding", "embedding_dim": 8}, encoder, vocabulary(dict.fromkeys(tiny.WORDS)))
    made._model.train()
    return made


def several(kind: str) -> List[Any]:
    """The predictors, by what is difficult about them."""
    if kind == "AllenNLP's":
        return [recurrent()]
    first = fresh("gpt2" if kind == "no pad token" else "bert")
    if kind == "training mode":
        first._model.transformer.train()
    if kind == "no pad token":
        first._model.transformer.config.pad_token_id = None
    return [first, again(first), again(first)] if kind == "one module" else [first]


KINDS = ("evaluation", "training mode", "no pad token", "one module", "AllenNLP's")


@pytest.mark.parametrize("kind", KINDS)
def test_threads_get_bit_for_bit_what_each_gets_alone(kind: str, tally: Tally) -> None:
    predictors = several(kind)
    state = watched(predictors)
    chosen = random.Random(4)
    jobs = [Job(predictor, method, text) for predictor in predictors for method in METHODS for text in TEXTS]
    jobs = chosen.sample(jobs, min(len(jobs), tries(len(jobs), 9)))
    alone = [job.scores() for job in jobs]
    order = [place for _ in range(tries(600 // len(jobs) + 1, 2)) for place in chosen.sample(range(len(jobs)), len(jobs))]
    with ThreadPoolExecutor(THREADS) as threads:
        together = list(threads.map(lambda place: jobs[place].scores(), order))
    failed = sum(not np.array_equal(scores, alone[place]) for place, scores in zip(order, together))
    tally(f"calls in {THREADS} threads, {kind}", len(order), failed)
    assert watched(predictors) == state


def watched(predictors: List[Any]) -> List[Any]:
    """What explanations must leave as it is, in the models and in the process."""
    found: List[Any] = [torch.backends.cudnn.enabled, torch.get_rng_state().tolist(), str(np.random.get_state())]
    for predictor in predictors:
        config = getattr(getattr(predictor._model, "transformer", None), "config", None)
        found.append(str(config))
        found += [(m.training, len(m._forward_hooks), "forward" in vars(m)) for m in predictor._model.modules()]
        found += [(p.requires_grad, p.grad) for p in predictor._model.parameters()]
        found.append(predictor._model.get_metrics())
        tokenizer = getattr(predictor._dataset_reader, "tokenizer", None)
        core = getattr(tokenizer, "_tokenizer", None)
        found.append((getattr(core, "truncation", None), getattr(core, "padding", None)))
    return found


def trained(predictor: Any, steps: int, beside: Any = None) -> List[Any]:
    """Losses and gradients of a training of the predictor's module, with dropout, from a seed."""
    module = predictor._model.transformer.train()
    optimizer = torch.optim.AdamW(module.parameters(), lr=1e-3)
    ids = torch.randint(20, 60, (steps, 4, 9), generator=torch.Generator().manual_seed(1))
    ids[:, :, -1] = getattr(module.config, "eos_token_id", None) or 9
    seen: List[Any] = []
    torch.manual_seed(0)
    for step in range(steps):
        assert all(part.training for part in module.modules())
        optimizer.zero_grad()
        loss = module(input_ids=ids[step], labels=torch.arange(4) % len(tiny.LABELS)).loss
        loss.backward()
        seen.append((loss.item(), [p.grad.clone() for p in module.parameters() if p.grad is not None]))
        optimizer.step()
        if beside is not None and step % 10 == 0:
            beside()
    return seen


@pytest.mark.parametrize("architecture", ["bert", "gpt2", "bart"])
def test_a_training_goes_as_without_the_threads_that_explain_its_module(architecture: str, tally: Tally) -> None:
    """Its losses and gradients are the same numbers, and no explanation of the moving weights fails."""
    steps = tries(300, 10)
    expected = trained(fresh(architecture), steps)
    predictor = fresh(architecture)
    # AllenNLP's own explain no model that looks its tokens up twice. Before torch 2.0 the noise of one of them is drawn
    # from the generator that dropout draws from.
    left_out = RELEASED if architecture == "bart" else {"smooth-gradient"} if PINNED else ()
    methods = [method for method in METHODS if isinstance(method, dict) or method not in left_out]
    ended, explained, failures = threading.Event(), [0] * THREADS, []
    calls = threading.Semaphore(0)

    def explain(number: int) -> None:
        chosen = random.Random(number)
        while not ended.is_set():
            try:
                scores = Job(predictor, chosen.choice(methods), chosen.choice(TEXTS)).scores()
                if not np.isfinite(scores).all():
                    failures.append("not finite")
            except Exception as error:  # any is a failure
                failures.append(repr(error))
            explained[number] += 1
            calls.release()

    threads = [threading.Thread(target=explain, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    try:
        found = trained(predictor, steps, beside=calls.acquire)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert not failures[:3]
    tally(f"explanations beside a training, {architecture}", sum(explained), len(failures))
    other = sum(
        one[0] != other[0] or not all(map(torch.equal, one[1], other[1])) for one, other in zip(found, expected)
    )
    tally(f"steps of a training beside explanations, {architecture}", steps, other)


