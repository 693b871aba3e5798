"""The predictor whose predictions carry their saliency: for AllenNLP's `predict` command."""

from typing import Any, Dict, List, Optional, Union

from allennlp.data import DatasetReader, Instance
from allennlp.predictors import Predictor

from ..compat.registering import registered
from ..components.explained_predictors import explained_model
from ..components.model import TransformerClassifier
from ..components.predictor import TransformerClassifierPredictor
from ..records import Attribution
from . import make
from .choosing import chosen


@registered(Predictor, "saliency")
class SaliencyPredictor(TransformerClassifierPredictor):
    """As `transformer_classifier`, with `saliency` added to every prediction.

    `saliency` is a list with an object for each explained label: `label`, `question`, `summary`, `tokens`, `scores` (one a
    token), `offsets` (of each token in its document, null for special tokens), `method`, `convergence_delta`,
    `token_error`. On the command line: `predict … --predictor saliency --predictor-args
    '{"interpreter": "gradient-x-input"}'`.

    Parameters
    ----------
    interpreter
        A registered name, or a dict with `type` and options.
    targets, top_targets
        The classes to explain, as `eli5_transformers.attribute` takes them; by default what is predicted. A question is an
        object, such as `{"type": "contrast"}`.
    ordered
        As for `eli5_transformers.load_predictor`.
    """

    def __init__(
        self,
        model: TransformerClassifier,
        dataset_reader: DatasetReader,
        frozen: bool = True,
        interpreter: Union[str, Dict[str, Any]] = "integrated-gradients",
        targets: Union[str, int, List[Any], Dict[str, Any], None] = None,
        top_targets: Optional[int] = None,
        ordered: Union[bool, List[str], None] = None,
    ) -> None:
        super().__init__(model, dataset_reader, frozen, ordered)
        self._interpreter = make(self, interpreter)
        self._targets = chosen(targets, top_targets)

    def predict_instance(self, instance: Instance) -> Dict[str, Any]:
        """The prediction for an instance, with its saliency."""
        return self.predict_batch_instance([instance])[0]

    def predict_batch_instance(self, instances: List[Instance]) -> List[Dict[str, Any]]:
        """The predictions for some instances, with their saliency; they share their passes through the model."""
        predictions = super().predict_batch_instance(instances)
        texts = [explained_model(self).encode_instance(instance) for instance in instances]
        for prediction, attributions in zip(predictions, self._interpreter.explain(texts, self._targets)):
            prediction["saliency"] = [_json(attribution) for attribution in attributions]
        return predictions


def _json(attribution: Attribution) -> Dict[str, Any]:
    tokens = attribution.tokens
    return {
        "label": attribution.label,
        "question": attribution.question,
        "summary": attribution.summary,
        "tokens": list(tokens.text),
        "scores": [float(score) for score in attribution.scores],
        "offsets": [None if start < 0 else [start, end] for start, end in zip(tokens.start, tokens.end)],
        "method": attribution.method,
        "convergence_delta": attribution.convergence_delta,
        "token_error": attribution.token_error,
    }
