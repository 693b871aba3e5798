"""What was measured beside an explanation, in sentences."""

from dataclasses import replace

import pytest
from handmade import attribution

from eli5_transformers import to_explanation
from eli5_transformers.explanations.trust_text import trust_lines
from eli5_transformers.records import DeletionCheck, HiddenWord, Stability, Trust

WORD = HiddenWord("good", (0, 0, 4), 1.0, 0.2)
CHECK = DeletionCheck((WORD,), 1, 0.2, 0.8, 35, 33 / 35, "yes", 40)
TRUST = Trust("probability", "mask", 0.9, (WORD,), 6, CHECK, (), Stability(1.0, 1e-6, 3))


def lines_of(trust=TRUST, *others, **changes):
    labels = ("fine", "poor")
    trusts = (replace(trust, **changes), *others)
    return trust_lines([attribution("good food", [1.0, 0.5], label=label, trust=one) for label, one in zip(labels, trusts)])


def checked(**changes):
    return replace(TRUST, check=replace(CHECK, **changes))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (0.9, 0.2, "drops the probability of \u2018fine\u2019 from 90\u202f% to 20\u202f%;"),
        (0.2, 0.9, "raises the probability of \u2018fine\u2019 from 20\u202f% to 90\u202f%;"),
        (1e-5, 2e-5, "leaves the probability of \u2018fine\u2019 at <0.1\u202f%;"),
        (0.901, 0.902, "leaves the probability of \u2018fine\u2019 at 90\u202f%;"),
    ],
)
def test_what_hiding_does_is_said_by_what_is_read(before, after, said):
    assert said in lines_of(replace(checked(after=after), before=before))[0]


@pytest.mark.parametrize(
    ("beaten", "draws", "said"),
    [
        (1.0, 2, "of which it beats all)"),
        (0.0, 2, "of which it beats none)"),
        (33 / 35, 35, "(35 other choices, of which it beats 33)"),
        (0.25, 2, "beats 0.5)"),
    ],
)
def test_draws_are_counted(beaten, draws, said):
    assert said in lines_of(checked(beaten=beaten, draws=draws))[0]


def test_warnings_come_first():
    unstable = replace(TRUST, stability=Stability(0.2, 1e-6, 3))
    assert lines_of(unstable)[0].startswith("The scores are not stable")
    warned = lines_of(replace(unstable, check=replace(CHECK, verdict="no")))
    assert warned[0].startswith("Does the explanation hold? No:")
    assert warned[1].startswith("The scores are not stable")
    assert warned[2].startswith("Hiding")
    assert len(warned) == len(lines_of())
    assert lines_of()[:2] == [lines_of()[0], "Does the explanation hold? Yes."]


def test_a_no_says_why():
    other = lines_of(checked(verdict="no"))[0]
    assert "No: hiding other words changes the answer as much or more." in other
    assert "No: hiding these words moves the answer the wrong way." in lines_of(checked(verdict="no", after=0.95))[0]


def test_of_several_targets_each_block_names_its_label():
    lines = lines_of(TRUST, TRUST)
    heads = [line for line in lines if line.startswith("How far to trust")]
    assert heads == [f"How far to trust what is said of \u2018{label}\u2019:" for label in ("fine", "poor")]
    assert lines[0] == heads[0]
    assert not any(line.startswith("How far") for line in lines_of())
    one = attribution("good food", [1.0, 0.5], label="fine", trust=TRUST)
    assert "How far to trust" not in to_explanation(one).description


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (0.00012, 0.00003, "from 0.000120 to 0.000030"),
        (1000.25, 1000.01, "from 1000.25 to 1000.01"),
        (-31234.0, 20000.0, "from \u221231234 to 20000"),
        (2e-9, 1e-9, "from 2e-09 to 1e-09"),
    ],
)
def test_scores_have_the_digits_that_tell_them_apart(before, after, said):
    word = replace(WORD, after=after)
    check = replace(CHECK, words=(word,), after=after, random_mean=before)
    assert said in lines_of(measured="score", before=before, hidden=(word,), check=check)[0]
