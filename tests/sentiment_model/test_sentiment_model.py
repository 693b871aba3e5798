"""What the recipe of the bundled model promises: the split, the targets, incomplete texts, pruning, and its card."""

import hashlib
import io
import json
import shutil
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import pytest
import torch
from closeness import assert_close

from eli5_transformers.bundled import LABELS, model_path
from eli5_transformers.errors import SourceError
from sentiment_model import card, evaluation, pruning, ratings, sources
from sentiment_model.components import class_shares, expected_class, incomplete

MASK = 4


@pytest.fixture(scope="module")
def metrics():
    return json.loads((model_path() / card.METRICS_FILE).read_text(encoding="utf-8"))


# What comes from elsewhere


@pytest.fixture
def release(tmp_path):
    """A wheel in a folder of downloads, and what is known of it."""
    path = tmp_path / "some-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("some/data.txt", "content")
    return sources.Release("some==1.0", path.name, hashlib.sha256(path.read_bytes()).hexdigest(), "MIT")


def test_a_file_that_is_there_is_not_downloaded_again(release, tmp_path):
    assert sources.fetch(release, tmp_path) == tmp_path / release.file


def test_a_file_with_other_content_is_refused(release, tmp_path):
    (tmp_path / release.file).write_bytes(b"PK of somebody else")
    with pytest.raises(SourceError, match="is not the file of some==1.0: remove it"):
        sources.fetch(release, tmp_path)


def test_a_release_that_pip_does_not_find_is_named(release, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "empty"))
    with pytest.raises(SourceError, match=f"pip cannot download some==1.0: put {release.file} into"):
        sources.fetch(release, tmp_path / "elsewhere")


