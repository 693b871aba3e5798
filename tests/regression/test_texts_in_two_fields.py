"""Premise and hypothesis in fields of their own: their tokens stand one behind the other in one row.

Models of two text fields were refused. What can go wrong when they are not: the look-ups of the fields are taken for each
other, the fields for the other's text, padding in the middle of the row for tokens, pairs of one total length for such as need
no padding.
"""

import pytest
import torch
from allennlp.data import DatasetReader, Instance, Vocabulary
from allennlp.data.fields import TextField
from allennlp.data.token_indexers import SingleIdTokenIndexer
from allennlp.data.tokenizers import Token, WhitespaceTokenizer
from allennlp.models import Model
from allennlp.modules.text_field_embedders import BasicTextFieldEmbedder
from allennlp.modules.token_embedders import Embedding
from allennlp.nn import util
from closeness import assert_close

from eli5_transformers import attribute, get_explanation
from eli5_transformers.components.explained_predictors import explained_model
from eli5_transformers.components.text_to_instance import ReaderPredictor
from eli5_transformers.engine.batching import Sharing, bucket
from eli5_transformers.errors import InputError
from eli5_transformers.sites.embedding_sites import EmbeddingSites
from eli5_transformers.sites.tracing import Site, trace

WORDS = "the quick brown fox jumps over lazy dogs a man sings and two women read news".split()
PAIRS = [("two women read the news", "a man sings"), ("women", "sings"), ("a man", "two women read and a man sings")]


class Reader(DatasetReader):
    """`made(first, second)` gives the fields; the parameters have names that stand for a pair."""

    def __init__(self, made) -> None:
        super().__init__()
        self._tokenizer = WhitespaceTokenizer()
        self._made = made

    def text_to_instance(self, sentence1, sentence2):
        fields = self._made(*(self._tokenizer.tokenize(text) for text in (sentence1, sentence2)))
        return Instance({name: TextField(tokens) for name, tokens in fields.items()})

    def apply_token_indexers(self, instance):
        for field in instance.fields.values():
            field.token_indexers = {"tokens": SingleIdTokenIndexer()}


class Classifier(Model):
    """Sums what it sees of each field, the second one's twice as strongly; `mean` counts padding, too."""

    def __init__(self, mean=False) -> None:
        super().__init__(Vocabulary(tokens_to_add={"tokens": WORDS}))
        torch.manual_seed(3)
        size = self.vocab.get_vocab_size("tokens")
        self.embedder = BasicTextFieldEmbedder({"tokens": Embedding(6, num_embeddings=size)})
        self.out = torch.nn.Linear(12, 2)
        self._mean = mean

    def forward(self, one, two, three=None):
        pooled = []
        for field in (two, one):  # looked up in another order than they are given
            vectors = self.embedder(field)
            mask = util.get_text_field_mask(field)
            pooled.append(vectors.mean(1) if self._mean else (vectors * mask[..., None]).sum(1))
        logits = self.out(torch.cat([2 * pooled[0], pooled[1]], -1).tanh())
        return {"logits": logits, "probs": logits.softmax(-1)}


def predictor(made=lambda one, two: {"one": one, "two": two}, **options):
    return ReaderPredictor(Classifier(**options), Reader(made))


def attributed(own, pairs, **options):
    options = {"interpreter": "gradient-x-input", **options}
    found = attribute(own, [one for one, _ in pairs], text_pairs=[two for _, two in pairs], **options)
    return [one for (one,) in found]


def occluded_by_hand(own, pair, target):
    """What the logit loses when a word of either text is exchanged for an unknown one."""
    whole, lost = own.predict(*pair)["logits"][target], []
    for number, text in enumerate(pair):
        words = text.split()
        for place in range(len(words)):
            changed = list(pair)
            changed[number] = " ".join([*words[:place], "@@UNKNOWN@@", *words[place + 1 :]])
            lost.append(whole - own.predict(*changed)["logits"][target])
    return lost


MADE = {
    "in order": lambda one, two: {"one": one, "two": two},
    "the other way round in the instance": lambda one, two: {"two": two, "one": one},
    "the second text in the model's first field": lambda one, two: {"one": two, "two": one},
}


