"""Every token of a text has its place, or the text says that it has none; nothing is painted where it does not belong.

Tokenizers in Python report no places. Theirs were found by spelling alone: one piece that is marked at its end (`val@@`), one
letter that is not known, one name that is replaced (`@USER`), a cut at the left or a literal `[SEP]`, and nothing of the text
was painted, every piece was a row, and what was seen was said to be all of it. No other test saw it, because tests used
tokenizers that report places, or texts of plain words.
"""

import logging

import pytest
import torch
from text import tokenizer_kinds as kinds
from transformers import BertConfig, BertForSequenceClassification

from eli5_transformers import attribute, get_explanation
from eli5_transformers.errors import InputError, SourceError
from eli5_transformers.text.encoding import encode


def model(tokenizer):
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=max(len(tokenizer), 400), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, initializer_range=0.5, max_position_embeddings=256,
    )  # fmt: skip
    return BertForSequenceClassification(config).eval()


def slow(kind, folder):
    return kinds.SLOW[kind](folder)


def explained(tokenizer, text, **options):
    return get_explanation(model(tokenizer), text, tokenizer=tokenizer, **options)


def painted(explanation):
    documents = explanation.targets[0].weighted_spans.docs_weighted_spans
    return [document.document[a:b] for document in documents for _, ((a, b),), _ in document.spans]


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("marks at the end", "good value not bad", "good value not bad"),
        ("marks at the end", "good 🙂 zzz bad", "good 🙂 zzz bad"),
        ("ctrl", "good value, bad", "good value , bad"),
        ("slow bert", "Good foo_zzz 日本 it's http://x.org/a", "Good foo_zzz 日 本 it's http://x.org/a"),
        ("japanese characters", "日本の本 good", "日 本 の 本 good"),
        ("japanese word pieces", "good 日本 🙂🙂 bad", "good 日本 🙂🙂 bad"),
        ("own", "@bob good http://x.org/a value 🙂 bad", "@bob good http://x.org/a value bad"),
        ("byt5", "a good café 👍🏽", "a good café 👍🏽"),
        ("canine", "a good cafe\u0301 👍🏽", "a good cafe\u0301 👍🏽"),
        ("perceiver", "a good café 👍🏽", "a good café 👍🏽"),
    ],
)
def test_every_word_is_painted(kind, text, words, tmp_path):
    explanation = explained(slow(kind, tmp_path), text, interpreter="gradient-x-input")
    assert painted(explanation) == words.split()
    assert "is not known" not in explanation.description


@pytest.mark.parametrize("kind", ["byt5", "perceiver"])
@pytest.mark.parametrize("text", ["là voilà", "mają ręką", "Å x", "хорошо Россия", "à </s> Р", "à\xa0b", "à x\x85y"])
def test_a_byte_that_is_spelled_like_white_space_is_of_its_character(kind, text, tmp_path):
    tokens = encode(slow(kind, tmp_path), [text]).tokens
    for place, char in enumerate(text):
        own = [at for at in range(len(tokens)) if tokens.start[at] <= place < tokens.end[at] and not tokens.special[at]]
        if not char.isspace() and "<" not in text:
            assert len(own) == len(char.encode()), (char, own)
    lost = [at for at in range(len(tokens)) if tokens.start[at] < 0 and not tokens.special[at]]
    assert len(lost) <= sum(char.isspace() for char in text)


@pytest.mark.parametrize("kind", ["marks at the end", "byt5", "slow bert", "own", "perceiver"])
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("text", ["good value </s> not bad it", "bad value [SEP] not good it"])
def test_what_was_seen_is_what_was_really_seen(kind, side, text, tmp_path):
    tokenizer = slow(kind, tmp_path)
    tokenizer.truncation_side = side
    whole = encode(tokenizer, [text]).tokens
    added = sum(whole.special)
    for length in range(added + 1, len(whole)):
        tokens = encode(tokenizer, [text], max_length=length).tokens
        own = [at for at, special in enumerate(whole.special) if not special]
        kept = own[len(whole) - length :] if side == "left" else own[: length - added]
        found = [(start, end) for start, end, special in zip(tokens.start, tokens.end, tokens.special) if not special]
        assert found == [(whole.start[at], whole.end[at]) for at in kept]
        seen = [span for span in found if span[0] >= 0]
        assert tokens.cut == (len(own) - len(kept),)
        assert sum(tokens.special) == len(tokens) - len(kept)
        assert tokens.seen == (((seen[0][0], seen[-1][1]),) if seen else ((0, 0),))


