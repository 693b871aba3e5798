"""How a module that classifies texts is called: what its forward takes, what it returns, what its errors mean."""

import inspect
from contextlib import contextmanager
from typing import Any, Iterator, List, Optional

import torch

from ..errors import InputError, SourceError, is_lack_of_memory, shown
from ..sites.architectures import configs, position_limit, sole_contents
from ..text.tokenizers import require_tokenizer, special_ids, vocabulary_of

# Special tokens that stand in texts, or around them.
_IN_TEXTS = ("unk", "bos", "eos", "cls", "sep")


def require_fitting(tokenizer: Any, module: torch.nn.Module) -> Optional[int]:
    """The rows of the module's word table where the tokenizer has more tokens than those; None where it has not.

    A table that is larger is usual: many are padded. Special tokens that no text has may lie behind it, as a padding token
    that was added to a decoder's tokenizer, or the token of images in that of a model for text alone. Any other token there
    makes it the tokenizer of another model. Raises SourceError for such a tokenizer, and for what is no whole one.
    """
    require_tokenizer(tokenizer)
    require_limit(tokenizer)
    rows = _rows(module)
    tokens = len(tokenizer) if hasattr(tokenizer, "__len__") else 0
    if rows is None or tokens <= rows:
        return None
    in_texts = {getattr(tokenizer, f"{name}_token_id", None) for name in _IN_TEXTS}
    # A blank line at the end of a vocabulary is a token that no text is cut to.
    behind = {number: name for name, number in vocabulary_of(tokenizer).items() if number >= rows}
    if behind and {number for number, name in behind.items() if name} <= special_ids(tokenizer) - in_texts:
        return rows
    raise SourceError(
        f"the tokenizer has {tokens} tokens, but a {type(module).__name__} has rows for {rows}: give the tokenizer that it "
        "was trained with, or, where tokens were added, call model.resize_token_embeddings(len(tokenizer))"
    )


def require_limit(tokenizer: Any) -> None:
    """Raises SourceError for a tokenizer whose own limit is no number: transformers compares it with those of tokens."""
    said = getattr(tokenizer, "model_max_length", 0)
    if isinstance(said, bool) or not isinstance(said, (int, float)):
        raise SourceError(
            f"the tokenizer's model_max_length is {shown(said)}, but must be a number of tokens: set it, or correct "
            "tokenizer_config.json"
        )


def _rows(module: torch.nn.Module) -> Optional[int]:
    """The rows of the word embeddings of the outermost module that names them; None where none does."""
    for part in module.modules():
        if not hasattr(part, "get_input_embeddings"):
            continue
        try:
            rows = getattr(part.get_input_embeddings(), "num_embeddings", None)  # type: ignore[operator]
        except Exception:  # architectures without a word table answer with errors of all kinds
            return None
        return rows if isinstance(rows, int) else None
    return None


def accepts(module: torch.nn.Module, name: str, required: bool = False) -> bool:
    """True where the module's forward takes an argument of that name; with `required`, where it does not do without.

    A wrapper that passes on whatever it is given takes what the module inside takes. Raises SourceError for a module that
    is compiled to TorchScript, which shows neither its arguments nor the calls in it.
    """
    if isinstance(module, torch.jit.ScriptModule):
        raise SourceError(
            "the module is compiled to TorchScript, in which no look-up of a token can be seen: give the module that it was "
            "made of"
        )
    parameters = inspect.signature(module.forward).parameters
    if name in parameters:
        return not required or parameters[name].default is inspect.Parameter.empty
    if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return False
    inside = next(sole_contents(module), None)
    return not required if inside is None else accepts(inside, name, required)


@contextmanager
def explaining_ids(module: torch.nn.Module, ids: torch.Tensor) -> Iterator[None]:
    """Says what a module means by its error for ids (batch, tokens): a token, or a position, beyond its tables, or no end."""
    try:
        yield
    except (IndexError, RuntimeError, ValueError) as error:
        ends = [config.eos_token_id for config in configs(module)[:1] if getattr(config, "is_encoder_decoder", False)]
        without_end = ends and isinstance(ends[0], int) and not (ids == ends[0]).any(1).all()
        if without_end and not is_lack_of_memory(error):
            raise SourceError(
                f"a {type(module).__name__} reads a text at its end token (token {ends[0]}), but its tokenizer puts none "
                "there: give one that does, in its post_processor"
            ) from error
        if isinstance(error, ValueError):
            raise
        limit = next(filter(None, map(position_limit, configs(module)[:1])), None)
        if limit is not None and ids.shape[1] > limit and not is_lack_of_memory(error):
            raise InputError(
                f"a {type(module).__name__} has positions for {limit} tokens, but was given {ids.shape[1]}: give a max_length "
                f"of at most {limit}"
            ) from error
        if "out of range in self" not in str(error):  # torch's, of an embedding
            raise
        rows = [table.num_embeddings for table in module.modules() if isinstance(table, torch.nn.Embedding)]
        largest = int(ids.max()) if ids.numel() else 0
        if largest < max(rows, default=0):
            cause = f"it may have no position for {ids.shape[1]} tokens (give max_length), or no row for token {largest}"
        else:
            cause = (
                f"it has no row for token {largest}: give the tokenizer that it was trained with, or, where tokens were "
                "added, call model.resize_token_embeddings(len(tokenizer))"
            )
        raise InputError(f"a {type(module).__name__} cannot look the text up: {cause}") from error


def logits_of(output: Any) -> torch.Tensor:
    """The logits in what a classifier returned: an output object, a tuple, or the tensor itself.

    A single output that was squeezed to (batch,) is (batch, 1). Of a tuple or dict without a name for them the logits are the
    only tensor (batch, outputs), behind a loss or not. Raises SourceError where there are none, or where more than one could
    be meant.
    """
    logits = output if isinstance(output, torch.Tensor) else _found_in(output)
    return logits.unsqueeze(1) if logits.dim() == 1 else logits


def _found_in(output: Any) -> torch.Tensor:
    logits = output.get("logits") if isinstance(output, dict) else getattr(output, "logits", None)
    if isinstance(logits, torch.Tensor):
        return logits
    if isinstance(output, (tuple, list)):
        return _only([part for part in output if isinstance(part, torch.Tensor)], output)
    if type(output) is dict:
        # The classes of transformers name what they have; what is none of those may have any name.
        return _only([part for part in output.values() if isinstance(part, torch.Tensor)], output)
    raise SourceError(
        f"the classifier returned a {type(output).__name__} without logits (batch, outputs): give the model with the head that "
        "classifies, or a module around it that returns its logits as a tensor"
    )


def _only(tensors: List[torch.Tensor], output: Any) -> torch.Tensor:
    # A number alone is a loss.
    found = [part for part in tensors if part.dim()]
    if len(found) == 1 or (len(found) > 1 and [part.dim() for part in found].count(2) == 1 and found[0].dim() == 2):
        return found[0]
    shapes = ", ".join(str(tuple(part.shape)) for part in found) or "none"
    raise SourceError(
        f"the classifier returned a {type(output).__name__} without logits (batch, outputs) that can be told from its other "
        f"tensors (of the shapes {shapes}): wrap it in a module that returns its logits alone"
    )
