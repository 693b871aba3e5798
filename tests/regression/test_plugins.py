"""What a config or archive names is found where its author has registered it: in AllenNLP's plugins.

`load_predictor`, `get_explanation` and `explain` imported no plugins, as `Predictor.from_path` and every command of AllenNLP
do: archives whose reader is in allennlp-models, or in a package that `.allennlp_plugins` names, were refused, and the
refusal advised an option that did not help. Every test before had its classes imported by the test itself.
"""

import json
import os
import subprocess
import sys

import pytest
from hostile_sources import own_config, written

from eli5_transformers import load_predictor
from eli5_transformers.adapters import plugins
from eli5_transformers.errors import InputError, SourceError

TEXT = "Not good, and no better than the other brands"
REGISTERING = """
from allennlp.data import DatasetReader
from eli5_transformers.components.reader import TransformerClassifierReader

@DatasetReader.register({name!r})
class Own(TransformerClassifierReader):
    pass
"""


@pytest.fixture
def working(tmp_path, monkeypatch):
    """A working folder, which is not the one of the sources; what is imported of it is forgotten again."""
    from allennlp.common import Registrable

    folder = tmp_path / "working"
    folder.mkdir()
    monkeypatch.chdir(folder)
    before, path = plugins._known(), list(sys.path)
    yield folder
    assert sys.path == path
    for kind, registry in Registrable._registry.items():
        for name in set(registry) - before[0].get(kind, set()):
            if registry[name][0].__module__.startswith("plug_"):
                del registry[name]
    for name in set(sys.modules) - before[1]:
        if name.startswith("plug_"):
            del sys.modules[name]


def module(folder, name, registers, more=""):
    file = folder / f"{name.replace('.', os.sep)}.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{REGISTERING.format(name=registers)}{more}\n")


@pytest.fixture
def config(tmp_path, stars_checkpoint):
    """Writes a config whose reader has the given name."""

    def write(name):
        content = own_config(stars_checkpoint)
        content["dataset_reader"]["type"] = name
        return written(tmp_path, content)

    return write


@pytest.mark.parametrize("trusted", [{}, {"trust_source": True}])
def test_the_file_of_the_working_folder_is_read(working, config, trusted):
    module(working, "plug_reviews", "reviews_of_a_plugin")
    (working / ".allennlp_plugins").write_text("\ufeffplug_reviews\r\n\n", encoding="utf-8")
    assert load_predictor(config("reviews_of_a_plugin"), **trusted).predict(TEXT)["probs"]


def test_the_file_of_the_home_folder_and_installed_plugins_are_read(working, config, tmp_path, monkeypatch):
    from allennlp.common import plugins as allennlps

    module(tmp_path / "installed", "plug_installed/inner/readers", "reviews_inside_of_a_plugin")
    for package in ("plug_installed", "plug_installed/inner"):
        (tmp_path / "installed" / package / "__init__.py").write_text("")
    # One module that lacks what it needs does not hide the others, as it does in AllenNLP's own import.
    (tmp_path / "installed" / "plug_installed" / "another.py").write_text("import not_there_at_all")
    module(tmp_path / "installed", "plug_global", "reviews_of_a_global_plugin")
    (tmp_path / "plugins").write_text("plug_global")
    monkeypatch.syspath_prepend(tmp_path / "installed")
    monkeypatch.setattr(allennlps, "DEFAULT_PLUGINS", ("plug_installed", "plug_not_installed"))
    monkeypatch.setattr(allennlps, "GLOBAL_PLUGINS_FILENAME", str(tmp_path / "plugins"))
    for name in ("reviews_inside_of_a_plugin", "reviews_of_a_global_plugin"):
        assert load_predictor(config(name)).predict(TEXT)["probs"]
    with pytest.raises(SourceError, match="plugin 'plug_installed' cannot be imported: .*not_there_at_all"):
        load_predictor(config("reviews_of_nobody"))
    path = [folder for folder in sys.path if folder != str(tmp_path / "installed")]
    monkeypatch.setattr(sys, "path", path)


