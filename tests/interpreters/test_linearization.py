"""Contributions in the network held fixed at the text: beside other ways of computing them, and what they promise."""

import threading

import numpy as np
import pytest
import torch
from closeness import DOUBLE, assert_apart, assert_close

from eli5_transformers import contrast, expected_value, load_predictor
from eli5_transformers.errors import InputError, UnsupportedModelError
from eli5_transformers.interpreters import attribute

from . import tiny

available = pytest.mark.parametrize(
    "name", [n for n in ("bert", "gpt2", "xlnet", "bart", "t5", "llama", "mamba") if n in tiny.builder.architectures()]
)


def linearized(predictor, inputs=None, **options):
    return attribute(predictor, inputs or tiny.inputs(), "linearization", **options)


@available
def test_rows_and_rest_are_the_score_and_the_sum_was_checked(name):
    for found in linearized(tiny.predictor(name, double=True), targets=[0, 1, 2]):
        for one in found:
            assert_close(one.scores.sum() + one.baseline_score, one.score, rtol=DOUBLE, scale=np.abs(one.scores).sum())
            assert one.relative_delta < 1e-5
            assert_close(
                one.relative_delta, abs(one.convergence_delta) / max(abs(one.scores.sum()), np.abs(one.scores).sum())
            )
            assert one.evaluations == 1
            assert one.signed
            assert not one.notes


class Reference:
    """BERT, a part for each token and one for the rest: what is not linear is taken from the sum of all parts."""

    def __init__(self, model):
        self.state = model.state_dict()
        self.heads = model.config.num_attention_heads
        self.layers = model.config.num_hidden_layers
        self.eps = model.config.layer_norm_eps

    def weights(self, name):
        return self.state[f"{name}.weight"], self.state[f"{name}.bias"]

    def linear(self, name, parts):
        weight, bias = self.weights(name)
        parts = parts @ weight.T
        parts[-1] += bias
        return parts

    def norm(self, name, parts):
        weight, bias = self.weights(name)
        deviation = (parts.sum(0).var(-1, unbiased=False, keepdim=True) + self.eps).sqrt()
        parts = (parts - parts.mean(-1, keepdim=True)) / deviation * weight
        parts[-1] += bias
        return parts

    @staticmethod
    def activation(function, parts):
        whole = parts.sum(0)
        return parts * (function(whole) / whole)

    def attention(self, name, parts):
        def heads(x):
            return x.unflatten(-1, (self.heads, -1)).transpose(-2, -3)

        query, key, values = (heads(self.linear(f"{name}.self.{one}", parts)) for one in ("query", "key", "value"))
        scores = query.sum(0) @ key.sum(0).transpose(-1, -2) / query.shape[-1] ** 0.5
        mixed = (scores.softmax(-1) @ values).transpose(-2, -3).flatten(-2)
        return self.norm(f"{name}.output.LayerNorm", self.linear(f"{name}.output.dense", mixed) + parts)

    def contributions(self, ids):
        """Of each token and the rest, to each class: (tokens + 1, classes)."""
        words = self.state["bert.embeddings.word_embeddings.weight"][ids]
        parts = torch.cat([torch.diag_embed(words.T).permute(1, 2, 0), torch.zeros(1, *words.shape, dtype=words.dtype)])
        parts[-1] += self.state["bert.embeddings.position_embeddings.weight"][: len(ids)]
        parts[-1] += self.state["bert.embeddings.token_type_embeddings.weight"][0]
        parts = self.norm("bert.embeddings.LayerNorm", parts)
        for layer in range(self.layers):
            name = f"bert.encoder.layer.{layer}"
            parts = self.attention(f"{name}.attention", parts)
            inner = self.activation(torch.nn.functional.gelu, self.linear(f"{name}.intermediate.dense", parts))
            parts = self.norm(f"{name}.output.LayerNorm", self.linear(f"{name}.output.dense", inner) + parts)
        pooled = self.activation(torch.tanh, self.linear("bert.pooler.dense", parts[:, 0]))
        return self.linear("classifier", pooled)


