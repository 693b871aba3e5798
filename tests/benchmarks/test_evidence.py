"""What the benchmark on generated sentences counts, and that the lean has the signs that it is there for."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import evidence
from demo_model import checkpoint_path
from demo_model.generator import HELD_OUT, Evidence, Example, sample
from eli5_transformers import interpreters, load_predictor


@pytest.fixture(scope="module")
def judged():
    return evidence.judged(load_predictor(checkpoint_path()), sample(160, seed=5, split=HELD_OUT))


def test_sentences_are_judged_that_have_evidence_and_are_labelled_right(judged):
    assert judged.of > len(judged.examples) > 0.9 * judged.of
    for example in judged.examples:
        assert example.evidence
        assert judged.predictor.predict(example.text)["label"].startswith(str(example.label))


def test_the_lean_has_the_right_sign_for_each_of_five_labels(judged):
    """A label in the middle has not, by its own logit: the question is what goes wrong there, not the method."""
    signs = evidence.right_signs(judged, "integrated-gradients")
    leaning = {label: np.mean(found) for label, found in signs["the lean"].items()}
    assert set(leaning) == {1, 2, 3, 4, 5}
    assert min(leaning.values()) >= 0.9
    assert np.mean(signs["the label's logit"][3]) < 0.8


def test_a_sign_is_right_where_praise_speaks_for_many_stars(monkeypatch, judged):
    """Scores that are 1 on every token: right for praise alone, and of the label's logit for blame of 1 and 2 stars."""
    example = Example("good but slow", 2, (Evidence(0, 4, "opinion", 1), Evidence(9, 13, "opinion", -1)), ())
    one = evidence.Judged(judged.predictor, [example], 1)
    found = evidence.right_signs(one, "occlusion")
    assert {question: list(shares) for question, shares in found.items()} == {"the label's logit": [2], "the lean": [2]}

    original = interpreters.attribute

    def ones(*arguments, **options):
        real = original(*arguments, **options)
        return [[replace(found, scores=np.ones(len(found.tokens))) for found in of_text] for of_text in real]

    monkeypatch.setattr(interpreters, "attribute", ones)
    assert evidence.right_signs(one, "occlusion") == {"the label's logit": {2: [0.0, 1.0]}, "the lean": {2: [1.0, 0.0]}}


def test_the_words_that_decide_come_first_by_average_precision(judged):
    found = evidence.rankings(judged._replace(examples=judged.examples[:2]))
    assert {"integrated-gradients", "occlusion", "simple-gradient"} <= set(found)
    assert all(0 <= share <= 1 for one in found.values() for pair in one for share in pair)


def test_tables_are_printed_for_one_model_and_for_several(judged, capsys):
    few = sample(12, seed=3, split=HELD_OUT)
    evidence.evidence({"a": judged.predictor, "b": judged.predictor}, few)
    out = capsys.readouterr().out
    assert [line for line in out.splitlines() if line.startswith("### ")][1].startswith("### The same sentences, by models")
    assert "| integrated-gradients, the lean |" in out
