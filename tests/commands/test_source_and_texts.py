"""Which word of the command line is the source, which a text, and what was meant by others."""

import pytest

from eli5_transformers.commands.words import source_and_texts, with_indices
from eli5_transformers.errors import InputError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good model").mkdir()
    (tmp_path / "model").mkdir()
    (tmp_path / "reviews.csv").write_text("text\ngood\n")


@pytest.mark.parametrize(
    ("words", "source", "texts"),
    [
        (["good"], None, ["good"]),
        (["and/or"], None, ["and/or"]),
        (["bundled", "good"], None, ["good"]),
        (["model", "good", "bad"], "model", ["good", "bad"]),
        (["good model", "good"], "good model", ["good"]),
        (["owner/name", "good"], "owner/name", ["good"]),
        (["my models/bert.tar.gz", "good"], "my models/bert.tar.gz", ["good"]),
        (["good model/bert", "good"], "good model/bert", ["good"]),
        (["I love it", "I hate it"], None, ["I love it", "I hate it"]),
        (["Great!", "Bad."], None, ["Great!", "Bad."]),
        (["model", "model"], "model", ["model"]),
        (["-5 stars"], None, ["-5 stars"]),
    ],
)
def test_sources_and_texts_are_told_apart(words, source, texts):
    assert source_and_texts(words, None, None, None) == (source, texts)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing to explain"),
        (["model"], "'model' is a folder, and no text was given"),
        (["good model"], "is a folder"),
        (["bundled"], "is the bundled model"),
        (["out/model.tar.gz"], "is the name of a source"),
        (["bert_pooler.jsonnet"], "is the name of a source"),
        (["nlptown/bert-base"], "is the name of a source"),
        (["./no-such"], "is the name of a source"),
        (["reviews.csv"], "give it by --input reviews.csv"),
        (["model", "reviews.csv"], "give it by --input reviews.csv"),
        (["", " "], "empty or white space"),
    ],
)
def test_a_forgotten_text_is_said(words, message):
    with pytest.raises(InputError, match=message):
        source_and_texts(words, None, None, None)


def test_texts_that_an_option_took_are_said():
    for words in ([], ["model"]):
        with pytest.raises(InputError, match="--targets and --contrast take every word"):
            source_and_texts(words, None, None, ["5 stars", "I love it"])


def test_a_number_that_no_class_is_called_is_an_index():
    assert with_indices(["1", "-1", "5 stars", "1.0"], ["1 star", "5 stars"]) == [1, -1, "5 stars", "1.0"]
    assert with_indices(["1", "2"], ["0", "1"]) == ["1", 2]
    assert with_indices(None, ["0"]) is None
