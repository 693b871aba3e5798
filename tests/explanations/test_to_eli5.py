"""What eli5's formatters show of our explanations."""

import re

import numpy as np
import pytest
from closeness import DOUBLE, assert_close
from eli5.formatters import format_as_dict, format_as_html, format_as_text
from eli5.formatters.as_dataframe import format_as_dataframe
from eli5.formatters.text_helpers import get_char_weights

from eli5_transformers import Attribution, Tokens, get_explanation_from_grads
from eli5_transformers.errors import ExplanationError, InputError
from eli5_transformers.explanations.to_eli5 import to_explanation
from eli5_transformers.views.explanation_page import explanation_page

TEXT = "Good, good film, but not a good plot"
NAMES = "[CLS] good , good film , but not a good pl ##ot [SEP]".split()
GRADS = np.arange(1, len(NAMES) + 1) / 91.0
LABELS = ["bad", "fine"]


def from_grads(**changes):
    arguments = {
        "estimator_name": "transformer", "estimator_description": "a model", "text": TEXT, "tokens": NAMES,
        "grads": GRADS, "probas": [0.25, 0.75], "labels": LABELS, **changes,
    }  # fmt: skip
    return get_explanation_from_grads(**arguments)


def attribution(scores, documents=(TEXT,), **changes):
    places = [
        None,
        (0, 4),
        (4, 5),
        (6, 10),
        (11, 15),
        (15, 16),
        (17, 20),
        (21, 24),
        (25, 26),
        (27, 31),
        (32, 34),
        (34, 36),
    ]
    places.append(None)
    words = [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, -1]
    tokens = Tokens(
        text=tuple(NAMES),
        start=tuple(p[0] if p else -1 for p in places),
        end=tuple(p[1] if p else -1 for p in places),
        word=tuple(words),
        segment=(0,) * len(NAMES),
        special=tuple(p is None for p in places),
    )
    fields = {"target": 1, "label": "fine", "method": "m", "signed": True, "probability": 0.75, "score": 2.0, **changes}
    return Attribution(documents=documents, tokens=tokens, scores=np.asarray(scores, dtype=float), **fields)


def rows(explanation):
    weights = explanation.targets[0].feature_weights
    return {str(getattr(fw.feature, "value", fw.feature)): fw.weight for fw in [*weights.pos, *weights.neg]}


def char_weights(explanation):
    return get_char_weights(explanation.targets[0].weighted_spans.docs_weighted_spans[0])


def visible(html):
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", html, flags=re.S)).split())


def test_a_word_that_occurs_thrice_is_painted_at_full_strength_each_time():
    painted = char_weights(from_grads())
    for position, token in ((0, 1), (6, 3), (27, 9)):
        assert_close(painted[position : position + 4], [GRADS[token]] * 4, rtol=DOUBLE)


def test_the_spans_are_the_exact_characters_of_the_tokens():
    (document,) = from_grads().targets[0].weighted_spans.docs_weighted_spans
    painted = [TEXT[start:end] for _, spans, _ in document.spans for start, end in spans]
    assert painted == ["Good", ",", "good", "film", ",", "but", "not", "a", "good", "pl", "ot"]
    assert document.document == TEXT


def test_offsets_that_are_given_are_used_as_they_are():
    offsets = [None, (6, 10), *[None] * (len(NAMES) - 2)]
    (document,) = from_grads(offsets=offsets).targets[0].weighted_spans.docs_weighted_spans
    assert [spans for _, spans, _ in document.spans] == [[(6, 10)]]


def test_forced_weights_give_a_row_for_each_token_in_the_order_of_the_text():
    weights = from_grads(force_weights=True).targets[0].feature_weights
    assert_close([fw.weight for fw in weights.pos], GRADS, rtol=DOUBLE)
    names = [fw.feature for fw in weights.pos]
    assert [re.sub(r" \[\d\]$", "", name) for name in names] == NAMES
    assert len(set(names)) == len(names)
    shown = visible(format_as_html(from_grads(force_weights=True), force_weights=True))
    assert shown.index(" film ") < shown.index(" but ") < shown.index(" ##ot ")


def test_without_forced_weights_the_table_says_highlighted_in_text_and_hides_nothing():
    explained = from_grads()
    total = rows(explained)
    assert set(total) == {"Highlighted in text (sum)", "[CLS]", "[SEP]"}
    assert_close(sum(total.values()), GRADS.sum(), rtol=DOUBLE)
    assert "Contribution ? Feature +0.846 Highlighted in text (sum)" in visible(format_as_html(explained))


