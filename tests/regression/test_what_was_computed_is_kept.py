"""A run of `explain` that ends early keeps what it has, in files that are valid.

Outputs were emptied before anything was known to work, and a page was written when all was explained: a mistyped label, a
Ctrl-C, a full disk or a text that the model refuses by an error of its own lost hours of work and the file that stood there
before. Tests of whole runs saw none of it.
"""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from demo_model import checkpoint_path
from eli5_transformers import __main__ as command_line
from eli5_transformers import api
from eli5_transformers.commands import writers
from eli5_transformers.errors import UnsupportedModelError
from eli5_transformers.explanations.explanation_json import explanation_from_json

ROOT = Path(__file__).parents[2]
FAST = ("--interpreter", "gradient-x-input")
MODEL = str(checkpoint_path())


@pytest.fixture
def explain(monkeypatch, capsys, tmp_path):
    """Runs `explain` with the demonstration model in an own folder: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["eli5-transformers", "explain", MODEL, *words])
        with pytest.raises(SystemExit) as stop:
            command_line.main()
        out, err = capsys.readouterr()
        # Without what is said of the input itself.
        lines = [line for line in err.splitlines(keepends=True) if not line.startswith("in.txt:")]
        return stop.value.code, out, "".join(lines)

    return run


@pytest.fixture
def lines(tmp_path):
    (tmp_path / "in.txt").write_text("".join(f"great value of {number}\n" for number in range(40)))


def texts_in(file):
    """How many explanations a file holds; fails where it is not valid."""
    content, form = Path(file).read_text(), Path(file).suffix[1:]
    if form == "json":
        return len([explanation_from_json(json.dumps(one)) for one in json.loads(content)])
    if form == "jsonl":
        return len([explanation_from_json(line) for line in content.splitlines()])
    if form == "csv":
        return len({row["input"] for row in csv.DictReader(io.StringIO(content), strict=True)})
    assert content.endswith("</html>\n")
    return content.count("<section>")


def after(count, act, monkeypatch):
    """`act()` once so many explanations are written."""
    write, seen = writers.Writer.write, []

    def counted(self, *arguments):
        write(self, *arguments)
        seen.append(1)
        if len(seen) == count:
            act()

    monkeypatch.setattr(writers.Writer, "write", counted)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)], ids=["int", "term", "hup"]
)
def test_what_was_explained_before_a_signal_is_kept(explain, lines, monkeypatch, number, code):
    form = {signal.SIGINT: "json", signal.SIGTERM: "csv", signal.SIGHUP: "jsonl"}[number]
    after(20, lambda: os.kill(os.getpid(), number), monkeypatch)
    Path(f"o.{form}").write_text("old")
    if signal.getsignal(number) is signal.SIG_IGN:  # as under nohup, where it ends nothing
        signal.signal(number, signal.SIG_DFL)
    handler = signal.getsignal(number)
    ended, _, err = explain("--input", "in.txt", "--output", f"o.{form}", "--html", "page.html", *FAST)
    assert ended == code
    assert (texts_in(f"o.{form}"), texts_in("page.html")) == (20, 20)
    assert f"20 of 40 texts kept in o.{form}, 20 of 40 texts kept in page.html" in err
    assert "Traceback" not in err
    assert sorted(os.listdir()) == sorted(["in.txt", f"o.{form}", "page.html"])
    assert signal.getsignal(number) is handler


def test_a_signal_in_the_middle_of_a_record_waits_for_its_end(explain, lines, monkeypatch):
    from eli5_transformers.commands import destinations

    written = []

    def torn(file, text):
        if len(written) == 3:
            os.kill(os.getpid(), signal.SIGINT)
        written.append(os.write(file, text.encode()))

    monkeypatch.setattr(destinations, "_write_all", torn)
    assert explain("--input", "in.txt", "--output", "o.json", *FAST)[0] == 130
    assert texts_in("o.json") == 4


def test_a_second_signal_ends_at_once_and_names_what_is_left(lines, tmp_path):
    script = (
        "import os, signal, sys, time, eli5_transformers.__main__ as m, eli5_transformers.commands.destinations as d\n"
        "def slow(self, *a): time.sleep(0.5); os.kill(os.getpid(), signal.SIGINT); time.sleep(60)\n"
        "from eli5_transformers.commands.writers import Writer; write = Writer.write\n"
        "def stopping(self, *a): write(self, *a); os.kill(os.getpid(), signal.SIGINT)\n"
        "d.Beside.finish, Writer.write = slow, stopping\n"
        f"sys.argv = ['x', 'explain', {MODEL!r}, 'great', '--output', 'o.csv', '--interpreter', 'gradient-x-input']; m.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    (left,) = [name for name in os.listdir(tmp_path) if name.endswith(".part")]
    assert left in done.stderr
    assert "great" in (tmp_path / left).read_text()


def test_a_killed_run_leaves_what_it_has_under_the_hidden_name(lines, tmp_path):
    script = (
        "import os, signal, sys, eli5_transformers.__main__ as m\n"
        "from eli5_transformers.commands.writers import Writer; write = Writer.write\n"
        "def killed(self, *a): write(self, *a); self.count < 3 or os.kill(os.getpid(), signal.SIGKILL)\n"
        "Writer.write = killed\n"
        f"sys.argv = ['x', 'explain', {MODEL!r}, '--input', 'in.txt', '--output', 'o.jsonl', *{FAST!r}]; m.main()\n"
    )
    (tmp_path / "o.jsonl").write_text("old")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=tmp_path, capture_output=True, timeout=120, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    (left,) = [name for name in os.listdir(tmp_path) if name.startswith(".o.jsonl.") and name.endswith(".part")]
    assert len([explanation_from_json(line) for line in (tmp_path / left).read_text().splitlines()]) == 3
    assert (tmp_path / "o.jsonl").read_text() == "old"


@pytest.mark.parametrize("form", ["html", "csv"])
def test_what_a_full_disk_had_room_for_is_kept(lines, tmp_path, form):
    limit = {"html": 40_000, "csv": 3_000}[form]
    words = ["explain", MODEL, "--input", "in.txt", "--output", f"o.{form}", *FAST]
    script = (
        "import sys, resource, eli5_transformers.__main__ as m\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); sys.argv = ['x', *{words!r}]; m.main()"
    )
    (tmp_path / f"o.{form}").write_text("old")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert f"'o.{form}' cannot be written: File too large" in done.stderr
    assert (tmp_path / f"o.{form}").read_text() == "old"
    kept = texts_in(tmp_path / f"o.partial.{form}")
    assert 0 < kept < 40
    assert f"ended early: {kept} of 40 texts kept in " in done.stderr
    assert sorted(os.listdir(tmp_path)) == sorted(["in.txt", f"o.{form}", f"o.partial.{form}"])


def test_a_closed_pipe_ends_the_run_quietly_and_keeps_the_page(lines, tmp_path):
    words = ["explain", MODEL, "--input", "in.txt", "--batch-size", "2", "--format", "csv", "--html", "page.html", *FAST]
    process = subprocess.Popen(
        [sys.executable, "-m", "eli5_transformers", *words],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout.readline().startswith("input,text")
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=120) == 0
    assert "Traceback" not in err
    assert 0 < texts_in(tmp_path / "page.html") < 40


@pytest.mark.parametrize(
    "error",
    [IndexError("index out of range in self"), RuntimeError("CUDA out of memory"), MemoryError(), KeyError("x"),
     UnsupportedModelError("a gradient is not finite")],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
@pytest.mark.parametrize("where", ["model", "call"])
def test_a_text_that_the_model_cannot_bear_is_a_line_on_stderr(explain, monkeypatch, error, where):
    from eli5_transformers.interpreters.gradient_x_input import GradientXInput

    Path("in.txt").write_text("".join(f"great value of {number}\n" for number in range(8)) + "bad\n")
    if where == "model":
        made = GradientXInput.attributions

        def attributions(self, batch, targets):
            if any("bad" in text.documents[0] for text in batch.texts):
                raise error
            return made(self, batch, targets)

        monkeypatch.setattr(GradientXInput, "attributions", attributions)
    else:
        explained = api.explain_inputs

        def explain_inputs(predictor, inputs, **options):
            if any(one["sentence"] == "bad" for one in inputs):
                raise error
            return explained(predictor, inputs, **options)

        monkeypatch.setattr(api, "explain_inputs", explain_inputs)
    code, _, err = explain("--input", "in.txt", "--output", "o.html", *FAST)
    assert (code, texts_in("o.html")) == (1, 8)
    (line,) = err.splitlines()
    assert line.startswith("line 9: ")


@pytest.mark.parametrize(
    "words",
    [
        ("--targets", "nope"), ("--set", "nope=1"), ("--set", "tolerance=-1"), ("--interpreter", "nope"),
        ("--html", "."), ("--html", "no/such/page.html"), ("--html", "o.csv"), ("--html", "/dev/null/x"),
        ("--top-targets", "0"), ("--targets", "9"), ("--top", "-1"), ("--batch-size", "0"),
        ("--interpreter", "simple-gradient", "--targets", "1"),
    ],
)  # fmt: skip
def test_a_mistake_is_found_once_before_anything_is_opened(explain, lines, words, monkeypatch):
    Path("o.csv").write_text("old")
    opened = []
    monkeypatch.setattr(writers.Writer, "__enter__", lambda self: opened.append(self))
    code, out, err = explain("--input", "in.txt", "--output", "o.csv", *words)
    assert (code, out, err.count("\n"), opened) == (1, "", 1, [])
    assert Path("o.csv").read_text() == "old"
    assert sorted(os.listdir()) == ["in.txt", "o.csv"]


def test_an_error_of_the_model_itself_is_said_once(explain, lines, monkeypatch):
    from eli5_transformers.interpreters.gradient_x_input import GradientXInput

    calls = []

    def attributions(self, batch, targets):
        calls.append(len(batch.texts))
        raise UnsupportedModelError("it has no gradient")

    monkeypatch.setattr(GradientXInput, "attributions", attributions)
    code, _, err = explain("--input", "in.txt", "--output", "o.html", *FAST)
    assert (code, err) == (1, "eli5-transformers: it has no gradient\n")
    assert not Path("o.html").exists()
    assert sum(calls) < 3 * 16  # not every text again and again


def test_a_run_without_any_explanation_leaves_the_old_file(explain):
    Path("in.txt").write_text('{"text": " "}\n{"no": 1}\n')
    Path("o.json").write_text("old")
    code, _, err = explain("--input", "in.txt", "--output", "o.json", *FAST)
    assert (code, Path("o.json").read_text()) == (1, "old")
    assert "nothing was explained: o.json is not written" in err


def test_what_is_known_of_a_row_goes_along(explain):
    rows = [{"text": "great", "id": "r-17", "label": "5 stars"}, {"text": "good"}]
    Path("in.txt").write_text("".join(json.dumps(row) + "\n" for row in rows))
    _, out, _ = explain("--input", "in.txt", "--format", "csv", "--csv-text", "first", "--html", "page.html", *FAST)
    table = list(csv.DictReader(io.StringIO(out)))
    assert {(row["input"], row["id"], row["label"]) for row in table} == {("1", "r-17", "5 stars"), ("2", "2", "")}
    assert [row["text"] for row in table if row["text"]] == ["great", "good"]
    assert '<p class="given">line 1, id r-17, label 5 stars</p>' in Path("page.html").read_text()
    _, out, _ = explain("--input", "in.txt", "--format", "jsonl", *FAST)
    first, second = map(json.loads, out.splitlines())
    assert [first[key] for key in ("line", "id", "label")] == [1, "r-17", "5 stars"]
    assert set(second) == {"format", "version", "line", "explanation"}
    assert explanation_from_json(out.splitlines()[0]).targets


def test_what_a_file_says_of_a_row_is_text_in_every_format(explain):
    row = {"text": "great", "id": "=1+1", "label": "<b>\x1b[2J</b>"}
    Path("in.txt").write_text(json.dumps(row) + "\n")
    _, out, _ = explain("--input", "in.txt", "--format", "csv", "--html", "page.html", *FAST)
    assert {(cell["id"], cell["label"]) for cell in csv.DictReader(io.StringIO(out))} == {("'=1+1", r"<b>\x1b[2J</b>")}
    assert r'<p class="given">line 1, id =1+1, label &lt;b&gt;\x1b[2J&lt;/b&gt;</p>' in Path("page.html").read_text()
    assert "\x1b" not in explain("--input", "in.txt", *FAST)[1]


def test_stdout_that_is_closed_or_full_is_said(tmp_path):
    for redirected, said in ((">&-", "stdout is closed"), (">/dev/full", "stdout cannot be written: No space left")):
        command = f'"{sys.executable}" -W ignore -m eli5_transformers explain "{MODEL}" great {redirected}'
        done = subprocess.run(
            command, shell=True, cwd=tmp_path, capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
        assert said in done.stderr
