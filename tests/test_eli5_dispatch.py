"""eli5's own functions take our predictors, pipelines and models as they take an sklearn text classifier.

The oracle of the arguments is eli5's sklearn support: what an argument does to the explanation of a bag of words, it
does to ours.
"""

import subprocess
import sys

import eli5
import numpy as np
import pytest
from closeness import assert_close
from eli5.formatters.as_dataframe import explain_prediction_df, format_as_dataframe
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

import eli5_transformers  # noqa: F401  registers with eli5
from eli5_transformers import load_predictor

TEXT = "good good film, not bad but slow"
NAMES = ["1 star", "2 stars", "3 stars", "4 stars", "5 stars"]


@pytest.fixture(scope="module")
def predictor(stars_checkpoint):
    return load_predictor(stars_checkpoint)


@pytest.fixture(scope="module")
def bag_of_words():
    texts = ["bad slow film", "not good", "film", "good but slow", "good good film"]
    vectorizer = CountVectorizer()
    return LogisticRegression().fit(vectorizer.fit_transform(texts), NAMES), vectorizer


@pytest.fixture
def both(predictor, bag_of_words):
    """The explanations that an argument gives, ours and sklearn's."""
    classifier, vectorizer = bag_of_words

    def explain(**arguments):
        return (
            eli5.explain_prediction(predictor, TEXT, **arguments),
            eli5.explain_prediction(classifier, TEXT, vec=vectorizer, **arguments),
        )

    return explain


def targets(explanation):
    return [str.__str__(target.target) for target in explanation.targets]


def names(explanation):
    weights = explanation.targets[0].feature_weights
    return [str(getattr(fw.feature, "value", fw.feature)) for fw in [*weights.pos, *weights.neg]]


def weights_of(explanation):
    return [
        fw.weight for target in explanation.targets for fw in [*target.feature_weights.pos, *target.feature_weights.neg]
    ]


def ranked(explanation):
    return [target.score for target in explanation.targets]


@pytest.mark.parametrize("chosen", [["5 stars"], ["2 stars", "1 star"], NAMES])
def test_targets_choose_classes_in_the_order_asked_for(both, chosen):
    ours, theirs = both(targets=chosen)
    assert targets(ours) == targets(theirs) == chosen


@pytest.mark.parametrize("count", [1, 3, 5, -1, -3])
def test_top_targets_take_the_highest_scores_or_the_lowest(both, count):
    ours, theirs = both(top_targets=count)
    assert len(ours.targets) == len(theirs.targets) == abs(count)
    for explanation in (ours, theirs):
        assert ranked(explanation) == sorted(ranked(explanation), reverse=count > 0)
    everything, _ = both(targets=NAMES)
    extreme = max if count > 0 else min
    assert_close(ranked(ours)[0], extreme(ranked(everything)))


@pytest.mark.parametrize("given", [["A", "B", "C", "D", "E"], {"1 star": "A", "5 stars": "E"}])
def test_target_names_rename_classes_by_list_or_by_dict(both, given):
    ours, theirs = both(target_names=given, targets=["E", "A"])
    assert targets(ours) == targets(theirs) == ["E", "A"]
    plain, _ = both(targets=["5 stars", "1 star"])
    assert_close(ranked(ours), ranked(plain))


@pytest.mark.parametrize("given", [["A", "B"], ["A"] * 6])
def test_target_names_of_another_number_are_refused(predictor, bag_of_words, given):
    classifier, vectorizer = bag_of_words
    with pytest.raises(ValueError, match="target_names"):
        eli5.explain_prediction(classifier, TEXT, vec=vectorizer, target_names=given)
    with pytest.raises(ValueError, match="target_names"):
        eli5.explain_prediction(predictor, TEXT, target_names=given)


def test_targets_and_top_targets_together_are_refused(predictor, bag_of_words):
    classifier, vectorizer = bag_of_words
    for explain in (
        lambda **kw: eli5.explain_prediction(classifier, TEXT, vec=vectorizer, **kw),
        lambda **kw: eli5.explain_prediction(predictor, TEXT, **kw),
    ):
        with pytest.raises(ValueError, match="top_targets"):
            explain(targets=["1 star"], top_targets=2)


