"""A saved explanation is the explanation, and a damaged file is refused by name of the place."""

import copy
import json
import math
import pickle

import eli5
import numpy as np
import pytest
from eli5.base import (
    DocWeightedSpans,
    Explanation,
    FeatureImportances,
    FeatureWeight,
    FeatureWeights,
    TargetExplanation,
    TransitionFeatureWeights,
    WeightedSpans,
)
from eli5.formatters.features import FormattedFeatureName
from handmade import attribution
from hypothesis import given, settings
from hypothesis import strategies as st

from eli5_transformers.errors import ExplanationError
from eli5_transformers.explanations.explanation_json import FORMAT, explanation_from_json, explanation_to_json
from eli5_transformers.explanations.label_text import LabelText
from eli5_transformers.explanations.shown import shown
from eli5_transformers.explanations.to_eli5 import to_explanation

HOSTILE = "<script>alert(1)</script>\"'&\x1b\u202e"

texts = st.text(max_size=8) | st.sampled_from([HOSTILE, "\ud800", "$tuple"])
labels = texts | texts.map(LabelText)
numbers = st.floats(allow_nan=False) | st.integers(-(10**30), 10**30)
numbers = numbers | st.floats(width=32, allow_nan=False).map(np.float32) | st.integers(-9, 9).map(np.int64)
formatted = labels.map(FormattedFeatureName)
leaves = st.none() | st.booleans() | numbers | labels
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=5,
)
features = (
    texts | formatted | st.lists(st.fixed_dictionaries({"name": texts, "sign": st.sampled_from([1, -1])}), max_size=2)
)
rows = st.lists(st.builds(FeatureWeight, features, numbers, st.none() | numbers, values), max_size=3)
tables = st.builds(FeatureWeights, rows, rows, st.integers(0, 9), st.integers(0, 9))
places = st.lists(st.tuples(st.integers(-1, 3), st.integers(4, 9)) | st.just([1, 2]), max_size=2)
spans = st.lists(st.tuples(texts | formatted, places, numbers) | st.just(["a", ((0, 1),), 2]), max_size=3)
flags = st.none() | st.booleans() | st.just(np.bool_(True))
documents = st.builds(
    DocWeightedSpans, texts.map("a text: {}".format), spans | spans.map(tuple), flags, flags, st.none() | labels
)
weighted_spans = st.builds(WeightedSpans, st.tuples(documents).map(list), st.none() | tables)
targets = st.builds(
    TargetExplanation,
    labels | st.integers() | st.just(np.int64(3)),
    st.none() | tables,
    st.none() | st.floats(0, 1) | st.floats(0, 1, width=32).map(np.float32),
    st.none() | numbers,
    st.none() | weighted_spans,
)
explanations = st.builds(
    Explanation,
    texts,
    description=st.none() | labels,
    error=st.none() | labels,
    method=st.none() | labels,
    is_regression=st.booleans(),
    targets=st.none() | st.lists(targets, max_size=2),
    feature_importances=st.none() | st.builds(FeatureImportances, rows.filter(bool), st.integers(0, 9)),
    highlight_spaces=st.none() | st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(explanations)
def test_what_is_read_equals_what_was_saved_as_it_is_shown(explanation):
    read = explanation_from_json(explanation_to_json(explanation))
    assert read == shown(explanation)
    assert explanation_from_json(explanation_to_json(read)) == read


@settings(max_examples=50, deadline=None)
@given(explanations)
def test_the_file_is_strict_json_in_ascii(explanation):
    def refuse(constant):
        raise AssertionError(constant)

    text = explanation_to_json(explanation)
    assert text.isascii()
    assert json.loads(text, parse_constant=refuse)["format"] == FORMAT


@pytest.fixture
def explanation():
    return to_explanation(
        [attribution("good <b>plot</b>", [2.0, 0.5, -1.0, 0.25, 0.0, 0.125, 1e-9, -0.5, 0.75])], estimator="e"
    )


def test_every_formatter_shows_the_same_of_the_explanation_that_was_read(explanation):
    read = explanation_from_json(explanation_to_json(explanation))
    for formatter in (eli5.format_as_html, eli5.format_as_text, eli5.format_as_dict):
        assert formatter(read) == formatter(explanation)
    assert eli5.format_as_dataframe(read).equals(eli5.format_as_dataframe(explanation))


def test_explanations_by_eli5_itself_are_saved_too():
    from sklearn import linear_model as linear
    from sklearn.feature_extraction import text

    documents = ["good film", "bad film", "good plot", "bad plot <i>"]
    for vectorizer in (text.CountVectorizer(), text.TfidfVectorizer(analyzer="char", ngram_range=(1, 2))):
        model = linear.LogisticRegression().fit(vectorizer.fit_transform(documents), ["fine", "bad"] * 2)
        explained = eli5.explain_prediction(model, "a good plot", vec=vectorizer)
        assert explanation_from_json(explanation_to_json(explained)) == explained


def test_numpy_numbers_become_numbers_of_python():
    made = Explanation("e", targets=[TargetExplanation(np.int64(1), proba=np.float32(0.5), score=np.float64(2))])
    (target,) = explanation_from_json(explanation_to_json(made)).targets
    assert (target.target, target.proba, target.score) == (1, 0.5, 2.0)
    assert [type(target.target), type(target.proba), type(target.score)] == [int, float, float]


def test_numbers_that_json_lacks_are_kept():
    made = Explanation("e", targets=[TargetExplanation("x", proba=np.float64("nan"), score=float("-inf"))])
    (target,) = explanation_from_json(explanation_to_json(made)).targets
    assert math.isnan(target.proba)
    assert target.score == -math.inf


def test_a_file_from_elsewhere_brings_no_markup_in():
    table = FeatureWeights([FeatureWeight(FormattedFeatureName("x"), 1.0)], [])
    spans = WeightedSpans([DocWeightedSpans("d", [], vec_name=HOSTILE)])
    made = Explanation(
        "e", HOSTILE, HOSTILE, HOSTILE,
        targets=[TargetExplanation(HOSTILE, table, weighted_spans=spans)],
    )  # fmt: skip
    text = explanation_to_json(made).replace('{"$formatted": "x"}', json.dumps({"$formatted": HOSTILE}))
    shown = eli5.format_as_html(explanation_from_json(text))
    assert shown.count("&lt;script&gt;") == 6
    assert "<script" not in shown
    assert "\x1b" not in shown


def test_labels_survive_pickle_and_copy_as_they_are():
    label = LabelText(HOSTILE)
    for same in (pickle.loads(pickle.dumps(label)), copy.copy(label), copy.deepcopy(label)):
        assert (same, str(same), type(same)) == (label, str(label), LabelText)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("transition_features", TransitionFeatureWeights(["a"], np.eye(1)), "unknown field `transition_features`"),
        ("image", object(), "no explanation that can be saved: .* unknown field `image`"),
        ("targets", [TargetExplanation("x", heatmap=np.eye(2))], r"`heatmap` - at `explanation.targets\[0\]`"),
        ("targets", [TargetExplanation("x", proba="half")], r"'half' \(str\) .* `explanation.targets\[0\].proba`"),
        ("targets", [TargetExplanation(None)], r"None \(NoneType\) must be str or int .* - at .*target`"),
        ("targets", (), "Expected `array .* - at `explanation.targets`"),
        ("estimator", None, "Expected `str`, got `null` - at `explanation.estimator`"),
        ("targets", [TargetExplanation("x", FeatureWeights([FeatureWeight("f", 1.0, value=object())], []))],
         r"<object .* - at .*pos\[0\].value`"),
    ],
)  # fmt: skip
def test_what_cannot_be_saved_is_refused_by_name(field, value, reason):
    made = Explanation("e")
    setattr(made, field, value)
    with pytest.raises(ExplanationError, match=reason):
        explanation_to_json(made)


