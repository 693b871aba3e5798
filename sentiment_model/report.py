"""Measures the bundled model and writes its card; no figure in it is typed.

Run `python -m sentiment_model.report` from the project's folder: the same model and data give the same figures.
`--check` writes nothing and fails where the held-out figures on record, by domain and by phenomenon, are others.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional

from eli5_transformers.bundled import LABELS, model_path
from eli5_transformers.errors import SourceError

from . import evaluation, ratings, sources
from .card import METRICS_FILE, write_card

DOWNLOADS = Path("build") / "sentiment_model" / "downloads"
_SNIPPETS = 2
"""On another processor so many snippets may fall to another side of a border that they are close to."""
_CORRELATION = 0.002


def main(argv: Optional[List[str]] = None) -> int:
    """Measures again with what is on record of the training."""
    parser = argparse.ArgumentParser(prog="python -m sentiment_model.report", description=__doc__)
    parser.add_argument("--model", type=Path, default=model_path(), help="checkpoint folder (default: the package's)")
    parser.add_argument("--twin", type=Path, help="the twin's folder (default: its figures as they are on record)")
    parser.add_argument("--downloads", type=Path, default=DOWNLOADS, help=f"for downloads (default: {DOWNLOADS})")
    parser.add_argument("--check", action="store_true", help="write nothing, compare the held-out figures")
    arguments = parser.parse_args(argv)
    for folder in filter(None, (arguments.model, arguments.twin)):
        if not (folder / "model.safetensors").is_file():
            raise SourceError(f"{str(folder)!r} holds no model: run python -m sentiment_model.train")
    if not (arguments.model / METRICS_FILE).is_file():
        raise SourceError(f"{str(arguments.model)!r} has no {METRICS_FILE}, which says how it was trained")
    before = json.loads((arguments.model / METRICS_FILE).read_text(encoding="utf-8"))
    if arguments.check:
        return check(arguments.model, arguments.downloads, before)
    twin = arguments.twin or before["twin"]
    report(arguments.model, twin, arguments.downloads, before["training"])
    return 0


def report(folder: Path, twin: Any, downloads: Path, training: Dict[str, Any]) -> None:
    """Writes metrics and card into the checkpoint's folder. `twin` is the twin's folder, or its figures."""
    rated = ratings.snippets(sources.fetch(sources.RATINGS, downloads))
    held_out = _held_out(rated)
    classifier = evaluation.Classifier(folder)
    probabilities = classifier.of_snippets(held_out)
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
        **_of_held_out(probabilities, held_out),
        "new_to_the_word": _new_to_the_word(probabilities, held_out, rated),
        "one_person": evaluation.one_person(held_out),
        **_incomplete(classifier, held_out),
        "twin": _of_twin(twin, held_out) if isinstance(twin, Path) else twin,
        "fresh_or_rotten": _fresh_or_rotten(classifier, rated, downloads),
        "own_sentences": evaluation.sentences(classifier, evaluation.OWN_SENTENCES),
        "hard_sentences": evaluation.sentences(classifier, evaluation.HARD_SENTENCES),
    }
    write_card(folder, metrics)


def check(folder: Path, downloads: Path, before: Dict[str, Any]) -> int:
    """0 where the held-out figures on record are those of the model in the folder; else 1, and prints what differs."""
    held_out = _held_out(ratings.snippets(sources.fetch(sources.RATINGS, downloads)))
    probabilities = evaluation.Classifier(folder).of_snippets(held_out)
    differing = [
        f"{group}, {name}: {value} here, {before[part][group][name]} on record"
        for part, groups in _of_held_out(probabilities, held_out).items()
        for group, figures in groups.items()
        for name, value in figures.items()
        if not _same(name, value, before[part][group][name], figures)
    ]
    print("\n".join(differing) or f"the figures of {len(held_out)} held-out snippets are those on record")
    return 1 if differing else 0


def _same(name: str, value: float, before: float, figures: Dict[str, Any]) -> bool:
    if name == "correlation":
        return abs(value - before) <= _CORRELATION
    counted = {"snippets": 0, "signed": 0, "sign": figures["signed"]}.get(name, figures["snippets"])
    # A share has four decimals.
    return abs(value - before) * counted <= _SNIPPETS + 1e-4 * counted if counted else value == before


def _held_out(rated: List[ratings.Snippet]) -> List[ratings.Snippet]:
    return [snippet for snippet in rated if snippet.split == "held-out"]


def _of_held_out(probabilities: Any, held_out: List[ratings.Snippet]) -> Dict[str, Any]:
    return {
        "held_out": evaluation.by_domain(probabilities, held_out),
        "phenomena": evaluation.by_phenomenon(probabilities, held_out),
    }


def _new_to_the_word(probabilities: Any, held_out: List[ratings.Snippet], rated: List[ratings.Snippet]) -> Dict[str, Any]:
    """`agreement` without the held-out snippets that differ from one in training or validation by case and signs alone."""
    known = {ratings.normalised(snippet.text) for snippet in rated if snippet.split != "held-out"}
    new = [ratings.normalised(snippet.text) not in known for snippet in held_out]
    return evaluation.agreement(probabilities[new], [snippet for snippet, taken in zip(held_out, new) if taken])


def _fresh_or_rotten(classifier: evaluation.Classifier, rated: List[ratings.Snippet], downloads: Path) -> Dict[str, Any]:
    """On reviews that have nothing in common with the snippets in training or validation, which are of the same films."""
    reviews = ratings.reviews(sources.fetch(sources.REVIEWS, downloads))
    seen = [snippet.text for snippet in rated if snippet.split != "held-out"]
    unseen = ratings.unseen([text for text, _ in reviews], seen)
    found = evaluation.fresh_or_rotten(classifier, [review for review, new in zip(reviews, unseen) if new])
    return {"labelled": len(reviews), **found}


def _shares(rated: List[ratings.Snippet]) -> List[float]:
    """The share of each class among the snippets that were trained on."""
    labels = [snippet.label for snippet in rated if snippet.split == "training"]
    return [round(labels.count(label) / len(labels), 3) for label in range(len(LABELS))]


def _of_twin(folder: Path, held_out: List[ratings.Snippet]) -> Dict[str, Any]:
    classifier = evaluation.Classifier(folder)
    probabilities = classifier.of_snippets(held_out)
    return {"held_out": evaluation.by_domain(probabilities, held_out), **_incomplete(classifier, held_out)}


def _incomplete(classifier: evaluation.Classifier, held_out: List[ratings.Snippet]) -> Dict[str, Any]:
    return {
        "incomplete": evaluation.incomplete_texts(classifier, held_out),
        "nothing_but_masks": evaluation.nothing_but_masks(classifier),
    }


if __name__ == "__main__":
    sys.exit(main())
