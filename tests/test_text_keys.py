"""A command's lines and the reader's find a text under the same keys."""

import pytest

from eli5_transformers.arguments import text_and_pair
from eli5_transformers.column_names import SECOND_TEXTS, TEXTS


@pytest.mark.parametrize("key", TEXTS)
def test_each_key_names_a_text(key):
    assert text_and_pair({key: "a", "label": "x"}) == ("a", None)


@pytest.mark.parametrize("key", SECOND_TEXTS)
def test_each_key_names_a_second_text(key):
    assert text_and_pair({"sentence": "a", key: "b"}) == ("a", "b")


def test_a_key_without_a_value_is_no_text():
    assert text_and_pair({"text": None, "sentence": "a", "text_pair": None}) == ("a", None)
    assert text_and_pair({"label": "x"}) == (None, None)


def test_other_keys_can_be_asked_for():
    assert text_and_pair({"text": "a", "review": "b", "reply": "c"}, ["review"], ["reply"]) == ("b", "c")
