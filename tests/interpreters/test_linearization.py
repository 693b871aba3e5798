"""Contributions in the network held fixed at the text: beside other ways of computing them, and what they promise."""

import threading

import numpy as np
import pytest
import torch
from closeness import DOUBLE, assert_apart, assert_close
from transformers import BertConfig, BertForSequenceClassification

from eli5_transformers import compare, contrast, expected_value, load_predictor
from eli5_transformers.engine.frozen import network as frozen_network
from eli5_transformers.errors import InputError, QuestionError, UnsupportedModelError
from eli5_transformers.interpreters import attribute, require_accepted
from eli5_transformers.interpreters.linearization import Linearization
from eli5_transformers.records import percent

from . import tiny

available = pytest.mark.parametrize(
    "name", [n for n in ("bert", "gpt2", "xlnet", "bart", "t5", "llama", "mamba") if n in tiny.builder.architectures()]
)


def linearized(predictor, inputs=None, **options):
    return attribute(predictor, inputs or tiny.inputs(), "linearization", **options)


def own_notes(found):
    """But for that on a label between others."""
    return [note for note in found.notes if "stands between" not in note]


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
            assert not own_notes(one)


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


class Mixed(tiny.Linear):
    """A bag of words behind a layer with an activation, with the words beside it or without."""

    def __init__(self, activation, beside):
        super().__init__(100)
        self.inner = torch.nn.Sequential(torch.nn.Linear(6, 8), activation, torch.nn.Linear(8, 6))
        self.beside = beside

    def forward(self, input_ids, attention_mask):
        words = (self.table(input_ids) * attention_mask[:, :, None]).sum(1)
        return self.head(self.inner(words) + self.beside * words)


class Exponential(torch.nn.Module):
    def forward(self, x):
        return torch.exp(x)


@pytest.mark.parametrize("beside", [0.0, 1.0])
@pytest.mark.parametrize(
    "activation", [torch.nn.Sigmoid(), torch.nn.Softplus(), torch.nn.LogSigmoid(), torch.nn.Hardsigmoid(), Exponential()]
)
def test_words_have_a_part_in_a_layer_whose_activation_is_not_zero_at_zero(activation, beside):
    torch.manual_seed(1)
    model = Mixed(activation, beside).double()
    predictor = own(model)
    first, _, last = model.inner
    for text, ((found,),) in zip(tiny.TEXTS, [linearized(predictor, [one], targets=1) for one in tiny.inputs()]):
        vectors = model.table.weight[predictor._dataset_reader.tokenizer(text)["input_ids"]].detach()
        inner = first(vectors.sum(0))
        slopes = (activation(inner) - activation(torch.zeros_like(inner))) / inner
        expected = vectors @ (first.weight.T @ (slopes[:, None] * last.weight.T) + beside * torch.eye(6)) @ model.head.weight[1]
        assert_close(found.scores, expected.detach(), rtol=1e-9)
        assert found.relative_delta < 1e-9
        assert not own_notes(found)


def test_words_that_reach_the_score_through_what_is_held_fixed_alone_are_refused_and_not_said_to_have_no_effect():
    for beside in (0.0, 1.0):
        torch.manual_seed(1)
        with pytest.raises(UnsupportedModelError, match="Mixed goes from .* through 'Softmax', held fixed, to parameters"):
            linearized(own(Mixed(torch.nn.Softmax(-1), beside)))


@pytest.mark.parametrize("act", ["sigmoid", "gelu"])
def test_a_transformer_is_exact_with_any_activation(act):
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=100,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        hidden_act=act,
        num_labels=3,
        initializer_range=0.5,
    )
    for (found,) in linearized(own(BertForSequenceClassification(config).eval().double())):
        assert found.relative_delta < 1e-6
        assert np.abs(found.scores).sum() > 0.1


class Stepped(tiny.Linear):
    """A bag of words and a step of its sum, which no rule splits; a miss of opposite sign on either side of the step."""

    def __init__(self, size, shift):
        super().__init__(100)
        self.size, self.shift = size, shift

    def forward(self, input_ids, attention_mask):
        words = (self.table(input_ids) * attention_mask[:, :, None]).sum(1)
        return self.head(words) + self.size * torch.sign(words[:, :1] + self.shift) * torch.tensor([1.0, -1.0, 1.0])


def test_no_refusal_depends_on_the_texts_or_classes_beside():
    inputs = tiny.inputs("i hate it", "i love it", "we love it", "they love food", "not good food", "i love food")
    for size in (0.5, 0.02):
        model, predictor = stepped(size, inputs)
        signs = [float(torch.sign(sums(model, predictor, one) + model.shift)) for one in inputs]
        assert {-1.0, 1.0} == set(signs)
        # Alone, in pairs whose misses cancel, and in company that dilutes them; a class, and all.
        for some in ([inputs[0]], [inputs[signs.index(-1.0)], inputs[signs.index(1.0)]], inputs):
            for targets in (0, [0, 1], [0, 1, 2]):
                with pytest.raises(UnsupportedModelError, match="miss its score by .*'Sign' is added"):
                    linearized(predictor, some, targets=targets)


