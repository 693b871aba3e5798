"""What a model returns decides: how many outputs, whether they are logits, and whose names they have.

A config describes the model that it was written with. A head that was replaced, a wrapper without config, a softmax behind
the logits, an `id2label` that is a list: each gave names of other classes, a probability of a probability, a number for a
choice, or an error from the middle of torch. The models of the other tests had all come from checkpoints whose config fits.
"""

import copy
import json

import numpy as np
import pytest
import torch
from checkpoints import write_bert_checkpoint
from closeness import assert_close
from transformers import pipeline

from eli5_transformers import attribute, get_explanation, load_predictor
from eli5_transformers.components.observed import Observed
from eli5_transformers.errors import Eli5TransformersError, SourceError, UnsupportedModelError

TEXT = "the price is good"
NAMES = ["1 star", "2 stars", "3 stars", "4 stars", "5 stars"]


class Behind(torch.nn.Module):
    """A classifier, and a function of its logits."""

    def __init__(self, model, function=lambda logits: logits):
        super().__init__()
        self.model = model
        self.function = function

    def forward(self, input_ids, attention_mask):
        return self.function(self.model(input_ids=input_ids, attention_mask=attention_mask).logits)


class PassingOn(torch.nn.Module):
    """As PEFT's models: whatever is given goes to the module inside."""

    def __init__(self, model):
        super().__init__()
        self.base_model = model

    def forward(self, *args, **kwargs):
        return self.base_model(*args, **kwargs)


def logits_of(model, tokenizer, text=TEXT):
    with torch.no_grad():
        return model(**tokenizer(text, return_tensors="pt")).logits[0].double()


def margin(logits):
    """The sigmoid of a difference of two logits, as one column."""
    return torch.sigmoid(logits[:, 4] - logits[:, 0])[:, None]


def pair(logits):
    one = torch.sigmoid(logits[:, 4] - logits[:, 0])
    return torch.stack([1 - one, one], 1)


PROBABILITIES = {
    "softmax": (lambda x: x.softmax(-1), lambda x: x.softmax(-1), "softmax"),
    "softmax of a copy": (lambda x: x.softmax(-1).clone()[:, :, None].squeeze(-1), lambda x: x.softmax(-1), "softmax"),
    "two softmaxes, averaged": (
        lambda x: (x.softmax(-1) + (2 * x).softmax(-1)) / 2,
        lambda x: (x.softmax(-1) + (2 * x).softmax(-1)) / 2,
        "softmax",
    ),
    "log-softmax": (lambda x: x.log_softmax(-1), lambda x: x.softmax(-1), "log-softmax"),
    "sigmoid": (torch.sigmoid, torch.sigmoid, "sigmoid"),
    "half precision": (lambda x: x.softmax(-1).half(), lambda x: x.softmax(-1), "softmax"),
    "one sigmoid": (margin, lambda x: torch.stack([1 - margin(x[None])[0, 0], margin(x[None])[0, 0]]), "sigmoid"),
    "a pair": (pair, lambda x: pair(x[None])[0], "softmax"),
}


@pytest.mark.parametrize("name", PROBABILITIES)
def test_probabilities_are_taken_as_they_are_and_it_is_said(bert, name):
    model, tokenizer = bert
    function, expected, activation = PROBABILITIES[name]
    predictor = load_predictor(Behind(model, function), tokenizer)
    probabilities = expected(logits_of(model, tokenizer)).numpy()
    allowed = 1e-2 if name == "half precision" else 1e-5
    assert predictor._model.activation == activation
    assert_close(predictor.predict_proba(TEXT)[0], probabilities, rtol=allowed)
    ((found,),) = attribute(predictor, TEXT, targets=-1)
    assert_close(found.probability, probabilities[-1], rtol=allowed)
    logarithm = np.log(probabilities[-1])
    if activation == "sigmoid":
        logarithm -= np.log1p(-probabilities[-1])
    assert_close(found.score, logarithm, rtol=allowed)
    for method in ("integrated-gradients", "occlusion", "simple-gradient"):
        notes = attribute(predictor, TEXT, interpreter=method)[0][0].notes
        assert sum("are probabilities" in note or "are log-probabilities" in note for note in notes) == 1


