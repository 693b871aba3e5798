"""A checkpoint's own word counts: what kind of head it has, which names its classes have, what its sizes are.

A checkpoint for tokens or answers whose weights happened to have the names of a classifier's was read as one, with what was
left of its head dropped without a word; names that a config gives twice, not at all, or in contradiction to itself were shown
as if nothing were wrong; a number that was a text, or a size that no memory holds, was an error from the middle of torch, or
the end of the process. The checkpoints of the other tests all came from classes that match their config.
"""

import json
import shutil

import checkpoints
import pytest
import torch
from closeness import assert_close
from stacks import PINNED

from eli5_transformers import attribute, load_predictor
from eli5_transformers.errors import SourceError

TEXT = "the price is good"
GENERIC = ["LABEL_0", "LABEL_1", "LABEL_2"]
LONG = "x" * 3000
GONE = object()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return checkpoints.write_bert_checkpoint(
        tmp_path_factory.mktemp("whole") / "checkpoint", labels=("a", "b", "c"), hidden_size=8, heads=2, pytorch_bin=False
    )


def changed(whole, tmp_path, **changes):
    folder = tmp_path / "checkpoint"
    shutil.copytree(whole, folder)
    content = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    content.update(changes)
    content = {key: value for key, value in content.items() if value is not GONE}
    (folder / "config.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def notes_of(source, **options):
    return " ".join(attribute(source, TEXT, interpreter="gradient-x-input", **options)[0][0].notes)


@pytest.mark.parametrize(
    "name",
    [
        "BertForTokenClassification", "BertForQuestionAnswering", "BertForMultipleChoice", "BertForNextSentencePrediction",
        "BertForMaskedLM", "BertForPreTraining", "BertLMHeadModel", "BertModel", "LlamaForCausalLM",
        "T5ForConditionalGeneration", "ViTForImageClassification", "SomebodysBertForTokenClassification",
    ],
)  # fmt: skip
def test_a_checkpoint_that_says_that_it_is_something_else_is_refused_though_its_weights_fit(whole, tmp_path, name):
    for said in ([name], name):
        with pytest.raises(SourceError, match=f"no classifier of texts: its config.json says .* is a {name}, which .*; give"):
            load_predictor(changed(whole, tmp_path / type(said).__name__, architectures=said))


@pytest.mark.parametrize("said", [["XForSequenceClassification"], ["BertModel", "XForSequenceClassification"], None, [], GONE])
def test_a_checkpoint_that_says_nothing_else_is_read(whole, tmp_path, said):
    assert load_predictor(changed(whole, tmp_path, architectures=said)).labels == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["SentimentModel", "MyBert", LONG])
def test_a_class_that_transformers_does_not_have_is_read_as_what_fits_and_it_is_said(whole, tmp_path, name):
    assert "is not one of transformers: its weights are read as those of a BertFor" in notes_of(
        changed(whole, tmp_path, architectures=[name])
    )


def with_weight(whole, tmp_path, name, *shape):
    from safetensors.torch import load_file, save_file

    folder = changed(whole, tmp_path)
    save_file({**load_file(folder / "model.safetensors"), name: torch.ones(shape)}, folder / "model.safetensors")
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "qa_outputs.weight", "score.bias", "classifier.dense.weight", "crf.transitions",
        "bert.encoder.layer.0.attention.lora_A", "bert.encoder.layer.2.attention.self.query.weight", "dense.weight",
    ],
)  # fmt: skip
def test_weights_that_are_left_over_are_refused(whole, tmp_path, name):
    with pytest.raises(SourceError, match=f"weights of which a BertForSequenceClassification makes no use .{name}."):
        load_predictor(with_weight(whole, tmp_path, name, 3, 8))


@pytest.mark.parametrize(
    "name",
    [
        "bert.embeddings.position_ids", "cls.predictions.bias", "lm_head.weight", "loss_fct.weight", "criterion.weight",
        "bert.encoder.layer.0.rotary_emb.inv_freq",
    ],
)  # fmt: skip
def test_weights_on_which_no_output_depends_may_be_left_over(whole, tmp_path, name):
    found = load_predictor(with_weight(whole, tmp_path, name, 3)).predict(TEXT)["probs"]
    assert_close(found, load_predictor(whole).predict(TEXT)["probs"])


