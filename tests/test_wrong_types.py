"""Every public function says of every argument that is none what it is called and what it must be: an error of ours.

Each parameter is given each wrong value, the others are right. A value that is no mistake there is taken, and what it then
returns is no concern of this file.
"""

import decimal
import inspect
import logging
import pathlib
import sys
import traceback

import numpy as np
import pandas as pd
import pytest
import torch

import eli5_transformers
from demo_model import checkpoint_path
from eli5_transformers import (
    Comparison,
    attribute,
    attribution_from_json,
    attribution_to_json,
    bundled_model,
    compare,
    contrast,
    evaluate_faithfulness,
    expected_value,
    explanation_from_json,
    explanation_page,
    explanation_to_json,
    get_explanation,
    get_explanation_from_grads,
    get_explanations,
    lean,
    list_interpreters,
    load_predictor,
    pair_effects,
    per_text,
    plot_attribution,
    to_explanation,
)
from eli5_transformers.errors import Eli5TransformersError
from eli5_transformers.interpreters import option_names

TEXT = "Great value"


class NoExplanation:
    pass


class Unwritable:
    def __repr__(self):
        raise RuntimeError("no repr")


WRONG = {
    "None": None, "not a number": float("nan"), "infinity": float("inf"), "bytes": b"abc", "an object": object(),
    "a set": {1, "a"}, "an empty list": [], "a nested list": [["a"], ["b"]], "a huge number": 10**400,
    "an unwritable number": 10**5000, "a negative number": -5, "True": True, "complex": 1j, "a decimal": decimal.Decimal("NaN"),
    "an array of no dimension": np.array(3), "a square array": np.zeros((2, 2)), "a cube": np.zeros((2, 2, 2)),
    "an empty array": np.array([]), "a tensor": torch.zeros(2, 3), "a table": pd.DataFrame({"a": [1, 2]}),
    "a Series": pd.Series([1.5, 2]), "NA": pd.NA, "a class": NoExplanation, "a function": lambda: None,
    "an error": ValueError("x"), "a module": sys, "a path": pathlib.Path("/no/such/path"), "half a character": "\ud800",
    "NUL": "\0", "a word": "nonsense", "an empty text": "", "a dict": {"a": 1}, "a range": range(3), "a slice": slice(1),
    "a list of kinds": [1, "a", None], "without repr": Unwritable(), "a date": np.datetime64("2020"),
}  # fmt: skip
"""What no argument takes, or few do."""


