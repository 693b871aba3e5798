"""transformers pipelines: what theirs say of texts and classes, and whether their own answers are those that we explain.

A pipeline is more than its model and tokenizer: it has options, and its class may be a person's own, with other texts or
other scores. What is known is honoured. Whether that was all is measured: the pipeline is run, and its labels and scores must
be those of the predictor.
"""

from __future__ import annotations

import copy
import math
import sys
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import torch
from allennlp.data import Instance

from ..components.heads import Binary
from ..components.predictor import TransformerClassifierPredictor
from ..engine.instances import PROBE
from ..errors import InputError, SourceError, is_error, is_lack_of_memory, short, shown
from ..huggingface import labels as naming
from ..sites.architectures import position_limit, unwrapped
from ..sites.state import explaining
from ..text.encoding import tokenizer_limit
from ..text.tokenizers import in_use

TASKS = ("text-classification", "sentiment-analysis")
# What a pipeline's function makes of the logits, as the kind of head that has that function.
_FUNCTIONS = {
    "sigmoid": "multi_label_classification",
    "softmax": "single_label_classification",
}
# Of those that a pipeline's tokenizer may be given: what is honoured, and what changes no token of one text. transformers 5
# gives it also what was a pipeline's own before.
_TOKENIZER_OPTIONS = {
    "add_special_tokens", "binary_output", "framework", "max_length", "pad_to_multiple_of", "padding", "padding_side",
    "return_all_scores", "return_attention_mask", "return_length", "return_offsets_mapping", "return_special_tokens_mask",
    "return_tensors", "return_token_type_ids", "truncation", "verbose",
}  # fmt: skip
# What a class of a person's own may do otherwise.
_STEPS = ("__call__", "run_single", "preprocess", "forward", "_forward", "postprocess")
# What people's own steps change in texts: addresses, names, markup, case, white space, accents, emoji, digits.
_ODD = "@someone LOOK at https://example.com/a?b=1 <b>Great</b> &amp; café,  2 for 1\nDon't wait… 😀 #good"
_TOLERANCE = 1e-5
# The length of a text that a pipeline gives to a model without positions to run out of.
_ANY_LENGTH = 10**9


def options_of(pipeline: Any, options: Dict[str, Any]) -> Tuple[Any, Any]:
    """Fills `options` with what the pipeline was made with, and returns its model and tokenizer.

    Raises SourceError for a pipeline that classifies no texts, and for one with an option that is not honoured.
    """
    _require_task(pipeline)
    config = getattr(pipeline.model, "config", None)
    # Not that of the config: transformers reads it of models that have no outputs alone.
    function = getattr(pipeline, "_postprocess_params", {}).get("function_to_apply")
    name = str(getattr(function, "value", function) or "default").lower()
    if options["problem_type"] is None and name in _FUNCTIONS and (name, naming.declared(config)) != ("softmax", 1):
        options["problem_type"] = _FUNCTIONS[name]
    elif options["problem_type"] is None and name != "none" and naming.declared(config) == 1:
        # A pipeline puts a single logit under a sigmoid unless its config says that it is a regression.
        known = getattr(config, "problem_type", None)
        options["problem_type"] = known or _FUNCTIONS["sigmoid"]
    _tokenizer_options(pipeline, options)
    return pipeline.model, pipeline.tokenizer


def _require_task(pipeline: Any) -> None:
    task = getattr(pipeline, "task", None)
    if task == "zero-shot-classification":
        raise SourceError(
            "a zero-shot pipeline asks its model whether a text entails a sentence about each label: give the model itself, "
            "pipe.model with tokenizer=pipe.tokenizer, the sentence as text_pair='This example is shopping.', and the "
            "model's class for entailment as targets"
        )
    if not isinstance(pipeline.model, torch.nn.Module):
        raise SourceError(
            f"the pipeline's model is a {type(pipeline.model).__name__}, which is no torch.nn.Module: make the pipeline with "
            "the model as PyTorch has it"
        )
    # A class of a person's own is known by what it returns, whatever its task is called.
    ours = type(pipeline).__module__.partition(".")[0] == "transformers"
    if ours and task not in TASKS and not isinstance(pipeline, _stock()):
        raise SourceError(f"a pipeline for {shown(task)} was given, but only those for 'text-classification' classify texts")


def _tokenizer_options(pipeline: Any, options: Dict[str, Any]) -> None:
    given = getattr(pipeline, "_preprocess_params", {})
    unknown = [] if has_own_code(pipeline) else sorted(set(given) - _TOKENIZER_OPTIONS)
    if unknown:
        raise SourceError(
            f"the pipeline gives its tokenizer the option {unknown[0]}={given[unknown[0]]!r}, which is not known here: make "
            "one without it, or give the model with its tokenizer"
        )
    options["add_special_tokens"] = given.get("add_special_tokens", True)
    truncation = given.get("truncation")
    if options["max_length"] is None:
        options["max_length"] = given.get("max_length") if _cuts_at_its_own(pipeline) else _most(pipeline)
    if options["truncation"] is None and isinstance(truncation, str) and truncation != "do_not_truncate":
        options["truncation"] = truncation