def test_a_softmax_changes_no_log_probability(bert):
    model, tokenizer = bert
    plain = attribute(model, TEXT, tokenizer=tokenizer, output="log-probability", n_steps=8)[0][0]
    for output in ("logit", "log-probability"):
        behind = attribute(
            Behind(model, lambda x: x.softmax(-1)), TEXT, tokenizer=tokenizer, output=output, n_steps=8
        )[0][0]
        assert behind.label == plain.label
        assert_close(behind.scores, plain.scores, rtol=1e-3)


def test_a_frozen_model_ends_in_a_sigmoid_too(own):
    model, tokenizer = own
    model.requires_grad_(False)
    assert load_predictor(Behind(model, torch.sigmoid), tokenizer)._model.activation == "sigmoid"


LOGITS = {
    "between 0 and 1 by accident": lambda model: (model.classifier.weight.mul_(1e-3), model.classifier.bias.fill_(0.5)),
    "that sum to 1 by accident": lambda model: (
        model.classifier.weight.sub_(model.classifier.weight.mean(0)).mul_(1e-2),
        model.classifier.bias.fill_(0.2),
    ),
    "constant": lambda model: (model.classifier.weight.zero_(), model.classifier.bias.fill_(0.2)),
    "one of them between 0 and 1": lambda model: (model.classifier.weight.mul_(1e-3), model.classifier.bias.fill_(0.3)),
}


@pytest.mark.parametrize("name", LOGITS)
def test_logits_that_lie_like_probabilities_by_accident_are_logits(own, name):
    model, tokenizer = own
    with torch.no_grad():
        LOGITS[name](model)
    columns = 1 if name.startswith("one") else 5
    predictor = load_predictor(Behind(model, lambda x: x[:, :columns]), tokenizer)
    assert predictor._model.activation is None
    assert_close(predictor.predict(TEXT)["logits"], logits_of(model, tokenizer)[:columns].tolist(), rtol=1e-5)


def test_a_person_who_calls_probabilities_numbers_gets_numbers(bert):
    model, tokenizer = bert
    predictor = load_predictor(Behind(model, torch.sigmoid), tokenizer, problem_type="regression")
    assert predictor._model.head.kind == "regression"
    assert_close(predictor.predict(TEXT)["logits"], torch.sigmoid(logits_of(model, tokenizer)).tolist(), rtol=1e-5)


@pytest.mark.parametrize(
    "wrap",
    [
        Behind,
        PassingOn,
        torch.nn.Sequential,
        torch.nn.DataParallel,
        lambda model: PassingOn(Behind(model)),
        lambda model: torch.nn.DataParallel(PassingOn(model)),
        lambda model: torch.nn.Sequential(Behind(model)),
        lambda model: Behind(model, lambda x: x.softmax(-1)),
        lambda model: Behind(model, lambda x: x.log_softmax(-1)),
        lambda model: Behind(model, lambda x: x.double()),
    ],
)
def test_a_wrapper_has_the_names_and_the_limits_of_the_module_inside(bert, wrap):
    model, tokenizer = bert
    predictor = load_predictor(wrap(model), tokenizer)
    assert predictor.labels == NAMES
    assert predictor._dataset_reader.max_length == 128
    ((found,),) = attribute(predictor, TEXT)
    expected = logits_of(model, tokenizer).softmax(-1)
    assert found.label == NAMES[int(expected.argmax())]
    assert_close(found.probability, float(expected.max()), rtol=1e-5)
    assert attribute(predictor, "good price " * 200)[0][0].tokens.cut


@pytest.mark.parametrize("function", [lambda x: x.flip(-1), lambda x: x / 2, lambda x: x[:, [1, 0, 2, 3, 4]]])
def test_a_wrapper_with_other_logits_has_no_names_of_the_module_inside_and_says_so(bert, function):
    model, tokenizer = bert
    ((found,),) = attribute(Behind(model, function), TEXT, tokenizer=tokenizer)
    assert found.label.startswith("LABEL_")
    assert any("names of classes are left aside" in note for note in found.notes)
    ((named,),) = attribute(Behind(model, function), TEXT, tokenizer=tokenizer, labels=list("abcde"))
    assert named.label in "abcde"
    assert not any("left aside" in note for note in named.notes)


