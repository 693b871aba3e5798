"""Occlusion, SmoothGrad and Captum's methods: what they promise beside the identities."""

import sys

import numpy as np
import pytest
import torch
from closeness import BATCHED, DOUBLE, assert_apart, assert_close
from stacks import needs_captum, on_current

from eli5_transformers.errors import InputError, MissingDependencyError, UnsupportedModelError
from eli5_transformers.interpreters import attribute

from . import tiny

TEXT = tiny.TEXTS[0]


def only(predictor, interpreter, **options):
    ((one,),) = attribute(predictor, tiny.inputs(TEXT), interpreter, **options)
    return one


def test_same_seed_same_scores_and_another_seed_others():
    predictor = tiny.predictor("bert")
    first, second = (only(predictor, "smoothgrad", samples=3, seed=4) for _ in range(2))
    assert np.array_equal(first.scores, second.scores)
    assert_apart(only(predictor, "smoothgrad", samples=3, seed=5).scores, first.scores)


def test_a_seed_of_smoothgrad_may_be_of_any_size():
    assert only(tiny.predictor("bert"), "smoothgrad", samples=2, seed=2**70).scores.any()


@needs_captum
def test_a_seed_of_captum_may_be_of_any_size():
    assert only(tiny.predictor("bert"), "captum", seed=2**70).scores.any()


@needs_captum
@pytest.mark.parametrize("options", [5, ["n_steps"], {"n_steps": "many"}, {"n_steps": -1}])
def test_options_that_captum_does_not_take_are_refused(options):
    with pytest.raises(InputError, match="options"):
        only(tiny.predictor("bert"), "captum", options=options)


def test_smoothgrad_leaves_the_global_generators_alone():
    torch.manual_seed(1)
    np.random.seed(1)
    before = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    only(tiny.predictor("bert"), "smoothgrad", samples=2)
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])


def test_squared_and_variance_forms_are_moments_of_the_samples():
    predictor = tiny.predictor("bert")
    singles = {"mean": {}, "squared": {}, "variance": {}}
    for form in singles:
        singles[form] = only(predictor, "smoothgrad", samples=4, form=form)
    mean, squared, variance = (singles[form].scores for form in ("mean", "squared", "variance"))
    assert_close(squared - mean**2, variance, rtol=DOUBLE, scale=squared.max())
    assert singles["mean"].signed
    assert not singles["squared"].signed
    assert "no sign" in singles["variance"].notes[0]
    assert singles["mean"].evaluations == 4


def test_relative_noise_scales_with_the_vectors():
    predictor = tiny.predictor("bert")
    table = predictor._model.transformer.get_input_embeddings().weight
    ids = predictor._dataset_reader.tokenizer(TEXT)["input_ids"][1:-1]
    size = table[ids].detach().square().mean().sqrt().item()
    relative = only(predictor, "smoothgrad", samples=3, stdev=0.1)
    absolute = only(predictor, "smoothgrad", samples=3, stdev=0.1 * size, relative=False)
    assert_close(relative.scores, absolute.scores)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"around": "simple-gradient"}, "simple-gradient"),
        ({"around": "nothing"}, "nothing"),
        ({"samples": 0}, "samples"),
        ({"stdev": -1.0}, "stdev"),
        ({"form": "cubed"}, "cubed"),
    ],
)
def test_smoothgrad_refuses_what_it_cannot_average(options, word):
    with pytest.raises(InputError, match=word):
        only(tiny.predictor("bert"), "smoothgrad", **options)


def test_occluded_pieces_of_a_word_share_its_score(stars_checkpoint):
    from eli5_transformers import load_predictor
    from eli5_transformers.text.granularity import by_word

    predictor = load_predictor(str(stars_checkpoint))
    inputs = [{"sentence": "the fastest price"}]
    ((one,),) = attribute(predictor, inputs, "occlusion")
    pieces = [i for i, word in enumerate(one.tokens.word) if one.tokens.word.count(word) > 1 and word >= 0]
    assert len(pieces) > 1
    assert len(set(np.round(one.scores[pieces], 12))) == 1
    summed = by_word(one)
    assert_close(summed.scores.sum(), one.scores.sum(), rtol=DOUBLE, scale=np.abs(one.scores).sum())
    assert summed.tokens.text[1:-1] == ("the", "fastest", "price")
    ((single,),) = attribute(predictor, inputs, "occlusion", unit="token")
    assert len(set(np.round(single.scores[pieces], 12))) > 1


