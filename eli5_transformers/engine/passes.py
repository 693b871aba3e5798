"""Forward and gradient passes over rows of texts: everything that interpreters ask of a model.

A *row* is one text at one point: its vectors as the model looks them up, mixed with a baseline, or changed otherwise. Rows
of several texts and points go through the model together, `internal_batch_size` at a time.
"""

from __future__ import annotations

import copy
import sys
from contextlib import contextmanager, nullcontext
from typing import Any, Callable, ContextManager, Iterator, List, NamedTuple, Optional, Sequence, Tuple, TypeVar

import numpy as np
import torch

from ..errors import UnsupportedModelError
from ..sites.architectures import require_gradients
from ..sites.derivatives import Network
from ..sites.embedding_sites import EmbeddingSites, StopPass
from ..sites.finite import require_finite
from ..sites.second_paths import ReadsIdsError, moved, reads_ids
from .batching import Sharing, rows_at_once
from .codes import part_widths
from .company import in_company
from .explained_model import EncodedText, ExplainedModel
from .instances import exchanged_tokens, ids_and_mask, rows_of, with_ids
from .layers import layer_sites
from .precision import computed_in
from .targets import Asked

Vectors = List[torch.Tensor]
"""One tensor a site, (rows, tokens', width)."""
At = Callable[[torch.Tensor], Vectors]
"""From the numbers of some rows, (n,), to the vectors at which they are evaluated, [(n, tokens', width)]."""
Reduce = Callable[[Vectors, torch.Tensor], Vectors]
"""From gradients at some rows and the rows' numbers to one number a position, [(n, tokens')]."""
Given = TypeVar("Given")
Result = TypeVar("Result")


class Passes(NamedTuple):
    """What a gradient pass gives, a line for each pair of a row and one of its classes, in the order asked for."""

    tokens: np.ndarray
    """(pairs, padded tokens): the reduced gradient of each token."""
    rest: np.ndarray
    """(pairs,): what lies on positions that are no tokens."""
    values: np.ndarray
    """(rows, columns): the explained output at each row, a column a class, then one for each sum that is asked for."""


