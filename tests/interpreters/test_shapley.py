"""Shapley values of a model's words: what predictions of all sets of words give, with stated errors where not all are run."""

from itertools import product
from math import factorial

import numpy as np
import pytest
from closeness import BATCHED, SINGLE, assert_close
from stacks import needs_captum

from eli5_transformers import attribution_from_json, attribution_to_json, bundled_model, get_explanation, load_predictor
from eli5_transformers.errors import InputError
from eli5_transformers.interpreters import attribute
from eli5_transformers.text.granularity import by

from . import closed_form, tiny

TEXT = "the price is not good"
LONG = "we had to wait long for our table and the service was very slow"


def only(predictor, text=LONG, targets=0, **options):
    ((found,),) = attribute(predictor, [{"sentence": text}], "shapley", targets=targets, **options)
    return found


@pytest.fixture(scope="module")
def bundled():
    return load_predictor(bundled_model())


def by_predictions(predictor, words, target):
    """The definition, by the predictions of all texts of which some words are masked."""
    logits = {
        there: predictor.predict(" ".join(word if one else "[MASK]" for word, one in zip(words, there)))["logits"][target]
        for there in product((False, True), repeat=len(words))
    }
    found = np.zeros(len(words))
    for there, value in logits.items():
        inside = sum(there)
        for place, one in enumerate(there):
            before = inside - 1 if one else inside
            ways = factorial(before) * factorial(len(words) - 1 - before) / factorial(len(words))
            found[place] += ways * value if one else -ways * value
    return found


def test_few_words_have_the_values_of_all_masked_texts(stars_checkpoint):
    predictor = load_predictor(str(stars_checkpoint))
    for target in (0, 1):
        found = only(predictor, TEXT, target, baseline="mask")
        assert_close(found.scores[1:-1], by_predictions(predictor, TEXT.split(), target))
        assert found.evaluations == 2**5 - 2  # all but the text and the baseline
        assert found.token_error == 0
        assert not found.standard_errors.any()


@pytest.mark.parametrize("output", ["logit", "probability"])
@pytest.mark.parametrize("options", [{}, {"budget": 30}, {"unit": "token", "tolerance": 0.1}])
def test_scores_sum_to_the_difference_exactly(output, options):
    found = only(tiny.predictor("bert"), output=output, **options)
    value = found.score if output == "logit" else found.probability
    assert_close(found.scores.sum(), value - found.baseline_score, SINGLE)
    assert abs(found.convergence_delta) < 1e-12 * np.abs(found.scores).sum()


def test_the_stated_errors_hold_on_the_bundled_model(bundled):
    """Against all sets of words: twice the standard error holds 19 of 20 words, and the stated error every one of a text's."""
    texts = ["Not as clever as it thinks it is.", "so sad, my dog died last night", "The seats were fine but the film was not."]
    within = []
    for text in texts:
        exact = only(bundled, text, 3, budget=2**11)
        assert exact.token_error == 0
        for budget in (40, 80, 160):
            for seed in range(3):
                found = only(bundled, text, 3, budget=budget, seed=seed)
                off = np.abs(found.scores - exact.scores)
                assert found.evaluations == budget
                assert off.max() <= found.token_error * np.abs(found.scores).sum()
                within += list(off[1:-1] <= 2 * found.standard_errors[1:-1])
    assert np.mean(within) >= 0.95


def test_sets_are_run_until_the_error_is_within_the_tolerance_or_a_note_says_that_it_is_not():
    predictor = tiny.predictor("bert")
    rough, fine = only(predictor, tolerance=0.2), only(predictor, tolerance=0.02)
    assert rough.token_error <= 0.2
    assert fine.token_error <= 0.02
    assert rough.evaluations < fine.evaluations
    assert not rough.notes
    assert not fine.notes
    short = only(predictor, tolerance=0.001, max_evaluations=60)
    assert short.evaluations == 60
    assert "where 0.1% was asked for; max_evaluations=60 allows no more forward passes." in short.notes[0]
    assert not only(predictor, budget=60).notes  # nobody asked for a tolerance
    assert only(predictor, budget=61).evaluations == 60


@pytest.mark.parametrize("options", [{}, {"budget": 60}])
def test_a_bag_of_words_has_the_terms_of_its_words(options):
    predictor = tiny.linear()
    found = only(predictor, baseline="mask", **options)
    exact = attribute(predictor, tiny.inputs(LONG), targets=0, baseline="mask")[0][0]
    assert_close(found.scores, exact.scores)
    assert found.token_error < 1e-4


@needs_captum
def test_captums_samples_lie_around_the_values():
    predictor, seeds = tiny.predictor("bert"), range(6)
    ours = only(predictor, LONG, tolerance=0.01)
    drawn = np.stack(
        [
            attribute(
                predictor, tiny.inputs(LONG), "captum", targets=0, method="ShapleyValueSampling",
                options={"n_samples": 20}, seed=seed,
            )[0][0].scores
            for seed in seeds
        ]
    )  # fmt: skip
    error = drawn.std(0, ddof=1) / np.sqrt(len(seeds)) + ours.standard_errors
    assert (np.abs(drawn.mean(0) - ours.scores) <= 4 * error + 1e-6).all()
    assert ours.standard_errors.max() < drawn.std(0, ddof=1).max()


