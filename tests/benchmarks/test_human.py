"""What the benchmark on people's texts promises: which texts, what is explained, and figures that can be checked."""

import hashlib
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from closeness import assert_close

from benchmarks import human
from eli5_transformers import lean, load_predictor
from eli5_transformers.records import RELEASED
from sentiment_model.evaluation import Classifier
from sentiment_model.ratings import Snippet

TEXTS = ["I love it, great value", "Not buying it again! It broke", "It is good", "bad bad quality and no service", "It works"]


@dataclass(frozen=True)
class HeldOut(Snippet):
    """A snippet that is held out, whatever its text."""

    @property
    def split(self):
        return "held-out"


@pytest.fixture(scope="module")
def classifier(stars_checkpoint):
    return Classifier(stars_checkpoint)


@pytest.fixture(scope="module")
def explained(stars_checkpoint):
    return human.explanations(load_predictor(stars_checkpoint), TEXTS)


# Texts


def test_texts_are_those_of_the_smallest_digests_and_domains_take_turns():
    snippets = [HeldOut(domain, f"this is text {number} of {domain}", 0.0) for domain in "ab" for number in range(9)]
    found = human.chosen(snippets, 3)
    assert [text[-1] for text in found] == list("ababab")
    for domain in "ab":
        digests = {hashlib.sha256(one.text.encode()).hexdigest(): one.text for one in snippets if one.domain == domain}
        assert [text for text in found if text[-1] == domain] == [digests[digest] for digest in sorted(digests)[:3]]


def test_texts_of_the_training_and_short_ones_are_left_out():
    seen = [Snippet("a", f"this is text number {number}", 0.0) for number in range(60)]
    assert {snippet.split for snippet in seen} > {"held-out"}
    found = human.chosen([*seen, HeldOut("a", "three short words", 0.0)], 100)
    assert sorted(found) == sorted(snippet.text for snippet in seen if snippet.split == "held-out")


# What is explained


def test_every_method_explains_the_predicted_class(explained, classifier):
    predicted = classifier.probabilities(TEXTS).argmax(axis=1)
    assert set(explained) >= set(RELEASED)
    for name, (attributions, seconds) in explained.items():
        assert len(attributions) == (1 if name in human.SLOW else len(TEXTS)), name
        assert [one.target for one in attributions] == list(predicted[: len(attributions)]), name
        assert seconds > 0


def test_the_same_texts_have_the_same_scores_again(explained, stars_checkpoint):
    torch.rand(1)  # whatever was drawn before
    again = human.explanations(load_predictor(stars_checkpoint), TEXTS)
    for name, (attributions, _) in explained.items():
        for one, other in zip(attributions, again[name].attributions):
            assert_close(one.scores, other.scores, what=name)


# Words


def test_words_are_written_as_the_tokenizer_writes_the_text(explained, classifier):
    for text, attribution in zip(TEXTS, explained["occlusion"].attributions):
        ids = [token for word in human.word_ids(classifier.tokenizer, attribution) for token in word]
        assert ids == classifier.tokenizer(text, add_special_tokens=False)["input_ids"]


def test_scores_of_words_are_those_of_by_word(explained):
    attribution = explained["integrated-gradients"].attributions[1]
    by_word = attribution.by_word()
    inside = ~np.array(by_word.tokens.special)
    assert [word.name for word in human.words(attribution)] == list(np.array(by_word.tokens.text)[inside])
    assert_close(human.word_scores(attribution), by_word.scores[inside])


@pytest.mark.parametrize("operator", human.OPERATORS)
def test_what_stands_instead_of_a_word(operator):
    import random

    texts = [[[5, 6], [7]], [[8], [9, 10]], [[11]]]
    found = human.instead(operator, texts, 0, 4, random.Random(0))
    assert len(found) == 2
    if operator == "mask":
        assert found == [[4, 4], [4]]
    elif operator == "removal":
        assert found == [[], []]
    else:
        assert all(word in ([8], [9, 10], [11]) for word in found)


# Figures


def test_faithfulness_is_on_the_scale_and_the_same_twice(explained, classifier):
    first, second = (human.faithfulness(classifier, explained) for _ in range(2))
    assert set(first) == set(human.OPERATORS)
    assert first == second
    for found, scales in first.values():
        assert set(found) <= {*explained, "random order"}
        for of_name in found.values():
            for judgements in of_name.values():
                assert all(0 <= one.normalised <= 1 and 0 <= one.wins <= 1 for one in judgements)
        assert all(len(of_texts) == len(TEXTS) for of_texts in scales.values())


def test_methods_that_compare_with_masks_are_named(explained):
    named = {name for name, one in explained.items() if human.compares_with_masks(one)}
    assert {"integrated-gradients", "occlusion"} <= named
    assert not named & {*RELEASED, "integrated-gradients, pad", "gradient"}


def test_rated_words_are_looked_up_in_lower_case(explained):
    attribution = explained["occlusion"].attributions[1]
    scores = dict(zip((word.name for word in human.words(attribution)), human.word_scores(attribution)))
    found = human.rated_words(attribution, {"not": -1.5, "broke": -2.0, "nowhere": 1.0})
    assert found.tolist() == [[scores["Not"], -1.5], [scores["broke"], -2.0]]
    assert human.rated_words(attribution, {}).shape == (0, 2)


def test_signs_agree_where_both_are_positive_or_negative():
    assert human.right_signs(np.array([[1.0, 2.0], [-1.0, -0.1], [0.0, 1.0], [1.0, -1.0]])) == 0.5


def test_the_tables_have_a_row_for_every_method(explained, classifier, stars_checkpoint, capsys):
    human.faithfulness_tables(classifier, explained)
    leaning = human.explanations(load_predictor(stars_checkpoint), TEXTS, lean())
    human.agreement_table(explained, leaning, {"love": 3.0, "great": 3.1, "good": 1.9, "bad": -2.5, "not": -1.0, "no": -1.2})
    human.cost_table(explained)
    tables = capsys.readouterr().out.split("\n### ")[1:]
    assert [one.splitlines()[0].split(":")[0] for one in tables] == [
        *(f"Faithfulness, {operator}" for operator in human.OPERATORS),
        "Agreement with ratings of words by people",
        "Cost",
    ]
    for one in tables:
        assert all(f"\n| {name}" in one for name in explained)
    assert set(leaning) == set(explained) - set(RELEASED)