class Scorer:
    """Runs one model for one interpreter: in one unit of output, at the embeddings or at a layer."""

    def __init__(
        self,
        explained: ExplainedModel,
        *,
        output: str = "logit",
        layer: Optional[str] = None,
        internal_batch_size: Optional[int] = None,
        progress: Optional[bool] = None,
    ) -> None:
        self.explained = explained
        self.output = output
        self.layer = layer
        self.padding = (0, 0)
        """Positions run that hold a token, and all positions run, over all rows so far."""
        self._rows_at_once = internal_batch_size
        self._progress = progress
        self._bar: Any = None

    @contextmanager
    def session(self) -> Iterator[None]:
        """Where passes run: on a twin of the model, which is not changed itself (`sites.twin`)."""
        before = self.explained
        with before.at_work() as self.explained:
            try:
                yield
            finally:
                self._close_bar()
                self.explained = before

    def over(
        self, texts: Sequence[EncodedText], work: Callable[[TextBatch], Sequence[Result]]
    ) -> List[Result]:
        """What `work` makes of each text, in batches of texts that may share passes. Call it within `session()`."""

        def batch(places: Sequence[int]) -> TextBatch:
            return TextBatch(self, places, [texts[place] for place in places])

        def run(places: Sequence[int]) -> Tuple[Sequence[Result], np.ndarray]:
            made = batch(places)
            return work(made), made.logits

        return in_company(
            self.explained,
            [len(text) for text in texts],
            run,
            lambda place: batch([place]).logits[0],
            width=max(site.width for site in self.explained.sites.sites),
            sharing=Sharing.NONE if self._rows_at_once == 1 else None,
            texts=texts,
            most=self._rows_at_once,
            shapes=[text.shape for text in texts],
        )

    def chunk_size(self, length: int, width: int) -> int:
        """Rows of that length that run at once."""
        if not self.explained.company.rows:
            return 1
        if self._rows_at_once is not None:
            return self._rows_at_once
        return rows_at_once(self.explained.model, length, width, self.explained.device)

    def worked(self, rows: int, real: int, positions: int) -> None:
        """Notes the work of a chunk: for the progress bar and the padding figure."""
        self.padding = (self.padding[0] + real, self.padding[1] + positions)
        if self._bar is None and self._progress is not False:
            seen = sys.stderr is not None and sys.stderr.isatty()
            if self._progress or seen:
                from tqdm import tqdm

                # Shown only where the work takes longer than a person would wonder.
                self._bar = tqdm(unit=" passes", desc="explaining", delay=0 if self._progress else 3, leave=False)
        if self._bar is not None:
            self._bar.update(rows)

    def _close_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class TextBatch:
    """Texts that are padded together, the point at which each is explained, and the passes over rows of them."""

    def __init__(self, scorer: Scorer, index: Sequence[int], texts: Sequence[EncodedText]) -> None:
        explained = scorer.explained
        self.index = tuple(index)
        """The place of each text among all."""
        self.texts = tuple(texts)
        self.scorer = scorer
        self._tensors = explained.tensors(texts)
        self.ids, self.real = ids_and_mask(self._tensors)
        """(texts, padded tokens): the token ids, and True where they are no padding."""
        self.length = self.ids.shape[1]
        self.embeddings = explained.sites.laid_out(part_widths(self._tensors))
        self.sites: EmbeddingSites = self.embeddings
        if scorer.layer is not None:
            at_once = scorer.chunk_size(self.length, self.embeddings.sites[0].width)
            self.sites = layer_sites(explained, scorer.layer, texts[0], rows_at_once=at_once)
        self.chunk = scorer.chunk_size(self.length, max(site.width for site in self.sites.sites))
        """Rows that go through the model at once, in every kind of pass."""
        self.vectors, logits = self._captured(lambda numbers: nullcontext(), point="the text")
        """[(texts, tokens', width)]: the points to explain."""
        self._precision = computed_in(explained.model, logits)
        self._own_logits = logits
        self.logits = logits.cpu().double().numpy()
        """(texts, classes), of the texts as they are."""
        self.sums: List[Asked] = []
        """What is asked for beside the classes themselves: a further column each in all values, behind the classes'."""
        self._here: Optional[np.ndarray] = self._values(logits).cpu().double().numpy()
        self._others: Optional[torch.Tensor] = None
        self.place_of: List[np.ndarray] = [np.flatnonzero(row) for row in self.real.cpu().numpy()]
        """For each text the positions of its tokens in the padded row."""

    def ask(self, asked: Sequence[Sequence[Asked]]) -> List[List[int]]:
        """The columns of the values that are asked for of each text, `result[text]`."""
        first = len(self.scorer.explained.classes.names)
        self.sums = list(dict.fromkeys(one for of_text in asked for one in of_text if one.weights))
        self._here = self._values(self._own_logits).cpu().double().numpy()
        return [[first + self.sums.index(one) if one.weights else one.target for one in of_text] for of_text in asked]

    def asked(self, column: int) -> Asked:
        """What a column of the values is."""
        names = self.scorer.explained.classes.names
        return Asked(column, names[column]) if column < len(names) else self.sums[column - len(names)]

    def copies(self, rows: Sequence[int], vectors: Vectors) -> TextBatch:
        """A batch of these texts at other points: `rows` says which texts, `vectors` where, [(rows, tokens', width)]."""
        other = copy.copy(self)
        index = torch.as_tensor(rows, device=self.ids.device)
        other.index = tuple(self.index[row] for row in rows)
        other.texts = tuple(self.texts[row] for row in rows)
        other.place_of = [self.place_of[row] for row in rows]
        other._tensors = rows_of(self._tensors, index, len(self.texts))
        other.ids, other.real = ids_and_mask(other._tensors)
        other._others = None
        other.logits, other.vectors, other._here = self.logits[list(rows)], vectors, None
        return other

    def here(self) -> np.ndarray:
        """The explained output at the points to explain, (texts, columns)."""
        if self._here is None:
            self._here = self.forward(range(len(self.texts)), lambda rows: [vectors[rows] for vectors in self.vectors])
        return self._here

    def require_unread(self, values: Optional[np.ndarray] = None) -> None:
        """Refuses texts of which the model reads more than the vectors: their ids, say, by an adapter that was switched on.

        All passes with other vectors are fed other ids (`_elsewhere`), so that one at the texts' own vectors must give what
        the texts give. `values` (texts, classes) are those of such a pass; without them it is made. Raises
        `ReadsIdsError`.
        """
        if self.sites is not self.embeddings:
            return  # a layer's vectors are scored beside whatever else the prediction depends on
        rows = range(len(self.texts))

        def own(numbers: torch.Tensor) -> Vectors:
            return [vectors[numbers] for vectors in self.vectors]

        found = self.forward(rows, own) if values is None else values
        if not moved(found, self.here(), self.dtype):
            return
        # Kinds of passes round differently, and a training may move the weights: passes of one kind decide, between two that
        # agree.
        before, other, after = (self.forward(rows, own, ids=ids) for ids in (self.ids, None, self.ids))
        if moved(other, before, self.dtype) and not moved(after, before, self.dtype):
            raise ReadsIdsError(reads_ids(self.scorer.explained.model, self.embeddings.sites))

    @property
    def _elsewhere(self) -> Optional[torch.Tensor]:
        """The ids that passes with other vectors are fed: other ones, which look nothing up that is used."""
        if self.sites is not self.embeddings:
            return None
        if self._others is None:
            special = set(self.scorer.explained.vocabulary.special_ids())
            self._others = exchanged_tokens(self.ids, self.real, special)
        return self._others

    @property
    def device(self) -> torch.device:
        """Where the vectors are."""
        return self.vectors[0].device

    @property
    def dtype(self) -> torch.dtype:
        """The coarsest type of the numbers that the model computes with."""
        return self._precision

    @property
    def columns(self) -> int:
        """How many columns values have."""
        return len(self.scorer.explained.classes.names) + len(self.sums)

    @property
    def rounding(self) -> float:
        """The relative rounding error of the model's numbers."""
        return torch.finfo(self.dtype).eps

    def special(self) -> torch.Tensor:
        """(texts, padded tokens): True for the tokens that the tokenizer added."""
        mask = torch.zeros(self.real.shape, dtype=torch.bool)
        for row, (text, places) in enumerate(zip(self.texts, self.place_of)):
            mask[row, torch.as_tensor(places)] = torch.tensor(text.tokens.special)
        return mask.to(self.real.device)

    def at_positions(self, mask: torch.Tensor, site: int) -> torch.Tensor:
        """A mask of tokens, (texts, padded tokens), as one of the site's positions, (texts, tokens')."""
        return self.sites.at_positions(mask, site, self.vectors[site].shape[1])

    # passes

    def look_up(self, ids: torch.Tensor) -> Vectors:
        """The embeddings of other ids, (texts, padded tokens), in place of the texts' own; no layer above them is run."""
        with torch.no_grad():
            found = self._pass(
                range(len(self.texts)),
                lambda numbers: self.embeddings.captured(stop=True),
                lambda numbers, captured, logits: captured,
                ids=ids,
            )
        return [torch.cat(parts) for parts in zip(*found)]

    def at_layer(self, embeddings: Vectors) -> Vectors:
        """The vectors at the explained layer when the embeddings are these, [(texts, tokens', width)]."""
        if self.sites is self.embeddings:
            return embeddings
        return self._captured(lambda numbers: self.embeddings.replaced([site[numbers] for site in embeddings]))[0]

    def outputs(self, rows: Sequence[int], vectors: Vectors, whole: bool = False) -> torch.Tensor:
        """The explained output, (rows, columns), of these texts at `vectors`; with their gradient.

        `whole` runs all rows at once, for methods that pair the rows of one call by hooks of their own.
        """
        require_gradients(self.scorer.explained.model)
        values = self._pass(
            rows,
            lambda numbers: self.sites.replaced([site[numbers] for site in vectors]),
            lambda numbers, replaced, logits: self._values(logits),
            chunk=len(rows) if whole else self.chunk,
            ids=self._elsewhere,
        )
        return torch.cat(values)

    def forward(self, rows: Sequence[int], at: At, ids: Optional[torch.Tensor] = None) -> np.ndarray:
        """The explained output, (rows, columns), at rows of these texts; no gradients.

        `ids` (texts, padded tokens) are fed to the model in place of other ones.
        """
        with torch.no_grad():
            values = self._pass(
                rows,
                lambda numbers: self.sites.replaced(at(numbers)),
                lambda numbers, replaced, logits: self._values(logits).cpu().double().numpy(),
                ids=self._elsewhere if ids is None else ids,
            )
        return np.concatenate(values) if values else np.zeros((0, self.columns))

    def gradients(
        self, rows: Sequence[int], classes: Sequence[Sequence[int]], at: At, reduce: Reduce, network: Optional[Network] = None
    ) -> Passes:
        """Gradients of the explained output at rows of these texts, for the columns asked for at each row.

        All columns of a row share its forward pass. `reduce` makes one number a position of each gradient at once, so that
        memory does not grow with the number of rows; `network` is what is differentiated in place of the model itself.
        Raises UnsupportedModelError for a model without gradients.
        """
        network = network or Network(self.scorer.explained.model)
        require_gradients(self.scorer.explained.model)
        ends = np.concatenate([[0], np.cumsum([len(wanted) for wanted in classes])]).astype(int)
        tokens, rest = np.zeros((ends[-1], self.length)), np.zeros(ends[-1])
        values = np.zeros((len(rows), self.columns))

        @contextmanager
        def at_leaves(numbers: torch.Tensor) -> Iterator[Vectors]:
            leaves = [vectors.detach().clone().requires_grad_(True) for vectors in at(numbers)]
            with torch.enable_grad(), self.sites.replaced(leaves), network.watched():
                yield leaves

        def differentiated(numbers: torch.Tensor, leaves: Vectors, logits: torch.Tensor) -> None:
            found, own = self._values(logits), numbers.tolist()
            most = max(len(classes[row]) for row in own)
            for nth in range(most):
                active = [place for place, row in enumerate(own) if len(classes[row]) > nth]
                score = found[active, [classes[own[place]][nth] for place in active]].sum()
                gradients = network.derivatives(score, leaves, retain=nth + 1 < most)
                with torch.no_grad():
                    maps = reduce(gradients, numbers)
                per_token, beside = self.sites.to_tokens(maps, self.length)
                pairs = [ends[own[place]] + nth for place in active]
                tokens[pairs] = per_token[active].cpu().double().numpy()
                rest[pairs] = beside[active].cpu().double().numpy()
            values[own] = found.detach().cpu().double().numpy()

        # Rows with as many classes run together, so that no backward pass is for a few rows of a chunk only.
        order = sorted(range(len(rows)), key=lambda row: -len(classes[row]))
        self._pass(rows, at_leaves, differentiated, order=order, chunk=network.rows, ids=self._elsewhere)
        require_finite(self.scorer.explained.model, np.append(tokens, rest), "gradients at the text's vectors")
        return Passes(tokens, rest, values)

    def _captured(
        self, hooked: Callable[[torch.Tensor], ContextManager[Any]], **options: Any
    ) -> Tuple[Vectors, torch.Tensor]:
        """The vectors at the explained sites, and the logits, of all texts; inside `hooked(numbers)`."""

        @contextmanager
        def capturing(numbers: torch.Tensor) -> Iterator[Vectors]:
            with hooked(numbers), self.sites.captured() as captured:
                yield captured

        with torch.no_grad():
            parts = self._pass(
                range(len(self.texts)),
                capturing,
                lambda numbers, captured, logits: (list(captured), logits.detach()),
                **options,
            )
        vectors = [torch.cat(pieces) for pieces in zip(*(captured for captured, _ in parts))]
        if any(found.shape[0] != len(self.texts) for found in vectors):
            raise UnsupportedModelError(
                "the model folds a long text into several rows, so its scores cannot be told apart by token: give a text "
                "of at most the indexer's max_length, or leave max_length out of both the indexer and the embedder"
            )
        return vectors, torch.cat([logits for _, logits in parts])

    def _pass(
        self,
        rows: Sequence[int],
        hooked: Callable[[torch.Tensor], ContextManager[Given]],
        then: Callable[[torch.Tensor, Given, Any], Result],
        *,
        order: Optional[Sequence[int]] = None,
        chunk: Optional[int] = None,
        ids: Optional[torch.Tensor] = None,
        point: str = "a changed text",
    ) -> List[Result]:
        """Every pass through the model: rows of these texts, a chunk at a time, what `then` made of each chunk.

        `rows` says which text each row is of. For a chunk, `hooked(numbers)` puts the hooks in place, the model runs, and
        `then(numbers, what the context gave, logits)` is called while they still are; then they are taken off, whatever
        happens. `numbers` (n,) are places in `rows`, in the order `order`. `ids`, (texts, padded tokens), take the place of the
        texts' own. Where the hooks stop the pass early, the logits are None.

        All numbers come through here, so that one that is none is found here: the error says of what `point` it is.
        """
        explained = self.scorer.explained
        tensors = self._tensors if ids is None else with_ids(self._tensors, ids)
        index = torch.as_tensor(np.asarray(rows, dtype=np.int64), device=self.ids.device)
        numbers_of_all = torch.as_tensor(np.asarray(range(len(index)) if order is None else order, dtype=np.int64))
        results: List[Result] = []
        for numbers in numbers_of_all.to(index.device).split(chunk or self.chunk) if len(index) else ():
            texts = index[numbers]
            with hooked(numbers) as given:
                try:
                    logits = explained.logits(rows_of(tensors, texts, len(self.texts)))
                except StopPass:
                    logits = None
                for vectors in given if isinstance(given, list) else ():
                    require_finite(explained.model, vectors, f"the vectors of {point}")
                if logits is not None:
                    require_finite(explained.model, logits, f"the logits of {point}")
                results.append(then(numbers, given, logits))
            self.scorer.worked(len(texts), int(self.real[texts].sum()), len(texts) * self.length)
        return results

    def _values(self, logits: torch.Tensor) -> torch.Tensor:
        """The explained output of every class, and of the sums that are asked for, (rows, columns)."""
        classes, output = self.scorer.explained.classes, self.scorer.output
        sums = [classes.weighted(logits, output, asked)[:, None] for asked in self.sums]
        return torch.cat([classes.values(logits, output), *sums], dim=-1)
