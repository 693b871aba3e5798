"""A second text under a name that was not in the table was dropped: `question` of a `question`/`sentence` pair.

The model of pairs then answered about half of its input, with exit code 0. Tests had the names of the table alone.
"""

import json

import pytest
from explained_files import explained

from eli5_transformers import attribute, load_predictor
from eli5_transformers.arguments import text_and_pair
from eli5_transformers.errors import InputError


def test_a_known_pair_is_a_pair(stars_checkpoint, tmp_path):
    predictor = load_predictor(stars_checkpoint)
    row = {"question": "is it good", "sentence": "I like it"}
    ((given,),) = attribute(predictor, [row], interpreter="gradient-x-input")
    assert given.documents == ("is it good", "I like it")
    assert predictor._dataset_reader.documents(row) == ("is it good", "I like it")
    (tmp_path / "r.jsonl").write_text(json.dumps(row))
    code, texts, said = explained(stars_checkpoint, tmp_path / "r.jsonl")
    assert (code, texts) == (0, [("is it good", "I like it")])
    assert "text from column 'question', pair from 'sentence'" in said


def test_two_texts_that_are_no_pair_are_asked_about(stars_checkpoint, tmp_path):
    predictor = load_predictor(stars_checkpoint)
    row = {"title": "good", "review": "I like it"}
    for refused in (lambda: text_and_pair(row), lambda: attribute(predictor, row), lambda: predictor.predict_json(row)):
        with pytest.raises(InputError, match="'title', 'review'"):
            refused()
    (tmp_path / "r.jsonl").write_text(json.dumps(row))
    code, texts, said = explained(stars_checkpoint, tmp_path / "r.jsonl")
    assert (code, texts, "'title', 'review'" in said) == (1, [], True)
