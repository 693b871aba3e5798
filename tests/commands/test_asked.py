"""What the command line is asked beside the predicted label."""

import json
import os
import subprocess
import sys

import pytest

from eli5_transformers import explanation_from_json, load_predictor

TEXT = "Not buying it any sooner!"


@pytest.fixture
def run(run):
    """Runs `explain`: (exit code, stdout, stderr)."""
    return lambda *words: run("explain", *words)


def targets(out):
    return [target.target for target in explanation_from_json(json.dumps(json.loads(out)[0])).targets]


@pytest.mark.parametrize(
    ("words", "explained"),
    [
        (("--contrast", "1 star", "2 stars"), ["1 star rather than 2 stars"]),
        (("--contrast", "0", "1"), ["1 star rather than 2 stars"]),
        (("--lean",), ["more stars"]),
        (("--expected-value",), ["a higher expected value"]),
        (("--targets", "3 stars", "--lean", "--contrast", "0", "4"), ["3 stars", "1 star rather than 5 stars", "more stars"]),
    ],
)
def test_questions_are_asked_by_options(run, stars_checkpoint, words, explained):
    code, out, _ = run(stars_checkpoint, TEXT, "--format", "json", *words)
    assert code == 0
    assert targets(out) == explained


def test_a_question_that_the_method_does_not_answer_is_one_error_for_a_whole_file(run, stars_checkpoint, tmp_path):
    file = tmp_path / "reviews.txt"
    file.write_text(f"{TEXT}\n{TEXT}\n{TEXT}\n")
    asked = ("--input", file, "--format", "json", "--interpreter", "linearization", "--expected-value")
    code, out, err = run(stars_checkpoint, *asked)
    assert code != 0
    assert not out
    assert err.count("expected value is asked for") == 1
    assert "line 1" not in err


def test_a_contrast_without_labels_is_of_the_prediction_and_the_runner_up(run, stars_checkpoint):
    _, out, _ = run(stars_checkpoint, TEXT, "--format", "json", "--contrast")
    predictor = load_predictor(stars_checkpoint)
    ranked = sorted(zip(predictor.predict(TEXT)["logits"], predictor.labels), reverse=True)
    assert targets(out) == [f"{ranked[0][1]} rather than {ranked[1][1]}"]


def test_a_config_asks_by_objects(run, stars_checkpoint, tmp_path):
    (tmp_path / "c.jsonnet").write_text('{ targets: [{ type: "lean" }, { "1 star": 1, "1": -2 }], format: "json" }')
    code, out, _ = run(stars_checkpoint, TEXT, "--config", tmp_path / "c.jsonnet")
    assert code == 0
    assert targets(out) == ["more stars", "− 2 · 2 stars + 1 · 1 star"]


def test_the_true_label_of_a_file_stands_beside_the_predicted_one(run, stars_checkpoint, tmp_path):
    file = tmp_path / "reviews.csv"
    predicted = load_predictor(stars_checkpoint).predict(TEXT)["label"]
    other = "1 star" if predicted != "1 star" else "2 stars"
    file.write_text(f'text,label\n"{TEXT}",{other}\n"{TEXT}",{predicted}\n"{TEXT}",\n"{TEXT}",6 stars\n')
    code, out, err = run(stars_checkpoint, "--input", file, "--true-label", "--format", "json")
    assert code == 1  # one text has a label that the model lacks
    assert "line 5: there is no class '6 stars'" in err
    found = [explanation_from_json(json.dumps(one)).targets for one in json.loads(out)]
    assert [[target.target for target in one] for one in found] == [[predicted, other], [predicted], [predicted]]


@pytest.mark.parametrize("labels", [("1", "4", "5"), ("1.0", "4.0", "5.0"), ("1 star", "4 stars", "5 stars")], ids=str)
def test_a_label_that_is_a_number_is_the_class_with_this_number_in_its_name(run, stars_checkpoint, tmp_path, labels):
    file = tmp_path / "reviews.jsonl"
    file.write_text("".join(json.dumps({"text": TEXT, "label": label}) + "\n" for label in labels))
    code, out, _ = run(stars_checkpoint, "--input", file, "--true-label", "--targets", "3 stars", "--format", "json")
    found = [explanation_from_json(json.dumps(one)).targets for one in json.loads(out)]
    assert code == 0
    assert [[target.target for target in one] for one in found] == [["3 stars", f"{n} star{'s' * (n > 1)}"] for n in (1, 4, 5)]


def test_a_label_that_is_a_number_is_a_place_where_no_name_has_one(run, sectors_checkpoint, tmp_path):
    (tmp_path / "r.csv").write_text(f'text,label\n"{TEXT}",2\n')
    _, out, _ = run(sectors_checkpoint, "--input", tmp_path / "r.csv", "--true-label", "--targets", "2", "--format", "json")
    assert targets(out) == [load_predictor(sectors_checkpoint).labels[2]]


