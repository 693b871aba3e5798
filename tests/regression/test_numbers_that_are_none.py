"""NaN and infinity end in a sentence that says what made them, for the text that has them alone.

The gradients were looked at, the outputs were not: methods that take forward passes only (occlusion, Captum's Shapley
values) returned rows of NaN with a label, a page showed them, and the probability of a batch was NaN where one text
overflowed. A weight that is NaN was called a model that "is not deterministic", since NaN equals nothing.
"""


import numpy as np
import pytest
import torch
from stacks import needs_captum

from demo_model import checkpoint_path
from eli5_transformers import attribute, load_predictor
from eli5_transformers.errors import Eli5TransformersError, UnsupportedModelError
from eli5_transformers.interpreters.base import Interpreter
from eli5_transformers.records import FailedText

METHODS = [
    "integrated-gradients", "gradient-x-input", "gradient", "smoothgrad", "occlusion", "linearization",
    "simple-gradient", "integrated-gradient", "smooth-gradient",
]  # fmt: skip
CAPTUM = [
    "IntegratedGradients", "InputXGradient", "Saliency", "GradientShap", "FeatureAblation", "ShapleyValueSampling",
    "KernelShap", "Lime",
]  # fmt: skip
FINE, SPOILT = "the service was slow", "the price is good"


def spoil(model, tokenizer, word="good", value=float("nan")):
    with torch.no_grad():
        model.bert.embeddings.word_embeddings.weight[tokenizer.convert_tokens_to_ids(word)] = value


@needs_captum
@pytest.mark.parametrize("method", CAPTUM)
def test_a_weight_that_is_none_is_named_by_captums_methods(own, method):
    test_a_weight_that_is_none_is_named(own, {"type": "captum", "method": method}, float("nan"))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_weight_that_is_none_is_named(own, method, value):
    model, tokenizer = own
    spoil(model, tokenizer, value=value)
    predictor = load_predictor(model, tokenizer)
    with pytest.raises(UnsupportedModelError, match=r"weight '.*word_embeddings.weight' of BertForSequenceClassification"):
        attribute(predictor, SPOILT, interpreter=method)
    ((found,),) = attribute(predictor, FINE, interpreter=method)
    assert np.isfinite(found.scores).all()


@pytest.mark.parametrize("method", ["integrated-gradients", "occlusion", "simple-gradient"])
def test_one_text_fails_alone(own, method):
    model, tokenizer = own
    spoil(model, tokenizer)
    predictor = load_predictor(model, tokenizer)
    texts = [FINE, SPOILT, "never again", "good"]
    found = attribute(predictor, texts, interpreter=method, on_error="skip")
    assert [isinstance(one, FailedText) for one in found] == [False, True, False, True]
    assert "not finite (NaN)" in str(found[1].error)
    with pytest.raises(UnsupportedModelError, match=r"text 1: .* not finite \(NaN\)"):
        attribute(predictor, texts, interpreter=method)
    with pytest.raises(UnsupportedModelError, match="the logits of a text are not finite"):
        predictor.predict_proba(texts)


def test_a_model_whose_training_diverged_is_not_called_random(own):
    model, tokenizer = own
    with torch.no_grad():
        model.bert.encoder.layer[1].output.dense.weight.fill_(float("nan"))
    for method in METHODS:
        with pytest.raises(UnsupportedModelError, match=r"weight '\S*layer.1.output.dense.weight'") as told:
            attribute(model, SPOILT, tokenizer=tokenizer, interpreter=method)
        assert "deterministic" not in str(told.value)


class Overflowing(torch.nn.Module):
    """Gives a number that is none where the id of a word is read, though its weights are sound."""

    def __init__(self, model, place, value=float("inf")):
        super().__init__()
        self.model, self.place, self.value = model, place, value

    def forward(self, input_ids, attention_mask):
        logits = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        spoilt = (input_ids == self.place).any(1, keepdim=True)
        return torch.where(spoilt, torch.full_like(logits, self.value), logits)