# From id2label and label2id to names, and what is said.
NAMES = {
    "as transformers has it": ({"0": "p", "1": "q", "2": "r"}, GONE, ["p", "q", "r"], ""),
    "a list": (["p", "q", "r"], GONE, ["p", "q", "r"], ""),
    "turned round": ({"p": 0, "q": 1, "r": 2}, GONE, ["p", "q", "r"], ""),
    "turned round, of texts": ({"p": "0", "q": "1", "r": "2"}, GONE, ["p", "q", "r"], ""),
    "label2id alone": (GONE, {"p": 0, "q": 1, "r": 2}, ["p", "q", "r"], ""),
    "label2id beside null": (None, {"p": 0, "q": 1, "r": 2}, ["p", "q", "r"], ""),
    "label2id beside nothing said": (dict(zip("012", GENERIC)), {"p": 0, "q": 1, "r": 2}, ["p", "q", "r"], ""),
    "numbers as names": ({"0": 1, "1": 2, "2": 3}, GONE, ["1", "2", "3"], ""),
    "counted from 1": ({"1": "p", "2": "q", "3": "r"}, {"p": 1, "q": 2, "r": 3}, GENERIC, "names the outputs 1, 2, 3"),
    "gaps": ({"0": "p", "2": "q", "3": "r"}, GONE, GENERIC, "names the outputs 0, 2, 3"),
    "below 0": ({"-1": "p", "0": "q", "1": "r"}, GONE, GENERIC, "numbered from 0 to 2"),
    "no whole numbers": ({"0.5": "p", "1.5": "q", "2.5": "r"}, GONE, GENERIC, "numbered from 0 to 2"),
    "one missing": ({"0": None, "1": "q", "2": "r"}, GONE, ["LABEL_0", "q", "r"], "names no class for output 0"),
    "one empty": ({"0": "p", "1": " ", "2": "r"}, GONE, ["p", "LABEL_1", "r"], "names no class for output 1"),
    "objects as names": ([{"name": "p"}, "q", "r"], GONE, ["LABEL_0", "q", "r"], "names no class for output 0"),
    "twice": ({"0": "p", "1": "q", "2": "p"}, GONE, ["p (0)", "q", "p (2)"], "the name 'p' to several outputs"),
    "disagreeing": ({"0": "p", "1": "q", "2": "r"}, {"p": 2, "q": 1, "r": 0}, ["p", "q", "r"], "disagree about 'p'"),
}


@pytest.mark.parametrize("name", NAMES)
def test_names_of_classes_are_read_in_one_way_and_it_is_said(whole, tmp_path, name):
    id2label, label2id, names, said = NAMES[name]
    folder = changed(whole, tmp_path, id2label=id2label, label2id=label2id)
    predictor = load_predictor(folder)
    assert predictor.labels == names
    notes = notes_of(predictor)
    assert said in notes if said else "config" not in notes
    assert_close(predictor.predict(TEXT)["probs"], load_predictor(whole).predict(TEXT)["probs"])
    given = load_predictor(folder, labels=["x", "y", "z"])
    assert given.labels == ["x", "y", "z"]
    assert "config" not in notes_of(given)


@pytest.mark.parametrize("given", ["p,q,r", 7, True])
def test_what_names_nothing_is_left_aside_and_it_is_said(whole, tmp_path, given):
    folder = changed(whole, tmp_path, id2label=given, label2id=GONE, num_labels=3)
    assert load_predictor(folder).labels == GENERIC
    assert f"The config's id2label is {given!r}, which names no outputs" in notes_of(folder)


@pytest.mark.parametrize("given", ["p,q,r", 7, {"x", "y"}])
def test_the_same_of_an_object(own, given):
    model, tokenizer = own
    vars(model.config).update(id2label=given, label2id=None)
    assert load_predictor(model, tokenizer).labels == [f"LABEL_{index}" for index in range(5)]
    assert "which names no outputs" in notes_of(model, tokenizer=tokenizer)


@pytest.mark.parametrize("given", [{"0": "p"}, ["p", "q"], {}, None, GONE, {"0": "p", "2": "q"}])
def test_names_of_another_number_than_the_outputs_are_refused_with_what_to_correct(whole, tmp_path, given):
    with pytest.raises(SourceError, match=r"the weights have 3 outputs: correct id2label in config.json, or labels"):
        load_predictor(changed(whole, tmp_path, id2label=given, label2id=GONE))


