"""What the values of a column are: numbers, dates, codes, a few names again and again, or texts."""

from __future__ import annotations

import re
from typing import Any, Iterator, Sequence

NUMBER = re.compile(r"\s*[-+]?[\d.,]*\d\s*%?\s*$|\s*[-+]?\d[\d.,]*e[-+]?\d+\s*$", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]+")
# Dates and times, truth values and what annotators answer, which are no texts either.
_TIME = re.compile(r"(?=\D{0,9}\d)[\d\s:./,+TZ-]+$", re.IGNORECASE)
_ANSWER = re.compile(r"(true|false|yes|no|accept|reject|ignore)$", re.IGNORECASE)
# What stands for a value that is missing, as pandas, R, databases and spreadsheets write it.
_MARK = re.compile(r"[#<\[(]?(n\W?a\W?|nan|nat|null|none|nil|unk|unknown|missing|undefined)[>\])]?$|[-?.*/]*$", re.IGNORECASE)
# The words of a date, "Mon Apr 06 22:19:45 PDT 2009" or "January 6th, 2020".
_OF_DATES = re.compile(
    r"(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?|dec(ember)?"
    r"|mon(day)?|tue(s(day)?)?|wed(nesday)?|thu(rs(day)?)?|fri(day)?|sat(urday)?|sun(day)?"
    r"|[ap]m|utc|gmt|[ecmp][ds]t|cest|cet|st|nd|rd|th|t|z)$",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\w+://\S+$")
_WORDS_OF_PROSE = 5
# Scripts that put no spaces between words: Thai to Khmer, Chinese, Japanese.
_WITHOUT_SPACES = re.compile("[\u0e00-\u17ff\u3040-\u30ff\u3400-\u9fff]{8}")
_LONGEST_NAME = 30
_FEW = 4


def is_value(text: str) -> bool:
    """Whether a string is a number, a date, a truth value or what annotators answer, and so no text."""
    return NUMBER.match(text) is not None or is_date(text) or is_answer(text)


def is_date(text: str) -> bool:
    """Whether a string is a date or a time, and no number alone."""
    if _TIME.match(text):
        return NUMBER.match(text) is None
    words = _LETTERS.findall(text) if len(text) <= 40 and any(map(str.isdigit, text)) else []
    return bool(words) and all(map(_OF_DATES.match, words))


def is_answer(text: str) -> bool:
    """Whether a string is a truth value or what annotators answer: one of a few, beside which there may be a rarer one."""
    return _ANSWER.match(text) is not None


def is_mark(text: str) -> bool:
    """Whether a string is empty, or stands for a value that is missing, as "n/a" and "?" do."""
    return _MARK.match(text.strip()) is not None


def holds_strings(values: Sequence[Any]) -> bool:
    """Whether lists or objects among the values hold strings."""
    return any(isinstance(value, (list, dict)) and next(_strings_in(value), None) is not None for value in values)


def is_numeric(values: Sequence[Any]) -> bool:
    """Whether there are no strings, or strings of numbers and dates alone; so it is where values are missing, too."""
    return all(not isinstance(value, str) or is_value(value) or is_mark(value) for value in values)


def has_few(values: Sequence[str]) -> bool:
    """Whether they are a few short names, each again and again, as labels are."""
    return len(values) >= _FEW * len(set(values)) > 0 and max(map(len, values)) < _LONGEST_NAME


def is_data(values: Sequence[Any]) -> bool:
    """Whether the values are no texts: numbers, dates, a few names of one word, or codes and addresses."""
    strings = [value for value in values if isinstance(value, str)]
    codes = len(strings) >= _FEW and all(map(_is_code, strings))
    names = has_few(strings) and not _are_of_words(strings)  # a question, too, may be asked again and again
    return not holds_strings(values) and (is_numeric(values) or names or codes)


def _is_code(text: str) -> bool:
    """Whether a string is a code or an address: without a space, and with a digit or as URLs begin."""
    coded = text.isascii() and any(map(str.isdigit, text)) and not any(map(str.isspace, text))
    return coded or _ADDRESS.match(text) is not None


def _are_of_words(strings: Sequence[str]) -> bool:
    """Whether most of the different strings are of several words."""
    different = set(strings)
    return 2 * sum(len(_LETTERS.findall(text)) > 1 and " " in text.strip() for text in different) > len(different)


def is_prose(values: Sequence[Any]) -> bool:
    """Whether at least a third of the values hold several words in one string, or a long one in a script without spaces."""
    values = [value for value in values if isinstance(value, (str, list, dict))]
    return 3 * sum(any(map(_is_sentence, _strings_in(value))) for value in values) >= max(1, len(values)) and bool(values)


def _strings_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _strings_in(inner)


def _is_sentence(text: str) -> bool:
    words = _LETTERS.findall(text)
    # An address, or a path, has words and no spaces.
    return (len(words) >= _WORDS_OF_PROSE and len(text.split()) > 2) or bool(_WITHOUT_SPACES.search(text))
