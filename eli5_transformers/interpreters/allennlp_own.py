"""AllenNLP's own interpreters, run unmodified, their JSON read into `Attribution`s.

Their names mean their numbers: absolute values, normalized to the sum 1, of the gradient of the *loss* of the predicted
label. What each of them leaves out is a note of the result.
"""

from __future__ import annotations

import copy
import itertools
import traceback
from contextlib import ExitStack, contextmanager
from typing import Any, Iterator, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from ..compat.random_functions import private_random_numbers
from ..components.explained_predictors import explained_model
from ..components.predictor import TransformerClassifierPredictor
from ..engine.codes import part_widths
from ..engine.company import refusals
from ..engine.explained_model import ExplainedModel
from ..engine.instances import ids_and_mask
from ..engine.outputs import LOGITS, PROBABILITIES
from ..errors import (
    Eli5TransformersError,
    ExplanationError,
    InputError,
    UnsupportedModelError,
    is_lack_of_memory,
    short,
)
from ..locks import ALONE, READING
from ..records import Attribution, Tokens, percent
from ..sites.jitter import as_asked
from ..sites.state import explaining
from ..text.allennlp_tokens import instance_tokens, text_fields
from ..text.allennlp_tokens import notes as token_notes
from ..text.granularity import unplaced

_UNSIGNED = (
    "Scores are absolute values of the loss gradient, normalized to the sum 1: they say how strongly a token counts, "
    "not whether it speaks for or against the label."
)
_EACH = (
    "The scores of each text are normalized by themselves, to the sum 1 each: they do not say how much one text counts beside "
    "the other."
)
_CAVEATS = {
    "simple-gradient": "AllenNLP multiplies every token's gradient with the first token's embedding.",
    "integrated-gradient": (
        "AllenNLP integrates from an all-zero baseline with 10 left steps and reports no convergence error."
    ),
    "smooth-gradient": (
        "AllenNLP adds unseeded noise and sums the gradient over the embedding: where a layer norm follows the word "
        "embeddings, as in BERT, that sum is zero up to rounding and the scores mean nothing."
    ),
}

DESCRIPTIONS = {
    "simple-gradient": "AllenNLP's own, as released: unsigned, of the loss: the gradient times an embedding.",
    "integrated-gradient": "AllenNLP's own, as released: unsigned, of the loss: integrated from zero in 10 steps.",
    "smooth-gradient": "AllenNLP's own, as released: unsigned, of the loss: the gradient under noise.",
}
"""What each of them does, in a line."""


def attribute_released(predictor: Any, inputs: Mapping[str, str], name: str) -> Attribution:
    """The saliency of one input by AllenNLP's interpreter of that name, one of `records.RELEASED`.

    `inputs` is the predictor's JSON (`{"sentence": …}`). The explained target is the predicted label: AllenNLP's
    interpreters know no other. Raises UnsupportedModelError where the gradient's norm is zero, and ExplanationError where
    the interpreter's scores are not those of the predictor's one text field, or of its two.
    """
    from allennlp.interpret.saliency_interpreters import SaliencyInterpreter

    from ..sites.finite import require_finite, require_sound_weights

    given = explained_model(predictor).explainable.json_of(inputs)
    with _at_work(predictor, draws=False) as own:
        instance = own._json_to_instance(dict(given))
        with refusals(predictor._model, sum(len(field.tokens) for field in text_fields(instance).values())):
            outputs = own.predict_json(dict(given))
            if _numbers(outputs) is None:  # a predictor that says only some of what its model does
                again = own._json_to_instance(dict(given))
                own._dataset_reader.apply_token_indexers(again)
                outputs = own._model.forward_on_instance(again)
        require_finite(own._model, outputs.get("logits", outputs.get("probs", ())), "the logits of the text")
    # On another twin: what the prediction has left behind in a model that keeps states is none of the interpreter's.
    with _at_work(predictor, draws=name == "smooth-gradient") as own:
        interpreter = SaliencyInterpreter.by_name(name)(own)  # type: ignore[call-arg]
        with np.errstate(invalid="ignore", divide="ignore"), _failures(name):  # a zero norm is told below
            interpretation = interpreter.saliency_interpret_from_json(dict(given))
    if not all(np.isfinite(found).all() for grads in interpretation.values() for found in grads.values()):
        require_sound_weights(predictor._model, "gradients at the text's vectors")
    found = _scores(interpretation, name)
    documents, tokens, scores, beside, notes = _read(predictor, instance, inputs, found, name)
    if beside:
        share, texts = (percent(beside), "") if len(found) == 1 else (f"{beside:.2g}", " in each text")
        said = f"{share} of AllenNLP's sum of 1{texts}"
        notes = (*notes, f"{said} lies on padding behind the text, which no row shows.")
    target, probabilities = _prediction(outputs)
    names = _names(predictor)
    logits = outputs.get("logits")
    return Attribution(
        documents=documents,
        tokens=tokens,
        scores=scores,
        target=target,
        label=_label(outputs, names, target),
        method=name,
        signed=False,
        output="loss",
        classes=names,
        probabilities=probabilities if len(probabilities) == len(names) else (),
        probability=probabilities[target] if probabilities else None,
        score=None if logits is None else float(np.ravel(logits)[target]),
        notes=(_UNSIGNED, _CAVEATS[name], *notes, *_layer_note(predictor), *unplaced(tokens, documents)),
    )


