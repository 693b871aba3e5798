"""The Python front door: what it takes, what it gives, and what it refuses in a sentence.

The oracle is a bag of words: a word's score for a class is its vector times the class's weights.
"""

import gc
import inspect
import subprocess
import sys
import typing
import weakref

import eli5
import numpy as np
import pandas
import pytest
import torch
from closeness import assert_close
from interpreters import tiny

import eli5_transformers
from eli5_transformers import (
    FailedText,
    attribute,
    compare,
    get_explanation,
    get_explanations,
    list_interpreters,
    load_predictor,
    per_text,
    to_explanation,
)
from eli5_transformers.errors import Eli5TransformersError, InputError, UnsupportedModelError
from eli5_transformers.interpreters import make
from eli5_transformers.interpreters.base import Interpreter

TEXTS = ["i love it", "never again", "not good at all"]
EXACT = {"interpreter": "gradient-x-input", "baseline": "zero"}


@pytest.fixture(scope="module")
def predictor():
    return tiny.linear()


def known(predictor, text, target):
    """The scores of the text's words by the model's own weights."""
    module = predictor._model.transformer
    vocabulary = predictor._dataset_reader.tokenizer.get_vocab()
    with torch.no_grad():
        by_class = module.table.weight @ module.head.weight.T
    return [float(by_class[vocabulary[word], target]) for word in text.split()]


def scores(attribution):
    return [score for score, special in zip(attribution.scores, attribution.tokens.special) if not special]


class Column:
    """A lazy column of a data set: it can be iterated and has a length, and is neither a list nor an array."""

    def __init__(self, texts):
        self._texts = texts

    def __len__(self):
        return len(self._texts)

    def __iter__(self):
        return iter(self._texts)


class Arrow(Column):
    """A column of Arrow: iterated it gives scalars of its own, as a list it holds texts."""

    def __iter__(self):
        return iter([object()] * len(self))

    def tolist(self):
        return list(self._texts)


class ChunkedArrow(Column):
    """A column of a table of Arrow's, in chunks: its list has another name."""

    __iter__ = Arrow.__iter__

    def to_pylist(self):
        return list(self._texts)


class ArrowTable:
    """It is no sequence, has columns, and knows how to become a table of pandas."""

    columns = ()

    def to_pandas(self):
        raise AssertionError("it is asked for its column")


HOLDERS = {
    "list": list,
    "tuple": tuple,
    "generator": lambda texts: (text for text in texts),
    "array": np.array,
    "array of objects": lambda texts: np.array(texts, dtype=object),
    "series": lambda texts: pandas.Series(texts, index=[7, 5, 6]),
    "column": Column,
    "column of Arrow": Arrow,
    "column of Arrow in chunks": ChunkedArrow,
    "categories": lambda texts: pandas.Series(texts, dtype="category", index=[1] * len(texts)),
    "view of a dict": lambda texts: dict(enumerate(texts)).values(),
    "rows": lambda texts: [{"text": text, "label": 1} for text in texts],
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_texts_may_be_in_whatever_holds_them(predictor, holder):
    found = attribute(predictor, HOLDERS[holder](TEXTS), targets=2, **EXACT)
    for text, (attribution,) in zip(TEXTS, found):
        assert attribution.documents == (text,)
        assert_close(scores(attribution), known(predictor, text, 2))


@pytest.mark.parametrize("text", ["i love it", np.str_("i love it"), np.array("i love it"), {"text": "i love it"}])
def test_one_text_may_be_a_str_or_a_dict(predictor, text):
    ((attribution,),) = attribute(predictor, text)
    assert attribution.documents == ("i love it",)
    assert type(attribution.documents[0]) is str
    assert get_explanation(predictor, text).targets


@pytest.mark.parametrize("holder", [list, np.array, pandas.Series, Column])
def test_pairs_are_given_in_the_same_forms_or_as_dicts(stars_checkpoint, holder):
    predictor = load_predictor(stars_checkpoint)
    expected = [one[0].documents for one in attribute(predictor, ["good", "bad"], text_pairs=["film", "film"])]
    given = attribute(predictor, holder(["good", "bad"]), text_pairs=holder(["film", "film"]))
    rows = [{"text": "good", "text_pair": "film"}, {"premise": "bad", "hypothesis": "film"}]
    assert [one[0].documents for one in given] == expected == [("good", "film"), ("bad", "film")]
    assert [one[0].documents for one in attribute(predictor, rows)] == expected


def test_no_texts_have_no_results(predictor):
    assert attribute(predictor, []) == []
    assert get_explanations(predictor, iter(())) == []


@pytest.mark.parametrize("missing", [None, float("nan"), np.nan, pandas.NA, 3.5, b"bytes"])
def test_what_is_no_text_is_refused_by_its_place(predictor, missing):
    with pytest.raises(InputError, match="text 1: a text must be a str"):
        attribute(predictor, pandas.Series(["i love it", missing, "never again"], dtype=object))


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"txt": "i love it"}, "did you mean 'text'"),
        ({"text": "a", "sentence": "b"}, "is not a text"),
        (pandas.DataFrame({"text": TEXTS}), "give the column"),
        (ArrowTable(), "is a ArrowTable: give the column"),
        (set(TEXTS), "has no order"),
        (b"i love it", "is no str"),
        ([("i love it", "never again")], "text_pairs="),
        (np.array([["i love it"], ["never again"]]), r"texts has the shape \(2, 1\): give one column"),
        ({"text": TEXTS, "label": [1, 2, 3]}, r"holds a list as 'text': .* as in batch\['text'\]"),
        (5, "a text must be a str, but a int was given"),
    ],
)
def test_what_holds_no_texts_is_refused(predictor, texts, message):
    with pytest.raises(InputError, match=message):
        attribute(predictor, texts)


