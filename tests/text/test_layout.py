"""Which tokens are of which text is told by what each text gives alone."""

import pytest

from eli5_transformers.text.layout import Part, cut_layout, owners, whole_layout

CLS, SEP = 101, 102


def of(layout, length):
    return ["-" if owner is None else str(owner) for owner in owners(layout, length)]


@pytest.mark.parametrize(
    ("ids", "texts", "expected"),
    [
        ([CLS, 1, 2, SEP], [[1, 2]], "-00-"),
        ([CLS, 1, 2, SEP, 3, SEP], [[1, 2], [3]], "-00-1-"),
        ([1, 2, SEP, SEP, 3, SEP], [[1, 2], [3]], "00--1-"),
        ([1, 2, 3], [[1, 2], [3]], "001"),
        ([CLS, 1, SEP, 2, SEP, 3, SEP], [[1, SEP, 2], [3]], "-000-1-"),
        ([CLS, 1, SEP, SEP, 3, SEP, SEP], [[1, SEP], [3, SEP]], "-00-11-"),
        ([CLS, SEP, 1, SEP], [[SEP, 1]], "-00-"),
        ([CLS, CLS, 1, SEP], [[CLS, 1]], "-00-"),
    ],
)
def test_a_marker_in_a_text_is_the_texts_own(ids, texts, expected):
    layout = whole_layout(ids, texts, [owner == "-" for owner in expected])
    assert "".join(of(layout, len(ids))) == expected


def test_the_tokenizers_word_decides_where_several_places_are_possible():
    ids = [SEP, SEP, SEP]
    assert whole_layout(ids, [[SEP]], [True, False, True]) == (Part(1, 0, 1),)
    assert whole_layout(ids, [[SEP]], [False, True, True]) == (Part(0, 0, 1),)


def test_texts_that_are_not_there_are_nowhere():
    assert whole_layout([CLS, 1, 2, SEP], [[2, 1]], [True, False, False, True]) is None


A, B = [1, SEP, 2, 3], [4, 5, 6]
WHOLE = [CLS, *A, SEP, *B, SEP]


@pytest.mark.parametrize(
    ("ids", "left", "only", "expected"),
    [
        ([CLS, 1, SEP, SEP, 4, 5, SEP], False, None, (Part(1, 0, 2), Part(4, 0, 2))),
        ([CLS, 2, 3, SEP, 5, 6, SEP], True, None, (Part(1, 2, 2), Part(4, 1, 2))),
        ([CLS, 1, SEP, 4, 5, 6, SEP], False, 0, (Part(1, 0, 1), Part(3, 0, 3))),
        ([CLS, *A, SEP, 6, SEP], True, 1, (Part(1, 0, 4), Part(6, 2, 1))),
        ([CLS, 3, 2, SEP, 5, 6, SEP], True, None, None),
    ],
)
def test_what_is_left_of_texts_is_found_on_the_side_that_is_kept(ids, left, only, expected):
    whole = whole_layout(WHOLE, [A, B], [True, *[False] * 4, True, *[False] * 3, True])
    assert cut_layout(ids, [A, B], WHOLE, whole, left, only) == expected


def test_one_text_is_cut_on_either_side():
    whole = whole_layout([CLS, *A, SEP], [A], [True, *[False] * 4, True])
    assert cut_layout([CLS, 1, SEP, SEP], [A], [CLS, *A, SEP], whole, False) == (Part(1, 0, 2),)
    assert cut_layout([CLS, 2, 3, SEP], [A], [CLS, *A, SEP], whole, True) == (Part(1, 2, 2),)


def test_an_end_token_may_be_added_only_where_there_is_none():
    whole = whole_layout([1, SEP, 2, SEP], [[1, SEP, 2]], [False, False, False, True])
    assert cut_layout([1, SEP], [[1, SEP, 2]], [1, SEP, 2, SEP], whole, False) == (Part(0, 0, 1),)
    assert cut_layout([1, SEP], [[1, SEP, 2]], [1, SEP, 2, SEP], whole, False, short=True) == (Part(0, 0, 2),)
    whole = whole_layout([1, 2, SEP], [[1, 2, SEP]], [False, False, True])
    assert cut_layout([1, SEP], [[1, 2, SEP]], [1, 2, SEP], whole, False) == (Part(0, 0, 1),)
