"""Files of both kinds: those of the first release are read, and no file, whatever it holds, does more than be refused."""

import copy
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import get_type_hints

import numpy as np
import pytest
import saved_examples

from eli5_transformers.errors import ExplanationError
from eli5_transformers.explanations.attribution_json import attribution_from_json, attribution_to_json
from eli5_transformers.explanations.explanation_json import explanation_from_json, explanation_to_json
from eli5_transformers.explanations.to_eli5 import to_explanation
from eli5_transformers.records import Attribution, Tokens

VERSION_1 = Path(__file__).parent / "version_1"
ATTRIBUTION = (VERSION_1 / "attribution.json").read_text()
EXPLANATION = (VERSION_1 / "explanation.json").read_text()


def same(one, other):
    fields = set(get_type_hints(Attribution)) - {"scores"}
    return one.scores.tolist() == other.scores.tolist() and all(getattr(one, f) == getattr(other, f) for f in fields)


def test_files_of_version_1_are_read_as_what_was_saved():
    assert explanation_from_json(EXPLANATION) == saved_examples.explanation()
    assert same(attribution_from_json(ATTRIBUTION), saved_examples.attribution())


def test_what_is_written_now_is_what_version_1_wrote():
    assert json.loads(explanation_to_json(saved_examples.explanation())) == json.loads(EXPLANATION)
    written, older = json.loads(attribution_to_json(saved_examples.attribution())), json.loads(ATTRIBUTION)
    added = {name: written["attribution"].pop(name) for name in set(written["attribution"]) - set(older["attribution"])}
    assert written == older
    assert added == {"provenance": {}, "token_error": None}  # have a default: older files are read without them


def test_the_names_of_the_formats_do_not_follow_the_names_of_modules():
    assert json.loads(EXPLANATION)["format"] == "eli5_transformers.explanation"
    assert json.loads(ATTRIBUTION)["format"] == "eli5_transformers.attribution"


def test_an_attribution_of_an_older_release_may_lack_fields_that_have_a_default():
    held = json.loads(ATTRIBUTION)
    for name in ("notes", "parameters", "evaluations"):
        del held["attribution"][name]
    read = attribution_from_json(json.dumps(held))
    assert (read.notes, read.parameters, read.evaluations) == ((), {}, None)


HOSTILE = [
    None, True, 0, 1, -1, 3, 10**30, 10**400, 0.5, -0.0, 1e308, "", "1", "nan", "\ud800", "<script>", "$tuple", [], {}, [[]],
    [1, "a"], {"$tuple": []}, {"$tuple": [1]}, {"$dict": [[[], 1]]}, {"$dict": [["a", 1]]}, {"$float": "nan"},
    {"$float": 1}, {"$formatted": "<b>"}, {"$eval": "1"}, {"": 1}, {"target": 0}, [0.5] * 5, ["x"] * 5, [True] * 5,
]  # fmt: skip


def nodes(held):
    """(container, key) of everything in a JSON value."""
    items = held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ()
    return [place for key, item in items for place in [(held, key), *nodes(item)]]


def mutated(text, dice):
    """The file with one to three changes: of values, keys or bare characters."""
    held = json.loads(text)
    for _ in range(dice.randint(1, 3)):
        container, key = dice.choice(nodes(held))
        kind = dice.random()
        if kind < 0.6:
            container[key] = copy.deepcopy(dice.choice(HOSTILE))
        elif kind < 0.75:
            del container[key]
        elif isinstance(container, dict):
            container[dice.choice(["more", "$tuple", "scores", "image", "\ud800"])] = container.pop(key)
        else:
            container.insert(key, copy.deepcopy(dice.choice(HOSTILE)))
        if not isinstance(held, dict) or not nodes(held):
            break
    text = json.dumps(held)
    if dice.random() < 0.3:
        at = dice.randrange(len(text))
        put = dice.choice(
            ["", '"', "]", "}", ",", "1e999", "NaN", "-Infinity", "\\ud800", "\0", "9" * 5000, "[" * 9999]
        )
        text = text[:at] + put + text[at + dice.randint(0, 3) :]
    if dice.random() < 0.1:
        text = text.replace('{"', f'{{"{dice.choice(["version", "target", "weight"])}": 1, "', dice.randint(1, 9))
    return text


def fits(value, types):
    return any(type(value) is kind for kind in types)


def require_right_types(read):
    assert read.scores.dtype == float
    assert read.scores.shape == (len(read.tokens),)
    assert np.isfinite(read.scores).all()
    assert fits(read.target, [int])
    assert fits(read.signed, [bool])
    assert fits(read.evaluations, [int, type(None)])
    assert fits(read.parameters, [dict])
    for name in ("probability", "score", "baseline_score", "convergence_delta", "relative_delta", "token_error"):
        assert fits(getattr(read, name), [float, type(None)])
    for texts in (read.documents, read.notes, read.tokens.text):
        assert fits(texts, [tuple])
        assert all(fits(text, [str]) for text in texts)
    for name in set(get_type_hints(Tokens)) - {"text", "seen"}:
        entries = getattr(read.tokens, name)
        assert all(fits(entry, [bool if name == "special" else int]) for entry in entries)


def test_no_damaged_attribution_does_more_than_be_refused():
    dice, outcomes = random.Random(20261127), {"read": 0, "refused": 0}
    for _ in range(1000):
        try:
            read = attribution_from_json(mutated(ATTRIBUTION, dice))
        except ExplanationError:
            outcomes["refused"] += 1
            continue
        outcomes["read"] += 1
        require_right_types(read)
        assert same(attribution_from_json(attribution_to_json(read)), read)
        for granularity in ("word", "token", "sentence"):
            to_explanation([read], estimator="e", granularity=granularity)
    assert min(outcomes.values()) > 30


def test_no_damaged_explanation_does_more_than_be_refused():
    dice, outcomes = random.Random(20261127), {"read": 0, "refused": 0}
    for _ in range(1000):
        try:
            read = explanation_from_json(mutated(EXPLANATION, dice))
        except ExplanationError:
            outcomes["refused"] += 1
            continue
        outcomes["read"] += 1
        text = explanation_to_json(read)
        assert explanation_to_json(explanation_from_json(text)) == text
    assert min(outcomes.values()) > 30


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
        (lambda held: held.update(more=1), "unknown field `more` - at `attribution`"),
        (lambda held: held["tokens"].update(more=1), "unknown field `more` - at `attribution.tokens`"),
        (lambda held: held["tokens"]["word"].pop(), "must have one entry a token"),
        (lambda held: held["tokens"]["start"].__setitem__(1, 0.5), r"`attribution.tokens.start\[1\]`"),
        (lambda held: held["tokens"]["segment"].__setitem__(1, 2), r"\(2, 0, 2\), which is no place in a document"),
        (lambda held: held["tokens"]["end"].__setitem__(1, 99), "no place in a document"),
        (lambda held: held["tokens"].update(seen=[]), "one entry of `cut` and of `seen` for each document"),
        (lambda held: held["tokens"]["seen"].__setitem__(1, [0, 99]), "no place in a document"),
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
        (ATTRIBUTION.replace('{"a": "b"}', "[" * 600 + "]" * 600), None),
    ],
)
def test_a_text_that_is_no_saved_attribution_is_refused(text, message):
    if message is None:
        assert attribution_from_json(text)
        return
    with pytest.raises(ExplanationError, match=message):
        attribution_from_json(text)


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
