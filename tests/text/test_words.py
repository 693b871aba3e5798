"""Words are what a reader sees as one, in any script, and every token belongs to one."""

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from eli5_transformers.text.words import clusters, phrase_starts, sentence_starts, whole_clusters, word_indices, words


def spelled(text):
    return [text[start:end] for start, end in words(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("don't don’t rock'n'roll 80's", ["don't", "don’t", "rock'n'roll", "80's"]),
        ("'quoted' dogs'", ["'", "quoted", "'", "dogs", "'"]),
        ("in the U.S. e.g. U.S.A", ["in", "the", "U.S.", "e.g.", "U.S.A"]),
        ("3.14, 1,234.56. 2. 12:30 ½ m²", ["3.14", ",", "1,234.56", ".", "2", ".", "12", ":", "30", "½", "m²"]),
        ("a film.It ends...", ["a", "film", ".", "It", "ends", ".", ".", "."]),
        ("well-known AT&T a_b", ["well", "-", "known", "AT", "&", "T", "a_b"]),
        ("at https://a.com/b?c=(d), www.e.org!", ["at", "https://a.com/b?c=(d", ")", ",", "www.e.org", "!"]),
        ("www. is no address", ["www", ".", "is", "no", "address"]),
        ("#tag @user a@b.org", ["#", "tag", "@", "user", "a", "@", "b", ".", "org"]),
        ("你好，人々 カメラ 5本", ["你", "好", "，", "人", "々", "カ", "メ", "ラ", "5", "本"]),
        ("か\u3099 葛\U000e0100", ["か\u3099", "葛\U000e0100"]),
        ("한국어 조사", ["한국어", "조사"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("ได้มี ๑๒", ["ไ", "ด้", "มี", "๑๒"]),
        ("cafe\u0301 n\u0303o", ["cafe\u0301", "n\u0303o"]),
        ("👩\u200d👧\u200d👦👍🏽😀😀", ["👩\u200d👧\u200d👦", "👍🏽", "😀", "😀"]),
        ("🇩🇪🇫🇷 ❤\ufe0f 5\ufe0f\u20e3", ["🇩🇪", "🇫🇷", "❤\ufe0f", "5\ufe0f\u20e3"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("co\u00adoperate", ["co\u00adoperate"]),
        ("\ufeffa \u202bb\u202c.\u200f c", ["\ufeffa", "\u202bb\u202c", ".\u200f", "c"]),
        ("one\u200btwo", ["one\u200b", "two"]),
        ('צה"ל ארה״ב ג׳ירף', ['צה"ל', "ארה״ב", "ג׳ירף"]),
        ("col·lecció", ["col·lecció"]),
        ("a\x1cb\u3000c\u00a0d", ["a", "b", "c", "d"]),
        ("\u0301 \u200d", ["\u0301", "\u200d"]),
        ("", []),
    ],
)
def test_a_word_is_what_a_reader_sees_as_one(text, expected):
    assert spelled(text) == expected


# Without what `words` says that it does otherwise: scripts without spaces, full stops, colons, semicolons, apostrophes.
# A mark or invisible character behind a space, and a joiner before an emoji that has none before it, are nobody's.
ORDINARY = st.sampled_from(
    [
        *"aéZß1٣жИशि한\u0301\u0308\u00ad\u200c👩👧🏽❤\ufe0f\u20e3!?()-_אم",
        *(" " + sign for sign in "a1👩(_"),
        "👩\u200d👧",
    ]
)


@settings(max_examples=500, deadline=None)
@given(st.lists(ORDINARY, max_size=12).map("".join).map(lambda text: f"a{text}"))
def test_words_are_those_of_uax_29_where_nothing_else_is_said(text):
    pieces = [piece for piece in regex.split(r"(?wV1)\b", text) if piece and not piece[0].isspace()]
    assert spelled(text) == pieces


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=30))
def test_words_hold_every_character_but_white_space_once_and_tear_no_cluster(text):
    found = words(text)
    assert all(end <= start for (_, end), (start, _) in zip(found, found[1:]))
    held = {at for start, end in found for at in range(start, end)}
    assert all(at in held for at, char in enumerate(text) if not char.isspace())
    borders = {border for span in clusters(text) for border in span}
    assert all(end in borders for _, end in found)


def test_a_long_text_of_any_kind_takes_no_time_beyond_its_length():
    for part in ("a", "a.", "a'", "1.", "www.", "https://(", "\u200d", "\u0301", "(", 'א"'):
        assert words(part * 20_000)


def whole(text, *spans):
    return [None if span is None else text[slice(*span)] for span in whole_clusters(text, spans)]


def test_a_part_of_a_cluster_becomes_the_whole_of_it():
    text = "a 👩\u200d👧 हिन्दी e\u0301"
    expected = ["👩\u200d👧", "👩\u200d👧", "हि", "न्दी", "e\u0301", None]
    assert whole(text, (2, 3), (4, 5), (6, 7), (8, 9), (13, 14), None) == expected


def test_white_space_is_left_out_of_spans():
    assert whole("  a b \n", (0, 3), (2, 6), (5, 7), (3, 4)) == ["a", "a b", None, None]
    assert whole_clusters("a\r\nb", [(1, 2), (2, 3)], [True, True]) == [(1, 3), (1, 3)]
    assert whole_clusters("a b", [(1, 2), (0, 2)], [True, True]) == [(1, 2), (0, 1)]


def test_a_mark_behind_a_space_is_no_part_of_the_space():
    assert whole_clusters("a \u0301b", [(1, 3), (2, 3)]) == [(2, 3), (2, 3)]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=20), st.integers(0, 19), st.integers(1, 20))
