"""What a file is, is found by its content and its name, and said in the first line."""

import gzip
import io
import json
import os
import pickle
import sys
import threading
import zipfile

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

from eli5_transformers.errors import InputError, MissingDependencyError
from eli5_transformers.inputs import FORMS, read_rows, sources

TEXTS = ["great value, works", 'two\nlines with "quotes"', "semi;colon\tand tab | bar", "ünïcode 中文 😀"]
LABELS = [5, 1, 3, 4]
TABLE = pd.DataFrame({"review": TEXTS, "stars": LABELS})


def read(file, **options):
    """(texts, labels, ids, what was said) of a file without errors."""
    rows = read_rows(file, **options)
    read = list(rows)
    assert [row.error for row in read] == [None] * len(read)
    return [row.text for row in read], [row.label for row in read], [row.id for row in read], rows.described


WRITERS = {
    "r.csv": lambda file: TABLE.to_csv(file, index=False),
    "index.csv": lambda file: TABLE.to_csv(file),
    "all-quoted.csv": lambda file: TABLE.to_csv(file, index=False, quoting=1),
    "r.tsv": lambda file: TABLE.to_csv(file, index=False, sep="\t"),
    "bars.csv": lambda file: TABLE.to_csv(file, index=False, sep="|"),
    "excel.csv": lambda file: TABLE.to_csv(file, index=False, sep=";", encoding="utf-8-sig", lineterminator="\r\n"),
    "unicode.txt": lambda file: TABLE.to_csv(file, index=False, sep="\t", encoding="utf-16", lineterminator="\r\n"),
    "r.csv.gz": lambda file: TABLE.to_csv(file, index=False),
    "r.jsonl": lambda file: TABLE.to_json(file, orient="records", lines=True),
    "lines.json": lambda file: TABLE.to_json(file, orient="records", lines=True, force_ascii=False),
    "records.json": lambda file: TABLE.to_json(file, orient="records"),
    "indented.json": lambda file: TABLE.to_json(file, orient="records", indent=2),
    "columns.json": lambda file: TABLE.to_json(file, orient="columns"),
    "by-row.json": lambda file: TABLE.to_json(file, orient="index"),
    "split.json": lambda file: TABLE.to_json(file, orient="split", indent=1),
    "table.json": lambda file: TABLE.to_json(file, orient="table"),
    "lists.json": lambda file: file.write_text(json.dumps(TABLE.to_dict(orient="list"))),
    "under-a-key.json": lambda file: file.write_text(json.dumps({"version": 1, "data": TABLE.to_dict(orient="records")})),
    "r.json.gz": lambda file: TABLE.to_json(file, orient="records"),
    "r.parquet": lambda file: TABLE.to_parquet(file),
    "sorted.parquet": lambda file: TABLE.iloc[::-1].iloc[::-1].to_parquet(file),
    "r.feather": lambda file: TABLE.to_feather(file),
    "r.parquet.gz": lambda file: file.write_bytes(gzip.compress(TABLE.to_parquet(None))),
    "stream.arrow": lambda file: _stream(file),
    "file.arrow": lambda file: pyarrow.feather.write_feather(pa.Table.from_pandas(TABLE), str(file), "uncompressed"),
    "no-suffix": lambda file: TABLE.to_csv(file, index=False),
    "parquet.bin": lambda file: TABLE.to_parquet(file),
    "jsonl.csv": lambda file: TABLE.to_json(file, orient="records", lines=True),
}


def _stream(file):
    """As `datasets` keeps its tables."""
    table = pa.Table.from_pandas(TABLE)
    with pa.OSFile(str(file), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=3)


@pytest.mark.parametrize("name", WRITERS)
def test_what_programs_write_is_read_as_it_was_written(name, tmp_path):
    WRITERS[name](tmp_path / name)
    texts, labels, _, said = read(tmp_path / name)
    assert texts == TEXTS
    assert [int(label) for label in labels] == LABELS
    assert said.startswith(f"{name}: 4 rows")
    assert "text from column 'review', label from 'stars'" in said


