"""AllenNLP configs in the style of public ones: trained on a few lines through AllenNLP itself, archived, and loaded again.

One module a family of configs. `trained(config)` gives the archive, `slopes` is the oracle of its scores: the change of the
predictor's own outputs when the vector of one token is scaled.
"""

import json
from pathlib import Path
from typing import Any, Callable, Dict, List, Sequence, Tuple

import numpy as np
import pytest
import torch

import eli5_transformers  # noqa: F401  makes AllenNLP importable

REVIEWS = (
    ("a good film with a great cast", "pos"),
    ("a bad film and a weak plot", "neg"),
    ("great plot , good cast", "pos"),
    ("the plot is bad , the cast weak", "neg"),
    ("the film is good and the end great", "pos"),
    ("weak film with a bad end", "neg"),
)
PAIRS = (
    ("two women sing a song", "women sing", "entailment"),
    ("two women sing a song", "nobody sings", "contradiction"),
    ("a man reads the news", "a man reads", "entailment"),
    ("a man reads the news", "two women sing", "neutral"),
    ("nobody sings a song here", "a man sings", "contradiction"),
    ("the man and the women read", "nobody is here", "neutral"),
)
STEPS = {True: 1e-4, False: 1e-2}


def _lines(path: Path, rows: List[Dict[str, Any]]) -> Path:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lines {"text", "label"}, as `text_classification_json` reads them. Read only."""
    rows = [{"text": text, "label": label} for text, label in REVIEWS]
    return _lines(tmp_path_factory.mktemp("data") / "reviews.jsonl", rows)


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lines {"sentence1", "sentence2", "gold_label"}, as SNLI has them. Read only."""
    rows = [{"sentence1": one, "sentence2": two, "gold_label": label} for one, two, label in PAIRS]
    return _lines(tmp_path_factory.mktemp("data") / "pairs.jsonl", rows)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, reviews: Path) -> Callable[..., Path]:
    """Trains a config for an epoch by AllenNLP's `train_model` and gives the archive.

    A config without data is trained on `reviews`; what it says of its loader and trainer comes before what is said here.
    """

    def train(config: Dict[str, Any]) -> Path:
        from allennlp.commands.train import train_model
        from allennlp.common import Params

        data = config.get("train_data_path", str(reviews))
        whole = {
            "train_data_path": data,
            "validation_data_path": data,
            "data_loader": {"batch_size": 3, "shuffle": False},
            **config,
            "trainer": {"optimizer": {"type": "adam", "lr": 0.05}, "num_epochs": 1, **config.get("trainer", {})},
        }
        folder = tmp_path_factory.mktemp("trained") / "run"
        # By JSON, as from a file: AllenNLP uses its Params up.
        train_model(Params(json.loads(json.dumps(whole))), str(folder), force=True)
        return folder / "model.tar.gz"

    return train


@pytest.fixture(scope="session")
def slopes() -> Callable[..., Tuple[np.ndarray, ...]]:
    """The oracle of `gradient-x-input`: central differences of the predictor's own output.

    `slopes(predictor, inputs, read)` scales the vector of one token after the other, by a hook on `table` (the model's only
    embedding, where it is left out), and gives for each call of the table an array (tokens, classes): the derivative of
    `read(predictor.predict_json(inputs))`, (classes,), by the scale. In double precision, in which the predictor is left, but
    for `double=False`: some of AllenNLP's modules give NaN then (its CNN adds the lowest number of the type to a sum).
    """

    def measure(
        predictor: Any,
        inputs: Dict[str, Any],
        read: Callable[[Dict[str, Any]], Sequence[float]],
        table: Any = None,
        double: bool = True,
    ) -> Tuple[np.ndarray, ...]:
        model = predictor._model.double() if double else predictor._model
        step = STEPS[double]
        if table is None:
            (table,) = _tables(model)
        lengths: List[int] = []

        def outputs(call: int, place: int, factor: float) -> np.ndarray:
            seen: List[int] = []

            def scale(module: Any, given: Any, vectors: torch.Tensor) -> torch.Tensor:
                seen.append(vectors.shape[1])
                changed = vectors.clone()
                if len(seen) - 1 == call:
                    changed[:, place] = changed[:, place] * factor
                return changed

            handle = table.register_forward_hook(scale)
            try:
                found = np.asarray(read(predictor.predict_json(dict(inputs))), dtype=np.float64)
            finally:
                handle.remove()
            lengths[:] = seen
            return found

        outputs(-1, 0, 1.0)
        return tuple(
            np.stack(
                [
                    (outputs(call, place, 1 + step) - outputs(call, place, 1 - step)) / (2 * step)
                    for place in range(length)
                ]
            )
            for call, length in enumerate(list(lengths))
        )

    return measure


def _tables(model: Any) -> List[Any]:
    from allennlp.modules.token_embedders import Embedding

    return [module for module in model.modules() if isinstance(module, (Embedding, torch.nn.Embedding))]
