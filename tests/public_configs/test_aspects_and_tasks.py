"""Classifiers of a text and what it is judged of, of several tasks, and models around a model, as papers have them."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch
from allennlp.data import DatasetReader, Instance
from allennlp.data.fields import LabelField, TextField
from allennlp.data.token_indexers import SingleIdTokenIndexer
from allennlp.data.tokenizers import WhitespaceTokenizer
from allennlp.models import Model
from allennlp.models.archival import archive_model, load_archive
from allennlp.modules import Seq2VecEncoder, TextFieldEmbedder
from allennlp.modules.backbones import Backbone
from allennlp.nn import util
from allennlp.predictors import Predictor
from closeness import assert_close

from eli5_transformers import attribute, get_explanation, load_predictor
from eli5_transformers.errors import InputError

TEXT, ASPECT = "a great film , but the plot is weak", "the plot"
INDEXERS = {"tokens": SingleIdTokenIndexer()}
EMBEDDER = {"token_embedders": {"tokens": {"type": "embedding", "embedding_dim": 6}}}
LSTM = {"type": "lstm", "input_size": 6, "hidden_size": 4}


@DatasetReader.register("aspects", exist_ok=True)
class Aspects(DatasetReader):
    """What a text says of its `target`, in a field of its own or behind the text."""

    def __init__(self, joined: bool = False, **kwargs) -> None:
        super().__init__(**kwargs)
        self._tokenizer, self._joined = WhitespaceTokenizer(), joined

    def text_to_instance(self, text: str, target: str, sentiment: str = None) -> Instance:
        if self._joined:
            fields = {"text": TextField(self._tokenizer.tokenize(f"{text} | {target}"), INDEXERS)}
        else:
            fields = {"text": TextField(self._tokenizer.tokenize(text), INDEXERS)}
            fields["target"] = TextField(self._tokenizer.tokenize(target), INDEXERS)
        if sentiment is not None:
            fields["label"] = LabelField(sentiment)
        return Instance(fields)

    def _read(self, file_path: str):
        with open(file_path, encoding="utf-8") as file:
            for line in map(json.loads, file):
                yield self.text_to_instance(line["text"], line["text"].split()[-1], line["label"])


@Model.register("aspects", exist_ok=True)
class AspectModel(Model):
    """Both encoded by one encoder; probabilities alone."""

    def __init__(self, vocab, embedder: TextFieldEmbedder, encoder: Seq2VecEncoder) -> None:
        super().__init__(vocab)
        self.embedder, self.encoder = embedder, encoder
        self.out = torch.nn.Linear(2 * encoder.get_output_dim(), vocab.get_vocab_size("labels"))

    def _encode(self, text):
        return self.encoder(self.embedder(text), util.get_text_field_mask(text))

    def forward(self, text, target=None, label=None):
        encoded = self._encode(text)
        logits = self.out(torch.cat([encoded, encoded if target is None else self._encode(target)], 1))
        output = {"class_probabilities": logits.softmax(-1)}
        if label is not None:
            output["loss"] = torch.nn.functional.cross_entropy(logits, label)
        return output


@Predictor.register("aspects", exist_ok=True)
class AspectPredictor(Predictor):
    """{"text": …, "target": …}, where a "target" of other people is a label."""

    def _json_to_instance(self, json_dict):
        return self._dataset_reader.text_to_instance(json_dict["text"], json_dict["target"])


@Predictor.register("aspects-if-there", exist_ok=True)
class Lenient(Predictor):
    """The same, of keys that may be left out as far as the predictor says."""

    def _json_to_instance(self, json_dict):
        return self._dataset_reader.text_to_instance(json_dict["text"], json_dict.get("aspect"))


def aspects(**reader):
    model = {"type": "aspects", "embedder": EMBEDDER, "encoder": LSTM}
    return {"dataset_reader": {"type": "aspects", **reader}, "model": model}


@pytest.mark.parametrize("predictor", [None, "aspects", "aspects-if-there"])
@pytest.mark.parametrize("joined", [False, True])
def test_what_a_text_is_judged_of_is_a_text(trained, slopes, joined, predictor):
    """A "target" was taken for a label, and one of the vocabulary's labels was read in its place."""
    predictor = load_predictor(trained(aspects(joined=joined)), predictor=predictor)
    given = {"text": TEXT, "aspect" if isinstance(predictor, Lenient) else "target": ASPECT}
    expected = np.concatenate(slopes(predictor, given, lambda found: np.log(found["class_probabilities"])))
    options = {"interpreter": "gradient-x-input", "baseline": "zero", "keep_special": False}
    ((one,),) = attribute(predictor, TEXT, text_pairs=[ASPECT], **options)
    assert one.documents == (TEXT, ASPECT)
    assert_close(one.scores, expected[:, one.target], rtol=1e-5)
    if joined and isinstance(predictor, Lenient):  # reads the text without it, too, as its author has it
        assert attribute(predictor, TEXT)[0][0].tokens.text[-1] == "None"
        return
    with pytest.raises(InputError, match="reads a pair of texts"):
        get_explanation(predictor, TEXT)


