"""Weights are read from every form of checkpoint folder, and never by trusting a pickle unasked."""

import json
import logging
import os
import pickle
import shutil
import threading

import checkpoints
import pytest
import torch

from eli5_transformers.compat._stack import installed_version, release
from eli5_transformers.errors import SourceError
from eli5_transformers.huggingface import classifiers
from eli5_transformers.huggingface import weights as compat_checkpoints
from eli5_transformers.huggingface.weights import read_state_dict


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """A checkpoint with the same weights as safetensors and as a pickle."""
    return checkpoints.write_bert_checkpoint(
        tmp_path_factory.mktemp("both"), labels=("no", "yes"), hidden_size=8, heads=2
    )


@pytest.fixture
def pickled(both, tmp_path):
    shutil.copytree(both, tmp_path / "pickled")
    (tmp_path / "pickled" / "model.safetensors").unlink()
    return tmp_path / "pickled"


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def test_safetensors_and_pickles_give_the_same_tensors(both, pickled):
    safe = read_state_dict(both)
    assert safe["classifier.weight"].shape == (2, 8)
    assert same(safe, read_state_dict(pickled, allow_pickle=True))


def test_a_pickle_of_tensors_is_read_where_torch_does_it_safely_and_there_alone(both, pickled):
    if release(installed_version("torch")) >= (2, 6):
        assert same(read_state_dict(both), read_state_dict(pickled))
    else:
        with pytest.raises(SourceError, match="allow_pickle=True"):
            read_state_dict(pickled)


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_shards_are_put_together(both, tmp_path, name):
    whole = read_state_dict(both)
    from safetensors.torch import save_file

    save = save_file if name.endswith("safetensors") else torch.save
    stem, ending = name.rsplit(".", 1)
    names = sorted(whole)
    shards = {f"{stem}-0000{number}-of-00002.{ending}": names[number - 1 :: 2] for number in (1, 2)}
    for shard, members in shards.items():
        save({member: whole[member] for member in members}, str(tmp_path / shard))
    weight_map = {member: shard for shard, members in shards.items() for member in members}
    (tmp_path / f"{name}.index.json").write_text(json.dumps({"weight_map": weight_map}))
    assert same(whole, read_state_dict(tmp_path, allow_pickle=True))


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ({"weight_map": {"w": "../outside.safetensors"}}, "not a file of its own folder"),
        ({"weight_map": {"w": "/etc/passwd"}}, "not a file of its own folder"),
        ({"weight_map": {"w": 3}}, "not a file of its own folder"),
        ({"weight_map": {"w": "missing.safetensors"}}, "is missing"),
        ({"weights": {}}, "is not the index"),
        ([], "is not the index"),
    ],
)
def test_a_bad_index_is_refused(tmp_path, index, message):
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(SourceError, match=message):
        read_state_dict(tmp_path)


class Payload:
    """What runs when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_pickle_with_code_in_it_is_refused_and_does_not_run(tmp_path):
    trap = tmp_path / "ran"
    torch.save({"weight": Payload(str(trap))}, str(tmp_path / "pytorch_model.bin"))
    with pytest.raises(SourceError, match="allow_pickle=True"):
        read_state_dict(tmp_path)
    assert not trap.exists()


def test_a_folder_without_weights_is_named(tmp_path):
    with pytest.raises(SourceError, match="has no weights: neither model.safetensors nor pytorch_model.bin"):
        read_state_dict(tmp_path)


def test_what_is_no_folder_is_named(tmp_path):
    with pytest.raises(SourceError, match="nowhere' is not a folder"):
        read_state_dict(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
def test_a_damaged_file_is_named(tmp_path, name):
    (tmp_path / name).write_bytes(b"no weights")
    with pytest.raises(SourceError, match=name):
        read_state_dict(tmp_path, allow_pickle=True)


@pytest.mark.parametrize("content", [[torch.ones(1)], {"state_dict": {"w": torch.ones(1)}}, {3: torch.ones(1)}])
def test_a_file_that_holds_no_tensors_by_name_is_refused(tmp_path, content):
    torch.save(content, str(tmp_path / "pytorch_model.bin"))
    with pytest.raises(SourceError, match="does not hold tensors by name"):
        read_state_dict(tmp_path, allow_pickle=True)


def test_old_torch_is_not_trusted_with_pickles(pickled, monkeypatch):
    monkeypatch.setattr(compat_checkpoints, "installed_version", lambda package: "2.5.1")
    with pytest.raises(SourceError, match="use a checkpoint with model.safetensors"):
        read_state_dict(pickled)


# torch guesses at the cause of what is refused.
@pytest.mark.filterwarnings("ignore:Detected pickle protocol:UserWarning")
def test_plain_pickles_are_refused(tmp_path):
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps({"weight": Payload(str(tmp_path / "ran"))}))
    with pytest.raises(SourceError):
        read_state_dict(tmp_path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."])
def test_weights_that_were_saved_from_a_wrapper_have_the_names_of_the_model(stars_checkpoint, tmp_path, prefix):
    from safetensors.torch import save_file

    safe = read_state_dict(stars_checkpoint)
    save_file({f"{prefix}{name}": tensor for name, tensor in safe.items()}, str(tmp_path / "model.safetensors"))
    assert same(safe, read_state_dict(tmp_path))
    mixed = {f"{prefix}{name}" if "bias" in name else name: tensor for name, tensor in safe.items()}
    save_file(mixed, str(tmp_path / "model.safetensors"))
    assert set(read_state_dict(tmp_path)) == set(mixed)


def test_what_other_threads_report_is_reported_while_one_loads(caplog):
    logger = logging.getLogger("transformers.modeling_utils")
    with caplog.at_level("WARNING", logger.name):
        logger.addHandler(caplog.handler)
        try:
            with classifiers._quiet_loading():
                logger.warning("of this load")
                other = threading.Thread(target=logger.warning, args=("of another thread",))
                other.start()
                other.join()
            logger.warning("afterwards")
        finally:
            logger.removeHandler(caplog.handler)
    assert list(dict.fromkeys(caplog.messages)) == ["of another thread", "afterwards"]
