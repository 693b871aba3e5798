"""Effects of hiding two words: what is left over of each pair, what is found, and that the sentences say the numbers."""

from dataclasses import replace

import numpy as np
import pytest
from closeness import DOUBLE, assert_close
from handmade import attribution

from eli5_transformers.views.pair_table import MUCH, NOTHING, OF_ALL, TURNS, PairEffects, PairFinding, PairWord

WORDS = "not clean but wonderful"


def effects(losses, words=WORDS, whole=0.0, **changes):
    """The record of a matrix of losses; the rest of it is empty words'."""
    names = words.split()[: len(losses)]
    held = PairEffects(
        attribution=attribution(words, [0.0] * len(words.split())),
        output="logit",
        baseline="mask",
        words=tuple(PairWord(name, 1.0, (0, 0, 1)) for name in names),
        value=whole,
        baseline_value=0.0,
        losses=np.array(losses, dtype=float),
        passes=3,
    )
    return replace(held, **changes)


def two(first, second, both, **options):
    return effects([[first, both], [both, second]], **options)


def test_what_is_left_over_is_the_sum_of_each_minus_both():
    made = effects([[1, 5, 0.5], [5, 2, 2], [0.5, 2, 0]])
    assert_close(made.alone, [1, 2, 0], DOUBLE)
    assert_close(made.interactions, [[0, -2, 0.5], [-2, 0, 0], [0.5, 0, 0]], DOUBLE)
    assert_close(made.beside_hidden, [[0, 3, 0.5], [4, 0, 2], [-0.5, 0, 0]], DOUBLE)


@pytest.mark.parametrize(
    ("losses", "kinds"),
    [
        ((0, 0, 1), ["redundant"]),
        ((NOTHING, -NOTHING, 1), ["redundant"]),
        ((NOTHING + 0.01, 0, 1), ["more"]),
        ((1, 1, 2), []),
        ((1, 1, 1.9), []),
        ((1, 1, 1), ["less"]),
        ((1, 1, 3), ["more"]),
        ((-0.5, 0.2, 1.2), ["turns"]),  # where the second is hidden, hiding the first loses 1.0
        ((-0.5, 0.9, 0.9), ["more"]),  # 0.0 is no other side
        ((-1, 2, -2), ["turns"]),  # the second
        ((3.5, 2.1, 1.5), ["turns", "turns"]),  # "nothing wrong"
        ((0, 0, 0), []),
    ],
)
def test_pairs_are_found_by_the_stated_thresholds(losses, kinds):
    assert [finding.kind for finding in two(*losses).findings] == kinds


def test_thresholds_are_shares_of_the_scale():
    # Beside a third word whose effect is 10, the pair must do MUCH of 10.
    for both, kinds in ((10 * MUCH - 0.01, []), (10 * MUCH + 0.01, ["redundant"])):
        made = effects([[0, both, 10], [both, 0, 10], [10, 10, 10]])
        assert [finding.kind for finding in made.findings] == kinds
    for behind, kinds in ((TURNS - 0.01, ["less"]), (TURNS + 0.01, ["turns"])):
        made = effects([[-1, 0.2 + behind, -1], [0.2 + behind, 0.2, 0.2], [-1, 0.2, 0]])
        assert [finding.kind for finding in made.findings if finding[:2] == (0, 1)] == kinds
    # What is little beside the whole text is no finding.
    for whole, kinds in ((0.9 / OF_ALL / MUCH, ["redundant"]), (1.1 / OF_ALL / MUCH, [])):
        assert [finding.kind for finding in two(0, 0, 1, whole=whole).findings] == kinds


def test_the_word_that_changes_sides_comes_first():
    made = two(-1, 2, -2)
    assert made.findings == (PairFinding(1, 0, "turns"),)


def test_findings_of_the_largest_interaction_come_first_and_three_pairs_are_said():
    losses = np.zeros((4, 4))
    for place, (i, j) in enumerate([(0, 1), (0, 2), (1, 2), (2, 3)]):
        losses[i, j] = losses[j, i] = 4 + place
    made = effects(losses)
    assert [finding[:2] for finding in made.findings] == [(2, 3), (1, 2), (0, 2), (0, 1)]
    assert made.summary.count("hiding both") == 3
    assert made.summary.startswith("Hiding “but” changes")


SENTENCES = {
    (0.004, -0.1, 1.26): (
        "Hiding “not” changes the logit of ‘fine’ by less than 0.01 and hiding “clean” raises it by 0.10; hiding both lowers "
        "it by 1.3."
    ),
    (-0.5, 0.2, 1.2): (
        "Hiding “not” raises the logit of ‘fine’ by 0.50; where “clean” is hidden, hiding “not” lowers it by 1.0."
    ),
    (1, 1, 2.1): (
        "Of no two of these 2 words does what hiding both does differ from the sum of what hiding each does by more than 0.10."
    ),
}


@pytest.mark.parametrize("losses", SENTENCES)
def test_sentences_say_the_numbers_and_no_more(losses):
    said = two(*losses).summary
    assert said == SENTENCES[losses]
    for claim in ("because", "cause", "important", "understand"):
        assert claim not in said


def test_sentences_name_what_was_asked_and_which_of_equal_words():
    made = two(0, 0, 2)
    asked = replace(made, attribution=replace(made.attribution, question="lean", label="more stars"))
    assert "changes the lean by less than" in asked.summary
    combined = replace(made, attribution=replace(made.attribution, question="combination", label="sum"))
    assert "changes the value of ‘sum’ by" in combined.summary
    words = (PairWord("good", 1.0, (0, 0, 4), 1), PairWord("good", 1.0, (0, 9, 13), 2))
    assert "“good” (1st)" in replace(made, words=words).summary
    assert "“good” (2nd)" in replace(made, words=words).summary


def test_a_data_frame_has_a_row_a_pair():
    made = effects([[1, 5, 0.5], [5, 2, 2], [0.5, 2, 0]])
    table = made.to_dataframe()
    assert list(table.columns) == ["first", "second", "first_alone", "second_alone", "both", "interaction", "finding"]
    assert list(zip(table["first"], table["second"])) == [("not", "clean"), ("not", "but"), ("clean", "but")]
    assert_close(table.interaction, [-2, 0.5, 0], DOUBLE)
    assert list(table.finding) == ["more", "", ""]
