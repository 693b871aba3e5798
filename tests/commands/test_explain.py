"""The command line, as a person types it."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from closeness import assert_close

from eli5_transformers.errors import InputError
from eli5_transformers.explanations.explanation_json import explanation_from_json

ROOT = Path(__file__).parents[2]
TEXT = "Not buying it any sooner!"


@pytest.fixture
def reviews(tmp_path):
    file = tmp_path / "reviews.jsonl"
    file.write_text('{"sentence": "I like it"}\nNot good, and slow\n\n{"text": "It is good"}\n')
    return file


def test_a_text_is_explained_with_the_bundled_model(run):
    code, out, _ = run("explain", "Great value, works perfectly")
    assert code == 0
    assert "Explained as: integrated-gradients" in out
    assert "y='very positive'" in out


def test_a_text_is_explained_with_a_checkpoint_and_each_of_several_apart(run, stars_checkpoint):
    code, out, _ = run("explain", stars_checkpoint, TEXT, "I like it")
    assert code == 0
    assert out.count("Explained as") == 2
    assert "buying" in out
    assert "like" in out


def test_the_page_is_written_beside_the_text(run, stars_checkpoint, tmp_path):
    page = tmp_path / "page.html"
    code, out, err = run("explain", stars_checkpoint, TEXT, "--html", page)
    assert (code, str(page) in err) == (0, True)
    assert "Contribution" in out
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_file_of_texts_and_json_lines_is_explained_line_by_line(run, stars_checkpoint, reviews):
    code, out, _ = run("explain", stars_checkpoint, "--input", reviews, "--format", "csv", "--batch-size", 2)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert list(dict.fromkeys(row["text"] for row in rows)) == ["I like it", "Not good, and slow", "It is good"]
    for number in "123":
        of_text = [row for row in rows if row["input"] == number]
        contributions = [float(row["contribution"]) for row in of_text]
        # The default tolerance of the integral, of the size of what is summed.
        assert_close(sum(contributions), float(of_text[0]["score"]), rtol=0.011, scale=sum(map(abs, contributions)))


def test_stdin_is_read_where_it_is_named(run, stars_checkpoint):
    code, out, _ = run("explain", stars_checkpoint, "--input", "-", stdin="I like it\nIt is good\n")
    assert (code, out.count("Explained as")) == (0, 2)


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_json_can_be_read_back(run, stars_checkpoint, reviews, form):
    code, out, _ = run("explain", stars_checkpoint, "--input", reviews, "--format", form)
    texts = out.splitlines() if form == "jsonl" else [json.dumps(one) for one in json.loads(out)]
    assert code == 0
    documents = [
        explanation_from_json(text).targets[0].weighted_spans.docs_weighted_spans[0].document for text in texts
    ]
    assert documents == ["I like it", "Not good, and slow", "It is good"]


def test_the_format_follows_the_name_of_the_output(run, stars_checkpoint, reviews, tmp_path):
    page = tmp_path / "all.html"
    assert run("explain", stars_checkpoint, "--input", reviews, "--output", page)[:2] == (0, "")
    html = page.read_text(encoding="utf-8")
    assert all(text in html for text in ("I like it", "Not good, and slow", "It is good"))


def test_bad_lines_are_reported_with_their_number_and_the_rest_is_done(run, stars_checkpoint):
    lines = 'I like it\n{broken\n{"other": 1}\n{"text": 7}\nIt is good\n{"text": "   "}\n'
    code, out, err = run("explain", stars_checkpoint, "--input", "-", stdin=lines)
    assert code == 1
    assert out.count("Explained as") == 2
    assert [line.split(":")[0] for line in err.splitlines() if line.startswith("line")] == [
        "line 2", "line 3", "line 4", "line 6",
    ]  # fmt: skip


def test_batches_do_not_change_results(run, stars_checkpoint, reviews):
    outputs = [
        run("explain", stars_checkpoint, "--input", reviews, "--format", "csv", "--batch-size", size)[1]
        for size in (1, 8)
    ]
    first, second = ([float(row["contribution"]) for row in csv.DictReader(io.StringIO(output))] for output in outputs)
    assert_close(first, second)


def test_the_method_and_its_options_are_chosen(run, stars_checkpoint):
    _, out, _ = run("explain", stars_checkpoint, TEXT, "--interpreter", "integrated-gradient")
    assert "Explained as: integrated-gradient\n" in out
    _, coarse, _ = run("explain", stars_checkpoint, TEXT, "--set", "n_steps=3", "--set", "method=riemann_left")
    assert "by 3 gradient evaluations" in coarse


def test_targets_are_chosen_by_name_or_by_rank(run, stars_checkpoint):
    _, named, _ = run("explain", stars_checkpoint, TEXT, "--targets", "1 star", "3 stars")
    assert [line.split("'")[1] for line in named.splitlines() if line.startswith("y=")] == ["1 star", "3 stars"]
    _, ranked, _ = run("explain", stars_checkpoint, TEXT, "--top-targets", "2")
    assert len([line for line in ranked.splitlines() if line.startswith("y=")]) == 2


def test_targets_are_chosen_by_index_where_no_label_is_called_so(run, stars_checkpoint):
    _, out, _ = run("explain", stars_checkpoint, TEXT, "--targets", "0", "-1")
    assert [line.split("'")[1] for line in out.splitlines() if line.startswith("y=")] == ["1 star", "5 stars"]


def test_texts_that_are_no_source_are_explained_with_the_bundled_model(run):
    code, out, _ = run("explain", "I love it", "I hate it")
    assert (code, out.count("Explained as")) == (0, 2)


@pytest.mark.parametrize("words", [("--", "-5 stars"), ("-5 stars, no more",), ("@good",), ("bundled", "--", "--help")])
def test_texts_may_begin_with_any_sign(run, words):
    code, out, _ = run("explain", *words)
    assert (code, out.count("Explained as")) == (0, 1)


def test_a_config_holds_source_method_and_output_together(run, stars_checkpoint, tmp_path):
    (tmp_path / "why.jsonnet").write_text(
        json.dumps(
            {
                "source": str(stars_checkpoint),
                "interpreter": {"type": "gradient-x-input", "baseline": "zero"},
                "format": "csv",
                "top_targets": 2,
                "granularity": "token",
            }
        )
    )
    code, out, _ = run("explain", "--config", tmp_path / "why.jsonnet", TEXT)
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert len({row["target"] for row in rows}) == 2
    (tmp_path / "wrong.jsonnet").write_text('{"sauce": 1}')
    code, _, err = run("explain", "--config", tmp_path / "wrong.jsonnet", TEXT)
    assert (code, "unknown key 'sauce'" in err) == (1, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "nothing to explain"),
        (("no/such/checkpoint", "a text"), "no/such/checkpoint"),
        (("--input", "no/such/file"), "no/such/file"),
        (("a text", "--interpreter", "magic"), "no interpreter 'magic'"),
        (("a text", "--set", "tolerance"), "not of the form NAME=VALUE"),
        (("a text", "--set", "tolerance=much"), "tolerance"),
        (("a text", "--targets", "6 stars"), "6 stars"),
        (("a text", "--targets", "1 star", "--top-targets", "2"), "give one of them"),
        (("a text", "--batch-size", "0"), "--batch-size"),
        (("a text", "--output", "no/such/folder/x.html"), "no folder"),
        (("bundled", "--input", "x", "a text"), "with --input no texts"),
        (("   ",), "empty or white space"),
        (("a text", "--targets", "1 star", "another text"), "--targets and --contrast take every word"),
        (("a text", "--granularity", "word", "--set", "tolerence=1"), "did you mean 'tolerance'"),
        (("model", "a text"), "write bundled before it"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_1(run, words, message):
    code, out, err = run("explain", *words)
    assert (code, out) == (1, "")
    (line,) = [line for line in err.splitlines() if message in line]
    assert "Traceback" not in err


def test_options_that_are_none_are_exit_code_2(run):
    code, out, err = run("explain", "a text", "--formt", "csv")
    assert (code, out) == (2, "")
    assert "usage: " in err
    assert "--formt" in err


def test_a_reader_that_goes_away_is_met_quietly(stars_checkpoint):
    words = [sys.executable, "-m", "eli5_transformers", "explain", str(stars_checkpoint), "--input", "-"]
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )
    process.stdout.close()
    _, err = process.communicate("I like it\n" * 3)
    assert "Traceback" not in err
    assert "BrokenPipe" not in err


def test_help_shows_an_example_first(run):
    code, out, _ = run("explain", "--help")
    assert code == 0
    assert out.index("examples:") < out.index("positional arguments")


@pytest.mark.parametrize(
    ("environment", "on_terminal", "elsewhere"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": "0"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({"CLICOLOR": "0"}, False, False),
        ({"CLICOLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"FORCE_COLOR": "", "TERM": "dumb"}, False, False),
        ({"CLICOLOR_FORCE": "1", "TERM": "dumb"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_colours_are_where_the_conventions_want_them(environment, on_terminal, elsewhere):
    from eli5_transformers.views.terminal import colours

    environment = {"TERM": "xterm", **environment}
    assert (colours(True, environment), colours(False, environment)) == (on_terminal, elsewhere)


def test_colours_reach_a_terminal_and_no_file(run, stars_checkpoint, monkeypatch, tmp_path):
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    _, plain, _ = run("explain", stars_checkpoint, TEXT)
    assert "\x1b[" not in plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    _, coloured, _ = run("explain", stars_checkpoint, TEXT)
    assert "\x1b[48;5;" in coloured
    run("explain", stars_checkpoint, TEXT, "--output", tmp_path / "o.txt")
    assert "\x1b[" not in (tmp_path / "o.txt").read_text()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "utf-8"])
@pytest.mark.parametrize("form", ["text", "csv", "html", "json"])
def test_what_stdout_cannot_spell_ends_nothing(run, stars_checkpoint, monkeypatch, encoding, form):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    code, _, err = run("explain", stars_checkpoint, "\u65e5 \xe9 good", "--format", form)
    assert (code, err) == (0, "")
    written = raw.getvalue().decode(encoding)
    spelled = {"text": "\\u65e5", "csv": "\\u65e5", "html": "&#26085;", "json": "\\u65e5"}[form]
    assert ("\u65e5" if encoding == "utf-8" and form != "json" else spelled) in written


def test_control_characters_of_a_text_do_not_reach_the_terminal(stars_checkpoint):
    from eli5_transformers import get_explanation
    from eli5_transformers.views.terminal import painted

    shown = painted(get_explanation(stars_checkpoint, "good \x1b[2J \u202e film", granularity="token"))
    assert "\x1b[2J" not in shown
    assert "\u202e" not in shown


def test_train_evaluate_predict_and_explain_are_one_chain(run, stars_checkpoint, tmp_path):
    data = tmp_path / "data.jsonl"
    texts = [("good good", "good"), ("bad bad", "bad"), ("it is good", "good"), ("it is bad", "bad")] * 2
    data.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in texts))
    config = tmp_path / "train.json"
    part = {"type": "transformer_classifier", "model_name": str(stars_checkpoint)}
    config.write_text(
        json.dumps(
            {
                "dataset_reader": part,
                "train_data_path": str(data),
                "validation_data_path": str(data),
                "model": {**part, "allow_new_head": True},
                "data_loader": {"batch_size": 4},
                "trainer": {"num_epochs": 1, "optimizer": {"type": "adam", "lr": 0.001}, "cuda_device": -1},
            }
        )
    )
    out = tmp_path / "run"
    random_state = torch.get_rng_state()
    assert run("train", config, "--serialization-dir", out)[0] == 0
    torch.set_rng_state(random_state)
    assert run("evaluate", out / "model.tar.gz", data, "--output-file", tmp_path / "metrics.json")[0] == 0
    assert "accuracy" in json.loads((tmp_path / "metrics.json").read_text())
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"sentence": "it is good"}\n')
    answers = tmp_path / "answers.jsonl"
    assert run("predict", out / "model.tar.gz", questions, "--output-file", answers, "--silent")[0] == 0
    predicted = json.loads(answers.read_text())
    code, text, _ = run("explain", out / "model.tar.gz", "it is good")
    assert code == 0
    assert f"y='{predicted['label']}' (probability={max(predicted['probs']):.3f}" in text


def test_commands_find_a_shipped_config_by_its_bare_name(run, stars_checkpoint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.jsonl").write_text('{"text": "I like it", "label": "5 stars"}\n')
    for name, value in {"checkpoint": stars_checkpoint, "train": "data.jsonl", "validation": "data.jsonl"}.items():
        monkeypatch.setenv(name, str(value))
    assert run("train", "--dry-run", "-s", "out", "fine_tune.jsonnet")[0] == 0
    code, out, _ = run("explain", "transformer_classifier.jsonnet", TEXT, "--ext-var", f"checkpoint={stars_checkpoint}")
    assert (code, out.count("Explained as")) == (0, 1)
    (tmp_path / "settings.jsonnet").write_text(
        json.dumps({"source": "transformer_classifier.jsonnet", "ext_vars": {"checkpoint": str(stars_checkpoint)}})
    )
    code, out, _ = run("explain", "--config", "settings.jsonnet", TEXT)
    assert (code, out.count("Explained as")) == (0, 1)


def test_predictions_can_carry_their_saliency(run, stars_checkpoint, tmp_path):
    from allennlp.models.archival import archive_model

    from eli5_transformers import attribute, load_predictor

    predictor = load_predictor(stars_checkpoint)
    folder = tmp_path / "run"
    folder.mkdir()
    part = {"type": "transformer_classifier", "model_name": str(stars_checkpoint)}
    (folder / "config.json").write_text(json.dumps({"dataset_reader": part, "model": part}))
    predictor._model.vocab.save_to_files(str(folder / "vocabulary"))
    torch.save(predictor._model.state_dict(), folder / "best.th")
    archive_model(str(folder), weights="best.th")
    questions, answers = tmp_path / "questions.jsonl", tmp_path / "answers.jsonl"
    questions.write_text('{"sentence": "it is good"}\n{"sentence": "not me, thank you"}\n')
    asked = '{"interpreter": "gradient-x-input", "targets": [null, {"type": "contrast"}, {"type": "lean"}], "ordered": true}'
    arguments = ["--predictor", "saliency", "--predictor-args", asked, "--silent"]
    code, _, err = run("predict", folder, questions, "--output-file", answers, "--batch-size", 2, *arguments)
    assert code == 0, err
    predictions = [json.loads(line) for line in answers.read_text().splitlines()]
    expected = attribute(predictor, ["it is good", "not me, thank you"], interpreter="gradient-x-input")
    for prediction, (attribution,) in zip(predictions, expected):
        saliency, contrast, lean = prediction["saliency"]
        assert (contrast["question"], lean["question"], lean["label"]) == ("contrast", "lean", "more stars")
        assert saliency["summary"] == attribution.summary
        assert saliency["label"] == prediction["label"] == attribution.label
        assert saliency["tokens"] == prediction["tokens"]
        assert_close(saliency["scores"], attribution.scores.tolist())


def test_the_predictor_with_saliency_takes_targets_as_attribute_does(stars_checkpoint):
    from eli5_transformers import load_predictor
    from eli5_transformers.interpreters.saliency_predictor import SaliencyPredictor

    loaded = load_predictor(stars_checkpoint)
    parts = (loaded._model, loaded._dataset_reader)
    for chosen, labels in (({"targets": ["2 stars", "1 star"]}, ["2 stars", "1 star"]), ({"top_targets": 2}, None)):
        predictor = SaliencyPredictor(*parts, interpreter="gradient", **chosen)
        found = [entry["label"] for entry in predictor.predict("it is good")["saliency"]]
        assert found == labels if labels else len(found) == 2
    with pytest.raises(InputError, match="both given"):
        SaliencyPredictor(*parts, targets=["1 star"], top_targets=2)


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("eli5-transformers ex", {"explain"}),
        ("eli5-transformers explain --gran", {"--granularity"}),
        ("eli5-transformers explain x --interpreter integrated-", {"integrated-gradient", "integrated-gradients"}),
    ],
)
def test_a_shell_can_complete_commands_options_and_names(tmp_path, line, offered):
    answer = tmp_path / "answer"
    environment = {
        **os.environ, "_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE_IFS": "\n",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(answer), "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    subprocess.run([sys.executable, "-m", "eli5_transformers"], env=environment, capture_output=True, timeout=120)
    assert {word.strip() for word in answer.read_text().splitlines()} == offered


def test_a_csv_has_both_texts_of_a_pair_and_its_first_columns_stay(run, stars_checkpoint, tmp_path):
    (tmp_path / "pairs.csv").write_text("id,text,text_pair,label\nr-17,good value,works well,5\n")
    output = run("explain", stars_checkpoint, "--input", tmp_path / "pairs.csv", "--format", "csv", "--raw-csv")[1]
    head, *rows = csv.reader(io.StringIO(output))
    # Programs may count them; what was added later stands behind.
    assert head == "input,text,target,probability,score,feature,contribution,text_pair,id,label".split(",")
    assert {(row[1], *row[7:]) for row in rows} == {("good value", "works well", "r-17", "5")}
