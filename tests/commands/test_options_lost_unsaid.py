"""Options whose values would be lost, or taken for something else, unsaid: two of one kind, names that are no files."""

import sys

import pytest

from eli5_transformers import __main__ as command_line


def said(monkeypatch, capsys, *words):
    monkeypatch.setattr(sys, "argv", ["eli5-transformers", "explain", *words])
    with pytest.raises(SystemExit) as stop:
        command_line.main()
    return stop.value.code, capsys.readouterr().err + str(stop.value.code)


@pytest.mark.parametrize("option", ["--input", "--config", "--targets", "--output", "--html"])
def test_two_values_are_refused_before_anything_is_read(monkeypatch, capsys, option):
    code, err = said(monkeypatch, capsys, option, "a", option, "b")
    assert code == 2
    assert f"{option} is given twice, as 'a' and as 'b': give it once" in err


def test_the_same_value_twice_is_one(monkeypatch, capsys):
    assert "'missing' cannot be read" in said(monkeypatch, capsys, "--input", "missing", "--input", "missing")[1]


def test_a_second_file_of_texts_is_no_source(monkeypatch, capsys, tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("good\n")
    monkeypatch.chdir(tmp_path)
    assert "'b.txt' is a file of texts, too" in said(monkeypatch, capsys, "--input", "a.txt", "b.txt")[1]


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("https://example.org/a.csv", "fetch it first"), ("file:///tmp/a.csv", "is an address"),
        ("~/nothing.csv", "a shell knows ~"),
        ("no*.csv", "by a pipe to --input -"), ("", "is empty: give a file"), ("nothing.csv", "No such file"),
    ],
)  # fmt: skip
def test_names_that_are_no_files_say_what_was_meant(monkeypatch, capsys, name, mend):
    assert mend in said(monkeypatch, capsys, "--input", name)[1]


def test_an_empty_name_of_a_config_is_refused(monkeypatch, capsys):
    assert "--config is empty: give the name of a file" in said(monkeypatch, capsys, "good", "--config", "")[1]


@pytest.mark.parametrize("name", ["a.xlsx", "a.csv.gz", "a.TSV", "a.parquet"])
def test_an_output_named_as_what_is_not_written_is_refused(monkeypatch, capsys, name):
    assert "what is not written: end it in .csv" in said(monkeypatch, capsys, "good", "--output", name)[1]
