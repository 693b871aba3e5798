"""The records that cross the borders between the modules: plain data, frozen, picklable, no torch."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, List, Mapping, Optional, Tuple, Union

import numpy as np

from .arguments import listed, whole_number
from .errors import InputError
from .escapes import visible_line

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


@dataclass(frozen=True)
class HiddenWord:
    """A word that was hidden alone, and what was measured then."""

    word: str
    """As the text has it."""
    place: Tuple[int, int, int]
    """Its document, and the offsets of its first character and behind its last."""
    score: float
    """What the explanation says of it: the sum of its tokens' scores."""
    after: float
    """What was measured without it."""


@dataclass(frozen=True)
class DeletionCheck:
    """Whether hiding the words that an explanation names changes the answer more than hiding others."""

    words: Tuple[HiddenWord, ...]
    """The words that were hidden together, in reading order; the `after` of each is what was measured without it alone."""
    side: int
    """1 where they speak for the answer, -1 where against it, 0 where the method does not tell."""
    after: float
    """What was measured without all of them."""
    random_mean: float
    """The mean of what was measured without as many words that were drawn."""
    draws: int
    """How many sets of words were drawn; all others that there are, where these are fewer than asked for."""
    beaten: float
    """The share of draws that change the answer less, towards the side; equal ones count half."""
    verdict: str
    """"yes", "partly" or "no"."""
    passes: int
    """Forward passes that it took beside those of `Trust.hidden`."""


@dataclass(frozen=True)
class OrderMeasure:
    """What deletion says of the order in which an explanation puts the words."""

    area: float
    """The mean, over sizes of 10, 20, 30 and 50 % of the words, of what is lost (or kept), in the unit that is measured."""
    best: float
    """The same of the best order of words that was found."""
    worst: float
    """The same of the worst one."""
    normalised: Optional[float]
    """The area between worst (0) and best (1); None where no order makes a difference."""
    random: Optional[float]
    """The mean of random orders on the same scale."""
    wins: float
    """The share of random sets of the same sizes that lose (or keep) less; equal ones count half."""
    p_value: float
    """The share of random orders, this one counted in, that do as well or better: a randomization test."""


@dataclass(frozen=True)
class OperatorTrust:
    """Comprehensiveness and sufficiency by one way of hiding words."""

    operator: str
    """"mask", "removal" or "replacement"."""
    replaced_by: str
    """What stands in the place of a hidden word."""
    flatters: bool
    """True where the method compares with the same thing, which makes it look better than it is."""
    comprehensiveness: Optional[OrderMeasure]
    """What is lost without the first words; None where nothing can be read then."""
    sufficiency: Optional[OrderMeasure]
    """What is kept by the first words alone, less what the whole text has; None likewise."""
    draws: int
    """Random orders that the explanation's was compared with."""
    passes: int
    """Forward passes."""


@dataclass(frozen=True)
class Stability:
    """The scores computed again with the word vectors' last bits jittered. It says nothing about faithfulness."""

    correlation: float
    """Spearman's, between the words' scores and those of the second run."""
    jitter: float
    """The largest relative change of a number of a word's vector."""
    evaluations: Optional[int]
    """Gradients, or forward passes, of the second run; None where the method does not count them."""


@dataclass(frozen=True)
class Trust:
    """What was measured beside an explanation, to say how far it can be relied on. No part of it is proof."""

    measured: str
    """What the numbers are: "probability" of the class; "expected value", of the numbers in ordered labels' names, else of
    their places from 1, or of the values that were asked for; "preference", the probability of the first class of a contrast
    where only the two are there; or "score", what is explained itself, in the attribution's `output`."""
    replaced_by: str
    """What stands in the place of hidden words in `hidden` and `check`."""
    before: float
    """What was measured of the text as it is."""
    hidden: Tuple[HiddenWord, ...]
    """The strongest words, each hidden alone."""
    passes: int
    """Forward passes of these."""
    check: Optional[DeletionCheck] = None
    """The deletion check; None where no word stands out, or where there are too few others."""
    operators: Tuple[OperatorTrust, ...] = ()
    """Comprehensiveness and sufficiency, an entry for each way of hiding words that was asked for."""
    stability: Optional[Stability] = None
    notes: Tuple[str, ...] = ()
    """What could not be measured, and why, a sentence each."""