@contextmanager
def _at_work(predictor: Any, draws: bool) -> Iterator[Any]:
    """The predictor on a twin of its model, with metrics of its own, and, if it `draws`, random numbers of its own.

    The noise begins where torch's global generator stands. AllenNLP's predictor keeps cuDNN off in the whole process while
    it differentiates, and reads with tokenizers that others share: one thread at a time.
    """
    ours = isinstance(predictor, TransformerClassifierPredictor)
    twin = not ours or predictor.sites.twin
    with ExitStack() as stack:
        if not ours:
            stack.enter_context(ALONE)
            stack.enter_context(READING)
        model = stack.enter_context(explaining(predictor._model, twin=twin))
        stack.enter_context(as_asked(model, lambda: explained_model(predictor).sites.on(model)))
        if ours:
            own = predictor.on(model)
        else:
            own = copy.copy(predictor)
            own._model, own._token_offsets = model, []
        if draws:
            stack.enter_context(private_random_numbers(explained_model(predictor).device))
        yield own


@contextmanager
def _failures(name: str) -> Iterator[None]:
    """What AllenNLP's own code, or the predictor's in it, fails with, in a sentence."""
    try:
        yield
    except Eli5TransformersError:
        raise
    except Exception as error:  # whatever the code of a stranger raises
        if is_lack_of_memory(error):
            raise
        raise UnsupportedModelError(f"{name!r} {_meaning(error)}: use another interpreter") from error


def _meaning(error: Exception) -> str:
    if isinstance(error, KeyError):
        return (
            "explains the loss of the label that the predictor's predictions_to_labeled_instances sets, which looks "
            f"for {error} in the model's output, or the model returns no loss"
        )
    if isinstance(error, RuntimeError) and "implement this method" in str(error):  # predictors/predictor.py
        return "needs a predictor with predictions_to_labeled_instances, which this one has not"
    frames = traceback.walk_tb(error.__traceback__)
    where = [frame.f_globals.get("__name__", "") for frame, _ in frames][-1]
    if where.startswith(("numpy", "allennlp.interpret")) and isinstance(error, (ValueError, IndexError)):
        return "cannot read what this model's embedder makes of a text, which must be vectors (batch, tokens, width)"
    return f"is AllenNLP's own code, which fails on this predictor ({type(error).__name__}: {short(error)})"


def _scores(interpretation: Mapping[str, Any], name: str) -> List[np.ndarray]:
    """The scores of each call of the embedding layer, the first call's first: gradients come the other way round."""
    grads = interpretation["instance_1"]
    if len(interpretation) != 1 or not 1 <= len(grads) <= 2:
        raise ExplanationError(
            f"{name!r} returned {len(interpretation)} instances with {len(grads)} inputs each: one of one text or of two is "
            "explained"
        )
    scores = [np.asarray(grads[key], dtype=float) for key in sorted(grads, reverse=True)]
    if not all(np.isfinite(found).all() for found in scores):
        raise UnsupportedModelError(
            f"every gradient that {name!r} takes of this model is zero: its embeddings do not reach the loss, "
            "so there is nothing to explain"
        )
    return scores


class _Read(NamedTuple):
    """A text with AllenNLP's scores of its tokens."""

    documents: Tuple[str, ...]
    tokens: Tokens
    scores: np.ndarray
    """(tokens,)"""
    beside: float
    """What lies on padding."""
    notes: Tuple[str, ...]


