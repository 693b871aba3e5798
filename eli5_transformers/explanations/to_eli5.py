"""`Attribution` to eli5 `Explanation`: pure conversion, knows nothing of torch.

What eli5 0.16 does with an `Explanation`, and why it is filled as it is here:

- the text and DataFrame formatters read `feature_weights` alone, the HTML formatter paints `weighted_spans`;
- with weights hidden (`show_prediction`, a notebook cell) the label, probability and score are printed only above a
  non-empty `WeightedSpans.other`; eli5's own text support puts "Highlighted in text (sum)" there;
- `get_char_weights` divides a span's weight by how often its feature *name* occurs, so each span has a name of its own;
- the heading reads "Contribution" where a `FeatureWeight` has a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, List, Optional, Sequence, Tuple, Union

import attr
import numpy as np
from eli5._feature_weights import get_top_features
from eli5.base import (
    DocWeightedSpans,
    Explanation,
    FeatureWeight,
    FeatureWeights,
    TargetExplanation,
    WeightedSpans,
)
from eli5.formatters.features import FormattedFeatureName

from ..arguments import expression, rows_of_table
from ..errors import InputError, short
from ..records import Attribution, percent
from ..text.granularity import Place, group_tokens, require_granularity, told_apart
from ..text.label_order import between
from ..text.spelling import white_space
from .label_text import safe
from .sentences import answer
from .shown import shown
from .trust_text import trust_lines

Top = Union[int, Tuple[int, int], None]
HIGHLIGHTED = "Highlighted in text (sum)"
SPECIAL = "Special tokens (sum)"
SPACES = "White space (sum)"
BIAS = "<BIAS>"  # what eli5's linear models call the constant; here the score of the baseline
_FORWARD = ("occlusion", "shapley")
"""Methods whose evaluations are forward passes."""
_PLURALS = {
    "logit": "logits", "probability": "probabilities", "log-probability": "log-probabilities", "loss": "losses",
}  # fmt: skip
UNSEEN = " \u2502 not seen by the model: "


@dataclass(frozen=True)
class Row:
    """One row of the table: a word, token, phrase or sentence, or a sum that is none of these."""

    name: str
    weight: float
    place: Optional[Place] = None
    """Where it is painted; None for what stands for no characters."""
    space: bool = False
    """True for white space without a place."""


def to_explanation(
    attributions: Sequence[Attribution],
    *,
    estimator: str,
    description: Optional[str] = None,
    target_names: Optional[Sequence[str]] = None,
    is_regression: bool = False,
    granularity: str = "word",
    top: Top = None,
    feature_re: Optional[str] = None,
    feature_filter: Optional[Callable[..., bool]] = None,
) -> Explanation:
    """The eli5 explanation of one input: one `TargetExplanation` for each attribution.

    `granularity` is "word" (pieces of a word are summed), "token", "phrase" or "sentence". `top`, `feature_re` and
    `feature_filter` choose the rows of the table as eli5's own explainers do: the `top` largest by absolute weight, or
    `(positive, negative)` counts; a regular expression that a row's name must match; a predicate on a row's name and
    value. What is painted is not cut by them. Raises InputError for an option that is not accepted.
    """
    require_granularity(granularity)
    names = target_names or [_name(attribution) for attribution in attributions]
    targets = []
    for attribution, name in zip(attributions, names):
        rows = _rows(attribution, granularity)
        if attribution.baseline_score is not None:
            rows.append(Row(BIAS, attribution.baseline_score))
        targets.append(
            TargetExplanation(
                target=name,
                feature_weights=_feature_weights(rows, top, feature_re, feature_filter),
                proba=attribution.probability,
                score=attribution.score,
                weighted_spans=WeightedSpans(
                    weighted_documents(attribution.documents, rows, attribution.tokens.seen),
                    other=summary(rows),
                ),
            )
        )
    methods = dict.fromkeys(attribution.method for attribution in attributions)
    # The blank line parts what answers the question from what is known of the numbers: a page shows them in two places.
    about = "\n".join(filter(None, [description, *describe(attributions)]))
    text = "\n".join(answer(attributions)) + "\n\n" + about
    made = Explanation(
        estimator=estimator,
        method=", ".join(methods),
        description=text,
        is_regression=is_regression,
        targets=targets,
    )
    return escaped_where_unescaped(made)


def _name(attribution: Attribution) -> str:
    """What the rows are contributions to; positive ones of a loss speak against the label."""
    of_loss = attribution.output == "loss" and attribution.signed
    return f"loss of {attribution.label}" if of_loss else attribution.label


def describe(attributions: Sequence[Attribution]) -> List[str]:
    """What a reader must know of the scores: the comparison, its error, what was cut, and the method's caveats."""
    first = attributions[0]
    units = " and ".join(dict.fromkeys(_explained(attribution) for attribution in attributions))
    compared = f"Contributions to {units}, compared with: {first.baseline}."
    lines = [f"Scores for {units}." if first.baseline is None else compared]
    missed = [a for a in attributions if a.convergence_delta is not None]
    if missed:
        lines.append(_accuracy(missed))
    for index, cut in enumerate(first.tokens.cut):
        if cut:
            begin, end = first.tokens.seen[index]
            which = f"text {index + 1}" if len(first.documents) > 1 else "the text"
            seen = f"The model sees the characters {begin} to {end} of {which}"
            if not any(start >= 0 and at == index for start, at in zip(first.tokens.start, first.tokens.segment)) and end:
                seen = f"The model sees a part of {which} alone, of which the place is not known"
            lines.append(f"{seen}: {cut} more tokens were cut.")
    lines += trust_lines(attributions)
    notes = dict.fromkeys(note for attribution in attributions for note in attribution.notes)
    # Beside the lean nobody has to be told that there is one.
    known = {between(a.label) for a in attributions} if any(a.question == "lean" for a in attributions) else set()
    return [*lines, *(note for note in notes if note not in known)]


