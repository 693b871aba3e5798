"""The registered AllenNLP model around any HuggingFace sequence classifier."""

from contextlib import contextmanager, nullcontext
from os import PathLike
from typing import Any, ContextManager, Dict, Iterator, List, MutableMapping, Optional, Tuple, Union

import torch
from allennlp.common.params import Params
from allennlp.data import TextFieldTensors, Vocabulary
from allennlp.models import Model
from allennlp.nn import InitializerApplicator, util

from ..compat import add_gone_buffers, drop_gone_buffers
from ..compat.registering import registered
from ..engine.activations import as_logits, note
from ..errors import InputError, SourceError, UnsupportedModelError, shown
from ..huggingface import archived_parts, classifiers, cross_encoders
from ..huggingface import labels as naming
from ..sites.architectures import configs, require_in_memory
from ..sites.state import evaluating
from .calling import accepts, explaining_ids, logits_of
from .heads import Binary, Regression, make_head
from .observed import Observed, kind_of_cross_encoder, kind_of_head

_CROSS_ENCODER = (
    "The model's config is that of a CrossEncoder (sentence-transformers), which puts a sigmoid behind the outputs: they are "
    "read so; give problem_type= to read them otherwise."
)
_PROMPT = "By the settings of the model a CrossEncoder (sentence-transformers) puts {} before each text: put it there yourself."


