"""For each patch: what works with it, and the error that stands in its place without it.

A scenario is named as its patch. It gets a folder with the shared material (`Material`) and a scratch folder, and
raises when what it is about does not work.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Callable, Dict, Tuple

import allennlp_flows as flows


@dataclass(frozen=True)
class Material:
    checkpoint: Path
    """A tiny BERT with five labels."""
    reviews: Path
    scratch: Path
    """An empty folder of the scenario's own."""


class Inapplicable(Exception):
    """The scenario shows nothing on this machine."""


SCENARIOS: Dict[str, Tuple[Callable[[Material], None], str]] = {}
"""By the name of the patch: the scenario, and a pattern that the error without the patch matches."""


def breaks_with(pattern: str) -> Callable[[Callable[[Material], None]], Callable[[Material], None]]:
    def declare(scenario: Callable[[Material], None]) -> Callable[[Material], None]:
        SCENARIOS[scenario.__name__] = (scenario, pattern)
        return scenario

    return declare


@breaks_with(r"No module named '\w+'")
def unused_packages(material):
    import allennlp.commands
    import allennlp.predictors  # noqa: F401


@breaks_with("No module named 'fairscale'")
def missing_packages(material):
    import allennlp.nn.parallel  # noqa: F401


@breaks_with("No module named 'nltk'")
def spelling_suggestion(material):
    from allennlp.common.checks import ConfigurationError
    from allennlp.models import Model

    try:
        Model.by_name("no_such_model")
    except ConfigurationError as error:
        assert "no_such_model" in str(error)  # noqa: PT017  scenarios run without pytest


@breaks_with("cannot import name '(HfFolder|Repository)'")
def hub_repository(material):
    import allennlp.common  # noqa: F401


@breaks_with("has no attribute '?AdamW|cannot import name 'AdamW'")
def transformers_adamw(material):
    from allennlp.training.optimizers import Optimizer

    assert "huggingface_adamw" in Optimizer.list_available()


@breaks_with("cached.path")
def files_without_cached_path(material):
    from allennlp.data import Vocabulary

    Vocabulary({"tokens": {"good": 3, "bad": 2}}).save_to_files(str(material.scratch))
    assert Vocabulary.from_files(str(material.scratch)).get_vocab_size("tokens") == 4


@breaks_with("add_special_tokens conflicts with the method")
def tokenizer_keyword(material):
    from allennlp.common import cached_transformers

    cached_transformers.get_tokenizer(str(material.checkpoint), add_special_tokens=False)


@breaks_with("has no attribute encode_plus")
def tokenizer_methods(material):
    flows.make_reader(material.checkpoint, max_length=8).text_to_instance("the food was good")


@breaks_with("'sdpa' == 'eager'")
def eager_attention(material):
    model = flows.make_model(material.checkpoint)
    embedder = model._text_field_embedder._token_embedders["tokens"]
    chosen = getattr(embedder.config, "_attn_implementation", "eager")  # 4.20 has no other
    assert chosen == "eager", f"{chosen!r} == 'eager'"


def half_precision_copy(material):
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = material.scratch / "half"
    model = AutoModelForSequenceClassification.from_pretrained(str(material.checkpoint))
    model.to(torch.float16).save_pretrained(str(folder))
    AutoTokenizer.from_pretrained(str(material.checkpoint)).save_pretrained(str(folder))
    return folder


@breaks_with("torch.float16")
def float32_weights(material):
    import torch

    types = {parameter.dtype for parameter in flows.make_model(half_precision_copy(material)).parameters()}
    assert types == {torch.float32}, types


@breaks_with("the last layer is as it was")
def reinit_modules(material):
    import torch
    from allennlp.common import cached_transformers

    loaded = cached_transformers.get(str(material.checkpoint), True).encoder.layer
    fresh = cached_transformers.get(str(material.checkpoint), True, reinit_modules=1).encoder.layer
    assert torch.equal(loaded[0].output.dense.weight, fresh[0].output.dense.weight)
    assert not torch.equal(loaded[1].output.dense.weight, fresh[1].output.dense.weight), "the last layer is as it was"


@breaks_with("Unexpected keys.*position_ids|position_ids.*is unexpected|Unexpected key.*position_ids")
def archived_buffers(material):
    import torch

    model = flows.make_model(material.checkpoint)
    state = model.state_dict()
    prefix = "_text_field_embedder.token_embedder_tokens.transformer_model.embeddings"
    state[f"{prefix}.position_ids"] = torch.arange(128)[None]  # as many as the checkpoint has positions
    model.load_state_dict(state)


