"""Classifiers of one text, of AllenNLP's own classes: recurrent, convolutional, averages, characters besides."""

import numpy as np
import pytest
from closeness import assert_close

from eli5_transformers import attribute, load_predictor

TEXT = "a great film , but the plot is weak"
READER = {
    "type": "text_classification_json",
    "tokenizer": {"type": "just_spaces"},
    "token_indexers": {"tokens": {"type": "single_id"}},
}
ENCODERS = {
    "bag of embeddings": {"type": "bag_of_embeddings", "embedding_dim": 6, "averaged": True},
    "lstm": {"type": "lstm", "input_size": 6, "hidden_size": 4, "bidirectional": True},
    "gru": {"type": "gru", "input_size": 6, "hidden_size": 4},
    "cnn": {"type": "cnn", "embedding_dim": 6, "num_filters": 3, "ngram_filter_sizes": [2, 3]},
    "cnn highway": {
        "type": "cnn-highway", "embedding_dim": 6, "filters": [[2, 3]], "num_highway": 1, "projection_dim": 4,
    },
}  # fmt: skip


def config(encoder, **model):
    return {
        "dataset_reader": READER,
        "model": {
            "type": "basic_classifier",
            "text_field_embedder": {"token_embedders": {"tokens": {"type": "embedding", "embedding_dim": 6}}},
            "seq2vec_encoder": encoder,
            **model,
        },
    }


@pytest.mark.parametrize("name", ENCODERS)
def test_scores_are_those_of_finite_differences(trained, slopes, name):
    predictor = load_predictor(trained(config(ENCODERS[name])))
    double = not name.startswith("cnn")
    (expected,) = slopes(predictor, {"sentence": TEXT}, lambda found: found["logits"], double=double)
    ((found,),) = attribute(predictor, TEXT, interpreter="gradient-x-input", baseline="zero")
    said = predictor.predict(TEXT)
    assert found.label == said["label"]
    assert_close(found.probability, np.max(said["probs"]))
    assert_close(found.scores, expected[:, found.target], rtol=1e-5 if double else 2e-3)
