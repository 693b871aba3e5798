"""`evaluate_faithfulness` on classifiers of three architectures, trained with and without masked texts, on two domains."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence, Tuple

import numpy as np

from .human import chosen
from .models import Trained, trained
from .timing import table

DOMAINS = ("film reviews", "tweets")
METHODS: Tuple[Dict[str, Any], ...] = (
    {"type": "integrated-gradients"},
    {"type": "integrated-gradients", "n_steps": 5},
    {"type": "integrated-gradients", "baseline": "pad"},
    {"type": "linearization"},
    {"type": "shapley", "budget": 100},
    {"type": "occlusion"},
    {"type": "gradient-x-input"},
    {"type": "gradient"},
    {"type": "smoothgrad"},
    {"type": "simple-gradient"},
    {"type": "integrated-gradient"},
    {"type": "smooth-gradient"},
)
ORDERS = 20
"""Random orders of each text's words."""

INTRODUCTION = """
Which words a method puts first, and whether the model's answer really depends on these: comprehensiveness and sufficiency as
`evaluate_faithfulness` has them (see [Faithfulness](faithfulness.md)), 0 the worst order of a text's words, 1 the best, for
the predicted class. **Six classifiers**, because a method that leads on one need not lead on another: a BERT (the bundled
model and its twin), a DistilBERT and a Llama, each trained once with 30 % of the texts incomplete (*masked*) and once on
whole texts alone (*whole*): for the latter a text of `[MASK]` is as strange as it is for most people's models. **Two
domains**, {each} held-out texts of each (those of four words or more with the smallest digests). Words are hidden in three
ways, each in tables of its own: masked, removed, replaced by words of the other texts. In brackets are 95 % intervals, from
drawing the texts anew. A star: the method compares with what the operator puts there, which flatters it.

How well the models do on all held-out texts of the two domains (share of clear ratings whose sign is right): {accuracy}.
""".strip()


def faithfulness(each: int, models: Sequence[Trained] = ()) -> None:
    """Prints all tables for so many texts of each domain; without `models` for the six of `models.trained`."""
    from eli5_transformers import evaluate_faithfulness, load_predictor
    from sentiment_model import ratings, sources
    from sentiment_model.evaluation import Classifier
    from sentiment_model.pruning import one_thread
    from sentiment_model.report import DOWNLOADS

    models = models or trained()
    snippets = ratings.snippets(sources.fetch(sources.RATINGS, DOWNLOADS))
    found: Dict[Tuple[str, str], Any] = {}
    accuracy: List[str] = []
    with one_thread():
        for model in models:
            right = signs_right(Classifier(model.checkpoint), snippets)
            accuracy.append(f"{model.name}: {right:.0%}")
            predictor = load_predictor(model.checkpoint)
            for domain in DOMAINS:
                texts = chosen([one for one in snippets if one.domain == domain], each)
                found[model.name, domain] = evaluate_faithfulness(predictor, texts, interpreters=METHODS, orders=ORDERS)
    print(INTRODUCTION.format(each=each, accuracy="; ".join(accuracy)))
    leaders_table(found)
    for measure in ("comprehensiveness", "sufficiency"):
        for domain in DOMAINS:
            for operator in ("mask", "removal", "replacement"):
                measure_table(operator, measure, domain, {model: one for (model, of), one in found.items() if of == domain})
    diagnosticity_table(found)
    cost_table(found)


def signs_right(classifier: Any, snippets: Sequence[Any]) -> float:
    """The share of held-out texts of the domains, rated clearly, for which the expected class is on the right side."""
    from sentiment_model.ratings import SIGNED

    held = [one for one in snippets if one.split == "held-out" and one.domain in DOMAINS and abs(one.rating) > SIGNED]
    places = np.arange(5) - 2
    return float(np.mean(np.sign(classifier.of_snippets(held) @ places) == np.sign([one.rating for one in held])))


def measure_table(operator: str, measure: str, domain: str, found: Mapping[str, Any]) -> None:
    """A row a method, a column a model."""
    cells: Dict[str, Dict[str, str]] = {}
    values: Dict[str, List[float]] = {}
    for model, one in found.items():
        for row in one.measures():
            if (row["operator"], row["measure"]) == (operator, measure):
                star = " *" if row["flattered"] else ""
                cells.setdefault(row["method"], {})[model] = (
                    f"{row['normalised']:.2f}{star} ({row['low']:.2f} to {row['high']:.2f})"
                )
                values.setdefault(row["method"], []).append(row["normalised"])
    ranked = sorted(cells, key=lambda method: -float(np.mean(values[method])))
    rows = [[method, *(cells[method].get(model, "") for model in found)] for method in ranked]
    table(f"{measure.capitalize()}, {operator}, {domain}", ["method", *found], rows)


def leaders_table(found: Mapping[Tuple[str, str], Any]) -> None:
    """In how many of the model and domain pairs a method leads, or the texts do not tell it from the leader."""
    counts: Dict[str, Dict[str, List[int]]] = {}
    columns: List[str] = []
    for one in found.values():
        for best in one.best():
            column = f"{best.measure}, {best.operator}"
            columns += [] if column in columns else [column]
            for method in (row.method for row in one.methods):
                tied = method == best.method or method in best.alike
                counts.setdefault(method, {}).setdefault(column, []).append(int(tied))
    rows = [[method, *(sum(of.get(column, [])) for column in columns)] for method, of in counts.items()]
    table(
        f"How often of {len(found)} a method leads or is not told from the leader",
        ["method", *columns],
        sorted(rows, key=lambda row: -sum(row[1:])),
        "A model and a domain count one each; two methods are told apart by a randomization test over texts, adjusted for the "
        "number of pairs (Holm).",
    )


def diagnosticity_table(found: Mapping[Tuple[str, str], Any]) -> None:
    """How well the measures themselves tell the methods' scores from shuffled ones."""
    keys = list(dict.fromkeys(key for one in found.values() for key in one.diagnosticity()))
    each = [one.diagnosticity() for one in found.values()]
    rows = [[f"{key[1]}, {key[0]}", *(one[key] for one in each)] for key in keys]
    table(
        "How well the measures tell the methods from shuffled scores",
        ["measure", *(f"{model}; {domain}" for model, domain in found)],
        rows,
        "The area under the ROC curve of all methods together: 0.5 tells nothing.",
    )


def cost_table(found: Mapping[Tuple[str, str], Any]) -> None:
    """Passes and seconds of each method, means over models and domains."""
    held: Dict[str, List[Any]] = {}
    for one in found.values():
        for row in one.methods:
            held.setdefault(row.method, []).append(row)
    means = {
        method: [float(np.mean(of_one)) for of_one in ([row.passes for row in of], [row.seconds for row in of])]
        for method, of in held.items()
    }
    rows = [[method, *of] for method, of in means.items()]
    table(
        "Cost",
        ["method", "passes a text", "seconds a text"],
        sorted(rows, key=lambda row: row[2]),
        "Passes are gradients; of occlusion and shapley, forward passes. On one thread.",
    )
