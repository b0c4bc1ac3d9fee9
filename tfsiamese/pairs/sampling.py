"""Which rows stand in which batch: lists of row numbers that a seed and an epoch decide."""

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tfsiamese.pairs.class_sampling import ClassSampler
from tfsiamese.pairs.cut_order import CutOrder, cut_at_budget, cut_at_size, row_numbers
from tfsiamese.pairs.seeding import generator
from tfsiamese.pairs.text_ids import TextIds

__all__ = ["BatchSampler", "ClassSampler", "DistinctSampler", "ShuffledSampler", "warn_of_small_batches"]

logger = logging.getLogger(__name__)

RowNumbers = NDArray[np.int64]

# A batch that cannot be filled is closed after so many rows had to wait: times its size, and of a large batch so many
# or four times its size. What it used up of that it leaves to the next one times its rows only, so that data in which
# everything conflicts cost some looks a row.
_LOOK_AHEAD = 50
_LOOK_AHEAD_ROWS = 2000
# Batches of fewer rows than this part of what was asked for are told of.
_SMALL = 0.25


class BatchSampler(Protocol):
    """Cuts an epoch into batches."""

    def batches(self, epoch: int) -> Sequence[RowNumbers]:
        """The rows of each batch of an epoch, counted from 0; every row stands in exactly one of them."""


class ShuffledSampler:
    """Rows in random order, cut at a number of rows and, if asked, at a number of tokens.

    Args:
        num_rows: rows of the data.
        batch_size: rows a batch; the last batch of an epoch holds the rest.
        seed: decides the order of every epoch; None keeps the order of the rows.
        costs: the tokens of each row, [num_rows].
        max_tokens: the tokens a batch may hold; a row that alone has more is a batch of its own.
    """

    def __init__(
        self,
        num_rows: int,
        batch_size: int,
        seed: int | None = None,
        costs: NDArray[np.integer] | None = None,
        max_tokens: int | None = None,
    ):
        self._num_rows = num_rows
        self._batch_size = batch_size
        self._seed = seed
        self._costs = costs
        self._max_tokens = max_tokens

    def batches(self, epoch: int) -> CutOrder:
        """See `BatchSampler`."""
        order = _ordered(self._num_rows, self._seed, "shuffled rows", epoch)
        if self._costs is None or self._max_tokens is None:
            return CutOrder(order, cut_at_size(len(order), self._batch_size))
        return CutOrder(order, cut_at_budget(order, self._costs, self._batch_size, self._max_tokens))


