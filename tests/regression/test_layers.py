"""What a layer gives was laid to the wrong tokens.

At a layer of a decoder that is fed the text shifted right, every score stood one token too late; at a layer of XLNet,
which works on (tokens, batch), there was none; special tokens that were to be kept had scores; and a module that returns
an output object was said to give nothing. Tests of layers knew encoders alone.
"""

from types import SimpleNamespace
from typing import Any, List, Optional

import numpy as np
import pytest
import torch
from architectures import builder
from closeness import DOUBLE, assert_close
from interpreters import tiny

from eli5_transformers import attribute, load_predictor
from eli5_transformers.errors import InputError

TEXT = "not good at all but the food was great"
LAYERS = {
    "bert": ("bert.encoder.layer.0", "bert.embeddings", "bert.encoder"),
    "bart": ("model.encoder.layers.0", "model.decoder.layers.0", "model.decoder.layernorm_embedding", "model.decoder"),
    "t5": ("transformer.encoder.block.0", "transformer.decoder.block.0"),
    "xlnet": ("transformer.layer.0", "transformer.word_embedding"),
    "gpt2": ("transformer.h.0",),
}
KNOWN = builder.architectures()
"""Old releases of transformers classify with fewer."""
CASES = [(kind, layer) for kind, layers in LAYERS.items() if kind in KNOWN for layer in layers]
every_layer = pytest.mark.parametrize(("architecture", "layer"), CASES)


def only(predictor: Any, interpreter: str = "integrated-gradients", **options: Any) -> Any:
    ((found,),) = attribute(predictor, TEXT, interpreter=interpreter, targets=1, **options)
    return found


class Experiment:
    """The logit when the vectors at some tokens of a layer are those that the layer makes of a text of baselines."""

    def __init__(self, predictor: Any, layer: str) -> None:
        self.predictor = predictor
        self.module = predictor._model.get_submodule(f"transformer.{layer}")
        instance = predictor._dataset_reader.text_to_instance(TEXT)
        (self.tensors,) = predictor._tensors([instance])["tokens"].values()
        self.shift = int("decoder" in layer)
        self.transposed = predictor._model.config.model_type == "xlnet"
        self.own = self._run(self.tensors["token_ids"])
        other = self.tensors["token_ids"].clone()
        other[:, self._words()] = predictor._dataset_reader.tokenizer.mask_token_id
        self.other = self._run(other)

    def logit(self, tokens: List[int]) -> float:
        vectors = self.own.vectors.clone()
        places = torch.tensor(tokens, dtype=torch.long) + self.shift
        places = places[places < vectors.shape[1]]
        vectors[:, places] = self.other.vectors[:, places]
        return self._run(self.tensors["token_ids"], vectors).logits[0, 1].item()

    def _words(self) -> List[int]:
        special = set(self.predictor._dataset_reader.tokenizer.all_special_ids)
        return [place for place, token in enumerate(self.tensors["token_ids"][0].tolist()) if token not in special]

    def _run(self, ids: torch.Tensor, put_in: Optional[torch.Tensor] = None) -> Any:
        seen = []

        def hook(module: Any, arguments: Any, result: Any) -> Any:
            tensor = result if isinstance(result, torch.Tensor) else result[0]
            seen.append(tensor.transpose(0, 1) if self.transposed else tensor)
            if put_in is None:
                return None
            put = put_in.transpose(0, 1) if self.transposed else put_in
            if isinstance(result, torch.Tensor):
                return put
            if isinstance(result, tuple):
                return (put, *result[1:])
            result[next(iter(result))] = put
            return result

        handle = self.module.register_forward_hook(hook)
        try:
            with torch.no_grad():
                logits = self.predictor._model(tokens={"tokens": {**self.tensors, "token_ids": ids}})["logits"]
        finally:
            handle.remove()
        return SimpleNamespace(logits=logits, vectors=seen[0])


@every_layer
def test_occlusion_at_a_layer_is_the_experiment_at_it(architecture: str, layer: str) -> None:
    predictor = tiny.predictor(architecture, double=True)
    experiment = Experiment(predictor, layer)
    found = only(predictor, "occlusion", layer=layer, unit="token", baseline="mask")
    expected = [
        0.0 if special else experiment.logit([]) - experiment.logit([token])
        for token, special in enumerate(found.tokens.special)
    ]
    assert_close(found.scores, np.array(expected), DOUBLE, scale=1.0)
    assert_close(found.baseline_score, experiment.logit([t for t, s in enumerate(found.tokens.special) if not s]), DOUBLE)


