"""What else runs in the process is left alone: one owner of what cannot be had twice.

Models given in training mode, decoders without pad token and AllenNLP's own interpreters got each other's results in
threads, or none, because an explanation changed the module itself for a while: its mode, its config, `requires_grad`, hooks.
A training beside it failed at most steps. Tests with one thread see only that all is as before afterwards.
"""

import functools
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import checkpoints
import numpy as np
import pytest
import torch
from allennlp.predictors import TextClassifierPredictor
from architectures import builder
from interpreters import tiny
from interpreters.test_allennlp_models import built, vocabulary
from stacks import on_current

import eli5_transformers
from demo_model import checkpoint_path
from eli5_transformers import load_predictor
from eli5_transformers.errors import UnsupportedModelError
from eli5_transformers.interpreters import attribute
from eli5_transformers.locks import ALONE, READING
from eli5_transformers.records import RELEASED

TEXT = tiny.TEXTS[0]


def fresh(architecture: str = "bert"):
    return tiny.predictor.__wrapped__(architecture)


def scores(predictor, method="gradient-x-input"):
    return attribute(predictor, tiny.inputs(TEXT), method)[0][0].scores


class Watched:
    """A module that says what is set on it, or on its parameters and config, as long as it is watched."""

    def __init__(self, module):
        self.module, self.seen, self._ended = module, [], threading.Event()
        self._thread = threading.Thread(target=self._look)

    def state(self):
        parts = list(self.module.modules())
        return (
            [(m.training, len(m._forward_hooks), len(m._forward_pre_hooks), "forward" in vars(m)) for m in parts],
            [p.requires_grad for p in self.module.parameters()],
            str(self.module.config),
        )

    def _look(self):
        while not self._ended.is_set():
            self.seen.append(self.state())

    def __enter__(self):
        self.before = self.state()
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._ended.set()
        self._thread.join()
        assert len(self.seen) > 3
        assert all(state == self.before for state in self.seen)


@pytest.mark.parametrize("method", ["integrated-gradients", "linearization", "occlusion", *sorted(RELEASED)])
def test_a_module_in_training_mode_is_not_changed_while_it_is_explained(method):
    predictor = fresh()
    module = predictor._model.transformer
    expected = scores(predictor, method)
    module.train()
    with Watched(module):
        found = [scores(predictor, method) for _ in range(5)]
    assert all(np.array_equal(one, expected) for one in found)


def test_a_module_in_training_mode_is_not_changed_while_it_predicts():
    predictor = fresh()
    module = predictor._model.transformer
    expected = predictor.predict(TEXT)["logits"]
    module.train()
    with Watched(module):
        assert all(predictor.predict(TEXT)["logits"] == expected for _ in range(20))


def test_a_config_without_pad_token_is_not_changed_while_its_decoder_is_explained():
    predictor = fresh("gpt2")
    module = predictor._model.transformer
    module.config.pad_token_id = None
    with Watched(module):
        assert all(scores(predictor).any() for _ in range(10))


def test_weights_that_are_exchanged_or_moved_are_seen():
    predictor = fresh()
    module = predictor._model.transformer
    first = scores(predictor)
    with torch.no_grad():
        module.classifier.weight.mul_(2.0)
    moved = scores(predictor)
    assert not np.array_equal(moved, first)
    module.classifier.weight.data = module.classifier.weight.data / 2
    assert np.array_equal(scores(predictor), first)
    module.classifier = torch.nn.Linear(*reversed(module.classifier.weight.shape))
    assert not np.array_equal(scores(predictor), first)


def test_weights_that_are_moved_away_are_missed_in_a_sentence():
    predictor = fresh()
    scores(predictor)
    predictor._model.transformer.to("meta")
    for act in (scores, lambda one: one.predict(TEXT)):
        with pytest.raises(UnsupportedModelError, match="not in memory any more"):
            act(predictor)


