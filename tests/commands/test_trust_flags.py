"""What a person permits on the command line is what `explain` permits its source."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hostile_sources import own_config, write_hostile_weights, written

from eli5_transformers import __main__ as command_line

ROOT = Path(__file__).parents[2]
TEXT = "Not buying it any sooner!"


@pytest.fixture
def explain(capsys, monkeypatch):
    """Runs `explain`: (exit code, stdout, stderr)."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["eli5-transformers", "explain", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            command_line.main()
        return stop.value.code, *capsys.readouterr()

    return run


def test_a_source_is_trusted_by_the_flag_alone(explain, tmp_path, stars_checkpoint, monkeypatch):
    monkeypatch.setenv("checkpoint", str(stars_checkpoint))
    content = json.dumps(own_config("NAME")).replace('"NAME"', "std.extVar('checkpoint')")
    file = written(tmp_path, content, "c.jsonnet")
    code, out, err = explain(file, TEXT)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "trust_source=True" in err
    assert explain(file, TEXT, "--trust-source")[0] == 0
    assert explain(file, TEXT, "--ext-var", f"checkpoint={stars_checkpoint}")[0] == 0


def test_a_package_is_included_by_its_name(explain, tmp_path, stars_checkpoint, monkeypatch):
    (tmp_path / "own_package_of_a_test.py").write_text(
        "from allennlp.models import Model\n"
        "from eli5_transformers.components.model import TransformerClassifier\n"
        "@Model.register('of_the_included_package', exist_ok=True)\n"
        "class Own(TransformerClassifier): pass\n"
    )
    content = own_config(stars_checkpoint)
    content["model"]["type"] = "of_the_included_package"
    file = written(tmp_path, content)
    monkeypatch.chdir(tmp_path)
    code, _, err = explain(file, TEXT)
    assert code == 1
    assert "of_the_included_package" in err
    assert "--include-package" in err
    assert explain(file, TEXT, "--include-package", "own_package_of_a_test")[0] == 0
    code, _, err = explain(file, TEXT, "--include-package", "no_such_package")
    assert (code, err.count("\n")) == (1, 1)
    assert "no_such_package" in err


def test_pickles_and_sizes_are_opened_by_their_flags(explain, tmp_path, stars_checkpoint):
    mark = tmp_path / "mark"
    content = own_config(stars_checkpoint)
    regexes = [[".*", {"type": "pretrained", "weights_file_path": str(write_hostile_weights(tmp_path / "h.th", mark))}]]
    content["model"]["initializer"] = {"regexes": regexes}
    file = written(tmp_path, content)
    code, _, err = explain(file, TEXT)
    assert code == 1
    assert "--allow-pickle" in err
    assert not mark.exists()
    code, _, err = explain("model.tar.gz", TEXT, "--max-unpacked", "0")
    assert (code, "max_unpacked is 0" in err) == (1, True)
    code, _, err = explain(stars_checkpoint, TEXT, "--trust-source")
    assert (code, "trust_source is not for a checkpoint" in err) == (1, True)


def test_what_a_library_says_of_a_checkpoint_is_shown_and_not_obeyed(explain, monkeypatch, stars_checkpoint):
    from eli5_transformers.commands import explain as command

    monkeypatch.setattr(command, "run", lambda arguments: sys.stderr.write("You use a \x1b[31mmodel\n") and 0)
    assert explain(stars_checkpoint, TEXT) == (0, "", "You use a \\x1b[31mmodel\n")


def test_nobody_is_asked_for_the_code_of_a_checkpoint(tmp_path):
    mark = tmp_path / "mark"
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "own", "auto_map": {"AutoConfig": "own.Own"}}))
    note = f"open({str(mark)!r}, 'w')\n"
    (folder / "own.py").write_text(note + "from transformers import BertConfig\nclass Own(BertConfig): pass\n")
    command = [sys.executable, "-m", "eli5_transformers", "explain", str(folder), "--input", "-"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))}
    done = subprocess.run(command, input="y\n" * 100, capture_output=True, text=True, env=environment, timeout=300)
    assert (done.returncode, done.stdout) == (1, "")
    assert "--trust-remote-code" in done.stderr
    assert "[y/N]" not in done.stderr
    assert not mark.exists()
