"""Tokens that are not spelled like the text are placed by what their tokenizer makes of its parts."""

import re

import pytest

from eli5_transformers.text.alignment import align_unsurely
from eli5_transformers.text.placing import placed_tokens


def painted(text, cut):
    return [None if span is None else text[slice(*span)] for span in placed_tokens(text, cut(text), cut)]


def replacing(text):
    """Addresses and names are one token each, signs of the higher planes are dropped, white space parts words."""
    words = ("HTTPURL" if word.startswith("http") else "@USER" if word.startswith("@") else word for word in text.split())
    return [kept for word in words if (kept := "".join(sign for sign in word if ord(sign) < 0x10000))]


def test_what_is_replaced_stands_where_it_was():
    assert painted("@bob see http://x.org now", replacing) == ["@bob", "see", "http://x.org", "now"]


def test_what_is_dropped_moves_nothing():
    assert painted("good 🙂 bad🙂 🙂🙂 good", replacing) == ["good", "bad🙂", "good"]


def known(text):
    """Only "good" is known; other words are unknown, signs are tokens."""
    return [found if found == "good" or not found.isalnum() else "[UNK]" for found in re.findall(r"\w+|[^\w\s]", text)]


def test_unknown_words_have_their_own_places():
    text = "foo good,bar! x"
    assert painted(text, known) == ["foo", "good", ",", "bar", "!", "x"]


def letters(text):
    return [sign if sign in "日a" else "[UNK]" for sign in text if not sign.isspace()]


def test_unknown_characters_of_a_text_without_spaces_have_their_own_places():
    assert painted("日本の日 本a", letters) == ["日", "本", "の", "日", "本", "a"]


def test_unknown_pieces_of_one_character_share_it():
    assert painted("日🇫🇷a", letters) == ["日", "🇫🇷", "🇫🇷", "a"]


def shouting(text):
    """Tokens that no part of the text gives alone, and that are spelled otherwise."""
    return [f"{place}!" for place, _ in enumerate(text.split())]


def test_no_place_is_guessed():
    assert painted("one two three", shouting) == [None, None, None]


def test_an_unknown_token_between_two_that_are_known_has_what_is_between_them():
    assert align_unsurely("so ☃日 good", ["so", "[UNK]", "good"]) == [(0, 2), (3, 5), (6, 10)]


def test_tokens_that_could_stand_in_several_places_share_them():
    assert align_unsurely("so ☃日本 good", ["so", "[UNK]", "[UNK]", "good"]) == [(0, 2), (3, 6), (3, 6), (7, 11)]


@pytest.mark.parametrize("marker", ["[SEP]", "</s>", "<mask>"])
def test_a_marker_in_the_text_is_a_part_of_its_own(marker):
    def cut(text):
        return [part for piece in text.split(marker) for part in (marker, *known(piece))][1:]

    assert painted(f"foo{marker}good bar {marker}", cut) == ["foo", marker, "good", "bar", marker]


def test_a_long_text_of_unknown_words_takes_no_time_beyond_its_length():
    text = "日x☃ " * 2000
    assert len(painted(text, known)) == 4000
    assert align_unsurely("☃日本" * 2000, ["[UNK]"] * 500) is None
