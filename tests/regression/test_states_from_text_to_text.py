"""Models that keep something from text to text: ELMo's LSTM, and modules with states, counters or lists of their own.

ELMo goes on where the batch before has ended. Its classifiers were refused as "not deterministic", and what explained them
read states of texts that nobody had asked for; AllenNLP's own interpreters began where the last call had ended. The tests had
models without memory. Each pass must begin with the same, and a person's model must not have read what we ran.
"""

import collections

import allennlp_models as made
import numpy as np
import pytest
import torch
from allennlp.interpret.saliency_interpreters import SaliencyInterpreter
from allennlp_models import EMBEDDING, IDS, TEXT, lstm
from closeness import assert_close

from eli5_transformers import attribute

METHODS = ("integrated-gradients", "occlusion", "gradient-x-input", "linearization", "smoothgrad")
RELEASED = ("simple-gradient", "integrated-gradient", "smooth-gradient")


@pytest.fixture(scope="module")
def elmo(tmp_path_factory):
    embedder = made.write_elmo(tmp_path_factory.mktemp("weights"))
    indexers = {"words": IDS, "elmo": {"type": "elmo_characters"}}
    return made.built(indexers=indexers, embedders={"words": EMBEDDING, "elmo": embedder}, encoder=lstm(16))


def states(predictor):
    return [module._states for module in predictor._model.modules() if getattr(module, "stateful", False)]


@pytest.mark.parametrize("method", METHODS)
def test_what_was_read_before_changes_nothing(elmo, method):
    expected = made.fresh_logits(elmo, TEXT)
    ((one,),) = attribute(elmo, TEXT, interpreter=method)
    elmo.predict("some other text that leaves its states behind")
    ((other,),) = attribute(elmo, TEXT, interpreter=method)
    assert_close(one.score, expected[one.target])
    assert_close(other.scores, one.scores)
    assert any("keeps something from text to text" in note for note in one.notes)


@pytest.mark.parametrize("method", [*METHODS, *RELEASED])
def test_the_persons_states_stay(elmo, method):
    elmo.predict("a text of theirs")
    (before,) = states(elmo)
    numbers = [state.clone() for state in before]
    attribute(elmo, [TEXT, "a good film"], interpreter=method)
    (after,) = states(elmo)
    assert after is before
    assert all(torch.equal(one, other) for one, other in zip(numbers, after))


@pytest.mark.parametrize("name", RELEASED)
def test_allennlps_own_begin_as_a_fresh_predictor(elmo, name):
    made.fresh_logits(elmo, TEXT)
    for module in elmo._model.modules():
        if getattr(module, "stateful", False):
            module.reset_states()
    torch.manual_seed(5)
    stock = SaliencyInterpreter.by_name(name)(elmo).saliency_interpret_from_json({"sentence": TEXT})
    torch.manual_seed(5)
    ((found,),) = attribute(elmo, TEXT, interpreter=name)
    assert_close(found.scores, stock["instance_1"]["grad_input_1"])


class Memory:
    """A helper of a model, which the model's own classes do not show."""

    def __init__(self):
        self.read = []


class Remembering(made.TokensToClasses):
    """Adds to its logits what `remember(self, logits)` gives, which keeps something."""

    def __init__(self, plain, remember):
        super().__init__(plain.vocab, plain.embedder, plain.encoder)
        self.count, self.read, self.held, self.last = 0, [], {}, collections.deque(maxlen=3)
        self.pair, self.memory = (torch.zeros(1),), Memory()
        self.register_buffer("mean", torch.zeros(1))
        self.remember = remember

    def forward(self, *arguments, **fields):
        found = super().forward(*arguments, **fields)
        found["logits"] = found["logits"] + self.remember(self) * torch.tensor([0.1, -0.1])
        found["probs"] = found["logits"].softmax(-1)
        return found

    def state(self):
        held = (self.count, list(self.read), dict(self.held), list(self.last), list(self.memory.read))
        return (*held, self.pair[0].tolist(), self.mean.tolist())


def counting(model):
    model.count += 1
    return model.count


def listing(model):
    model.read.append(1.0)
    return sum(model.read)


def mapping(model):
    model.held["read"] = model.held.get("read", 0) + 1
    return model.held["read"]


def queueing(model):
    model.last.append(len(model.last) + 1.0)
    return sum(model.last)


def in_place(model):
    model.pair[0].add_(1)
    return float(model.pair[0])


def averaging(model):
    model.mean.mul_(0.5).add_(1)
    return float(model.mean)


def exchanging(model):
    model.mean = model.mean + 1
    return float(model.mean)


def helped(model):
    model.memory.read.append(1.0)
    return sum(model.memory.read)


@pytest.mark.parametrize("remember", [counting, listing, mapping, queueing, in_place, averaging, exchanging, helped])
def test_modules_with_states_of_their_own(remember):
    predictor = made.built()
    model = predictor._model = Remembering(predictor._model, remember).eval()
    predictor.predict("a text of theirs")
    before = model.state()
    ((found,),) = attribute(predictor, TEXT)
    assert model.state() == before
    assert_close(attribute(predictor, TEXT)[0][0].scores, found.scores)
    # The first prediction behind an explanation is the one that was explained.
    assert_close(found.score, predictor.predict(TEXT)["logits"][found.target])
    assert_close(found.scores.sum(), found.score - found.baseline_score, rtol=0.02, scale=np.abs(found.scores).sum())


def test_a_model_without_memory_is_not_said_to_have_one():
    ((found,),) = attribute(made.built(), TEXT)
    assert not any("keeps" in note for note in found.notes)