@dataclass(frozen=True, eq=False)
class Attribution:
    """The scores of one input's tokens for one target."""

    documents: Tuple[str, ...]
    """The source text, or the two texts of a pair, exactly as they were given."""
    tokens: Tokens
    scores: np.ndarray
    """One number a token, shape (tokens,)."""
    target: int
    """Index of the class (output) that is explained; of a question about several classes, that which it is about: of a
    contrast the class that was asked for, else the predicted one."""
    label: str
    """Name of that class; of a question about several, what a higher value is, in words ("more stars"). A positive score
    speaks for it, but where `output` is the loss: against it."""
    method: str
    """Registered name of the interpreter."""
    signed: bool
    """True where a positive score is evidence for the target and a negative one against it."""
    probability: Optional[float] = None
    """The model's probability of the target; None for a question about several classes."""
    score: Optional[float] = None
    """The model's raw output (logit) for the target."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """The interpreter's options, enough to run it again."""
    notes: Tuple[str, ...] = ()
    """Caveats and warnings that belong to the result, a sentence each."""
    output: str = "logit"
    """What is explained of the target, and the unit of scores: "logit", "probability", "log-probability", "loss" or
    "expected value"."""
    question: str = "class"
    """What is asked: "class", or of several classes "contrast", "lean", "expected value" or "combination"."""
    weights: Tuple[float, ...] = ()
    """Of a question about several classes the weight of each, by which their outputs are summed; else empty."""
    classes: Tuple[str, ...] = ()
    """Names of all classes; empty where they are not known."""
    probabilities: Tuple[float, ...] = ()
    """The model's probability of each class; empty where it has none."""
    multi_label: bool = False
    """True where a text may have several classes at once, so that the probabilities do not sum to 1."""
    baseline: Optional[str] = None
    """What the text was compared with, for methods that compare."""
    baseline_score: Optional[float] = None
    """The explained output at the baseline."""
    convergence_delta: Optional[float] = None
    """Sum of the scores minus (explained output of the text - `baseline_score`): what the scores miss of being additive.
    Where they were made to add up, as those with a `token_error` are, what their sum missed before that."""
    relative_delta: Optional[float] = None
    """Size of the delta, as a share of the sum of all scores' sizes, or of the output's difference where that is larger."""
    token_error: Optional[float] = None
    """The stated error: no token's score is off by more than this share of the sum of all scores' sizes, by forecast.
    None for methods that do not forecast one."""
    standard_errors: Optional[np.ndarray] = None
    """The standard error of each score, shape (tokens,), of methods that draw samples: about two of three scores are off by
    less than theirs, and 19 of 20 by less than twice theirs. Of a word it is the sum of its tokens' (exact for tokens that
    share one estimate, else an upper bound). None for other methods."""
    evaluations: Optional[int] = None
    """Gradients (or, for methods without, forward passes) that were computed for these scores."""
    provenance: Mapping[str, str] = field(default_factory=dict)
    """Where the numbers are from: "model" (its hub id, or the name of its folder), "model_class", "model_type", "dtype",
    "device", and the releases of "eli5_transformers", "allennlp", "torch" and "transformers"; what is not known is left out.
    """

    trust: Optional[Trust] = None
    """What was measured beside the scores, where that was asked for."""

    def __post_init__(self) -> None:
        if np.shape(self.scores) != (len(self.tokens),):
            raise ValueError(f"{len(self.tokens)} tokens need as many scores, got shape {np.shape(self.scores)}")
        if self.standard_errors is not None and np.shape(self.standard_errors) != (len(self.tokens),):
            shape = np.shape(self.standard_errors)
            raise ValueError(f"{len(self.tokens)} tokens need as many standard errors, got shape {shape}")

    def __repr__(self) -> str:
        known = "" if self.probability is None else f" ({self.probability:.2f})"
        strongest = ", ".join(f"{_shortened(word)!r} {score:+.3g}" for word, score in self.top(3))
        method = visible_line(str(self.method))
        return f"<Attribution of {_shortened(str(self.label))!r}{known} by {method}: {strongest or 'no words'}>"

    def by_word(self) -> Attribution:
        """The same attribution with an entry a word: the sum of its tokens' scores, so that the total stays."""
        return _above("text.granularity", "by_word")(self)

    @property
    def summary(self) -> str:
        """The scores in a sentence: the words that speak most for the target, and what speaks against it.

        It is made of the numbers by fixed rules, and says no more than they do.
        """
        return str(_above("explanations.sentences", "summary")(self))

    def top(self, count: int = 10) -> List[Tuple[str, float]]:
        """The words of the `count` largest scores by size, strongest first, and their scores; special tokens left out.

        Raises InputError for a count that is no number from 1.
        """
        count = whole_number(count, "count", what="a number of words")
        words = self.by_word()
        places = [place for place in range(len(words.tokens)) if not words.tokens.special[place]]
        places.sort(key=lambda place: -abs(float(words.scores[place])))
        return [(words.tokens.text[place], float(words.scores[place])) for place in places[:count]]

    def to_dataframe(self) -> Any:
        """A pandas DataFrame with a row for each token in reading order, that sums to the scores.

        The columns are those of `Tokens`, "score", and "standard_error" where there are some;
        `by_word().to_dataframe()` has a row a word. Raises
        MissingDependencyError without pandas.
        """
        return _above("views.tables", "tokens_table")(self)

    def plot(self, **options: Any) -> Any:
        """The words' scores as horizontal bars: `plot_attribution` with its options; returns the matplotlib Axes."""
        return _above("views.plotting", "plot_attribution")(self, **options)

    def save(self, path: Union[str, os.PathLike[str]]) -> None:
        """Write the attribution as JSON, which `load` reads; numbers keep all their digits."""
        Path(path).write_text(_above("explanations.attribution_json", "attribution_to_json")(self), encoding="utf-8")

    @classmethod
    def load(cls, path: Union[str, os.PathLike[str]]) -> Attribution:
        """The attribution that `save` wrote. Raises ExplanationError for any other file."""
        read = _above("explanations.attribution_json", "attribution_from_json")
        return read(Path(path).read_text(encoding="utf-8", errors="replace"))

    def _repr_html_(self) -> str:
        return str(_above("views.explanation_page", "cell")(_above("api", "to_explanation")(self)))


