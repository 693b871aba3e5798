"""How later releases of transformers make tokenizers, against 4.20, which AllenNLP was written for."""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any, Callable, Dict, List, Optional

from ...errors import CompatibilityError
from .._patch import mends


@mends(
    "allennlp.common.cached_transformers",
    cause="transformers 4.44",
    needed=lambda stack: stack.transformers >= (4, 44),
    expects={"get_tokenizer": ("model_name", "kwargs")},
)
def tokenizer_keyword(module: ModuleType) -> None:
    """`AutoTokenizer.from_pretrained(add_special_tokens=...)` is refused: it collides with a method of that name.

    common/cached_transformers.py:209, called with it by data/tokenizers/pretrained_transformer_tokenizer.py:72,116.
    transformers 4.20 took the keyword and did nothing with it.
    """
    original = module.get_tokenizer

    @functools.wraps(original)
    def get_tokenizer(model_name: str, **kwargs: Any) -> Any:
        kwargs.pop("add_special_tokens", None)
        return original(model_name, **kwargs)

    module.get_tokenizer = get_tokenizer  # type: ignore[attr-defined]


def encode_plus(tokenizer: Any, text: Any, text_pair: Any = None, **kwargs: Any) -> Any:
    """What the method of this name gave: since transformers 5.0 that is the tokenizer's call."""
    return tokenizer(text, text_pair, **kwargs)


def build_inputs_with_special_tokens(
    tokenizer: Any, token_ids_0: List[int], token_ids_1: Optional[List[int]] = None
) -> List[int]:
    """`token_ids_0`, or the pair, between the special tokens that the tokenizer puts around a text.

    Raises CompatibilityError when the tokenizer gives no token to either of the probed texts.
    """
    sequences = [token_ids_0] if token_ids_1 is None else [token_ids_0, token_ids_1]
    # The texts that AllenNLP probes tokenizers with: pretrained_transformer_tokenizer.py:86-90.
    for probe in ("a", "1"):
        encoded = tokenizer(*[probe] * len(sequences))
        owners = encoded.sequence_ids()
        if {owner for owner in owners if owner is not None} != set(range(len(sequences))):
            continue
        ids: List[int] = []
        placed = set()
        for token_id, owner in zip(encoded["input_ids"], owners):
            if owner is None:
                ids.append(token_id)
            elif owner not in placed:
                placed.add(owner)
                ids.extend(sequences[owner])
        return ids
    raise CompatibilityError(
        f"{type(tokenizer).__name__} makes no token of 'a' or '1', so its special tokens cannot be found: "
        "leave max_length out of the indexer"
    )


@mends(
    "allennlp.common.cached_transformers",
    cause="transformers 5.0",
    needed=lambda stack: stack.transformers >= (5,),
    expects={"get_tokenizer": ("model_name", "kwargs")},
)
def tokenizer_methods(module: ModuleType) -> None:
    """Tokenizers no longer have `encode_plus`; those of the tokenizers library lost `build_inputs_with_special_tokens`.

    data/tokenizers/pretrained_transformer_tokenizer.py:119,184,243,363 and, for `max_length`,
    data/token_indexers/pretrained_transformer_indexer.py:175. Only the tokenizers that AllenNLP loads get them
    back, as attributes of the instance: the classes belong to everyone.
    """
    original = module.get_tokenizer
    methods: Dict[str, Callable[..., Any]] = {
        "encode_plus": encode_plus,
        "build_inputs_with_special_tokens": build_inputs_with_special_tokens,
    }

    @functools.wraps(original)
    def get_tokenizer(model_name: str, **kwargs: Any) -> Any:
        tokenizer = original(model_name, **kwargs)
        for name, method in methods.items():
            if not hasattr(tokenizer, name):
                # A partial and not a bound method: a tokenizer that holds itself must still be picklable.
                setattr(tokenizer, name, functools.partial(method, tokenizer))
        return tokenizer

    module.get_tokenizer = get_tokenizer  # type: ignore[attr-defined]


@mends(
    "allennlp.data.data_loaders.data_collator",
    cause="transformers 4.57",
    needed=lambda stack: stack.transformers >= (4, 57),
    expects={"DataCollatorForLanguageModeling": None, "LanguageModelingDataCollator": None},
)
def masking_probability(module: ModuleType) -> None:
    """The third parameter of `DataCollatorForLanguageModeling` is another one.

    data/data_loaders/data_collator.py:59 passes `mlm_probability` by position, where `whole_word_mask` is now.
    """
    original = module.DataCollatorForLanguageModeling

    def by_name(tokenizer: Any, mlm: bool, mlm_probability: float) -> Any:
        return original(tokenizer, mlm=mlm, mlm_probability=mlm_probability)

    module.DataCollatorForLanguageModeling = by_name  # type: ignore[attr-defined]


PATCHES = (tokenizer_keyword, tokenizer_methods, masking_probability)
