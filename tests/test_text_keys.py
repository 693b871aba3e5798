"""A command's lines and the reader's find a text under the same keys."""

import pytest

from eli5_transformers.arguments import PAIR_KEYS, TEXT_KEYS, text_and_pair


@pytest.mark.parametrize("key", TEXT_KEYS)
def test_each_key_names_a_text(key):
    assert text_and_pair({key: "a", "label": "x"}) == ("a", None)


@pytest.mark.parametrize("key", PAIR_KEYS)
def test_each_key_names_a_second_text(key):
    assert text_and_pair({"sentence": "a", key: "b"}) == ("a", "b")


def test_a_key_without_a_value_is_no_text():
    assert text_and_pair({"text": None, "sentence": "a", "text_pair": None}) == ("a", None)
    assert text_and_pair({"label": "x"}) == (None, None)


def test_other_keys_can_be_asked_for():
    assert text_and_pair({"text": "a", "review": "b", "reply": "c"}, ["review"], ["reply"]) == ("b", "c")
