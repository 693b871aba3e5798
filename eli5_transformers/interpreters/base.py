"""What all interpreters share: options, AllenNLP's interface, and how a score becomes an `Attribution`."""

import inspect
from abc import abstractmethod
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, TypeVar, Union

import numpy as np
import torch
from allennlp.interpret.saliency_interpreters import SaliencyInterpreter
from allennlp.predictors import Predictor

from ..arguments import whole_number
from ..components.explained_predictors import explained_model
from ..engine.explained_model import EncodedText
from ..engine.passes import Scorer, TextBatch
from ..engine.targets import OUTPUTS, Asked
from ..errors import InputError, UnsupportedModelError, shown
from ..records import Attribution, PerText
from ..sites.finite import require_finite
from ..sites.second_paths import ReadsIdsError
from ..text.granularity import unplaced
from ..text.label_order import between
from .layers import layer_name
from .provenance import provenance

Result = TypeVar("Result")
# What lies on positions that are no tokens is told from this share of what the scores move.
_BESIDE = 1e-3
_FLAT = (
    "Every score is zero: near this text the explained output does not change with any token, as behind a ReLU that cuts "
    "it off or a saturated probability."
)
_FLAT_LAYER = (
    "Every score is zero: the explained output does not change with what this layer gives for any token that is scored; "
    "where it reads only special tokens there (a last layer's [CLS]), keep_special=False scores them."
)


