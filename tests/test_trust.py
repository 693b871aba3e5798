"""What a config, an archive or a checkpoint of a stranger may do: every line of docs/trust.md has a test."""

import json
import os
import pickle
import re
import shutil
import socket
import sys
import tarfile
import tempfile
import threading
import types
from pathlib import Path

import pytest
import torch
from closeness import assert_close
from hostile_sources import allennlps_config, own_config, write_hostile_pickle, write_hostile_weights, written
from stacks import on_current, on_stock

from eli5_transformers import get_explanation, load_predictor
from eli5_transformers.compat._guard import guarded
from eli5_transformers.errors import Eli5TransformersError, InputError, SourceError
from eli5_transformers.inputs import read_rows
from eli5_transformers.permissions import Permissions, current

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "trust.md"
TEXT = "Not good, and no better than the other brands"
HERE, REMOTE, UNPACKING = "tests/test_trust.py", "tests/adapters/test_remote_code.py", "tests/test_unpacking.py"
SAVED = "tests/fuzz/test_saved_files.py"
# How each line of the page's lists begins, and its test. What has no test says why.
PROMISES = {
    "Code that it brings": (REMOTE, "test_code_of_a_checkpoint_is_not_run_and_nobody_is_asked"),
    "Attention that it asks for": (HERE, "test_attention_of_the_hub_is_code"),
    "Where transformers has a class": (REMOTE, "test_code_of_a_checkpoint_is_not_run_and_nobody_is_asked"),
    "Weights are read from": (HERE, "test_no_other_pickle_of_a_checkpoint_is_opened"),
    "A `.bin` file is read": (HERE, "test_a_checkpoints_pickle_is_not_run_without_its_callers_word"),
    "No other pickle": (HERE, "test_no_other_pickle_of_a_checkpoint_is_opened"),
    "An index of shards": (HERE, "test_an_index_names_files_of_its_folder_alone"),
    "A damaged, huge": (HERE, "test_odd_files_of_a_checkpoint_are_one_sentence"),
    '`"type"` is a registered name': (HERE, "test_a_type_is_registered_or_a_class_of_allennlp_of_its_kind"),
    "`trust_source=True` lets": (HERE, "test_a_trusted_source_does_what_allennlp_lets_it_do"),
    "What you say of": (HERE, "test_the_callers_flags_count_whatever_the_file_says"),
    "It does not see": (HERE, "test_a_config_sees_no_environment_and_no_file_elsewhere"),
    "`import` and `importstr`": (HERE, "test_a_config_imports_from_its_own_folder"),
    "No address is fetched": (HERE, "test_no_address_is_fetched_and_no_path_unpacked"),
    "The name of a checkpoint": (HERE, "test_the_name_of_a_checkpoint_may_be_a_hub_id"),
    "spaCy models are loaded": (HERE, "test_spacy_models_are_not_installed_and_no_module_is_imported_for_one"),
    "Weights, initial weights": (HERE, "test_weights_that_a_source_names_are_tensors"),
    "It writes no file": (HERE, "test_a_source_writes_no_file"),
    "`.allennlp_plugins`": (HERE, "test_plugins_are_the_working_folders_and_imported_where_a_name_is_missing_alone"),
    "An archive holds": (UNPACKING, "test_what_leads_outside_or_is_no_file_is_refused_and_nothing_is_left"),
    "`max_unpacked=` says": (HERE, "test_archives_inside_of_a_source_keep_to_the_rules_of_the_first"),
    "A checkpoint in an archive": (HERE, "test_a_checkpoint_in_an_archive_may_do_what_a_checkpoint_may"),
    "A file of texts": (HERE, "test_a_file_of_texts_is_data"),
    "What is refused": (UNPACKING, "test_an_archive_that_is_cut_leaves_nothing"),
    "A file of an explanation": (SAVED, "test_no_damaged_attribution_does_more_than_be_refused"),
    "Texts, tokens, labels": ("tests/explanations/test_to_eli5.py", "test_hostile_texts_and_titles_are_text_in_the_page"),
    "Control characters": ("tests/test_escapes.py", ""),
    "AllenNLP is watched": (HERE, "test_what_is_refused_in_one_thread_is_not_in_another"),
    "AllenNLP's own commands": (HERE, "test_outside_of_a_load_allennlp_is_as_it_was"),
    "Objects that you hand over": ("tests/adapters/test_sources.py", ""),
    "Time and memory": None,
    "A config can name any readable file": None,
    "A config can print": None,  # jsonnet writes it
    "A model can say anything": None,
}