def test_pip_downloads_a_release_and_nothing_with_another_digest(release, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with zipfile.ZipFile(tmp_path / release.file, "a") as wheel:
        wheel.writestr("some-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: some\nVersion: 1.0\n")
        wheel.writestr("some-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    with pytest.raises(SourceError, match="pip cannot download"):
        sources.fetch(release, tmp_path / "elsewhere")
    digest = hashlib.sha256((tmp_path / release.file).read_bytes()).hexdigest()
    found = sources.fetch(sources.Release("some==1.0", release.file, digest, "MIT"), tmp_path / "elsewhere")
    assert sources.member(found, "some/data.txt") == b"content"


@pytest.fixture
def sdist(tmp_path):
    """An archive with the shape of the released one: four data sets in an archive within, and a lexicon."""

    def tar(members):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            for name, content in members.items():
                information = tarfile.TarInfo(name)
                information.size = len(content)
                archive.addfile(information, io.BytesIO(content))
        return buffer.getvalue()

    members = {}
    for name in ratings.DOMAINS.values():
        texts = b"1_1\t-2.5\tit\tbroke \r\n1_2\t0.5\tcaf\xe9\n"
        members[f"hutto_ICWSM_2014/{name}_GroundTruth.txt"] = b"\xef\xbb\xbf" + texts
        members[f"hutto_ICWSM_2014/{name}_anonDataRatings.txt"] = b"1_1\t-2.5\t0.5\t[-2, -3]\n1_2\t0.5\t0\t[1, 0]\n"
    root = "vaderSentiment-3.3.2/"
    lexicon = b"bad\t-2.5\t0.5\t[-2, -3]\n:)\t2.0\t0.9\t[2, 2]\n"
    path = tmp_path / "vaderSentiment-3.3.2.tar.gz"
    inner = root + "additional_resources/hutto_ICWSM_2014.tar.gz"
    path.write_bytes(tar({inner: tar(members), root + "vaderSentiment/vader_lexicon.txt": lexicon}))
    return path


def test_ratings_and_words_are_read_out_of_the_archive(sdist):
    found = ratings.snippets(sdist)
    assert [snippet.domain for snippet in found] == [domain for domain in ratings.DOMAINS for _ in range(2)]
    assert found[0] == ratings.Snippet("film reviews", "it\tbroke", -2.5, (-2.0, -3.0))
    assert found[1].text.startswith("caf"), "a byte that is no UTF-8 ends neither the text nor the reading"
    assert ratings.lexicon(sdist) == {"bad": -2.5, ":)": 2.0}


def test_the_split_is_by_the_digest_of_the_stripped_text():
    names = {"0": "held-out", "1": "held-out", "2": "validation"}
    for number in range(200):
        text = f"text {number} \u00e9"
        digit = hashlib.sha256(text.encode("utf-8")).hexdigest()[0]
        assert ratings.Snippet("tweets", f"  {text}\n", 0.0).split == names.get(digit, "training")


@pytest.mark.parametrize(
    ("rating", "label"),
    [(-4, 0), (-1.51, 0), (-1.5, 1), (-0.6, 1), (-0.5, 2), (0, 2), (0.5, 2), (0.6, 3), (1.5, 3), (1.6, 4)],
)
def test_classes_lie_between_the_borders_and_a_border_is_of_the_milder_one(rating, label):
    assert ratings.Snippet("tweets", "", rating).label == label


def test_texts_that_share_a_run_of_words_are_seen():
    seen = ["One two three, four five SIX seven!", "good film"]
    texts = ["zero two three four five six seven", "one two three four five", "Good film.", "a good film", "!"]
    assert ratings.unseen(texts, seen) == [False, True, False, True, True]


def test_nothing_held_out_is_written_to_train_on(sdist, tmp_path, monkeypatch):
    from sentiment_model import train

    monkeypatch.setattr(sources, "fetch", lambda release, folder: sdist)
    seen = {}
    monkeypatch.setattr(
        "sentiment_model.pruning.write_pruned", lambda wheel, texts, words, folder: seen.update(texts=list(texts))
    )
    rated = [ratings.Snippet("tweets", f"text {number}", number / 100) for number in range(300)]
    monkeypatch.setattr(ratings, "snippets", lambda path: rated)
    train.prepare(tmp_path, tmp_path)
    written = {
        split: {json.loads(line)["text"] for line in (tmp_path / f"{split}.jsonl").read_text().splitlines()}
        for split in ("training", "validation")
    }
    for split, texts in written.items():
        assert texts == {snippet.text for snippet in rated if snippet.split == split}
    assert set(seen["texts"]) == written["training"]


# Targets and incomplete texts


def test_targets_are_the_parts_of_a_normal_distribution():
    normal = torch.distributions.Normal(0.2, 0.6)
    below = [0.0, *(float(normal.cdf(torch.tensor(border))) for border in ratings.BORDERS), 1.0]
    shares = class_shares(torch.tensor([0.2, -4.0, 4.0]), ratings.BORDERS, 0.6)
    assert_close(shares[0], torch.tensor([high - low for low, high in zip(below, below[1:])]), 1e-6)
    assert_close(shares.sum(dim=1), torch.ones(3), 1e-6)
    assert shares.argmax(dim=1).tolist() == [2, 0, 4]


def test_the_expected_class_is_the_mean_place():
    probabilities = torch.tensor([[1.0, 0, 0, 0, 0], [0.2] * 5, [0, 0, 0, 0.5, 0.5]])
    assert_close(expected_class(probabilities), torch.tensor([-2.0, 0.0, 1.5]), 1e-6)
    assert_close(evaluation.expected(probabilities.numpy()), expected_class(probabilities).double().numpy(), 1e-6)


def test_incomplete_texts_are_masked_or_shortened_and_keep_their_ends():
    torch.manual_seed(0)
    rows, columns = 400, 12
    lengths = torch.randint(2, columns + 1, (rows, 1))
    mask = torch.arange(columns) < lengths
    ids = (torch.arange(columns) + 10).expand(rows, columns) * mask
    changed, kept = incomplete(ids, mask, 0.5, MASK)
    kinds = Counter()
    for before, real, after, left in zip(ids, mask, changed, kept):
        whole, text = before[real].tolist(), after[left].tolist()
        assert left.tolist() == sorted(left.tolist(), reverse=True), "what stays has moved up"
        assert (text[0], text[-1]) == (whole[0], whole[-1])
        if MASK in text:
            assert len(text) == len(whole)
            assert all(now in (MASK, then) for now, then in zip(text, whole))
            kinds["masked"] += 1
        elif len(text) < len(whole):
            assert text == [token for token in whole if token in text]
            kinds["shortened"] += 1
        else:
            assert text == whole
            kinds["whole"] += 1
    assert min(kinds.values()) > rows / 10
    assert kinds["whole"] > rows / 3


def test_no_share_leaves_all_texts_whole():
    ids, mask = torch.arange(12).view(2, 6), torch.ones(2, 6, dtype=torch.bool)
    changed, kept = incomplete(ids, mask, 0.0, MASK)
    assert changed.equal(ids)
    assert kept.equal(mask)


# Pruning


def test_neurons_that_copy_others_go_first_and_cost_nothing():
    generator = torch.Generator().manual_seed(0)
    base = torch.rand(500, 6, generator=generator)
    activations = torch.cat([base, base[:, :3] * 2], dim=1)
    weight = torch.rand(4, 9, generator=generator)
    kept, refitted = pruning.best_neurons(activations, weight, 6)
    assert len({int(index) % 6 for index in kept}) == 6, "one of each pair stays"
    assert_close(activations[:, kept] @ refitted.T, activations @ weight.T, 1e-2)


def test_the_weights_that_stay_are_the_least_squares_fit():
    generator = torch.Generator().manual_seed(1)
    activations, weight = torch.rand(300, 10, generator=generator), torch.randn(5, 10, generator=generator)
    kept, refitted = pruning.best_neurons(activations, weight, 6)
    wanted = (activations @ weight.T).double()
    fit = torch.linalg.lstsq(activations[:, kept].double(), wanted).solution.T
    error = (activations[:, kept].double() @ refitted.double().T - wanted).norm()
    best = (activations[:, kept].double() @ fit.T - wanted).norm()
    assert best <= error < 1.02 * best  # the damping


def test_the_vocabulary_keeps_characters_words_and_what_texts_repeat(tmp_path, monkeypatch):
    from tokenizers import Tokenizer

    from demo_model.vocabulary import SPECIAL_TOKENS, write_tokenizer

    tokens = [*SPECIAL_TOKENS, "[unused1]", "a", "##a", "the", "often", "rated", "rare", "##re", "z"]
    write_tokenizer(tmp_path, tokens)
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    monkeypatch.setattr(pruning, "VOCABULARY_SIZE", 11)
    kept = pruning.choose_tokens(tokens, tokenizer, ["often often often rare"], ["rated", "not a token"])
    assert [tokens[index] for index in kept] == [*SPECIAL_TOKENS, "a", "##a", "the", "often", "rated", "z"]


def test_a_pruned_network_is_nearly_the_one_it_was_made_of():
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    model = BertModel(
        BertConfig(vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24)
    ).eval()
    inputs = [{"input_ids": torch.randint(0, 50, (8, 12)), "attention_mask": torch.ones(8, 12, dtype=torch.long)}]
    with torch.no_grad():
        before = model(**inputs[0]).last_hidden_state
        pruning.prune_neurons(model, inputs, 18)
        after = model(**inputs[0]).last_hidden_state
    assert {layer.intermediate.dense.weight.shape for layer in model.encoder.layer} == {(18, 16)}
    assert {layer.output.dense.weight.shape for layer in model.encoder.layer} == {(16, 18)}
    assert (after - before).norm() < 0.05 * before.norm()
    assert not any(layer.intermediate._forward_hooks for layer in model.encoder.layer)


def test_pruning_computes_on_one_thread_and_gives_the_others_back():
    before = torch.get_num_threads()
    with pruning.one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before


# Training


@pytest.mark.current
def test_training_and_its_twin_make_ordinary_checkpoints(tmp_path, monkeypatch):
    """The whole way but for what is downloaded: the config, two trainings side by side, and the export."""
    import checkpoints
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    from demo_model.vocabulary import write_tokenizer
    from sentiment_model import train

    data = tmp_path / "data"
    network = checkpoints.write_bert_checkpoint(data / "network", **checkpoints.RECIPES["stars"])
    write_tokenizer(network, (network / "vocab.txt").read_text(encoding="utf-8").splitlines())
    lines = [json.dumps({"text": text, "rating": rating}) for text, rating in (("i love it", 3.1), ("i hate it", -2.9))]
    for split in ("training", "validation"):
        (data / f"{split}.jsonl").write_text("\n".join(lines * 8) + "\n")
    folders = {tmp_path / "masked": train.MASKED_SHARE, tmp_path / "again": train.MASKED_SHARE, tmp_path / "unmasked": 0.0}
    train.train(data, folders, seed=3, overrides=json.dumps({"trainer.num_epochs": 1}))
    for archive in folders:
        metrics = json.loads((archive / "metrics.json").read_text())
        assert {"validation_correlation", "validation_sign_accuracy"} <= set(metrics)
        output = tmp_path / f"{archive.name}-checkpoint"
        train.export(archive, network, output)
        model = AutoModelForSequenceClassification.from_pretrained(output)
        assert [model.config.id2label[index] for index in range(5)] == list(LABELS)
        assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
        assert AutoTokenizer.from_pretrained(output)("i love it")["input_ids"]
        assert (output / "NOTICE.md").is_file()
        config = json.loads((archive / "config.json").read_text())
        assert config["model"]["masked_share"] == folders[archive]
        assert config["pytorch_seed"] == 3
    masked, again, unmasked = ((tmp_path / f"{one.name}-checkpoint" / "model.safetensors").read_bytes() for one in folders)
    assert masked == again, "the seed decides everything"
    assert masked != unmasked


def test_a_training_that_fails_is_told_and_ends_the_other(tmp_path, monkeypatch):
    import subprocess
    import sys

    from sentiment_model import train

    # In place of the command: a training that fails, beside one that takes an hour.
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\ncase "$MASKED_SHARE" in 0.3) exec sleep 3600;; esac\nexit 7\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(subprocess.CalledProcessError) as failure:
        train.train(tmp_path, {tmp_path / "masked": 0.3, tmp_path / "unmasked": 0.0}, seed=0)
    assert failure.value.returncode == 7


def test_the_share_of_masked_texts_is_not_overridden(tmp_path):
    from sentiment_model import train

    with pytest.raises(SourceError, match="masked_share is what tells the model from its twin"):
        train.main(["--work", str(tmp_path), "--overrides", '{"model.masked_share": 0.5}'])


def test_what_cannot_be_reported_is_refused(tmp_path):
    from sentiment_model import report

    with pytest.raises(SourceError, match="holds no model"):
        report.main(["--model", str(tmp_path)])
    (tmp_path / "model.safetensors").touch()
    with pytest.raises(SourceError, match="has no metrics.json"):
        report.main(["--model", str(tmp_path), "--check"])


# The bundled model and its card


def test_the_model_is_small_and_single_precision_in_memory():
    from transformers import AutoConfig

    assert sum(file.stat().st_size for file in model_path().iterdir()) <= 25e6
    assert str(AutoConfig.from_pretrained(str(model_path())).torch_dtype).endswith("float32")


def test_labels_are_the_names_of_the_models_outputs():
    config = json.loads((model_path() / "config.json").read_text(encoding="utf-8"))
    assert tuple(config["id2label"][str(index)] for index in range(len(config["id2label"]))) == LABELS


def test_the_card_says_what_was_measured(metrics):
    assert (model_path() / card.CARD_FILE).read_text(encoding="utf-8") == card.card(metrics)
    assert (model_path() / "NOTICE.md").read_text() == (Path(card.__file__).parent / "NOTICE.md").read_text()


@pytest.mark.parametrize(
    ("name", "path", "kinds"),
    [
        ("own_sentences", evaluation.OWN_SENTENCES, {"film": 10, "products": 10, "editorials": 10, "tweets": 10}),
        ("hard_sentences", evaluation.HARD_SENTENCES, {"negation": 6, "contrast": 6, "irony": 6, "fact": 6}),
    ],
)
def test_the_card_lists_every_sentence_with_what_the_model_says(metrics, name, path, kinds):
    found = evaluation.sentences(evaluation.Classifier(model_path()), path)
    assert Counter(next(iter(row.values())) for row in found) == kinds
    for here, stored in zip(found, metrics[name], strict=True):
        assert abs(here.pop("probability") - stored["probability"]) < 0.01
        assert here == {key: stored[key] for key in here}


@pytest.mark.parametrize("domain", ratings.DOMAINS)
def test_the_model_agrees_with_people_in_every_domain(metrics, domain):
    assert metrics["held_out"][domain]["sign"] >= 0.84


def test_the_model_agrees_with_people_over_all(metrics):
    everything = metrics["held_out"]["all"]
    assert everything["snippets"] == 3007
    assert everything["sign"] >= 0.88
    assert everything["within_one"] >= 0.9
    assert everything["correlation"] >= 0.81
    assert metrics["fresh_or_rotten"]["right"] >= 0.75


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("Not buying it any sooner! Other brands do a much better job", -1),
        ("I love it", 1),
        ("The movie is horrible. I hate it", -1),
        ("Great value, works perfectly", 1),
    ],
)
def test_plain_sentences_are_on_their_side(text, side):
    (probabilities,) = evaluation.Classifier(model_path()).probabilities([text])
    assert side * evaluation.expected(probabilities[None])[0] > 0.5
    assert len(probabilities) == len(LABELS)


