"""What is held fixed of each operation, beside networks in which the same is held fixed by hand; and what is refused."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from closeness import assert_close
from stacks import on_current

from eli5_transformers.engine.frozen import ratios, rules
from eli5_transformers.engine.frozen.network import FrozenNetwork
from eli5_transformers.errors import UnsupportedModelError

DRAW = torch.Generator().manual_seed(0)


def drawn(*shape):
    return torch.randn(*shape, generator=DRAW, dtype=torch.float64)


X = drawn(2, 3, 4)
WEIGHTS = drawn(2, 3, 4)
"""Of the score: what each number of an output counts."""


class Function(torch.nn.Module):
    """A function of the explained vectors as a model."""

    def __init__(self, function, **parameters):
        super().__init__()
        self.function = function
        for name, value in parameters.items():
            self.register_parameter(name, torch.nn.Parameter(value, requires_grad=False))

    def forward(self, x):
        return self.function(x) if not self._parameters else self.function(x, **self._parameters)


def linearized(function, *inputs, **parameters):
    """The output where the score is its sum, the derivatives in the fixed network, and the largest part that was missed."""
    model = Function(lambda xs, **named: function(*xs, **named), **parameters)
    network = FrozenNetwork(model, 1e-16)
    leaves = [x.clone().requires_grad_(True) for x in inputs]
    with torch.enable_grad(), network.watched():
        # Copies go on, as at a model's look-ups.
        output = model([leaf.clone() for leaf in leaves])
        found = network.derivatives(output.sum(), leaves)
    return output.detach(), found, network.missed


def by_hand(function, x):
    """The gradient of a function in which the same is held fixed by detaching it."""
    leaf = x.clone().requires_grad_(True)
    (found,) = torch.autograd.grad(function(leaf).sum(), leaf)
    return found


ACTIVATIONS = {
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "gelu": F.gelu,
    "gelu, tanh": lambda x: F.gelu(x, approximate="tanh"),
    "gelu by erf": lambda x: x * 0.5 * (1.0 + torch.erf(x / math.sqrt(2.0))),
    "gelu by tanh": lambda x: 0.5 * x * (1.0 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * torch.pow(x, 3.0)))),
    "quick gelu": lambda x: x * torch.sigmoid(1.702 * x),
    "silu": F.silu,
    "mish": F.mish,
    "hardswish": F.hardswish,
    "elu": lambda x: F.elu(x, 0.7),
    "selu": F.selu,
    "celu": lambda x: F.celu(x, 0.7),
    "hardtanh": F.hardtanh,
    "relu6": F.relu6,
    "clamp": lambda x: x.clamp(-0.5, 0.75),
    "clamp from above": lambda x: x.clamp(max=0.1),
    "clamp from below": lambda x: x.clamp_min(0.1),
    "tanh": torch.tanh,
    "softsign": F.softsign,
    "squared relu": lambda x: F.relu(x) ** 2,
    "square": lambda x: x.pow(2),
    "abs": torch.abs,
    "square root": lambda x: torch.sqrt(x**2),
    "product with itself": lambda x: x * x,
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_keeps_the_quotient_of_its_output_and_input(name):
    output, (found,), missed = linearized(lambda x: ACTIVATIONS[name](x) * WEIGHTS, X)
    assert_close(found, output / X)
    assert missed < 1e-12


LINES = {
    "atan": torch.atan,
    "cos": torch.cos,
    "erf": torch.erf,
    "erfc": torch.erfc,
    "exp": torch.exp,
    "exp2": torch.exp2,
    "expm1": torch.expm1,
    "hardsigmoid": F.hardsigmoid,
    "log1p": lambda x: torch.log1p(x.abs()),
    "logsigmoid": F.logsigmoid,
    "sigmoid": torch.sigmoid,
    "sigmoid, in place": lambda x: (x + 0.0).sigmoid_(),
    "sin": torch.sin,
    "softplus": lambda x: F.softplus(x, 2.0),
}
"""Functions that are no factor of their input: what is fixed is the straight line from their value at 0."""
LOGARITHMS = {"log": torch.log, "log2": torch.log2, "log10": torch.log10}
STEPS = {
    "ceil": torch.ceil,
    "cumprod": lambda x: torch.cumprod(x, -1),
    "floor": torch.floor,
    "reciprocal": torch.reciprocal,
    "round": torch.round,
    "rsqrt": lambda x: torch.rsqrt(x.abs()),
    "sign": torch.sign,
    "softmax": lambda x: torch.softmax(x, -1),
}
"""What may be a factor alone."""


@pytest.mark.parametrize("name", LINES)
def test_a_gate_that_parameters_mix_is_the_line_from_its_value_at_zero(name):
    weight, bias = drawn(4, 4), drawn(4)
    output, (found,), missed = linearized(
        lambda x, weight, bias: F.linear(LINES[name](x), weight, bias) * WEIGHTS, X, weight=weight, bias=bias
    )
    slopes = (LINES[name](X) - LINES[name](torch.zeros_like(X))) / X
    assert_close(found, WEIGHTS @ weight * slopes)
    assert missed < 1e-12
    assert abs((found * X).sum() - output.sum()) > 1e-3, "nothing is left for the constants"


@pytest.mark.parametrize("name", LOGARITHMS)
def test_logarithms_are_the_line_from_their_value_at_one(name):
    x, weight = X.abs() + 0.1, drawn(4, 4)
    _, (found,), missed = linearized(lambda x, weight: F.linear(LOGARITHMS[name](x), weight), x, weight=weight)
    assert_close(found, torch.ones_like(X) @ weight * LOGARITHMS[name](x) / (x - 1))
    assert missed < 1e-12


@pytest.mark.parametrize("name", STEPS)
def test_what_may_be_a_factor_alone_is_refused_where_parameters_mix_it(name):
    with pytest.raises(UnsupportedModelError, match=f"(?i)'{name}', held fixed, to parameters alone.*'occlusion'"):
        linearized(lambda x, weight: x.sum() + F.linear(STEPS[name](x), weight), X, weight=drawn(4, 4))
    _, (found,), _ = linearized(lambda x: STEPS[name](x) * (x @ W), X)
    assert_close(found, STEPS[name](X) @ W.T)


@pytest.mark.parametrize(
    ("function", "named"),
    [
        (lambda x, weight: weight[:3] / (1 + torch.exp(-x)), "Add"),
        (lambda x, weight: (1 / (1 + torch.exp(-x))) @ weight, "Reciprocal"),
        (lambda x, weight: weight / x.abs().sum(), "Sum"),
    ],
)
@pytest.mark.parametrize("beside", [0, 1])
def test_words_that_change_what_parameters_are_divided_by_have_no_part_and_that_is_refused(function, named, beside):
    with pytest.raises(UnsupportedModelError, match=f"'{named}', held fixed, to parameters alone"):
        linearized(lambda x, weight: function(x, weight).sum() + beside * x.sum(), X, weight=drawn(4, 4))


def test_every_function_that_is_fixed_is_tried():
    names = {name.partition(",")[0] for name in (*LINES, *LOGARITHMS)}
    assert {name.lower() for name in ratios.SECANTS} - {"logsigmoidforward"} == names
    # The others are kernels, or other names, of these.
    assert {name.lower() for name in rules._FIXED} - {"heaviside", "safesoftmax", "sgn", "sparsesoftmax"} == set(STEPS)


def test_near_its_beginning_a_line_has_the_slope_of_the_function():
    for dtype in (torch.float32, torch.float64):
        x, weight = torch.tensor([0.0, 1e-12, -1e-6, 1e-4], dtype=dtype), torch.eye(4, dtype=dtype) * 2
        _, (found,), missed = linearized(lambda x, weight: F.linear(torch.sigmoid(x), weight), x, weight=weight)
        assert_close(found, torch.full((4,), 0.5, dtype=dtype), rtol=1e-3)
        assert missed < 1e-6


def test_a_gate_of_what_carries_words_is_fixed_however_it_was_made():
    mixed = drawn(4, 4)
    for gated in (
        lambda x, mixed: torch.sigmoid(x @ W) * (x @ V),
        lambda x, mixed: (1 - torch.sigmoid(x @ W)) * (x @ V),
        lambda x, mixed: torch.sigmoid(x @ W) * torch.tanh(F.linear(torch.sigmoid(x @ V), mixed)),
    ):
        output, (found,), missed = linearized(gated, X, mixed=mixed)
        assert missed < 1e-12
        assert found.abs().sum() > 0
    # The last: a layer of sigmoids is what is gated, not another gate.
    inner = torch.sigmoid(X @ V)
    outer = F.linear(inner, mixed)
    slopes = torch.sigmoid(X @ W) * torch.tanh(outer) / outer
    assert_close(found, (slopes @ mixed * (inner - 0.5) / (X @ V)) @ V.T)


def test_what_is_added_to_words_need_not_be_a_factor():
    _, (found,), missed = linearized(lambda x: x + torch.sigmoid(x), X)
    assert_close(found, 1 + (torch.sigmoid(X) - 0.5) / X)
    assert missed < 1e-12


@pytest.mark.parametrize("affine", [True, False])
def test_batch_norms_are_linear_with_the_numbers_of_the_training(affine):
    mean, variance, own = drawn(3), drawn(3).exp(), {"weight": drawn(3), "bias": drawn(3)} if affine else {}

    def norm(x, training=False, **own):
        return F.batch_norm(x, mean, variance, **own, training=training, eps=1e-3) * WEIGHTS

    _, (found,), missed = linearized(norm, X, **own)
    factor = (variance + 1e-3).rsqrt() * own.get("weight", 1)
    assert_close(found, WEIGHTS * factor[:, None])
    assert missed < 1e-12
    with pytest.raises(UnsupportedModelError, match="'NativeBatchNorm'"):
        linearized(lambda x, **own: norm(x, training=True, **own), X, **own)


@pytest.mark.parametrize(("name", "slope"), [("gelu", 0.5), ("silu", 0.5), ("tanh", 1.0)])
def test_at_zero_the_quotient_is_the_slope(name, slope):
    _, (found,), _ = linearized(ACTIVATIONS[name], torch.zeros(2, 2, dtype=torch.float64))
    assert_close(found, torch.full((2, 2), slope, dtype=torch.float64))


def test_tanh_of_large_numbers_keeps_its_quotient_although_it_rounds_to_one():
    x = torch.tensor([30.0, -50.0], dtype=torch.float64)
    assert_close(linearized(torch.tanh, x)[1][0], 1 / x.abs())


def deviation(x, dims):
    return (x.var(dims, unbiased=False, keepdim=True) + 1e-5).sqrt().detach()


def test_norms_are_fixed_in_what_they_divide_by():
    weight, bias = drawn(4), drawn(4)
    _, (found,), missed = linearized(
        lambda x, weight, bias: F.layer_norm(x, (4,), weight, bias) * WEIGHTS, X, weight=weight, bias=bias
    )
    fixed = by_hand(lambda x: (x - x.mean(-1, keepdim=True)) / deviation(x, -1) * weight * WEIGHTS, X)
    assert_close(found, fixed)
    assert missed < 1e-12
    written = linearized(lambda x: (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True, unbiased=False) + 1e-5).sqrt(), X)
    assert_close(written[1][0], by_hand(lambda x: (x - x.mean(-1, keepdim=True)) / deviation(x, -1), X))
    _, (found,), _ = linearized(lambda x: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * WEIGHTS, X)
    assert_close(found, torch.rsqrt(X.pow(2).mean(-1, keepdim=True) + 1e-6) * WEIGHTS)


def test_group_norms_are_fixed_in_what_they_divide_by():
    x, counted = drawn(2, 6, 5), drawn(2, 6, 5)
    weight, bias = drawn(6), drawn(6)
    _, (found,), missed = linearized(
        lambda x, weight, bias: F.group_norm(x, 3, weight, bias) * counted, x, weight=weight, bias=bias
    )

    def fixed(x):
        groups = x.reshape(2, 3, -1)
        normed = (groups - groups.mean(-1, keepdim=True)) / deviation(groups, -1)
        return normed.reshape(x.shape) * weight[None, :, None] * counted

    assert_close(found, by_hand(fixed, x))
    assert missed < 1e-12


@on_current
def test_root_mean_square_norms_of_torch_are_fixed_in_what_they_divide_by():
    weight = drawn(4)
    _, (found,), _ = linearized(lambda x, weight: F.rms_norm(x, (4,), weight, 1e-6) * WEIGHTS, X, weight=weight)
    assert_close(found, torch.rsqrt(X.pow(2).mean(-1, keepdim=True) + 1e-6) * weight * WEIGHTS)


def attention(x):
    return torch.softmax(x @ x.transpose(1, 2) / 2, -1)


def test_attention_keeps_its_probabilities():
    _, (found,), missed = linearized(lambda x: attention(x) @ x * WEIGHTS, X)
    assert_close(found, attention(X).transpose(1, 2) @ WEIGHTS)
    assert missed < 1e-12


@on_current
@pytest.mark.parametrize("heads", [1, 2])
def test_attention_in_one_operation_keeps_its_probabilities(heads):
    x = drawn(2, heads, 3, 4)
    _, (found,), missed = linearized(lambda x: F.scaled_dot_product_attention(x, x, x), x)
    fixed = torch.softmax(x @ x.transpose(-1, -2) / 2, -1).transpose(-1, -2) @ torch.ones_like(x)
    assert_close(found, fixed)
    assert missed < 1e-12


W, V = drawn(4, 4), drawn(4, 4)


def test_of_a_gated_layer_the_activated_factor_is_fixed():
    for gated in (lambda x: F.silu(x @ W) * (x @ V), lambda x: (x @ V) * F.gelu(x @ W), lambda x: (x @ V) * F.relu(x @ W)):
        output, (found,), missed = linearized(gated, X)
        gate = output / (X @ V)
        assert_close(found, gate @ V.T)
        assert missed < 1e-12
    _, (found,), _ = linearized(lambda x: F.glu(torch.cat([x @ V, x @ W], -1), -1), X)
    assert_close(found, torch.sigmoid(X @ W) @ V.T)


def test_a_factor_that_is_computed_from_the_other_is_its_gate():
    _, (found,), _ = linearized(lambda x: x * (x @ W + 0.5), X)
    assert_close(found, X @ W + 0.5)
    _, (found,), _ = linearized(lambda x: (x @ W) * x, X)
    assert_close(found, X @ W)


def test_of_two_equal_factors_the_left_one_is_fixed():
    _, (found,), missed = linearized(lambda x: (x @ W) @ (x @ V).transpose(1, 2) @ x, X)
    scores = (X @ W) @ (X @ V).transpose(1, 2)
    assert_close(found, scores.transpose(1, 2) @ torch.ones_like(X))
    assert missed < 1e-12


def network(x, first, bias, table, last):
    """A tiny transformer by hand, in the parts that are held fixed: at `x` itself, or given."""
    x = x + table
    probabilities = torch.softmax(x @ x.transpose(1, 2), -1)
    mixed = x + probabilities @ x
    scale = (mixed.var(-1, keepdim=True, unbiased=False) + 1e-5).rsqrt()
    inner = (mixed - mixed.mean(-1, keepdim=True)) * scale @ first + bias
    gates = torch.tanh(inner) / inner
    return (mixed + inner * torch.tanh(inner) / inner) @ last, (probabilities, scale, gates)


def test_derivatives_are_the_differences_of_a_network_that_is_held_fixed_by_hand():
    first, bias, table, last = drawn(4, 4), drawn(4), drawn(3, 4), drawn(4, 1)
    _, (probabilities, scale, gates) = network(X, first, bias, table, last)

    def fixed(x):
        mixed = (x + table) + probabilities @ (x + table)
        inner = (mixed - mixed.mean(-1, keepdim=True)) * scale @ first + bias
        return ((mixed + inner * gates) @ last).sum()

    def plain(x, first, bias, table, last):
        x = x + table
        mixed = x + torch.softmax(x @ x.transpose(1, 2), -1) @ x
        return (mixed + torch.tanh(F.layer_norm(mixed, (4,)) @ first + bias)) @ last

    output, (found,), missed = linearized(plain, X, first=first, bias=bias, table=table, last=last)
    assert_close(output.sum(), fixed(X))
    assert missed < 1e-12
    for direction in (drawn(2, 3, 4), drawn(2, 3, 4)):
        # However far: it is affine.
        for step in (1e-3, 100.0):
            assert_close((fixed(X + step * direction) - fixed(X - step * direction)) / (2 * step), (found * direction).sum())


CONSTANTS = {
    "a number": lambda x: x + 1.5,
    "a whole number, before": lambda x: 2 - x,
    "in place": lambda x: x.add_(0.5),
    "a tensor": lambda x: (x - X.flip(0)) * 3,
    "beside": lambda x: torch.cat([x, X.cos()], 1),
    "in a stack": lambda x: torch.stack([X.cos(), x]),
    "where something else is not": lambda x: torch.where(X > 0, x, X.exp()),
    "a table": lambda x: x + F.embedding(torch.arange(3), WEIGHTS[0]),
    "a table, changed in place": lambda x: F.embedding(torch.arange(3), WEIGHTS[0]).mul_(2.0) + x,
    "behind a norm": lambda x: (x + F.layer_norm(F.embedding(torch.arange(3), WEIGHTS[0]), (4,))) * WEIGHTS,
    "a number of numpy": lambda x: x + np.float32(1.5),
    "a constant bias of a layer": lambda x: F.linear(x, W, WEIGHTS[0, 0]),
    "constants of a norm": lambda x: F.layer_norm(x, (4,), WEIGHTS[0, 0], WEIGHTS[0, 1]),
    "constants of a norm of groups": lambda x: F.group_norm(x, 3, WEIGHTS[0, :, 0], WEIGHTS[0, :, 1]),
    "a constant bias of a convolution": lambda x: F.conv1d(x, drawn(3, 3, 1), WEIGHTS[0, :, 0]),
    "by name": lambda x: torch.add(input=x, other=2.5),
    "a constant bias by name": lambda x: F.linear(x, W, bias=WEIGHTS[0, 0]),
    "with a product": lambda x: torch.addcmul(WEIGHTS, x, W[0]),
    "between the two": lambda x: torch.lerp(x, WEIGHTS, 0.3),
    "the larger": lambda x: torch.maximum(x, WEIGHTS),
    "the smaller, of constants first": lambda x: torch.min(WEIGHTS, x),
    "in place of what is masked": lambda x: x.masked_fill(X > 0, 1.5),
    "where something else is not, a number": lambda x: torch.where(X > 0, x, torch.tensor(0.5, dtype=x.dtype)),
    "written in place": lambda x: written(x.clone(), (slice(None), 0), 1.5),
    "a tensor written in place": lambda x: written(x.clone(), (slice(None), 0), X[:, 1].exp()),
    "written into constants": lambda x: written(WEIGHTS.clone(), (slice(None), slice(2)), x[:, :2]),
    "a copy, in place": lambda x: copied(x.clone(), WEIGHTS),
    "gated": lambda x: (x + 1) * torch.sigmoid(x @ W),
}


def written(values, index, value):
    values[index] = value
    return values


def copied(values, value):
    values[:, 1].copy_(value[:, 1])
    return values.mul_(3)


def test_a_constant_of_no_bound_that_is_chosen_nowhere_is_no_part():
    _, (found,), missed = linearized(lambda x: x.masked_fill(X < 0.5, -math.inf).amax((1, 2)), X)
    assert missed < 1e-12
    assert found.sum() == 2


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_that_are_added_are_a_part_of_the_sum(name):
    output, (found,), missed = linearized(CONSTANTS[name], X)
    assert missed < 1e-12
    assert abs((found * X).sum() - output.sum()) > 1e-3, "the constant is nothing of the score"


def test_an_operation_that_has_no_rule_is_refused_by_its_name():
    with pytest.raises(UnsupportedModelError, match="'Logsumexp'.*'occlusion'"):
        linearized(lambda x: torch.logsumexp(x, -1), X)


class Own(torch.autograd.Function):
    """A stranger's operation."""

    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 2