class DistinctSampler:
    """Random order, with no false negatives in a batch as far as the data tell.

    Anchors and positives of a batch are all different texts, but for an anchor that is its own row's positive. No
    text of a row, negatives among them, is the anchor or the positive of another row of the batch, or a known positive
    of its anchor, by whichever row that is known. Such texts would count as negatives in a ranking loss although they
    are none.

    Negatives may repeat: two rows that share one may stand together, and it then counts twice among the candidates.
    What a row says of its own texts is not looked at.

    A row that conflicts with the batch waits for the next one. Batches can therefore be smaller than asked: towards
    the end of an epoch, and where a batch is closed because too many rows had to wait for it.

    Args:
        ids: the texts of the rows.
        batch_size: rows a batch, at most.
        seed: decides the order of every epoch; None keeps the order of the rows as far as conflicts allow.
        groups: a number for each row, int64 [rows]; rows of one group never stand in one batch.
        costs: the tokens of each row, int64 [rows].
        max_tokens: the tokens a batch may hold; a row that alone has more is a batch of its own.

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
        self._batch_size = batch_size
        self._most_waiting = min(_LOOK_AHEAD * batch_size, max(4 * batch_size, _LOOK_AHEAD_ROWS))
        self._seed = seed
        self._costs = costs
        self._max_tokens = max_tokens
        self._anchors = ids.columns[0].tolist()
        self._texts = _texts_of_rows(ids)
        self._known = _known_positives(ids)
        self._groups = None if groups is None else np.asarray(groups).tolist()
        self._has_warned = False

    def batches(self, epoch: int) -> list[RowNumbers]:
        """See `BatchSampler`."""
        order = _ordered(len(self._anchors), self._seed, "distinct rows", epoch)
        batches = [np.array(rows, dtype=np.int64) for rows in self.take_batches(deque(order.tolist()))]
        if not self._has_warned and self._max_tokens is None:
            self._has_warned = warn_of_small_batches(len(order), len(batches), self._batch_size)
        return batches

    def take_batches(self, pending: deque[int], most_left: int = 0) -> Iterator[list[int]]:
        """Takes batches from the front of `pending` until no more than `most_left` rows stay there."""
        most_waiting = self._most_waiting
        while len(pending) > most_left:
            batch, num_waiting = self._take_batch(pending, most_waiting)
            most_waiting = min(most_waiting - num_waiting + _LOOK_AHEAD * len(batch), self._most_waiting)
            yield batch

    def _take_batch(self, pending: deque[int], most_waiting: int) -> tuple[list[int], int]:
        """The next batch, and how many rows that conflict with it stay in `pending`, in their order."""
        batch = _OpenBatch()
        waiting: list[int] = []
        while pending and len(batch.rows) < self._batch_size and len(waiting) < most_waiting:
            row = pending.popleft()
            cost = 0 if self._costs is None else int(self._costs[row])
            if batch.rows and self._max_tokens is not None and batch.tokens + cost > self._max_tokens:
                pending.appendleft(row)
                break
            if self._conflicts(row, batch):
                waiting.append(row)
            else:
                self._add(row, batch)
                batch.tokens += cost
        pending.extendleft(reversed(waiting))
        return batch.rows, len(waiting)

    def _conflicts(self, row: int, batch: "_OpenBatch") -> bool:
        if self._groups is not None and self._groups[row] in batch.groups:
            return True
        is_allowed = batch.forbidden.isdisjoint(self._texts[row])
        return not (is_allowed and batch.texts.isdisjoint(self._known[self._anchors[row]]))

    def _add(self, row: int, batch: "_OpenBatch") -> None:
        batch.rows.append(row)
        batch.texts.update(self._texts[row])
        batch.forbidden.update(self._known[self._anchors[row]])
        if self._groups is not None:
            batch.groups.add(self._groups[row])


@dataclass
class _OpenBatch:
    """A batch that is being filled: what it holds, and the texts that may not join it."""

    rows: list[int] = field(default_factory=list)
    texts: set[int] = field(default_factory=set)
    forbidden: set[int] = field(default_factory=set)
    groups: set[int] = field(default_factory=set)
    tokens: int = 0


def warn_of_small_batches(num_rows: int, num_batches: int, batch_size: int, source: str = "the rows") -> bool:
    """Logs a warning where batches hold far fewer rows than asked for; returns whether they do."""
    asked, found = min(batch_size, num_rows), num_rows / max(num_batches, 1)
    if found >= _SMALL * asked:
        return False
    logger.warning(
        "%s: batches hold %.3g rows on average, and %d were asked for: a text that many rows share, or a group, keeps "
        "them apart. Remove rows that say the same, set a smaller batch_size, or batching='shuffled'.",
        source,
        found,
        asked,
    )
    return True


def _ordered(count: int, seed: int | None, purpose: str, epoch: int) -> NDArray[np.integer]:
    """The numbers below `count` in the order of an epoch, [count]."""
    numbers = row_numbers(count)
    return numbers if seed is None else generator(seed, purpose, epoch).permutation(numbers)


def _texts_of_rows(ids: TextIds) -> list[tuple[int, ...]]:
    """All texts of each row, negatives included."""
    columns = zip(*(column.tolist() for column in ids.columns), strict=True)
    if not len(ids.negatives):
        return list(columns)
    return [(*texts, *ids.negatives_of(row).tolist()) for row, texts in enumerate(columns)]


def _known_positives(ids: TextIds) -> dict[int, set[int]]:
    """Each anchor's positives in all rows, and the anchor itself: one set for all rows of an anchor."""
    known: dict[int, set[int]] = {}
    for texts in zip(*(column.tolist() for column in ids.columns), strict=True):
        known.setdefault(texts[0], set()).update(texts)
    return known
