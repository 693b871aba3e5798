"""Everything that a person may have becomes a predictor and an explanation: a real object of every kind."""

import copy
import json

import checkpoints
import more_checkpoints
import numpy as np
import pytest
import torch
from closeness import assert_apart, assert_close
from stacks import needs_captum

import eli5_transformers  # noqa: F401  makes AllenNLP importable

# isort: split
from allennlp.common import Params
from allennlp.data import DatasetReader, Vocabulary
from allennlp.models import Model
from allennlp.models.archival import archive_model
from allennlp.predictors import Predictor, TextClassifierPredictor
from transformers import AutoTokenizer, BertForSequenceClassification, BertModel, pipeline

from eli5_transformers import attribute, get_explanation, load_predictor
from eli5_transformers.errors import InputError, SourceError, UnsupportedModelError

TEXT = "Not good, and no better than the other brands"


@pytest.fixture(scope="module")
def bert(stars_checkpoint):
    model = BertForSequenceClassification.from_pretrained(stars_checkpoint)
    return model.eval(), AutoTokenizer.from_pretrained(stars_checkpoint)


@pytest.fixture(scope="module")
def expected(bert):
    """transformers' own probabilities of the text."""
    model, tokenizer = bert
    with torch.no_grad():
        return torch.softmax(model(**tokenizer(TEXT, return_tensors="pt")).logits, -1)[0].tolist()


def check(source, expected, **options):
    """The predictor of a source predicts `expected` and explains it additively."""
    predictor = load_predictor(source, **options)
    assert_close(predictor.predict(TEXT)["probs"], expected)
    ((attribution,),) = attribute(predictor, TEXT)
    assert_close(attribution.probability, max(expected))
    total = attribution.scores.sum() + attribution.baseline_score
    assert_close(total, attribution.score, rtol=0.011, scale=np.abs(attribution.scores).sum())
    assert_close(get_explanation(predictor, TEXT).targets[0].proba, max(expected))
    return predictor


def test_a_checkpoint_folder(stars_checkpoint, expected):
    check(stars_checkpoint, expected)
    check(str(stars_checkpoint), expected)


@pytest.mark.parametrize(
    "write", ["roberta", "gpt2", "xlm_roberta", "distilbert", "albert", "electra", "bart"], ids=str
)
def test_a_checkpoint_of_another_architecture(tmp_path, write):
    from transformers import AutoModelForSequenceClassification

    folder = getattr(more_checkpoints, f"write_{write}_checkpoint")(tmp_path, labels=["no", "yes"])
    predictor = load_predictor(folder)
    probabilities = predictor.predict(TEXT)["probs"]
    if (folder / "pytorch_model.bin").is_file() or torch.__version__ >= "2":
        model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
        tokenizer = AutoTokenizer.from_pretrained(folder)
        with torch.no_grad():
            logits = model(**tokenizer(TEXT, return_tensors="pt")).logits
        assert_close(probabilities, torch.softmax(logits, -1)[0].tolist())
    ((attribution,),) = attribute(predictor, TEXT)
    assert attribution.scores.any()
    assert attribution.relative_delta <= 0.01 or any("tolerance" in note for note in attribution.notes)


@pytest.mark.parametrize("given", [AutoTokenizer, str.split, lambda text: [1, 2], torch.nn.Linear(1, 1), "a/path"])
def test_what_is_no_tokenizer_is_refused(bert, given):
    with pytest.raises(SourceError, match="BertForSequenceClassification needs its tokenizer"):
        load_predictor(bert[0], given)


def test_tokens_that_the_model_has_no_row_for_are_refused_by_their_text(stars_checkpoint):
    model, tokenizer = (
        BertForSequenceClassification.from_pretrained(stars_checkpoint).eval(),
        AutoTokenizer.from_pretrained(stars_checkpoint),
    )
    tokenizer.add_tokens(["zzzz"])
    with pytest.raises(SourceError, match=r"but a BertForSequenceClassification has rows for .*resize_token_embeddings"):
        load_predictor(model, tokenizer)
    predictor = load_predictor(model, AutoTokenizer.from_pretrained(stars_checkpoint))
    predictor._dataset_reader.tokenizer.add_tokens(["zzzz"])
    for ask in (predictor.predict, predictor.predict_proba, lambda text: attribute(predictor, text)):
        with pytest.raises(InputError, match=r"no row for token \d+: .*model\.resize_token_embeddings"):
            ask("good zzzz film")
    with pytest.raises(InputError, match="text 1: a BertForSequenceClassification cannot look the text up"):
        attribute(predictor, ["good", "good zzzz film"])
    model.resize_token_embeddings(len(tokenizer))
    assert "zzzz" in attribute(predictor, "good zzzz film")[0][0].tokens.text


