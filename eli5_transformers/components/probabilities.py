"""The probabilities of many texts, for explainers that ask a model again and again (eli5's TextExplainer, LIME, SHAP)."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple, TypeVar

import numpy as np
import torch
from allennlp.data import Instance, Token
from allennlp.data.fields import TextField

from ..engine.batching import rows_at_once
from ..engine.company import in_company
from ..errors import InputError
from ..sites.finite import require_finite
from ..text.tokenizers import in_use
from .explained_predictors import explained_model

_Texts = Tuple[str, ...]
Result = TypeVar("Result")


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
    found = forward(predictor, instances, lambda outputs: list(classes.logits(outputs["logits"])))
    if not found:
        return np.zeros((0, len(classes.names)))
    made = classes.probabilities(torch.stack(found).double())
    assert made is not None
    return made.cpu().numpy()[[distinct[documents] for documents in texts]]


def forward(predictor: Any, instances: List[Instance], read: Callable[[Dict[str, Any]], List[Result]]) -> List[Result]:
    """What `read` makes of the model's outputs for some instances at a time, a result for each; without gradients.

    No result depends on the instances beside it.
    """
    lengths = [len(instance["tokens"].tokens) for instance in instances]  # type: ignore[attr-defined]
    with explained_model(predictor).predicting() as explained, torch.no_grad():
        width, device = _width(explained.model), explained.device

        def run(places: List[int]) -> Tuple[List[Result], np.ndarray]:
            results: List[Result] = []
            logits: List[np.ndarray] = []
            size = 1
            if explained.company.rows:
                size = rows_at_once(explained.model, max(lengths[place] for place in places), width, device)
            for start in range(0, len(places), size):
                tensors = explained.padded(predictor._tensors([instances[place] for place in places[start : start + size]]))
                outputs = explained.model(**tensors)
                require_finite(explained.model, outputs["logits"], "the logits of a text")
                # What `read` makes of the outputs may take from them.
                logits.append(outputs["logits"].cpu().double().numpy())
                results += read(outputs)
            return results, np.concatenate(logits)

        return in_company(explained, lengths, run, lambda place: run([place])[1][0], width=width)


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
