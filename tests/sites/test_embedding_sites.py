"""The look-ups of any module are found, replaced and differentiated, and the module is as before."""

import threading
from typing import Any, Callable, Dict, List, NamedTuple, Optional

import pytest
import torch
from architectures import builder
from closeness import BATCHED, assert_apart, assert_close
from torch import nn
from transformers import BertConfig, BertForSequenceClassification

from eli5_transformers.errors import InputError, UnsupportedModelError
from eli5_transformers.sites import architectures
from eli5_transformers.sites.embedding_sites import EmbeddingSites, find_sites
from eli5_transformers.sites.state import explaining

VOCABULARY, WIDTH, LABELS = 40, 8, 3
IDS = torch.tensor([[5, 9, 7, 20, 31, 3]])


def identity(logits: torch.Tensor) -> torch.Tensor:
    return logits


def second_class(logits: torch.Tensor) -> torch.Tensor:
    return logits[:, 1]


class Classifier(nn.Module):
    """Looks up, mixes and classifies; subclasses look up in their own ways."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(VOCABULARY, WIDTH)
        self.mix = nn.Linear(WIDTH, WIDTH)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(WIDTH, LABELS)

    def look_up(self, ids: torch.Tensor) -> torch.Tensor:
        return self.table(ids)

    def forward(self, input_ids: torch.Tensor, attention_mask: Optional[torch.Tensor] = None) -> torch.Tensor:
        hidden = torch.tanh(self.mix(self.look_up(input_ids)))
        order = torch.linspace(1.0, 2.0, hidden.shape[1], dtype=hidden.dtype)[:, None]
        return self.head(self.dropout((hidden * order).mean(1)) ** 2)


class InPlace(Classifier):
    def look_up(self, ids: torch.Tensor) -> torch.Tensor:
        return self.table(ids).mul_(3.0)


class ByKeyword(Classifier):
    def look_up(self, ids: torch.Tensor) -> torch.Tensor:
        return self.table(input=ids)


class Scaled(NamedTuple):
    vectors: torch.Tensor
    scale: float


class TupleTable(nn.Embedding):
    def forward(self, ids: torch.Tensor) -> Any:
        return super().forward(ids), 2.0


class NamedTable(nn.Embedding):
    def forward(self, ids: torch.Tensor) -> Any:
        return Scaled(super().forward(ids), 2.0)


class ReturnsTuple(Classifier):
    kind = TupleTable

    def __init__(self) -> None:
        super().__init__()
        self.table = self.kind(VOCABULARY, WIDTH)

    def look_up(self, ids: torch.Tensor) -> torch.Tensor:
        vectors, scale = self.table(ids)
        return vectors * scale


class ReturnsNamedTuple(ReturnsTuple):
    kind = NamedTable


class Transposed(Classifier):
    def look_up(self, ids: torch.Tensor) -> torch.Tensor:
        return self.table(ids.t().contiguous()).transpose(0, 1)


class AppendsColumns(Classifier):
    def look_up(self, ids: torch.Tensor) -> torch.Tensor:
        return self.table(nn.functional.pad(ids, (0, -ids.shape[1] % 4)))


class Part(nn.Module):
    """An encoder or decoder that shares its table with others."""

    def __init__(self, table: nn.Embedding) -> None:
        super().__init__()
        self.table = table
        self.mix = nn.Linear(WIDTH, WIDTH)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        vectors = self.table(ids)
        padding = -ids.shape[1] % 4
        if padding:
            # As LED does: a look-up more for some lengths only.
            vectors = torch.cat([vectors, self.table(ids.new_zeros(ids.shape[0], padding))], 1)
        return torch.tanh(self.mix(vectors))[:, : ids.shape[1]]


class SharedTable(Classifier):
    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = Part(self.table), Part(self.table)

    def look_up(self, ids: torch.Tensor) -> torch.Tensor:
        shifted = torch.cat([ids.new_ones(len(ids), 1), ids[:, :-1]], 1)
        return self.encoder(ids) * 0.5 + self.decoder(shifted)


class AfterItsPart(Classifier):
    """Looks up in a part first, then itself."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Part(self.table)

    def look_up(self, ids: torch.Tensor) -> torch.Tensor:
        return self.encoder(ids) + self.table(ids)


