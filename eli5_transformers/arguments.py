"""Arguments as people have them: numbers, lists and texts of Python, numpy, pandas, torch and datasets.

Everything is known by what it can do (`__index__`, `tolist`, iteration), so that none of these libraries is imported.
"""

from __future__ import annotations

import difflib
import math
import operator
import re
import sys
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

from .column_names import SECOND_TEXTS, TEXTS, is_known, is_text, pair_of, plain
from .errors import InputError, shown

Texts = Union[str, Mapping[str, Any], Iterable[Any]]
"""One text or several, in whatever holds them; a dict holds a text and its pair."""
Input = Dict[str, str]
"""A predictor's JSON: {"sentence": …}, with "text_pair" for a pair."""


def can_be_written(value: Any) -> bool:
    """Whether its `repr` works, which other libraries put into their own messages."""
    try:
        repr(value)
    except Exception:
        return False
    return True


def whole_number(
    value: Any, name: str, least: int = 1, what: str = "a number", most: Optional[int] = sys.maxsize
) -> int:
    """`value` as an int; numpy's and torch's integers are numbers, a bool is none.

    Raises InputError, which calls the argument `name`, for anything else, for less than `least` and for more than `most`.
    """
    number = _index(value)
    beyond = number is not None and most is not None and number > most
    if number is None or number < least or beyond:
        to = f" to {most}" if beyond else ""
        raise InputError(f"{name} is {shown(value)}, but must be {what} from {least}{to}")
    return number


def one_of(value: Any, name: str, known: Sequence[str]) -> str:
    """`value`. Raises InputError, which calls the argument `name`, where it is none of the words that are `known`."""
    if not isinstance(value, str) or value not in known:
        raise InputError(f"{name} is {shown(value)}, but must be one of {', '.join(map(repr, known))}")
    return value


def count_of_targets(value: Any) -> int:
    """`top_targets` as an int: positive for the highest scores, negative for the lowest. Raises InputError for others."""
    number = _index(value)
    if not number:
        raise InputError(
            f"top_targets is {shown(value)}, but must be a number of classes: from 1 for the highest scores, or negative for "
            "the lowest"
        )
    return number


def real_number(value: Any, name: str, what: str = "a number") -> float:
    """`value` as a float; numpy's and torch's numbers are numbers, a bool is none. Raises InputError for others.

    Infinity and NaN are none either.
    """
    try:
        if _is_bool(value) or isinstance(value, (str, bytes)) or not math.isfinite(number := float(value)):
            raise TypeError
        return number
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{name} is {shown(value)}, but must be {what}") from None


def truth(value: Any, name: str) -> bool:
    """`value` as a bool; numpy's and torch's are bools. Raises InputError for others: "no" and None are neither."""
    if not _is_bool(value) or _dimensions(value):
        raise InputError(f"{name} is {shown(value)}, but must be True or False")
    return bool(value)


def rows_of_table(top: Any) -> Any:
    """`top` as eli5 has it: None, a number of rows, or a tuple (positive, negative). Raises InputError for others."""
    if top is None:
        return None
    numbers = [_index(entry) for entry in listed(top)]
    several = len(numbers) == 2 and not isinstance(top, (set, frozenset))
    if not (several or (len(numbers) == 1 and _index(top) is not None)) or any(n is None or n < 0 for n in numbers):
        raise InputError(f"top is {shown(top)}, but must be a number of rows or two: (positive, negative)")
    return tuple(numbers) if several else numbers[0]


def expression(pattern: Any, name: str) -> Any:
    """A regular expression, or None. Raises InputError, which calls the argument `name`, for a text that is none."""
    try:
        compiled = pattern if pattern is None else re.compile(pattern)
        if compiled is not None and not isinstance(compiled.pattern, str):
            raise TypeError("bytes match no text")
        return compiled
    except (re.error, TypeError) as error:
        raise InputError(f"{name} is {shown(pattern)}, which is no regular expression: {error}") from None


def listed(value: Any) -> List[Any]:
    """The entries of a list, tuple, set, range, array, tensor, Series, column or generator; anything else alone."""
    if isinstance(value, (str, bytes, Mapping)):
        return [value]
    value = _of_python(value)
    return list(value) if isinstance(value, Iterable) and not isinstance(value, (str, bytes)) else [value]


