"""What must hold for every text and model, whatever the numbers are."""

import numpy as np
import pytest
import torch
from closeness import BATCHED, assert_close

from eli5_transformers.interpreters import attribute

from . import tiny

METHODS = {
    "gradient": {},
    "gradient-x-input": {},
    "integrated-gradients": {},
    "linearization": {},
    "smoothgrad": {"samples": 3},
    "occlusion": {},
    "shapley": {"budget": 40},
}
available = pytest.mark.parametrize(
    "name", [n for n in ("bert", "gpt2", "xlnet", "bart", "llama") if n in tiny.builder.architectures()]
)


@available
@pytest.mark.parametrize("output", ["logit", "probability", "log-probability", "loss"])
def test_scores_sum_to_the_score_difference_within_the_tolerance(name, output):
    for found in attribute(tiny.predictor(name), tiny.inputs(), top_targets=2, tolerance=0.003, output=output):
        for one in found:
            value = {"logit": one.score, "probability": one.probability}.get(output)
            value = {"log-probability": 1, "loss": -1}[output] * np.log(one.probability) if value is None else value
            missed, size = one.scores.sum() - (value - one.baseline_score), np.abs(one.scores).sum()
            # What the sum missed was shared out: the delta is the one from before that.
            assert_close(missed, 0, scale=size)
            assert_close(one.relative_delta, abs(one.convergence_delta) / max(abs(value - one.baseline_score), size))
            assert one.relative_delta <= one.token_error <= 0.003
            assert not one.notes


@pytest.mark.parametrize("method", METHODS)
@available
def test_batch_equals_one_by_one_and_permuting_texts_permutes_results(name, method):
    predictor, options = tiny.predictor(name), METHODS[method]
    inputs = tiny.inputs()
    together = attribute(predictor, inputs, method, targets=[0, 2], **options)
    order = [3, 0, 4, 2, 1]
    permuted = attribute(predictor, [inputs[i] for i in order], method, targets=[0, 2], **options)
    for place, index in enumerate(order):
        alone = attribute(predictor, [inputs[index]], method, targets=[0, 2], **options)[0]
        for one, two, three in zip(together[index], permuted[place], alone):
            assert one.documents == two.documents == three.documents == (inputs[index]["sentence"],)
            # Integrals of terms that cancel: scores are small beside what is summed.
            assert_close(one.scores, three.scores, rtol=2 * BATCHED)
            assert_close(one.scores, two.scores, rtol=2 * BATCHED)


@available
def test_one_sample_of_smoothgrad_without_noise_is_the_method_itself(name):
    predictor = tiny.predictor(name)
    for around in ("gradient-x-input", "gradient", "occlusion", "shapley", "integrated-gradients", "linearization"):
        smooth = attribute(predictor, tiny.inputs(), "smoothgrad", around=around, samples=1, stdev=0.0)
        plain = attribute(predictor, tiny.inputs(), around)
        for (one,), (other,) in zip(smooth, plain):
            assert_close(one.scores, other.scores)
            assert one.signed is other.signed
            assert one.baseline == other.baseline


def test_integrated_gradients_of_a_linear_model_are_its_weights_times_inputs():
    predictor = tiny.linear()
    model, tokenizer = predictor._model.transformer, predictor._dataset_reader.tokenizer
    table, weight = model.table.weight.detach(), model.head.weight.detach()
    for text, found in zip(tiny.TEXTS, attribute(predictor, tiny.inputs(), targets=[0, 1, 2], baseline="mask")):
        ids = tokenizer(text)["input_ids"]
        for one in found:
            products = ((table[ids] - table[tokenizer.mask_token_id]) @ weight[one.target]).numpy()
            products[[0, -1]] = 0  # the special tokens are kept
            assert_close(one.scores, products)
            assert one.relative_delta < 1e-5
            assert one.evaluations == 5


@pytest.mark.parametrize("method", ["gradient-x-input", "occlusion", "smoothgrad", "shapley"])
def test_all_methods_agree_on_a_linear_model(method):
    predictor, options = tiny.linear(), {"stdev": 0.0, "samples": 2} if method == "smoothgrad" else {}
    reference = attribute(predictor, tiny.inputs(), baseline="mask")
    inner = (
        {"around": {"type": "gradient-x-input", "baseline": "mask"}} if method == "smoothgrad" else {"baseline": "mask"}
    )
    settings = {"type": method, **inner, **options}
    for (one,), (other,) in zip(attribute(predictor, tiny.inputs(), settings), reference):
        assert_close(one.scores, other.scores)


