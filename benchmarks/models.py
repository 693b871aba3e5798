"""Sentiment classifiers of three architectures, each trained with and without masked texts: what methods are measured on.

Incomplete texts are nothing new to a model that has seen them in its training, and a baseline of masks is nothing new to it
either: what is measured on such a model alone is no measurement of other models (Zheng et al., F-Fidelity, ICLR 2025).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Dict, Iterable, List, NamedTuple

from eli5_transformers import bundled_model

FOLDER = Path("build") / "benchmarks"
"""Where the models are kept once they are made."""
ARCHITECTURES = ("BERT", "DistilBERT", "Llama")
TRAININGS = {"masked": 0.3, "whole": 0.0}
"""How the models were trained: the share of their training's texts that was incomplete."""
SEED = 0
EPOCHS = {"DistilBERT": 2, "Llama": 3}
_RATES = {"DistilBERT": 1e-4, "Llama": 3e-4}
_TOKENIZER = ("vocab.txt", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


class Trained(NamedTuple):
    """A model that methods are measured on."""

    architecture: str
    training: str
    """One of `TRAININGS`."""
    checkpoint: Path

    @property
    def name(self) -> str:
        """The model in a table."""
        return f"{self.architecture}, {'masked' if self.training == 'masked' else 'whole'} texts"


def trained(work: Path = Path("build") / "sentiment_model", folder: Path = FOLDER) -> List[Trained]:
    """The six models; those that are not in `folder` yet are trained, which takes an hour.

    BERT is the bundled model and its twin, as `make bundled-model` leaves them in `work`. DistilBERT begins with the same
    pruned network. A Llama has no such relative: its layers are random at first, its word vectors those of the network.
    Raises FileNotFoundError where the recipe was not run.
    """
    data, twin = work / "data", work / "twin"
    for needed in (data / "network", twin):
        if not needed.is_dir():
            raise FileNotFoundError(f"{needed} is missing: run make bundled-model, which makes it")
    found = [Trained("BERT", "masked", bundled_model()), Trained("BERT", "whole", twin)]
    for architecture in ARCHITECTURES[1:]:
        made = {training: folder / f"{architecture}-{training}" for training in TRAININGS}
        if not all(path.is_dir() for path in made.values()):
            train(architecture, data, made, folder / f"{architecture}-network")
        found += [Trained(architecture, training, path) for training, path in made.items()]
    return found


def train(architecture: str, data: Path, made: Dict[str, Path], network: Path) -> None:
    """Trains an architecture with each share of incomplete texts, side by side, and writes the checkpoints."""
    from sentiment_model.train import train as run

    write_network(architecture, data / "network", network)
    overrides = {
        "dataset_reader.model_name": str(network),
        "model.model_name": str(network),
        "trainer.num_epochs": EPOCHS[architecture],
        "trainer.optimizer.lr": _RATES[architecture],
        "trainer.optimizer.parameter_groups": None,
    }
    archives = {path.parent / f"{path.name}-training": TRAININGS[training] for training, path in made.items()}
    run(data, archives, SEED, json.dumps(overrides))
    for archive, path in zip(archives, made.values()):
        _export(archive, network, path)
        shutil.rmtree(archive)


def write_network(architecture: str, start: Path, network: Path) -> None:
    """Writes the untrained classifier of an architecture: what fits of the network to start from, the rest random."""
    import torch
    from safetensors.torch import load_file
    from transformers import AutoConfig, AutoModelForSequenceClassification

    from eli5_transformers.bundled import LABELS

    settings = json.loads((start / "config.json").read_text(encoding="utf-8"))
    sizes = {"vocab_size": settings["vocab_size"], "pad_token_id": 0, "num_labels": len(LABELS)}
    if architecture == "DistilBERT":
        kind = {"dim": settings["hidden_size"], "hidden_dim": settings["intermediate_size"]}
        kind.update(n_layers=settings["num_hidden_layers"], n_heads=settings["num_attention_heads"])
        kind["max_position_embeddings"] = settings["max_position_embeddings"]
        config = AutoConfig.for_model("distilbert", **sizes, **kind)
    else:
        names = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "max_position_embeddings")
        kind = {name: settings[name] for name in names}
        config = AutoConfig.for_model("llama", **sizes, **kind, bos_token_id=2, eos_token_id=3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        model = AutoModelForSequenceClassification.from_config(config)
    given = _of_distilbert(load_file(str(start / "model.safetensors")))
    if architecture == "Llama":
        # As large as the vectors that its own initialization would have drawn.
        words = given["distilbert.embeddings.word_embeddings.weight"]
        given = {"model.embed_tokens.weight": words * (config.initializer_range / words.std())}
    missing = set(given) - set(model.state_dict())
    assert not missing, missing
    model.load_state_dict(given, strict=False)
    model.save_pretrained(network, safe_serialization=True)
    _copy_tokenizer(start, network)


def _of_distilbert(weights: Dict[str, Any]) -> Dict[str, Any]:
    """A BERT's weights by the names of a DistilBERT's; the vectors of positions hold those of the one token type."""
    names = {
        "encoder.layer.": "transformer.layer.",
        "attention.self.query": "attention.q_lin",
        "attention.self.key": "attention.k_lin",
        "attention.self.value": "attention.v_lin",
        "attention.output.dense": "attention.out_lin",
        "attention.output.LayerNorm": "sa_layer_norm",
        "intermediate.dense": "ffn.lin1",
        "output.dense": "ffn.lin2",
        "output.LayerNorm": "output_layer_norm",
    }
    weights = {name.removeprefix("bert."): tensor for name, tensor in weights.items()}
    kinds = weights["embeddings.token_type_embeddings.weight"]
    made = {}
    for name, tensor in weights.items():
        if not name.startswith(("embeddings", "encoder")) or "token_type" in name or name.endswith("position_ids"):
            continue
        for own, other in names.items():
            name = name.replace(own, other)
        made[f"distilbert.{name}"] = tensor + kinds[0] if "position_embeddings" in name else tensor
    return made


def _export(archive: Path, tokenizer: Path, output: Path) -> None:
    """Writes the archive's classifier as a HuggingFace checkpoint."""
    from allennlp.models.archival import load_archive

    from sentiment_model import components  # noqa: F401  registers the model that the archive names

    output.mkdir(parents=True, exist_ok=True)
    model: Any = load_archive(str(archive / "model.tar.gz")).model
    labels: Iterable[str] = model.head.labels
    model.transformer.config.id2label = dict(enumerate(labels))
    model.transformer.config.label2id = {label: place for place, label in enumerate(labels)}
    model.transformer.save_pretrained(output, safe_serialization=True)
    _copy_tokenizer(tokenizer, output)


def _copy_tokenizer(source: Path, target: Path) -> None:
    for name in _TOKENIZER:
        if (source / name).is_file():
            shutil.copyfile(source / name, target / name)
