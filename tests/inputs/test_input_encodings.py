"""Encodings of text files, and characters that no text has: one sentence for the line, or for the file."""

import sys

import pytest

from eli5_transformers.errors import InputError, MissingDependencyError
from eli5_transformers.inputs import read_rows

TEXTS = ["great välue", "it broke 😀", "很好"]


def write(tmp_path, encoding, name="a.txt", texts=TEXTS):
    content = "\n".join(texts) if name.endswith("txt") else "text,label\n" + "".join(f"{text},1\n" for text in texts)
    (tmp_path / name).write_bytes(content.encode(encoding))
    return tmp_path / name


@pytest.mark.parametrize("name", ["a.txt", "a.csv"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_utf_is_known_by_its_mark(tmp_path, encoding, name):
    assert [row.text for row in read_rows(write(tmp_path, encoding, name))] == TEXTS


@pytest.mark.parametrize("name", ["a.txt", "a.csv"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_characters_without_a_mark_are_asked_for(tmp_path, encoding, name):
    file = write(tmp_path, encoding, name)
    with pytest.raises(InputError, match=f"{encoding[:6].upper()} without a byte order mark.*--encoding {encoding}"):
        read_rows(file)
    assert [row.text for row in read_rows(file, encoding=encoding)] == TEXTS
    marked = write(tmp_path, encoding, name, ["\ufeff" + TEXTS[0], *TEXTS[1:]] if name == "a.txt" else TEXTS)
    assert [row.text for row in read_rows(marked, encoding=encoding)] == TEXTS


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["отличный фильм, очень", "καλή ταινία", "סרט טוב מאוד", "فيلم جيد جدا", "Ünïcödé"])
def test_wide_characters_of_other_scripts_are_known_too(tmp_path, encoding, text):
    with pytest.raises(InputError, match=f"--encoding {encoding}"):
        read_rows(write(tmp_path, encoding, texts=[text] * 3))


@pytest.mark.parametrize(("encoding", "text"), [("cp1252", "schön – größer"), ("shift_jis", "とても良い"), ("latin-1", "é")])
def test_another_encoding_is_said(tmp_path, encoding, text):
    rows = read_rows(write(tmp_path, encoding, texts=[text]), encoding=encoding)
    assert [row.text for row in rows] == [text]


def test_an_encoding_is_guessed_where_that_is_asked_for(tmp_path, monkeypatch):
    texts = ["Die Straßen sind schön", "Übung macht größer", "ganz schön müde"] * 20
    rows = read_rows(write(tmp_path, "cp1252", texts=texts), encoding="auto")
    assert ([row.text for row in rows], "(CP1252" in rows.described) == (texts, True)
    assert [row.text for row in read_rows(write(tmp_path, "utf-8"), encoding="auto")] == TEXTS
    assert [row.text for row in read_rows(write(tmp_path, "utf-16"), encoding="auto")] == TEXTS
    with pytest.raises(InputError, match="too short to tell its encoding.*cp1252"):
        read_rows(write(tmp_path, "cp1252", texts=["C'est très bon, déjà vu", "ça va"]), encoding="auto")
    monkeypatch.setitem(sys.modules, "charset_normalizer", None)
    with pytest.raises(MissingDependencyError, match="pip install charset-normalizer"):
        read_rows(write(tmp_path, "cp1252", texts=texts), encoding="auto")


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("cp125", "did you mean 'cp1252'"), ("base64", "no encoding 'base64'"), ("", "no encoding"), ("a\0", "no encoding")],
)
def test_an_encoding_that_nobody_knows_is_refused(tmp_path, encoding, said):
    with pytest.raises(InputError, match=said):
        read_rows(write(tmp_path, "utf-8"), encoding=encoding)


@pytest.mark.parametrize(("mark", "encoding"), [("utf-8-sig", "cp1252"), ("utf-16", "utf-8"), ("utf-8-sig", "utf-16")])
def test_an_encoding_that_the_mark_contradicts_is_refused(tmp_path, mark, encoding):
    with pytest.raises(InputError, match="begins with the mark of utf-.*leave it out"):
        read_rows(write(tmp_path, mark), encoding=encoding)


BAD = {
    "a.txt": (b"good\nb\xffad\ngo\0od\nfine\n", [2, 3]),
    "a.csv": (b"text,label\ngood,1\nb\xffad,1\ngo\0od,1\nfine,1\n", [3, 4]),
    "a.jsonl": (b'{"text": "good"}\n{"text": "b\xffad"}\n{"text": "go\\u0000od"}\n{"text": "fine"}\n', [2, 3]),
    "a.json": (b'[{"text": "good"},\n{"text": "b\xffad"}, {"text": "go\\u0000od"}, {"text": "fine"}]', [2, 3]),
    "other.csv": (b"text,author\ngood,x\nlost,\xe9\xe8\ntoo,\0\nfine,y\n", [3, 4]),
}


@pytest.mark.parametrize("name", BAD)
def test_bytes_that_are_no_text_are_named_and_the_rest_is_read(tmp_path, name):
    content, numbers = BAD[name]
    (tmp_path / name).write_bytes(content)
    rows = list(read_rows(tmp_path / name, text_column=None if "." in name and name[0] != "o" else "text"))
    assert [row.text for row in rows if row.error is None] == ["good", "fine"]
    assert [row.number for row in rows if row.error] == numbers
    first, second = (row.error for row in rows if row.error)
    assert "no valid UTF-8 (the byte 0x" in first
    assert "--encoding cp1252" in first
    assert "a NUL character" in second


def test_half_a_character_is_named(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "a \\ud800"}\n{"text": "\\ud83d\\ude00"}\n')
    first, second = read_rows(tmp_path / "a.jsonl")
    assert "half a character" in first.error
    assert second.text == "😀"
    (tmp_path / "a.txt").write_bytes("a b\nc d\n".encode("utf-16") + b"\x00\xd8\n\x00")
    assert [bool(row.error) for row in read_rows(tmp_path / "a.txt")] == [False, False, True]


def test_marks_between_files_that_were_joined_are_left_out(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b'\xef\xbb\xbf{"text": "a"}\n\xef\xbb\xbf{"text": "b"}\n')
    assert [row.text for row in read_rows(tmp_path / "a.jsonl")] == ["a", "b"]


ASIA = {"zh": "这个产品很好,我很喜欢。一定再来", "ja": "この商品はとても良いです", "ko": "이 제품은 정말 좋습니다."}


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("language", ASIA)
@pytest.mark.parametrize("name", ["a.txt", "a.csv"])
def test_wide_characters_of_east_asia_are_asked_for_and_guessed(tmp_path, name, language, encoding):
    texts = [ASIA[language].replace(",", "，")] * 3
    file = write(tmp_path, encoding, name, texts)
    with pytest.raises(InputError, match=f"--encoding {encoding}"):
        read_rows(file)
    assert [row.text for row in read_rows(file, encoding="auto")] == texts


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_characters_are_guessed_too(tmp_path, encoding):
    assert [row.text for row in read_rows(write(tmp_path, encoding), encoding="auto")] == TEXTS


LEGACY = [
    ("cp932", "この商品はとても良いです。また買いたいと思います。すぐに壊れました。"),
    ("gb18030", "距离公路较近，但是公交指示不对，会非常麻烦。房间较为简单。"),
    ("big5", "這個產品很好，我非常喜歡。品質很差，不推薦購買。"),
]


@pytest.mark.parametrize(("encoding", "text"), LEGACY)
def test_encodings_of_east_asia_are_guessed_or_refused_and_never_mistaken(tmp_path, encoding, text):
    file = write(tmp_path, encoding, texts=[text, text[::-1]])
    assert [row.text for row in read_rows(file, encoding="auto")] == [text, text[::-1]]


@pytest.mark.parametrize(("encoding", "text"), [*LEGACY, ("cp949", "이 제품은 정말 좋습니다. 금방 고장났습니다.")])
def test_a_damaged_line_makes_no_utf_16_of_a_file(tmp_path, encoding, text):
    (tmp_path / "a.txt").write_bytes(f"{text}\n{text[:4]}\0\n".encode(encoding))
    assert [row.text for row in read_rows(tmp_path / "a.txt", encoding=encoding) if row.error is None] == [text]
    assert all("UTF-16" not in row.error for row in read_rows(tmp_path / "a.txt"))


def test_utf_16_that_is_said_without_an_order_is_read_by_what_it_shows(tmp_path):
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-be"):
        file = write(tmp_path, encoding, "a.csv")
        assert [row.text for row in read_rows(file, encoding=encoding[:6])] == TEXTS
    with pytest.raises(InputError, match="no byte order mark, and does not look like UTF-16: say --encoding utf-16-le"):
        read_rows(write(tmp_path, "utf-8"), encoding="utf-16")


@pytest.mark.parametrize("encoding", ["idna", "punycode", "undefined"])
def test_encodings_that_read_no_damage_are_none(tmp_path, encoding):
    with pytest.raises(InputError, match=f"no encoding '{encoding}' is known"):
        read_rows(write(tmp_path, "utf-8"), encoding=encoding)


def test_what_dos_ends_a_file_with_is_no_row(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"text,label\r\na,1\r\n\x1a")
    assert [(row.text, row.error) for row in read_rows(tmp_path / "a.csv")] == [("a", None)]
