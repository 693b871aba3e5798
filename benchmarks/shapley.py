"""Ways to estimate Shapley values at equal cost, against the exact ones: all sets of words of some texts are run."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Sequence, Tuple

import numpy as np

from .timing import table

LENGTHS = {9: 3, 10: 3, 11: 3, 12: 3, 13: 2}
"""Texts of each number of words: 14."""
A_WORD = (4, 8, 16, 32)
"""Forward passes that an estimate may take, for each word of the text."""
TOLERANCES = (0.05, 0.02, 0.01)
SENTENCES = ("own_sentences.tsv", "hard_sentences.tsv")


class Played(NamedTuple):
    """A text of which all sets of words are known."""

    words: int
    values: np.ndarray
    """(sets,): what the model says of the predicted class where the words of a set are there; bit i of its place is word i."""
    control: np.ndarray
    """(words,): a cheap estimate, integrated gradients with 3 nodes."""

    def __call__(self, signs: np.ndarray) -> np.ndarray:
        """What the model says of sets, (sets, words): 1 for a word that is there, and -1 else."""
        return self.values[((signs > 0) * (1 << np.arange(self.words))).sum(1)]

    def gains(self, signs: np.ndarray) -> np.ndarray:
        """The same minus what it says of the complements."""
        return self(signs) - self(-signs)


def estimates(quick: bool) -> None:
    """Prints all tables."""
    from eli5_transformers import bundled_model, load_predictor

    lengths, seeds = ({5: 1, 6: 1}, 2) if quick else (LENGTHS, 5)
    games = [played for _, played in played_texts(load_predictor(bundled_model()), lengths)]
    print(_INTRODUCTION.format(count=len(games), words=np.mean([game.words for game in games]), seeds=seeds))
    errors_table(games, seeds)
    coverage_table(games, seeds)
    tolerance_table(games, seeds)


_INTRODUCTION = """
The bundled model's predicted class on {count} sentences of {words:.0f} words on average (`sentiment_model/*.tsv`; signs of
punctuation are words), of which all sets of words were run: the Shapley values are known exactly. Each estimate is drawn with
{seeds} seeds. Errors are shares of the sum of the sizes of a text's values, as `token_error` is.
"""


def played_texts(predictor: Any, lengths: Dict[int, int]) -> Iterator[Tuple[str, Played]]:
    """So many texts of each number of words, the first of the files, with what the model says of all sets of their words."""
    from eli5_transformers import attribute
    from eli5_transformers.components.explained_predictors import explained_model
    from eli5_transformers.engine import baselines
    from eli5_transformers.engine.hiding import HiddenUnits, units_of
    from eli5_transformers.engine.passes import Scorer, TextBatch

    left, explained = dict(lengths), explained_model(predictor)
    scorer = Scorer(explained, progress=False)
    for text in sentences():
        with scorer.session():
            batch = TextBatch(scorer, [0], [explained.encode({"sentence": text})])
            (words,) = units_of(batch, "word", keep_special=True)
            if not left.get(len(words)):
                continue
            left[len(words)] -= 1
            vectors = baselines.vectors(baselines.choose("mask", batch), batch, keep_special=True)
            hidden = HiddenUnits(batch, vectors, [words])
            sets = [[word for word in range(len(words)) if not number >> word & 1] for number in range(2 ** len(words))]
            values = hidden.values([(0, one) for one in sets])[:, int(np.argmax(batch.logits[0]))]
        ((rough,),) = attribute(predictor, [text], baseline="mask", n_steps=3)
        yield text, Played(len(words), values, np.array([rough.scores[tokens].sum() for tokens in words]))


def sentences() -> List[str]:
    """The sentences beside the bundled model's training, in the order of the files."""
    import sentiment_model

    folder = Path(sentiment_model.__file__).parent
    found = []
    for name in SENTENCES:
        with open(folder / name, encoding="utf-8", newline="") as file:
            found += [row["text"] for row in csv.DictReader(file, delimiter="\t")]
    return found


# The estimates


def exact(game: Played) -> np.ndarray:
    """The definition: the weighted mean of what each word adds to all sets of others."""
    sets, found = np.arange(2**game.words), np.zeros(game.words)
    sizes = np.array([int(number).bit_count() for number in sets])
    for word in range(game.words):
        without = sets[(sets >> word) & 1 == 0]
        ways = game.words * np.array([math.comb(game.words - 1, int(size)) for size in sizes[without]])
        found[word] = ((game.values[without | 1 << word] - game.values[without]) / ways).sum()
    return found


def orders(game: Played, passes: int, seed: int, antithetic: bool = False) -> np.ndarray:
    """The mean over random orders, as many as the passes allow; with `antithetic` each and its reverse."""
    draw, seen, found = np.random.default_rng(seed), {0, len(game.values) - 1}, []
    while True:
        order = draw.permutation(game.words)
        for each in (order, order[::-1]) if antithetic else (order,):
            sets = np.concatenate([[0], np.cumsum(1 << each)])
            seen.update(sets.tolist())
            gains = np.zeros(game.words)
            gains[each] = np.diff(game.values[sets])
            found.append(gains)
        if len(seen) - 2 > passes:  # a set that was run before costs nothing
            kept = found[: -(2 if antithetic else 1)] or found
            return np.mean(kept, axis=0)
        if len(seen) == len(game.values):
            return np.mean(found, axis=0)


