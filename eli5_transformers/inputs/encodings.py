"""The encoding of a text file, and its lines, with what could not be decoded kept apart.

A byte that is no character of the encoding becomes half a character of its own (U+DC00 and the byte), as Python's
`surrogateescape` does it, and so does a NUL: lines stay lines, and whoever meets one says what was wrong with it.
"""

from __future__ import annotations

import codecs
import io
import re
from typing import Iterator, Optional

from ..arguments import did_you_mean
from ..errors import InputError
from .guessing import guess, wide
from .sources import Source

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"), (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_USUAL = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1", "shift_jis", "gb18030", "cp1251", "auto")
_MARKED = ("utf-16", "utf-32")
_HANDLER = "eli5_transformers.inputs"
_NUL = "\udc00"
_UNDECODED = re.compile("[\udc00-\udcff]")
_FIRST = 4096
# What is in no text, but for what lays lines out, an escape and a NUL, which damage leaves.
_CONTROLS = re.compile(rb"[\x01-\x06\x0e-\x1a\x1c-\x1f]")


def _keep(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(_HANDLER, _keep)


def encoding_of(source: Source, asked: Optional[str]) -> str:
    """The encoding to read the file with: by its mark, or as `asked` ("auto" guesses), or else UTF-8.

    Raises InputError for an encoding that nobody knows, for one that the file's mark contradicts, for UTF-16 without a mark,
    which must be asked for, and for binary data.
    """
    marked = next((name for mark, name in _MARKS if source.head.startswith(mark)), None)
    if asked is None:
        if marked is None:
            _require_text(source)
        return marked or "utf-8"
    if asked.lower() == "auto":
        return marked or guess(source)
    try:
        found = codecs.lookup(asked)
        if not getattr(found, "_is_text_encoding", True):
            raise LookupError
        if found.name not in _MARKED:
            codecs.getincrementaldecoder(found.name)(errors=_HANDLER).decode(b"\xff\xfe\xff", final=True)
    except (LookupError, ValueError, UnicodeError):
        raise InputError(
            f"no encoding {asked!r} is known: give one as Python names it, as in --encoding cp1252"
            + did_you_mean(asked, _USUAL)
        ) from None
    family = (marked or found.name).split("-sig")[0]
    if not found.name.replace("_", "-").startswith(family.replace("_", "-")):
        raise source.refuse(f"begins with the mark of {family}, but --encoding says {asked!r}: leave it out")
    return marked or (_without_mark(source, found.name) if found.name in _MARKED else found.name)


def _without_mark(source: Source, name: str) -> str:
    """UTF-16 or UTF-32 with the order of bytes that its characters show, as Python needs it."""
    found = wide(source.head[:_FIRST])
    if found is None or not found.startswith(name):
        raise source.refuse(
            f"has no byte order mark, and does not look like {name.upper()}: say --encoding {name}-le or {name}-be, or leave "
            "it out"
        )
    return found


def lines_of(source: Source, encoding: str, *, translated: bool) -> Iterator[str]:
    """The file's lines, read as they are asked for, the mark left out; with `translated` each ends in a line feed."""
    with io.TextIOWrapper(
        source.open(), encoding=encoding, errors=_HANDLER, newline=None if translated else ""
    ) as stream:  # type: ignore[call-overload]
        for line in stream:
            # A file that was made of several files holds their marks, too.
            yield line.removeprefix("\ufeff").replace("\0", _NUL)


def decoded(source: Source, encoding: str) -> str:
    """All of the file, as `lines_of` reads it."""
    return "".join(lines_of(source, encoding, translated=True))


def beginning(source: Source, encoding: str) -> str:
    """What was looked at of the file, decoded, with the line breaks that it has."""
    decoder = codecs.getincrementaldecoder(encoding)(errors=_HANDLER)
    return decoder.decode(source.head, final=source.whole).removeprefix("\ufeff").replace("\0", _NUL)


def what_was_not_decoded(text: str, encoding: str) -> Optional[str]:
    """What is wrong with a text of the file, as a sentence; None where nothing is."""
    found = _UNDECODED.search(text)
    if found is None:
        return None
    if found.group() == _NUL:
        return "it holds a NUL character, which no text has: the file is damaged there, or in another encoding"
    name = encoding.replace("-sig", "").upper()
    return (
        f"it is no valid {name} (the byte 0x{ord(found.group()) - 0xDC00:02x} at character {found.start() + 1}): "
        "give the file's encoding, as in --encoding cp1252"
    )


def _require_text(source: Source) -> None:
    """Raises InputError for binary data, and for UTF-16 and UTF-32 without a mark."""
    head = source.head[:_FIRST]
    name = wide(head)
    if name is not None:
        raise source.refuse(f"looks like {name[:6].upper()} without a byte order mark: say so, as in --encoding {name}")
    if len(_CONTROLS.findall(head)) > max(3, len(head) // 20) or head.count(0) > max(8, len(head) // 5):
        raise source.refuse(
            "is no text, but binary data: give text lines, JSON Lines, CSV, parquet or arrow, or a text's --encoding"
        )
