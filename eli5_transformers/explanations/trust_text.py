"""What was measured beside an explanation, as sentences. They say what was measured, never what a word "counts for"."""

from __future__ import annotations

from typing import List, Optional, Sequence, Tuple

from ..records import Attribution, DeletionCheck, HiddenWord, OperatorTrust, OrderMeasure, Stability, Trust
from ..text.wording import Part, Sentence, joined, number, ordinal, percent, plain, said
from .sentences import words_of

VERDICTS = {
    "yes": "Does the explanation hold? Yes.",
    "partly": "Does the explanation hold? Partly: hiding other words often changes the answer as much.",
    "no": "Does the explanation hold? No: hiding other words changes the answer as much or more. Do not rely on this picture "
    "alone.",
}
UNSTABLE = 0.9
"""Below this correlation a warning is given; honest methods have 1.00."""
_OPERATORS = {"mask": "words masked", "removal": "words left out", "replacement": "other words in their place"}


def trust_lines(attributions: Sequence[Attribution]) -> List[str]:
    """The sentences on the trust of each attribution that has one, with the warnings first."""
    lines = []
    for one in attributions:
        if one.trust is not None:
            lines += _lines(one, one.trust)
    return lines


def _lines(one: Attribution, trust: Trust) -> List[str]:
    lines = []
    if trust.check is not None:
        lines += [check_sentence(one, trust, trust.check), VERDICTS[trust.check.verdict]]
    elif trust.hidden:
        lines.append("No deletion check: no word stands out on the winning side, or there are no others to compare with.")
    if trust.hidden:
        names = (plain(phrase) for word in trust.hidden for phrase in phrases(one, [word]))
        found = ", ".join(f"{name} {amount(trust.measured, word.after)}" for name, word in zip(names, trust.hidden))
        lines.append(
            f"Measured with one word hidden at a time ({trust.replaced_by} in its place), {_what(one, trust)} was "
            f"{amount(trust.measured, trust.before)} before: without {found}."
        )
    lines += [_operator_sentence(operator) for operator in trust.operators]
    if trust.stability is not None:
        lines.append(stability_sentence(trust.stability))
    passes = trust.passes + (trust.check.passes if trust.check else 0) + sum(each.passes for each in trust.operators)
    lines.append(f"These checks took {passes} forward passes{_second_run(trust.stability)}.")
    return [*lines, *trust.notes]


def _second_run(stability: Optional[Stability]) -> str:
    if stability is None:
        return ""
    known = "" if stability.evaluations is None else f" ({stability.evaluations} evaluations)"
    return f" and a second run of the method{known}"


def check_sentence(one: Attribution, trust: Trust, check: DeletionCheck) -> str:
    """What hiding the named words did, and what as many random ones."""
    before, after, mean = (amount(trust.measured, value) for value in (trust.before, check.after, check.random_mean))
    verb = "moves" if trust.measured not in ("probability", "preference") else (
        "drops" if check.after < trust.before else "raises"
    )
    count = len(check.words)
    words = "1 random word" if count == 1 else f"{count} random words"
    return (
        f"Hiding {plain(joined(phrases(one, check.words)))} {verb} {_what(one, trust)} from {before} to {after}; hiding "
        f"{words}: to {mean} on average ({check.draws} other choices, of which it beats {percent(check.beaten)})."
    )


def phrases(one: Attribution, words: Sequence[HiddenWord]) -> List[Sentence]:
    """Words in reading order, those with nothing but space between them as one; a word that is there twice has its place."""
    spans: List[Tuple[int, int, int]] = []
    for document, start, end in (word.place for word in words):
        if spans and spans[-1][0] == document and not one.documents[document][spans[-1][2] : start].strip():
            spans[-1] = (document, spans[-1][1], end)
        else:
            spans.append((document, start, end))
    known = {(word.segment, word.start, word.end): word.place for word in words_of(one)}
    return [
        [
            Part(one.documents[span[0]][span[1] : span[2]], "word"),
            *([said(f" ({ordinal(known[span])})")] if known.get(span) else []),
        ]
        for span in spans
    ]


def amount(measured: str, value: float) -> str:
    """A measured number, in its unit."""
    return percent(value) if measured in ("probability", "preference") else number(value)


def _what(one: Attribution, trust: Trust) -> str:
    if trust.measured == "expected value":
        return "the expected value"
    name = plain([Part(one.label, "label")])
    return {"probability": f"the probability of {name}", "preference": f"the preference for {name}"}.get(
        trust.measured, f"the score of {name}"
    )


def _operator_sentence(operator: OperatorTrust) -> str:
    parts = []
    for measure, verb in ((operator.comprehensiveness, "without the first words"), (operator.sufficiency, "with these alone")):
        if measure is None:
            parts.append(f"{verb} nothing can be read")
        elif measure.normalised is None:
            parts.append(f"{verb} no order makes a difference")
        else:
            parts.append(f"{verb} {_measure(measure)}")
    flatters = " The method compares with the same thing, which flatters it." if operator.flatters else ""
    return (
        f"Order of the words, {_OPERATORS[operator.operator]} (0 is the worst order, 1 the best that was found): "
        f"{'; '.join(parts)}.{flatters}"
    )


def _measure(measure: OrderMeasure) -> str:
    chance = "" if measure.random is None else f"random orders {measure.random:.2f}, "
    return f"{measure.normalised:.2f} ({chance}p = {measure.p_value:.2f})"


def stability_sentence(stability: Stability) -> str:
    """How alike the scores rank in the second run."""
    alike = f"rank correlation {stability.correlation:.2f}"
    if stability.correlation < UNSTABLE:
        return (
            f"The scores are not stable: with the last bits of the word vectors changed they rank otherwise ({alike}), so that "
            "rounding decides about them."
        )
    return f"With the last bits of the word vectors changed the scores rank alike ({alike}): stability, not faithfulness."