@pytest.mark.parametrize("method", ["gradient", *sorted(RELEASED)])
def test_explanations_leave_metrics_and_gradients_of_a_training_alone(method):
    reader = {
        "type": "text_classification_json",
        "tokenizer": {"type": "just_spaces"},
        "token_indexers": {"tokens": {"type": "single_id"}},
    }
    encoder = {"type": "lstm", "input_size": 8, "hidden_size": 6}
    predictor = built(reader, {"type": "embedding", "embedding_dim": 8}, encoder, vocabulary(checkpoints.WORDS[:90]))
    assert isinstance(predictor, TextClassifierPredictor)
    model = predictor._model
    before = [parameter.grad for parameter in model.parameters()]
    attribute(predictor, [{"sentence": "the service was terrible"}], method)
    assert model.get_metrics() == {"accuracy": 0.0}
    assert model._accuracy.total_count == 0
    assert [parameter.grad for parameter in model.parameters()] == before
    assert torch.backends.cudnn.enabled


@pytest.mark.parametrize("method", sorted(RELEASED))
def test_no_generator_of_the_process_is_moved(method):
    predictor = fresh()
    before = torch.get_rng_state()
    scores(predictor, method)
    assert torch.equal(torch.get_rng_state(), before)


class OfTheProcess(torch.nn.Module):
    """Looks tokens up in a module that a global variable holds: its twin does that, too."""

    def __init__(self) -> None:
        super().__init__()
        self.part = tiny.Linear(100)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return PARTS[0](input_ids, attention_mask)


PARTS = []


def test_a_forward_pass_that_goes_past_its_twin_is_explained_by_one_thread_at_a_time():
    torch.manual_seed(3)
    model = OfTheProcess().train()
    PARTS[:] = [model.part]
    own = tiny.tokenizer(100, {"pad": 0, "unk": 1, "mask": 2, "cls": 3, "sep": 4})
    predictor = load_predictor(model, tokenizer=own, labels=list(tiny.LABELS))
    found = scores(predictor)
    assert np.array_equal(found, scores(tiny_linear(model.part, own)))
    assert not predictor.sites.twin
    assert all(part.training for part in model.modules())
    assert all(parameter.requires_grad for parameter in model.parameters())


def tiny_linear(module, tokenizer):
    return load_predictor(module, tokenizer=tokenizer, labels=list(tiny.LABELS))


def test_reformer_seeds_no_generator_that_another_thread_draws_from_afterwards():
    model = builder.build("reformer").train()
    special = {"pad": model.config.pad_token_id, "unk": 10, "mask": 11, "cls": 12, "sep": 13}
    own = tiny.tokenizer(model.config.vocab_size, special)
    predictor = load_predictor(model, tokenizer=own, labels=list(tiny.LABELS))
    before = torch.get_rng_state()
    with Watched(model):
        scores(predictor)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(parameter.grad is None for parameter in model.parameters())


@on_current
def test_a_compiled_module_is_explained_as_it_was_before():
    predictor = fresh()
    expected = scores(predictor)
    module = torch.compile(predictor._model.transformer, backend="eager")
    compiled = load_predictor(module, tokenizer=predictor._dataset_reader.tokenizer, labels=list(tiny.LABELS))
    assert np.array_equal(scores(compiled), expected)


@on_current
@pytest.mark.parametrize("where", ["attribute", "class", "part", "helper"])
def test_a_compiled_forward_is_explained_as_it_was_before(where):
    """As transformers' own pages compile one: `model.forward = torch.compile(model.forward)`."""
    predictor = fresh()
    expected = scores(predictor)
    module = predictor._model.transformer
    if where == "attribute":
        module.forward = torch.compile(module.forward, backend="eager")
    elif where == "class":
        compiled = torch.compile(type(module).forward, backend="eager")
        module.__class__ = type(type(module).__name__, (type(module),), {"forward": compiled})
    elif where == "part":
        module.bert.embeddings.forward = torch.compile(module.bert.embeddings.forward, backend="eager")
    else:
        whole = module.forward
        module.forward = torch.compile(lambda **inputs: whole(**inputs), backend="eager")
    again = load_predictor(module, tokenizer=predictor._dataset_reader.tokenizer, labels=list(tiny.LABELS))
    assert np.array_equal(scores(again), expected)


def halved(forward):
    """As decorators are written: `wraps` takes along what torch notes of a compiled function."""

    @functools.wraps(forward)
    def called(*args, **inputs):
        found = forward(*args, **inputs)
        return type(found)(logits=found.logits / 2)

    return called


