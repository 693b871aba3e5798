"""How well a star classifier does on generated sentences it has not seen, and on a few that nobody generated."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import AbstractSet, Any, Dict, List, Mapping, Sequence, Tuple

import torch
from transformers import AutoTokenizer

from eli5_transformers.huggingface import classifiers

from . import LABELS
from .generator import HELD_OUT, Example, sample

UNGENERATED: Tuple[Tuple[str, Tuple[int, ...]], ...] = (
    ("Not buying it any sooner! Other brands do a much better job", (1, 2)),
    ("The movie is horrible. I hate it", (1,)),
    ("Great value, works perfectly", (5,)),
    ("The food was good but the service was terrible", (2,)),
    ("Not bad at all", (4,)),
    ("Meh, it's okay I guess", (3,)),
    ("Although the plot is a bit slow, the acting is excellent", (4,)),
    ("Best purchase I have made this year", (5,)),
    ("It stopped charging after a week and customer service never replied", (1,)),
    ("The hotel room was dirty and the staff was rude.", (1,)),
    ("I bought it for my sister in Boston last week.", (3,)),
    ("I was expecting more from this brand, the zipper broke after two days", (1, 2)),
    ("Absolutely fantastic, would buy again", (5,)),
    ("I can't recommend this enough", (5,)),
    ("The battery dies before lunch, every single day", (1, 2)),
    ("My kids fight over whose turn it is, money well spent", (4, 5)),
    ("It's neither cheap nor good", (1, 2)),
    ("Would have been five stars if it hadn't leaked", (2, 3)),
)
"""Sentences written by hand and never trained on, with the stars that a reader would accept."""


class StarClassifier:
    """The exported checkpoint as a function from texts to probabilities."""

    def __init__(self, folder: Path) -> None:
        self._tokenizer = AutoTokenizer.from_pretrained(str(folder))
        self._model = classifiers.from_checkpoint(str(folder), classifiers.read_config(str(folder))).model

    @property
    def parameters(self) -> int:
        """How many numbers were trained."""
        return sum(parameter.numel() for parameter in self._model.parameters())

    def probabilities(self, texts: Sequence[str], batch_size: int = 100) -> torch.Tensor:
        """Probabilities of 1 to 5 stars, (texts, 5)."""
        chunks = []
        with torch.no_grad():
            for start in range(0, len(texts), batch_size):
                inputs = self._tokenizer(
                    list(texts[start : start + batch_size]), padding=True, truncation=True, return_tensors="pt"
                )
                chunks.append(self._model(**inputs).logits.softmax(dim=-1))
        return torch.cat(chunks)

    def stars(self, texts: Sequence[str]) -> List[int]:
        """The likeliest number of stars of every text."""
        return (self.probabilities(texts).argmax(dim=-1) + 1).tolist()


def held_out(count: int, seed: int, without: AbstractSet[str] = frozenset()) -> List[Example]:
    """At most `count` held-out examples: those whose lower-cased text is in `without` are left out."""
    return [example for example in sample(count, seed, HELD_OUT) if example.text.lower() not in without]


def evaluate(classifier: StarClassifier, examples: Sequence[Example]) -> Dict[str, Any]:
    """Accuracy, accuracy within one star, and accuracy by phenomenon and by label on generated examples."""
    predicted = classifier.stars([example.text for example in examples])
    phenomena: Dict[str, List[bool]] = defaultdict(list)
    labels: Dict[str, List[bool]] = defaultdict(list)
    for example, stars in zip(examples, predicted):
        labels[LABELS[example.label - 1]].append(stars == example.label)
        for phenomenon in example.phenomena:
            phenomena[phenomenon].append(stars == example.label)
    distances = [abs(stars - example.label) for example, stars in zip(examples, predicted)]
    return {
        "sentences": len(examples),
        "accuracy": _share([distance == 0 for distance in distances]),
        "accuracy_within_one_star": _share([distance <= 1 for distance in distances]),
        "by_phenomenon": _accuracies(phenomena),
        "by_label": _accuracies(labels),
    }


def evaluate_ungenerated(classifier: StarClassifier) -> List[Dict[str, Any]]:
    """What the classifier says of the hand-written sentences, and whether a reader would accept it."""
    texts = [text for text, _ in UNGENERATED]
    return [
        {
            "text": text,
            "accepted": list(accepted),
            "predicted": int(row.argmax()) + 1,
            "probability": round(float(row.max()), 3),
        }
        for (text, accepted), row in zip(UNGENERATED, classifier.probabilities(texts))
    ]


def _accuracies(groups: Mapping[str, Sequence[bool]]) -> Dict[str, Dict[str, Any]]:
    return {name: {"sentences": len(hits), "accuracy": _share(hits)} for name, hits in sorted(groups.items())}


def _share(hits: Sequence[bool]) -> float:
    return round(sum(hits) / len(hits), 4)
