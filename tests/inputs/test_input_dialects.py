"""Files as other programs write them: how they quote, name rows, part columns and nest values."""

import json

import pyarrow
import pyarrow.parquet
import pytest

from eli5_transformers.errors import InputError
from eli5_transformers.inputs import read_rows

ROWS = [{"text": "I love it, really", "label": 1}, {"text": 'a "bad" one; sadly', "label": 0}]
TEXTS = [row["text"] for row in ROWS]


def read(folder, name, content, **options):
    """The rows and the sentence; no row may have an error."""
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    rows = read_rows(folder / name, **options)
    found = list(rows)
    assert [row.error for row in found] == [None] * len(found)
    return found, rows.described


def texts(*given, **options):
    return [row.text for row in read(*given, **options)[0]]


TABLES = {
    # Spark and MySQL, pandas with doublequote=False, R's write.table with its three delimiters.
    "spark.csv": 'text,label\n"I love it, really",1\n"a \\"bad\\" one; sadly",0\n',
    "lines.csv": 'label,text\n1,"I love it, really"\n0,a \\"bad\\" one; sadly\n',
    "r.txt": '"text" "label"\n"1" "I love it, really" 1\n"2" "a \\"bad\\" one; sadly" 0\n',
    "r.tsv": '"text"\t"label"\n"1"\t"I love it, really"\t1\n"2"\t"a \\"bad\\" one; sadly"\t0\n',
    "r.csv": '"text","label"\n"mary","I love it, really",1\n"john","a ""bad"" one; sadly",0\n',
    "both.csv": 'text,label\n"I love it, really",1\n"a \\"bad"" one; sadly",0\n',
    # Delimiters that only a header shows, and the word of a spreadsheet in capital letters.
    "caret.csv": 'text^label\nI love it, really^1\n"a ""bad"" one; sadly"^0\n',
    "hive.txt": 'label\x01text\n1\x01I love it, really\n0\x01"a ""bad"" one; sadly"\n',
    "said.csv": 'SEP=~\r\ntext~label\r\nI love it, really~1\r\n"a ""bad"" one; sadly"~0\r\n',
    # A title and comments above the header.
    "titled.csv": 'Export of reviews,\n,\ntext,label\n"I love it, really",1\n"a ""bad"" one; sadly",0\n',
    "comments.csv": '# made by hand\n# 2020\ntext,label\n"I love it, really",1\n"a ""bad"" one; sadly",0\n',
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_other_dialects_give_their_texts_and_labels(tmp_path, name):
    rows, _ = read(tmp_path, name, TABLES[name])
    assert [(row.text, row.label) for row in rows] == [(text, label) for text, label in zip(TEXTS, "10")]


def test_what_was_taken_for_a_dialect_is_said(tmp_path):
    assert 'quotes in cells written as \\"' in read(tmp_path, "spark.csv", TABLES["spark.csv"])[1]
    assert "header in line 3" in read(tmp_path, "titled.csv", TABLES["titled.csv"])[1]
    assert "delimiter '^'" in read(tmp_path, "caret.csv", TABLES["caret.csv"])[1]
    glue = 'index\tsentence\n0\tsaid "so\n1\t"All of it."\n'
    rows, said = read(tmp_path, "glue.tsv", glue)
    assert ([row.text for row in rows], "quotes are letters" in said) == (['said "so', '"All of it."'], True)


def test_backslashes_before_doubled_quotes_are_letters(tmp_path):
    content = 'text,label\n"the \\""best\\"" one",1\n"a path C:\\",0\n'
    assert texts(tmp_path, "a.csv", content) == ['the \\"best\\" one', "a path C:\\"]
    assert texts(tmp_path, "a.tsv", 'text\tlabel\nthe \\"best\\" one\t1\n') == ['the \\"best\\" one']


def test_tabs_with_quoted_cells_are_read_without_their_quotes(tmp_path):
    content = 'text\tlabel\r\n"a ""b"" c"\t1\r\nplain\t0\r\n'
    assert texts(tmp_path, "excel.txt", content) == ['a "b" c', "plain"]


def test_a_line_like_a_header_among_texts_is_none(tmp_path):
    content = "I love it\nid,text\nok\n"
    assert texts(tmp_path, "a.csv", content) == content.splitlines()


def test_signs_of_hive_are_asked_about(tmp_path):
    with pytest.raises(InputError, match="as in sep="):
        read_rows(_written(tmp_path / "a.csv", "good\x011\nbad\x010\n"))
    assert texts(tmp_path, "b.csv", "sep=\x01\ngood one\x011\nbad\x010\n") == ["good one", "bad"]


def test_rows_longer_than_a_header_without_quotes_are_no_named_rows(tmp_path):
    (tmp_path / "a.csv").write_text("text,label\ngood, really,1\nbad, sadly,0\n")
    assert ["3 cells where the header has 2" in row.error for row in read_rows(tmp_path / "a.csv")] == [True, True]


def test_labels_of_fasttext_are_no_part_of_the_text(tmp_path):
    content = "__label__2 Works: well\n__label__a __label__b both\n"
    rows, said = read(tmp_path, "train.ft.txt", content)
    assert [(row.text, row.label) for row in rows] == [("Works: well", "2"), ("both", ["a", "b"])]
    assert "fastText's labels" in said
    assert texts(tmp_path, "a.txt", content, form="lines") == content.splitlines()
    assert [row.label for row in read(tmp_path, "a.csv", "__label__2 Works, well\n__label__1 Not\n")[0]] == ["2", "1"]
    mixed = "__label__2 Works\nno label\n"
    assert texts(tmp_path, "a.txt", mixed) == mixed.splitlines()


DOCUMENTS = {
    "jq.json": "\n".join(json.dumps(row, indent=2) for row in ROWS),
    "jq.jsonl": "\n".join(json.dumps(row, indent=2) for row in ROWS),
    "joined.json": "".join(map(json.dumps, ROWS)),
    "joined.jsonl": "".join(map(json.dumps, ROWS)) + "\n",
    "commas.jsonl": ",\n".join(map(json.dumps, ROWS)) + ",\n",
    "series.json": json.dumps(dict(enumerate(TEXTS))),
    "split.json": json.dumps({"name": "text", "index": [0, 1], "data": TEXTS}),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_json_values_one_after_the_other_are_rows(tmp_path, name):
    assert texts(tmp_path, name, DOCUMENTS[name]) == TEXTS


def test_damage_behind_objects_costs_none_before_it(tmp_path):
    (tmp_path / "a.json").write_text(DOCUMENTS["jq.json"][:-4])
    first, second = read_rows(tmp_path / "a.json")
    assert (first.text, "not valid JSON" in second.error) == (TEXTS[0], True)


def test_values_inside_of_objects_are_named_with_dots(tmp_path):
    line = json.dumps({"row_idx": 0, "row": {"text": "I love it", "label": 1, "notes": ["x", "why"]}})
    with pytest.raises(InputError, match=r"named with a dot, as 'row\.text'"):
        read_rows(_written(tmp_path / "a.jsonl", line))
    (row,), said = read(tmp_path, "a.jsonl", line, text_column="row.text", label_column="row.label", pair_column="row.notes.2")
    assert (row.text, row.label, row.text_pair) == ("I love it", 1, "why")
    assert "text from column 'row.text'" in said
    with pytest.raises(InputError, match=r"no column 'row\.txt'"):
        read_rows(tmp_path / "a.jsonl", text_column="row.txt")


def test_structs_of_parquet_are_named_with_dots(tmp_path):
    pyarrow.parquet.write_table(pyarrow.table({"review": [{"body": text} for text in TEXTS]}), tmp_path / "a.parquet")
    assert [row.text for row in read_rows(tmp_path / "a.parquet", text_column="review.body")] == TEXTS


@pytest.mark.parametrize("dictionary", [False, True])
def test_strings_of_parquet_without_their_mark_are_texts(tmp_path, dictionary):
    column = pyarrow.array([*(text.encode() for text in TEXTS), b"\xff\xfe"], pyarrow.binary())
    table = pyarrow.table({"text": column.dictionary_encode() if dictionary else column})
    pyarrow.parquet.write_table(table, tmp_path / "a.pq")
    *rows, broken = read_rows(tmp_path / "a.pq")
    assert ([row.text for row in rows], "bytes" in broken.error) == (TEXTS, True)


def test_addresses_and_answers_of_annotators_are_no_texts(tmp_path):
    line = {"body": "I love it", "permalink": "/r/x/comments/what_a_good_day_it_is/", "answer": "accept"}
    assert texts(tmp_path, "a.jsonl", json.dumps(line)) == ["I love it"]


@pytest.mark.parametrize(("name", "what"), [("a.srt", "subtitles"), ("a.xml", "XML"), ("a.toml", "TOML"), ("a.eml", "e-mail")])
def test_files_that_are_no_lists_of_texts_by_their_names(tmp_path, name, what):
    with pytest.raises(InputError, match=f"{what}.*--input-format lines"):
        read_rows(_written(tmp_path / name, "1\nhello there\n"))
    assert [row.text for row in read_rows(tmp_path / name, form="lines")] == ["1", "hello there"]


def _written(file, content):
    file.write_text(content)
    return file
