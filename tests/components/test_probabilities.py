"""Our predictor as the classifier of explainers that ask again and again: eli5's TextExplainer, LIME, SHAP.

The oracle is a bag of words, whose probabilities and words' weights are known.
"""

import checkpoints
import numpy as np
import pytest
import torch
from closeness import assert_close
from interpreters import tiny
from stacks import on_current

from eli5_transformers import load_predictor
from eli5_transformers.errors import InputError

TEXT = "not good but the food was great"


@pytest.fixture(scope="module")
def predictor():
    return tiny.linear()


def weights(predictor, word):
    """The word's share of the logits."""
    module = predictor._model.transformer
    place = predictor._dataset_reader.tokenizer.get_vocab()[word]
    with torch.no_grad():
        return (module.head.weight @ module.table.weight[place]).numpy()


def test_rows_are_the_predictions_whatever_stands_beside_them(predictor):
    texts = [*tiny.TEXTS, "i love it", "i love it"]
    found = predictor.predict_proba(np.array(texts))
    assert predictor.labels == list(tiny.LABELS)
    assert found.shape == (len(texts), 3)
    assert_close(found.sum(1), 1.0)
    for text, row in zip(texts, found):
        assert_close(row, predictor.predict(text)["probs"])
    assert predictor.predict_proba([]).shape == (0, 3)


def test_equal_texts_are_run_once_and_no_gradient_is_kept(predictor, monkeypatch):
    rows = []
    real = type(predictor._model).forward

    def forward(self, tokens, **others):
        rows.append(len(tokens["tokens"]["token_ids"]))
        assert not torch.is_grad_enabled()
        return real(self, tokens, **others)

    monkeypatch.setattr(type(predictor._model), "forward", forward)
    predictor.predict_proba(["i love it", "never again"] * 50)
    assert sum(rows) == 2


@pytest.mark.parametrize("nothing", ["", "  ", "\n"])
def test_nothing_is_read_as_the_special_tokens_alone(predictor, nothing):
    module, vocabulary = predictor._model.transformer, predictor._dataset_reader.tokenizer.get_vocab()
    with torch.no_grad():
        vectors = module.table.weight[[vocabulary["<cls>"], vocabulary["<sep>"]]]
        expected = torch.softmax(module.head(vectors.sum(0)), -1)
    alone = predictor.predict_proba(nothing)[0]
    assert_close(alone, expected.numpy())
    assert_close(predictor.predict_proba(["i love it", nothing])[1], alone)


def test_nothing_has_an_answer_where_the_tokenizer_adds_no_tokens():
    predictor = tiny.predictor("gpt2")
    found = predictor.predict_proba(["", "i love it"])
    assert np.isfinite(found).all()
    assert_close(found[1], predictor.predict("i love it")["probs"])


def test_one_logit_has_two_columns(tmp_path):
    folder = checkpoints.write_bert_checkpoint(
        tmp_path / "one", labels=["good"], problem_type="multi_label_classification"
    )
    predictor = load_predictor(folder, labels=["bad", "good"])
    found = predictor.predict_proba(["good film", "bad film"])
    assert predictor.labels == ["bad", "good"]
    assert_close(found.sum(1), 1.0)
    assert_close(found[0, 1], predictor.predict("good film")["probs"][0])


def test_a_regression_has_no_probabilities(tmp_path):
    folder = checkpoints.write_bert_checkpoint(tmp_path / "number", labels=["stars"], problem_type="regression")
    with pytest.raises(InputError, match="regression, which has no probabilities"):
        load_predictor(folder).predict_proba(["good film"])


def test_pairs_have_probabilities(stars_checkpoint):
    predictor = load_predictor(stars_checkpoint)
    found = predictor.predict_proba([{"text": "good", "text_pair": "film"}, {"text": "good", "text_pair": ""}])
    assert_close(found[0], predictor.predict("good", "film")["probs"])
    assert np.isfinite(found[1]).all()


def test_what_is_no_text_is_refused_by_its_place(predictor):
    with pytest.raises(InputError, match="text 1: a text must be a str"):
        predictor.predict_proba(["i love it", None])
    with pytest.raises(InputError, match="text 2: the text has 6 tokens"):
        tiny.linear(max_length=4, truncation="error").predict_proba(["love", "love", "i love it again"])


def test_elis_text_explainer_finds_the_words_of_a_linear_model(predictor):
    import eli5
    from eli5.lime import TextExplainer

    explainer = TextExplainer(random_state=0, n_samples=400, position_dependent=False)
    explainer.fit(TEXT, predictor.predict_proba)
    assert explainer.metrics_["mean_KL_divergence"] < 0.2
    explained = eli5.explain_prediction(explainer.clf_, TEXT, vec=explainer.vec_, target_names=predictor.labels)
    words = TEXT.split()
    found = np.zeros((len(words), 3))
    for column, target in enumerate(explained.targets):
        for fw in [*target.feature_weights.pos, *target.feature_weights.neg]:
            if fw.feature in words:
                found[words.index(fw.feature), column] = fw.weight
    order = [predictor.labels.index(target.target) for target in explained.targets]
    known = np.array([weights(predictor, word)[order] for word in words])
    # A softmax knows the classes' weights up to a number that all of them share.
    found, known = (these - these.mean(1, keepdims=True) for these in (found, known))
    assert np.corrcoef(found.ravel(), known.ravel())[0, 1] > 0.8


@on_current  # where setup.cfg installs it for tests
def test_lime_finds_the_words_of_a_linear_model(predictor):
    from lime import lime_text

    explainer = lime_text.LimeTextExplainer(class_names=predictor.labels, random_state=0)
    # A line fits the logit, which is what the weights are of; one word alone makes empty samples, too.
    for text in (TEXT, "great"):
        found = explainer.explain_instance(text, predictor.predict_proba, labels=(2,), num_samples=400, num_features=9)
        assert set(dict(found.as_list(2))) == set(text.split())
    by_word = dict(explainer.explain_instance(TEXT, predictor.predict_proba, labels=(2,), num_samples=400).as_list(2))
    words = TEXT.split()
    effect = [
        predictor.predict_proba(TEXT)[0, 2] - predictor.predict_proba(TEXT.replace(word, "", 1))[0, 2] for word in words
    ]
    assert np.corrcoef([by_word[word] for word in words], effect)[0, 1] > 0.8


@on_current
def test_shaps_explainer_adds_up_to_the_probability(predictor):
    import shap

    masker = shap.maskers.Text(r"\W+")
    explain = shap.Explainer(predictor.predict_proba, masker, output_names=predictor.labels, silent=True)
    found = explain([TEXT])
    total = found.values[0].sum(0) + found.base_values[0]
    assert_close(total, predictor.predict_proba(TEXT)[0])