class Relu(Own):
    """With the name of one of torch's."""


@pytest.mark.parametrize("function", [Own, Relu])
def test_functions_of_strangers_are_refused_by_their_name(function):
    with pytest.raises(UnsupportedModelError, match=f"'function {function.__name__}'"):
        linearized(function.apply, X)


def test_what_is_fixed_anyhow_may_be_computed_by_anything():
    _, (found,), _ = linearized(lambda x: torch.softmax(torch.lgamma(x.abs()) + torch.logsumexp(x, -1, True), -1) @ x.mT, X)
    assert found.abs().sum() > 0


def test_what_is_fixed_and_not_multiplied_with_is_refused():
    with pytest.raises(UnsupportedModelError, match="miss its score by .*'Softmax' is added"):
        linearized(lambda x: x + 2 * torch.softmax(x, -1), X)


@pytest.mark.parametrize("name", ["layer_norm", "gelu", "square root"])
def test_a_rule_that_is_wrong_is_found(name, monkeypatch):
    operation = {"layer_norm": "NativeLayerNorm", "gelu": "Gelu", "square root": "Sqrt"}[name]
    function = {**ACTIVATIONS, "layer_norm": lambda x: F.layer_norm(x, (4,)) * WEIGHTS}[name]
    monkeypatch.setattr(rules, "_LINEAR", rules._LINEAR | {operation})
    with pytest.raises(UnsupportedModelError, match="miss its score"):
        linearized(lambda x: function(x) * WEIGHTS, X)


