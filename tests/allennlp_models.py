"""AllenNLP text classifiers of all kinds of readers, indexers and embedders, made in a moment, and what they give by hand."""

import json
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

import numpy as np
import torch

import eli5_transformers  # noqa: F401  makes AllenNLP importable

# isort: split
from allennlp.common import Params
from allennlp.data import DatasetReader, Instance, Token, Vocabulary
from allennlp.data.fields import TextField
from allennlp.data.token_indexers import SingleIdTokenIndexer
from allennlp.models import Model
from allennlp.modules import Seq2SeqEncoder, Seq2VecEncoder, TextFieldEmbedder
from allennlp.modules.elmo import _ElmoCharacterEncoder
from allennlp.modules.token_embedders import Embedding, TokenCharactersEncoder
from allennlp.nn.util import get_text_field_mask
from allennlp.predictors import Predictor, TextClassifierPredictor

LINES = (
    ("a good film with a good cast works", "pos"),
    ("a bad film that broke and a weak end", "neg"),
    ("the quick plot was not good at all", "neg"),
    ("very good value indeed", "pos"),
)
TEXT = "a good film , but the end is bad"

IDS = {"type": "single_id"}
EMBEDDING = {"type": "embedding", "embedding_dim": 8}
CHARACTERS = {"type": "characters", "min_padding_length": 3}
CHARACTER_CNN = {
    "type": "character_encoding",
    "embedding": {"embedding_dim": 4, "vocab_namespace": "token_characters"},
    "encoder": {"type": "cnn", "embedding_dim": 4, "num_filters": 3, "ngram_filter_sizes": [2, 3]},
}
CHARACTER_LSTM = {**CHARACTER_CNN, "encoder": {"type": "lstm", "input_size": 4, "hidden_size": 5}}


@Model.register("tokens_to_classes", exist_ok=True)
class TokensToClasses(Model):
    """The usual classifier of one's own: embedder, encoders, a linear layer. It reads no ids for its output."""

    default_predictor = "text_classifier"

    def __init__(
        self,
        vocab: Vocabulary,
        embedder: TextFieldEmbedder,
        encoder: Seq2VecEncoder,
        inner: Optional[Seq2SeqEncoder] = None,
    ) -> None:
        super().__init__(vocab)
        self.embedder, self.inner, self.encoder = embedder, inner, encoder
        self.head = torch.nn.Linear(encoder.get_output_dim(), vocab.get_vocab_size("labels"))

    def forward(self, tokens: Any, label: Optional[torch.Tensor] = None, **kwargs: Any) -> Dict[str, torch.Tensor]:  # type: ignore[override]
        mask, vectors = get_text_field_mask(tokens), self.embedder(tokens)
        vectors = vectors if self.inner is None else self.inner(vectors, mask)
        logits = self.head(self.encoder(vectors, mask))
        found = {"logits": logits, "probs": logits.softmax(-1)}
        if label is not None:
            found["loss"] = torch.nn.functional.cross_entropy(logits, label.long().view(-1))
        return found

    def make_output_human_readable(self, output_dict: Dict[str, Any]) -> Dict[str, Any]:
        best = output_dict["probs"].argmax(-1).tolist()
        output_dict["label"] = [self.vocab.get_token_from_index(number, "labels") for number in best]
        return output_dict


def lstm(width: int, **options: Any) -> Dict[str, Any]:
    """An LSTM over vectors of that width, as a config has it."""
    return {"type": "lstm", "input_size": width, "hidden_size": 6, **options}


def built(
    tokenizer: Any = "whitespace",
    indexers: Optional[Dict[str, Any]] = None,
    embedders: Optional[Dict[str, Any]] = None,
    encoder: Optional[Dict[str, Any]] = None,
    inner: Optional[Dict[str, Any]] = None,
    **reader: Any,
) -> Any:
    """The predictor of a `text_classification_json` reader and a model with such indexers and embedders, untrained."""
    settings = {
        "type": "text_classification_json",
        "tokenizer": {"type": tokenizer} if isinstance(tokenizer, str) else tokenizer,
        "token_indexers": indexers or {"tokens": IDS},
        **reader,
    }
    own = DatasetReader.from_params(Params(_copied(settings)))
    instances = [own.text_to_instance(*line) for line in LINES]
    for instance in instances:
        own.apply_token_indexers(instance)
    torch.manual_seed(0)
    parts = {
        "type": "tokens_to_classes",
        "embedder": {"token_embedders": embedders or {"tokens": EMBEDDING}},
        "encoder": encoder or lstm(8),
        **({"inner": inner} if inner else {}),
    }
    vocab = Vocabulary()
    vocab.extend_from_instances(instances)
    return TextClassifierPredictor(Model.from_params(vocab=vocab, params=Params(_copied(parts))).eval(), own)


