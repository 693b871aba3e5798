"""Tiny HuggingFace classifiers for the tests, the same on every machine and with every release.

Weights come from `numpy.random.RandomState`, whose stream NumPy has frozen, and not from torch, whose initial
weights change from release to release. `config.json`, `vocab.txt` and `tokenizer_config.json` are written
here, byte for byte, and not by `save_pretrained`, which writes what its release knows.
"""

import hashlib
import json
from pathlib import Path
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence

import numpy as np

STARS = ("1 star", "2 stars", "3 stars", "4 stars", "5 stars")
SECTORS = ("ALIMENTACION", "AUTOMOCION", "BANCA", "BEBIDAS", "DEPORTES", "RETAIL", "TELCO")

RECIPES: Dict[str, Dict[str, Any]] = {
    "stars": {"labels": STARS, "seed": 10},
    "sectors": {"labels": SECTORS, "seed": 1, "hidden_size": 48, "layers": 3, "heads": 6},
    "cased": {
        "labels": ("negative", "positive"),
        "seed": 1,
        "hidden_size": 24,
        "layers": 1,
        "heads": 2,
        "lowercase": False,
    },
}
"""Options of `write_bert_checkpoint` for BERTs of three shapes whose answers differ from text to text."""

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~¡¿…«»€"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZáéíóúüñçàèìòùâêîôûäëïöÁÉÍÓÚÜÑÇ0123456789"
_WORDS = """
a about all and are as at bad best better brand brands but buy buying by do expected fast food for from good
great had has have he i if in is it its job just like liked love much my never nice no not of on one or other
out price product service she slow so sooner star stars terrible than that the they this to too very was we
were with would you agua al amigos banco bebida buen buena bueno cerveza coche coches comida como con cuando
de del digital el ella en es esta este equipo fibra gran grupo ha hace hola hoy la las liga lo los malo más
mas me mejor mi muy nada nuevo no nos para pero por precio que realiza se servicio servicios sin su sus
telefono teléfono tienda todo un una vamos verano ya Hola El La Not Other Me The This Very España Madrid Banco
http https co com www rt via ##s ##es ##ed ##er ##ing ##ly ##do ##da ##mente ##cion ##ción ##ar ##ando ##est
##ion ##ment ##ness ##ito ##ita
"""
WORDS = tuple(_WORDS.split())


def write_bert_checkpoint(
    folder: Path,
    *,
    labels: Sequence[str],
    seed: int = 0,
    hidden_size: int = 32,
    layers: int = 2,
    heads: int = 4,
    vocabulary: Optional[Iterable[str]] = None,
    safetensors: bool = True,
    pytorch_bin: bool = True,
    problem_type: Optional[str] = None,
    lowercase: bool = True,
    max_positions: int = 128,
) -> Path:
    """Write a BERT for sequence classification with its tokenizer into `folder` and return the folder.

    `vocabulary` replaces the words and `##pieces` of `WORDS`; special tokens, punctuation and single letters
    (at the start and within a word) are always in the vocabulary, so that any Latin text is cut into pieces,
    while emoji and other scripts become `[UNK]`. `lowercase=True` also strips accents, as uncased BERTs do.

    By default the weights are in both `model.safetensors` and `pytorch_model.bin`: transformers 4.20 reads
    only the second, newer releases take the first. Set either flag to False to leave that file out.
    """
    entries = wordpiece_vocabulary(vocabulary)
    config = {
        "architectures": ["BertForSequenceClassification"],
        "model_type": "bert",
        "hidden_size": hidden_size,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": 2 * hidden_size,
        "max_position_embeddings": max_positions,
        "vocab_size": len(entries),
        "pad_token_id": 0,
        **label_fields(labels, problem_type),
    }
    write_wordpiece_tokenizer(folder, entries, lowercase=lowercase, max_positions=max_positions)
    return write_checkpoint(folder, config, seed=seed, safetensors=safetensors, pytorch_bin=pytorch_bin)


def write_checkpoint(
    folder: Path,
    config: Mapping[str, Any],
    *,
    seed: int = 0,
    safetensors: bool = True,
    pytorch_bin: bool = True,
) -> Path:
    """Write `config.json` and the weights of a sequence classifier of any architecture; return the folder.

    `config` is the content of `config.json` and needs `model_type`. The caller writes the tokenizer's files.
    """
    from transformers import AutoConfig, AutoModelForSequenceClassification

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(folder / "config.json", config)
    model = AutoModelForSequenceClassification.from_config(AutoConfig.from_pretrained(str(folder)))
    draw_weights(model, seed)
    write_weights(folder, model, safetensors=safetensors, pytorch_bin=pytorch_bin)
    return folder


