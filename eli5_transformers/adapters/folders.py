"""What lies in a folder that a person points at: a checkpoint, what holds one, or what is to be done with the rest.

Training and training services leave more than checkpoints: folders of checkpoints, exports for other runtimes, states to go
on from, halves of downloads. A checkpoint is looked for where those put it; everything else is named with its mend.
`docs/sources.md` has the table.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

from ..errors import SourceError, shown
from .json_files import content_of as _content
from .json_files import is_transformers as _is_transformers

WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
TOKENIZERS = (
    "tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model", "bpe.codes",
    "tokenizer_config.json",
)  # fmt: skip
_SIGNS = (*WEIGHTS, "adapter_config.json", "modules.json", "config_setfit.json", "trainer_state.json")
_STEP = re.compile(r"checkpoint[-_](\d+)")
# Of the endings of weights, but none.
_NO_WEIGHTS = {"training_args.bin", "optimizer.bin", "scheduler.bin", "adapter_model.safetensors", "adapter_model.bin"}
# Of those that a file given by itself may be, the ones that belong to a checkpoint's folder.
_SETTINGS = {
    "config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
    "model.safetensors.index.json", "pytorch_model.bin.index.json", "trainer_state.json", "generation_config.json",
    "adapter_config.json", "modules.json",
}  # fmt: skip
_PARTS = (
    ".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".h5", ".onnx", ".gguf", ".msgpack", ".pkl", ".model", "vocab.txt",
    "merges.txt",
)  # fmt: skip
# What configs and archives are told by, whose readers say what is wrong with one.
_READ = (".json", ".jsonnet", ".tar.gz", ".tgz", ".tar")
_ONE_FILE = "is one file: give the folder of a checkpoint, in which config.json and the tokenizer stand beside the weights"
_PEFT = (
    "holds an adapter of PEFT (adapter_config.json), which changes a model that lies elsewhere: give the merged model's folder "
    "(PeftModel.from_pretrained(model, folder).merge_and_unload().save_pretrained(...)), or the PEFT model with tokenizer="
)
# Where its tokenizer is, beside a model in a folder of its own (MLflow's is the last).
_BESIDE = ("", "tokenizer", "components/tokenizer")
_POINTER = b"version https://git-lfs"
_LEVELS, _MOST_FOLDERS = 4, 200
_MODULE = "give the torch.nn.Module of a classifier, from input_ids and attention_mask to logits, with tokenizer="
_EXPORT = "holds the model for {} alone: give the folder that it was made from, or save it with PyTorch (save_pretrained)"


@dataclass(frozen=True)
class Found:
    """A checkpoint's folder."""

    path: Path
    note: str = ""
    """What must be said of how it was found, a sentence; empty where it is the folder that was given."""
    tokenizer: Optional[Path] = None
    """Where its tokenizer is, if elsewhere."""


def require_present(file: Path) -> None:
    """Raises SourceError for a path that leads nowhere."""
    given = shown(str(file), 300)
    if str(file).startswith(("http:/", "https:/")):
        raise SourceError(f"{given} is an address: give the id of a model on the hub, such as 'owner/name', or a folder")
    # The readers of configs and archives say it themselves.
    if not _exists(file) and _is_local(file) and not file.name.endswith(_READ):
        raise SourceError(f"there is nothing at {given}: give a folder that is there, or the id of a model on the hub")


def require_folder(file: Path) -> None:
    """Raises SourceError for a file that is neither a config nor an archive: one of a checkpoint, or one to be unpacked."""
    if not file.is_file():
        return
    given, name = shown(str(file), 300), file.name.lower()
    if name.endswith((".zip", ".7z", ".rar")):
        raise SourceError(f"{given} is not unpacked: unpack it, and give the folder")
    beside = _is_transformers(_content(file.parent / "config.json"))
    if name in _SETTINGS and (beside or name != "config.json") or (beside and name.endswith(_PARTS)):
        raise SourceError(f"{given} is one file of a checkpoint: give the folder, {shown(str(file.parent), 300)}")
    if not name.endswith(_READ):
        told = next((told for test, told in _RECOGNIZED if test(file.name, False)), None)
        raise SourceError(f"{given} {told or _ONE_FILE}")