def test_several_texts_or_pairs_are_no_text(predictor):
    for given in (TEXTS, np.array(TEXTS), pandas.Series(TEXTS)):
        with pytest.raises(InputError, match="one text is explained, but text is a .*: use get_explanations"):
            get_explanation(predictor, given)
        with pytest.raises(InputError, match="one text is explained, but text is a .*: compare each"):
            compare(predictor, given)
        with pytest.raises(InputError, match="one text is explained, but text_pair is a"):
            get_explanation(predictor, TEXTS[0], text_pair=given)


def test_half_a_character_is_refused_by_its_place_and_skipped(predictor):
    texts = ["i love it", "i \ud83d it"]
    with pytest.raises(InputError, match=r"text 1: the text has half a character, '\\ud83d', at 2"):
        attribute(predictor, texts)
    with pytest.raises(InputError, match="text 1: the text has half a character"):
        predictor.predict_proba(texts)
    good, bad = attribute(predictor, texts, on_error="skip")
    assert good
    assert not bad


TARGETS = {
    "list": list,
    "array": np.array,
    "tensor": torch.tensor,
    "series": pandas.Series,
    "generator": iter,
}


@pytest.mark.parametrize("holder", TARGETS)
def test_targets_may_be_in_whatever_holds_them(predictor, holder):
    found = attribute(predictor, TEXTS, targets=TARGETS[holder]([2, 0]), **EXACT)
    assert [[one.target for one in of_text] for of_text in found] == [[2, 0]] * 3


@pytest.mark.parametrize("target", [2, np.int64(2), torch.tensor(2), np.array(2), "good"])
def test_one_target_may_be_any_whole_number_or_a_name(predictor, target):
    ((attribution,),) = attribute(predictor, "i love it", targets=target)
    assert attribution.label == "good"


@pytest.mark.parametrize("number", [2, np.int64(2), np.uint8(2), torch.tensor(2)])
def test_numbers_may_be_numpys_or_torchs(predictor, number):
    assert len(attribute(predictor, "i love it", top_targets=number)[0]) == 2
    smooth = attribute(predictor, "i love it", interpreter="smoothgrad", samples=number)[0][0]
    fixed = attribute(predictor, "i love it", n_steps=number, internal_batch_size=number)[0][0]
    assert (smooth.parameters["samples"], fixed.parameters["n_steps"]) == (2, 2)
    assert type(make(predictor, "occlusion", window=number).window) is int
    weights = get_explanation(predictor, "i love it", top=number).targets[0].feature_weights
    assert len(weights.pos) + len(weights.neg) == 2


