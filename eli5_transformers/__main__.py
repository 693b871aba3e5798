# PYTHON_ARGCOMPLETE_OK
"""The command line: AllenNLP's own, with the patches installed and this package's components registered.

`eli5-transformers train|evaluate|predict|…` take AllenNLP's arguments unchanged; `explain` and `faithfulness` are this
package's.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
from contextlib import contextmanager, suppress
from typing import Any, Iterable, Iterator, Mapping, NoReturn

from . import __version__, compat
from .commands import explain, faithfulness
from .commands.completion import complete
from .commands.fast_start import postpone_eli5
from .commands.given import add_packages
from .errors import Eli5TransformersError
from .escapes import visible

PROG = "eli5-transformers"
_OWN: Mapping[str, Any] = {"explain": explain, "faithfulness": faithfulness}
"""The commands that do without AllenNLP's parser."""


def main() -> None:
    """Run the command that `sys.argv` names."""
    try:
        if "_ARGCOMPLETE" in os.environ:
            complete(PROG)
            return
        compat.require_allennlp()
        with compat.as_a_program(), _open_streams():
            _run()
    except Eli5TransformersError as error:
        sys.exit(f"{PROG}: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


def _run() -> None:
    if sys.argv[1:2] and sys.argv[1] in _OWN:
        sys.exit(_own(sys.argv[1], sys.argv[2:]))
    elif sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"{PROG} {__version__}\n")
    else:
        _allennlp()


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with arguments, which may be the names of files from anywhere, as a terminal can show it."""

    def error(self, message: str) -> NoReturn:
        super().error(visible(message))


class _Formatter(logging.Formatter):
    """Log lines hold what configs and checkpoints hold: a terminal is to show it, not to obey it."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record))


class _VisibleStream:
    """stderr, on which transformers' logs, warnings and progress bars show what checkpoints and configs hold, too.

    What it cannot take, on a full disk or where its reader has gone, is lost, and the results are not: a progress bar would
    end the run.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text with every character spelled that a terminal would obey, but for tabs and line breaks."""
        with suppress(OSError):
            self._stream.write(visible(text))
        return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        with suppress(OSError):
            self._stream.flush()

    def writelines(self, lines: Iterable[str]) -> None:
        """Write each of the lines as `write` does."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _own(name: str, argv: list[str]) -> int:
    # Not through AllenNLP's parser: importing all its commands takes longer than explaining a sentence.
    _log_at("ERROR")
    postpone_eli5()
    # What is imported stays: looking through it for garbage again and again is a tenth of the time to start.
    # The command's `run` turns the collector on again once the model is loaded; at the end it is as the host had it.
    gc.disable()
    stderr = sys.stderr
    sys.stderr = _VisibleStream(stderr)  # type: ignore[assignment]
    try:
        command = _OWN[name]
        parser = _Parser(prog=f"{PROG} {name}")
        command.add_arguments(parser)
        add_packages(parser)
        # Looked up at the call, as a host may have put another function there.
        return explain.run_to_exit_code(parser.parse_intermixed_args(argv), PROG, lambda asked: command.run(asked))
    finally:
        sys.stderr = stderr


@contextmanager
def _open_streams() -> Iterator[None]:
    """A process of which the caller has closed stdin, stdout or stderr.

    Their numbers are taken: else the first files get them, and their lines. And there is a stderr, which transformers, tqdm
    and others write to without a look. `sys.stdin` and `sys.stdout` stay None, for which there is a sentence.
    """
    while True:
        opened = os.open(os.devnull, os.O_RDWR)
        if opened > 2:
            os.close(opened)
            break
    if sys.stderr is not None:
        yield
        return
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        sys.stderr = nowhere
        try:
            yield
        finally:
            sys.stderr = None  # type: ignore[assignment]


def _allennlp() -> None:
    _log_at("INFO")
    from allennlp.commands import main as allennlp_main
    from allennlp.common.util import install_sigterm_handler

    from .adapters import registered_components  # noqa: F401  registers models, readers, predictors, interpreters
    from .adapters.configs import find_config, shipped_configs
    from .commands import subcommands  # noqa: F401  registers them

    # AllenNLP's commands know of no shipped configs: they get the path. `train` and others, whose options may stand
    # before the config, take no other argument that could be such a name.
    sys.argv[1:] = [str(find_config(word)) if word in shipped_configs() else word for word in sys.argv[1:]]
    install_sigterm_handler()
    allennlp_main(prog=PROG)


def _log_at(level: str) -> None:
    """Log as `allennlp` does (allennlp/__main__.py:8-18), from `level` up unless the environment says another."""
    chosen = "DEBUG" if os.environ.get("ALLENNLP_DEBUG") else os.environ.get("ALLENNLP_LOG_LEVEL", level)
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter("%(asctime)s - %(levelname)s - %(name)s - %(message)s"))
    logging.basicConfig(level=chosen, handlers=[handler])
    logging.getLogger("filelock").setLevel(logging.WARNING)


if __name__ == "__main__":
    main()
