"""Words, tokens and sentences are groups of the same tokens: each token is in one, and no score is lost."""

import subprocess
import sys

import numpy as np
import pytest
from closeness import assert_close
from handmade import attribution

from eli5_transformers.errors import InputError
from eli5_transformers.records import Attribution, Tokens
from eli5_transformers.text.granularity import (
    GRANULARITIES,
    by,
    by_word,
    group_tokens,
    placed_scores,
    places,
    require_granularity,
    rest_score,
    told_apart,
)

TEXT = "Good plot. Not bad!"
SPANS = [(0, 4), (5, 7), (7, 9), (9, 10), (11, 14), (15, 18), (18, 19)]
WORDS = (0, 1, 1, 2, 3, 4, 5)


@pytest.fixture
def pieces():
    """`TEXT` in which "plot" is two tokens, and a token without a place, between two special tokens."""
    tokens = Tokens(
        text=("[CLS]", "good", "pl", "##ot", ".", "not", "bad", "!", "▁", "[SEP]"),
        start=(-1, *(start for start, _ in SPANS), -1, -1),
        end=(-1, *(end for _, end in SPANS), -1, -1),
        word=(-1, *WORDS, -1, -1),
        segment=(0,) * 10,
        special=(True, *[False] * 8, True),
        cut=(3,),
        seen=((0, 19),),
    )
    return Attribution((TEXT,), tokens, np.arange(10.0) - 4.5, 1, "x", "by-hand", True)


def names(attribution, granularity):
    return [group.name for group in group_tokens(attribution.tokens, attribution.documents, granularity)]


def test_groups_are_named_as_the_document_spells_them_and_tokens_as_the_vocabulary_does(pieces):
    assert names(pieces, "word") == ["[CLS]", "Good", "plot", ".", "Not", "bad", "!", "(space)", "[SEP]"]
    assert names(pieces, "token") == [*pieces.tokens.text[:-2], "(space)", "[SEP]"]
    assert names(pieces, "phrase") == names(pieces, "sentence") == ["[CLS]", "Good plot.", "Not bad!", "(space)", "[SEP]"]


def test_a_group_stands_from_its_first_to_its_last_character(pieces):
    found = group_tokens(pieces.tokens, pieces.documents, "sentence")
    assert [group.place for group in found] == [None, (0, 0, 10), (0, 11, 19), None, None]


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_every_token_is_in_one_group_and_special_tokens_are_alone(pieces, granularity):
    found = group_tokens(pieces.tokens, pieces.documents, granularity)
    assert sorted(np.concatenate([group.tokens for group in found])) == list(range(10))
    assert [list(group.tokens) for group in found if group.special] == [[0], [9]]
    without = group_tokens(pieces.tokens, pieces.documents, granularity, skip_special=True)
    assert [group.name for group in without] == [group.name for group in found if not group.special]


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_sums_keep_the_total_and_summing_again_changes_nothing(pieces, granularity):
    once = by(pieces, granularity)
    twice = by(once, granularity)
    assert once.scores.sum() == pieces.scores.sum()
    assert (twice.tokens, twice.scores.tolist()) == (once.tokens, once.scores.tolist())
    assert (once.tokens.cut, once.tokens.seen, once.label) == (pieces.tokens.cut, pieces.tokens.seen, pieces.label)
    assert_close(sum(placed_scores(pieces, granularity).values()) + rest_score(pieces), pieces.scores.sum())


def test_a_word_has_the_sum_of_its_pieces(pieces):
    words = by_word(pieces)
    assert words.tokens.text[2] == "plot"
    assert words.scores[2] == pieces.scores[2] + pieces.scores[3]
    assert placed_scores(pieces)[(0, 5, 9)] == words.scores[2]


def test_the_texts_of_a_pair_share_no_word_and_no_sentence():
    pair = attribution(("one two", "one"), [1.0, 2.0, 4.0])
    assert placed_scores(pair) == {(0, 0, 3): 1.0, (0, 4, 7): 2.0, (1, 0, 3): 4.0}
    assert placed_scores(pair, "sentence") == {(0, 0, 7): 3.0, (1, 0, 3): 4.0}
    assert rest_score(pair) == 0.125


def test_places_of_several_methods_are_in_reading_order_once():
    first, second = {(0, 4, 7): 1.0, (1, 0, 1): 2.0}, {(0, 0, 3): 1.0, (0, 4, 7): 3.0}
    assert places([first, second]) == [(0, 0, 3), (0, 4, 7), (1, 0, 1)]


def test_an_unknown_granularity_is_refused_by_the_name_of_its_option():
    with pytest.raises(InputError, match="unit is 'letter', but must be one of 'word', 'token', 'phrase', 'sentence'"):
        require_granularity("letter", "unit")
    with pytest.raises(InputError, match="granularity is 'letter'"):
        by(attribution("a", [1.0]), "letter")


def test_names_that_occur_twice_are_numbered():
    assert told_apart(["a", "job", "job"]) == ["a", "job [1]", "job [2]"]


def test_grouping_and_agreement_load_neither_torch_nor_eli5_nor_scipy():
    statement = (
        "import sys, eli5_transformers.text.granularity, eli5_transformers.explanations.agreement; "
        "print({'torch', 'eli5', 'scipy', 'msgspec', 'allennlp'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", statement], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
