"""Where the caller's torch is set to something else, the numbers are the same, or a sentence says why there are none.

The released three ended in torch's "Cannot copy out of meta tensor"; in a function that `torch.func` transforms, under
FakeTensorMode and in code that `torch.compile` compiles, foreign errors came from deep inside.
"""

import contextlib
import sys
import warnings

import numpy as np
import pytest
import torch
from closeness import assert_close
from stacks import on_current

from demo_model import checkpoint_path
from eli5_transformers import attribute, get_explanation, load_predictor
from eli5_transformers.errors import Eli5TransformersError, InputError

TEXT = "Not good, and no better than the other one"
METHODS = ("integrated-gradients", "linearization", "occlusion", "simple-gradient")


@contextlib.contextmanager
def setting(read, write, value):
    before = read()
    write(value)
    try:
        yield
    finally:
        write(before)


@contextlib.contextmanager
def errors_for_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def default_dtype(dtype):
    return lambda: setting(torch.get_default_dtype, torch.set_default_dtype, dtype)


CONTEXTS = {
    "inference mode": torch.inference_mode,
    "no grad": torch.no_grad,
    "gradients off": lambda: setting(torch.is_grad_enabled, torch.set_grad_enabled, False),
    "float64": default_dtype(torch.float64),
    "bfloat16": default_dtype(torch.bfloat16),
    "deterministic": lambda: setting(
        torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms, True
    ),
    "anomalies": torch.autograd.detect_anomaly,
    "saved tensors elsewhere": torch.autograd.graph.save_on_cpu,
    "warnings are errors": errors_for_warnings,
    "low recursion limit": lambda: setting(sys.getrecursionlimit, sys.setrecursionlimit, 300),
    "numpy raises": lambda: np.errstate(all="raise"),
}


@pytest.fixture(scope="module")
def predictor():
    return load_predictor(checkpoint_path())


@pytest.fixture(scope="module")
def expected(predictor):
    return {method: attribute(predictor, TEXT, interpreter=method)[0][0].scores for method in METHODS}


@pytest.mark.filterwarnings("ignore:Anomaly Detection has been enabled")
@pytest.mark.parametrize("name", CONTEXTS)
@pytest.mark.parametrize("loaded", ["outside", "inside"])
def test_the_numbers_are_those_of_outside(predictor, expected, name, loaded):
    for method in METHODS:
        with CONTEXTS[name]():
            own = predictor if loaded == "outside" else load_predictor(checkpoint_path())
            found = attribute(own, TEXT, interpreter=method)[0][0].scores
        assert_close(found, expected[method], rtol=2e-4, scale=float(np.abs(expected[method]).sum()))


def transforms():
    func = torch.func
    x = torch.ones(3)
    return {
        "vmap": lambda run: func.vmap(run)(x),
        "grad": lambda run: func.grad(lambda y: run(y).sum())(x),
        "jvp": lambda run: func.jvp(run, (x,), (x,)),
        "functionalize": lambda run: func.functionalize(run)(x),
    }


def explaining(source):
    def run(x):
        get_explanation(source, TEXT)
        return x * 2

    return run


@on_current
@pytest.mark.parametrize("name", ["vmap", "grad", "jvp", "functionalize"])
def test_inside_of_a_transformed_function_it_is_refused(predictor, name):
    for source in (predictor, checkpoint_path()):
        with pytest.raises(InputError, match=r"no explanation is computed inside of a function that torch\.func transforms"):
            transforms()[name](explaining(source))


def test_inside_of_a_trace_it_is_refused(predictor):
    with pytest.raises(InputError, match="no explanation is computed inside of torch.jit.trace"):
        torch.jit.trace(explaining(predictor), (torch.ones(2),))


@on_current
def test_where_tensors_hold_no_numbers_it_is_refused(predictor):
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.proxy_tensor import make_fx

    for method in METHODS:
        with pytest.raises(InputError, match="FakeTensorMode, in which tensors hold no numbers"), FakeTensorMode():
            attribute(predictor, TEXT, interpreter=method)
        with pytest.raises(InputError, match=r"set_default_device\('cpu'\)"), torch.device("meta"):
            attribute(predictor, TEXT, interpreter=method)
    with pytest.raises(InputError, match=r"set_default_device\('cpu'\)"), torch.device("meta"):
        load_predictor(checkpoint_path())
    with pytest.raises(Eli5TransformersError, match="make_fx"):
        make_fx(explaining(predictor))(torch.ones(2))


@on_current
def test_compiled_code_may_call_it(predictor, expected):
    found = []

    @torch.compile(backend="eager")
    def compiled(x):
        y = x * 2
        found.append(attribute(predictor, TEXT)[0][0].scores)
        return y + 1

    assert compiled(torch.zeros(1)).tolist() == [1.0]
    assert_close(found[0], expected["integrated-gradients"], rtol=1e-4, scale=10.0)
