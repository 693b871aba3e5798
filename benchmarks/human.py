"""Interpreters on texts that people wrote and rated: faithfulness to the bundled model, human ratings of words, and cost."""

from __future__ import annotations

import hashlib
import random
import time
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np

from eli5_transformers.faithfulness.deletion import EXACT, MEASURES, WIDTH, Deletions, Found, judged
from eli5_transformers.faithfulness.intervals import Estimate, estimate, mean, spearman

from .methods import METHODS
from .timing import table

LEAST_WORDS = 4
SLOW = ("smoothgrad", "smoothgrad of integrated-gradients", "captum")
"""These explain the first fifth of the texts only, of every domain as many."""
DRAWN = 5
"""Random orders of each text's words."""
SEED = 0

INTRODUCTION = """
What interpreters say of the bundled model, on {count} texts that people wrote and rated and that the model was not trained on:
{each} of each domain (film reviews, product reviews, newspaper editorials, tweets), those of at least four words whose SHA-256
digests are the smallest. Two questions are asked, and they are not the same.

**Does the explanation tell what the model did?** (Faithfulness.) Words are deleted in the order of their scores for the
predicted class, highest first: the signed score where a method has a sign, its size where not. *Comprehensiveness* is how much
of the predicted probability is lost without the first 10, 20, 30 and 50 % of the words; *sufficiency* how much of it is kept by
these words alone (DeYoung et al., ACL 2020). The mean over the four sizes is put on a scale of each text's own: **0 is
the worst order of its words that is known, 1 the best** (NAOPC, Edin et al., ACL 2025). Up to {exact} words, all orders are
tried; for longer texts a beam search of width {width}, and all orders in the table, say what is best and worst. *Wins* is
the share of random sets of words, as many of the same text, that lose (or keep) less. Words are those of `by_word`: signs of
punctuation are words, too. Slow methods explain the first fifth of the texts, of every domain as many; their rows say so.

A deletion is no neutral thing: a text with holes is one that nobody writes. So there are three, each in a table of its own,
and their mean would mean nothing: a `[MASK]` for each word piece, nothing at all, and words drawn from the other texts. The
first two are nothing new to this model, which saw masked and shortened texts in its training; other models may be lost there.
**Methods with a star compare with `[MASK]` themselves**, which flatters them in the first table: look at the other two.

**Is it what people say of the words?** (Agreement.) That asks the model as much as the method, and is a proxy: see below.

In brackets are 95 % intervals, from drawing the texts anew (bootstrap). They hold for this model and texts like these; a
method that leads here need not lead on another model. What other random numbers would change is not in them: on this model
smooth-gradient is rounding noise, and other noise gives it other figures.
"""

_AGREEMENT = """
Words of the texts that stand in VADER's lexicon, where ten people rated each alone from -4 to 4; {positive:.0%} of them are
above 0: so many signs has a method right that calls every word positive. Explained is what the text leans to: the sum over the
five classes k = 0 … 4 of (k - 2) times the logit of k, which has a sign that can be compared. *Sign*: the share of words whose
score has the sign of their rating. *Spearman*: the correlation of ranks of score and rating over all words; *of sizes*: without
their signs. simple-gradient, integrated-gradient and smooth-gradient explain the predicted class alone, with scores that sum to
1 in every text; they and gradient have no sign.

**This is a proxy**: a word's rating by itself is not its weight in a sentence. In "not good" a right score of "good" may be
negative, in "a good while" it should be nearly 0. Where model and people differ, a method that is true to the model must
differ from people.
""".strip()

OPERATORS = {
    "mask": "every piece of a deleted word is `[MASK]`",
    "removal": "deleted words are left out",
    "replacement": "a word of another text stands in the place of a deleted one, always the same",
}


