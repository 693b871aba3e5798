"""What a checkpoint's `config.json` says, looked at before a library makes something of it.

transformers takes the content as it is: a number that is a text, or a size that no memory holds, ends in an error from the
middle of it, or in none. Here each kind of slip is a sentence that names the file, the key and what it must be.
"""

from __future__ import annotations

import re
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple

import transformers
from transformers import CONFIG_MAPPING

from ..arguments import did_you_mean
from ..errors import SourceError, shown
from . import labels as naming

PROBLEM_TYPES = ("single_label_classification", "multi_label_classification", "regression")
_SIZES = (
    "hidden_size", "intermediate_size", "max_position_embeddings", "num_attention_heads", "num_hidden_layers",
    "type_vocab_size", "vocab_size",
)  # fmt: skip
# Null means "as another says" for the others.
_NEEDED = ("hidden_size", "num_attention_heads", "num_hidden_layers", "vocab_size")
_OBJECTS = ("audio_config", "auto_map", "quantization_config", "text_config", "vision_config")
_SWITCHES = ("is_decoder", "output_attentions", "output_hidden_states", "return_dict", "torchscript", "use_cache")
_DTYPES = re.compile(r"(torch\.)?(auto|float(16|32|64)|bfloat16|half|float|double|float8_\w+|u?int\d+)")
# A size, a count of layers.
_WIDTH = re.compile(r"((vocab|hidden|intermediate|embedding|type_vocab)_size|d_model|d_ff|ffn_dim|n_embd|dim|hidden_dim)")
_LAYERS = re.compile(r"(num_hidden_layers|n_layers?|(num_)?(encoder|decoder)_layers|num_layers)")
# What may stand behind the name of an architecture for a classifier of texts, and what classes of transformers end in that
# are something else.
_CLASSIFIER = "ForSequenceClassification"
_ELSE = {
    "ForTokenClassification": "labels each token",
    "ForQuestionAnswering": "finds an answer in a text",
    "ForMultipleChoice": "chooses one of several texts",
    "ForNextSentencePrediction": "says whether a sentence follows another",
    "ForMaskedLM": "guesses masked words",
    "WithLMHeadModel": "guesses words",
    "LMHeadModel": "writes text",
    "ForCausalLM": "writes text",
    "ForConditionalGeneration": "writes text",
    "ForPreTraining": "is one before fine-tuning",
    "ForImageClassification": "classifies images",
    "ForAudioClassification": "classifies sounds",
    "DoubleHeadsModel": "writes text and chooses",
    "Model": "gives vectors",
}


def checked(content: Any, file: str) -> Tuple[Dict[str, Any], str]:
    """The content of a config, with names of classes as transformers reads them, and what must be said of those.

    `file` is its name in messages. Raises SourceError for a value of a wrong kind.
    """
    if not isinstance(content, Mapping):
        raise SourceError(f"{file} holds {shown(content)}, and no object with settings: copy it from the checkpoint anew")
    content = dict(content)
    _require_type(content, file)
    for key in _SIZES:
        _require_size(content, key, file)
    for key in _OBJECTS:
        if not isinstance(content.get(key), (Mapping, type(None))):
            raise _wrong(file, key, content[key], "an object")
    for key in _SWITCHES:
        if not isinstance(content.get(key), (bool, type(None))):
            raise _wrong(file, key, content[key], "true or false")
    said = content.get("problem_type")
    if said is not None and said not in PROBLEM_TYPES:
        meant = did_you_mean(said, PROBLEM_TYPES) if isinstance(said, str) and len(said) < 100 else ""
        raise _wrong(file, "problem_type", said, f"one of {', '.join(map(repr, PROBLEM_TYPES))}, or missing{meant}")
    for key in ("dtype", "torch_dtype"):
        dtype = content.get(key)
        if dtype is not None and not isinstance(dtype, Mapping) and not (isinstance(dtype, str) and _DTYPES.fullmatch(dtype)):
            raise _wrong(file, key, dtype, "the name of a type of numbers, such as 'float32'")
    architectures = content.get("architectures")
    if isinstance(architectures, str):
        content["architectures"] = [architectures]
    elif architectures is not None and not (
        isinstance(architectures, list) and all(isinstance(name, str) for name in architectures)
    ):
        raise _wrong(file, "architectures", architectures, "a list of names of classes, or missing")
    return _with_names(content, file)


