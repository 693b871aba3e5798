"""Our own ways in give the numbers of the stock stack too: the jsonnet config, and the checkpoint as it is."""

import json
from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest
import stock_flow
from closeness import assert_close

from eli5_transformers import attribute, load_predictor

HERE = Path(__file__).parent
CONFIG = HERE.parent.parent / "configs" / "bert_pooler.jsonnet"
GOLDEN = json.loads((HERE / "stock.json").read_text(encoding="utf-8"))["checkpoints"]
RECIPES = stock_flow.checkpoints.RECIPES
TOLERANCE = 1e-5


def from_config(folder: Path, labels: Any) -> Any:
    return load_predictor(CONFIG, ext_vars={"checkpoint": str(folder), "labels": json.dumps(labels)})


def from_checkpoint(folder: Path, labels: Any) -> Any:
    return load_predictor(folder)


@pytest.fixture(scope="module", params=sorted(GOLDEN))
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module", params=[from_config, from_checkpoint])
def predictor(name: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = stock_flow.checkpoints.write_bert_checkpoint(tmp_path_factory.mktemp(name), **RECIPES[name])
    return request.param(folder, RECIPES[name]["labels"])


@pytest.fixture(scope="module")
def golden(name: str) -> Dict[str, Dict[str, Any]]:
    return {record["text"]: record for record in GOLDEN[name]["records"]}


def test_prediction_is_that_of_the_stock_stack(predictor, golden, name):
    for text, expected in golden.items():
        outputs = predictor.predict_json({"sentence": text})
        assert outputs["tokens"] == expected["tokens"]
        assert_close(outputs["probs"], expected["probs"], TOLERANCE, scale=1.0, what=text)
        # The notebooks' way of loading leaves labels without names; ours has those of the checkpoint.
        assert outputs["label"] == RECIPES[name]["labels"][int(np.argmax(expected["probs"]))]


@pytest.mark.parametrize(
    ("interpreter", "quantity"), [("simple-gradient", "simple"), ("integrated-gradient", "integrated")]
)
def test_attributions_are_the_scores_of_the_stock_stack(predictor, golden, interpreter, quantity):
    results = attribute(predictor, list(golden), interpreter=interpreter)
    for (attribution,), (text, expected) in zip(results, golden.items(), strict=True):
        assert attribution.documents == (text,)
        assert list(attribution.tokens.text) == expected["tokens"]
        assert_close(attribution.scores, expected[quantity], TOLERANCE, scale=1.0, what=f"{quantity} of {text!r}")
        assert attribution.target == int(np.argmax(expected["probs"]))
        assert_close(attribution.probability, max(expected["probs"]), TOLERANCE, scale=1.0)


def test_smooth_gradient_gives_one_share_of_1_per_token(predictor):
    text = stock_flow.TEXTS[1]
    ((attribution,),) = attribute(predictor, text, interpreter="smooth-gradient")
    assert attribution.scores.shape == (len(predictor.predict_json({"sentence": text})["tokens"]),)
    assert (attribution.scores >= 0).all()
    assert_close(attribution.scores.sum(), 1.0, rtol=1e-6)
