"""Which texts may share a pass: measured on the model itself, so that no text's result depends on its neighbours.

Whether padding reaches the prediction no list can say: a module of one's own averages without a mask, a config names
another padding token than the tokenizer, a decoder has positions that count from the left. So a few rows are run alone
and in company, and where they differ texts are padded on the other side, or share passes with those of equal length
alone, or run alone.
"""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Set, Tuple, TypeVar

import numpy as np
import torch

from ..errors import Eli5TransformersError, InputError, UnsupportedModelError, is_lack_of_memory
from ..sites.architectures import is_quantized, leak_of, name_of, text_configs
from ..sites.embedding_sites import MisfitError
from ..sites.remembered import Remembered
from ..sites.state import explainable
from .batching import Sharing, bucket
from .codes import decoded
from .instances import (
    PROBE,
    beside,
    ids_and_mask,
    logits_of,
    other_text,
    padded_on_the_other_side,
    strangers,
    with_known_tokens,
)

if TYPE_CHECKING:
    from .explained_model import EncodedText, ExplainedModel

Result = TypeVar("Result")

# How far the logits of a text in company may be from those alone, relative to the largest: kernels round differently for
# other shapes, and some models compute in single precision whatever they are loaded in.
_TOLERANCE = {torch.float64: 1e-5, torch.float32: 1e-4, torch.float16: 1e-2, torch.bfloat16: 5e-2}
_SMALL = 1e-6
# Rows that run together to be compared.
_CROWD = 16
# Words of the probe texts.
_WORDS = (1, 4, 8, 9, 20)


@dataclass(frozen=True)
class Company:
    """What was measured of one model with one way of padding."""

    rows: bool = True
    """Rows of one pass do not see each other."""
    padding: Optional[bool] = None
    """Padding changes nothing; None where that was not measured."""
    other_side: bool = False
    """It changes nothing on the side that is not the tokenizer's, and does on the tokenizer's."""
    shortest: int = 0
    """Shorter texts run alone: the model refused one that it may take when it is padded (a convolution wider than it)."""

    @property
    def sharing(self) -> Sharing:
        """Which texts may share a pass."""
        if not self.rows:
            return Sharing.NONE
        return Sharing.EQUAL_LENGTHS if self.padding is False else Sharing.PADDED

    def caveats(self, model: torch.nn.Module) -> Tuple[str, ...]:
        """What a reader must know of it, a sentence each."""
        if not self.rows:
            return (
                f"Rows that {name_of(model)} runs together change each other's prediction: each text is run alone, unpadded, "
                "a row at a time.",
            )
        if self.padding is False:
            reason = leak_of(model)
            return (
                f"The prediction of {name_of(model)} depends on the padding around a text"
                f"{f' ({reason})' if reason else ''}: only texts of equal length run together, unpadded.",
            )
        return ()


