"""Targets beside a class: what they are of the model's outputs, by every method, and what is refused."""

import itertools

import checkpoints
import numpy as np
import pytest
import torch
from closeness import assert_close

from eli5_transformers import attribute, contrast, expected_value, get_explanation, lean, load_predictor, per_text
from eli5_transformers.errors import InputError

TEXTS = ["Not buying it any sooner!", "good"]
WEIGHTS = {"1 star": 1.0, "4 stars": -0.5}
# Linear in the output that is explained: a sum of outputs has the sum of their scores.
LINEAR = [
    {"type": "integrated-gradients", "n_steps": 4},
    {"type": "gradient-x-input"},
    {"type": "occlusion"},
    {"type": "smoothgrad", "samples": 3},
]
METHODS = pytest.mark.parametrize("method", LINEAR, ids=lambda method: method["type"])


@pytest.fixture(scope="module")
def stars(stars_checkpoint):
    return load_predictor(stars_checkpoint)


@pytest.fixture(scope="module")
def sectors(sectors_checkpoint):
    return load_predictor(sectors_checkpoint)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    def make(**options):
        return load_predictor(checkpoints.write_bert_checkpoint(tmp_path_factory.mktemp("made"), **options))

    return make


def scores(predictor, method, targets, text=TEXTS[0], **options):
    return [one.scores for one in attribute(predictor, text, interpreter=method, targets=targets, **options)[0]]


@METHODS
def test_a_contrast_is_the_difference_of_two_explanations(stars, method):
    first, second, difference = scores(stars, method, ["2 stars", "5 stars", contrast("2 stars", "5 stars")])
    assert_close(difference, first - second)


@METHODS
def test_the_lean_weighs_every_class_by_its_place(stars, method):
    *classes, leaning = scores(stars, method, [*range(5), lean()])
    assert_close(leaning, sum((place - 2) * own for place, own in enumerate(classes)))


@METHODS
def test_a_dict_weighs_the_classes_that_it_names(stars, method):
    first, fourth, weighted = scores(stars, method, [0, 3, WEIGHTS])
    assert_close(weighted, first - 0.5 * fourth)


def test_the_expected_value_is_that_of_the_probabilities(stars):
    (found,) = attribute(stars, TEXTS[0], interpreter="integrated-gradients", targets=expected_value(), tolerance=1e-3)[0]
    values = np.arange(1, 6)
    assert_close(found.score, values @ np.array(found.probabilities))
    assert_close(found.scores.sum() + found.baseline_score, found.score)
    assert (found.output, found.question, found.label) == ("expected value", "expected value", "a higher expected value")
    twice = {place: 2.0 * (place + 1) for place in range(5)}
    one, other = scores(stars, "gradient-x-input", [expected_value(), expected_value(twice)])
    assert_close(other, 2 * one)


def test_in_another_unit_a_contrast_is_the_difference_in_that_unit(stars):
    method = {"type": "integrated-gradients", "n_steps": 4, "output": "probability"}
    first, second, difference = scores(stars, method, [0, 1, contrast(0, 1)])
    assert_close(difference, first - second)


def test_what_is_asked_stands_in_the_attribution(stars):
    versus, leaning, weighted, own = attribute(stars, TEXTS[0], targets=[contrast(3, 4), lean(), WEIGHTS, None])[0]
    assert (versus.question, versus.label, versus.target) == ("contrast", "4 stars rather than 5 stars", 3)
    assert versus.weights == (0, 0, 0, 1, -1)
    assert versus.probability is None
    assert (leaning.question, leaning.label, leaning.weights) == ("lean", "more stars", (-2, -1, 0, 1, 2))
    assert leaning.target == own.target == int(np.argmax(own.probabilities))
    assert leaning.probability is None
    assert (weighted.question, weighted.label) == ("combination", "1 · 1 star − 0.5 · 4 stars")
    assert (own.question, own.weights) == ("class", ())
    logits = np.array(stars.predict(TEXTS[0])["logits"])
    for one in (versus, leaning, weighted):
        assert_close(one.score, logits @ np.array(one.weights))
    assert own.classes == ("1 star", "2 stars", "3 stars", "4 stars", "5 stars")
    assert_close(own.probabilities, stars.predict(TEXTS[0])["probs"])


