"""What the demonstration model and the generator of its sentences promise."""

import itertools
import json
import math
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from statistics import mean

import pytest
from closeness import assert_close

from demo_model import LABELS, checkpoint_path, lexicon, rules, scenery
from demo_model.generator import HELD_OUT, TRAIN, examples, sample
from demo_model.vocabulary import build_vocabulary, write_tokenizer

CONFIG = Path(__file__).resolve().parents[2] / "demo_model" / "train.jsonnet"
VALUED = [
    lexicon.GENERAL,
    lexicon.ADVERBS,
    lexicon.FEELING_VERBS,
    lexicon.FEELINGS,
    lexicon.NOUNS,
    lexicon.MASS_NOUNS,
    *(domain.adjectives for domain in scenery.DOMAINS.values()),
]
VALUES = {word: value for values in VALUED for word, value in values.items()}
DENIALS = ("not", "isn't", "wasn't", "do not", "don't", "does not", "doesn't", "did not", "didn't")
ALL_VALUES = (-rules.STRONG, -rules.MILD, rules.MILD, rules.STRONG)


@pytest.fixture(scope="module")
def generated():
    return list(itertools.islice(examples(seed=11), 4000))


@pytest.fixture(scope="module")
def metrics():
    return json.loads((checkpoint_path() / "metrics.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def classifier():
    from demo_model.evaluation import StarClassifier

    return StarClassifier(checkpoint_path())


def _words(example, role=None):
    return [example.text[word.start : word.end].lower() for word in example.evidence if role in (None, word.role)]


# The generator


def test_evidence_spans_are_whole_words_in_order(generated):
    for example in generated:
        position = 0
        for word in example.evidence:
            assert position <= word.start < word.end <= len(example.text)
            covered = example.text[word.start : word.end]
            around = example.text[word.start - 1 : word.start] + example.text[word.end : word.end + 1]
            assert covered.strip() == covered
            assert not any(character.isalnum() for character in around), (example.text, covered)
            assert covered[0].isalnum()
            assert covered[-1].isalnum()
            position = word.end


def test_evidence_tells_opinion_words_from_scenery(generated):
    """Of a clause with one opinion word the evidence is that word, also where its sentence has misleading ones."""
    misled = 0
    for example in generated:
        if example.phenomena == ("distractor", "plain"):
            (word,) = _words(example)
            tokens = re.findall(r"[\w-]+", example.text.lower())
            misled += any(token in VALUES and token != word for token in tokens)
        if "no opinion" in example.phenomena:
            assert example.evidence == ()
            assert example.label == 3
    assert misled > 20


def test_same_seed_gives_the_same_sentences():
    first, again, other = (list(itertools.islice(examples(seed), 200)) for seed in (5, 5, 6))
    assert first == again
    assert first != other


def test_train_and_held_out_share_neither_texts_nor_deciding_words():
    train, held_out = sample(4000, seed=1, split=TRAIN), sample(1000, seed=1, split=HELD_OUT)
    assert not {example.text.lower() for example in train} & {example.text.lower() for example in held_out}
    deciding = [{" ".join(_words(example)) for example in split if example.evidence} for split in (train, held_out)]
    assert not deciding[0] & deciding[1]


def test_sample_has_no_duplicates_and_all_labels_equally_often():
    chosen = sample(503, seed=4)
    assert len({example.text.lower() for example in chosen}) == 503
    counts = [sum(example.label == label for example in chosen) for label in range(1, 6)]
    assert counts == [101, 101, 101, 100, 100]


def test_no_word_has_two_values():
    for first, second in itertools.combinations(VALUED, 2):
        assert all(first[word] == second[word] for word in set(first) & set(second))
    neutral = {*lexicon.NEITHER, *lexicon.DIMENSIONS, *scenery.ADJECTIVES, *scenery.NOUNS, *scenery.COLORS}
    assert not neutral & set(VALUES)


def test_no_word_of_the_scenery_gives_the_label_away():
    """Else a model could be right for reasons that the evidence does not name."""
    leanings = defaultdict(list)
    for example in sample(12_000, seed=21):
        deciding = {word.start for word in example.evidence}
        matches = [match for match in re.finditer(r"\w[^\s.,;!?\"]*", example.text) if match.start() not in deciding]
        for word in {match.group().lower() for match in matches}:
            leanings[word].append(rules.sign(example.label - 3))
    telling = {word: mean(signs) for word, signs in leanings.items() if len(signs) >= 60 and abs(mean(signs)) > 0.6}
    assert not telling
    assert len(leanings) > 1000


# The rule


def test_a_lone_word_has_the_stars_of_its_value(generated):
    seen = set()
    for example in generated:
        words = _words(example)
        if example.phenomena == ("plain",) and len(words) == 1 and words[0] in VALUES:
            assert example.label == rules.stars([VALUES[words[0]]]), example.text
            seen.add(example.label)
    assert seen == {1, 2, 4, 5}


def test_negation_turns_praise_to_blame_and_never_blame_to_more_than_faint_praise(generated):
    seen = set()
    for example in generated:
        denial, opinions = " ".join(_words(example, "negator")), _words(example, "opinion")
        if example.phenomena == ("negation",) and denial in DENIALS and len(opinions) == 1 and opinions[0] in VALUES:
            value = VALUES[opinions[0]]
            assert example.label == {3: 2, 2: 2, -2: 4, -3: 3}[value], example.text
            seen.add(value)
    assert seen == set(ALL_VALUES)


def test_firm_denial_goes_further_than_denial():
    for value in ALL_VALUES:
        assert rules.sign(value) * rules.deny_firmly(value) < rules.sign(value) * rules.deny(value)


def test_intensity_orders_the_stars():
    for value in ALL_VALUES:
        weak, plain, strong = (rules.stars([change(value)]) for change in (rules.weaken, int, rules.boost))
        assert abs(weak - 3) <= abs(plain - 3) <= abs(strong - 3)
        assert {rules.sign(stars - 3) for stars in (weak, plain, strong)} == {rules.sign(value)}
    assert rules.stars([rules.boost(rules.MILD)]) == 5
    assert rules.stars([rules.weaken(-rules.STRONG)]) == 2


def test_the_upheld_clause_of_a_concession_decides_without_extremes(generated):
    for conceded, upheld in itertools.product(ALL_VALUES, repeat=2):
        stars = rules.stars([rules.concede(conceded, upheld)])
        if conceded * upheld < 0:
            assert stars == 3 + rules.sign(upheld)
        else:
            assert stars == rules.stars([upheld])
    concessions = [example for example in generated if _words(example, "contrast")]
    assert len(concessions) > 500
    for example in concessions:
        (sign,) = {word.sign for word in example.evidence if word.role == "contrast"}
        assert example.label == 3 + sign, example.text


def test_comparisons_with_other_things_turn_the_sign(generated):
    seen = set()
    for example in generated:
        others, opinions = _words(example, "comparison"), _words(example, "opinion")
        compares = len(opinions) == 1 and opinions[0] in (*lexicon.BETTER, *lexicon.WORSE)
        if compares and example.phenomena == ("comparison",):
            praises = (opinions[0] in lexicon.BETTER) != bool(others)
            assert (example.label > 3) == praises, example.text
            seen.add((opinions[0] in lexicon.BETTER, bool(others)))
    assert len(seen) == 4


# The checkpoint


def test_importing_the_paths_loads_no_torch():
    code = "import sys, eli5_transformers.bundled as b; b.model_path(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=CONFIG.parents[1]).returncode == 0


def test_weights_take_at_most_two_megabytes(metrics):
    size = (checkpoint_path() / "model.safetensors").stat().st_size
    assert size <= 2_000_000
    assert metrics["model"]["bytes"] == size


def test_labels_are_the_outputs_names():
    config = json.loads((checkpoint_path() / "config.json").read_text(encoding="utf-8"))
    assert tuple(config["id2label"][str(index)] for index in range(5)) == LABELS


def test_tokenizer_files_are_what_the_generator_makes(tmp_path):
    """On every stack, byte for byte: generator and vocabulary do not depend on any library's release."""
    write_tokenizer(tmp_path, build_vocabulary())
    for file in tmp_path.iterdir():
        assert file.read_bytes() == (checkpoint_path() / file.name).read_bytes(), file.name


def test_both_forms_of_the_tokenizer_agree_and_know_every_word(tmp_path):
    """`tokenizer.json` is what transformers makes of `vocab.txt`, and nothing typed on a keyboard is unknown."""
    from transformers import AutoTokenizer

    for name in ("config.json", "tokenizer_config.json", "vocab.txt"):
        shutil.copy(checkpoint_path() / name, tmp_path)
    shipped, spelled = (AutoTokenizer.from_pretrained(str(folder)) for folder in (checkpoint_path(), tmp_path))
    assert shipped.is_fast
    texts = [example.text for example in sample(200, seed=9)]
    for text in [*texts, "Zqxj's unbelievablest wifi-router \u2014 100% na\u00efve!", "It\u2019s OK \u2026 (see #3)"]:
        ids = shipped(text)["input_ids"]
        assert ids == spelled(text)["input_ids"]
        assert len(ids) <= shipped.model_max_length == 128
        assert shipped.unk_token_id not in ids or set(text) & set(scenery.UNKNOWN_SYMBOLS), text


def test_accuracy_on_fresh_held_out_sentences_is_what_the_card_says(classifier, metrics):
    from demo_model.evaluation import evaluate

    claimed = metrics["held_out"]["accuracy"]
    measured = evaluate(classifier, sample(500, seed=987, split=HELD_OUT))["accuracy"]
    # Three standard errors of a share of 500: one run in a thousand would stray further by chance alone.
    assert measured >= claimed - 3 * math.sqrt(claimed * (1 - claimed) / 500)
    assert claimed >= 0.95


def test_predictions_are_the_ones_on_the_card(classifier, metrics):
    rows = metrics["ungenerated"]
    probabilities = classifier.probabilities([row["text"] for row in rows])
    for row, predicted in zip(rows, probabilities):
        assert int(predicted.argmax()) + 1 == row["predicted"]
        # The card has three decimals.
        assert_close(predicted.max(), row["probability"], rtol=6e-4, scale=1.0)


def test_the_card_shows_the_metrics_and_says_what_the_model_is(metrics):
    card = (checkpoint_path() / "README.md").read_text(encoding="utf-8")
    assert "A demonstration, not a sentiment model" in card
    assert f"{metrics['held_out']['accuracy']:.1%} get the right stars" in card
    assert f"{metrics['model']['parameters']:,} parameters" in card
    for phenomenon, group in metrics["held_out"]["by_phenomenon"].items():
        assert f"| {phenomenon} | {group['sentences']:,} | {group['accuracy']:.1%} |" in card


def test_training_twice_with_one_seed_gives_the_same_checkpoint(tmp_path):
    from demo_model import train

    data = tmp_path / "data"
    train.write_data(data, sentences=100, seed=3)
    for run in ("first", "second"):
        train.train(CONFIG, data, tmp_path / run, seed=3, overrides='{"trainer": {"num_epochs": 1}}')
        train.export(tmp_path / run, data / "tokenizer", tmp_path / f"{run}-checkpoint")
    files = sorted(file.name for file in (tmp_path / "first-checkpoint").iterdir())
    assert "model.safetensors" in files
    for name in files:
        first, second = (tmp_path / f"{run}-checkpoint" / name for run in ("first", "second"))
        assert first.read_bytes() == second.read_bytes(), name


def test_training_without_its_config_says_where_to_find_it(tmp_path):
    from demo_model import train
    from eli5_transformers.errors import SourceError

    with pytest.raises(SourceError, match="from the project's folder, or give the file with --config"):
        train.train(tmp_path / "none.jsonnet", tmp_path, tmp_path / "archive", seed=0)


def test_masks_in_training_sentences_leave_every_deciding_word():
    from demo_model import train
    from demo_model.dice import Dice

    dice, masked, empty = Dice(0), 0, 0
    for example in sample(3000, seed=9):
        text = train.with_masks(example, dice)
        hidden = text.split(train.MASK)
        masked += len(hidden) > 1
        empty += not "".join(hidden).strip()
        for word in _words(example):
            assert re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text.lower()), (example.text, text)
    assert 0.1 < masked / 3000 < 0.2
    assert empty > 0


def test_a_text_of_masks_is_three_stars(classifier):
    assert set(classifier.stars([" ".join(["[MASK]"] * count) for count in (3, 8, 15, 30)])) == {3}
