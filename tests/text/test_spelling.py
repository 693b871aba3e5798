"""What vocabularies write for white space and bytes has a name that a person can read."""

import pytest

from eli5_transformers.text.spelling import readable, space_name, spellings, white_space


@pytest.mark.parametrize(
    ("token", "name"),
    [
        ("Ċ", "↵"),
        ("ĊĊ", "↵↵"),
        ("ĉ", "⇥"),
        ("Ġ", "(space)"),
        ("ĠĠĠ", "(3 spaces)"),
        ("▁", "(space)"),
        ("▁▁", "(2 spaces)"),
        ("\n", "↵"),
        ("\r\n", "␍↵"),
        ("\t", "⇥"),
        (" ", "(space)"),
        ("\u00a0", "(no-break space)"),
        ("Âł", "(no-break space)"),
        ("\u3000", "(ideographic space)"),
        ("\u2003\u2028", "(em space)(line separator)"),
        ("\x85", "(U+0085)"),
        ("<0x0A>", "↵"),
        ("</w>", "(nothing)"),
        ("", "(nothing)"),
        ("<0xE3>", "(byte E3)"),
        ("ãĢ", "(bytes E3 80)"),
        ("good", "good"),
        ("[SEP]", "[SEP]"),
        ("##er", "##er"),
    ],
)
def test_a_token_without_a_place_has_a_name(token, name):
    assert readable(token) == name
    assert name.strip()


@pytest.mark.parametrize("letter", ["č", "Ċ", "▁", "Ġ", "é", "Â"])
def test_what_the_document_holds_is_its_own(letter):
    assert readable(letter, f"a {letter} b") == letter
    assert white_space(letter, f"a {letter.lower()} b") is None


def test_white_space_is_told_from_all_else():
    assert [white_space(token) for token in ("Ġ", "▁▁", "", "<0x20>")] == [" ", "  ", "", " "]
    assert [white_space(token) for token in ("a", "▁a", "<0x41>")] == [None] * 3


def test_spaces_of_any_kind_have_a_name():
    spaces = [chr(number) for number in range(0x3001) if chr(number).isspace()]
    names = [space_name(space) for space in spaces]
    assert len(set(names)) == len(spaces)
    assert all(name.isprintable() and name.strip() for name in names)


def test_the_marks_of_pieces_are_no_part_of_the_word():
    assert list(spellings("##er")) == ["##er", "er"]
    assert list(spellings("so@@")) == ["so@@", "so"]
    assert list(spellings("good</w>")) == ["good</w>", "good"]
    assert list(spellings("▁the")) == ["▁the", "the"]
