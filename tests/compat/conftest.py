"""What the compat tests share."""

from pathlib import Path

import allennlp_flows
import pytest


@pytest.fixture(scope="session")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six labelled reviews as JSON lines. Read only."""
    return allennlp_flows.write_reviews(tmp_path_factory.mktemp("reviews"))
