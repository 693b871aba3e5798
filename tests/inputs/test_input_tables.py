"""Tables in text: delimiters, headers, quotes, and rows that do not fit, none of which takes others with it."""

import pytest

from eli5_transformers.errors import InputError
from eli5_transformers.inputs import read_rows

LABELLED = "label,text\n" + "pos,a b\nneg,c\n" * 5


def read(tmp_path, content, name="t.csv", **options):
    """(line, text) of the rows, with "!" and the error where there is one."""
    (tmp_path / name).write_bytes(content.encode("utf-8", "surrogateescape"))
    return [(row.number, f"!{row.error}" if row.error else row.text) for row in read_rows(tmp_path / name, **options)]


def texts(tmp_path, content, name="t.csv", **options):
    """The texts of the rows, with "!" for each that has an error."""
    return [text if text[:1] != "!" else "!" for _, text in read(tmp_path, content, name, **options)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("sep=;\nid;text\n1;a, b\n2;c\n", ["a, b", "c"]),
        ('"sep=|"\nid|text\n1|a, b\n', ["a, b"]),
        ("text;score\na, b;0,5\nc;0,7\n", ["a, b", "c"]),
        ("text\tlabel\na, b\t1\n", ["a, b"]),
        ("text|label\na, b|1\n", ["a, b"]),
        ("text\na, b\nc; d\n", ["a, b", "c; d"]),
        ("\n\ntext,label\na,1\n", ["a"]),
        (" Text , Label\na,1\n", ["a"]),
        ('"TEXT","LABEL"\n"a","1"\n', ["a"]),
        ('text, label\n"a, b", 1\nc, 2\n', ["a, b", "c"]),
        ('id, text\n1, "a, b"\n2, c\n', ["a, b", "c"]),
        ("id, text\n1, a\n2, b\n", ["a", "b"]),
        ("text,label,\na,1,\nb,2,\n", ["a", "b"]),
        ("text,label,,,\na,1,,,\n,,,,\nb,2,,,\n", ["a", "b"]),
        ("text\tlabel\n1\ta b\t5\n2\tc\t1\n", ["a b", "c"]),  # as R names its rows
        ('"text" "label"\n"1" "a b" 5\n', ["a b"]),
        ('"","text"\n"1","a"\n', ["a"]),
        ("text,label\rgood,1\rbad,2\r", ["good", "bad"]),
        ("text,label\r\n\"a\r\nb\",1\r\n", ["a\r\nb"]),
        ('text,label\n"a ""b"" c",1\n""""",2\n', ['a "b" c', "!"]),
        ("text,label\n" + "x" * 300000 + " end,1\nb,2\n", ["x" * 300000 + " end", "b"]),
    ],
)  # fmt: skip
def test_tables_are_read_as_they_are_written(tmp_path, content, expected):
    assert texts(tmp_path, content) == expected


@pytest.mark.parametrize("content", ['"idx","text"\n"1","good",more\n', "nr|text|a\n1|good|b|more\n"])
def test_a_single_row_with_a_cell_too_many_is_no_name_of_it(tmp_path, content):
    path = tmp_path / "file.csv"
    path.write_text(content, encoding="utf-8")
    (row,) = read_rows(path, id_column=content.strip('"')[:3].strip('"|'))
    assert "cells where the header has" in row.error


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("great value\nbad, broke\nok\n", ["great value", "bad, broke", "ok"]),
        ("5,great value\n1,it broke\n", ["great value", "it broke"]),
        ('"5";"great; value"\n"1";"it broke"\n', ["great; value", "it broke"]),
    ],
)
def test_without_a_header_no_row_is_lost(tmp_path, content, expected):
    assert texts(tmp_path, content) == expected
    assert "no header" in read_rows(tmp_path / "t.csv").described


def test_without_a_header_columns_are_named_by_their_places(tmp_path):
    content = "pos,great value\nneg,it broke\n"
    with pytest.raises(InputError, match="'1', '2'.*--text-column"):
        texts(tmp_path, content)
    assert texts(tmp_path, content, text_column="2", label_column="1") == ["great value", "it broke"]
    rows = list(read_rows(tmp_path / "t.csv", text_column="2", label_column="1"))
    assert [row.label for row in rows] == ["pos", "neg"]


def test_a_column_that_is_asked_for_makes_a_header(tmp_path):
    content = "When,What did you like about it?\n2024-01-01,all of it was very good\n2024-01-02,nothing\n"
    assert texts(tmp_path, content, text_column="What did you like about it?") == ["all of it was very good", "nothing"]