def test_a_text_beyond_the_last_position_is_refused_by_that(bert):
    predictor = load_predictor(*bert, max_length=512)
    assert attribute(predictor, "good film")
    for ask in (predictor.predict, predictor.predict_proba, lambda text: attribute(predictor, text)):
        with pytest.raises(InputError, match=r"positions for 128 tokens, but was given \d+: give a max_length of at most 128"):
            ask("good film " * 200)


# torch says of its own quantization that it moves to another package, and what a backward pass through it is worth.
@pytest.mark.filterwarnings("ignore:torch.ao.quantization is deprecated", "ignore:torch.quantize_per_tensor")
@pytest.mark.filterwarnings("ignore:quantized..linear_dynamic")
def test_a_quantized_model_is_explained_by_methods_that_need_no_gradient(bert, expected):
    quantize = torch.quantization.quantize_dynamic
    predictor = load_predictor(quantize(bert[0], {torch.nn.Linear}, dtype=torch.qint8), bert[1])
    assert_close(predictor.predict_proba(TEXT)[0], expected, rtol=0.2)
    for method in ("integrated-gradients", "gradient", "smoothgrad", "simple-gradient"):
        with pytest.raises(UnsupportedModelError, match="quantized, and have no gradient: use 'occlusion'"):
            attribute(predictor, TEXT, interpreter=method)
    for method in ("occlusion", {"type": "shapley", "budget": 14}):
        ((alone,),) = attribute(predictor, TEXT, interpreter=method)
        # The steps of dynamic quantization are those of all rows that run together: each must run alone.
        assert_close(attribute(predictor, [TEXT, "bad"], interpreter=method)[0][0].scores, alone.scores)
        assert np.any(alone.scores)


@needs_captum
@pytest.mark.filterwarnings("ignore:torch.ao.quantization is deprecated", "ignore:torch.quantize_per_tensor")
def test_a_quantized_model_is_explained_by_shapley_values_that_sum_to_its_output(bert):
    quantized = torch.quantization.quantize_dynamic(bert[0], {torch.nn.Linear}, dtype=torch.qint8)
    method = {"type": "captum", "method": "ShapleyValueSampling"}
    ((found,),) = attribute(quantized, TEXT, tokenizer=bert[1], interpreter=method)
    assert_close(found.scores.sum(), found.score - found.baseline_score, rtol=1e-5)
    with pytest.raises(UnsupportedModelError, match="quantized, and have no gradient"):
        attribute(quantized, TEXT, tokenizer=bert[1], interpreter={"type": "captum", "method": "DeepLift"})


def test_a_classifier_of_tokens_is_refused_by_what_it_returns(bert):
    from transformers import BertForTokenClassification

    with pytest.raises(SourceError, match=r"BertForTokenClassification returns logits of shape \(1, \d+, 5\)"):
        load_predictor(BertForTokenClassification(bert[0].config), bert[1])


def test_a_hub_id_that_is_not_there_is_refused_by_name():
    with pytest.raises(SourceError, match="nobody/nothing"):
        load_predictor("nobody/nothing")


def test_a_config_of_allennlps_own_classifier(stars_checkpoint, expected):
    variables = {"checkpoint": str(stars_checkpoint), "labels": json.dumps(checkpoints.STARS)}
    predictor = check("configs/bert_pooler.jsonnet", expected, ext_vars=variables)
    assert isinstance(predictor, TextClassifierPredictor)


def test_a_config_of_this_packages_classifier(stars_checkpoint, expected):
    check("configs/transformer_classifier.jsonnet", expected, ext_vars={"checkpoint": str(stars_checkpoint)})


@pytest.fixture(autouse=True)
def in_the_project(monkeypatch, request):
    monkeypatch.chdir(request.config.rootpath)


