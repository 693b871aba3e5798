"""Characters of texts, labels, tokens and configs reached terminals, notebook cells and spreadsheets as they were.

A label or a review from anywhere may hold escape sequences (which set a terminal's title, or clear it), bidirectional
overrides (which reorder the numbers beside them) and characters without width (which make two texts look alike). The pages
of this package spelled them, but eli5's own formatters, which people call in notebooks, CSV files and error messages on
stderr did not; and a text such as `=HYPERLINK(...)` was a formula in a CSV file. No test looked at what these write.
"""

import csv
import io
import json
import logging
import re
import sys

import checkpoints
import eli5
import pytest
from eli5.formatters.text_helpers import get_char_weights
from handmade import attribution
from markup import OBEYED

from eli5_transformers import __main__ as command_line
from eli5_transformers import (
    attribution_from_json,
    attribution_to_json,
    compare,
    get_explanation,
    get_explanation_from_grads,
    load_predictor,
    to_explanation,
)
from eli5_transformers.errors import Eli5TransformersError, InputError, MissingDependencyError
from eli5_transformers.escapes import visible
from eli5_transformers.text.granularity import GRANULARITIES
from eli5_transformers.views.comparison import Comparison
from eli5_transformers.views.terminal import painted

ODD = "\x1b]0;title\x07 \x9b2J gr\u200beat \u202eevil \u2066\u2028 fi\xadlm"
WORDS = f"good {ODD} value"


@pytest.fixture
def odd():
    """An attribution with such characters wherever it holds a text; a word more weighs 1 more."""
    words = WORDS.split(" ")
    return attribution(
        WORDS, range(1, len(words) + 1), pattern="[^ ]+", label=ODD, method=ODD, notes=(ODD,), baseline=ODD, output=ODD
    )


def shown_by_eli5(explanation):
    return [
        eli5.format_as_html(explanation),
        eli5.format_as_html(explanation, force_weights=False, show_feature_values=True),
        explanation._repr_html_(),
        eli5.format_as_text(explanation),
        eli5.format_as_dataframe(explanation).drop(columns="target").to_csv(),
    ]


@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_eli5s_own_formatters_show_none_of_them(odd, granularity):
    for shown in shown_by_eli5(to_explanation(odd, granularity=granularity)):
        assert not OBEYED.search(shown)
        assert not re.search("[\u200b\xad]", shown)
        assert r"\u200b" in shown


def test_nor_those_of_gradients_from_elsewhere():
    tokens = WORDS.split()
    explained = get_explanation_from_grads(ODD, ODD, WORDS, tokens, [1.0] * len(tokens), [1.0], [ODD], True)
    for shown in shown_by_eli5(explained):
        assert not OBEYED.search(shown)


def test_the_painted_characters_are_those_of_the_words(odd):
    (document,) = to_explanation(odd).targets[0].weighted_spans.docs_weighted_spans
    assert document.document == visible(WORDS)
    painted_words = [document.document[start:end] for _, spans, _ in document.spans for start, end in spans]
    assert painted_words == [visible(word) for word in WORDS.split(" ")]
    weights = get_char_weights(document)
    for place, (_, [(start, end)], _) in enumerate(document.spans, start=1):
        assert set(weights[start:end]) == {float(place)}


def test_a_line_break_in_a_sentence_begins_no_new_row():
    text = "A good film.\n+9.999  fake row"
    made = attribution(text, [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], pattern=r"\w+|\.\n|\S+")
    shown = eli5.format_as_text(to_explanation(made, granularity="sentence"))
    assert "\n+9.999" not in shown


def test_the_data_keep_them(odd):
    read = attribution_from_json(attribution_to_json(odd))
    assert read.documents == (WORDS,)
    assert read.tokens == odd.tokens
    assert read.label == ODD
    assert Comparison((odd,)).to_dataframe()["word"][0] == "good"
    assert set(odd.to_dataframe()["text"]) > set(WORDS.split(" "))


def test_a_terminal_and_a_page_obey_none_of_them(odd):
    ours = re.sub(r"\x1b\[[\d;]+m", "", painted(to_explanation([odd, odd])))
    comparison = Comparison((odd, odd))
    for shown in (ours, comparison.html(ODD), comparison._repr_html_(), odd._repr_html_(), repr(odd), repr(comparison)):
        assert not OBEYED.search(shown)


def test_errors_show_them_spelled_and_keep_what_was_given():
    for kind in (Eli5TransformersError, InputError, MissingDependencyError):
        error = kind(f"no such label: {ODD}")
        assert str(error) == f"{error}" == visible(f"no such label: {ODD}")
        assert error.args == (f"no such label: {ODD}",)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd") / "model"
    return checkpoints.write_bert_checkpoint(folder, labels=[f"=1+1 {ODD}", f"-2 {ODD} 日本"])


