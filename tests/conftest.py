"""What all tests share: an offline environment and the checkpoints that are made once a run."""

import os
from pathlib import Path

import checkpoints
import pytest

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"  # what transformers 4.20 reads instead
os.environ["TOKENIZERS_PARALLELISM"] = "false"


@pytest.fixture(scope="session")
def stars_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT with five labels, "1 star" to "5 stars", English and uncased. Read only."""
    return checkpoints.write_bert_checkpoint(tmp_path_factory.mktemp("stars"), **checkpoints.RECIPES["stars"])


@pytest.fixture(scope="session")
def sectors_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of another shape with the seven Spanish sectors as labels. Read only."""
    return checkpoints.write_bert_checkpoint(tmp_path_factory.mktemp("sectors"), **checkpoints.RECIPES["sectors"])