def test_every_line_of_the_page_has_its_test():
    lists = PAGE.read_text(encoding="utf-8").partition("\n## ")[2]
    lines = re.findall(r"^- (.+)", lists, re.MULTILINE)
    covered = {line: [start for start in PROMISES if line.startswith(start)] for line in lines}
    assert all(len(starts) == 1 for starts in covered.values()), covered
    assert len(lines) == len(PROMISES)
    for file, test in filter(None, PROMISES.values()):
        assert f"def {test}" in (ROOT / file).read_text(encoding="utf-8"), (file, test)


@pytest.fixture
def mark(tmp_path):
    """A file that is there only if something ran that must not."""
    path = tmp_path / "mark"
    yield path
    assert not path.exists()


@pytest.fixture
def archive_of(tmp_path, stars_checkpoint):
    """Makes the archive of a config, with given weights."""

    def make(content, weights, name="model.tar.gz", **more):
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        written(folder, content)
        load_predictor(written(folder, own_config(stars_checkpoint), "plain.json"))._model.vocab.save_to_files(
            str(folder / "vocabulary")
        )
        shutil.copy(weights, folder / "weights.th")
        with tarfile.open(folder / name, "w:gz") as archive:
            for part in ("config.json", "weights.th", "vocabulary"):
                archive.add(folder / part, arcname=part)
            for link, target in more.items():
                info = tarfile.TarInfo(link)
                info.type, info.linkname = tarfile.SYMTYPE, target
                archive.addfile(info)
        return folder / name

    return make


@pytest.fixture
def good_weights(tmp_path, stars_checkpoint):
    """The weights of the plain config's model."""
    model = load_predictor(written(tmp_path, own_config(stars_checkpoint), "plain.json"))._model
    torch.save(model.state_dict(), tmp_path / "good.th")
    return tmp_path / "good.th"


PLACES = [
    ("dataset_reader",),
    ("dataset_reader", "tokenizer"),
    ("dataset_reader", "token_indexers", "tokens"),
    ("vocabulary",),
    ("model",),
    ("model", "text_field_embedder"),
    ("model", "text_field_embedder", "token_embedders", "tokens"),
    ("model", "seq2vec_encoder"),
    ("model", "initializer", "regexes", 0, 1),
    ("predictor",),
]


def put(content, place, value):
    *parents, last = place
    for key in parents:
        content = content[key]
    content[last] = value


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)))
def test_a_type_is_registered_or_a_class_of_allennlp_of_its_kind(tmp_path, stars_checkpoint, place, mark):
    run = {"args": ["touch", str(mark)], "command": f"touch {mark}"}
    for name in (
        "subprocess.Popen",
        "os.system",
        "builtins.exec",
        "torch.hub.load",
        "allennlp.common.util.import_module_and_submodules",
        "allennlp.common.registrable.importlib",
        "allennlp.training.metrics.evalb_bracketing_scorer.EvalbBracketingScorer",
        "eli5_transformers.compat._imports.load",
        "allennlp_of_a_stranger.Reader",
    ):
        for given in ({"type": name, **run}, name):
            content = allennlps_config(stars_checkpoint)
            put(content, place, given)
            with pytest.raises(SourceError) as refused:
                load_predictor(written(tmp_path, content))
            if isinstance(given, dict):
                assert "trust_source=True" in str(refused.value)
            assert "\n" not in str(refused.value)


def test_classes_of_allennlp_and_of_this_package_may_be_named_by_their_path(tmp_path, stars_checkpoint):
    own, theirs = own_config(stars_checkpoint), allennlps_config(stars_checkpoint)
    own["model"]["type"] = "eli5_transformers.components.model.TransformerClassifier"
    own["dataset_reader"]["type"] = "eli5_transformers.components.reader.TransformerClassifierReader"
    theirs["model"]["type"] = "allennlp.models.basic_classifier.BasicClassifier"
    theirs["model"]["seq2vec_encoder"]["type"] = "allennlp.modules.seq2vec_encoders.bert_pooler.BertPooler"
    for content in (own, theirs):
        assert load_predictor(written(tmp_path, content)).predict(TEXT)["probs"]


