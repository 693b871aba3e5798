"""The registered AllenNLP predictor of HuggingFace classifiers: predictions, and gradients for interpreters."""

import copy
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np
import torch
from allennlp.common.util import sanitize
from allennlp.data import DatasetReader, Instance
from allennlp.predictors import Predictor

from ..arguments import read_texts
from ..compat.registering import registered
from ..engine.company import refusals
from ..engine.explainable import Explainable, ReadTokens, TokenizerVocabulary, TokenVocabulary
from ..engine.instances import PROBE, ids_and_mask, other_text, probing, tensors_of
from ..engine.targets import Classes
from ..errors import InputError, SourceError, UnsupportedModelError
from ..sites.architectures import position_limit, without_wrappers
from ..sites.embedding_sites import EmbeddingSites, forget_sites, known_sites
from ..sites.outputs import first_tensor
from ..sites.second_paths import learn_sites
from ..sites.state import explaining
from ..text.allennlp_tokens import instance_tokens
from .calling import require_fitting
from .model import TransformerClassifier
from .probabilities import forward, probabilities
from .reader import TransformerClassifierReader


@registered(Predictor, "transformer_classifier")
class TransformerClassifierPredictor(Predictor, Explainable):
    """Predicts with a `transformer_classifier` model and reader, and gives AllenNLP's interpreters its gradients.

    JSON inputs are objects as the reader's lines are: `{"sentence": …}` or `{"text": …}`, with `text_pair` (or
    `hypothesis`) for a pair. Interpreters and attackers of AllenNLP run on it unmodified; what they get differs from
    AllenNLP's own predictor in how it is computed, not in its value: only the embeddings are differentiated, of any
    architecture, and nothing about the model is changed. `ordered` is as for `eli5_transformers.load_predictor`.
    """

    reads_pairs = True

    def __init__(
        self,
        model: TransformerClassifier,
        dataset_reader: DatasetReader,
        frozen: bool = True,
        ordered: Union[bool, List[str], None] = None,
    ) -> None:
        if not isinstance(model, TransformerClassifier) or not isinstance(dataset_reader, TransformerClassifierReader):
            raise SourceError(
                f"a transformer_classifier predictor cannot use a {type(model).__name__} with a "
                f"{type(dataset_reader).__name__}: model and reader must be of the type transformer_classifier"
            )
        super().__init__(model, dataset_reader, frozen)
        self.ordered = ordered
        self._model: TransformerClassifier = model
        self._dataset_reader: TransformerClassifierReader = dataset_reader
        self._sites: Optional[EmbeddingSites] = None
        self._port: Optional[EmbeddingPort] = None
        tokenizer, config = dataset_reader.tokenizer, model.config
        self._rows = require_fitting(tokenizer, model.transformer)
        padding = self.vocabulary.token_id("pad")
        dataset_reader.fit(padding, self._rows)
        if model.owned and getattr(config, "pad_token_id", 0) is None:
            config.pad_token_id = padding
        dataset_reader.limit_length(position_limit(config))
        # HotFlip reads the vocabulary before anything is indexed.
        dataset_reader._token_indexers["tokens"].fill(model.vocab)

    def predict(self, text: str, text_pair: Optional[str] = None) -> Dict[str, Any]:
        """The prediction for a text, or for a pair: `logits`, `probs`, `label`, `tokens`, `token_ids`, as plain lists.

        Raises InputError for a text of which the model can see nothing.
        """
        return self.predict_json({"text": text} if text_pair is None else {"text": text, "text_pair": text_pair})

    @property
    def sites(self) -> EmbeddingSites:
        """The places where the model turns token ids into vectors, found and verified at the first use.

        Raises UnsupportedModelError for a model that cannot be explained truthfully.
        """
        sites = self._sites
        if sites is None or not sites.current:
            sites = self._sites = known_sites(self._model, self._find_sites)
        return sites

    def forget_sites(self) -> None:
        """Makes the next use of `sites` look for them anew."""
        self._sites = None
        forget_sites(self._model)

    def on(self, model: TransformerClassifier) -> "TransformerClassifierPredictor":
        """The same predictor with a twin of its model."""
        own = copy.copy(self)
        own._model, own._sites, own._port = model, self.sites.on(model), None
        return own

    @property
    def classes(self) -> Classes:
        """The classes as they are explained."""
        return self._model.head.classes

    @property
    def caveats(self) -> Tuple[str, ...]:
        """What a reader must know of the model's outputs, a sentence each."""
        return self._model.caveats

    @property
    def vocabulary(self) -> TokenVocabulary:
        """The tokens of the reader's tokenizer."""
        return TokenizerVocabulary(self._dataset_reader.tokenizer, self._rows)

    def read_tokens(
        self, instance: Instance, ids: np.ndarray, tensors: Mapping[str, Any], documents: Sequence[str]
    ) -> ReadTokens:
        """The tokens that the reader has kept in the instance; for one that an attacker changed, those of its text field."""
        return ReadTokens(*instance_tokens(instance, documents))

    def probe(self, text: str) -> Instance:
        """The reader's instance of a text."""
        return self._dataset_reader.text_to_instance(text)

    def layer_name(self, name: str) -> str:
        """The name as it is where the model has such a module, else the one of the wrapped classifier's module."""
        modules = dict(self._model.named_modules())
        own = f"transformer.{without_wrappers(name)}"
        return own if name not in modules and own in modules else name

    def get_gradients(self, instances: List[Instance]) -> Tuple[Dict[str, Any], Dict[str, Any]]:
        """The gradients of the labels' loss with respect to the embeddings, and the model's outputs.

        The keys are `grad_input_1` and so on, in the order of the backward pass, as AllenNLP has it: a model that looks
        its tokens up once (all but encoder-decoders) has one. The values are arrays (batch, tokens, width), taken at
        what the hooks on `get_interpretable_layer()` have made of the embeddings. For regression the gradient is that
        of the negative output, since the loss of a predicted number is flat.

        Raises InputError for instances without label, UnsupportedModelError for a model that cannot be explained.
        """
        found = self.sites
        tensors = self._tensors(instances)
        label = tensors.pop("label", None)
        outputs: Dict[str, Any] = {}
        with explaining(self._model, twin=found.twin) as model:
            sites = found.on(model)

            def run() -> Dict[str, Any]:
                outputs.update(model(**tensors))
                outputs["loss"] = self._loss(outputs["logits"], label)
                return outputs

            with self._through_port(sites):
                result = sites.gradients(run, lambda output: output["loss"])
        gradients = {
            f"grad_input_{number}": gradient.cpu().numpy()
            for number, gradient in enumerate(reversed(result.gradients), start=1)
        }
        detached = {name: value.detach() for name, value in outputs.items()}
        return gradients, self._model.make_output_human_readable(detached)

    def predict_instance(self, instance: Instance) -> Dict[str, Any]:
        """The prediction for one instance. Raises InputError for a text that the model cannot run."""
        with refusals(self._model, len(instance["tokens"].tokens)):  # type: ignore[attr-defined]
            return super().predict_instance(instance)

    def predict_batch_instance(self, instances: List[Instance]) -> List[Dict[str, Any]]:
        """The prediction for each instance, as `predict_instance` gives it: none depends on the instances beside it."""

        def read(outputs: Dict[str, Any]) -> List[Dict[str, Any]]:
            real = outputs["mask"].bool()
            outputs.pop("loss", None)  # of all of them together
            columns = self._model.make_output_human_readable(outputs)
            columns["token_ids"] = [ids[own] for ids, own in zip(outputs["token_ids"], real)]
            return [{name: values[row] for name, values in columns.items()} for row in range(len(real))]

        return [sanitize(output) for output in forward(self, instances, read)]

    def predictions_to_labeled_instances(self, instance: Instance, outputs: Dict[str, np.ndarray]) -> List[Instance]:
        """The instance with its predicted label; for regression without one."""
        labeled = instance.duplicate()
        field = self._model.head.target_field(np.asarray(outputs["probs"] if "probs" in outputs else outputs["logits"]))
        if field is None:
            labeled.fields.pop("label", None)
        else:
            labeled.add_field("label", field)
        return [labeled]

    def get_interpretable_layer(self) -> torch.nn.Module:
        """The module whose output interpreters read, scale or disturb: the word embeddings.

        Where a model has several, or one that returns something else than vectors (batch, tokens, width) of numbers that
        NumPy knows, it is a module through which the vectors of all of them pass.
        """
        sites = self.sites
        names = {site.name for site in sites.sites}
        module = self._model.get_submodule(next(iter(names)))
        plain = isinstance(module, torch.nn.Embedding) and module.weight.dtype is not torch.bfloat16  # which NumPy lacks
        if len(names) == 1 and plain and not any(s.transposed for s in sites.sites):
            return module
        if self._port is None:
            self._port = EmbeddingPort(self._model.get_submodule(sites.sites[0].name))
        return self._port

    def get_interpretable_text_field_embedder(self) -> torch.nn.Module:
        """The same module: there are no token offsets, since the scores are of the model's own tokens."""
        return self.get_interpretable_layer()

    def _json_to_instance(self, json_dict: Mapping[str, Any]) -> Instance:
        return self._dataset_reader.text_to_instance(*self._dataset_reader.documents(json_dict))

    def _tensors(self, instances: List[Instance]) -> Dict[str, Any]:
        for instance in instances:
            self._dataset_reader.apply_token_indexers(instance)
            instance.index_fields(self._model.vocab)
        return tensors_of(instances, next(self._model.parameters()).device)

    def _find_sites(self) -> EmbeddingSites:
        probe = self._tensors([self._dataset_reader.text_to_instance(PROBE)])
        tensors = probing(probe, self.vocabulary)
        others = other_text(tensors, self.vocabulary)
        ids = ids_and_mask(tensors)[0]
        with refusals(self._model, ids.shape[1]):
            return learn_sites(self._model, tensors, others, ids, lambda output: output["logits"])

    def _loss(self, logits: torch.Tensor, label: Optional[torch.Tensor]) -> torch.Tensor:
        if label is not None:
            return self._model.head.loss(logits, label)
        if self._model.head.kind == "regression":
            return -logits.sum()
        raise InputError("the instance has no label: make it with predictions_to_labeled_instances, or add the field")

    @contextmanager
    def _through_port(self, sites: EmbeddingSites) -> Iterator[None]:
        port = self._port
        if port is None:
            yield
            return

        def through(index: int, vectors: torch.Tensor) -> torch.Tensor:
            wide = torch.float32 if vectors.dtype is torch.bfloat16 else vectors.dtype
            # Copied: interpreters scale what passes in place.
            return port(vectors.to(wide, copy=True)).to(vectors.dtype)

        with sites.changed(through):
            yield

    # For explainers that ask a classifier as scikit-learn's are asked.

    @property
    def labels(self) -> List[str]:
        """The names of the classes, one for each column of `predict_proba`."""
        return list(self.classes.names)

    def predict_proba(self, texts: Any, text_pairs: Any = None) -> np.ndarray:
        """The probability of each class for each text, shape (texts, classes), the columns as in `labels`.

        `texts` and `text_pairs` are of all forms that `eli5_transformers.attribute` takes. eli5's `TextExplainer`, LIME's
        and SHAP's explainers of texts take this method: a text that they have emptied gets the model's answer to its
        special tokens alone (where its tokenizer adds none, to the end or unknown token). A single logit under a sigmoid
        has two columns, the opposite first; the columns of a model of several labels at once do not sum to 1.

        Raises InputError for what is no text, and for a regression, which has no probabilities.
        """
        several = read_texts(texts, text_pairs, empty=True)
        wrong = next((place for place, read in enumerate(several) if isinstance(read, InputError)), None)
        if wrong is not None:
            raise InputError(f"text {wrong}: {several[wrong]}")
        return probabilities(self, [tuple(read.values()) for read in several if isinstance(read, dict)])


class EmbeddingPort(torch.nn.Module):
    """Hands vectors (batch, tokens, width) through, so that hooks of interpreters find those of all look-ups here."""

    def __init__(self, table: torch.nn.Module) -> None:
        super().__init__()
        # In a tuple, so that the model's module does not become a submodule of this one.
        self._table = (table,)

    def forward(self, vectors: Any) -> torch.Tensor:
        """The vectors; or those of token ids, the way AllenNLP's HotFlip asks an embedder for them."""
        if isinstance(vectors, torch.Tensor):
            return vectors
        (ids,) = [tensor for part in vectors.values() for tensor in part.values()]
        found = first_tensor(self._table[0](ids))
        if found is None or found.shape[:2] != ids.shape:
            raise UnsupportedModelError(
                f"{type(self._table[0]).__name__} does not look token ids up one by one, which HotFlip needs: "
                "use InputReduction, or an interpreter"
            )
        return found
