"""`explain`: why does the model give these texts these labels?

The arguments and the work, free of AllenNLP's command line, whose import takes longer than explaining a sentence:
`__main__` runs this module alone, `subcommands` makes it one of AllenNLP's commands.
"""

from __future__ import annotations

import argparse
import gc
import sys
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from ..errors import Eli5TransformersError, InputError, is_error
from ..inputs import Row
from .asked import PAGES, add_questions, page_targets, require_labels, targets_of, with_true_labels
from .batches import batched
from .destinations import destination, require_apart, say
from .formats import CSV_TEXT, FORMATS, format_of
from .given import (
    Once,
    add_files,
    add_permissions,
    add_source,
    import_packages,
    loaded,
    require_no_file_options,
    rows_of,
)
from .settings import CONFIG_KEYS, settings_of
from .stopping import Stopped, Stopping
from .words import BUNDLED, hint_of_targets, source_and_texts
from .writers import Output, Writer

EXAMPLE = """\
examples:
  eli5-transformers explain "Not buying it any sooner! Other brands do a much better job"
  eli5-transformers explain path/to/checkpoint "I love it" "I hate it" --top-targets 2
  eli5-transformers explain model.tar.gz --input reviews.jsonl --format html --output reviews.html
"""
USAGE = """\
%(prog)s TEXT [options]                          explain TEXT with the bundled sentiment model
       %(prog)s SOURCE TEXT [TEXT …] [options]          … or texts with a checkpoint, config or archive
       %(prog)s [SOURCE] --input FILE [options]         … or the lines of a file"""
DESCRIPTION = "Explain why a text classifier gives texts their labels."



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
    add_files(inputs)
    inputs.add_argument("--config", action=Once, metavar="FILE", help=f"a jsonnet file with any of {', '.join(CONFIG_KEYS)}")
    add_source(inputs)
    method = parser.add_argument_group("method")
    method.add_argument("--interpreter", metavar="NAME", help="the method (default: integrated-gradients)")
    method.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="OPTION=VALUE",
        help="an option of the method, such as tolerance=0.005; may be given several times",
    )
    add_questions(method, Once)
    method.add_argument(
        "--trust",
        action="store_true",
        default=None,
        help="measure how far to rely on each explanation, by up to 210 forward passes and a second run of the method; a "
        "page of texts that are arguments has it",
    )
    method.add_argument("--no-trust", dest="trust", action="store_false", help="measure nothing of it for a page either")
    method.add_argument("--device", metavar="NAME", help='where the model runs: "cpu" (the default) or "cuda:0"')
    method.add_argument(
        "--batch-size", type=int, default=16, metavar="N", help="texts explained together (default: 16)"
    )
    add_permissions(parser)
    output = parser.add_argument_group("output")
    output.add_argument("--format", choices=sorted(FORMATS), help="default: by OUTPUT's name, else text")
    output.add_argument("--output", action=Once, metavar="FILE", help='write there, when done, instead of to stdout ("-")')
    output.add_argument("--html", action=Once, metavar="FILE", help="write an HTML page as well")
    output.add_argument(
        "--raw-csv",
        action="store_true",
        help="for programs: no apostrophe before a cell of a csv file that a spreadsheet would run as a formula, and no "
        "escapes for control characters",
    )
    output.add_argument(
        "--csv-text",
        choices=CSV_TEXT,
        default=CSV_TEXT[0],
        help="in which rows of a text a csv file repeats it; its id stands in each (default: every)",
    )
    output.add_argument("--granularity", choices=("word", "token", "phrase", "sentence"), help="what a row is (default: word)")
    output.add_argument("--top", type=int, metavar="N", help="show the N largest contributions only")


def offer_names(parser: argparse.ArgumentParser) -> None:
    """Let a shell complete `--interpreter` by the registered names."""
    for action in parser._actions:
        if action.dest == "interpreter":
            action.completer = _interpreters  # type: ignore[attr-defined]


def _interpreters(**asked: Any) -> List[str]:
    from ..interpreters import descriptions

    return list(descriptions())


def run(arguments: argparse.Namespace) -> int:
    """Explain what was asked for and return the exit code: 0, or 1 where some texts could not be explained.

    What is wrong with the command is found before an output is opened, and what the names alone say before the model is
    loaded. Raises Eli5TransformersError for what makes the whole command impossible, and Stopped for a signal.
    """
    stopping = Stopping()
    with stopping.watched():
        return _run(arguments, stopping)


def _run(arguments: argparse.Namespace, stopping: Stopping) -> int:
    settings = settings_of(arguments)
    behind = arguments.targets or arguments.contrast
    source, texts = source_and_texts(arguments.words, settings.get("source"), arguments.input, behind)
    outputs = _outputs(arguments, settings, source)
    lines, total = _rows(arguments, texts)
    if arguments.batch_size < 1:
        raise InputError(f"--batch-size is {arguments.batch_size}, but must be 1 or more")
    predictor = _predictor(arguments, source, settings)
    gc.enable()
    asked = _asked(predictor, arguments, settings, for_people={output.form for output in outputs} in PAGES)
    true_label = arguments.true_label
    alone = len(texts) == 1 and arguments.input is None
    with Writer(
        outputs, stopping, alone=alone, raw=arguments.raw_csv, csv_text=arguments.csv_text, total=total
    ) as writer:
        for batch in _with_progress(batched(lines, arguments.batch_size), arguments):
            for line, explanation in _explained(predictor, batch, asked, true_label, any_before=writer.count > 0):
                if explanation is None:
                    writer.report(line, line.error or "")
                else:
                    writer.write(line, explanation)
            stopping.require_none()
    return int(writer.failed > 0)