def test_spans_grow_and_never_shrink_but_for_white_space(text, start, size):
    span = (min(start, len(text)), min(start + size, len(text)))
    (found,) = whole_clusters(text, [span])
    held = text[slice(*span)]
    assert (found is None) == (not held.strip())
    if found is not None:
        assert held.strip() in text[slice(*found)]
        assert whole_clusters(text, [found]) == [found]


def grouped(text, spans):
    groups = {}
    for index, span in zip(word_indices(text, spans), spans):
        if index >= 0:
            groups.setdefault(index, []).append(text[slice(*span)])
    return list(groups.values())


def test_pieces_of_a_word_share_its_index_and_signs_are_words_of_their_own():
    text = "sooner, don't!"
    spans = [(0, 4), (4, 6), (6, 7), (8, 11), (11, 12), (12, 13), (13, 14)]
    assert grouped(text, spans) == [["soon", "er"], [","], ["don", "'", "t"], ["!"]]


def test_a_token_over_several_words_makes_them_one():
    assert grouped("New York is", [(0, 8), (9, 11)]) == [["New York"], ["is"]]


def test_characters_of_chinese_are_words():
    assert grouped("你好 ok", [(0, 1), (1, 2), (3, 5)]) == [["你"], ["好"], ["ok"]]


def test_a_token_without_a_place_has_no_word():
    assert word_indices("a b", [None, (0, 1), (2, 3), None]) == [-1, 0, 1, -1]


@pytest.mark.parametrize(
    "phrases",
    [
        ["Great food,", "slow service;", "never again."],
        ["He said:", '"no," ', "and left."],
        ["It was", "(to be fair)", "a state-of-the-art film", "\u2014 for 1,200 of us at 10:30."],
        ["One. ", "Two"],
        ["很好，", "不错。", "好"],
        ["plain :( text, ", "again"],
    ],
)
def test_phrases_end_at_marks_of_punctuation_and_at_sentences(phrases):
    text = "".join(phrase if phrase.endswith((" ", "，", "。")) else f"{phrase} " for phrase in phrases).strip()
    starts = phrase_starts(text)
    assert [text[a:b].strip() for a, b in zip(starts, [*starts[1:], len(text)])] == [phrase.strip() for phrase in phrases]


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