def _most(pipeline: Any) -> int:
    """The most tokens that are read of a text by a pipeline without a length: its model's positions may end before."""
    limits = (_length_read(pipeline), position_limit(getattr(pipeline.model, "config", None)))
    return min((limit for limit in limits if limit is not None), default=_ANY_LENGTH)


def _length_read(pipeline: Any) -> Optional[int]:
    """At how many tokens the pipeline cuts a text; None where it gives the whole text to its model."""
    given = getattr(pipeline, "_preprocess_params", {})
    if _cuts_at_its_own(pipeline):
        return given["max_length"]
    truncation = given.get("truncation")
    cuts = truncation not in (None, False) and str(getattr(truncation, "value", truncation)) != "do_not_truncate"
    return tokenizer_limit(pipeline.tokenizer) if cuts else None


def _cuts_at_its_own(pipeline: Any) -> bool:
    """Whether the pipeline has a length at which it cuts."""
    given = getattr(pipeline, "_preprocess_params", {})
    return given.get("max_length") is not None and _cuts(pipeline.tokenizer, given["max_length"], given)


def _cuts(tokenizer: Any, length: int, given: Mapping[str, Any]) -> bool:
    """Whether a tokenizer with these options cuts at `length`: beside padding it may be a length to pad to, by the release."""
    options = {name: given[name] for name in ("padding", "truncation") if name in given}
    try:
        with in_use(tokenizer) as own:
            return len(own("a " * (length + 1), max_length=length, verbose=False, **options)["input_ids"]) <= length
    except Exception:  # for lengths that are none, which the pipeline itself is refused for
        return False


def _stock() -> Any:
    return sys.modules["transformers.pipelines.text_classification"].TextClassificationPipeline  # type: ignore[attr-defined]


def has_own_code(pipeline: Any) -> bool:
    """Whether a step of the pipeline is not transformers' own for text classification."""
    return bool(_own_steps(pipeline))


def _own_steps(pipeline: Any) -> List[str]:
    stock, kind = _stock(), type(pipeline)
    return [name for name in _STEPS if name in vars(pipeline) or getattr(kind, name, None) is not getattr(stock, name, None)]


class PipelinePredictor(TransformerClassifierPredictor):
    """The predictor of a pipeline that is asked about texts that are explained.

    About each, where its class is a person's own; about those that are cut here, where it does not cut them so.
    """

    pipeline: Any = None

    def _json_to_instance(self, json_dict: Mapping[str, Any]) -> Instance:
        instance = super()._json_to_instance(json_dict)
        if not has_own_code(self.pipeline) and not any(instance["metadata"]["tokens"].cut):  # type: ignore[index]
            return instance
        documents = self._dataset_reader.documents(json_dict)
        try:
            require_same(self.pipeline, self, documents, instance)
        except SourceError as error:
            raise InputError(str(error.args[0])) from error
        return instance


def of_pipeline(pipeline: Any, predictor: Any, chosen: Mapping[str, Any]) -> Any:
    """The predictor that was made of the pipeline's model and tokenizer, once the pipeline was seen to say the same.

    `chosen` are the caller's options: whoever chooses another kind of head or length wants something else than the pipeline
    gives, of all texts or of those that are cut. Raises SourceError where it does not say the same.
    """
    if chosen["problem_type"] is not None and not has_own_code(pipeline):
        return predictor
    cut = None if chosen["max_length"] is not None else predictor._dataset_reader.max_length
    reads_more = cut is not None and (_length_read(pipeline) or math.inf) > cut
    if has_own_code(pipeline) or reads_more:
        own = PipelinePredictor(predictor._model, predictor._dataset_reader)
        own.pipeline = pipeline
        predictor = own
    for text in (PROBE, _ODD):
        try:
            # Not the predictor's own way of doing it, which asks the pipeline.
            instance = predictor._dataset_reader.text_to_instance(text)
            predictor.predict_instance(instance)
        except InputError:
            continue  # a text that the model cannot read is not shown either
        # Of a text that is cut here, and not by the pipeline, it is asked when that is to be explained.
        otherwise = reads_more or chosen["max_length"] is not None
        if not (otherwise and any(instance["metadata"]["tokens"].cut)):
            require_same(pipeline, predictor, (text,), instance)
    predictor._model.caveats += tuple(filter(None, [_note(pipeline, predictor._model.head)]))
    return predictor


def _note(pipeline: Any, head: Any) -> str:
    """What must be said of a pipeline that calls the one output by the first of two names."""
    first = naming.by_index(getattr(getattr(pipeline.model, "config", None), "id2label", None)).get(0)
    if not isinstance(head, Binary) or first != head.opposite:
        return ""
    return (
        f"The pipeline calls the model's one output {shown(first)}, by the first of its two names; it is explained as the "
        f"score of the second, {shown(head.labels[0])}, as in the targets 0 and 1."
    )


