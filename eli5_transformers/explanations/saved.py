"""What all saved files share: a JSON object that names its format and version and holds one record.

Records are msgspec's `Struct`s, which know no other fields than theirs and convert nothing: "1" is no number, `true` no 1.
The text itself is read by `json`, because msgspec's own parser takes a field that stands twice and refuses lone
surrogates, which a text may hold. Nothing of a file is imported or evaluated.
"""

from __future__ import annotations

import inspect
import json
import math
import reprlib
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Dict, List, Mapping, Tuple, Type

import msgspec

from ..errors import ExplanationError
from ..escapes import visible_line

VERSION = 1
DEEPEST = 100  # objects and lists in each other, more than any saved record has
Index = Annotated[int, msgspec.Meta(ge=-1, le=2**63 - 1)]
"""A place in a text or a list, or -1 for none."""
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Size = Annotated[float, msgspec.Meta(ge=0)]
ROUNDING = 1e-6
Probability = Annotated[float, msgspec.Meta(ge=-ROUNDING, le=1 + ROUNDING)]
"""A number from 0 to 1, but for the rounding of a model's own arithmetic."""


class Record(msgspec.Struct):
    """An object of another class as a file holds it, argument by argument."""

    of: ClassVar[Any]


class Leaf:
    """Base class of values that are in a file as something else; made of what is in the file."""

    value: Any


def mirror(of: Any, **types: Any) -> Any:
    """A record of the arguments of `of` that are named; those with a default may be missing."""
    arguments = inspect.signature(of).parameters
    fields = [
        (name, kind) if arguments[name].default is inspect.Parameter.empty else (name, kind, msgspec.UNSET)
        for name, kind in types.items()
    ]
    record: Any = msgspec.defstruct(of.__name__, fields, bases=(Record,), forbid_unknown_fields=True, kw_only=True)
    record.of = of
    return record


def made(saved: Any) -> Any:
    """What a record stands for."""
    if isinstance(saved, Record):
        given = msgspec.structs.asdict(saved)
        return saved.of(**{name: made(value) for name, value in given.items() if value is not msgspec.UNSET})
    if isinstance(saved, (list, tuple)):
        return type(saved)(made(item) for item in saved)
    return saved.value if isinstance(saved, Leaf) else saved


@dataclass(frozen=True)
class Format:
    """One kind of file."""

    label: str
    """What "format" says in the file."""
    name: str
    """The key of the record in the file."""
    record: Type[Record]
    beside: Tuple[str, ...] = ()
    """Keys that a file may have, too, and that are no part of the record."""

    def to_text(self, held: Any, beside: Mapping[str, Any] = MappingProxyType({})) -> str:
        """The file of a record's JSON: ASCII only, no NaN; numbers keep all digits. `beside` stands under its own keys.

        Raises ExplanationError, which names the place, for what is no such record, so that all that is written can be
        read.
        """
        file = {"format": self.label, "version": VERSION, **beside, self.name: held}
        if _deeper_than(DEEPEST, file):
            raise ExplanationError(f"the {self.name} is nested too deeply to be saved")
        self._checked(file)
        try:
            return json.dumps(file, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ExplanationError(f"the {self.name} cannot be saved: {error}") from None

    def from_text(self, text: str) -> Any:
        """What the record of a file stands for. Raises ExplanationError, which names the place, for any other text."""
        try:
            file = json.loads(text, object_pairs_hook=_once, parse_constant=_number, parse_float=_number)
        except RecursionError:
            raise ExplanationError(f"the text is nested too deeply to be a saved {self.name}") from None
        except (TypeError, ValueError) as error:
            raise ExplanationError(f"the text is not JSON that {self.name}_to_json wrote: {error}") from None
        if _deeper_than(DEEPEST, file):
            raise ExplanationError(f"the text is nested too deeply to be a saved {self.name}")
        if not isinstance(file, dict) or file.get("format") != self.label:
            raise ExplanationError(
                f'the text is not a saved {self.name}: it must be a JSON object with "format": "{self.label}", '
                f"as {self.name}_to_json writes it"
            )
        if type(file.get("version")) is not int or file["version"] != VERSION:
            found = reprlib.repr(file.get("version"))
            raise ExplanationError(
                f"the saved {self.name} has version {found}, but this release reads version {VERSION}: "
                "save it again, or read it with the release that wrote it"
            )
        return made(self._checked(file))

    def _checked(self, file: Any) -> Record:
        fields = [("format", str), ("version", int), (self.name, self.record)]
        file = {key: value for key, value in file.items() if key not in self.beside}
        kind = msgspec.defstruct("File", fields, forbid_unknown_fields=True)
        try:
            return getattr(msgspec.convert(file, kind, dec_hook=lambda leaf, held: leaf(held)), self.name)
        except ValueError as error:  # msgspec's ValidationError, or the error of a key that no file's text can hold
            said = _shortened(str(error).replace("`$.", "`"))
            raise ExplanationError(f"this is no {self.name} that can be saved: {said}") from None
        except RecursionError:
            raise ExplanationError(f"the {self.name} is nested too deeply") from None


def _once(pairs: List[Any]) -> Dict[str, Any]:
    held = dict(pairs)
    if len(held) != len(pairs):
        raise ValueError("an object has a field twice")
    return held


def _number(text: str) -> float:
    if not math.isfinite(float(text)):
        raise ValueError(f"{_shortened(text)} is no finite number")
    return float(text)


def _shortened(text: str, most: int = 300) -> str:
    """The text on one line, without its middle where it is long: a message may quote what a file holds."""
    text = visible_line(text)
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-most // 2 :]}"


def _deeper_than(levels: int, value: Any) -> bool:
    layer = [value]
    for _ in range(levels):
        held = [one.values() if isinstance(one, dict) else one for one in layer if isinstance(one, (dict, list, tuple))]
        layer = [item for one in held for item in one]
        if not layer:
            return False
    return True