def _outputs(arguments: argparse.Namespace, settings: Mapping[str, Any], source: Any) -> List[Output]:
    """Where everything goes. Raises InputError for what cannot be written, and for files that would be lost."""
    form = format_of(arguments.format or settings.get("format"), arguments.output)
    outputs = [Output("--output", form, destination(arguments.output, "--output"))]
    if arguments.html is not None:
        outputs.append(Output("--html", "html", destination(arguments.html, "--html")))
    for output in outputs:
        output.to.check()
    given = {"--input": arguments.input, "--config": arguments.config, "SOURCE": source}
    read = [(option, name) for option, name in given.items() if isinstance(name, str)]
    require_apart([(output.option, output.to) for output in outputs], read)
    return outputs


def _predictor(arguments: argparse.Namespace, source: Any, settings: Mapping[str, Any]) -> Any:
    from .. import compat

    compat.require_allennlp()
    from ..api import DEFAULT_INTERPRETER
    from ..interpreters import require_known
    from ..text.granularity import require_granularity

    import_packages(arguments)
    require_granularity(settings.get("granularity", "word"))
    require_known(settings.get("interpreter", DEFAULT_INTERPRETER), **settings["options"])
    return loaded(arguments, source, settings)


def _asked(
    predictor: Any, arguments: argparse.Namespace, settings: Mapping[str, Any], for_people: bool
) -> Dict[str, Any]:
    """What is asked of every text, as `explain_inputs` takes it; refused once, before any of them is explained.

    Pages `for_people` show the lean of ordered labels beside the predicted one.
    """
    from ..api import DEFAULT_INTERPRETER, require_call
    from ..components.explained_predictors import explained_model

    names = explained_model(predictor).classes.names if arguments.contrast or settings.get("targets") is not None else ()
    asked = {
        "interpreter": settings.get("interpreter", DEFAULT_INTERPRETER),
        "targets": targets_of(arguments, settings, names),
        "top_targets": settings.get("top_targets"),
        "rows": {"granularity": settings.get("granularity", "word"), "top": settings.get("top")},
        "options": settings["options"],
        "trust": settings.get("trust", for_people and arguments.input is None),
    }
    if for_people and asked["targets"] is None and asked["top_targets"] is None:
        asked["targets"] = page_targets(predictor, asked["interpreter"])
    try:
        require_call(predictor, **asked)
    except InputError as error:
        raise InputError(f"{error}{hint_of_targets(arguments.targets or arguments.contrast)}") from error
    return asked


def _rows(arguments: argparse.Namespace, texts: List[str]) -> Tuple[Iterator[Row], Optional[int]]:
    """What is explained, and how many where that is known: the texts that are arguments, or the rows of the file.

    stderr says what the file was taken for.
    """
    if arguments.input is None:
        require_no_file_options(arguments)
        return iter([Row(None, text) for text in texts]), len(texts)
    rows = rows_of(arguments)
    return iter(rows), rows.count


def _explained(
    predictor: Any, batch: List[Row], asked: Mapping[str, Any], true_label: bool, any_before: bool
) -> Iterator[Tuple[Row, Any]]:
    """Each row with its explanation, which has an `error` where the text has none; None for a row that is no text.

    Raises what is wrong with the call as a whole, while nothing was explained.
    """
    from ..api import explain_inputs
    from ..components.explained_predictors import explained_model
    from ..interpreters.many import failure, skipping
    from ..interpreters.reading import read_inputs

    good = [line for line in batch if line.error is None]
    inputs = read_inputs(predictor, [line.text for line in good], [line.text_pair for line in good], "skip")
    classes = explained_model(predictor).classes
    if true_label and not any_before:
        require_labels(good, classes)

    def run(places: Sequence[int]) -> List[Any]:
        own = dict(asked)
        if true_label:
            own["targets"] = with_true_labels(asked["targets"], [good[place] for place in places], classes.names)
        some = [inputs[place] for place in places]
        return explain_inputs(predictor, some, target_names=None, on_error="skip", **own)

    places = range(len(good))
    try:
        made = dict(zip(places, run(places)))
    except BaseException as error:
        if not is_error(error):
            raise
        if not any_before and isinstance(error, Eli5TransformersError):
            ends = [failure(run, places[:1]), failure(run, places[-1:])]
            if None not in ends and len(set(map(str, ends))) == 1:
                raise
        made = skipping(run, places)
    explanations = {id(line): _with_error(made[place]) for place, line in enumerate(good)}
    return iter([(line, explanations.get(id(line))) for line in batch])


def _with_error(made: Any) -> Any:
    from ..api import to_explanation
    from ..records import FailedText

    return to_explanation(made) if isinstance(made, FailedText) else made


def _with_progress(batches: Any, arguments: argparse.Namespace) -> Any:
    """The batches, with a progress bar where a person looks and the results go to a file."""
    if arguments.input is None or arguments.output is None or not sys.stderr.isatty():
        return batches
    from tqdm import tqdm

    return tqdm(batches, unit=" batches", desc="explaining", leave=False)


def run_to_exit_code(
    arguments: argparse.Namespace, prog: str, work: Optional[Callable[[argparse.Namespace], int]] = None
) -> int:
    """`run`, or other `work`, with an error of ours as one line on stderr and exit code 1.

    Quiet, and 0, where the reader has gone. The exit code of a run that was stopped is 128 and the signal's number: 130 for
    Ctrl-C.
    """
    try:
        return (work or run)(arguments)
    except Eli5TransformersError as error:
        say(f"{prog}: {error}")
        return 1
    except MemoryError:
        say(f"{prog}: there is not enough memory")
        return 1
    except BrokenPipeError:  # the reader of our output has gone (`| head`)
        return 0
    except Stopped as stop:
        return stop.code
    except KeyboardInterrupt:
        return 130