@pytest.mark.parametrize("top", [1, 2, (1, 1), (2, 0), (0, 2), None])
def test_top_chooses_rows_and_counts_the_others(both, top):
    whole = both(targets=["5 stars"])
    for explanation, everything in zip(both(targets=["5 stars"], top=top), whole):
        kept = explanation.targets[0].feature_weights
        found = weights_of(explanation)
        expected = weights_of(everything)
        if isinstance(top, tuple):
            positive = sorted((w for w in expected if w > 0), reverse=True)[: top[0]]
            negative = sorted(w for w in expected if w < 0)[: top[1]]
            assert_close(found, positive + negative)
        else:
            assert_close(sorted(map(abs, found)), sorted(sorted(map(abs, expected), reverse=True)[:top]))
        assert kept.pos_remaining == sum(w > 0 for w in expected) - len(kept.pos)
        assert kept.neg_remaining == sum(w < 0 for w in expected) - len(kept.neg)


def test_feature_re_and_feature_filter_choose_rows_by_name(both):
    for arguments in (
        {"feature_re": "^(film|slow)$"},
        {"feature_filter": lambda name, value: name in ("film", "slow")},
    ):
        for explanation in both(targets=["5 stars"], **arguments):
            assert sorted(names(explanation)) == ["film", "slow"]


def test_a_filter_gets_name_and_value_of_every_row_the_bias_too(both):
    seen = {0: [], 1: []}
    for index in (0, 1):
        both(targets=["5 stars"], feature_filter=lambda name, value, i=index: seen[i].append((name, value)) or True)
    for asked in seen.values():
        assert "<BIAS>" in [name for name, _ in asked]
        assert all(np.isfinite(value) for _, value in asked)


def test_rows_and_bias_sum_to_the_score(both):
    ours, theirs = both(targets=NAMES)
    for explanation, tolerance in ((ours, 0.02), (theirs, 1e-9)):
        for target in explanation.targets:
            rows = [fw.weight for fw in [*target.feature_weights.pos, *target.feature_weights.neg]]
            assert_close(sum(rows), target.score, tolerance, scale=max(map(abs, rows)))
    for explanation in (ours, theirs):
        assert "<BIAS>" in names(explanation)


def test_every_formatter_shows_what_it_shows_of_sklearn(both):
    for explanation in both(targets=["5 stars", "1 star"]):
        text = eli5.format_as_text(explanation)
        assert "Contribution  Feature" in text
        assert "y='5 stars' (probability=" in text
        assert ", score=" in text
        html = eli5.format_as_html(explanation, force_weights=False)
        assert "Contribution<sup>?</sup>" in html
        assert "Highlighted in text (sum)" in html
        assert html.count("y=5 stars") >= 1
        frame = format_as_dataframe(explanation)
        assert {"target", "feature", "weight", "value"} <= set(frame.columns)
        assert eli5.format_as_dict(explanation)["targets"][0]["target"] == "5 stars"


def test_the_data_frame_function_passes_its_arguments_on(predictor, bag_of_words):
    classifier, vectorizer = bag_of_words
    for frame in (
        explain_prediction_df(predictor, TEXT, targets=["5 stars"], top=2),
        explain_prediction_df(classifier, TEXT, vec=vectorizer, targets=["5 stars"], top=2),
    ):
        assert len(frame) == 2
        assert set(frame["target"]) == {"5 stars"}


def test_show_prediction_takes_formatter_arguments(predictor, bag_of_words):
    classifier, vectorizer = bag_of_words
    arguments = {"targets": ["5 stars"], "show": ["targets"], "force_weights": True, "show_feature_values": True}
    for shown in (
        eli5.show_prediction(predictor, TEXT, **arguments),
        eli5.show_prediction(classifier, TEXT, vec=vectorizer, **arguments),
    ):
        assert "Value" in shown.data
        assert "Explained as" not in shown.data
        assert "y=5 stars" in shown.data


def test_a_pipeline_and_a_model_are_explained_like_their_checkpoint(predictor, stars_checkpoint):
    from transformers import AutoTokenizer, BertForSequenceClassification, pipeline

    model = BertForSequenceClassification.from_pretrained(stars_checkpoint)
    tokenizer = AutoTokenizer.from_pretrained(stars_checkpoint)
    expected = weights_of(eli5.explain_prediction(predictor, TEXT))
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer)
    assert_close(weights_of(eli5.explain_prediction(classify, TEXT)), expected)
    assert_close(weights_of(eli5.explain_prediction(model, TEXT, tokenizer=tokenizer)), expected)


