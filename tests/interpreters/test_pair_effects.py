"""What hiding two words does, on models that are formulas, and by predictions of masked texts."""

from itertools import combinations
from pathlib import Path

import more_checkpoints
import numpy as np
import pytest
import torch
from closeness import assert_close

from eli5_transformers import bundled_model, contrast, expected_value, load_predictor, pair_effects
from eli5_transformers.errors import InputError

from . import closed_form, tiny

NOT_GOOD = {"not": [1.0, 0], "good": [0, 1.0]}


def found_in(function, features, text, **options):
    (found,) = pair_effects(closed_form.predictor(function, features), text, targets="yes", baseline="mask", **options)
    return found


def place(found, word):
    return [one.text for one in found.words].index(word)


def test_of_a_product_all_is_left_over():
    found = found_in(lambda x: 3 * x[:, 0] * x[:, 1], NOT_GOOD, "the food was not good")
    i, j = place(found, "not"), place(found, "good")
    assert_close(found.alone[[i, j]], [3, 3], 1e-6)
    assert_close(found.losses[i, j], 3, 1e-6)
    assert_close(found.interactions[i, j], 3, 1e-6)
    others = [k for k in range(len(found.words)) if k not in (i, j)]
    assert np.abs(found.interactions[others]).max() < 1e-6
    assert [(finding[:2], finding.kind) for finding in found.findings] == [((i, j), "less")]


def test_words_that_cover_for_each_other_are_said_to():
    # The larger of two; integrated gradients finds them, whatever hiding one does.
    found = found_in(lambda x: x[:, :2].max(1).values, {"good": [2.0, 0], "great": [0, 2.0]}, "great food and good service")
    i, j = place(found, "great"), place(found, "good")
    assert np.abs(found.alone).max() < 1e-6
    assert_close(found.losses[i, j], 2, 1e-6)
    assert found.findings == ((i, j, "redundant"),)
    assert found.summary == (
        "Hiding “great” changes the logit of ‘yes’ by less than 0.01 and hiding “good” changes it by less than 0.01; hiding "
        "both lowers it by 2.0."
    )


def test_a_word_that_is_turned_by_another_is_said_to():
    table = torch.tensor([[0.0, 1.0], [-0.5, -1.0]], dtype=torch.float64)  # [not][good]

    def looked_up(x):
        no, good = x[:, 0], x[:, 1]
        either = (1 - no) * ((1 - good) * table[0, 0] + good * table[0, 1])
        return either + no * ((1 - good) * table[1, 0] + good * table[1, 1])

    found = found_in(looked_up, NOT_GOOD, "the food was not good")
    i, j = place(found, "not"), place(found, "good")
    assert_close(found.alone[[i, j]], [-2, -0.5], 1e-6)
    assert_close(found.beside_hidden[j, i], 1, 1e-6)
    assert (j, i, "turns") in found.findings
    turned = "Hiding “good” raises the logit of ‘yes’ by 0.50; where “not” is hidden, hiding “good” lowers it by 1.0."
    assert turned in found.summary


def test_nothing_is_left_over_in_a_bag_of_words():
    (found,) = pair_effects(tiny.linear(), tiny.TEXTS[0], targets=0, baseline="mask")
    assert np.abs(found.interactions).max() < 1e-5 * np.abs(found.losses).max()
    assert found.findings == ()
    assert found.summary.endswith("by 0.01 or more.")


def test_effects_are_those_of_masked_texts_for_every_target(stars_checkpoint):
    predictor = load_predictor(str(stars_checkpoint))
    words = "the price is not good".split()
    masked = {
        (): predictor.predict(" ".join(words))["logits"],
        **{
            hidden: predictor.predict(" ".join("[MASK]" if at in hidden else word for at, word in enumerate(words)))["logits"]
            for count in (1, 2)
            for hidden in combinations(range(5), count)
        },
    }
    first, second, between = pair_effects(predictor, " ".join(words), k=5, targets=[0, 1, contrast(0, 1)], baseline="mask")
    assert [word.text for word in first.words] == words
    for found, weights in ((first, [1, 0]), (second, [0, 1]), (between, [1, -1])):
        value = {hidden: np.dot(logits[:2], weights) for hidden, logits in masked.items()}
        expected = [[value[()] - value[tuple(sorted({i, j}))] for j in range(5)] for i in range(5)]
        assert_close(found.losses, expected)
        assert_close(found.value, value[()])
        assert found.passes == 15  # the targets share them
        assert found.baseline == "mask ([MASK])"


def test_the_strongest_words_are_hidden_in_reading_order():
    predictor = tiny.predictor("bert")
    (found,) = pair_effects(predictor, tiny.TEXTS[2], k=4, targets=0, n_steps=5)
    strongest = dict(found.attribution.top(4))
    assert {word.text for word in found.words} == set(strongest)
    assert [word.place for word in found.words] == sorted(word.place for word in found.words)
    assert found.passes == 4 * 5 / 2
    assert_close([word.contribution for word in found.words], [strongest[word.text] for word in found.words])