@pytest.mark.parametrize(
    "given",
    [
        {"top_targets": True},
        {"top_targets": np.bool_(True)},
        {"targets": True},
        {"top": True},
        {"top": 2.5},
        {"top": (1, True)},
        {"n_steps": True},
        {"n_steps": 2.5},
        {"max_evaluations": True},
        {"tolerance": True},
        {"tolerance": "small"},
        {"tolerance": float("inf")},
        {"keep_special": "no"},
        {"keep_special": None},
        {"interpreter": "smoothgrad", "stdev": float("inf")},
        {"internal_batch_size": True},
        {"interpreter": "smoothgrad", "samples": True},
        {"interpreter": "smoothgrad", "stdev": True},
        {"interpreter": "occlusion", "window": True},
    ],
)
def test_what_is_no_such_number_or_bool_is_refused_by_name(predictor, given):
    (name,) = set(given) - {"interpreter"}
    with pytest.raises(InputError, match=name if name != "targets" else "no class True"):
        get_explanation(predictor, "i love it", **given)


@pytest.mark.parametrize("made", [lambda p: {"samples": True}, lambda p: {"samples": 0}])
def test_an_interpreter_that_is_made_directly_has_the_same_rules(predictor, made):
    from eli5_transformers.interpreters.smoothgrad import SmoothGrad

    assert SmoothGrad(predictor, samples=np.int64(3)).samples == 3
    with pytest.raises(InputError, match="samples"):
        SmoothGrad(predictor, **made(predictor))


def test_top_targets_means_the_same_everywhere(predictor):
    ranked = [
        one.target for one in sorted(attribute(predictor, "i love it", targets=[0, 1, 2])[0], key=lambda a: a.score)
    ]
    for count, expected in ((1, ranked[::-1][:1]), (2, ranked[::-1][:2]), (-1, ranked[:1]), (-2, ranked[:2])):
        assert [one.target for one in attribute(predictor, "i love it", top_targets=count)[0]] == expected
        names = [str.__str__(t.target) for t in get_explanation(predictor, "i love it", top_targets=count).targets]
        assert names == [tiny.LABELS[target] for target in expected]
    for explain in (attribute, get_explanation):
        for count in (0, False, 1.5):
            with pytest.raises(InputError, match="top_targets is"):
                explain(predictor, "i love it", top_targets=count)
        with pytest.raises(InputError, match="both given"):
            explain(predictor, "i love it", top_targets=1, targets=1)


@pytest.mark.parametrize("holder", [list, np.array, pandas.Series])
def test_each_text_may_have_targets_of_its_own(predictor, holder):
    truth = holder([2, 0, 1])
    found = attribute(predictor, TEXTS, targets=per_text(truth), **EXACT)
    for text, target, (attribution,) in zip(TEXTS, [2, 0, 1], found):
        assert attribution.target == target
        assert_close(scores(attribution), known(predictor, text, target))