def test_parameters_are_as_before_whatever_happens():
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Linear(4, 1)).double()
    model[0].requires_grad_(False)
    for fails in (False, True):
        network = FrozenNetwork(model, 1e-16)
        x = X.clone().requires_grad_(True)
        with pytest.raises(UnsupportedModelError) if fails else torch.enable_grad(), network.watched():
            output = model(x).sum()
            network.derivatives(torch.lgamma(output) if fails else output, [x])
        assert [one.requires_grad for one in model.parameters()] == [False, False, True, True]
        assert all(one.grad is None for one in model.parameters())


def test_several_scores_share_one_graph():
    weight = drawn(4, 3)
    network = FrozenNetwork(Function(F.silu), 1e-16)
    x = X.clone().requires_grad_(True)
    with torch.enable_grad(), network.watched():
        outputs = F.silu(x) @ weight
        for place in range(3):
            (found,) = network.derivatives(outputs[..., place].sum(), [x], retain=place < 2)
            assert_close(found, torch.sigmoid(X) * weight[:, place])


@pytest.mark.parametrize("kind", [torch.nn.LSTM, torch.nn.GRU, torch.nn.RNN])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_recurrent_layers_keep_their_gates(kind, dtype):
    torch.manual_seed(2)
    layers = kind(4, 5, num_layers=2, bidirectional=True, batch_first=True).to(dtype).requires_grad_(False)
    network = FrozenNetwork(layers, torch.finfo(dtype).eps)
    leaf = X.to(dtype).clone().requires_grad_(True)
    with torch.enable_grad(), network.watched():
        output, _ = layers(leaf)
        (found,) = network.derivatives(output.sum(), [leaf])
    assert_close(output, layers(X.to(dtype))[0])
    assert network.missed < (1e-5 if dtype == torch.float32 else 1e-12)
    assert found.abs().sum() > 0


