"""Files as data sets are published were explained with their labels in the texts, or refused though they leave no choice.

A `.txt` of `ham<TAB>text` was read as lines, and where it was large even without asking about its tabs. A table without a
header, or with names in another language, was refused because of a column of labels; a column of countries alone was
explained as texts. Annotators' exports were refused for the objects and lists that they have beside the text. The tests made
small files of usual names.
"""

import csv
import io
import json
import zipfile

import pytest

from eli5_transformers.errors import InputError
from eli5_transformers.inputs import read_rows
from eli5_transformers.inputs.sources import SAMPLE

WORDS = "good bad slow odd".split() * 4
TEXTS = [f'the "service" was {word} and we waited {n} hours for our food' for n, word in enumerate(WORDS)]
LABELS = ["ham", "spam", "ham", "spam"] * 4


def write(folder, name, rows, delimiter="\t"):
    (folder / name).write_text("".join(f"{delimiter.join(map(str, row))}\n" for row in rows), encoding="utf-8")
    return folder / name


def read(file, **options):
    rows = read_rows(file, **options)
    return [row.error or row.text for row in rows], rows.described


@pytest.mark.parametrize("name", ["SMSCollection", "train.txt", "train.tsv"])
def test_a_column_of_labels_is_no_part_of_the_text(tmp_path, name):
    file = write(tmp_path, name, zip(LABELS, TEXTS))
    texts, said = read(file)
    assert texts == TEXTS
    assert "no header" in said
    assert said.endswith("text from column '2'; not read: '1'")
    assert read(write(tmp_path, name, zip(TEXTS, range(16), LABELS)))[0] == TEXTS


def test_columns_of_a_pipe_are_asked_about(tmp_path, monkeypatch):
    """It may end much later than its first answer is wanted."""
    file = write(tmp_path, "a.txt", zip(LABELS, TEXTS))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    texts, said = read("-")
    assert texts == list(map("\t".join, zip(LABELS, TEXTS)))
    assert "if its tabs part columns, say --input-format tsv" in said


def test_columns_without_a_label_beside_them_are_lines(tmp_path):
    assert read(write(tmp_path, "a.txt", zip(TEXTS, TEXTS)))[0] == [f"{text}\t{text}" for text in TEXTS]
    assert read(write(tmp_path, "a.txt", zip(LABELS, TEXTS)), form="lines")[0] == list(map("\t".join, zip(LABELS, TEXTS)))
    with pytest.raises(InputError, match="--text-column.*or --input-format lines"):
        read(write(tmp_path, "a.txt", zip(TEXTS, TEXTS, LABELS)))


def test_a_large_file_is_asked_about_too(tmp_path):
    many = SAMPLE // 8
    lines = {
        "say --input-format tsv": "good\tgut\n", "the number before each text": "1 good\n0 bad\n",
        "the number before each": "1,good\n0,so, so bad\n", "behind the last '@'": "good @pos\nbad @neg\n",
        "say --input-format csv": "good,pos\nbad,neg\n", "behind the last ','": "good, nice,pos\nbad,neg\n",
    }  # fmt: skip
    for said, line in lines.items():
        (tmp_path / "a.txt").write_text(line * many)
        assert said in read(tmp_path / "a.txt")[1]


@pytest.mark.parametrize("sign", [",", ";", "|", "@", "#"])
def test_what_is_said_of_labels_behind_a_sign_works(tmp_path, sign):
    plain = [text.replace('"', "") for text in TEXTS]
    for texts in (plain, [text.replace(" and", sign) if n % 2 else text for n, text in enumerate(plain)]):
        file = write(tmp_path, "a.txt", zip(texts, LABELS), sign)
        form = read(file)[1].split("--input-format ")[1][:3]
        if form == "tsv":  # a tab is to be put there
            file = write(tmp_path, "a.txt", zip(texts, LABELS))
        assert read(file, form=form)[0] == texts


@pytest.mark.parametrize("header", [["texto", "etiqueta"], ["What did you like?", "What did you think of it overall?"]])
def test_a_header_of_any_language_is_none_of_the_rows(tmp_path, header):
    with open(tmp_path / "r.csv", "w", newline="") as file:
        csv.writer(file).writerows([header, *zip(TEXTS, LABELS)])
    texts, said = read(tmp_path / "r.csv")
    assert texts == TEXTS
    assert said == f"r.csv: 16 rows, text from column {header[0]!r}; not read: {header[1]!r}"