def is_several(value: Any) -> bool:
    """True for what holds several entries: a list, tuple, set, array, Series or column; False for a text or a number."""
    return isinstance(_of_python(value), Iterable) and not isinstance(value, (str, bytes, Mapping))


def is_missing(value: Any) -> bool:
    """True for None, NaN, and pandas' NA, which does not say whether it equals itself."""
    return value is None or type(value).__name__ == "NAType" or (isinstance(value, float) and value != value)


def in_order(value: Any, name: str) -> List[Any]:
    """As `listed`, for entries whose places count. Raises InputError for a set, which has none."""
    if isinstance(value, (set, frozenset)):
        raise InputError(f"{name} is a {type(value).__name__}, which has no order: give a list")
    return listed(value)


def is_table(value: Any) -> bool:
    """True for a table of pandas, of Arrow, or of what is like them."""
    return hasattr(value, "columns") and (hasattr(value, "iloc") or hasattr(value, "to_pandas"))


def is_alone(texts: Any) -> bool:
    """True for one text (a str or a dict), False for what holds several."""
    return isinstance(texts, (str, Mapping)) or not (isinstance(texts, Iterable) and _dimensions(texts) != 0)


def require_one(text: Any, text_pair: Any, instead: str) -> None:
    """Raises InputError for several texts, or pairs, where one is explained; `instead` says what several are for."""
    for name, given in (("text", text), ("text_pair", text_pair)):
        if not is_alone(given):
            raise InputError(f"one text is explained, but {name} is a {type(given).__name__}: {instead}")


def read_texts(
    texts: Any,
    text_pairs: Any = None,
    *,
    empty: bool = False,
    whole: Optional[Callable[[Mapping[str, Any]], bool]] = None,
) -> List[Union[Input, InputError]]:
    """The predictor's JSON of each text, or the error that says what is wrong with it.

    `texts` is a text or a dict with "text" and "text_pair", or a list, tuple, generator, array, Series or column of
    these; `text_pairs` is of the same forms, with None where a text has no pair. With `empty` a text may hold white space
    alone. A dict of which `whole` is true is a predictor's own JSON, and stays as it is. Raises InputError for what holds no
    texts, and for another number of pairs than of texts.
    """
    several = _entries(texts, "texts")
    if text_pairs is None:
        return [_read(text, None, empty, whole) for text in several]
    pairs = _entries(text_pairs, "text_pairs")
    if len(pairs) != len(several):
        raise InputError(f"{len(several)} texts were given with {len(pairs)} text_pairs: there must be one for each")
    return [_read(text, pair, empty, None if pair is not None else whole) for text, pair in zip(several, pairs)]


def text_and_pair(
    held: Mapping[str, Any], text_keys: Optional[Sequence[str]] = None, pair_keys: Optional[Sequence[str]] = None
) -> Tuple[Any, Any]:
    """The text and the second text of a JSON object, each None where there is none.

    They are under the first of `text_keys` and of `pair_keys` that holds something, or else under names of
    `column_names`. Raises InputError for texts under several of those names that are no pair: none is left out.
    """
    if text_keys is not None or pair_keys is not None:
        given = (TEXTS if text_keys is None else text_keys, SECOND_TEXTS if pair_keys is None else pair_keys)
        text, pair = (next((held[key] for key in keys if held.get(key) is not None), None) for keys in given)
        return text, pair
    names = [key for key in held if is_text(key) and held[key] is not None]
    if len(names) == 1:
        second = plain(names[0]) in SECOND_TEXTS
        return (None, held[names[0]]) if second else (held[names[0]], None)
    both = pair_of(names)
    if names and both is None:
        raise InputError(
            f"{', '.join(map(repr, names))} are names of texts, and no pair: give one of them, or two as "
            '{"text": …, "text_pair": …}; a reader takes the names that count as text_key and pair_key'
        )
    return (held[both[0]], held[both[1]]) if both else (None, None)


