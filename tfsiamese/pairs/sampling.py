"""Which rows stand in which batch: lists of row numbers that a seed and an epoch decide."""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tfsiamese.pairs.text_ids import TextIds

__all__ = ["BatchSampler", "ClassSampler", "DistinctSampler", "ShuffledSampler"]

RowNumbers = NDArray[np.int64]

# A batch that cannot be filled is closed after looking at so many times its size of rows, so that data in which
# everything conflicts costs linear time.
_LOOK_AHEAD = 50


class BatchSampler(Protocol):
    """Cuts an epoch into batches."""

    def batches(self, epoch: int) -> list[RowNumbers]:
        """The rows of each batch of an epoch, counted from 0; every row stands in exactly one of them."""


class ShuffledSampler:
    """Rows in random order, cut at a number of rows and, if asked, at a number of tokens.

    Args:
        num_rows: rows of the data.
        batch_size: rows a batch; the last batch of an epoch holds the rest.
        seed: decides the order of every epoch; None keeps the order of the rows.
        costs: the tokens of each row, int64 [num_rows].
        max_tokens: the tokens a batch may hold; a row that alone has more is a batch of its own.
    """

    def __init__(
        self,
        num_rows: int,
        batch_size: int,
        seed: int | None = None,
        costs: RowNumbers | None = None,
        max_tokens: int | None = None,
    ):
        self._num_rows = num_rows
        self._batch_size = batch_size
        self._seed = seed
        self._costs = costs
        self._max_tokens = max_tokens

    def batches(self, epoch: int) -> list[RowNumbers]:
        """See `BatchSampler`."""
        order = shuffled(self._num_rows, self._seed, epoch)
        if self._costs is None or self._max_tokens is None:
            return [order[start : start + self._batch_size] for start in range(0, len(order), self._batch_size)]
        return self._cut_at_budget(order, self._costs[order], self._max_tokens)

    def _cut_at_budget(self, order: RowNumbers, costs: RowNumbers, max_tokens: int) -> list[RowNumbers]:
        totals = np.concatenate([[0], np.cumsum(costs)])
        batches, start = [], 0
        while start < len(order):
            # The first row at which the sum since `start` is above the budget.
            end = int(np.searchsorted(totals, totals[start] + max_tokens, side="right")) - 1
            end = min(max(end, start + 1), start + self._batch_size)
            batches.append(order[start:end])
            start = end
        return batches


class DistinctSampler:
    """Random order, with no text twice in a batch and no known positive of an anchor among the other rows.

    Such texts would count as negatives in a ranking loss although they are none. A row that conflicts with the batch
    waits for the next one; towards the end of an epoch batches can therefore be smaller than asked.

    Args:
        ids: the texts of the rows.
        batch_size: rows a batch, at most.
        seed: decides the order of every epoch; None keeps the order of the rows as far as conflicts allow.
        groups: a number for each row, int64 [rows]; rows of one group never stand in one batch.
        costs: the tokens of each row, int64 [rows].
        max_tokens: the tokens a batch may hold.

    Reference: sentence-transformers' `NoDuplicatesBatchSampler`, which looks at equal texts only.
    """

    def __init__(
        self,
        ids: TextIds,
        batch_size: int,
        seed: int | None = None,
        groups: RowNumbers | None = None,
        costs: RowNumbers | None = None,
        max_tokens: int | None = None,
    ):
        self._ids = ids
        self._batch_size = batch_size
        self._seed = seed
        self._costs = costs
        self._max_tokens = max_tokens
        self._forbids = _forbidden_texts(ids, groups)
        self._holds = _held_texts(ids, groups)

    def batches(self, epoch: int) -> list[RowNumbers]:
        """See `BatchSampler`."""
        pending = deque(shuffled(len(self._ids), self._seed, epoch).tolist())
        batches = []
        while pending:
            batches.append(np.array(self._take_batch(pending), dtype=np.int64))
        return batches

    def _take_batch(self, pending: deque[int]) -> list[int]:
        batch: list[int] = []
        deferred: list[int] = []
        held: set[int] = set()
        forbidden: set[int] = set()
        tokens = 0
        while pending and len(batch) < self._batch_size and len(deferred) < _LOOK_AHEAD * self._batch_size:
            row = pending.popleft()
            cost = 0 if self._costs is None else int(self._costs[row])
            if batch and self._max_tokens is not None and tokens + cost > self._max_tokens:
                pending.appendleft(row)
                break
            if forbidden.isdisjoint(self._holds[row]) and held.isdisjoint(self._forbids[row]):
                batch.append(row)
                held.update(self._holds[row])
                forbidden.update(self._forbids[row])
                tokens += cost
            else:
                deferred.append(row)
        pending.extendleft(reversed(deferred))
        return batch