@pytest.mark.parametrize("mean", [False, True], ids=["masked", "padding counts"])
@pytest.mark.parametrize("made", MADE)
def test_each_score_stands_at_its_word(made, mean):
    own = predictor(MADE[made], mean=mean)
    for pair, one in zip(PAIRS, attributed(own, PAIRS, interpreter="occlusion", baseline="unk")):
        assert one.documents == pair
        assert one.tokens.text == tuple(" ".join(pair).split())
        assert one.tokens.segment == tuple(number for number in (0, 1) for _ in pair[number].split())
        assert_close(one.scores, occluded_by_hand(own, pair, one.target), rtol=1e-3)


@pytest.mark.parametrize("mean", [False, True], ids=["masked", "padding counts"])
def test_pairs_in_company_are_what_they_are_alone(mean):
    own = predictor(mean=mean)
    # As many tokens in all, but divided otherwise.
    pairs = [*PAIRS, ("a man sings", "women"), ("women", "a man sings"), ("two women", "read news")] * 3
    for interpreter in ("gradient-x-input", "integrated-gradients"):
        for pair, listed in zip(pairs, attributed(own, pairs, interpreter=interpreter)):
            (alone,) = attributed(own, [pair], interpreter=interpreter)
            assert_close(listed.scores, alone.scores, rtol=1e-3)
            assert any("depends on the padding" in note for note in listed.notes) is mean


def test_the_look_ups_know_their_text():
    own = predictor()
    attributed(own, PAIRS)
    assert [site.part for site in explained_model(own).sites.sites] == [1, 0]


def test_added_tokens_are_special_and_cut_ones_are_told():
    null = Token("@@NULL@@")
    (one,) = attributed(predictor(lambda one, two: {"one": [*one, null], "two": [*two, null]}), PAIRS[:1])
    assert one.tokens.special == (*[False] * 5, True, *[False] * 3, True)
    (one,) = attributed(predictor(lambda one, two: {"one": one[:3], "two": two}), PAIRS[:1])
    assert one.tokens.cut == (2, 0)
    assert one.tokens.seen == ((0, len("two women read")), (0, len(PAIRS[0][1])))


REFUSED = {
    "three fields": (lambda one, two: {"one": one, "two": two, "three": two}, "3 text fields.*of two that hold the texts"),
    "both texts in a field": (lambda one, two: {"one": one, "two": [*one, *two]}, "not one for each of the texts"),
    "a field that is always the same": (lambda one, two: {"one": [*one, *two], "two": [Token("a")]}, "not one for each"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_fields_of_other_texts_are_refused(kind):
    made, sentence = REFUSED[kind]
    with pytest.raises(InputError, match=sentence):
        get_explanation(predictor(made), *PAIRS[0][:1], text_pair=PAIRS[0][1])


def test_texts_that_read_alike_do_not_tell_their_look_ups_apart():
    class Alike:
        slices = ((0, 0, 3), (1, 3, 3))

        def __call__(self, ids):
            return ids[:, :3], ids[:, 3:]

    with pytest.raises(InputError, match="cannot be told apart"):
        trace(torch.nn.Linear(1, 1), lambda: None, torch.tensor([[5, 6, 7, 5, 6, 7]]), views=Alike())


def test_sites_read_their_part_of_a_row():
    sites = [Site("a", "", 0, 1, False, 2, part=1), Site("b", "", 0, 0, False, 2, part=0)]
    found = EmbeddingSites(torch.nn.Linear(1, 1), sites).laid_out((2, 3))
    values = torch.tensor([[1.0, 2.0, 3.0, 4.0, 5.0]])
    assert found.at_positions(values, 0, 5, elsewhere=9).tolist() == [[9, 3, 4, 5, 9]]
    assert found.at_positions(values, 1, 2).tolist() == [[1, 2]]
    tokens, rest = found.to_tokens([torch.tensor([[10.0, 1, 2, 3, 20]]), torch.tensor([[4.0, 5]])], 5)
    assert (tokens.tolist(), rest.tolist()) == ([[4, 5, 1, 2, 3]], [30])


def test_only_equal_halves_are_equal_lengths():
    shapes = [(1, 3), (3, 1), (2, 2), (3, 1)]
    assert sorted(map(sorted, bucket(shapes, 6, sharing=Sharing.EQUAL_LENGTHS))) == [[0], [1, 3], [2]]
    # Padded, 18 positions would hold the 10 tokens of each.
    assert sorted(bucket([(1, 9), (9, 1)], 6)) == [[0], [1]]
