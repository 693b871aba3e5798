"""How matplotlib draws words of any script: with fonts that have their characters, in their own direction."""

from __future__ import annotations

import functools
import re
import unicodedata
import warnings
from typing import Any, Callable, Dict, FrozenSet, Iterable, List, NamedTuple, Optional, Set

import matplotlib
from matplotlib import font_manager, ft2font

# Families that hold what DejaVu Sans, matplotlib's own, lacks; tried before the other installed ones, whose number may
# be large. Fonts of coloured pictures, of placeholder boxes and of formulas draw nothing that is of use here.
_TRIED_FIRST = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "Source Han Sans SC", "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei", "PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo", "Microsoft YaHei", "Yu Gothic",
    "Malgun Gothic", "SimHei", "Arial Unicode MS", "Noto Sans", "Noto Sans Arabic", "Noto Sans Hebrew",
    "Noto Sans Devanagari", "Noto Sans Bengali", "Noto Sans Tamil", "Noto Sans Thai", "Noto Emoji", "Segoe UI",
    "Nirmala UI", "Leelawadee UI",
)  # fmt: skip
_LEFT_OUT = re.compile(r"last ?resort|color emoji|emoji one color|^(stix|cm[a-z]+10$)", re.IGNORECASE)
_RIGHT_TO_LEFT = ("R", "AL")
_INVISIBLE = ("Cc", "Cf", "Zs", "Zl", "Zp")


class TextStyle(NamedTuple):
    """How to draw some texts: keyword arguments for matplotlib's text, and what to do to each text before."""

    properties: Dict[str, Any]
    shaped: Callable[[str], str]


def text_style(texts: Iterable[str]) -> TextStyle:
    """The style that draws these texts as they are: nothing in them is read as a formula.

    Warns, in one sentence each, of characters that no installed font has and of right-to-left text that this
    matplotlib cannot shape.
    """
    together = "".join(texts)
    properties = {"parse_math": False, "usetex": False, "fontfamily": _families(together)}
    return TextStyle(properties, _shaper(together))


def _families(text: str) -> List[str]:
    """The configured families, and after them installed ones that have the characters which these lack."""
    families = list(matplotlib.rcParams["font.family"])
    missing = {character for character in text if unicodedata.category(character) not in _INVISIBLE}
    missing -= {character for character in missing if "\ufe00" <= character <= "\ufe0f"}  # variation selectors
    for family in families:
        missing -= _characters(font_manager.findfont(font_manager.FontProperties(family=[family])))
    for entry in _installed() if missing else ():
        found = missing & _characters(entry.fname)
        if found:
            families.append(entry.name)
            missing -= found
        if not missing:
            break
    if missing:
        shown = "".join(sorted(missing)[:10]) + ("…" if len(missing) > 10 else "")
        warnings.warn(
            f"no installed font has the characters {shown!r}, which are drawn as boxes: "
            "install one that has them, such as Noto Sans CJK for Chinese, Japanese and Korean",
            stacklevel=4,
        )
    return families


def _installed() -> List[Any]:
    """The font that is drawn of each installed family, those families first that have most to offer."""
    first = {name: rank for rank, name in enumerate(_TRIED_FIRST)}
    entries: Dict[str, Any] = {}
    for entry in sorted(font_manager.fontManager.ttflist, key=_unlike_plain):
        if not _LEFT_OUT.search(entry.name):
            entries.setdefault(entry.name, entry)
    return sorted(entries.values(), key=lambda entry: (first.get(entry.name, len(first)), entry.name))


def _unlike_plain(entry: Any) -> Any:
    weight = font_manager.weight_dict.get(entry.weight, entry.weight)
    return entry.style != "normal", abs(weight - 400) if isinstance(weight, (int, float)) else 400, entry.fname


@functools.cache
def _characters(path: str) -> FrozenSet[str]:
    try:
        return frozenset(map(chr, font_manager.get_font(path).get_charmap()))
    except (OSError, RuntimeError, ValueError):  # a damaged font file is no reason not to draw
        return frozenset()


def _shaper(text: str) -> Callable[[str], str]:
    if not _has_right_to_left(text) or hasattr(ft2font, "__libraqm_version__"):  # matplotlib 3.11 lays out by itself
        return lambda word: word
    shape = _outside_shaper()
    if shape is None:
        warnings.warn(
            f"matplotlib {matplotlib.__version__} draws right-to-left words from the left, letter by letter: "
            "install matplotlib 3.11 or newer, or python-bidi and arabic-reshaper",
            stacklevel=4,
        )
        return lambda word: word
    return lambda word: shape(word) if _has_right_to_left(word) else word


def _outside_shaper() -> Optional[Callable[[str], str]]:
    try:
        import arabic_reshaper
        from bidi.algorithm import get_display
    except ImportError:
        return None
    return lambda word: get_display(arabic_reshaper.reshape(word))


def _has_right_to_left(text: str) -> bool:
    kinds: Set[str] = {unicodedata.bidirectional(character) for character in text}
    return not kinds.isdisjoint(_RIGHT_TO_LEFT)