def _exists(path: Path) -> bool:
    """Raises SourceError for a path that no file can have, and for one that may not be looked at."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SourceError(f"{shown(str(path), 300)} cannot be looked at: {reason}") from None
    return True


def _is_local(path: Path) -> bool:
    """Whether it cannot be the id of a model on the hub, which is a name or two."""
    return path.is_absolute() or path.parts[:1] in (("~",), ("..",)) or "\\" in str(path) or len(path.parts) > 2


def find(folder: Path, named: str = "") -> Found:
    """The checkpoint in a folder, which messages call `named` if it is a copy. SourceError for none, or more than one."""
    named = named or str(folder)
    for handler in (_itself, _of_a_trainer, _of_the_hubs_cache, _one_level_down):
        found = handler(folder, named)
        if found is not None:
            return found
    raise SourceError(f"{shown(named, 300)} {_what(folder)}")


def has_checkpoint(folder: Path) -> bool:
    """Whether the folder itself has the config and the weights of a checkpoint of transformers."""
    return _is_transformers(_content(folder / "config.json")) and any((folder / name).is_file() for name in WEIGHTS)


def holds_checkpoint(folder: Path) -> bool:
    """Whether the folder, or one in it, has something of a checkpoint of transformers, whole or not."""
    for path in (folder, *_folders(folder)):
        if _is_transformers(_content(path / "config.json")) or any((path / name).is_file() for name in _SIGNS):
            return True
    return False


def _require_fetched(folder: Path, named: str) -> None:
    """Refuses a folder of which git has only what stands for a file: a vocabulary of such lines would be one."""
    vocabularies = () if (folder / TOKENIZERS[0]).is_file() else (*TOKENIZERS, "merges.txt")
    for name in ("config.json", "tokenizer_config.json", "special_tokens_map.json", TOKENIZERS[0], *vocabularies):
        try:
            with open(folder / name, "rb") as file:
                pointer = file.read(len(_POINTER)) == _POINTER
        except OSError:
            continue
        if pointer:
            raise SourceError(
                f"{shown(named, 300)} has a pointer of Git LFS in place of {name}: fetch its files with `git lfs pull`"
            )


def _itself(folder: Path, named: str) -> Optional[Found]:
    _require_fetched(folder, named)
    if (folder / "adapter_config.json").is_file():
        raise SourceError(f"{shown(named, 300)} {_PEFT}")
    for name, kind in (("config_setfit.json", "SetFit"), ("modules.json", "sentence-transformers")):
        if (folder / name).is_file() and not _classifies(folder):
            raise SourceError(
                f"{shown(named, 300)} holds a model of {kind}, whose head, if it has one, is not transformers': {_MODULE}"
            )
    content = _content(folder / "config.json")
    # Of code that comes with it only its permission can be asked for, before anything else.
    own_code = isinstance(content, dict) and "auto_map" in content
    if own_code or (any((folder / name).is_file() for name in WEIGHTS) and (folder / "config.json").is_file()):
        if _has_tokenizer(folder) or not _has_tokenizer(folder / "tokenizer"):
            return Found(folder)
        return Found(folder, "The tokenizer is the one in the folder 'tokenizer' of the checkpoint.", folder / "tokenizer")
    return None


def _of_a_trainer(folder: Path, named: str) -> Optional[Found]:
    """The best of a Trainer's checkpoints where its state names one that is there, else the newest."""
    steps = {int(_STEP.fullmatch(path.name).group(1)): path for path in _folders(folder) if _STEP.fullmatch(path.name)}  # type: ignore[union-attr]
    whole = {step: path for step, path in steps.items() if has_checkpoint(path) or (path / "adapter_config.json").is_file()}
    if not whole:
        return None
    newest = max(whole)
    others = [path.name for path in _folders(folder) if path not in steps.values() and has_checkpoint(path)]
    states = [_content(path / "trainer_state.json") for path in (folder, steps[max(steps)], whole[newest])]
    written = next((state["best_model_checkpoint"] for state in states if _names_best(state)), None)
    # It may have been written on another machine.
    best = None if written is None else re.split(r"[\\/]", written.rstrip("\\/"))[-1]
    chosen = next((path for path in whole.values() if path.name == best), whole[newest])
    if others and chosen.name != best:
        raise SourceError(_several(named, [*others, chosen.name]))
    left = "" if newest == max(steps) else f" that is whole ({steps[max(steps)].name!r} is not)"
    why = "which its state names as the best" if chosen.name == best else f"the newest{left}"
    if best is not None and chosen.name != best:
        why += f", since the best, {shown(best)[1:-1]}, is not there"
    among = f" of {len(whole)}" if len(whole) > 1 else ""
    found = _itself(chosen, named)
    assert found is not None
    note = f"The model is the checkpoint {chosen.name!r}{among} in the folder {_last(named)}, {why}."
    if found.tokenizer is None and not _has_tokenizer(chosen) and _has_tokenizer(folder):
        return Found(chosen, f"{note} Its tokenizer is that of the folder.", folder)
    return Found(chosen, f"{note} {found.note}".strip(), found.tokenizer)


