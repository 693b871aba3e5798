"""Whatever a path leads to is loaded, or answered by what to give: a case for each row of the table in docs/sources.md."""

import json
import os
import re
import shutil
import tarfile
from pathlib import Path

import checkpoints
import pytest
import torch
from closeness import assert_close
from stacks import PINNED

from eli5_transformers import attribute, load_predictor
from eli5_transformers.errors import SourceError

TEXT = "the price is good"
TOKENIZER = ("vocab.txt", "tokenizer_config.json")
WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "checkpoint"
    return checkpoints.write_bert_checkpoint(folder, labels=("a", "b", "c"), hidden_size=8, heads=2, pytorch_bin=False)


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """A checkpoint that answers otherwise: what was chosen can be told."""
    folder = tmp_path_factory.mktemp("other") / "checkpoint"
    return checkpoints.write_bert_checkpoint(folder, labels=("a", "b", "c"), hidden_size=8, heads=2, pytorch_bin=False, seed=9)


@pytest.fixture(scope="module")
def expected(whole):
    return load_predictor(whole).predict(TEXT)["probs"]


def copied(source, folder, names=None, without=()):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names or os.listdir(source):
        if name not in without:
            shutil.copy(source / name, folder / name)
    return folder


def packed(folder, file):
    with tarfile.open(file, "w:gz") as archive:
        for name in os.listdir(folder):
            archive.add(folder / name, name)
    return file


def renamed(source, folder, rename):
    from safetensors.torch import load_file, save_file

    copied(source, folder)
    save_file({rename(name): tensor for name, tensor in load_file(source / WEIGHTS).items()}, folder / WEIGHTS)
    return folder


def trainer(folder, best=None):
    def make(whole, other):
        for step in (500, 1000, 90):
            copied(whole if step == (500 if best else 1000) else other, folder / f"checkpoint-{step}")
        if best:
            (folder / "checkpoint-1000" / "trainer_state.json").write_text(json.dumps({"best_model_checkpoint": best}))
        return folder

    return make


def beside(path, make):
    def made(whole, other):
        make(whole)
        return path

    return made