@available
def test_contrast_of_two_targets_is_the_difference_of_their_scores(name):
    # The gradient of a difference of logits is the difference of the gradients, at the same nodes.
    predictor = tiny.predictor(name, double=True)
    first, second = attribute(predictor, tiny.inputs(tiny.TEXTS[0]), targets=[0, 2], n_steps=8)[0]
    encoded, (contrast,) = _contrast(predictor, tiny.TEXTS[0], 0, 2)
    assert_close(first.scores - second.scores, contrast)
    assert encoded == first.tokens


def _contrast(predictor, text, first, second):
    """Integrated gradients, 8 nodes, of a model with one output: the difference of two logits."""
    from eli5_transformers import load_predictor

    class Difference(torch.nn.Module):
        def __init__(self, model):
            super().__init__()
            self.model = model

        def forward(self, input_ids, attention_mask):
            logits = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
            return (logits[:, first] - logits[:, second])[:, None]

    tokenizer = predictor._dataset_reader.tokenizer
    other = load_predictor(Difference(predictor._model.transformer), tokenizer=tokenizer, labels=["difference"])
    ((one,),) = attribute(other, tiny.inputs(text), n_steps=8)
    return one.tokens, [one.scores]


def test_padding_has_no_score_and_changes_none():
    predictor = tiny.predictor("bert", double=True)
    longest = max(tiny.TEXTS, key=len)
    alone = attribute(predictor, tiny.inputs("i love it"), n_steps=8)[0][0]
    padded = attribute(predictor, tiny.inputs("i love it", longest), n_steps=8)[0][0]
    assert len(padded.scores) == len(padded.tokens) == len(alone.tokens)
    assert_close(alone.scores, padded.scores, rtol=1e-9)
    assert_close(alone.convergence_delta, padded.convergence_delta, rtol=1e-9, scale=np.abs(alone.scores).sum())


def test_several_targets_equal_one_at_a_time():
    predictor = tiny.predictor("bert", double=True)
    together = attribute(predictor, tiny.inputs(), targets=[2, 0, 1])
    for target, place in ((2, 0), (0, 1), (1, 2)):
        for found, (alone,) in zip(together, attribute(predictor, tiny.inputs(), targets=target)):
            assert found[place].target == alone.target == target
            assert_close(found[place].scores, alone.scores, rtol=1e-9)
            assert found[place].evaluations == alone.evaluations


def test_chunks_do_not_change_scores():
    predictor = tiny.predictor("bert", double=True)
    whole = attribute(predictor, tiny.inputs(), top_targets=3)
    for size in (1, 3):
        for found, other in zip(attribute(predictor, tiny.inputs(), top_targets=3, internal_batch_size=size), whole):
            for one, two in zip(found, other):
                assert_close(one.scores, two.scores, rtol=1e-9)


def test_occlusion_is_the_difference_of_two_predictions(stars_checkpoint):
    from eli5_transformers import load_predictor

    predictor = load_predictor(str(stars_checkpoint))
    ((one,),) = attribute(predictor, [{"sentence": "the price is not good"}], "occlusion", targets=1, baseline="mask")
    whole = predictor.predict("the price is not good")["logits"][1]
    for place, text in ((1, "[MASK] price is not good"), (4, "the price is [MASK] good")):
        assert_close(one.scores[place], whole - predictor.predict(text)["logits"][1])


@pytest.mark.parametrize(
    "name", [n for n in ("fnet", "convbert", "nystromformer") if n in tiny.builder.architectures()]
)
def test_models_whose_padding_leaks_are_run_alone_and_say_so(name):
    predictor = tiny.predictor(name)
    for found, given in zip(attribute(predictor, tiny.inputs(), n_steps=4), tiny.inputs()):
        alone = attribute(predictor, [given], n_steps=4)[0]
        assert np.array_equal(found[0].scores, alone[0].scores)
        assert "padding" in " ".join(found[0].notes)


def test_decoder_without_padding_token_explains_many_texts(tmp_path):
    import more_checkpoints
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    from eli5_transformers import load_predictor

    folder = str(more_checkpoints.write_gpt2_checkpoint(tmp_path, labels=["a", "b"], pad=False))
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    predictor = load_predictor(model, tokenizer=AutoTokenizer.from_pretrained(folder))
    assert model.config.pad_token_id is None
    inputs = [{"sentence": text} for text in ("the price is not good at all", "great", "slow service")]
    for found, given in zip(attribute(predictor, inputs), inputs):
        assert found[0].relative_delta <= 0.011
        assert_close(found[0].score, max(predictor.predict_json(given)["logits"]))
    assert model.config.pad_token_id is None
