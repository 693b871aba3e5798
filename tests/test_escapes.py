"""What a screen would obey is shown, and nothing else is changed."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eli5_transformers.escapes import visible, visible_line


@given(st.text())
def test_nothing_that_a_screen_obeys_is_left_and_what_is_shown_can_be_written(text):
    shown = visible(text)
    for character in shown:
        assert unicodedata.category(character) not in ("Cs", "Zl", "Zp")
        assert unicodedata.category(character) != "Cc" or character in "\t\n\r"
        assert unicodedata.bidirectional(character) not in (
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        )
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert visible(shown) == shown


@pytest.mark.parametrize(
    "text", ['good <b> & "film"', "日本語", "שלום\u200f (1)", "می\u200cخواهم", "👩\u200d👧", "e\u0301 \\u202e"]
)
def test_ordinary_text_of_any_script_stays_as_it_is(text):
    assert visible(text) == text == visible_line(text)


def test_escapes_are_spelled_as_python_spells_them():
    assert visible("a\u202eb\x1b[0m\x00\ud800\u2028") == r"a\u202eb\x1b[0m\x00\ud800\u2028"


def test_line_breaks_and_tabs_stay_but_in_a_name_that_must_be_one_line():
    assert visible("a\n\tb\r") == "a\n\tb\r"
    assert visible_line("a\n\tb\r") == r"a\n\tb\r"
