"""`explain`: why does the model give these texts these labels?

The arguments and the work, free of AllenNLP's command line, whose import takes longer than explaining a sentence:
`__main__` runs this module alone, `subcommands` makes it one of AllenNLP's commands.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

from ..errors import Eli5TransformersError, InputError
from ..inputs import FORMS, Row, read_rows
from .batches import batched
from .writers import FORMATS, make_writer

BUNDLED = "bundled"
EXAMPLE = """\
examples:
  eli5-transformers explain "Not buying it any sooner! Other brands do a much better job"
  eli5-transformers explain path/to/checkpoint "I love it" "I hate it" --top-targets 2
  eli5-transformers explain model.tar.gz --input reviews.jsonl --format html --output reviews.html
"""
USAGE = """\
%(prog)s TEXT [options]                          explain TEXT with the bundled demonstration model
       %(prog)s SOURCE TEXT [TEXT …] [options]          … or texts with a checkpoint, config or archive
       %(prog)s [SOURCE] --input FILE [options]         … or the lines of a file"""
DESCRIPTION = "Explain why a text classifier gives texts their labels."
_CONFIG_KEYS = (
    "source", "interpreter", "format", "targets", "top_targets", "granularity", "top", "device", "overrides", "ext_vars",
    "predictor",
)  # fmt: skip


_COLUMNS = {"text": "text", "pair": "second text of a pair", "label": "label", "id": "id"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments on `parser`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.usage = USAGE
    parser.description = f"{DESCRIPTION}\n\n{EXAMPLE}"
    parser.add_argument(
        "words",
        nargs="*",
        metavar="SOURCE TEXT",
        help="a checkpoint folder or hub id, a config (.jsonnet, .json) or an AllenNLP archive, then texts; a single "
        f"word is a text for the bundled model, whose name as SOURCE is {BUNDLED!r}",
    )
    inputs = parser.add_argument_group("input")
    inputs.add_argument(
        "--input",
        metavar="FILE",
        help="a file of text lines, JSON Lines, JSON, CSV, TSV, parquet or arrow, also as .gz, which is recognised by name and "
        'content; "-" is stdin',
    )
    inputs.add_argument("--input-format", choices=FORMS, help="read FILE as this, however it looks")
    inputs.add_argument(
        "--encoding", metavar="NAME", help='of a text FILE, such as cp1252; "auto" guesses (default: UTF-8, or by its mark)'
    )
    for column, what in _COLUMNS.items():
        inputs.add_argument(
            f"--{column}-column", metavar="COLUMN", help=f"FILE's column of the {what}: its name, or its place from 1"
        )
    inputs.add_argument("--config", metavar="FILE", help=f"a jsonnet file with any of {', '.join(_CONFIG_KEYS)}")
    inputs.add_argument("--overrides", "-o", metavar="JSON", help="changes to SOURCE's config, as AllenNLP has them")
    inputs.add_argument(
        "--predictor", metavar="NAME", help="AllenNLP's predictor of a config or archive, by its name (default: its own)"
    )
    inputs.add_argument(
        "--ext-var",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an external variable of the config; may be given several times",
    )
    method = parser.add_argument_group("method")
    method.add_argument("--interpreter", metavar="NAME", help="the method (default: integrated-gradients)")
    method.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        help="an option of the method, such as tolerance=0.005; may be given several times",
    )
    method.add_argument("--targets", metavar="LABEL", nargs="+", help="explain these labels, not the predicted one")
    method.add_argument("--top-targets", type=int, metavar="N", help="explain the N labels of the highest scores")
    method.add_argument("--device", metavar="NAME", help='where the model runs: "cpu" (the default) or "cuda:0"')
    method.add_argument(
        "--batch-size", type=int, default=16, metavar="N", help="texts explained together (default: 16)"
    )
    trust = parser.add_argument_group("trust", "what SOURCE may do; nothing of it by default")
    trust.add_argument(
        "--trust-source",
        action="store_true",
        help="a config or archive may call any class, read any file and environment variable, and fetch addresses",
    )
    trust.add_argument("--trust-remote-code", action="store_true", help="run code that a checkpoint brings")
    trust.add_argument("--allow-pickle", action="store_true", help="read weights by running what their author chose")
    trust.add_argument("--max-unpacked", type=int, metavar="BYTES", help="unpack archives up to this size (default: 20 GiB)")
    output = parser.add_argument_group("output")
    output.add_argument("--format", choices=sorted(FORMATS), help="default: by OUTPUT's name, else text")
    output.add_argument("--output", metavar="FILE", help="write there instead of to stdout")
    output.add_argument("--html", metavar="FILE", help="write an HTML page as well")
    output.add_argument(
        "--raw-csv",
        action="store_true",
        help="for programs: no apostrophe before a cell of a csv file that a spreadsheet would run as a formula, and no "
        "escapes for control characters",
    )
    output.add_argument("--granularity", choices=("word", "token", "sentence"), help="what a row is (default: word)")
    output.add_argument("--top", type=int, metavar="N", help="show the N largest contributions only")


def add_packages(parser: argparse.ArgumentParser) -> None:
    """Declare `--include-package`, which AllenNLP's own command line adds to each of its commands."""
    parser.add_argument(
        "--include-package",
        action="append",
        default=[],
        metavar="PACKAGE",
        help="import PACKAGE, whose classes a config or archive may then name; may be given several times",
    )