class PositionsByIds(Classifier):
    """Hands the ids to its position table too, which reads their shape alone."""

    def __init__(self) -> None:
        super().__init__()
        self.positions = Positions(16, WIDTH)

    def look_up(self, ids: torch.Tensor) -> torch.Tensor:
        return self.positions(ids) + self.table(ids)


class Positions(nn.Embedding):
    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return super().forward(torch.arange(ids.shape[1]).expand(ids.shape))


class Recurrent(Classifier):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.LSTM(WIDTH, WIDTH, batch_first=True)

    def look_up(self, ids: torch.Tensor) -> torch.Tensor:
        return self.rnn(self.table(ids))[0]


class HomeMadeHead(nn.Module):
    """A BERT whose vectors are all concatenated and fed to a network that ends in a softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.bert = tiny_bert().bert
        self.head = nn.Sequential(nn.Linear(6 * WIDTH, 8), nn.Dropout(0.3), nn.ReLU(), nn.Linear(8, LABELS))

    def forward(self, input_ids: torch.Tensor, attention_mask: Optional[torch.Tensor] = None) -> torch.Tensor:
        vectors = self.bert(input_ids, attention_mask=attention_mask)[0]
        return self.head(vectors.flatten(1)).softmax(-1)


def tiny_bert() -> BertForSequenceClassification:
    config = BertConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=32,
        num_labels=LABELS,
        initializer_range=0.4,
    )
    return BertForSequenceClassification(config).eval()


class BertLogits(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.model = tiny_bert()

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        return self.model(input_ids=input_ids, attention_mask=torch.ones_like(input_ids)).logits


KINDS: List[Callable[[], nn.Module]] = [
    Classifier,
    InPlace,
    ByKeyword,
    ReturnsTuple,
    ReturnsNamedTuple,
    Transposed,
    AppendsColumns,
    SharedTable,
    AfterItsPart,
    PositionsByIds,
    Recurrent,
    HomeMadeHead,
    BertLogits,
]
every_kind = pytest.mark.parametrize("kind", KINDS)


def made(kind: Callable[[], nn.Module]) -> nn.Module:
    torch.manual_seed(3)
    return kind().eval()


def sites_of(model: nn.Module, ids: torch.Tensor = IDS) -> EmbeddingSites:
    return find_sites(model, lambda: model(ids), ids)


# ---------------------------------------------------------------- finding


def test_bert_has_its_word_embeddings_as_only_site() -> None:
    model = made(BertLogits)
    (site,) = sites_of(model).sites
    assert dict(model.named_modules())[site.name] is model.model.get_input_embeddings()
    assert (site.shift, site.transposed, site.width) == (0, False, WIDTH)


@pytest.mark.parametrize("kind", [PositionsByIds, ByKeyword, ReturnsTuple, Transposed, AppendsColumns])
def test_one_site_where_one_table_is_looked_up(kind: Callable[[], nn.Module]) -> None:
    (site,) = sites_of(made(kind)).sites
    assert site.name == "table"
    assert site.transposed is (kind is Transposed)


def test_table_shared_by_encoder_and_decoder_has_two_sites() -> None:
    first, second = sites_of(made(SharedTable)).sites
    assert (first.name, first.caller, first.shift) == ("table", "encoder", 0)
    assert (second.name, second.caller, second.shift) == ("table", "decoder", 1)


@pytest.mark.parametrize("length", [4, 6, 8, 9])
def test_sites_hold_where_other_lengths_look_up_more_often(length: int) -> None:
    model = made(SharedTable)
    sites = sites_of(model)
    ids = torch.arange(3, 3 + length)[None]
    values, _ = sites.capture(lambda: model(ids))
    assert torch.equal(values[0], model.table(ids))
    assert torch.equal(values[1][:, 1:], model.table(ids)[:, :-1])


def test_module_without_a_look_up_is_refused() -> None:
    class OneHot(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(VOCABULARY, LABELS)

        def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
            return self.head(nn.functional.one_hot(input_ids, VOCABULARY).float().mean(1))

    with pytest.raises(UnsupportedModelError, match="OneHot.*torch.nn.Embedding"):
        sites_of(made(OneHot))


@pytest.mark.parametrize(
    "ids",
    [torch.ones(1, 6, dtype=torch.long), torch.arange(6)[None], torch.tensor([[4, 5]]), torch.rand(1, 6)],
)
def test_ids_that_could_be_positions_or_a_mask_are_refused(ids: torch.Tensor) -> None:
    with pytest.raises(InputError, match="token"):
        find_sites(made(Classifier), lambda: None, ids)


def test_call_past_the_hooks_is_no_site() -> None:
    class Direct(Classifier):
        def look_up(self, ids: torch.Tensor) -> torch.Tensor:
            return self.table.forward(ids)

    with pytest.raises(UnsupportedModelError):
        sites_of(made(Direct))


# ---------------------------------------------------------------- capturing and replacing


def test_captured_values_are_the_output_of_the_embedding_layer() -> None:
    model = made(BertLogits)
    values, logits = sites_of(model).capture(lambda: model(IDS))
    assert torch.equal(values[0], model.model.get_input_embeddings()(IDS))
    assert torch.equal(logits, model(IDS))


def test_captured_values_are_those_before_a_change_in_place() -> None:
    model = made(InPlace)
    values, _ = sites_of(model).capture(lambda: model(IDS))
    assert torch.equal(values[0], model.table(IDS))


@every_kind
def test_captured_values_put_back_give_the_plain_logits(kind: Callable[[], nn.Module]) -> None:
    model = made(kind)
    sites = sites_of(model)
    values, plain = sites.capture(lambda: model(IDS))
    with sites.replaced(values):
        assert_close(model(IDS), plain)
    with sites.scaled(1.0):
        assert_close(model(IDS), plain)


@every_kind
def test_values_of_one_text_make_its_prediction_from_another(kind: Callable[[], nn.Module]) -> None:
    model, other = made(kind), IDS.flip(1) + 1
    sites = sites_of(model)
    values, plain = sites.capture(lambda: model(IDS))
    assert_apart(model(other), plain)
    with sites.replaced(values):
        assert_close(model(other), plain)


def test_every_forward_inside_the_context_uses_the_values() -> None:
    model = made(SharedTable)
    sites = sites_of(model)
    zeros = [torch.zeros_like(value) for value in sites.capture(lambda: model(IDS))[0]]
    with sites.replaced(zeros):
        first = model(IDS)
        model.mix.register_forward_pre_hook(_raise_once())
        with pytest.raises(InterruptedError):
            model(IDS)
        assert torch.equal(model(IDS), first)
    assert_apart(model(IDS), first)


def _raise_once() -> Callable[..., None]:
    left = [InterruptedError]

    def hook(*_: Any) -> None:
        if left:
            raise left.pop()

    return hook


def test_rows_are_scaled_by_their_own_factors() -> None:
    model = made(SharedTable)
    sites = sites_of(model)
    with sites.scaled(torch.tensor([1.0, 0.25])):
        both = model(IDS.repeat(2, 1))
    with sites.scaled(0.25):
        quarter = model(IDS)
    assert_close(both, torch.cat([model(IDS), quarter]))


@pytest.mark.parametrize("values", [[], [torch.zeros(2, 6, WIDTH)], [torch.zeros(1, 5, WIDTH)]])
def test_values_that_do_not_fit_are_refused(values: List[torch.Tensor]) -> None:
    model = made(Classifier)
    sites = sites_of(model)
    with pytest.raises(InputError, match="tensors are needed|have shape"), sites.replaced(values):
        model(IDS)
    with pytest.raises(InputError, match="tensors are needed|have shape"):
        sites.gradients(lambda: model(IDS), second_class, values)


def test_site_that_is_not_reached_is_an_error() -> None:
    model = made(Classifier)
    sites = sites_of(model)
    with pytest.raises(UnsupportedModelError, match="'table'.*was not reached"):
        sites.capture(lambda: None)


# ---------------------------------------------------------------- gradients


@every_kind
def test_gradient_equals_central_differences(kind: Callable[[], nn.Module]) -> None:
    model = made(kind).double()
    sites = sites_of(model)
    result = sites.gradients(lambda: model(IDS), second_class)
    for index, value in enumerate(result.values):
        step = 1e-6 * torch.randn(value.shape, generator=torch.Generator().manual_seed(0), dtype=value.dtype)
        scores = []
        for sign in (1, -1):
            moved = list(result.values)
            moved[index] = value + sign * step
            with torch.no_grad(), sites.replaced(moved):
                scores.append(second_class(model(IDS)))
        slope = (result.gradients[index] * step).sum()
        assert slope.abs() > 0
        assert_close((scores[0] - scores[1]) / 2, slope[None])


def test_points_of_a_path_in_one_batch_give_what_they_give_alone() -> None:
    model = made(SharedTable)
    sites, ids = sites_of(model), torch.cat([IDS, IDS.flip(1)])
    values, _ = sites.capture(lambda: model(ids))
    points = [[v * t for v in values] for t in (0.2, 0.7, 1.0)]
    together = sites.gradients(
        lambda: model(ids.repeat(3, 1)), second_class, [torch.cat(at_site) for at_site in zip(*points)]
    )
    alone = [sites.gradients(lambda: model(ids), second_class, point) for point in points]
    for index in range(len(sites)):
        expected = torch.cat([result.gradients[index] for result in alone])
        assert_close(together.gradients[index], expected)
    assert_close(together.score, torch.cat([result.score for result in alone]))


def test_values_scores_and_gradients_come_detached() -> None:
    model = made(Classifier)
    result = sites_of(model).gradients(lambda: model(IDS), second_class)
    assert not any(tensor.requires_grad for tensor in [*result.gradients, *result.values, result.score])
    assert torch.equal(result.score, model(IDS)[:, 1])
    assert torch.equal(result.values[0], model.table(IDS))


def test_inference_mode_of_the_caller_does_no_harm() -> None:
    model = made(BertLogits)
    sites = sites_of(model)
    expected = sites.gradients(lambda: model(IDS), second_class)
    with torch.inference_mode():
        values, _ = sites.capture(lambda: model(IDS))
        result = sites.gradients(lambda: model(IDS), second_class, values)
    assert_close(result.gradients[0], expected.gradients[0])


def test_forward_that_switches_gradients_off_is_refused() -> None:
    model = made(Classifier)
    with pytest.raises(InputError, match="no_grad"):
        sites_of(model).gradients(torch.no_grad()(lambda: model(IDS)), second_class)


def test_gradient_that_is_not_finite_is_refused() -> None:
    model = made(Classifier)
    sites = sites_of(model)
    with pytest.raises(UnsupportedModelError, match="gradients of the score at 'table' are not finite .NaN."):
        sites.gradients(lambda: model(IDS), lambda logits: (logits[:, 1] * 0).sqrt())


def test_bfloat16_model_is_explained_in_float32() -> None:
    model = made(Classifier)
    expected = sites_of(model).gradients(lambda: model(IDS), second_class)
    model.to(torch.bfloat16)
    sites = sites_of(model)
    values, _ = sites.capture(lambda: model(IDS))
    result = sites.gradients(lambda: model(IDS), second_class, values)
    assert {t.dtype for t in [*values, *result.values, *result.gradients, result.score]} == {torch.float32}
    assert_close(result.gradients[0], expected.gradients[0], rtol=0.05)


# ---------------------------------------------------------------- verifying


@every_kind
def test_ordinary_models_are_verified(kind: Callable[[], nn.Module]) -> None:
    model = made(kind)
    sites_of(model).verify(lambda: model(IDS), identity)


def test_model_whose_prediction_is_random_is_refused() -> None:
    class Random(Classifier):
        def look_up(self, ids: torch.Tensor) -> torch.Tensor:
            return self.table(ids) + torch.randn(WIDTH)

    model = made(Random)
    with pytest.raises(UnsupportedModelError, match="Random.*not deterministic"):
        sites_of(model).verify(lambda: model(IDS), identity)


@pytest.mark.parametrize(
    ("cut", "message"),
    [(lambda v: v.detach() + v * 0, "any of the tokens"), (lambda v: v[:, :1], "all but one of the tokens")],
)
def test_model_that_does_not_look_at_its_text_is_refused(cut: Callable[[Any], Any], message: str) -> None:
    class Cut(Classifier):
        def look_up(self, ids: torch.Tensor) -> torch.Tensor:
            return cut(self.table(ids))

    model = made(Cut)
    with pytest.raises(UnsupportedModelError, match=f"Cut has no gradient at {message}"):
        sites_of(model).verify(lambda: model(IDS), identity)


# ---------------------------------------------------------------- mapping to tokens


def test_maps_of_the_sites_keep_their_total() -> None:
    model = made(AppendsColumns)
    sites = sites_of(model)
    result = sites.gradients(lambda: model(IDS), second_class)
    tokens, rest = sites.to_tokens(result.gradients, IDS.shape[1])
    assert tokens.shape == (1, 6, WIDTH)
    assert rest.shape == (1, WIDTH)
    assert rest.abs().sum() > 0
    assert_close(tokens.sum(1) + rest, result.gradients[0].sum(1))


def test_shifted_sites_score_the_token_they_read() -> None:
    sites = sites_of(made(SharedTable))
    encoder = torch.tensor([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
    decoder = torch.tensor([[100.0, 10.0, 20.0, 30.0, 40.0, 50.0]])
    tokens, rest = sites.to_tokens([encoder, decoder], 6)
    assert tokens.tolist() == [[11.0, 22.0, 33.0, 44.0, 55.0, 6.0]]
    assert rest.tolist() == [100.0]


def test_transposed_site_gives_gradients_batch_first() -> None:
    model, ids = made(Transposed), torch.cat([IDS, IDS.flip(1), IDS + 1])
    result = sites_of(model).gradients(lambda: model(ids), second_class)
    assert result.gradients[0].shape == (3, 6, WIDTH)
    alone = sites_of(model).gradients(lambda: model(ids[1:2]), second_class)
    assert_close(result.gradients[0][1:2], alone.gradients[0])


# ---------------------------------------------------------------- leaving no trace


def state(model: nn.Module) -> Dict[str, Any]:
    """All that must be as it was: hooks, own attributes, modes, gradients, random numbers, global switches."""
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks")
    return {
        "hooks": [len(getattr(module, name)) for module in model.modules() for name in hooks],
        "attributes": [sorted(module.__dict__) for module in model.modules()],
        "training": [module.training for module in model.modules()],
        "requires_grad": [parameter.requires_grad for parameter in model.parameters()],
        "grad": [None if p.grad is None else p.grad.tolist() for p in model.parameters()],
        "weights": [parameter.tolist() for parameter in model.parameters()],
        "random": torch.get_rng_state().tolist(),
        "grad mode": torch.is_grad_enabled(),
        "config": str(getattr(model, "config", "")),
    }


class Interruption(RuntimeError):
    pass


@pytest.mark.parametrize("error", [None, Interruption, KeyboardInterrupt])
@pytest.mark.parametrize("action", ["find", "capture", "replace", "gradients", "verify"])
def test_model_and_process_are_as_before(action: str, error: Optional[type]) -> None:
    model = made(SharedTable)
    sites = sites_of(model)
    # A state that nothing must flatten: half in training, half frozen, one gradient, one patched forward.
    model.mix.train()
    model.dropout.train()
    model.head.weight.requires_grad_(False)
    model.mix.weight.grad = torch.ones_like(model.mix.weight)
    patched = model.encoder.forward
    model.encoder.forward = patched
    before = state(model)
    broken = error is not None

    class Broken(nn.Module):
        def forward(self, *args: Any) -> Any:
            raise error

    def run() -> torch.Tensor:
        head, model.head = model.head, Broken() if broken else model.head
        try:
            return model(IDS)
        finally:
            model.head = head

    values, _ = sites.capture(lambda: model(IDS))

    def act() -> None:
        if action == "find":
            find_sites(model, run, IDS)
        elif action == "capture":
            sites.capture(run)
        elif action == "replace":
            with sites.replaced(values):
                run()
        elif action == "gradients":
            sites.gradients(run, second_class, values)
        else:
            sites.verify(run, identity)

    if broken:
        with pytest.raises(error):
            act()
    else:
        act()
    assert state(model) == before
    assert model.encoder.__dict__["forward"] is patched


def test_dropout_is_off_while_explaining_a_model_in_training() -> None:
    model = made(Classifier)
    expected = model(IDS)
    model.train()
    _, logits = sites_of(model).capture(lambda: model(IDS))
    assert torch.equal(logits, expected)
    assert model.dropout.training


def test_other_threads_see_the_plain_model() -> None:
    model = made(Classifier)
    sites, plain, seen = sites_of(model), model(IDS), []
    with sites.scaled(0.0):
        other = threading.Thread(target=lambda: seen.append(model(IDS)))
        other.start()
        other.join()
        assert_apart(model(IDS), plain)
    assert torch.equal(seen[0], plain)


def test_reformer_leaves_random_numbers_and_gradients_alone() -> None:
    model = builder.build("reformer")
    inputs = builder.batch(model, [9])
    sites = find_sites(model, lambda: builder.logits(model, inputs), inputs["input_ids"])
    parameter = next(model.reformer.encoder.layers.parameters())
    parameter.grad = torch.ones_like(parameter)
    before = state(model)
    first = sites.gradients(lambda: builder.logits(model, inputs), second_class)
    second = sites.gradients(lambda: builder.logits(model, inputs), second_class)
    assert state(model) == before
    assert torch.equal(first.gradients[0], second.gradients[0]), "one fixed hash"


class Refusing(torch.autograd.Function):
    """A layer that cannot be differentiated, as some kernels and ways of saving memory."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        return x.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("no backward pass here")


