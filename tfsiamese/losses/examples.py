"""The embeddings of triplets, whose rows have any number of negatives."""

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf

from tfsiamese.errors import DataError

__all__ = ["TripletEmbeddings", "others_of_the_group", "triplet_embeddings"]


@dataclass(frozen=True)
class TripletEmbeddings:
    """What a batch of triplets embeds to, the negatives of all rows one after the other.

    Attributes:
        anchors: float [batch, dimension].
        positives: float [batch, dimension].
        negatives: float [num_negatives, dimension], of all rows.
        negative_rows: int64 [num_negatives], the row that each negative belongs to.
    """

    anchors: tf.Tensor
    positives: tf.Tensor
    negatives: tf.Tensor
    negative_rows: tf.Tensor


def triplet_embeddings(embeddings: Sequence[tf.Tensor]) -> TripletEmbeddings:
    """Brings the embeddings of triplets into one form.

    Args:
        embeddings: `(anchors, positives)` or `(anchors, positives, negatives)`; the negatives a `tf.RaggedTensor`
            [batch, (number of negatives), dimension] or a dense float [batch, number of negatives, dimension].

    Raises:
        DataError: there are fewer than two tensors or more than three, or the negatives have other axes.
    """
    if len(embeddings) not in (2, 3):
        raise DataError(
            f"Expected the embeddings of triplets: anchors, positives and, if there are any, negatives. Received "
            f"{len(embeddings)} tensors."
        )
    anchors, positives = (tf.convert_to_tensor(vectors) for vectors in embeddings[:2])
    if len(embeddings) == 2:
        return TripletEmbeddings(anchors, positives, positives[:0], tf.zeros([0], tf.int64))
    negatives = embeddings[2]
    if not isinstance(negatives, tf.RaggedTensor):
        negatives = tf.convert_to_tensor(negatives)
    if negatives.shape.rank != 3:
        raise DataError(
            f"Expected negatives of the axes [batch, number of negatives, dimension]. Received: {negatives.shape}."
        )
    if isinstance(negatives, tf.RaggedTensor):
        rows = negatives.value_rowids()
        vectors = negatives.values
        # A nested list becomes a tensor that is ragged in its dimension too.
        if isinstance(vectors, tf.RaggedTensor):
            vectors = vectors.to_tensor(shape=[None, anchors.shape[-1]])
        return TripletEmbeddings(anchors, positives, vectors, tf.cast(rows, tf.int64))
    batch_size, count, dimension = tf.unstack(tf.shape(negatives, tf.int64))
    rows = tf.repeat(tf.range(batch_size), count)
    return TripletEmbeddings(anchors, positives, tf.reshape(negatives, [batch_size * count, dimension]), rows)


def others_of_the_group(groups: tf.Tensor, indices: tf.Tensor) -> tf.Tensor:
    """Where a row of the batch is another one of the same group.

    Args:
        groups: int [batch].
        indices: int32 [chunk], the rows to compare with all of them.

    Returns:
        bool [chunk, batch].
    """
    groups = tf.convert_to_tensor(groups)
    same_group = tf.gather(groups, indices)[:, tf.newaxis] == groups
    return same_group & (indices[:, tf.newaxis] != tf.range(tf.shape(groups)[0]))
