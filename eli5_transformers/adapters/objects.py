"""HuggingFace checkpoints, pipelines, models and plain modules, to this package's predictor."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Union

from ..arguments import in_order, is_missing
from ..errors import InputError, SourceError
from ..permissions import allows

# Where other libraries' objects have their model and tokenizer: pipelines and trainers of transformers, skorch.
_MODELS, _TOKENIZERS = ("model", "module_"), ("tokenizer", "processing_class")
ACCEPTED = (
    "a checkpoint folder or hub id, a config (.jsonnet, .json), an AllenNLP archive, a text-classification pipeline, "
    "a torch.nn.Module with tokenizer=, AllenNLP's Archive, or a Predictor"
)


def from_checkpoint(
    name: str,
    tokenizer: Any,
    device: Union[str, int, None],
    options: Mapping[str, Any],
) -> Any:
    """The predictor of a checkpoint's folder or hub id, loaded with the permissions of the load that runs.

    `tokenizer` is a tokenizer, or the folder of one. The classifier is run once: what its config says may be found out by
    that alone.
    """
    from allennlp.data import Vocabulary

    from ..components.model import TransformerClassifier
    from ..components.observed import observed

    if tokenizer is not None and not isinstance(tokenizer, Path) and not _is_tokenizer(tokenizer):
        raise SourceError(
            f"tokenizer is {_shown(tokenizer)}, but must be a tokenizer: give AutoTokenizer.from_pretrained(...), or leave it "
            "out for the checkpoint's own"
        )
    model = TransformerClassifier(
        Vocabulary(),
        model_name=name,
        labels=_listed(options["labels"]),
        problem_type=options["problem_type"],
    )
    if isinstance(tokenizer, Path):
        source = {"model_name": str(tokenizer)}
    else:
        source = {"tokenizer": tokenizer} if tokenizer is not None else {"model_name": name}
    predictor = _predictor(placed(model, device), source, options)
    try:
        seen = observed(model.transformer, predictor._dataset_reader.tokenizer)
    except InputError:
        return predictor  # of the text, and told for each
    if allows("trust_remote_code"):
        # Code of somebody else's may do anything with its logits.
        model.take(seen, options["problem_type"])
    return predictor


def from_object(source: Any, tokenizer: Any, device: Union[str, int, None], options: Mapping[str, Any]) -> Any:
    """The predictor around a pipeline or a module; the object itself is used, unchanged and where it is.

    Raises SourceError for an object of another kind, a missing tokenizer, or a device that the object is not on.
    """
    import torch
    from allennlp.models import Model

    from ..components.model import TransformerClassifier

    chosen, options, pipeline = options, dict(options), None
    if _is_pipeline(source):
        if tokenizer is not None:
            raise SourceError("a pipeline has its own tokenizer: leave tokenizer= out, or give the model with it")
        from . import pipelines

        pipeline = source
        source, tokenizer = pipelines.options_of(pipeline, options)
    inside = _inside(source)
    if not isinstance(source, torch.nn.Module):
        hint = inside and f"{inside}, or "
        raise SourceError(f"a predictor cannot be made from a {type(source).__name__}: {hint}give {ACCEPTED}")
    if inside and type(source).__name__ == "CrossEncoder":
        raise SourceError(f"a CrossEncoder takes texts and no ids: {inside}")
    if isinstance(source, Model) and not isinstance(source, TransformerClassifier):
        raise SourceError(
            f"a {type(source).__name__} of AllenNLP takes what its reader makes of a text: give its archive, or a Predictor "
            "of both (predictor_class(model, reader))"
        )
    if not _is_tokenizer(tokenizer):
        raise SourceError(
            f"a {type(source).__name__} needs its tokenizer: give tokenizer=AutoTokenizer.from_pretrained(...), "
            f"not {_shown(tokenizer)}"
        )
    from allennlp.data import Vocabulary

    from ..components.observed import observed
    from ..sites.architectures import unwrapped

    # What torch.compile or data parallelism has put around it is left aside: with hooks in it, a compiled graph would be
    # compiled anew at every explanation, and replicas are not reached by any.
    source = unwrapped(source)
    require_place(source, device)
    model = TransformerClassifier(
        Vocabulary(),
        transformer=source,
        observed=observed(source, tokenizer),
        labels=_listed(options["labels"]),
        problem_type=options["problem_type"],
    )
    predictor = _predictor(model, {"tokenizer": tokenizer}, options)
    return predictor if pipeline is None else pipelines.of_pipeline(pipeline, predictor, chosen)


def placed(model: Any, device: Union[str, int, None]) -> Any:
    """The model on its device (the CPU by default), in evaluation mode. Raises InputError for one that cannot be used."""
    try:
        model.to(_device(device))
        model.eval()  # what it returns is not asked for: a `train` of somebody's own may return nothing
        return model
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f'the device {device!r} cannot be used: {reason}; "cpu" always can') from None


def _predictor(model: Any, source: Dict[str, Any], options: Mapping[str, Any]) -> Any:
    from ..components.predictor import TransformerClassifierPredictor
    from ..components.reader import TransformerClassifierReader

    reader = TransformerClassifierReader(
        **source,
        max_length=options["max_length"],
        truncation="longest_first" if options["truncation"] is None else options["truncation"],
        add_special_tokens=options.get("add_special_tokens", True),
        problem_type=options["problem_type"],
    )
    return TransformerClassifierPredictor(model, reader)


def _is_tokenizer(tokenizer: Any) -> bool:
    return callable(tokenizer) and hasattr(tokenizer, "convert_ids_to_tokens") and not isinstance(tokenizer, type)


def _shown(given: Any) -> str:
    return repr(given) if given is None or isinstance(given, str) else f"a {type(given).__name__}"


def _inside(source: Any) -> str:
    """What to give of something that holds a model: a CrossEncoder of sentence-transformers, a Trainer, a net of skorch."""
    import torch

    if isinstance(source, type):
        return ""
    model = next((name for name in _MODELS if isinstance(getattr(source, name, None), torch.nn.Module)), None)
    tokenizer = next((name for name in _TOKENIZERS if _is_tokenizer(getattr(source, name, None))), None)
    if model is None:
        return ""
    return f"give its .{model}, with tokenizer=" + ("" if tokenizer is None else f" its .{tokenizer}")


def _is_pipeline(source: Any) -> bool:
    # Whoever has a pipeline has transformers loaded; nobody else should load its pipelines for this question.
    pipelines = sys.modules.get("transformers.pipelines.base")
    return pipelines is not None and isinstance(source, pipelines.Pipeline)


def _device(device: Union[str, int, None]) -> Any:
    import torch

    if device is None or (isinstance(device, int) and device < 0):
        return torch.device("cpu")
    try:
        return torch.device(f"cuda:{device}" if isinstance(device, int) else device)
    except TypeError:
        raise InputError(f'device is {device!r}, but must be "cpu", "cuda:0" or a number') from None


def require_place(module: Any, device: Union[str, int, None]) -> None:
    """An object is not moved: that would change it for its owner."""
    parameter = next(module.parameters(), None)
    if device is None or parameter is None:
        return
    try:
        wanted = _device(device)
    except RuntimeError as error:
        raise InputError(f"the device {device!r} cannot be used: {str(error).splitlines()[0]}") from None
    if wanted.type != parameter.device.type or wanted.index not in (None, parameter.device.index):
        raise InputError(
            f"the model is on {parameter.device} and is not moved, since it is yours: call model.to({device!r}) first"
        )


def _listed(labels: Any) -> Optional[List[str]]:
    """The names of the classes. Raises InputError for what has no order, and for a missing name."""
    if labels is None:
        return None
    if isinstance(labels, (str, Mapping)):
        raise InputError(
            f"labels is {labels!r}, but must be a list with a name for each output, in their order; those of a config are "
            "known without it"
        )
    names = in_order(labels, "labels")
    missing = next((place for place, name in enumerate(names) if is_missing(name)), None)
    if missing is not None:
        raise InputError(f"label {missing} is {names[missing]!r}, a missing value: give a name for each output")
    return names