def human(count: int) -> None:
    """Prints all tables for so many texts, a multiple of four."""
    from eli5_transformers import bundled_model, lean, load_predictor
    from sentiment_model import ratings, sources
    from sentiment_model.evaluation import Classifier
    from sentiment_model.pruning import one_thread
    from sentiment_model.report import DOWNLOADS

    path = sources.fetch(sources.RATINGS, DOWNLOADS)
    texts = chosen(ratings.snippets(path), count // len(ratings.DOMAINS))
    print(INTRODUCTION.format(count=len(texts), each=count // len(ratings.DOMAINS), exact=EXACT, width=WIDTH))
    with one_thread():
        classifier, predictor = Classifier(bundled_model()), load_predictor(bundled_model())
        explained = explanations(predictor, texts)
        faithfulness_tables(classifier, explained)
        agreement_table(explained, explanations(predictor, texts, lean()), ratings.lexicon(path))
    cost_table(explained)


def chosen(snippets: Iterable[Any], each: int) -> List[str]:
    """Held-out texts of four words or more: `each` a domain, of the smallest digests; the domains take turns."""
    domains: Dict[str, Dict[str, str]] = {}
    for snippet in snippets:
        if snippet.split == "held-out" and len(snippet.text.split()) >= LEAST_WORDS:
            domains.setdefault(snippet.domain, {})[hashlib.sha256(snippet.text.encode()).hexdigest()] = snippet.text
    smallest = [[text for _, text in sorted(texts.items())[:each]] for texts in domains.values()]
    return [text for turn in zip(*smallest) for text in turn]


# What is explained


class Explained(NamedTuple):
    """What one method says of the texts, or of the first of them."""

    attributions: List[Any]
    seconds: float
    """Of the processor, a text."""


def explanations(predictor: Any, texts: Sequence[str], target: Any = None) -> Dict[str, Explained]:
    """What each method says of the target, or of the predicted class; with a target, without those that can name none."""
    import torch

    from eli5_transformers.errors import MissingDependencyError
    from eli5_transformers.interpreters import attribute
    from eli5_transformers.records import RELEASED

    found = {}
    for name, settings in METHODS.items():
        some = texts[: len(texts) // 5] if name in SLOW else texts
        inputs = [{"sentence": text} for text in some]
        if target is not None and name in RELEASED:
            continue
        # AllenNLP's smooth-gradient takes its noise from the process's generator.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(SEED)
            start = time.process_time()
            try:
                attributions = [one for (one,) in attribute(predictor, inputs, {"type": name, **settings}, targets=target)]
            except MissingDependencyError:
                continue
            found[name] = Explained(attributions, (time.process_time() - start) / len(some))
    return found


def words(attribution: Any) -> List[Any]:
    """The words of the text in reading order, as `by_word` has them, without special tokens."""
    from eli5_transformers.text.granularity import group_tokens

    return group_tokens(attribution.tokens, attribution.documents, "word", skip_special=True)


def word_scores(attribution: Any) -> np.ndarray:
    """The score of each of its words, shape (words,)."""
    return np.array([attribution.scores[word.tokens].sum() for word in words(attribution)])


# Faithfulness


def faithfulness_tables(classifier: Any, explained: Mapping[str, Explained]) -> None:
    """A table for each operator."""
    judgements = faithfulness(classifier, explained)
    for operator, meaning in OPERATORS.items():
        found, scales = judgements[operator]
        starred = [name for name, one in explained.items() if operator == "mask" and compares_with_masks(one)]
        rows = [
            [f"{name} *" if name in starred else name, *_figures(of_name), len(of_name["comprehensiveness"])]
            for name, of_name in found.items()
        ]
        areas = "; ".join(
            f"{measure}: {np.mean([one.best for one in scale]):+.2f} and {np.mean([one.worst for one in scale]):+.2f}"
            for measure, scale in scales.items()
        )
        table(
            f"Faithfulness, {operator}: {meaning}",
            ["interpreter", *(f"{measure}{wins}" for measure in MEASURES for wins in ("", ", wins")), "texts"],
            sorted(rows, key=lambda row: -row[1].value),
            f"0: the worst order; 1: the best. In probability, these change it by (means over all texts), {areas}."
            + (" * compares with `[MASK]`, as this table does." if starred else ""),
        )


def faithfulness(classifier: Any, explained: Mapping[str, Explained]) -> Dict[str, Tuple[Any, Any]]:
    """For each operator: by method and measure what was `Found` of each text, and by measure the `Scale` of each text."""
    attributions = {name: one.attributions for name, one in explained.items()}
    firsts = max(attributions.values(), key=len)
    ids = [word_ids(classifier.tokenizer, one) for one in firsts]
    results: Dict[str, Tuple[Any, Any]] = {operator: ({}, {measure: [] for measure in MEASURES}) for operator in OPERATORS}
    for place, first in enumerate(firsts):
        draw = random.Random(f"{SEED} {place}")
        told = {name: several[place] for name, several in attributions.items() if place < len(several)}
        assert all(one.tokens.text == first.tokens.text for one in told.values())
        orders = {name: [int(word) for word in np.argsort(-word_scores(one), kind="stable")] for name, one in told.items()}
        drawn = [draw.sample(range(len(ids[place])), len(ids[place])) for _ in range(DRAWN)]
        for operator, (found, scales) in results.items():
            other = instead(operator, ids, place, classifier.tokenizer.mask_token_id, draw)
            value = Deletions(
                len(ids[place]),
                lambda sets, own=ids[place], other=other, target=first.target: classifier.of_pieces(
                    [written(own, other, deleted) for deleted in sets]
                )[:, target],
            )
            for measure, worth in MEASURES.items():
                of_text, scale = judged(worth(value, len(value)), len(value), orders, drawn)
                scales[measure].append(scale)
                for name, one in of_text.items():
                    found.setdefault(name, {each: [] for each in MEASURES})[measure].append(one)
    return results


def word_ids(tokenizer: Any, attribution: Any) -> List[List[int]]:
    """The token ids of each word of the text that was explained."""
    ids = tokenizer.convert_tokens_to_ids(list(attribution.tokens.text))
    return [[ids[token] for token in word.tokens] for word in words(attribution)]


def instead(
    operator: str, texts: Sequence[List[List[int]]], place: int, mask: int, draw: random.Random
) -> List[List[int]]:
    """The token ids that stand in the place of each word of one of the texts, where it is deleted."""
    if operator == "mask":
        return [[mask] * len(word) for word in texts[place]]
    if operator == "removal":
        return [[] for _ in texts[place]]
    others = [text for other, text in enumerate(texts) if other != place]
    return [draw.choice(draw.choice(others)) for _ in texts[place]]


def written(words: Sequence[List[int]], other: Sequence[List[int]], deleted: int) -> List[int]:
    """The token ids of a text, with those of `other` in place of the words of a set."""
    return [
        token for word, own in enumerate(words) for token in (other[word] if deleted >> word & 1 else own)
    ]


def compares_with_masks(explained: Explained) -> bool:
    """Whether a method's baseline is a text of masks."""
    return "MASK" in str(explained.attributions[0].baseline)


def _figures(found: Mapping[str, Sequence[Found]]) -> List[Estimate]:
    """The means over texts of each measure, and of its wins."""
    fields = ("normalised", "wins")
    columns = [[getattr(one, field) for one in found[measure]] for measure in MEASURES for field in fields]
    return [estimate(mean, [np.array([[value]]) for value in column]) for column in columns]


# Agreement with people


def agreement_table(
    explained: Mapping[str, Explained], leaning: Mapping[str, Explained], valences: Mapping[str, float]
) -> None:
    """How the scores of words go with what people said of the words alone."""
    methods = {name: one.attributions for name, one in {**explained, **leaning}.items()}
    rated = {name: [rated_words(one, valences) for one in attributions] for name, attributions in methods.items()}
    rows = [
        [name, *_agreement(texts, methods[name][0].signed), sum(map(len, texts))] for name, texts in rated.items()
    ]
    positive = np.mean(np.concatenate(max(rated.values(), key=len))[:, 1] > 0)
    table(
        "Agreement with ratings of words by people",
        ["interpreter", "sign", "Spearman", "Spearman of sizes", "words"],
        sorted(rows, key=lambda row: -row[3].value),
        _AGREEMENT.format(positive=positive),
    )


def rated_words(attribution: Any, valences: Mapping[str, float]) -> np.ndarray:
    """Score and valence of each word that people rated, shape (words, 2); words are looked up in lower case."""
    pairs = zip(words(attribution), word_scores(attribution))
    rated = [(score, valences[word.name.lower()]) for word, score in pairs if word.name.lower() in valences]
    return np.array(rated).reshape(-1, 2)


def right_signs(rows: np.ndarray) -> float:
    """The share of rows (rows, 2) of two numbers of the same sign."""
    return float((np.sign(rows[:, 0]) == np.sign(rows[:, 1])).mean())


def _agreement(texts: Sequence[np.ndarray], signed: bool) -> List[Any]:
    statistics: List[Callable[[np.ndarray], float]] = [right_signs, spearman] if signed else []
    found: List[Any] = [estimate(one, texts) for one in statistics] or ["", ""]
    return [*found, estimate(spearman, [np.abs(text) for text in texts])]


# Cost


def cost_table(explained: Mapping[str, Explained]) -> None:
    """Seconds and evaluations of each method for the predicted class."""
    # Their source says how many; they do not count.
    released = {"simple-gradient": 1.0, "integrated-gradient": 10.0, "smooth-gradient": 10.0}
    rows = [
        [name, seconds, released[name] if name in released else _mean_evaluations(attributions), len(attributions)]
        for name, (attributions, seconds) in explained.items()
    ]
    table(
        "Cost",
        ["interpreter", "seconds a text", "evaluations a text", "texts"],
        sorted(rows, key=lambda row: row[1]),
        "Processor time on one thread, of one call for all texts, which the package puts into batches (AllenNLP's interpreters "
        "take one at a time). Evaluations are gradients; of occlusion and captum, forward passes.",
    )


def _mean_evaluations(attributions: Sequence[Any]) -> float:
    return float(np.mean([one.evaluations for one in attributions]))