def test_rows_of_another_width_are_named_and_the_others_read(tmp_path):
    rows = read(tmp_path, 'id,text,label\n1,good,5\n2,it, broke,1\n3,fine\n4,"ok, yes",3\n')
    assert [text for _, text in rows if text[0] != "!"] == ["good", "ok, yes"]
    assert [number for number, text in rows if text[0] == "!"] == [3, 4]
    assert "4 cells where the header has 3" in rows[1][1]
    assert "2 cells where the header has 3" in rows[2][1]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        # A quote that is never closed, or is closed by the next row's.
        ('id,text,label\n1,a,5\n2,"b,1\n3,c,2\n4,d,3\n', ["a", "!", "c", "d"]),
        ('id,text,label\n1,a,5\n2,"b,1\n3,c,2\n4,"d, d",3\n5,e,1\n', ["a", "!", "c", "d, d", "e"]),
        ('id,text,label\n1,a,5\n2,"b,1\n3,c "",2\n4,d"\n', ["a", "!", 'c ""', "!"]),
        ('text\n"open\nb\nc\n', ["!", "b", "c"]),
        # Quotes that are not doubled.
        ('text,label\n"it is 5" long",1\nok,2\n', ["!", "ok"]),
        ('id,text,label\n1,a,5\n2,it was 12" long,1\n3,c,2\n', ["a", 'it was 12" long', "c"]),
        # Cells of several lines that look like rows stay cells where nothing shows that they are rows.
        ('text,label\n"a, b\nc,pos\nd",pos\ne,neg\n', ["a, b\nc,pos\nd", "e"]),
        (f'{LABELLED}pos,"Great\nso, fine\nwell, ok"\n', ["a b", "c"] * 5 + ["Great\nso, fine\nwell, ok"]),
        # … and are rows where labels or numbers show it.
        (f'{LABELLED}pos,"Great\nneg,fine\nneg,well"\npos,z\n', ["a b", "c"] * 5 + ["!", "fine", "!", "z"]),
    ],
)  # fmt: skip
def test_broken_quotes_take_no_other_row_with_them(tmp_path, content, expected):
    assert texts(tmp_path, content) == expected


def test_quotes_are_letters_in_files_with_tabs_that_do_not_quote(tmp_path):
    content = 'sentence\tlabel\n"Great" movie\t1\n"Bad\t0\nsaid "\t1\n"all quoted"\t1\nfine\t0\n'
    assert texts(tmp_path, content, "t.tsv") == ['"Great" movie', '"Bad', 'said "', '"all quoted"', "fine"]


def test_many_broken_quotes_take_no_time(tmp_path):
    content = "id,text,label\n" + "".join(f'{n},"row,{n}\n' if n % 500 == 0 else f"{n},row,1\n" for n in range(20000))
    rows = texts(tmp_path, content)
    assert (len(rows), rows.count("!")) == (20000, 40)


def test_missing_cells_are_named(tmp_path):
    rows = read(tmp_path, "text,label\n,1\nNaN,2\n#NAME?,3\n \n  ,4\nb,\n")
    assert [number for number, text in rows if text[0] == "!"] == [2, 3, 4, 6]
    assert "is missing" in rows[0][1]
    assert "'NaN', which stands for a missing value" in rows[1][1]
    assert rows[-1] == (7, "b")
    assert list(read_rows(tmp_path / "t.csv"))[-1].label is None


def test_a_header_that_comes_again_is_no_row(tmp_path):
    assert read(tmp_path, "text,label\na,1\ntext,label\nb,2\n")[1] == (3, "!it is the header once more")


def test_columns_of_one_name_are_asked_about(tmp_path):
    with pytest.raises(InputError, match="several columns 'text'.*--text-column 1"):
        texts(tmp_path, "text,text,label\na,b,1\n")
    assert texts(tmp_path, "text,text,label\na,b,1\n", text_column="2") == ["b"]
    assert texts(tmp_path, "label,text,label\n1,b,2\n") == ["b"]


@pytest.mark.parametrize(
    "content",
    [
        "a, b\nc, d, e\nf, g\ng, h, i, j\n", "5,great\n4,good, well, yes\n3,bad, x\n", "1;a\n2;b;c\n3;d;e;f\n",
        "text label\na 1\n",
    ],
)  # fmt: skip
def test_what_is_no_table_is_said_to_be_none(tmp_path, content):
    with pytest.raises(InputError, match="--input-format lines"):
        texts(tmp_path, content)
    assert texts(tmp_path, content, form="lines") == content.splitlines()


def test_the_limit_of_the_csv_module_is_left_as_it_was(tmp_path):
    import csv

    before = csv.field_size_limit(1000)
    try:
        assert texts(tmp_path, "text,label\n" + "x" * 2000 + ",1\n") == ["x" * 2000]
        assert csv.field_size_limit() == 1000
    finally:
        csv.field_size_limit(before)


def test_a_comma_in_every_text_is_no_column_of_row_numbers(tmp_path):
    assert texts(tmp_path, "text,label\ngreat, yes,1\nbad, no,0\n") == ["!", "!"]
    assert texts(tmp_path, "text\tlabel\n1\tgood\t5\tmore\n2\tbad\t1\tmore\n") == ["!", "!"]
    assert texts(tmp_path, "text,label\ngood,1,more\n") == ["!"]


def test_a_row_with_an_extra_cell_and_several_lines_is_one_error(tmp_path):
    rows = read(tmp_path, 'text,label\na,1\n"b\nc, d",2,more\ne,3\n')
    assert [text for _, text in rows if text[0] != "!"] == ["a", "e"]
    assert [text.split(":")[0] for _, text in rows if text[0] == "!"] == ["!it, to line 4, has 3 cells where the header has 2"]


def test_threads_read_long_cells_at_once(tmp_path):
    import csv
    from concurrent.futures import ThreadPoolExecutor

    (tmp_path / "t.csv").write_text("text,label\n" + f"{'x' * 200000},1\ny,2\n" * 30)
    before = csv.field_size_limit()
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda _: [row.error for row in read_rows(tmp_path / "t.csv")], range(12)))
    assert rows == [[None] * 60] * 12
    assert csv.field_size_limit() == before
