"""Every token of a text has its place: texts of many scripts through tokenizers of many kinds, singly, in pairs, cut."""

import random
import unicodedata

import numpy as np
import pytest
from tally import tries
from text import tokenizer_kinds as kinds

from eli5_transformers.errors import InputError
from eli5_transformers.explanations.to_eli5 import to_explanation
from eli5_transformers.records import Attribution
from eli5_transformers.text.encoding import encode
from eli5_transformers.text.granularity import GRANULARITIES, by, group_tokens, unplaced
from eli5_transformers.text.spelling import is_unknown, white_space
from eli5_transformers.text.words import clusters

FRAGMENTS = [
    *"good bad value Not it's été Éte\u0301 straße İI ﬁn ½ … ™ x² 1,000.50 a@b.org http://a.org/b?c @me #tag".split(),
    *"C++ ## @@ </w> <s> </s> <mask> <unk> <pad> [CLS] [SEP] [UNK] [MASK] <0xE2> ▁ Ġ Ċ č good good . , ! — “ ’ `".split(),
    *"日本 語 中文 ガ カ\u3099 한국어 \u1112\u1161\u11ab हिन्दी क्षत्रि ไทยดี ភាសា ລາວ العربـية مُدَرِّس می\u200cخواهم".split(),
    *"שלום דגּ 👍🏽 👩\u200d👩\u200d👧 🇫🇷🇩🇪 1\ufe0f\u20e3 ❤\ufe0f 🙂🙂 ☃ co\u00adop \u200bz \ufeffq \u200e.".split(),
    *"a\u0300\u0301\u0489 \u0301 \x01 \ufffd".split(),
    " ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u3000", "\u2028",
]  # fmt: skip
# The kinds whose tokens hold every character that is no white space.
COMPLETE = {"bytes", "bytes, spaces counted", "characters", "byt5", "perceiver", "canine", "byte fallback"}
DROPPED = ("Mn", "Me", "Mc", "Cf", "Cc", "Cn", "Co")


def drawn(dice):
    parts = [dice.choice(FRAGMENTS) for _ in range(dice.randint(1, 8))]
    return dice.choice(["", " ", " ", "\n"]).join(parts)