def test_a_name_that_is_not_registered_is_refused_with_the_mend(tmp_path, stars_checkpoint):
    for part, name in (("dataset_reader", "transformer_clasifier"), ("predictor", "transformer_clasifier")):
        content = own_config(stars_checkpoint)
        content[part] = {**content["dataset_reader"], "type": name}
        with pytest.raises(SourceError, match="did you mean 'transformer_classifier'.*--include-package"):
            load_predictor(written(tmp_path, content))


def test_an_imported_class_may_be_named_by_its_path_and_no_program_is_imported(tmp_path, stars_checkpoint, monkeypatch):
    from eli5_transformers.components.model import TransformerClassifier

    module = types.ModuleType("module_of_a_test.models")
    module.Own = type("Own", (TransformerClassifier,), {})
    content = own_config(stars_checkpoint)
    content["model"]["type"] = "module_of_a_test.models.Own"
    with pytest.raises(SourceError, match="nor imported"):
        load_predictor(written(tmp_path, content))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert isinstance(load_predictor(written(tmp_path, content))._model, module.Own)
    before = list(sys.path)
    for name in ("allennlp.__main__.run", "eli5_transformers.__main__.main"):
        content["model"]["type"] = name
        with pytest.raises(SourceError, match="trust_source=True"):
            load_predictor(written(tmp_path, content))
    assert sys.path == before


def test_what_its_user_has_registered_may_be_named(tmp_path, stars_checkpoint):
    from allennlp.models import Model

    from eli5_transformers.components.model import TransformerClassifier

    @Model.register("registered_by_a_test", exist_ok=True)
    class Registered(TransformerClassifier):
        pass

    content = own_config(stars_checkpoint)
    content["model"]["type"] = "registered_by_a_test"
    assert isinstance(load_predictor(written(tmp_path, content))._model, Registered)


def test_a_trusted_source_does_what_allennlp_lets_it_do(tmp_path, stars_checkpoint, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "package_of_a_friend.py").write_text(
        "from eli5_transformers.components.model import TransformerClassifier\nclass Own(TransformerClassifier): pass\n"
    )
    monkeypatch.setenv("OF_THE_ENVIRONMENT", str(stars_checkpoint))
    content = json.dumps(own_config("NAME")).replace('"NAME"', "std.extVar('OF_THE_ENVIRONMENT')")
    content = content.replace('"model": {"type": "transformer_classifier"', '"model": {"type": "package_of_a_friend.Own"')
    file = written(tmp_path, content, "c.jsonnet")
    with pytest.raises(SourceError):
        load_predictor(file)
    assert type(load_predictor(file, trust_source=True)._model).__name__ == "Own"
    assert get_explanation(file, TEXT, trust_source=True).targets


@pytest.fixture
def pickled_checkpoint(tmp_path, stars_checkpoint, mark):
    """A checkpoint whose only weights run something."""
    folder = tmp_path / "pickled"
    shutil.copytree(stars_checkpoint, folder)
    (folder / "model.safetensors").unlink()
    write_hostile_weights(folder / "pytorch_model.bin", mark)
    return folder


def test_a_checkpoints_pickle_is_not_run_without_its_callers_word(pickled_checkpoint, mark):
    for options in ({}, {"allow_pickle": False}):
        with pytest.raises(SourceError, match="allow_pickle=True"):
            load_predictor(pickled_checkpoint, **options)
        assert not mark.exists()
    # It holds more than tensors; that it ran is what its caller has allowed.
    with pytest.raises(SourceError):
        load_predictor(pickled_checkpoint, allow_pickle=True)
    mark.unlink()


def test_the_callers_flags_count_whatever_the_file_says(tmp_path, pickled_checkpoint, mark):
    content = own_config(pickled_checkpoint)
    content["model"]["allow_pickle"] = True
    file = written(tmp_path, content)
    for options in ({}, {"allow_pickle": False}, {"allow_pickle": False, "trust_source": True}):
        with pytest.raises(SourceError, match="allow_pickle=True"):
            load_predictor(file, **options)
        assert not mark.exists()
    for options in ({"allow_pickle": True}, {"trust_source": True}):
        with pytest.raises(SourceError):
            load_predictor(file, **options)
        mark.unlink()
    del content["model"]["allow_pickle"]
    with pytest.raises(SourceError):
        load_predictor(written(tmp_path, content), trust_source=True)