@pytest.mark.parametrize("name", WRITERS)
def test_the_same_is_read_from_a_pipe(name, tmp_path, monkeypatch):
    WRITERS[name](tmp_path / name)
    content = (tmp_path / name).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    texts, _, _, said = read("-")
    assert texts == TEXTS
    assert said.startswith("stdin: ")


@pytest.mark.parametrize("name", ["r.csv", "r.jsonl", "r.parquet", "stream.arrow"])
def test_a_form_can_be_said_whatever_a_file_is_called(name, tmp_path):
    WRITERS[name](tmp_path / "x.dat")
    assert read(tmp_path / "x.dat", form=name.split(".")[1])[0] == TEXTS


def test_the_sentence_counts_and_names(tmp_path):
    file = tmp_path / "reviews.csv"
    file.write_text("id,review,stars,author\n" + "".join(f"{n},text {n},5,me\n" for n in range(1204)))
    rows = read_rows(file)
    assert rows.described == (
        "reviews.csv: 1,204 rows, text from column 'review', label from 'stars', id from 'id'; not read: 'author'"
    )
    assert rows.count == sum(1 for _ in rows) == 1204


def test_lines_are_texts_with_what_is_in_them(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"great\tvalue, works\r\n  indented \n\n \nit broke\rlast")
    rows = list(read_rows(tmp_path / "a.txt"))
    assert [(row.number, row.text) for row in rows] == [
        (1, "great\tvalue, works"), (2, "  indented "), (5, "it broke"), (6, "last"),
    ]  # fmt: skip


def test_lines_and_json_lines_may_stand_together(tmp_path):
    (tmp_path / "a.txt").write_text('it broke\n{"sentence": "I like it"}\n"quoted"\n[deleted] yes\n')
    assert read(tmp_path / "a.txt")[0] == ["it broke", "I like it", '"quoted"', "[deleted] yes"]
    (tmp_path / "a.jsonl").write_text('{"sentence": "I like it"}\nit broke\n"quoted"\n')
    assert read(tmp_path / "a.jsonl")[0] == ["I like it", "it broke", "quoted"]


def test_lines_that_are_said_to_be_lines_are_never_json_or_cells(tmp_path):
    lines = ['{"text": "a"}', "text,label", "[1]", "a\tb"]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    assert read(tmp_path / "a.csv", form="lines")[0] == lines


def test_tabs_in_all_lines_are_asked_about(tmp_path):
    (tmp_path / "a.txt").write_text("great\t1\nbad\t0\n")
    texts, _, _, said = read(tmp_path / "a.txt")
    assert (texts, "--input-format tsv" in said) == (["great\t1", "bad\t0"], True)


def test_a_pipe_is_read_as_it_comes(monkeypatch):
    out, into = os.pipe()
    monkeypatch.setattr(sys, "stdin", os.fdopen(out))
    os.write(into, b"first\n")
    rows = iter(read_rows("-"))
    assert next(rows).text == "first"  # with the pipe still open
    os.write(into, b"second\n")
    assert next(rows).text == "second"
    os.close(into)
    assert list(rows) == []


def test_a_named_pipe_is_read_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_text("text,label\na,1\n"))
    writer.start()
    assert read(tmp_path / "pipe") == (["a"], ["1"], [None], "pipe: CSV, text from column 'text', label from 'label'")
    writer.join()


def test_a_file_is_not_held_in_memory(tmp_path):
    import tracemalloc

    file = tmp_path / "large.csv"
    file.write_text("text,label\n" + "".join(f"{'word ' * 50}{n},1\n" for n in range(30000)))
    tracemalloc.start()
    assert sum(1 for _ in read_rows(file)) == 30000
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert file.stat().st_size > 7e6
    assert most < 4e6


def _zip(file, name):
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "x")