def bare(text):
    """Letters and signs without case, accents, tatweel, and what shows nothing."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = [char for char in folded if unicodedata.category(char) not in (*DROPPED, "Zs", "Zl") and char not in "\u0640\ufffd"]
    return "".join(kept)


def shows(kind, token, text):
    """True where the token may be of this text by its spelling."""
    if is_unknown(token) or kind == "own":
        return True
    if kind in ("byt5", "perceiver"):
        return token in text or bytes(map(ord, token)) in text.encode()
    if kind.startswith("bytes"):
        known = bytes(ALPHABET[char] for char in token if char in ALPHABET).strip()
        return token in text or known in text.encode()
    if kind == "byte fallback" and token.startswith("<0x"):
        return bytes([int(token[3:5], 16)]) in text.encode()
    readings = [token, *(token.replace(mark, "") for mark in ("##", "@@", "</w>", "▁"))]
    return any(bare(reading) in bare(text) for reading in readings)


def gpt2_alphabet():
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {**{chr(b): b for b in shown}, **{chr(256 + at): b for at, b in enumerate(hidden)}}


ALPHABET = gpt2_alphabet()


def faults(kind, tokenizer, documents, options):
    """What is wrong with the places of these texts."""
    encoding = encode(tokenizer, documents, **options)
    tokens = encoding.tokens
    cut = {"truncation": options["truncation"], "max_length": options["max_length"]} if "max_length" in options else {}
    if list(encoding.ids) != list(tokenizer(*documents, **cut)["input_ids"]):
        yield "other ids"
    if unplaced(tokens, documents):
        yield f"unplaced: {tokens.text}"
    for index, document in enumerate(documents):
        own = [at for at in range(len(tokens)) if tokens.segment[at] == index and not tokens.special[at]]
        placed = [at for at in own if tokens.start[at] >= 0]
        spans = [(tokens.start[at], tokens.end[at]) for at in own if tokens.start[at] >= 0]
        borders = {border for span in clusters(document) for border in span}
        borders |= {border for at, char in enumerate(document) if char.isspace() for border in (at, at + 1)}
        for at, (start, end) in enumerate(spans):
            if is_unknown(tokens.text[placed[at]]) or kind in ("byt5", "perceiver") or "byte" in kind:
                continue
            if not 0 <= start < end <= len(document) or document[start:end] != document[start:end].strip():
                yield f"a span of white space or outside: {start, end}"
            if start not in borders or end not in borders:
                yield f"a torn character: {document[start:end]!r}"
        if spans != sorted(spans) or [end for _, end in spans] != sorted(end for _, end in spans):
            yield f"not in order: {spans}"
        for at in own:
            start, end = tokens.start[at], tokens.end[at]
            if start >= 0 and not shows(kind, tokens.text[at], document[start:end]):
                yield f"{tokens.text[at]!r} stands on {document[start:end]!r}"
        held = {at for start, end in spans for at in range(start, end)}
        seen = tokens.seen[index] if tokens.seen else (0, len(document))
        if kind in COMPLETE:
            lost = [c for at, c in enumerate(document) if seen[0] <= at < seen[1] and at not in held and not c.isspace()]
            if lost:
                yield f"nobody stands on {lost}"
        if tokens.cut and tokens.cut[index] and spans and seen != (spans[0][0], spans[-1][1]):
            yield f"seen is {seen}"


def shown_part(document, start, end):
    """The span without what shows nothing at its ends, which one tokenizer may count and another not."""
    while start < end and (unicodedata.category(document[start])[0] == "C" or document[start].isspace()):
        start += 1
    while start < end and (unicodedata.category(document[end - 1])[0] == "C" or document[end - 1].isspace()):
        end -= 1
    return start, end


def misplaced(documents, told, found):
    """The tokens that are not found where the tokenizer tells, or in a place that they share with others there."""
    lost = {index for index, _ in enumerate(documents) if unplaced(found, documents)}
    for at, (token, index) in enumerate(zip(told.text, told.segment)):
        if told.special[at] or index in lost or told.start[at] < 0 or white_space(token) is not None:
            continue
        start, end = shown_part(documents[index], told.start[at], told.end[at])
        if start < end and not found.start[at] <= start < end <= found.end[at]:
            yield token


def faults_of_rows(tokens, documents):
    scores = np.arange(1.0, len(tokens) + 1)
    attribution = Attribution(documents, tokens, scores, 0, "x", "by-hand", True)
    for granularity in GRANULARITIES:
        if by(attribution, granularity).scores.sum() != scores.sum():
            yield f"{granularity}: another sum"
        names = [group.name for group in group_tokens(tokens, documents, granularity)]
        if not all(name.strip() for name in names):
            yield f"{granularity}: a name of nothing: {names}"
        explained = to_explanation([attribution], estimator="x", granularity=granularity).targets[0]
        rows = [str(weight.feature) for weight in explained.feature_weights.pos]
        if len(set(rows)) != len(rows):
            yield f"{granularity}: two rows of one name: {rows}"
        for shown in explained.weighted_spans.docs_weighted_spans:
            if shown.document not in documents:  # escapes, or a part that is not seen
                continue
            borders = {border for span in clusters(shown.document) for border in span}
            borders |= {at + 1 for at, char in enumerate(shown.document) if char.isspace()}
            torn = [spans for _, spans, _ in shown.spans if not {*spans[0]} <= borders]
            if torn:
                yield f"{granularity}: torn {torn} in {shown.document!r}"


def cases(kind, count):
    dice = random.Random(kind)
    for _ in range(count):
        documents = tuple(drawn(dice) for _ in range(dice.choice([1, 1, 2])))
        if not all(document.strip() for document in documents):
            continue
        options = {}
        if dice.random() < 0.4:
            options = {"max_length": dice.randint(8, 14), "truncation": "longest_first"}
        yield documents, options, dice.choice(["right", "right", "left"])


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory):
    made = {kind: kinds.fast(kind) for kind in kinds.FAST}
    made.update({kind: make(tmp_path_factory.mktemp("kind")) for kind, make in kinds.SLOW.items()})
    return made


def test_every_token_has_its_place(tokenizers, tally):
    results = []
    for kind, tokenizer in tokenizers.items():
        tried = failed = 0
        for documents, options, side in cases(kind, tries(600, 20)):
            tokenizer.truncation_side = side
            try:
                found = list(faults(kind, tokenizer, documents, options))
                found += faults_of_rows(encode(tokenizer, documents, **options).tokens, documents)
            except InputError as error:
                if "makes no tokens" in str(error) or "leaves no room" in str(error):
                    continue
                found = [repr(error)]
            tried += 1
            failed += bool(found)
            if found and failed <= 5:
                print(kind, side, documents, options, found[:2])
        results.append((f"places: {kind}", tried, failed))
    for result in results:
        tally(*result)


def test_without_offsets_a_place_is_the_same_or_one_that_holds_it(tokenizers, tally):
    results = []
    for kind in kinds.FAST:
        tried = failed = lost = 0
        shown, hidden = tokenizers[kind], kinds.without_offsets(tokenizers[kind])
        for documents, options, side in cases(kind, tries(600, 12)):
            shown.truncation_side = hidden.truncation_side = side
            try:
                told, found = (encode(each, documents, **options).tokens for each in (shown, hidden))
            except InputError:
                continue
            tried += 1
            lost += bool(unplaced(found, documents))
            wrong = list(misplaced(documents, told, found))
            if wrong or told.special != found.special or told.cut != found.cut:
                failed += 1
                if failed <= 5:
                    print(kind, documents, options, side, wrong)
        print(kind, "unplaced", lost, "of", tried)
        results.append((f"places without offsets: {kind}", tried, failed))
    for result in results:
        tally(*result)