@pytest.fixture(scope="module")
def archive(trained):
    reader = {"type": "text_classification_json", "tokenizer": "just_spaces"}
    model = {"type": "basic_classifier", "text_field_embedder": EMBEDDER, "seq2vec_encoder": LSTM}
    return trained({"dataset_reader": reader, "model": model})


@Model.register("around", exist_ok=True)
class Around(Model):
    """A model around a model, as the wrappers against bias are: its own `train` returns nothing."""

    default_predictor = "text_classifier"

    def __init__(self, vocab, base_model: Model) -> None:
        super().__init__(vocab)
        self.base_model = base_model

    def train(self, mode: bool = True):
        super().train(mode)

    def forward(self, **fields):
        return self.base_model(**fields)

    def make_output_human_readable(self, output_dict):
        return self.base_model.make_output_human_readable(output_dict)


@pytest.mark.parametrize("inside", [False, True])
def test_a_model_whose_train_returns_nothing(trained, slopes, archive, inside):
    inner = {"type": "from_archive", "archive_file": str(archive)}
    if inside:
        inner = {"type": "basic_classifier", "text_field_embedder": EMBEDDER, "seq2vec_encoder": LSTM}
    config = {"dataset_reader": {"type": "text_classification_json", "tokenizer": {"type": "just_spaces"}}}
    predictor = load_predictor(trained({**config, "model": {"type": "around", "base_model": inner}}))
    (expected,) = slopes(predictor, {"sentence": TEXT}, lambda found: found["logits"])
    ((one,),) = attribute(predictor, TEXT, interpreter="gradient-x-input", baseline="zero", keep_special=False)
    assert one.label == predictor.predict(TEXT)["label"]
    assert_close(one.scores, expected[:, one.target], rtol=1e-5)


@Backbone.register("embedded", exist_ok=True)
class Embedded(Backbone):
    """Embeds the words for all heads."""

    def __init__(self, vocab, embedder: TextFieldEmbedder) -> None:
        super().__init__()
        self.embedder = embedder

    def forward(self, text):
        return {"encoded_text": self.embedder(text), "encoded_text_mask": util.get_text_field_mask(text)}


TASKS = ("sentiment", "topic")