NO_TEXTS = {
    "book.xlsx": (lambda file: _zip(file, "xl/workbook.xml"), "Excel workbook: save it as CSV"),
    "renamed.csv": (lambda file: _zip(file, "xl/workbook.xml"), "Excel workbook: save it as CSV"),
    "a.zip": (lambda file: _zip(file, "a.txt"), "ZIP archive: unpack it"),
    "a.pkl": (lambda file: file.write_bytes(pickle.dumps(TEXTS)), "pickle"),
    "old.pickle": (lambda file: file.write_bytes(pickle.dumps(TEXTS, 0)), "pickle"),
    "hidden.csv": (lambda file: file.write_bytes(pickle.dumps(TEXTS)), "pickle"),
    "a.png": (lambda file: file.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256))), "binary data"),
    "a.txt.bz2": (lambda file: file.write_bytes(__import__("bz2").compress(b"a")), "bzip2"),
    "a.txt.xz": (lambda file: file.write_bytes(__import__("lzma").compress(b"a")), "xz"),
    "twice.gz": (lambda file: file.write_bytes(gzip.compress(gzip.compress(b"a"))), "gzip twice"),
    "a.pdf": (lambda file: file.write_bytes(b"%PDF-1.4 x"), "PDF"),
    "a.html": (lambda file: file.write_text("<!DOCTYPE html><p>x"), "web page"),
    "export.xls": (lambda file: file.write_text("<table><tr>"), "web page"),
    "a.xml": (lambda file: file.write_text("<?xml version='1.0'?><a/>"), "XML"),
    "a.csv": (lambda file: file.write_text("version https://git-lfs.github.com/spec/v1\noid x\n"), "git lfs pull"),
    "v1.feather": (lambda file: file.write_bytes(b"FEA1" + bytes(50)), "first version"),
    "text.parquet": (lambda file: file.write_text("text\na\n"), "no parquet data"),
    "cut.parquet": (lambda file: file.write_bytes(TABLE.to_parquet(None)[:-9]), "damaged parquet data"),
    "cut.txt.gz": (lambda file: file.write_bytes(gzip.compress(b"a")[:9]), "too soon"),
    "a folder": (lambda file: (file.mkdir(), (file / "data-0.arrow").touch()), "is a folder: give a file in it, as"),
    "missing": (lambda file: None, "No such file"),
    "empty.csv": (lambda file: file.touch(), "is empty"),
    "empty.json": (lambda file: file.touch(), "is empty"),
    "mark.txt": (lambda file: file.write_bytes(b"\xef\xbb\xbf"), "empty lines alone"),
    "blank.jsonl": (lambda file: file.write_text("\n \r\n\n"), "empty lines alone"),
    "header.csv": (lambda file: file.write_text("text,label\n"), "a header, but no rows"),
    "list.json": (lambda file: file.write_text("[]"), "no rows"),
    "object.json": (lambda file: file.write_text("{}"), "empty object"),
    "none.parquet": (lambda file: TABLE[:0].to_parquet(file), "no rows"),
    "two.json": (lambda file: file.write_text('{"train": [{"text": "a"}], "test": [{"text": "b"}]}'), "'train', 'test'"),
    "uneven.json": (lambda file: file.write_text('{"text": ["a"], "label": [1, 2]}'), "different lengths"),
    "either.json": (lambda file: file.write_text('{"a": {"b": "c"}}'), "rows or columns"),
    "words.json": (lambda file: file.write_text("a b\nc d\n"), "--input-format lines"),
    "a.yaml": (lambda file: file.write_text("- text: a\n"), "is YAML"),
    "a.ipynb": (lambda file: file.write_text('{"cells": []}'), "is a notebook"),
    "a.md": (lambda file: file.write_text("| text | label |\n|---|:--|\n| good | 1 |\n"), "drawn with lines"),
    "psql.txt": (lambda file: file.write_text(" id | text \n----+------\n  1 | good\n(1 row)\n"), "drawn with lines"),
    "out.jsonl": (lambda file: file.write_text('{"estimator": "x", "targets": [{"target": "a"}]}\n'), "--text-column"),
    "deep.json": (lambda file: file.write_text('{"a":' * 99999), "nested too deeply"),
}  # fmt: skip