@pytest.mark.parametrize("method", ["integrated-gradients", "occlusion", "gradient"])
def test_logits_that_overflow_in_a_sound_model_are_named(bert, method):
    model, tokenizer = bert
    module = Overflowing(model, tokenizer.convert_tokens_to_ids("good"))
    with pytest.raises(UnsupportedModelError, match="the logits of the text are not finite .infinity., though the weights"):
        attribute(module, SPOILT, tokenizer=tokenizer, interpreter=method)
    assert attribute(module, FINE, tokenizer=tokenizer, interpreter=method)


def test_a_baseline_that_is_none_is_named_by_its_weight(own):
    model, tokenizer = own
    spoil(model, tokenizer, word="[MASK]")
    for method in ("integrated-gradients", "occlusion"):
        with pytest.raises(UnsupportedModelError, match=r"of a changed text are not finite \(NaN\), because the weight"):
            attribute(model, FINE, tokenizer=tokenizer, interpreter=method, baseline="mask")
    assert attribute(model, FINE, tokenizer=tokenizer, interpreter="gradient")


def test_a_given_baseline_that_is_none_is_refused(bert):
    model, tokenizer = bert
    with pytest.raises(Eli5TransformersError, match="the baseline's vectors hold numbers that are not finite"):
        attribute(model, FINE, tokenizer=tokenizer, baseline=np.full(model.config.hidden_size, np.nan))


@pytest.mark.parametrize("method", ["integrated-gradients", "occlusion"])
def test_a_layer_that_is_none_is_refused(own, method):
    model, tokenizer = own
    with torch.no_grad():
        model.bert.encoder.layer[0].attention.self.value.weight.fill_(float("inf"))
    with pytest.raises(UnsupportedModelError, match=r"layer.0.attention.self.value.weight"):
        attribute(model, FINE, tokenizer=tokenizer, interpreter=method, layer="bert.encoder.layer.0")


def test_half_precision_that_overflows_is_told_to_be_float32(own):
    model, tokenizer = own
    with torch.no_grad():
        model.classifier.weight.mul_(6e4 / model.classifier.weight.abs().max())
    half = Halved(model)
    with pytest.raises(UnsupportedModelError, match=r"overflow to infinity in float16, in which Halved is loaded: .*float32"):
        attribute(half, FINE, tokenizer=tokenizer, interpreter="occlusion")


class Halved(torch.nn.Module):
    """A classifier whose head is float16, with the arithmetic that torch 1.12 has for it on a CPU."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.scale = torch.nn.Parameter(torch.full((1,), 6e4, dtype=torch.float16))

    def forward(self, input_ids, attention_mask):
        logits = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        return (logits.double() * self.scale.double()).half()


def test_gradients_that_overflow_are_named(bert):
    model, tokenizer = bert

    class Steep(torch.autograd.Function):
        @staticmethod
        def forward(ctx, logits):
            return logits.clone()

        @staticmethod
        def backward(ctx, gradient):
            return gradient * float("inf")

    class Ending(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, input_ids, attention_mask):
            return Steep.apply(self.model(input_ids=input_ids, attention_mask=attention_mask).logits)

    for method in ("integrated-gradients", "gradient", "smoothgrad", "simple-gradient"):
        with pytest.raises(UnsupportedModelError, match="gradients of the score at .* are not finite .*though the weights"):
            attribute(Ending(), FINE, tokenizer=tokenizer, interpreter=method)


def test_no_interpreter_of_ones_own_makes_an_attribution_of_nothing(bert):
    predictor = load_predictor(*bert)

    class Dividing(Interpreter):
        """Zero by zero."""

        def attributions(self, batch, targets):
            nothing = [np.full(len(text), np.nan) for text in batch.texts]
            return [[self.attribution(batch, n, t, nothing[n]) for t in own] for n, own in enumerate(targets)]

    with pytest.raises(UnsupportedModelError, match="the scores of 'Dividing' are not finite"):
        attribute(predictor, FINE, interpreter=Dividing(predictor))


@needs_captum
def test_kernel_shap_of_one_word_is_all_that_the_word_makes():
    predictor = load_predictor(checkpoint_path())
    ((found,),) = attribute(predictor, "bad", interpreter={"type": "captum", "method": "KernelShap"})
    assert abs(found.convergence_delta) < 1e-4