def test_targets_of_a_text_have_all_forms_and_shown_names(predictor):
    wanted = per_text(["good", None, ["bad", 1]])
    found = attribute(predictor, TEXTS, targets=wanted)
    assert [one.label for one in found[0]] == ["good"]
    assert [one.target for one in found[1]] == [one.target for one in attribute(predictor, TEXTS[1])[0]]
    assert [one.label for one in found[2]] == ["bad", "fair"]
    shown = get_explanations(predictor, TEXTS[:2], targets=per_text(["g", "b"]), target_names=["b", "f", "g"])
    assert [[str(t.target) for t in one.targets] for one in shown] == [["g"], ["b"]]
    assert compare(predictor, TEXTS[0], ["gradient-x-input"], targets=per_text([0])).attributions[0].target == 0


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (lambda: per_text([2, 0]), "3 texts were given with the targets of 2"),
        (lambda: per_text([2, 0, "other"]), "text 2: there is no class 'other'"),
        (lambda: per_text([2, float("nan"), 0]), "target 1 is nan"),
        (lambda: per_text(pandas.Series([2, pandas.NA, 0])), "target 1 is <NA>"),
        (lambda: per_text("good"), "takes a list"),
        (lambda: per_text({0, 1, 2}), "targets is a set, which has no order"),
        (lambda: [["good"], ["bad"], ["fair"]], r"no class \['good'\].*per_text"),
        (lambda: "Good", "did you mean 'good'"),
    ],
)
def test_targets_that_do_not_fit_the_texts_are_refused(predictor, targets, message):
    with pytest.raises(InputError, match=message):
        attribute(predictor, TEXTS, targets=targets())


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"goood": "fine"}, "renames 'goood', which is no class .* did you mean 'good'"),
        ({0: "poor"}, "renames 0, which is no class of the model: give its names"),
        ({"poor", "so so", "fine"}, "target_names is a set, which has no order"),
        ({"good": None}, "target_names has None as the name of a class"),
        (np.array([["a"], ["b"], ["c"]]), r"target_names has \['a'\] as the name of a class"),
        (["fine", "fine", "poor"], "shows several classes as 'fine': ask by one of 'bad'"),
    ],
)
def test_names_that_rename_nothing_are_refused(predictor, names, message):
    with pytest.raises(InputError, match=message):
        get_explanation(predictor, "i love it", target_names=names, targets="fine" if isinstance(names, list) else None)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("bad", "labels is 'bad', but must be a list"),
        ({0: "a", 1: "b", 2: "c"}, "but must be a list with a name for each output"),
        ({"a", "b", "c"}, "labels is a set, which has no order"),
        (["a", None, "c"], "label 1 is None, a missing value"),
        (pandas.Series(["a", "b", pandas.NA], dtype="string"), "label 2 is <NA>, a missing value"),
    ],
)
def test_labels_are_a_list_of_names(labels, message):
    with pytest.raises(InputError, match=message):
        load_predictor(tiny.Linear(100), tiny.linear()._dataset_reader.tokenizer, labels=labels)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"max_length": 0}, "max_length is 0"),
        ({"max_length": "64"}, "max_length is '64'"),
        ({"max_length": 64.0}, "max_length is 64.0"),
        ({"truncation": False}, "truncation is False"),
        ({"device": 1.5}, "device is 1.5"),
        ({"device": []}, r"device is \[\]"),
        ({"tokenizer": "bert-base-uncased"}, "tokenizer is 'bert-base-uncased'"),
    ],
)
def test_options_of_loading_are_refused_by_name(stars_checkpoint, option, message):
    with pytest.raises(Eli5TransformersError, match=message):
        get_explanation(stars_checkpoint, "good film", **option)


class Fragile(Interpreter):
    """Refuses a batch that holds the word "never"; counts the texts that it was given."""

    given = 0

    def attributions(self, batch, targets):
        Fragile.given += len(batch.texts)
        if any("never" in text.tokens.text for text in batch.texts):
            raise UnsupportedModelError("never is too much")
        return [
            [self.attribution(batch, text, target, np.ones(len(batch.texts[text]))) for target in wanted]
            for text, wanted in enumerate(targets)
        ]


def test_a_text_that_cannot_be_explained_is_named(predictor):
    with pytest.raises(UnsupportedModelError, match="^text 1: never is too much$"):
        attribute(predictor, TEXTS, interpreter=Fragile(predictor))
    with pytest.raises(UnsupportedModelError, match="^never is too much$"):
        attribute(predictor, "never again", interpreter=Fragile(predictor))


def test_what_all_texts_have_alike_is_an_error_of_the_call(predictor):
    for on_error in ("raise", "skip"):
        with pytest.raises(UnsupportedModelError, match="^never is too much$"):
            attribute(predictor, ["never again"] * 4, interpreter=Fragile(predictor), on_error=on_error)
        with pytest.raises(InputError, match="^there is no class 'other'"):
            attribute(predictor, TEXTS, targets="other", on_error=on_error)
        with pytest.raises(InputError, match="^layer"):
            attribute(predictor, TEXTS, layer=torch.nn.Linear(1, 1), on_error=on_error)