@pytest.mark.parametrize("given", [{}, None, GONE])
def test_names_that_are_given_count_the_classes_of_a_config_that_names_none(whole, tmp_path, given):
    folder = changed(whole, tmp_path, id2label=given, label2id=GONE)
    assert load_predictor(folder, labels=["x", "y", "z"]).labels == ["x", "y", "z"]
    with pytest.raises(SourceError, match="the weights have 3 outputs"):
        load_predictor(folder, labels=["x", "y", "z", "w"])


WRONG = [
    ("num_labels", "3"), ("num_labels", [3]), ("num_labels", 0), ("num_labels", True), ("hidden_size", None),
    ("hidden_size", "8"), ("hidden_size", -8), ("hidden_size", 8.5), ("hidden_size", 10**12), ("vocab_size", 10**12),
    ("vocab_size", None), ("num_hidden_layers", 10**9), ("num_hidden_layers", "two"), ("num_attention_heads", 0),
    ("max_position_embeddings", "128"), ("problem_type", "multi_label"), ("problem_type", 3), ("problem_type", LONG),
    ("problem_type", ["regression"]), ("model_type", "brt"), ("model_type", 3), ("model_type", ["bert"]), ("model_type", LONG),
    ("model_type", GONE), ("model_type", None), ("torch_dtype", "flaot32"), ("dtype", 3), ("architectures", 3),
    ("architectures", [None]), ("text_config", "junk"), ("text_config", {"junk": 1}), ("auto_map", "x"),
    ("quantization_config", LONG), ("output_hidden_states", "yes"), ("is_decoder", "no"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), WRONG, ids=lambda value: repr(value)[:20])
def test_a_value_of_a_wrong_kind_is_one_sentence_with_the_file_and_the_key(whole, tmp_path, key, value):
    with pytest.raises(SourceError) as refused:
        load_predictor(changed(whole, tmp_path, **{key: value}))
    told = str(refused.value)
    assert "config.json" in told
    assert key in told
    assert "\n" not in told
    assert len(told) < 500


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("hidden_act", "nope"), ("hidden_act", LONG), ("hidden_dropout_prob", "x"), ("layer_norm_eps", "x"), ("hidden_size", 7),
        ("chunk_size_feed_forward", "x"), ("classifier_dropout", 2.0), ("pad_token_id", "x"), ("initializer_range", "x"),
        ("quantization_config", {"quant_method": "gptq", "bits": 4}), ("max_position_embeddings", 10**12),
    ],
)  # fmt: skip
def test_whatever_else_is_wrong_is_one_sentence_or_has_no_effect(whole, tmp_path, key, value):
    try:
        predictor = load_predictor(changed(whole, tmp_path, **{key: value}))
    except SourceError as error:
        told = str(error)
    else:
        told = ""
        assert_close(predictor.predict(TEXT)["probs"], load_predictor(whole).predict(TEXT)["probs"])
    assert "\n" not in told
    assert len(told) < 700


@pytest.mark.parametrize("content", ["", "hello", "[]", "null", "3", '{"model_type":', "<html>", "[" * 100_000, "\ufeff["])
def test_a_config_that_is_no_object_is_one_sentence(whole, tmp_path, content):
    folder = changed(whole, tmp_path)
    (folder / "config.json").write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match="config.json.*(copy it from the checkpoint anew|model_type)") as refused:
        load_predictor(folder)
    assert len(str(refused.value)) < 500


@pytest.mark.parametrize(
    ("limit", "told"), [(None, "must be a number of tokens"), ("128", "must be a number of tokens"), (2, "no room for a text")]
)
def test_a_tokenizers_limit_that_is_none_is_one_sentence(own, limit, told):
    model, tokenizer = own
    tokenizer.model_max_length = limit
    with pytest.raises(SourceError, match=f"model_max_length is .*{told}"):
        load_predictor(model, tokenizer)
    assert load_predictor(model, tokenizer, max_length=20) if limit == 2 else True


