"""The reader: every token knows its place in the text, what is cut is told, and bad input is refused."""

import eli5_transformers  # noqa: F401  first: it makes AllenNLP importable

# isort: split

import json
import pickle
import unicodedata

import checkpoints
import more_checkpoints
import pytest
import torch
from allennlp.common import Params
from allennlp.data import DatasetReader, Token, Vocabulary
from allennlp.data.batch import Batch
from allennlp.data.data_loaders import MultiProcessDataLoader
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, ByT5Tokenizer

from eli5_transformers.adapters import registered_components  # noqa: F401  registers the components
from eli5_transformers.components.reader import TransformerClassifierReader
from eli5_transformers.errors import InputError, SourceError
from eli5_transformers.sites.architectures import position_limit
from eli5_transformers.text.encoding import encode, tokenizer_limit
from eli5_transformers.text.words import clusters

MIXED = "Not  buying\tthe café, 日本語 😀👩‍💻 e\u0301l שלום عربي हिन्दी don't!"


@pytest.fixture(scope="module")
def word_pieces(stars_checkpoint):
    return AutoTokenizer.from_pretrained(str(stars_checkpoint))


@pytest.fixture(scope="module")
def byte_level(tmp_path_factory):
    folder = tmp_path_factory.mktemp("byte_level")
    more_checkpoints.write_roberta_checkpoint(folder, labels=["a", "b"])
    return AutoTokenizer.from_pretrained(str(folder))


