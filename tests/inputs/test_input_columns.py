"""Columns are found by the usual names, or asked for; no text that a model should see is left out unsaid."""

import json

import pyarrow as pa
import pyarrow.parquet
import pytest

from eli5_transformers.arguments import text_and_pair
from eli5_transformers.column_names import IDS, LABELS, SECOND_TEXTS, TEXTS, TOGETHER
from eli5_transformers.errors import InputError
from eli5_transformers.inputs import Row, read_rows


def jsonl(tmp_path, *rows, **options):
    (tmp_path / "r.jsonl").write_text("\n".join(json.dumps(row) if not isinstance(row, str) else row for row in rows))
    return read_rows(tmp_path / "r.jsonl", **options)


def csv(tmp_path, content, **options):
    (tmp_path / "r.csv").write_text(content)
    return read_rows(tmp_path / "r.csv", **options)


@pytest.mark.parametrize("name", TEXTS)
def test_each_usual_name_of_a_text_is_found(tmp_path, name):
    for rows in (
        csv(tmp_path, f"nr,{name.upper()},x\n1,great,3\n"),
        csv(tmp_path, f"{name}\ngreat\n"),
        jsonl(tmp_path, {"nr": 1, name: "great", "x": 3}),
    ):
        assert [row.text for row in rows] == ["great"]


@pytest.mark.parametrize("name", LABELS)
def test_each_usual_name_of_a_label_is_found(tmp_path, name):
    assert list(csv(tmp_path, f"text,{name}\ngreat,pos\n")) == [Row(2, "great", label="pos")]
    assert list(jsonl(tmp_path, {"text": "great", name: [1, 0]})) == [Row(1, "great", label=[1, 0])]


@pytest.mark.parametrize("name", [*IDS, "Unnamed: 0"])
def test_each_usual_name_of_an_id_is_found(tmp_path, name):
    assert list(csv(tmp_path, f"{name},text\n7,great\n")) == [Row(2, "great", id="7")]


@pytest.mark.parametrize(("first", "second"), [*TOGETHER, *(("text", second) for second in SECOND_TEXTS)])
def test_known_pairs_are_pairs_in_either_order_of_their_columns(tmp_path, first, second):
    expected = [Row(2, "one", "two")]
    assert list(csv(tmp_path, f"{first},{second}\none,two\n")) == expected
    assert list(csv(tmp_path, f"{second},{first}\ntwo,one\n")) == expected
    assert text_and_pair({second: "two", first: "one"}) == ("one", "two")


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("title,text", "A,b"), ("question,context,answer", "q,c,a"), ("Text,text", "a,b"), ("summary,review", "a,b"),
        ("premise,hypothesis,text", "a,b,c"), ("hypothesis", "a"), ("id,label", "1,2"), ("verbatim,remark,label", "a,b,1"),
        ("text,notes of it", "a,and this is a text of many words"),
    ],
)  # fmt: skip
def test_a_choice_is_refused_with_the_columns_and_the_option(tmp_path, header, row):
    with pytest.raises(InputError) as refused:
        csv(tmp_path, f"{header}\n{row}\n")
    assert all(repr(name) in str(refused.value) for name in header.split(",")) or "'1'" in str(refused.value)
    assert "--text-column" in str(refused.value)


def test_what_was_asked_for_is_read_and_the_rest_is_said(tmp_path):
    rows = csv(tmp_path, "title,text,mood\nA,b,good\n", text_column="TEXT", label_column="mood")
    assert list(rows) == [Row(2, "b", label="good")]
    assert rows.described == "r.csv: 1 row, text from column 'text', label from 'mood'; not read: 'title'"
    rows = csv(tmp_path, "q,a,nr\nwho,me,7\n", text_column="q", pair_column="2", id_column="nr")
    assert list(rows) == [Row(2, "who", "me", id="7")]
    assert rows.described == "r.csv: 1 row, text from column 'q', pair from 'a', id from 'nr'"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"text_column": "reviw"}, "no column 'reviw', which --text-column names: the columns are 'review', 'x'; did you mean"),
        ({"label_column": "y"}, "no column 'y', which --label-column names"),
        ({"text_column": "x", "pair_column": "x"}, "asked for as two things"),
        ({"text_column": "3"}, "no column '3'"),
        ({"text_column": "0"}, "no column '0'"),
    ],
)
def test_a_column_that_no_row_has_is_refused(tmp_path, options, said):
    with pytest.raises(InputError, match=said):
        csv(tmp_path, "review,x\na,b\n", **options)
    with pytest.raises(InputError, match=said):
        jsonl(tmp_path, {"review": "a", "x": "b"}, **options)


