"""What a screen would obey is shown, and nothing else is changed."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eli5_transformers.escapes import visible, visible_characters, visible_line, visible_offsets

# Text as hypothesis makes it holds few of the characters that matter here.
ODD = "\u200b\u200c\u200d\u200e\u200f\u061c\ufe0f\U000e0100\U000e0067\U000e007f\u180b\u2060\u3164\xad\ufeff\x1b\u202e\ud800\t\n"
texts = st.text() | st.text(st.sampled_from(ODD + "ae 1#\u0301שमي्क👩🏽❤🏴ไ漢"))


@given(texts)
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


@given(texts)
def test_the_characters_and_their_places_are_those_of_what_is_shown(text):
    shown, places = visible(text), visible_offsets(text)
    assert "".join(visible_characters(text)) == shown
    assert [shown[start:end] for start, end in zip(places, places[1:])] == visible_characters(text)
    assert places[-1] == len(shown)


ORDINARY = {
    "markup": 'good <b> & "film"',
    "Japanese": "日本語",
    "a variant of a Han character": "葛\U000e0100",
    "Hebrew with a mark of direction": "שלום\u200f (1)",
    "Arabic": "مُحَمَّد",
    "Persian with a joiner": "می\u200cخواهم",
    "Hindi with joiners": "क्\u200dष क्\u200cष",
    "Malayalam with a joiner at a word's end": "അവന്\u200d",
    "Mongolian": "ᠨᠠᠢᠮᠠ\u180eᠠ ᠭ\u180b",
    "Khmer with spaces of no width": "ភាសា\u200bខ្មែរ",
    "emoji that are joined": "👩\u200d👧 👩🏽\u200d🚒 🏳\ufe0f\u200d🌈 🏴\u200d☠\ufe0f 🏃🏽\u200d➡\ufe0f",
    "emoji with a selector": "❤\ufe0f 1\ufe0f\u20e3 ☺\ufe0e ©\ufe0f",
    "the flag of England": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "combining marks": "e\u0301 Z\u0335\u0321a ị́ \\u202e",
}


@pytest.mark.parametrize("text", ORDINARY.values(), ids=ORDINARY.keys())
def test_ordinary_text_of_any_script_stays_as_it_is(text):
    assert visible(text) == text == visible_line(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("gr\u200beat", r"gr\u200beat"),
        ("\ufeffgood", r"\ufeffgood"),
        ("do\xadnau wo\u2060rd \u3164", r"do\xadnau wo\u2060rd \u3164"),
        ("good\u200d film\u200c", r"good\u200d film\u200c"),  # they join nothing here
        ("a\u200eb", r"a\u200eb"),  # nothing reads from the right here
        ("👍\ufe0f\ufe0f\U000e0161", "👍\ufe0f\\ufe0f\\U000e0161"),  # one selector a character: more could hold a text
        ("\U0001f3f4\U000e0068\U000e0069", "🏴\\U000e0068\\U000e0069"),  # a flag that does not end
        ("\ufe0f", r"\ufe0f"),
    ],
)
def test_what_has_no_width_and_is_not_needed_is_spelled(text, shown):
    assert visible(text) == shown


def test_escapes_are_spelled_as_python_spells_them():
    assert visible("a\u202eb\x1b[0m\x00\ud800\u2028") == r"a\u202eb\x1b[0m\x00\ud800\u2028"


def test_line_breaks_and_tabs_stay_but_in_a_name_that_must_be_one_line():
    assert visible("a\n\tb\r") == "a\n\tb\r"
    assert visible_line("a\n\tb\r") == r"a\n\tb\r"