def test_flags_that_are_no_flags_are_refused(stars_checkpoint):
    for name in ("trust_source", "trust_remote_code", "allow_pickle"):
        for value in ("no", 0, "True"):
            with pytest.raises(InputError, match=f"{name} is .*must be True or False"):
                load_predictor(stars_checkpoint, **{name: value})
    with pytest.raises(InputError, match="max_unpacked is 0"):
        load_predictor("model.tar.gz", max_unpacked=0)


PICKLES = ("training_args.bin", "optimizer.pt", "scheduler.pt", "rng_state.pth", "vocab.pkl", "vocab.bin", "data.npz")


def test_no_other_pickle_of_a_checkpoint_is_opened(tmp_path, stars_checkpoint, mark):
    folder = tmp_path / "full"
    shutil.copytree(stars_checkpoint, folder)
    for name in PICKLES:
        write_hostile_pickle(folder / name, mark)
    write_hostile_weights(folder / "pytorch_model.bin", mark)
    assert load_predictor(folder).predict(TEXT)["probs"]


@on_stock
def test_a_pickled_vocabulary_is_not_opened(tmp_path, stars_checkpoint, mark):
    """Tokenizers of older releases of transformers unpickle their vocabulary (TransfoXL's)."""
    folder = tmp_path / "xl"
    shutil.copytree(stars_checkpoint, folder)
    for name in ("vocab.pkl", "vocab.bin"):
        write_hostile_pickle(folder / name, mark)
        write_hostile_weights(folder / "vocab.bin", mark)
        (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "TransfoXLTokenizer"}))
        (folder / "vocab.txt").unlink(missing_ok=True)
        with pytest.raises(SourceError):
            load_predictor(folder)
        (folder / name).unlink()


@pytest.mark.parametrize("name", ["../outside.safetensors", "/etc/passwd", "a/../../x", ".", "..", "", "a/b", 3, None, ["x"]])
def test_an_index_names_files_of_its_folder_alone(tmp_path, stars_checkpoint, name):
    folder = tmp_path / "sharded"
    shutil.copytree(stars_checkpoint, folder)
    (folder / "pytorch_model.bin").unlink()
    shutil.move(str(folder / "model.safetensors"), str(tmp_path / "outside.safetensors"))
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"classifier.bias": name}}))
    with pytest.raises(SourceError, match="index|shard"):
        load_predictor(folder)


DEEP = "[" * 100_000 + "]" * 100_000
ODD = ("", "null", "[]", "3", '"x"', "{", DEEP, '{"a": ' * 50_000 + "1" + "}" * 50_000, "\x00", "ÿ" * 100, '{"model_type": []}')


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json", "tokenizer.json", "special_tokens_map.json"])
@pytest.mark.parametrize("number", range(len(ODD)))
def test_odd_files_of_a_checkpoint_are_one_sentence(tmp_path, stars_checkpoint, name, number):
    folder = tmp_path / "odd"
    shutil.copytree(stars_checkpoint, folder)
    (folder / name).write_text(ODD[number], encoding="latin-1")
    said = ""
    try:
        load_predictor(folder).predict(TEXT)
    except Eli5TransformersError as error:
        said = str(error)
    assert len(said) < 1000
    assert "\n" not in said


def test_a_config_sees_no_environment_and_no_file_elsewhere(tmp_path, monkeypatch):
    secret = "hunter2-" + "of-the-environment"
    monkeypatch.setenv("A_SECRET", secret)
    (tmp_path / "secret.txt").write_text(secret)
    (tmp_path / "secret.json").write_text(json.dumps(secret))
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "notes.txt").write_text(secret)
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    for expression in (
        "error std.extVar('A_SECRET')",
        "{model: std.extVar('A_SECRET'), dataset_reader: {type: std.extVar('A_SECRET')}}",
        "error importstr '../secret.txt'",
        "error import '../secret.json'",
        f"error importstr '{tmp_path / 'secret.txt'}'",
        "error importstr 'notes.txt'",
        "error importstr 'link.json'",
        "import 'notes.txt'",
        "import '/etc/passwd'",
        "error importstr '/proc/self/environ'",
        "error importstr 'config/../../../secret.txt'",
    ):
        with pytest.raises(SourceError) as refused:
            load_predictor(written(folder, expression, "c.jsonnet"))
        assert secret not in str(refused.value)
        assert "trust_source=True" in str(refused.value)
    with pytest.raises(SourceError) as refused:
        load_predictor(written(folder, "error std.extVar('A_SECRET')", "c.jsonnet"), trust_source=True)
    assert secret not in str(refused.value)