@on_current
@pytest.mark.parametrize("on_class", [False, True])
def test_a_decorator_around_a_compiled_forward_is_a_part_of_the_model(on_class):
    """It was left out with the compilation: scores of another model, without a word."""

    def decorated(compile_it):
        predictor = fresh()
        module = predictor._model.transformer
        forward = type(module).forward if on_class else module.forward
        made = halved(torch.compile(forward, backend="eager") if compile_it else forward)
        if on_class:
            module.__class__ = type(type(module).__name__, (type(module),), {"forward": made})
        else:
            module.forward = made
        return load_predictor(module, tokenizer=predictor._dataset_reader.tokenizer, labels=list(tiny.LABELS))

    expected = scores(decorated(False))
    assert not np.array_equal(expected, scores(fresh()))
    assert np.array_equal(scores(decorated(True)), expected)


FORKED_AFTER_THREADS = """
import os, signal, sys, threading
import torch
import eli5_transformers as e

def explained():
    return e.attribute(predictor, "Great value", interpreter="gradient")[0][0].scores.sum()

predictor = e.load_predictor(sys.argv[1])
expected = explained()
(torch.randn(500, 500) @ torch.randn(500, 500)).sum()
assert torch.get_num_threads() == 2
child = os.fork()
if child:
    sys.exit(os.waitpid(child, 0)[1] != 0)
signal.alarm(60)
assert abs(explained() - expected) < 1e-4
predictor = e.load_predictor(sys.argv[1])
assert abs(explained() - expected) < 1e-4
assert e.get_explanation(predictor, "Great value").targets
assert torch.get_num_threads() == 2
begun = []
thread = threading.Thread(target=lambda: begun.append((predictor.predict("Great value")["label"], torch.get_num_threads())))
thread.start()
thread.join()
assert begun == [("5 stars", 2)], begun
"""


def test_a_process_that_was_forked_after_torch_used_several_threads_explains():
    """A fork leaves them behind, and whatever torch computes then waits for them for ever."""
    package = str(Path(eli5_transformers.__file__).parent.parent)
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2", "PYTHONPATH": package}
    command = [sys.executable, "-c", FORKED_AFTER_THREADS, str(checkpoint_path())]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert ran.returncode == 0, ran.stderr[-2000:]


FORKED = """
import multiprocessing, os, sys, threading
import eli5_transformers as e
from eli5_transformers.locks import ALONE, READING

def explain(*_):
    return e.attribute(predictor, "Great value", interpreter="simple-gradient")[0][0].scores.sum()

predictor = e.load_predictor(sys.argv[2])
if __name__ == "__main__":
    explain()
    if sys.argv[1] == "fork":
        taken, done = threading.Event(), threading.Event()
        def hold():
            with ALONE, READING:
                taken.set()
                done.wait()
        holding = threading.Thread(target=hold)
        holding.start()
        taken.wait()
    with multiprocessing.get_context(sys.argv[1]).Pool(1) as pool:
        print(pool.map_async(explain, range(2)).get(timeout=120))
    if sys.argv[1] == "fork":
        done.set()
"""


@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_worker_processes_explain(start, tmp_path):
    """Also one that was forked while another thread held the locks."""
    file = tmp_path / "workers.py"
    file.write_text(FORKED, encoding="utf-8")
    command = [sys.executable, str(file), start, str(checkpoint_path())]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)
    assert ran.returncode == 0, ran.stderr[-2000:]


def test_a_forked_process_finds_all_locks_open():
    """`os.register_at_fork` calls this in the child."""
    from eli5_transformers import locks

    other = locks.ProcessLock()
    thread = threading.Thread(target=other.__enter__)
    thread.start()
    thread.join()
    assert not other._lock.acquire(blocking=False)
    kept = ALONE._lock, READING._lock
    locks._reopen_all()
    assert other._lock.acquire(blocking=False)
    assert (ALONE._lock, READING._lock) != kept


def test_every_lock_of_the_package_is_one_that_a_forked_process_finds_open():
    files = Path(eli5_transformers.__file__).parent.rglob("*.py")
    plain = [file.name for file in files if re.search(r"threading\.(R?Lock|Condition|Semaphore)\(", file.read_text("utf-8"))]
    assert plain == ["locks.py"]