def test_cells_behind_the_last_named_column_are_said_and_not_read(tmp_path):
    rows = [["v1", "v2", "", ""], *([label, text, "", ""] for label, text in zip(LABELS, TEXTS))]
    rows[3][2:] = [' he said, "no"', "GN"]
    with open(tmp_path / "spam.csv", "w", newline="") as file:
        csv.writer(file).writerows(rows)
    texts, said = read(tmp_path / "spam.csv")
    assert texts == TEXTS
    assert said.endswith("text from column 'v2'; not read: 'v1', 'column 3', 'column 4'")


def test_one_column_of_texts_in_the_plural_has_a_header(tmp_path):
    (tmp_path / "r.csv").write_text("reviews\n" + "".join(f"{text.replace(chr(34), '')}\n" for text in TEXTS))
    assert len(read(tmp_path / "r.csv")[0]) == len(TEXTS)


@pytest.mark.parametrize("first", ["eggs", "not sure", "mostly a ham", ""])
def test_a_first_row_of_a_rare_label_is_no_header(tmp_path, first):
    rows = [(f"{TEXTS[0]} indeed", first), *zip(TEXTS, LABELS)]
    assert read(write(tmp_path, "r.tsv", rows))[0] == [text for text, _ in rows]
    short = [("odd film", first), *((word, label) for word, label in zip(WORDS, LABELS))]
    with pytest.raises(InputError, match="columns are '1', '2': which of them is the text cannot be told"):
        read(write(tmp_path, "r.tsv", short))


@pytest.mark.parametrize("first", ["NA", "n/a", "#N/A", "NaN", "null", "None", "unknown", "-", "?", ""])
@pytest.mark.parametrize("below", [range(1, 17), ["yes", "no"] * 8, [f"2020-01-{day:02d}" for day in range(1, 17)]])
def test_a_first_row_whose_value_is_missing_is_no_header(tmp_path, first, below):
    """It was lost: the mark of pandas, R or a spreadsheet was taken for the name of a column of numbers."""
    rows = [(first, f"{TEXTS[0]} indeed"), *zip(below, TEXTS)]
    for count in (3, len(rows)):
        for name, delimiter in (("r.csv", ","), ("r.tsv", "\t")):
            texts, said = read(write(tmp_path, name, rows[:count], delimiter))
            assert texts == [text for _, text in rows[:count]]
            assert "no header" in said
    if first:
        assert read(write(tmp_path, "r.tsv", [(first, "Nice film"), *rows[1:]]))[0] == ["Nice film", *TEXTS]


def test_a_first_row_of_a_rare_answer_is_no_header(tmp_path):
    rows = [("maybe", f"{TEXTS[0]} indeed"), *zip(["yes", "no"] * 8, TEXTS)]
    assert read(write(tmp_path, "r.tsv", rows))[0] == [text for _, text in rows]


def test_a_first_row_of_values_that_come_again_is_no_header(tmp_path):
    rows = [("Reviews", f"{TEXTS[0]} indeed"), *zip(["Reviews", "Posts"] * 8, TEXTS)]
    assert read(write(tmp_path, "r.tsv", rows))[0] == [text for _, text in rows]
    rows = [("2020-01-01", "done", f"{TEXTS[0]} indeed"), *((f"2020-01-{n + 2:02d}", n, text) for n, text in enumerate(TEXTS))]
    with pytest.raises(InputError, match="columns are '1', '2', '3': which of them is the text cannot be told"):
        read(write(tmp_path, "r.tsv", rows))
    rows = [("False", f"{TEXTS[0]} indeed"), *(("True", text) for text in TEXTS)]
    assert read(write(tmp_path, "r.tsv", rows))[0] == [text for _, text in rows]


def test_columns_that_are_ticked_with_their_names_have_a_header(tmp_path):
    """As programs for surveys export what several may be chosen of."""
    rows = [(n, *(food if n % 3 else "" for food in ("Pizza", "Pasta")), text) for n, text in enumerate(TEXTS)]
    texts, said = read(write(tmp_path, "r.csv", [("Nr", "Pizza", "Pasta", "Warum"), *rows], ","))
    assert (texts, said) == (TEXTS, "r.csv: 16 rows, text from column 'Warum'; not read: 'Nr', 'Pizza', 'Pasta'")


@pytest.mark.parametrize("name", ["No", "T1", "Jan 2020", "\u8bc4\u5206"])
def test_a_name_above_numbers_is_a_header(tmp_path, name):
    assert read(write(tmp_path, "r.tsv", [(name, "Meinung"), *enumerate(TEXTS)]))[0] == TEXTS
    twice = (name, name, "Meinung")
    assert read(write(tmp_path, "r.tsv", [twice, *((n, n, text) for n, text in enumerate(TEXTS))]))[0] == TEXTS