@pytest.fixture(scope="module")
def multitask(tmp_path_factory, archive):
    """The archive of an untrained model of two tasks: AllenNLP trains such models with the package more-itertools alone."""
    from allennlp.common import Params
    from allennlp.data import Vocabulary

    reader = {"type": "text_classification_json", "tokenizer": {"type": "just_spaces"}}
    heads = {name: {"type": "classifier", "seq2vec_encoder": LSTM, "label_namespace": f"{name}_labels"} for name in TASKS}
    config = {
        "dataset_reader": {"type": "multitask", "readers": dict.fromkeys(TASKS, reader)},
        "model": {
            "type": "multitask",
            "arg_name_mapping": {"backbone": {"tokens": "text"}},
            "backbone": {"type": "embedded", "embedder": EMBEDDER},
            "heads": heads,
        },
    }
    folder = tmp_path_factory.mktemp("multitask")
    vocabulary = Vocabulary.from_files(str(archive.parent / "vocabulary"))
    for name, labels in zip(TASKS, (("neg", "pos"), ("sport", "art", "war"))):
        vocabulary.add_tokens_to_namespace(labels, f"{name}_labels")
    vocabulary.save_to_files(str(folder / "vocabulary"))
    model = Model.from_params(Params(json.loads(json.dumps(config["model"]))), vocab=vocabulary)
    torch.save(model.state_dict(), folder / "best.th")
    (folder / "config.json").write_text(json.dumps(config))
    archive_model(str(folder))
    return folder / "model.tar.gz"


@pytest.mark.parametrize("task", TASKS)
def test_one_task_of_a_multitask_model(multitask, slopes, task):
    chosen = {"type": "one_task", "task": task}
    predictor = load_predictor(multitask, predictor=chosen)
    stock = Predictor.from_path(str(multitask))
    instance = stock._dataset_reader.readers[task].text_to_instance(TEXT)
    said = stock.predict_instance(instance)
    (expected,) = slopes(predictor, {"text": TEXT}, lambda found: found["logits"])
    ((one,),) = attribute(predictor, TEXT, interpreter="gradient-x-input", baseline="zero", keep_special=False)
    assert one.label == said[f"{task}_label"]
    assert_close(one.score, said[f"{task}_logits"][one.target])
    assert_close(one.scores, expected[:, one.target], rtol=1e-5)
    assert get_explanation(multitask, TEXT, overrides={"predictor": chosen}).targets[0].target == one.label


def test_a_multitask_model_is_asked_for_one_task(multitask):
    """AllenNLP's predictor of such models answered, as a mend, for a dict that it cannot read."""
    for given in (TEXT, {"task": "topic", "sentence": TEXT}):
        with pytest.raises(InputError, match=r"several tasks \('sentiment', 'topic'\).*\"type\": \"one_task\""):
            get_explanation(multitask, given)
    for task in ("", "topc"):
        with pytest.raises(InputError, match=r"the model has 'sentiment', 'topic': give"):
            load_predictor(multitask, predictor={"type": "one_task", "task": task})


def test_one_task_is_for_multitask_models(archive):
    with pytest.raises(InputError, match="'one_task' is for a multitask model"):
        load_predictor(archive, predictor="one_task")


def test_one_task_on_the_command_line(trained, archive, multitask, tmp_path):
    """`--predictor` takes what `predictor=` takes."""
    module = "import test_aspects_and_tasks, sys; from eli5_transformers.__main__ import main; main()"
    options = ["--predictor", json.dumps({"type": "one_task", "task": "topic"})]
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", module, "explain", str(multitask), TEXT, *options],
        capture_output=True, text=True, timeout=300, env=_with_tests(),
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert "film" in ran.stdout


def _with_tests():
    import os
    from pathlib import Path

    here = Path(__file__).parent
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(here), str(here.parent), os.environ.get("PYTHONPATH", "")])}


def test_an_archive_that_was_loaded_by_allennlp(archive):
    loaded = load_archive(str(archive))
    ((expected,),) = attribute(archive, TEXT)
    ((found,),) = attribute(loaded, TEXT)
    assert_close(found.scores, expected.scores)
    assert load_predictor(loaded)._model is loaded.model
    assert type(load_predictor(loaded, predictor="text_to_instance")).__name__ == "ReaderPredictor"
    with pytest.raises(InputError, match="the option overrides is not for an Archive"):
        load_predictor(loaded, overrides={"model.dropout": 0.1})