@pytest.mark.parametrize("error", [KeyError("x"), TypeError("of a model's own"), MemoryError(), RuntimeError("out of memory")])
def test_an_error_that_is_not_this_packages_is_a_text_own_too(predictor, error):
    class Foreign(Fragile):
        def attributions(self, batch, targets):
            if any("never" in text.tokens.text for text in batch.texts):
                raise error
            return super().attributions(batch, targets)

    found = attribute(predictor, ["i love it", "never", "not good"], interpreter=Foreign(predictor), on_error="skip")
    assert [bool(one) for one in found] == [True, False, True]
    assert isinstance(found[1].error, InputError)
    explained = get_explanations(
        predictor, ["i love it", "never"], interpreter=Foreign(predictor), on_error="skip"
    )
    assert [one.error is None for one in explained] == [True, False]


@pytest.mark.parametrize("texts", [["i love it"], ["i love it", ""]])
@pytest.mark.parametrize(
    "options",
    [
        {"layer": "nowhere"},
        {"baseline": np.zeros(5)},
        {"interpreter": {"type": "captum", "options": {"samples": 3}}},
        {"targets": "other"},
    ],
)
def test_an_error_of_the_call_is_no_texts_where_one_alone_is_explained(predictor, texts, options):
    with pytest.raises(Eli5TransformersError) as refused:
        attribute(predictor, texts, on_error="skip", **options)
    assert "text 0" not in str(refused.value)


def test_bad_texts_are_skipped_and_the_others_explained(predictor):
    texts = ["i love it", "", "not good", None, "never again", "it was great"]
    found = attribute(predictor, texts, interpreter=Fragile(predictor), on_error="skip", targets=per_text(range(-3, 3)))
    assert [bool(one) for one in found] == [True, False, True, False, False, True]
    assert [one.position for one in found if isinstance(one, FailedText)] == [1, 3, 4]
    assert [str(one.error)[:12] for one in found if isinstance(one, FailedText)] == [
        "the text is ",
        "a text must ",
        "never is too",
    ]
    assert [[a.target for a in one] for one in found] == [[0], [], [2], [], [], [2]]
    assert isinstance(found[4].error, UnsupportedModelError)


def test_a_skipped_text_keeps_nothing_of_its_batch_alive(predictor):
    batches = []

    class Greedy(Fragile):
        def attributions(self, batch, targets):
            batches.append(weakref.ref(batch))
            try:
                return super().attributions(batch, targets)
            except UnsupportedModelError as error:
                raise UnsupportedModelError("too much") from error

    interpreter = Greedy(predictor)
    found = attribute(predictor, TEXTS, interpreter=interpreter, on_error="skip")
    assert [bool(one) for one in found] == [True, False, True]
    gc.collect()
    assert batches
    assert not any(batch() for batch in batches)


def test_one_bad_text_of_many_costs_a_second_run_of_its_neighbours_alone(predictor):
    texts = ["i love it"] * 200 + ["never again"]
    Fragile.given = 0
    found = attribute(predictor, texts, interpreter=Fragile(predictor), on_error="skip")
    assert sum(map(bool, found)) == 200
    assert Fragile.given <= 201 + 2 * 64


def test_skipped_texts_are_explanations_with_an_error(predictor):
    good, bad = get_explanations(predictor, ["i love it", " "], on_error="skip")
    assert good == get_explanation(predictor, "i love it")
    assert bad.targets is None
    assert "empty" in eli5.format_as_text(bad)
    assert eli5.format_as_html(bad)


def test_on_error_has_two_words(predictor):
    with pytest.raises(InputError, match="on_error is 'ignore', but must be one of 'raise', 'skip'"):
        attribute(predictor, TEXTS, on_error="ignore")


def test_allennlps_own_are_skipped_and_named_in_the_same_way(stars_checkpoint):
    predictor = load_predictor(stars_checkpoint)
    found = attribute(predictor, ["good", " "], interpreter="simple-gradient", on_error="skip")
    assert [bool(one) for one in found] == [True, False]
    assert found[0][0].provenance["model_type"] == "bert"
    with pytest.raises(InputError, match="text 1: "):
        attribute(predictor, ["good", " "], interpreter="simple-gradient")


