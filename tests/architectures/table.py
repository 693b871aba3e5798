"""Writes what the sweep finds as a table: `python -m tests.architectures.table`, from the project's root."""

import sys
from pathlib import Path
from typing import Dict, List, Sequence

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
`python -m tests.architectures.table`; the test run compares it with what it finds.

- **Look-ups**: the module calls in which token ids become vectors, found by watching one forward pass.
  "Shifted" ones read the text one position later (decoders); "transposed" ones work on (tokens, batch).
- **Gradient**: of a logit with respect to these vectors. "Exact" means equal to central differences in double precision
  (relative error below 1e-7; below 1e-4 where this release computes in part in single precision, below 1e-3 where it
  knows no double precision), finite, not zero at any token, and that the token ids reach the prediction in no
  other way.
- **Padding**: "no effect" means that padding changes no logit and gets no gradient; texts of different lengths share a
  batch. Else each text is explained alone, unpadded.
"""
_HEADER = """
| Architecture | Class | Look-ups | Gradient | Padding | Remarks |
|---|---|---|---|---|---|
"""


def path() -> Path:
    """The page of the installed release."""
    return DOCS / ("architectures-stock.md" if RELEASE == STOCK_RELEASE else "architectures.md")


def render(findings: Sequence[Finding]) -> str:
    """The page, without anything that differs from machine to machine."""
    built = [finding for finding in findings if not finding.unbuildable]
    missing = [finding for finding in findings if finding.unbuildable]
    text = _TITLE.format(on=" on the stock stack" if RELEASE == STOCK_RELEASE else "")
    exact = sum(finding.exact for finding in built)
    text += _INTRODUCTION.format(release=RELEASE, exact=exact, capable=len(built), missing=len(missing))
    text += _HEADER + "".join(_row(finding) for finding in built)
    if missing:
        text += "\n## Not examined\n\n| Architecture | Class | Cause |\n|---|---|---|\n"
        text += "".join(f"| {f.architecture} | {f.class_name} | {_cause(f)} |\n" for f in missing)
    return text


def rows(page: str) -> Dict[str, str]:
    """The rows of a page by architecture."""
    cells = [line.split("|") for line in page.splitlines() if line.startswith("| ")]
    return {row[1].strip(): "|".join(row) for row in cells if row[1].strip() != "Architecture"}


def _row(finding: Finding) -> str:
    if finding.refusal:
        cells = ["", "refused", "", finding.refusal]
    else:
        gradient = "exact" if finding.exact else "approximate"
        # What is said of the padding stands in its own column.
        remarks = [sentence for sentence in finding.caveats if "unpadded" not in sentence]
        cells = [_sites(finding), gradient, _padding(finding), " ".join(remarks)]
    return "| " + " | ".join([finding.architecture, finding.class_name, *cells]) + " |\n"


def _sites(finding: Finding) -> str:
    described: List[str] = []
    for site in finding.sites:
        kinds = ["shifted"] * (site.shift > 0) + ["transposed"] * site.transposed
        described.append(f"`{site.name}`" + (f" ({', '.join(kinds)})" if kinds else ""))
    return ", ".join(described)


def _padding(finding: Finding) -> str:
    if finding.leaks:
        return "explained alone"
    return "no effect" if finding.pads_safely else "no effect here, explained alone"


def _cause(finding: Finding) -> str:
    return NOT_BUILT.get(finding.architecture, ("", finding.unbuildable))[1]


def main() -> None:
    findings = []
    for architecture in builder.architectures():
        findings.append(examine(architecture))
        print(f"{architecture}: {findings[-1].seconds:.1f} s", file=sys.stderr)
    path().parent.mkdir(exist_ok=True)
    path().write_text(render(findings), encoding="utf-8")
    print(path())


if __name__ == "__main__":
    main()