# From a temporary folder to what makes the source of two checkpoints, and what is said of it: nothing (""), or a note.
LOADED = {
    "a checkpoint": (lambda f: lambda w, o: w, ""),
    "a trainer's checkpoints": (lambda f: trainer(f), "'checkpoint-1000' of 3 in the folder .*, the newest"),
    "the best of them": (lambda f: trainer(f, "/somewhere/out/checkpoint-500"), "'checkpoint-500' of 3 .* names as the best"),
    "the best, of Windows": (lambda f: trainer(f, "C:\\out\\checkpoint-500"), "'checkpoint-500' of 3 .* names as the best"),
    "a tokenizer beside them": (
        lambda f: beside(f, lambda w: (copied(w, f / "checkpoint-7", without=TOKENIZER), copied(w, f, TOKENIZER))),
        "'checkpoint-7' .* Its tokenizer is that of the folder",
    ),
    "a final model and checkpoints": (lambda f: lambda w, o: (copied(o, f / "checkpoint-7"), copied(w, f))[1], ""),
    "one folder with a checkpoint": (
        lambda f: beside(f, lambda w: copied(w, f / "best_model")), "that of the folder 'best_model'"
    ),
    "the best of them beside another": (
        lambda f: lambda w, o: (trainer(f, "out/checkpoint-500")(w, o), copied(o, f / "final"))[0],
        "'checkpoint-500' of 3 .* names as the best",
    ),
    "the tokenizer beside a folder": (
        lambda f: beside(f, lambda w: (copied(w, f / "model", without=TOKENIZER), copied(w, f / "tokenizer", TOKENIZER))),
        "the folder 'model' in .* Its tokenizer is in the folder 'tokenizer' beside it",
    ),
    "the tokenizer of MLflow": (
        lambda f: beside(
            f, lambda w: (copied(w, f / "model", without=TOKENIZER), copied(w, f / "components" / "tokenizer", TOKENIZER))
        ),
        "Its tokenizer is in the folder 'components/tokenizer'",
    ),
    "a revision in the hub's cache": (
        lambda f: lambda w, o: hub(f / "models--owner--name", w, o), "the revision 'aaaaaaaaaaaa' .* branch main"
    ),
    "the revisions in the hub's cache": (
        lambda f: lambda w, o: hub(f / "models--owner--name", w, o) / "snapshots", "the revision 'aaaaaaaaaaaa'"
    ),
    "the tokenizer in a folder of its own": (
        lambda f: beside(f, lambda w: (copied(w, f, without=TOKENIZER), copied(w, f / "tokenizer", TOKENIZER))),
        "the one in the folder 'tokenizer'",
    ),
    "an archive": (lambda f: lambda w, o: packed(w, f / "model.tar.gz"), ""),
    "an archive with a folder and code": (
        lambda f: lambda w, o: packed(with_code(f / "packed", w), f / "model.tar.gz"), "the folder 'mine' in 'model.tar.gz'"
    ),
    "a folder with such an archive": (lambda f: beside(f, lambda w: packed(w, f / "model.tar.gz")), ""),
    "a folder beside its archive": (lambda f: lambda w, o: (packed(o, f / "model.tar.gz"), copied(w, f))[1], ""),
    **{
        f"weights of {prefix}": (
            lambda f, prefix=prefix: lambda w, o: renamed(w, f / "c", lambda name: prefix + name),
            f"read without '{prefix.partition('.')[0]}\\.'",
        )
        for prefix in ("module.", "_orig_mod.", "model.", "net.")
    },
    "a part that was compiled": (
        lambda f: lambda w, o: renamed(w, f / "c", lambda name: name.replace("encoder.", "encoder._orig_mod.")), "'_orig_mod.'"
    ),
    "norms as older files name them": (
        lambda f: lambda w, o: renamed(w, f / "c", as_older_releases),
        "",
    ),
}  # fmt: skip


def as_older_releases(name):
    return name.replace("Norm.weight", "Norm.gamma").replace("Norm.bias", "Norm.beta")


def hub(folder, whole, other):
    copied(whole, folder / "snapshots" / ("a" * 40))
    copied(other, folder / "snapshots" / ("b" * 40))
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("a" * 40)
    return folder


def with_code(folder, whole):
    copied(whole, folder / "mine")
    (folder / "code").mkdir()
    (folder / "code" / "inference.py").write_text("raise SystemExit('this must not run')\n")
    return folder


@pytest.mark.parametrize("name", LOADED)
def test_what_holds_a_checkpoint_is_loaded_and_it_is_said(tmp_path, whole, other, expected, name):
    make, said = LOADED[name]
    predictor = load_predictor(make(tmp_path)(whole, other))
    assert_close(predictor.predict(TEXT)["probs"], expected)
    notes = " ".join(attribute(predictor, TEXT, interpreter="gradient-x-input")[0][0].notes)
    assert re.search(said, notes) if said else not re.search("The model is|names of the checkpoint|tokenizer", notes)


def test_the_provenance_names_the_checkpoint_that_was_chosen(tmp_path, whole, other):
    folder = trainer(tmp_path / "out")(whole, other)
    ((found,),) = attribute(folder, TEXT, interpreter="gradient-x-input")
    assert found.provenance["model"] == "out/checkpoint-1000"


def test_the_best_that_is_gone_is_said(tmp_path, whole, other):
    folder = trainer(tmp_path)(whole, other)
    (folder / "checkpoint-1000" / "trainer_state.json").write_text(json.dumps({"best_model_checkpoint": "out/checkpoint-7"}))
    (folder / "checkpoint-2000").mkdir()  # the Trainer was stopped while it wrote
    ((found,),) = attribute(folder, TEXT, interpreter="gradient-x-input")
    said = "the newest that is whole ('checkpoint-2000' is not), since the best, checkpoint-7, is not there"
    assert any(said in note for note in found.notes)


