"""Every pass through a model runs as many rows at once as was asked for, and its hooks come off with it."""

import threading

import numpy as np
import pytest
import torch
from closeness import DOUBLE, assert_close
from interpreters import tiny

from eli5_transformers import load_predictor
from eli5_transformers.components.explained_predictors import explained_model
from eli5_transformers.engine.layers import layer_sites
from eli5_transformers.engine.passes import Scorer, TextBatch
from eli5_transformers.errors import UnsupportedModelError
from eli5_transformers.interpreters import attribute
from eli5_transformers.sites.embedding_sites import EmbeddingSites

METHODS = {
    "gradient": {},
    "gradient-x-input": {},
    "integrated-gradients": {},
    "linearization": {},
    "smoothgrad": {"samples": 3},
    "occlusion": {},
    "shapley": {"budget": 40},
}


def rows_of(model, run):
    """How many rows each call of the model had while `run()` ran, the embedding tables' calls included."""
    seen = []
    module = model.transformer
    tables = [m for m in module.modules() if isinstance(m, torch.nn.Embedding)]
    handles = [
        table.register_forward_hook(lambda m, inputs, output: seen.append(len(output)) if output.dim() == 3 else None)
        for table in tables
    ]
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()
    return seen


# An encoder-decoder runs its encoder to reach the decoder's look-up.
@pytest.mark.parametrize(("architecture", "layer"), [("bert", False), ("bert", True), ("bart", False)])
@pytest.mark.parametrize("method", METHODS)
def test_no_pass_of_any_method_runs_more_rows_than_the_internal_batch_size(architecture, layer, method):
    predictor = tiny.predictor(architecture)
    texts = tiny.inputs(*["we had to wait long"] * 5)
    blocks = [name for name, _ in predictor._model.named_modules() if name.endswith(("layers.0", "layer.0"))]
    options = {**METHODS[method], "layer": blocks[0] if layer else None}
    assert predictor.sites  # found before: tracing is not a pass over the texts
    seen = rows_of(
        predictor._model, lambda: attribute(predictor, texts, method, internal_batch_size=2, **options)
    )
    assert seen
    assert max(seen) <= 2


def test_gradients_through_chunks_are_those_of_one_chunk():
    predictor = tiny.predictor("bert", double=True)
    one, all_at_once = (
        [a.scores for (a,) in attribute(predictor, tiny.inputs(), "gradient-x-input", internal_batch_size=size)]
        for size in (1, 50)
    )
    for own, other in zip(one, all_at_once):
        assert_close(own, other, DOUBLE)


def test_hooks_are_gone_while_the_error_of_a_pass_is_being_handled():
    predictor = tiny.predictor("bert")
    scorer = Scorer(explained_model(predictor))
    texts = [scorer.explained.encode(one) for one in tiny.inputs()]

    def at(rows):
        raise RuntimeError("no point")

    with scorer.session():
        batch = TextBatch(scorer, range(len(texts)), texts)
        with pytest.raises(RuntimeError, match="no point"):
            batch.forward([0], at)
        hooked = [m for m in predictor._model.modules() if m._forward_hooks or m._forward_pre_hooks]
    assert hooked == []


def test_looking_up_other_tokens_runs_no_layer_above_the_embeddings():
    predictor = tiny.predictor("bert")
    scorer = Scorer(explained_model(predictor), internal_batch_size=2)
    texts = [scorer.explained.encode(one) for one in tiny.inputs()]
    (block,) = [m for name, m in predictor._model.named_modules() if name.endswith("layer.0")]
    ran = []
    with scorer.session():
        batch = TextBatch(scorer, range(len(texts)), texts)
        handle = block.register_forward_hook(lambda *arguments: ran.append(1))
        try:
            (found,) = batch.look_up(torch.full_like(batch.ids, 25))
        finally:
            handle.remove()
    table = predictor._model.get_submodule(predictor.sites.sites[0].name)
    assert not ran
    assert torch.equal(found, table.weight[25].detach().expand_as(found))