def _several(named: str, names: List[str]) -> str:
    listed = ", ".join(map(shown, names[:5]))
    return f"{shown(named, 300)} has several checkpoints in it ({listed}): give the folder of one"


def _last(named: str) -> str:
    return repr(os.path.basename(os.path.abspath(named)))


def _names_best(state: Any) -> bool:
    return isinstance(state, dict) and isinstance(state.get("best_model_checkpoint"), str)


def _of_the_hubs_cache(folder: Path, named: str) -> Optional[Found]:
    """A revision in the folder of a repository in the hub's cache: that of the branch main, else the newest."""
    snapshots = folder if folder.name == "snapshots" else folder / "snapshots"
    whole = [path for path in _folders(snapshots) if has_checkpoint(path)]
    if not whole:
        return None
    try:
        main = (snapshots.parent / "refs" / "main").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        main = ""
    newest = max(whole, key=lambda path: (path.stat().st_mtime, path.name))
    chosen = next((path for path in whole if path.name == main), newest)
    why = "that of the branch main" if chosen.name == main else "the newest" if len(whole) > 1 else "the only one"
    return Found(chosen, f"The model is the revision {chosen.name[:12]!r} in the hub's cache, {why}.")


def _one_level_down(folder: Path, named: str) -> Optional[Found]:
    whole = [path for path in _folders(folder) if has_checkpoint(path) or (path / "adapter_config.json").is_file()]
    if len(whole) > 1:
        raise SourceError(_several(named, [path.name for path in whole]))
    if not whole or any((folder / name).is_file() for name in WEIGHTS):
        return None
    found = _itself(whole[0], named)
    assert found is not None
    note = f"The model is that of the folder {whole[0].name!r} in {_last(named)}."
    if found.tokenizer is not None or _has_tokenizer(whole[0]):
        return Found(whole[0], f"{note} {found.note}".strip(), found.tokenizer)
    beside = next((place for place in _BESIDE if _has_tokenizer(folder / place)), None)
    if beside is None:
        return Found(whole[0], note)
    where = f"in the folder {beside!r} beside it" if beside else "that of the folder"
    return Found(whole[0], f"{note} Its tokenizer is {where}.", folder / beside)


def _what(folder: Path) -> str:
    """What a folder without checkpoint is, and what to give in its place."""
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    inner = {name for name in names if (folder / name).is_dir()}
    for test, told in _RECOGNIZED:
        if any(test(name, name in inner) for name in names):
            return told
    if not names:
        return "is empty: give the folder of a checkpoint, with its config.json and model.safetensors"
    has_weights = any(name in WEIGHTS for name in names)
    if has_weights and "config.json" not in names and "bert_config.json" in names:
        return (
            "has the settings of its model in bert_config.json, as BERT's first checkpoints: rename it to config.json, and "
            'write "model_type": "bert" into it'
        )
    if has_weights and "config.json" not in names:
        return "has weights and no config.json: copy the checkpoint's config.json there"
    if "config.json" in names:
        if not _is_transformers(_content(folder / "config.json")):
            return "has a config.json that is not one of transformers: give the checkpoint's own"
        named = [name for name in names if name.endswith((".safetensors", ".bin")) and name not in _NO_WEIGHTS | inner]
        if named:
            return f"has its weights under another name ({', '.join(map(shown, named[:5]))}): {_renamed(named)}"
        return f"has no weights: neither {WEIGHTS[0]} nor {WEIGHTS[2]} nor the index of their shards; copy them there"
    holding = [path.name for path in _folders(folder) if holds_checkpoint(path)] or _deeper(folder)
    if holding:
        listed = ", ".join(map(shown, holding[:5]))
        return f"is no checkpoint, but has folders with some in it ({listed}): give the folder of one"
    if _has_tokenizer(folder):
        return "has a tokenizer and no model: give the folder of the checkpoint"
    return f"is no checkpoint: it has no config.json and no weights ({', '.join(shown(name) for name in names[:5])})"


def _deeper(folder: Path) -> List[str]:
    """Where checkpoints lie further down, from the folder on: on Kaggle under a framework, a variant and a version."""
    level = _folders(folder)
    for _ in range(_LEVELS):
        level = [inner for path in level for inner in _folders(path)][:_MOST_FOLDERS]
        found = [str(path.relative_to(folder)) for path in level if has_checkpoint(path)]
        if found:
            return found
    return []