def test_a_model_that_torch_cannot_differentiate_is_refused_in_a_sentence() -> None:
    class Undifferentiated(Classifier):
        def forward(self, *arguments: Any, **options: Any) -> torch.Tensor:
            return Refusing.apply(super().forward(*arguments, **options))

    model = made(Undifferentiated)
    sites = find_sites(model, lambda: model(IDS), IDS)
    with pytest.raises(UnsupportedModelError, match="Undifferentiated cannot be differentiated .*: no backward pass here"):
        sites.gradients(lambda: model(IDS), lambda logits: logits[:, 1])


# ---------------------------------------------------------------- what is known of architectures


def test_a_decoder_without_pad_token_is_explained_in_a_twin_that_has_one() -> None:
    model = builder.build("gpt2")
    model.config.pad_token_id = None
    several = {"input_ids": torch.tensor([[4, 6, 0], [7, 8, 9]])}
    alone = builder.logits(model, {"input_ids": several["input_ids"][1:]})
    with explaining(model) as twin:
        assert_close(builder.logits(twin, several)[1:], alone, rtol=BATCHED)
        assert model.config.pad_token_id is None
        model.config.pad_token_id = 3
        assert twin.config.pad_token_id == architectures.NO_TOKEN
    assert model.config.pad_token_id == 3


