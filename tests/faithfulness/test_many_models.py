"""The checks work for whatever can be explained: AllenNLP's own predictors, pairs, bytes, scripts without spaces, cut texts."""

import allennlp_models
import more_checkpoints
import numpy as np
import pytest
from closeness import assert_close

from eli5_transformers import attribute, load_predictor
from eli5_transformers.faithfulness.deletion import sizes

LABELS = ["bad", "fair", "good"]


def trust_of(predictor, *texts, **options):
    ((found,),) = attribute(predictor, [texts[0]], text_pairs=list(texts[1:]) or None, trust="full", **options)
    return found


def require_measured(trust, sufficiency=True):
    assert trust.check is not None
    assert trust.notes == ()
    assert [one.operator for one in trust.operators] == ["mask", "removal", "replacement"]
    assert all(one.comprehensiveness is not None for one in trust.operators)
    if sufficiency:
        assert all(one.sufficiency is not None for one in trust.operators)
    assert trust.stability.correlation > 0.99


@pytest.mark.parametrize("interpreter", ["integrated-gradients", "simple-gradient"])
def test_a_predictor_of_allennlps_own(interpreter):
    predictor = allennlp_models.built()
    found = trust_of(predictor, allennlp_models.TEXT, interpreter=interpreter)
    require_measured(found.trust)
    assert_close(found.trust.before, found.probability, 1e-5)


def test_comprehensiveness_by_removal_is_what_the_model_says_of_shorter_texts():
    predictor, words = allennlp_models.built(), allennlp_models.TEXT.split()
    found = trust_of(predictor, allennlp_models.TEXT)
    order = np.argsort(-found.by_word().scores, kind="stable")

    def probability(count):
        kept = [word for place, word in enumerate(words) if place not in order[:count]]
        logits = allennlp_models.fresh_logits(predictor, " ".join(kept))
        return (np.exp(logits) / np.exp(logits).sum())[found.target]

    area = np.mean([probability(0) - probability(count) for count in sizes(len(words))])
    assert_close(found.trust.operators[1].comprehensiveness.area, area, 2e-5, scale=1)


@pytest.fixture(scope="module")
def bytes_checkpoint(tmp_path_factory):
    return more_checkpoints.write_roberta_checkpoint(tmp_path_factory.mktemp("bytes"), labels=LABELS)


def test_bytes_and_scripts_without_spaces(bytes_checkpoint):
    predictor = load_predictor(str(bytes_checkpoint))
    require_measured(trust_of(predictor, "El tel\u00e9fono m\u00e1s r\u00e1pido de Espa\u00f1a").trust)
    text = "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8\u3068\u4e2d\u6587\u6587\u672c"
    require_measured(trust_of(predictor, text).trust)


def test_pairs(stars_checkpoint):
    predictor = load_predictor(str(stars_checkpoint))
    trust = trust_of(predictor, "the food was not good at all", "the price is great").trust
    require_measured(trust, sufficiency=False)
    short = trust_of(predictor, "the food was not good at all", "great").trust
    # Where the second text is one word, most sets of few words leave nothing of it.
    assert short.operators[0].sufficiency is not None
    assert short.operators[1].operator == "removal"


def test_what_is_cut_stays_cut(stars_checkpoint):
    predictor = load_predictor(str(stars_checkpoint), max_length=8)
    ((found,),) = attribute(predictor, ["the food was not good at all but the price is great"], trust="full")
    removal = found.trust.operators[1]
    assert found.tokens.cut == (6,)
    require_measured(found.trust)
    ((seen,),) = attribute(predictor, ["the food was not good at"], trust="full")
    assert_close(removal.comprehensiveness.best, seen.trust.operators[1].comprehensiveness.best, 1e-4, scale=1)


def test_a_model_of_long_texts_has_no_more_passes_than_it_says(stars_checkpoint):
    predictor = load_predictor(str(stars_checkpoint))
    text = " ".join(["the food was not good"] * 20)
    ((found,),) = attribute(predictor, [text], interpreter="gradient", trust={"draws": 50})
    assert found.trust.check.draws == 50
    assert found.trust.check.passes <= 53
    assert np.isfinite(found.trust.check.random_mean)


def test_what_a_model_cannot_run_is_left_out():
    # A convolution over five words runs no text of four.
    encoder = {"type": "cnn", "embedding_dim": 8, "num_filters": 3, "ngram_filter_sizes": [2, 5]}
    predictor = allennlp_models.built(encoder=encoder)
    trust = trust_of(predictor, allennlp_models.TEXT).trust
    mask, removal, _ = trust.operators
    assert trust.check is not None
    assert mask.sufficiency is not None
    assert removal.sufficiency is None
    assert removal.passes > 1


def test_two_predictors_whose_json_hides_the_text_are_told_apart():
    class Counting(type(allennlp_models.built())):
        def _json_to_instance(self, json_dict):
            return self._dataset_reader.text_to_instance(" ".join(json_dict["parts"]["words"]))

    own = allennlp_models.built()
    own.__class__ = Counting
    given = {"parts": {"words": allennlp_models.TEXT.split()}}
    ((found,),) = attribute(own, [given], interpreter="gradient", trust="full")
    assert found.trust.check is not None
    assert [one.operator for one in found.trust.operators] == ["mask"]
    assert any("by removal were left out" in note for note in found.trust.notes)