@pytest.fixture(autouse=True)
def no_logs():
    """AllenNLP logs options as they are, and a worker of pytest's cannot report half a character."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(before)


@pytest.fixture(scope="module")
def right():
    """Of each function what is right for its parameters."""
    predictor = load_predictor(checkpoint_path())
    ((made,),) = attribute(predictor, TEXT)
    explained = get_explanation(predictor, TEXT)
    compared = compare(predictor, TEXT, ["gradient", "gradient-x-input"])
    scores = {"estimator_name": "m", "estimator_description": "d", "text": "good film", "tokens": ["good", "film"],
              "grads": [1.0, 2.0], "probas": [0.2, 0.8], "labels": ["no", "yes"]}  # fmt: skip
    return {
        load_predictor: {"source": checkpoint_path()},
        attribute: {"source": predictor, "texts": TEXT},
        get_explanation: {"source": predictor, "text": TEXT},
        get_explanations: {"source": predictor, "texts": [TEXT, TEXT]},
        pair_effects: {"source": predictor, "text": TEXT, "interpreter": "occlusion"},
        evaluate_faithfulness: {"source": predictor, "texts": [TEXT], "interpreters": ["gradient"], "orders": 2},
        contrast: {},
        lean: {},
        expected_value: {},
        compare: {"source": predictor, "text": TEXT, "interpreters": ["gradient", "gradient-x-input"]},
        to_explanation: {"attributions": made},
        get_explanation_from_grads: scores,
        attribution_to_json: {"attribution": made},
        attribution_from_json: {},
        explanation_to_json: {"explanation": explained},
        explanation_from_json: {},
        explanation_page: {"explanation": explained, "title": "a title"},
        plot_attribution: {"attributions": made},
        per_text: {},
        Comparison: {name: getattr(compared, name) for name in inspect.signature(Comparison).parameters},
    }


FUNCTIONS = [
    load_predictor, attribute, get_explanation, get_explanations, compare, to_explanation, get_explanation_from_grads,
    attribution_to_json, attribution_from_json, explanation_to_json, explanation_from_json, explanation_page,
    plot_attribution, per_text, Comparison, pair_effects, evaluate_faithfulness, contrast, lean, expected_value,
]  # fmt: skip
PARAMETERS = [
    (function, name)
    for function in FUNCTIONS
    for name, parameter in inspect.signature(function).parameters.items()
    if parameter.kind is not parameter.VAR_KEYWORD
]


def refused(call, name, **options):
    """What is foreign of the errors; the message of those that are ours is a sentence."""
    foreign = []
    for kind, value in WRONG.items():
        try:
            call(**{**options, name: value})
        except Eli5TransformersError as error:
            if len(str(error)) > 1500 or not str(error).strip():
                foreign.append((kind, "no sentence", ascii(error)[:200]))
        except Exception as error:
            foreign.append((kind, type(error).__name__, ascii(error)[:200], _place(error)))
    return foreign


def _place(error):
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{pathlib.Path(frame.filename).name}:{frame.lineno}" for frame in frames][-3:]


def test_every_public_function_is_tried():
    named = {getattr(eli5_transformers, name) for name in eli5_transformers.__all__}
    callables = {one for one in named if callable(one)}
    plain = ("Attribution", "Tokens", "FailedText", "PairEffects", "Trust", "Faithfulness")
    records = {getattr(eli5_transformers, name) for name in plain}
    assert callables - records == {*FUNCTIONS, bundled_model, list_interpreters}  # the last two take nothing
    assert not inspect.signature(bundled_model).parameters
    assert not inspect.signature(list_interpreters).parameters


@pytest.mark.parametrize(("function", "name"), PARAMETERS, ids=lambda given: getattr(given, "__name__", given))
def test_a_wrong_argument_is_refused_in_a_sentence(right, function, name):
    if function is plot_attribution:
        pytest.importorskip("matplotlib")
    assert refused(function, name, **right[function]) == []


@pytest.mark.parametrize(
    "method", ["gradient", "gradient-x-input", "integrated-gradients", "linearization", "occlusion", "smoothgrad", "shapley"]
)
def test_a_wrong_option_of_an_interpreter_is_refused_in_a_sentence(right, method):
    for name in option_names(method):
        # How often something is done, a person may mean.
        assert refused(attribute, name, **right[attribute], interpreter=method) == [], name


def test_the_name_of_the_argument_is_said(right):
    for function, name, value in (
        (get_explanation, "top", -5), (get_explanation, "granularity", 3), (get_explanation, "feature_re", "("),
        (load_predictor, "trust_source", np.zeros(2)), (attribute, "on_error", ["skip"]),
        (get_explanation_from_grads, "force_weights", "no"), (get_explanation_from_grads, "tokens", None),
        (get_explanation_from_grads, "labels", [["a"], ["b"]]), (Comparison, "seconds", "soon"),
    ):  # fmt: skip
        with pytest.raises(Eli5TransformersError, match=name):
            function(**{**right[function], name: value})


def test_numbers_are_no_truths_and_no_number_is_endless(right):
    for options in ({"keep_special": 1}, {"progress": 1}, {"n_steps": 10**7}, {"interpreter": "smoothgrad", "samples": 10**7}):
        name = list(options)[-1]
        with pytest.raises(Eli5TransformersError, match=f"{name} is 1"):
            attribute(**right[attribute], **options)
