"""`eli5-transformers faithfulness`: from a file of texts to tables and a page."""

import csv
import io
import json

import pytest
from markup import faults


@pytest.fixture
def faithfulness(run):
    """Runs the command: (exit code, stdout, stderr)."""
    return lambda *words: run("faithfulness", *words)


@pytest.fixture
def texts(tmp_path):
    file = tmp_path / "texts.txt"
    file.write_text("the food was not good\nthe price is great\nslow and terrible service\n")
    return file


QUICK = ("--interpreters", "gradient", "--operators", "removal", "--orders", "5")


def test_tables_go_to_stdout_and_a_page_to_a_file(faithfulness, stars_checkpoint, texts, tmp_path):
    page = tmp_path / "page.html"
    code, out, err = faithfulness(stars_checkpoint, "--input", texts, *QUICK, "--html", page)
    assert (code, "3 rows" in err) == (0, True)
    assert "Removal" in out
    assert "random order" in out
    assert faults(page.read_text(encoding="utf-8")) == []


def test_json_and_csv_are_read_by_programs(faithfulness, stars_checkpoint, texts, tmp_path):
    _, out, _ = faithfulness(stars_checkpoint, "--input", texts, *QUICK, "--format", "json")
    held = json.loads(out)
    assert held["format"] == "eli5_transformers.faithfulness"
    assert [row["method"] for row in held["methods"]] == ["gradient"]
    file = tmp_path / "measures.csv"
    assert faithfulness(stars_checkpoint, "--input", texts, *QUICK, "--format", "csv", "--output", file)[:2] == (0, "")
    rows = list(csv.DictReader(io.StringIO(file.read_text())))
    assert {row["measure"] for row in rows} == {"comprehensiveness", "sufficiency"}
    assert [row["normalised"] for row in rows] == [str(row["normalised"]) for row in held["measures"]]


def test_the_first_texts_are_evaluated(faithfulness, stars_checkpoint, texts):
    _, out, _ = faithfulness(stars_checkpoint, "--input", texts, *QUICK, "--format", "json", "--most", "2")
    assert {row["text"] for row in json.loads(out)["texts"]} == {0, 1}


def test_options_of_methods_are_json(faithfulness, stars_checkpoint, texts):
    twice = ['{"type": "occlusion"}', '{"type": "occlusion", "window": 2}']
    arguments = ("--operators", "mask", "--orders", "5", "--format", "json", "--interpreters", *twice)
    code, out, _ = faithfulness(stars_checkpoint, "--input", texts, *arguments)
    assert code == 0
    assert [row["method"] for row in json.loads(out)["methods"]] == ["occlusion", "occlusion (window=2)"]


def test_what_was_left_out_is_told_and_ends_with_1(faithfulness, stars_checkpoint, tmp_path):
    file = tmp_path / "texts.jsonl"
    file.write_text('{"text": 3\n{"text": "the food was not good"}\n{"text": "great", "id": "r7"}\n')
    code, out, err = faithfulness(stars_checkpoint, "--input", file, *QUICK)
    assert code == 1
    for said in ("line 1: ", "line 3 (id r7): less than two words"):
        assert err.count(said) == 1
        assert said in out
    assert "Removal" in out


def test_a_row_that_is_no_text_alone_ends_with_1(faithfulness, stars_checkpoint, tmp_path):
    file = tmp_path / "texts.jsonl"
    file.write_text('{"text": 3\n{"text": "the food was not good"}\n')
    code, out, err = faithfulness(stars_checkpoint, "--input", file, *QUICK, "--format", "json")
    held = json.loads(out)
    assert code == 1
    assert "line 1: " in err
    assert [note[:8] for note in held["notes"]] == ["line 1: "]
    assert held["names"] == ["line 2"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give --input FILE"),
        (("--interpreters", "gradiant"), "gradiant"),
        (("--operators", "erase"), "erase"),
        (("--most", "-1"), "--most is -1"),
        (("--orders", "0"), "orders is 0"),
    ],
)
def test_what_is_wrong_is_one_line(faithfulness, stars_checkpoint, texts, arguments, said):
    file = ("--input", texts) if arguments else ()
    code, out, err = faithfulness(stars_checkpoint, *file, *arguments)
    assert (code, out) == (1, "")
    assert said in err
    assert "Traceback" not in err


def test_an_output_does_not_overwrite_the_input(faithfulness, stars_checkpoint, texts):
    code, _, err = faithfulness(stars_checkpoint, "--input", texts, *QUICK, "--output", texts)
    assert code == 1
    assert "--input" in err
    assert "food" in texts.read_text()
