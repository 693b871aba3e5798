"""What the commands of this package are given alike: a source, a file of texts, and what the source may do."""

from __future__ import annotations

import argparse
from typing import Any, List, Mapping

from ..errors import InputError, SourceError
from ..inputs import FORMS, Rows, read_rows
from .destinations import say
from .settings import json_value
from .words import not_found_hint

COLUMNS = {"text": "text", "pair": "second text of a pair", "label": "label", "id": "id"}


class Once(argparse.Action):
    """Stores a value, and takes no other one: the first would be lost unsaid, with the texts or files that it names."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        before = getattr(namespace, self.dest, None)
        if before is not None and before != values:
            parser.error(f"{option_string} is given twice, as {_shown(before)} and as {_shown(values)}: give it once")
        setattr(namespace, self.dest, values)


def _shown(values: Any) -> str:
    return ", ".join(map(repr, values)) if isinstance(values, list) else repr(values)


def add_files(inputs: Any) -> None:
    """Declare the arguments about the file of texts."""
    inputs.add_argument(
        "--input",
        action=Once,
        metavar="FILE",
        help="a file of text lines, JSON Lines, JSON, CSV, TSV, parquet or arrow, also as .gz, which is recognised by name and "
        'content; "-" is stdin',
    )
    inputs.add_argument("--input-format", choices=FORMS, help="read FILE as this, however it looks")
    inputs.add_argument(
        "--encoding", metavar="NAME", help='of a text FILE, such as cp1252; "auto" guesses (default: UTF-8, or by its mark)'
    )
    for column, what in COLUMNS.items():
        inputs.add_argument(
            f"--{column}-column", metavar="COLUMN", help=f"FILE's column of the {what}: its name, or its place from 1"
        )


def add_source(inputs: Any) -> None:
    """Declare the arguments about how a source is loaded."""
    inputs.add_argument("--overrides", "-o", metavar="JSON", help="changes to SOURCE's config, as AllenNLP has them")
    inputs.add_argument(
        "--predictor",
        type=json_value,
        metavar="NAME",
        help="AllenNLP's predictor of a config or archive, by its name or as JSON",
    )
    inputs.add_argument(
        "--ext-var",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an external variable of the config; may be given several times",
    )
    inputs.add_argument(
        "--ordered",
        action=Once,
        nargs="*",
        metavar="LABEL",
        help="the labels are ordered: from the lowest to the highest as given, or without LABELs as the model's outputs",
    )


def add_permissions(parser: argparse.ArgumentParser) -> None:
    """Declare what the source may do."""
    trust = parser.add_argument_group("trust", "what SOURCE may do; nothing of it by default")
    trust.add_argument(
        "--trust-source",
        action="store_true",
        help="a config or archive may call any class, read any file and environment variable, and fetch addresses",
    )
    trust.add_argument("--trust-remote-code", action="store_true", help="run code that a checkpoint brings")
    trust.add_argument("--allow-pickle", action="store_true", help="read weights by running what their author chose")
    trust.add_argument("--max-unpacked", type=int, metavar="BYTES", help="unpack archives up to this size (default: 20 GiB)")


def add_packages(parser: argparse.ArgumentParser) -> None:
    """Declare `--include-package`, which AllenNLP's own command line adds to each of its commands."""
    parser.add_argument(
        "--include-package",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="import PACKAGE, whose classes a config or archive may then name; may be given several times",
    )


def import_packages(arguments: argparse.Namespace) -> None:
    """Import what registers a person's own classes, from the working folder too, as AllenNLP's commands do."""
    names: List[str] = getattr(arguments, "include_package", None) or []
    if not names:
        return
    from ..adapters.plugins import import_package

    for name in names:
        import_package(name)


def loaded(arguments: argparse.Namespace, source: Any, settings: Mapping[str, Any]) -> Any:
    """The predictor of a source, or of the bundled model where it is None. Raises SourceError."""
    from ..adapters.loading import load_predictor
    from ..bundled import model_path

    try:
        return load_predictor(
            model_path() if source is None else source,
            device=settings.get("device"),
            overrides=settings.get("overrides"),
            ext_vars=settings.get("ext_vars"),
            predictor=settings.get("predictor"),
            ordered=True if settings.get("ordered") == [] else settings.get("ordered"),
            trust_source=arguments.trust_source,
            trust_remote_code=arguments.trust_remote_code or None,
            allow_pickle=arguments.allow_pickle or None,
            max_unpacked=arguments.max_unpacked,
        )
    except SourceError as error:
        raise SourceError(f"{error}{not_found_hint(source, settings)}") from error


def rows_of(arguments: argparse.Namespace) -> Rows:
    """The rows of the file of `--input`; stderr says what it was taken for."""
    rows = read_rows(arguments.input, form=arguments.input_format, **_about(arguments))
    say(rows.described)
    return rows


def require_no_file_options(arguments: argparse.Namespace) -> None:
    """Raises InputError for arguments about a file where there is none."""
    given = [name for name, value in _about(arguments).items() if value is not None]
    given += ["input_format"] * bool(arguments.input_format)
    if given:
        raise InputError(f"--{given[0].replace('_', '-')} is about the file of --input, but none is given")


def _about(arguments: argparse.Namespace) -> Mapping[str, Any]:
    return {name: getattr(arguments, name) for name in ("encoding", *(f"{column}_column" for column in COLUMNS))}