READERS = {
    "single_id": {"type": "text_classification_json", "tokenizer": {"type": "whitespace"}},
    "mismatched": {"type": "text_classification_json", "tokenizer": {"type": "whitespace"}},
}


def archived(folder, reader, model, labels=("no", "yes")):
    """An archive of a classifier with random weights, as training writes it, and what it predicts."""
    folder.mkdir()
    made_reader = DatasetReader.from_params(Params(copy.deepcopy(reader)))
    instances = [made_reader.text_to_instance(TEXT, label) for label in labels]
    for instance in instances:
        made_reader.apply_token_indexers(instance)
    vocabulary = Vocabulary.from_instances(instances)
    torch.manual_seed(7)
    made = Model.from_params(Params(copy.deepcopy(model)), vocab=vocabulary).eval()
    vocabulary.save_to_files(str(folder / "vocabulary"))
    (folder / "config.json").write_text(json.dumps({"dataset_reader": reader, "model": model}))
    torch.save(made.state_dict(), folder / "best.th")
    archive_model(str(folder), weights="best.th")
    return folder / "model.tar.gz", TextClassifierPredictor(made, made_reader).predict(TEXT)["probs"]


ENCODERS = {
    "lstm": {"type": "lstm", "input_size": 12, "hidden_size": 8},
    "cnn": {"type": "cnn", "embedding_dim": 12, "num_filters": 4, "ngram_filter_sizes": [2, 3]},
    "bag": {"type": "bag_of_embeddings", "embedding_dim": 12, "averaged": True},
}


@pytest.mark.parametrize("encoder", sorted(ENCODERS))
def test_an_archive_of_embeddings_and_an_encoder(tmp_path, encoder):
    reader = {**READERS["single_id"], "token_indexers": {"tokens": {"type": "single_id", "lowercase_tokens": True}}}
    model = {
        "type": "basic_classifier",
        "text_field_embedder": {"token_embedders": {"tokens": {"type": "embedding", "embedding_dim": 12}}},
        "seq2vec_encoder": ENCODERS[encoder],
    }
    archive, probabilities = archived(tmp_path / "run", reader, model)
    check(archive, probabilities)
    check(tmp_path / "run", probabilities)


def test_an_archive_of_a_pretrained_transformer(tmp_path, stars_checkpoint):
    name = str(stars_checkpoint)
    reader = {
        "type": "text_classification_json",
        "tokenizer": {"type": "pretrained_transformer", "model_name": name},
        "token_indexers": {"tokens": {"type": "pretrained_transformer", "model_name": name}},
    }
    model = {
        "type": "basic_classifier",
        "text_field_embedder": {"token_embedders": {"tokens": {"type": "pretrained_transformer", "model_name": name}}},
        "seq2vec_encoder": {"type": "bert_pooler", "pretrained_model": name},
        "namespace": "tags",  # where the indexer puts the transformer's vocabulary
    }
    check(*archived(tmp_path / "run", reader, model))


def test_an_archive_of_a_mismatched_transformer(tmp_path, stars_checkpoint):
    name = str(stars_checkpoint)
    kind = "pretrained_transformer_mismatched"
    reader = {**READERS["mismatched"], "token_indexers": {"tokens": {"type": kind, "model_name": name}}}
    model = {
        "type": "basic_classifier",
        "text_field_embedder": {"token_embedders": {"tokens": {"type": kind, "model_name": name}}},
        "seq2vec_encoder": {"type": "bag_of_embeddings", "embedding_dim": 32},
        "namespace": "tags",
    }
    check(*archived(tmp_path / "run", reader, model))


def test_a_pipeline(bert, expected):
    model, tokenizer = bert
    check(pipeline("text-classification", model=model, tokenizer=tokenizer), expected)


def test_the_function_that_a_pipeline_applies_is_honoured(bert):
    model, tokenizer = bert
    logits = model(**tokenizer(TEXT, return_tensors="pt")).logits[0].detach()
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer, function_to_apply="sigmoid")
    assert_close(load_predictor(classify).predict(TEXT)["probs"], torch.sigmoid(logits).tolist())
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer, function_to_apply="none")
    predicted = load_predictor(classify).predict(TEXT)
    assert_close(predicted["logits"], logits.tolist())
    assert_close(predicted["probs"], torch.softmax(logits, -1).tolist())
    assert predicted["label"] == classify(TEXT)[0]["label"]


