"""What is explained is what the person's own pipeline says of the text.

A pipeline of a class of one's own (another text in `preprocess`, scaled scores in `postprocess`), one with a length beside
padding, one whose model ended in a softmax already: each was explained as its bare model and tokenizer, under a label and
with a probability that the pipeline never gave. The pipelines of the other tests had all been transformers' own with one
option, for which the option's effect was known.
"""

import copy

import pytest
import torch
from closeness import assert_close
from stacks import PINNED
from transformers import Pipeline, TextClassificationPipeline, pipeline

from eli5_transformers import attribute, get_explanation, load_predictor
from eli5_transformers.errors import InputError, SourceError

TEXT = "the price is good"
NAMES = ["1 star", "2 stars", "3 stars", "4 stars", "5 stars"]


def made(bert, kind=TextClassificationPipeline, model=None, **options):
    return pipeline(
        "text-classification", model=model or bert[0], tokenizer=copy.deepcopy(bert[1]), pipeline_class=kind, **options
    )


def told(classify, text=TEXT):
    answer = classify(text)
    while not isinstance(answer, dict):
        answer = answer[0]
    return answer


OPTIONS = {
    "none": {},
    "truncation": {"truncation": True, "max_length": 5},
    "a length alone": {"max_length": 5},
    "a length to pad to": {"padding": "max_length", "max_length": 60},
    "a length beside padding": {"padding": True, "max_length": 5},
    "a length and no truncation": {"truncation": False, "max_length": 5},
    "the first text": {"truncation": "only_first", "max_length": 6},
    "no special tokens": {"add_special_tokens": False},
    "a multiple": {"padding": True, "pad_to_multiple_of": 8},
    "some": {"top_k": 2},
    "all": {"top_k": None},
    "sigmoid": {"function_to_apply": "sigmoid"},
    "softmax": {"function_to_apply": "softmax"},
    "at once": {"batch_size": 4},
    "the framework of older releases": {"framework": "pt"},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options_are_honoured(bert, name):
    classify = made(bert, **OPTIONS[name])
    answer = told(classify)
    (found,) = attribute(classify, TEXT, interpreter="gradient-x-input")
    (best,) = [attribution for attribution in found if attribution.label == answer["label"]]
    assert_close(best.probability, answer["score"], rtol=1e-5)


@pytest.mark.parametrize("kind", ["multi_label_classification", "regression", None])
@pytest.mark.parametrize("function", ["none", "sigmoid", None])
def test_every_function_with_every_kind_of_head_is_explained_as_it_is_or_refused(own, kind, function):
    model, tokenizer = own
    model.config.problem_type = kind
    classify = made((model, tokenizer), **({} if function is None else {"function_to_apply": function}))
    try:
        predictor = load_predictor(classify)
    except SourceError as error:
        # Older releases put the numbers of a regression behind a softmax.
        assert PINNED, error  # noqa: PT017
        assert (kind, function) == ("regression", None)  # noqa: PT017
        return
    ((found,),) = attribute(predictor, TEXT, interpreter="gradient-x-input", targets=NAMES.index(told(classify)["label"]))
    shown = [number for number in (found.probability, found.score) if number is not None]
    assert any(abs(number - told(classify)["score"]) < 1e-4 for number in shown)


class Lower(TextClassificationPipeline):
    def preprocess(self, inputs, **options):
        return super().preprocess(inputs.replace("LOOK", "never").replace("good", "bad"), **options)


class Cooler(TextClassificationPipeline):
    def postprocess(self, model_outputs, **options):
        model_outputs["logits"] = model_outputs["logits"] / 2
        return super().postprocess(model_outputs, **options)


class Blind(TextClassificationPipeline):
    def _forward(self, model_inputs):
        model_inputs["attention_mask"][:, -2:] = 0
        return self.model(**model_inputs)


class Rounding(TextClassificationPipeline):
    def postprocess(self, model_outputs, **options):
        found = super().postprocess(model_outputs, **options)
        return {"label": found["label"], "score": round(found["score"], 2)}


@pytest.mark.parametrize(("kind", "step"), [(Lower, "pre"), (Cooler, "postprocess"), (Blind, "_forward"), (Rounding, "post")])
def test_a_step_of_ones_own_with_another_outcome_is_refused_by_name(bert, kind, step):
    with pytest.raises(SourceError, match=f"the pipeline gives .* alone give .*: {step}.* of its own .*{kind.__name__}"):
        load_predictor(made(bert, kind))


def test_a_step_that_was_put_in_the_place_of_another_is_seen(bert):
    classify = made(bert)
    classify.preprocess = lambda text, **options: bert[1](f"{text} bad bad", return_tensors="pt")
    with pytest.raises(SourceError, match="preprocess of its own"):
        load_predictor(classify)


class Late(TextClassificationPipeline):
    """Changes a text that no probe has."""

    def preprocess(self, inputs, **options):
        text = inputs["text"] if isinstance(inputs, dict) else inputs
        return super().preprocess(inputs if "price" not in text else text.replace("price", "very bad"), **options)


def test_each_text_is_asked_about_where_a_step_is_ones_own(bert):
    classify = made(bert, Late)
    predictor = load_predictor(classify)
    ((found,),) = attribute(predictor, "the food is good", interpreter="gradient-x-input")
    assert found.label == told(classify, "the food is good")["label"]
    with pytest.raises(InputError, match="preprocess of its own"):
        attribute(predictor, TEXT)
    pair = attribute(predictor, "the food is good", text_pairs="very", interpreter="gradient-x-input")[0][0]
    assert pair.label == told(classify, {"text": "the food is good", "text_pair": "very"})["label"]


class Fails(TextClassificationPipeline):
    def preprocess(self, inputs, **options):
        raise KeyError("premise")


class Otherwise(TextClassificationPipeline):
    def postprocess(self, model_outputs, **options):
        return model_outputs["logits"]


class Named(TextClassificationPipeline):
    def postprocess(self, model_outputs, **options):
        found = super().postprocess(model_outputs, **options)
        return {"label": found["label"].replace("star", "point"), "score": found["score"]}


def test_a_pipeline_that_fails_or_returns_something_else_is_refused(bert):
    with pytest.raises(SourceError, match="the pipeline itself cannot be run on a text .KeyError"):
        load_predictor(made(bert, Fails))
    with pytest.raises(SourceError, match="an Otherwise returned|a Otherwise returned a Tensor"):
        load_predictor(made(bert, Otherwise))


def test_labels_that_the_model_does_not_have_are_refused_or_named_by_the_caller(bert):
    with pytest.raises(SourceError, match="returns the label '. points?', which is not among the names.*labels="):
        load_predictor(made(bert, Named))
    names = [name.replace("star", "point") for name in NAMES]
    ((found,),) = attribute(made(bert, Named), TEXT, labels=names, interpreter="gradient-x-input")
    assert found.label == told(made(bert, Named))["label"]


class Whole(Pipeline):
    """A pipeline from its base class, as the guide to transformers' pipelines makes one."""

    def _sanitize_parameters(self, **options):
        return {}, {}, {}

    def preprocess(self, inputs):
        return self.tokenizer(inputs, return_tensors="pt")

    def _forward(self, inputs):
        return self.model(**inputs)

    def postprocess(self, outputs):
        probabilities = outputs["logits"][0].softmax(-1)
        best = int(probabilities.argmax())
        return {"label": self.model.config.id2label[best], "score": float(probabilities[best]), "logits": [0.5]}


def test_a_pipeline_from_its_base_class_is_explained_where_it_agrees(bert):
    classify = Whole(model=bert[0], tokenizer=bert[1])
    ((found,),) = attribute(classify, TEXT, interpreter="gradient-x-input")
    assert found.label == classify(TEXT)["label"]
    assert_close(found.probability, classify(TEXT)["score"], rtol=1e-5)


def test_a_softmax_of_probabilities_is_refused(own):
    model, tokenizer = own

    class Ending(type(model)):
        def forward(self, *args, **options):
            output = super().forward(*args, **options)
            output.logits = output.logits.softmax(-1)
            return output

    model.__class__ = Ending
    with pytest.raises(SourceError, match="the pipeline gives"):
        load_predictor(made((model, tokenizer)))
    classify = made((model, tokenizer), function_to_apply="none")
    ((found,),) = attribute(classify, TEXT, interpreter="gradient-x-input")
    assert_close(found.probability, told(classify)["score"], rtol=1e-5)


def test_one_output_with_two_names_is_told_apart_from_the_pipelines_name(own):
    model, tokenizer = own
    model.classifier = torch.nn.Linear(model.classifier.in_features, 1)
    model.config.id2label = {0: "negative", 1: "positive"}
    with pytest.raises(SourceError, match="behind a softmax, which makes a 1 of every number"):
        load_predictor(made((model, tokenizer)))
    classify = made((model, tokenizer), function_to_apply="sigmoid")
    ((found,),) = attribute(classify, TEXT, interpreter="gradient-x-input", targets="positive")
    assert told(classify)["label"] == "negative"
    assert_close(found.probability, told(classify)["score"], rtol=1e-5)
    assert any("calls the model's one output 'negative'" in note for note in found.notes)


def test_a_tokenizer_that_was_exchanged_is_the_one_that_counts(bert):
    classify = made(bert, truncation=True, max_length=6)
    classify.tokenizer = copy.deepcopy(bert[1])
    classify.tokenizer.truncation_side = "left"
    text = "good good good never bad brands"
    ((found,),) = attribute(classify, text, interpreter="gradient-x-input")
    assert "brands" in found.tokens.text
    assert_close(found.probability, told(classify, text)["score"], rtol=1e-5)


def test_half_precision_agrees_to_its_digits(own):
    model, tokenizer = own
    try:
        classify = made((model.to(torch.bfloat16), tokenizer))
        answer = told(classify)
    except (RuntimeError, TypeError):  # older releases have no such numbers on a CPU, or in numpy
        return
    ((found,),) = attribute(classify, TEXT, interpreter="gradient-x-input")
    assert found.label == answer["label"]


def test_nothing_of_a_pipeline_is_changed(own):
    model, tokenizer = own
    model.train()
    classify = made((model, tokenizer))
    core = classify.tokenizer._tokenizer
    before = vars(classify).copy(), core.truncation, core.padding, torch.get_rng_state()
    load_predictor(classify)
    assert vars(classify) == before[0]
    assert (core.truncation, core.padding) == before[1:3]
    assert torch.equal(torch.get_rng_state(), before[3])
    assert model.training
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_the_callers_own_length_and_kind_count_over_the_pipelines(bert):
    classify = made(bert, truncation=True, max_length=20)
    assert len(attribute(classify, TEXT, max_length=4, interpreter="gradient-x-input")[0][0].tokens) == 4
    assert load_predictor(classify, problem_type="multi_label_classification")._model.head.kind == "multi_label"


LONG = "the price is good but the service is bad and the food was not fast " * 2


def test_a_pipeline_that_cuts_nothing_is_explained_with_the_whole_text(bert):
    classify = made(bert)
    classify.tokenizer.model_max_length = 8
    ((found, *_),) = attribute(classify, TEXT + " and good " * 6, interpreter="gradient-x-input")
    assert not found.tokens.cut
    answer = told(classify, TEXT + " and good " * 6)
    assert found.label == answer["label"]
    assert_close(found.probability, answer["score"], rtol=1e-5)


def test_a_text_of_which_the_pipeline_reads_more_is_refused_with_what_helps(own):
    model, _ = own
    # Positions that a config tells and no table ends, as those of rotary embeddings.
    model.config.max_position_embeddings = 10
    classify = made(own)
    (found,) = attribute(classify, TEXT, interpreter="gradient-x-input")
    assert_close(found[0].probability, told(classify)["score"], rtol=1e-5)
    for options in ({}, {"truncation": True}):
        classify._preprocess_params = options
        with pytest.raises(InputError, match=r"reads more of the text than the 10 tokens .* or give max_length=10"):
            attribute(classify, LONG, interpreter="gradient-x-input")
    assert attribute(load_predictor(classify, max_length=10), LONG, interpreter="gradient-x-input")[0][0].tokens.cut
    classify._preprocess_params = {"truncation": True, "max_length": 10}
    (found,) = attribute(classify, LONG, interpreter="gradient-x-input")
    assert_close(found[0].probability, told(classify, LONG)["score"], rtol=1e-5)


@pytest.mark.parametrize("function", ["sigmoid", "none"])
def test_a_configs_function_counts_where_it_counts_for_the_pipeline(own, function):
    classify = made(own)
    classify.model.config.function_to_apply = function
    ((found, *_),) = attribute(classify, TEXT, interpreter="gradient-x-input")
    assert_close(found.probability, told(classify)["score"], rtol=1e-5)


def test_a_softmax_of_one_output_is_refused_by_its_name(own):
    model, tokenizer = own
    model.classifier, model.config.num_labels = torch.nn.Linear(model.classifier.in_features, 1), 1
    with pytest.raises(SourceError, match="behind a softmax, which makes a 1 of every number"):
        load_predictor(made(own, function_to_apply="softmax"))


def test_a_pipeline_without_function_classifies(bert):
    model, tokenizer = bert
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer, function_to_apply="none")
    found = get_explanation(classify, TEXT)
    (told,) = classify(TEXT)
    assert not found.is_regression
    assert [target.target for target in found.targets] == [told["label"]]
    assert_close(found.targets[0].score, told["score"], rtol=1e-5)