def read_by(tokenize: Callable[[str], Sequence[Token]], text: str = TEXT, **indexer: Any) -> Any:
    """The predictor of a reader of one's own, which makes these tokens of a text, and of an LSTM."""

    class Reader(DatasetReader):
        tokenizer = "its own"  # else AllenNLP's predictor cuts the text itself, by spaCy

        def text_to_instance(self, sentence: str, label: Any = None) -> Instance:  # type: ignore[override]
            return Instance({"tokens": TextField(list(tokenize(sentence)), {"tokens": SingleIdTokenIndexer(**indexer)})})

    words = dict.fromkeys(str(token) for token in tokenize(text))
    vocab = Vocabulary({"tokens": {**dict.fromkeys(words, 1), "other": 1, "words": 1}, "labels": {"pos": 2, "neg": 1}})
    torch.manual_seed(0)
    parts = {"type": "tokens_to_classes", "embedder": {"token_embedders": {"tokens": EMBEDDING}}, "encoder": lstm(8)}
    return TextClassifierPredictor(Model.from_params(vocab=vocab, params=Params(_copied(parts))).eval(), Reader())


def _copied(settings: Dict[str, Any]) -> Dict[str, Any]:
    return json.loads(json.dumps(settings))  # type: ignore[no-any-return]


def write_elmo(folder: Path) -> Dict[str, Any]:
    """The config of an ELMo embedder whose tiny weights, and options, are written into the folder."""
    import h5py

    random = np.random.RandomState(0)

    def drawn(*shape: int) -> np.ndarray:
        return (random.randn(*shape) * 0.5).astype("f4")

    options = {
        "lstm": {
            "use_skip_connections": True, "projection_dim": 4, "cell_clip": 3, "proj_clip": 3, "dim": 4, "n_layers": 2,
        },
        "char_cnn": {
            "activation": "relu", "filters": [[1, 4], [2, 4]], "n_highway": 1, "embedding": {"dim": 4},
            "n_characters": 262, "max_characters_per_token": 50,
        },
    }  # fmt: skip
    (folder / "options.json").write_text(json.dumps(options))
    with h5py.File(folder / "weights.hdf5", "w") as file:
        file["char_embed"] = drawn(261, 4)
        for number, (width, filters) in enumerate(options["char_cnn"]["filters"]):  # type: ignore[arg-type]
            file[f"CNN/W_cnn_{number}"], file[f"CNN/b_cnn_{number}"] = drawn(1, width, 4, filters), drawn(filters)
        file["CNN_proj/W_proj"], file["CNN_proj/b_proj"] = drawn(8, 4), drawn(4)
        for gate in ("transform", "carry"):
            file[f"CNN_high_0/W_{gate}"], file[f"CNN_high_0/b_{gate}"] = drawn(8, 8), drawn(8)
        for direction in (0, 1):
            for layer in (0, 1):
                cell = f"RNN_{direction}/RNN/MultiRNNCell/Cell{layer}/LSTMCell/"
                file[cell + "W_0"], file[cell + "B"], file[cell + "W_P_0"] = drawn(8, 16), drawn(16), drawn(4, 4)
    return {
        "type": "elmo_token_embedder",
        "options_file": str(folder / "options.json"),
        "weight_file": str(folder / "weights.hdf5"),
        "dropout": 0.0,
    }


def fresh_logits(predictor: Predictor, text: str) -> np.ndarray:
    """What the predictor says of a text, (classes,), when it has read nothing before."""
    for module in predictor._model.modules():
        if getattr(module, "stateful", False):
            module.reset_states()  # type: ignore[operator]
    return np.asarray(predictor.predict_json({"sentence": text})["logits"], dtype=float)


def slopes(predictor: Predictor, text: str, tokens: int, step: float = 1e-2) -> np.ndarray:
    """The change of the predictor's own logits, (tokens, classes), when all that a token looks up is scaled.

    By central differences, with hooks on all look-ups: tables of words, encoders of characters, ELMo's, and BERT's words.
    """
    tables = [module for name, module in predictor._model.named_modules() if _looks_up(name, module)]
    assert tables

    def logits(place: int, factor: float) -> np.ndarray:
        def scale(module: torch.nn.Module, given: Any, found: Any) -> Any:
            # ELMo's characters have a start in front of them.
            elmo = isinstance(found, dict)
            vectors = (found["token_embedding"] if elmo else found).clone()
            vectors[:, place + elmo] = vectors[:, place + elmo] * factor
            return {**found, "token_embedding": vectors} if elmo else vectors

        handles = [table.register_forward_hook(scale) for table in tables]
        try:
            return fresh_logits(predictor, text)
        finally:
            for handle in handles:
                handle.remove()

    return np.stack([(logits(place, 1 + step) - logits(place, 1 - step)) / (2 * step) for place in range(tokens)])


def _looks_up(name: str, module: torch.nn.Module) -> bool:
    if isinstance(module, (TokenCharactersEncoder, _ElmoCharacterEncoder)) or name.endswith("word_embeddings"):
        return True
    # Not those of characters, which are in an encoder of these.
    return isinstance(module, Embedding) and name.rpartition(".")[2].startswith("token_embedder_")


def removed(predictor: Predictor, words: Sequence[str], instead: str) -> np.ndarray:
    """What the logits lose, (words, classes), when another word is written in the place of one."""
    whole = fresh_logits(predictor, " ".join(words))
    texts: List[str] = [" ".join([*words[:at], instead, *words[at + 1 :]]) for at in range(len(words))]
    return np.stack([whole - fresh_logits(predictor, text) for text in texts])
