"""A value that was no number became markup in a notebook's cell.

`attribution_from_json` read whatever a file held, and the comparison wrote the count of evaluations into HTML without
escaping it, as it "is a number": a file with a string there ran a script in the notebook of whoever looked at it, where no
content policy stands in the way. Other fields of wrong types were read, too, and failed later, in somebody else's words.
"""

import json
from dataclasses import replace

import pytest
from handmade import attribution
from markup import faults

from eli5_transformers import attribution_from_json, attribution_to_json
from eli5_transformers.errors import ExplanationError
from eli5_transformers.views.comparison import Comparison

MARKUP = "<img src=x onerror=alert(document.cookie)>"


@pytest.fixture
def made():
    return attribution("good film", [1.0, -1.0], evaluations=3, convergence_delta=0.1, score=2.0)


@pytest.mark.parametrize(
    "field", "evaluations probability score convergence_delta relative_delta baseline_score target signed".split()
)
def test_a_text_in_the_place_of_a_number_is_refused(made, field):
    held = json.loads(attribution_to_json(made))
    held["attribution"][field] = MARKUP
    with pytest.raises(ExplanationError, match=f"got `str` - at `attribution.{field}`"):
        attribution_from_json(json.dumps(held))


def test_a_place_that_is_no_number_is_refused(made):
    held = json.loads(attribution_to_json(made))
    held["attribution"]["tokens"]["start"][0] = "x"
    with pytest.raises(ExplanationError, match="tokens.start"):
        attribution_from_json(json.dumps(held))


def test_one_that_was_made_by_hand_is_escaped_where_it_is_written(made):
    comparison = Comparison((replace(made, evaluations=MARKUP), replace(made, parameters={MARKUP: MARKUP})))
    for html in (comparison.html(), comparison._repr_html_()):
        assert faults(html) == []
        assert "&lt;img src=x" in html
