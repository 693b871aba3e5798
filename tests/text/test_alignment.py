"""Tokens find their characters from their spelling, or say that they cannot."""

import pytest

from eli5_transformers.errors import ExplanationError
from eli5_transformers.text.alignment import align_tokens, sentence_starts, word_indices


def painted(text, tokens):
    return [None if span is None else text[slice(*span)] for span in align_tokens(text, tokens)]


def test_word_pieces_stand_on_their_exact_characters():
    text = "Not buying it any sooner!"
    tokens = ["[CLS]", "not", "buying", "it", "any", "soon", "##er", "!", "[SEP]"]
    assert painted(text, tokens) == [None, "Not", "buying", "it", "any", "soon", "er", "!", None]


def test_a_repeated_word_stands_at_its_own_place_each_time():
    assert align_tokens("good, good film", ["good", ",", "good", "film"]) == [(0, 4), (4, 5), (6, 10), (11, 15)]


def test_accents_case_and_compatibility_characters_may_differ_from_the_text():
    text = "Él comió straße… ﬁn"
    assert painted(text, ["el", "comio", "straße", ".", ".", ".", "fin"]) == [
        "Él", "comió", "straße", "…", "…", "…", "ﬁn",
    ]  # fmt: skip


def test_a_combining_mark_belongs_to_the_character_it_follows():
    text = "cafe\u0301 noir"
    assert painted(text, ["cafe", "noir"]) == ["cafe\u0301", "noir"]


def test_space_marks_are_no_characters_of_the_text():
    assert align_tokens("the best", ["▁the", "▁best"]) == [(0, 3), (4, 8)]
    assert align_tokens("the best", ["the", "Ġbest"]) == [(0, 3), (4, 8)]


def test_an_unknown_token_takes_one_word():
    assert painted("so 🙂 good", ["so", "[UNK]", "good"]) == ["so", "🙂", "good"]
    assert painted("so Привет good", ["so", "[UNK]", "good"]) == ["so", "Привет", "good"]


def test_tokens_may_end_before_the_text_does():
    assert painted("one two three", ["one", "two", "[SEP]"]) == ["one", "two", None]


def test_text_that_looks_like_a_special_token_is_text_where_it_stands():
    assert painted("the [CLS] token", ["the", "[CLS]", "token"]) == ["the", "[CLS]", "token"]


def test_a_token_that_is_not_in_the_text_is_refused_with_the_mend():
    with pytest.raises(ExplanationError, match=r"token 1 is 'bad'.*'film'.*offsets="):
        align_tokens("good film", ["good", "bad"])


def words(text, spans):
    indices = word_indices(text, spans)
    groups = {}
    for index, span in zip(indices, spans):
        if index >= 0:
            groups.setdefault(index, []).append(text[slice(*span)])
    return list(groups.values())


def test_pieces_of_a_word_share_its_index_and_signs_are_words_of_their_own():
    text = "sooner, don't!"
    spans = [(0, 4), (4, 6), (6, 7), (8, 11), (11, 12), (12, 13), (13, 14)]
    assert words(text, spans) == [["soon", "er"], [","], ["don", "'", "t"], ["!"]]


def test_a_token_over_several_words_makes_them_one():
    assert words("New York is", [(0, 8), (9, 11)]) == [["New York"], ["is"]]


def test_characters_of_chinese_are_words():
    assert words("你好 ok", [(0, 1), (1, 2), (3, 5)]) == [["你"], ["好"], ["ok"]]


def test_a_token_without_a_place_has_no_word():
    assert word_indices("a b", [None, (0, 1), (2, 3), None]) == [-1, 0, 1, -1]


def test_sentences_end_at_marks_with_their_quotes_and_at_empty_lines():
    for text in (
        "It works. I like it!",
        'He said "no." Then left',
        "one\n\ntwo",
        "很好。不错！",
        "3.5 stars, really?! Yes",
    ):
        starts = sentence_starts(text)
        parts = [text[a:b].strip() for a, b in zip(starts, [*starts[1:], len(text)])]
        assert [bool(part) for part in parts] == [True, True], parts
