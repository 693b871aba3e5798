"""A label is the text that its author wrote, wherever it is read, and never markup where it is rendered.

Labels were escaped in the data: `str()` of the target "Q&A" gave "Q&amp;A", and an array of targets, a table or a report
that was made of them held the entities. They were told apart by `repr` and equality alone, which is what the tests asked.
"""

import copy
import html
import json
import pickle

import eli5
import numpy as np
import pytest
from handmade import attribution

from eli5_transformers import explanation_from_json, explanation_to_json
from eli5_transformers.escapes import visible
from eli5_transformers.explanations.from_scores import get_explanation_from_grads
from eli5_transformers.explanations.to_eli5 import to_explanation

LABELS = [
    "Q&A", "Children's", 'say "no"', "<b>bold</b>", "<script>alert(1)</script>", "&lt;already&gt;", "&amp;", "{{ 7 * 7 }}",
    "two\nlines", "tab\there", "esc\x1b[31m", "\u202edetrever", "", " ", "x" * 5000, "100 %s", "{0}", "naïve ☃", "a=b;c",
]  # fmt: skip


def of(*labels):
    made = [attribution(("a good film",), [1.0, -2.0, 0.5], label=label) for label in labels]
    return to_explanation(made, estimator="a model")


def rendered(explanation):
    return [
        eli5.format_as_html(explanation),
        eli5.format_as_html(explanation, force_weights=False),
        eli5.format_as_html(explanation, show=("targets",)),
        explanation._repr_html_(),
    ]


@pytest.mark.parametrize("label", LABELS)
def test_a_label_is_itself_wherever_it_is_read(label):
    explanation = of(label)
    target = explanation.targets[0].target
    same = [target, copy.deepcopy(target), pickle.loads(pickle.dumps(explanation)).targets[0].target]
    same.append(explanation_from_json(explanation_to_json(explanation)).targets[0].target)
    for one in same:
        assert str(one) == one == label
        assert (f"{one}", f"{one!s}", "{}".format(*[one]), "".join([one])) == (label,) * 4
        assert repr(one) == repr(label)
    assert np.array([target]).tolist() == [label]
    written = json.loads(json.dumps(eli5.format_as_dict(explanation)))
    assert written["targets"][0]["target"] == label
    table = eli5.format_as_dataframe(explanation)
    assert set(table["target"]) == {label}
    assert f"y={label!r}" in eli5.format_as_text(explanation)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("others", [(), ("other",)])
def test_a_label_is_escaped_once_where_eli5_renders_it(label, others):
    for page in rendered(of(label, *others)):
        assert f"y={html.escape(visible(label))}" in page
        assert "<b>bold" not in page
        assert "<script" not in page
        assert not {"\x1b", "\u202e"} & set(page)


def test_equal_names_stay_two_targets():
    explanation = of("Q&A", "Q&A")
    assert [str(target.target) for target in explanation.targets] == ["Q&A", "Q&A"]
    assert all(page.count("y=Q&amp;A") >= 2 for page in rendered(explanation))


def test_scores_from_elsewhere_name_their_label_as_it_is():
    explanation = get_explanation_from_grads("m", "R&D <i>", "good", ["good"], [1.0], [0.2, 0.8], ["no", "Q&A"])
    assert (str(explanation.targets[0].target), str(explanation.description)) == ("Q&A", "R&D <i>")
    page = eli5.format_as_html(explanation)
    assert "y=Q&amp;A" in page
    assert "R&amp;D &lt;i&gt;" in page


def test_eli5_renders_what_is_not_ours_as_before():
    explanation = of("plain")
    explanation.targets[0].target = "<i>theirs</i>"
    assert "y=<i>theirs</i>" in eli5.format_as_html(explanation)