@pytest.mark.parametrize(
    ("interpreter", "options"),
    [("occlusion", {}), pytest.param("captum", {"method": "FeatureAblation"}, marks=on_current)],
)
def test_a_sentence_is_put_out_of_sight_as_a_whole(stars_checkpoint, interpreter, options):
    from eli5_transformers import load_predictor
    from eli5_transformers.text.granularity import by

    predictor = load_predictor(str(stars_checkpoint))
    text = "not good. a better job."
    ((one,),) = attribute(predictor, [{"sentence": text}], interpreter, unit="sentence", **options)
    assert len(set(np.round(one.scores[1:4], 9))) == len(set(np.round(one.scores[4:-1], 9))) == 1
    sentences = by(one, "sentence")
    assert sentences.tokens.text[1:-1] == ("not good.", "a better job.")
    # One window over all sentences is the baseline itself.
    ((everything,),) = attribute(predictor, [{"sentence": text}], "occlusion", unit="sentence", window=99)
    assert np.abs(sentences.scores[1:-1]).max() > 0
    assert_close(everything.scores.sum(), everything.score - everything.baseline_score)


def test_windows_cover_every_word_and_give_the_mean_of_their_shares():
    predictor = tiny.linear()
    one = only(predictor, "occlusion", targets=0, baseline="mask")
    wide = only(predictor, "occlusion", targets=0, baseline="mask", window=3)
    single = one.scores[1:-1]
    expected = [
        np.mean([single[s : s + 3].mean() for s in range(len(single) - 2) if s <= place < s + 3])
        for place in range(len(single))
    ]
    assert_close(wide.scores[1:-1], expected)
    everything = only(predictor, "occlusion", targets=0, baseline="mask", window=99)
    assert_close(everything.convergence_delta, 0, scale=np.abs(everything.scores).sum())
    for options in ({"window": 0}, {"unit": "letter"}):
        with pytest.raises(InputError, match=next(iter(options))):
            only(predictor, "occlusion", **options)


def test_gradient_says_that_it_is_unsigned():
    found = only(tiny.predictor("bert"), "gradient")
    assert not found.signed
    assert (found.scores >= 0).all()
    assert found.baseline is None
    assert found.convergence_delta is None
    assert "not whether" in found.notes[0]
    with pytest.raises(InputError, match="l3"):
        only(tiny.predictor("bert"), "gradient", norm="l3")


@needs_captum
@pytest.mark.parametrize(
    "method", ["IntegratedGradients", "FeatureAblation", "ShapleyValueSampling", "KernelShap", "DeepLift"]
)
def test_captums_methods_find_the_scores_of_a_linear_model(method):
    predictor = tiny.linear()
    options = {"KernelShap": {"n_samples": 300}, "ShapleyValueSampling": {"n_samples": 5}}.get(method, {})
    found = only(predictor, "captum", method=method, options=options, targets=1, baseline="mask")
    exact = only(predictor, "integrated-gradients", targets=1, baseline="mask")
    assert_close(found.scores, exact.scores, rtol=1e-4)  # also of those that draw samples
    assert found.baseline == exact.baseline
    assert found.parameters["method"] == method


@needs_captum
def test_captums_random_methods_repeat_with_their_seed_and_leave_the_generators_alone():
    predictor = tiny.predictor("bert")
    before = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    for method in ("GradientShap", "KernelShap", "Lime"):
        first, second = (only(predictor, "captum", method=method, seed=3) for _ in range(2))
        assert np.array_equal(first.scores, second.scores)
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])


@needs_captum
def test_captums_plain_methods_equal_ours():
    predictor = tiny.predictor("bart")
    ablated = only(predictor, "captum", method="FeatureAblation")
    assert_close(ablated.scores, only(predictor, "occlusion").scores, rtol=BATCHED)
    integrated = only(predictor, "captum", method="IntegratedGradients", options={"n_steps": 12})
    ours = only(predictor, "integrated-gradients", n_steps=12)
    assert_close(integrated.scores, ours.scores, rtol=BATCHED)
    saliency = only(predictor, "captum", method="Saliency")
    assert not saliency.signed
    times_input = only(predictor, "captum", method="InputXGradient")
    plain = only(predictor, "gradient-x-input", baseline="zero", keep_special=False)
    assert_close(times_input.scores, plain.scores, rtol=BATCHED)


@needs_captum
def test_deeplift_is_refused_where_its_scores_do_not_add_up():
    with pytest.raises(UnsupportedModelError, match="DeepLift"):
        only(tiny.predictor("bert"), "captum", method="DeepLift")
    assert not any(module._forward_hooks for module in tiny.predictor("bert")._model.modules())


@pytest.mark.parametrize("method", ["LRP", "NoiseTunnel", "DeepLiftShap", "LayerActivation", "Nothing"])
def test_captums_methods_that_cannot_be_right_are_refused(method):
    with pytest.raises(InputError, match=method):
        only(tiny.predictor("bert"), "captum", method=method)


@needs_captum
def test_unknown_option_of_a_captum_method_is_refused():
    with pytest.raises(InputError, match="n_stepz"):
        only(tiny.predictor("bert"), "captum", options={"n_stepz": 3})


def test_missing_captum_is_told_with_the_command(monkeypatch):
    monkeypatch.setitem(sys.modules, "captum", None)
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(MissingDependencyError, match="pip install"):
        only(tiny.predictor("bert"), "captum")
