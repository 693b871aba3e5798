"""Files of both kinds: those of the first release are read, and what is none of ours is refused with the place."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import saved_examples
from markup import faults
from read_attributions import require_right_types, same

from eli5_transformers.errors import ExplanationError
from eli5_transformers.escapes import visible_line
from eli5_transformers.explanations.attribution_json import attribution_from_json, attribution_to_json
from eli5_transformers.explanations.explanation_json import explanation_from_json, explanation_to_json

VERSION_1 = Path(__file__).parent / "version_1"
ATTRIBUTION = (VERSION_1 / "attribution.json").read_text()
EXPLANATION = (VERSION_1 / "explanation.json").read_text()


def test_files_of_version_1_are_read_as_what_was_saved():
    assert explanation_from_json(EXPLANATION) == saved_examples.explanation()
    assert same(attribution_from_json(ATTRIBUTION), saved_examples.attribution())


def test_what_is_written_now_is_what_version_1_wrote():
    assert json.loads(explanation_to_json(saved_examples.explanation())) == json.loads(EXPLANATION)
    written, older = json.loads(attribution_to_json(saved_examples.attribution())), json.loads(ATTRIBUTION)
    added = {name: written["attribution"].pop(name) for name in set(written["attribution"]) - set(older["attribution"])}
    assert written == older
    several = {"question": "class", "weights": [], "classes": [], "probabilities": [], "places": [], "multi_label": False}
    measured = {"token_error": None, "standard_errors": None, "trust": None}
    # They have a default: older files are read without them.
    assert added == {"provenance": {}, **measured, **several}


def test_the_names_of_the_formats_do_not_follow_the_names_of_modules():
    assert json.loads(EXPLANATION)["format"] == "eli5_transformers.explanation"
    assert json.loads(ATTRIBUTION)["format"] == "eli5_transformers.attribution"


def test_an_attribution_of_an_older_release_may_lack_fields_that_have_a_default():
    held = json.loads(ATTRIBUTION)
    for name in ("notes", "parameters", "evaluations"):
        del held["attribution"][name]
    read = attribution_from_json(json.dumps(held))
    assert (read.notes, read.parameters, read.evaluations) == ((), {}, None)


def changed(change):
    held = json.loads(ATTRIBUTION)
    change(held["attribution"])
    return json.dumps(held)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda held: held.update(evaluations="45"), "`attribution.evaluations`"),
        (lambda held: held.update(evaluations=True), "`attribution.evaluations`"),
        (lambda held: held.update(probability="0.5"), "`attribution.probability`"),
        (lambda held: held.update(probability=10**400), "out of range - at `attribution.probability`"),
        (lambda held: held["scores"].__setitem__(2, "1"), r"`attribution.scores(\[2\])?`"),
        (lambda held: held["scores"].__setitem__(2, None), r"`attribution.scores(\[2\])?`"),
        (lambda held: held.update(scores=3), r"`attribution.scores(\[2\])?`"),
        (lambda held: held["scores"].pop(), "5 tokens need as many scores"),
        (lambda held: held.update(standard_errors=[0.1] * 4), "5 tokens need as many standard errors"),
        (lambda held: held.update(standard_errors=[0.1] * 4 + [-0.1]), r">= 0.0 - at `attribution.standard_errors"),
        (lambda held: held.update(more=1), "unknown field `more` - at `attribution`"),
        (lambda held: held["tokens"].update(more=1), "unknown field `more` - at `attribution.tokens`"),
        (lambda held: held["tokens"]["word"].pop(), "must have one entry a token"),
        (lambda held: held["tokens"]["start"].__setitem__(1, 0.5), r"`attribution.tokens.start\[1\]`"),
        (lambda held: held["tokens"]["segment"].__setitem__(1, 2), r"\(2, 0, 2\), which is no place in a document"),
        (lambda held: held["tokens"]["end"].__setitem__(1, 99), "no place in a document"),
        (lambda held: held["tokens"].update(seen=[]), "one entry of `cut` and of `seen` for each document"),
        (lambda held: held["tokens"]["seen"].__setitem__(1, [0, 99]), "no place in a document"),
        (lambda held: held["tokens"]["start"].__setitem__(1, -1), r"\(0, -1, 2\), which is no place"),
        (lambda held: held["tokens"]["end"].__setitem__(2, 1), r"\(0, 2, 1\), which is no place"),
        (lambda held: held["tokens"]["start"].__setitem__(1, -2), r">= -1 - at `attribution.tokens.start"),
        (lambda held: held["tokens"]["word"].__setitem__(1, 10**30), r"<= 9223372036854775807 - at `attribution.tokens.word"),
        (lambda held: held["tokens"]["segment"].__setitem__(1, -1), r">= 0 - at `attribution.tokens.segment"),
        (lambda held: held["tokens"]["cut"].__setitem__(1, -3), r">= 0 - at `attribution.tokens.cut"),
        (lambda held: held["tokens"]["seen"].__setitem__(1, [-1, 2]), r">= 0 - at `attribution.tokens.seen"),
        (lambda held: held["tokens"]["special"].__setitem__(1, 1), r"`attribution.tokens.special\[1\]`"),
        (lambda held: held.update(evaluations=-1), r">= 0 - at `attribution.evaluations`"),
        (lambda held: held.update(evaluations=10**4000), r"attribution.evaluations`"),
        (lambda held: held.update(target=-1), r">= 0 - at `attribution.target`"),
        (lambda held: held.update(probability=7), r"<= 1.000001 - at `attribution.probability`"),
        (lambda held: held.update(probability=-0.1), r">= -1e-06 - at `attribution.probability`"),
        (lambda held: held.update(documents=[]), r"length >= 1 - at `attribution.documents`"),
        (lambda held: held.update(documents="good"), r"got `str` - at `attribution.documents`"),
        (lambda held: held.update(label=None), r"got `null` - at `attribution.label`"),
        (lambda held: held.update(provenance={"model": 3}), r"got `int` - at `attribution.provenance"),
        (lambda held: held.update(parameters=[1]), r"got `array` - at `attribution.parameters`"),
    ],
)
def test_a_damaged_attribution_is_refused_with_the_place(change, message):
    with pytest.raises(ExplanationError, match=message):
        attribution_from_json(changed(change))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        (None, "not JSON"),
        (b"\xff", "not JSON"),
        ("[]", "not a saved attribution"),
        (EXPLANATION, "not a saved attribution"),
        (ATTRIBUTION.replace('"version": 1', '"version": 2'), "has version 2"),
        (ATTRIBUTION.replace('"version": 1', '"version": 1, "version": 1'), "a field twice"),
        (ATTRIBUTION.replace("-2e-300", "1e999"), "1e999 is no finite number"),
        (ATTRIBUTION.replace("-2e-300", "9" * 5000), "attribution.scores|not JSON"),
        (ATTRIBUTION.replace('{"a": "b"}', "[" * 100_000), "nested too deeply"),
        (ATTRIBUTION.replace('{"a": "b"}', "[" * 600 + "]" * 600), "nested too deeply"),
    ],
)
def test_a_text_that_is_no_saved_attribution_is_refused(text, message):
    with pytest.raises(ExplanationError, match=message):
        attribution_from_json(text)


def test_texts_may_be_empty_and_hold_half_a_character():
    held = json.loads(ATTRIBUTION)["attribution"]
    held.update(documents=["", "\ud800"], label="", notes=[""], scores=[], tokens={name: [] for name in held["tokens"]})
    read = attribution_from_json(json.dumps({**json.loads(ATTRIBUTION), "attribution": held}))
    assert read.documents == ("", "\ud800")
    assert same(attribution_from_json(attribution_to_json(read)), read)
    assert faults(read._repr_html_()) == []


def test_a_message_is_one_short_sentence_whatever_the_file_holds():
    name = "<script>\x1b]0;x\x07\n" * 9999
    for change in ({name: 1}, {"label": {name: name}}, {"probability": name}, {"scores": [name]}):
        with pytest.raises(ExplanationError) as caught:
            attribution_from_json(changed(lambda held, change=change: held.update(change)))
        assert len(str(caught.value)) < 600
        assert visible_line(str(caught.value)) == str(caught.value)
    for version in (name, [[name]], 10**4000):
        with pytest.raises(ExplanationError) as caught:
            attribution_from_json(json.dumps({**json.loads(ATTRIBUTION), "version": version}))
        assert len(str(caught.value)) < 600


def test_numpy_numbers_become_numbers_of_python():
    made = replace(
        saved_examples.attribution(),
        target=np.int64(2),
        probability=np.float32(0.5),
        score=np.float64(0.1),
        signed=np.True_,
    )
    read = attribution_from_json(attribution_to_json(made))
    assert (read.target, read.probability, read.score, read.signed) == (2, 0.5, 0.1, True)
    require_right_types(read)


@pytest.mark.parametrize(
    ("field", "value"),
    [("scores", np.full(5, np.nan)), ("evaluations", "45"), ("parameters", {"a": object()}), ("notes", None)],
)
def test_an_attribution_that_could_not_be_read_is_not_written(field, value):
    made = saved_examples.attribution()
    object.__setattr__(made, field, value)
    with pytest.raises(ExplanationError):
        attribution_to_json(made)
