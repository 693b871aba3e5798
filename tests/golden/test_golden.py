"""The released AllenNLP gives the same answers here as with its own pinned requirements (`stock.json`)."""

import json
from pathlib import Path
from typing import Any, Dict, Tuple

import numpy as np
import pytest
import stock_flow
from closeness import assert_close

import eli5_transformers  # noqa: F401  (makes AllenNLP importable where its pins are not met)

GOLDEN = json.loads(Path(__file__).with_name("stock.json").read_text(encoding="utf-8"))
TOLERANCE = 1e-5


@pytest.fixture(scope="module", params=sorted(GOLDEN["checkpoints"]))
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Tuple[str, Path]:
    """Name and folder of each checkpoint, made anew."""
    name = request.param
    folder = tmp_path_factory.mktemp(name)
    return name, stock_flow.checkpoints.write_bert_checkpoint(folder, **stock_flow.checkpoints.RECIPES[name])


@pytest.fixture(scope="module")
def predictor(checkpoint: Tuple[str, Path]) -> Any:
    """AllenNLP's own predictor, loaded as the notebooks load it."""
    name, folder = checkpoint
    return stock_flow.build_predictor(str(folder), len(stock_flow.checkpoints.RECIPES[name]["labels"]))


@pytest.fixture(scope="module")
def records(predictor: Any) -> Dict[str, Dict[str, Any]]:
    """What the notebooks' flow gives here, by text."""
    return {text: stock_flow.interpret(predictor, text) for text in stock_flow.TEXTS}


@pytest.fixture(scope="module")
def golden(checkpoint: Tuple[str, Path]) -> Dict[str, Dict[str, Any]]:
    """What it gave in the stock environment, by text."""
    return {record["text"]: record for record in GOLDEN["checkpoints"][checkpoint[0]]["records"]}


def test_golden_values_are_of_the_checkpoints_and_texts_of_today(checkpoint, golden):
    """A change of `checkpoints.py` or of the texts calls for new golden values."""
    name, folder = checkpoint
    digests = stock_flow.describe(folder)
    assert digests == {key: GOLDEN["checkpoints"][name][key] for key in digests}
    assert tuple(golden) == stock_flow.TEXTS
    assert GOLDEN["texts_sha256"] == stock_flow.digest(stock_flow.TEXTS)


def test_golden_values_were_not_edited_by_hand():
    assert GOLDEN["checkpoints_sha256"] == stock_flow.digest(GOLDEN["checkpoints"])
    assert GOLDEN["versions"]["allennlp"] == "2.10.1"
    assert GOLDEN["versions"]["torch"].startswith("1.12.")
    assert GOLDEN["versions"]["transformers"].startswith("4.20.")


def test_golden_values_tell_right_from_wrong(golden):
    """Scores that hardly differ from token to token, or answers that never change, would prove nothing."""
    for record in golden.values():
        assert len(record["tokens"]) == len(record["simple"]) == len(record["integrated"])
        for method in ("simple", "integrated"):
            assert np.ptp(record[method]) > 1000 * TOLERANCE
        assert max(record["probs"]) < 0.99
    assert len({int(np.argmax(record["probs"])) for record in golden.values()}) > 1


def test_tokens_are_those_of_the_stock_stack(records, golden):
    assert {text: record["tokens"] for text, record in records.items()} == {
        text: record["tokens"] for text, record in golden.items()
    }


def test_labels_are_those_of_the_stock_stack(records, golden):
    assert {text: record["label"] for text, record in records.items()} == {
        text: record["label"] for text, record in golden.items()
    }


@pytest.mark.parametrize("quantity", ["probs", "simple", "integrated"])
def test_numbers_are_those_of_the_stock_stack(records, golden, quantity):
    for text, expected in golden.items():
        assert_close(records[text][quantity], expected[quantity], TOLERANCE, scale=1.0, what=f"{quantity} of {text!r}")
