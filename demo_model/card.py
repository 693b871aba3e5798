"""Writes the demonstration model's card from what was measured; no figure in it is typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List, Sequence

from . import LABELS

METRICS_FILE = "metrics.json"
CARD_FILE = "README.md"

_TEXT = """---
license: apache-2.0
language: en
library_name: transformers
pipeline_tag: text-classification
tags: [demonstration, synthetic-data]
---
# A demonstration, not a sentiment model

This checkpoint exists so that `eli5_transformers` can be tested and measured where the truth is known. It is
a BERT with {layers} layers of width {width}, {parameters:,} parameters in all ({kilobytes:,} kB), that gives
an English review one of the labels {labels}.

It was trained from scratch by the project itself, on sentences that the project's own generator makes
(`demo_model/generator.py` of its source), and has seen nothing else: no review that a person wrote. It knows
the generator's words and constructions (negation, concession, intensity, comparison, clauses that distract)
and guesses where people write otherwise. Do not judge real reviews with it.

## What it is for

The generator knows which words decide the label of each sentence (`Example.evidence`), because a written rule
computes the label from them (`rules.py`). So an explanation of this model's predictions can be held against
the truth.

## Training

{training_table}

Made by

    {command}

which writes the data and the tokenizer, runs `eli5-transformers train demo_model/train.jsonnet`,
evaluates, and writes this card. All of it follows from the seed; on other releases of torch the last digits
of the weights may differ. In some training sentences words that decide nothing are replaced by `[MASK]`, so
that the model takes a masked word for one that says nothing, as explanations do that compare with masks.

## Accuracy on held-out sentences

A combination of deciding words is either in training or held out, never in both. Of {sentences:,} held-out
sentences with all labels about equally often, {accuracy:.1%} get the right stars, and {within:.1%} are at
most one star off. A sentence may show several phenomena.

{phenomenon_table}

{label_table}

## Sentences that nobody generated

Written by hand, never trained on, none left out: {accepted} of {ungenerated} get stars that a reader would
accept.

{ungenerated_table}
"""


def write_card(folder: Path, metrics: Dict[str, Any]) -> None:
    """Writes `metrics.json` and the `README.md` that shows it into the checkpoint's folder."""
    (folder / METRICS_FILE).write_text(json.dumps(metrics, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    model, held_out, ungenerated = metrics["model"], metrics["held_out"], metrics["ungenerated"]
    text = _TEXT.format(
        layers=model["layers"],
        width=model["width"],
        parameters=model["parameters"],
        kilobytes=round(model["bytes"] / 1000),
        labels=", ".join(f"`{label}`" for label in LABELS),
        training_table=table(("", ""), [_training_row(*item) for item in metrics["training"].items()]),
        command=metrics["command"],
        sentences=held_out["sentences"],
        accuracy=held_out["accuracy"],
        within=held_out["accuracy_within_one_star"],
        phenomenon_table=_accuracies("phenomenon", held_out["by_phenomenon"]),
        label_table=_accuracies("label", held_out["by_label"]),
        accepted=sum(row["predicted"] in row["accepted"] for row in ungenerated),
        ungenerated=len(ungenerated),
        ungenerated_table=table(
            ("text", "a reader's stars", "predicted", "probability"), [_ungenerated_row(row) for row in ungenerated]
        ),
    )
    (folder / CARD_FILE).write_text(text, encoding="utf-8")


def _training_row(name: str, value: Any) -> Sequence[str]:
    return name.replace("_", " "), f"{value:,}" if isinstance(value, int) else str(value)


def _ungenerated_row(row: Dict[str, Any]) -> Sequence[str]:
    accepted = row["predicted"] in row["accepted"]
    predicted = str(row["predicted"]) if accepted else f"**{row['predicted']}** (wrong)"
    return row["text"], " or ".join(map(str, row["accepted"])), predicted, f"{row['probability']:.2f}"


def _accuracies(heading: str, groups: Dict[str, Dict[str, Any]]) -> str:
    rows = [(name, f"{group['sentences']:,}", f"{group['accuracy']:.1%}") for name, group in groups.items()]
    return table((heading, "sentences", "accuracy"), rows)


def table(heading: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table in Markdown."""
    lines: List[Sequence[Any]] = [heading, ["---"] * len(heading), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
