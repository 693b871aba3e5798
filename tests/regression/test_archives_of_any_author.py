"""Archives and serialization folders are read as AllenNLP writes them, whatever of them a person has, or refused with a mend.

Configs whose reader is a name alone ended in "'str' object has no attribute 'duplicate'" (AllenNLP trains them, its
`load_archive` does not read them); the config of a finished training was answered by advice that led to random weights; a
data file was refused for want of a package where a reader asks that an archive be unpacked; keys of `allennlp train` were
unknown. The tests before wrote their configs in one way, and gave archives whole.
"""

import inspect
import json
import shutil

import pytest
from closeness import assert_close

import eli5_transformers  # noqa: F401  makes AllenNLP importable

# isort: split
from allennlp.commands.train import TrainModel, train_model
from allennlp.common import Params
from allennlp.data import DatasetReader, Instance
from allennlp.data.fields import TextField
from allennlp.data.token_indexers import SingleIdTokenIndexer
from allennlp.data.tokenizers import CharacterTokenizer, PretrainedTransformerTokenizer
from allennlp.predictors import Predictor

from eli5_transformers import attribute, get_explanation, load_predictor
from eli5_transformers.adapters.configs import _KEYS
from eli5_transformers.components.text_to_instance import ReaderPredictor
from eli5_transformers.errors import InputError, SourceError, UnsupportedModelError

TEXT = "a good film with a bad end"
LINES = (("a good film", "pos"), ("a bad film with a bad end", "neg"), ("the end is good", "pos"))
MODEL = {
    "type": "basic_classifier",
    "text_field_embedder": {"token_embedders": {"tokens": {"type": "embedding", "embedding_dim": 5}}},
    "seq2vec_encoder": {"type": "boe", "embedding_dim": 5},
}




