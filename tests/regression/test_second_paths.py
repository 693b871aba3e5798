"""Token ids reached the prediction past the look-ups that were explained, and nothing was said.

A bag of words beside an embedding, a table that is read by `torch.nn.functional.embedding`, or the delta of an adapter on
the embedding: with the vectors of the look-ups put in by hand and the same ids the
prediction was the same, which was taken for a proof. Scores left out what went the other way.
"""

from typing import Any, Optional

import numpy as np
import pytest
import torch
from closeness import assert_apart, assert_close
from interpreters import tiny
from stacks import on_current
from torch import nn
from torch.nn import functional

from eli5_transformers import attribute, load_predictor
from eli5_transformers.errors import UnsupportedModelError

SPECIAL = {"pad": 0, "unk": 1, "mask": 2, "cls": 3, "sep": 4}
WIDTH = 6


class Deep(nn.Module):
    """An embedding, and what else a subclass reads of the ids."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(100, WIDTH)
        self.head = nn.Linear(WIDTH, 3)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        vectors = self.table(input_ids).tanh()
        return self.head((vectors * attention_mask[:, :, None]).sum(1)) + self.beside(input_ids)

    def beside(self, ids: torch.Tensor) -> Any:
        return 0.0


class Bag(Deep):
    def __init__(self) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag(100, 3, mode="sum")

    def beside(self, ids: torch.Tensor) -> torch.Tensor:
        return self.bag(ids)


class ByFunction(Bag):
    def beside(self, ids: torch.Tensor) -> torch.Tensor:
        return functional.embedding(ids, self.bag.weight).sum(1)


class OneHot(Bag):
    def beside(self, ids: torch.Tensor) -> torch.Tensor:
        return functional.one_hot(ids, 100).float().mean(1) @ self.bag.weight


class Keyword(Deep):
    """Looks whether a token's number is even."""

    def beside(self, ids: torch.Tensor) -> torch.Tensor:
        return (ids % 2).float().mean(1, keepdim=True)


