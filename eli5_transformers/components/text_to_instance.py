"""A predictor for archives whose model names none: texts go to the reader's own `text_to_instance`."""

from __future__ import annotations

import inspect
from typing import Any, Dict, List, Mapping

import numpy
from allennlp.common.checks import ConfigurationError
from allennlp.data import DatasetReader, Instance
from allennlp.data.fields import LabelField, TextField
from allennlp.data.tokenizers import Token
from allennlp.predictors import Predictor

from ..compat.registering import registered
from ..engine.outputs import LOGITS, PROBABILITIES
from ..errors import InputError

# Parameters of readers that are no texts.
_NO_TEXTS = (
    "label", "labels", "gold_label", "target", "targets", "tags", "tag", "category", "categories", "class_", "sentiment",
    "topic", "topics", "score", "rating", "stars", "weight", "index", "idx", "id", "id_", "guid", "uid", "metadata", "pair_id",
)  # fmt: skip


@registered(Predictor, "text_to_instance")
class ReaderPredictor(Predictor):
    """Reads {"text": …}, {"premise": …, "hypothesis": …} or whatever the parameters of the reader's `text_to_instance` are.

    What a parameter takes as a list may be a list of words. Parameters whose names are no texts' (label, index) get None,
    unless the JSON has them: the target of a text is one, too.
    """

    def predict(self, *texts: str) -> Dict[str, Any]:
        """The prediction for a text, or for the texts of a pair."""
        names = text_parameters(self._dataset_reader)
        every = list(self.parameters(self._dataset_reader))
        names = every if len(texts) == len(every) else names
        if len(texts) != len(names):
            raise InputError(f"the reader takes {', '.join(names) or 'no text'}: give one text for each")
        return self.predict_json(dict(zip(names, texts)))

    @staticmethod
    def parameters(reader: DatasetReader) -> Dict[str, inspect.Parameter]:
        """What the reader's `text_to_instance` takes and must be given; the first, where all may be left out."""
        named = {
            name: parameter
            for name, parameter in inspect.signature(reader.text_to_instance).parameters.items()
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        }
        required = {name: parameter for name, parameter in named.items() if parameter.default is parameter.empty}
        return required or dict([item for item in named.items() if item[0] not in _NO_TEXTS][:1])

    def _json_to_instance(self, json_dict: Mapping[str, Any]) -> Instance:
        names = self.parameters(self._dataset_reader)
        given = {name: json_dict.get(name) if name in _NO_TEXTS else json_dict[name] for name in names}
        as_tokens = {name: _as_tokens(value) for name, value in given.items()}
        if as_tokens == given:
            return self._dataset_reader.text_to_instance(**given)
        try:
            instance = self._dataset_reader.text_to_instance(**given)
            if _has_tokens(instance):
                return instance
        except (AttributeError, ConfigurationError, TypeError):
            pass
        # The reader takes tokens, not words.
        return self._dataset_reader.text_to_instance(**as_tokens)

    def predictions_to_labeled_instances(self, instance: Instance, outputs: Dict[str, numpy.ndarray]) -> List[Instance]:
        """The instance with the predicted label, for AllenNLP's interpreters and attackers."""
        names = (*PROBABILITIES, *LOGITS)
        found = next((outputs[name] for name in names if outputs.get(name) is not None), None)
        if found is None:
            raise InputError(f"the model's output has none of {', '.join(names)}: it is no classifier's")
        labelled = instance.duplicate()
        labelled.add_field("label", LabelField(int(numpy.argmax(found)), skip_indexing=True))
        return [labelled]


def text_parameters(reader: DatasetReader) -> List[str]:
    """The parameters of the reader's `text_to_instance` that are texts, as far as their names tell."""
    return [name for name in ReaderPredictor.parameters(reader) if name not in _NO_TEXTS]


def _has_tokens(instance: Instance) -> bool:
    fields = [field for field in instance.fields.values() if isinstance(field, TextField)]
    return all(isinstance(token, Token) for field in fields for token in field.tokens)


def _as_tokens(value: Any) -> Any:
    if not isinstance(value, (list, tuple)):
        return value
    return [Token(one) if isinstance(one, str) else one for one in value]