@breaks_with("BasicTextFieldEmbedder is not the word embeddings")
def roberta_relatives(material):
    import torch
    from allennlp.modules.text_field_embedders import BasicTextFieldEmbedder, TextFieldEmbedder
    from allennlp.nn.util import find_embedding_layer
    from transformers import CamembertConfig, CamembertModel, XLMRobertaConfig, XLMRobertaModel

    assert issubclass(BasicTextFieldEmbedder, TextFieldEmbedder)
    for config, kind in ((XLMRobertaConfig, XLMRobertaModel), (CamembertConfig, CamembertModel)):
        small = config(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, vocab_size=9)
        transformer = kind(small)
        embedder = BasicTextFieldEmbedder({})
        embedder.add_module("token_embedder_tokens", transformer)
        found = find_embedding_layer(torch.nn.Sequential(embedder))
        assert found is transformer.embeddings.word_embeddings, f"{type(found).__name__} is not the word embeddings"


@breaks_with("mlm_probability 0.15|TypeError")
def masking_probability(material):
    from allennlp.data.data_loaders.data_collator import LanguageModelingDataCollator

    collator = LanguageModelingDataCollator(str(material.checkpoint), mlm_probability=0.5)
    assert collator._collator.mlm_probability == 0.5, f"mlm_probability {collator._collator.mlm_probability}"
    assert not getattr(collator._collator, "whole_word_mask", False)


@breaks_with("weights_only|Weights only")
def training_state(material):
    run = material.scratch / "run"
    config = flows.training_config(material.reviews)
    config["trainer"]["learning_rate_scheduler"] = {"type": "cosine", "t_initial": 2}  # its rates are numpy's
    flows.train(config, run)
    flows.forget_last_epoch(run)
    flows.train(config, run, recover=True)
    assert (run / "metrics_epoch_1.json").exists()


@breaks_with("weights_only|Weights only")
def tensor_cache(material):
    import io
    import pickle

    import torch
    from allennlp.common import file_utils

    class Environment:
        """What TensorCache uses of lmdb, in memory."""

        def begin(self, write):
            return self

        def __enter__(self):
            return self

        def __exit__(self, *error):
            return None

        def get(self, key):
            buffer = io.BytesIO()
            torch.save(torch.ones(2), buffer, pickle_protocol=pickle.HIGHEST_PROTOCOL)
            return buffer.getvalue()

        def close(self):
            return None

    cache = object.__new__(file_utils.TensorCache)
    cache.lmdb_env = Environment()
    cache.cache_cache = {}
    assert torch.equal(cache["key"], torch.ones(2))


@breaks_with("Cannot access accelerator device")
def device_number(material):
    import torch
    from allennlp.common.util import int_to_device

    if torch.version.cuda is not None:
        raise Inapplicable("a torch that is built for CUDA takes a bare number for a CUDA device")
    assert int_to_device(0) == torch.device("cuda", 0)


@breaks_with("unexpected keyword argument 'verbose'")
def plateau_verbose(material):
    config = flows.training_config(material.reviews)
    config["trainer"]["learning_rate_scheduler"] = {"type": "reduce_on_plateau", "patience": 1}
    flows.train(config, material.scratch / "run")


@breaks_with("SparseCPU")
def sparse_clipping(material):
    config = flows.training_config(material.reviews)
    config["model"]["text_field_embedder"]["token_embedders"]["tokens"]["sparse"] = True
    config["trainer"].update(grad_norm=0.1, optimizer={"type": "dense_sparse_adam"})
    flows.train(config, material.scratch / "run")


@breaks_with("FutureWarning.*deprecated")
def mixed_precision_names(material):
    from allennlp.training import gradient_descent_trainer

    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        with gradient_descent_trainer.amp.autocast(False):
            gradient_descent_trainer.amp.GradScaler(enabled=False)


@breaks_with("the worker died")
def data_workers(material):
    import multiprocessing

    loader = flows.make_worker_loader(material.reviews, "spawn")
    context = multiprocessing.get_context("spawn")
    queue = context.JoinableQueue()
    workers, _ = loader._start_instance_workers(queue, context)
    try:
        while True:
            try:
                instance, error = queue.get(timeout=0.2)
                break
            except Empty:
                assert workers[0].is_alive(), "the worker died"
        assert error is None, error
        assert str(instance["tokens"][0]) == "the"
    finally:
        workers[0].terminate()
        workers[0].join()


@breaks_with("SemLock")
def worker_lock(material):
    import multiprocessing

    loader = flows.make_worker_loader(material.reviews, "spawn")
    context = multiprocessing.get_context("spawn")
    workers, _ = loader._start_instance_workers(context.JoinableQueue(), context)
    workers[0].terminate()
    workers[0].join()


@breaks_with("ProcessExitedException|terminated with exit code|ProcessRaisedException")
def training_workers(material):
    from allennlp.commands import train
    from allennlp.common.util import is_lazy

    train.mp.spawn(is_lazy, args=(), nprocs=1)
