"""What was measured beside an explanation, as sentences. They say what was measured, never what a word "counts for"."""

from __future__ import annotations

from math import floor, log10
from typing import List, Optional, Sequence, Tuple

from ..records import Attribution, DeletionCheck, HiddenWord, OperatorTrust, OrderMeasure, Stability, Trust
from ..text.wording import MINUS, Part, Sentence, joined, number, ordinal, percent, plain, said
from .sentences import words_of

VERDICTS = {
    "yes": "Does the explanation hold? Yes.",
    "partly": "Does the explanation hold? Partly: hiding other words often changes the answer as much.",
    "no": "Does the explanation hold? No: hiding other words changes the answer as much or more. Do not rely on this picture "
    "alone.",
}
WRONG_WAY = (
    "Does the explanation hold? No: hiding these words moves the answer the wrong way. Do not rely on this picture alone."
)
UNSTABLE = 0.9
"""Below this correlation a warning is given; honest methods have 1.00."""
_SHARES = ("probability", "preference")
_MOST_DECIMALS = 6
_OPERATORS = {"mask": "words masked", "removal": "words left out", "replacement": "other words in their place"}


def trust_lines(attributions: Sequence[Attribution]) -> List[str]:
    """The sentences on the trust of each attribution that has one, warnings first; where there are several, with its label."""
    lines = []
    measured = [(one, one.trust) for one in attributions if one.trust is not None]
    for one, trust in measured:
        if len(measured) > 1:
            lines.append(f"How far to trust what is said of {plain([Part(one.label, 'label')])}:")
        lines += _lines(one, trust)
    return lines


def _lines(one: Attribution, trust: Trust) -> List[str]:
    lines, stability = [], trust.stability
    verdict = [] if trust.check is None else [verdict_sentence(trust, trust.check)]
    stable = [] if stability is None else [stability_sentence(stability)]
    warned = trust.check is not None and trust.check.verdict == "no"
    unstable = stability is not None and stability.correlation < UNSTABLE
    lines += verdict * warned + stable * unstable
    if trust.check is not None:
        lines += [check_sentence(one, trust, trust.check), *verdict * (not warned)]
    elif trust.hidden:
        lines.append("No deletion check: no word stands out on the winning side, or there are too few others to compare with.")
    if trust.hidden:
        names = (plain(phrase) for word in trust.hidden for phrase in phrases(one, [word]))
        found = ", ".join(f"{name} {amount(trust, word.after)}" for name, word in zip(names, trust.hidden))
        lines.append(
            f"Measured with one word hidden at a time ({trust.replaced_by} in its place), {_what(one, trust)} was "
            f"{amount(trust, trust.before)} before: without {found}."
        )
    lines += [_operator_sentence(operator) for operator in trust.operators]
    lines += stable * (not unstable)
    passes = trust.passes + (trust.check.passes if trust.check else 0) + sum(each.passes for each in trust.operators)
    lines.append(f"These checks took {passes} forward passes{_second_run(trust.stability)}.")
    return [*lines, *trust.notes]


def _second_run(stability: Optional[Stability]) -> str:
    if stability is None:
        return ""
    count = stability.evaluations
    known = "" if count is None else f" ({count} evaluation{'s' * (count != 1)})"
    return f" and a second run of the method{known}"


def verdict_sentence(trust: Trust, check: DeletionCheck) -> str:
    """The verdict, and of a "no" why."""
    wrong_way = check.side * (trust.before - check.after) < 0
    return WRONG_WAY if check.verdict == "no" and wrong_way else VERDICTS[check.verdict]


def check_sentence(one: Attribution, trust: Trust, check: DeletionCheck) -> str:
    """What hiding the named words did, and what as many random ones."""
    before, after, mean = (amount(trust, value) for value in (trust.before, check.after, check.random_mean))
    verb = "moves" if trust.measured not in _SHARES else "drops" if check.after < trust.before else "raises"
    what = _what(one, trust)
    done = f"leaves {what} at {before}" if before == after else f"{verb} {what} from {before} to {after}"
    count = len(check.words)
    words = "1 random word" if count == 1 else f"{count} random words"
    return (
        f"Hiding {plain(joined(phrases(one, check.words)))} {done}; hiding {words}: to {mean} on average "
        f"({check.draws} other choices, of which it beats {_beaten(check)})."
    )


def _beaten(check: DeletionCheck) -> str:
    """How many of the draws; of equal ones half."""
    return {0.0: "none", 1.0: "all"}.get(check.beaten, f"{check.beaten * check.draws:.6g}")


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


def amount(trust: Trust, value: float) -> str:
    """A measured number, in its unit: a score with as many digits as the differences need."""
    if trust.measured in _SHARES:
        return percent(value)
    if trust.measured != "score":
        return number(value)
    known = [trust.before, *(word.after for word in trust.hidden)]
    known += [trust.check.after, trust.check.random_mean] if trust.check else []
    span = max(known) - min(known)
    decimals = max(0, 1 - floor(log10(span))) if span > 0 else 2
    text = f"{abs(value):.{decimals}f}" if decimals <= _MOST_DECIMALS else f"{abs(value):.6g}"
    return f"{MINUS if value < 0 else ''}{text}"


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