class _Measured:
    """What is known of the module that a person gave: handed over again as it was, it is not measured again."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.module = Remembered(module)
        self.rows: Optional[bool] = None
        self.crowd = 0
        """With how many rows that was measured."""
        self.ways: Dict[Any, Company] = {}
        """By how texts are padded."""
        self.tried: Set[Any] = set()
        """Ways of padding, with the lengths (in powers of two) at which texts were compared with themselves alone."""


_MEASURED: weakref.WeakKeyDictionary[torch.nn.Module, _Measured] = weakref.WeakKeyDictionary()


def _known(explained: ExplainedModel) -> _Measured:
    found = _MEASURED.get(explained.given)
    if found is None or not found.module.is_still(explained.given):
        found = _MEASURED[explained.given] = _Measured(explained.given)
    return found


def measure(
    explained: ExplainedModel,
    shapes: Sequence[Tuple[int, ...]],
    texts: Sequence[EncodedText] = (),
    most: Optional[int] = None,
) -> Company:
    """What company changes in the predictions for texts of these lengths; call it in the state in which passes run.

    No pass has more than `most` rows, or two. Padding is only measured where lengths differ. `texts` are some to try
    where the model's reader reads no probe.
    """
    known = _known(explained)
    rows = _CROWD if most is None else max(2, min(_CROWD, most))
    if known.rows is None or (known.rows and known.crowd < rows):
        # The steps of quantized layers are those of all rows together.
        known.rows = False if is_quantized(explained.model) else _rows_apart(explained, texts, rows)
        known.crowd = rows
    if known.rows is False:
        return Company(rows=False)
    if len(set(shapes)) < 2:
        return explained.company
    probes = _probes(explained, max(map(sum, shapes)), texts)
    if len(probes) < 2:
        return Company(padding=False)
    way = _way_of_padding(explained, probes)
    if way not in known.ways:
        known.ways[way] = _padded(explained, probes)
        # What is shorter than the probes need not be compared again.
        known.tried.update((known.ways[way], scale) for scale in range(len(probes[-1]).bit_length()))
    return known.ways[way]


def in_company(
    explained: ExplainedModel,
    lengths: Sequence[int],
    run: Callable[[List[int]], Tuple[Sequence[Result], np.ndarray]],
    alone: Callable[[int], np.ndarray],
    *,
    width: int,
    sharing: Optional[Sharing] = None,
    texts: Sequence[EncodedText] = (),
    most: Optional[int] = None,
    shapes: Optional[Sequence[Tuple[int, ...]]] = None,
) -> List[Result]:
    """A result for each text: `run(places)` gives those of texts that share passes, and their logits (texts, classes).

    `alone(place)`, (classes,), are the logits of one text run by itself. Where there was no group of such a length yet, they
    are compared for the text that is padded most: a model may switch to another way of computing at some length. A group
    that the model refuses, or of which numbers are none, is run text by text. `sharing` is measured where it is None, with
    at most `most` rows in a pass. `shapes` are the lengths of the parts of texts that are padded by themselves.
    """
    results: Dict[int, Result] = {}
    shapes = [(length,) for length in lengths] if shapes is None else shapes
    while len(results) < len(lengths):
        places = [place for place in range(len(lengths)) if place not in results]
        if sharing is None:
            explained.company = measure(explained, [shapes[place] for place in places], texts, most)
        share = explained.company.sharing if sharing is None else sharing
        short = [place for place in places if lengths[place] < explained.company.shortest]
        others = [place for place in places if lengths[place] >= explained.company.shortest]
        groups = bucket([shapes[p] for p in others], width, sharing=share, device=explained.device.type)
        for group in [*([place] for place in short), *([others[number] for number in group] for group in groups)]:
            found = _run(explained, group, lengths, run)
            results.update(zip(group, (result for result, _ in found)))
            padded = min(range(len(group)), key=lambda number: lengths[group[number]])
            if len({shapes[place] for place in group}) == 1:
                continue
            tried, scale = _known(explained).tried, (explained.company, lengths[group[0]].bit_length())
            if scale in tried:
                continue
            with refusals(explained.given, lengths[group[padded]]):
                own = alone(group[padded])
            if not _close(found[padded][1], own, explained.model):
                _demote(explained)
                for place in group:
                    del results[place]
                break
            # Only now: until it is known, other threads must look themselves.
            tried.add(scale)
    return [results[place] for place in range(len(lengths))]


def _run(
    explained: ExplainedModel,
    group: List[int],
    lengths: Sequence[int],
    run: Callable[[List[int]], Tuple[Sequence[Result], np.ndarray]],
) -> List[Tuple[Result, np.ndarray]]:
    if len(group) == 1:
        with refusals(explained.given, lengths[group[0]]):
            return list(zip(*run(group)))
    try:
        return list(zip(*run(group)))
    except Exception as error:
        # Whatever the model says of rows that do not fit together: BART wants as many end tokens in each. Or numbers that are
        # none: a row of padding that attends to nothing is NaN, of which the logits need not know.
        if isinstance(error, Eli5TransformersError) and not isinstance(error, (UnsupportedModelError, MisfitError)):
            raise
        return [pair for place in group for pair in _run(explained, [place], lengths, run)]


@contextmanager
def refusals(model: torch.nn.Module, length: int) -> Iterator[None]:
    """Around a pass of one text: an error of the model's own says of which text it is, and is InputError."""
    try:
        yield
    except Eli5TransformersError:
        raise
    except Exception as error:  # whatever the code of a stranger raises
        if is_lack_of_memory(error):
            raise
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        if isinstance(error, (TypeError, LookupError, AttributeError)):
            reason = f"{type(error).__name__}: {reason}"
        # Of a convolution that is wider than the text.
        mend = ": give the reader's indexers a token_min_padding_length" if "ernel size can't be greater" in reason else ""
        if "required positional argument" in reason:
            mend = ": give the argument of its forward a default, as a text to predict comes without it"
        raise InputError(f"{name_of(model)} cannot run a text of {length} tokens: {reason}{mend}") from error


def _demote(explained: ExplainedModel) -> None:
    """Padding has changed a prediction, although it did not change the probes'."""
    known = _known(explained)
    for way, company in list(known.ways.items()):
        if company == explained.company:
            known.ways[way] = Company(padding=False)
    explained.company = Company(padding=False)