@pytest.mark.parametrize("name", NO_TEXTS)
def test_what_holds_no_texts_is_refused_in_a_sentence_with_the_mend(name, tmp_path):
    write, said = NO_TEXTS[name]
    write(tmp_path / name)
    with pytest.raises(InputError) as refused:
        read_rows(str(tmp_path / name))
    assert said in str(refused.value)
    assert str(tmp_path / name) in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("form", "said"), [("xls", "it is one of"), ("arrow", "it is parquet"), ("csv", "leave that out")])
def test_a_form_that_is_not_true_is_refused(form, said, tmp_path):
    TABLE.to_parquet(tmp_path / "a.parquet")
    with pytest.raises(InputError, match=said):
        read_rows(tmp_path / "a.parquet", form=form)
    assert form == "xls" or form in FORMS


def test_what_stands_before_damage_is_kept(tmp_path):
    content = "".join(f"line {n} {hash(n * 7919) % 99991}\n" for n in range(5000))
    (tmp_path / "cut.txt.gz").write_bytes(gzip.compress(content.encode())[:-3000])
    rows = list(read_rows(tmp_path / "cut.txt.gz"))
    assert len(rows) > 100
    assert [row.text for row in rows[:-1]] == content.splitlines()[: len(rows) - 1]
    assert "ends in it, or behind it" in rows[-1].error

    _stream(tmp_path / "s.arrow")
    (tmp_path / "cut.arrow").write_bytes((tmp_path / "s.arrow").read_bytes()[:-300])
    rows = list(read_rows(tmp_path / "cut.arrow"))
    assert [row.text for row in rows[:-1]] == TEXTS[: len(rows) - 1]
    assert "damaged there" in rows[-1].error

    (tmp_path / "cut.json").write_text('[{"text": "a"}, {"text": "b"}, {"text": "c')
    rows = list(read_rows(tmp_path / "cut.json"))
    assert [row.text for row in rows] == ["a", "b", ""]
    assert "not valid JSON" in rows[-1].error


def test_a_disk_that_cannot_be_read_further_is_said(tmp_path, monkeypatch):
    class Damaged(io.FileIO):
        def read1(self, size):
            if self.tell() >= 200_000:
                raise OSError(5, "Input/output error")
            return self.read(size)

    (tmp_path / "a.txt").write_text("".join(f"line {number} is a text\n" for number in range(20_000)))
    monkeypatch.setattr(sources.Source, "_opened", lambda self: Damaged(self._file))
    rows = read_rows(tmp_path / "a.txt")
    *read, last = rows
    assert rows.count == len(read) + 1
    assert 5000 < len(read) < 20_000
    assert all(row.text == f"line {number} is a text" for number, row in enumerate(read))
    assert last.error == "the file ends in it, or behind it: Input/output error"


def test_damaged_bytes_of_arrow_do_not_end_the_process(tmp_path):
    _stream(tmp_path / "s.arrow")
    content = (tmp_path / "s.arrow").read_bytes()
    for place in range(0, len(content), 8):
        (tmp_path / "d.arrow").write_bytes(content[:place] + b"\x00\xff" * 4 + content[place + 8 :])
        try:
            rows = list(read_rows(tmp_path / "d.arrow"))
        except InputError:
            continue
        assert all(row.text in TEXTS or row.error for row in rows) or place > 0


def test_without_pyarrow_its_files_are_answered_by_how_to_get_it(tmp_path, monkeypatch):
    TABLE.to_parquet(tmp_path / "a.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match=r"eli5_transformers\[tables\]"):
        read_rows(tmp_path / "a.parquet")


def test_text_files_are_read_without_pyarrow_and_charset_normalizer(tmp_path):
    import subprocess

    TABLE.to_csv(tmp_path / "a.csv")
    script = (
        "import sys; from eli5_transformers.inputs import read_rows; list(read_rows(sys.argv[1])); "
        "assert not {'pyarrow', 'charset_normalizer', 'torch', 'pandas'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script, tmp_path / "a.csv"], check=True)
