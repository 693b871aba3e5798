"""`evaluate_faithfulness`: its numbers against definitions computed anew, and what becomes of methods and texts that fail."""

import json
import sys

import numpy as np
import pytest
import torch
from closeness import assert_close
from interpreters import closed_form, tiny
from markup import faults

from eli5_transformers import attribute, contrast, evaluate_faithfulness
from eli5_transformers.errors import InputError
from eli5_transformers.faithfulness import evaluation
from eli5_transformers.faithfulness.deletion import sizes

TEXTS = list(tiny.TEXTS)
METHODS = ["integrated-gradients", "gradient", "smooth-gradient"]


@pytest.fixture(scope="module")
def predictor():
    return tiny.predictor("bert", double=True)


@pytest.fixture(scope="module")
def found(predictor):
    return evaluate_faithfulness(predictor, TEXTS, interpreters=METHODS, orders=20)


@pytest.mark.parametrize("measure", ["comprehensiveness", "sufficiency"])
def test_areas_are_erasers_by_another_way_of_computing(predictor, found, measure):
    """The mean, over distinct sizes, of what the class loses: as ferret and ERASER define it, sufficiency's sign turned."""
    for place, text in enumerate(TEXTS):
        ((told,),) = attribute(predictor, [text], interpreter="integrated-gradients")
        words = text.split()
        ranked = np.argsort(-told.by_word().scores[1:-1], kind="stable")

        def probability(kept, target=told.target):
            return predictor.predict(" ".join(kept))["probs"][target]

        lost = []
        for count in sizes(len(words)):
            first = set(ranked[:count].tolist())
            gone = first if measure == "comprehensiveness" else set(range(len(words))) - first
            lost.append(probability(words) - probability([word for nth, word in enumerate(words) if nth not in gone]))
        expected = np.mean(lost) if measure == "comprehensiveness" else -np.mean(lost)
        (row,) = [
            row for row in found.rows
            if (row.text, row.method, row.operator, row.measure) == (place, "integrated-gradients", "removal", measure)
        ]  # fmt: skip
        # What is measured is rounded to 6 decimals.
        assert_close(row.area, expected, 1.001e-6, scale=1)


def test_every_method_operator_and_measure_has_its_figures(found):
    rows = found.measures()
    assert {row["operator"] for row in rows} == {"mask", "removal", "replacement"}
    assert {row["method"] for row in rows} == {*METHODS, "random order"}
    for row in rows:
        assert 0 <= row["low"] <= row["normalised"] <= row["high"] <= 1
        assert row["texts"] <= len(TEXTS)
    assert [row["method"] for row in rows if row["flattered"]] == ["integrated-gradients"] * 2
    assert {row["operator"] for row in rows if row["flattered"]} == {"mask"}
    assert len(found.differences()) == 3 * 2 * 3
    assert all(0 <= value <= 1 for value in found.diagnosticity().values())
    assert found.replaced_by["replacement"] == "words of other texts"


def test_the_same_call_gives_the_same_and_leaves_the_hosts_numbers(predictor, found):
    before = torch.get_rng_state()
    again = evaluate_faithfulness(predictor, TEXTS, interpreters=METHODS, orders=20)
    assert torch.equal(torch.get_rng_state(), before)
    assert again.rows == found.rows
    assert again.passes == found.passes


def test_methods_cost_what_they_say(found):
    passes = {row.method: row.passes for row in found.methods}
    assert passes["gradient"] == 1
    assert passes["smooth-gradient"] == 10
    assert passes["integrated-gradients"] > 1


def test_the_best_method_is_named_for_each_operator_and_measure_within_the_budget(found):
    each = {(row["operator"], row["measure"]) for row in found.measures()}
    assert {(one.operator, one.measure) for one in found.best()} == each
    assert {one.method for one in found.best(passes=1)} == {"gradient"}
    assert all(one.method not in one.alike for one in found.best())
    with pytest.raises(InputError, match="cheapest is gradient with 1"):
        found.best(passes=0.5)


def test_shuffled_scores_are_told_from_honest_ones():
    # Of a bag of words the difference of two logits is a sum over the words, and occlusion has its terms: the best order.
    found = evaluate_faithfulness(
        tiny.linear(),
        [text for text in TEXTS if len(text.split()) > 3],
        interpreters=["occlusion"],
        operators="mask",
        targets=contrast("good", "bad"),
        orders=30,
    )
    assert_close([row.normalised for row in found.rows], 1.0)
    assert found.diagnosticity()["mask", "comprehensiveness"] > 0.95
    (row, chance) = [row for row in found.measures() if row["measure"] == "comprehensiveness"]
    assert (row["method"], chance["method"]) == ("occlusion", "random order")
    assert 0.3 < chance["normalised"] < 0.7


def test_a_method_that_cannot_explain_and_a_text_that_cannot_be_read_are_left_out(predictor):
    found = evaluate_faithfulness(
        predictor, [*TEXTS[:2], " ", "again"], interpreters=["gradient"], operators=["removal"], orders=5, on_error="skip"
    )
    assert any(note.startswith("text 2: ") and "white space" in note for note in found.notes)
    assert any(note.startswith("text 3: less than two words") for note in found.notes)
    assert {row.text for row in found.rows} == {0, 1}


