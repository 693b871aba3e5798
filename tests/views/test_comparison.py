"""Several methods' attributions of one text: their tables, their agreement, their page."""

import re
import warnings

import numpy as np
import pytest
from closeness import DOUBLE, assert_close
from handmade import attribution
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from eli5_transformers import attribute, load_predictor
from eli5_transformers.comparing import compare
from eli5_transformers.errors import InputError, MissingDependencyError, UnsupportedModelError
from eli5_transformers.explanations.agreement import rank_correlation
from eli5_transformers.views.comparison import Comparison
from eli5_transformers.views.figures import ELSEWHERE

TEXT = "a good, good film"
SCORES = [0.25, 2.0, -0.5, 1.0, -1.5]


def method(name, scores=SCORES, text=TEXT, **changes):
    return attribution(text, scores, method=name, **changes)


def unsigned(name="integrated-gradient", scores=SCORES, **changes):
    return method(name, np.abs(scores) / np.abs(scores).sum(), signed=False, output="loss", **changes)


@pytest.fixture
def comparison():
    first = method("ours", convergence_delta=0.003, relative_delta=0.001, evaluations=45, notes=("a caveat <of> it.",))
    return Comparison((first, method("other", [1.0, 2, 3, 4, 5]), unsigned()), (1.25, None, 0.5), ("said of all.",))


def test_words_are_rows_in_reading_order_and_methods_are_columns(comparison):
    words = comparison.to_dataframe()
    assert list(words["word"]) == ["a", "good", ",", "good", "film", ELSEWHERE]
    assert [TEXT[start:end] for start, end in zip(words["start"][:-1], words["end"][:-1])] == list(words["word"][:-1])
    assert list(words["ours"]) == [*SCORES, 0.125]
    assert list(words["other"]) == [1, 2, 3, 4, 5, 0.125]


def test_the_columns_of_the_words_sum_to_the_sums_of_the_methods(comparison):
    words, methods = comparison.to_dataframe("words"), comparison.to_dataframe("methods")
    for name, total in zip(methods["method"], methods["sum"]):
        assert_close(words[name].sum(), total, rtol=DOUBLE, scale=words[name].abs().sum())


def test_the_methods_table_says_what_the_scores_are_and_cost(comparison):
    ours, other, theirs = comparison.to_dataframe("methods").to_dict("records")
    assert (ours["convergence_delta"], ours["relative_delta"], ours["evaluations"], ours["seconds"]) == (
        0.003,
        0.001,
        45,
        1.25,
    )
    assert (ours["of"], ours["signed"], theirs["of"], theirs["signed"]) == ("logit", True, "loss", False)
    assert np.isnan(other["seconds"])


def test_agreement_with_an_unsigned_method_is_of_absolute_values(comparison):
    rows = comparison.to_dataframe("agreement").set_index(["first", "second"])
    row = rows.loc[("ours", "integrated-gradient")].to_dict()
    assert_close(row.pop("rank_correlation"), 1, rtol=DOUBLE)
    assert row == {
        "target": "fine",
        "of": "absolute scores",
    }
    assert rows.loc[("ours", "other"), "of"] == "scores"


few = st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0])


