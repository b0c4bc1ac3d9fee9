"""Batches of examples as tensors, in an order that a sampler decides."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tfsiamese.pairs.sampling import BatchSampler
from tfsiamese.pairs.store import ranges
from tfsiamese.pairs.text_hashes import mixed, text_hashes
from tfsiamese.pairs.text_ids import TextIds

__all__ = ["Batch", "Encode", "ExampleBatches"]

Encode = Callable[[list[str]], np.ndarray]
"""From texts [n] to vectors, float32 [n, dimension]."""


class Batch(NamedTuple):
    """One batch; `d` distinct texts stand at `t` places in `r` rows.

    Attributes:
        texts: string [d], the distinct texts.
        positions: int64 [t], where in `texts` each text of the batch is: column after column, negatives last.
        counts: int64 [r], the negatives of each row.
        labels: what the loss wants: float32 or int64 [r], or for teachers' scores float32 [r + number of negatives],
            row after row.
        numbers: int64 [d], the numbers of the texts in the vocabulary.
    """

    texts: tf.Tensor
    positions: tf.Tensor
    counts: tf.Tensor
    labels: tf.Tensor
    numbers: tf.Tensor

    @property
    def num_rows(self) -> int:
        """Rows of the batch."""
        return int(self.counts.shape[0])


class ExampleBatches:
    """Examples as batches; their texts become tensors once.

    A batch costs a fraction of a millisecond, where building a `tf.data` pipeline for each epoch costs more than a
    short epoch's training.

    Args:
        ids: the texts.
        labels: [rows] for a number a row, or [rows + all negatives] for teachers' scores, row after row.
        sampler: cuts an epoch into batches.
    """

    def __init__(self, ids: TextIds, labels: NDArray[np.generic], sampler: BatchSampler):
        self._ids = ids
        self._vocabulary = tf.constant(ids.vocabulary, tf.string)
        self._labels = labels
        self._has_ragged_labels = len(labels) != len(ids)
        self._vectors: np.ndarray | None = None
        self._set_sampler(sampler, len(ids))

    def _set_sampler(self, sampler: BatchSampler, num_rows: int) -> None:
        self._sampler = sampler
        self._num_rows = num_rows
        self._cached: tuple[int, Sequence[NDArray[np.int64]]] | None = None

    def __len__(self) -> int:
        """Batches in the first epoch; where rows must not stand together, other epochs can differ by a few."""
        return len(self._batches(0))

    @property
    def num_rows(self) -> int:
        """Rows of the data."""
        return self._num_rows

    @property
    def vocabulary(self) -> list[str]:
        """The distinct texts; `Batch.numbers` are positions in it."""
        return self._ids.vocabulary

    @property
    def plain_vocabulary(self) -> list[str]:
        """The same texts without the prompts before them."""
        return self._ids.plain

    @property
    def largest(self) -> int:
        """The rows of the first epoch's largest batch."""
        return max(map(len, self._batches(0)), default=0)

    def num_batches(self, epoch: int) -> int:
        """Batches in an epoch."""
        return len(self._batches(epoch))

    def rows(self, epoch: int, batch: int) -> NDArray[np.int64]:
        """The rows of one batch, both counted from 0."""
        return self._batches(epoch)[batch]

    def epoch(self, epoch: int = 0, first_batch: int = 0) -> Iterator[Batch]:
        """Yields the batches of an epoch, from `first_batch` on."""
        batches = self._batches(epoch)
        for batch in range(first_batch, len(batches)):
            yield self.gather(batches[batch])

    def some_texts(self, count: int, seed: int = 0) -> list[str]:
        """Up to `count` random distinct texts without prompts; which ones does not depend on the order of the data."""
        distinct = list(dict.fromkeys(self.plain_vocabulary))
        if len(distinct) <= count:
            return distinct
        keys = mixed(text_hashes(text.encode() for text in distinct), seed)
        return [distinct[place] for place in np.argsort(keys)[:count]]

    def vectors_of(self, batch: Batch, encode: Encode) -> np.ndarray:
        """The vectors of a batch's texts without their prompts, [d, dimension].

        Args:
            batch: one of these batches.
            encode: computes vectors; it is called once, with all texts of all batches, and then no more.
        """
        if self._vectors is None:
            self._vectors = encode(self.plain_vocabulary)
        return self._vectors[batch.numbers.numpy()]

    def gather(self, rows: NDArray[np.int64]) -> Batch:
        """The batch of these rows."""
        columns = [column[rows] for column in self._ids.columns]
        starts, ends = self._ids.splits[rows], self._ids.splits[rows + 1]
        counts = ends - starts
        numbers = np.concatenate([*columns, self._ids.negatives[ranges(starts, counts)]])
        distinct, positions = np.unique(numbers, return_inverse=True)
        texts = tf.gather(self._vocabulary, distinct)
        labels = self._labels[ranges(starts + rows, counts + 1) if self._has_ragged_labels else rows]
        return Batch(texts, tf.constant(positions), tf.constant(counts), tf.constant(labels), tf.constant(distinct))

    def _batches(self, epoch: int) -> Sequence[NDArray[np.int64]]:
        if self._cached is None or self._cached[0] != epoch:
            self._cached = epoch, self._sampler.batches(epoch)
        return self._cached[1]
