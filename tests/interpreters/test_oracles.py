"""Scores equal those of other implementations and of finite differences."""

from contextlib import contextmanager

import numpy as np
import pytest
import torch
import transformers
from closeness import assert_close
from stacks import needs_captum

from eli5_transformers import interpreters, load_predictor
from eli5_transformers.components.explained_predictors import explained_model
from eli5_transformers.engine.instances import ids_and_mask, with_ids

from . import tiny

try:
    import captum.attr as captum
except ImportError:  # it needs a newer torch than AllenNLP's pins allow
    captum = None
NAMED = ("bert", "roberta", "distilbert", "deberta-v2", "electra", "xlnet", "gpt2", "llama", "t5", "modernbert")
AVAILABLE = [name for name in NAMED if name in tiny.builder.architectures()]
# Captum's layer methods name a module, and want one look-up in each: xlnet's is transposed, and both of t5's are calls of
# one module in transformers 4.
BY_LAYER = [name for name in AVAILABLE if name != "xlnet" and (name != "t5" or transformers.__version__ >= "5")]
STEPS = 20


@contextmanager
def plain_inputs(predictor, text):
    """The HuggingFace model, its inputs, and the ids of the default baseline with special tokens kept."""
    encoded = explained_model(predictor).encode({"sentence": text})
    ids = torch.from_numpy(encoded.ids)[None]
    other = ids.clone()
    other[0, ~torch.tensor(encoded.tokens.special)] = predictor._dataset_reader.tokenizer.mask_token_id
    yield predictor._model.transformer, ids, other


@needs_captum
@pytest.mark.parametrize("name", BY_LAYER)
@pytest.mark.parametrize("method", ["gausslegendre", "riemann_left", "riemann_right", "riemann_middle"])
# Said of models with two look-ups; neither depends on the other.
@pytest.mark.filterwarnings("ignore:Multiple layers provided:UserWarning")
def test_equal_nodes_and_baseline_give_captums_layer_integrated_gradients(name, method):
    predictor, text = tiny.predictor(name, double=True), tiny.TEXTS[0]
    with plain_inputs(predictor, text) as (model, ids, other):
        sites = {site.name.partition(".")[2] for site in predictor.sites.sites}
        layers = [module for path, module in model.named_modules() if path in sites]
        theirs = captum.LayerIntegratedGradients(
            lambda i: model(input_ids=i, attention_mask=torch.ones_like(i)).logits, layers
        ).attribute(ids, other, target=1, n_steps=STEPS, method=method)
        maps = [part.detach().sum(-1) for part in theirs]
    tokens, _ = predictor.sites.to_tokens(maps, ids.shape[1])
    ((ours,),) = interpreters.attribute(
        predictor, tiny.inputs(text), targets=1, n_steps=STEPS, method=method, baseline="mask"
    )
    assert_close(ours.scores, tokens[0].numpy())


@needs_captum
@pytest.mark.skipif("xlnet" not in AVAILABLE, reason="this release of transformers has no XLNet")
def test_equal_nodes_and_baseline_give_captums_integrated_gradients_for_xlnet():
    # XLNet looks its tokens up as (tokens, batch), where Captum's layer methods cannot put points of the path in.
    predictor, text = tiny.predictor("xlnet", double=True), tiny.TEXTS[0]
    with plain_inputs(predictor, text) as (model, ids, other):
        table = model.get_input_embeddings()
        theirs = captum.IntegratedGradients(
            lambda e: model(inputs_embeds=e, attention_mask=torch.ones(e.shape[:2], dtype=torch.long)).logits
        ).attribute(table(ids).detach(), table(other).detach(), target=1, n_steps=STEPS)
    ((ours,),) = interpreters.attribute(predictor, tiny.inputs(text), targets=1, n_steps=STEPS, baseline="mask")
    assert_close(ours.scores, theirs[0].sum(-1).detach().numpy())


