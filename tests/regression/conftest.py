"""A BERT that a person hands over, with its tokenizer."""

import copy

import pytest
from transformers import AutoTokenizer, BertForSequenceClassification


@pytest.fixture(scope="module")
def bert(stars_checkpoint):
    return (
        BertForSequenceClassification.from_pretrained(stars_checkpoint).eval(),
        AutoTokenizer.from_pretrained(stars_checkpoint),
    )


@pytest.fixture
def own(bert):
    """A model that a test may change, and its tokenizer."""
    return copy.deepcopy(bert[0]), bert[1]