class Interpreter(SaliencyInterpreter):
    """Scores each token of a text for chosen classes.

    A method implements `attributions`. Everything else is here: texts are encoded, put into batches of similar length, and
    the classes found. Interpreters hold options alone, and a twin of the model is explained (`sites.twin`), so that one may be
    used for many texts and threads, and beside a training of the model.

    Parameters
    ----------
    predictor
        Any AllenNLP predictor of one text field, or of two for a pair, whose model returns `logits`.
    output
        What is explained, and the unit of the scores: "logit", "probability", "log-probability" or "loss".
    layer
        A module of the model, or its name in `model.named_modules()`, whose output (batch, tokens, width) is explained in
        place of the embeddings: which of a block's vectors the output depends on.
    internal_batch_size
        Rows that go through the model at once; by default chosen from width, length and free memory.
    progress
        True shows a progress bar, False shows none; by default one is shown on a terminal when the work is long.
    """

    signed = True

    def __init__(
        self,
        predictor: Predictor,
        output: str = "logit",
        layer: Union[str, torch.nn.Module, None] = None,
        internal_batch_size: Optional[int] = None,
        progress: Optional[bool] = None,
    ) -> None:
        super().__init__(predictor)
        if output not in OUTPUTS:
            raise InputError(f"output is {shown(output)}, but must be one of {', '.join(map(repr, OUTPUTS))}")
        self.output = output
        self.layer = layer_name(predictor, layer)
        if internal_batch_size is not None:
            internal_batch_size = whole_number(internal_batch_size, "internal_batch_size", what="a number of rows")
        self.internal_batch_size = internal_batch_size
        self.progress = progress

    @abstractmethod
    def attributions(self, batch: TextBatch, targets: Sequence[Sequence[int]]) -> List[List[Attribution]]:
        """The attributions of each text of the batch for each of its targets: `result[text][target]`.

        `targets` are columns of all values that the batch gives: a class's index, or that of a sum of classes behind them
        (`TextBatch.ask`). Called within the scorer's session. Results are made with `self.attribution`.
        """
        raise NotImplementedError

    def require_targets(self, asked: Sequence[Asked]) -> None:
        """Raises QuestionError for what cannot be asked of this method, whatever the text is; a method may override it."""

    def attribute(self, inputs: Sequence[Mapping[str, Any]], targets: Any = None) -> List[List[Attribution]]:
        """The attributions of each input, a predictor's JSON object, for each of the targets: `result[text][target]`.

        `targets` is None for what the model predicts, a class by name or index, a question (`contrast`, `lean`, …), a
        sequence of these, `Top(k)`, or a `PerText` of these. Raises InputError for inputs and targets that cannot be explained.
        """
        explained = explained_model(self.predictor)
        return self.explain([explained.encode(one) for one in inputs], targets)

    def explain(self, texts: Sequence[EncodedText], targets: Any = None) -> List[List[Attribution]]:
        """The same for texts that were encoded before."""
        return self.measured(texts, targets, self.attributions)

    def measured(
        self,
        texts: Sequence[EncodedText],
        targets: Any,
        measure: Callable[[TextBatch, Sequence[Sequence[int]]], Sequence[Result]],
    ) -> List[Result]:
        """What `measure` makes of each text, given a batch of them and the columns that are asked for of each."""
        wanted = targets.of(len(texts)) if isinstance(targets, PerText) else [targets] * len(texts)
        if not texts:
            return []
        scorer = Scorer(
            explained_model(self.predictor),
            output=self.output,
            layer=self.layer,
            internal_batch_size=self.internal_batch_size,
            progress=self.progress,
        )

        def work(batch: TextBatch) -> Sequence[Result]:
            resolve = scorer.explained.classes.resolve
            asked = [resolve(wanted[i], row) for i, row in zip(batch.index, batch.logits)]
            self.require_targets([one for of_text in asked for one in of_text])
            return measure(batch, batch.ask(asked))

        try:
            with scorer.session():
                return scorer.over(texts, work)
        except ReadsIdsError:
            # The look-ups may be others by now: an adapter was switched on, a forward exchanged.
            scorer.explained.explainable.forget_sites()
        try:
            with scorer.session():
                return scorer.over(texts, work)
        except ReadsIdsError as error:
            raise UnsupportedModelError(*error.args) from error

    def saliency_interpret_from_json(self, inputs: Dict[str, Any]) -> Dict[str, Any]:
        """AllenNLP's JSON: `{"instance_1": {"grad_input_1": [a score for each token of the text field]}}`.

        One instance for each predicted label. Of two text fields AllenNLP's `grad_input_1` is the second text's and
        `grad_input_2` the first's, and so they are here. Unlike AllenNLP's interpreters, the scores are neither made absolute
        nor normalized.
        """
        text = explained_model(self.predictor).encode(inputs)
        found = self.explain([text])[0]
        return {
            f"instance_{number}": {
                f"grad_input_{field}": scores
                for field, scores in enumerate(reversed(_by_field(attribution.scores, text)), start=1)
            }
            for number, attribution in enumerate(found, start=1)
        }

    def parameters(self) -> Dict[str, Any]:
        """The options by name, as JSON has them: `{"type": method, **parameters}` makes the interpreter again."""
        names: Dict[str, Any] = {}
        for owner in reversed(type(self).__mro__):
            if issubclass(owner, Interpreter) and "__init__" in vars(owner):
                names.update(inspect.signature(owner.__init__).parameters)
        skipped = {"self", "predictor", "kwargs", "progress", "internal_batch_size"}
        return {name: _as_json(getattr(self, name)) for name in names if name not in skipped and hasattr(self, name)}

    def attribution(
        self,
        batch: TextBatch,
        text: int,
        target: int,
        scores: np.ndarray,
        *,
        baseline: Optional[str] = None,
        baseline_score: Optional[float] = None,
        total: Optional[float] = None,
        raw_delta: Optional[float] = None,
        token_error: Optional[float] = None,
        standard_errors: Optional[np.ndarray] = None,
        evaluations: Optional[int] = None,
        notes: Sequence[str] = (),
    ) -> Attribution:
        """The record of one result.

        `scores` are (tokens,) of the text; `total` is their sum with what lies on positions that are no tokens, where
        that is another number. `raw_delta` is the delta of scores that were made to add up, from before that.
        """
        explained = batch.scorer.explained
        encoded = batch.texts[text]
        asked = batch.asked(target)
        logits = torch.from_numpy(batch.logits[text])
        probabilities = explained.classes.probabilities(logits)
        score = explained.classes.weighted(logits[None], "logit", asked)[0] if asked.weights else logits[target]
        delta = relative = None
        numbers = np.append(scores, [] if baseline_score is None else [baseline_score])
        require_finite(explained.model, numbers, f"the scores of {self.name()!r}")
        notes = [*notes, *([] if np.any(scores) else [_FLAT if self.layer is None else _FLAT_LAYER])]
        order = explained.classes.order if self.signed and not asked.weights else None
        if order is not None and order.inner[asked.target]:
            notes.append(between(asked.label))
        if baseline_score is not None:
            difference = float(batch.here()[text, target]) - baseline_score
            total = float(scores.sum()) if total is None else total
            delta = total - difference if raw_delta is None else raw_delta
            scale = max(abs(difference), float(np.abs(scores).sum()))
            relative = abs(delta) / scale if scale > 0 else 0.0
            rest = total - float(scores.sum())
            if abs(rest) > _BESIDE * scale:
                unit = asked.output or self.output
                notes.append(
                    f"{rest:+.3g} of the {unit} lies on positions that hold no token of the text, which no row shows."
                )
        return Attribution(
            documents=encoded.documents,
            tokens=encoded.tokens,
            scores=np.asarray(scores, dtype=float),
            target=asked.target,
            label=asked.label,
            method=self.name(),
            signed=self.signed,
            probability=None if probabilities is None or asked.weights else float(probabilities[asked.target]),
            score=float(score),
            parameters=self.parameters(),
            notes=(*notes, *encoded.notes, *unplaced(encoded.tokens, encoded.documents), *explained.caveats),
            output=asked.question if asked.output else self.output,
            question=asked.question,
            weights=asked.weights,
            classes=explained.classes.names,
            probabilities=() if probabilities is None else tuple(probabilities.tolist()),
            multi_label=explained.classes.multi_label,
            baseline=baseline,
            baseline_score=baseline_score,
            convergence_delta=delta,
            relative_delta=relative,
            token_error=token_error,
            standard_errors=standard_errors,
            evaluations=evaluations,
            provenance=provenance(explained.predictor),
        )

    @classmethod
    def name(cls) -> str:
        """The registered name of the method."""
        registry = SaliencyInterpreter._registry[SaliencyInterpreter]
        return next((name for name, (registered, _) in registry.items() if registered is cls), cls.__name__)


def _by_field(scores: np.ndarray, text: EncodedText) -> List[List[float]]:
    ends = np.cumsum(text.shape)
    places = range(len(scores)) if text.field is None else text.field
    return [
        _by_field_token(scores[end - length : end], places[end - length : end]) for end, length in zip(ends, text.shape)
    ]


def _by_field_token(scores: np.ndarray, places: Sequence[int]) -> List[float]:
    sums = [0.0] * (max(places, default=-1) + 1)
    for place, score in zip(places, scores):
        if place >= 0:
            sums[place] += float(score)
    return sums


def _as_json(value: Any) -> Any:
    if isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, Interpreter):
        return {"type": value.name(), **value.parameters()}
    if isinstance(value, (list, tuple)):
        return [_as_json(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _as_json(item) for key, item in value.items()}
    return value