def test_the_truncation_of_a_pipeline_is_honoured(bert):
    model, tokenizer = bert
    classify = pipeline("text-classification", model=model, tokenizer=tokenizer, truncation=True, max_length=6)
    assert len(load_predictor(classify).predict(TEXT)["tokens"]) == 6
    assert_close(classify(TEXT)[0]["score"], max(load_predictor(classify).predict(TEXT)["probs"]))


def test_a_pipeline_for_something_else_is_refused(bert):
    from transformers import BertForTokenClassification

    tagger = BertForTokenClassification(bert[0].config)
    with pytest.raises(SourceError, match="'text-classification'"):
        load_predictor(pipeline("token-classification", model=tagger, tokenizer=bert[1]))


def test_a_model_with_its_tokenizer_which_is_not_copied_and_not_changed(bert, expected):
    model, tokenizer = bert
    model.train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    predictor = check(model, expected, tokenizer=tokenizer)
    assert predictor._model.transformer is model
    assert model.training
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    model.eval()


class Headed(torch.nn.Module):
    """A BERT with a home-made head: dropout, linear, ReLU."""

    def __init__(self, checkpoint, classes):
        super().__init__()
        self.bert = BertModel.from_pretrained(checkpoint)
        self.dropout = torch.nn.Dropout(0.5)
        self.linear = torch.nn.Linear(self.bert.config.hidden_size, classes)
        self.relu = torch.nn.ReLU()

    def forward(self, input_ids, attention_mask=None):
        pooled = self.bert(input_ids=input_ids, attention_mask=attention_mask, return_dict=False)[1]
        return self.relu(self.linear(self.dropout(pooled)) + 1.0)


class Concatenating(torch.nn.Module):
    """All token vectors, padded to a fixed length, concatenated into a feed-forward net with a softmax."""

    LENGTH = 64

    def __init__(self, checkpoint, classes):
        super().__init__()
        self.encoder = BertModel.from_pretrained(checkpoint, add_pooling_layer=False)
        width = self.encoder.config.hidden_size
        self.net = torch.nn.Sequential(
            torch.nn.Linear(self.LENGTH * width, 16),
            torch.nn.ReLU(),
            torch.nn.Linear(16, classes),
            torch.nn.Softmax(-1),
        )

    def forward(self, input_ids, attention_mask):
        vectors = self.encoder(input_ids=input_ids, attention_mask=attention_mask)[0]
        padded = vectors.new_zeros(len(vectors), self.LENGTH, vectors.shape[2])
        padded[:, : vectors.shape[1]] = vectors * attention_mask[:, :, None]
        return self.net(padded.flatten(1))


@pytest.mark.parametrize("kind", [Headed, Concatenating])
def test_any_module_from_token_ids_to_logits(stars_checkpoint, bert, kind):
    torch.manual_seed(3)
    module = kind(stars_checkpoint, 3).eval()
    predictor = load_predictor(module, tokenizer=bert[1], labels=["bad", "fine", "good"])
    with torch.no_grad():
        expected = module(**{k: v for k, v in bert[1](TEXT, return_tensors="pt").items() if k != "token_type_ids"})
    if kind is Concatenating:
        assert_close(predictor.predict(TEXT)["probs"], expected[0].tolist())
        expected = expected.log()
    assert_close(predictor.predict(TEXT)["logits"], expected[0].tolist())
    ((attribution,),) = attribute(predictor, TEXT)
    assert attribution.label in ("bad", "fine", "good")
    total = attribution.scores.sum() + attribution.baseline_score
    assert_close(total, attribution.score, rtol=0.011, scale=np.abs(attribution.scores).sum())


def test_a_module_whose_class_has_the_name_of_a_wrapper_is_itself(bert):
    class TransformerClassifier(torch.nn.Module):
        def __init__(self, model):
            super().__init__()
            self.transformer = model
            self.config = model.config

        def forward(self, input_ids, attention_mask):
            return -self.transformer(input_ids=input_ids, attention_mask=attention_mask).logits

    model, tokenizer = bert
    with torch.no_grad():
        expected = torch.softmax(-model(**tokenizer(TEXT, return_tensors="pt")).logits, -1)[0].tolist()
    predictor = check(TransformerClassifier(model), expected, tokenizer=tokenizer)
    assert attribute(predictor, TEXT)[0][0].provenance["model_class"] == "TransformerClassifier"