@pytest.mark.parametrize("name", ["r.txt", "r.tsv"])
def test_labels_of_fasttext_before_a_tab_are_labels(tmp_path, name):
    rows = list(read_rows(write(tmp_path, name, [(f"__label__{label}", text) for label, text in zip(LABELS, TEXTS)])))
    assert [(row.text, row.label) for row in rows] == list(zip(TEXTS, LABELS))


def test_dates_codes_and_addresses_are_no_texts(tmp_path):
    dates = [f"Tue Oct {day:02d} 21:53:25 +0000 2011" for day in range(1, 17)]
    codes = [f"user{n}" for n in range(16)]
    pages = [f"https://a.b/c?d={text.split()[0]}{n}" for n, text in enumerate(TEXTS)]
    rows = [dict(zip(("when", "wer", "Kommentar", "wo"), row)) for row in zip(dates, codes, TEXTS, pages)]
    (tmp_path / "r.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    assert read(tmp_path / "r.jsonl")[0] == TEXTS
    short = [{**row, "Kommentar": f"gut {'ab'[n % 2] * n}", "name": f"Ada {'cd'[n % 2] * n}"} for n, row in enumerate(rows)]
    (tmp_path / "r.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in short))
    with pytest.raises(InputError, match="which of them is the text cannot be told"):
        read(tmp_path / "r.jsonl")


def test_a_column_of_few_values_is_the_text_only_if_they_are_of_words(tmp_path):
    (tmp_path / "r.csv").write_text("id,country\n" + "1,USA\n2,France\n" * 8)
    with pytest.raises(InputError, match="none of them holds a text; say it with --text-column"):
        read(tmp_path / "r.csv")
    assert read(tmp_path / "r.csv", text_column="country")[0] == ["USA", "France"] * 8
    (tmp_path / "r.csv").write_text("id,avis\n" + "1,Trop cher\n2,Je recommande\n" * 8)
    assert read(tmp_path / "r.csv")[0] == ["Trop cher", "Je recommande"] * 8


def test_a_question_that_is_asked_in_each_row_is_not_left_out(tmp_path):
    with pytest.raises(InputError, match="which of them is the text cannot be told"):
        read(write(tmp_path, "r.tsv", [("what is it", text, n) for n, text in enumerate(TEXTS)]))


def test_texts_under_the_name_of_a_label_are_said(tmp_path):
    file = write(tmp_path, "r.csv", [("Id", "Category"), *enumerate(TEXTS)], ",")
    with pytest.raises(InputError, match="'Category' holds texts, but is a name of labels or ids; say it with --text-column"):
        read(file)
    assert read(file, text_column="Category")[0] == TEXTS


def test_what_annotators_add_is_beside_the_text(tmp_path):
    row = {"meta": {"source": "The New York Times"}, "tokens": ["It", "was", "good", "and", "fast"], "intents": ["a", "b"] * 4}
    (tmp_path / "r.jsonl").write_text("".join(f"{json.dumps({'text': text, **row})}\n" for text in TEXTS))
    assert read(tmp_path / "r.jsonl")[0] == TEXTS
    row["meta"] = {"thread": [{"content": "and this is another text of many words"}]}
    (tmp_path / "r.jsonl").write_text("".join(f"{json.dumps({'text': text, **row})}\n" for text in TEXTS))
    with pytest.raises(InputError, match="'text', 'meta' hold texts"):
        read(tmp_path / "r.jsonl")


def test_the_paraphrase_corpus_is_of_pairs(tmp_path):
    header = ("Quality", "#1 ID", "#2 ID", "#1 String", "#2 String")
    rows = [header, *((n % 2, n, n + 1, text, f"{text} too") for n, text in enumerate(TEXTS))]
    for name in ("msr.txt", "msr.tsv"):
        found = list(read_rows(write(tmp_path, name, rows)))
        assert [(row.text, row.text_pair) for row in found] == [(text, f"{text} too") for text in TEXTS]


def test_lists_one_after_the_other_are_read(tmp_path):
    pages = [json.dumps([{"text": text}]) for text in TEXTS[:3]]
    (tmp_path / "r.json").write_text(f"{pages[0]}{pages[1]}\n[]\n{pages[2]}\n")
    assert read(tmp_path / "r.json")[0] == TEXTS[:3]
    (tmp_path / "r.json").write_text(f"{pages[0]}[]}}")
    assert read(tmp_path / "r.json")[0] == [TEXTS[0], "something stands behind the list's end, which is not read"]


def test_parts_of_a_data_set_in_one_object_are_answered_by_what_to_give(tmp_path):
    (tmp_path / "r.json").write_text(json.dumps({"train": [["a b", "x"], ["c d", "y"]], "test": [["e f", "x"]]}))
    with pytest.raises(InputError, match="'train', 'test'.*write the one that is meant as a file of its own"):
        read(tmp_path / "r.json")
    (tmp_path / "train.json").write_text(json.dumps([["it is good", "x"], ["it is bad", "y"]]))
    assert read(tmp_path / "train.json", text_column="1")[0] == ["it is good", "it is bad"]


@pytest.mark.parametrize(
    "made",
    [
        {"rows": [{"row_idx": 1, "row": {"text": TEXTS[0]}}], "features": [{"name": "text", "type": "string"}]},
        {"schema_version": "2.1", "intents": [{"name": "a"}], "utterances": [{"text": TEXTS[0], "intent": "a"}]},
        {"rasa_nlu_data": {"common_examples": [{"text": TEXTS[0], "intent": "a"}], "regex_features": []}},
        [{"id": 1, "data": {"text": TEXTS[0]}, "annotations": [{"result": [{"value": {"choices": ["a"]}}]}]}],
        [{"messages": [{"role": "user", "content": TEXTS[0]}, {"role": "assistant", "content": "a"}]}],
    ],
)
def test_exports_are_read_or_say_how_the_text_inside_is_named(tmp_path, made):
    (tmp_path / "r.json").write_text(json.dumps(made))
    try:
        texts, _ = read(tmp_path / "r.json")
    except InputError as error:
        named = str(error).split("a value is named with a dot, as '")[1].split("'")[0]
        texts, _ = read(tmp_path / "r.json", text_column=named)
    assert texts == TEXTS[:1]


@pytest.mark.parametrize("test", [[{"text": "b"}], [{"satz": TEXTS[0]}], [TEXTS[0]], [[TEXTS[0], "ham"]]])
def test_two_lists_of_texts_in_one_object_are_not_chosen_from(tmp_path, test):
    (tmp_path / "r.json").write_text(json.dumps({"train": [{"text": "a"}], "test": test}))
    with pytest.raises(InputError, match="'train', 'test'"):
        read(tmp_path / "r.json")


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("a.txt", "1\n00:00:01,600 --> 00:00:04,200\nGood day\n", "a file of subtitles"),
        ("a.txt", "% made by hand\n@RELATION x\n@ATTRIBUTE text string\n@DATA\n'it is good',pos\n", "ARFF"),
        ("53068", "From: a@b.c (Ada)\nSubject: Re: a car\nLines: 1\n\nIt is good.\n", "an e-mail"),
        ("reut2.sgm", "<!DOCTYPE lewis SYSTEM 'lewis.dtd'>\n<REUTERS><BODY>good</BODY></REUTERS>\n", "SGML"),
        ("a.conll", "It PRP\nis VBZ\n\n", "a file of tagged words"),
    ],
)
def test_lines_of_other_programs_are_no_texts(tmp_path, name, content, what):
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=f"is {what}: write its texts as JSON Lines, or say --input-format lines"):
        read(tmp_path / name)
    assert read(tmp_path / name, form="lines")[0] == [line for line in content.splitlines() if line]