def require_same(pipeline: Any, predictor: Any, documents: Sequence[str], instance: Instance) -> None:
    """Raises SourceError unless the pipeline's labels and scores for the text, or pair, are those of the predictor."""
    given = documents[0] if len(documents) == 1 else {"text": documents[0], "text_pair": documents[1]}
    try:
        answers = _run(pipeline, given)
    except BaseException as error:
        if not is_error(error) or (isinstance(error, Exception) and is_lack_of_memory(error)):
            raise
        if any(instance["metadata"]["tokens"].cut) and not has_own_code(pipeline):  # type: ignore[index]
            return  # the pipeline cuts nothing, and we say what is cut
        raise SourceError(
            f"the pipeline itself cannot be run on a text ({type(error).__name__}: {short(error)}): give its model with "
            "tokenizer=, or mend it first"
        ) from error
    ours = predictor.predict_instance(instance)
    made = [np.asarray(ours[name], dtype=float) for name in ("probs", "logits") if name in ours]
    tolerance = _tolerance(predictor)
    for answer in _answers(answers, type(pipeline).__name__):
        label, score = answer["label"], answer["score"]
        places = _places(label, pipeline, predictor)
        if not places:
            raise SourceError(
                f"the pipeline returns the label {shown(label)}, which is not among the names of its model: give labels=[...], "
                "the pipeline's own in the order of the outputs"
            )
        found = [row[place] for row in made for place in places]
        if not any(abs(value - score) <= tolerance * max(1.0, abs(score)) for value in found):
            if len(predictor._model.labels) == 1 and score == 1:
                raise SourceError(
                    "the pipeline puts the model's one output behind a softmax, which makes a 1 of every number: make it with "
                    "function_to_apply='sigmoid', or give the model with tokenizer= and labels=['negative', 'positive']"
                )
            length = len(instance["metadata"]["tokens"])  # type: ignore[index]
            if any(instance["metadata"]["tokens"].cut) and (_length_read(pipeline) or math.inf) > length:  # type: ignore[index]
                raise SourceError(
                    f"the pipeline reads more of the text than the {length} tokens that its model's config is for: make it "
                    f"with truncation=True, max_length={length}, or give max_length={length}"
                )
            raise SourceError(
                f"the pipeline gives {shown(label)} {score:.5g} for a text, but its model and tokenizer alone give "
                f"{found[0]:.5g}: {_whose(pipeline)} changes the text or the outputs; give the model with tokenizer= to "
                "explain it without that"
            )


def _run(pipeline: Any, given: Any) -> Any:
    """What the pipeline returns for a text, of all classes where it can be asked for them; it does not notice."""
    options = {} if has_own_code(pipeline) else {"top_k": None}
    own = copy.copy(pipeline)
    with explaining(unwrapped(pipeline.model)) as own.model, in_use(pipeline.tokenizer) as own.tokenizer:
        return own(given, **options)


def _answers(returned: Any, name: str) -> Iterator[Mapping[str, Any]]:
    """Each `{"label": …, "score": …}` in what a pipeline returned for one text."""
    flat: List[Any] = [returned]
    while any(isinstance(part, (list, tuple)) for part in flat):
        flat = [inner for part in flat for inner in (part if isinstance(part, (list, tuple)) else [part])]
    for answer in flat:
        score = answer.get("score") if isinstance(answer, Mapping) else None
        if not isinstance(score, (int, float, np.number)) or "label" not in answer:
            raise SourceError(
                f"a {name} returned a {type(answer).__name__} for a text, and not a label with its score: give the model with "
                "tokenizer=, and labels=[...]"
            )
        yield answer
    if not flat:
        raise SourceError(f"a {name} returned no label for a text: give the model with tokenizer=")


def _places(label: Any, pipeline: Any, predictor: Any) -> List[int]:
    """The outputs that may be meant by a pipeline's label: those which its config, and we, call so."""
    outputs = len(predictor._model.labels)
    names = naming.by_index(getattr(getattr(pipeline.model, "config", None), "id2label", None))
    meant = [index for index, name in names.items() if name == label and isinstance(index, int) and 0 <= index < outputs]
    return meant or [index for index, name in enumerate(predictor._model.labels) if name == str(label)]


def _tolerance(predictor: Any) -> float:
    """Of a score: the last digits of half precision are other ones with every way to compute."""
    parameter = next(predictor._model.parameters(), None)
    if parameter is None or not parameter.dtype.is_floating_point:
        return _TOLERANCE
    return max(_TOLERANCE, 4 * torch.finfo(parameter.dtype).eps)


def _whose(pipeline: Any) -> str:
    own = _own_steps(pipeline)
    if own:
        return f"{own[0]} of its own ({shown(type(pipeline).__name__)})"
    given = getattr(pipeline, "_preprocess_params", {})
    return f"one of its options ({', '.join(map(str, given))})" if given else "something in it"