def test_only_explanations_are_saved():
    with pytest.raises(ExplanationError, match="a str was given"):
        explanation_to_json("explanation")


def damaged(change):
    made = to_explanation([attribution("good plot", [2.0, -1.0])], estimator="e")
    held = json.loads(explanation_to_json(made))
    change(held)
    return json.dumps(held)


def first_row(held):
    return held["explanation"]["targets"][0]["feature_weights"]["pos"][0]


def target(held):
    return held["explanation"]["targets"][0]


def document(held):
    return held["explanation"]["targets"][0]["weighted_spans"]["docs_weighted_spans"][0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda held: held.update(version=2), "has version 2, but this release reads version 1"),
        (lambda held: held.update(version=True), "has version True"),
        (lambda held: held.pop("version"), "has version None"),
        (lambda held: held.update(format="other"), "not a saved explanation"),
        (lambda held: held.update(more=1), "unknown field `more`"),
        (lambda held: held.pop("explanation"), "missing required field `explanation`"),
        (lambda held: held.update(explanation=[]), "Expected `object`, got `array` - at `explanation`"),
        (lambda held: held["explanation"].pop("estimator"), "missing required field `estimator` - at `explanation`"),
        (lambda held: held["explanation"].update(image="x"), "unknown field `image`"),
        (
            lambda held: first_row(held).update(weight="1"),
            r"'1' \(str\) must be int or float - at .*feature_weights.pos\[0\].weight`",
        ),
        (lambda held: first_row(held).update(weight=True), "True .* - at .*weight`"),
        (lambda held: first_row(held).update(feature=3), "3 .* - at .*feature`"),
        (lambda held: first_row(held).update(value={"$eval": "1"}), r"\{'\$eval': '1'\} .* - at .*value`"),
        (lambda held: first_row(held).update(value={"$dict": [[[], 1]]}), "can be keys"),
        (lambda held: first_row(held).update(value={"$float": "1"}), r"\{'\$float': '1'\} .* - at .*value`"),
        (lambda held: document(held).update(spans=[["a", 3, 1.0]]), r"must be a list of \(feature.* - at .*spans`"),
        (lambda held: document(held).update(document=None), "got `null` - at .*document`"),
        (lambda held: document(held).update(spans=[["a", [[0, 99]], 1.0]]), r"\(0, 99\) of 'a' is no place in a document of 9"),
        (lambda held: document(held).update(spans=[["a", [[3, 3]], 1.0]]), r"\(3, 3\) of 'a' is no place"),
        (lambda held: document(held).update(spans=[["a", [[-1, 0]], 1.0]]), r"\(-1, 0\) of 'a' is no place"),
        (lambda held: document(held).update(spans=[[["a"], [[0, 1]], 1.0]]), r"must be a list of \(feature"),
        (lambda held: document(held).update(spans=[["a", [[0, 1]], 10**400]]), r"must be a list of \(feature"),
        (lambda held: first_row(held).update(weight=10**400), "that a float can hold - at .*weight`"),
        (lambda held: first_row(held).update(feature=[1, "a"]), 'a "name" and a "sign" - at .*feature`'),
        (lambda held: first_row(held).update(value={"$dict": [["a", 1], ["a", 2]]}), "keys of a dict, each once"),
        (lambda held: target(held).update(proba=7), "7 .* must be a number from 0 to 1 - at .*proba`"),
        (lambda held: target(held)["feature_weights"].update(pos_remaining=-1), ">= 0 - at .*pos_remaining`"),
        (lambda held: held["explanation"]["targets"].append({**target(held), "weighted_spans": {"docs_weighted_spans": []}}),
         "different numbers of documents"),
        (lambda held: held["explanation"].update(feature_importances={"importances": [], "remaining": 3}), "but none that"),
    ],
)
def test_a_damaged_file_is_refused_with_the_place(change, message):
    with pytest.raises(ExplanationError, match=message):
        explanation_from_json(damaged(change))


def test_what_eli5_would_fail_on_is_not_written_either():
    made = to_explanation([attribution("good plot", [2.0, -1.0])], estimator="e")
    made.targets[0].weighted_spans.docs_weighted_spans[0].spans = [("a", [(0, 99)], 1.0)]
    with pytest.raises(ExplanationError, match="no place in a document"):
        explanation_to_json(made)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "not a saved explanation"),
        (None, "not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"format": NaN}', "NaN is no finite number"),
        ('{"format": 1, "format": 2}', "has a field twice"),
        (damaged(lambda held: first_row(held).update(weight=12345)).replace("12345", "1e999"), "1e999 is no finite"),
        (damaged(lambda held: first_row(held).update(value=12345)).replace("12345", "[" * 3000 + "]" * 3000), "deeply"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_saved_explanation_is_refused(text, message):
    with pytest.raises(ExplanationError, match=message):
        explanation_from_json(text)