def test_several_explanations_equal_those_of_the_texts_alone(predictor):
    options = {"top": 2, "granularity": "token", "targets": ["good", "bad"], **EXACT}
    together = get_explanations(predictor, TEXTS, **options)
    for text, explanation in zip(TEXTS, together):
        alone = get_explanation(predictor, text, **options)
        for one, other in zip(explanation.targets, alone.targets):
            assert one.target == other.target
            assert_close(one.score, other.score)
    with pytest.raises(InputError, match="use get_explanations"):
        get_explanation(predictor, TEXTS)


def test_attributions_become_an_explanation_without_another_pass(predictor, monkeypatch):
    expected = get_explanation(predictor, "i love it", targets=["good", "bad"], top=2)
    (of_text,) = attribute(predictor, "i love it", targets=["good", "bad"])
    monkeypatch.setattr(torch.nn.Module, "__call__", lambda *a, **k: pytest.fail("a module was called"))
    assert to_explanation(of_text, top=2) == expected
    renamed = to_explanation(of_text[0], target_names={"good": "fine"}, estimator="mine")
    assert (renamed.estimator, str(renamed.targets[0].target)) == ("mine", "fine")


def test_only_the_attributions_of_one_text_become_an_explanation(predictor):
    (first,), (second,) = attribute(predictor, TEXTS[:2])
    page = compare(predictor, TEXTS[0], ["gradient"])
    failed = FailedText(0, InputError("no text"))
    several = attribute(predictor, TEXTS[:1])
    for given in ([first, second], [], [1], several, None, 5, page, to_explanation(first), [first, failed]):
        with pytest.raises(InputError, match="one text|one by one"):
            to_explanation(given)
    with pytest.raises(InputError, match="granularity"):
        to_explanation(failed, granularity="words")
    with pytest.raises(InputError, match="estimator is a Linear"):
        to_explanation(first, estimator=predictor._model.transformer)
    assert to_explanation(FailedText(3, InputError("no text"))).error == "no text"


def test_a_text_is_encoded_once(predictor, monkeypatch):
    counted = []
    real = type(predictor)._json_to_instance
    get_explanation(predictor, "i love it")
    monkeypatch.setattr(type(predictor), "_json_to_instance", lambda self, one: counted.append(1) or real(self, one))
    get_explanations(predictor, TEXTS, **EXACT)
    assert len(counted) == len(TEXTS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tolerence": 0.1}, "no option 'tolerence'; did you mean 'tolerance'.*takes tolerance, max_evaluations"),
        ({"target": "good"}, "did you mean 'targets'"),
        ({"tokeniser": None}, "did you mean 'tokenizer'.*load_predictor takes allow_pickle"),
        ({"interpreter": "smoothgrad", "sample": 3}, "did you mean 'samples'"),
        ({"interpreter": "smoothgrad", "n_steps": 3}, "'smoothgrad' takes around"),
        ({"interpreter": {"type": "occlusion", "windows": 2}}, "it has no option 'windows'; did you mean 'window'"),
        ({"interpreter": "smothgrad"}, "did you mean 'smoothgrad'"),
        ({"zebra": 1}, "no option 'zebra': "),
        ({"interpreters": ["gradient"]}, "did you mean 'interpreter'"),
        ({"interpreter": {"type": "smoothgrad", "around": {"type": "gradient", "nrom": "l1"}}}, "did you mean 'norm'"),
        ({"interpreter": "smoothgrad", "around": 5}, "cannot average 5: around is the name"),
        ({"interpreter": {"type": "smoothgrad", "samples": 3}, "samples": 5}, "samples is given twice: 3 .* 5 beside"),
    ],
)
def test_a_wrong_option_is_answered_with_what_was_meant(predictor, options, message):
    with pytest.raises(InputError, match=message):
        attribute(predictor, "i love it", **options)


