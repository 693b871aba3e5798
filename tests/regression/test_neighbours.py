"""A text's result depended on the texts beside it in a list.

Whether texts may be padded together was decided by a list of architectures and a missing padding token. So a module of
one's own that averages without a mask, a decoder whose config pads with another token than its tokenizer, a prompt-tuned
decoder and positions that count from the left gave other scores in a list than alone, nothing said; and a list died where
one text held an end token. Tests compared lists with single texts for architectures that bear padding.
"""

from typing import Any, Dict, List, Sequence

import numpy as np
import pytest
import torch
from architectures import builder
from closeness import BATCHED, assert_apart, assert_close
from interpreters import tiny
from torch import nn

from eli5_transformers import attribute, load_predictor
from eli5_transformers.components.explained_predictors import explained_model
from eli5_transformers.engine import company
from eli5_transformers.engine.company import measure
from eli5_transformers.errors import InputError
from eli5_transformers.records import FailedText

TEXTS = list(tiny.TEXTS)
LONG = [" ".join(TEXTS * 2), " ".join(TEXTS * 2 + ["it was good"])]
"""More than 64 tokens, and some more."""
SPECIAL = {"pad": 0, "unk": 1, "mask": 2, "cls": 3, "sep": 4}
WIDTH = 6


class Averaged(nn.Module):
    """Averages over all positions, padding included."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(100, WIDTH)
        self.head = nn.Linear(WIDTH, 3)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return self.head(self.pooled(self.table(input_ids).tanh(), attention_mask[:, :, None].float()))

    def pooled(self, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return vectors.mean(1)


class MaskedForShortTexts(Averaged):
    """Minds the mask up to a length, as models do that compute in another way for long texts."""

    def pooled(self, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return (vectors * mask).sum(1) / mask.sum(1) if vectors.shape[1] < 48 else vectors.mean(1)


class OverTheBatch(Averaged):
    """Normalizes with the statistics of the batch, in evaluation, too."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(WIDTH, track_running_stats=False)

    def pooled(self, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.norm(vectors.transpose(1, 2)).transpose(1, 2)[:, :3].sum(1)


class AcrossRows(Averaged):
    """A recurrent layer that takes the rows of the batch for the tokens, as its default is."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(WIDTH, WIDTH)

    def pooled(self, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return (self.rnn(vectors)[0] * mask).sum(1)


class OneRow(Averaged):
    """Runs one text at a time."""

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        if len(input_ids) > 1:
            raise AssertionError("one at a time")
        return super().forward(input_ids, attention_mask)


class PromptTuned(nn.Module):
    """A decoder that is fed vectors, those of a learnt prompt first."""

    def __init__(self) -> None:
        super().__init__()
        self.base = builder.build("gpt2")
        self.word_embeddings = self.base.get_input_embeddings()
        self.prompt = nn.Parameter(torch.randn(4, self.word_embeddings.embedding_dim))

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        prompt = self.prompt.expand(len(input_ids), -1, -1)
        mask = torch.cat([attention_mask.new_ones(len(input_ids), 4), attention_mask], 1)
        vectors = torch.cat([prompt, self.word_embeddings(input_ids)], 1)
        hidden = self.base.transformer(inputs_embeds=vectors, attention_mask=mask)[0]
        # What transformers does where it knows no ids: the last position.
        return self.base.score(hidden)[:, -1]


def own(module: nn.Module, **options: Any) -> Any:
    return load_predictor(module.eval(), tokenizer=tiny.tokenizer(100, SPECIAL, **options), labels=list(tiny.LABELS))


def decoder(pad: int, left: bool) -> Any:
    """GPT-2 with absolute positions, whose config knows padding by the id `pad`; the tokenizer pads with 0."""
    model = builder.build("gpt2")
    model.config.pad_token_id = pad
    made = tiny.tokenizer(model.config.vocab_size, SPECIAL, wrap=False, left=left)
    return load_predictor(model, tokenizer=made, labels=list(tiny.LABELS))


def made(kind: str) -> Any:
    torch.manual_seed(3)
    return {
        "averaged": lambda: own(Averaged()),
        "masked for short texts": lambda: own(MaskedForShortTexts()),
        "over the batch": lambda: own(OverTheBatch()),
        "across rows": lambda: own(AcrossRows()),
        "one row": lambda: own(OneRow()),
        "prompt": lambda: own(PromptTuned()),
        "prompt, padded left": lambda: own(PromptTuned(), left=True),
        "decoder": lambda: decoder(0, left=False),
        "decoder, padded left": lambda: decoder(0, left=True),
        "decoder, other id": lambda: decoder(90, left=False),
        "decoder, other id, padded left": lambda: decoder(90, left=True),
        "quantized": lambda: own(quantized()),
    }[kind]()


def quantized() -> nn.Module:
    """Its activations are quantized by their range over the whole batch."""
    module = Averaged()
    module.head = nn.Sequential(nn.Linear(WIDTH, 16), nn.Tanh(), nn.Linear(16, 3))
    return torch.quantization.quantize_dynamic(module, {nn.Linear})


UNPADDED = {"averaged", "masked for short texts", "prompt", "prompt, padded left"}
UNPADDED |= {"decoder, other id", "decoder, other id, padded left"}
APART = {"over the batch", "across rows", "one row", "quantized"}
PADDED = {"decoder", "decoder, padded left"}
every_kind = pytest.mark.parametrize("kind", sorted(UNPADDED | APART | PADDED))


def truth(predictor: Any, texts: Sequence[str]) -> np.ndarray:
    """What the module itself says of each text alone."""
    tokenizer, module = predictor._dataset_reader.tokenizer, predictor._model.transformer
    rows = []
    for text in texts:
        ids = tokenizer(text, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            output = module(input_ids=ids, attention_mask=torch.ones_like(ids))
        rows.append(getattr(output, "logits", output)[0].numpy())
    return np.stack(rows)


@every_kind
def test_predictions_in_a_list_are_those_of_the_module_for_each_text(kind: str) -> None:
    predictor, texts = made(kind), [*TEXTS, *(LONG if kind == "masked for short texts" else [])]
    expected = truth(predictor, texts)
    found = predictor.predict_batch_json(tiny.inputs(*texts))
    assert_close([output["logits"] for output in found], expected, BATCHED)
    alone = [predictor.predict_json(one) for one in tiny.inputs(*texts)]
    for one, other in zip(found, alone):
        assert (one["label"], one["tokens"], one["token_ids"]) == (other["label"], other["tokens"], other["token_ids"])
    probabilities = np.exp(expected) / np.exp(expected).sum(1, keepdims=True)
    assert_close(predictor.predict_proba(texts), probabilities, BATCHED)


@pytest.mark.parametrize("kind", sorted((UNPADDED | APART | PADDED) - {"quantized"}))
@pytest.mark.parametrize("interpreter", ["integrated-gradients", "occlusion", "shapley"])
def test_scores_in_a_list_are_those_alone(kind: str, interpreter: str) -> None:
    predictor, texts = made(kind), [*TEXTS[:3], *(LONG if kind == "masked for short texts" else [])]
    options = {"n_steps": 3} if interpreter == "integrated-gradients" else {}
    expected = truth(predictor, texts)[:, 1]
    found = attribute(predictor, texts, interpreter=interpreter, targets=1, **options)
    assert_close([scored.score for (scored,) in found], expected, BATCHED)
    for text, (scored,) in zip(texts, found):
        # Alone and a row at a time nothing can be in its company.
        ((one,),) = attribute(
            predictor, text, interpreter=interpreter, targets=1, internal_batch_size=1, **options
        )
        assert_close(scored.scores, one.scores, BATCHED)
    told = [any("unpadded" in note for note in scored.notes) for (scored,) in found]
    assert all(told) if kind in UNPADDED | APART else not any(told)


@pytest.mark.parametrize("kind", sorted(APART - {"quantized"}))
def test_points_of_one_text_do_not_see_each_other(kind: str) -> None:
    predictor = made(kind)
    found, one_by_one = (
        attribute(predictor, TEXTS[0], interpreter="integrated-gradients", targets=1, n_steps=5, **options)[0][0]
        for options in ({}, {"internal_batch_size": 1})
    )
    assert_close(found.scores, one_by_one.scores, BATCHED)
    assert any("a row at a time" in note for note in found.notes)


def test_a_decoder_with_absolute_positions_is_padded_where_it_bears_it() -> None:
    for left in (False, True):
        predictor = decoder(0, left)
        with explained_model(predictor).at_work() as explained:
            found = measure(explained, [explained.encode(tiny.inputs(text)[0]).shape for text in TEXTS])
        assert found.padding
        assert found.other_side is left


def test_padding_is_not_measured_for_one_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eli5_transformers.engine.company._padded", lambda *_: pytest.fail("measured"))
    predictor = made("averaged")
    attribute(predictor, TEXTS[0], interpreter="gradient")
    attribute(predictor, [TEXTS[0]] * 3, interpreter="gradient")


def test_a_module_that_is_given_again_is_not_measured_again() -> None:
    model, passes = Averaged().eval(), []
    first = own(model)
    attribute(first, TEXTS, interpreter="gradient")
    handle = model.register_forward_hook(lambda *_: passes.append(1))
    counts = []
    for predictor in (first, own(model)):
        passes.clear()
        attribute(predictor, TEXTS, interpreter="gradient")
        counts.append(len(passes))
    handle.remove()
    assert counts[0] == counts[1]


class Replaceable(Averaged):
    """Averages the tokens alone, until what averages them is replaced."""

    def __init__(self) -> None:
        super().__init__()
        self.average = Masked()

    def pooled(self, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.average(vectors, mask)


class Masked(nn.Module):
    def forward(self, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return (vectors * mask).sum(1) / mask.sum(1)


class Unmasked(nn.Module):
    def forward(self, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return vectors.mean(1)


def test_a_module_whose_part_was_replaced_is_measured_again() -> None:
    predictor = own(Replaceable())
    predictor.predict_batch_json(tiny.inputs(*TEXTS))
    predictor._model.transformer.average = Unmasked()
    found = predictor.predict_batch_json(tiny.inputs(*TEXTS))
    assert_close([output["logits"] for output in found], truth(predictor, TEXTS), BATCHED)


class ShortOfMemory(Averaged):
    """Bears padding, but there is no memory left for two rows the first time."""

    short = True

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        if len(input_ids) > 1 and ShortOfMemory.short:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return super().forward(input_ids, attention_mask)


def test_a_lack_of_memory_is_not_taken_for_a_property_of_the_model() -> None:
    predictor = own(ShortOfMemory())
    with pytest.raises(RuntimeError, match="out of memory"):
        attribute(predictor, TEXTS, interpreter="gradient")
    ShortOfMemory.short = False
    ((found,), *_) = attribute(predictor, [TEXTS[0]] * 2, interpreter="gradient")
    assert not any("a row at a time" in note for note in found.notes)


def test_a_length_counts_as_tried_when_it_was_and_not_before() -> None:
    """Another thread would take it for tried, and keep what the comparison is about to find wrong."""
    predictor = made("masked for short texts")
    with explained_model(predictor).at_work() as explained:
        texts = [explained.encode(tiny.inputs(text)[0]) for text in (*TEXTS[:2], *LONG)]
        measure(explained, [text.shape for text in texts[:2]])
        tried = company._known(explained).tried
        compared: List[bool] = []
        longest = [0]

        def run(places: List[int]) -> Any:
            longest[0] = max(len(texts[place]) for place in places)
            with torch.no_grad():
                logits = explained.logits(explained.tensors([texts[place] for place in places])).numpy()
            return list(places), logits

        def alone(place: int) -> np.ndarray:
            compared.append((explained.company, longest[0].bit_length()) in tried)
            return run([place])[1][0]

        company.in_company(explained, [len(text) for text in texts], run, alone, width=WIDTH)
        assert compared
        assert not any(compared)


class Causal(Averaged):
    """Each token attends to those before it; a row of padding on the left to nothing, which is NaN."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Identity()

    def pooled(self, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        seen = torch.ones(vectors.shape[1], vectors.shape[1]).tril()[None] * mask.transpose(1, 2)
        weights = (vectors @ vectors.transpose(1, 2)).masked_fill(seen == 0, float("-inf")).softmax(-1)
        return self.block(weights @ vectors)[:, -1]


@pytest.mark.parametrize("layer", [None, "block"])
@pytest.mark.parametrize("interpreter", ["integrated-gradients", "gradient-x-input", "occlusion"])
def test_padding_whose_numbers_are_none_takes_no_text_down(interpreter: str, layer: Any) -> None:
    predictor = own(Causal(), left=True)
    found = attribute(predictor, TEXTS, interpreter=interpreter, layer=layer, targets=1)
    for text, (scored,) in zip(TEXTS, found):
        ((one,),) = attribute(predictor, text, interpreter=interpreter, layer=layer, targets=1)
        assert_close(scored.scores, one.scores, BATCHED)


def end_tokens() -> Any:
    predictor = tiny.predictor("bart")
    return predictor, ["we had to wait", "never <sep> again", "i love it", "slow <sep> <sep>", "great <sep> food"]


@pytest.mark.parametrize("options", [{}, {"internal_batch_size": 2}])
def test_a_list_of_which_some_texts_hold_end_tokens_is_explained(options: Dict[str, Any]) -> None:
    predictor, texts = end_tokens()
    found = attribute(predictor, texts, interpreter="integrated-gradients", n_steps=3, targets=1, **options)
    for text, (scored,) in zip(texts, found):
        ((one,),) = attribute(predictor, text, interpreter="integrated-gradients", n_steps=3, targets=1)
        assert_close(scored.scores, one.scores, BATCHED)
    logits: List[Any] = [output["logits"] for output in predictor.predict_batch_json(tiny.inputs(*texts))]
    assert_close(logits, truth(predictor, texts), BATCHED)
    assert_close([scored.score for (scored,) in found], np.asarray(logits)[:, 1], BATCHED)


def test_an_error_of_a_text_alone_is_still_the_error_of_the_list() -> None:
    class Refuses(Averaged):
        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            if (input_ids == 30).any():
                raise ValueError("thirty")
            return super().forward(input_ids, attention_mask)

    predictor = own(Refuses())
    word = predictor._dataset_reader.tokenizer.convert_ids_to_tokens(30)
    with pytest.raises(ValueError, match="thirty"):
        attribute(predictor, ["i love it", f"i love {word}"], interpreter="gradient")


def test_without_measuring_these_would_be_wrong() -> None:
    """The modules of these tests do break the assumption that they are made for."""
    for kind in sorted(UNPADDED - {"masked for short texts"}):
        predictor = made(kind)
        module, tokenizer = predictor._model.transformer, predictor._dataset_reader.tokenizer
        with torch.no_grad():
            inputs = tokenizer(TEXTS, padding=True, return_tensors="pt")
            output = module(input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"])
        assert_apart(getattr(output, "logits", output).numpy(), truth(predictor, TEXTS))


class Convolved(Averaged):
    """A convolution that is wider than short texts."""

    WIDE = 9

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(WIDTH, WIDTH, self.WIDE)

    def pooled(self, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.convolution((vectors * mask).transpose(1, 2)).relu().max(-1).values


def test_a_text_that_a_model_cannot_run_alone_is_not_run_beside_others_and_says_so() -> None:
    """The model measures well with long texts, to which it pads the short one; alone it ran into an error of torch's."""
    predictor = own(Convolved())
    alone = attribute(predictor, LONG[0], interpreter="gradient")[0][0]
    for _ in range(2):  # what was measured is remembered
        found = attribute(predictor, [LONG[0], "i love it", LONG[1]], interpreter="gradient", on_error="skip")
        assert_close(found[0][0].scores, alone.scores, BATCHED)
        assert isinstance(found[1], FailedText)
        assert "Convolved cannot run a text of 5 tokens: " in str(found[1].error)
        with pytest.raises(InputError, match="text 1: Convolved cannot run a text of 5 tokens"):
            attribute(predictor, [LONG[0], "i love it", LONG[1]], interpreter="gradient")
    for predict in (predictor.predict, predictor.predict_proba, lambda text: predictor.predict_batch_json([{"text": text}])):
        with pytest.raises(InputError, match="Convolved cannot run a text of 5 tokens"):
            predict("i love it")
    several = predictor.predict_proba(LONG)
    assert_close(several, [predictor.predict_proba(text)[0] for text in LONG], BATCHED)


class ByTheLargest(Averaged):
    """Divides by the largest number of the batch: one row of two mostly holds it alone, too."""

    def pooled(self, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return (3 * vectors / vectors.abs().max() * mask).sum(1)


class RoomForSome(Averaged):
    """An expert with room for forty tokens of a batch."""

    def __init__(self) -> None:
        super().__init__()
        self.expert = nn.Linear(WIDTH, WIDTH)

    def pooled(self, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        flat = vectors.reshape(-1, WIDTH)
        return (torch.cat([self.expert(flat[:40]), flat[40:]]).view_as(vectors) * mask).sum(1)


class CutToTheLongest(Averaged):
    """Cuts a batch to its longest text before it looks the tokens up."""

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        longest = int(attention_mask.sum(1).max())
        return super().forward(input_ids[:, :longest], attention_mask[:, :longest])

    def pooled(self, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return (vectors * mask).sum(1)


@pytest.mark.parametrize("kind", [ByTheLargest, RoomForSome, CutToTheLongest])
def test_what_depends_on_all_rows_of_a_pass_is_run_alone(kind: Any) -> None:
    torch.manual_seed(3)
    predictor = own(kind())
    texts = [*TEXTS, LONG[0], *(f"{text} again" for text in TEXTS)]
    for options in ({"interpreter": "gradient"}, {"interpreter": "integrated-gradients", "n_steps": 4}):
        found = attribute(predictor, texts, targets=1, **options)
        for text, (scored,) in zip(texts, found):
            assert_close(scored.scores, attribute(predictor, text, targets=1, **options)[0][0].scores, BATCHED)
    logits = [output["logits"] for output in predictor.predict_batch_json(tiny.inputs(*texts))]
    assert_close(logits, truth(predictor, texts), BATCHED)