def _explained(attribution: Attribution) -> str:
    """What the contributions are to."""
    outputs = f"the labels' {_PLURALS.get(attribution.output, attribution.output)}"
    if attribution.question == "lean":
        places = [f"{weight:+.3g}" for weight in sorted(attribution.weights)]
        return f"the lean, the sum of {outputs} weighted by the labels' places ({' … '.join((places[0], places[-1]))})"
    return {
        "contrast": f"the difference of {outputs}",
        "combination": f"a weighted sum of {outputs}",
        "expected value": "the expected value of the labels",
    }.get(attribution.question, f"the {attribution.output} of the label")


def _accuracy(missed: Sequence[Attribution]) -> str:
    """How far the scores are from adding up, and from what they would be; of several targets the worst."""
    worst = max(missed, key=lambda a: abs(a.relative_delta or 0.0))
    delta = f"{abs(worst.convergence_delta or 0.0):.2g}"
    if worst.relative_delta is not None:
        delta += f" ({percent(abs(worst.relative_delta))})"
    count = sum(a.evaluations or 0 for a in missed)
    kinds = ("forward pass", "forward passes") if worst.method in _FORWARD else ("gradient evaluation", "gradient evaluations")
    work = f"{count} {kinds[count != 1]}"
    total = worst.output if worst.question == "class" else {"contrast": "difference"}.get(worst.question, worst.question)
    sums = f"Rows and {BIAS} add up to the {total}"
    errors = [a.token_error for a in missed if a.token_error is not None]
    if not errors:
        return f"{sums} but for {delta}, by {work}."
    shared = f": the {delta} that they missed at first, the convergence delta, was shared out among them"
    return (
        f"By an estimate from {work}, no token's contribution is off by more than {percent(max(errors))} of all "
        f"contributions' sizes together. {sums}{shared if worst.standard_errors is None else ''}."
    )


def escaped_where_unescaped(explanation: Explanation) -> Explanation:
    """The explanation as it is `shown`, with a `LabelText` wherever eli5 prints a text that it does not escape.

    It equals the original but for characters that a screen would obey. A `FormattedFeatureName` keeps its markup: its
    maker says that it holds HTML.
    """
    explanation = shown(explanation)
    targets = [
        attr.evolve(target, target=safe(target.target), weighted_spans=_with_safe_names(target.weighted_spans))
        for target in explanation.targets or []
    ]
    return attr.evolve(
        explanation,
        method=safe(explanation.method),
        description=safe(explanation.description),
        error=safe(explanation.error),
        targets=targets if explanation.targets is not None else None,
    )


