"""The rule that turns the opinions of a generated sentence into stars: small, exact, and the same for every sentence.

Every opinion has a value in points: praise is positive, blame negative, 0 is neither. A plain word is worth
`MILD` ("good", "slow") or `STRONG` ("superb", "filthy") points. Operators change the value, clauses add up, a
concession takes a point off, and the sum decides the stars. Nothing is drawn by chance here, so a perfect model could
be right every time.
"""

from __future__ import annotations

from typing import Sequence

MILD = 2
STRONG = 3


def sign(value: int) -> int:
    """1 for praise, -1 for blame, 0 for neither."""
    return (value > 0) - (value < 0)


def boost(value: int) -> int:
    """One point further from zero: "very good", "a total disaster", "much better"."""
    return value + sign(value)


def weaken(value: int) -> int:
    """One point nearer to zero: "a bit slow", "kind of like"."""
    return value - sign(value)


def deny(value: int) -> int:
    """What "not" makes of a value: denied praise is blame, denied blame is faint praise at best.

    "not good" -2 and "not superb" -1 (2 stars), "not bad" +1 (4 stars), "not horrible" 0 (3 stars): that nothing
    horrible happened is no recommendation.
    """
    if value > 0:
        return -MILD if value <= MILD else -1
    if value < 0:
        return 1 if value >= -MILD else 0
    return 0


def deny_firmly(value: int) -> int:
    """What "never" and "not ... at all" make of a value: a denial with one point more in its direction."""
    return deny(value) - sign(value)


def concede(conceded: int, upheld: int) -> int:
    """The value of "`conceded`, but `upheld`" and of "although `conceded`, `upheld`".

    The upheld clause decides; what is conceded counts only in that it takes one point off an upheld clause of the
    opposite sign and leaves it `MILD` at most, so that a concession alone never has 1 or 5 stars. A conceded clause
    without an opinion ("it came on Monday, but ...") changes nothing.
    """
    if conceded * upheld >= 0:
        return upheld
    return sign(upheld) * min(MILD, abs(weaken(upheld)))


def stars(values: Sequence[int]) -> int:
    """1 to 5 stars for the sum of the clauses' values in points; 3 where there is none, or where they cancel."""
    total = sum(values)
    return 3 + sign(total) * (2 if abs(total) >= STRONG else 1)