def offer_names(parser: argparse.ArgumentParser) -> None:
    """Let a shell complete `--interpreter` by the registered names."""
    for action in parser._actions:
        if action.dest == "interpreter":
            action.completer = _interpreters  # type: ignore[attr-defined]


def _interpreters(**asked: Any) -> List[str]:
    from ..interpreters import descriptions

    return list(descriptions())


def run(arguments: argparse.Namespace) -> int:
    """Explain what was asked for and return the exit code: 0, or 1 where some lines could not be explained.

    Raises Eli5TransformersError for what makes the whole command impossible.
    """
    settings = _settings(arguments)
    source, texts = _source_and_texts(arguments, settings)
    lines = _rows(arguments, texts)
    if arguments.batch_size < 1:
        raise InputError(f"--batch-size is {arguments.batch_size}, but must be 1 or more")
    from ..adapters.loading import load_predictor

    _import_packages(getattr(arguments, "include_package", None) or [])
    predictor = load_predictor(
        source,
        device=settings.get("device"),
        overrides=settings.get("overrides"),
        ext_vars=settings.get("ext_vars"),
        predictor=settings.get("predictor"),
        trust_source=arguments.trust_source,
        trust_remote_code=arguments.trust_remote_code or None,
        allow_pickle=arguments.allow_pickle or None,
        max_unpacked=arguments.max_unpacked,
    )
    gc.enable()
    failed = False
    form = arguments.format or settings.get("format")
    with make_writer(form, arguments.output, arguments.html, arguments.raw_csv) as writer:
        for batch in _with_progress(batched(lines, arguments.batch_size), arguments):
            for line, explanation, error in _explained(predictor, batch, settings):
                if error is not None:
                    failed = True
                    writer.report(f"{line.place}: {error}" if line.place else error)
                else:
                    writer.write(line.text, explanation)
    return int(failed)


def _rows(arguments: argparse.Namespace, texts: List[str]) -> Iterator[Row]:
    """What is explained: the texts that are arguments, or the rows of the file, of which stderr says what they are."""
    about = {name: getattr(arguments, name) for name in ("encoding", *(f"{column}_column" for column in _COLUMNS))}
    given = [name for name, value in about.items() if value is not None] + ["input_format"] * bool(arguments.input_format)
    if arguments.input is None:
        if given:
            raise InputError(f"--{given[0].replace('_', '-')} is about the file of --input, but none is given")
        return iter([Row(None, text) for text in texts])
    rows = read_rows(arguments.input, form=arguments.input_format, **about)
    sys.stderr.write(f"{rows.described}\n")
    return iter(rows)


def _import_packages(names: List[str]) -> None:
    """Import what registers a person's own classes, from the working folder too, as AllenNLP's commands do."""
    if not names:
        return
    from ..adapters.plugins import import_package

    for name in names:
        import_package(name)