def _rows_apart(explained: ExplainedModel, texts: Sequence[EncodedText], rows: int) -> Optional[bool]:
    """Whether two rows of equal length are what each is alone; of a probe, or of the first of the texts that the model runs.

    None where it runs none of them.
    """
    for text in filter(None, [_probe(explained, _WORDS[1]), _probe(explained, _WORDS[-1]), *texts]):
        tensors = _tensors(explained, [text])
        pair = (tensors, other_text(tensors, explained.vocabulary))
        try:
            alone = [_logits(explained, one)[0] for one in pair]
        except Exception as error:  # too short for the model, or too long
            if is_lack_of_memory(error):
                raise
            continue
        # Of two rows each may hold what the other has; and some models have room for so many, as mixtures of experts do. What
        # refuses strangers may have no row for their tokens.
        crowd = (pair[0], *strangers(tensors, explained.vocabulary, rows - 2), pair[1])
        return _alike(explained, pair, alone, refused=False) and _alike(explained, crowd, alone, refused=True)
    return None


def _alike(
    explained: ExplainedModel, rows: Sequence[Mapping[str, Any]], alone: Sequence[np.ndarray], refused: bool
) -> bool:
    """Whether the first and the last row are what they are alone; `refused` where the model does not run them together."""
    try:
        found = _logits(explained, reduce(beside, rows))
    except Exception as error:
        if is_lack_of_memory(error):
            raise
        return refused
    # Both: a recurrent layer that takes rows for tokens hands on from the first to the second alone.
    return len(found) == len(rows) and all(_close(found[at], one, explained.model) for at, one in zip((0, -1), alone))


def _padded(explained: ExplainedModel, probes: Sequence[EncodedText]) -> Company:
    """On which side the probes may be padded; `probes` are in the order of their lengths."""
    alone: List[Tuple[EncodedText, np.ndarray]] = []
    for probe in probes:
        try:
            alone.append((probe, _logits(explained, _tensors(explained, [probe]))[0]))
        except Exception as error:  # too short for the model
            if is_lack_of_memory(error):
                raise
            continue
    if len(alone) < 2:
        return Company(padding=False)
    # Padded by as much as there is, and by little.
    pairs = [(alone[-1], alone[0]), *zip(alone[1:], alone)]
    refused = [probe for probe in probes if len(probe) < len(alone[0][0])]
    for other_side in (False, True):
        if all(_like_alone(explained, pair, other_side) for pair in pairs):
            return Company(padding=True, other_side=other_side, shortest=len(alone[0][0]) if refused else 0)
    return Company(padding=False)


def _like_alone(
    explained: ExplainedModel, pair: Sequence[Tuple[EncodedText, np.ndarray]], other_side: bool
) -> bool:
    tensors: Optional[Mapping[str, Any]] = _tensors(explained, [probe for probe, _ in pair])
    if other_side:
        tensors = padded_on_the_other_side(tensors or {})
    if tensors is None:
        return False
    try:
        found = _logits(explained, tensors)
    except Exception as error:  # the model refuses padding
        if is_lack_of_memory(error):
            raise
        return False
    return all(_close(row, alone, explained.model) for row, (_, alone) in zip(found, pair))


def _tensors(explained: ExplainedModel, texts: Sequence[EncodedText]) -> Mapping[str, Any]:
    return with_known_tokens(explained.own_side(texts), explained.vocabulary)


def _logits(explained: ExplainedModel, tensors: Mapping[str, Any]) -> np.ndarray:
    with torch.no_grad(), explainable(explained.model):
        return logits_of(explained.model(**decoded(tensors))).cpu().double().numpy()


def _close(found: np.ndarray, alone: np.ndarray, model: torch.nn.Module) -> bool:
    kinds = [p.dtype for p in model.parameters() if p.dtype in _TOLERANCE]
    tolerance = max((_TOLERANCE[kind] for kind in kinds), default=_TOLERANCE[torch.float32])
    return bool(np.abs(found - alone).max() <= tolerance * max(float(np.abs(alone).max()), _SMALL))


def _probe(explained: ExplainedModel, words: int) -> Optional[EncodedText]:
    text = " ".join((PROBE.split() * 3)[:words])
    try:
        return explained.encode_instance(explained.explainable.probe(text), (text,))
    except Exception:  # a reader with keys of its own, or one that refuses the text
        return None


def _probes(explained: ExplainedModel, longest: int, texts: Sequence[EncodedText]) -> List[EncodedText]:
    """Texts of different lengths, the shortest first; none that is longer than those to explain need it."""
    found = [_probe(explained, words) for words in _WORDS if words <= max(longest, _WORDS[-2])]
    probes = sorted((probe for probe in (found if all(found) else texts) if probe is not None), key=len)
    distinct = {len(probe): probe for probe in probes}
    return list(distinct.values())


def _way_of_padding(explained: ExplainedModel, probes: Sequence[EncodedText]) -> Any:
    """What the model is given for two of them, and by which tokens its configs say that it knows padding."""
    ids, real = ids_and_mask(_tensors(explained, [probes[0], probes[-1]]))
    pads = tuple(getattr(config, "pad_token_id", None) for config in text_configs(explained.model))
    return (pads, ids.cpu().numpy().tobytes(), real.cpu().numpy().tobytes())