class ClassSampler:
    """Batches that hold several texts of each of their classes, as batch-wise triplet losses need them.

    The texts of each class are cut at random into parts of `per_class`; a part never holds a single text unless its
    class does. A batch consists of random parts.

    Args:
        classes: the class of each row, int64 [rows].
        batch_size: rows a batch, at least `per_class`.
        seed: decides the order of every epoch; None keeps the order of the rows within each class.
        per_class: texts of a class that stand together.

    Reference: Hermans, Beyer and Leibe, "In Defense of the Triplet Loss for Person Re-Identification",
        arXiv:1703.07737, section 2 (PK batches).
    """

    def __init__(self, classes: RowNumbers, batch_size: int, seed: int | None = None, per_class: int = 4):
        self._classes = np.asarray(classes)
        self._batch_size = max(batch_size, per_class + 1)
        self._seed = seed
        self._per_class = per_class

    def batches(self, epoch: int) -> list[RowNumbers]:
        """See `BatchSampler`."""
        order = shuffled(len(self._classes), self._seed, epoch)
        by_class = order[np.argsort(self._classes[order], kind="stable")]
        ends = np.flatnonzero(np.diff(self._classes[by_class])) + 1
        parts = [part for rows in np.split(by_class, ends) for part in self._parts(rows)]
        batches: list[list[RowNumbers]] = [[]]
        size = 0
        for index in shuffled(len(parts), self._seed, epoch):
            if size and size + len(parts[index]) > self._batch_size:
                batches.append([])
                size = 0
            batches[-1].append(parts[index])
            size += len(parts[index])
        return [np.concatenate(parts) for parts in batches if parts]

    def _parts(self, rows: RowNumbers) -> list[RowNumbers]:
        cuts = list(range(self._per_class, len(rows), self._per_class))
        if cuts and len(rows) - cuts[-1] == 1:
            cuts.pop()
        return np.split(rows, cuts)


def shuffled(count: int, seed: int | None, epoch: int) -> RowNumbers:
    """The numbers below `count` in the order of an epoch: int64 [count]."""
    if seed is None:
        return np.arange(count, dtype=np.int64)
    return np.random.default_rng([seed, epoch]).permutation(count)


def _held_texts(ids: TextIds, groups: RowNumbers | None) -> list[tuple[int, ...]]:
    """What each row brings into a batch: all its texts, and its group as a negative number."""
    own = zip(*(column.tolist() for column in ids.columns), *_group_column(groups), strict=True)
    if not len(ids.negatives):
        return list(own)
    return [(*texts, *ids.negatives_of(row).tolist()) for row, texts in enumerate(own)]


def _forbidden_texts(ids: TextIds, groups: RowNumbers | None) -> list[set[int]]:
    """What must not stand beside each row: its texts but for negatives, and all known positives of its anchor."""
    anchors, *others = (column.tolist() for column in ids.columns)
    known: dict[int, set[int]] = {}
    for texts in zip(anchors, *others, strict=True):
        known.setdefault(texts[0], set()).update(texts)
    group_column = list(_group_column(groups))
    rows: Sequence[tuple[int, ...]] = list(zip(anchors, *group_column, strict=True))
    return [known[row[0]] | set(row[1:]) if len(row) > 1 else known[row[0]] for row in rows]


def _group_column(groups: RowNumbers | None) -> list[list[int]]:
    return [] if groups is None else [(-1 - np.asarray(groups)).tolist()]