def test_contributions_in_bert_are_those_of_each_token_propagated_forward():
    predictor = tiny.predictor("bert", double=True)
    reference, encode = Reference(predictor._model.transformer), predictor._dataset_reader.tokenizer
    for text, found in zip(tiny.TEXTS, linearized(predictor, targets=[0, 1, 2])):
        expected = reference.contributions(encode(text)["input_ids"])
        for one in found:
            assert_close(expected[:, one.target].sum(), one.score, rtol=1e-6)
            assert_close(one.scores, expected[:-1, one.target], rtol=1e-6)
            assert_close(one.baseline_score, expected[-1, one.target], rtol=1e-6)


def test_a_bag_of_words_is_its_weights_times_inputs_and_its_bias():
    predictor = tiny.linear()
    model, tokenizer = predictor._model.transformer, predictor._dataset_reader.tokenizer
    for text, found in zip(tiny.TEXTS, linearized(predictor, targets=[0, 1, 2])):
        vectors = model.table.weight.detach()[tokenizer(text)["input_ids"]]
        for one in found:
            assert_close(one.scores, vectors @ model.head.weight.detach()[one.target])
            assert_close(one.baseline_score, model.head.bias.detach()[one.target])


class Piecewise(tiny.Linear):
    """A bag of words behind two layers of ReLU."""

    def __init__(self, words):
        super().__init__(words)
        self.inner = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 6), torch.nn.ReLU())

    def forward(self, input_ids, attention_mask):
        return self.head(self.inner((self.table(input_ids) * attention_mask[:, :, None]).sum(1)))


def own(model):
    labels = list(tiny.LABELS)
    return load_predictor(model, tokenizer=tiny.linear()._dataset_reader.tokenizer, labels=labels)


def test_of_a_network_of_relus_it_is_the_gradient_times_the_vectors():
    torch.manual_seed(1)
    predictor = own(Piecewise(100))
    products = attribute(predictor, tiny.inputs(), "gradient-x-input", baseline="zero", keep_special=False)
    for (one,), (other,) in zip(linearized(predictor), products):
        assert_close(one.scores, other.scores)
        assert abs(one.baseline_score) > 1e-3


def test_special_tokens_have_scores_or_belong_to_the_rest():
    predictor = tiny.predictor("bert", double=True)
    for (with_them,), (without,) in zip(linearized(predictor), linearized(predictor, keep_special=True)):
        special = np.array(with_them.tokens.special)
        assert np.all(with_them.scores[special] != 0)
        assert np.all(without.scores[special] == 0)
        assert_close(with_them.scores[~special], without.scores[~special], rtol=DOUBLE)
        assert_close(without.baseline_score, with_them.baseline_score + with_them.scores[special].sum(), rtol=1e-9)


def test_several_classes_share_one_forward_pass():
    predictor = tiny.predictor("bert")
    linearized(predictor)  # at the first use it is measured how the model bears padding
    passes = []
    handle = predictor._model.transformer.classifier.register_forward_hook(lambda *given: passes.append(len(given[2])))
    try:
        counts = []
        for targets in (0, [0, 1, 2]):
            passes.clear()
            linearized(predictor, tiny.inputs("i love it"), targets=targets)
            counts.append(len(passes))
    finally:
        handle.remove()
    # The text as it is, and with the vectors put in.
    assert counts == [2, 2]


def test_a_layer_is_explained_by_what_follows_it():
    predictor = tiny.predictor("bert", double=True)
    found = linearized(predictor, layer="bert.encoder.layer.0", targets=[0, 1])
    for one, other in zip(found, linearized(predictor, targets=[0, 1])):
        for at_layer, at_words in zip(one, other):
            assert_close(at_layer.scores.sum() + at_layer.baseline_score, at_layer.score, rtol=1e-9)
            assert at_layer.relative_delta < 1e-5
            assert_apart(at_layer.scores, at_words.scores)
    # The words' vectors go past a layer that they are added to again; all of them are the rest then.
    beside = linearized(predictor, layer="bert.encoder.layer.1.attention.self")
    assert all(one.relative_delta < 1e-5 for (one,) in beside)


