"""A tokenizer to use without another user of it noticing, nor noticing them.

A fast tokenizer keeps in itself how it was last asked to cut and to pad. Two threads that ask differently get each other's
answers, or "Already borrowed", and whoever asked before finds other settings.
"""

from __future__ import annotations

import copy
import inspect
import weakref
from contextlib import contextmanager
from typing import Any, Dict, Iterator, Optional, Set, Tuple

from ..errors import SourceError
from ..locks import ProcessLock

# What of transformers' tokenizers is used.
_NEEDED = (
    "convert_ids_to_tokens", "convert_tokens_to_ids", "get_vocab", "__len__", "all_special_ids", "unk_token_id", "pad_token_id",
    "padding_side", "model_input_names", "name_or_path",
)  # fmt: skip
_TOLD = 4096
_OPTIONS = ("truncation", "max_length", "add_special_tokens", "return_special_tokens_mask", "verbose")


def require_tokenizer(tokenizer: Any) -> None:
    """Refuses what lacks a part of transformers' tokenizers. Raises SourceError, which names the part and the mend."""
    missing = [f"no {name}" for name in _NEEDED if not hasattr(tokenizer, name)]
    try:
        inspect.signature(tokenizer).bind("", **dict.fromkeys(_OPTIONS))
    except TypeError as error:
        missing.append(f"no call as tokenizer(text, truncation=…, max_length=…, …) ({error})")
    except ValueError:  # no signature to read
        pass
    if missing:
        raise SourceError(
            f"a {type(tokenizer).__name__} is no tokenizer as transformers has it: it has {', '.join(missing)}; give a "
            "subclass of transformers.PreTrainedTokenizer, or PreTrainedTokenizerFast(tokenizer_object=…)"
        )


def vocabulary_of(tokenizer: Any) -> Dict[str, int]:
    """The tokenizer's entries by their spelling; the first ones where it has too many of them, bytes or characters, to tell."""
    try:
        return dict(tokenizer.get_vocab())
    except NotImplementedError:  # older ByT5 and CANINE
        ids = list(range(min(len(tokenizer), _TOLD)))
        return dict(zip(map(str, tokenizer.convert_ids_to_tokens(ids)), ids))


def special_ids(tokenizer: Any) -> Set[int]:
    """The ids of all tokens that are special ones, those that have no name of their own among them."""
    added = getattr(tokenizer, "added_tokens_decoder", None) or {}  # transformers 4.20 has none
    return {*tokenizer.all_special_ids, *(number for number, token in added.items() if getattr(token, "special", False))}


class _Own:
    """What this package uses in place of one tokenizer, by one thread at a time."""

    def __init__(self, ours: bool) -> None:
        self.lock = ProcessLock()
        self.ours = ours
        self._copied: Tuple[Any, Any] = (None, None)

    def core(self, tokenizer: Any) -> Optional[Any]:
        """A copy of what keeps the settings; made anew when tokens were added. None where it cannot be copied."""
        core = vars(tokenizer)["_tokenizer"]
        state = id(core), core.get_vocab_size(with_added_tokens=True), _template(core)
        if self._copied[0] != state:
            try:
                copied = copy.deepcopy(core)
            except Exception:  # parts in Python, which cannot be copied
                copied = None
            self._copied = state, copied
        return self._copied[1]


_OWN: weakref.WeakKeyDictionary[Any, _Own] = weakref.WeakKeyDictionary()


def keep_for_ourselves(tokenizer: Any) -> None:
    """Says that nobody else has this tokenizer, so that no copy is needed (a second or two for the largest)."""
    _OWN[tokenizer] = _Own(ours=True)


@contextmanager
def in_use(tokenizer: Any) -> Iterator[Any]:
    """A tokenizer that does what `tokenizer` does now, for this thread alone, inside the context."""
    own = _OWN.setdefault(tokenizer, _Own(ours=False))
    with own.lock:
        if own.ours or not getattr(tokenizer, "is_fast", False) or "_tokenizer" not in vars(tokenizer):
            yield tokenizer
            return
        core = own.core(tokenizer)
        if core is None:
            with _settings_kept(vars(tokenizer)["_tokenizer"]):
                yield tokenizer
            return
        # All else is its own of this moment, the special tokens and the side on which it cuts among it.
        twin = object.__new__(type(tokenizer))
        vars(twin).update(vars(tokenizer), _tokenizer=core)
        yield twin


@contextmanager
def _settings_kept(core: Any) -> Iterator[None]:
    truncation, padding = core.truncation, core.padding
    try:
        yield
    finally:
        core.no_truncation() if truncation is None else core.enable_truncation(**truncation)
        core.no_padding() if padding is None else core.enable_padding(**padding)


def _template(core: Any) -> Any:
    """What adds the special tokens, which setting `add_bos_token` exchanges."""
    try:
        return core.post_processor.__getstate__()
    except Exception:  # none, or one in Python
        return None