@needs_captum
@pytest.mark.parametrize("name", AVAILABLE)
def test_fixed_noise_gives_captums_noise_tunnel(name, monkeypatch):
    predictor, text, samples = tiny.predictor(name, double=True), tiny.TEXTS[0], 3
    encoded = explained_model(predictor).encode({"sentence": text})
    tensors = explained_model(predictor).tensors([encoded])
    values, _ = predictor.sites.capture(lambda: predictor._model(**tensors))
    special = torch.tensor(encoded.tokens.special)
    ids, _ = ids_and_mask(tensors)
    masked = torch.where(special, ids, torch.tensor(predictor._dataset_reader.tokenizer.mask_token_id))
    others, _ = predictor.sites.capture(lambda: predictor._model(**with_ids(tensors, masked)))
    drawn = np.random.default_rng(7)
    noise = [[torch.zeros_like(v) for v in values] for _ in range(samples)]
    length = len(encoded)
    for sample in noise:
        for part, site in zip(sample, predictor.sites.sites):
            # The special tokens are kept, and a decoder that is fed the text shifted right never reads the last.
            places = [n + site.shift for n in range(length) if not special[n] and n + site.shift < part.shape[1]]
            draws = drawn.standard_normal((len(places), part.shape[2])).astype(np.float32)
            part[0, places] = torch.from_numpy(draws).to(part)
    per_site = [torch.cat([sample[site] for sample in noise]) for site in range(len(values))]

    def forward(*vectors):
        rows = len(vectors[0])
        repeated = {"tokens": {"tokens": {k: t.repeat(rows, 1) for k, t in tensors["tokens"]["tokens"].items()}}}
        with predictor.sites.replaced(list(vectors)):
            return predictor._model(**repeated)["logits"]

    queue = list(per_site)
    monkeypatch.setattr(torch, "normal", lambda mean, std: 0.05 * queue.pop(0) if queue else None)
    theirs = captum.NoiseTunnel(captum.IntegratedGradients(forward)).attribute(
        tuple(values),
        baselines=tuple(others),
        target=2,
        nt_type="smoothgrad",
        nt_samples=samples,
        stdevs=0.05,
        n_steps=6,
    )
    monkeypatch.undo()
    tokens, _ = predictor.sites.to_tokens([part.detach().sum(-1) for part in theirs], length)
    ((ours,),) = interpreters.attribute(
        predictor,
        tiny.inputs(text),
        {"type": "smoothgrad", "around": {"type": "integrated-gradients", "n_steps": 6, "baseline": "mask"}},
        targets=2,
        samples=samples,
        stdev=0.05,
        relative=False,
        seed=7,
    )
    assert_close(ours.scores, tokens[0].numpy())


def test_left_sums_from_zero_of_the_loss_are_allennlps_integrated_gradient(stars_checkpoint):
    predictor = load_predictor(str(stars_checkpoint))
    texts = [{"sentence": text} for text in ("Not buying it any sooner! Other brands do a much better job", "terrible")]
    released = interpreters.attribute(predictor, texts, "integrated-gradient")
    ours = interpreters.attribute(
        predictor, texts, n_steps=10, method="riemann_left", baseline="zero", keep_special=False, output="loss"
    )
    for (theirs,), (own,) in zip(released, ours):
        normalized = np.abs(own.scores) / np.abs(own.scores).sum()
        assert_close(normalized, theirs.scores, rtol=1e-6, scale=1.0)


@pytest.mark.parametrize("output", ["logit", "probability", "log-probability", "loss"])
def test_gradient_x_input_is_the_central_difference_along_the_path(output):
    predictor = tiny.predictor("bert", double=True)
    model = predictor._model
    ((ours,),) = interpreters.attribute(
        predictor, tiny.inputs(tiny.TEXTS[0]), "gradient-x-input", targets=0, output=output, baseline="mask"
    )
    explained = explained_model(predictor)
    tensors = explained.tensors([explained.encode({"sentence": tiny.TEXTS[0]})])
    (own,), _ = predictor.sites.capture(lambda: model(**tensors))
    mask_vector = predictor._model.transformer.get_input_embeddings().weight[11].detach()
    step, differences = 1e-4, []
    for place in range(1, len(ours.tokens) - 1):
        found = []
        for sign in (1, -1):
            moved = own.clone()
            moved[0, place] += sign * step * (own[0, place] - mask_vector)
            with torch.no_grad(), predictor.sites.replaced([moved]):
                logits = model(**tensors)["logits"]
            logs = torch.log_softmax(logits, -1)
            value = {"logit": logits, "probability": logs.exp(), "log-probability": logs, "loss": -logs}[output]
            found.append(float(value[0, 0]))
        differences.append((found[0] - found[1]) / (2 * step))
    assert_close(ours.scores[1:-1], differences)


def test_gradient_norms_are_those_of_torch(stars_checkpoint):
    predictor = load_predictor(str(stars_checkpoint))
    model = predictor._model.transformer
    ids = predictor._dataset_reader.tokenizer("the price is not good", return_tensors="pt")
    table = model.get_input_embeddings()
    vectors = table(ids["input_ids"]).detach().requires_grad_(True)
    logits = model(inputs_embeds=vectors, attention_mask=ids["attention_mask"]).logits
    (gradient,) = torch.autograd.grad(logits[0, 3], vectors)
    for norm, power in (("l1", 1), ("l2", 2)):
        ((ours,),) = interpreters.attribute(
            predictor, [{"sentence": "the price is not good"}], "gradient", targets=3, norm=norm
        )
        assert_close(ours.scores, gradient[0].norm(power, dim=-1).numpy())
