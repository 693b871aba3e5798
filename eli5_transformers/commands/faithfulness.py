"""`faithfulness`: which methods' words do a model's answers depend on, over the texts of a file?"""

from __future__ import annotations

import argparse
import csv
import gc
import io
import json
from dataclasses import replace
from typing import Any, Callable, Dict, Iterable, List, Tuple

from ..errors import InputError
from ..inputs.rows import Row
from .destinations import Destination, destination, require_apart, say
from .given import Once, add_files, add_permissions, add_source, import_packages, loaded, rows_of
from .settings import json_value, pairs_of
from .stopping import Stopping
from .words import BUNDLED

DESCRIPTION = "Measure how faithful several methods are to a text classifier, over the texts of a file."
EXAMPLE = """\
examples:
  eli5-transformers faithfulness --input reviews.csv
  eli5-transformers faithfulness path/to/checkpoint --input reviews.jsonl --most 100 --html faithfulness.html
"""
MOST = 100
"""Texts that are evaluated where no other number is given."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments on `parser`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = f"{DESCRIPTION}\n\n{EXAMPLE}"
    parser.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help=f"a checkpoint folder or hub id, a config or an AllenNLP archive (default: {BUNDLED!r}, the bundled model)",
    )
    inputs = parser.add_argument_group("input")
    add_files(inputs)
    inputs.add_argument(
        "--most", type=int, default=MOST, metavar="N", help=f"evaluate the first N texts, 0 for all (default: {MOST})"
    )
    add_source(inputs)
    method = parser.add_argument_group("method")
    method.add_argument(
        "--interpreters",
        action=Once,
        type=json_value,
        nargs="+",
        metavar="NAME",
        help="methods, by name or as JSON with a type and options (default: integrated-gradients, occlusion, "
        "gradient-x-input and gradient)",
    )
    method.add_argument(
        "--operators", action=Once, nargs="+", metavar="NAME", help="of mask, removal and replacement (default: all)"
    )
    method.add_argument("--orders", type=int, default=50, metavar="N", help="random orders a text (default: 50)")
    method.add_argument("--seed", type=int, default=0, metavar="N", help="of all draws (default: 0)")
    method.add_argument("--device", metavar="NAME", help='where the model runs: "cpu" (the default) or "cuda:0"')
    add_permissions(parser)
    output = parser.add_argument_group("output")
    output.add_argument("--format", choices=sorted(FORMATS), default="text", help="of OUTPUT (default: text)")
    output.add_argument("--output", action=Once, metavar="FILE", help='write there, when done, instead of to stdout ("-")')
    output.add_argument("--html", action=Once, metavar="FILE", help="write an HTML page as well")


def run(arguments: argparse.Namespace) -> int:
    """Evaluate what was asked for and return the exit code: 0, or 1 where something was left out.

    Raises Eli5TransformersError for what makes the command impossible, and Stopped for a signal.
    """
    if arguments.input is None:
        raise InputError('nothing to evaluate: give --input FILE ("-" for stdin)')
    if arguments.most < 0:
        raise InputError(f"--most is {arguments.most}, but must be 0 or more")
    outputs = _outputs(arguments)
    stopping = Stopping()
    with stopping.watched():
        found = _evaluated(arguments)
        stopping.require_none()
        for (to, form) in outputs:
            to.open()
            to.write(form(found))
            to.finish("", True, False)
    for note in found.notes:
        say(note)
    return int(bool(found.notes))


def _outputs(arguments: argparse.Namespace) -> List[Tuple[Destination, Callable[[Any], str]]]:
    """Where everything goes, and as what. Raises InputError for what cannot be written, and for files that would be lost."""
    outputs = [("--output", destination(arguments.output, "--output"), FORMATS[arguments.format])]
    if arguments.html is not None:
        outputs.append(("--html", destination(arguments.html, "--html"), lambda found: found.html()))
    for _, to, _ in outputs:
        to.check()
    read = [(option, name) for option, name in (("--input", arguments.input), ("SOURCE", arguments.source)) if name]
    require_apart([(option, to) for option, to, _ in outputs], read)
    return [(to, form) for _, to, form in outputs]


def _evaluated(arguments: argparse.Namespace) -> Any:
    from .. import compat

    rows = rows_of(arguments)
    compat.require_allennlp()
    from ..evaluation import INTERPRETERS, evaluate_faithfulness
    from ..faithfulness import OPERATORS
    from ..interpreters import require_known

    import_packages(arguments)
    interpreters = list(arguments.interpreters or INTERPRETERS)
    for interpreter in interpreters:
        require_known(interpreter)
    settings: Dict[str, Any] = {name: getattr(arguments, name) for name in ("device", "overrides", "predictor", "ordered")}
    settings["ext_vars"] = pairs_of(arguments.ext_var, "--ext-var") or None
    predictor = loaded(arguments, None if arguments.source == BUNDLED else arguments.source, settings)
    gc.enable()
    texts, wrong = _texts(rows, arguments.most)
    pairs = [row.text_pair for row in texts]
    found = evaluate_faithfulness(
        predictor,
        [row.text for row in texts],
        text_pairs=pairs if any(pair is not None for pair in pairs) else None,
        names=[_name(row) for row in texts],
        interpreters=interpreters,
        operators=arguments.operators or OPERATORS,
        orders=arguments.orders,
        seed=arguments.seed,
        on_error="skip",
    )
    return replace(found, notes=(*wrong, *found.notes))


def _name(row: Row) -> str:
    return row.place if row.id is None else f"{row.place} (id {row.id})"


def _texts(rows: Iterable[Row], most: int) -> Tuple[List[Row], List[str]]:
    """The first rows that are texts, and what is wrong with those that are none. Raises InputError where none is."""
    texts: List[Row] = []
    wrong: List[str] = []
    for row in rows:
        if most and len(texts) == most:
            break
        if row.error is not None:
            wrong.append(f"{_name(row)}: {row.error}")
        else:
            texts.append(row)
    if not texts:
        raise InputError("the file holds no text that can be evaluated" + (f": {wrong[0]}" if wrong else ""))
    return texts, wrong


def _as_json(found: Any) -> str:
    told = [{"operator": key[0], "measure": key[1], "auc": value} for key, value in found.diagnosticity().items()]
    held = {
        "format": "eli5_transformers.faithfulness",
        "version": 1,
        **{name: found.table(name) for name in ("measures", "methods", "differences", "texts")},
        "diagnosticity": told,
        "no_better_than_random": found.no_better_than_random(),
        "replaced_by": dict(found.replaced_by),
        "passes": found.passes,
        "notes": list(found.notes),
        "names": list(found.names),
    }
    return json.dumps(held, allow_nan=False) + "\n"


def _as_csv(found: Any) -> str:
    rows = found.table("measures")
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["operator"], lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


FORMATS: Dict[str, Callable[[Any], str]] = {"text": lambda found: str(found.text()), "json": _as_json, "csv": _as_csv}
"""What is written to OUTPUT: all tables as text or JSON, or the table of measures as csv."""
