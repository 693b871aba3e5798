"""What is measured beside an explanation: held against the model itself, closed forms, and scores that are noise."""

import copy
import json
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import allennlp_models
import numpy as np
import pytest
import torch
from closeness import BATCHED, assert_close
from handmade import attribution as by_hand
from interpreters import closed_form, tiny

from eli5_transformers import (
    attribute,
    attribution_from_json,
    attribution_to_json,
    compare,
    contrast,
    expected_value,
    get_explanation,
    get_explanations,
    lean,
    load_predictor,
    to_explanation,
)
from eli5_transformers.__main__ import main
from eli5_transformers.components.explained_predictors import explained_model
from eli5_transformers.engine.passes import Scorer
from eli5_transformers.errors import ExplanationError, InputError, UnsupportedModelError
from eli5_transformers.explanations.trust_text import phrases
from eli5_transformers.faithfulness import trust as trust_module
from eli5_transformers.faithfulness.asked import NEUTRAL, Asked, asked
from eli5_transformers.faithfulness.operators import WordsOf, operator
from eli5_transformers.faithfulness.stability import correlation
from eli5_transformers.records import RELEASED, HiddenWord
from eli5_transformers.sites.jitter import jittered
from eli5_transformers.text.wording import plain

TEXT = "the food was great but the service was not good"


# The operators, on a bag of words


def operators_of(predictor, text, names, others=NEUTRAL):
    explained = explained_model(predictor)
    scorer = Scorer(explained)
    (given,) = tiny.inputs(text)
    with scorer.session():
        of = WordsOf(scorer, explained.encode(given), given, random.Random(0))
        return {name: operator(name, of, others).deletions([0, 0b1, 0b110]) for name in names}


def bag_of(predictor):
    """Logits of a list of words, of the bag of words itself."""
    module = explained_model(predictor).given
    module = next(part for part in module.modules() if isinstance(part, tiny.Linear))
    known = predictor._dataset_reader.tokenizer.get_vocab()

    def logits(words):
        ids = torch.tensor([[known[word] for word in ["<cls>", *words, "<sep>"]]])
        with torch.no_grad():
            return module(ids, torch.ones_like(ids))[0].numpy()

    return logits


def test_hidden_words_are_masked_removed_or_replaced():
    predictor = tiny.linear()
    logits = bag_of(predictor)
    found = operators_of(predictor, "not good at all", ("mask", "removal", "replacement"), ("price",))
    assert_close(found["mask"], [logits(t.split()) for t in ("not good at all", "<mask> good at all", "not <mask> <mask> all")])
    assert_close(found["removal"], [logits(t.split()) for t in ("not good at all", "good at all", "not all")])
    expected = [logits(t.split()) for t in ("not good at all", "price good at all", "not price price all")]
    assert_close(found["replacement"], expected)


@pytest.mark.current
def test_scores_that_are_what_hiding_does_have_no_infidelity_by_captum():
    """Yeh et al. (2019): the squared difference between what words' scores say and what hiding the words does."""
    from captum.metrics import infidelity

    predictor = tiny.linear()
    ((told,),) = attribute(predictor, [TEXT], interpreter="occlusion", targets=contrast("good", "bad"))
    scores = torch.tensor(told.by_word().scores[1:-1])
    explained = explained_model(predictor)
    scorer = Scorer(explained)
    draw = torch.Generator().manual_seed(0)
    with scorer.session():
        of = WordsOf(scorer, explained.encode(tiny.inputs(TEXT)[0]), tiny.inputs(TEXT)[0], random.Random(0))
        hidden = operator("mask", of).deletions

        def lead(kept):
            sets = [sum(1 << place for place, here in enumerate(row) if not here) for row in kept.tolist()]
            logits = hidden(sets)
            return torch.tensor(logits[:, 2] - logits[:, 0])

        def hide(inputs):
            some = (torch.rand(inputs.shape, generator=draw) < 0.4).to(inputs)
            return some, inputs - some

        whole = torch.ones(1, len(scores), dtype=torch.float64)
        right = infidelity(lead, hide, whole, scores[None], n_perturb_samples=20)
        wrong = infidelity(lead, hide, whole, scores.flip(0)[None], n_perturb_samples=20)
    assert float(right) < 1e-9
    assert float(wrong) > 1e-3