@registered(Model, "transformer_classifier")
class TransformerClassifier(Model):
    """A HuggingFace sequence classifier as an AllenNLP model: to predict, fine-tune, archive and explain.

    One of three says what is wrapped: `model_name`, a checkpoint's folder or hub id; `transformer_config`, the content
    of a `config.json` (`model_type` and sizes) for a classifier with random weights; or `transformer`, a module that
    maps `input_ids` and `attention_mask` to logits `(batch, outputs)` or to an output that holds them. A given module
    is used as it is: never copied, moved, cast or switched between training and evaluation. What is built here is
    float32.

    Parameters:
        load_weights: False builds the checkpoint's architecture alone. An archive is always loaded so, since it
            holds the weights, the transformer's config and the tokenizer: the checkpoint may be gone.
        allow_new_head: train the parameters that the checkpoint lacks; without it such a checkpoint is refused, because
            a random head's predictions are noise. The number of labels is then that of `labels`, `num_labels` or
            the training data.
        allow_pickle: read weights that need unpickling, which runs code that the file's author chose.
        labels: names of the outputs, in their order. A single logit may have two, of which the first is the negative.
            Without them the checkpoint's `id2label` names the outputs and, with a new head, the training data.
        problem_type: `single_label_classification`, `multi_label_classification` or `regression`, by default the
            checkpoint's. A single output is a regression by default, and a choice of two if it is multi-label.
        pad_token_id: for decoders that look for the last token that is no padding and whose config names none.
        label_namespace, namespace: namespaces of the labels and of the tokens in the vocabulary.
        observed: what `transformer` was seen to return, which decides where its config says something else.
        transformer_kwargs: more for transformers, such as `{"attn_implementation": "eager"}` where second derivatives
            are needed, which the default, the fastest there is, may not have.
        initializer: applied to all parameters at the end, unless the weights come from an archive.

    Raises SourceError for what cannot be built or would predict noise.
    """

    default_predictor = "transformer_classifier"

    def __init__(
        self,
        vocab: Vocabulary,
        model_name: Optional[str] = None,
        transformer_config: Optional[Dict[str, Any]] = None,
        transformer: Optional[torch.nn.Module] = None,
        load_weights: bool = True,
        allow_new_head: bool = False,
        allow_pickle: bool = False,
        labels: Optional[List[str]] = None,
        num_labels: Optional[int] = None,
        problem_type: Optional[str] = None,
        pad_token_id: Optional[int] = None,
        label_namespace: str = "labels",
        namespace: str = "tokens",
        observed: Optional[Observed] = None,
        transformer_kwargs: Optional[Dict[str, Any]] = None,
        initializer: Optional[InitializerApplicator] = None,
        **kwargs,
    ) -> None:
        super().__init__(vocab, **kwargs)
        sources = [model_name, transformer_config, transformer]
        if sum(source is not None for source in sources) != 1:
            raise SourceError(
                "a transformer_classifier is made from exactly one of `model_name`, `transformer_config` and "
                f"`transformer`, but {sum(source is not None for source in sources)} of them are given"
            )
        self._label_namespace = label_namespace
        self._namespace = namespace
        self.owned = transformer is None
        """False for a module that was given: it is not changed in any way."""
        known = _namespace_tokens(vocab, label_namespace)
        new_head = transformer is None and (transformer_config is not None or allow_new_head or not load_weights)

        if transformer is None:
            config = self._config(model_name, transformer_config, load_weights, transformer_kwargs)
        else:
            config = getattr(transformer, "config", None) if observed is None else observed.config
        outputs = _outputs(config, num_labels, labels, known, new_head) if observed is None else observed.outputs
        named, stale = naming.of_config(config, outputs, trained=observed is not None and labels is None)
        names = naming.resolve(outputs, given=labels, vocabulary=known, id2label=named, new_head=new_head)
        self.activation: Optional[str] = None
        """What stands behind the logits of a module that returns probabilities: "softmax", "log-softmax" or "sigmoid"."""
        self.caveats: Tuple[str, ...] = ()
        """What a reader of its explanations must know of its outputs, a sentence each."""
        if labels is None and not new_head:
            written = classifiers.notes_on_names(model_name, transformer_kwargs) if model_name and load_weights else ""
            notes = [stale, written, "" if observed is None else observed.note]
            self.caveats += tuple(dict.fromkeys(filter(None, notes)))
        if problem_type is None and not new_head:
            problem_type = kind_of_cross_encoder(config, outputs)
            self.caveats += (_CROSS_ENCODER,) if problem_type else ()
        prompt = "" if new_head else cross_encoders.prompt_of(cross_encoders.settings_of(config))
        self.caveats += (_PROMPT.format(shown(prompt)),) if prompt else ()
        self._make_head(names, outputs, problem_type, config, observed)
        self._names_classes = None if observed is None else config
        if transformer is None:
            self._complete(config, outputs, names, problem_type, pad_token_id)
            transformer = self._build(config, model_name, load_weights, new_head, allow_pickle, transformer_kwargs)
            archived_parts.keep(self.serialization_dir, "model", write=config.save_pretrained)
        self.transformer = transformer
        self._takes_segments = accepts(transformer, "token_type_ids")
        self._needs_segments = accepts(transformer, "token_type_ids", required=True)
        # FNet of older releases has no argument for it.
        self._takes_mask = accepts(transformer, "attention_mask")
        self._write_labels()
        if initializer is not None:
            initializer(self)

    def take(self, observed: Observed, problem_type: Optional[str]) -> None:
        """Makes the head one of what the classifier was seen to return, where its code came with the checkpoint."""
        names = list(self.head.classes.names) if isinstance(self.head, Binary) else self.labels
        self._make_head(names, observed.outputs, problem_type, self.config, observed)

    def _make_head(self, names, outputs, problem_type, config, observed) -> None:
        kind, self.activation = kind_of_head(observed, config, problem_type, outputs, names)
        self.head = make_head(names, outputs, kind)
        self.caveats += tuple(filter(None, [note(self.activation)]))

    @property
    def labels(self) -> List[str]:
        """One name an output, unique, in the order of the outputs."""
        return list(self.head.labels)

    @property
    def config(self) -> Any:
        """The transformer's config, in a wrapper that of the transformer inside, or None for a module without one."""
        own = getattr(self.transformer, "config", None) if self._names_classes is None else self._names_classes
        return own if hasattr(own, "model_type") else next(iter(configs(self.transformer)), own)

    def forward(  # type: ignore[override]
        self,
        tokens: TextFieldTensors,
        label: Optional[torch.Tensor] = None,
        metadata: Optional[List[Any]] = None,
    ) -> Dict[str, torch.Tensor]:
        """The classifier's outputs for a batch.

        `tokens` is a text field's tensors with `token_ids` and `mask` of (batch, tokens) and, where the tokenizer makes
        them, `type_ids`. `label` holds class indices (batch,), for multi-label heads zeros and ones (batch, outputs),
        for regression numbers. Returns `logits` and, unless it is a regression, `probs`, both (batch, outputs) and
        float32 or wider; `token_ids` and `mask`; with labels the scalar `loss`.
        """
        inputs = self._inputs(tokens)
        ids = inputs["input_ids"]
        require_in_memory(self, next(self.transformer.parameters(), ids).device)
        with self._evaluating() as module, self._explaining_padding(len(ids)), explaining_ids(module, ids):
            logits = logits_of(module(**inputs))
        if logits.dim() != 2:
            raise UnsupportedModelError(
                f"a {type(self.transformer).__name__} returns logits of shape {tuple(logits.shape)}: a classifier of texts "
                "returns (batch, outputs)"
            )
        if logits.shape[1] != len(self.head.labels):
            raise UnsupportedModelError(
                f"a {type(self.transformer).__name__} returns {logits.shape[1]} numbers for a text, but returned "
                f"{len(self.head.labels)} when it was loaded: load it again, with the labels of its new head"
            )
        if logits.dtype in (torch.float16, torch.bfloat16):
            logits = logits.float()
        logits = as_logits(logits, self.activation)
        outputs = {"logits": logits}
        probabilities = self.head.probabilities(logits)
        if probabilities is not None:
            outputs["probs"] = probabilities
        outputs["token_ids"] = inputs["input_ids"]
        outputs["mask"] = util.get_text_field_mask(tokens).long()
        if label is not None:
            outputs["loss"] = self.head.loss(logits, label)
            self.head.measure(logits, label)
        return outputs

    def make_output_human_readable(self, output_dict: Dict[str, Any]) -> Dict[str, Any]:
        """Adds `label` (a name, a list of names, or a number) and `tokens` (without padding) for every input."""
        read = output_dict.get("probs", output_dict["logits"]).detach()
        output_dict["label"] = [self.head.prediction(row) for row in read]
        mask = output_dict.pop("mask", None)
        index_to_token = self.vocab._index_to_token
        if self._namespace in index_to_token and mask is not None:
            spelled = index_to_token[self._namespace]
            output_dict["tokens"] = [
                [spelled.get(index, str(index)) for index in ids[real.bool()].tolist()]
                for ids, real in zip(output_dict["token_ids"], mask)
            ]
        return output_dict

    def get_metrics(self, reset: bool = False) -> Dict[str, float]:
        """Accuracy; for multi-label heads micro precision, recall and F1; for regression the mean absolute error."""
        return self.head.metrics(reset)

    def train(self, mode: bool = True) -> "TransformerClassifier":
        """As in torch, except that a module which was given keeps its mode."""
        if self.owned:
            return super().train(mode)
        self.training = mode
        return self

    @classmethod
    def _load(
        cls,
        config: Params,
        serialization_dir: Union[str, PathLike],
        weights_file: Optional[Union[str, PathLike]] = None,
        cuda_device: int = -1,
    ) -> Model:
        config["model"]["load_weights"] = False
        return super()._load(config, serialization_dir, weights_file, cuda_device)

    def _load_from_state_dict(self, state_dict: MutableMapping[str, Any], prefix: str, *args: Any) -> None:
        """As in torch, except for constants that not all releases of transformers save with the weights."""
        drop_gone_buffers(self, state_dict, prefix)
        add_gone_buffers(self, state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args)

    def _config(self, name, content, load_weights, options) -> Any:
        if not load_weights:
            kept = archived_parts.find(self.serialization_dir, "model")
            if kept is not None:
                return classifiers.read_config(kept)
        return classifiers.read_config(name, content=content, options=options)

    def _complete(self, config, outputs, names, problem_type, pad_token_id) -> None:
        """Writes into our own config what was decided here, so that an archive says it again."""
        if config.num_labels != outputs:
            config.num_labels = outputs
        if len(names) == outputs:
            config.id2label = dict(enumerate(names))
            config.label2id = {name: index for index, name in enumerate(names)}
        if problem_type is not None:
            config.problem_type = problem_type
        if pad_token_id is not None:
            config.pad_token_id = pad_token_id

    def _build(self, config, name, load_weights, new_head, allow_pickle, options) -> torch.nn.Module:
        if name is None or not load_weights:
            return classifiers.from_config(config, options)
        found = classifiers.from_checkpoint(
            name, config, new_head=new_head, allow_pickle=allow_pickle, options=options
        )
        self.caveats += found.notes
        return found.model

    def _write_labels(self) -> None:
        """Gives the vocabulary the names in the order of the outputs, so that data is indexed as the head needs it."""
        if isinstance(self.head, Regression):
            return
        names = [self.head.opposite, *self.head.labels] if isinstance(self.head, Binary) else self.head.labels
        self.vocab._token_to_index[self._label_namespace] = {name: index for index, name in enumerate(names)}
        self.vocab._index_to_token[self._label_namespace] = dict(enumerate(names))
        self.vocab._non_padded_namespaces.add(self._label_namespace)

    def _inputs(self, tokens: TextFieldTensors) -> Dict[str, torch.Tensor]:
        token_ids = util.get_token_ids_from_text_field_tensors(tokens)
        (tensors,) = [part for part in tokens.values() if any(value is token_ids for value in part.values())]
        if "segment_concat_mask" in tensors:
            raise InputError(
                "the indexer folds long texts into several segments, which a sequence classifier reads as one text: "
                "leave `max_length` out of the indexer and give it to the reader"
            )
        inputs = {"input_ids": token_ids}
        if self._takes_mask:
            inputs["attention_mask"] = util.get_text_field_mask(tokens).long()
        if "type_ids" in tensors and self._takes_segments:
            inputs["token_type_ids"] = tensors["type_ids"]
        elif self._needs_segments:
            inputs["token_type_ids"] = torch.zeros_like(token_ids)
        return inputs

    def _evaluating(self) -> ContextManager[torch.nn.Module]:
        """The module, or a twin in evaluation mode of one that was given in training mode: that stays as it is.

        In a module that is in evaluation mode itself, parts that train are meant to (Reformer's layers, while its
        gradients are taken).
        """
        given = not self.owned and not self.training and self.transformer.training
        return evaluating(self.transformer) if given else nullcontext(self.transformer)

    @contextmanager
    def _explaining_padding(self, batch: int) -> Iterator[None]:
        """Says what decoders without a padding token mean by their refusal of batches."""
        try:
            yield
        except (AssertionError, ValueError) as error:
            if batch == 1 or getattr(self.config, "pad_token_id", 0) is not None:
                raise
            raise InputError(
                f"{self.config.model_type} reads the last token that is no padding, but its config names no padding "
                "token: give `pad_token_id` to the model, or one text at a time"
            ) from error