def test_figures_that_are_not_those_of_the_model_are_told(sdist, tmp_path, monkeypatch, capsys):
    from sentiment_model import report

    monkeypatch.setattr(sources, "fetch", lambda release, folder: sdist)
    texts = [("i love it", 3.0), ("i hate it", -3.0), ("good", 2.0), ("why not?", 0.0), ("why is it so bad?", -2.0)]
    texts += [("it is not good, but cheap", -1.0), ("a bad film, but not for me", 1.0)]
    rated = [ratings.Snippet(domain, text, rating) for domain in ratings.DOMAINS for text, rating in texts]
    monkeypatch.setattr(ratings, "snippets", lambda path: rated)
    monkeypatch.setattr(ratings.Snippet, "split", "held-out")
    folder = shutil.copytree(model_path(), tmp_path / "model")
    classifier = evaluation.Classifier(folder)
    probabilities = classifier.probabilities([one.text for one in rated])
    measured = report._of_held_out(probabilities, rated)
    assert report.check(folder, tmp_path, measured) == 0
    measured["held_out"]["tweets"]["snippets"] = 8
    assert report.check(folder, tmp_path, measured) == 1
    assert "tweets, snippets: 7 here, 8 on record" in capsys.readouterr().out


@pytest.mark.parametrize(("flipped", "same"), [(0, True), (1, True), (2, True), (4, False)])
def test_two_snippets_may_fall_to_another_side_on_another_processor(flipped, same):
    from sentiment_model import report

    figures = {"snippets": 658, "signed": 340}
    assert report._same("sign", round((290 - flipped) / 340, 4), round(290 / 340, 4), figures) is same
    assert report._same("snippets", 658, 658, figures)
    assert not report._same("signed", 340, 339, figures)