def test_what_is_left_of_nothing_is_no_number():
    predictor = tiny.linear()
    explained = explained_model(predictor)
    scorer = Scorer(explained)
    (given,) = tiny.inputs("never again")
    with scorer.session():
        of = WordsOf(scorer, explained.encode(given), given, random.Random(0))
        found = operator("removal", of).deletions([0b10, 0b11])
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()


# Trust


@pytest.fixture(scope="module")
def predictor():
    return tiny.predictor("bert", double=True)


def trust_of(predictor, text=TEXT, **options):
    ((found,),) = attribute(predictor, [text], **{"trust": True, **options})
    return found


def test_what_is_measured_is_what_the_model_says_of_masked_texts(stars_checkpoint):
    predictor = load_predictor(str(stars_checkpoint))
    found = trust_of(predictor)
    trust, words = found.trust, TEXT.split()

    def probability(*hidden):
        text = " ".join("[MASK]" if place in hidden else word for place, word in enumerate(words))
        return predictor.predict(text)["probs"][found.target]

    assert trust.measured == "probability"
    assert trust.replaced_by == "mask ([MASK])"
    assert_close(trust.before, found.probability, 2e-6)
    assert len(trust.hidden) == 5
    assert [abs(one.score) for one in trust.hidden] == sorted((abs(s) for _, s in found.top(5)), reverse=True)
    for one in trust.hidden:
        assert TEXT[one.place[1] : one.place[2]] == one.word
        assert_close(one.after, probability(len(TEXT[: one.place[1]].split())), 2e-6, scale=1)
    hidden = [len(TEXT[: one.place[1]].split()) for one in trust.check.words]
    assert_close(trust.check.after, probability(*hidden), 2e-6, scale=1)
    assert trust.check.verdict in ("yes", "partly", "no")
    assert trust.check.draws == len(words) * (len(words) - 1) // 2 - 1 if len(hidden) == 2 else len(words) - 1
    assert trust.passes == 6


def test_without_being_asked_for_nothing_is_measured(predictor):
    assert trust_of(predictor, trust=False).trust is None
    assert trust_of(predictor, trust=None).trust is None


def test_neither_other_texts_nor_other_targets_change_what_is_measured(predictor):
    alone = trust_of(predictor, trust="full", targets="good").trust
    others = attribute(predictor, ["i love it", TEXT, *tiny.TEXTS], trust="full", targets=["bad", "good"])[1][1].trust
    assert replace(alone, stability=None, hidden=(), check=None) == replace(others, stability=None, hidden=(), check=None)
    assert (alone.check.verdict, alone.check.draws) == (others.check.verdict, others.check.draws)
    assert [one.after for one in alone.hidden] == [one.after for one in others.hidden]


def test_all_of_it_has_three_operators_each_alone(predictor):
    found = trust_of(predictor, trust="full")
    assert [one.operator for one in found.trust.operators] == ["mask", "removal", "replacement"]
    assert [one.flatters for one in found.trust.operators] == [True, False, False]
    for one in found.trust.operators:
        for measure in (one.comprehensiveness, one.sufficiency):
            assert 0 <= measure.normalised <= 1
            assert 1 / 51 <= measure.p_value <= 1
            assert measure.worst <= measure.area <= measure.best


def test_each_question_is_measured_in_its_own_number():
    bert = tiny.predictor("bert")
    model, tokenizer = explained_model(bert).given, bert._dataset_reader.tokenizer
    predictor = load_predictor(model, tokenizer=tokenizer, labels=["1 star", "2 stars", "3 stars"])
    (found,) = attribute(predictor, [TEXT], targets=[lean(), expected_value(), contrast("1 star", "3 stars")], trust=True)
    p = np.array(predictor.predict(TEXT)["probs"])
    assert [one.trust.measured for one in found] == ["expected value", "expected value", "preference"]
    assert_close(
        [one.trust.before for one in found], [p @ [1, 2, 3], p @ [1, 2, 3], p[0] / (p[0] + p[2])], 2e-6, scale=1
    )


@pytest.mark.parametrize("interpreter", [*RELEASED, "occlusion", "gradient", "smoothgrad"])
def test_every_kind_of_method_can_be_checked(predictor, interpreter):
    found = trust_of(predictor, interpreter=interpreter)
    assert found.trust.check.verdict in ("yes", "partly", "no")
    assert found.trust.check.side == (0 if not found.signed else found.trust.check.side)
    assert -1 <= found.trust.stability.correlation <= 1