@pytest.mark.parametrize("outputs", [1, 2, 3, 7])
def test_a_replaced_head_has_the_outputs_that_it_returns(own, outputs):
    model, tokenizer = own
    model.classifier = torch.nn.Linear(model.classifier.in_features, outputs)
    predictor = load_predictor(model, tokenizer)
    assert predictor.labels == [f"LABEL_{index}" for index in range(outputs)]
    assert predictor._model.head.kind == ("regression" if outputs == 1 else "single_label")
    ((found,),) = attribute(predictor, TEXT)
    assert_close(found.score, logits_of(model, tokenizer)[found.target].item(), rtol=1e-5)
    assert any(f"{outputs} output" in note and "of 5 classes" in note for note in found.notes)


def test_a_head_that_is_replaced_after_it_was_explained_is_seen(own):
    model, tokenizer = own
    assert attribute(model, TEXT, tokenizer=tokenizer)[0][0].label in NAMES
    model.classifier = torch.nn.Linear(model.classifier.in_features, 2)
    assert load_predictor(model, tokenizer).labels == ["LABEL_0", "LABEL_1"]


@pytest.mark.parametrize("outputs", [2, 7])
def test_a_head_that_is_replaced_under_a_predictor_is_refused(own, outputs):
    model, tokenizer = own
    predictor = load_predictor(model, tokenizer)
    attribute(predictor, TEXT)
    model.classifier = torch.nn.Linear(model.classifier.in_features, outputs)
    for act in (predictor.predict, lambda text: attribute(predictor, text), lambda text: predictor.predict_proba([text])):
        with pytest.raises(UnsupportedModelError, match=f"returns {outputs} numbers for a text.*load it again"):
            act(TEXT)


def test_a_config_that_says_regression_of_one_number_says_nothing_of_three(own):
    model, tokenizer = own
    model.config.id2label, model.config.problem_type = {0: "stars"}, "regression"
    assert load_predictor(model, tokenizer)._model.head.kind == "single_label"


@pytest.mark.parametrize("given", [tuple, list])
def test_names_may_be_a_list(own, given):
    model, tokenizer = own
    model.config.id2label = given(NAMES[::-1])
    assert load_predictor(model, tokenizer).labels == NAMES[::-1]
    model.config.id2label = given(NAMES[:3])
    with pytest.raises(SourceError, match=r"list of 3 names, but the model has 5 outputs"):
        load_predictor(model, tokenizer)
    assert load_predictor(model, tokenizer, labels=NAMES).labels == NAMES


def test_names_may_be_missing(own):
    model, tokenizer = own
    model.config.id2label = model.config.label2id = None
    assert load_predictor(model, tokenizer).labels == [f"LABEL_{index}" for index in range(5)]
    model.config.label2id = {name: index for index, name in enumerate(NAMES)}
    assert load_predictor(model, tokenizer).labels == NAMES
    model.config.label2id = {name: index + 1 for index, name in enumerate(NAMES)}
    assert load_predictor(model, tokenizer).labels == [f"LABEL_{index}" for index in range(5)]


@pytest.fixture
def one_logit(own):
    model, tokenizer = own
    model.classifier = torch.nn.Linear(model.classifier.in_features, 1)
    return model, tokenizer


@pytest.mark.parametrize("given", ["labels", "config", "list", "pipeline"])
def test_one_logit_with_two_names_is_a_choice_of_two(one_logit, given):
    model, tokenizer = one_logit
    names = ["negative", "positive"]
    if given != "labels":
        model.config.id2label = names if given == "list" else dict(enumerate(names))
    source, options = model, {"tokenizer": tokenizer}
    if given == "pipeline":
        source, options = pipeline("text-classification", model=model, tokenizer=tokenizer, function_to_apply="sigmoid"), {}
    found = get_explanation(source, TEXT, top_targets=2, labels=names if given == "labels" else None, **options)
    assert not found.is_regression
    assert {target.target for target in found.targets} == set(names)
    score = logits_of(model, tokenizer).item()
    assert_close({t.target: t.score for t in found.targets}["positive"], score, rtol=1e-5)
    assert_close({t.target: t.proba for t in found.targets}["positive"], 1 / (1 + np.exp(-score)), rtol=1e-5)


def test_two_names_for_a_number_are_refused(one_logit):
    with pytest.raises(SourceError, match="gives two names .* but a regression's number has one"):
        load_predictor(*one_logit, labels=["a", "b"], problem_type="regression")


class Squeezed(torch.nn.Module):
    """A single output without the dimension of outputs, as it is compared with labels in a loss."""

    def __init__(self, model, how):
        super().__init__()
        self.model, self.how = model, how

    def forward(self, input_ids, attention_mask):
        return self.how(self.model(input_ids=input_ids, attention_mask=attention_mask).logits[:, :1])