def _with_safe_names(spans: Optional[WeightedSpans]) -> Optional[WeightedSpans]:
    if spans is None:
        return None
    return attr.evolve(
        spans,
        docs_weighted_spans=[attr.evolve(doc, vec_name=safe(doc.vec_name)) for doc in spans.docs_weighted_spans],
    )


def _rows(attribution: Attribution, granularity: str) -> List[Row]:
    """The rows of the table, in the order of the text, with the special tokens summed to the last one."""
    scores = np.asarray(attribution.scores, dtype=float)
    found = group_tokens(attribution.tokens, attribution.documents, granularity, skip_special=True)
    names = told_apart([group.name for group in found])
    spaces = [all(white_space(attribution.tokens.text[at]) is not None for at in group.tokens) for group in found]
    rows = [
        Row(name, float(scores[group.tokens].sum()), group.place, group.place is None and space)
        for name, group, space in zip(names, found, spaces)
    ]
    special = np.array(attribution.tokens.special, dtype=bool)
    if special.any():
        rows.append(Row(SPECIAL, float(scores[special].sum())))
    return rows


def weighted_documents(
    documents: Sequence[str], rows: Sequence[Row], seen: Sequence[Tuple[int, int]] = ()
) -> List[DocWeightedSpans]:
    """The documents with the rows' spans; what the model does not see of a document is marked in its text."""
    made = []
    for index, document in enumerate(documents):
        begin, end = seen[index] if seen else (0, len(document))
        if document[end:].strip():
            document = document[:end] + UNSEEN + document[end:].lstrip()
        shift = 0
        if document[:begin].strip():
            marked = UNSEEN.strip() + " " + document[:begin].rstrip() + " \u2502 "
            document, shift = marked + document[begin:], len(marked) - begin
        made.append(
            DocWeightedSpans(
                document=document,
                spans=[
                    (f"{row.place[1]}: {row.name}", [(row.place[1] + shift, row.place[2] + shift)], row.weight)
                    for row in rows
                    if row.place is not None and row.place[0] == index
                ],
                preserve_density=False,
                vec_name=f"text {index + 1}" if len(documents) > 1 else None,
            )
        )
    return made


def signed_weights(items: Sequence[Tuple[Any, float]]) -> FeatureWeights:
    """The rows as eli5 has them: those with a positive weight, and those with a negative one."""
    # The value makes the heading read "Contribution": each row occurs once.
    made = [FeatureWeight(feature, weight, value=1.0) for feature, weight in items]
    return FeatureWeights(pos=[fw for fw in made if fw.weight >= 0], neg=[fw for fw in made if fw.weight < 0])


def summary(rows: Sequence[Row]) -> FeatureWeights:
    """The table that stands above a painted text: what is painted, as one sum, and what could not be painted.

    White space is one sum, too: of letters or bytes, a text has as many rows of it as it has words.
    """
    items = [(FormattedFeatureName(HIGHLIGHTED), sum(row.weight for row in rows if row.place is not None))]
    spaces = [row for row in rows if row.space]
    if len(spaces) > 1:
        rows = [*(row for row in rows if not row.space), Row(SPACES, sum(row.weight for row in spaces))]
    # Of no formatter but HTML's: no spaces are painted into these. In the table a row's name is a text like all others.
    own = {name: FormattedFeatureName(name) for name in (SPECIAL, SPACES)}
    items += [(own.get(row.name, row.name), row.weight) for row in rows if row.place is None]
    return signed_weights(sorted(items, key=lambda item: -abs(item[1])))


def _kept(feature_filter: Callable[..., bool], name: str) -> bool:
    try:
        return bool(feature_filter(name, 1.0))
    except Exception as error:
        raise InputError(f"feature_filter fails for the row {name!r} with the value 1.0: {short(error)}") from error


def _feature_weights(
    rows: Sequence[Row], top: Top, feature_re: Optional[str], feature_filter: Optional[Callable[..., bool]]
) -> FeatureWeights:
    chosen = list(rows)
    pattern, top = expression(feature_re, "feature_re"), rows_of_table(top)
    if pattern is not None:
        chosen = [row for row in chosen if pattern.search(row.name)]
    if feature_filter is not None:
        chosen = [row for row in chosen if _kept(feature_filter, row.name)]
    names = np.array([row.name for row in chosen], dtype=object)
    return get_top_features(names, np.array([row.weight for row in chosen], dtype=float), top, np.ones(len(chosen)))