def test_a_pair_is_two_named_documents(predictor):
    explained = eli5.explain_prediction(predictor, "good film", text_pair="not bad")
    documents = explained.targets[0].weighted_spans.docs_weighted_spans
    assert [(one.vec_name, one.document) for one in documents] == [("text 1", "good film"), ("text 2", "not bad")]


def test_what_eli5_explained_before_it_still_explains(bag_of_words):
    classifier, vectorizer = bag_of_words
    assert eli5.explain_prediction(classifier, TEXT, vec=vectorizer).method == "linear model"
    assert eli5.explain_prediction(object(), TEXT).error


def test_modules_of_all_kinds_are_explained_like_their_checkpoint(predictor, stars_checkpoint):
    import torch
    from transformers import AutoTokenizer, BertForSequenceClassification

    model = BertForSequenceClassification.from_pretrained(stars_checkpoint).eval()
    tokenizer = AutoTokenizer.from_pretrained(stars_checkpoint)

    class Mine(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = model

        def forward(self, input_ids, attention_mask):
            return self.inner(input_ids=input_ids, attention_mask=attention_mask).logits

    expected = weights_of(eli5.explain_prediction(predictor, TEXT, targets=[4]))
    kinds = {"DataParallel": torch.nn.DataParallel(model), "Mine": Mine()}
    if hasattr(torch, "compile"):
        kinds["OptimizedModule"] = torch.compile(model, backend="eager")
    for name, module in kinds.items():
        explained = eli5.explain_prediction(module, TEXT, tokenizer=tokenizer, targets=[4])
        assert_close(weights_of(explained), expected, what=name)
        assert explained.estimator == ("Mine" if name == "Mine" else "BertForSequenceClassification")


def test_a_module_without_its_tokenizer_is_answered_as_eli5_answers_what_it_does_not_support():
    import torch

    explained = eli5.explain_prediction(torch.nn.Linear(2, 2), TEXT)
    assert explained.targets is None
    assert "needs its tokenizer" in explained.error


@pytest.mark.parametrize("given", [{"vec": None}, {"feature_names": None}, {"vectorized": False}])
def test_arguments_of_eli5_that_say_nothing_are_accepted(predictor, given):
    assert eli5.explain_prediction(predictor, doc=TEXT, **given).targets


@pytest.mark.parametrize("given", [{"vec": CountVectorizer()}, {"feature_names": ["a"]}, {"vectorized": True}])
def test_arguments_for_other_estimators_are_refused_by_name(predictor, given):
    with pytest.raises(ValueError, match=next(iter(given))):
        eli5.explain_prediction(predictor, TEXT, **given)


@pytest.mark.parametrize("order", ["import eli5, eli5_transformers", "import eli5_transformers, eli5"])
def test_registering_needs_no_torch_whichever_is_imported_first(order):
    run_alone(f"{order}, sys\nassert not {{'torch', 'allennlp', 'transformers'}} & set(sys.modules)")


@pytest.mark.parametrize(
    "order",
    [
        ("eli5_transformers", "eli5", "torch", "transformers.pipelines", "allennlp.predictors"),
        ("torch", "transformers.pipelines", "eli5", "eli5_transformers", "allennlp.predictors"),
    ],
)
def test_the_real_classes_are_found_in_whatever_order_they_are_imported(order):
    run_alone(
        f"import abc, collections.abc, importlib, sys\nfor name in {order!r}: importlib.import_module(name)\n"
        "import eli5\n"
        "from eli5_transformers.eli5_dispatch import EXPLAINED, _explain_prediction\n"
        "kinds = {home: getattr(sys.modules[home], name) for home, name in EXPLAINED.items()}\n"
        "for home, kind in kinds.items():\n"
        "    assert eli5.explain_prediction.registry[kind] is _explain_prediction, kind\n"
        "    assert not type(sys.modules[home].__spec__.loader).__module__.startswith('eli5_transformers'), home\n"
        # An abstract class that somebody else registers makes nothing ambiguous.
        "class Named(abc.ABC):\n"
        "    @classmethod\n"
        "    def __subclasshook__(cls, other): return hasattr(other, '__call__') or NotImplemented\n"
        "for kind in (collections.abc.Callable, collections.abc.Hashable, Named):\n"
        "    eli5.explain_prediction.register(kind)(lambda *a, **k: 'theirs')\n"
        "for kind in kinds.values():\n"
        "    assert eli5.explain_prediction.dispatch(kind) is _explain_prediction, kind"
    )


def run_alone(script):
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
