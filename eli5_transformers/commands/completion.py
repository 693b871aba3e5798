"""Completion of commands and options in the shell, by argcomplete where it is installed.

Once: `pip install "eli5_transformers[completion]"`, and in the shell's start file
`eval "$(register-python-argcomplete eli5-transformers)"`.
"""

from __future__ import annotations

import argparse

from . import explain


def complete(prog: str) -> None:
    """Answer the shell, which asks by environment variables; nothing where argcomplete is not installed."""
    try:
        import argcomplete
    except ImportError:
        return
    argcomplete.autocomplete(parser(prog))


def parser(prog: str) -> argparse.ArgumentParser:
    """The parser of all commands: AllenNLP's and this package's."""
    import allennlp.commands  # noqa: F401  registers AllenNLP's commands
    from allennlp.commands.subcommand import Subcommand

    from . import subcommands  # noqa: F401

    whole = argparse.ArgumentParser(prog=prog)
    commands = whole.add_subparsers()
    for name in sorted(Subcommand.list_available()):
        added = Subcommand.by_name(name)().add_subparser(commands)
        if name == "explain":
            explain.offer_names(added)
    return whole