def test_a_wrong_option_is_refused_before_anything_is_loaded():
    with pytest.raises(InputError, match="did you mean 'tolerance'"):
        get_explanation("no/such/checkpoint", "i love it", tolerence=1)
    with pytest.raises(InputError, match="feature_re"):
        get_explanation(tiny.linear(), "i love it", feature_re="(")
    rows = {"granularity": "words", "feature_filter": "film", "feature_re": b"film", "top": -1}
    for name, value in rows.items():
        with pytest.raises(InputError, match=name):
            get_explanation("no/such/checkpoint", "i love it", **{name: value})
        with pytest.raises(InputError, match=name):
            get_explanations("no/such/checkpoint", [], **{name: value})


def test_a_comparison_gives_an_option_to_those_who_have_it(predictor):
    made = compare(
        predictor, "i love it", ["integrated-gradients", "gradient-x-input"], tolerance=0.001, baseline="zero"
    )
    first, second = (one.parameters for one in made.attributions)
    assert (first["tolerance"], first["baseline"], second["baseline"]) == (0.001, "zero", "zero")
    names = (name for name in ["gradient", "gradient-x-input"])
    assert [one.method for one in compare(predictor, "i love it", names).attributions] == ["gradient", "gradient-x-input"]
    with pytest.raises(InputError, match="compare has no option 'tolerence'; did you mean 'tolerance'"):
        compare(predictor, "i love it", ["integrated-gradients", "gradient-x-input"], tolerence=0.001)
    with pytest.raises(InputError, match="none of the interpreters takes options here, but tolerance"):
        compare(predictor, "i love it", [make(predictor, "gradient")], tolerance=0.001)


def test_a_comparison_takes_interpreters_in_order_and_what_their_dicts_say(predictor):
    dicts = [{"type": "gradient-x-input", "baseline": "pad"}, "gradient-x-input"]
    made = compare(predictor, "i love it", iter(dicts), baseline="zero")
    assert [one.parameters["baseline"] for one in made.attributions] == ["pad", "zero"]
    with pytest.raises(InputError, match="interpreters is a set, which has no order"):
        compare(predictor, "i love it", {"gradient", "occlusion"})
    with pytest.raises(InputError, match="did you mean 'interpreters'"):
        compare(predictor, "i love it", interpreter=["gradient"])


def test_an_interpreter_explains_the_model_that_it_was_made_for(predictor):
    own = predictor._model.transformer
    tokenizer = predictor._dataset_reader.tokenizer
    again = load_predictor(own, tokenizer, labels=tiny.LABELS)
    expected = scores(attribute(predictor, TEXTS[0], interpreter="gradient-x-input")[0][0])
    ((found,),) = attribute(again, TEXTS[0], interpreter=make(predictor, "gradient-x-input"))
    assert_close(scores(found), expected)
    other = make(tiny.linear(), "gradient-x-input")
    for explain in (attribute, get_explanation):
        with pytest.raises(InputError, match="made for another predictor"):
            explain(predictor, TEXTS[0], interpreter=other)
    with pytest.raises(InputError, match="made for another predictor"):
        compare(predictor, TEXTS[0], ["gradient", other])
    with pytest.raises(InputError, match=r"interpreter is the class GradientXInput, .*that was made, such as"):
        attribute(predictor, TEXTS[0], interpreter=type(other))


def test_a_layer_may_have_the_name_that_it_has_in_a_wrapper(stars_checkpoint):
    predictor = load_predictor(stars_checkpoint)
    model, tokenizer = predictor._model.transformer, predictor._dataset_reader.tokenizer
    expected = attribute(predictor, "good film", layer="bert.encoder.layer.0")[0][0].scores
    wrapped = [torch.nn.DataParallel(model)]
    if hasattr(torch, "compile"):
        wrapped.append(torch.compile(model, backend="eager"))
    for source in wrapped:
        name = next(name for name, module in source.named_modules() if module is model.bert.encoder.layer[0])
        assert name != "bert.encoder.layer.0"
        assert_close(attribute(source, "good film", tokenizer=tokenizer, layer=name)[0][0].scores, expected)