@pytest.mark.parametrize("limit", [10**30, 10**6, 0, -1])
def test_a_tokenizers_limit_beyond_the_models_is_the_models(own, limit):
    model, tokenizer = own
    tokenizer.model_max_length = limit
    assert load_predictor(model, tokenizer)._dataset_reader.max_length == 128


@pytest.mark.parametrize(
    ("settings", "sigmoid"),
    [
        ({"sentence_transformers": {"activation_fn": "torch.nn.modules.activation.Sigmoid"}}, True),
        ({"sentence_transformers": {"version": "5.0.0"}}, True),
        ({"sentence_transformers": {"activation_fn": "__main__.Squeezed"}}, True),
        ({"sentence_transformers": {"activation_fn": "torch.nn.modules.activation.Tanh"}}, False),
        ({"sbert_ce_default_activation_function": "torch.nn.modules.activation.Sigmoid"}, True),
        ({"sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity"}}, False),
        ({"sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity"}, False),
        ({"sentence_transformers": {"activation_fn": "torch.nn.modules.linear.Identity"}, "problem_type": "regression"}, False),
        ({}, False),
    ],
)
def test_a_cross_encoders_number_is_the_one_that_it_predicts(tmp_path, settings, sigmoid):
    folder = checkpoints.write_bert_checkpoint(
        tmp_path / "one", labels=("LABEL_0",), hidden_size=8, heads=2, pytorch_bin=False
    )
    folder = changed(folder, tmp_path, **settings)
    predictor = load_predictor(folder)
    found = {one.label: one for one in attribute(predictor, TEXT, interpreter="gradient-x-input", top_targets=2)[0]}["LABEL_0"]
    with torch.no_grad():
        tokens = predictor._dataset_reader.tokenizer(TEXT, return_tensors="pt")
        number = predictor._model.transformer(**tokens).logits
    assert_close(found.probability if sigmoid else found.score, float(number.sigmoid() if sigmoid else number), rtol=1e-5)
    assert (found.probability is not None) == sigmoid
    assert ("a CrossEncoder" in " ".join(found.notes)) == sigmoid
    assert_close(load_predictor(folder, problem_type="regression").predict(TEXT)["label"], float(number), rtol=1e-5)


@pytest.mark.parametrize(
    ("beside", "sigmoid"),
    [
        ({"model_type": "CrossEncoder", "activation_fn": "torch.nn.modules.activation.Sigmoid"}, True),
        ({"model_type": "CrossEncoder", "activation_fn": None}, True),
        ({"model_type": "CrossEncoder", "activation_fn": "torch.nn.modules.linear.Identity"}, False),
        ({"model_type": "SentenceTransformer", "activation_fn": "torch.nn.modules.activation.Sigmoid"}, False),
        ([], False),
    ],
)
def test_a_cross_encoders_settings_beside_its_config(tmp_path, beside, sigmoid):
    """From its sixth release on sentence-transformers writes them so."""
    folder = checkpoints.write_bert_checkpoint(
        tmp_path / "one", labels=("LABEL_0",), hidden_size=8, heads=2, pytorch_bin=False
    )
    (folder / "config_sentence_transformers.json").write_text(json.dumps(beside), encoding="utf-8")
    predictor = load_predictor(folder)
    one = attribute(predictor, TEXT, targets=["LABEL_0"])[0][0]
    with torch.no_grad():
        number = predictor._model.transformer(**predictor._dataset_reader.tokenizer(TEXT, return_tensors="pt")).logits
    assert_close(one.probability if sigmoid else one.score, float(number.sigmoid() if sigmoid else number), rtol=1e-5)
    assert ("a CrossEncoder" in " ".join(one.notes)) == sigmoid


def test_a_cross_encoders_settings_in_the_hubs_cache(tmp_path):
    from types import SimpleNamespace

    from eli5_transformers.huggingface.cross_encoders import add_settings, settings_of

    fetched = tmp_path / "models--owner--name" / "snapshots" / ("a" * 40)
    fetched.mkdir(parents=True)
    (tmp_path / "models--owner--name" / "refs").mkdir()
    (tmp_path / "models--owner--name" / "refs" / "main").write_text("a" * 40, encoding="utf-8")
    content = {"model_type": "CrossEncoder", "activation_fn": "torch.nn.modules.activation.Sigmoid"}
    (fetched / "config_sentence_transformers.json").write_text(json.dumps(content), encoding="utf-8")
    for name, expected in (("owner/name", content["activation_fn"]), ("owner/other", None)):
        config = SimpleNamespace()
        add_settings(config, name, {"cache_dir": str(tmp_path), "local_files_only": True})
        assert (settings_of(config) or {}).get("activation_fn") == expected


