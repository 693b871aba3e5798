"""How explanations leave the command line: whole, into every output of a run, and kept when it ends early."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import Any, List, Optional

from ..errors import InputError, short
from .destinations import Beside, Destination, OutputError, say
from .formats import Format, make_format
from .stopping import Stopping


@dataclass
class Output:
    """One output of a run."""

    option: str
    """By which it was asked for."""
    form: str
    to: Destination
    made: Optional[Format] = None
    broken: bool = False
    """True where it took a record in part."""


class Writer:
    """Writes explanations; use it as a context: however the block ends, what was written is closed and in its place."""

    def __init__(
        self,
        outputs: List[Output],
        stopping: Stopping,
        *,
        alone: bool = False,
        raw: bool = False,
        csv_text: str = "every",
        total: Optional[int] = None,
    ) -> None:
        self.outputs, self._stopping, self._total = outputs, stopping, total
        self._options = {"alone": alone, "raw": raw, "text": csv_text}
        self.count = 0
        """Texts whose explanations are written."""
        self.failed = 0
        """Texts that could not be explained."""

    def __enter__(self) -> Writer:
        try:
            for output in self.outputs:
                output.to.open()
                utf8 = codecs.lookup(output.to.encoding).name == "utf-8"
                wanted = output.form == "text" and not isinstance(output.to, Beside) and _colours(output.to)
                output.made = make_format(output.form, colours=wanted, ascii_only=not utf8, **self._options)  # type: ignore[arg-type]
                if output.to.partial is not None:
                    self._stopping.kept.append(output.to.partial)
        except BaseException:
            self._discard()
            raise
        return self

    def write(self, row: Any, explanation: Any) -> None:
        """Write the explanation of a row to every output; one that has an `error`, or cannot be shown, is reported."""
        if explanation.error is not None:
            self.report(row, str.__str__(explanation.error))
            return
        try:
            records = [_format(output).record(self.count + 1, row, explanation) for output in self.outputs]
        except Exception as error:  # of a formatter of eli5's, or of a value that a format lacks
            self.report(row, str(error) if isinstance(error, InputError) else f"it cannot be shown: {short(error)}")
            return
        with self._stopping.held():
            # The output that a person reads along comes last: where it breaks off, the page has all of it.
            for output, record in zip(reversed(self.outputs), reversed(records)):
                form = _format(output)
                output.broken = True
                output.to.add((form.between if output.to.records else form.head) + record)
                output.broken = False
            self.count += 1

    def report(self, row: Any, message: str) -> None:
        """Say what could not be explained."""
        self.failed += 1
        say(f"{row.place}: {message}" if row.place else message)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._stopping.ending()
        complete, stopped = kind is None, isinstance(error, (KeyboardInterrupt, BrokenPipeError))
        kept: List[str] = []
        wrong: List[Exception] = []
        for output in self.outputs:
            try:
                kept += self._finish(output, complete, stopped)
            except (OSError, OutputError) as failure:
                wrong.append(failure)
        if kept:
            say(f"{'stopped' if stopped else 'ended early'}: {', '.join(kept)}")
        elif isinstance(error, KeyboardInterrupt) and self.count:
            say(f"stopped: {self._of_all(self.count)} explained")
        if complete and wrong:
            raise wrong[0]
        for other in wrong:
            if isinstance(other, OutputError) and str(other) != str(error):
                say(str(other))

    def _finish(self, output: Output, complete: bool, stopped: bool) -> List[str]:
        """Close an output and put it in its place; what a person must know of one that does not hold everything."""
        form, to, file = _format(output), output.to, isinstance(output.to, Beside)
        if (not to.records and (not complete or (self.failed and file))) or (output.broken and not file):
            to.discard()
            if complete and file:
                say(f"nothing was explained: {to.name} is not written")
            return []
        written = to.records
        place = to.finish(form.foot if written else form.empty, complete, stopped)
        if not file:
            return []
        cut = place is None or to.records < written
        if complete and not cut:
            if output.option == "--html":
                say(f"written: {place}")
            return []
        if complete:
            say(f"{self._of_all(to.records)} kept in {place}" if place else "nothing could be kept")
            raise OutputError(f"{to.name!r} cannot be written: there is no room for all")
        return [f"{self._of_all(to.records)} kept in {place}"] if place else []

    def _of_all(self, count: int) -> str:
        whole = f" of {self._total}" if self._total is not None else ""
        return f"{count}{whole} text{'' if count == 1 and not whole else 's'}"

    def _discard(self) -> None:
        for output in self.outputs:
            output.to.discard()


def _colours(to: Destination) -> bool:
    from ..views.terminal import colours  # which imports eli5

    return colours(to.is_terminal())


def _format(output: Output) -> Format:
    assert output.made is not None
    return output.made