def test_a_pipeline_whose_tokenizer_adds_nothing_is_explained_as_it_reads(bert):
    model, tokenizer = bert
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer, add_special_tokens=False)
    text = f"[CLS] {TEXT} [SEP]"
    ((found,),) = attribute(classify, text)
    (told,) = classify(text)
    assert (found.label, found.tokens.text.count("[CLS]")) == (told["label"], 1)
    assert_close(found.probability, told["score"], rtol=1e-5)
    ((short,),) = attribute(classify, text, max_length=4)
    assert len(short.tokens) == 4
    other = pipeline("text-classification", model=model, tokenizer=tokenizer, is_split_into_words=True)
    with pytest.raises(SourceError, match="is_split_into_words=True, which is not known here"):
        load_predictor(other)


def test_a_zero_shot_pipeline_is_answered_by_what_to_give(bert):
    model, tokenizer = bert
    with pytest.raises(SourceError, match="text_pair='This example is shopping"):
        load_predictor(pipeline("zero-shot-classification", model=model, tokenizer=tokenizer))


def test_a_pipeline_that_returns_all_scores_is_explained(bert):
    model, tokenizer = bert
    plain = attribute(model, TEXT, tokenizer=tokenizer)[0][0]
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer, return_all_scores=True)
    assert_close(attribute(classify, TEXT)[0][0].scores, plain.scores)
