"""A model is explained with the tokenizer that it was trained with, or not at all.

transformers 5 makes a tokenizer of special tokens alone where a checkpoint has no file of one: every text was explained as
`[UNK] [UNK] [UNK]`, with numbers and without a word. A tokenizer of another model, or one with tokens for which the model has
no rows, was an error from the middle of torch, and of a CUDA kernel on a GPU, at the first text that held one.

Special tokens without a row are another thing: people add `[PAD]` to the tokenizer of a decoder that had none, and released
models of text alone share the tokenizer of those that see images. Their pipelines classify every text without such a token.
"""

import json
import os
import shutil

import more_checkpoints
import pytest
import torch
from allennlp.interpret.attackers import Hotflip
from closeness import assert_close
from tokenizers.processors import RobertaProcessing
from transformers import (
    AutoTokenizer,
    BartForSequenceClassification,
    BertForSequenceClassification,
    GPT2ForSequenceClassification,
)

from eli5_transformers import attribute, load_predictor
from eli5_transformers.errors import InputError, SourceError


def without(checkpoint, folder, *prefixes):
    shutil.copytree(checkpoint, folder)
    for name in os.listdir(folder):
        if name.startswith(prefixes):
            os.unlink(folder / name)
    return folder


TOKENIZERS = ("tok", "vocab", "special", "merges", "added", "spiece", "sentencepiece")


@pytest.mark.parametrize("write", ["bert", "roberta", "gpt2", "xlm_roberta", "distilbert", "albert", "bart", "electra"])
@pytest.mark.parametrize("kept", [False, True])
def test_a_checkpoint_without_a_vocabulary_is_refused(tmp_path, stars_checkpoint, write, kept):
    source = tmp_path / "source"
    if write == "bert":
        shutil.copytree(stars_checkpoint, source)
    else:
        source.mkdir()
        getattr(more_checkpoints, f"write_{write}_checkpoint")(source, labels=["a", "b"])
    tokenizer = AutoTokenizer.from_pretrained(str(source))
    folder = without(source, tmp_path / "checkpoint", *(one for one in TOKENIZERS if not kept or one != "tok"))
    if kept:
        (folder / "tokenizer.json").unlink(missing_ok=True)  # the tokenizer's config alone is left
    with pytest.raises(SourceError, match="no tokenizer can be loaded|has no tokenizer's vocabulary.*: .*tokenizer="):
        load_predictor(folder)
    assert load_predictor(folder, tokenizer).predict("good")


def test_a_tokenizer_with_more_tokens_than_rows_is_refused_before_any_pass(stars_checkpoint, monkeypatch):
    model = BertForSequenceClassification.from_pretrained(stars_checkpoint).eval()
    monkeypatch.setattr(model, "forward", lambda *args, **kwargs: pytest.fail("the model was run"))
    tokenizer = AutoTokenizer.from_pretrained(stars_checkpoint)
    tokenizer.add_tokens(["zzzz"])
    with pytest.raises(SourceError, match="give the tokenizer that it was trained with, or, where tokens were added"):
        load_predictor(model, tokenizer)
    with pytest.raises(SourceError, match="give the tokenizer that it was trained with, or, where tokens were added"):
        load_predictor(stars_checkpoint, tokenizer)


def decoder_with(tmp_path, **added):
    folder = more_checkpoints.write_gpt2_checkpoint(tmp_path, labels=["a", "b"], pad=False)
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    tokenizer.add_special_tokens(added)
    tokenizer.save_pretrained(str(folder))
    return folder, tokenizer


@pytest.mark.parametrize("added", [{"pad_token": "[PAD]"}, {"pad_token": "[PAD]", "mask_token": "[MASK]"}])
@pytest.mark.parametrize("as_object", [False, True])
def test_special_tokens_without_a_row_are_left_alone(tmp_path, added, as_object):
    folder, tokenizer = decoder_with(tmp_path, **added)
    model = GPT2ForSequenceClassification.from_pretrained(str(folder)).eval()
    predictor = load_predictor(model, tokenizer) if as_object else load_predictor(folder)
    texts = ["good film", "not at all a good film", "slow"]
    expected = [model(**tokenizer(text, return_tensors="pt")).logits[0].detach().numpy() for text in texts]
    for found, logits in zip(attribute(predictor, texts, targets=["a", "b"]), expected):
        assert_close([one.score for one in found], logits)
        assert "[" not in found[0].baseline
    for found, logits in zip(predictor.predict_batch_json([{"text": text} for text in texts]), expected):
        assert_close(found["logits"], logits)
    with pytest.raises(InputError, match="no pad token that the model knows: give 'unk' or 'zero'"):
        attribute(predictor, "good film", baseline="pad")
    for baseline in ("[PAD]", "a [PAD]"):
        with pytest.raises(InputError, match=r"the baseline .* holds .* one that the model does not know"):
            attribute(predictor, "good film", baseline=baseline)
    for use in (lambda text: attribute(predictor, text), predictor.predict):
        with pytest.raises(InputError, match=r"no row for token 400, '\[PAD\]': give a text without it, .*resize_token_embed"):
            use("good [PAD]")


