"""The records that cross the borders between the modules: plain data, frozen, picklable, no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Mapping, Optional, Tuple

import numpy as np

RELEASED = ("simple-gradient", "integrated-gradient", "smooth-gradient")
"""The methods that are AllenNLP's own, as released."""


@dataclass(frozen=True)
class Tokens:
    """What a model reads of one input (a text, or a pair of texts), in the order in which it reads it.

    Tuples have one entry a token where nothing else is said. `start` and `end` are character offsets into the document
    that `segment` names (`documents[segment]` of the `Attribution`); both are -1 for a token that stands for no
    characters.
    """

    text: Tuple[str, ...]
    """The tokens as the vocabulary spells them (`##er`, `▁the`, `[CLS]`)."""
    start: Tuple[int, ...]
    """Offset of the first character, or -1."""
    end: Tuple[int, ...]
    """Offset behind the last character, or -1."""
    word: Tuple[int, ...]
    """Index of the token's word within its document, or -1 for a token that belongs to no word."""
    segment: Tuple[int, ...]
    """Index of the token's document; 0 for special tokens."""
    special: Tuple[bool, ...]
    """True for tokens that the tokenizer added (`[CLS]`, `</s>`, padding)."""
    cut: Tuple[int, ...] = ()
    """One entry a document: how many of its tokens the model does not see; empty where it sees all."""
    seen: Tuple[Tuple[int, int], ...] = ()
    """One entry a document: (start, end) of the characters that the model sees of it; empty where it sees all."""

    def __post_init__(self) -> None:
        lengths = {name: len(getattr(self, name)) for name in ("text", "start", "end", "word", "segment", "special")}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"the fields of Tokens must have one entry a token, but their lengths are {lengths}")

    def __len__(self) -> int:
        return len(self.text)


@dataclass(frozen=True, eq=False)
class Attribution:
    """The scores of one input's tokens for one target."""

    documents: Tuple[str, ...]
    """The source text, or the two texts of a pair, exactly as they were given."""
    tokens: Tokens
    scores: np.ndarray
    """One number a token, shape (tokens,)."""
    target: int
    """Index of the class (output) that is explained."""
    label: str
    """Name of that class."""
    method: str
    """Registered name of the interpreter."""
    signed: bool
    """True where a positive score is evidence for the target and a negative one against it."""
    probability: Optional[float] = None
    """The model's probability of the target."""
    score: Optional[float] = None
    """The model's raw output (logit) for the target."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """The interpreter's options, enough to run it again."""
    notes: Tuple[str, ...] = ()
    """Caveats and warnings that belong to the result, a sentence each."""
    output: str = "logit"
    """What is explained of the target, and the unit of scores: "logit", "probability", "log-probability" or "loss"."""
    baseline: Optional[str] = None
    """What the text was compared with, for methods that compare."""
    baseline_score: Optional[float] = None
    """The explained output at the baseline."""
    convergence_delta: Optional[float] = None
    """Sum of the scores minus (explained output of the text - `baseline_score`): what the scores miss of being additive."""
    relative_delta: Optional[float] = None
    """Size of the delta, relative to the output's difference or, where the scores cancel, to a tenth of their size."""
    evaluations: Optional[int] = None
    """Gradients (or, for methods without, forward passes) that were computed for these scores."""

    def __post_init__(self) -> None:
        if np.shape(self.scores) != (len(self.tokens),):
            raise ValueError(f"{len(self.tokens)} tokens need as many scores, got shape {np.shape(self.scores)}")