@pytest.fixture
def run(capsys, monkeypatch):
    """Runs a command in this process: (exit code, stdout, stderr)."""

    def run_command(*words):
        monkeypatch.setattr(sys, "argv", ["eli5-transformers", *map(str, words)])
        code = 0
        try:
            command_line.main()
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
            if isinstance(stop.code, str):
                sys.stderr.write(stop.code)
        return (code, *capsys.readouterr())

    return run_command


FORMULA = f'=HYPERLINK("http://x/?"&A1) {ODD} great'


@pytest.mark.parametrize("form", ["text", "csv", "html", "json", "jsonl"])
def test_no_format_of_the_command_line_holds_one(run, checkpoint, form):
    code, out, err = run("explain", checkpoint, FORMULA, "great", "--format", form, "--top-targets", 2)
    assert code == 0
    assert not OBEYED.search(re.sub("\r\n", "\n", out) + err)


def test_cells_of_a_csv_file_are_no_formulas_and_scores_are_numbers(run, checkpoint):
    _, out, _ = run("explain", checkpoint, FORMULA, "--format", "csv", "--top-targets", 2)
    rows = list(csv.DictReader(io.StringIO(out, newline="")))
    assert {row["text"] for row in rows} == {"'" + visible(FORMULA)}
    assert {row["target"] for row in rows} == {"'" + visible(f"=1+1 {ODD}"), "'" + visible(f"-2 {ODD} 日本")}
    assert min(float(row["contribution"]) for row in rows) < 0
    assert all(row["contribution"][0] in "-0123456789" for row in rows)


def test_raw_cells_are_the_data(run, checkpoint):
    _, out, _ = run("explain", checkpoint, FORMULA, "--format", "csv", "--raw-csv")
    rows = list(csv.DictReader(io.StringIO(out, newline="")))
    assert {row["text"] for row in rows} == {FORMULA}
    assert rows[0]["target"] in (f"=1+1 {ODD}", f"-2 {ODD} 日本")


def test_errors_on_stderr_hold_none(run, checkpoint, tmp_path):
    (tmp_path / "c.jsonnet").write_text("error '\\u001b]0;title\\u0007\\u001b[2J \\u202e'")
    (tmp_path / "why.jsonnet").write_text(json.dumps({"source": "x", ODD: 1}))
    for words in (
        (tmp_path / "c.jsonnet", "great"),
        (f"no{ODD}.tar.gz", "great"),  # a file by its ending: other words that lead nowhere would be a text
        (checkpoint, "great", "--targets", ODD),
        (checkpoint, "great", "--interpreter", ODD),
        (checkpoint, "great", "--set", f"{ODD}=1"),
        (checkpoint, "great", "--no\x1b]0;such\x07option"),
        (checkpoint, "great", "--top-targets", ODD),
        ("great", "--config", tmp_path / "why.jsonnet"),
        ("--input", f"{ODD}.txt"),
        (checkpoint, "great", "--output", f"{ODD}/x.html"),
    ):
        code, out, err = run("explain", *words)
        assert code != 0, words
        assert err
        assert not OBEYED.search(out + err), words


def test_log_lines_hold_none(capsys, monkeypatch):
    root = logging.Logger("root")
    monkeypatch.setattr(logging, "root", root)
    monkeypatch.setattr(logging.Logger, "root", root)
    command_line._log_at("INFO")
    root.info("model.type = %s", ODD)
    err = capsys.readouterr().err
    assert visible(ODD) in err
    assert not OBEYED.search(err)


@pytest.mark.parametrize("form", ["text", "csv", "html", "json", "jsonl"])
def test_a_console_of_an_old_code_page_is_written_to(checkpoint, monkeypatch, form):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "argv", ["eli5-transformers", "explain", str(checkpoint), "日本 é great", "--format", form])
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="cp1252"))
    with pytest.raises(SystemExit) as stop:
        command_line.main()
    sys.stdout.flush()
    assert stop.value.code == 0
    assert {"html": "&#26085;"}.get(form, r"\u65e5") in written.getvalue().decode("cp1252")


def test_a_model_with_such_labels_is_shown_by_every_front_door(checkpoint):
    predictor = load_predictor(checkpoint)
    for shown in (
        eli5.show_prediction(predictor, WORDS).data,
        eli5.format_as_text(get_explanation(predictor, WORDS)),
        eli5.explain_prediction_df(predictor, WORDS).drop(columns="target").to_csv(),
        compare(predictor, WORDS, ["gradient"])._repr_html_(),
    ):
        assert not OBEYED.search(shown)