@pytest.mark.parametrize("how", [lambda one: one.squeeze(-1), lambda one: (one.view(-1),), lambda one: {"logits": one[:, 0]}])
def test_a_single_output_may_have_no_dimension_of_its_own(bert, how):
    model, tokenizer = bert
    squeezed = Squeezed(model, how)
    texts = [TEXT, "bad"]
    expected = [float(model(**tokenizer(text, return_tensors="pt")).logits[0, 0].detach()) for text in texts]
    for found, number in zip(attribute(squeezed, texts, tokenizer=tokenizer), expected):
        assert_close(found[0].score, number, rtol=1e-5)


def test_a_number_for_all_texts_together_is_none_of_a_text(bert):
    model, tokenizer = bert
    with pytest.raises(SourceError, match=r"returns logits of shape \(\) for one text"):
        load_predictor(Squeezed(model, lambda one: one.mean()), tokenizer)


class Typed(torch.nn.Module):
    """A classifier that does not do without segments."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).logits


def test_a_module_that_requires_segments_gets_them(bert):
    model, tokenizer = bert
    ((found,),) = attribute(Typed(model), TEXT, tokenizer=tokenizer)
    assert_close(found.score, logits_of(model, tokenizer)[found.target].item(), rtol=1e-5)
    without = copy.deepcopy(tokenizer)
    without.model_input_names = ["input_ids", "attention_mask"]
    ((again,),) = attribute(Typed(model), TEXT, tokenizer=without)
    assert_close(again.scores, found.scores)


def test_code_that_came_with_a_checkpoint_may_end_in_a_softmax(stars_checkpoint):
    model = load_predictor(stars_checkpoint)._model
    model.take(Observed(5, "softmax"), None)
    assert (model.activation, model.head.kind, model.labels) == ("softmax", "single_label", NAMES)
    assert any("are probabilities" in caveat for caveat in model.caveats)


@pytest.mark.parametrize("error", [AttributeError("no bert"), KeyError("labels"), AssertionError(), NotImplementedError()])
def test_whatever_a_module_raises_for_a_text_is_told_in_a_sentence(bert, error):
    def fails(logits):
        raise error

    with pytest.raises(SourceError, match=f"a Behind cannot be run on a text.*({type(error).__name__}|no bert|labels)"):
        load_predictor(Behind(bert[0], fails).eval(), bert[1])


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda x: (100 * x).long(), "5 numbers of type int64"),
        (lambda x: x.to(torch.complex64), "5 numbers of type complex64"),
        (lambda x: x[:, :0], "0 numbers of type float32"),
    ],
)
def test_what_cannot_be_logits_is_refused_when_it_is_given(bert, function, told):
    with pytest.raises(SourceError, match=f"{told} for one text: give a classifier that returns its logits"):
        load_predictor(Behind(bert[0], function), bert[1])


def test_a_prediction_without_gradient_is_answered_by_what_cuts_it(bert):
    with pytest.raises(Eli5TransformersError, match="the prediction of Behind has no gradient .* torch.no_grad"):
        attribute(Behind(bert[0], torch.detach), TEXT, tokenizer=bert[1])


@pytest.mark.parametrize("numbers", [range(1, 6), range(-5, 0), "abcde"])
def test_names_of_outputs_that_are_not_there_are_left_aside_and_it_is_said(own, numbers):
    """Classes counted from 1 gave each output its neighbour's name."""
    model, tokenizer = own
    model.config.__dict__["id2label"] = dict(zip(numbers, NAMES))
    ((found,),) = attribute(model, TEXT, tokenizer=tokenizer)
    assert found.label == f"LABEL_{found.target}"
    assert any("numbered from 0 to 4: the config's names are left aside" in note for note in found.notes)
    ((named,),) = attribute(model, TEXT, tokenizer=tokenizer, labels=NAMES)
    assert named.label == NAMES[found.target]
    assert not any("left aside" in note for note in named.notes)


def test_names_of_a_checkpoint_that_count_from_1_are_left_aside_and_it_is_said(tmp_path):
    folder = write_bert_checkpoint(tmp_path, labels=NAMES)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["id2label"] = {str(place): name for place, name in enumerate(NAMES, start=1)}
    config["label2id"] = {name: place for place, name in enumerate(NAMES, start=1)}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    ((found,),) = attribute(folder, TEXT)
    assert found.label == f"LABEL_{found.target}"
    assert any("names the outputs 1, 2, 3, 4, 5, but" in note for note in found.notes)