def test_a_checkpoint_in_an_archive_takes_the_options_of_checkpoints(tmp_path, whole):
    file = packed(whole, tmp_path / "model.tar.gz")
    predictor = load_predictor(file, labels=["x", "y", "z"], max_length=4)
    assert predictor.labels == ["x", "y", "z"]
    assert len(predictor.predict(TEXT)["tokens"]) == 4


def text_file(name, content="x"):
    return lambda folder, whole: (folder / name).write_text(content)


def lacking(*names):
    return lambda folder, whole: copied(whole, folder, without=names)


def with_file(name, content="x"):
    """A checkpoint without weights of ours, and such a file."""
    return lambda folder, whole: (copied(whole, folder, without=(WEIGHTS,)) / name).write_text(content)


def weights(content):
    return lambda folder, whole: (copied(whole, folder) / WEIGHTS).write_bytes(content(whole))


def index(folder, whole):
    copied(whole, folder, without=(WEIGHTS,))
    shards = {"weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(shards))


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"

REFUSED = {
    "several folders": (lambda f, w: (copied(w, f / "one"), copied(w, f / "two")), "several checkpoints.*'one', 'two'"),
    "an adapter": (text_file("adapter_config.json", "{}"), "adapter of PEFT.*merge_and_unload"),
    "an adapter beside weights": (
        lambda f, w: (copied(w, f) / "adapter_config.json").write_text("{}"), "adapter of PEFT.*merge_and_unload"
    ),
    "sentence-transformers": (
        lambda f, w: (copied(w, f / "0_Transformer"), (f / "modules.json").write_text("[]")), "a model of sentence-transformers"
    ),
    "SetFit": (text_file("config_setfit.json", "{}"), "a model of SetFit"),
    "nothing": (lambda f, w: None, "is empty: give the folder of a checkpoint"),
    "no weights": (lacking(WEIGHTS), "has no weights"),
    "no config": (lacking("config.json"), "has weights and no config.json"),
    "no tokenizer": (lacking(*TOKENIZER), "no tokenizer's vocabulary|no tokenizer can be loaded"),
    "a tokenizer alone": (lacking(WEIGHTS, "config.json"), "has a tokenizer and no model"),
    "a missing shard": (index, "names the shard 'model-00001-of-00002.safetensors', which is missing"),
    "cut weights": (weights(lambda w: (w / WEIGHTS).read_bytes()[:5000]), "cannot be read as safetensors.*download it again"),
    "no bytes": (weights(lambda w: b""), "is empty: download it again"),
    "a pointer": (weights(lambda w: POINTER), "pointer of Git LFS"),
    "a pointer for a vocabulary": (
        lambda f, w: (copied(w, f) / "vocab.txt").write_bytes(POINTER), "pointer of Git LFS in place of vocab.txt.*git lfs pull"
    ),
    "a pointer for a config": (
        lambda f, w: (copied(w, f) / "config.json").write_bytes(POINTER), "pointer of Git LFS in place of config.json"
    ),
    "a page": (weights(lambda w: b"<!doctype html>"), "a page of a web site"),
    "half a download": (with_file("model.safetensors.crdownload"), "a download that was not finished"),
    "half a fetch": (with_file("0123.incomplete"), "a download that was not finished"),
    "ONNX": (with_file("model.onnx"), "for ONNX alone: give the folder that it was made from"),
    "TensorFlow": (with_file("tf_model.h5"), "for TensorFlow alone"),
    "flax": (with_file("flax_model.msgpack"), "for flax alone"),
    "GGUF": (with_file("q4.gguf"), r"\(GGUF\) alone"),
    "OpenVINO": (with_file("openvino_model.xml"), "for OpenVINO alone"),
    "DeepSpeed": (lambda f, w: (f / "global_step100").mkdir(), "state of DeepSpeed.*zero_to_fp32.py"),
    "FSDP": (lambda f, w: (f / "pytorch_model_fsdp_0").mkdir(), "state of FSDP.*merge"),
    "accelerate": (text_file("optimizer.bin"), "state of a training and no model"),
    "Lightning": (text_file("epoch=3-step=9.ckpt"), "checkpoint of Lightning.*save_pretrained"),
    "a state of torch": (text_file("weights.pt"), "a file of torch's own.*save_pretrained"),
    "an archive within": (text_file("model.zip"), "not unpacked"),
    "the hub's cache": (lambda f, w: copied(w, f / "models--a--b" / "snapshots" / "c"), "a cache of the hub: give the id"),
    "AllenNLP's config": (text_file("config.json", '{"model": {}}'), "not one of transformers"),
    "folders of checkpoints": (
        lambda f, w: [copied(w, f / run / "checkpoint-1") for run in ("a", "b")], "folders with some in it.*'a', 'b'.*of one"
    ),
    "a variant": (
        lambda f, w: (copied(w, f) / WEIGHTS).rename(f / "model.fp16.safetensors"),
        r"another name \('model.fp16.safetensors'\): rename it to model.safetensors",
    ),
    "shards of a variant": (
        lambda f, w: [
            (copied(w, f, without=(WEIGHTS,)) / f"model.fp16-0000{n}-of-00002.safetensors").write_bytes(b"") for n in (1, 2)
        ],
        "from_pretrained.*variant='fp16'.*save_pretrained",
    ),
    "checkpoints and the best": (
        lambda f, w: (copied(w, f / "checkpoint-1"), copied(w, f / "checkpoint-best")),
        "several checkpoints in it .'checkpoint-best', 'checkpoint-1'.: give the folder of one",
    ),
    "a checkpoint further down": (
        lambda f, w: copied(w, f / "deberta" / "pytorch" / "base" / "1"), "some in it .'deberta.pytorch.base.1'.: give"
    ),
    "a first BERT": (
        lambda f, w: (copied(w, f) / "config.json").rename(f / "bert_config.json"), "rename it to config.json, .*model_type"
    ),
    "scikit-learn": (text_file("classifier.joblib"), r"a pickled object, .*eli5.explain_prediction itself"),
    "spaCy": (text_file("config.cfg"), "a pipeline of spaCy, .*torch.nn.Module"),
    "flair": (
        lambda f, w: ((f / "loss.tsv").write_text("x"), (f / "pytorch_model.bin").write_text("x")), "a model of flair, .*Module"
    ),
    "fastText": (text_file("model.ftz"), "a model of fastText, .*torch.nn.Module"),
    "Keras": (text_file("classifier.keras"), "a model of Keras, .*torch.nn.Module"),
    "Lite": (with_file("model.tflite"), "for TensorFlow Lite alone"),
    "Core ML": (with_file("model.mlmodel"), "for Core ML alone"),
    "rust-bert": (with_file("rust_model.ot"), "for rust-bert alone"),
    "something else": (text_file("readme.txt"), "is no checkpoint: it has no config.json and no weights"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_holds_none_is_answered_by_what_to_give(tmp_path, whole, name):
    make, said = REFUSED[name]
    make(tmp_path, whole)
    with pytest.raises(SourceError, match=said) as refused:
        load_predictor(tmp_path)
    assert "\n" not in str(refused.value)
    assert tmp_path.name in str(refused.value)


@pytest.mark.parametrize("name", ["an adapter", "no weights", "ONNX", "no config"])
def test_an_archive_of_what_holds_none_is_answered_by_that_and_by_its_own_name(tmp_path, whole, name):
    make, said = REFUSED[name]
    (tmp_path / "made").mkdir()
    make(tmp_path / "made", whole)
    with pytest.raises(SourceError, match=said) as refused:
        load_predictor(packed(tmp_path / "made", tmp_path / "model.tar.gz"))
    assert "model.tar.gz" in str(refused.value)


@pytest.mark.parametrize("name", ["config.json", WEIGHTS, "vocab.txt", "tokenizer_config.json"])
def test_a_file_of_a_checkpoint_is_answered_by_its_folder(whole, name):
    with pytest.raises(SourceError, match="is one file of a checkpoint: give the folder, .*checkpoint'"):
        load_predictor(whole / name)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("lid.176.bin", "is one file: give the folder of a checkpoint"),
        ("model.ftz", "holds a model of fastText"),
        ("classifier.pkl", "holds a pickled object"),
        ("best-model.pt", "holds weights in a file of torch's own"),
        ("model_quantized.onnx", "holds the model for ONNX alone"),
        ("model.h5", "holds a model of Keras"),
        ("notes.txt", "is one file"),
        ("model", "is one file"),
    ],
)
def test_a_file_of_no_checkpoint_is_answered_by_what_it_is(tmp_path, name, told):
    (tmp_path / name).write_bytes(b"\x80")
    (tmp_path / "other.incomplete").write_bytes(b"")
    with pytest.raises(SourceError, match=f"{name}' {told}"):
        load_predictor(tmp_path / name)


def test_the_config_of_a_first_bert_is_read_when_it_was_renamed_as_told(tmp_path, whole, expected):
    tmp_path = tmp_path / "runs" / "one"
    tmp_path.mkdir(parents=True)
    copied(whole, tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    old = {key: value for key, value in config.items() if key not in ("model_type", "architectures")}
    (tmp_path / "config.json").write_text(json.dumps(old))
    # Also in a folder, where what it is must be known first.
    for folder in (tmp_path, tmp_path.parent):
        with pytest.raises(SourceError, match="has no 'model_type': .*\"model_type\": \"bert\""):
            load_predictor(folder)
    (tmp_path / "config.json").write_text(json.dumps({**old, "model_type": "bert"}))
    assert_close(load_predictor(tmp_path).predict(TEXT)["probs"], expected)


def test_what_is_not_read_may_be_a_pointer(tmp_path, whole, expected):
    for name in ("README.md", "training_args.bin", "flax_model.msgpack"):
        (copied(whole, tmp_path) / name).write_bytes(POINTER)
    assert_close(load_predictor(tmp_path).predict(TEXT)["probs"], expected)


def test_a_zip_is_answered_by_unpacking(tmp_path):
    (tmp_path / "model.zip").write_bytes(b"PK")
    with pytest.raises(SourceError, match="unpack it, and give the folder"):
        load_predictor(tmp_path / "model.zip")


@pytest.mark.parametrize("path", ["nothing/is/here", "~/nothing-is-here", "../nothing-is-here"])
def test_a_path_to_nothing_is_answered_as_such(tmp_path, path):
    for source in (path if path[0] in "~." else tmp_path / path, Path(path)):
        with pytest.raises(SourceError, match="there is nothing at"):
            load_predictor(source)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("", "empty text"), (" ", "empty text"), ("x" * 3000, "cannot be looked at"), ("a\0b", "cannot be looked at"),
        ("https://huggingface.co/owner/name", "an address: give the id"),
    ],
)  # fmt: skip
def test_what_can_be_no_path_is_answered_as_such(source, told):
    with pytest.raises(SourceError, match=told) as refused:
        load_predictor(source)
    assert len(str(refused.value)) < 600