@pytest.mark.parametrize("text", ["the food was not good", LONG + " not good"])
@pytest.mark.parametrize("output", ["yes", "no"])
def test_what_two_words_do_together_is_halved(text, output):
    predictor = closed_form.predictor(lambda x: 3 * x[:, 0] * x[:, 1], {"not": [1, 0], "good": [0, 1]})
    found = only(predictor, text, output, baseline="mask")
    sign = 1 if output == "yes" else -1
    expected = [1.5 * sign if word in ("not", "good") else 0 for word in found.tokens.text]
    assert_close(found.scores, expected, 1e-3)
    assert np.abs(found.scores - expected).max() <= found.token_error * 3 + 1e-9


def test_several_targets_and_texts_have_the_scores_of_each_alone():
    predictor = tiny.predictor("bert", double=True)
    together = attribute(predictor, tiny.inputs(), "shapley", targets=[2, 0], tolerance=0.05)
    for text, found in zip(tiny.TEXTS, together):
        for place, target in enumerate((2, 0)):
            alone = only(predictor, text, target, tolerance=0.05)
            assert_close(found[place].scores, alone.scores, 1e-9)
            assert_close(found[place].standard_errors, alone.standard_errors, 1e-6)
            assert found[place].evaluations == alone.evaluations


def test_another_seed_draws_other_sets_and_stays_within_the_errors():
    predictor = tiny.predictor("bert")
    first, again, other = (only(predictor, budget=60, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.scores, again.scores)
    off = np.abs(first.scores - other.scores)
    assert 0 < off.max() <= (first.token_error + other.token_error) * np.abs(first.scores).sum()


def test_the_tokens_of_a_word_share_its_score_and_its_error(stars_checkpoint):
    predictor = load_predictor(str(stars_checkpoint))
    found = only(predictor, "the fastest price of all is not a better job", budget=40)
    pieces = [at for at, word in enumerate(found.tokens.word) if found.tokens.word.count(word) > 1 and word >= 0]
    assert len(pieces) > 1
    words = found.by_word()
    place = words.tokens.text.index("fastest")
    for values, of_word in ((found.scores, words.scores), (found.standard_errors, words.standard_errors)):
        assert_close(values[pieces], of_word[place] / len(pieces), 1e-9)
        assert_close(of_word.sum(), values.sum(), 1e-9)
    assert (words.standard_errors[1:-1] > 0).all()
    table = words.to_dataframe()
    assert list(table.columns)[-2:] == ["score", "standard_error"]
    assert np.array_equal(table.standard_error, words.standard_errors)


def test_standard_errors_are_saved_and_read_again():
    found = only(tiny.predictor("bert"), budget=40)
    read = attribution_from_json(attribution_to_json(found))
    assert np.array_equal(read.standard_errors, found.standard_errors)
    assert read.parameters == found.parameters
    (made,) = attribute(tiny.predictor("bert"), tiny.inputs(LONG), {"type": "shapley", **read.parameters}, targets=0)
    assert_close(made[0].scores, found.scores, BATCHED)


@pytest.mark.parametrize("unit", ["phrase", "sentence"])
def test_phrases_and_sentences_may_be_the_players(stars_checkpoint, unit):
    predictor = load_predictor(str(stars_checkpoint))
    text = "not good, a better job." if unit == "phrase" else "not good. a better job."
    found = only(predictor, text, 0, unit=unit, baseline="mask")
    parts = by(found, unit)
    assert len(parts.tokens) == 4  # with two special tokens
    first, second = parts.scores[1:-1]
    alone = attribute(predictor, [{"sentence": text}], "occlusion", targets=0, unit=unit, baseline="mask")[0][0]
    lost = by(alone, unit).scores[1:-1]
    whole = found.score - found.baseline_score
    # Of two players each has the mean of what it adds as the first and as the last.
    assert_close([first, second], [(lost[0] + whole - lost[1]) / 2, (lost[1] + whole - lost[0]) / 2])


def test_one_word_has_the_whole_difference_without_a_pass(bundled):
    found = only(bundled, "good", 4)
    assert_close(found.scores[1:-1].sum(), found.score - found.baseline_score)
    assert found.evaluations == 0


def test_the_explanation_says_how_far_a_score_may_be_off_and_by_which_work():
    said = get_explanation(tiny.predictor("bert"), LONG, interpreter="shapley", targets=0).description
    assert "forward passes, no token's contribution is off by more than" in said
    assert "convergence delta" not in said  # nothing was shared out
    assert "gradient" not in said


@pytest.mark.parametrize(
    ("options", "word"),
    [({"budget": 1}, "budget"), ({"tolerance": 0}, "tolerance"), ({"unit": "letter"}, "unit"), ({"seed": -1}, "seed"),
     ({"max_evaluations": 10**6}, "max_evaluations")],
)  # fmt: skip
def test_wrong_options_are_refused_by_name(options, word):
    with pytest.raises(InputError, match=word):
        only(tiny.predictor("bert"), **options)