def test_one_column_of_strings_is_the_text(tmp_path):
    rows = jsonl(tmp_path, {"n": 1, "verbatim": "great", "when": "2024-01-01", "ok": "true"})
    assert [row.text for row in rows] == ["great"]
    assert "text from column 'verbatim'" in rows.described


def test_lines_with_other_keys_are_read_by_their_own(tmp_path):
    rows = jsonl(tmp_path, {"sentence": "a"}, {"premise": "b", "hypothesis": "c"}, {"question": "q", "sentence": "s"})
    assert [(row.text, row.text_pair) for row in rows] == [("a", None), ("b", "c"), ("q", "s")]


def test_what_a_row_lacks_is_named_and_the_others_are_read(tmp_path):
    rows = list(
        jsonl(
            tmp_path, {"question": "q", "sentence": "s"}, {"question": "q"}, {"question": None, "sentence": "s"},
            '{"question": "q", "sentence": NaN}', {"question": 5, "sentence": "s"}, {"question": "q", "sentence": " "},
            {"question": "q", "sentence": "s", "answer": "a"}, {"other": 1}, {"question": "r", "sentence": "t"},
        )
    )  # fmt: skip
    assert [(row.text, row.text_pair) for row in rows if row.error is None] == [("q", "s"), ("r", "t")]
    assert [row.number for row in rows if row.error] == [2, 3, 4, 5, 6, 7, 8]
    for row, said in zip(rows[1:8], ("no 'sentence'", "missing", "missing", "number", "white space", "'answer'", "'other'")):
        assert said in row.error


def test_an_empty_second_text_is_said_and_none_is_none(tmp_path):
    first, second, third = jsonl(
        tmp_path, {"text": "a", "text_pair": ""}, {"text": "a", "text_pair": None}, {"text": "a"}
    )  # fmt: skip
    assert "'text_pair' is empty" in first.error
    assert "leave it out" in first.error
    assert [(row.text, row.text_pair, row.error) for row in (second, third)] == [("a", None, None)] * 2


def test_a_text_that_comes_late_under_another_name_is_not_lost(tmp_path):
    rows = [{"text": "a", "title": None}] * 300 + [{"text": "b", "title": "T"}]
    *before, last = jsonl(tmp_path, *rows)
    assert {row.text for row in before} == {"a"}
    assert "another text, 'title', beside 'text'" in last.error


def test_a_text_without_its_label_is_read(tmp_path):
    assert [row.label for row in jsonl(tmp_path, {"text": "a", "y": 1}, {"text": "b"}, label_column="y")] == [1, None]


def test_columns_of_files_of_columns_are_read_by_their_kinds(tmp_path):
    table = pa.table(
        {
            "verbatim": pa.array(["a", None, "b", ""]),
            "label": pa.array([1.0, None, float("nan"), 2.0]),
            "when": pa.array([1, 2, 3, 4], pa.timestamp("ns")),
            "picture": pa.array([b"\x89\xff"] * 4),
            "kind": pa.array(["x", "y", "x", "y"]).dictionary_encode(),
        }
    )
    pa.parquet.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(InputError, match="'verbatim', 'label', 'when', 'picture', 'kind'"):
        read_rows(tmp_path / "t.parquet")
    rows = list(read_rows(tmp_path / "t.parquet", text_column="verbatim", id_column="when"))
    assert [(row.text, row.label, row.unit) for row in rows if not row.error] == [("a", 1.0, "row"), ("b", None, "row")]
    assert [row.place for row in rows if row.error] == ["row 2", "row 4"]
    assert rows[0].id == "1970-01-01 00:00:00.000000001"
    rows = list(read_rows(tmp_path / "t.parquet", text_column="picture"))
    assert all("bytes" in row.error for row in rows)


def test_lines_have_no_columns(tmp_path):
    (tmp_path / "a.txt").write_text("a\nb\n")
    with pytest.raises(InputError, match="lines, which have no columns"):
        read_rows(tmp_path / "a.txt", form="lines", text_column="x")