def test_texts_with_the_same_fault_share_a_note(predictor):
    found = evaluate_faithfulness(
        predictor, [TEXTS[0], *["great"] * 12], interpreters=["gradient"], operators="removal", orders=5
    )
    (note,) = found.notes
    assert note.startswith("12 texts (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …): less than two words")


def test_what_cannot_be_read_of_pairs_is_said(stars_checkpoint):
    texts = {"text_pairs": ["it was slow", "the food"], "interpreters": ["gradient"], "orders": 5}
    found = evaluate_faithfulness(str(stars_checkpoint), ["good", "service was slow"], operators=["removal"], **texts)
    assert any("removal" in note and "nothing can be read" in note for note in found.notes)


def test_texts_are_called_by_their_names(predictor):
    options = {"interpreters": ["gradient"], "operators": "removal", "orders": 5}
    found = evaluate_faithfulness(predictor, [TEXTS[0], "great"], names=["line 3", "line 9"], **options)
    assert found.notes == ("line 9: less than two words, of which no order is better than another",)
    with pytest.raises(InputError, match="2 texts were given with 1 names"):
        evaluate_faithfulness(predictor, [TEXTS[0], "great"], names=["line 3"], **options)


def test_texts_without_an_order_that_makes_a_difference_are_told():
    predictor = closed_form.predictor(lambda x: 0 * x[:, 0], {"good": [1.0]})
    found = evaluate_faithfulness(predictor, [TEXTS[0]], interpreters=["gradient"], operators="mask", orders=5)
    assert found.notes == ("text 0: no order of the words makes a difference",)
    assert found.no_better_than_random() == []


@pytest.mark.parametrize("unit", [1e-5, 1.0, 1e4])
def test_the_unit_of_a_regression_does_not_matter(unit):
    predictor = tiny.price(unit)
    found = evaluate_faithfulness(predictor, TEXTS[:1], interpreters=["occlusion"], operators="mask", orders=5)
    # The scores are what hiding a word loses, and words do nothing together.
    assert_close([row.normalised for row in found.rows], 1.0, 1e-4)


@pytest.mark.parametrize("seen", [True, False])
def test_progress_is_shown_on_a_terminal(predictor, monkeypatch, seen):
    shown = []
    monkeypatch.setattr(evaluation, "tqdm", lambda texts, **options: shown.append(options["desc"]) or texts)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: seen)
    evaluate_faithfulness(predictor, TEXTS[:1], interpreters=["gradient"], operators="removal", orders=5)
    assert shown == ["measuring"] * seen


def test_one_text_alone_is_replaced_by_neutral_words_or_by_given_ones(predictor):
    alone = evaluate_faithfulness(predictor, TEXTS[:1], interpreters=["gradient"], operators="replacement", orders=5)
    assert alone.replaced_by == {"replacement": "neutral words"}
    given = evaluate_faithfulness(
        predictor, TEXTS[:1], interpreters=["gradient"], operators="replacement", orders=5, replacements=["sunday"]
    )
    assert given.rows != alone.rows


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"interpreters": []}, "interpreters is empty"),
        ({"interpreters": ["gradient", "gradient"]}, "twice"),
        ({"operators": "erase"}, "'erase'"),
        ({"orders": 0}, "from 1"),
        ({"on_error": "stop"}, "on_error"),
        ({"interpreters": ["gradiant"]}, "gradiant"),
        ({"tolerance": 0.1}, "tolerance"),
    ],
)
def test_what_is_not_accepted_is_said(predictor, options, said):
    with pytest.raises(InputError, match=said):
        evaluate_faithfulness(predictor, TEXTS[:1], **options)


# What is shown


def test_tables_are_shown_as_text_and_page(found, tmp_path):
    text = found.text()
    for word in ("Comprehensiveness is", "Removal", "random order", "Cost", "Holm", "shuffled"):
        assert word in text
    found.save_page(tmp_path / "page.html", "<b>my</b> models")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert faults(page) == []
    assert page.count("<svg") == 6
    assert "&lt;b&gt;my&lt;/b&gt; models" in page
    assert faults(found._repr_html_()) == []
    with pytest.raises(InputError, match="title"):
        found.html(3)


def test_tables_are_data_frames(found):
    assert len(found.to_dataframe()) == len(found.measures())
    assert list(found.to_dataframe("methods")["method"]) == METHODS
    assert {"difference", "low", "high", "adjusted"} <= set(found.to_dataframe("differences").columns)
    assert len(found.to_dataframe("texts")) == len(found.rows)
    with pytest.raises(InputError, match="table"):
        found.to_dataframe("words")


def test_curves_are_drawn(found):
    import matplotlib as mpl

    mpl.use("agg")
    axes = found.plot("sufficiency")
    assert len(axes) == 3
    assert len(axes[0].get_lines()) == len(METHODS) + 2
    with pytest.raises(InputError, match="measure"):
        found.plot("stability")


def test_names_from_anywhere_are_shown_and_not_obeyed(found):
    from dataclasses import replace

    hostile = "<script>alert(1)</script>\x1b[31m"
    rows = tuple(replace(row, method=hostile if row.method == "gradient" else row.method) for row in found.rows)
    methods = tuple(replace(row, method=hostile if row.method == "gradient" else row.method) for row in found.methods)
    other = replace(found, rows=rows, methods=methods, notes=(hostile,))
    assert faults(other.html()) == []
    assert "\x1b" not in other.text()
    assert json.dumps(other.table("methods"))