@pytest.mark.parametrize("kind", ["slow bert", "marks at the end", "own", "perceiver"])
@pytest.mark.parametrize("first", [True, False])
def test_a_marker_inside_one_text_of_a_pair_is_its_own(kind, first, tmp_path):
    tokenizer = slow(kind, tmp_path)
    marker = tokenizer.sep_token
    pair = (f"good {marker} bad", "it not") if first else ("it not", f"good {marker} bad")
    tokens = encode(tokenizer, pair).tokens
    own = [
        (tokens.segment[at], pair[tokens.segment[at]][tokens.start[at] : tokens.end[at]])
        for at in range(len(tokens))
        if not tokens.special[at] and tokens.start[at] >= 0
    ]
    for segment, text in enumerate(pair):
        assert "".join(part for index, part in own if index == segment).replace(" ", "") == text.replace(" ", "")
    assert sum(tokens.special) == len(tokens) - len(tokenizer(*pair, add_special_tokens=False)["input_ids"])


class Backwards(kinds.ByT5Tokenizer):
    """Whose tokens are in no order of the text."""

    def tokenize(self, text, **kwargs):
        return super().tokenize(text, **kwargs)[::-1]


def test_a_text_without_places_says_so():
    tokenizer = Backwards()
    explanation = explained(tokenizer, "abc def", interpreter="gradient")
    assert painted(explanation) == []
    assert "The place of 6 of 7 tokens in the text is not known" in explanation.description
    cut = explained(tokenizer, "abc def", max_length=4, interpreter="gradient")
    assert "a part of the text alone, of which the place is not known: 4 more tokens were cut." in cut.description
    pair = get_explanation(model(tokenizer), "a", text_pair="bc de", tokenizer=tokenizer)
    assert "The place of 4 of 5 tokens in text 2 is not known" in pair.description
    assert "in text 1" not in pair.description


class Uncut(kinds.Words):
    def __call__(self, text, *pair, max_length=None, truncation=False, **options):
        return super().__call__(text, *pair, **options)


def test_a_tokenizer_that_does_not_cut_is_refused_where_it_should():
    with pytest.raises(InputError, match="the text has 5 tokens, and its tokenizer, a Uncut, does not cut it to the 3"):
        explained(Uncut(), "good value not bad", max_length=3)


class Duck:
    """As people write one for a model of their own."""

    entries = "[PAD] [UNK] [CLS] [SEP] good bad it".split()

    def tokenize(self, text):
        return text.lower().split()

    def convert_tokens_to_ids(self, tokens):
        return [self.entries.index(token) if token in self.entries else 1 for token in tokens]

    def convert_ids_to_tokens(self, ids):
        return [self.entries[number] for number in ids]

    def __len__(self):
        return len(self.entries)

    def __call__(self, text, **options):
        ids = [2, *self.convert_tokens_to_ids(self.tokenize(text)), 3]
        return {"input_ids": ids, "attention_mask": [1] * len(ids)}


class WholeDuck(Duck):
    model_input_names = ("input_ids", "attention_mask")
    pad_token_id, unk_token_id, all_special_ids = 0, 1, (0, 1, 2, 3)
    padding_side, name_or_path = "right", "duck"

    def get_vocab(self):
        return {name: number for number, name in enumerate(self.entries)}


def test_a_class_that_has_all_that_is_used_is_a_tokenizer():
    (attribution,) = attribute(model(WholeDuck()), "Good it zzz bad", tokenizer=WholeDuck())[0]
    assert attribution.tokens.start == (-1, 0, 5, 8, 12, -1)
    assert attribution.tokens.special == (True, False, False, False, False, True)


def test_a_class_that_lacks_some_is_refused_by_what_it_lacks():
    with pytest.raises(SourceError, match="a Duck is no tokenizer .* no get_vocab, .*PreTrainedTokenizerFast"):
        explained(Duck(), "good")


def test_nobody_is_warned(caplog, tmp_path):
    with caplog.at_level(logging.WARNING, "eli5_transformers"):
        explained(slow("own", tmp_path), "good value")
    assert not [record for record in caplog.records if record.name.startswith("eli5_transformers")]