@pytest.mark.parametrize("force_weights", [True, False])
def test_label_and_probability_stand_above_the_text_also_when_weights_are_hidden(force_weights):
    shown = visible(format_as_html(from_grads(force_weights=force_weights), force_weights=False))
    assert "y=fine (probability 0.750 )" in shown
    assert "Highlighted in text" in shown


@pytest.mark.parametrize("force_weights", [True, False])
def test_every_formatter_takes_the_result(force_weights):
    explained = from_grads(force_weights=force_weights)
    assert "probability=0.750" in format_as_text(explained)
    assert format_as_dict(explained)["targets"][0]["proba"] == 0.75
    assert_close(format_as_dataframe(explained)["weight"].sum(), GRADS.sum(), rtol=DOUBLE)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": ["a", "b", "c"]}, r"3 labels were given with probabilities of shape \(2,\)"),
        ({"tokens": NAMES[:-1]}, r"12 tokens were given with scores of shape \(13,\)"),
        ({"grads": [*GRADS[:-1], np.nan]}, r"score of token 12 is not a finite number"),
        ({"grads": GRADS[None]}, r"scores of shape \(1, 13\)"),
        ({"probas": [[0.25, 0.75]]}, r"probabilities of shape \(1, 2\)"),
        ({"offsets": [(0, 4)]}, r"13 tokens were given with 1 offsets"),
        ({"offsets": [(0, 99)] * 13}, r"outside the text, which has 36 characters"),
        ({"text": "another text"}, r"token 1 is 'good'"),
        ({"text": None}, "text is a NoneType, but must be a str"),
        ({"grads": ["x"] * 13}, "grads must be numbers in a list or an array"),
        ({"labels": "ab"}, "labels is 'ab', but must be a list"),
    ],
)
def test_arguments_that_do_not_fit_together_are_refused(changes, message):
    with pytest.raises(ExplanationError, match=message):
        from_grads(**changes)


def test_signed_scores_are_split_into_for_and_against():
    weights = from_grads(grads=GRADS - 0.05, force_weights=True).targets[0].feature_weights
    assert all(fw.weight >= 0 for fw in weights.pos)
    assert all(fw.weight < 0 for fw in weights.neg)
    assert weights.neg


SCORES = np.array([0.5, 1.0, 0.0, -2.0, 3.0, 0.1, 0.2, -0.3, 0.4, 0.6, 1.5, -0.5, 0.25])


def test_rows_are_words_that_sum_to_the_scores():
    explained = to_explanation([attribution(SCORES)], estimator="e")
    assert_close(rows(explained)["plot"], 1.0, rtol=DOUBLE)
    assert_close(rows(explained)["Special tokens (sum)"], 0.75, rtol=DOUBLE)
    assert_close(sum(rows(explained).values()), SCORES.sum(), rtol=DOUBLE)
    assert {"Good", "good [1]", "good [2]"} <= set(rows(explained))


def test_a_word_is_painted_with_its_sum():
    painted = char_weights(to_explanation([attribution(SCORES)], estimator="e"))
    assert_close(painted[32:36], [1.0] * 4, rtol=DOUBLE)
    pieces = char_weights(to_explanation([attribution(SCORES)], estimator="e", granularity="token"))
    assert_close(pieces[32:36], [1.5, 1.5, -0.5, -0.5], rtol=DOUBLE)


def test_rows_can_be_sentences_that_sum_to_the_scores():
    text = "Good. Not bad! ok"
    spans = [(0, 4), (4, 5), (6, 9), (10, 13), (13, 14), (15, 17)]
    tokens = Tokens(
        tuple(text[a:b] for a, b in spans), *map(tuple, zip(*spans)), (0, 1, 2, 3, 4, 5), (0,) * 6, (False,) * 6
    )
    scores = np.array([1.0, 0.5, -2.0, 3.0, 0.25, 4.0])
    explained = to_explanation(
        [Attribution((text,), tokens, scores, 0, "x", "m", True)], estimator="e", granularity="sentence"
    )
    assert rows(explained) == {"Good.": 1.5, "Not bad!": 1.25, "ok": 4.0}
    assert_close(char_weights(explained)[6:14], [1.25] * 8, rtol=DOUBLE)