def test_a_contrast_is_by_default_of_the_prediction_and_the_runner_up(stars):
    for text in TEXTS:
        ranked = np.argsort(-np.array(stars.predict(text)["logits"]))
        first, second = (stars.labels[place] for place in ranked[:2])
        assert attribute(stars, text, targets=contrast())[0][0].label == f"{first} rather than {second}"
        # Of another class than the predicted one the runner-up is the prediction.
        assert attribute(stars, text, targets=contrast(second))[0][0].label == f"{second} rather than {first}"


def test_every_text_of_a_batch_has_its_own_contrast(stars):
    texts = [*TEXTS, "I love it", "the price is bad", "not good"]
    together = attribute(stars, texts, targets=[contrast(), lean()], interpreter="gradient-x-input")
    for text, found in zip(texts, together):
        alone = attribute(stars, text, targets=[contrast(), lean()], interpreter="gradient-x-input")[0]
        assert [one.label for one in found] == [one.label for one in alone]
        for one, other in zip(found, alone):
            assert_close(one.scores, other.scores)
    wanted = per_text([[None, "1 star"], contrast(0, 1), lean(), {"2 stars": 1.0}, None])
    labels = [[one.label for one in found] for found in attribute(stars, texts, targets=wanted)]
    predicted = [stars.predict(text)["label"] for text in texts]
    assert labels == [
        list(dict.fromkeys([predicted[0], "1 star"])),
        ["1 star rather than 2 stars"],
        ["more stars"],
        ["1 · 2 stars"],
        [predicted[4]],
    ]


def test_configs_ask_as_python_does(stars):
    asked = [{"type": "contrast", "label": "1 star", "other": "2 stars"}, {"type": "lean"}, {"type": "expected_value"}]
    in_python = [contrast("1 star", "2 stars"), lean(), expected_value()]
    for one, other in zip(scores(stars, "gradient-x-input", asked), scores(stars, "gradient-x-input", in_python)):
        assert np.array_equal(one, other)


def test_a_single_logit_is_two_classes(made):
    predictor = made(labels=["toxic"], problem_type="multi_label_classification")
    own, versus = scores(predictor, "gradient-x-input", ["toxic", contrast("toxic", "not toxic")])
    assert_close(versus, 2 * own)


def test_labels_by_other_names_are_asked_and_shown_by_these(stars):
    names = {"1 star": "awful", "5 stars": "superb"}
    explained = get_explanation(stars, TEXTS[0], targets=contrast("superb", "awful"), target_names=names)
    assert explained.targets[0].target == "superb rather than awful"
    assert "‘superb’" in explained.description
    assert "5 stars" not in explained.description


def test_an_order_is_declared_where_the_names_say_none(sectors_checkpoint, sectors):
    names = sectors.labels
    with pytest.raises(InputError, match=r"no order is known of .*lean\(\[…\]\)"):
        attribute(sectors, TEXTS[0], targets=lean())
    given = attribute(sectors, TEXTS[0], targets=lean(names[::-1]))[0][0]
    assert given.weights == (3, 2, 1, 0, -1, -2, -3)
    declared = attribute(sectors_checkpoint, TEXTS[0], targets=lean(), ordered=True)[0][0]
    assert declared.weights == (-3, -2, -1, 0, 1, 2, 3)
    assert declared.label == f"towards {names[-1]}"
    listed = attribute(sectors_checkpoint, TEXTS[0], targets=lean(), ordered=names[::-1])[0][0]
    assert listed.weights == given.weights
    with pytest.raises(InputError, match="each class once"):
        load_predictor(sectors_checkpoint, ordered=names[:3])
    with pytest.raises(InputError, match="give lean"):
        load_predictor(sectors, ordered=True)