def test_caveats_are_found_inside_other_modules() -> None:
    wrapped = nn.Sequential(builder.build("yoso"))
    assert ["surrogate" in sentence for sentence in architectures.caveats(wrapped)] == [True]
    assert "hashes" in architectures.leak_of(wrapped)


def test_plain_modules_have_no_caveats() -> None:
    model = made(Classifier)
    assert architectures.leak_of(model) == ""
    assert architectures.caveats(model) == ()


class Recomputed(nn.Module):
    """Checkpoints in the way that gives gradients to `backward()` alone."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.head = nn.Embedding(40, 8), nn.Linear(8, 3)

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        from torch.utils.checkpoint import checkpoint

        return checkpoint(self.head, self.table(input_ids).tanh(), use_reentrant=True).mean(1)


class Hard(Recomputed):
    """Has steps alone."""

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        return self.head((self.table(input_ids) > 0).float().mean(1))


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [(Recomputed, "Recomputed cannot be differentiated .*: let it checkpoint with use_reentrant"), (Hard, "Hard has no grad")],
)
def test_a_backward_pass_that_fails_is_an_error_of_ours(kind: Any, sentence: str) -> None:
    ids = torch.tensor([[5, 9, 7, 20]])
    with explaining(kind()) as model:
        sites = find_sites(model, lambda: model(ids), ids)
        with pytest.raises(UnsupportedModelError, match=sentence):
            sites.verify(lambda: model(ids), lambda logits: logits)