def test_what_raises_a_loss_speaks_against_the_answer(predictor):
    logit = trust_of(predictor, interpreter="occlusion", output="log-probability", trust="full").trust
    loss = trust_of(predictor, interpreter="occlusion", output="loss", trust="full").trust
    assert loss.check.side == logit.check.side
    assert loss.check.verdict == logit.check.verdict
    assert [one.word for one in loss.check.words] == [one.word for one in logit.check.words]
    assert [one.comprehensiveness for one in loss.operators] == [one.comprehensiveness for one in logit.operators]


def test_a_text_of_one_word_has_no_check(predictor):
    found = trust_of(predictor, "great", trust="full")
    assert found.trust.check is None
    assert all(one.comprehensiveness is None for one in found.trust.operators)
    assert "No deletion check" in to_explanation(found).description


# Stability


def test_scores_of_honest_methods_are_stable():
    for name in ("integrated-gradients", "gradient-x-input", "occlusion", "simple-gradient", "integrated-gradient"):
        found = trust_of(tiny.predictor("bert"), interpreter=name)
        assert found.trust.stability.correlation > 0.99, name


def test_scores_that_are_rounding_noise_are_not_stable():
    found = attribute(tiny.predictor("bert"), list(tiny.TEXTS), interpreter="smooth-gradient", trust=True)
    correlations = [one.trust.stability.correlation for (one,) in found]
    assert np.mean(correlations) < 0.9
    described = to_explanation(found[int(np.argmin(correlations))]).description
    assert "not stable" in described


def test_noise_is_the_same_in_both_runs_and_the_hosts_stays():
    # An LSTM has no layer norm behind its embeddings: what is left is AllenNLP's noise alone.
    predictor = allennlp_models.built()
    before = torch.get_rng_state()
    found = trust_of(predictor, interpreter="smooth-gradient")
    assert torch.equal(torch.get_rng_state(), before)
    assert found.trust.stability.correlation > 0.99


def vectors_of(explained):
    """The vectors that the model is given for a text, (tokens, width)."""
    text, scorer = explained.encode(tiny.inputs(TEXT)[0]), Scorer(explained)
    with scorer.session():
        return scorer.over([text], lambda batch: [batch.vectors[0][0].numpy()])[0]


def test_vectors_change_by_their_last_bits_and_the_model_not_at_all(predictor):
    explained = explained_model(predictor)
    weights = copy.deepcopy(explained.given.state_dict())
    own = vectors_of(explained)
    with jittered(1e-9):
        first, second = vectors_of(explained), vectors_of(explained)
    assert 1e-10 < np.abs(first - own).max() / np.abs(own).max() <= 1e-9
    assert np.array_equal(first, second)
    assert np.array_equal(vectors_of(explained), own)
    assert all(torch.equal(weights[name], held) for name, held in explained.given.state_dict().items())


def test_scores_that_are_alike_but_for_rounding_have_no_ranks():
    one, other = by_hand("a b c", [1.0, 1.0 + 1e-9, 1.0]), by_hand("a b c", [1.0, 1.0, 1.0 + 1e-9])
    assert correlation(one, other) == 1.0
    assert_close(correlation(by_hand("a b c", [1.0, 2.0, 3.0]), by_hand("a b c", [3.0, 2.0, 1.0])), -1.0)


def test_equal_scores_are_stable_wherever_they_lie():
    # On any grid there is a line between some two of these.
    for score in np.linspace(0.1, 0.2, 51):
        one, other = (by_hand("a b c d", [1.0, score, score + off, score]) for off in (0.0, 3e-7))
        assert correlation(one, other) == 1.0
    # At the tolerance itself: equal in one run, and not in the other.
    one, other = (by_hand("a b c", [1.0, 1.0, 1.0 + off]) for off in (0.99e-5, 1.01e-5))
    assert correlation(one, other) == 1.0