def test_ordered_labels_may_be_declared_to_have_none(stars_checkpoint):
    with pytest.raises(InputError, match="no order is known"):
        attribute(stars_checkpoint, TEXTS[0], targets=lean(), ordered=False)
    described = get_explanation(stars_checkpoint, TEXTS[0], targets="3 stars", ordered=np.bool_(False)).description
    assert "stands between" not in described


def test_a_label_between_others_is_said_to_be_one(stars, sectors_checkpoint):
    assert "‘3 stars’ stands between other labels" in get_explanation(stars, TEXTS[0], targets="3 stars").description
    assert "stands between" not in get_explanation(stars, TEXTS[0], targets="5 stars").description
    # Nobody has to be told of the lean beside it.
    assert "stands between" not in get_explanation(stars, TEXTS[0], targets=["3 stars", lean()]).description
    declared = load_predictor(sectors_checkpoint, ordered=True)
    assert "stands between" in get_explanation(declared, TEXTS[0], targets=2).description


def test_an_order_has_no_effect_on_a_regression_and_is_refused(made):
    one = made(labels=["stars"])
    with pytest.raises(InputError, match="not for a regression"):
        load_predictor(one._model.transformer, tokenizer=one._dataset_reader.tokenizer, ordered=True)


def test_a_positive_score_of_a_loss_speaks_against_the_class(stars):
    explained = get_explanation(stars, TEXTS[0], targets="5 stars", output="loss")
    assert explained.targets[0].target == "loss of 5 stars"


def test_what_cannot_be_asked_is_refused_in_a_sentence(stars, made):
    regression = made(labels=["stars"])
    several = made(labels=["1 star", "2 stars"], problem_type="multi_label_classification")
    refused = [
        (stars, contrast("6 stars"), "there is no class '6 stars'"),
        (stars, contrast("1 star", "1 star"), "with itself"),
        (stars, {}, "dict from label to number"),
        (stars, {"1 star": "much"}, "number of '1 star'"),
        (stars, {"1 star": 0.0}, "every weight is 0"),
        (stars, {"1 star": 1.0, 0: 2.0}, "twice"),
        (stars, {"type": "contrasts"}, "did you mean 'contrast'"),
        (stars, {"type": "lean", "label": "1 star"}, "has no 'label': it takes order"),
        (stars, lean(["1 star"]), "each class once"),
        (stars, expected_value({"1 star": 1.0}), "values has none for '2 stars'"),
        (regression, lean(), "regression"),
        (regression, contrast(), "two classes"),
        (several, expected_value(), "several labels at once"),
    ]
    for predictor, target, sentence in refused:
        with pytest.raises(InputError, match=sentence):
            attribute(predictor, TEXTS[0], targets=target)
    with pytest.raises(InputError, match="explains the predicted label alone"):
        attribute(stars, TEXTS[0], interpreter="simple-gradient", targets=lean())


def test_questions_are_explained_at_a_layer_and_by_every_unit(stars):
    layer = "transformer.bert.encoder.layer.0"
    for output, target in itertools.product(("logit", "log-probability", "loss"), (contrast(), lean())):
        method = {"type": "integrated-gradients", "layer": layer, "output": output, "keep_special": False, "n_steps": 8}
        found = attribute(stars, TEXTS[0], interpreter=method, targets=target)[0][0]
        assert found.output == output
        assert found.relative_delta < 0.2


def test_asking_leaves_the_model_as_it_was(stars):
    before = {name: tensor.clone() for name, tensor in stars._model.state_dict().items()}
    attribute(stars, TEXTS, targets=[lean(), contrast(), expected_value()])
    assert all(torch.equal(tensor, before[name]) for name, tensor in stars._model.state_dict().items())
