"""Registered parts of AllenNLP's `basic_classifier` from a fine-tuned HuggingFace checkpoint: weights and vocabulary."""

import os
import re
from typing import Dict, List, Optional, Tuple

import torch
from allennlp.common import cached_transformers
from allennlp.data import Vocabulary
from allennlp.nn import Initializer

from ..compat.registering import registered
from ..errors import SourceError
from ..huggingface import classifiers
from ..huggingface import labels as naming
from ..huggingface.weights import read_state_dict

_POOLER = "pooler.dense.weight"
_HEAD = {"classifier.weight", "classifier.bias"}
_MEND = "use transformer_classifier.jsonnet, which takes every architecture"
# Where AllenNLP 2.10.1 keeps the parts: `models/basic_classifier.py`, `modules/seq2vec_encoders/bert_pooler.py`,
# `modules/token_embedders/pretrained_transformer_embedder.py`.
_ENCODER = re.compile(r"_text_field_embedder\.token_embedder_\w+\.transformer_model\.(?P<name>.+)")
_SEQ2VEC = re.compile(r"_seq2vec_encoder\.(?P<name>pooler\..+)")
_LAYER = re.compile(r"_classification_layer\.(?P<name>weight|bias)")


@registered(Initializer, "bert_checkpoint")
class BertCheckpointInitializer(Initializer):
    """Fills a `basic_classifier` with `pretrained_transformer` embedder and `bert_pooler` from a BERT classifier.

    All of it comes from the checkpoint: embedder, pooler and the classification layer, so that those need
    `load_weights: false` only and the head is not copied by hand:

        initializer: { regexes: [[".*", { type: "bert_checkpoint", checkpoint: "path/to/checkpoint" }]] }

    Parameters:
        checkpoint: a folder with `config.json` and `model.safetensors` or `pytorch_model.bin`, or a hub id.
        allow_pickle: read weights that need unpickling, which runs code that the file's author chose.

    Raises SourceError for a checkpoint whose head is not BERT's pooler and one linear layer, for a number of labels
    that differs from the head's, and for a model with other parts.
    """

    def __init__(self, checkpoint: str, allow_pickle: bool = False) -> None:
        self._checkpoint = checkpoint
        self._allow_pickle = allow_pickle
        self._weights: Optional[Dict[str, torch.Tensor]] = None
        self._prefix = ""

    def __call__(self, tensor: torch.Tensor, parameter_name: str = "", **kwargs) -> None:
        """Copies the checkpoint's values into the parameter of that name."""
        if self._weights is None:
            self._weights, self._prefix = self._read()
        key = self._key(parameter_name)
        if key not in self._weights:
            raise SourceError(f"the checkpoint {self._checkpoint!r} has no weights {key!r}: {_MEND}")
        values = self._weights[key]
        if values.shape != tensor.shape:
            if key in _HEAD:
                raise SourceError(
                    f"the config has {tensor.shape[0]} labels, but the head of the checkpoint {self._checkpoint!r} has "
                    f"{values.shape[0]}: give {values.shape[0]} labels, in the order of its outputs"
                )
            raise SourceError(
                f"the weights {key!r} of the checkpoint {self._checkpoint!r} have the shape {tuple(values.shape)}, but "
                f"the model needs {tuple(tensor.shape)}: give embedder, pooler and initializer the same checkpoint"
            )
        tensor.data.copy_(values)

    def _key(self, parameter_name: str) -> str:
        for pattern, prefix in ((_ENCODER, self._prefix), (_SEQ2VEC, self._prefix), (_LAYER, "classifier.")):
            match = pattern.fullmatch(parameter_name)
            if match:
                return prefix + match["name"]
        raise SourceError(
            f"a BERT checkpoint has no weights for {parameter_name!r}: the model must be a basic_classifier of a "
            "pretrained_transformer embedder and a bert_pooler, without seq2seq encoder or feedforward"
        )

    def _read(self) -> Tuple[Dict[str, torch.Tensor], str]:
        """The weights by name, and what the names of the encoder's begin with (`bert.`)."""
        folder = classifiers.local_folder(self._checkpoint)
        weights = {_modern(name): values for name, values in self._state(folder).items()}
        poolers = [name for name in weights if name.endswith(_POOLER)]
        prefix = poolers[0][: -len(_POOLER)] if poolers else ""
        head = {name for name in weights if not name.startswith(prefix or "\0")}
        if len(poolers) != 1 or head != _HEAD or weights["classifier.weight"].dim() != 2:
            kind = getattr(classifiers.read_config(folder), "model_type", "this architecture")
            raise SourceError(
                f"the head of the checkpoint {self._checkpoint!r} ({kind}) is not BERT's pooler with one linear "
                f"layer, so AllenNLP's bert_pooler would predict something else: {_MEND}"
            )
        return weights, prefix

    def _state(self, folder: str) -> Dict[str, torch.Tensor]:
        return read_state_dict(os.fspath(folder), allow_pickle=self._allow_pickle)


def _modern(name: str) -> str:
    """Checkpoints converted from TensorFlow call a layer norm's weight and bias gamma and beta."""
    return re.sub(r"LayerNorm\.(gamma|beta)$", lambda m: f"LayerNorm.{'weight' if m[1] == 'gamma' else 'bias'}", name)


class LabeledVocabulary(Vocabulary):
    """A vocabulary of a transformer's tokens, under the tokenizer's numbers, and of labels, under the outputs'.

    AllenNLP's own combination (`from_pretrained_transformer_and_instances`) numbers the tokens anew, so that a model
    spells them wrong.
    """

    @classmethod
    def from_transformer_and_labels(
        cls, model_name: str, labels: List[str], namespace: str = "tokens", label_namespace: str = "labels"
    ) -> "LabeledVocabulary":
        """The vocabulary of a checkpoint's tokenizer; labels that repeat get their index with their name."""
        vocabulary = cls(
            non_padded_namespaces=[namespace, label_namespace],
            tokens_to_add={label_namespace: naming.distinct(labels)},
        )
        vocabulary.add_transformer_vocab(cached_transformers.get_tokenizer(model_name), namespace)
        return vocabulary


registered(Vocabulary, "transformer_and_labels", constructor="from_transformer_and_labels")(LabeledVocabulary)