def test_a_cross_encoders_prompt_is_told(tmp_path):
    folder = checkpoints.write_bert_checkpoint(
        tmp_path / "one", labels=("LABEL_0",), hidden_size=8, heads=2, pytorch_bin=False
    )
    settings = {"model_type": "CrossEncoder", "prompts": {"query": "query: "}, "default_prompt_name": "query"}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(settings), encoding="utf-8")
    assert "puts 'query: ' before each text" in " ".join(attribute(folder, TEXT)[0][0].notes)


def test_weights_of_other_sizes_than_the_config_says_name_the_size(whole, tmp_path):
    with pytest.raises(SourceError, match=r"word_embeddings is \(\d+, 8\) in the weights, and \(50, 8\) by config"):
        load_predictor(changed(whole, tmp_path / "a", vocab_size=50))
    with pytest.raises(SourceError, match="another size than config.json says: correct that .num_hidden_layers"):
        load_predictor(changed(whole, tmp_path / "b", num_hidden_layers=1))


def test_a_tokenizer_of_another_class_names_it(whole, tmp_path):
    from transformers import AutoTokenizer

    folder = changed(whole, tmp_path)
    AutoTokenizer.from_pretrained(folder).save_pretrained(folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "tokenizer_class": "T5Tokenizer"}), encoding="utf-8")
    # Older releases read any tokenizer.json with any class, here with the hundred tokens that T5 adds.
    said = r"the tokenizer has \d+ tokens" if PINNED else "the tokenizer_class 'T5Tokenizer' of its tokenizer_config.json"
    with pytest.raises(SourceError, match=said):
        load_predictor(folder)
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    load_predictor(folder)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("PreTrainedTokenizerFast", r"as the tokenizer_class 'PreTrainedTokenizerFast' .* reads tokenizer.json alone\): \S"),
        ("BertweetTokenizer", "as the tokenizer_class 'BertweetTokenizer' of its tokenizer_config.json: "),
        ("XLMRobertaTokenizer", "the tokenizer_class 'XLMRobertaTokenizer' of its tokenizer_config.json: "),
        ("GPT2Tokenizer", "the tokenizer_class 'GPT2Tokenizer' of its tokenizer_config.json: "),
    ],
)
def test_a_class_of_tokenizer_whose_files_are_not_there_is_named(whole, tmp_path, kind, told):
    folder = changed(whole, tmp_path)
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": kind}), encoding="utf-8")
    with pytest.raises(SourceError, match=told):
        load_predictor(folder)


def in_place(folder, change):
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    save_file({name: change(name, tensor) for name, tensor in tensors.items()}, folder / "model.safetensors")


@pytest.mark.parametrize("kind", [torch.int8, torch.uint8, torch.int32])
@pytest.mark.parametrize("part", ["query.weight", "word_embeddings.weight", "weight"])
def test_weights_of_a_quantized_model_are_no_numbers_without_its_config(whole, tmp_path, kind, part):
    folder = changed(whole, tmp_path)
    in_place(folder, lambda name, tensor: (tensor * 20).to(kind) if name.endswith(part) else tensor)
    with pytest.raises(SourceError, match=rf"weights of the type {str(kind)[6:]} .*no quantization_config in its config.json"):
        load_predictor(folder)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_weights_of_other_precisions_are_numbers(whole, tmp_path, kind):
    folder = changed(whole, tmp_path)
    in_place(folder, lambda name, tensor: tensor.to(kind))
    assert_close(load_predictor(folder).predict("good")["logits"], load_predictor(whole).predict("good")["logits"], 0.05)


def test_weights_of_another_architecture_than_the_config_says_name_the_key(whole, tmp_path):
    folder = changed(whole, tmp_path, model_type="roberta", pad_token_id=0)
    with pytest.raises(SourceError, match=r"it has other names, as bert\.\S+: correct 'model_type' in config.json"):
        load_predictor(folder)
