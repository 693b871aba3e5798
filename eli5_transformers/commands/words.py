"""The words of the command line: which is the source, which are texts, and what was meant by words that are neither."""

from __future__ import annotations

import os
import re
from typing import Any, List, Mapping, Optional, Sequence, Tuple

from ..errors import InputError

BUNDLED = "bundled"
_SUFFIXES = (".jsonnet", ".json", ".tar.gz", ".tgz", ".th", ".bin", ".safetensors")
_TABLES = (".txt", ".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".arrow", ".feather")
# A name on a hub, "owner/model": what has no space, and more in it than two words of a text ("and/or").
_HUB = re.compile(r"(?=[^/]*/?[^/]*[-_.0-9])[\w.-]+/[\w.-]+", re.ASCII)
_COULD_BE_A_NAME = re.compile(r"[\w./~:\\@-]+")
_BEHIND = (
    "--targets and --contrast take every word up to the next option: put texts before them, or -- between the labels and the "
    "texts"
)


def source_and_texts(
    words: Sequence[str], source: Any, file: Optional[str], targets: Optional[Sequence[str]]
) -> Tuple[Any, List[str]]:
    """The source (None for the bundled model), and the texts that are arguments.

    `source` is the config's, `file` that of `--input`, `targets` those of `--targets` or `--contrast`, which may have taken
    texts. Raises InputError where no text is left, and for a text that is the name of a source or of a file.
    """
    texts = list(words)
    hint = f" ({_BEHIND})" if targets and (len(targets) > 1 or " " in targets[0]) else ""
    if file is not None:
        if len(texts) > 1 or (texts and source is not None):
            raise InputError(f"with --input no texts are arguments, but {texts[-1]!r} was given")
        if texts and texts[0].lower().endswith(_TABLES) and os.path.isfile(texts[0]):
            raise InputError(
                f"{texts[0]!r} is a file of texts, too, and --input takes one: give several as one, by a pipe to --input -"
            )
        source = texts.pop() if texts else source
    elif not texts:
        raise InputError(f'nothing to explain: give a text, or --input FILE ("-" for stdin){hint}')
    elif len(texts) > 1 and source is None and not _is_text(texts[0]):
        source = texts.pop(0)
    elif len(texts) == 1 and source is None:
        _require_text_alone(texts[0], hint)
    for text in texts:
        _require_no_file(text)
    if texts and not any(text.strip() for text in texts):
        raise InputError("the text is empty or white space only: there is nothing to explain")
    return (None if source == BUNDLED else source), texts


def hint_of_targets(targets: Optional[Sequence[str]]) -> str:
    """What to say beside a label that there is not, where it may be a text."""
    return f" ({_BEHIND})" if targets is not None and any(" " in target for target in targets) else ""


def with_indices(targets: Any, names: Sequence[str]) -> Any:
    """Labels as given, with those that no class is called, and that are numbers, as indices; also within questions."""
    if isinstance(targets, (list, tuple)):
        return [with_indices(target, names) for target in targets]
    if isinstance(targets, Mapping):
        if "type" in targets:
            return {key: value if key == "type" else with_indices(value, names) for key, value in targets.items()}
        return {with_indices(label, names): weight for label, weight in targets.items()}
    if isinstance(targets, str) and targets not in names and re.fullmatch(r"-?[0-9]{1,9}", targets):
        return int(targets)
    return targets


def _is_text(word: str) -> bool:
    """Whether the first of several words is no source: there is no such path, and it has what no name has."""
    if os.path.exists(word) or word.endswith(_SUFFIXES) or os.path.isdir(os.path.dirname(word) or "\0"):
        return False
    return word != BUNDLED and _COULD_BE_A_NAME.fullmatch(word) is None


def _require_text_alone(word: str, hint: str) -> None:
    """Raises InputError for a single word that is a source: its text was forgotten."""
    one, named, what = re.search(r"\s", word) is None, False, ""
    if os.path.isdir(word):
        what = "is a folder"
    elif word == BUNDLED:
        what = "is the bundled model"
    elif word.endswith(_SUFFIXES):
        named = one or os.path.exists(word)
    else:
        named = one and (_HUB.fullmatch(word) is not None or word.startswith(("./", "../", "~/")))
    if named:
        what = "is the name of a source"
    if not what:
        return
    raise InputError(
        f"{word!r} {what}, and no text was given: write `explain {word} TEXT` or `explain {word} --input FILE`; as a text, it "
        f"goes behind a source, as in `explain {BUNDLED} {word}`{hint}"
    )


def _require_no_file(text: str) -> None:
    """Raises InputError for a text that is rather the name of a file with texts."""
    named = not re.search(r"\s", text) and ("." in text.strip(".") or os.sep in text)
    try:
        found = named and os.path.isfile(text)
    except ValueError:
        found = False
    if found:
        raise InputError(f"{text!r} is a file: give it by --input {text}, or its name as a text by --input -")


def not_found_hint(source: Any, settings: Mapping[str, Any]) -> str:
    """What to say beside a source that cannot be loaded, where it was rather the first of several texts."""
    if settings.get("source") is not None or not isinstance(source, str) or os.path.exists(source):
        return ""
    return f" (as a text for the bundled model, write {BUNDLED} before it)" if "/" not in source else ""