def test_a_config_imports_from_its_own_folder(tmp_path, stars_checkpoint):
    (tmp_path / "parts").mkdir()
    content = own_config(stars_checkpoint)
    (tmp_path / "parts" / "reader.libsonnet").write_text("import 'name.json'")
    (tmp_path / "parts" / "name.json").write_text(json.dumps(content["dataset_reader"]))
    content["dataset_reader"] = "READER"
    text = json.dumps(content).replace('"READER"', "import 'parts/reader.libsonnet'")
    assert load_predictor(written(tmp_path, text, "c.jsonnet")).predict(TEXT)["probs"]
    with pytest.raises(SourceError, match="there is no such file"):
        load_predictor(written(tmp_path, "import 'parts/none.libsonnet'", "c.jsonnet"))


@pytest.fixture
def no_network(monkeypatch):
    """A network whose use fails the test."""
    asked = []

    def refuse(*arguments, **options):
        asked.append(arguments)
        raise OSError("no network in tests")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert asked == []


ADDRESSES = ("https://example.org/vocabulary.tar.gz", "http://169.254.169.254/latest", "s3://bucket/file", "hf://nobody/x")


def test_no_address_is_fetched_and_no_path_unpacked(tmp_path, stars_checkpoint, no_network):
    with tarfile.open(tmp_path / "vocabulary.tar.gz", "w:gz") as archive:
        archive.add(PAGE, arcname="non_padded_namespaces.txt")
    for address in (*ADDRESSES, str(tmp_path / "vocabulary.tar.gz"), f"{tmp_path}/vocabulary.tar.gz!x"):
        content = own_config(stars_checkpoint)
        content["vocabulary"] = {"type": "from_files", "directory": address}
        with pytest.raises(SourceError) as refused:
            load_predictor(written(tmp_path, content))
        assert "trust_source=True" in str(refused.value) or "not found" in str(refused.value)
    for address in ADDRESSES:
        for model in (
            {"type": "from_archive", "archive_file": address},
            {**allennlps_config(stars_checkpoint)["model"], "seq2vec_encoder": {"_pretrained": {"archive_file": address}}},
        ):
            with pytest.raises(SourceError):
                load_predictor(written(tmp_path, {**allennlps_config(stars_checkpoint), "model": model}))


def test_the_name_of_a_checkpoint_may_be_a_hub_id(tmp_path):
    with pytest.raises(SourceError, match="nobody/nothing"):
        load_predictor(written(tmp_path, own_config(Path("nobody/nothing"))))


def test_options_of_transformers_that_are_their_callers_are_refused(tmp_path, stars_checkpoint):
    for option in ({"weights_only": False}, {"cache_dir": str(tmp_path / "elsewhere")}, {"proxies": {"https": "http://x"}}):
        own, theirs = own_config(stars_checkpoint), allennlps_config(stars_checkpoint)
        own["model"]["transformer_kwargs"] = option
        theirs["model"]["text_field_embedder"]["token_embedders"]["tokens"]["transformer_kwargs"] = option
        for content in (own, theirs):
            with pytest.raises(SourceError, match=f"{next(iter(option))}.*trust_source=True"):
                load_predictor(written(tmp_path, content))
    assert not (tmp_path / "elsewhere").exists()


@on_current
def test_attention_of_the_hub_is_code(tmp_path, stars_checkpoint, no_network):
    folder = tmp_path / "hub"
    shutil.copytree(stars_checkpoint, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "attn_implementation": "owner/attention"}))
    with pytest.raises(SourceError, match="attention 'owner/attention' of the hub.*trust_remote_code=True"):
        load_predictor(folder)
    content = own_config(stars_checkpoint)
    content["model"]["transformer_kwargs"] = {"attn_implementation": "owner/attention"}
    with pytest.raises(SourceError, match="attention 'owner/attention' of the hub.*trust_source=True"):
        load_predictor(written(tmp_path, content))


@on_current
def test_attention_of_the_hub_is_code_in_allennlps_embedder_too(tmp_path, stars_checkpoint, no_network):
    folder = tmp_path / "hub"
    shutil.copytree(stars_checkpoint, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "_attn_implementation": "owner/attention"}))
    with pytest.raises(SourceError, match="attention 'owner/attention' of the hub.*trust_remote_code=True"):
        load_predictor(written(tmp_path, allennlps_config(folder)))