@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a training. Read only."""
    made = tmp_path_factory.mktemp("training")
    data = made / "data.jsonl"
    data.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in LINES))
    reader = {"type": "text_classification_json", "tokenizer": "just_spaces"}
    config = {"dataset_reader": reader, "model": MODEL, "train_data_path": str(data), "data_loader": {"batch_size": 3}}
    train_model(Params({**config, "trainer": {"optimizer": {"type": "sgd", "lr": 0.1}, "num_epochs": 1}}), str(made / "run"))
    return made / "run"


@pytest.fixture
def changed(folder, tmp_path):
    """Makes a copy of the folder, its weights and vocabulary the same, with another config."""

    def change(edit):
        copied = tmp_path / "run"
        shutil.copytree(folder, copied, ignore=shutil.ignore_patterns("*.tar.gz"))
        config = json.loads((copied / "config.json").read_text())
        edit(config)
        (copied / "config.json").write_text(json.dumps(config))
        return copied

    return change


def test_parts_that_are_a_name_alone(changed):
    def edit(config):
        config["vocabulary"] = "from_instances"
        config["dataset_reader"] = config["validation_dataset_reader"] = "spaced"

    from allennlp.data.dataset_readers import TextClassificationJsonReader
    from allennlp.data.tokenizers import WhitespaceTokenizer

    @DatasetReader.register("spaced", exist_ok=True)
    class Spaced(TextClassificationJsonReader):
        def __init__(self) -> None:
            super().__init__(tokenizer=WhitespaceTokenizer())

    found = changed(edit)
    predictor = load_predictor(found)
    expected = predictor.predict(TEXT)
    ((one,),) = attribute(predictor, TEXT)
    assert_close(one.score, expected["logits"][one.target])
    assert get_explanation(found, TEXT, overrides={"model.dropout": 0.0}).targets[0].target == expected["label"]


def test_keys_of_a_config_are_those_that_allennlp_reads():
    """Its `train` takes these, besides what it does itself."""
    taken = set(inspect.signature(TrainModel.from_partial_objects).parameters)
    assert taken <= {*_KEYS}
    assert {"include_in_archive", "evaluation", "distributed", "random_seed"} <= {*_KEYS}


@pytest.mark.parametrize("part", ["config.json", "best.th", "meta.json", "vocabulary", "model.tar.gz"])
def test_a_part_of_what_was_trained(folder, part):
    if part == "model.tar.gz":
        assert get_explanation(folder / part, TEXT).targets
        return
    with pytest.raises(SourceError, match="is one part of what AllenNLP has trained: give the folder") as raised:
        load_predictor(folder / part)
    mend = str(raised.value).rpartition(", ")[2]
    assert get_explanation(mend, TEXT).targets


def test_a_config_without_a_vocabulary_is_told_where_the_weights_are(folder, tmp_path):
    """With the vocabulary of the training it would have explained a model of random weights."""
    shutil.copy(folder / "config.json", tmp_path / "config.json")
    with pytest.raises(SourceError, match="for a model that AllenNLP has trained give its archive or folder"):
        load_predictor(tmp_path / "config.json")


def test_an_archive_of_an_earlier_release_by_overrides(changed):
    """The weights have the same names: only the config is another."""

    def edit(config):
        config["dataset_reader"] = {"type": "text_classification_json", "lazy": False, "tokenizer": {"type": "word"}}
        config["model"]["text_field_embedder"] = {"tokens": {"type": "embedding", "embedding_dim": 5}}

    found = changed(edit)
    (found / "meta.json").unlink()
    with pytest.raises(SourceError, match="may not read those; overrides can write its parts as 2.10.1 has them"):
        load_predictor(found)
    reader = {"type": "text_classification_json", "tokenizer": {"type": "just_spaces"}}
    overrides = {"dataset_reader": reader, "model.text_field_embedder": MODEL["text_field_embedder"]}
    assert get_explanation(found, TEXT, overrides=overrides).targets


def test_a_model_without_its_reader_is_asked_for_one(folder):
    predictor = load_predictor(folder)
    with pytest.raises(SourceError, match=r"of AllenNLP takes what its reader makes of a text.*predictor_class\(model, read"):
        load_predictor(predictor._model)
    made = type(predictor)(predictor._model, predictor._dataset_reader)
    assert get_explanation(made, TEXT).targets


class InPairs(Predictor):
    """As releases of AllenNLP before 1.0 had it: an instance, and what else the answer shall hold."""

    def _json_to_instance(self, json_dict):
        return self._dataset_reader.text_to_instance(json_dict["text"]), {"all_labels": ["pos", "neg"]}


class Told(Predictor):
    """A second key that no predictor says it reads."""

    def _json_to_instance(self, json_dict):
        more = f" {json_dict['information']}" if "information" in json_dict else ""
        return self._dataset_reader.text_to_instance(json_dict["event"] + more)


def test_a_predictor_that_gives_no_instance_alone(folder):
    with pytest.raises(InputError, match="gives a tuple, and no Instance: let it return the instance alone"):
        get_explanation(folder, TEXT, predictor=InPairs)


def test_a_second_text_that_may_be_left_out(folder):
    """Whatever its key: it was refused, with advice for checkpoints."""
    predictor = load_predictor(folder, predictor=Told)
    ((alone,),) = attribute(predictor, TEXT)
    assert alone.documents == (TEXT,)
    ((both,),) = attribute(predictor, TEXT, text_pairs=["the film is bad"])
    assert both.documents == (TEXT, "the film is bad")
    said = predictor.predict_json({"event": TEXT, "information": "the film is bad"})
    assert_close(both.score, said["logits"][both.target])


def test_what_is_folded_is_refused_with_a_mend_that_works(stars_checkpoint, tmp_path):
    name = {"type": "pretrained_transformer", "model_name": str(stars_checkpoint)}
    config = {
        "dataset_reader": {
            "type": "text_classification_json", "tokenizer": name, "token_indexers": {"tokens": {**name, "max_length": 60}},
        },
        "model": {
            "type": "basic_classifier",
            "text_field_embedder": {"token_embedders": {"tokens": {**name, "max_length": 60}}},
            "seq2vec_encoder": {"type": "boe", "embedding_dim": 32},
            "namespace": "tags",
            "num_labels": 2,
        },
        "vocabulary": {"type": "empty"},
    }  # fmt: skip
    (tmp_path / "folded.json").write_text(json.dumps(config))
    text = "the service was good but never again . " * 8
    assert get_explanation(tmp_path / "folded.json", "the service was good").targets
    with pytest.raises(UnsupportedModelError, match="leave max_length out of both the indexer and the embedder"):
        get_explanation(tmp_path / "folded.json", text)
    places = ("dataset_reader.token_indexers.tokens", "model.text_field_embedder.token_embedders.tokens")
    assert get_explanation(tmp_path / "folded.json", text, overrides={f"{place}.max_length": None for place in places}).targets


class Joins(DatasetReader):
    """Takes words, as a treebank has them, and makes its own tokens of all of them."""

    def __init__(self, tokenizer) -> None:
        super().__init__()
        self._tokenizer, self._indexers = tokenizer, {"tokens": SingleIdTokenIndexer()}

    def text_to_instance(self, tokens, sentiment=None) -> Instance:
        return Instance({"tokens": TextField(self._tokenizer.tokenize(" ".join(tokens)), self._indexers)})


@pytest.mark.parametrize("pieces", [False, True])
def test_words_of_which_a_reader_makes_tokens_itself(folder, stars_checkpoint, pieces):
    """They were given as the tokenizer's own tokens, of which it made tokens again: its special tokens are the same then."""
    tokenizer = CharacterTokenizer(start_tokens=["<s>"], end_tokens=["</s>"])
    if pieces:
        tokenizer = PretrainedTransformerTokenizer(str(stars_checkpoint))
    predictor = ReaderPredictor(load_predictor(folder)._model, Joins(tokenizer))
    text = "a bad end"
    ((one,),) = attribute(predictor, text)
    assert one.tokens.text == tuple(map(str, tokenizer.tokenize(text)))
    said = predictor.predict_json({"tokens": text.split()})
    assert_close(one.score, said["logits"][one.target])