def test_nothing_of_an_import_that_failed_is_left(working, config):
    """What it registered before is registered again by the next try, which AllenNLP refuses for a name in use."""
    (working / ".allennlp_plugins").write_text("plug_broken")
    file = config("reviews_of_a_broken_plugin")
    for more, said in (
        ("import not_there_at_all", "No module named 'not_there_at_all'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)", "SystemExit"),
        ("(", "SyntaxError"),
    ):
        module(working, "plug_broken", "reviews_of_a_broken_plugin", more)
        with pytest.raises(SourceError, match=r"plugin 'plug_broken' that \.allennlp_plugins names cannot be imported") as no:
            load_predictor(file)
        assert said in str(no.value)
        assert "'reviews_of_a_broken_plugin'" in str(no.value)
        assert "\n" not in str(no.value)
    os.utime(working / "plug_broken.py", (1, 1))
    module(working, "plug_broken", "reviews_of_a_broken_plugin")
    assert load_predictor(file).predict(TEXT)["probs"]


def test_a_file_that_cannot_be_read_is_one_sentence(working, config):
    (working / ".allennlp_plugins").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(SourceError, match=r"\.allennlp_plugins cannot be read"):
        load_predictor(config("reviews_of_nobody"))


def test_a_name_that_an_optional_part_has_is_missed_too(working, tmp_path, stars_checkpoint):
    """AllenNLP tries something else then, and says something of that."""
    (working / "plug_tokens.py").write_text(
        "from allennlp.data.tokenizers import Tokenizer, WhitespaceTokenizer\n"
        "Tokenizer.register('spaces_of_a_plugin')(type('Spaces', (WhitespaceTokenizer,), {'__module__': __name__}))\n"
    )
    (working / ".allennlp_plugins").write_text("plug_tokens")
    reader = {"type": "text_classification_json", "tokenizer": "spaces_of_a_plugin"}
    embedder = {"token_embedders": {"tokens": {"type": "embedding", "embedding_dim": 4, "num_embeddings": 5}}}
    encoder = {"type": "bag_of_embeddings", "embedding_dim": 4}
    model = {"type": "basic_classifier", "text_field_embedder": embedder, "seq2vec_encoder": encoder, "num_labels": 2}
    content = {"dataset_reader": reader, "model": model, "vocabulary": {"type": "empty"}}
    assert load_predictor(written(tmp_path, content)).predict(TEXT)["probs"]


def test_include_package_imports_modules_of_the_working_folder(working, config):
    module(working, "plug_package/deep/readers", "reviews_deep_inside")
    for package in ("plug_package", "plug_package/deep"):
        (working / package / "__init__.py").write_text("")
    module(working, "plug_alone", "reviews_of_a_module")
    command = [sys.executable, "-m", "eli5_transformers", "explain"]
    included = ["--include-package", "plug_package", "--include-package", "plug_alone", "--format", "json"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, map(os.path.abspath, sys.path)))}
    for name in ("reviews_deep_inside", "reviews_of_a_module"):
        run = [*command, str(config(name)), TEXT, *included]
        done = subprocess.run(run, capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)


@pytest.mark.parametrize(
    ("name", "mend"),
    [("plug_nowhere", "No module named"), ("plug_alone.py", "did you mean 'plug_alone'"), ("./a/b.py", "did you mean 'a.b'")],
)
def test_a_package_that_cannot_be_imported_is_one_sentence(working, name, mend):
    module(working, "plug_alone", "reviews_of_a_module")
    with pytest.raises(InputError, match=f"--include-package '{name}' cannot be imported: .*{mend}"):
        plugins.import_package(name)


def test_the_refusal_advises_what_helps(working, config, monkeypatch):
    module(working, "plug_advised", "reviews_as_advised")
    with pytest.raises(SourceError, match=r"`import my_package`; --include-package my_package"):
        load_predictor(config("reviews_as_advised"))
    monkeypatch.setattr(sys, "path", [str(working), *sys.path])
    __import__("plug_advised")
    assert load_predictor(config("reviews_as_advised")).predict(TEXT)["probs"]
    monkeypatch.undo()
