"""The probabilities of many texts, for explainers that ask a model again and again (eli5's TextExplainer, LIME, SHAP)."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Tuple

import numpy as np
import torch
from allennlp.data import Instance, Token
from allennlp.data.fields import TextField

from ..engine.batching import bucket, rows_at_once
from ..errors import InputError
from ..sites.finite import require_finite
from ..text.tokenizers import in_use
from .explained_predictors import explained_model

_Texts = Tuple[str, ...]


def probabilities(predictor: Any, texts: Sequence[_Texts]) -> np.ndarray:
    """The probability of each class for each text, or pair, (texts, classes), as floats; without gradients.

    Equal texts are run once, and those of similar length together. Raises InputError for a regression.
    """
    explained = explained_model(predictor)
    classes = explained.classes
    if classes.link is None:
        raise InputError(
            "the model is a regression, which has no probabilities: predict(text)['logits'] are the numbers that it gives"
        )
    distinct: Dict[_Texts, int] = {}
    for documents in texts:
        distinct.setdefault(documents, len(distinct))
    instances = [_placed(predictor._dataset_reader, documents, texts) for documents in distinct]
    lengths = [len(instance["tokens"].tokens) for instance in instances]  # type: ignore[attr-defined]
    width, device = _width(explained.model), explained.device
    found = np.zeros((len(distinct), len(classes.names)))
    for group in bucket(lengths, width, alone=explained.alone, device=device.type):
        size = rows_at_once(explained.model, lengths[group[0]], width, device)
        for start in range(0, len(group), size):
            places = group[start : start + size]
            found[places] = _run(predictor, [instances[place] for place in places])
    return found[[distinct[documents] for documents in texts]]


def _run(predictor: Any, instances: List[Instance]) -> np.ndarray:
    classes = predictor.classes
    with torch.no_grad():
        logits = classes.logits(predictor._model(**predictor._tensors(instances))["logits"])
        require_finite(predictor._model, logits, "the logits of a text")
        return classes.probabilities(logits.double()).cpu().numpy()


def _placed(reader: Any, documents: _Texts, texts: Sequence[_Texts]) -> Instance:
    """The instance of one of the texts; an error names its place."""
    try:
        return _instance(reader, documents)
    except InputError as error:
        raise InputError(f"text {texts.index(documents)}: {error}") from error


def _instance(reader: Any, documents: _Texts) -> Instance:
    """What the model reads of a text: that which the reader makes of it, or, where no token is the text's, the rest.

    A text of which nothing is left, as samplers make them, is read as the special tokens alone, or, where the tokenizer
    adds none, as its end or unknown token.
    """
    try:
        return Instance({"tokens": reader.text_to_instance(*documents)["tokens"]})
    except InputError:
        tokenizer = reader.tokenizer
        with in_use(tokenizer) as own:
            encoded: Mapping[str, Any] = own(*documents, verbose=False)
        ids = list(encoded["input_ids"])
        if reader.max_length is not None and len(ids) > reader.max_length:
            raise
        types = list(encoded.get("token_type_ids") or [0] * len(ids))
        if not ids:
            names = ("eos", "bos", "unk", "sep", "cls", "mask", "pad")
            known = [getattr(tokenizer, f"{name}_token_id", None) for name in names]
            ids, types = [token_id for token_id in known if token_id is not None][:1], [0]
        if not ids:
            raise
        names = tokenizer.convert_ids_to_tokens(ids)
        tokens = [Token(text=name, text_id=token_id, type_id=kind) for name, token_id, kind in zip(names, ids, types)]
        return Instance({"tokens": TextField(tokens)})


def _width(model: torch.nn.Module) -> int:
    """About how many numbers a token has in the model, which decides how many rows are worth running together."""
    sizes = [module.embedding_dim for module in model.modules() if isinstance(module, torch.nn.Embedding)]
    return max(sizes, default=768)