def _renamed(names: List[str]) -> str:
    """How weights get the name under which they are looked for: those of a variant by who wrote them."""
    variant = re.fullmatch(r"(?:pytorch_)?model\.([\w-]+?)(?:-\d+-of-\d+)?\.(?:safetensors|bin)", names[0])
    if variant and len(names) > 1:
        return f"load them with from_pretrained(..., variant={variant[1]!r}), and save that with save_pretrained"
    return f"rename {'it' if len(names) == 1 else 'the right one'} to {WEIGHTS[0 if names[0].endswith('.safetensors') else 2]}"


Test = Callable[[str, bool], bool]


def _ends(*endings: str) -> Test:
    return lambda name, inner: not inner and name.lower().endswith(endings)


# In this order: what a name says of a folder that holds no checkpoint that can be read.
_RECOGNIZED: Tuple[Tuple[Test, str], ...] = (
    (
        _ends(".crdownload", ".incomplete", ".part", ".partial", ".download", ".aria2", ".tmp"),
        "holds a download that was not finished: download it again",
    ),
    (
        lambda name, inner: (inner and re.fullmatch(r"global_step\d+", name) is not None) or name == "zero_to_fp32.py",
        "holds a state of DeepSpeed, of which each process has a part: run its zero_to_fp32.py, save the model with its config "
        "and tokenizer, and give that folder",
    ),
    (
        lambda name, inner: name.startswith("pytorch_model_fsdp") or name.endswith(".distcp"),
        "holds a state of FSDP, of which each process has a part: merge it (accelerate merge-weights), and save the model with "
        "its config and tokenizer",
    ),
    (
        _ends(".ckpt"),
        "holds a checkpoint of Lightning (.ckpt), which is a pickle: load it, and save the model in it with save_pretrained",
    ),
    (lambda name, inner: name.endswith(".onnx") or (inner and name == "onnx"), _EXPORT.format("ONNX")),
    (_ends("tf_model.h5", "saved_model.pb", ".ckpt.index"), _EXPORT.format("TensorFlow")),
    (_ends(".msgpack"), _EXPORT.format("flax")),
    (_ends(".gguf"), _EXPORT.format("llama.cpp (GGUF)")),
    (lambda name, inner: name == "openvino_model.xml", _EXPORT.format("OpenVINO")),
    (
        lambda name, inner: inner and name.startswith("models--"),
        "is a cache of the hub: give the id of the model, or the folder models--… of one",
    ),
    (_ends(".zip"), "holds an archive that is not unpacked (.zip): unpack it, and give the folder"),
    (
        _ends("optimizer.bin", "optimizer.pt", "random_states_0.pkl", "scaler.pt"),
        "holds the state of a training and no model: give the folder that save_pretrained wrote",
    ),
    (
        _ends(".pt", ".pth"),
        "holds weights in a file of torch's own, which may be a whole pickled object: load it into the model, and save that "
        "with save_pretrained",
    ),
    (lambda name, inner: name == "loss.tsv", f"holds a model of flair, which is not one of transformers: {_MODULE}"),
    (lambda name, inner: name == "config.cfg", f"holds a pipeline of spaCy, which is no model of transformers: {_MODULE}"),
    (_ends(".ftz"), f"holds a model of fastText, which is not one of transformers: {_MODULE}"),
    (_ends(".keras", ".h5"), f"holds a model of Keras, which is not one of PyTorch: {_MODULE}"),
    (_ends(".tflite"), _EXPORT.format("TensorFlow Lite")),
    (lambda name, inner: name.endswith((".mlmodel", ".mlpackage")), _EXPORT.format("Core ML")),
    (_ends(".ot"), _EXPORT.format("rust-bert")),
    (
        _ends(".pkl", ".pickle", ".joblib", ".sav"),
        "holds a pickled object, as scikit-learn's models are saved: give one of those to eli5.explain_prediction itself, with "
        "vec=, or, of PyTorch, the torch.nn.Module in it with tokenizer=",
    ),
)


def _folders(folder: Path) -> List[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError:
        return []


def _has_tokenizer(folder: Path) -> bool:
    return any((folder / name).is_file() for name in TOKENIZERS)


def _classifies(folder: Path) -> bool:
    content: Dict[str, Any] = _content(folder / "config.json") or {}
    architectures = content.get("architectures") if isinstance(content, dict) else None
    return isinstance(architectures, list) and any(str(name).endswith("ForSequenceClassification") for name in architectures)
