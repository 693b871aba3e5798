"""Side-by-side timing: every competitor in turn, round after round, so that a busy machine disturbs all alike."""

from __future__ import annotations

import statistics
import time
from typing import Any, Callable, Dict, List, Sequence, Tuple


def race(runs: Dict[str, Callable[[], Any]], rounds: int) -> Dict[str, float]:
    """The median seconds of each, after one run that is not counted."""
    return {name: statistics.median(found) for name, found in raced(runs, rounds).items()}


def raced(runs: Dict[str, Callable[[], Any]], rounds: int) -> Dict[str, List[float]]:
    """The seconds of each in every round, after one run that is not counted."""
    seconds: Dict[str, List[float]] = {name: [] for name in runs}
    for number in range(rounds + 1):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if number:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def ratio(seconds: Dict[str, List[float]], one: str, other: str) -> Tuple[float, str]:
    """The median over the rounds of one's seconds as a share of the other's, and its least and most."""
    found = [mine / theirs for mine, theirs in zip(seconds[one], seconds[other])]
    return statistics.median(found), f"{min(found):.2f} to {max(found):.2f}"


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[Any]], note: str = "") -> None:
    """Prints a table in Markdown."""
    print(f"\n### {title}\n")
    print("| " + " | ".join(header) + " |")
    print("|" + " --- |" * len(header))
    for row in rows:
        print("| " + " | ".join(f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in row) + " |")
    if note:
        print(f"\n{note}")


def verdict(value: float, wanted: float, at_least: bool = True) -> str:
    """A ratio beside its aim."""
    good = value >= wanted if at_least else value <= wanted
    return f"{value:.2f} ({'≥' if at_least else '≤'} {wanted:g}: {'yes' if good else 'NO'})"
