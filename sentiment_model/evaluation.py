"""How well a checkpoint of five ordered classes agrees with what people said, by domain."""

from __future__ import annotations

import csv
import random
import re
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Tuple

import numpy as np
import torch
from transformers import AutoTokenizer

from eli5_transformers.bundled import LABELS
from eli5_transformers.huggingface import classifiers

from .ratings import DOMAINS, SIGNED, Snippet

OWN_SENTENCES = Path(__file__).parent / "own_sentences.tsv"
"""Ten sentences for each domain, with the class that their author expects, written before the model was trained."""
HARD_SENTENCES = Path(__file__).parent / "hard_sentences.tsv"
"""Sentences that are known to be hard, of four kinds, written before the model was trained, too."""
LOST_SHARE = 0.3
"""How many tokens of a text are lost where incomplete texts are measured."""
_PLACES = np.arange(len(LABELS)) - (len(LABELS) - 1) / 2
_PHENOMENA: Dict[str, str] = {
    "negation": r"\b(not|no|never|none|nothing|nobody|neither|nor|cannot|hardly|barely|without)\b|n't\b",
    "contrast": r"\b(but|although|though|however|yet|despite|while)\b",
    "question": r"\?",
}
"""What is looked at alone, by a pattern in the text."""


class Classifier:
    """A checkpoint as a function from texts to probabilities."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = AutoTokenizer.from_pretrained(str(folder))
        self.model = classifiers.from_checkpoint(str(folder), classifiers.read_config(str(folder))).model.eval()

    def probabilities(
        self, texts: Sequence[str], change: Optional[Callable[[List[int]], List[int]]] = None, batch_size: int = 64
    ) -> np.ndarray:
        """Probabilities (texts, 5); `change` makes other token ids of those of a text, special tokens left out."""
        ids = [self.tokenizer(text, add_special_tokens=False, truncation=True, max_length=510)["input_ids"] for text in texts]
        return self.of_pieces([one if change is None else change(one) for one in ids], batch_size)

    def of_snippets(self, snippets: Sequence[Snippet]) -> np.ndarray:
        """Probabilities (snippets, 5) of their texts."""
        return self.probabilities([snippet.text for snippet in snippets])

    def of_pieces(self, ids: Sequence[Sequence[int]], batch_size: int = 64) -> np.ndarray:
        """Probabilities (texts, 5) of token ids without special tokens, a sequence a text."""
        found = np.zeros((len(ids), self.model.config.num_labels))
        order = sorted(range(len(ids)), key=lambda place: len(ids[place]))
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            longest = max(len(ids[place]) for place in batch)
            inputs = torch.full((len(batch), longest + 2), self.tokenizer.pad_token_id)
            mask = torch.zeros_like(inputs)
            for row, place in enumerate(batch):
                whole = [self.tokenizer.cls_token_id, *ids[place], self.tokenizer.sep_token_id]
                inputs[row, : len(whole)], mask[row, : len(whole)] = torch.tensor(whole), 1
            with torch.no_grad():
                logits = self.model(input_ids=inputs, attention_mask=mask).logits
            found[batch] = logits.softmax(-1).double().numpy()
        return found


def expected(probabilities: np.ndarray) -> np.ndarray:
    """The expected class, -2 to 2, of probabilities (texts, 5)."""
    return probabilities @ _PLACES


def agreement(probabilities: np.ndarray, snippets: Sequence[Snippet]) -> Dict[str, Any]:
    """Shares of snippets where the model agrees with the mean rating, and their correlation.

    `sign`: of the snippets whose mean rating is beyond 0.5, those for which the expected class has its sign. `within_one`:
    the likeliest class is at most one off. `correlation`: Pearson's, of the expected class with the mean rating.
    """
    scores, ratings = expected(probabilities), np.array([snippet.rating for snippet in snippets])
    off = np.abs(probabilities.argmax(axis=1) - np.array([snippet.label for snippet in snippets]))
    signed = np.abs(ratings) > SIGNED
    return {
        "snippets": len(snippets),
        "signed": int(signed.sum()),
        "sign": _share((np.sign(scores) == np.sign(ratings))[signed]),
        "class": _share(off == 0),
        "within_one": _share(off <= 1),
        "correlation": round(float(np.corrcoef(scores, ratings)[0, 1]), 3),
    }


def by_domain(probabilities: np.ndarray, snippets: Sequence[Snippet]) -> Dict[str, Dict[str, Any]]:
    """`agreement` over all snippets and for each domain."""
    groups = {"all": [True] * len(snippets)}
    groups.update({domain: [snippet.domain == domain for snippet in snippets] for domain in DOMAINS})
    return _by_group(groups, probabilities, snippets)


def by_phenomenon(probabilities: np.ndarray, snippets: Sequence[Snippet]) -> Dict[str, Dict[str, Any]]:
    """`agreement` for the snippets with negations, contrasts and questions, and for those with none of these."""
    groups = {
        name: [re.search(pattern, snippet.text, re.IGNORECASE) is not None for snippet in snippets]
        for name, pattern in _PHENOMENA.items()
    }
    groups["none of these"] = [not any(found) for found in zip(*groups.values())]
    return _by_group(groups, probabilities, snippets)


def one_person(snippets: Sequence[Snippet]) -> Dict[str, Dict[str, Any]]:
    """How often one rater, who said anything but 0, has the sign of the mean of the others.

    Snippets whose mean is not that of the ratings that are listed are left out.
    """
    found = {}
    for domain in ("all", *DOMAINS):
        hits: List[bool] = []
        for snippet in snippets:
            values = np.array(snippet.ratings) if domain in ("all", snippet.domain) else np.array([])
            listed = len(values) > 1 and abs(values.mean() - snippet.rating) < 0.01
            if listed and abs(snippet.rating) > SIGNED:
                others = (values.sum() - values) / (len(values) - 1)
                hits += list((np.sign(others) == np.sign(values))[values != 0])
        found[domain] = {"sign": _share(hits)}
    return found


def incomplete_texts(classifier: Classifier, snippets: Sequence[Snippet]) -> Dict[str, Dict[str, Any]]:
    """`agreement` over all snippets with 30 % of their tokens masked, and with as many removed; the same for every model."""
    mask = classifier.tokenizer.mask_token_id
    texts = [snippet.text for snippet in snippets]

    def lossy(replacement: Optional[int]) -> Callable[[List[int]], List[int]]:
        draw = random.Random(0).random

        def change(ids: List[int]) -> List[int]:
            changed = [replacement if draw() < LOST_SHARE else token for token in ids]
            return [token for token in changed if token is not None]

        return change

    changes = {"masked": lossy(mask), "removed": lossy(None)}
    return {name: agreement(classifier.probabilities(texts, change), snippets) for name, change in changes.items()}


def nothing_but_masks(classifier: Classifier, lengths: Iterable[int] = (1, 5, 20)) -> Dict[str, List[float]]:
    """The probabilities of texts of so many mask tokens: what the model says where it is told nothing."""
    mask = classifier.tokenizer.mask_token
    return {str(count): classifier.probabilities([" ".join([mask] * count)])[0].round(3).tolist() for count in lengths}


def fresh_or_rotten(classifier: Classifier, reviews: Sequence[Tuple[str, bool]]) -> Dict[str, Any]:
    """Shares of film reviews that are on the side that their author named; the middle of the scale is the border."""
    positive = expected(classifier.probabilities([text for text, _ in reviews])) > 0
    fresh = np.array([label for _, label in reviews])
    sides = {"fresh": (positive == fresh)[fresh], "rotten": (positive == fresh)[~fresh]}
    return {"reviews": len(reviews), "right": _share(positive == fresh), **{name: _share(hits) for name, hits in sides.items()}}


def sentences(classifier: Classifier, path: Path) -> List[Dict[str, Any]]:
    """What the model says of the sentences in a file: its columns, the likeliest class and its probability."""
    with path.open(encoding="utf-8") as file:
        rows: List[Dict[str, Any]] = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    found = classifier.probabilities([row["text"] for row in rows])
    return [
        {**row, "predicted": LABELS[int(one.argmax())], "probability": round(float(one.max()), 3)}
        for row, one in zip(rows, found)
    ]


def _by_group(
    groups: Dict[str, List[bool]], probabilities: np.ndarray, snippets: Sequence[Snippet]
) -> Dict[str, Dict[str, Any]]:
    return {
        name: agreement(probabilities[chosen], [snippet for snippet, taken in zip(snippets, chosen) if taken])
        for name, chosen in groups.items()
    }


def _share(hits: Any) -> float:
    return round(float(np.mean(hits)), 4)