def test_what_one_source_makes_of_a_checkpoint_is_not_given_to_another(tmp_path, stars_checkpoint):
    """AllenNLP keeps models by their names alone."""
    expected = load_predictor(written(tmp_path, allennlps_config(stars_checkpoint)))
    content = allennlps_config(stars_checkpoint)
    content["model"]["text_field_embedder"]["token_embedders"]["tokens"]["transformer_kwargs"] = {"num_hidden_layers": 1}
    changed = load_predictor(written(tmp_path, content))
    again = load_predictor(written(tmp_path, allennlps_config(stars_checkpoint)))
    layers = [sum("attention.self.query.weight" in name for name, _ in p._model.named_parameters()) for p in
              (expected, changed, again)]  # fmt: skip
    assert layers == [2, 1, 2]


def test_a_panic_of_a_library_is_one_sentence(tmp_path, stars_checkpoint):
    """What tokenizers raises of some files is no Exception."""
    from transformers import AutoTokenizer

    folder = tmp_path / "panic"
    shutil.copytree(stars_checkpoint, folder)
    content = json.loads(AutoTokenizer.from_pretrained(stars_checkpoint)._tokenizer.to_str())
    content["normalizer"] = {"type": "Precompiled", "precompiled_charsmap": "AAAA"}
    (folder / "tokenizer.json").write_text(json.dumps(content))
    for source in (folder, written(tmp_path, allennlps_config(folder))):
        with pytest.raises(SourceError) as refused:
            load_predictor(source)
        assert "\n" not in str(refused.value)


def test_spacy_models_are_not_installed_and_no_module_is_imported_for_one(tmp_path, stars_checkpoint, monkeypatch, mark):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "not_a_model.py").write_text(f"open({str(mark)!r}, 'w')")
    for language in ("not_a_model", "en_core_web_missing", "--index-url=x", str(tmp_path), "os", "../x", ""):
        for tokenizer in (
            {"type": "spacy", "language": language},
            {"type": "pretrained_transformer", "model_name": str(stars_checkpoint)},
        ):
            content = allennlps_config(stars_checkpoint)
            content["dataset_reader"]["tokenizer"] = tokenizer
            content["dataset_reader"]["segment_sentences"] = tokenizer["type"] != "spacy"
            # Without spaCy itself, that is what is missing.
            with pytest.raises(Eli5TransformersError, match="spaCy model .* is not installed.*trust_source=True|package spacy"):
                load_predictor(written(tmp_path, content))


def test_weights_that_a_source_names_are_tensors(tmp_path, stars_checkpoint, archive_of, mark):
    hostile = write_hostile_weights(tmp_path / "hostile.th", mark)
    initial = allennlps_config(stars_checkpoint)
    initial["model"]["initializer"]["regexes"][0][1] = {"type": "pretrained", "weights_file_path": str(hostile)}
    over = allennlps_config(stars_checkpoint)
    over["model"]["text_field_embedder"]["token_embedders"]["tokens"]["override_weights_file"] = str(hostile)
    archive = archive_of(own_config(stars_checkpoint), hostile)
    inside = allennlps_config(stars_checkpoint)
    inside["model"] = {"type": "from_archive", "archive_file": str(archive)}
    sources = [written(tmp_path, content, f"{n}.json") for n, content in enumerate((initial, over, inside))]
    for source in (*sources, archive):
        with pytest.raises(SourceError) as refused:
            load_predictor(source)
        assert not mark.exists(), source
        assert "allow_pickle=True" in str(refused.value)
        assert "weights_only" not in str(refused.value)
    # They are no weights of this model; that they were unpickled is what their caller has allowed.
    for source in (sources[0], archive):
        with pytest.raises(SourceError):
            load_predictor(source, allow_pickle=True)
        mark.unlink()


class Named(dict):
    """Weights in a class of a person's own, which only a pickle holds."""