def test_true_labels_are_asked_of_files_that_have_some(run, stars_checkpoint, tmp_path):
    (tmp_path / "r.csv").write_text(f'text\n"{TEXT}"\n')
    code, out, err = run(stars_checkpoint, "--input", tmp_path / "r.csv", "--true-label")
    assert (code, out) == (1, "")
    assert "--true-label finds no label in the file" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((TEXT, "--contrast", "1 star", "2 stars", "3 stars"), "--contrast takes two labels, but 3 were given"),
        ((TEXT, "--contrast", "positive", "6 stars"), "no class '6 stars'"),
        ((TEXT, "--lean", "--top-targets", "2"), "--lean and --top-targets are both given"),
        ((TEXT, "--true-label"), "--true-label is about the labels in the file of --input"),
        (("--contrast", "1 star", "a text"), "--targets and --contrast take every word"),
        ((TEXT, "--lean", "--interpreter", "simple-gradient"), "explains the predicted label alone"),
    ],
)
def test_what_cannot_be_asked_is_one_line(run, words, message):
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert message in err
    assert "Traceback" not in err


def test_a_page_shows_the_lean_of_ordered_labels_beside_the_predicted_one(run, stars_checkpoint, sectors_checkpoint, tmp_path):
    page = tmp_path / "p.html"
    predicted = load_predictor(stars_checkpoint).predict(TEXT)["label"]
    assert run(stars_checkpoint, TEXT, "--html", page)[0] == 0
    written = page.read_text()
    assert written.index("y=more stars") < written.index(f"y={predicted}")
    # Data are what they are without a page, and labels without an order have no lean.
    assert targets(run(stars_checkpoint, TEXT, "--html", page, "--format", "json")[1]) == [predicted]
    assert "y=more stars" not in page.read_text()
    assert run(sectors_checkpoint, TEXT, "--html", page)[0] == 0
    assert page.read_text().count('<p class="answer">') == 2
    assert run(stars_checkpoint, TEXT, "--html", page, "--interpreter", "simple-gradient")[0] == 0


def test_the_answer_stands_first_in_every_format_for_people(run, stars_checkpoint, tmp_path):
    page = tmp_path / "p.html"
    _, out, _ = run(stars_checkpoint, TEXT, "--targets", "3 stars", "--html", page)
    lines = out.splitlines()
    assert lines[0].startswith("Explained as")
    assert "‘3 stars’" in lines[1]
    assert lines[2].startswith("The model")
    assert "All labels: ‘" in lines[2]
    written = page.read_text()
    assert written.index('<p class="answer">') < written.index("y=3 stars")
    assert "All labels" in written


def test_a_stdout_without_curly_quotes_gets_plain_ones(stars_checkpoint):
    words = [sys.executable, "-m", "eli5_transformers", "explain", str(stars_checkpoint), TEXT]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    out = subprocess.run(words, stdout=subprocess.PIPE, env=environment, check=True).stdout.decode("ascii")
    assert "\\u20" not in out
    assert "All labels: '" in out


def test_an_order_is_declared_by_an_option(run, sectors_checkpoint):
    names = load_predictor(sectors_checkpoint).labels
    code, out, err = run(sectors_checkpoint, TEXT, "--lean")
    assert (code, out) == (1, "")
    assert "--ordered" in err
    assert targets(run(sectors_checkpoint, TEXT, "--lean", "--format", "json", "--ordered")[1]) == [f"towards {names[-1]}"]
    turned = run(sectors_checkpoint, TEXT, "--lean", "--format", "json", "--ordered", *names[::-1])[1]
    assert targets(turned) == [f"towards {names[0]}"]
    assert "each class once" in run(sectors_checkpoint, TEXT, "--lean", "--ordered", names[0])[2]


def test_an_unsigned_method_has_no_lean_on_a_page(run, stars_checkpoint, tmp_path):
    page = tmp_path / "p.html"
    assert run(stars_checkpoint, TEXT, "--html", page, "--interpreter", "gradient")[0] == 0
    assert "y=more stars" not in page.read_text()


def test_a_page_of_a_text_says_how_far_to_trust_it(run, stars_checkpoint, tmp_path):
    page, file = tmp_path / "p.html", tmp_path / "texts.txt"
    file.write_text(f"{TEXT}\n")
    question = "Does the explanation hold?"
    assert question in run(stars_checkpoint, TEXT, "--html", page)[1]
    assert question in page.read_text()
    assert question not in run(stars_checkpoint, TEXT, "--html", page, "--no-trust")[1]
    # Not asked for: data, and the rows of a file, which may be many.
    assert question not in run(stars_checkpoint, TEXT)[1]
    assert question not in run(stars_checkpoint, TEXT, "--html", page, "--format", "json")[1]
    assert question not in run(stars_checkpoint, "--input", file, "--html", page)[1]
    assert question in run(stars_checkpoint, "--input", file, "--html", page, "--trust")[1]