def test_lines_that_only_look_so_are_texts(tmp_path):
    lines = ["Subject: it broke", "@relation is a word", "see 00:00 --> there", "From: me to you"] * 500
    (tmp_path / "a.txt").write_text("\n".join(lines))
    assert read(tmp_path / "a.txt")[0] == lines


def test_texts_of_several_lines_are_asked_about(tmp_path):
    (tmp_path / "a.txt").write_text("\n\n".join(f"{text}\nand more of it" for text in TEXTS))
    assert "if empty lines part its texts, give them as JSON Lines" in read(tmp_path / "a.txt")[1]


@pytest.mark.parametrize(
    ("name", "inside", "mend"),
    [
        ("a.ods", "mimetype", "spreadsheet: save it as CSV"), ("a.docx", "word/document.xml", "save its texts as a text file"),
        ("a.npz", "arr_0.npy", "save the texts as CSV"), ("a.zip", "r.csv", "unpack it"),
    ],
)  # fmt: skip
def test_what_nobody_unpacks_is_not_to_be_unpacked(tmp_path, name, inside, mend):
    with zipfile.ZipFile(tmp_path / name, "w") as packed:
        packed.writestr(inside, "application/vnd.oasis.opendocument.spreadsheet" if inside == "mimetype" else "a")
    for file in (name, "unnamed"):
        (tmp_path / file).write_bytes((tmp_path / name).read_bytes())
        with pytest.raises(InputError, match=mend):
            read(tmp_path / file)