def test_allowed_pickles_are_read_wherever_a_source_names_them(tmp_path, stars_checkpoint):
    folder = tmp_path / "pickled"
    shutil.copytree(stars_checkpoint, folder)
    (folder / "model.safetensors").unlink()
    weights = torch.load(folder / "pytorch_model.bin")
    torch.save(Named(weights), folder / "pytorch_model.bin")
    plain = written(tmp_path, allennlps_config(stars_checkpoint), "plain.json")
    embedder = load_predictor(plain)._model._text_field_embedder.token_embedder_tokens.transformer_model
    torch.save(Named(embedder.state_dict()), tmp_path / "over.th")
    over = allennlps_config(stars_checkpoint)
    over["model"]["text_field_embedder"]["token_embedders"]["tokens"]["override_weights_file"] = str(tmp_path / "over.th")
    sources = [folder, written(tmp_path, own_config(folder), "own.json"), written(tmp_path, over, "over.json")]
    for source in [*sources, written(tmp_path, allennlps_config(folder), "theirs.json")]:
        with pytest.raises(SourceError, match=r"allow_pickle=True( \(--allow-pickle\))?"):
            load_predictor(source)
        assert load_predictor(source, allow_pickle=True).predict(TEXT)["probs"]


def test_programs_and_archives_are_no_weights(tmp_path, stars_checkpoint, archive_of):
    """torch runs the one when it is read, and unpacks the other beside."""
    torch.jit.save(torch.jit.script(torch.nn.Identity()), str(tmp_path / "program.th"))
    with tarfile.open(tmp_path / "legacy.th", "w") as archive:
        for name in ("storages", "tensors", "pickle"):
            archive.add(PAGE, arcname=name)
    for weights in ("program.th", "legacy.th"):
        with pytest.raises(SourceError, match="allow_pickle=True") as refused:
            load_predictor(archive_of(own_config(stars_checkpoint), tmp_path / weights))
        assert "weights_only" not in str(refused.value)
    assert torch.load.__module__ == "torch.serialization"


def test_good_archives_load_with_and_without_the_flags(tmp_path, stars_checkpoint, archive_of, good_weights):
    expected = load_predictor(stars_checkpoint).predict(TEXT)["probs"]
    archive = archive_of(own_config(stars_checkpoint), good_weights)
    for options in ({}, {"trust_source": True}, {"allow_pickle": True}, {"trust_remote_code": True}):
        assert_close(load_predictor(archive, **options).predict(TEXT)["probs"], expected)


def test_archives_inside_of_a_source_keep_to_the_rules_of_the_first(
    tmp_path, stars_checkpoint, archive_of, good_weights, monkeypatch
):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    good = archive_of(own_config(stars_checkpoint), good_weights)
    linked = archive_of(own_config(stars_checkpoint), good_weights, inside="../..")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    content = own_config(stars_checkpoint)

    def within(archive):
        model, predictor = {"type": "from_archive", "archive_file": str(archive)}, {"type": "transformer_classifier"}
        return written(tmp_path, {**content, "model": model, "predictor": predictor})

    with pytest.raises(SourceError, match="is a link"):
        load_predictor(within(linked))
    with pytest.raises(SourceError, match="max_unpacked"):
        load_predictor(within(good), max_unpacked=10_000)
    with pytest.raises(SourceError, match="max_unpacked"):
        load_predictor(good, max_unpacked=10_000)
    assert load_predictor(within(good), max_unpacked=10_000_000)
    assert not list(temporary.iterdir())


def test_an_archive_that_holds_itself_ends(tmp_path, stars_checkpoint, archive_of, good_weights, monkeypatch):
    content = own_config(stars_checkpoint)
    content["model"] = {"type": "from_archive", "archive_file": str(tmp_path / "itself.tar.gz")}
    shutil.copy(archive_of(content, good_weights), tmp_path / "itself.tar.gz")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with pytest.raises(SourceError):
        load_predictor(tmp_path / "itself.tar.gz", max_unpacked=20_000_000)
    assert not list(temporary.iterdir())


def test_a_source_writes_no_file(tmp_path, stars_checkpoint):
    elsewhere = tmp_path / "elsewhere"
    load_predictor(stars_checkpoint)._model.vocab.save_to_files(str(elsewhere))
    before = sorted(elsewhere.rglob("*"))
    own = own_config(stars_checkpoint)
    for part in ("dataset_reader", "model"):
        own[part]["serialization_dir"] = str(elsewhere)
    own["vocabulary"] = {"type": "from_files", "directory": str(elsewhere)}
    assert load_predictor(written(tmp_path, own)).predict(TEXT)["probs"]
    assert sorted(elsewhere.rglob("*")) == before


