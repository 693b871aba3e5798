"""Prints the tables. `python -m benchmarks --quick` takes small models and few rounds; it checks the script, not the aims."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import platform
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any, Callable, Dict

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


def main() -> None:
    """Runs the tables that are asked for."""
    names = (
        "released", "integrated", "linearized", "together", "evaluations", "evidence", "human", "shapley", "verdicts", "memory",
    )  # fmt: skip
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("tables", nargs="*", choices=[[], *names], help=f"of {', '.join(names)}; all by default")
    parser.add_argument("--quick", action="store_true", help="small models, few texts and rounds")
    parser.add_argument("--rounds", type=int, help="repetitions of each timing (default: 7, quick 2)")
    parser.add_argument("--threads", type=int, help="threads of torch")
    parser.add_argument("--write", metavar="FOLDER", help="also write each table to FOLDER/measured-NAME.md")
    options = parser.parse_args()

    import eli5_transformers  # noqa: F401  makes AllenNLP importable

    warnings.filterwarnings("ignore")
    import torch
    import transformers

    if options.threads:
        torch.set_num_threads(options.threads)
    transformers.logging.set_verbosity_error()
    if hasattr(transformers.logging, "disable_progress_bar"):
        transformers.logging.disable_progress_bar()
    machine = (
        f"Python {platform.python_version()}, torch {torch.__version__}, transformers {transformers.__version__}, "
        f"{torch.get_num_threads()} threads" + (", quick: the aims are for the full run" if options.quick else "")
    )
    print(machine)
    with tempfile.TemporaryDirectory() as folder:
        for name, run in _tables(Path(folder), options.quick, options.rounds or (2 if options.quick else 7)).items():
            if not options.tables or name in options.tables:
                shown = io.StringIO()
                with contextlib.redirect_stdout(_Both(sys.stdout, shown)):
                    run()
                if options.write:
                    page = Path(options.write) / f"measured-{name}.md"
                    page.write_text(_PAGE.format(name=name, machine=machine, tables=shown.getvalue().strip()))


_PAGE = """# Measured: {name}

This page is written by `python -m benchmarks {name} --write docs` ({machine}).

{tables}
"""


class _Both(io.TextIOBase):
    """A stream that writes to two."""

    def __init__(self, *streams: Any) -> None:
        self._streams = streams

    def write(self, text: str) -> int:
        for stream in self._streams:
            stream.write(text)
            stream.flush()
        return len(text)


def _tables(folder: Path, quick: bool, rounds: int) -> Dict[str, Callable[[], None]]:
    from demo_model import checkpoint_path
    from demo_model.generator import HELD_OUT, sample
    from eli5_transformers import load_predictor

    from . import accuracy, evidence, human, memory, models, shapes, shapley, speed, verdicts

    count = 20 if quick else 200
    large = shapes.SMALL if quick else shapes.BASE
    made: Dict[str, Path] = {}

    def checkpoint(shape: shapes.Shape, gain: float = 1.0) -> Path:
        key = f"{shape.layers}-{shape.width}-{gain}"
        if key not in made:
            made[key] = shapes.write(shape, folder / key, gain)
        return made[key]

    def run_together() -> None:
        speed.together(checkpoint(shapes.TINY), shapes.TINY.name, 1.5, rounds, 64)
        speed.together(checkpoint(large), large.name, 1.1, max(1, rounds // 3), 16 if quick else 64)

    def run_evaluations() -> None:
        texts = [example.text for example in sample(count, seed=11, split=HELD_OUT)]
        accuracy.evaluations("the demonstration model", load_predictor(checkpoint_path()), texts)
        # Weights several times as large as at the start of training: an output that bends more than any trained one's.
        random_texts = shapes.mixed(max(10, count // 10), 24)
        model = shapes.ours(checkpoint(large, 6.0 if quick else 4.0))
        accuracy.evaluations(f"{large.name}, large weights", model, random_texts, ("mask",))

    def run_evidence() -> None:
        each = {"the demonstration model": load_predictor(checkpoint_path())}
        each.update({} if quick else {one.name: load_predictor(one.checkpoint) for one in models.trained()})
        evidence.evidence(each, sample(count, seed=11, split=HELD_OUT))

    return {
        "released": lambda: speed.released(checkpoint(large), rounds),
        "integrated": lambda: speed.integrated(checkpoint(large), rounds),
        "linearized": lambda: speed.linearized(checkpoint(large), rounds),
        "together": run_together,
        "evaluations": run_evaluations,
        "evidence": run_evidence,
        "human": lambda: human.human(20 if quick else 500),
        "shapley": lambda: shapley.estimates(quick),
        "verdicts": lambda: verdicts.verdicts(8 if quick else 100),
        "memory": lambda: memory.peak(checkpoint(large), 512, (0, 1, 8) if quick else (0, 1, 4, 16)),
    }


if __name__ == "__main__":
    main()