def test_painted_text_and_the_rest_sum_to_the_scores_above_the_text():
    other = to_explanation([attribution(SCORES)], estimator="e").targets[0].weighted_spans.other
    assert_close(sum(fw.weight for fw in [*other.pos, *other.neg]), SCORES.sum(), rtol=DOUBLE)


def test_top_and_the_feature_filters_choose_rows_but_not_paint():
    whole = char_weights(to_explanation([attribution(SCORES)], estimator="e"))
    for options, kept in (
        ({"top": 2}, {"film", "good [1]"}),
        ({"top": (1, 1)}, {"film", "good [1]"}),
        ({"feature_re": "^pl"}, {"plot"}),
        ({"feature_filter": lambda name, value: name == "film"}, {"film"}),
    ):
        chosen = to_explanation([attribution(SCORES)], estimator="e", **options)
        assert set(rows(chosen)) == kept
        assert_close(char_weights(chosen), whole, rtol=DOUBLE)


def test_rows_that_top_leaves_out_are_counted():
    weights = to_explanation([attribution(SCORES)], estimator="e", top=2).targets[0].feature_weights
    signs = np.sign(list(rows(to_explanation([attribution(SCORES)], estimator="e")).values()))
    assert weights.pos_remaining == (signs > 0).sum() - len(weights.pos)
    assert weights.neg_remaining == (signs < 0).sum() - len(weights.neg)


@pytest.mark.parametrize("options", [{"granularity": "letter"}, {"top": "many"}, {"top": (1,)}])
def test_options_that_are_not_accepted_are_refused(options):
    with pytest.raises(InputError):
        to_explanation([attribution(SCORES)], estimator="e", **options)


HOSTILE = "<script>alert(1)</script>\"'&"


def test_hostile_labels_and_descriptions_are_text_in_html_and_themselves_elsewhere():
    explained = from_grads(labels=["ok", HOSTILE], estimator_description=HOSTILE)
    for html in (format_as_html(explained), format_as_html(explained, force_weights=False)):
        assert "<script" not in html
        assert html.count("&lt;script&gt;") >= 2
    assert explained.targets[0].target == HOSTILE
    assert HOSTILE in format_as_text(explained)
    assert format_as_dict(explained)["targets"][0]["target"] == HOSTILE


def test_hostile_texts_and_titles_are_text_in_the_page():
    explained = from_grads(text=HOSTILE, tokens=["[CLS]"], grads=[1.0])
    page = explanation_page(explained, title=HOSTILE)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 3  # the title, the heading, the document
    assert page.startswith("<!DOCTYPE html>")
    assert '<meta charset="utf-8">' in page


def test_notes_are_told_in_the_description_once():
    noted = attribution(SCORES, notes=("a caveat.",))
    explained = to_explanation([noted, noted], estimator="e", description="a model")
    answer, blank, about = explained.description.partition("\n\n")
    assert about == "a model\nScores for the logit of the label.\na caveat."
    assert answer.splitlines()[0] == noted.summary


def test_a_pair_is_two_named_documents():
    tokens = Tokens(("a", "b"), (0, 0), (1, 1), (0, 0), (0, 1), (False, False))
    pair = Attribution(("a", "b"), tokens, np.array([1.0, -1.0]), 0, "x", "m", True)
    first, second = to_explanation([pair], estimator="e").targets[0].weighted_spans.docs_weighted_spans
    assert (first.document, first.vec_name, second.document, second.vec_name) == ("a", "text 1", "b", "text 2")
    assert [spans for _, spans, _ in first.spans] == [[(0, 1)]] == [spans for _, spans, _ in second.spans]


def test_a_text_whose_scores_are_all_zero_is_shown():
    """eli5 0.16 divides each weight by the largest one."""
    nothing = to_explanation([attribution(np.zeros(len(NAMES)))], estimator="e")
    for explained in (nothing, from_grads(grads=np.zeros(len(NAMES)), force_weights=True)):
        for html in (format_as_html(explained), format_as_html(explained, force_weights=False)):
            assert "+0.000 Highlighted in text (sum)" in visible(html)
        assert_close(format_as_dataframe(explained)["weight"], np.zeros(len(format_as_dataframe(explained))))
        assert "score=2.000" in format_as_text(explained) or "+0.000" in format_as_text(explained)