@every_layer
@pytest.mark.parametrize("keep_special", [True, False])
def test_integrated_gradients_at_a_layer_sum_to_the_difference(
    architecture: str, layer: str, keep_special: bool
) -> None:
    predictor = tiny.predictor(architecture, double=True)
    found = only(predictor, layer=layer, keep_special=keep_special, tolerance=1e-4, max_evaluations=5000)
    whole = only(predictor, n_steps=1)
    assert_close(found.score, whole.score, DOUBLE)
    assert found.relative_delta <= 1e-3 or found.notes
    if keep_special:
        assert not found.scores[np.array(found.tokens.special)].any()


@every_layer
def test_a_layer_in_chunks_gives_what_it_gives_at_once(architecture: str, layer: str) -> None:
    predictor = tiny.predictor(architecture, double=True)
    texts = [TEXT, "never again would you buy it in any case"]
    for method in ("occlusion", "smoothgrad"):
        one, many = (
            [
                found.scores
                for (found,) in attribute(
                    predictor, texts, interpreter=method, targets=1, layer=layer, internal_batch_size=size
                )
            ]
            for size in (1, 64)
        )
        for own, other in zip(one, many):
            assert_close(own, other, DOUBLE, scale=1.0)


def test_vectors_that_are_given_for_a_layer_leave_special_tokens_as_they_are() -> None:
    predictor = tiny.predictor("bart", double=True)
    width = predictor.sites.sites[0].width
    found = only(predictor, layer="model.decoder.layers.0", baseline=np.ones(width))
    assert not found.scores[np.array(found.tokens.special)].any()
    assert found.scores[1]


def test_a_layer_that_reaches_the_prediction_through_special_tokens_alone_says_so() -> None:
    found = only(tiny.predictor("bert"), "gradient-x-input", layer="bert.encoder.layer.1")
    assert not found.scores.any()
    assert any("keep_special=False" in note for note in found.notes)
    assert only(tiny.predictor("bert"), "gradient-x-input", layer="bert.encoder.layer.1", keep_special=False).scores.any()


class Outputs(torch.nn.Module):
    """A layer whose output is wrapped in some way."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, vectors: torch.Tensor) -> Any:
        from transformers.modeling_outputs import BaseModelOutput

        vectors = vectors.tanh()
        return {
            "tuple": lambda: (None, vectors, 3),
            "list": lambda: [vectors],
            "dict": lambda: {"states": vectors},
            "object": lambda: BaseModelOutput(last_hidden_state=vectors, attentions=(vectors,)),
        }[self.kind]()


class Wrapped(tiny.Linear):
    def __init__(self, kind: str) -> None:
        super().__init__(100)
        self.block = Outputs(kind)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        result = self.block(self.table(input_ids))
        vectors = {
            "tuple": lambda: result[1],
            "list": lambda: result[0],
            "dict": lambda: result["states"],
            "object": lambda: result.last_hidden_state,
        }[self.block.kind]()
        return self.head((vectors * attention_mask[:, :, None]).sum(1))


@pytest.mark.parametrize("kind", ["tuple", "list", "dict", "object"])
def test_the_vectors_in_an_output_of_any_form_are_scored_by_the_linear_layer_above(kind: str) -> None:
    torch.manual_seed(3)
    own = tiny.tokenizer(100, {"pad": 0, "unk": 1, "mask": 2, "cls": 3, "sep": 4})
    model = Wrapped(kind)
    predictor = load_predictor(model, tokenizer=own, labels=list(tiny.LABELS))
    found = only(predictor, layer="block", baseline="zero", keep_special=False)
    ids = own(TEXT)["input_ids"]
    with torch.no_grad():
        expected = model.table(torch.tensor(ids)).tanh() @ model.head.weight[1]
        at_zero = torch.zeros(model.table.embedding_dim).tanh() @ model.head.weight[1]
    assert_close(found.scores, (expected - at_zero).numpy())


def test_a_layer_with_more_positions_than_the_look_up_is_refused() -> None:
    class Prefixed(tiny.Linear):
        def __init__(self) -> None:
            super().__init__(100)
            self.block = torch.nn.Tanh()

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            vectors = self.table(input_ids)
            return self.head(self.block(torch.cat([vectors[:, :2] * 0 + 1, vectors], 1)).mean(1))

    torch.manual_seed(3)
    own = tiny.tokenizer(100, {"pad": 0, "unk": 1, "mask": 2, "cls": 3, "sep": 4})
    predictor = load_predictor(Prefixed(), tokenizer=own, labels=list(tiny.LABELS))
    with pytest.raises(InputError, match="cannot be attributed to tokens"):
        only(predictor, layer="block")