def test_what_is_fixed_is_fixed_at_each_text_of_a_batch():
    predictor = tiny.predictor("gpt2", double=True)
    for found, given in zip(linearized(predictor), tiny.inputs()):
        ((alone,),) = linearized(predictor, [given])
        assert_close(found[0].scores, alone.scores, rtol=1e-9)
        assert_close(found[0].baseline_score, alone.baseline_score, rtol=1e-9, scale=np.abs(alone.scores).sum())


def test_threads_get_what_one_gets():
    predictor = tiny.predictor("bert", double=True)
    expected, found = linearized(predictor), {}

    def explain(number):
        found[number] = linearized(predictor)

    threads = [threading.Thread(target=explain, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for several in found.values():
        for (one,), (other,) in zip(several, expected):
            assert_close(one.scores, other.scores, rtol=DOUBLE)
    assert len(found) == 3
    assert all(one.requires_grad for one in predictor._model.parameters())


def test_half_precision_is_explained_to_its_digits_and_says_so():
    model = tiny.builder.build("bert")
    exact = tiny.predictor("bert", gain=1.0)
    half = load_predictor(model.bfloat16(), tokenizer=exact._dataset_reader.tokenizer, labels=list(tiny.LABELS))
    for (one,), (other,) in zip(linearized(half, targets=0), linearized(exact, targets=0)):
        assert_close(one.scores, other.scores, rtol=0.1)
        assert "bfloat16" in " ".join(one.notes)


@pytest.mark.parametrize("output", ["probability", "log-probability", "loss"])
def test_another_output_than_the_logit_is_refused(output):
    with pytest.raises(InputError, match=f"output is '{output}'.*leave output at 'logit'"):
        linearized(tiny.predictor("bert"), output=output)


def test_a_weighted_sum_of_labels_has_the_weighted_sum_of_their_scores():
    predictor = tiny.predictor("bert", double=True)
    single = linearized(predictor, targets=[0, 1, 2])
    for one, found in zip(single, linearized(predictor, targets=[contrast("good", "bad"), {"bad": 1, "fair": -0.5}])):
        bad, fair, good = one
        assert_close(found[0].scores, good.scores - bad.scores, rtol=1e-9)
        assert_close(found[1].scores, bad.scores - 0.5 * fair.scores, rtol=1e-9)
        assert all(each.relative_delta < 1e-5 for each in found)


def test_an_expected_value_is_refused():
    with pytest.raises(InputError, match=r"expected value is asked for.*ask for lean\(\)"):
        linearized(tiny.predictor("bert"), targets=[0, expected_value({"bad": 1, "fair": 2, "good": 3})])


class Squashed(tiny.Linear):
    """A model that returns probabilities."""

    def forward(self, input_ids, attention_mask):
        return super().forward(input_ids, attention_mask).softmax(-1)


def test_probabilities_are_no_sum_of_parts():
    torch.manual_seed(3)
    with pytest.raises(UnsupportedModelError, match="Squashed"):
        linearized(own(Squashed(100)))


class Extremal(tiny.Linear):
    """Its words meet in an operation that has no rule."""

    def forward(self, input_ids, attention_mask):
        return self.head(torch.logsumexp(self.table(input_ids), 1))


def test_an_operation_without_a_rule_is_refused_by_its_name():
    torch.manual_seed(3)
    with pytest.raises(UnsupportedModelError, match="Extremal is made by 'Logsumexp'.*'integrated-gradients'"):
        linearized(own(Extremal(100)))


def test_options_are_kept_to_run_it_again():
    ((one,),) = linearized(tiny.predictor("bert"), tiny.inputs("i love it"), keep_special=True)
    assert one.method == "linearization"
    assert one.parameters == {"output": "logit", "layer": None, "keep_special": True}
    assert "held fixed" in one.baseline
