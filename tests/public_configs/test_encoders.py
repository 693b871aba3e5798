"""Encoders of all families, embeddings from files, and what an indexer adds: trained, and explained from the archive."""

import numpy as np
import pytest
from closeness import assert_close

from eli5_transformers import attribute, load_predictor

TEXT = "a great film , but the plot is weak"
IDS = {"type": "single_id"}
EMBEDDING = {"type": "embedding", "embedding_dim": 6}
BAG = {"type": "bag_of_embeddings", "embedding_dim": 6, "averaged": True}
LSTM = {"type": "lstm", "input_size": 6, "hidden_size": 4}
FEEDFORWARD = {"input_dim": 6, "num_layers": 1, "hidden_dims": 6, "activations": "tanh"}


def model(inner=None, encoder=BAG, embedding=EMBEDDING, **more):
    return {
        "type": "basic_classifier",
        "text_field_embedder": {"token_embedders": {"tokens": embedding}},
        "seq2vec_encoder": encoder,
        **({"seq2seq_encoder": inner} if inner else {}),
        **more,
    }


MODELS = {
    "two layers of GRU": model({"type": "gru", "input_size": 6, "hidden_size": 3, "num_layers": 2, "bidirectional": True}),
    "stacked LSTM": model({"type": "stacked_bidirectional_lstm", "input_size": 6, "hidden_size": 3, "num_layers": 2}),
    "alternating LSTM": model(None, {"type": "alternating_lstm", "input_size": 6, "hidden_size": 4, "num_layers": 2}),
    "transformer": model({
        "type": "pytorch_transformer", "input_dim": 6, "num_layers": 1, "num_attention_heads": 2,
        "feedforward_hidden_dim": 8, "positional_encoding": "sinusoidal",
    }),
    "gated convolutions": model(
        {"type": "gated-cnn-encoder", "input_dim": 6, "layers": [[[2, 6]]]}, {**BAG, "embedding_dim": 12}
    ),
    "composed": model({
        "type": "compose",
        "encoders": [{"type": "feedforward", "feedforward": FEEDFORWARD}, {"type": "pass_through", "input_dim": 6}],
    }),
    "feed forward at the end": model(None, LSTM, feedforward={**FEEDFORWARD, "input_dim": 4, "hidden_dims": 5}),
    "frozen": model(None, LSTM, {**EMBEDDING, "trainable": False}),
    "projected": model(None, {**LSTM, "input_size": 5}, {**EMBEDDING, "projection_dim": 5}),
}  # fmt: skip


def config(model, **indexer):
    reader = {
        "type": "text_classification_json",
        "tokenizer": {"type": "just_spaces"},
        "token_indexers": {"tokens": {**IDS, **indexer}},
    }
    return {"dataset_reader": reader, "model": model}


def compared(predictor, slopes, special=0):
    """The scores of the text, checked against the oracle's; tokens that were put around it are scored like any."""
    (expected,) = slopes(predictor, {"sentence": TEXT}, lambda found: found["logits"])
    ((found,),) = attribute(predictor, TEXT, interpreter="gradient-x-input", baseline="zero", keep_special=False)
    said = predictor.predict(TEXT)
    assert found.label == said["label"]
    assert sum(found.tokens.special) == special
    assert_close(found.probability, np.max(said["probs"]))
    assert_close(found.scores, expected[:, found.target], rtol=1e-5)
    return found


@pytest.mark.parametrize("name", MODELS)
def test_scores_are_those_of_finite_differences(trained, slopes, name):
    projected = name == "projected"
    predictor = load_predictor(trained(config(MODELS[name])))
    # A projection belongs to the look-up.
    table = predictor._model._text_field_embedder.token_embedder_tokens if projected else None
    compared(predictor, slopes if table is None else lambda *given: slopes(*given, table=table))


def test_vectors_of_a_file(trained, slopes, tmp_path):
    words = sorted({*TEXT.split(), "good", "bad"})
    random = np.random.RandomState(0)
    lines = [" ".join([word, *(f"{number:.4f}" for number in random.randn(6))]) for word in words]
    (tmp_path / "glove.6d.txt").write_text("\n".join(lines))
    embedding = {**EMBEDDING, "pretrained_file": str(tmp_path / "glove.6d.txt"), "trainable": False}
    predictor = load_predictor(trained(config(model(None, LSTM, embedding))))
    compared(predictor, slopes)


def test_sparse_gradients_in_training(trained, slopes):
    optimizer = {"trainer": {"optimizer": {"type": "dense_sparse_adam", "lr": 0.05}}}
    given = {**config(model(None, BAG, {**EMBEDDING, "sparse": True})), **optimizer}
    compared(load_predictor(trained(given)), slopes)


def test_tokens_around_the_text_are_special(trained, slopes):
    predictor = load_predictor(trained(config(model(None, LSTM), start_tokens=["<S>"], end_tokens=["</S>"])))
    found = compared(predictor, slopes, special=2)
    assert (found.tokens.text[0], found.tokens.text[-1]) == ("<S>", "</S>")


def test_a_removed_word_is_one_that_is_written_in_its_place(trained):
    predictor = load_predictor(trained(config(MODELS["transformer"], lowercase_tokens=True)))
    words = TEXT.split()
    ((found,),) = attribute(predictor, TEXT, interpreter="occlusion", baseline="unk")
    whole = predictor.predict(TEXT)["logits"][found.target]
    texts = [" ".join([*words[:at], "@@UNKNOWN@@", *words[at + 1 :]]) for at in range(len(words))]
    lost = [whole - predictor.predict(text)["logits"][found.target] for text in texts]
    assert_close(found.scores, lost, rtol=1e-4)
