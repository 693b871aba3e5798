"""Texts without some of their words read as a person would write them."""

import re

import pytest

from eli5_transformers.faithfulness.rewriting import rewritten, seen_alone, writer
from eli5_transformers.records import Tokens


def places(*documents, pattern=r"\w+|[^\w\s]"):
    return [(index, *match.span()) for index, text in enumerate(documents) for match in re.finditer(pattern, text)]


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("I love it, really", {}, "I love it, really"),
        ("I love it, really", {1: ""}, "I it, really"),
        ("I love it, really", {0: ""}, "love it, really"),
        ("I love it, really", {1: "", 2: ""}, "I , really"),
        ("I love it, really", {1: "of"}, "I of it, really"),
        ("I love it!", {3: "of"}, "I love it of"),  # a sign is a word: it is not glued to the one before
        ("  two  spaces ", {0: ""}, "  spaces "),
        ("ein guter-b\u00f6ser Film", {2: ""}, "ein guter b\u00f6ser Film"),
        ("\u043a\u043e\u0442-\u043f\u0435\u0441", {1: ""}, "\u043a\u043e\u0442 \u043f\u0435\u0441"),  # whatever the letters
        ("\u03ba\u03b1\u03bb\u03cc-\u03ba\u03b1\u03ba\u03cc", {1: ""}, "\u03ba\u03b1\u03bb\u03cc \u03ba\u03b1\u03ba\u03cc"),
    ],
)
def test_words_go_with_a_space_beside_them(text, words, expected):
    assert rewritten((text,), places(text), words) == (expected,)


def test_scripts_without_spaces_get_none():
    thai = "\u0e14\u0e35-\u0e44\u0e21\u0e48"
    assert rewritten((thai,), [(0, 2, 3)], {0: ""}) == (thai.replace("-", ""),)
    text = "这房间不干净"
    own = [(0, place, place + 1) for place in range(len(text))]
    assert rewritten((text,), own, {3: ""}) == ("这房间干净",)
    assert rewritten((text,), own, {3: "很"}) == ("这房间很干净",)


def test_each_document_has_its_own_words():
    pair = ("a man sleeps", "he is awake")
    assert rewritten(pair, places(*pair), {1: "", 5: "asleep"}) == ("a sleeps", "he is asleep")


def test_what_was_cut_stays_out_of_sight():
    tokens = Tokens(("a",), (0,), (1,), (0,), (0,), (False,), cut=(3, 0), seen=((2, 6), (0, 4)))
    assert seen_alone(("xxabcdyyy", "pair"), tokens) == (("abcd", "pair"), (2, 0))


def test_other_texts_take_the_place_of_the_first_in_a_predictors_json():
    write = writer({"id": 3, "premise": "a b", "hypothesis": ["a", "b"]}, ("a b", "a b"))
    assert write(("a", "b c")) == {"id": 3, "premise": "a", "hypothesis": ["b", "c"]}
    assert writer({"sentence": "a b"}, ("A B",)) is None


def test_what_is_no_text_is_not_written_though_it_is_spelled_so():
    write = writer({"id": "good", "note": "good", "sentence": "good"}, ("good",))
    assert write(("bad",)) == {"id": "good", "note": "good", "sentence": "bad"}
