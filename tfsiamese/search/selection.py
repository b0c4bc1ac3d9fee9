"""The largest scores of each row of a table that is never whole in memory.

A table [queries, corpus] is scored block by block. Each row keeps its k best so far, and of the next block only the
scores above the k-th best are looked at: one comparison a score instead of a partial sort.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["ScoreBlocks", "TopK", "select_in_parts"]

# Prepares some rows of the table; what it returns writes the scores of some columns into an array. A score of −inf
# is never selected.
ScoreBlocks = Callable[[slice], Callable[[slice, NDArray[np.float32]], None]]

_FIRST_BLOCK = 1024
_MOST_NUMBERS = 2**25
_MAGNITUDE = np.int32(0x7FFFFFFF)
_LOW_HALF = np.int64(0xFFFFFFFF)
_NOTHING = np.iinfo(np.int64).min


class TopK(NamedTuple):
    """The best vectors of the corpus for each query, the best first: two arrays [queries, min(k, corpus)].

    Attributes:
        scores: float32.
        indices: int64, the rows of the corpus.
    """

    scores: NDArray[np.float32]
    indices: NDArray[np.int64]


def select_in_parts(
    score_blocks: ScoreBlocks,
    shape: tuple[int, int],
    k: int,
    *,
    query_chunk: int = 1024,
    corpus_chunk: int = 8192,
    limit: float = np.inf,
) -> Iterator[tuple[slice, TopK]]:
    """Yields the k largest scores of each row, some rows at a time; of equal scores the lower column comes first.

    Args:
        score_blocks: computes the scores, none of them NaN.
        shape: rows and columns of the table; fewer than 2³² columns.
        k: scores a row, at most; 1 or more.
        query_chunk: rows at once, at most; fewer where `k` or `corpus_chunk` is large.
        corpus_chunk: columns at once, at most.
        limit: a score outside ±limit counts as its end, such as a cosine of 1.0000001.

    Yields:
        The rows, and their k best, [rows, min(k, columns)]. Where a row has fewer scores above −inf, the index is −1
        and the score −inf.
    """
    num_rows, num_columns = shape
    k = min(k, num_columns)
    query_chunk = min(query_chunk, max(1, _MOST_NUMBERS // max(k + corpus_chunk, 1)))
    numbers = np.empty(min(query_chunk, num_rows) * min(corpus_chunk, num_columns), np.float32)
    blocks = list(_growing_blocks(num_columns, max(k, _FIRST_BLOCK), corpus_chunk))
    for start in range(0, max(num_rows, 1), query_chunk):
        rows = slice(start, min(start + query_chunk, num_rows))
        best = _Best(rows.stop - rows.start, k, np.float32(limit))
        score = score_blocks(rows)
        for columns in blocks:
            size = (rows.stop - rows.start, columns.stop - columns.start)
            scores = numbers[: size[0] * size[1]].reshape(size)
            score(columns, scores)
            best.add(scores, columns.start)
        yield rows, best.result()


class _Best:
    """The keys of the k best scores of each row; the least of a row stands first in it."""

    def __init__(self, num_rows: int, k: int, limit: np.float32):
        self._keys = np.full([num_rows, k], _NOTHING)
        self._least = np.full([num_rows, 1], -np.inf, np.float32)
        self._limit = limit

    def add(self, scores: NDArray[np.float32], first_column: int) -> None:
        """Takes a block of scores. An equal one has a higher column than those before, and comes too late."""
        rows, columns = np.divmod(np.flatnonzero(scores > self._least), scores.shape[1])
        if not len(rows):
            return
        above = scores[rows, columns]
        if np.isfinite(self._limit):
            np.clip(above, -self._limit, self._limit, out=above)
        self._merge(rows, _keys(above, columns + first_column))
        full = self._keys[:, 0] != _NOTHING
        self._least[full, 0] = _scores_of(self._keys[full, 0])

    def _merge(self, rows: NDArray[np.int64], keys: NDArray[np.int64]) -> None:
        counts = np.bincount(rows, minlength=len(self._keys))
        k = self._keys.shape[1]
        merged = np.full([len(self._keys), k + counts.max()], _NOTHING)
        merged[:, :k] = self._keys
        merged[rows, k + np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]] = keys
        merged.partition(merged.shape[1] - k, axis=1)
        self._keys = merged[:, -k:].copy()

    def result(self) -> TopK:
        keys = np.sort(self._keys, axis=1)[:, ::-1]
        is_there = keys != _NOTHING
        return TopK(
            np.where(is_there, _scores_of(keys), np.float32(-np.inf)),
            np.where(is_there, _LOW_HALF - (keys & _LOW_HALF), -1),
        )


def _growing_blocks(length: int, first: int, largest: int) -> Iterator[slice]:
    """Blocks that double: after a small one, few scores of the next exceed the k-th best so far."""
    start, size = 0, min(first, largest)
    while start < length:
        yield slice(start, min(start + size, length))
        start, size = start + size, min(2 * size, largest)


def _keys(scores: NDArray[np.float32], columns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers in the order of the scores and, where those are equal, in the opposite order of the columns.

    The bits of a float, those of a negative one flipped, are an integer in the same order; adding 0 makes −0 the same
    as 0.
    """
    bits = (scores + np.float32(0)).view(np.int32)
    ordered = np.where(bits < 0, bits ^ _MAGNITUDE, bits)
    return (ordered.astype(np.int64) << 32) | (_LOW_HALF - columns)


def _scores_of(keys: NDArray[np.int64]) -> NDArray[np.float32]:
    ordered = (keys >> 32).astype(np.int32)
    return np.where(ordered < 0, ordered ^ _MAGNITUDE, ordered).view(np.float32)
