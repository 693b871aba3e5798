"""A row has a name that can be read, and no span ends within a character as a reader sees it.

A line feed, a no-break space or a byte of an emoji was a row of its own whose name showed nothing, or `Ã`, so that nobody
could tell which token had counted, and rows of different tokens looked alike; an emoji of several code points was painted in
pieces. Tests of plain words never had such a row.
"""

import re

import eli5
import pytest
from regression.test_places_of_tokens import explained, model, painted
from text import tokenizer_kinds as kinds

from eli5_transformers import attribute, compare
from eli5_transformers.text.granularity import GRANULARITIES
from eli5_transformers.text.words import clusters

TEXT = "good\n\n\tcafé 👍🏽\u3000\u00a0 bad  ok"
FAST = ["bytes", "bytes, spaces counted", "unigram", "characters", "normalizers", "byte fallback", "space behind"]
SLOW = ["byt5", "perceiver"]


def tokenizer(kind, folder):
    return kinds.fast(kind) if kind in kinds.FAST else kinds.SLOW[kind](folder)


@pytest.mark.parametrize("kind", FAST + SLOW)
@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_every_row_can_be_read_and_told_apart(kind, granularity, tmp_path):
    explanation = explained(tokenizer(kind, tmp_path), TEXT, granularity=granularity, interpreter="gradient-x-input")
    frame = eli5.format_as_dataframe(explanation)
    names = [str(name) for name in frame["feature"]]
    text = re.sub("[░ …]", "", eli5.format_as_text(explanation))  # eli5's own sign for spaces
    page = eli5.format_as_html(explanation)
    assert len(set(names)) == len(names)
    for name in names:
        assert name.strip(" \u00a0\u3000\t\n")
        assert name.isprintable() or name.replace("\u3000", "").replace("\u00a0", "").isprintable()
        assert name.replace(" ", "") in text
    assert len(re.findall(r"<tr", page)) > 1


@pytest.mark.parametrize("kind", FAST + SLOW)
def test_rows_add_up_in_every_granularity(kind, tmp_path):
    own = tokenizer(kind, tmp_path)
    sums = []
    for granularity in GRANULARITIES:
        weights = explained(own, TEXT, granularity=granularity, interpreter="gradient-x-input").targets[0].feature_weights
        sums.append(sum(row.weight for row in weights.pos + weights.neg))
    assert max(sums) - min(sums) < 1e-5 * max(1, max(map(abs, sums)))


@pytest.mark.parametrize("kind", ["bytes", "byte fallback", "byt5", "perceiver"])
def test_bytes_of_one_character_are_named_by_it_and_one_word(kind, tmp_path):
    own = tokenizer(kind, tmp_path)
    (attribution,) = attribute(model(own), "a 👍🏽\u3000b", tokenizer=own, interpreter="gradient-x-input")[0]
    words = attribution.by_word()
    assert [name for name, special in zip(words.tokens.text, words.tokens.special) if not special and name != "(space)"] == [
        "a", "👍🏽", "(ideographic space)", "b",
    ]  # fmt: skip
    pieces = [at for at, start in enumerate(attribution.tokens.start) if start == 2]
    assert len(pieces) > 1
    assert words.scores[words.tokens.text.index("👍🏽")] == sum(attribution.scores[pieces])


EMOJI = [
    "👍🏽", "👩\u200d👩\u200d👧", "🇫🇷", "1\ufe0f\u20e3", "❤\ufe0f", "क्षत्रि", "e\u0301", "\u1112\u1161\u11ab", "می\u200cخواهم",
    "🏴\U000e0067\U000e0062\U000e007f",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["bytes", "unigram", "characters", "byte fallback", "byt5", "end of word"])
@pytest.mark.parametrize("granularity", GRANULARITIES)
def test_no_span_ends_within_a_character(kind, granularity, tmp_path):
    own = tokenizer(kind, tmp_path)
    text = f"go {' x '.join(EMOJI)} on"
    borders = {border for span in clusters(text) for border in span}
    explanation = explained(own, text, granularity=granularity, interpreter="gradient")
    (document,) = explanation.targets[0].weighted_spans.docs_weighted_spans
    assert document.document == text
    assert all({*spans[0]} <= borders for _, spans, _ in document.spans)
    if granularity == "word":
        assert set(EMOJI[:5]) <= set(painted(explanation))


def test_white_space_of_a_text_of_bytes_is_one_sum_above_it(tmp_path):
    other = explained(tokenizer("byt5", tmp_path), "a good café is here").targets[0].weighted_spans.other
    names = [str(getattr(row.feature, "value", row.feature)) for row in other.pos + other.neg]
    assert sorted(names) == ["<BIAS>", "Highlighted in text (sum)", "Special tokens (sum)", "White space (sum)"]


def test_comparisons_name_white_space_too(tmp_path):
    own = kinds.fast("unigram")
    found = compare(model(own), "good\n\nbad", tokenizer=own, interpreters=["gradient", "gradient-x-input"])
    words = list(found.to_dataframe()["word"])
    assert "↵↵" in words or "↵" in words
    assert all(word.strip() for word in words)
    assert "↵" in found.html("x")