def test_more_words_than_there_are_are_all_and_one_has_no_pair():
    predictor = tiny.predictor("bert")
    (found,) = pair_effects(predictor, "never again", k=10, interpreter="occlusion", targets=0)
    assert len(found.words) == 2
    with pytest.raises(InputError, match="the text has one word, but a pair is of two"):
        pair_effects(predictor, "never")
    for k in (1, 51, "six"):
        with pytest.raises(InputError, match="k is"):
            pair_effects(predictor, "never again", k=k)
    with pytest.raises(InputError, match="'toleranse'"):
        pair_effects(predictor, "never again", toleranse=1)


def test_a_word_that_occurs_twice_is_told_apart():
    (found,) = pair_effects(tiny.predictor("bert"), "good food good service", k=4, targets=0)
    assert [(word.text, word.nth) for word in found.words] == [("good", 1), ("food", 0), ("good", 2), ("service", 0)]


@pytest.mark.parametrize("interpreter", ["occlusion", "shapley", "gradient", "simple-gradient", {"type": "gradient-x-input"}])
def test_any_method_may_choose_the_words(interpreter):
    (found,) = pair_effects(tiny.predictor("bert"), tiny.TEXTS[4], k=3, interpreter=interpreter, output="probability")
    assert found.output == "probability"
    assert found.attribution.method in str(interpreter)
    assert 0 < found.value < 1


def test_the_page_shows_what_is_printed():
    (found,) = pair_effects(bundled_model(), "There is nothing wrong with it.")
    page = Path(__file__).parent.parent.parent / "docs" / "interpreters.md"
    assert found.summary in page.read_text(encoding="utf-8")


def test_an_effect_does_not_depend_on_how_many_rows_run_together():
    predictor = tiny.predictor("bert", double=True)
    whole, one = (
        pair_effects(predictor, tiny.TEXTS[4], targets=0, interpreter="occlusion", internal_batch_size=size)[0]
        for size in (None, 1)
    )
    assert_close(whole.losses, one.losses, 1e-9)


def bag_of_words(**options):
    torch.manual_seed(0)
    outputs = len(options["labels"])
    tokenizer = tiny.linear()._dataset_reader.tokenizer
    return load_predictor(tiny.Linear(100, outputs=outputs), tokenizer=tokenizer, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"labels": ["a", "b", "c"], "problem_type": "multi_label_classification"},
        {"labels": ["price", "size"], "problem_type": "regression"},
    ],
)
def test_what_allennlps_own_methods_explain_is_what_is_measured(options):
    # They explain one output, where others explain all that the model predicts.
    predictor = bag_of_words(**options)
    found = pair_effects(predictor, tiny.TEXTS[0], interpreter="simple-gradient", baseline="mask")
    assert [one.attribution.method for one in found] == ["simple-gradient"]
    target = found[0].attribution.target
    assert_close(found[0].value, predictor.predict(tiny.TEXTS[0])["logits"][target])


@pytest.mark.parametrize(
    ("interpreter", "baseline", "output"),
    [
        ({"type": "integrated-gradients", "baseline": "zero"}, "zero", "logit"),
        ({"type": "occlusion", "output": "probability"}, "mask (<mask>)", "probability"),
        ({"type": "occlusion", "baseline": "pad", "output": "loss"}, "pad (<pad>)", "loss"),
    ],
)
def test_hiding_takes_the_interpreters_own_options_where_none_are_given(interpreter, baseline, output):
    (found,) = pair_effects(tiny.predictor("bert"), tiny.TEXTS[0], k=2, interpreter=interpreter, targets=0)
    assert (found.baseline, found.output, found.attribution.output) == (baseline, output, output)
    assert found.attribution.baseline == baseline
    if interpreter["type"] == "occlusion":
        assert_close(found.alone, [word.contribution for word in found.words])


def test_options_that_are_given_twice_are_refused():
    with pytest.raises(InputError, match="baseline is given twice"):
        pair_effects(tiny.linear(), tiny.TEXTS[0], interpreter={"type": "occlusion", "baseline": "pad"}, baseline="mask")


def test_words_are_hidden_in_the_layer_that_is_explained():
    layer = "bert.encoder.layer.0"
    (found,) = pair_effects(tiny.predictor("bert"), tiny.TEXTS[0], k=3, interpreter="occlusion", targets=0, layer=layer)
    assert found.attribution.parameters["layer"] == layer
    assert_close(found.alone, [word.contribution for word in found.words])


@pytest.mark.parametrize("output", ["logit", "probability"])
def test_an_expected_value_is_measured_in_its_own_unit(output):
    values = {"bad": 1, "fair": 2, "good": 3}
    predictor = tiny.linear()
    (found,) = pair_effects(predictor, tiny.TEXTS[0], targets=expected_value(values), output=output)
    assert found.output == found.attribution.output == "expected value"
    assert_close(found.value, np.dot(predictor.predict(tiny.TEXTS[0])["probs"], [1, 2, 3]))


def test_white_space_is_no_word(tmp_path):
    predictor = more_checkpoints.write_roberta_checkpoint(tmp_path / "bytes", labels=["a", "b"])
    (found,) = pair_effects(str(predictor), "\u00e9 \u00e9 \u00e9", k=10, interpreter="occlusion", targets=0)
    assert [(word.text, word.nth) for word in found.words] == [("\u00e9", 1), ("\u00e9", 2), ("\u00e9", 3)]
    assert_close(found.alone, [word.contribution for word in found.words])