@pytest.mark.parametrize("interpreter", ["occlusion", "shapley", "linearization"])
def test_repeated_words_get_the_same_trust_in_any_batch(interpreter):
    predictor, text = tiny.linear(), "good good food food slow slow was was good"
    trust = {"operators": ["mask", "removal"], "draws": 30, "orders": 10}
    alone = trust_of(predictor, text, interpreter=interpreter, trust=trust).trust
    others = [text, "i love it", "we had to wait long for our table"]
    together = attribute(predictor, others, interpreter=interpreter, trust=trust)[0][0].trust
    for one, other in ((alone, together), (together, alone)):
        assert one.stability.correlation == 1.0
        assert [word.place for word in one.hidden] == [word.place for word in other.hidden]
        assert (one.check.verdict, one.check.beaten) == (other.check.verdict, other.check.beaten)
        assert [word.place for word in one.check.words] == [word.place for word in other.check.words]
        assert [used.comprehensiveness.p_value for used in one.operators] == [
            used.comprehensiveness.p_value for used in other.operators
        ]


# What goes in


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (True, Asked()),
        ("full", Asked(operators=("mask", "removal", "replacement"))),
        ({"operators": "removal", "stability": False}, Asked(operators=("removal",), stability=False)),
        ({"replacements": ["a few", "words"]}, Asked(replacements=("a", "few", "words"))),
        (False, None),
    ],
)
def test_trust_says_what_is_measured(given, expected):
    assert asked(given) == expected


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("all", "'full'"),
        ({"operator": "mask"}, "operators"),
        ({"operators": ["erase"]}, "'erase'"),
        ({"draws": 0}, "from 1"),
        ({"stability": "no"}, "True or False"),
        ({"replacements": [" "]}, "no word"),
    ],
)
def test_what_cannot_be_asked_is_said_before_anything_is_explained(given, said):
    with pytest.raises(InputError, match=said):
        attribute(tiny.linear(), ["i love it"], trust=given)


# What comes out


def test_a_saved_attribution_keeps_its_trust(predictor):
    found = trust_of(predictor, trust="full")
    assert attribution_from_json(attribution_to_json(found)).trust == found.trust


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("measured",), "love", "measured"),
        (("check", "side"), 7, "side"),
        (("check", "verdict"), "maybe", "verdict"),
        (("hidden", 0, "place"), [1, 0, 3], "no place in a document"),
        (("check", "words", 0, "place"), [0, 0, 999], "no place in a document"),
        (("check", "words", 0, "place"), [0, 5, 2], "no place in a document"),
    ],
)
def test_files_with_a_trust_that_cannot_be_are_refused(predictor, path, value, said):
    file = json.loads(attribution_to_json(trust_of(predictor)))
    inside = file["attribution"]["trust"]
    for key in path[:-1]:
        inside = inside[key]
    inside[path[-1]] = value
    with pytest.raises(ExplanationError, match=said):
        attribution_from_json(json.dumps(file))


def test_files_without_trust_are_read(predictor):
    file = json.loads(attribution_to_json(trust_of(predictor)))
    del file["attribution"]["trust"]
    assert attribution_from_json(json.dumps(file)).trust is None


def test_the_description_says_what_was_measured(predictor):
    said = get_explanation(predictor, TEXT, trust=True).description
    assert "Hiding \u201c" in said
    assert "Does the explanation hold?" in said
    assert "Measured with one word hidden at a time" in said
    assert "stability, not faithfulness" in said
    assert "forward passes" in said
    assert "counts for" not in said
    assert "Does the explanation" not in get_explanation(predictor, TEXT).description
    several = get_explanations(predictor, [TEXT, "i love it so much"], trust=True)
    assert all("Does the explanation hold?" in one.description for one in several)


def test_a_text_of_few_words_has_no_others_to_compare_with(predictor):
    """Of three words every other pair holds one of the two that are named."""
    described = get_explanation(predictor, "i love it", trust=True).description
    assert "there are too few others to compare with" in described
    assert "Does the explanation hold?" not in described


def test_a_no_is_a_warning():
    trust = trust_of(tiny.predictor("bert")).trust
    warned = replace(trust, check=replace(trust.check, verdict="no"))
    described = to_explanation(by_hand(TEXT, [1.0] * 10, trust=warned)).description
    assert "Do not rely on this picture alone." in described


def test_a_comparison_measures_each_method(predictor):
    found = compare(predictor, TEXT, ["gradient-x-input", "simple-gradient"], trust=True)
    assert all(one.trust.check is not None for one in found.attributions)