def _explained(predictor: Any, batch: List[Row], settings: Mapping[str, Any]) -> List[Tuple[Row, Any, Optional[str]]]:
    """Each line with its explanation or with what is wrong with it."""
    good = [line for line in batch if line.error is None]
    try:
        made = dict(zip(map(id, good), _explain(predictor, good, settings)))
        return [(line, made.get(id(line)), line.error) for line in batch]
    except InputError as error:
        if len(batch) == 1:
            return [(batch[0], None, str(error))]
    # One of several is wrong: which one shows when they are explained alone.
    return [result for line in batch for result in _explained(predictor, [line], settings)]


def _explain(predictor: Any, lines: List[Row], settings: Mapping[str, Any]) -> List[Any]:
    from ..api import DEFAULT_INTERPRETER, explain_inputs, read_input

    if not lines:
        return []
    return explain_inputs(
        predictor,
        [read_input(predictor, line.text, line.text_pair) for line in lines],
        interpreter=settings.get("interpreter", DEFAULT_INTERPRETER),
        targets=settings.get("targets"),
        top_targets=settings.get("top_targets"),
        target_names=None,
        rows={"granularity": settings.get("granularity", "word"), "top": settings.get("top")},
        options=settings["options"],
    )


def _settings(arguments: argparse.Namespace) -> Dict[str, Any]:
    """What the config file says, overruled by the arguments."""
    settings = _read_settings(arguments.config) if arguments.config else {}
    for name in ("interpreter", "targets", "top_targets", "granularity", "top", "device", "overrides", "predictor"):
        value = getattr(arguments, name)
        if value is not None:
            settings[name] = value
    if settings.get("targets") is not None and settings.get("top_targets") is not None:
        raise InputError("--targets and --top-targets are both given: give one of them")
    variables = _pairs(arguments.ext_var, "--ext-var")
    if variables:
        settings["ext_vars"] = {**(settings.get("ext_vars") or {}), **variables}
    settings["options"] = {name: _value(value) for name, value in _pairs(arguments.set, "--set").items()}
    return settings


def _read_settings(file: str) -> Dict[str, Any]:
    from ..adapters.configs import read_config_file

    settings = read_config_file(file)
    unknown = sorted(set(settings) - set(_CONFIG_KEYS))
    if unknown:
        raise InputError(f"the config {file} has the unknown key {unknown[0]!r}: known are {', '.join(_CONFIG_KEYS)}")
    return settings


def _source_and_texts(arguments: argparse.Namespace, settings: Mapping[str, Any]) -> Tuple[Any, List[str]]:
    """The source, and the texts that are arguments."""
    words = list(arguments.words)
    source = settings.get("source")
    if arguments.input is not None:
        if len(words) > 1 or (words and source is not None):
            raise InputError(f"with --input no texts are arguments, but {words[-1]!r} was given")
        source = words.pop() if words else source
    elif len(words) > 1 and source is None:
        source = words.pop(0)
    elif not words:
        raise InputError('nothing to explain: give a text, or --input FILE ("-" for stdin)')
    if source is None or source == BUNDLED:
        from ..bundled import model_path

        source = model_path()
    return source, words


def _pairs(given: List[str], option: str) -> Dict[str, str]:
    wrong = [item for item in given if "=" not in item]
    if wrong:
        raise InputError(f"{option} {wrong[0]!r} is not of the form NAME=VALUE")
    return dict(item.split("=", 1) for item in given)


def _value(text: str) -> Any:
    """A number, true, false, null, list or object as JSON has it; anything else is a string."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _with_progress(batches: Any, arguments: argparse.Namespace) -> Any:
    """The batches, with a progress bar where a person looks and the results go to a file."""
    if arguments.input is None or arguments.output is None or not sys.stderr.isatty():
        return batches
    from tqdm import tqdm

    return tqdm(batches, unit=" batches", desc="explaining", leave=False)


def run_to_exit_code(arguments: argparse.Namespace, prog: str) -> int:
    """`run`, with an error of ours as one line on stderr and exit code 1, and quiet where the reader has gone."""
    try:
        return run(arguments)
    except Eli5TransformersError as error:
        sys.stderr.write(f"{prog}: {error}\n")
        return 1
    except BrokenPipeError:
        # The reader of our output has gone (`| head`). Python would complain once more when it flushes stdout at exit.
        sys.stdout = None  # type: ignore[assignment]
        return 0