def _require_type(content: Mapping[str, Any], file: str) -> None:
    kind = content.get("model_type")
    if isinstance(kind, str) and (kind in CONFIG_MAPPING or content.get("auto_map")):
        return
    if kind is None:
        if not content.get("auto_map"):
            raise SourceError(
                f"{file} has no 'model_type': give the checkpoint's own config.json, or write the architecture there, such as "
                '"model_type": "bert"'
            )
        return
    meant = did_you_mean(kind, list(CONFIG_MAPPING.keys())) if isinstance(kind, str) and len(kind) < 100 else ""
    raise SourceError(
        f"{file} has the 'model_type' {shown(kind)}, which the installed transformers does not know{meant}: correct it, or "
        "install the release that the checkpoint was made with"
    )


def _require_size(content: Mapping[str, Any], key: str, file: str) -> None:
    if key not in content or (content[key] is None and key not in _NEEDED):
        return
    size = content[key]
    least = 0 if key in ("type_vocab_size", "max_position_embeddings") else 1
    # Some architectures have one for each layer.
    if not isinstance(size, list) and (isinstance(size, bool) or not isinstance(size, int) or size < least):
        raise _wrong(file, key, size, f"a whole number of at least {least}")


def _with_names(content: Dict[str, Any], file: str) -> Tuple[Dict[str, Any], str]:
    count = content.get("num_labels")
    if count is None:
        content.pop("num_labels", None)
    elif isinstance(count, bool) or not isinstance(count, (int, float)) or count != int(count) or count < 1:
        raise _wrong(file, "num_labels", count, "a whole number of at least 1, or missing")
    names, note = naming.as_written(content)
    if names is not None:
        content.pop("num_labels", None)
        content.update(id2label=names, label2id={name: index for index, name in names.items()})
    return content, note


def _wrong(file: str, key: str, value: Any, must: str) -> SourceError:
    return SourceError(f"{file} has {key!r}: {shown(value)}, but it must be {must}: correct the file")


def require_parts(config: Any, file: str) -> None:
    """Raises SourceError for a part of a config that its architecture does not have, and so is not one of a config."""
    for key in ("audio_config", "text_config", "vision_config"):
        if isinstance(getattr(config, key, None), Mapping):
            raise SourceError(f"{file} has {key!r}, which a {shown(config.model_type)} does not have: take it out of the file")


def require_possible(content: Mapping[str, Any], shapes: Iterable[Tuple[int, ...]], file: str) -> None:
    """Raises SourceError for sizes that the weights, of these shapes, cannot have: a model would be made of them first."""
    shapes = list(shapes)
    widest = max((size for shape in shapes for size in shape), default=0)
    for part in (content, content.get("text_config") or {}):
        for key, value in part.items() if isinstance(part, Mapping) else ():
            if isinstance(value, bool) or not isinstance(value, int):
                continue
            if _WIDTH.fullmatch(key) and value > 8 * max(widest, 1024):
                raise SourceError(
                    f"{file} has {key!r}: {shown(value)}, but no weight of the checkpoint is wider than {widest}: correct the "
                    "file"
                )
            if _LAYERS.fullmatch(key) and value > max(1000, len(shapes)):
                raise SourceError(
                    f"{file} has {key!r}: {shown(value)}, but the checkpoint has {len(shapes)} weights: correct the file"
                )


def other_head(architectures: Optional[List[str]]) -> str:
    """Why a checkpoint of these architectures is no classifier of texts, a clause; empty where that is not said."""
    names = [name for name in architectures or () if isinstance(name, str)]
    if not names or any(name.endswith(_CLASSIFIER) for name in names):
        return ""
    for name in names:
        for ending, does in _ELSE.items():
            # A person's own class may be called a model, too.
            if name.endswith(ending) and (ending != "Model" or hasattr(transformers, name)):
                return f"its config.json says that it is a {shown(name)[1:-1]}, which {does}"
    return ""


def unknown_class(architectures: Optional[List[str]], read_as: str) -> str:
    """What must be said of a checkpoint whose class is not one of transformers, a sentence; empty where nothing must."""
    names = [name for name in architectures or () if isinstance(name, str)]
    if not names or any(name.endswith(_CLASSIFIER) for name in names):
        return ""
    return (
        f"The checkpoint's config.json names the class {shown(names[0])}, which is not one of transformers: its weights are "
        f"read as those of a {read_as}, which they fit."
    )
