"""What a classifier of any architecture says of a text is the same alone and in a list, wherever its tokenizer pads."""

from typing import Any, List

import pytest
from closeness import BATCHED, assert_close
from interpreters import tiny

from eli5_transformers import load_predictor
from eli5_transformers.interpreters import attribute

from . import builder
from .expectations import NOT_BUILT, REFUSED

TEXTS = tiny.inputs(*tiny.TEXTS)


def predictor_of(model: Any, left: bool) -> Any:
    config = model.config
    end = config.eos_token_id if isinstance(getattr(config, "eos_token_id", None), int) else 9
    special = {"pad": config.pad_token_id or 0, "unk": 10, "mask": 11, "cls": 12}
    special["sep"] = end if end not in special.values() else 13
    own = tiny.tokenizer(getattr(config, "vocab_size", 100), special, left=left)
    return load_predictor(model, tokenizer=own, labels=list(tiny.LABELS))


def _built(architecture: str) -> bool:
    try:
        model = builder.build(architecture)
        builder.logits(model, builder.batch(model, [9]))
    except Exception:  # whatever a package that is missing makes of it
        return False
    return True


@pytest.mark.parametrize("architecture", builder.architectures())
def test_a_list_gives_what_its_texts_give_alone(architecture: str) -> None:
    if architecture in NOT_BUILT and not _built(architecture):
        return
    model = builder.build(architecture)
    for module in model.modules():
        if module.__dict__.get("hash_seed", 0) is None:
            module.hash_seed = 0  # Reformer's prediction is another one each time otherwise
    predictors = [predictor_of(model, left) for left in (False, True)]
    alone: List[Any] = [predictors[0].predict_json(text)["logits"] for text in TEXTS]
    for predictor in predictors:
        together = [output["logits"] for output in predictor.predict_batch_json(TEXTS)]
        assert_close(together, alone, BATCHED)
    if architecture in REFUSED:
        return
    some = TEXTS[:2]
    found = [scored.scores for (scored,) in attribute(predictors[1], some, "gradient-x-input", targets=1)]
    for text, scores in zip(some, found):
        ((one,),) = attribute(predictors[1], [text], "gradient-x-input", targets=1)
        assert_close(scores, one.scores, BATCHED)


@pytest.mark.parametrize("architecture", ["fnet", "canine", "convbert"])
def test_a_leak_that_was_measured_is_told_with_its_reason(architecture: str) -> None:
    predictor = predictor_of(builder.build(architecture), left=False)
    found = attribute(predictor, TEXTS, "gradient", targets=1)
    told = [[note for note in scored.notes if f"({architecture}: " in note] for (scored,) in found]
    assert all(len(notes) == 1 for notes in told)
