"""Tokenizers of many kinds, each as small as it can be, made without files from elsewhere."""

import copy
import json
from functools import cache
from typing import Any, Dict

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import (
    BertJapaneseTokenizer,
    ByT5Tokenizer,
    CanineTokenizer,
    CTRLTokenizer,
    PerceiverTokenizer,
    PhobertTokenizer,
    PreTrainedTokenizer,
    PreTrainedTokenizerFast,
)

try:
    from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy as SlowBert
except ImportError:
    from transformers import BertTokenizer as SlowBert

TEXTS = (
    "good value it is not bad at all and the cafe was great",
    "Good café ÉTÉ straße İstanbul naïve don't 1,000.50 http://a.org @me #tag",
    "日本語の文章 ガラス 한국어 हिन्दी में क्षत्रिय ไทยดี العربية می‌خواهم שלום",
    "👍🏽 👩‍👩‍👧 🇫🇷 1️⃣ ❤️ ½ ﬁn … ™",
)
BERT_VOCABULARY = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] good val ##ue not bad b ##ad a ##b c ##d 日 本 , . ' s it ##s foo _ the cafe été e ##e "
    "ร ##า 한 ##국 ह ##ि"
).split()
SPECIAL = ["<pad>", "<unk>", "<s>", "</s>", "<mask>"]


def wrapped(core: Tokenizer, template: bool = True, **options: Any) -> PreTrainedTokenizerFast:
    """A core as transformers has it, with `SPECIAL` tokens around a text, or a pair."""
    if template:
        core.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>",
            pair="<s> $A </s> $B:1 </s>:1",
            special_tokens=[(name, core.token_to_id(name)) for name in ("<s>", "</s>")],
        )
    names = {"pad_token": "<pad>", "unk_token": "<unk>", "bos_token": "<s>", "cls_token": "<s>", "sep_token": "</s>"}
    return PreTrainedTokenizerFast(tokenizer_object=core, **names, eos_token="</s>", mask_token="<mask>", **options)


def byte_level(template: bool = True, trim: bool = True, **options: Any) -> PreTrainedTokenizerFast:
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(**{"add_prefix_space": False, **options})
    core.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    core.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=320, special_tokens=SPECIAL, initial_alphabet=alphabet))
    if not template:
        core.post_processor = processors.ByteLevel(trim_offsets=trim)
    return wrapped(core, template)


def unigram(normalizer: Any, **pieces: Any) -> PreTrainedTokenizerFast:
    core = Tokenizer(models.Unigram())
    core.normalizer = normalizer
    core.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=150, special_tokens=SPECIAL, unk_token="<unk>")
    core.train_from_iterator(TEXTS, trainer)
    return wrapped(core)


def word_piece(cased: bool) -> PreTrainedTokenizerFast:
    core = Tokenizer(models.WordPiece(unk_token="<unk>"))
    core.normalizer = normalizers.BertNormalizer(lowercase=not cased)
    core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    core.train_from_iterator(TEXTS[:2], trainers.WordPieceTrainer(vocab_size=150, special_tokens=SPECIAL))
    return wrapped(core)


def end_of_word() -> PreTrainedTokenizerFast:
    """As OpenAI's GPT and HerBERT have it."""
    core = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    core.normalizer = normalizers.BertNormalizer()
    core.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    core.train_from_iterator(
        TEXTS, trainers.BpeTrainer(vocab_size=200, special_tokens=SPECIAL, end_of_word_suffix="</w>")
    )
    return wrapped(core)


def characters() -> PreTrainedTokenizerFast:
    letters = [*SPECIAL, *sorted(set("".join(TEXTS)))]
    core = Tokenizer(models.WordLevel({letter: number for number, letter in enumerate(letters)}, unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    return wrapped(core)


def odd() -> PreTrainedTokenizerFast:
    """Normalizers one behind the other, which replace, put in front, and make texts longer and shorter."""
    core = Tokenizer(models.BPE(unk_token="<unk>"))
    steps = [normalizers.Replace("\r\n", "\n"), normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()]
    steps += [normalizers.Replace("ß", "ss")]
    if hasattr(normalizers, "Prepend"):
        steps += [normalizers.Prepend("▁")]
    core.normalizer = normalizers.Sequence([*steps, normalizers.Replace(" ", "▁")])
    core.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=220, special_tokens=SPECIAL))
    core.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    return wrapped(core)


def byte_fallback() -> PreTrainedTokenizerFast:
    """As Llama's: what the vocabulary does not know is spelled as bytes. On old releases, as a vocabulary of characters."""
    letters = sorted(set("▁" + "".join(TEXTS[:2])) - {" "})
    entries = [*SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256)), *letters]
    vocabulary = {entry: number for number, entry in enumerate(entries)}
    merges = [("o", "o"), ("oo", "d")]
    vocabulary.update(oo=len(vocabulary), ood=len(vocabulary) + 1)
    try:
        core = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
        core.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    except Exception:  # too old for that
        return characters()
    return wrapped(core)


