"""Tokens find their characters from their spelling, or say that they cannot."""

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from eli5_transformers.errors import ExplanationError
from eli5_transformers.text.alignment import align_tokens
from eli5_transformers.text.words import clusters, whole_clusters


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


def test_an_unknown_token_takes_a_character_that_is_several_code_points():
    for sign in ("👩\u200d👧", "🇩🇪", "5\ufe0f\u20e3", "می\u200cخواهم", "co\u00adoperate", "m²"):
        assert painted(f"so {sign} good", ["so", "[UNK]", "good"]) == ["so", sign, "good"]


def test_tokens_may_end_before_the_text_does():
    assert painted("one two three", ["one", "two", "[SEP]"]) == ["one", "two", None]


def test_pieces_that_are_marked_at_their_end():
    assert painted("so good value", ["so", "g@@", "ood", "val@@", "ue"]) == ["so", "g", "ood", "val", "ue"]
    assert painted("Good value", ["goo", "d</w>", "value</w>"]) == ["Goo", "d", "value"]
    assert painted("a@@ b@@c", ["a@@@", "@", "b@@", "@@@", "@@@", "c"]) == ["a@", "@", "b", "@", "@", "c"]


def test_dashes_and_quotes_may_be_written_otherwise():
    assert painted("“no” — don’t", ['"', "no", '"', "-", "don't"]) == ["“", "no", "”", "—", "don’t"]


def test_unknown_tokens_stand_one_behind_the_other_where_a_text_has_no_spaces():
    assert painted("日本の a", ["[UNK]", "本", "[UNK]", "[UNK]"]) == ["日", "本", "の", "a"]
    assert painted("a@b_c", ["[UNK]", "@", "b", "[UNK]", "c"]) == ["a", "@", "b", "_", "c"]


def test_a_mark_that_a_tokenizer_dropped_is_nobody_elses():
    assert painted("é🙂 x", ["e", "[UNK]", "x"]) == ["é", "🙂", "x"]


def test_marks_and_joiners_that_are_tokens_share_the_letter_they_are_of():
    text = "e\u0301 👩\u200d👧"
    assert painted(text, ["e", "\u0301", " ", "👩", "\u200d", "👧"]) == ["e\u0301"] * 2 + [None] + ["👩\u200d👧"] * 3


def test_a_marker_that_the_text_holds_is_told_from_those_that_were_added():
    assert painted("x [SEP] y", ["[CLS]", "x", "[SEP]", "y", "[SEP]"]) == [None, "x", "[SEP]", "y", None]
    assert align_tokens("[CLS] [CLS] x", ["[CLS]", "[CLS]", "[CLS]", "x"]) == [None, (0, 5), (6, 11), (12, 13)]
    assert painted("x [SEP] y", ["[CLS]", "x", "[SEP]"]) == [None, "x", None]
    assert painted("x [SEP]", ["x", "[SEP]"]) == ["x", "[SEP]"]


def test_marks_of_spaces_that_the_text_holds_are_its_own():
    assert painted("a č Ġ", ["a", "Ġ", "Ä", "į", "Ġ", "Ä", "ł"]) == ["a", None, "č", "č", None, "Ġ", "Ġ"]


def test_text_that_looks_like_a_special_token_is_text_where_it_stands():
    assert painted("the [CLS] token", ["the", "[CLS]", "token"]) == ["the", "[CLS]", "token"]


def test_a_token_that_is_not_in_the_text_is_refused_with_the_mend():
    with pytest.raises(ExplanationError, match=r"token 1 is 'bad'.*'film'.*offsets="):
        align_tokens("good film", ["good", "bad"])


BYTES = "Crème brûlée, 日本 👍🏽 and\n straße"


def test_bytes_that_are_characters_stand_on_the_character_they_are_of():
    """As ByT5 spells them: one letter with an accent left the whole text without places."""
    tokens = [chr(byte) for byte in BYTES.encode()]
    owners = [span for span in clusters(BYTES) for _ in BYTES[slice(*span)].encode()]
    expected = [None if BYTES[slice(*owner)].isspace() else owner for owner in owners]
    assert align_tokens(BYTES, [*tokens, "</s>"]) == [*expected, None]


def test_byte_level_bpe_stands_where_its_own_offsets_say():
    pieces = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pieces
    made.train_from_iterator([BYTES], trainers.BpeTrainer(vocab_size=280, initial_alphabet=pieces.alphabet()))
    encoded = made.encode(BYTES)
    assert any(len(token) > 2 for token in encoded.tokens)
    assert any(not token.isascii() for token in encoded.tokens)
    for (start, end), found in zip(encoded.offsets, align_tokens(BYTES, encoded.tokens)):
        assert [found] == whole_clusters(BYTES, [(start, end)])


def test_bytes_in_angle_brackets_stand_on_the_character_they_are_of():
    assert align_tokens("a 日b", ["<s>", "▁a", "▁", "<0xE6>", "<0x97>", "<0xA5>", "b"]) == [
        None, (0, 1), None, (2, 3), (2, 3), (2, 3), (3, 4),
    ]  # fmt: skip


def test_bytes_of_another_text_are_refused():
    with pytest.raises(ExplanationError):
        align_tokens("Crème", [chr(byte) for byte in "Crêpe".encode()])