@pytest.fixture(scope="module")
def unigram(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unigram")
    more_checkpoints.write_xlm_roberta_checkpoint(folder, labels=["a", "b"])
    return AutoTokenizer.from_pretrained(str(folder))


ALPHABETS = (
    "abc XYZ.,!'-\t\n",
    "éüñÅ e\u0301\u0327o\u0308 ",
    "日本語 中文 カガ\u3099",
    "שלום عربي ",
    "😀👩\u200d💻🏽❤\ufe0f ",
    "हिन्दी ",
    "ﬁ ½ Ⅷ ＡＢ ",
)
documents = st.lists(
    st.one_of(*[st.text(alphabet, min_size=1, max_size=8) for alphabet in ALPHABETS]), min_size=1, max_size=4
).map(" ".join)
property_test = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def spans_of(tokenizer, text):
    try:
        tokens = encode(tokenizer, [text]).tokens
    except InputError:  # nothing left of it: tested on its own
        return []
    found = []
    for piece, start, end, special in zip(tokens.text, tokens.start, tokens.end, tokens.special):
        assert (start, end) == (-1, -1) or 0 <= start < end <= len(text)
        if start >= 0:
            assert not special
            # White space has a place only where the tokenizer says nothing else of it.
            assert not text[start].isspace() or is_unknown(tokenizer, piece)
            found.append((piece, text[start:end]))
    return found


def is_unknown(tokenizer, piece):
    return piece == tokenizer.unk_token


def bert_form(text):
    """Lower case, without accents and control characters, as an uncased BERT normalizes."""
    stripped = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn")
    kept = [c for c in stripped if c in "\t\n\r" or unicodedata.category(c)[0] != "C"]
    return "".join(kept).strip()


@given(documents)
@property_test
def test_a_word_piece_is_its_span_normalized(word_pieces, text):
    for piece, found in spans_of(word_pieces, text):
        if not is_unknown(word_pieces, piece):
            assert bert_form(found) == (piece[2:] if piece.startswith("##") else piece)


@given(documents)
@property_test
def test_byte_level_tokens_are_bytes_of_their_spans(byte_level, text):
    """A character may be several tokens: each is a part of the bytes of its span, beside the space before it."""
    table = byte_characters()
    for piece, found in spans_of(byte_level, text):
        own = bytes(table[char] for char in piece)
        assert own.lstrip() in found.encode()


@given(documents)
@property_test
def test_byte_level_spans_leave_out_white_space_alone(byte_level, text):
    tokens = spans_of(byte_level, text)
    if tokens:
        record = encode(byte_level, [text]).tokens
        covered = {place for start, end in zip(record.start, record.end) for place in range(start, end)}
        assert {place for place, char in enumerate(text) if not char.isspace()} <= covered


def byte_characters():
    """GPT-2's printable character for each byte (`openai/gpt-2`, `src/encoder.py`, `bytes_to_unicode`)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [value for value in range(256) if value not in printable]
    return {**{chr(v): v for v in printable}, **{chr(256 + i): v for i, v in enumerate(others)}}


@given(documents)
@property_test
def test_a_unigram_token_is_its_span_normalized(unigram, text):
    for piece, found in spans_of(unigram, text):
        if not is_unknown(unigram, piece):
            own = piece.replace("▁", " ").strip()
            normal = unicodedata.normalize("NFKC", found).strip()
            # A ligature, a fraction or a letter with its marks is one character to a reader and may be several tokens.
            in_parts = len(clusters(found)) == 1 and own in normal
            # A mark may be the next token, and of several the one that composes with a letter need not be beside it.
            same_letter = bert_form(found) == bert_form(own) and marks(text) > 0
            assert normal == own or in_parts or same_letter


def marks(text):
    """The most combining marks on one letter."""
    runs = "".join("M" if unicodedata.category(c)[0] == "M" else "." for c in unicodedata.normalize("NFD", text))
    return max(map(len, runs.split(".")))


def test_spans_are_the_words_themselves_in_every_kind_of_tokenizer(word_pieces, byte_level, unigram):
    for tokenizer in (word_pieces, byte_level, unigram):
        tokens = encode(tokenizer, [MIXED]).tokens
        words = {}
        for start, end, word in zip(tokens.start, tokens.end, tokens.word):
            if word >= 0:
                first, last = words.get(word, (start, end))
                words[word] = (min(first, start), max(last, end))
        assert list(words) == sorted(words)
        found = [MIXED[start:end] for start, end in words.values()]
        for word in ("Not", "buying", "the", "café", ",", "e\u0301l", "שלום", "عربي", "हिन्दी", "don't", "!"):
            assert word in found, (word, found)
        missed = set("".join(MIXED.split())) - set("".join(found))
        assert missed <= {"\u200d"}, "all that is no white space but the joiner, which BERT drops"


def test_special_tokens_and_lone_space_markers_have_no_span(word_pieces, unigram):
    tokens = encode(word_pieces, ["I like it"]).tokens
    assert tokens.special == (True, False, False, False, True)
    assert (tokens.start[0], tokens.end[0], tokens.word[0]) == (-1, -1, -1)
    tokens = encode(unigram, ["日 本"]).tokens
    lone = [place for place, piece in enumerate(tokens.text) if piece == "▁"]
    assert lone
    assert all(tokens.start[place] == tokens.word[place] == -1 and not tokens.special[place] for place in lone)


def test_a_typed_special_token_is_text(word_pieces):
    tokens = encode(word_pieces, ["I like [SEP] it"]).tokens
    place = tokens.text.index("[SEP]")
    assert not tokens.special[place]
    assert (tokens.start[place], tokens.end[place]) == (7, 12)


def test_a_pair_has_the_tokenizers_segments_and_offsets_of_its_own_texts(word_pieces, byte_level):
    texts = ("I like it", "not the price")
    encoding = encode(word_pieces, texts)
    assert encoding.type_ids == tuple(word_pieces(*texts)["token_type_ids"])
    for tokenizer in (word_pieces, byte_level):
        tokens = encode(tokenizer, texts).tokens
        assert encode(tokenizer, texts).ids == tuple(tokenizer(*texts)["input_ids"])
        found = [
            (segment, texts[segment][start:end])
            for segment, start, end in zip(tokens.segment, tokens.start, tokens.end)
            if start >= 0
        ]
        assert (0, "I") in found
        assert "".join(piece for segment, piece in found if segment == 1) == "nottheprice"


def test_what_is_cut_is_told(word_pieces):
    text = "I like the food but not the price"
    tokens = encode(word_pieces, [text], max_length=6).tokens
    assert tokens.text == ("[CLS]", "i", "like", "the", "food", "[SEP]")
    assert tokens.cut == (4,)
    assert tokens.seen == ((0, text.index(" but")),)
    whole = encode(word_pieces, [text], max_length=10).tokens
    assert (whole.cut, whole.seen) == ((), ())


def test_of_a_pair_the_chosen_text_is_cut(word_pieces):
    texts = ("I like the food", "not the price and not the service")
    tokens = encode(word_pieces, texts, max_length=9).tokens
    assert len(tokens) == 9
    assert sum(tokens.cut) == 5
    tokens = encode(word_pieces, texts, max_length=12, truncation="only_second").tokens
    assert tokens.cut == (0, 2)
    assert tokens.seen == ((0, len(texts[0])), (0, texts[1].index(" the service")))
    tokens = encode(word_pieces, texts, max_length=12, truncation="only_first").tokens
    assert tokens.cut == (2, 0)


def test_the_side_that_is_cut_is_the_tokenizers(stars_checkpoint):
    tokenizer = AutoTokenizer.from_pretrained(str(stars_checkpoint))
    tokenizer.truncation_side = "left"
    text = "I like the food but not the price"
    tokens = encode(tokenizer, [text], max_length=4).tokens
    assert tokens.seen == ((text.index("the price"), len(text)),)


def test_nothing_is_cut_where_that_is_an_error(word_pieces):
    assert encode(word_pieces, ["I like it"], max_length=5, truncation="error").tokens.cut == ()
    with pytest.raises(InputError, match="6 tokens, 1 more than the 5"):
        encode(word_pieces, ["I like it !"], max_length=5, truncation="error")
    with pytest.raises(InputError, match="truncation is 'maybe'.*'error'"):
        encode(word_pieces, ["I like it"], truncation="maybe")
    with pytest.raises(InputError, match="max_length 2 leaves no room.*2 special"):
        encode(word_pieces, ["I like it"], max_length=2)
    with pytest.raises(InputError, match="max_length 8 .*'only_second' leaves no token of 'the price'"):
        encode(word_pieces, ["I like it a lot", "the price"], max_length=8, truncation="only_second")
    with pytest.raises(InputError, match="second text, which is not there"):
        encode(word_pieces, ["I like it a lot"], max_length=4, truncation="only_second")


def test_the_record_crosses_processes(word_pieces):
    tokens = encode(word_pieces, ["I like the food but not the price"], max_length=6).tokens
    assert pickle.loads(pickle.dumps(tokens)) == tokens


def test_tokenizers_without_offsets_are_aligned(byte_level):
    slow = ByT5Tokenizer()
    assert not slow.is_fast
    text = "I like it!"
    tokens = encode(slow, [text]).tokens
    for piece, start, end in zip(tokens.text, tokens.start, tokens.end):
        assert start < 0 or text[start:end] == piece
    assert "".join(text[start:end] for start, end in zip(tokens.start, tokens.end) if start >= 0) == "Ilikeit!"
    assert tokens.special == (False,) * len(text) + (True,)
    pair = encode(slow, ["ab", "cd"]).tokens
    assert [pair.segment[pair.text.index(piece)] for piece in "abcd"] == [0, 0, 1, 1]


class Backwards(ByT5Tokenizer):
    """Whose tokens are in no order of the text."""

    def tokenize(self, text, **kwargs):
        return super().tokenize(text, **kwargs)[::-1]


def test_tokens_that_cannot_be_aligned_have_no_span():
    tokens = encode(Backwards(), ["ab cd"]).tokens
    assert tokens.text == (*"dc ba", "</s>")
    assert set(tokens.start) == {-1}
    assert tokens.special == (False,) * 5 + (True,)


def test_bytes_have_the_span_of_their_character():
    tokens = encode(ByT5Tokenizer(), ["dé"]).tokens
    assert (tokens.start, tokens.end) == ((0, 1, 1, -1), (1, 2, 2, -1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty or white space only"),
        (" \n\t\u3000", "empty or white space only"),
        (None, "must be a str.*NoneType"),
        (["a", "list"], "must be a str.*list"),
        ("\u200d\u200b", "the tokenizer makes no tokens"),
    ],
)
def test_texts_of_which_the_model_sees_nothing_are_refused(stars_checkpoint, text, message):
    reader = TransformerClassifierReader(model_name=str(stars_checkpoint))
    with pytest.raises(InputError, match=message):
        reader.text_to_instance(text)
    with pytest.raises(InputError, match=message):
        encode(reader.tokenizer, ["fine", text])


def test_limits_are_those_of_tokenizer_and_positions(tmp_path, stars_checkpoint):
    assert TransformerClassifierReader(model_name=str(stars_checkpoint)).max_length == 128
    roberta = more_checkpoints.write_roberta_checkpoint(tmp_path / "roberta", labels=["a", "b"])
    reader = TransformerClassifierReader(model_name=str(roberta))
    assert reader.max_length == 40, "two of the 42 positions lie before the first token's"
    assert tokenizer_limit(reader.tokenizer) is None
    reader.limit_length(30)
    assert reader.max_length == 30
    chosen = TransformerClassifierReader(model_name=str(roberta), max_length=35)
    chosen.limit_length(30)
    assert chosen.max_length == 35


def test_relative_positions_are_no_limit():
    from transformers import DebertaV2Config, T5Config, XLNetConfig

    assert position_limit(T5Config()) is None
    assert position_limit(XLNetConfig()) is None
    assert position_limit(DebertaV2Config(position_biased_input=False)) is None
    assert position_limit(DebertaV2Config()) == 512
    assert position_limit(None) is None


def lines(path, *contents):
    path.write_text("".join(json.dumps(content) + "\n" for content in contents), encoding="utf-8")
    return str(path)


def read(folder, path, **options):
    params = Params({"type": "transformer_classifier", "model_name": str(folder), **options})
    return list(DatasetReader.from_params(params).read(path))


def test_lines_of_all_usual_keys_are_read(tmp_path, stars_checkpoint):
    path = lines(
        tmp_path / "data.jsonl",
        {"text": "I like it", "label": "5 stars"},
        {"sentence": "I like it"},
        {"premise": "I like it", "hypothesis": "not the price", "label": "1 star"},
        {"sentence1": "I like it", "sentence2": "not the price"},
        {"text": "I like it", "text_pair": None, "labels": ["1 star", "2 stars"]},
    )
    instances = read(stars_checkpoint, path)
    pair = ("I like it", "not the price")
    assert [i["metadata"]["documents"] for i in instances] == [pair[:1], pair[:1], pair, pair, pair[:1]]
    assert instances[0]["label"].label == "5 stars"
    assert "label" not in instances[1]
    assert instances[4]["label"].labels == ["1 star", "2 stars"]
    token = instances[0]["tokens"][2]
    assert (token.text, token.idx, token.idx_end) == ("like", 2, 6)
    named = lines(tmp_path / "named.jsonl", {"review": "I like it", "verdict": "good"})
    (instance,) = read(stars_checkpoint, named, text_key="review", label_key="verdict")
    assert instance["label"].label == "good"


def test_numbers_are_labels_of_regression_or_indices_when_told(tmp_path, stars_checkpoint):
    path = lines(tmp_path / "data.jsonl", {"text": "I like it", "label": 4})
    assert read(stars_checkpoint, path)[0]["label"].label == "4"
    assert read(stars_checkpoint, path, skip_label_indexing=True)[0]["label"].label == 4
    assert torch.equal(read(stars_checkpoint, path, problem_type="regression")[0]["label"].tensor, torch.tensor(4.0))
    path = lines(tmp_path / "floats.jsonl", {"text": "I like it", "label": 4.5})
    assert torch.equal(read(stars_checkpoint, path)[0]["label"].tensor, torch.tensor(4.5))
    path = lines(tmp_path / "many.jsonl", {"text": "I like it", "labels": [0, 2]})
    (instance,) = read(stars_checkpoint, path, skip_label_indexing=True, num_labels=3)
    instance.index_fields(Vocabulary())
    assert instance["label"].as_tensor({}).tolist() == [1, 0, 1]


def test_a_line_that_cannot_be_read_is_named(tmp_path, stars_checkpoint):
    good = json.dumps({"text": "I like it"})
    for line, message in (
        ("{", "line 3 of .*data.jsonl"),
        ('["a"]', "line 3 .*not an object"),
        ('{"txt": "I"}', "line 3 .*'txt'.*'text' or 'sentence'"),
        ('{"text": " "}', "line 3 .*white space"),
        ('{"text": 7}', "line 3 .*must be a str"),
    ):
        path = tmp_path / "data.jsonl"
        path.write_text(f"{good}\n\n{line}\n")
        with pytest.raises(InputError, match=message):
            read(stars_checkpoint, str(path))
    with pytest.raises(InputError, match="must be a number.*'much'"):
        read(stars_checkpoint, lines(tmp_path / "b", {"text": "I", "label": "much"}), problem_type="regression")
    with pytest.raises(InputError, match="class index.*'much'"):
        read(stars_checkpoint, lines(tmp_path / "b", {"text": "I", "label": "much"}), skip_label_indexing=True)


def test_a_reader_that_cannot_be_made_says_why(tmp_path, stars_checkpoint):
    with pytest.raises(SourceError, match="either `model_name` or `tokenizer`"):
        TransformerClassifierReader()
    with pytest.raises(SourceError, match="no tokenizer can be loaded"):
        TransformerClassifierReader(model_name=str(tmp_path))
    with pytest.raises(SourceError, match="truncation is 'no'"):
        TransformerClassifierReader(model_name=str(stars_checkpoint), truncation="no")
    with pytest.raises(SourceError, match="problem_type is 'ranking'"):
        TransformerClassifierReader(model_name=str(stars_checkpoint), problem_type="ranking")


def test_cuts_are_logged_once(stars_checkpoint, caplog):
    reader = TransformerClassifierReader(model_name=str(stars_checkpoint), max_length=5)
    for _ in range(2):
        reader.text_to_instance("I like the food")
    assert [record.getMessage() for record in caplog.records if "cut" in record.getMessage()] == [
        "a text has 1 tokens more than the 5 that the model sees: the rest is cut (said once; each explanation says it)"
    ]


def test_segments_are_fed_only_where_the_tokenizer_makes_them(tmp_path, stars_checkpoint):
    distilbert = more_checkpoints.write_distilbert_checkpoint(tmp_path, labels=["a", "b"])
    for folder, names in ((stars_checkpoint, {"token_ids", "mask", "type_ids"}), (distilbert, {"token_ids", "mask"})):
        reader = TransformerClassifierReader(model_name=str(folder))
        instance = reader.text_to_instance("I like it")
        reader.apply_token_indexers(instance)
        instance.index_fields(Vocabulary())
        assert set(instance.as_tensor_dict()["tokens"]["tokens"]) == names


def test_batches_are_padded_as_the_tokenizer_pads(stars_checkpoint):
    tokenizer = AutoTokenizer.from_pretrained(str(stars_checkpoint))
    for side in ("right", "left"):
        tokenizer.padding_side = side
        reader = TransformerClassifierReader(tokenizer=tokenizer)
        texts = [("I like it", "not it"), ("I", "it")]
        batch = Batch([reader.text_to_instance(*text) for text in texts])
        for instance in batch.instances:
            reader.apply_token_indexers(instance)
        batch.index_instances(Vocabulary())
        ours = batch.as_tensor_dict()["tokens"]["tokens"]
        theirs = tokenizer([a for a, _ in texts], [b for _, b in texts], padding=True, return_tensors="pt")
        assert torch.equal(ours["token_ids"], theirs["input_ids"])
        assert torch.equal(ours["mask"].long(), theirs["attention_mask"])
        assert torch.equal(ours["type_ids"], theirs["token_type_ids"])


def test_tokens_put_in_by_hand_are_looked_up_and_stay_in_their_segment(stars_checkpoint):
    reader = TransformerClassifierReader(model_name=str(stars_checkpoint))
    instance = reader.text_to_instance("I like it", "not it")
    reader.apply_token_indexers(instance)
    place = len(instance["tokens"]) - 3
    instance["tokens"].tokens[place] = Token("good")
    instance.index_fields(Vocabulary())
    tensors = instance.as_tensor_dict()["tokens"]["tokens"]
    assert tensors["token_ids"][place] == reader.tokenizer.convert_tokens_to_ids("good")
    assert tensors["type_ids"][place] == 1


def test_the_vocabulary_has_the_tokenizers_numbers(stars_checkpoint):
    reader = TransformerClassifierReader(model_name=str(stars_checkpoint))
    vocabulary = Vocabulary(tokens_to_add={"tokens": ["stale"]})
    reader._token_indexers["tokens"].fill(vocabulary)
    assert vocabulary.get_token_to_index_vocabulary("tokens") == reader.tokenizer.get_vocab()
    assert vocabulary.get_token_from_index(2, "tokens") == "[CLS]"


@pytest.mark.parametrize("workers", [0, 2])
def test_a_data_loader_gets_every_line_once_with_any_number_of_workers(tmp_path, stars_checkpoint, workers):
    contents = [{"text": f"I like {word}", "label": "5 stars"} for word in checkpoints.WORDS[:11]]
    path = lines(tmp_path / "data.jsonl", *contents)
    params = Params({"type": "transformer_classifier", "model_name": str(stars_checkpoint)})
    loader = MultiProcessDataLoader(DatasetReader.from_params(params), path, batch_size=4, num_workers=workers)
    loader.index_with(Vocabulary(tokens_to_add={"labels": ["5 stars"]}))
    read_texts = [entry["documents"][0] for batch in loader for entry in batch["metadata"]]
    assert sorted(read_texts) == sorted(content["text"] for content in contents)
