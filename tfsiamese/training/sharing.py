"""Which of a batch's texts a replica encodes."""

from dataclasses import dataclass

import tensorflow as tf

__all__ = ["Share", "share_of"]


@dataclass(frozen=True)
class Share:
    """The texts of one replica. All have the same number, so that none is without any; some then encode one in vain.

    Attributes:
        texts: string [k].
        places: int32 [k], where they stand among all texts.
        counts: float32 [k, 1], 1 for texts that are this replica's, 0 for the one that makes its share full.
        total: how many texts there are, int32.
        number: how many replicas share them.
    """

    texts: tf.Tensor
    places: tf.Tensor
    counts: tf.Tensor
    total: tf.Tensor
    number: int

    def spread(self, vectors: tf.Tensor) -> tf.Tensor:
        """The vectors of the share in their places, zeros elsewhere: [k, dimension] -> [total, dimension]."""
        if self.number == 1:
            return vectors
        shape = tf.stack([self.total, tf.shape(vectors)[1]])
        spread = tf.scatter_nd(self.places[:, tf.newaxis], vectors * self.counts, shape)
        return tf.ensure_shape(spread, [None, vectors.shape[1]])

    def select(self, gradients: tf.Tensor) -> tf.Tensor:
        """The reverse, of gradients: [total, dimension] -> [k, dimension]."""
        return gradients if self.number == 1 else tf.gather(gradients, self.places) * self.counts


def share_of(texts: tf.Tensor, replica: int, number: int) -> Share:
    """Deals texts out to replicas, from the longest to the shortest, so that all have about as much to do.

    Args:
        texts: string [total], at least one.
        replica: which replica's share, from 0.
        number: of replicas.
    """
    total = tf.size(texts)
    if number == 1:
        return Share(texts, tf.range(total), tf.ones([total, 1]), total, number)
    with tf.device("CPU:0"):
        order = tf.argsort(tf.strings.length(texts), direction="DESCENDING", stable=True)
        each = (total + number - 1) // number
        ranks = tf.range(each) * number + replica
        places = tf.gather(order, tf.minimum(ranks, total - 1))
        return Share(tf.gather(texts, places), places, tf.cast(ranks < total, tf.float32)[:, tf.newaxis], total, number)
