"""The encoding of bytes without a mark: of two or four bytes a character by its pattern, others by charset-normalizer."""

from __future__ import annotations

import codecs
import unicodedata
from typing import Any, List, Optional

from ..errors import MissingDependencyError
from .sources import Source

# What programs of today still write, the commonest first; those of the Macintosh and of DOS are mistaken for them.
_GUESSED = (
    "cp1252", "gb18030", "cp932", "cp949", "big5", "euc_jp", "cp1251", "cp1250", "cp1254", "cp1253", "cp1255", "cp1256",
    "cp1257", "cp1258", "koi8_r", "cp874",
)  # fmt: skip
# Encodings of East Asia decode each other's bytes to characters that are in no daily text: the everyday ones are in the older
# standard of each.
_EVERYDAY = {"gb18030": "gb2312", "cp949": "euc_kr", "big5": "big5", "cp932": "shift_jis", "euc_jp": "shift_jis"}
_FEW, _MANY, _NEARLY_ALL = 0.05, 0.9, 0.97


def wide(head: bytes) -> Optional[str]:
    """The encoding of bytes that are UTF-16 or UTF-32 without a mark; None for others."""
    head = head[: len(head) // 4 * 4] or head[: len(head) // 2 * 2]
    if len(head) < 2:
        return None
    share = [head[place::4].count(0) / max(1, len(head[place::4])) for place in range(4)]
    if min(share[2:]) > 0.9 and share[0] < 0.5:
        return "utf-32-le"
    if min(share[:2]) > 0.9 and share[3] < 0.5:
        return "utf-32-be"
    low, high = head[::2], head[1::2]
    # Latin, Greek, Cyrillic, Hebrew, Arabic and Indian letters have one of a few first bytes, all below 0x20.
    for name, first, second in (("utf-16-le", high, low), ("utf-16-be", low, high)):
        small = sum(byte < 0x20 and byte not in b"\t\n\r" for byte in first)
        if small > 0.7 * len(first) and len(set(first)) <= 6 and sum(byte < 0x20 for byte in second) < 0.3 * len(second):
            return name
    return _wide_of_asia(head)


def _wide_of_asia(head: bytes) -> Optional[str]:
    """UTF-16 of thousands of letters, whose line breaks, spaces or digits show the side of the small bytes."""
    if head.count(0) < max(2, len(head) // 200):  # fewer are damage
        return None
    shares = {name: _share_of_letters(head, name) for name in ("utf-16-le", "utf-16-be")}
    best, other = sorted(shares, key=lambda name: shares[name], reverse=True)
    return best if shares[best] > _NEARLY_ALL and shares[other] < shares[best] - _FEW else None


def _share_of_letters(head: bytes, encoding: str) -> float:
    """How many of the characters are of scripts that East Asian texts are written in, or of their punctuation."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return 0.0
    return sum(map(_is_of_asia, text)) / max(1, len(text))


def _is_of_asia(sign: str) -> bool:
    code = ord(sign)
    return (
        0x20 <= code < 0x7F or sign in "\t\r\n\u3000" or 0x2010 <= code <= 0x2026 or 0x3001 <= code <= 0x30FF
        or 0x4E00 <= code <= 0x9FFF or 0xAC00 <= code <= 0xD7A3 or 0xFF01 <= code <= 0xFF9F or 0x1F300 <= code <= 0x1FAFF
    )  # fmt: skip


def guess(source: Source) -> str:
    """The encoding that the bytes are in. Raises InputError where several fit and read differently."""
    source.look()
    name = wide(source.head[:4096])
    if name is not None:
        return name
    try:
        codecs.getincrementaldecoder("utf-8")().decode(source.head, final=source.whole)
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8"
    try:
        from charset_normalizer import from_bytes
    except ImportError:
        raise MissingDependencyError(
            "--encoding auto needs charset-normalizer: pip install charset-normalizer, or give the encoding by its name"
        ) from None
    asia = [name for name in _EVERYDAY if _is_everyday(source.head, name)]
    if len(asia) == 1:
        return asia[0]
    left = [name for name in _GUESSED if name not in _EVERYDAY or name in asia]
    return _best(source, list(from_bytes(source.head, cp_isolation=left)))


def _best(source: Source, found: List[Any]) -> str:
    if not found:
        raise source.refuse("is in no encoding that could be guessed: give it, as in --encoding cp1252")
    best = found[0]
    near = [match for match in found if match.chaos <= best.chaos + 0.02]
    if any(str(match) != str(best) and match.coherence >= best.coherence - 0.05 for match in near):
        names = ", ".join(match.encoding for match in near)
        raise source.refuse(f"is too short to tell its encoding, which may be {names}: give it, as in --encoding cp1252")
    # All of these read the beginning alike; what follows is likelier in the commonest of them.
    alike = best.could_be_from_charset
    return next((name for name in _GUESSED if name in alike), best.encoding)


def _is_everyday(head: bytes, encoding: str) -> bool:
    """Whether the bytes are a text of an East Asian encoding, in characters that are in use."""
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    signs = [sign for sign in text if ord(sign) > 0x7F]
    letters = [sign for sign in signs if unicodedata.category(sign) == "Lo"]
    if not letters or 2 * len(letters) < len(signs):
        return False
    kana = sum("\u3041" <= sign <= "\u30ff" for sign in letters) / len(letters)
    korean = sum("\uac00" <= sign <= "\ud7a3" for sign in letters) / len(letters)
    if encoding in ("cp932", "euc_jp"):
        return kana > 0.2 and _share_in_use(letters, encoding) > _MANY
    if encoding == "cp949":
        return korean > _MANY and _share_in_use(letters, encoding) > _MANY
    return kana < _FEW and _share_in_use(letters, encoding) > _MANY


def _share_in_use(letters: List[str], encoding: str) -> float:
    """How many of the letters are in the older standard; of Chinese and Japanese ones in its first half, of daily use."""
    used = 0
    for sign in letters:
        try:
            code = sign.encode(_EVERYDAY[encoding])
        except UnicodeEncodeError:
            continue
        rare = {"gb18030": 0xD8, "big5": 0xC7, "cp932": 0x99, "euc_jp": 0x99}.get(encoding, 0x100)
        used += len(code) == 2 and code[0] < rare
    return used / len(letters)
