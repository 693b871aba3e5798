"""Every exception this package raises. Each message is one sentence that names what was given and the mend."""

from __future__ import annotations

from .escapes import visible


class Eli5TransformersError(Exception):
    """Base class of all errors of this package.

    Messages hold names, texts and other people's messages. As a text, which a terminal or a notebook prints, an error has
    the characters in it that a screen would obey spelled out; `args` holds the message as it was given.
    """

    def __str__(self) -> str:
        return visible(super().__str__())


class MissingDependencyError(Eli5TransformersError, ImportError):
    """A package that the called function needs is not installed; the message holds the command that installs it."""


class CompatibilityError(Eli5TransformersError, RuntimeError):
    """AllenNLP cannot be made to run here: it was imported too early, or is not the release that is patched."""


class SourceError(Eli5TransformersError, ValueError):
    """A checkpoint, config, archive or object from which no predictor can be made."""


class InputError(Eli5TransformersError, ValueError):
    """A text, label, target or option that cannot be explained or is not accepted."""


class QuestionError(InputError):
    """A question that this method has no answer to; another method may have one."""


class ExplanationError(Eli5TransformersError, ValueError):
    """Tokens, scores, probabilities and labels that do not fit together."""


class UnsupportedModelError(Eli5TransformersError, RuntimeError):
    """A model whose prediction cannot be explained truthfully."""


def is_lack_of_memory(error: BaseException) -> bool:
    """Whether an error of a pass says nothing of the model, but of the memory that was left at that moment."""
    return isinstance(error, MemoryError) or "out of memory" in str(error)


def is_error(error: BaseException) -> bool:
    """Whether it is an error, and not the wish to stop: libraries in Rust raise those of files that they did not expect, as a
    tokenizer's, as a PanicException, which is no Exception."""
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


def shown(value: object, most: int = 200) -> str:
    """What somebody else has written or given, as a message shows it: its `repr` in one line, cut where it is long."""
    try:
        # A text's own spaces are a part of it, as in the name of a file; others' are a layout.
        text = repr(value) if isinstance(value, str) else " ".join(repr(value).split())
    except Exception:  # a class of the caller's, or a number of more digits than Python writes
        return f"a {type(value).__name__}"
    return text if len(text) <= most else f"{text[:most]}…"


def short(error: BaseException, most: int = 200) -> str:
    """The first line of another library's message, which may list all that it knows."""
    lines = str(error).strip().splitlines()
    line = lines[0].rstrip(".: ") if lines else type(error).__name__
    # What a mapping did not have, or a name alone, says nothing without its kind.
    line = line if " " in line else f"{type(error).__name__} {line}"
    return line if len(line) <= most else f"{line[:most]}…"
