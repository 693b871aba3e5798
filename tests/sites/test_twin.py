"""A twin predicts the same from the same memory, and nothing that is done to it reaches the module."""

import functools
import types
import weakref
from typing import Any, Callable, Dict, List

import pytest
import torch
from architectures import builder
from stacks import on_current
from torch import nn
from torch.nn.utils import parametrizations, spectral_norm, weight_norm

from eli5_transformers.sites.state import evaluating, explainable, explaining
from eli5_transformers.sites.twin import COPIES, SAME, twin_of

IDS = torch.tensor([[5, 9, 7, 20, 31, 3]])
WIDTH = 8


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(40, WIDTH)
        self.mix = nn.Linear(WIDTH, WIDTH)
        self.head = nn.Linear(WIDTH, 3)

    def mixed(self, vectors: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.mix(vectors))

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        return self.head(self.mixed(self.table(input_ids)).mean(1))


class WeightNorm(Plain):
    def __init__(self) -> None:
        super().__init__()
        weight_norm(self.mix)


class SpectralNorm(Plain):
    def __init__(self) -> None:
        super().__init__()
        spectral_norm(self.mix)


class Parametrized(Plain):
    def __init__(self) -> None:
        super().__init__()
        parametrizations.orthogonal(self.mix)
        parametrizations.spectral_norm(self.head)


