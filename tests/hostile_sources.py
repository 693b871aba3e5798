"""Sources that try to do what they must not: what they run leaves a mark, a file that must not be there."""

import json
import os
import pickle
from pathlib import Path
from typing import Any, Dict

import torch


class Payload:
    """Unpickled, it runs a command that leaves the mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.system, (f"touch '{self.mark}'",)


def write_hostile_weights(file: Path, mark: Path) -> Path:
    """A file for `torch.load` that leaves the mark where it is unpickled."""
    torch.save({"weight": torch.zeros(2), "payload": Payload(mark)}, str(file))
    return file


def write_hostile_pickle(file: Path, mark: Path) -> Path:
    """A plain pickle that leaves the mark."""
    file.write_bytes(pickle.dumps(Payload(mark)))
    return file


def own_config(checkpoint: Path) -> Dict[str, Any]:
    """A config of this package's components."""
    part = {"type": "transformer_classifier", "model_name": str(checkpoint)}
    return {"dataset_reader": dict(part), "model": dict(part), "vocabulary": {"type": "empty"}}


def allennlps_config(checkpoint: Path) -> Dict[str, Any]:
    """A config of AllenNLP's components, with many places for a `type`."""
    name = str(checkpoint)
    return {
        "dataset_reader": {
            "type": "text_classification_json",
            "tokenizer": {"type": "pretrained_transformer", "model_name": name},
            "token_indexers": {"tokens": {"type": "pretrained_transformer", "model_name": name}},
        },
        "vocabulary": {"type": "from_pretrained_transformer", "model_name": name},
        "model": {
            "type": "basic_classifier",
            "text_field_embedder": {
                "type": "basic",
                "token_embedders": {"tokens": {"type": "pretrained_transformer", "model_name": name}},
            },
            "seq2vec_encoder": {"type": "bert_pooler", "pretrained_model": name},
            "num_labels": 5,
            "initializer": {"regexes": [[".*classification.*", {"type": "normal"}]]},
        },
        "predictor": {"type": "text_classifier"},
    }


def written(folder: Path, content: Any, name: str = "config.json") -> Path:
    """The config as a file."""
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path