def test_a_sentencepiece_model_alone_is_read_or_answered_by_what_is_not_installed(tmp_path, whole, monkeypatch):
    from eli5_transformers.components import reader

    copied(whole, tmp_path, without=TOKENIZER)
    (tmp_path / "sentencepiece.bpe.model").write_bytes(b"\n\x01")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "XLMRobertaTokenizer"}))
    monkeypatch.setattr(reader, "_is_installed", lambda module: module != "google.protobuf")
    with pytest.raises(SourceError, match="has a SentencePiece model alone: pip install protobuf"):
        load_predictor(tmp_path)


def test_a_pickle_is_read_where_that_is_safe_or_permitted(tmp_path, whole, expected):
    from safetensors.torch import load_file

    copied(whole, tmp_path, without=(WEIGHTS,))
    torch.save(load_file(whole / WEIGHTS), tmp_path / "pytorch_model.bin")
    assert_close(load_predictor(tmp_path, allow_pickle=True).predict(TEXT)["probs"], expected)
    if PINNED:
        with pytest.raises(SourceError, match="allow_pickle=True"):
            load_predictor(tmp_path)
    else:
        assert_close(load_predictor(tmp_path).predict(TEXT)["probs"], expected)


# The cases of each row of the table on the page, by how the row begins.
ROWS = {
    "a checkpoint:": ["a checkpoint"],
    "`pytorch_model.bin`": [test_a_pickle_is_read_where_that_is_safe_or_permitted],
    "only `checkpoint-*`": ["a trainer's checkpoints", "the best of them", "the best, of Windows"],
    "the same, with the tokenizer": ["a tokenizer beside them"],
    "the same beside a checkpoint": ["checkpoints and the best", "the best of them beside another"],
    "a final model": ["a final model and checkpoints"],
    "one folder": ["one folder with a checkpoint"],
    "the same with its tokenizer beside it": ["the tokenizer beside a folder", "the tokenizer of MLflow"],
    "several folders": ["several folders", "folders of checkpoints"],
    "`models--owner--name`": ["a revision in the hub's cache", "the revisions in the hub's cache"],
    "a checkpoint with its tokenizer": ["the tokenizer in a folder of its own"],
    "`model.tar.gz`": ["an archive", "an archive with a folder and code"],
    "a folder with such": ["a folder with such an archive"],
    "a checkpoint beside": ["a folder beside its archive"],
    "weights named": ["weights of module.", "weights of _orig_mod.", "weights of model.", "weights of net."],
    "`adapter_config.json`": ["an adapter", "an adapter beside weights"],
    "`modules.json`": ["sentence-transformers", "SetFit"],
    "`config.json`, the weights": [test_a_file_of_a_checkpoint_is_answered_by_its_folder],
    "a `.zip`": [test_a_zip_is_answered_by_unpacking],
    "a checkpoint further down": ["a checkpoint further down"],
    "`bert_config.json`": ["a first BERT", test_the_config_of_a_first_bert_is_read_when_it_was_renamed_as_told],
    "a model of another": ["scikit-learn", "spaCy", "flair", "fastText", "Keras"],
    "an empty folder": ["nothing"],
    "no weights": ["no weights", "no config", "no tokenizer"],
    "weights under": ["a variant", "shards of a variant"],
    "a SentencePiece": [test_a_sentencepiece_model_alone_is_read_or_answered_by_what_is_not_installed],
    "an index": ["a missing shard"],
    "cut weights": [
        "cut weights", "no bytes", "a pointer", "a pointer for a vocabulary", "a pointer for a config", "a page"
    ],
    "`.crdownload`": ["half a download", "half a fetch"],
    "ONNX": ["ONNX", "TensorFlow", "flax", "GGUF", "OpenVINO", "Lite", "Core ML", "rust-bert"],
    "`global_step*`": ["DeepSpeed", "FSDP", "accelerate"],
    "a `.ckpt`": ["Lightning", "a state of torch"],
    "a path": [test_a_path_to_nothing_is_answered_as_such],
}


def test_every_row_of_the_table_is_a_case():
    page = (Path(__file__).parents[2] / "docs" / "sources.md").read_text(encoding="utf-8")
    table = page.partition("## A path")[2].partition("\n\nConfigs and archives")[0]
    rows = [line[2:] for line in table.splitlines() if line.startswith("| ")][1:]
    assert [begin for row in rows for begin in ROWS if row.startswith(begin)] == list(ROWS)
    assert len(rows) == len(ROWS)
    named = {case for cases in ROWS.values() for case in cases if isinstance(case, str)}
    assert named <= LOADED.keys() | REFUSED.keys()