def test_a_recurrent_layer_of_one_step_is_its_gated_input():
    torch.manual_seed(2)
    layer = torch.nn.LSTM(4, 4, batch_first=True, bias=False).double().requires_grad_(False)
    leaf = X[:, :1].clone().requires_grad_(True)
    network = FrozenNetwork(layer, 1e-16)
    with torch.enable_grad(), network.watched():
        (found,) = network.derivatives(layer(leaf)[0].sum(), [leaf])
    enters, _, cell, leaves = (X[:, :1] @ layer.weight_ih_l0.T).chunk(4, -1)
    state = enters.sigmoid() * cell.tanh()
    quotients = leaves.sigmoid() * (state.tanh() / state) * enters.sigmoid() * (cell.tanh() / cell)
    assert_close(found, quotients @ layer.weight_ih_l0[8:12])


def test_weights_that_move_during_a_pass_are_no_fault_of_a_rule():
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.GELU(), torch.nn.Linear(4, 1)).double().requires_grad_(False)
    network = FrozenNetwork(model, 1e-16)
    leaf = X.clone().requires_grad_(True)
    with torch.enable_grad(), network.watched():
        score = model(leaf).sum()
        for parameter in model.parameters():
            parameter.data.mul_(1.1)
        network.derivatives(score, [leaf])
    assert network.missed > 1e-3
