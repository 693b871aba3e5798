"""AllenNLP used as its users use it: the same calls on every stack. Imports nothing of AllenNLP until it is called."""

import json
from pathlib import Path
from typing import Any, Dict, Optional

REVIEWS = (
    ("the food was great and very good", "positive"),
    ("never again, this was terrible", "negative"),
    ("just as expected, good price", "positive"),
    ("not good, the food was bad", "negative"),
    ("love it, great service", "positive"),
    ("bad product and slow service", "negative"),
)


def write_reviews(folder: Path) -> Path:
    """The reviews as the lines of a `text_classification_json` file."""
    path = Path(folder) / "reviews.jsonl"
    lines = [json.dumps({"text": text, "label": label}) for text, label in REVIEWS]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def reader_config(checkpoint: Path, **indexer: Any) -> Dict[str, Any]:
    return {
        "type": "text_classification_json",
        "tokenizer": {"type": "pretrained_transformer", "model_name": str(checkpoint)},
        "token_indexers": {"tokens": {"type": "pretrained_transformer", "model_name": str(checkpoint), **indexer}},
    }


def model_config(checkpoint: Path, num_labels: Optional[int] = None, **embedder: Any) -> Dict[str, Any]:
    return {
        "type": "basic_classifier",
        "text_field_embedder": {
            "token_embedders": {"tokens": {"type": "pretrained_transformer", "model_name": str(checkpoint), **embedder}}
        },
        "seq2vec_encoder": {"type": "bert_pooler", "pretrained_model": str(checkpoint)},
        "dropout": 0.1,
        **({} if num_labels is None else {"num_labels": num_labels}),
    }


def make_reader(checkpoint: Path, **indexer: Any) -> Any:
    from allennlp.common import Params
    from allennlp.data.dataset_readers import DatasetReader

    return DatasetReader.from_params(Params(reader_config(checkpoint, **indexer)))


def make_model(checkpoint: Path, num_labels: int = 5, **embedder: Any) -> Any:
    from allennlp.common import Params
    from allennlp.models import Model

    config = model_config(checkpoint, num_labels, **embedder)
    config["vocab"] = {"type": "from_pretrained_transformer", "model_name": str(checkpoint)}
    return Model.from_params(Params(config)).eval()


def make_predictor(checkpoint: Path, num_labels: int = 5) -> Any:
    from allennlp.predictors import TextClassifierPredictor

    return TextClassifierPredictor(make_model(checkpoint, num_labels), make_reader(checkpoint))


def whitespace_reader_config() -> Dict[str, Any]:
    return {
        "type": "text_classification_json",
        "tokenizer": {"type": "whitespace"},
        "token_indexers": {"tokens": {"type": "single_id"}},
    }


def make_worker_loader(reviews: Path, start_method: str) -> Any:
    """A loader whose instances are read by a process of its own, which starts when batches are asked for."""
    from allennlp.common import Params
    from allennlp.data.data_loaders import MultiProcessDataLoader
    from allennlp.data.dataset_readers import DatasetReader

    reader = DatasetReader.from_params(Params(whitespace_reader_config()))
    return MultiProcessDataLoader(
        reader,
        str(reviews),
        batch_size=2,
        num_workers=1,
        max_instances_in_memory=4,
        start_method=start_method,
    )


def training_config(reviews: Path, **parts: Any) -> Dict[str, Any]:
    """A bag-of-embeddings classifier and its training; `parts` replaces or adds entries."""
    return {
        "dataset_reader": whitespace_reader_config(),
        "train_data_path": str(reviews),
        "validation_data_path": str(reviews),
        "model": {
            "type": "basic_classifier",
            "text_field_embedder": {"token_embedders": {"tokens": {"type": "embedding", "embedding_dim": 8}}},
            "seq2vec_encoder": {"type": "bag_of_embeddings", "embedding_dim": 8},
        },
        "data_loader": {"batch_size": 3, "shuffle": True},
        "trainer": {"num_epochs": 2, "optimizer": {"type": "adam", "lr": 0.01}, "cuda_device": -1},
        **parts,
    }


def train(config: Dict[str, Any], folder: Path, **options: Any) -> Any:
    """Train as `allennlp train` does, and return the model."""
    from allennlp.commands.train import train_model
    from allennlp.common import Params

    return train_model(Params(json.loads(json.dumps(config))), str(folder), **options)


def forget_last_epoch(folder: Path) -> None:
    """Make a training of two epochs look as if the second had been interrupted."""
    for state in Path(folder).glob("*_state_e2_*"):
        state.unlink()
    (Path(folder) / "metrics_epoch_1.json").unlink()
