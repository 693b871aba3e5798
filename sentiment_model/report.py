"""Measures the bundled model and writes its card; no figure in it is typed.

Run `python -m sentiment_model.report` from the project's folder: the same model and data give the same figures.
`--check` writes nothing and fails where the held-out figures of the card are others.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional

from eli5_transformers.bundled import LABELS, model_path

from . import evaluation, ratings, sources
from .card import METRICS_FILE, write_card

DOWNLOADS = Path("build") / "sentiment_model" / "downloads"
_TOLERANCE = 0.002
"""Between machines: a snippet whose expected class is nearly 0 may fall to the other side."""


def main(argv: Optional[List[str]] = None) -> int:
    """Measures again with what is on record of the training."""
    parser = argparse.ArgumentParser(prog="python -m sentiment_model.report", description=__doc__)
    parser.add_argument("--model", type=Path, default=model_path(), help="checkpoint folder (default: the package's)")
    parser.add_argument("--twin", type=Path, help="the twin's folder (default: its figures as they are on record)")
    parser.add_argument("--downloads", type=Path, default=DOWNLOADS, help=f"for downloads (default: {DOWNLOADS})")
    parser.add_argument("--check", action="store_true", help="write nothing, compare the held-out figures")
    arguments = parser.parse_args(argv)
    before = json.loads((arguments.model / METRICS_FILE).read_text(encoding="utf-8"))
    if arguments.check:
        return check(arguments.model, arguments.downloads, before)
    twin = arguments.twin or before["twin"]
    report(arguments.model, twin, arguments.downloads, before["training"])
    return 0


def report(folder: Path, twin: Any, downloads: Path, training: Dict[str, Any]) -> None:
    """Writes metrics and card into the checkpoint's folder. `twin` is the twin's folder, or its figures."""
    rated = ratings.snippets(sources.fetch(sources.RATINGS, downloads))
    held_out = [snippet for snippet in rated if snippet.split == "held-out"]
    classifier = evaluation.Classifier(folder)
    probabilities = classifier.probabilities([snippet.text for snippet in held_out])
    metrics = {
        "training": training,
        "model": {
            "parameters": sum(parameter.numel() for parameter in classifier.model.parameters()),
            "bytes": (folder / "model.safetensors").stat().st_size,
            "layers": classifier.model.config.num_hidden_layers,
            "width": classifier.model.config.hidden_size,
            "neurons": classifier.model.config.intermediate_size,
            "vocabulary": classifier.model.config.vocab_size,
        },
        "snippets": {split: sum(one.split == split for one in rated) for split in ("training", "validation", "held-out")},
        "shares_of_classes": _shares(rated),
        "held_out": evaluation.by_domain(probabilities, held_out),
        "phenomena": evaluation.by_phenomenon(probabilities, held_out),
        "one_person": evaluation.one_person(held_out),
        **_incomplete(classifier, held_out),
        "twin": _of_twin(twin, held_out) if isinstance(twin, Path) else twin,
        "fresh_or_rotten": evaluation.fresh_or_rotten(
            classifier, ratings.reviews(sources.fetch(sources.REVIEWS, downloads))
        ),
        "own_sentences": evaluation.sentences(classifier, evaluation.OWN_SENTENCES),
        "hard_sentences": evaluation.sentences(classifier, evaluation.HARD_SENTENCES),
    }
    write_card(folder, metrics)


def check(folder: Path, downloads: Path, before: Dict[str, Any]) -> int:
    """0 where the held-out figures on record are those of the model in the folder; else 1, and prints what differs."""
    rated = ratings.snippets(sources.fetch(sources.RATINGS, downloads))
    held_out = [snippet for snippet in rated if snippet.split == "held-out"]
    probabilities = evaluation.Classifier(folder).probabilities([snippet.text for snippet in held_out])
    differing = [
        f"{domain}, {name}: {value} here, {before['held_out'][domain][name]} on record"
        for domain, figures in evaluation.by_domain(probabilities, held_out).items()
        for name, value in figures.items()
        if abs(value - before["held_out"][domain][name]) > _TOLERANCE
    ]
    print("\n".join(differing) or f"the figures of {len(held_out)} held-out snippets are those on record")
    return 1 if differing else 0


def _shares(rated: List[ratings.Snippet]) -> List[float]:
    """The share of each class among the snippets that were trained on."""
    labels = [snippet.label for snippet in rated if snippet.split == "training"]
    return [round(labels.count(label) / len(labels), 3) for label in range(len(LABELS))]


def _of_twin(folder: Path, held_out: List[ratings.Snippet]) -> Dict[str, Any]:
    classifier = evaluation.Classifier(folder)
    probabilities = classifier.probabilities([snippet.text for snippet in held_out])
    return {"held_out": evaluation.by_domain(probabilities, held_out), **_incomplete(classifier, held_out)}


def _incomplete(classifier: evaluation.Classifier, held_out: List[ratings.Snippet]) -> Dict[str, Any]:
    return {
        "incomplete": evaluation.incomplete_texts(classifier, held_out),
        "nothing_but_masks": evaluation.nothing_but_masks(classifier),
    }


if __name__ == "__main__":
    sys.exit(main())
