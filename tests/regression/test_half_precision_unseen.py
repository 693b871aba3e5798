"""Under `torch.autocast` a float32 model computes in bfloat16: 500 gradients were spent on what that rounds away.

The weights said float32, so rounding was looked for where it was not, and the result blamed `max_evaluations`. The outputs
show what they were computed in.
"""

import pytest
import torch
from closeness import assert_close
from interpreters import tiny

from eli5_transformers import attribute, load_predictor
from eli5_transformers.engine.precision import computed_in

TEXT = tiny.TEXTS[0]


class Inside(torch.nn.Module):
    """A module that switches autocast on itself."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits


@pytest.mark.parametrize("inside", [False, True])
def test_autocast_is_honoured_and_said(inside: bool) -> None:
    own = tiny.predictor.__wrapped__("bert", gain=1.0)
    tokenizer, model = own._dataset_reader.tokenizer, own._model.transformer
    exact = attribute(own, TEXT, targets=1)[0][0]
    predictor = load_predictor(Inside(model), tokenizer=tokenizer, labels=list(tiny.LABELS)) if inside else own
    with torch.autocast("cpu", torch.bfloat16, enabled=not inside):
        found = attribute(predictor, TEXT, targets=1)[0][0]
        ids = tokenizer(TEXT, return_tensors="pt")
        with torch.no_grad():
            plain = predictor._model.transformer(**ids)
    assert_close(found.score, getattr(plain, "logits", plain)[0, 1].item(), rtol=1e-6)
    assert found.score != exact.score
    if found.token_error > 0.01:
        assert any("computes in bfloat16" in note and "without torch.autocast" in note for note in found.notes)
    assert found.evaluations < 200


@pytest.mark.parametrize("kind", [torch.float32, torch.float16, torch.bfloat16])
def test_logits_show_what_they_were_computed_in(kind: torch.dtype) -> None:
    model, logits = torch.nn.Linear(2, 2), torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    assert computed_in(model, logits.to(kind).float()) == kind
    assert computed_in(model, torch.tensor([[1.0, 2.5, -3.0]])) == torch.float32
    assert computed_in(model.to(torch.bfloat16), logits) == torch.bfloat16