def sums(model, predictor, given):
    return model.table.weight.detach()[predictor._dataset_reader.tokenizer(given["sentence"])["input_ids"]].sum(0)[0]


def stepped(size, inputs):
    torch.manual_seed(3)
    model = Stepped(size, 0.0)
    predictor = own(model)
    found = sorted(float(sums(model, predictor, one)) for one in inputs)
    model.shift = -(found[2] + found[3]) / 2
    return model, predictor


def test_the_delta_of_a_class_is_its_own():
    predictor = tiny.predictor("bert")
    single = [[linearized(predictor, [one], targets=target)[0][0] for target in (0, 1, 2)] for one in tiny.inputs()]
    for found, alone in zip(linearized(predictor, targets=[0, 1, 2]), single):
        for one, other in zip(found, alone):
            # Rounding errors, which padding changes, and no more.
            assert abs(one.convergence_delta - other.convergence_delta) < 2e-6 * np.abs(one.scores).sum()
    deltas = []
    for targets in ([2, 1, 0], [0, 1, 2]):
        (found,) = linearized(predictor, tiny.inputs("i love it"), targets=targets)
        deltas.append([one.convergence_delta for one in found])
    assert deltas[0] == deltas[1][::-1]
    assert len(set(deltas[0])) > 1


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


@pytest.mark.parametrize("name", [n for n in ("bert", "llama") if n in tiny.builder.architectures()])
def test_half_precision_is_explained_to_its_digits_and_says_so(name):
    model = tiny.builder.build(name)
    exact = tiny.predictor(name, gain=1.0)
    half = load_predictor(model.bfloat16(), tokenizer=exact._dataset_reader.tokenizer, labels=list(tiny.LABELS))
    for (one,), (other,) in zip(linearized(half, targets=0), linearized(exact, targets=0)):
        assert_close(one.scores, other.scores, rtol=0.1)
        assert "bfloat16" in " ".join(one.notes)
        assert (one.relative_delta > 0.01) == any("miss the score by" in note for note in one.notes)


# torch 1.12 multiplies no float16 on a CPU.
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16] if hasattr(torch, "compile") else [torch.bfloat16])
def test_a_fault_of_a_tenth_is_found_in_half_precision(dtype):
    torch.manual_seed(3)
    inputs = tiny.inputs("i love it")
    with pytest.raises(UnsupportedModelError, match="miss its score by"):
        linearized(own(Stepped(0.5, 0.0).to(dtype)), inputs, targets=0)


def test_a_miss_of_more_than_a_hundredth_is_said(monkeypatch):
    torch.manual_seed(3)
    monkeypatch.setattr(frozen_network, "_TOLERANCE", 0.2)
    ((found,),) = linearized(own(Stepped(0.1, 0.0)), tiny.inputs("i love it"), targets=0)
    assert found.relative_delta > 0.01
    assert_close(abs(found.convergence_delta), 0.1, rtol=1e-4)
    assert any(f"by {percent(found.relative_delta)} of all" in note for note in found.notes)


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
    value = expected_value({"bad": 1, "fair": 2, "good": 3})
    asked = r"expected value is asked for.*ask for lean\(\)"
    predictor = tiny.predictor("bert")
    with pytest.raises(QuestionError, match="^the " + asked):
        linearized(predictor, targets=[0, value])
    # Whatever the texts are, and before any of them is read: one error for all, as there is one question.
    with pytest.raises(QuestionError, match=asked):
        require_accepted(predictor, "linearization", [0, value])
    with pytest.raises(QuestionError, match=asked):
        linearized(predictor, targets=[0, value], on_error="skip")
    with pytest.raises(QuestionError, match=asked):
        Linearization(predictor).attribute(tiny.inputs(), value)
    with pytest.raises(QuestionError, match=asked):
        require_accepted(predictor, "smoothgrad", value, around="linearization")
    require_accepted(predictor, "linearization", [0, contrast("good", "bad")])
    require_accepted(predictor, "integrated-gradients", value)


def test_a_comparison_leaves_out_a_method_that_has_no_answer():
    value = expected_value({"bad": 1, "fair": 2, "good": 3})
    predictor, text = tiny.predictor("bert"), "i love it"
    made = compare(predictor, text, ["linearization", "gradient-x-input"], targets=value, trust=False)
    assert [one.method for one in made.attributions] == ["gradient-x-input"]
    assert len(made.notes) == 1
    assert made.notes[0].startswith("linearization is left out: the expected value is asked for")
    with pytest.raises(QuestionError, match="linearization is left out: the expected value"):
        compare(predictor, text, ["linearization"], targets=value, trust=False)


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
