"""An epoch's batches as one order of rows and the places where it is cut: a few bytes a row."""

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
from numpy.typing import NDArray

__all__ = ["CutOrder", "cut_at_budget", "cut_at_size", "row_numbers"]


class CutOrder(Sequence[NDArray[np.int64]]):
    """A sequence of batches, each the numbers of its rows, int64 [rows of the batch].

    Args:
        order: all rows, batch after batch, of any type of whole numbers [rows].
        ends: where in `order` each batch ends, int64 [batches].
    """

    def __init__(self, order: NDArray[np.integer], ends: NDArray[np.int64]):
        self._order = order
        self._ends = ends

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        return (self[batch] for batch in range(len(self)))

    @overload
    def __getitem__(self, batch: int) -> NDArray[np.int64]: ...
    @overload
    def __getitem__(self, batch: slice) -> list[NDArray[np.int64]]: ...
    def __getitem__(self, batch: int | slice) -> NDArray[np.int64] | list[NDArray[np.int64]]:
        if isinstance(batch, slice):
            return [self[number] for number in range(len(self))[batch]]
        number = range(len(self))[batch]
        start = int(self._ends[number - 1]) if number else 0
        return self._order[start : int(self._ends[number])].astype(np.int64)


def row_numbers(count: int) -> NDArray[np.integer]:
    """The numbers below `count`, in the smallest type that holds row numbers of most data sets: int32 or int64."""
    return np.arange(count, dtype=np.int32 if count <= np.iinfo(np.int32).max else np.int64)


def cut_at_size(num_rows: int, batch_size: int) -> NDArray[np.int64]:
    """The ends of batches of `batch_size` rows, the last one with the rest."""
    return np.minimum(np.arange(batch_size, num_rows + batch_size, batch_size, dtype=np.int64), num_rows)


def cut_at_budget(
    order: NDArray[np.integer], costs: NDArray[np.integer], batch_size: int, max_tokens: int
) -> NDArray[np.int64]:
    """The ends of batches of up to `batch_size` rows and `max_tokens` tokens; a row that alone has more is a batch.

    Args:
        order: all rows, [rows].
        costs: the tokens of each row, [rows].
        batch_size: rows a batch.
        max_tokens: tokens a batch.
    """
    ends, end = [], 0
    while end < len(order):
        totals = np.cumsum(costs[order[end : end + batch_size]], dtype=np.int64)
        end += max(int(np.searchsorted(totals, max_tokens, side="right")), 1)
        ends.append(end)
    return np.array(ends, dtype=np.int64)