def test_plugins_are_the_working_folders_and_imported_where_a_name_is_missing_alone(
    tmp_path, stars_checkpoint, monkeypatch, mark
):
    """The working folder is a person's own, as PYTHONPATH is: what comes with a source is not."""
    source, working = tmp_path / "source", tmp_path / "working"
    for folder, name in ((source, "plugin_of_a_stranger"), (working, "plugin_of_ones_own")):
        folder.mkdir()
        (folder / f"{name}.py").write_text(f"open({str(mark)!r}, 'a').write('{name} ')")
        (folder / ".allennlp_plugins").write_text(f"{name}\n")
    monkeypatch.chdir(working)
    content = own_config(stars_checkpoint)
    file = written(source, content)
    for options in ({}, {"trust_source": True}):
        assert load_predictor(file, **options).predict(TEXT)["probs"]
        assert not mark.exists()
    content["model"]["type"] = "registered_by_nobody"
    with pytest.raises(SourceError, match="'registered_by_nobody' is not a registered Model"):
        load_predictor(written(source, content))
    assert mark.read_text() == "plugin_of_ones_own "
    mark.unlink()


def test_a_checkpoint_in_an_archive_may_do_what_a_checkpoint_may(tmp_path, pickled_checkpoint, mark):
    packed = tmp_path / "model.tar.gz"
    with tarfile.open(packed, "w:gz") as archive:
        archive.add(pickled_checkpoint, arcname=".")
    with pytest.raises(SourceError, match="allow_pickle=True"):
        load_predictor(packed)
    with pytest.raises(InputError, match="the option trust_source is not for a checkpoint"):
        load_predictor(packed, trust_source=True)
    assert not mark.exists()
    with pytest.raises(Eli5TransformersError):  # the pickle holds no weights, but what it holds has run
        load_predictor(packed, allow_pickle=True)
    mark.unlink()


@pytest.mark.parametrize("form", ["arrow", "parquet"])
def test_a_file_of_texts_is_data(tmp_path, mark, form):
    """Older pyarrow unpickled a type that a file brings when it read the schema; some end the process over it still."""
    import pyarrow
    from pyarrow import parquet

    program = f"cos\nsystem\n(S'touch {mark}'\ntR.".encode()
    brought = {b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": program}
    schema = pyarrow.schema([pyarrow.field("text", pyarrow.string(), metadata=brought)])
    table = pyarrow.Table.from_arrays([pyarrow.array(["a fine film"])], schema=schema)
    file = tmp_path / f"texts.{form}"
    if form == "parquet":
        parquet.write_table(table, file)
    else:
        with pyarrow.ipc.new_stream(str(file), schema) as writer:
            writer.write_table(table)
    if hasattr(pyarrow, "PyExtensionType"):
        with pytest.warns(), pytest.raises(InputError, match="a column of a type that was pickled: save it as CSV"):
            read_rows(file)
    else:
        assert [row.text for row in read_rows(file)] == ["a fine film"]
    (tmp_path / "texts.csv").write_bytes(pickle.dumps([program]))
    with pytest.raises(InputError, match="is a pickle, which runs what its author chose"):
        read_rows(tmp_path / "texts.csv")
    assert not mark.exists()


def test_outside_of_a_load_allennlp_is_as_it_was(stars_checkpoint):
    from allennlp.common import Params
    from allennlp.models import Model

    load_predictor(stars_checkpoint)
    assert current() is None
    assert Model.resolve_class_name("collections.OrderedDict")[0].__name__ == "OrderedDict"
    assert "PATH" in os.environ
    from allennlp.common.params import _environment_variables

    assert "PATH" in _environment_variables()
    assert Params.from_file is not None
    assert pickle.loads.__module__ == "_pickle"
    assert pickle.Unpickler.__module__ == "_pickle"


def test_what_is_refused_in_one_thread_is_not_in_another(mark):
    from allennlp.models import Model

    entered, done = threading.Event(), threading.Event()
    found = []

    def other():
        entered.wait()
        found.append(Model.resolve_class_name("collections.OrderedDict")[0])
        found.append(pickle.loads(pickle.dumps(threading.Event)))
        done.set()

    thread = threading.Thread(target=other)
    thread.start()
    with guarded(Permissions()):
        entered.set()
        assert done.wait(30)
        with pytest.raises(SourceError):
            Model.resolve_class_name("collections.OrderedDict")
        with pytest.raises(pickle.UnpicklingError):
            pickle.loads(pickle.dumps(threading.Event))
        assert pickle.loads(pickle.dumps([1, {"a": "b"}])) == [1, {"a": "b"}]
    thread.join()
    assert found[1] is threading.Event
