"""Every file was read as lines: a table's header, numbers and halves of cells were explained as texts, and nobody was told.

A person with a CSV export got a page about `1,great value,5`, a JSON array one about `[`, a workbook or a pickle raw bytes,
all with exit code 0. The tests of the command gave it lines and JSON lines alone.
"""

import csv
import json

import pandas as pd
import pytest
from explained_files import explained

TEXTS = ["it is good, I like it", 'never\nagain "I" said', "good; bad"]
ROWS = [["id", "text", "label"], *([number, text, 5] for number, text in enumerate(TEXTS))]


@pytest.mark.parametrize(
    ("name", "delimiter", "encoding"),
    [("r.csv", ",", "utf-8"), ("r.tsv", "\t", "utf-8"), ("excel.csv", ";", "utf-8-sig")],
)
def test_the_texts_of_a_table_are_explained(stars_checkpoint, tmp_path, name, delimiter, encoding):
    with open(tmp_path / name, "w", newline="", encoding=encoding) as file:
        csv.writer(file, delimiter=delimiter).writerows(ROWS)
    code, texts, said = explained(stars_checkpoint, tmp_path / name)
    assert (code, texts) == (0, TEXTS)
    assert "text from column 'text', label from 'label', id from 'id'" in said.splitlines()[0]


@pytest.mark.parametrize("name", ["r.json", "r.parquet", "r.feather"])
def test_the_texts_of_other_tables_are_explained(stars_checkpoint, tmp_path, name):
    table = pd.DataFrame(ROWS[1:], columns=ROWS[0])
    {"json": table.to_json, "parquet": table.to_parquet, "feather": table.to_feather}[name[2:]](tmp_path / name)
    assert explained(stars_checkpoint, tmp_path / name)[:2] == (0, TEXTS)


def test_columns_are_asked_for_and_chosen(stars_checkpoint, tmp_path):
    (tmp_path / "r.csv").write_text("title,text\nit broke,I like it\n")
    code, texts, said = explained(stars_checkpoint, tmp_path / "r.csv")
    assert (code, texts) == (1, [])
    assert "'title', 'text'" in said
    assert explained(stars_checkpoint, tmp_path / "r.csv", "--text-column", "text")[:2] == (0, ["I like it"])
    options = ("--text-column", "2", "--pair-column", "title", "--input-format", "csv")
    assert explained(stars_checkpoint, tmp_path / "r.csv", *options)[:2] == (0, [("I like it", "it broke")])


@pytest.mark.parametrize("content", [b"PK\x03\x04xl/", b"\x80\x04\x95x.", b"\x89PNG\r\n\x1a\n" + bytes(99), b""])
def test_what_holds_no_texts_is_one_sentence_before_the_model_is_loaded(tmp_path, content):
    (tmp_path / "r").write_bytes(content)
    code, texts, said = explained(tmp_path / "no checkpoint", tmp_path / "r")
    assert (code, texts) == (1, [])
    assert len(said.splitlines()) == 1
    assert str(tmp_path / "r") in said


def test_options_of_a_file_need_one(capsys, monkeypatch):
    from eli5_transformers import __main__ as command_line

    monkeypatch.setattr("sys.argv", ["eli5-transformers", "explain", "a text", "--text-column", "x"])
    with pytest.raises(SystemExit):
        command_line.main()
    assert "--text-column is about the file of --input, but none is given" in capsys.readouterr().err


def test_json_lines_as_predict_takes_them_go_on_to_work(stars_checkpoint, tmp_path):
    lines = [{"sentence": "I like it"}, {"premise": "it broke", "hypothesis": "it is bad"}, {"text": "it is good"}]
    (tmp_path / "r.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    code, texts, _ = explained(stars_checkpoint, tmp_path / "r.jsonl")
    assert (code, texts) == (0, ["I like it", ("it broke", "it is bad"), "it is good"])
