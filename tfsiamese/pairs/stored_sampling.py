"""Which stored rows stand in which batch where no text may be in a batch twice."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from tfsiamese.pairs.cut_order import CutOrder, cut_at_budget, cut_at_size, row_numbers
from tfsiamese.pairs.sampling import DistinctSampler, warn_of_small_batches
from tfsiamese.pairs.seeding import generator
from tfsiamese.pairs.store import ranges
from tfsiamese.pairs.stored_examples import StoredExamples
from tfsiamese.pairs.text_ids import TextIds

__all__ = ["StoredDistinctSampler"]

_WINDOW_ROWS = 16_384


class StoredDistinctSampler:
    """As `DistinctSampler`, with some thousand shuffled rows in view at a time instead of all.

    In data of up to 16,384 rows the batches are those of `DistinctSampler`. In larger data what rows outside of the
    window say is not known: a text can stand beside an anchor whose positive it is by a row that is elsewhere in the
    epoch. No text stands twice among the anchors and positives of a batch, or there and among another row's
    negatives, in data of any size. Texts and groups are compared by hashes of 64 bits.

    Args:
        examples: the rows.
        batch_size: rows a batch, at most.
        seed: decides the order of every epoch; None keeps the order of the rows as far as conflicts allow.
        costs: the tokens of each row, [rows].
        max_tokens: the tokens a batch may hold; a row that alone has more is a batch of its own.
        window_rows: rows in view at a time; more where a batch is large.
    """

    def __init__(
        self,
        examples: StoredExamples,
        batch_size: int,
        seed: int | None = None,
        costs: NDArray[np.integer] | None = None,
        max_tokens: int | None = None,
        window_rows: int = _WINDOW_ROWS,
    ):
        self._examples = examples
        self._batch_size = batch_size
        self._seed = seed
        self._costs = costs
        self._max_tokens = max_tokens
        self._window_rows = max(window_rows, 16 * batch_size)
        self._has_warned = False

    def batches(self, epoch: int) -> CutOrder:
        """See `BatchSampler`."""
        order = row_numbers(len(self._examples))
        if self._seed is not None:
            order = generator(self._seed, "distinct rows", epoch).permutation(order)
        sorted_rows, ends, done = np.empty_like(order), [np.empty(0, np.int64)], 0
        waiting = order[:0]
        for start in range(0, len(order), self._window_rows):
            window = np.concatenate([waiting, order[start : start + self._window_rows]])
            rows, cuts = self._take(window, is_last=start + self._window_rows >= len(order))
            sorted_rows[done : done + len(rows)] = rows
            ends.append(cuts + done)
            done += len(rows)
            waiting = window[~np.isin(window, rows)]
        cut = CutOrder(sorted_rows, np.concatenate(ends))
        if not self._has_warned and self._max_tokens is None:
            self._has_warned = warn_of_small_batches(len(order), len(cut), self._batch_size, self._examples.source)
        return cut

    def _take(self, window: NDArray[np.integer], is_last: bool) -> tuple[NDArray[np.integer], NDArray[np.int64]]:
        """Batches of the rows in view, one after the other, and where each ends.

        Some rows are left for the next window: those that have to wait would make small batches of their own.
        """
        most_left = 0 if is_last else 4 * self._batch_size
        ids, groups = self._texts_of(window)
        if groups is None and len(ids.vocabulary) == sum(map(len, ids.columns)) + len(ids.negatives):
            return self._cut(window, most_left)
        costs = None if self._costs is None else self._costs[window].astype(np.int64)
        sampler = DistinctSampler(ids, self._batch_size, None, groups, costs, self._max_tokens)
        batches = list(sampler.take_batches(deque(range(len(window))), most_left))
        places = np.array([place for batch in batches for place in batch], np.int64)
        return window[places], np.cumsum([len(batch) for batch in batches], dtype=np.int64)

    def _cut(self, window: NDArray[np.integer], most_left: int) -> tuple[NDArray[np.integer], NDArray[np.int64]]:
        """The same of rows without any text twice, which need no search."""
        if self._costs is None or self._max_tokens is None:
            ends = cut_at_size(len(window), self._batch_size)
        else:
            ends = cut_at_budget(window, self._costs, self._batch_size, self._max_tokens)
        first_left = int(np.searchsorted(ends, len(window) - most_left))
        ends = ends[: first_left + 1]
        return window[: ends[-1]], ends

    def _texts_of(self, window: NDArray[np.integer]) -> tuple[TextIds, NDArray[np.int64] | None]:
        """The texts of the rows in view as numbers, and their groups, by hashes; the vocabulary has no texts."""
        store, rows = self._examples.store, self._examples.store_rows(window)
        firsts, counts = store.first_texts(rows), store.text_counts(rows) - 2
        numbers = np.concatenate([firsts, firsts + 1, ranges(firsts + 2, counts)])
        distinct, codes = np.unique(store.hashes(numbers), return_inverse=True)
        one, other, negatives = np.split(codes.astype(np.int64), [len(rows), 2 * len(rows)])
        splits = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        names = [""] * len(distinct)
        groups = np.unique(store.group_hashes(rows), return_inverse=True)[1] if store.has_groups else None
        return TextIds(names, names, (one, other), negatives, splits), groups
