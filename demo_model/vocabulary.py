"""The demonstration model's own WordPiece vocabulary and the tokenizer files made of it.

The vocabulary is counted and ruled, not trained: the words that the generator uses, then characters and syllables as
fallback for all others. The files are written here and not by a tokenizer library, so that they are the same bytes
whatever its release.
"""

from __future__ import annotations

import itertools
import json
import re
import string
from collections import Counter
from pathlib import Path
from typing import Dict, List

from .english import CODAS, ONSETS, PREFIXES, SUFFIXES, VOWELS
from .generator import TRAIN, examples
from .scenery import PUNCTUATION

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
MAX_LENGTH = 128
"""Tokens of the longest text that the model reads, special tokens included."""

_COUNTED_SENTENCES = 30_000
_COUNT_SEED = 0
_LEAST_COUNT = 6


def build_vocabulary() -> List[str]:
    """All tokens in the order of their ids."""
    words: Counter = Counter()
    for example in itertools.islice(examples(_COUNT_SEED), _COUNTED_SENTENCES):
        if example.split == TRAIN:
            words.update(re.findall(r"\w+", example.text.lower()))
    known = sorted(word for word, count in words.items() if count >= _LEAST_COUNT and word.isascii() and len(word) > 1)
    characters = [*PUNCTUATION, *string.digits, *string.ascii_lowercase]
    starts = [onset + vowel for onset in ONSETS for vowel in VOWELS if len(vowel) == 1]
    pieces = [*string.digits, *string.ascii_lowercase, *SUFFIXES, *CODAS, *VOWELS, *starts]
    tokens = [*SPECIAL_TOKENS, *characters, *known, *PREFIXES, *starts, *(f"##{piece}" for piece in pieces)]
    return list(dict.fromkeys(tokens))


def write_tokenizer(folder: Path, tokens: List[str], max_length: int = MAX_LENGTH) -> None:
    """Writes `vocab.txt`, `tokenizer.json`, `tokenizer_config.json` and `special_tokens_map.json`."""
    ids = {token: index for index, token in enumerate(tokens)}
    special = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), SPECIAL_TOKENS))
    (folder / "vocab.txt").write_text("".join(f"{token}\n" for token in tokens), encoding="utf-8")
    _write_json(folder / "special_tokens_map.json", special)
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "BertTokenizer",
            "do_lower_case": True,
            "strip_accents": None,
            "tokenize_chinese_chars": True,
            "model_max_length": max_length,
            **special,
        },
    )
    _write_json(folder / "tokenizer.json", _fast_tokenizer(ids))


def _fast_tokenizer(ids: Dict[str, int]) -> Dict:
    """What `BertTokenizerFast` saves (tokenizers, format 1.0): readable by tokenizers 0.12 and by today's."""

    def special(token: str, segment: int) -> Dict:
        return {"SpecialToken": {"id": token, "type_id": segment}}

    def sequence(name: str, segment: int) -> Dict:
        return {"Sequence": {"id": name, "type_id": segment}}

    first = [special("[CLS]", 0), sequence("A", 0), special("[SEP]", 0)]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {
                "id": ids[token],
                "content": token,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for token in SPECIAL_TOKENS
        ],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": first,
            "pair": [*first, sequence("B", 1), special("[SEP]", 1)],
            "special_tokens": {
                token: {"id": token, "ids": [ids[token]], "tokens": [token]} for token in ("[CLS]", "[SEP]")
            },
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": ids,
        },
    }


def _write_json(path: Path, content: Dict) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