class Tied(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.mix.weight = nn.Parameter(torch.randn(WIDTH, WIDTH))
        self.again = nn.Linear(WIDTH, WIDTH)
        self.again.weight = self.mix.weight

    def mixed(self, vectors: torch.Tensor) -> torch.Tensor:
        return self.again(super().mixed(vectors))


class Batches(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(WIDTH)

    def mixed(self, vectors: torch.Tensor) -> torch.Tensor:
        return self.norm(super().mixed(vectors).transpose(1, 2)).transpose(1, 2)


class Recurrent(Plain):
    def __init__(self) -> None:
        super().__init__()
        self.cells = nn.LSTM(WIDTH, WIDTH, num_layers=2, dropout=0.5, batch_first=True)

    def mixed(self, vectors: torch.Tensor) -> torch.Tensor:
        return self.cells(vectors)[0]


class InLists(Plain):
    """Modules, bound methods and tensors where torch does not see them."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = [self.mix, (nn.Linear(WIDTH, WIDTH), {"head": self.head})]
        self.function = self.mix.forward
        self.later = functools.partial(type(self).scaled, self)
        self.back = (weakref.ref(self), self.mix.weight)
        self.scales = {"half": torch.tensor(0.5)}

    def scaled(self, vectors: torch.Tensor) -> torch.Tensor:
        return self.function(vectors) * self.scales["half"] + self.back[1][0]

    def mixed(self, vectors: torch.Tensor) -> torch.Tensor:
        return torch.tanh(self.parts[1][0](self.later(vectors))) + self.back[0]().mix(vectors)

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        return self.parts[1][1]["head"](self.mixed(self.table(input_ids)).mean(1))


class Engine:
    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.names = ["mix"]

    def run(self, vectors: torch.Tensor) -> torch.Tensor:
        return getattr(self.model, self.names[0])(vectors)


class Closures(Plain):
    """A forward put in by hand, and a helper object."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine(self)
        before = self.head.forward

        def doubled(vectors: torch.Tensor, mix: Any = self.mix) -> torch.Tensor:
            return 2 * before(mix(vectors))

        self.head.forward = doubled
        self.mix.forward = types.MethodType(lambda own, x: nn.functional.linear(x, own.weight), self.mix)

    def mixed(self, vectors: torch.Tensor) -> torch.Tensor:
        return self.engine.run(vectors)


class Cached(Plain):
    """Writes into itself while it runs."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: Dict[str, Any] = {}
        self.calls = 0
        self.register_buffer("last", torch.zeros(1, 3))

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        self.seen["ids"] = input_ids
        self.last = super().forward(input_ids)
        return self.last


KINDS = (
    Plain, WeightNorm, SpectralNorm, Parametrized, Tied, Batches, Recurrent, InLists, Closures, Cached,
)  # fmt: skip


def made(kind: Callable[[], nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return kind()


def state(model: nn.Module) -> Any:
    """All attributes of all modules, by identity, and the numbers of all tensors."""
    attributes = [
        (name, key, id(value), sorted(map(id, value.values())) if isinstance(value, dict) else None)
        for name, module in model.named_modules()
        for key, value in vars(module).items()
    ]
    numbers = [t.detach().clone() for t in (*model.parameters(), *model.buffers())]
    return attributes, [(p.requires_grad, p.grad, p._version) for p in model.parameters()], numbers


def same(one: Any, other: Any) -> bool:
    return one[:2] == other[:2] and all(map(torch.equal, one[2], other[2]))


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_twin_predicts_bit_for_bit_the_same_and_leaves_the_module_alone(kind: Any, training: bool) -> None:
    model = made(kind).eval()
    expected = model(IDS)
    model.train(training)
    before = state(model)
    with explaining(model) as twin:
        assert torch.equal(twin(IDS), expected)
    assert same(state(model), before)


@pytest.mark.parametrize("kind", KINDS)
def test_a_twin_reaches_nothing_of_the_module(kind: Any) -> None:
    """With the module's own parameters unusable, its twin predicts as before."""
    model = made(kind).eval()
    expected = model(IDS)
    twin = twin_of(model)
    for parameter in model.parameters():
        parameter.data = torch.full_like(parameter, float("nan"))
    assert torch.equal(twin(IDS), expected)
    assert not {id(m) for m in model.modules()} & {id(m) for m in twin.modules()}
    assert [name for name, _ in twin.named_modules()] == [name for name, _ in model.named_modules()]
    assert twin.state_dict().keys() == model.state_dict().keys()


def places(model: nn.Module) -> Dict[str, int]:
    return {name: parameter.data_ptr() for name, parameter in model.named_parameters()}


@pytest.mark.parametrize("kind", KINDS)
def test_a_twin_costs_no_memory_and_sees_new_weights(kind: Any) -> None:
    model = made(kind).eval()
    twin = twin_of(model)
    assert places(twin) == places(model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.5)
    assert torch.equal(twin(IDS), model(IDS))


def test_weights_may_change_between_a_twins_forward_and_backward_pass() -> None:
    model = made(Plain)
    twin = twin_of(model)
    vectors = torch.randn(1, 3, WIDTH, requires_grad=True)
    result = twin.head(twin.mixed(vectors)).sum()
    with torch.no_grad():
        model.head.weight.add_(1.0)
        model.mix.weight.add_(1.0)
    assert torch.isfinite(torch.autograd.grad(result, vectors)[0]).all()


def test_tied_parameters_and_shared_modules_stay_tied() -> None:
    model = made(Tied)
    model.other_name = model.mix
    twin = twin_of(model)
    assert twin.again.weight is twin.mix.weight
    assert twin.other_name is twin.mix


def test_a_recurrent_layers_own_list_of_weights_is_that_of_the_twin() -> None:
    twin = twin_of(made(Recurrent))
    assert [id(weight) for weight in twin.cells._flat_weights] == [id(p) for p in twin.cells.parameters()]


def test_hooks_of_a_person_stay_active_in_the_twin_and_those_of_the_twin_stay_there() -> None:
    model, seen = made(Plain), []
    model.mix.register_forward_hook(lambda module, inputs, output: seen.append(module))
    model.mix.register_forward_pre_hook(functools.partial(lambda own, module, inputs: seen.append(own), model))
    twin = twin_of(model)
    twin.head.register_forward_hook(lambda module, inputs, output: seen.append("twin"))
    twin(IDS)
    assert seen == [twin, twin.mix, "twin"]
    del seen[:]
    model(IDS)
    assert seen == [model, model.mix]


def test_a_twin_holds_nothing_in_common_that_running_it_writes() -> None:
    model = made(Cached)
    twin_of(model)(IDS)
    assert (model.calls, model.seen) == (0, {})
    assert not model.last.any()


def test_containers_that_modules_share_or_that_hold_themselves_are_the_same_in_the_twin() -> None:
    model = made(Plain)
    shared: List[Any] = [model.mix]
    shared.append(shared)
    model.parts = model.head.parts = shared
    twin = twin_of(model)
    assert twin.parts is twin.head.parts is not shared
    assert twin.parts[0] is twin.mix
    assert twin.parts[1] is twin.parts


def test_what_is_no_module_is_shared_and_configs_are_not() -> None:
    model = builder.build("bart")
    model.vocabulary = {str(number): number for number in range(5000)}
    twin = twin_of(model)
    assert twin.vocabulary is model.vocabulary
    assert twin.config is not model.config
    assert twin.config is twin.model.config
    assert type(twin.config) is type(model.config)
    twin.config.pad_token_id = 77
    assert model.config.pad_token_id != 77


def test_metrics_are_copied() -> None:
    class Counter:
        def __init__(self) -> None:
            self.counted: List[int] = []

        def get_metric(self, reset: bool = False) -> int:
            return len(self.counted)

    model = made(Plain)
    model.metrics, model.holder = {"counter": Counter()}, types.SimpleNamespace(own=Counter())
    twin = twin_of(model)
    twin.metrics["counter"].counted.append(1)
    twin.holder.own.counted.append(1)
    assert not model.metrics["counter"].counted
    assert not model.holder.own.counted


def test_copies_keep_their_numbers_and_the_same_tensors_are_differentiated() -> None:
    model = made(Plain).eval()
    expected = model(IDS)
    copies = twin_of(model, tensors=COPIES)
    twin_of(model, tensors=SAME)(IDS).sum().backward()
    assert model.mix.weight.grad is not None
    with torch.no_grad():
        model.mix.weight.zero_()
    assert torch.equal(copies(IDS), expected)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_dtypes_stay(dtype: torch.dtype) -> None:
    model = made(Plain).to(dtype).eval()
    assert torch.equal(twin_of(model)(IDS), model(IDS))


def test_a_model_that_was_made_in_inference_mode_is_differentiated() -> None:
    with torch.inference_mode():
        model = made(Plain)
        expected = model(IDS)
        with explaining(model) as twin:
            vectors = twin.table(IDS).requires_grad_(True)
            (gradient,) = torch.autograd.grad(twin.head(twin.mixed(vectors).mean(1)).sum(), vectors)
    assert gradient.any()
    with torch.no_grad():
        assert torch.equal(twin(IDS), expected)


def test_a_part_that_can_have_no_twin_is_changed_for_a_while_by_one_thread() -> None:
    model = made(Plain)
    model.mix = torch.jit.script(nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.Dropout(0.9)))
    model.train()
    with explaining(model) as twin:
        assert twin.mix is model.mix
        assert not twin.mix.training
        assert torch.equal(twin(IDS), twin(IDS))
        assert model.training
    assert model.mix.training
    with evaluating(model) as twin:
        assert not any(module.training for module in twin.modules())
    assert all(module.training for module in model.modules())


@on_current
def test_the_twin_of_a_compiled_module_runs_uncompiled() -> None:
    calls = []
    model = made(Plain).eval()
    compiled = torch.compile(model, backend=lambda graph, inputs: calls.append(graph) or graph.forward)
    twin = twin_of(compiled)
    twin._orig_mod.mix.register_forward_hook(lambda module, inputs, output: output * 0)
    assert not torch.equal(twin(IDS), model(IDS))
    model.compile(backend=lambda graph, inputs: calls.append(graph) or graph.forward)
    twin_of(model)(IDS)
    assert not calls


def test_nothing_sets_an_attribute_of_the_module() -> None:
    class Trap(Plain):
        def __setattr__(self, name: str, value: Any) -> None:
            if vars(self).get("closed"):
                raise AssertionError(f"{name} was set")
            super().__setattr__(name, value)

    model = made(Trap).train()
    vars(model)["closed"] = True
    with explaining(model) as twin:
        twin(IDS)
    with evaluating(model) as twin:
        twin(IDS)


def test_a_twin_that_is_ready_is_not_made_again() -> None:
    with explaining(made(Plain)) as twin, explaining(twin) as other, explainable(twin):
        assert other is twin


@pytest.mark.parametrize("architecture", builder.architectures())
def test_twins_of_all_architectures(architecture: str) -> None:
    """Bit for bit; torch's matmul folds its factors otherwise, and so rounds otherwise, where one wants a gradient."""
    try:
        model = builder.build(architecture).eval().requires_grad_(False)
        inputs = builder.batch(model, [9])
        with torch.no_grad():
            torch.manual_seed(0)
            expected = builder.logits(model, inputs)
    except Exception:  # it does not run here at all, as the sweep says
        return
    with torch.no_grad():
        twin = twin_of(model)
        assert not {id(m) for m in model.modules()} & {id(m) for m in twin.modules()}
        for parameter in model.parameters():
            if parameter.is_floating_point():
                parameter.data = torch.full_like(parameter, float("nan"))
        torch.manual_seed(0)
        found = builder.logits(twin, inputs)
    assert torch.equal(found, expected)


class Writing(Plain):
    """Counts its passes, keeps a running mean, and has a table whose rows are shortened where they are looked up."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(40, WIDTH, max_norm=0.5)
        self.tied = nn.Linear(WIDTH, 40)
        self.tied.weight = self.table.weight
        self.register_buffer("passes", torch.zeros((), dtype=torch.long))
        self.register_buffer("mean", torch.zeros(WIDTH))
        self.plain = torch.zeros(2)

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        self.passes += 1
        self.mean.mul_(0.9).add_(0.1 * self.table(input_ids).detach().mean((0, 1)))
        self.plain += 1
        return super().forward(input_ids)


def test_what_a_forward_pass_writes_in_place_is_the_twins_own() -> None:
    model = made(Writing).eval()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    twin = twin_of(model)
    expected = twin(IDS)
    after = model.state_dict()
    assert [name for name, tensor in before.items() if not torch.equal(after[name], tensor)] == []
    assert not model.plain.any()
    assert twin.tied.weight is twin.table.weight
    assert torch.equal(model(IDS), expected)


def test_a_large_buffer_costs_no_memory() -> None:
    model = made(Plain)
    model.register_buffer("large", torch.zeros(300, 300))
    assert twin_of(model).large.data_ptr() == model.large.data_ptr()


class Slotted:
    __slots__ = ("other", "part")

    def __init__(self, part: nn.Module) -> None:
        self.part = part


class Held(Plain):
    """Reaches a part of itself by an object with slots, and itself by a weak reference to its method."""

    def __init__(self) -> None:
        super().__init__()
        self.held, self.method = Slotted(self.head), weakref.WeakMethod(self.finish)

    def finish(self, vectors: torch.Tensor) -> torch.Tensor:
        self.finished = True
        return self.held.part(vectors)

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        return self.method()(self.mixed(self.table(input_ids)).mean(1))


def test_slots_and_weak_methods_refer_to_the_twin() -> None:
    model = made(Held).eval()
    twin = twin_of(model)
    assert torch.equal(twin(IDS), model(IDS))
    assert twin.held.part is twin.head
    assert model.held.part is model.head
    del model.finished, twin.finished
    twin(IDS)
    assert hasattr(twin, "finished")
    assert not hasattr(model, "finished")


def test_a_module_of_thousands_of_parts_is_twinned_whole() -> None:
    model = nn.ModuleList([nn.Dropout() for _ in range(2000)])
    model.more = nn.ParameterList([nn.Parameter(torch.zeros(1)) for _ in range(2000)])
    twin = twin_of(model)
    assert not {id(part) for part in model.modules()} & {id(part) for part in twin.modules()}
    assert not {id(part) for part in model.parameters()} & {id(part) for part in twin.parameters()}