def plain_text(value: Any, empty: bool = False, name: str = "the text") -> str:
    """`value` as a str.

    Raises InputError for what is none, for half a character (a lone surrogate), which no tokenizer takes, and, but for
    `empty`, for white space alone.
    """
    if not isinstance(value, str):
        missing = " (a missing value)" if is_missing(value) else ""
        hint = (
            ': give pairs as text_pairs=, or as {"text": …, "text_pair": …}' if isinstance(value, (list, tuple)) else ""
        )
        raise InputError(f"a text must be a str, but a {type(value).__name__}{missing} was given{hint}")
    if not empty and not value.strip():
        raise InputError("the text is empty or white space only: there is nothing to explain")
    half = next((place for place, sign in enumerate(value) if "\ud800" <= sign <= "\udfff"), None)
    if half is not None:
        raise InputError(
            f"{name} has half a character, {value[half]!a}, at {half}: read it with its own encoding, or give "
            "text.encode('utf-8', 'replace').decode()"
        )
    return str.__str__(value)  # numpy's str_ and other subclasses, as the plain text that tokenizers take


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question to end a sentence with: "; did you mean 'n_steps'?", or "" where no name is near."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else ""


def _entries(texts: Any, name: str) -> List[Any]:
    if is_table(texts):
        raise InputError(f"{name} is a {type(texts).__name__}: give the column that holds the texts, as in df['text']")
    if is_alone(texts):
        return [texts.item() if _dimensions(texts) == 0 else texts]
    if isinstance(texts, (bytes, bytearray, set, frozenset)):
        reason = (
            "has no order, so that results could not be told apart" if "set" in type(texts).__name__ else "is no str"
        )
        raise InputError(f"{name} is a {type(texts).__name__}, which {reason}: give a str, or a list of them")
    if (_dimensions(texts) or 1) > 1:
        raise InputError(
            f"{name} has the shape {tuple(texts.shape)}: give one column of it, as in texts[:, 0], and that of the second "
            "texts of pairs as text_pairs"
        )
    return list(_of_python(texts))


def _of_python(value: Any) -> Any:
    """What an array, tensor, Series or column holds, as Python's own: iterated, it would give scalars of its library."""
    for name in ("tolist", "to_pylist"):  # the second is that of Arrow's columns in chunks
        if hasattr(value, name):
            return getattr(value, name)()
    return value


def _read(
    text: Any, pair: Any, empty: bool, whole: Optional[Callable[[Mapping[str, Any]], bool]]
) -> Union[Input, InputError]:
    try:
        if isinstance(text, Mapping) and whole is not None and whole(text):
            return {key: plain_text(held, True) if isinstance(held, str) else held for key, held in text.items()}
        if isinstance(text, Mapping):
            text, pair = _unpacked(text, pair)
        read = {"sentence": plain_text(text, empty)}
        if pair is not None:
            read["text_pair"] = plain_text(pair, empty)
        return read
    except InputError as error:
        return error


def _unpacked(row: Mapping[str, Any], pair: Any) -> Any:
    key = next((key for key in row if is_text(key) and plain(key) not in SECOND_TEXTS), None)
    unknown = [name for name in row if not is_known(name)]
    texts = [name for name in row if is_text(name) and row[name] is not None]
    if key is None or unknown or (len(texts) > 1 and pair_of(texts) is None):
        raise InputError(
            f"a dict with the keys {', '.join(map(repr, row)) or 'none'} is not a text: give "
            '{"text": …} or {"text": …, "text_pair": …}'
            + (did_you_mean(str(unknown[0]), (*TEXTS, *SECOND_TEXTS)) if unknown else "")
        )
    text, own_pair = text_and_pair(row)
    if isinstance(text, Iterable) and not isinstance(text, (str, bytes)):
        raise InputError(
            f"the dict of a text holds a {type(text).__name__} as {key!r}: give a dict for each text, or the texts of "
            f"a batch by themselves, as in batch[{key!r}]"
        )
    if own_pair is not None and pair is not None:
        raise InputError("the dict of a text holds its pair, but text_pairs was given, too: give one of them")
    return text, pair if own_pair is None else own_pair


def _index(value: Any) -> Optional[int]:
    if _is_bool(value) or not hasattr(value, "__index__"):
        return None
    try:
        return operator.index(value)
    except (TypeError, ValueError):  # arrays and tensors have the method, whatever they hold
        return None


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool) or str(getattr(value, "dtype", "")).endswith("bool")


def _dimensions(value: Any) -> Optional[int]:
    """How many dimensions an array has; None for what is no array."""
    found = getattr(value, "ndim", None)
    return found if isinstance(found, int) and hasattr(value, "item") else None