def _outputs(config: Any, wanted: Optional[int], labels: Optional[List[str]], known: List[str], new: bool) -> int:
    """How many outputs the head has, or shall have if it is new."""
    wanted = wanted or (len(labels) if new and labels else None)
    trained = naming.declared(config)
    if trained is None:
        wanted = wanted or len(labels or ())
        if not wanted:
            raise SourceError("the given module does not say how many outputs it has: give `labels` or `num_labels`")
        return wanted
    if new:
        # The data's labels may be some of the checkpoint's, or, with their opposite, the one of a single logit.
        own = naming.config_names(naming.of_config(config, trained)[0], trained)
        same = set(known) <= set(own) or (trained, len(known)) == (1, 2)
        return wanted or (trained if same else len(known))
    generic = naming.are_generic([str(name) for name in naming.by_index(getattr(config, "id2label", None)).values()])
    if wanted is None and labels and generic and (trained, len(labels)) != (1, 2):
        return len(labels)  # a config without names counts two classes, whatever the weights have
    if wanted is not None and wanted != trained:
        raise SourceError(
            f"num_labels is {wanted}, but the classifier has {trained} outputs: leave it out, or give "
            "`allow_new_head: true` to train another head"
        )
    return trained


def _namespace_tokens(vocab: Vocabulary, namespace: str) -> List[str]:
    """The namespace's entries in their order; none, and none created, where there is no such namespace."""
    if namespace not in vocab._index_to_token:
        return []
    return [token for _, token in sorted(vocab._index_to_token[namespace].items())]
