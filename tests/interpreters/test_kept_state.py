"""An interpreter leaves model, threads and process as they were, also when it is stopped."""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from closeness import assert_close
from stacks import needs_captum

from eli5_transformers.errors import InputError
from eli5_transformers.interpreters import attribute

from . import tiny

METHODS = ("gradient", "gradient-x-input", "integrated-gradients", "smoothgrad", "occlusion", "shapley")


def state(model):
    return [
        (name, m.training, len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks), "forward" in vars(m))
        for name, m in model.named_modules()
    ] + [(name, p.requires_grad, p.grad) for name, p in model.named_parameters()]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_stopped_work_leaves_no_hook_and_no_frozen_parameter(method, error, monkeypatch):
    predictor = tiny.predictor("bert")
    attribute(predictor, tiny.inputs(), method)
    model = predictor._model
    before = state(model)
    calls = []
    last = [m for m in model.modules() if isinstance(m, torch.nn.Linear)][-1]
    original = last.forward

    def stopping(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise error
        return original(*arguments)

    monkeypatch.setattr(last, "forward", stopping)
    options = {"internal_batch_size": 1, "samples": 3} if method == "smoothgrad" else {"internal_batch_size": 1}
    with pytest.raises((error, InputError)) as raised:
        attribute(predictor, tiny.inputs(), method, **options)
    assert isinstance(raised.value if error is KeyboardInterrupt else raised.value.__cause__, error)
    monkeypatch.undo()
    assert len(calls) >= 3
    assert state(model) == before


@pytest.mark.parametrize("method", METHODS)
def test_model_is_as_before(method):
    predictor = tiny.predictor("bert")
    before = state(predictor._model)
    weights = [p.clone() for p in predictor._model.parameters()]
    attribute(predictor, tiny.inputs(), method)
    assert state(predictor._model) == before
    assert all(torch.equal(one, other) for one, other in zip(weights, predictor._model.parameters()))


@pytest.mark.parametrize("around", [torch.no_grad, torch.inference_mode])
def test_works_where_gradients_are_switched_off(around):
    predictor = tiny.predictor("bert")
    expected = attribute(predictor, tiny.inputs(tiny.TEXTS[0]))[0][0].scores
    with around():
        found = attribute(predictor, tiny.inputs(tiny.TEXTS[0]))[0][0].scores
    assert np.array_equal(found, expected)


def test_no_parameter_is_differentiated():
    predictor = tiny.predictor("bert")
    seen = []
    layer = next(m for m in predictor._model.modules() if isinstance(m, torch.nn.Linear))
    handle = layer.register_forward_hook(lambda m, i, o: seen.append(m.weight.requires_grad))
    try:
        attribute(predictor, tiny.inputs(tiny.TEXTS[0]), "gradient-x-input")
    finally:
        handle.remove()
    assert seen
    assert not any(seen)


def test_progress_bar_is_shown_on_demand_and_not_otherwise(capsys):
    predictor = tiny.predictor("bert")
    attribute(predictor, tiny.inputs())
    assert capsys.readouterr().err == ""
    attribute(predictor, tiny.inputs(), progress=True)
    assert "explaining" in capsys.readouterr().err


def test_no_progress_bar_without_standard_error(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert attribute(tiny.predictor("bert"), tiny.inputs(tiny.TEXTS[0]))


@pytest.mark.parametrize("options", [{}, {"interpreter": "occlusion", "layer": "bert.encoder.layer.0"}])
def test_threads_that_share_a_predictor_get_what_each_gets_alone(options):
    require_the_same_in_threads(options)


@needs_captum
def test_threads_do_not_share_the_seeds_of_captum():
    require_the_same_in_threads({"interpreter": {"type": "captum", "method": "GradientShap", "options": {"n_samples": 3}}})


def require_the_same_in_threads(options):
    predictor = tiny.predictor("bert")
    texts = [" ".join(tiny.TEXTS[0].split()[: 1 + number % 8]) for number in range(24)]

    def scores(text):
        return attribute(predictor, tiny.inputs(text), **options)[0][0].scores

    alone = [scores(text) for text in texts]
    before, generators = state(predictor._model), (torch.get_rng_state(), str(np.random.get_state()))
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(scores, texts))
    for one, other in zip(together, alone):
        assert_close(one, other)
    assert state(predictor._model) == before
    assert torch.equal(torch.get_rng_state(), generators[0])
    assert str(np.random.get_state()) == generators[1]