def test_a_predictor_is_returned_as_it_is(stars_checkpoint):
    predictor = load_predictor(stars_checkpoint)
    assert isinstance(predictor, Predictor)
    assert load_predictor(predictor) is predictor


def test_options_that_would_do_nothing_are_refused(stars_checkpoint, bert):
    predictor = load_predictor(stars_checkpoint)
    for source, option in (
        (predictor, {"max_length": 4}),
        (stars_checkpoint, {"ext_vars": {"a": "b"}}),
        ("configs/transformer_classifier.jsonnet", {"labels": ["a"]}),
        (bert[0], {"tokenizer": bert[1], "overrides": "{}"}),
    ):
        with pytest.raises(InputError, match=f"the option {[*option][-1]} is not for"):
            load_predictor(source, **option)


def test_a_model_without_tokenizer_and_a_pipeline_with_one_are_refused(bert):
    with pytest.raises(SourceError, match="needs its tokenizer"):
        load_predictor(bert[0])
    with pytest.raises(SourceError, match="has its own tokenizer"):
        load_predictor(pipeline("text-classification", model=bert[0], tokenizer=bert[1]), tokenizer=bert[1])


def test_a_given_model_is_not_moved(bert):
    with pytest.raises(InputError, match="is not moved"):
        load_predictor(bert[0], tokenizer=bert[1], device="meta")


def test_labels_and_kind_of_head_can_be_given(stars_checkpoint):
    names = ["awful", "bad", "fine", "good", "great"]
    predictor = load_predictor(stars_checkpoint, labels=names, problem_type="multi_label_classification")
    predicted = predictor.predict(TEXT)
    assert set(predicted["label"]) <= set(names)
    assert_apart(sum(predicted["probs"]), 1.0)
    with pytest.raises(SourceError, match="2 labels.*5 outputs"):
        load_predictor(stars_checkpoint, labels=["a", "b"])


def test_several_labels_at_once_are_explained_each(tmp_path):
    folder = checkpoints.write_bert_checkpoint(
        tmp_path, labels=["food", "price", "staff"], problem_type="multi_label_classification"
    )
    explained = get_explanation(folder, TEXT, targets=["staff", "food"])
    assert [target.target for target in explained.targets] == ["staff", "food"]
    assert_apart(sum(target.proba for target in explained.targets), 1.0)


def test_a_regression_reads_as_a_regression(tmp_path):
    import eli5

    folder = checkpoints.write_bert_checkpoint(tmp_path, labels=["LABEL_0"])
    explained = get_explanation(folder, TEXT)
    assert explained.is_regression
    assert explained.targets[0].proba is None
    assert "y=" not in eli5.format_as_text(explained)


def test_one_logit_under_a_sigmoid_explains_either_side(tmp_path):
    folder = checkpoints.write_bert_checkpoint(tmp_path, labels=["good"], problem_type="multi_label_classification")
    explained = get_explanation(folder, TEXT, top_targets=2)
    first, second = explained.targets
    assert_close(first.proba + second.proba, 1.0)
    assert_close(first.score, -second.score)


def test_a_pair_is_read_and_painted_as_two_texts(stars_checkpoint):
    explained = get_explanation(stars_checkpoint, "I like it", text_pair="Not me, no")
    first, second = explained.targets[0].weighted_spans.docs_weighted_spans
    assert {first.document[slice(*span)] for _, spans, _ in first.spans for span in spans} == {"I", "like", "it"}
    assert {second.document[slice(*span)] for _, spans, _ in second.spans for span in spans} == {"Not", "me", ",", "no"}


def test_a_pair_for_a_predictor_of_single_texts_is_refused(stars_checkpoint):
    variables = {"checkpoint": str(stars_checkpoint), "labels": json.dumps(checkpoints.STARS)}
    predictor = load_predictor("configs/bert_pooler.jsonnet", ext_vars=variables)
    with pytest.raises(InputError, match="reads one text"):
        get_explanation(predictor, "one", text_pair="two")