@settings(max_examples=100, deadline=None)
@given(st.lists(few, min_size=5, max_size=5), st.lists(few, min_size=5, max_size=5), st.booleans())
def test_agreement_is_spearmans_rank_correlation_of_the_words(one, other, signed):
    pair = method("one", one), method("other", other, signed=signed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy's, of constant input
        expected = spearmanr(one, other).statistic if signed else spearmanr(np.abs(one), np.abs(other)).statistic
    found = rank_correlation(*pair)
    assert found == rank_correlation(*reversed(pair))
    if np.isnan(expected):
        assert found is None
    else:
        assert_close(found, expected, rtol=DOUBLE, scale=1.0)


def test_special_tokens_do_not_count_in_the_agreement():
    assert_close(rank_correlation(method("a", special=(9, 9)), method("b", special=(-9, -7))), 1, rtol=DOUBLE)


def test_pieces_of_a_word_are_compared_as_one_word():
    whole = attribution("good film", [1.0, 2.0])
    pieces = attribution("good film", [0.5, 0.5, 3.0, -1.0], pattern="go|od|fi|lm", method="pieces")
    object.__setattr__(pieces.tokens, "word", (-1, 0, 0, 1, 1, -1))
    words = Comparison((whole, pieces)).to_dataframe()
    assert list(words["pieces"][:2]) == [1.0, 2.0]
    assert list(words["word"]) == ["good", "film", ELSEWHERE]


def test_targets_are_compared_apart():
    made = Comparison(
        (method("a", label="x", target=0), method("a", label="y", target=1), method("b", label="y", target=1))
    )
    assert [(label, [name for name, *_ in methods]) for label, methods in made.by_target()] == [
        ("x", ["a"]),
        ("y", ["a", "b"]),
    ]
    words = made.to_dataframe()
    assert len(words) == 2 * 6
    assert words[words["target"] == "x"]["b"].isna().all()
    assert list(made.to_dataframe("agreement")["target"]) == ["y"]


def test_labels_that_occur_twice_stay_two_targets():
    made = Comparison((method("a", label="x", target=0), method("a", label="x", target=1)))
    assert len(made.by_target()) == 2


def test_the_same_method_twice_is_told_apart_by_what_differs():
    few, many = ({"steps": steps, "baseline": "mask"} for steps in (10, 50))
    made = Comparison((method("ig", parameters=few), method("ig", parameters=many), method("ig", parameters=many)))
    ((_, methods),) = made.by_target()
    assert [name for name, *_ in methods] == ["ig (steps=10)", "ig (steps=50) [1]", "ig (steps=50) [2]"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((),), "nothing to compare"),
        (((method("a"), method("b", [1.0], "film")),), "attributions of 2 texts"),
        (((method("a"),), (1.0, 2.0)), "1 attributions were given with 2 times"),
    ],
)
def test_what_cannot_be_compared_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Comparison(*arguments)


def test_an_unknown_table_is_refused(comparison):
    with pytest.raises(InputError, match="table is 'letters', but must be one of 'words', 'methods', 'agreement'"):
        comparison.to_dataframe("letters")