def label_fields(labels: Sequence[str], problem_type: Optional[str] = None) -> Dict[str, Any]:
    """Return the entries of `config.json` that name the classes."""
    fields: Dict[str, Any] = {
        "id2label": {str(index): label for index, label in enumerate(labels)},
        "label2id": {label: index for index, label in enumerate(labels)},
    }
    if problem_type is not None:
        fields["problem_type"] = problem_type
    return fields


def wordpiece_vocabulary(words: Optional[Iterable[str]] = None) -> List[str]:
    """List special tokens, punctuation, letters, `##letters` then `words` (default `WORDS`), each once."""
    entries = [*SPECIAL_TOKENS, *PUNCTUATION, *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    entries.extend(WORDS if words is None else words)
    return list(dict.fromkeys(entries))


def write_wordpiece_tokenizer(
    folder: Path, entries: Sequence[str], *, lowercase: bool = True, max_positions: int = 128
) -> None:
    """Write `vocab.txt` and `tokenizer_config.json` of a BERT tokenizer."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(entries) + "\n", encoding="utf-8")
    settings = {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": lowercase,
        "strip_accents": lowercase,
        "tokenize_chinese_chars": True,
        "model_max_length": max_positions,
    }
    _write_json(folder / "tokenizer_config.json", settings)


def draw_weights(model: Any, seed: int = 0) -> None:
    """Overwrite all parameters of a torch model, in the order of their names, from `RandomState(seed)`.

    The scales are those of a trained model in small: norms around 1, biases that are not zero, matrices
    strong enough that attention is uneven and every token reaches the output, a head that spreads the
    probabilities.
    """
    import torch

    tables = {f"{name}.weight" for name, module in model.named_modules() if isinstance(module, torch.nn.Embedding)}
    stream = np.random.RandomState(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            # Variance 1. Uniform, because a normal draw takes a logarithm, whose last bit is the platform's.
            draw = np.sqrt(3.0) * stream.uniform(-1.0, 1.0, tuple(parameter.shape))
            if name in tables:
                values = (0.02 if "position" in name or "token_type" in name else 0.05) * draw
            elif parameter.dim() < 2:
                values = 0.1 * draw if name.endswith("bias") else 1.0 + 0.1 * draw
            else:
                gain = 3.0 if any(part in name for part in ("classif", "score", "logits_proj")) else 1.5
                values = gain * draw / np.sqrt(parameter.shape[-1])
            parameter.copy_(torch.from_numpy(values.astype(np.float32)))


def write_weights(folder: Path, model: Any, *, safetensors: bool = True, pytorch_bin: bool = True) -> None:
    """Write the parameters of a torch model to `model.safetensors`, `pytorch_model.bin` or both."""
    if not (safetensors or pytorch_bin):
        raise ValueError("a checkpoint needs a weight file: leave safetensors or pytorch_bin at True")
    # Parameters only: which buffers (position_ids) belong to a checkpoint changed between the releases.
    parameters = {name: parameter.detach().contiguous() for name, parameter in model.named_parameters()}
    if safetensors:
        from safetensors.numpy import save_file

        arrays = {name: tensor.numpy() for name, tensor in sorted(parameters.items())}
        # transformers refuses a file that does not say which framework wrote it.
        save_file(arrays, str(Path(folder) / "model.safetensors"), metadata={"format": "pt"})
    if pytorch_bin:
        import torch

        torch.save(parameters, str(Path(folder) / "pytorch_model.bin"))


def weights_digest(folder: Path) -> str:
    """Return the sha256 of the weights (names, shapes, values) as transformers loads them from any file."""
    from transformers import AutoModelForSequenceClassification

    model = AutoModelForSequenceClassification.from_pretrained(str(folder))
    digest = hashlib.sha256()
    for name, parameter in sorted(model.named_parameters()):
        digest.update(f"{name}{tuple(parameter.shape)}{parameter.dtype}".encode())
        digest.update(parameter.detach().numpy().tobytes())
    return digest.hexdigest()


def files_digest(folder: Path) -> str:
    """Return the sha256 of the files beside the weights: the configuration and the tokenizer."""
    digest = hashlib.sha256()
    for name in ("config.json", "tokenizer_config.json", "vocab.txt"):
        digest.update((Path(folder) / name).read_bytes())
    return digest.hexdigest()


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