def test_what_the_model_does_not_see_is_marked_and_said(stars_checkpoint):
    text = "good film, " * 12
    explained = get_explanation(stars_checkpoint, text, max_length=12)
    (document,) = explained.targets[0].weighted_spans.docs_weighted_spans
    seen, unseen = document.document.split("not seen by the model: ")
    cut = len(AutoTokenizer.from_pretrained(stars_checkpoint)(text)["input_ids"]) - 12
    assert f"{cut} more tokens were cut" in explained.description
    assert unseen.strip() == text[len(seen.rstrip(" \u2502")) :].strip()
    assert max(end for _, spans, _ in document.spans for _, end in spans) <= len(seen)
    with pytest.raises(InputError, match="more than the 12"):
        get_explanation(stars_checkpoint, text, max_length=12, truncation="error")


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_models_are_explained_like_themselves_in_float32(bert, dtype):
    model, tokenizer = copy.deepcopy(bert[0]).to(dtype), bert[1]
    try:
        model(**tokenizer("a", return_tensors="pt"))
    except RuntimeError as error:
        pytest.skip(f"this torch runs no {dtype} on a CPU: {error}")
    predictor = load_predictor(model, tokenizer=tokenizer)
    ((half,),) = attribute(predictor, TEXT, interpreter="gradient-x-input", targets=0)
    ((full,),) = attribute(bert[0], TEXT, interpreter="gradient-x-input", targets=0, tokenizer=tokenizer)
    assert half.scores.dtype == full.scores.dtype
    assert_close(half.scores, full.scores, rtol=0.1)


def test_a_layer_is_named_as_the_wrapped_classifier_names_it(bert):
    model, tokenizer = bert
    options = {"tokenizer": tokenizer, "n_steps": 8}
    results = [
        attribute(model, TEXT, layer=name, **options)[0][0].scores
        for name in ("bert.encoder.layer.0", "transformer.bert.encoder.layer.0")
    ]
    assert np.array_equal(*results)
    with pytest.raises(InputError, match="no module 'bert.nothing'"):
        attribute(model, TEXT, layer="bert.nothing", **options)


def test_scores_that_are_all_zero_say_so(stars_checkpoint, bert):
    model = Headed(stars_checkpoint, 2).eval()
    predictor = load_predictor(model, tokenizer=bert[1])
    attribute(predictor, TEXT, interpreter="gradient")  # a model that is dead from the start is refused
    with torch.no_grad():
        model.linear.weight.zero_()
    ((attribution,),) = attribute(predictor, TEXT, interpreter="gradient")
    assert not attribution.scores.any()
    assert any("Every score is zero" in note for note in attribution.notes)


def test_a_module_is_asked_for_its_number_of_outputs(stars_checkpoint, bert):
    module = Headed(stars_checkpoint, 3).train()
    assert len(load_predictor(module, tokenizer=bert[1]).predict(TEXT)["probs"]) == 3
    assert module.training
    with pytest.raises(SourceError, match="2 labels.*3 outputs"):
        load_predictor(module, tokenizer=bert[1], labels=["a", "b"])


def test_a_module_that_takes_other_arguments_or_gives_other_shapes_is_refused(stars_checkpoint, bert):
    class Otherwise(torch.nn.Module):
        def forward(self, ids, mask):
            return ids

    with pytest.raises(SourceError, match="input_ids= and attention_mask="):
        load_predictor(Otherwise(), tokenizer=bert[1])
    with pytest.raises(SourceError, match=r"logits of shape \(1, \d+, 32\)"):
        load_predictor(BertModelAlone(stars_checkpoint), tokenizer=bert[1])


class BertModelAlone(torch.nn.Module):
    def __init__(self, checkpoint):
        super().__init__()
        self.bert = BertModel.from_pretrained(checkpoint)

    def forward(self, input_ids, attention_mask):
        return self.bert(input_ids=input_ids, attention_mask=attention_mask)[0]


def test_a_given_reformer_which_differentiates_in_training_mode_alone_is_explained(bert):
    from architectures.builder import tiny_config
    from transformers import AutoModelForSequenceClassification

    config = tiny_config("reformer")
    config.vocab_size = len(bert[1])
    torch.manual_seed(0)
    model = AutoModelForSequenceClassification.from_config(config).eval()
    predictor = load_predictor(model, tokenizer=bert[1], max_length=16)
    ((attribution,),) = attribute(predictor, "good film", interpreter="gradient-x-input")
    assert attribution.scores.any()
    assert not any(module.training for module in model.modules())