def test_a_layer_is_found_while_another_thread_runs_the_model():
    predictor = tiny.predictor("bert")
    explained = explained_model(predictor)
    (name,) = [name for name, _ in predictor._model.named_modules() if name.endswith("layer.0")]
    text = explained.encode({"sentence": "i love it"})
    elsewhere = threading.Thread(target=lambda: explained.model(**explained.tensors([text])))
    first = threading.get_ident()

    def interrupt(module, arguments):
        if threading.get_ident() == first:
            elsewhere.start()
            elsewhere.join()

    handle = predictor._model.transformer.register_forward_pre_hook(interrupt)
    try:
        (site,) = layer_sites(explained, name, text).sites
    finally:
        handle.remove()
    assert site.name == name


def test_a_module_that_is_given_again_and_again_is_traced_once(monkeypatch):
    model = tiny.Linear(100)
    own = tiny.tokenizer(100, {"pad": 0, "unk": 1, "mask": 2, "cls": 3, "sep": 4})
    verified = []
    original = EmbeddingSites.verify
    monkeypatch.setattr(EmbeddingSites, "verify", lambda self, *rest: verified.append(1) or original(self, *rest))
    for _ in range(3):
        predictor = load_predictor(model, tokenizer=own, labels=list(tiny.LABELS))
        attribute(predictor, tiny.inputs("i love it"), "gradient-x-input")
    assert verified == [1]


def test_a_module_whose_embeddings_were_exchanged_is_traced_anew():
    model = tiny.Linear(100)
    own = tiny.tokenizer(100, {"pad": 0, "unk": 1, "mask": 2, "cls": 3, "sep": 4})
    first = load_predictor(model, tokenizer=own, labels=list(tiny.LABELS))
    attribute(first, tiny.inputs("i love it"), "gradient-x-input")
    model.table = torch.nn.Embedding(120, 6)
    for predictor in (first, load_predictor(model, tokenizer=own, labels=list(tiny.LABELS))):
        ((found,),) = attribute(predictor, tiny.inputs("i love it"), "integrated-gradients")
        ids = torch.as_tensor(explained_model(predictor).encode({"sentence": "i love it"}).ids)
        baseline = model.table.weight[2]  # the mask
        expected = ((model.table(ids) - baseline) @ model.head.weight[found.target]).detach().numpy()
        kept = np.array(found.tokens.special)
        assert_close(found.scores[~kept], expected[~kept])


def test_a_module_in_which_another_one_calls_the_embeddings_is_traced_anew(monkeypatch):
    class Caller(torch.nn.Module):
        def __init__(self, table):
            super().__init__()
            self.inner = table

        def forward(self, ids):
            return self.inner(ids)

    model = tiny.Linear(100)
    model.table = Caller(model.table)
    own = tiny.tokenizer(100, {"pad": 0, "unk": 1, "mask": 2, "cls": 3, "sep": 4})
    verified = []
    original = EmbeddingSites.verify
    monkeypatch.setattr(EmbeddingSites, "verify", lambda self, *rest: verified.append(1) or original(self, *rest))
    predictor = load_predictor(model, tokenizer=own, labels=list(tiny.LABELS))
    assert predictor.sites is predictor.sites
    model.table = Caller(model.table.inner)
    for again in (predictor, load_predictor(model, tokenizer=own, labels=list(tiny.LABELS))):
        attribute(again, tiny.inputs("i love it"), "gradient-x-input")
    assert verified == [1, 1]


def test_remembering_look_ups_keeps_no_module_alive():
    import gc
    import weakref

    model = tiny.Linear(100)
    own = tiny.tokenizer(100, {"pad": 0, "unk": 1, "mask": 2, "cls": 3, "sep": 4})
    attribute(load_predictor(model, tokenizer=own, labels=list(tiny.LABELS)), tiny.inputs("i love it"), "gradient")
    reference = weakref.ref(model)
    del model
    gc.collect()
    assert reference() is None


def test_a_model_without_look_ups_is_refused_by_the_name_of_its_own_class():
    class Deaf(tiny.Linear):
        def forward(self, input_ids, attention_mask):
            return super().forward(torch.zeros_like(input_ids), attention_mask)

    own = tiny.tokenizer(100, {"pad": 0, "unk": 1, "mask": 2, "cls": 3, "sep": 4})
    predictor = load_predictor(Deaf(100), tokenizer=own, labels=list(tiny.LABELS))
    with pytest.raises(UnsupportedModelError, match="Deaf"):
        attribute(predictor, tiny.inputs("i love it"))