def test_a_text_that_cannot_be_explained_does_not_stop_the_others(predictor):
    found = attribute(predictor, [TEXT, " ", "i love it"], on_error="skip", trust=True)
    assert [len(one) for one in found] == [1, 0, 1]
    assert found[2][0].trust is not None


def test_batches_round_what_is_measured_no_further_than_anything(predictor):
    alone = trust_of(predictor, "i love it").trust
    together = attribute(predictor, ["i love it", TEXT], trust=True)[0][0].trust
    assert_close([one.score for one in alone.hidden], [one.score for one in together.hidden], BATCHED)


def test_vectors_jitter_in_the_thread_that_asks_alone(predictor):
    explained = explained_model(predictor)
    own = vectors_of(explained)
    with jittered(1e-3), ThreadPoolExecutor(1) as pool:
        assert not np.array_equal(vectors_of(explained), own)
        assert np.array_equal(pool.submit(vectors_of, explained).result(), own)


def test_a_command_and_a_config_ask_for_trust(stars_checkpoint, tmp_path, monkeypatch, capsys):
    config = tmp_path / "explain.jsonnet"
    config.write_text('{trust: {draws: 5, stability: false}, interpreter: "gradient"}')
    for arguments in (["--trust"], ["--config", str(config)]):
        monkeypatch.setattr(sys, "argv", ["eli5-transformers", "explain", str(stars_checkpoint), TEXT, *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        out = capsys.readouterr().out
        assert stopped.value.code == 0
        assert "Does the explanation hold?" in out
        assert ("stability, not faithfulness" in out) == (arguments == ["--trust"])
    config.write_text('{trust: "everything"}')
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert "trust is 'everything'" in capsys.readouterr().err


def test_words_that_are_there_twice_are_told_apart():
    words = [HiddenWord("good", (0, start, start + 4), 1.0, 0.5) for start in (0, 9)]
    one = by_hand("good bad good", [1.0, 0.0, 1.0])
    assert [plain(phrase) for phrase in phrases(one, words)] == ["\u201cgood\u201d (1st)", "\u201cgood\u201d (2nd)"]
    neighbours = [HiddenWord("not", (0, 0, 3), 1.0, 0.5), HiddenWord("good", (0, 4, 8), 1.0, 0.5)]
    assert [plain(phrase) for phrase in phrases(by_hand("not good", [1.0, 1.0]), neighbours)] == ["\u201cnot good\u201d"]


def test_what_cannot_be_measured_is_a_note(predictor, monkeypatch):
    def refused(*given):
        raise UnsupportedModelError("no word can be hidden")

    monkeypatch.setattr(trust_module, "operator", refused)
    found = trust_of(predictor, interpreter="gradient")
    assert found.trust is None
    assert "How far to trust this could not be measured: no word can be hidden" in found.notes


def test_a_comparison_page_says_what_was_measured(predictor):
    assert "Does the explanation hold?" in compare(predictor, TEXT, ["gradient-x-input"], trust=True).html()


def test_words_that_speak_the_other_way_are_a_no():
    """The slope at the text says that "not" speaks for the class; hiding it raises the class, and others lower it more."""

    def answer(sums):
        bump = 8 * torch.sin(2 * np.pi * sums[:, 0]) / (2 * np.pi)
        return 3.3 - 1.5 * sums[:, 1] - 1.5 * sums[:, 2] - 0.1 * sums[:, 0] + bump

    words = {"not": [1.0, 0, 0], "good": [0, 1.0, 0], "food": [0, 0, 1.0], "a": [0, 0, 0], "b": [0, 0, 0], "c": [0, 0, 0]}
    predictor = closed_form.predictor(answer, words)
    trust = trust_of(predictor, "not good food a b c", interpreter="gradient-x-input", targets="yes").trust
    assert [word.word for word in trust.check.words] == ["not"]
    assert trust.check.after > trust.before
    assert trust.check.verdict == "no"


def test_of_one_word_it_is_said_that_there_is_no_order(predictor):
    found = trust_of(predictor, "great", trust="full")
    assert found.trust.operators == ()
    reason = "less than two words, of which no order is better than another."
    assert [note.endswith(reason) for note in found.trust.notes] == [True] * 3
    described = to_explanation(found).description
    assert "nothing can be read" not in described
    assert "flatters" not in described
