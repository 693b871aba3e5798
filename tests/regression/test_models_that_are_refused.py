"""What is no classifier of texts is refused when it is given, with what to give in its place.

Objects of other libraries hold one, heads of other kinds look like one, and TorchScript hides one. Each ended in an error from
the middle of torch, or was explained as a classifier. The objects of the other tests had all been modules with logits.
"""

from types import SimpleNamespace

import pytest
import torch

from eli5_transformers import load_predictor
from eli5_transformers.errors import SourceError


class CrossEncoder(torch.nn.Module):
    """As sentence-transformers' own: a module that takes texts."""

    def __init__(self, model, tokenizer):
        super().__init__()
        self.model, self.tokenizer = model, tokenizer


@pytest.mark.parametrize("given", [True, False])
def test_a_cross_encoder_is_answered_by_what_to_give(bert, given):
    model, tokenizer = bert
    with pytest.raises(SourceError, match="give its .model, with tokenizer= its .tokenizer"):
        load_predictor(CrossEncoder(model, tokenizer), tokenizer if given else None)
    assert load_predictor(model, tokenizer)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("model", "processing_class"), "give its .model, with tokenizer= its .processing_class, or"),
        (("module_", "dataset"), "give its .module_, with tokenizer=, or"),
    ],
)
def test_what_holds_a_model_is_answered_by_what_to_give(bert, names, told):
    """As a Trainer of transformers and a net of skorch have theirs."""
    with pytest.raises(SourceError, match=f"cannot be made from a SimpleNamespace: {told}"):
        load_predictor(SimpleNamespace(**dict(zip(names, bert))))


@pytest.mark.parametrize(
    "kind", ["TokenClassification", "MaskedLM", "MultipleChoice", "QuestionAnswering", "Model", "NextSentencePrediction"]
)
def test_models_that_classify_no_text_are_refused_when_they_are_given(bert, kind):
    import transformers

    model = getattr(transformers, f"Bert{kind if kind == 'Model' else f'For{kind}'}")(bert[0].config).eval()
    if kind == "NextSentencePrediction":  # it does: of a pair
        assert load_predictor(model, bert[1]).labels == ["LABEL_0", "LABEL_1"]
        return
    with pytest.raises(SourceError, match=r"a classifier of texts|without logits \(batch, outputs\)"):
        load_predictor(model, bert[1])


def test_a_module_that_is_compiled_to_torchscript_is_refused_when_it_is_given(bert):
    compiled = torch.jit.trace(torch.nn.Embedding(10, 3), torch.tensor([[1, 2]]))
    with pytest.raises(SourceError, match="compiled to TorchScript.* give the module that it was made of"):
        load_predictor(compiled, bert[1])
