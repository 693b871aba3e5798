"""What was measured beside an explanation, as sentences. They say what was measured, never what a word "counts for"."""

from __future__ import annotations

from typing import List, Optional, Sequence

from ..records import Attribution, DeletionCheck, HiddenWord, OperatorTrust, OrderMeasure, Stability, Trust
from ..text.wording import Part, joined, number, percent, plain

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
        found = ", ".join(f"{_quoted([word.word])} {amount(trust.measured, word.after)}" for word in trust.hidden)
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
        f"Hiding {_quoted(phrases(one.documents, check.words))} {verb} {_what(one, trust)} from {before} to {after}; hiding "
        f"{words}: to {mean} on average ({check.draws} other choices, of which it beats {percent(check.beaten)})."
    )


def phrases(documents: Sequence[str], words: Sequence[HiddenWord]) -> List[str]:
    """Words in reading order; those with nothing but space between them are one."""
    joined: List[List[int]] = []
    for word in words:
        document, start, end = word.place
        if joined and joined[-1][0] == document and not documents[document][joined[-1][2] : start].strip():
            joined[-1][2] = end
        else:
            joined.append([document, start, end])
    return [documents[document][start:end] for document, start, end in joined]


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


def _quoted(words: Sequence[str]) -> str:
    return plain(joined([[Part(word, "word")] for word in words]))


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
    said = f"rank correlation {stability.correlation:.2f}"
    if stability.correlation < UNSTABLE:
        return (
            f"The scores are not stable: with the last bits of the word vectors changed they rank otherwise ({said}), so that "
            "rounding decides about them."
        )
    return f"With the last bits of the word vectors changed the scores rank alike ({said}): stability, not faithfulness."
