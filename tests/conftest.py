"""What all tests share: an offline environment and the checkpoints that are made once a run."""

import gc
import os
from pathlib import Path
from typing import List

import checkpoints
import pytest
from stacks import NAME

# Each has hooks of pytest.
pytest_plugins = ("scheduling", "skip_policy", "tally")

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"  # what transformers 4.20 reads instead
os.environ["TOKENIZERS_PARALLELISM"] = "false"


def pytest_collection_modifyitems(config: pytest.Config, items: List[pytest.Item]) -> None:
    """Leave out the tests of the other stack."""
    other = "current" if NAME == "stock" else "stock"
    left_out = [item for item in items if item.get_closest_marker(other)]
    items[:] = [item for item in items if not item.get_closest_marker(other)]
    config.hook.pytest_deselected(items=left_out)


def pytest_collection_finish() -> None:
    """What is imported by now stays: looking through it for garbage again and again is a tenth of the time of a run."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def stars_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT with five labels, "1 star" to "5 stars", English and uncased. Read only."""
    return checkpoints.write_bert_checkpoint(tmp_path_factory.mktemp("stars"), **checkpoints.RECIPES["stars"])


@pytest.fixture(scope="session")
def sectors_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of another shape with the seven Spanish sectors as labels. Read only."""
    return checkpoints.write_bert_checkpoint(tmp_path_factory.mktemp("sectors"), **checkpoints.RECIPES["sectors"])