class WithoutModule(Deep):
    """An encoder that looks its tokens up by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.table = Mixing()


class Mixing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(100, WIDTH))
        self.rnn = nn.GRU(WIDTH, WIDTH, batch_first=True)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.rnn(functional.embedding(ids, self.weight))[0]


class Adapted(nn.Module):
    """PEFT's `lora.Embedding`: calls the layer that it wraps, and adds a look-up of its own by a function."""

    def __init__(self, base_layer: nn.Module) -> None:
        super().__init__()
        self.base_layer = base_layer
        self.lora_embedding_A = nn.Parameter(torch.randn(2, 100))
        self.lora_embedding_B = nn.Parameter(torch.randn(WIDTH, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result = self.base_layer(x)
        return result + functional.embedding(x, self.lora_embedding_A.T) @ self.lora_embedding_B.T


def predictor_of(module: nn.Module) -> Any:
    return load_predictor(module.eval(), tokenizer=tiny.tokenizer(100, SPECIAL), labels=list(tiny.LABELS))


def made(kind: Any) -> nn.Module:
    torch.manual_seed(3)
    return kind()


@pytest.mark.parametrize("kind", [Bag, ByFunction, OneHot, Keyword])
@pytest.mark.parametrize("interpreter", ["occlusion", "integrated-gradients", "simple-gradient"])
def test_a_model_that_reads_its_ids_in_another_way_is_refused(kind: Any, interpreter: str) -> None:
    with pytest.raises(UnsupportedModelError, match=f"{kind.__name__} reads more of its token ids .*'transformer.table'"):
        attribute(predictor_of(made(kind)), tiny.TEXTS[0], interpreter=interpreter)


def test_a_model_that_reads_its_ids_in_another_way_still_predicts() -> None:
    predictor = predictor_of(made(Bag))
    assert len(predictor.predict_batch_json(tiny.inputs())) == len(tiny.TEXTS)
    assert predictor.predict_proba(list(tiny.TEXTS)).shape == (len(tiny.TEXTS), 3)


def test_a_module_that_mixes_the_tokens_is_no_look_up() -> None:
    with pytest.raises(UnsupportedModelError, match="turns the token ids into vectors"):
        attribute(predictor_of(made(WithoutModule)), tiny.TEXTS[0])


@pytest.mark.parametrize("times", [1, 2])
def test_an_adapter_on_the_embedding_is_explained_whole(times: int) -> None:
    module = made(Deep)
    for _ in range(times):
        module.table = Adapted(module.table)
    predictor = predictor_of(module)
    (site,) = predictor.sites.sites
    assert site.name == "transformer.table"
    ((found,),) = attribute(predictor, tiny.TEXTS[0], interpreter="occlusion", targets=1, unit="token", baseline="mask")
    ids = predictor._dataset_reader.tokenizer(tiny.TEXTS[0], return_tensors="pt")["input_ids"]

    def logit(hidden: Optional[int] = None) -> float:
        other = ids.clone()
        if hidden is not None:
            other[0, hidden] = SPECIAL["mask"]
        with torch.no_grad():
            return module(other, torch.ones_like(other))[0, 1].item()

    special = found.tokens.special
    expected = [0.0 if special[place] else logit() - logit(place) for place in range(ids.shape[1])]
    assert_close(found.scores, np.array(expected))


def test_an_adapter_that_is_added_later_is_seen() -> None:
    module = made(Deep)
    predictor = predictor_of(module)
    assert predictor.sites.sites[0].name == "transformer.table"
    module.table = Adapted(module.table)
    ((found,),) = attribute(predictor, tiny.TEXTS[0], interpreter="integrated-gradients", targets=1, tolerance=1e-3)
    assert predictor.sites.sites[0].name == "transformer.table"
    assert found.relative_delta < 2e-3


def test_an_embedding_with_an_adapter_in_an_encoder_decoder_is_explained_whole() -> None:
    from architectures import builder

    model = builder.build("bart")
    for part in (model.model.encoder, model.model.decoder):
        table = part.embed_tokens
        adapter = Adapted(table)
        adapter.lora_embedding_A = nn.Parameter(torch.randn(2, table.num_embeddings))
        adapter.lora_embedding_B = nn.Parameter(torch.randn(table.embedding_dim, 2))
        part.embed_tokens = adapter
    special = {"pad": model.config.pad_token_id, "unk": 10, "mask": 11, "cls": 12, "sep": model.config.eos_token_id}
    own = tiny.tokenizer(model.config.vocab_size, special)
    predictor = load_predictor(model, tokenizer=own, labels=list(tiny.LABELS))
    assert [(site.name.rpartition("model.")[2], site.shift) for site in predictor.sites.sites] == [
        ("encoder.embed_tokens", 0),
        ("decoder.embed_tokens", 1),
    ]


class Switched(Adapted):
    """An adapter that may be off, as PEFT's are within `disable_adapter()`."""

    on = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) if self.on else self.base_layer(x)


METHODS = (
    "integrated-gradients", "gradient-x-input", "gradient", "linearization", "occlusion", "smoothgrad",
    pytest.param("captum", marks=on_current),
    {"type": "integrated-gradients", "n_steps": 20},
)  # fmt: skip


@pytest.mark.parametrize("again", [False, True], ids=["the predictor", "the module"])
@pytest.mark.parametrize("interpreter", METHODS, ids=str)
def test_an_adapter_that_is_switched_on_later_is_explained_whole(interpreter: Any, again: bool) -> None:
    module = made(Deep)
    module.table = Switched(module.table)
    predictor = predictor_of(module)
    attribute(predictor, tiny.TEXTS[0], interpreter=interpreter)
    module.table.on = True
    ((found,),) = attribute(
        predictor_of(module) if again else predictor, tiny.TEXTS[0], interpreter=interpreter, targets=1
    )
    fresh = made(Deep)
    fresh.table = Switched(fresh.table)
    fresh.table.on = True
    fresh.load_state_dict(module.state_dict())
    ((expected,),) = attribute(predictor_of(fresh), tiny.TEXTS[0], interpreter=interpreter, targets=1)
    assert_close(found.scores, expected.scores)
    module.table.on = False
    ((off,),) = attribute(predictor, tiny.TEXTS[0], interpreter=interpreter, targets=1)
    assert_apart(off.scores, found.scores)


class Rare(Deep):
    """Looks for one word."""

    word = tiny.tokenizer(100, SPECIAL)("slow")["input_ids"][1]

    def beside(self, ids: torch.Tensor) -> torch.Tensor:
        return 2.0 * (ids == self.word).any(1, keepdim=True)


@pytest.mark.parametrize("interpreter", METHODS, ids=str)
def test_a_word_that_is_looked_for_is_refused_in_the_texts_that_have_it(interpreter: Any) -> None:
    predictor = predictor_of(made(Rare))
    with_it, without = "the service was very slow", "the food was great"
    found = attribute(predictor, [without, with_it, without], interpreter=interpreter, on_error="skip")
    assert [len(one) for one in found] == [1, 0, 1]
    with pytest.raises(UnsupportedModelError, match="Rare reads more of its token ids"):
        attribute(predictor, with_it, interpreter=interpreter)


def test_looking_for_it_costs_no_pass_where_a_gradient_shows_it() -> None:
    module = made(Deep)
    predictor = predictor_of(module)
    attribute(predictor, tiny.TEXTS[0])
    passes = []
    module.head.register_forward_hook(lambda *_: passes.append(0))
    ((found,),) = attribute(predictor, tiny.TEXTS[0], interpreter="gradient-x-input", internal_batch_size=1, targets=1)
    assert found.evaluations == 1
    assert len(passes) == 3  # the text, its baseline, its gradient


def test_a_forward_that_was_exchanged_is_seen() -> None:
    module = made(Bag)
    beside, module.beside = module.beside, lambda ids: 0.0
    predictor = predictor_of(module)
    attribute(predictor, tiny.TEXTS[0])
    module.beside = beside
    with pytest.raises(UnsupportedModelError, match="Bag reads more of its token ids"):
        attribute(predictor, tiny.TEXTS[0])