def _read(predictor: Any, instance: Any, inputs: Mapping[str, str], found: List[np.ndarray], name: str) -> _Read:
    """The documents, the tokens that the scores are of, and what these do not say.

    They are what the model reads, with the tokens that an indexer adds, and with padding behind them; or, where it reads
    pieces of words, the words. Raises ExplanationError where the scores are of neither, or UnsupportedModelError with why.
    """
    explained = explained_model(predictor)
    documents = explained.explainable.documents_of(inputs)
    refused: Optional[UnsupportedModelError] = None
    several = len(text_fields(instance)) > 1
    try:
        text = explained.encode_instance(instance, documents)
        tensors = explained.own_side([text])
        real = ids_and_mask(tensors)[1][0].cpu().numpy()
        notes = (*text.notes, *([_EACH] if len(found) == 2 else []))
        if several:
            found = [np.concatenate(_in_order(found, explained, part_widths(tensors), name))]
        if len(found) == 1 and len(found[0]) == len(real):
            return _Read(text.documents, text.tokens, found[0][real], float(found[0][~real].sum()), notes)
    except UnsupportedModelError as error:  # of a model that our own methods cannot explain
        if several:
            raise
        refused = error
    read, tokens = instance_tokens(instance, documents)
    if len(found) != 1 or len(found[0]) != len(tokens):
        raise refused or ExplanationError(
            f"{name!r} returned {' and '.join(str(len(part)) for part in found)} scores for {len(tokens)} tokens: "
            "its embedding layer is not the one that reads the predictor's tokens"
        )
    return _Read(read, tokens, found[0], 0.0, token_notes(read, tokens))


def _in_order(
    found: List[np.ndarray], explained: ExplainedModel, widths: Tuple[int, ...], name: str
) -> List[np.ndarray]:
    """The scores of the first text's tokens and the second's, of those of the first call and the second."""
    # Words and characters of a text are looked up one behind the other.
    parts = [part for part, _ in itertools.groupby(site.part for site in explained.sites.sites)]
    lengths = [len(scores) for scores in found]
    if parts == [None] and lengths == [sum(widths)]:  # both are looked up at once
        return found
    if parts in ([0, 1], [1, 0]) and len(found) == 2:
        ordered = [found[parts.index(part)] for part in (0, 1)]
        if tuple(map(len, ordered)) == widths:
            return ordered
    raise UnsupportedModelError(
        f"{name!r} returned {' and '.join(map(str, lengths))} scores for two texts of {' and '.join(map(str, widths))} tokens: "
        "AllenNLP looks at one embedder, which must read each of the texts once: use another interpreter"
    )


def _prediction(outputs: Mapping[str, Any]) -> Tuple[int, Tuple[float, ...]]:
    """The predicted class, and how probable each class is where that is said."""
    found = _numbers(outputs)
    if found is None:
        raise InputError(
            "the predictor's output has no 'probs': AllenNLP's interpreters are for classifiers that return them"
        )
    numbers = np.ravel(outputs[found])
    target = int(np.argmax(numbers))
    if found in LOGITS:
        return target, ()
    return target, tuple((np.exp(numbers) if "log" in found else numbers).tolist())


def _numbers(outputs: Mapping[str, Any]) -> Optional[str]:
    """Under which name the outputs have the probabilities of the classes, else their logits."""
    return next((name for name in (*PROBABILITIES, *LOGITS) if outputs.get(name) is not None), None)


def _names(predictor: Any) -> Tuple[str, ...]:
    """The names of the classes; none of a model that our own methods cannot explain."""
    try:
        return explained_model(predictor).classes.names
    except UnsupportedModelError:
        return ()


def _label(outputs: Mapping[str, Any], names: Tuple[str, ...], target: int) -> str:
    """What the predictor calls its prediction, else its model, else the number."""
    if "label" in outputs:
        return str(outputs["label"])
    return names[target] if target < len(names) else str(target)


def _layer_note(predictor: Any) -> Tuple[str, ...]:
    from allennlp.modules.text_field_embedders import TextFieldEmbedder
    from allennlp.modules.token_embedders import PretrainedTransformerEmbedder, PretrainedTransformerMismatchedEmbedder

    try:
        layer = predictor.get_interpretable_layer()
    except (RuntimeError, ValueError):
        return ()
    contextual = (PretrainedTransformerEmbedder, PretrainedTransformerMismatchedEmbedder)
    if isinstance(layer, TextFieldEmbedder) and any(isinstance(module, contextual) for module in layer.modules()):
        return (
            "AllenNLP does not find this transformer's word embeddings: the scores are of the transformer's output vectors.",
        )
    return ()
