"""What a record can do by itself: show, save, sum and plot its scores."""

import copy
import json
import pickle

import matplotlib
import numpy as np
import pytest
from closeness import assert_close
from handmade import attribution
from interpreters import tiny
from stacks import needs_captum

from eli5_transformers import Attribution, FailedText, attribute, attribution_from_json, attribution_to_json
from eli5_transformers.errors import ExplanationError, InputError


@pytest.fixture
def made():
    return attribution("not bad, not slow", [0.5, -2.0, 0.0, 0.25, 1.0], provenance={"model": "m"})


def test_repr_is_one_line_with_the_strongest_words(made):
    assert repr(made) == "<Attribution of 'fine' (0.75) by by-hand: 'bad' -2, 'slow' +1, 'not' +0.5>"
    long = attribution("x" * 500, [1.0], label="l" * 500, probability=None)
    assert len(repr(long)) < 120
    assert "\n" not in repr(attribution("a\u202eb", [1.0], pattern=".+", label="two\nlines"))


def test_top_words_are_the_largest_by_size_without_special_tokens(made):
    assert made.top(2) == [("bad", -2.0), ("slow", 1.0)]
    assert [word for word, _ in made.top()] == ["bad", "slow", "not", "not", ","]
    assert made.top(np.int64(1)) == made.top(1)
    for count in (0, True, 1.5):
        with pytest.raises(InputError, match="count is"):
            made.top(count)


def test_by_word_keeps_the_sum():
    pieces = attribution("unbelievable film", [1.0, 2.0, 4.0], pattern="un|believable|film")
    tokens = pieces.tokens
    whole = copy.copy(pieces)
    object.__setattr__(whole, "tokens", type(tokens)(**{**vars(tokens), "word": (-1, 0, 0, 1, -1)}))
    assert whole.by_word().top() == [("film", 4.0), ("unbelievable", 3.0)]
    assert_close(whole.by_word().scores.sum(), pieces.scores.sum())


def test_a_data_frame_has_a_row_a_token(made):
    frame = made.to_dataframe()
    assert list(frame.columns) == ["text", "start", "end", "word", "segment", "special", "score"]
    assert list(frame.text) == list(made.tokens.text)
    assert_close(frame.score.sum(), made.scores.sum())


def test_saved_attributions_are_read_again(made, tmp_path):
    made.save(tmp_path / "a.json")
    read = Attribution.load(str(tmp_path / "a.json"))
    assert read.provenance == {"model": "m"}
    assert attribution_to_json(read) == attribution_to_json(made)
    (tmp_path / "other").write_bytes(b"\xff\x00")
    with pytest.raises(ExplanationError):
        Attribution.load(tmp_path / "other")


def test_attributions_that_were_saved_before_they_had_a_provenance_are_read(made):
    held = json.loads(attribution_to_json(made))
    del held["attribution"]["provenance"]
    assert attribution_from_json(json.dumps(held)).provenance == {}


def test_a_notebook_shows_the_painted_text(made):
    assert "not bad" in made._repr_html_().replace("</span>", "").split("<style>")[0] or "bad" in made._repr_html_()
    assert "y=fine" in made._repr_html_().replace("<b>", "").replace("\n", "").replace(" ", "")


def test_a_plot_has_a_bar_a_word(made):
    matplotlib.use("Agg")
    axes = made.plot(top=2)
    assert {"bad", "slow"} <= {label.get_text() for label in axes.get_yticklabels()}


def test_what_is_no_attribution_is_refused_by_its_kind(made):
    from eli5_transformers import Comparison, explanation_page, plot_attribution, to_explanation

    for given in ([[made]], None, 5, FailedText(0, InputError("no text"))):
        with pytest.raises(InputError, match="takes an Attribution|no text"):
            plot_attribution(given)
        with pytest.raises(ExplanationError, match=f"a {type(given).__name__} was given, but only one Attribution"):
            attribution_to_json(given)
    with pytest.raises(InputError, match="Comparison takes an Attribution"):
        Comparison(([made],))
    assert Comparison(made).attributions == (made,)
    with pytest.raises(InputError, match="title is None"):
        explanation_page(to_explanation(made), None)
    with pytest.raises(InputError, match="ax is 5"):
        plot_attribution(made, ax=5)
    with pytest.raises(InputError, match="a Attribution was given, but a page shows an Explanation"):
        explanation_page(made, "title")


def saved_and_made_again(interpreter, file):
    """An attribution whose parameters, as a file has them, make the same scores."""
    ((found,),) = attribute(tiny.linear(), "i love it", interpreter=interpreter)
    found.save(file)
    read = Attribution.load(file)
    ((again,),) = attribute(tiny.linear(), "i love it", interpreter={"type": read.method, **read.parameters})
    assert_close(again.scores, found.scores)


def test_options_in_numpys_numbers_are_saved(tmp_path):
    options = {"n_steps": np.int64(3), "keep_special": np.bool_(False), "baseline": np.zeros(6, dtype=np.float32)}
    saved_and_made_again({"type": "integrated-gradients", **options}, tmp_path / "a.json")


@needs_captum
def test_options_of_captum_in_numpys_numbers_are_saved(tmp_path):
    options = {"n_samples": np.int64(2), "stdevs": np.float32(0.5)}
    saved_and_made_again({"type": "captum", "method": "GradientShap", "options": options}, tmp_path / "a.json")


def test_provenance_names_the_model_and_the_releases(stars_checkpoint, tmp_path):
    import allennlp.version
    import torch
    import transformers

    import eli5_transformers

    ((found,),) = attribute(stars_checkpoint, "good film")
    assert found.provenance == {
        "model": stars_checkpoint.name,
        "model_class": "BertForSequenceClassification",
        "model_type": "bert",
        "dtype": "float32",
        "device": "cpu",
        "eli5_transformers": eli5_transformers.__version__,
        "allennlp": allennlp.version.VERSION,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
    }
    ((own,),) = attribute(tiny.linear(), "i love it", interpreter="smoothgrad", samples=2)
    assert own.provenance["model_class"] == "Linear"
    assert "model_type" not in own.provenance


def test_a_failed_text_is_an_empty_list_that_says_why():
    failed = FailedText(3, InputError("no text"))
    assert not failed
    assert list(failed) == []
    assert repr(failed) == "FailedText(3, InputError('no text'))"
    again = pickle.loads(pickle.dumps(failed))
    assert (again.position, str(again.error)) == (3, "no text")


def test_a_notebook_shows_the_sentence_above_the_painted_text():
    made = attribution("not bad", [1.0, -3.0], label="<b>fine</b>")
    shown = made._repr_html_()
    assert made.summary.startswith("“bad” ")
    assert shown.index("“bad” ") < shown.index("<style>")
    assert "<b>fine</b>" not in shown
    assert "&lt;b&gt;fine&lt;/b&gt;" in shown
