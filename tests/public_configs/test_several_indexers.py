"""Words with characters, ELMo and tags, and transformers with what stands around them: trained, explained from the archive."""

import allennlp_models as made
import pytest
from allennlp_models import CHARACTER_CNN, CHARACTERS, EMBEDDING, IDS, lstm
from closeness import assert_close

from eli5_transformers import attribute, load_predictor

TEXT = "a great film , but the plot is weak"
WORDS = TEXT.split()


def config(parts, tokenizer=None, **model):
    """A config of `parts`: for each indexer its settings, those of its embedder, and the width of its vectors."""
    width = sum(width for _, _, width in parts.values())
    return {
        "dataset_reader": {
            "type": "text_classification_json",
            "tokenizer": tokenizer or {"type": "just_spaces"},
            "token_indexers": {name: indexer for name, (indexer, _, _) in parts.items()},
        },
        "model": {
            "type": "tokens_to_classes",
            "embedder": {"token_embedders": {name: embedder for name, (_, embedder, _) in parts.items()}},
            "encoder": lstm(width, bidirectional=True),
            **model,
        },
    }


LOWER = {"type": "single_id", "namespace": "lower", "lowercase_tokens": True}
WORD, CHARACTER = (IDS, EMBEDDING, 8), (CHARACTERS, CHARACTER_CNN, 6)
PARTS = {
    "words and characters": {"tokens": WORD, "token_characters": CHARACTER},
    "characters": {"token_characters": CHARACTER},
    "words, and words in lower case": {"tokens": WORD, "lower": (LOWER, {**EMBEDDING, "vocab_namespace": "lower"}, 8)},
    "elmo": {},
    "words and elmo": {"tokens": WORD},
}


@pytest.mark.parametrize("kind", PARTS)
def test_all_views_of_a_word_count_and_go_together(trained, tmp_path, kind):
    parts = dict(PARTS[kind])
    if "elmo" in kind:
        parts["elmo"] = ({"type": "elmo_characters"}, made.write_elmo(tmp_path), 8)
    predictor = load_predictor(trained(config(parts)))
    ((found,),) = attribute(predictor, TEXT, interpreter="gradient-x-input", baseline="zero")
    assert_close(found.score, made.fresh_logits(predictor, TEXT)[found.target])
    assert_close(found.scores, made.slopes(predictor, TEXT, len(WORDS))[:, found.target], rtol=2e-3)
    ((found,),) = attribute(predictor, TEXT, interpreter="occlusion", baseline="unk")
    assert_close(found.scores, made.removed(predictor, WORDS, "@@UNKNOWN@@")[:, found.target], rtol=1e-3)


def mismatched(folder, **options):
    name = {"type": "pretrained_transformer_mismatched", "model_name": folder}
    return {"tokens": (name, {**name, **options}, 32)}


@pytest.mark.parametrize(
    "options",
    [{}, {"sub_token_mode": "first"}, {"last_layer_only": False}, {"train_parameters": False}],
    ids=lambda options: next(iter(options), "as it is"),
)
def test_word_pieces_of_words(trained, stars_checkpoint, options):
    predictor = load_predictor(trained(config(mismatched(str(stars_checkpoint), **options))))
    text = "the service was good but never again"
    ((found,),) = attribute(predictor, text, interpreter="gradient-x-input", baseline="zero", keep_special=False)
    assert_close(found.scores, made.slopes(predictor, text, len(found.tokens))[:, found.target], rtol=5e-3)
    ((whole,),) = attribute(predictor, text, tolerance=0.001)
    assert whole.baseline == "mask ([MASK])"
    assert_close(whole.score, predictor.predict(text)["logits"][whole.target])


def test_pieces_with_a_table_of_ones_own_beside_the_transformer(trained, stars_checkpoint):
    name = {"type": "pretrained_transformer", "model_name": str(stars_checkpoint)}
    parts = {"bert": (name, name, 32), "tokens": WORD}
    predictor = load_predictor(trained(config(parts, tokenizer=name)))
    text = "the service was good but never again"
    ((found,),) = attribute(predictor, text, interpreter="gradient-x-input", baseline="zero", keep_special=False)
    assert_close(found.scores, made.slopes(predictor, text, len(found.tokens))[:, found.target], rtol=5e-3)
    ((occluded,),) = attribute(predictor, text, interpreter="occlusion")
    assert occluded.baseline == "mask ([MASK])"
    assert occluded.scores.any()
    assert occluded.scores[0] == occluded.scores[-1] == 0
