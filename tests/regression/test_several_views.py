"""Readers with several indexers: words and their characters, words and ELMo, two namespaces, characters alone.

Such classifiers are the half of AllenNLP's public ones. Words with characters were refused, or, where the characters of a
text made no difference for the probe, explained by the word ids alone: 0.00 % of a prediction that hangs on the characters.
Models of characters alone, and two `single_id` indexers, were refused. Only fields of one indexer had been tried. All that is
read of a token is one token: it gets one score, and goes with all its views.
"""

import allennlp_models as made
import numpy as np
import pytest
from allennlp_models import CHARACTER_CNN, CHARACTER_LSTM, CHARACTERS, EMBEDDING, IDS, TEXT, lstm
from closeness import BATCHED, assert_close

from eli5_transformers import attribute, get_explanation
from eli5_transformers.errors import UnsupportedModelError

WORDS = TEXT.split()
ELMO = {"type": "elmo_characters"}
LOWER = {"type": "single_id", "namespace": "lower", "lowercase_tokens": True}
BYTES = {**CHARACTERS, "character_tokenizer": {"byte_encoding": "utf-8", "start_tokens": [259], "end_tokens": [260]}}
BYTE_CNN = {**CHARACTER_CNN, "embedding": {"embedding_dim": 4, "num_embeddings": 262}}


def of(kind, folder):
    if "elmo" in kind:
        elmo = made.write_elmo(folder)
        more = {"words": (IDS, EMBEDDING, 8), "characters": (CHARACTERS, CHARACTER_CNN, 6)}
        parts = {"elmo": (ELMO, elmo, 8), **{name: more[name] for name in kind.split(", ") if name in more}}
    else:
        parts = {
            "words, characters": {"words": (IDS, EMBEDDING, 8), "characters": (CHARACTERS, CHARACTER_CNN, 6)},
            "words, an LSTM of characters": {"words": (IDS, EMBEDDING, 8), "characters": (CHARACTERS, CHARACTER_LSTM, 5)},
            "words, bytes": {"words": (IDS, EMBEDDING, 8), "characters": (BYTES, BYTE_CNN, 6)},
            "characters": {"characters": (CHARACTERS, CHARACTER_CNN, 6)},
            "an LSTM of characters": {"characters": (CHARACTERS, CHARACTER_LSTM, 5)},
            "two namespaces": {"words": (IDS, EMBEDDING, 8), "lower": (LOWER, {**EMBEDDING, "vocab_namespace": "lower"}, 8)},
        }[kind]
    indexers = {name: indexer for name, (indexer, _, _) in parts.items()}
    embedders = {name: embedder for name, (_, embedder, _) in parts.items()}
    return made.built(indexers=indexers, embedders=embedders, encoder=lstm(sum(width for _, _, width in parts.values())))


KINDS = (
    "words, characters", "words, an LSTM of characters", "words, bytes", "characters", "an LSTM of characters",
    "two namespaces", "elmo", "elmo, words", "elmo, words, characters",
)  # fmt: skip


@pytest.fixture(scope="module", params=KINDS)
def predictor(request, tmp_path_factory):
    return of(request.param, tmp_path_factory.mktemp("weights"))


def test_a_removed_word_goes_with_all_its_views(predictor):
    ((found,),) = attribute(predictor, TEXT, interpreter="occlusion", baseline="unk")
    assert found.baseline == "unk (@@UNKNOWN@@)"
    expected = made.removed(predictor, WORDS, "@@UNKNOWN@@")[:, found.target]
    assert_close(found.by_word().scores, expected, rtol=BATCHED)


def test_a_tokens_score_is_of_all_its_views(predictor):
    ((found,),) = attribute(predictor, TEXT, interpreter="gradient-x-input", baseline="zero")
    assert_close(found.scores, made.slopes(predictor, TEXT, len(WORDS))[:, found.target], rtol=2e-3)


def test_scores_add_up_to_the_predictors_own_output(predictor):
    ((found,),) = attribute(predictor, TEXT, baseline="unk", tolerance=0.001)
    unknown = made.fresh_logits(predictor, " ".join(["@@UNKNOWN@@"] * len(WORDS)))[found.target]
    assert_close(found.score, made.fresh_logits(predictor, TEXT)[found.target])
    assert_close(found.baseline_score, unknown, rtol=BATCHED)
    assert_close(found.scores.sum(), found.score - unknown, rtol=0.002, scale=np.abs(found.scores).sum())


def test_texts_together_are_as_alone(predictor):
    texts = [TEXT, "a good end", "an unheard-of film of Xyz", "the cast"]
    for text, (together,) in zip(texts, attribute(predictor, texts, interpreter="occlusion")):
        ((alone,),) = attribute(predictor, text, interpreter="occlusion")
        assert_close(together.scores, alone.scores, rtol=1e-3)
        assert together.baseline == alone.baseline


def test_characters_that_the_words_do_not_tell_have_their_score():
    predictor = of("words, characters", None)
    words = ["thaw", "of", "wilted", "leaf"]
    ((found,),) = attribute(predictor, " ".join(words), interpreter="occlusion", baseline="unk")
    expected = made.removed(predictor, words, "@@UNKNOWN@@")[:, found.target]
    assert np.abs(expected).min() > 0
    assert_close(found.scores, expected, rtol=BATCHED)


def test_words_and_a_layer_are_explained_and_shown():
    predictor = of("words, characters", None)
    explanation = get_explanation(predictor, TEXT)
    assert explanation.error is None
    assert explanation.targets[0].feature_weights.pos
    ((found,),) = attribute(predictor, TEXT, layer="embedder", baseline="unk", tolerance=0.001)
    assert_close(found.scores.sum(), found.score - found.baseline_score, rtol=0.002, scale=np.abs(found.scores).sum())


def test_words_beside_word_pieces_are_refused_by_what_they_are(stars_checkpoint):
    pieces = {"type": "pretrained_transformer_mismatched", "model_name": str(stars_checkpoint)}
    predictor = made.built(
        indexers={"words": IDS, "pieces": pieces}, embedders={"words": EMBEDDING, "pieces": pieces}, encoder=lstm(40)
    )
    with pytest.raises(UnsupportedModelError, match="'words', 'pieces' read the same text as"):
        attribute(predictor, "the service was terriblest of all")


@pytest.mark.parametrize("kind", ["characters", "an LSTM of characters", "elmo", "elmo, words", "words, characters"])
@pytest.mark.parametrize("text", ["film", "a a a", "\u4e2d\u6587"])
def test_a_first_text_of_one_token_tells_enough(kind, text, tmp_path):
    predictor = of(kind, tmp_path)
    ((found,),) = attribute(predictor, text, interpreter="occlusion", baseline="unk")
    expected = made.removed(predictor, text.split(), "@@UNKNOWN@@")[:, found.target]
    assert_close(found.scores, expected, rtol=1e-4, scale=abs(found.score))
