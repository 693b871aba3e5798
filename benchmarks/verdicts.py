"""The deletion check and the stability of scores: how often honest methods pass them, and how often shuffled scores do."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any, Dict, List, Mapping, Sequence

import numpy as np

from .human import SEED, chosen
from .timing import table

METHODS = (
    "integrated-gradients", "occlusion", "gradient-x-input", "gradient", "integrated-gradient", "simple-gradient",
    "smooth-gradient",
)  # fmt: skip
SHUFFLED = ("integrated-gradients", "integrated-gradients, lean", "gradient")
LEANING = "integrated-gradients, lean"
VERDICTS = ("yes", "partly", "no")

INTRODUCTION = """
What the [checks beside an explanation](faithfulness.md) say of the bundled model's explanations, on {count} texts that people
wrote and rated and that the model was not trained on ({each} of each domain, as in [people's texts](measured-human.md)).
Explained is the predicted class, in one row what the text leans to.
""".strip()


def verdicts(count: int) -> None:
    """Prints the tables for so many texts, a multiple of four."""
    from eli5_transformers import bundled_model, load_predictor
    from sentiment_model import ratings, sources
    from sentiment_model.pruning import one_thread
    from sentiment_model.report import DOWNLOADS

    path = sources.fetch(sources.RATINGS, DOWNLOADS)
    each = count // len(ratings.DOMAINS)
    texts = chosen(ratings.snippets(path), each)
    print(INTRODUCTION.format(count=len(texts), each=each))
    with one_thread():
        predictor = load_predictor(bundled_model())
        found = explained(predictor, texts)
        checks_table(checks(predictor, texts, {**found, **shuffled(found)}))
        stability_table(predictor, texts, found)


def explained(predictor: Any, texts: Sequence[str]) -> Dict[str, List[Any]]:
    """What each method says of each text; the same for the same texts."""
    import torch

    from eli5_transformers import lean
    from eli5_transformers.interpreters import attribute

    inputs = [{"sentence": text} for text in texts]
    found = {}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        for name in METHODS:
            found[name] = [one for (one,) in attribute(predictor, inputs, name)]
        found[LEANING] = [one for (one,) in attribute(predictor, inputs, "integrated-gradients", targets=lean())]
    return found


def shuffled(found: Mapping[str, Sequence[Any]]) -> Dict[str, List[Any]]:
    """The same scores on other tokens of the text."""
    draw = np.random.default_rng(SEED)
    return {f"shuffled: {name}": [_shuffled(one, draw) for one in found[name]] for name in SHUFFLED}


def _shuffled(attribution: Any, draw: np.random.Generator) -> Any:
    scores, own = attribution.scores.copy(), np.flatnonzero(~np.array(attribution.tokens.special))
    scores[own] = draw.permutation(scores[own])
    return replace(attribution, scores=scores)


def checks(predictor: Any, texts: Sequence[str], found: Mapping[str, Sequence[Any]]) -> Dict[str, List[Any]]:
    """The deletion check of each explanation, None where there is none."""
    from eli5_transformers.components.explained_predictors import explained_model
    from eli5_transformers.engine.passes import Scorer
    from eli5_transformers.faithfulness.asked import Asked
    from eli5_transformers.faithfulness.trust import OneText

    model = explained_model(predictor)
    scorer = Scorer(model, progress=False)
    checked: Dict[str, List[Any]] = {name: [] for name in found}
    with scorer.session():
        for place, text in enumerate(texts):
            given = {"sentence": text}
            one = OneText(scorer, model.encode(given), given, Asked())
            for name, attributions in found.items():
                checked[name].append(one.trust(attributions[place]).check)
    return checked


def checks_table(checked: Mapping[str, Sequence[Any]]) -> None:
    """How often each verdict is given, and how many of the draws are beaten."""
    rows = []
    for name, of_texts in checked.items():
        known = [one for one in of_texts if one is not None]
        counts = Counter(one.verdict for one in known)
        beaten = float(np.mean([one.beaten for one in known])) if known else float("nan")
        rows.append([name, *(counts[verdict] for verdict in VERDICTS), len(of_texts) - len(known), beaten])
    table(
        "The deletion check",
        ["scores", *VERDICTS, "no check", "draws beaten"],
        rows,
        "Texts by verdict, and the mean share of random choices of words that the named ones beat. Words are masked, which is "
        "what integrated-gradients and occlusion compare with, too.",
    )


def stability_table(predictor: Any, texts: Sequence[str], found: Mapping[str, Sequence[Any]]) -> None:
    """The correlation of ranks with the scores for jittered vectors."""
    from eli5_transformers.faithfulness.stability import JITTER, correlation
    from eli5_transformers.sites.jitter import jittered

    with jittered(JITTER * float(np.finfo(np.float32).eps)):
        again = explained(predictor, texts)
    rows = []
    for name, of_texts in found.items():
        values = [correlation(one, other) for one, other in zip(of_texts, again[name])]
        rows.append([name, float(np.mean(values)), float(np.min(values))])
    table(
        "Stability",
        ["scores", "mean", "smallest"],
        sorted(rows, key=lambda row: -row[1]),
        "Spearman's correlation of the words' scores with those for word vectors whose last bits are others.",
    )
