"""Batches of pairs as tensors, in an order that a seed and an epoch decide."""

from collections.abc import Iterator

import numpy as np
import tensorflow as tf

from tfsiamese.pairs.pairs import Pairs

__all__ = ["Batch", "PairBatches"]

# Left and right texts, strings [batch] each, and labels, float32 [batch].
Batch = tuple[tuple[tf.Tensor, tf.Tensor], tf.Tensor]


class PairBatches:
    """The pairs as batches of `((left, right), labels)`.

    Args:
        pairs: the pairs; their texts are turned into tensors once.
        batch_size: pairs a batch; the last batch of an epoch holds the rest.
        seed: decides the order of every epoch; None keeps the order of the pairs.
    """

    def __init__(self, pairs: Pairs, batch_size: int, seed: int | None = None):
        self._left = tf.constant(pairs.left, tf.string)
        self._right = tf.constant(pairs.right, tf.string)
        self._labels = tf.constant(pairs.scores, tf.float32)
        self._batch_size = batch_size
        self._seed = seed
        self._gather = tf.function(self._gather_eagerly, input_signature=[tf.TensorSpec([None], tf.int64)])

    def __len__(self) -> int:
        """Batches in an epoch."""
        return -(-len(self._labels) // self._batch_size)

    def order(self, epoch: int = 0) -> np.ndarray:
        """The indices of the pairs in the order of an epoch: int64 [pairs]."""
        count = len(self._labels)
        if self._seed is None:
            return np.arange(count)
        return np.random.default_rng([self._seed, epoch]).permutation(count)

    def rows(self, epoch: int, batch: int) -> np.ndarray:
        """The indices of the pairs in one batch, both counted from 0."""
        return self.order(epoch)[batch * self._batch_size : (batch + 1) * self._batch_size]

    def epoch(self, epoch: int = 0, first_batch: int = 0) -> Iterator[Batch]:
        """Yields the batches of an epoch, from `first_batch` on: `((left, right), labels)`.

        The texts lie in memory as tensors, so a batch costs a fraction of a millisecond; building a `tf.data` pipeline
        for each epoch costs more than a short epoch's training.
        """
        indices = self.order(epoch)
        for start in range(first_batch * self._batch_size, len(indices), self._batch_size):
            yield self._gather(tf.constant(indices[start : start + self._batch_size], tf.int64))

    def _gather_eagerly(self, indices: tf.Tensor) -> Batch:
        left, right = tf.gather(self._left, indices), tf.gather(self._right, indices)
        return (left, right), tf.gather(self._labels, indices)
