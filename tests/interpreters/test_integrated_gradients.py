"""Options of integrated gradients: tolerance, rules, baselines, layers, outputs and targets."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from closeness import assert_apart, assert_close

from eli5_transformers import interpreters, load_predictor
from eli5_transformers.errors import InputError
from eli5_transformers.interpreters import attribute

from . import tiny

TEXT = tiny.TEXTS[0]


def only(predictor, text=TEXT, **options):
    ((one,),) = attribute(predictor, tiny.inputs(text), **options)
    return one


@pytest.fixture(scope="module")
def bert():
    return tiny.predictor("bert")


def test_finer_tolerance_takes_more_evaluations_and_comes_closer(bert):
    exact = only(tiny.predictor("bert", double=True), n_steps=300, baseline="mask")
    before = 0
    for tolerance in (0.3, 0.01, 1e-4, 1e-6):
        found = only(tiny.predictor("bert", double=True), tolerance=tolerance, baseline="mask")
        assert found.relative_delta <= found.token_error <= tolerance
        assert_close(found.scores, exact.scores, rtol=found.token_error, scale=np.abs(exact.scores).sum())
        assert found.evaluations >= before
        before = found.evaluations
    assert before > 10


def test_too_few_evaluations_are_told_in_the_result(bert):
    found = only(bert, tolerance=1e-5, max_evaluations=12)
    assert found.evaluations <= 12
    assert found.token_error > 1e-5
    assert "where 0.001% was asked for" in found.notes[0]
    assert "max_evaluations" in found.notes[0]
    assert not only(bert).notes


def test_cancelling_scores_are_measured_by_their_size():
    # The output is the same at text and baseline, but its words pull it both ways.
    predictor = tiny.linear()
    model = predictor._model.transformer
    with torch.no_grad():
        model.table.weight[21:23] = torch.stack([torch.ones(6), -torch.ones(6)])
        model.table.weight[2] = 0
    tokenizer = predictor._dataset_reader.tokenizer
    text = " ".join(tokenizer.convert_ids_to_tokens([21, 22]))
    found = only(predictor, text, targets=0, baseline="mask")
    assert found.scores.any()
    assert_close(found.scores.sum(), 0, scale=np.abs(found.scores).sum())
    assert found.relative_delta < 1e-4
    assert found.evaluations == 5


@pytest.mark.parametrize("baseline", ["mask", "pad", "unk", "zero", "the", "we had to wait", None, "vector", "vectors"])
def test_every_baseline_is_reached_and_named(bert, baseline):
    table = bert._model.transformer.get_input_embeddings().weight.detach()
    tokenizer = bert._dataset_reader.tokenizer
    ids = torch.tensor(tokenizer(TEXT)["input_ids"])
    given = {"vector": table[30], "vectors": table[ids.roll(1)].tolist()}.get(baseline, baseline)
    found = only(bert, baseline=given, targets=1)
    assert found.relative_delta <= 0.011
    expected = table[ids].clone()
    inner = slice(1, len(ids) - 1)
    named = {
        "mask": 11,
        "pad": tokenizer.pad_token_id,
        "unk": 10,
        "the": tokenizer.convert_tokens_to_ids("the"),
        None: 11,
    }
    if baseline in named:
        expected[inner] = table[named[baseline]]
    elif baseline == "zero":
        expected[inner] = 0
    elif baseline == "we had to wait":
        filler = [tokenizer.pad_token_id] * (len(ids) - 6)
        expected[inner] = table[tokenizer.convert_tokens_to_ids(baseline.split()) + filler]
    else:
        expected[inner] = table[30] if baseline == "vector" else table[ids.roll(1)][inner]
    with torch.no_grad():
        logits = bert._model.transformer(inputs_embeds=expected[None]).logits[0]
    assert_close(found.baseline_score, logits[1], scale=float(logits.abs().max()))
    assert {"the": "token (the)", "zero": "zero", None: "mask (<mask>)", "vector": "a tensor"}.get(
        baseline, found.baseline
    ) == found.baseline


def test_special_tokens_are_kept_unless_asked_otherwise(bert):
    kept, all_of_it = only(bert), only(bert, keep_special=False)
    special = np.array(kept.tokens.special)
    assert (kept.scores[special] == 0).all()
    assert (all_of_it.scores[special] != 0).all()
    assert all_of_it.relative_delta <= 0.011


def test_default_baseline_passes_over_tokens_whose_vector_is_zero():
    predictor = tiny.linear()
    with torch.no_grad():
        predictor._model.transformer.table.weight[2] = 0  # the mask
    assert only(predictor).baseline == "pad (<pad>)"
    with torch.no_grad():
        predictor._model.transformer.table.weight[:3] = 0
    assert only(predictor).baseline == "zero"


def test_layer_scores_add_up_at_every_depth(bert):
    names = [name for name, _ in bert._model.named_modules() if name.endswith(("layer.0", "layer.1"))]
    assert len(names) == 2
    whole = only(bert, keep_special=False)
    for name in names:
        found = only(bert, layer=name, keep_special=False)
        assert found.relative_delta <= 0.011
        assert_close(found.baseline_score, whole.baseline_score, scale=np.abs(whole.scores).sum())
        assert found.parameters["layer"] == name
        assert_apart(found.scores, whole.scores)


def test_layer_of_the_look_up_gives_the_scores_of_the_embeddings(bert):
    (site,) = bert.sites.sites
    assert_close(only(bert, layer=site.name).scores, only(bert).scores)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"tolerance": 0}, "tolerance"),
        ({"max_evaluations": 3}, "max_evaluations"),
        ({"n_steps": 0}, "n_steps"),
        ({"method": "simpson"}, "simpson"),
        ({"output": "logits"}, "output"),
        ({"baseline": "mask it not"}, ""),
        ({"baseline": ""}, "baseline"),
        ({"baseline": [[[1.0]]]}, "baseline"),
        ({"baseline": [1.0, 2.0]}, "numbers"),
        ({"layer": "nowhere"}, "nowhere"),
        ({"layer": "transformer.classifier"}, "layer"),
        ({"internal_batch_size": 0}, "internal_batch_size"),
        ({"targets": "worst"}, "worst"),
        ({"targets": 7}, "7"),
        ({"targets": []}, "targets"),
        ({"targets": 1, "top_targets": 2}, "top_targets"),
        ({"top_targets": 0}, "top_targets"),
        ({"stepz": 3}, "stepz"),
        ({"interpreter": "gradientt"}, "gradientt"),
        ({"interpreter": 3}, "interpreter"),
    ],
)
def test_bad_options_are_refused_in_a_sentence(bert, options, word):
    if options == {"baseline": "mask it not"}:
        assert only(bert, **options).baseline.startswith("text")
        return
    with pytest.raises(InputError) as caught:
        only(bert, **options)
    assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_targets_are_names_indices_several_or_the_top(bert):
    ((one,),) = attribute(bert, tiny.inputs(TEXT))
    ranked = attribute(bert, tiny.inputs(TEXT), top_targets=3)[0]
    assert [found.label for found in ranked][0] == one.label
    assert [found.score for found in ranked] == sorted((found.score for found in ranked), reverse=True)
    named = attribute(bert, tiny.inputs(TEXT), targets=["good", 0, -1, "bad"])[0]
    assert [found.label for found in named] == ["good", "bad"]
    assert_close(sum(found.probability for found in ranked), 1, rtol=1e-6)


def test_parameters_make_the_interpreter_again(bert):
    found = only(bert, tolerance=0.05, baseline="pad", output="probability")
    json.dumps(found.parameters)
    again = only(bert, interpreter={"type": found.method, **found.parameters})
    assert np.array_equal(again.scores, found.scores)
    assert again.parameters == found.parameters


def test_interpreters_come_from_params_and_give_allennlps_json(bert):
    from allennlp.common import Params
    from allennlp.interpret.saliency_interpreters import SaliencyInterpreter

    made = SaliencyInterpreter.from_params(Params({"type": "integrated-gradients", "tolerance": 0.02}), predictor=bert)
    assert made.tolerance == 0.02
    found = made.saliency_interpret_from_json({"sentence": TEXT})
    assert list(found) == ["instance_1"]
    assert list(found["instance_1"]) == ["grad_input_1"]
    assert_close(found["instance_1"]["grad_input_1"], only(bert, tolerance=0.02).scores.tolist())
    json.dumps(found)


def test_an_instance_is_used_as_it_is(bert):
    made = interpreters.make(bert, "gradient", norm="l1")
    assert attribute(bert, tiny.inputs(TEXT), made)[0][0].parameters["norm"] == "l1"
    with pytest.raises(InputError):
        attribute(bert, tiny.inputs(TEXT), made, norm="l2")


def test_one_logit_has_two_classes_of_opposite_scores(tmp_path):
    import checkpoints

    folder = checkpoints.write_bert_checkpoint(tmp_path, labels=["positive"], problem_type="multi_label_classification")
    predictor = load_predictor(str(folder), labels=["negative", "positive"])
    inputs = [{"sentence": "the price is not good"}, {"sentence": "I love it"}]
    for (negative, positive), (default,) in zip(
        attribute(predictor, inputs, targets=["negative", "positive"]), attribute(predictor, inputs)
    ):
        assert_close(negative.scores, -positive.scores)
        assert_close(negative.probability, 1 - positive.probability, rtol=1e-6, scale=1.0)
        assert default.label == max(negative, positive, key=lambda found: found.probability).label


def test_multi_label_and_regression_explain_what_is_predicted(tmp_path):
    import checkpoints

    labels = ["a", "b", "c"]
    multi = load_predictor(
        str(checkpoints.write_bert_checkpoint(tmp_path / "m", labels=labels, problem_type="multi_label_classification"))
    )
    found = attribute(multi, [{"sentence": "the price is not good"}])[0]
    outputs = multi.predict("the price is not good")["probs"]
    assert [one.label for one in found] == [n for n, p in zip(labels, outputs) if p >= 0.5] or len(found) == 1
    assert_close([one.probability for one in found], [outputs[one.target] for one in found])
    number = load_predictor(
        str(checkpoints.write_bert_checkpoint(tmp_path / "r", labels=["x"], problem_type="regression"))
    )
    ((one,),) = attribute(number, [{"sentence": "the price is not good"}])
    assert one.probability is None
    assert_close(
        one.scores.sum(),
        one.score - one.baseline_score,
        scale=np.abs(one.scores).sum(),
    )
    with pytest.raises(InputError, match="regression"):
        attribute(number, [{"sentence": "the price is not good"}], output="probability")


def test_no_text_gives_no_result(bert):
    assert attribute(bert, []) == []


def test_results_can_be_pickled_and_saved(bert):
    import pickle

    from eli5_transformers.explanations.attribution_json import attribution_from_json, attribution_to_json

    found = only(bert, baseline=np.ones(32))
    for other in (pickle.loads(pickle.dumps(found)), attribution_from_json(attribution_to_json(found))):
        assert (
            replace(other, scores=found.scores, parameters=found.parameters, tokens=found.tokens).__dict__
            == found.__dict__
        )
        assert np.array_equal(other.scores, found.scores)
        assert other.tokens == found.tokens
        assert other.parameters == found.parameters