def attributions_of(given: Any, function: str) -> List[Attribution]:
    """The attributions in `given`: one, or several of whatever holds them. Raises InputError for none, and anything else."""
    if isinstance(given, FailedText):
        raise InputError(f"{function} was given the FailedText of text {given.position}, which has none: {given.error}")
    several = [given] if isinstance(given, Attribution) else listed(given)
    wrong = [one for one in several if not isinstance(one, Attribution)]
    if not several or wrong:
        held = f"a {type(wrong[0]).__name__}" if wrong else "nothing"
        raise InputError(f"{function} takes an Attribution, or those of one text, such as attribute(…)[0], not {held}")
    return several


class FailedText(List[Attribution]):
    """Takes the place of the attributions of a text that could not be explained: an empty list that says why."""

    def __init__(self, position: int, error: Exception) -> None:
        super().__init__()
        self.position = position
        """The text's place among those that were given, from 0."""
        self.error = error
        """What is wrong with it: an error of this package; `str(error)` is the sentence."""
        # The frames of its traceback, and of its causes', would keep the tensors of the whole batch.
        error.__traceback__ = error.__cause__ = error.__context__ = None

    def __repr__(self) -> str:
        return f"FailedText({self.position}, {self.error!r})"

    def __reduce__(self) -> Any:
        return type(self), (self.position, self.error)


@dataclass(frozen=True)
class PerText:
    """As targets: other classes for each text. `per_text` makes it of whatever holds the classes."""

    targets: Tuple[Any, ...]
    """One entry a text, of any form that targets have for one: a name, an index, a sequence of these, or None."""

    def of(self, texts: int) -> Tuple[Any, ...]:
        """One entry for each of so many texts. Raises InputError for another number of texts."""
        if len(self.targets) != texts:
            raise InputError(
                f"{texts} texts were given with the targets of {len(self.targets)}: there must be one for each"
            )
        return self.targets


def _above(module: str, name: str) -> Any:
    """A function of a module that stands above this one.

    A record's methods are short forms of functions that take the record. They are looked up by name at the call, so
    that records need nothing above them: a record can be made, passed on and read where the rest is not loaded.
    """
    return getattr(importlib.import_module(f".{module}", __package__), name)


def _shortened(text: str, most: int = 24) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def percent(share: float) -> str:
    """A share as a person reads it: to two digits, "0.34%"."""
    return f"{100 * share:.2g}%" if share < 0.995 else f"{share:.0%}"