def test_without_pandas_the_command_that_installs_it_is_named(comparison, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(MissingDependencyError, match=r"eli5_transformers\[notebook\]"):
        comparison.to_dataframe()


def painted(page, name):
    """(color, title, text) of each painted piece of the method's panel."""
    panel = next(part for part in page.split('<div class="method">')[1:] if f"<b><bdi>{name}</bdi></b>" in part)
    panel = panel.split("</div></div>")[0]
    return re.findall(r'<span style="background-color: (.*?)" title="(.*?)">(.*?)</span>', panel)


def test_each_method_is_painted_on_the_words_in_its_own_colour_range(comparison):
    page = comparison.html()
    ours = painted(page, "ours")
    assert [text for *_, text in ours] == ["a", "good", ",", "good", "film"]
    assert [title for _, title, _ in ours] == ["+0.25", "+2.00", "-0.50", "+1.00", "-1.50"]
    assert [color.split(",")[0] for color, *_ in ours] == ["hsl(120", "hsl(120", "hsl(0", "hsl(120", "hsl(0"]
    full = "100%, 60.0%)"
    assert [color.endswith(full) for color, *_ in ours] == [False, True, False, False, False]
    assert [color.endswith(full) for color, *_ in painted(page, "other")] == [False] * 4 + [True]


def test_unsigned_methods_have_one_hue_that_is_neither_green_nor_red(comparison):
    page = comparison.html()
    assert {color.split(",")[0] for color, *_ in painted(page, "integrated-gradient")} == {"hsl(265"}
    assert "AllenNLP's own, unsigned, of the loss" in page


def test_the_page_says_figures_agreement_and_caveats(comparison):
    shown = re.sub(r"<[^>]+>", " ", comparison.html().split("</style>")[-1])
    shown = " ".join(shown.split())
    assert "Why fine ? probability 0.750 , score 2.000" in shown
    assert "ours logit +1.38 +0.003 (0.1 %) 45 1.25" in shown
    assert "|+1.00|" in shown
    assert "ours: a caveat &lt;of&gt; it." in shown
    assert "said of all." in shown


def test_the_painted_text_is_the_text_also_where_words_share_characters_or_were_not_seen():
    shared = attribution("ab <cd> ef", [1.0, 2.0, 3.0], pattern=r"ab|<cd|>")
    object.__setattr__(shared.tokens, "start", (-1, 0, 3, 5, -1))
    object.__setattr__(shared.tokens, "seen", ((0, 7),))
    page = Comparison((shared,)).html()
    assert [(title, text) for _, title, text in painted(page, "by-hand")] == [
        ("+1.00", "ab"), ("+2.00", "&lt;c"), ("+5.00", "d"), ("+3.00", "&gt;"),
    ]  # fmt: skip
    assert '<span class="unseen" title="not seen by the model"> ef</span>' in page


def test_a_pair_is_two_named_texts():
    pair = attribution(("a film", "b"), [1.0, -1.0, 2.0])
    page = Comparison((pair,)).html()
    assert "<b>text 1:</b>" in page
    assert "<b>text 2:</b>" in page
    assert [text for *_, text in painted(page, "by-hand")] == ["a", "film", "b"]
    assert list(Comparison((pair,)).to_dataframe()["document"]) == [0, 0, 1, -1]


def test_scores_that_are_all_zero_are_not_painted():
    page = Comparison((method("zero", [0.0] * 5), method("ours"))).html()
    assert {color for color, *_ in painted(page, "zero")} == {"hsl(0, 100%, 100.0%)"}


def test_a_title_that_is_no_text_is_refused(comparison):
    with pytest.raises(InputError, match="title is 3"):
        comparison.html(title=3)


HOSTILE = "<script>alert(1)</script>\"'&\u202e\x1b"


def test_whatever_comes_from_elsewhere_is_text_in_the_page():
    scores = np.linspace(-1, 1, 16)
    hostile = attribution(
        HOSTILE, scores, label=HOSTILE, method=HOSTILE, output=HOSTILE, notes=(HOSTILE,), parameters={HOSTILE: HOSTILE}
    )
    other = attribution(HOSTILE, scores, label=HOSTILE, method=HOSTILE, parameters={HOSTILE: 1})
    comparison = Comparison((hostile, other), notes=(HOSTILE,))
    for page in (comparison.html(), comparison.html(title=HOSTILE), comparison._repr_html_()):
        assert "<script" not in page
        assert not re.search("[\x1b\u202e]", page)
        assert "\\u202e" in page


def test_the_page_stands_alone(comparison):
    page = comparison.html(title="two & more")
    assert page.startswith("<!DOCTYPE html>")
    assert "<title>two &amp; more</title>" in page
    assert "default-src 'none'" in page
    assert not re.search(r"https?:|src=|url\(|@import|<script|<link", page)


def test_a_notebook_shows_the_content_of_the_page_and_keeps_its_own_styles(comparison):
    fragment = comparison._repr_html_()
    assert fragment in comparison.html()
    styles = re.search("<style>(.*?)</style>", fragment, re.DOTALL).group(1)
    selectors = re.findall(r"([^{}]+)\{", styles)
    assert selectors
    assert all(part.strip().startswith(".eli5t") for selector in selectors for part in selector.split(","))


SENTENCE = "Not good, other brands do a better job"


@pytest.fixture(scope="module")
def predictor(stars_checkpoint):
    return load_predictor(str(stars_checkpoint))


def test_compare_asks_each_interpreter_with_its_own_options(predictor):
    options = {"type": "integrated-gradients", "tolerance": 0.5}
    made = compare(predictor, SENTENCE, ["integrated-gradients", options, "gradient-x-input"])
    ((label, methods),) = made.by_target()
    assert label == predictor.predict(SENTENCE)["label"]
    first, second, third = [name for name, *_ in methods]
    assert first.startswith("integrated-gradients (tolerance=")
    assert (second, third) == ("integrated-gradients (tolerance=0.5)", "gradient-x-input")
    ((alone,),) = attribute(predictor, SENTENCE, interpreter="gradient-x-input")
    assert_close(made.attributions[2].scores, alone.scores)
    assert all(took > 0 for took in made.seconds)


def test_allennlps_own_stand_beside_ours_and_are_of_the_loss(predictor):
    made = compare(predictor, SENTENCE, ["gradient-x-input", "simple-gradient", "integrated-gradient"])
    assert list(made.to_dataframe("methods")["of"]) == ["logit", "loss", "loss"]
    assert list(made.to_dataframe("methods")["signed"]) == [True, False, False]
    assert list(made.to_dataframe("agreement")["of"]) == ["absolute scores"] * 3
    assert len(made.to_dataframe().dropna()) == 10


def test_targets_are_for_ours_and_the_predicted_label_for_allennlps(predictor):
    predicted = predictor.predict(SENTENCE)["label"]
    other = "3 stars" if predicted != "3 stars" else "2 stars"
    made = compare(predictor, SENTENCE, ["gradient-x-input", "simple-gradient"], targets=[other, predicted])
    assert [(label, [name for name, *_ in methods]) for label, methods in made.by_target()] == [
        (other, ["gradient-x-input"]),
        (predicted, ["gradient-x-input", "simple-gradient"]),
    ]


def test_a_pair_is_compared_as_two_texts_by_all_methods(predictor):
    made = compare(predictor, "not good", ["gradient-x-input", "simple-gradient"], text_pair="a bad job")
    words = made.to_dataframe()
    assert list(zip(words["document"], words["word"])) == [
        (0, "not"), (0, "good"), (1, "a"), (1, "bad"), (1, "job"), (-1, ELSEWHERE),
    ]  # fmt: skip
    assert not words.isna().any(axis=None)


def test_options_reach_our_interpreters(predictor):
    made = compare(predictor, SENTENCE, ["gradient-x-input", "simple-gradient"], output="probability")
    assert list(made.to_dataframe("methods")["of"]) == ["probability", "loss"]


def failing(monkeypatch, *names):
    from eli5_transformers import comparing

    def attribute_some(predictor, text, *, interpreter, **options):
        if interpreter in names:
            raise UnsupportedModelError(f"{interpreter} cannot")
        return attribute(predictor, text, interpreter=interpreter, **options)

    monkeypatch.setattr(comparing, "attribute", attribute_some)


def test_a_method_that_cannot_explain_the_model_is_left_out_with_its_reason(predictor, monkeypatch):
    failing(monkeypatch, "simple-gradient")
    made = compare(predictor, SENTENCE, ["gradient-x-input", "simple-gradient"])
    assert [attribution.method for attribution in made.attributions] == ["gradient-x-input"]
    assert made.notes == ("simple-gradient is left out: simple-gradient cannot",)
    assert "simple-gradient is left out" in made.html()


def test_where_no_method_is_left_the_reasons_are_raised(predictor, monkeypatch):
    failing(monkeypatch, "simple-gradient", "smooth-gradient")
    with pytest.raises(UnsupportedModelError, match="simple-gradient cannot; smooth-gradient is left out"):
        compare(predictor, SENTENCE, ["simple-gradient", "smooth-gradient"])


@pytest.mark.parametrize(
    ("interpreters", "options", "message"),
    [
        ("integrated-gradients", {}, "must be a list of names"),
        ([], {}, "must be a list of names"),
        (["other"], {}, "there is no interpreter 'other'"),
        (["gradient-x-input"], {"steps": 3}, "options of 'gradient-x-input' are not accepted"),
        (["gradient-x-input"], {"targets": "6 stars"}, "6 stars"),
    ],
)
def test_what_cannot_be_asked_is_refused(predictor, interpreters, options, message):
    with pytest.raises(InputError, match=message):
        compare(predictor, SENTENCE, interpreters, **options)


def test_every_method_is_measured_unless_that_is_refused(predictor):
    """The seconds are the method's own: what is measured beside it is no part of them."""
    names = ["gradient-x-input", "simple-gradient"]
    made, plain = compare(predictor, SENTENCE, names), compare(predictor, SENTENCE, names, trust=False)
    assert all(one.trust is not None for one in made.attributions)
    assert all(one.trust is None for one in plain.attributions)
    assert "Does the explanation hold?" in made.html()
    with pytest.raises(InputError, match="trust is"):
        compare(predictor, SENTENCE, names, trust="much")
