"""What is measured of an answer: for each question its own number, and for sums what is explained itself."""

import numpy as np
import pytest
import torch
from closeness import assert_close
from handmade import attribution as by_hand
from interpreters import tiny

from eli5_transformers import attribute, contrast, lean, load_predictor
from eli5_transformers.engine.targets import Classes
from eli5_transformers.faithfulness.measured import measured

TEXT = "the food was great but the service was not good"


def test_the_probability_of_a_class_is_measured():
    what = measured(Classes(("bad", "good"), "softmax"), by_hand("fine", [1.0]))
    assert (what.name, what.span) == ("probability", 1.0)
    assert_close(what.of(np.array([[0.0, np.log(3)]])), [0.75], 1e-6)


def test_the_expected_number_is_measured_of_a_lean_and_of_an_expected_value():
    classes = Classes(("1 star", "2 stars", "3 stars"), "softmax")
    logits = np.log([[0.5, 0.3, 0.2]])
    for question, weights in (("lean", (-1.0, 0.0, 1.0)), ("expected value", (1.0, 2.0, 3.0))):
        what = measured(classes, by_hand("fine", [1.0], question=question, weights=weights))
        assert (what.name, what.span) == ("expected value", 2.0)
        assert_close(what.of(logits), [0.5 + 0.6 + 0.6], 1e-6)


def test_a_contrast_is_measured_as_where_there_are_only_two():
    classes = Classes(("a", "b", "c"), "softmax")
    what = measured(classes, by_hand("fine", [1.0], question="contrast", weights=(1.0, 0.0, -1.0)))
    assert (what.name, what.span) == ("preference", 1.0)
    assert_close(what.of(np.log([[0.3, 0.6, 0.1]])), [0.75], 1e-6)


def test_a_regression_and_other_sums_are_measured_in_their_own_unit():
    what = measured(Classes(("price",), None), by_hand("fine", [1.0], target=0))
    assert (what.name, what.span) == ("score", None)
    assert_close(what.of(np.array([[2.5]])), [2.5])
    of_sum = by_hand("fine", [1.0], question="combination", weights=(2.0, -1.0))
    assert_close(measured(Classes(("a", "b"), "softmax"), of_sum).of(np.array([[1.0, 3.0]])), [-1.0])


@pytest.mark.parametrize("output", ["logit", "probability", "log-probability", "loss"])
def test_of_a_combination_what_is_explained_is_measured(output):
    asked = {"targets": {"bad": 1, "good": -0.5}, "interpreter": "occlusion", "output": output, "trust": True}
    ((found,),) = attribute(tiny.linear(), [TEXT], **asked)
    # Occlusion's scores are what hiding each word loses, of what is explained.
    assert found.trust.measured == "score"
    for word in found.trust.hidden:
        assert_close(found.trust.before - word.after, word.score, 2e-5)
    assert found.trust.check.verdict == "yes"


def test_of_one_logit_for_two_classes_the_preference_is_the_probability():
    tokenizer = tiny.linear()._dataset_reader.tokenizer
    predictor = load_predictor(tiny.Linear(100, outputs=1), tokenizer=tokenizer, labels=["bad", "good"])
    (found,) = attribute(predictor, [TEXT], targets=[contrast("good", "bad"), lean(["bad", "good"])], trust=True)
    bad, good = found[0].probabilities
    assert [one.trust.measured for one in found] == ["preference", "expected value"]
    assert_close([one.trust.before for one in found], [good, bad + 2 * good], 2e-6, scale=1)


@pytest.mark.parametrize("question", [lean(), contrast("1 star", "5 stars")])
def test_where_classes_do_not_exclude_each_other_what_is_explained_is_measured(question):
    torch.manual_seed(0)
    labels, tokenizer = ["1 star", "2 stars", "5 stars"], tiny.linear()._dataset_reader.tokenizer
    predictor = load_predictor(
        tiny.Linear(100), tokenizer=tokenizer, labels=labels, problem_type="multi_label_classification"
    )
    ((found,),) = attribute(predictor, [TEXT], targets=question, trust=True)
    assert found.trust.measured == "score"
    assert_close(found.trust.before, found.score, 1e-5)


@pytest.mark.parametrize("unit", [1e-3, 1e-6, 1e4])
def test_of_a_regression_the_unit_does_not_matter(unit):
    def trust_in(unit):
        predictor = tiny.price(unit)
        trust = {"operators": "mask", "stability": False}
        ((found,),) = attribute(predictor, [TEXT], interpreter="occlusion", trust=trust)
        return found.trust

    one, other = trust_in(1.0), trust_in(unit)
    assert (one.check.verdict, one.check.beaten) == (other.check.verdict, other.check.beaten)
    assert_close([word.after / unit for word in other.hidden], [word.after for word in one.hidden], 1e-4)
    (of_one,), (of_other,) = one.operators, other.operators
    assert of_one.comprehensiveness.normalised > 0.9
    assert_close(of_other.comprehensiveness.normalised, of_one.comprehensiveness.normalised, 1e-4)
    assert of_other.comprehensiveness.p_value == of_one.comprehensiveness.p_value
