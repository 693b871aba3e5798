"""A text gives in any list what it gives alone."""

from typing import Any, List

import numpy as np
import pytest
import torch
from architectures import builder
from closeness import BATCHED, largest_difference
from interpreters import tiny
from regression.test_neighbours import made
from tally import Tally, tries

from eli5_transformers import attribute

ARCHITECTURES = [name for name in ("bert", "t5", "xlnet", "fnet") if name in builder.architectures()]
MODELS = [*ARCHITECTURES, "averaged", "across rows", "decoder, padded left", "decoder, other id"]


def predictor_of(name: str) -> Any:
    return tiny.predictor(name) if name in ARCHITECTURES else made(name)


@pytest.mark.parametrize("name", MODELS)
def test_alone_and_in_a_list_are_the_same(name: str, tally: Tally) -> None:
    predictor = predictor_of(name)
    draw = np.random.default_rng(17)
    tried = failed = 0
    for _ in range(tries(60, 1)):
        texts = [
            " ".join(draw.choice(tiny.WORDS, size=draw.integers(1, 28))) for _ in range(int(draw.integers(2, 9)))
        ]
        options = {"interpreter": "gradient-x-input", "targets": 1}
        found = [scored for (scored,) in attribute(predictor, texts, **options)]
        logits: List[Any] = [output["logits"] for output in predictor.predict_batch_json(tiny.inputs(*texts))]
        for text, scored, own in zip(texts, found, logits):
            ((alone,),) = attribute(predictor, text, **options)
            with torch.no_grad():
                expected = predictor.predict_json({"sentence": text})["logits"]
            tried += 1
            failed += (
                largest_difference(scored.scores, alone.scores) > BATCHED
                or largest_difference(np.array(own), np.array(expected)) > BATCHED
                or abs(scored.score - expected[1]) > BATCHED * np.abs(expected).max()
            )
    tally(f"a text in a list as it is alone: {name}", tried, failed)
