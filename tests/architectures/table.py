"""What the sweep finds as a table, and how another release compares with the committed one.

`python -m tests.architectures.table`, from the project's root, writes the page of the installed stack.
"""

import re
import sys
from pathlib import Path
from typing import Dict, List, Sequence, Tuple

import transformers

from . import builder
from .expectations import NOT_BUILT
from .sweep import Finding, examine

DOCS = Path(__file__).resolve().parents[2] / "docs"
RELEASE = ".".join(transformers.__version__.split(".")[:2])
STOCK_RELEASE = "4.20"
"""The transformers that AllenNLP 2.10.1 resolves to."""

_TITLE = "# Architectures{on}\n"
_INTRODUCTION = """
Every architecture of `AutoModelForSequenceClassification` in transformers {release}, examined with a tiny random model.
**{exact} of {capable} are explained exactly**; {missing} could not be examined (see the end). This page is written by
`python -m tests.architectures.table`. Every test run examines the architectures of the transformers that is installed:
on a release that this page was checked on it must find what stands here; on another one no architecture may have got
worse, and what is new, gone or better is named at the end of the run.

Checked on transformers {releases}.

- **Look-ups**: the module calls in which token ids become vectors, found by watching one forward pass.
  "Shifted" ones read the text one position later (decoders); "transposed" ones work on (tokens, batch).
- **Gradient**: of a logit with respect to these vectors. "Exact" means equal to central differences in double precision
  (relative error below 1e-7; below 1e-4 where this release computes in part in single precision, below 1e-3 where it
  knows no double precision), finite, not zero at any token, and that the token ids reach the prediction in no
  other way.
- **Padding**: "no effect" means that padding changes no logit and gets no gradient; texts of different lengths share a
  batch. "An effect" is found by running a few texts alone and padded, as for any other model; only texts of equal length
  then share a batch.
"""
_HEADER = """
| Architecture | Class | Look-ups | Gradient | Padding | Remarks |
|---|---|---|---|---|---|
"""


def path() -> Path:
    """The page of the installed release."""
    return DOCS / ("architectures-stock.md" if RELEASE == STOCK_RELEASE else "architectures.md")


def render(findings: Sequence[Finding], releases: Sequence[str] = (RELEASE,)) -> str:
    """The page, without anything that differs from machine to machine; `releases` are those that it was checked on."""
    built = [finding for finding in findings if not finding.unbuildable]
    missing = [finding for finding in findings if finding.unbuildable]
    text = head(releases, sum(finding.exact for finding in built), len(built), len(missing))
    text += _HEADER + "".join(_row(finding) for finding in built)
    if missing:
        text += "\n## Not examined\n\n| Architecture | Class | Cause |\n|---|---|---|\n"
        text += "".join(f"| {f.architecture} | {f.class_name} | {_cause(f)} |\n" for f in missing)
    return text


def head(releases: Sequence[str], exact: int, capable: int, missing: int) -> str:
    """What stands above the rows."""
    title = _TITLE.format(on=" on the stock stack" if releases[-1] == STOCK_RELEASE else "")
    return title + _INTRODUCTION.format(
        release=releases[-1], exact=exact, capable=capable, missing=missing, releases=" and ".join(releases)
    )


def rows(page: str) -> Dict[str, str]:
    """The rows of a page by architecture."""
    cells = [line.split("|") for line in page.splitlines() if line.startswith("| ")]
    return {row[1].strip(): "|".join(row) for row in cells if row[1].strip() != "Architecture"}


def checked_on(page: str) -> Tuple[str, ...]:
    """The releases of transformers that a page was checked on, the one that it was written with last."""
    found = re.search(r"^Checked on transformers (.+)\.$", page, re.MULTILINE)
    return tuple(found[1].split(" and ")) if found else ()


def releases_of(page: str, earlier: str) -> Tuple[str, ...]:
    """The releases that a new page was checked on: the installed one, and those of an earlier page with equal rows."""
    kept = checked_on(earlier) if rows(page) == rows(earlier) else ()
    return (*(release for release in kept if release != RELEASE), RELEASE)


def grade(row: str) -> Tuple[int, bool]:
    """How well an architecture is explained, by its row: the greater the better.

    Exactly, approximately, not at all, or not even examined; and of equals those are better that share a batch.
    """
    cells = [cell.strip() for cell in row.split("|")]
    if len(cells) < 8:  # the table of those that were not examined has fewer columns
        return 0, False
    return {"refused": 1, "approximate": 2, "exact": 3}[cells[4]], cells[5] == "no effect"


def row_of(finding: Finding) -> str:
    """The row of one architecture."""
    return rows(render([finding]))[finding.architecture]


def _row(finding: Finding) -> str:
    if finding.refusal:
        cells = ["", "refused", "", finding.refusal]
    else:
        gradient = "exact" if finding.exact else "approximate"
        cells = [_sites(finding), gradient, "an effect" if finding.leaks else "no effect", " ".join(finding.caveats)]
    return "| " + " | ".join([finding.architecture, finding.class_name, *cells]) + " |\n"


def _sites(finding: Finding) -> str:
    described: List[str] = []
    for site in finding.sites:
        kinds = ["shifted"] * (site.shift > 0) + ["transposed"] * site.transposed
        described.append(f"`{site.name}`" + (f" ({', '.join(kinds)})" if kinds else ""))
    return ", ".join(described)


def _cause(finding: Finding) -> str:
    return NOT_BUILT.get(finding.architecture, ("", finding.unbuildable))[1]


def main() -> None:
    findings = []
    for architecture in builder.architectures():
        findings.append(examine(architecture))
        print(f"{architecture}: {findings[-1].seconds:.1f} s", file=sys.stderr)
    earlier = path().read_text(encoding="utf-8") if path().exists() else ""
    path().write_text(render(findings, releases_of(render(findings), earlier)), encoding="utf-8")
    print(path())


if __name__ == "__main__":
    main()