def test_a_layer_is_a_module_or_its_name(stars_checkpoint):
    predictor = load_predictor(stars_checkpoint)
    module = predictor._model.transformer.bert.encoder.layer[0]
    for interpreter in ("gradient-x-input", "smoothgrad"):
        for text in ("good", "good film"):
            ((named,),) = attribute(predictor, text, interpreter=interpreter, layer="bert.encoder.layer.0")
            ((given,),) = attribute(predictor, text, interpreter=interpreter, layer=module)
            assert_close(given.scores, named.scores)
    assert given.parameters["layer"] == "transformer.bert.encoder.layer.0"
    inside = {"type": "smoothgrad", "around": {"type": "gradient-x-input", "layer": module}}
    assert_close(attribute(predictor, "good film", interpreter=inside)[0][0].scores, named.scores)
    with pytest.raises(InputError, match="layer is 'transformer.bert.encoder.layer.1' for smoothgrad and 'transformer"):
        attribute(predictor, "good film", interpreter={**inside, "layer": "transformer.bert.encoder.layer.1"})
    kind = type(make(predictor, "gradient"))
    assert kind(predictor, layer=module).layer == given.parameters["layer"]
    with pytest.raises(InputError, match="not a module of the explained BertForSequenceClassification"):
        attribute(predictor, "good", layer=torch.nn.Linear(2, 2))


@pytest.mark.parametrize(
    "option",
    [{"device": "cuda:7"}, {"trust_remote_code": True}, {"allow_pickle": True}, {"max_length": 5}, {"labels": ["a"]}],
)
def test_options_without_effect_on_a_loaded_predictor_are_refused(predictor, option):
    with pytest.raises(InputError, match=r"option|call model\.to"):
        load_predictor(predictor, **option)
    with pytest.raises(InputError, match=r"option|call model\.to"):
        attribute(predictor, "i love it", **option)
    assert load_predictor(predictor, device="cpu", trust_remote_code=False) is predictor


def test_options_without_effect_on_an_object_or_a_checkpoint_are_refused(stars_checkpoint):
    trust = ("trust_remote_code", "allow_pickle", "trust_source")
    for source, options in ((tiny.Linear(100), trust), (stars_checkpoint, ("trust_source",))):
        for option in options:
            with pytest.raises(InputError, match=f"the option {option} is not for a"):
                load_predictor(source, **{option: True})
        with pytest.raises(InputError, match="the option max_unpacked is not for a"):
            load_predictor(source, max_unpacked=10)


def test_refusals_name_the_persons_class():
    class Broken(tiny.Linear):
        def forward(self, input_ids, attention_mask):
            vectors = torch.nn.functional.embedding(input_ids, self.table.weight)
            return self.head((vectors * attention_mask[:, :, None]).sum(1))

    own = tiny.linear()._dataset_reader.tokenizer
    with pytest.raises(UnsupportedModelError, match="Broken"):
        attribute(load_predictor(Broken(100), tokenizer=own), "i love it")


def test_public_functions_say_what_they_return():
    from allennlp.predictors import Predictor
    from eli5.base import Explanation

    from eli5_transformers import Attribution, Comparison

    returned = {
        "attribute": typing.List[typing.List[Attribution]],
        "compare": Comparison,
        "get_explanation": Explanation,
        "get_explanations": typing.List[Explanation],
        "load_predictor": Predictor,
        "to_explanation": Explanation,
        "list_interpreters": typing.Dict[str, str],
    }
    for name, kind in returned.items():
        assert typing.get_type_hints(getattr(eli5_transformers, name))["return"] == kind, name


def test_naming_a_function_loads_neither_torch_nor_allennlp_nor_eli5():
    script = (
        "import sys, inspect; from eli5_transformers import attribute, get_explanation, load_predictor, compare, per_text\n"
        "inspect.signature(get_explanation); per_text([1])\n"
        "loaded = {'torch', 'allennlp', 'eli5', 'transformers'} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_dir_shows_the_public_names_alone():
    assert dir(eli5_transformers) == sorted(eli5_transformers.__all__)
    assert all(inspect.getdoc(getattr(eli5_transformers, name)) for name in eli5_transformers.__all__)


def test_interpreters_are_listed_with_what_they_do():
    listed = list_interpreters()
    assert {"integrated-gradients", "smoothgrad", "occlusion", "shapley", "simple-gradient"} <= set(listed)
    assert all(line and "\n" not in line for name, line in listed.items() if "Fragile" not in name)
