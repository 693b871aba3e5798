"""The commands of this package as AllenNLP `Subcommand`s; importing the module registers them."""

import argparse
import sys

from allennlp.commands.subcommand import Subcommand

from ..compat.registering import registered
from . import explain, faithfulness


@registered(Subcommand, "explain")
class Explain(Subcommand):
    """`allennlp explain` and `eli5-transformers explain`. Registered as a `Subcommand` with name "explain"."""

    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        """Add the command's own parser, with its arguments, to AllenNLP's."""
        subparser = parser.add_parser(self.name, help=explain.DESCRIPTION)
        explain.add_arguments(subparser)
        subparser.set_defaults(func=lambda arguments: sys.exit(explain.run_to_exit_code(arguments, "explain")))
        return subparser


@registered(Subcommand, "faithfulness")
class Faithfulness(Subcommand):
    """`allennlp faithfulness` and `eli5-transformers faithfulness`. Registered as a `Subcommand` with that name."""

    def add_subparser(self, parser: argparse._SubParsersAction) -> argparse.ArgumentParser:
        """Add the command's own parser, with its arguments, to AllenNLP's."""
        subparser = parser.add_parser(self.name, help=faithfulness.DESCRIPTION)
        faithfulness.add_arguments(subparser)
        subparser.set_defaults(
            func=lambda arguments: sys.exit(explain.run_to_exit_code(arguments, self.name, faithfulness.run))
        )
        return subparser
