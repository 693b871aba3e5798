"""What is not HTML holds plain texts: a table of rows, a dict, JSON, a page of text, whatever pandas makes of them.

The row of the special tokens was an object of eli5's HTML formatter among texts: sorting a table raised, a comparison with
the name that is shown found no row, CSV held its `repr`. The name of a document was HTML in an f-string, and a value that
is no number, as a file may hold it, ended both formatters. No test looked at the types of a table's cells.
"""

import copy
import io
import json
import pickle

import eli5
import numpy as np
import pandas as pd
import pytest
from handmade import attribution

from eli5_transformers.explanations.label_text import LabelText
from eli5_transformers.explanations.to_eli5 import BIAS, SPECIAL, to_explanation

LABEL = "<5> & more"


@pytest.fixture
def explanation():
    made = [
        attribution(("a good film",), [1.0, -2.0, 0.5], label=label, baseline_score=0.25)
        for label in ("plain", LABEL)
    ]
    return to_explanation(made, estimator="a model")


def test_the_cells_of_a_table_are_texts_and_numbers(explanation):
    table = eli5.format_as_dataframe(explanation)
    assert {type(name) for name in table["feature"]} == {str}
    assert {SPECIAL, BIAS} <= set(table["feature"])
    assert table["weight"].dtype == float
    assert set(table["target"]) == {"plain", LABEL}


def test_pandas_takes_the_table_as_any_other(explanation):
    table = eli5.format_as_dataframe(explanation)
    assert sorted(table["feature"]) == list(table.sort_values("feature")["feature"])
    assert (table["feature"] == SPECIAL).sum() == 2
    assert list(table.groupby("feature")["weight"].sum().index) == sorted(set(table["feature"]))
    assert len(table.merge(table, on=["target", "feature"])) == len(table)
    assert set(table.pivot(index="feature", columns="target", values="weight")) == {"plain", LABEL}
    for written, read in ((table.to_csv(index=False), pd.read_csv), (table.to_json(), pd.read_json)):
        back = read(io.StringIO(written))
        assert list(back["feature"]) == list(table["feature"])
        assert list(back["target"]) == list(table["target"])


def test_a_table_goes_through_parquet(explanation):
    pytest.importorskip("pyarrow")
    table, file = eli5.format_as_dataframe(explanation), io.BytesIO()
    table.to_parquet(file)
    assert list(pd.read_parquet(file)["feature"]) == list(table["feature"])


def test_dict_json_and_text_hold_the_name_that_is_shown(explanation):
    held = json.loads(json.dumps(eli5.format_as_dict(explanation)))
    names = [row["feature"] for row in held["targets"][0]["feature_weights"]["pos"]]
    assert SPECIAL in names
    assert SPECIAL in eli5.format_as_text(explanation)
    assert "FormattedFeatureName" not in json.dumps(held) + eli5.format_as_text(explanation)


def test_html_shows_the_row_as_it_did(explanation):
    page = eli5.format_as_html(explanation)
    assert page.count(SPECIAL) == 4  # the table, and the sums above the painted text, of two targets
    spaces = eli5.format_as_html(explanation, force_weights=False, highlight_spaces=True)
    assert spaces.count(SPECIAL) == 2


OF_THAT_ROW = [{"top": 1}, {"feature_re": "^Special"}, {"feature_filter": lambda name, _: name == SPECIAL}]


@pytest.mark.parametrize("options", OF_THAT_ROW)
def test_the_row_is_chosen_by_its_name(options):
    made = attribution("a good film", [1.0, -2.0, 0.5], special=(9.0, 0.0))
    weights = to_explanation([made], estimator="a model", **options).targets[0].feature_weights
    assert [weight.feature for weight in [*weights.pos, *weights.neg]] == [SPECIAL]


@pytest.mark.parametrize("value", ["te<xt", ("a", 1), {"b": 2}, [None], "\x1b[31m"])
def test_values_that_are_no_numbers_are_shown(explanation, value):
    explanation.targets[0].feature_weights.pos[0].value = value
    page = eli5.format_as_html(explanation, show_feature_values=True)
    text = eli5.format_as_text(explanation, show_feature_values=True)
    assert "te<xt" not in page
    assert not {"\x1b"} & set(page + text)
    if value == "te<xt":
        assert "te&lt;xt" in page
        assert "te<xt" in text


@pytest.mark.parametrize("value", [1.0, 0.12345, float("nan"), None, np.float32(2.5), 3])
def test_numbers_are_shown_as_eli5_shows_them(explanation, value):
    from eli5.formatters.utils import format_value

    explanation.targets[0].feature_weights.pos[0].value = value
    assert format_value(value) in eli5.format_as_text(explanation, show_feature_values=True)
    assert format_value(value) in eli5.format_as_html(explanation, show_feature_values=True)


@pytest.mark.parametrize("name", [LABEL, "a&b", "x\x1b[31m"])
def test_the_name_of_a_document_is_markup_in_html_alone(name):
    from eli5_transformers import explanation_from_json, explanation_to_json

    made = to_explanation([attribution(("a good film", "seen"), [1.0, -2.0, 0.5, 1.0])], estimator="m")
    made.targets[0].weighted_spans.docs_weighted_spans[0].vec_name = name
    read = explanation_from_json(explanation_to_json(made))
    document = read.targets[0].weighted_spans.docs_weighted_spans[0]
    assert (f"{document.vec_name}", "{}".format(*[document.vec_name])) == (str(document.vec_name),) * 2
    page = eli5.format_as_html(read)
    assert "<5>" not in page
    assert "\x1b" not in page
    if name == LABEL:
        assert f"{document.vec_name}" == LABEL
        assert "<b>&lt;5&gt; &amp; more:</b>" in page


def test_copies_are_the_text(explanation):
    joblib = pytest.importorskip("joblib")
    file = io.BytesIO()
    joblib.dump(explanation, file)
    file.seek(0)
    copies = [pickle.loads(pickle.dumps(explanation, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    for one in (*copies, copy.copy(explanation), copy.deepcopy(explanation), joblib.load(file)):
        label = one.targets[1].target
        assert one == explanation
        assert type(label) is LabelText
        assert "".join(label) == LABEL
        assert (hash(label), {label: 1}, sorted([label, "a"])) == (hash(LABEL), {LABEL: 1}, [LABEL, "a"])
        assert json.dumps([label]) == json.dumps([LABEL])
        assert list(pd.Series([label], dtype=object).map(str)) == [LABEL]
