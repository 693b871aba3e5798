"""Tiny classifiers of other architectures than BERT, with the tokenizers that go with them."""

import json
from pathlib import Path
from typing import Any, Dict, Sequence

import checkpoints

CORPUS = [
    "Not buying it any sooner! Other brands do a much better job.",
    "the service was slow and the price is not good at all, but the food was great",
    "El teléfono más rápido de España: corazón, acción y pingüino",
    "日本語のテキストと中文文本",
    "это очень хороший продукт, но цена высокая",
    "שלום עולם، مرحبا بالعالم",
]
SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
}


def write_roberta_checkpoint(folder: Path, *, labels: Sequence[str], seed: int = 0, **more: Any) -> Path:
    """A RoBERTa with a byte-level BPE tokenizer; its position table has room for 40 tokens."""
    entries = write_byte_level_tokenizer(folder, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"], wrap=True)
    config = {
        "model_type": "roberta",
        **SIZES,
        "vocab_size": entries,
        "max_position_embeddings": 42,
        "type_vocab_size": 1,
        "pad_token_id": 1,
        "bos_token_id": 0,
        "eos_token_id": 2,
        **checkpoints.label_fields(labels),
        **more,
    }
    return checkpoints.write_checkpoint(folder, config, seed=seed)


def write_gpt2_checkpoint(folder: Path, *, labels: Sequence[str], seed: int = 0, pad: bool = True) -> Path:
    """A GPT-2, which reads the last token that is no padding; with `pad=False` there is no padding token."""
    entries = write_byte_level_tokenizer(folder, ["<|endoftext|>"], wrap=False, pad=pad)
    config = {
        "model_type": "gpt2",
        "n_embd": 32,
        "n_layer": 2,
        "n_head": 4,
        "n_positions": 64,
        "vocab_size": entries,
        "bos_token_id": 0,
        "eos_token_id": 0,
        **({"pad_token_id": 0} if pad else {}),
        **checkpoints.label_fields(labels),
    }
    return checkpoints.write_checkpoint(folder, config, seed=seed)


def write_xlm_roberta_checkpoint(folder: Path, *, labels: Sequence[str], seed: int = 0) -> Path:
    """An XLM-RoBERTa with a unigram (SentencePiece) tokenizer."""
    entries = write_unigram_tokenizer(folder)
    config = {
        "model_type": "xlm-roberta",
        **SIZES,
        "vocab_size": entries,
        "max_position_embeddings": 66,
        "type_vocab_size": 1,
        "pad_token_id": 1,
        **checkpoints.label_fields(labels),
    }
    return checkpoints.write_checkpoint(folder, config, seed=seed)


def write_distilbert_checkpoint(folder: Path, *, labels: Sequence[str], seed: int = 0) -> Path:
    """A DistilBERT: no segments, no pooler, two layers in its head."""
    entries = checkpoints.wordpiece_vocabulary()
    checkpoints.write_wordpiece_tokenizer(folder, entries)
    config = {
        "model_type": "distilbert",
        "dim": 32,
        "n_layers": 2,
        "n_heads": 4,
        "hidden_dim": 64,
        "max_position_embeddings": 128,
        "vocab_size": len(entries),
        "pad_token_id": 0,
        **checkpoints.label_fields(labels),
    }
    written = checkpoints.write_checkpoint(folder, config, seed=seed)
    # A DistilBERT tokenizer makes no segments, whichever class reads its vocabulary.
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    settings.update(tokenizer_class="DistilBertTokenizer")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return written


def write_albert_checkpoint(folder: Path, *, labels: Sequence[str], seed: int = 0) -> Path:
    """An ALBERT on a word piece tokenizer: its pooler is a bare linear layer."""
    return _write_like_bert(folder, {"model_type": "albert", "embedding_size": 16, **SIZES}, labels, seed)


def write_electra_checkpoint(folder: Path, *, labels: Sequence[str], seed: int = 0) -> Path:
    """An ELECTRA: no pooler, two layers in its head."""
    return _write_like_bert(folder, {"model_type": "electra", "embedding_size": 16, **SIZES}, labels, seed)


def _write_like_bert(folder: Path, sizes: Dict[str, Any], labels: Sequence[str], seed: int) -> Path:
    entries = checkpoints.wordpiece_vocabulary()
    checkpoints.write_wordpiece_tokenizer(folder, entries)
    config = {**sizes, "vocab_size": len(entries), "pad_token_id": 0, **checkpoints.label_fields(labels)}
    return checkpoints.write_checkpoint(folder, config, seed=seed)


def write_bart_checkpoint(folder: Path, *, labels: Sequence[str], seed: int = 0) -> Path:
    """A BART: encoder and decoder share a table and look their tokens up twice."""
    entries = write_byte_level_tokenizer(folder, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"], wrap=True)
    config = {
        "model_type": "bart",
        "d_model": 32,
        "encoder_layers": 2,
        "decoder_layers": 2,
        "encoder_attention_heads": 4,
        "decoder_attention_heads": 4,
        "encoder_ffn_dim": 64,
        "decoder_ffn_dim": 64,
        "vocab_size": entries,
        "max_position_embeddings": 64,
        "pad_token_id": 1,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "decoder_start_token_id": 2,
        "forced_eos_token_id": 2,
        **checkpoints.label_fields(labels),
    }
    return checkpoints.write_checkpoint(folder, config, seed=seed)


def write_byte_level_tokenizer(folder: Path, special: Sequence[str], *, wrap: bool, pad: bool = True) -> int:
    """Write a byte-level BPE tokenizer as RoBERTa's and GPT-2's; return the size of its vocabulary.

    `wrap` puts `<s>` and `</s>` around the text and `</s></s>` between the texts of a pair.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=list(special),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS * 3, trainer)
    if wrap:
        tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=False)
    names: Dict[str, str] = {"unk_token": "<|endoftext|>", "bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"}
    if wrap:
        names = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>", "unk_token": "<unk>"}
        names.update(mask_token="<mask>", pad_token="<pad>")
    elif pad:
        names.update(pad_token="<|endoftext|>")
    return _write_tokenizer(folder, tokenizer, names)


def write_unigram_tokenizer(folder: Path) -> int:
    """Write a unigram tokenizer as XLM-R's, with `▁` for the space; return the size of its vocabulary."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    letters = sorted(set("".join(CORPUS)) | set(checkpoints.LETTERS) | set(checkpoints.PUNCTUATION))
    trainer = trainers.UnigramTrainer(
        vocab_size=320, special_tokens=special, unk_token="<unk>", initial_alphabet=letters, show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS * 3, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    names = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>"}
    names.update(unk_token="<unk>", pad_token="<pad>", mask_token="<mask>")
    return _write_tokenizer(folder, tokenizer, names)


def _write_tokenizer(folder: Path, tokenizer: Any, names: Dict[str, str]) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_input_names": ["input_ids", "attention_mask"],
        **names,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return tokenizer.get_vocab_size()