def leverage(game: Played, passes: int, seed: int) -> np.ndarray:
    """Leverage SHAP (Musco and Witter 2025): the regression, on pairs that are drawn without replacement."""
    signs = drawn(game, passes, seed)[1:]
    inside = (signs > 0).sum(1)
    ways = np.array([math.comb(game.words, int(size)) for size in inside], dtype=float)
    there = np.array([(np.minimum(inside, game.words - inside) == min(s, game.words - s)).sum() for s in inside])
    each = np.where(2 * inside == game.words, ways / 2, ways) / there
    weights = np.sqrt(each / (ways * inside * (game.words - inside)))[:, None]
    total = game.values[-1] - game.values[0]
    # The sum of the values is known: what is left is fitted in the directions that do not change it.
    free = np.eye(game.words) - 1 / game.words
    rest = game.gains(signs) - signs.sum(1) * total / game.words
    fitted, *_ = np.linalg.lstsq(weights * (signs @ free), weights[:, 0] * rest, rcond=None)
    return free @ fitted + total / game.words


def ours(game: Played, passes: int, seed: int) -> np.ndarray:
    """The interpreter's."""
    return posterior(game, passes, seed).scores


def posterior(game: Played, passes: int, seed: int) -> Any:
    """The interpreter's estimate with its standard errors."""
    from eli5_transformers.engine.shapley import estimate

    signs = drawn(game, passes, seed)
    return estimate(signs, game.gains(signs))


def drawn(game: Played, passes: int, seed: int) -> np.ndarray:
    """The pairs that so many passes allow."""
    from eli5_transformers.engine.shapley import Pairs, pairs_of

    pairs = Pairs(game.words, seed)
    pairs.draw(min(passes // 2, pairs_of(game.words)))
    return pairs.drawn


def controlled(way: Callable[[Played, int, int], np.ndarray]) -> Callable[[Played, int, int], np.ndarray]:
    """The same with a control variate: of the game minus a sum of effects, whose values are known, and these added."""

    def found(game: Played, passes: int, seed: int) -> np.ndarray:
        there = (np.arange(len(game.values))[:, None] >> np.arange(game.words)) & 1
        rest = game._replace(values=game.values - there @ game.control)
        return way(rest, passes, seed) + game.control

    return found


WAYS: Dict[str, Callable[[Played, int, int], np.ndarray]] = {
    "orders": orders,
    "antithetic orders": lambda game, passes, seed: orders(game, passes, seed, antithetic=True),
    "antithetic orders, control variate": controlled(lambda g, passes, seed: orders(g, passes, seed, antithetic=True)),
    "Leverage SHAP": leverage,
    "Leverage SHAP, control variate": controlled(leverage),
    "`shapley`": ours,
}


# The tables


def errors_table(games: Sequence[Played], seeds: int) -> None:
    """How far each way is off, at equal numbers of passes."""
    true = [exact(game) for game in games]
    rows = []
    for name, way in WAYS.items():
        row: List[Any] = [name]
        for each in A_WORD:
            off = [
                np.abs(way(game, each * game.words, seed) - values) / np.abs(values).sum()
                for game, values in zip(games, true)
                for seed in range(seeds)
            ]
            row.append(f"{np.mean([one.max() for one in off]):.1%} / {np.mean([one.sum() for one in off]):.1%}")
        rows.append(row)
    table(
        "Error at equal cost: of the worst word / of all words together",
        ["estimate", *(f"{each} passes a word" for each in A_WORD)],
        rows,
        "Orders add the words one by one, and a set that was run before costs them nothing. Leverage SHAP and `shapley` are "
        "given the same pairs of a set and its complement. The control variate is an estimate of each word's effect by "
        "integrated gradients with three nodes: a sum of effects is estimated without an error by all of these, so that it "
        "changes nothing.",
    )


def coverage_table(games: Sequence[Played], seeds: int) -> None:
    """How often the errors that are stated hold."""
    rows = []
    for each in A_WORD:
        one, two, held, stated = [], [], [], []
        for game in games:
            values = exact(game)
            for seed in range(seeds):
                found = posterior(game, each * game.words, seed)
                off = np.abs(found.scores - values)
                size = np.abs(found.scores).sum()
                rounding = 1e-9 * size  # exact values have no other error
                one.append(np.mean(off <= found.standard_errors + rounding))
                two.append(np.mean(off <= 2 * found.standard_errors + rounding))
                held.append(off.max() <= found.error * size + rounding)
                stated.append(found.error)
        rows.append([each, *(f"{np.mean(column):.1%}" for column in (one, two, held, stated))])
    table(
        "Stated errors of `shapley`",
        ["passes a word", "words within 1 standard error", "within 2", "texts within `token_error`", "`token_error`, mean"],
        rows,
        "Of a normal error 68 and 95 % are within one and two.",
    )


def tolerance_table(games: Sequence[Played], seeds: int) -> None:
    """What a tolerance costs, and whether it is kept."""
    from eli5_transformers.engine.shapley import Game

    rows = []
    for tolerance in TOLERANCES:
        passes, worst, held = [], [], []
        for game in games:
            values = exact(game)
            for seed in range(seeds):
                ends = np.array([game.values[-1] - game.values[0]])
                made = Game(ends, game.words, tolerance=tolerance, passes=2000, seed=seed)
                while len(made.open):
                    made.add(game.gains(made.open)[:, None])
                (found,) = made.estimates
                assert found is not None
                off = float(np.abs(found.scores - values).max() / np.abs(values).sum())
                passes.append(found.passes / game.words)
                worst.append(off)
                held.append(off <= tolerance)
        shares = [f"{share:.1%}" for share in (np.mean(worst), np.max(worst), np.mean(held))]
        rows.append([f"{tolerance:.0%}", float(np.mean(passes)), *shares])
    table(
        "`shapley` with a tolerance",
        ["tolerance", "passes a word", "error of the worst word, mean", "largest", "texts within the tolerance"],
        rows,
    )