def test_names_and_numbers_that_were_exchanged_are_turned_round(own):
    model, tokenizer = own
    model.config.__dict__["id2label"] = {name: place for place, name in enumerate(NAMES)}
    assert load_predictor(model, tokenizer).labels == NAMES


class Returning(torch.nn.Module):
    """What a classifier returns, in another form."""

    def __init__(self, model, form):
        super().__init__()
        self.model, self.form = model, form

    def forward(self, input_ids, attention_mask):
        return self.form(self.model(input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True))


@pytest.mark.parametrize(
    "form",
    [
        lambda o: (0, o.logits),
        lambda o: (None, o.logits),
        lambda o: (o.logits.sum(), o.logits),
        lambda o: [o.logits.sum(), o.logits, o.hidden_states],
        lambda o: (o.logits, o.hidden_states[-1]),
        lambda o: {"scores": o.logits},
        lambda o: {"loss": o.logits.sum(), "prediction": o.logits, "hidden": o.hidden_states},
    ],
)
def test_the_logits_are_found_in_what_is_returned_where_they_alone_can_be_meant(bert, form):
    model, tokenizer = bert
    ((found,),) = attribute(Returning(model, form), TEXT, tokenizer=tokenizer, interpreter="gradient-x-input")
    assert_close(found.score, logits_of(model, tokenizer)[found.target].item(), rtol=1e-5)
    assert found.label in NAMES


@pytest.mark.parametrize(
    "form",
    [
        lambda o: (o.hidden_states[-1][:, 0], o.logits),
        lambda o: (o.hidden_states[-1], o.hidden_states[-1][:, 0]),
        lambda o: {"features": o.hidden_states[-1][:, 0], "scores": o.logits},
        lambda o: {"label": "good"},
        lambda o: (),
        lambda o: "good",
        lambda o: None,
    ],
)
def test_what_may_be_something_else_than_logits_is_refused(bert, form):
    with pytest.raises(SourceError, match=r"without logits \(batch, outputs\)"):
        load_predictor(Returning(bert[0], form), bert[1])


def requiring_gradients(model):
    """As `enable_input_require_grads` of newer releases does."""
    model.get_input_embeddings().register_forward_hook(lambda part, inputs, output: output.requires_grad_(True))


@pytest.mark.parametrize(
    "change",
    [
        requiring_gradients,
        lambda model: model.gradient_checkpointing_enable(),
        lambda model: (requiring_gradients(model), model.gradient_checkpointing_enable(), model.train()),
        lambda model: setattr(model.config, "return_dict", False),
        lambda model: model.requires_grad_(False),
    ],
)
def test_a_model_that_is_set_up_for_training_is_explained(own, change):
    model, tokenizer = own
    plain = attribute(model, TEXT, tokenizer=tokenizer, interpreter="gradient-x-input")[0][0]
    change(model)
    for method in ("gradient-x-input", "occlusion", "simple-gradient"):
        found = attribute(model, TEXT, tokenizer=tokenizer, interpreter=method)[0][0]
        assert_close(found.score if method != "simple-gradient" else plain.score, plain.score, rtol=1e-5)


def test_a_checkpoint_of_a_class_whose_train_returns_nothing(stars_checkpoint, monkeypatch):
    """As code that comes with a checkpoint may have it: what `eval()` returns was taken for the model."""
    from transformers import BertForSequenceClassification

    expected = load_predictor(stars_checkpoint).predict(TEXT)
    own = BertForSequenceClassification.train
    monkeypatch.setattr(BertForSequenceClassification, "train", lambda self, mode=True: own(self, mode) and None)
    assert_close(load_predictor(stars_checkpoint).predict(TEXT)["probs"], expected["probs"])


def test_a_length_beyond_the_positions_is_refused_by_them(bert):
    from eli5_transformers.errors import InputError

    with pytest.raises(InputError, match="give a max_length of at most 128"):
        attribute(bert[0], "good price " * 200, tokenizer=bert[1], max_length=512)
    with pytest.raises(InputError, match="leaves no room for the text beside the 2 special tokens"):
        attribute(bert[0], TEXT, tokenizer=bert[1], max_length=2)