def words_with_their_space() -> PreTrainedTokenizerFast:
    """Whose tokens hold the space behind the word."""
    core = Tokenizer(models.BPE(unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.Split(Regex(r"\S+\s*|\s+"), "isolated")
    core.train_from_iterator(TEXTS, trainers.BpeTrainer(vocab_size=300, special_tokens=SPECIAL))
    return wrapped(core)


def _file(folder: Any, name: str, content: str) -> str:
    (folder / name).write_text(content, encoding="utf-8")
    return str(folder / name)


def end_marked(folder: Any) -> PhobertTokenizer:
    """`@@` at the end of a piece that the word goes on behind."""
    pieces = "g@@ o@@ od val@@ ue n@@ o@@ t b@@ a@@ d e@@ é@@ 日@@ 本 👍 it i@@ t".split()
    vocabulary = _file(folder, "vocab.txt", "".join(f"{piece} 1\n" for piece in dict.fromkeys(pieces)))
    return PhobertTokenizer(vocabulary, _file(folder, "bpe.codes", "o d</w> 10\nu e</w> 9\nv a 8\nva l 7\ni t</w> 6\n"))


def control_codes(folder: Any) -> CTRLTokenizer:
    pieces = "<unk> g@@ o@@ od val@@ ue n@@ o@@ t b@@ a@@ d".split()
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    merges = _file(folder, "merges.txt", "#version\no d</w>\nu e</w>\nv a\nva l\n")
    return CTRLTokenizer(_file(folder, "vocab.json", json.dumps(vocabulary)), merges)


def bert_file(folder: Any) -> str:
    return _file(folder, "bert.txt", "\n".join(dict.fromkeys(BERT_VOCABULARY)))


class Words(PreTrainedTokenizer):
    """A person's own: white space parts words, addresses and names are replaced, emoji are dropped."""

    model_input_names = ["input_ids", "attention_mask"]

    def __init__(self, **options: Any) -> None:
        names = [*SPECIAL, *"url user good value not bad it".split()]
        self._entries = {name: number for number, name in enumerate(names)}
        special = {"pad_token": "<pad>", "unk_token": "<unk>", "sep_token": "</s>", "mask_token": "<mask>"}
        super().__init__(**special, **options)

    @property
    def vocab_size(self) -> int:
        return len(self._entries)

    def get_vocab(self) -> Dict[str, int]:
        return dict(self._entries)

    def _tokenize(self, text: str, **_: Any) -> Any:
        found = []
        for word in text.split():
            word = "url" if word.startswith("http") else "user" if word.startswith("@") else word
            found += ["".join(sign for sign in word if ord(sign) < 0x2190).lower()]
        return [word for word in found if word]

    def _convert_token_to_id(self, token: str) -> int:
        return self._entries.get(token, self._entries["<unk>"])

    def _convert_id_to_token(self, index: int) -> str:
        return next(name for name, number in self._entries.items() if number == index)

    def build_inputs_with_special_tokens(self, first: Any, second: Any = None) -> Any:
        end = [self.sep_token_id]
        return first + end + (second + end if second is not None else [])

    def save_vocabulary(self, *_: Any, **__: Any) -> Any:
        return ()


def without_offsets(tokenizer: PreTrainedTokenizerFast) -> Any:
    """A twin that reports no places, as if it were in Python."""
    twin = copy.copy(tokenizer)
    twin.__class__ = type("Slow", (type(tokenizer),), {"is_fast": False})
    return twin


FAST = {
    "word pieces": lambda: word_piece(cased=False),
    "word pieces, cased": lambda: word_piece(cased=True),
    "bytes": byte_level,
    "bytes, spaces counted": lambda: byte_level(template=False, trim=False, add_prefix_space=True),
    "unigram": lambda: unigram(normalizers.NFKC()),
    "unigram, lower case": lambda: unigram(normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])),
    "end of word": end_of_word,
    "characters": characters,
    "normalizers": odd,
    "byte fallback": byte_fallback,
    "space behind": words_with_their_space,
}
SLOW = {
    "byt5": lambda folder: ByT5Tokenizer(),
    "canine": lambda folder: CanineTokenizer(),
    "perceiver": lambda folder: PerceiverTokenizer(),
    "marks at the end": end_marked,
    "ctrl": control_codes,
    "slow bert": lambda folder: SlowBert(bert_file(folder)),
    "slow bert, cased": lambda folder: SlowBert(bert_file(folder), do_lower_case=False),
    "japanese characters": lambda folder: BertJapaneseTokenizer(
        bert_file(folder), word_tokenizer_type="basic", subword_tokenizer_type="character"
    ),
    "japanese word pieces": lambda folder: BertJapaneseTokenizer(
        bert_file(folder), word_tokenizer_type="basic", subword_tokenizer_type="wordpiece"
    ),
    "own": lambda folder: Words(),
}


@cache
def fast(kind: str) -> PreTrainedTokenizerFast:
    return FAST[kind]()