def test_attackers_of_allennlp_know_no_token_without_a_row(tmp_path):
    """HotFlip read the tokenizer's vocabulary and ended in an IndexError."""
    folder, _ = decoder_with(tmp_path, pad_token="[PAD]")
    predictor = load_predictor(folder)
    assert predictor._model.vocab.get_vocab_size("tokens") == 400
    attacker = Hotflip(predictor)
    attacker.initialize()
    assert attacker.attack_from_json({"text": "good film"})["final"]


def test_the_row_of_a_token_of_images_may_be_missing(tmp_path):
    folder, _ = decoder_with(tmp_path, additional_special_tokens=["<image>"])
    assert attribute(load_predictor(folder), ["good film", "a slow and terrible film"])


@pytest.mark.parametrize("lines", ["\n", "\n\n"])
def test_blank_lines_at_the_end_of_a_vocabulary_are_no_tokens_of_texts(tmp_path, stars_checkpoint, lines):
    folder = shutil.copytree(stars_checkpoint, tmp_path / "checkpoint")
    with open(folder / "vocab.txt", "a", encoding="utf-8") as file:
        file.write(lines)
    predictor, whole = load_predictor(folder), load_predictor(stars_checkpoint)
    assert_close(predictor.predict("good")["logits"], whole.predict("good")["logits"])
    # A text of one word is told from others by words of the vocabulary; so is what a module given as an object returns.
    assert predictor.vocabulary.ordinary_ids(50) == whole.vocabulary.ordinary_ids(50)
    assert attribute(predictor, "good")[0][0].label == whole.predict("good")["label"]


def test_a_word_without_a_row_beside_a_special_token_is_refused(tmp_path):
    folder, tokenizer = decoder_with(tmp_path, pad_token="[PAD]")
    tokenizer.add_tokens(["zzzz"])
    with pytest.raises(SourceError, match="the tokenizer has 402 tokens, but a GPT2ForSequenceClassification has rows for 400"):
        load_predictor(folder, tokenizer)


def test_a_table_with_more_rows_than_tokens_is_usual(stars_checkpoint):
    model = BertForSequenceClassification.from_pretrained(stars_checkpoint).eval()
    tokenizer = AutoTokenizer.from_pretrained(stars_checkpoint)
    model.resize_token_embeddings(len(tokenizer) + 7)
    assert attribute(model, "good film", tokenizer=tokenizer)


def test_a_module_that_names_no_table_may_have_any(stars_checkpoint):
    class Hashing(torch.nn.Module):
        """As CANINE: any id has a row."""

        def __init__(self):
            super().__init__()
            self.table, self.out = torch.nn.Embedding(16, 8), torch.nn.Linear(8, 2)

        def forward(self, input_ids, attention_mask):
            return self.out((self.table(input_ids % 16) * attention_mask[..., None]).sum(1).tanh())

    torch.manual_seed(0)
    predictor = load_predictor(Hashing(), AutoTokenizer.from_pretrained(stars_checkpoint), labels=["a", "b"])
    assert predictor.predict("good film")["label"] in ("a", "b")


def test_a_tokenizer_without_the_end_token_at_which_texts_are_read_is_refused_and_its_mend_works(tmp_path):
    folder = str(more_checkpoints.write_bart_checkpoint(tmp_path, labels=["a", "b"]))
    expected = load_predictor(folder).predict("good film")["logits"]
    file = tmp_path / "tokenizer.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**content, "post_processor": None}), encoding="utf-8")
    model, tokenizer = BartForSequenceClassification.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    for given in ((folder,), (model, tokenizer)):
        with pytest.raises(SourceError, match=r"reads a text at its end token \(token 2\), but its tokenizer puts none there"):
            load_predictor(*given)
    tokenizer.backend_tokenizer.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=False)
    assert_close(load_predictor(model, tokenizer).predict("good film")["logits"], expected)


def test_a_text_of_unknown_words_alone_is_refused(stars_checkpoint):
    predictor = load_predictor(stars_checkpoint)
    for text in ("привет мир", "日本語 文章"):
        with pytest.raises(InputError, match=r"knows no word of .* \(each is \[UNK\]\).*: give the tokenizer"):
            attribute(predictor, text)
    assert attribute(predictor, "привет good")
    assert attribute(predictor, "☃")
    assert len(attribute(predictor, ["привет мир", "good"], on_error="skip")[0]) == 0
