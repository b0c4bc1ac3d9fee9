"""Triplet losses that find the triplets in a batch of labelled texts themselves.

The functions take `labels`, int [batch], and `distances`, float [batch, batch]. Each text is an anchor; those of its
class are its positives, all others its negatives. A batch of a single class holds no triplet and costs 0, where
sentence-transformers counts its distances or the margin; otherwise values are the same.

Reference: Hermans, Beyer and Leibe, "In Defense of the Triplet Loss for Person Re-Identification", arXiv:1703.07737.
"""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tfsiamese import similarity
from tfsiamese.losses.checks import require_one_of, require_positive
from tfsiamese.losses.loss import Loss

__all__ = [
    "BatchAllTripletLoss",
    "BatchHardSoftMarginTripletLoss",
    "BatchHardTripletLoss",
    "BatchSemiHardTripletLoss",
    "all_distances",
    "batch_all_triplet_loss",
    "batch_hard_triplet_loss",
    "batch_semi_hard_triplet_loss",
]

_DISTANCES = ("euclidean", "cosine")
_COSTS_NOTHING = 1e-16


def all_distances(embeddings: tf.Tensor, distance: str = "euclidean") -> tf.Tensor:
    """Every vector's distance from every other: float [batch, batch]; "euclidean", or "cosine" (1 − cosine).

    The gradient is 0, not NaN, where vectors are equal.
    """
    if distance == "cosine":
        return 1.0 - similarity.all_pairs(embeddings, embeddings)
    products = tf.matmul(embeddings, embeddings, transpose_b=True)
    norms = tf.linalg.diag_part(products)
    squared = norms[:, tf.newaxis] - 2.0 * products + norms
    positive = squared > 0
    safe = tf.where(positive, squared, tf.ones_like(squared))
    return tf.where(positive, tf.sqrt(safe), tf.zeros_like(squared))


def batch_hard_triplet_loss(labels: tf.Tensor, distances: tf.Tensor, margin: float | None = 5.0) -> tf.Tensor:
    """`mean(max(0, furthest positive − closest negative + margin))` over the anchors.

    An anchor alone in its class has 0 for its furthest positive.

    Args:
        labels: int [batch].
        distances: float [batch, batch].
        margin: how much further off the negative has to be; None for the soft margin, `log(1 + exp(difference))`.

    Returns:
        A scalar.
    """
    distances = tf.convert_to_tensor(distances)
    positives, negatives = _positives_and_negatives(labels)
    furthest_positive = tf.reduce_max(tf.where(positives, distances, 0.0), axis=1)
    closest_negative = tf.reduce_min(tf.where(negatives, distances, distances.dtype.max), axis=1)
    closest_negative = tf.where(tf.reduce_any(negatives, axis=1), closest_negative, furthest_positive)
    difference = furthest_positive - closest_negative
    losses = tf.math.softplus(difference) if margin is None else tf.nn.relu(difference + margin)
    # Without any negative a difference is 0, and would cost the margin.
    return tf.where(tf.reduce_any(negatives), tf.reduce_mean(losses), 0.0)


def batch_semi_hard_triplet_loss(labels: tf.Tensor, distances: tf.Tensor, margin: float = 5.0) -> tf.Tensor:
    """`mean(max(0, d(a, p) − d(a, n) + margin))` over all anchors and positives, with one negative for each.

    It is the closest negative that lies further off than the positive or, where none does, the furthest negative.

    Args:
        labels: int [batch].
        distances: float [batch, batch].
        margin: how much further off than the positive the negative has to be.

    Returns:
        A scalar.

    Reference: Schroff, Kalenichenko and Philbin, "FaceNet", arXiv:1503.03832, section 3.2.
    """
    distances = tf.convert_to_tensor(distances)
    positives, negatives = _positives_and_negatives(labels)
    num_negatives = tf.reduce_sum(tf.cast(negatives, tf.int32), axis=1, keepdims=True)
    of_negatives = tf.where(negatives, distances, distances.dtype.max)
    order = tf.argsort(of_negatives, axis=1)
    positions = tf.searchsorted(tf.gather(of_negatives, order, batch_dims=1), distances, side="right")
    further = tf.gather(order, tf.minimum(positions, tf.shape(order)[1] - 1), batch_dims=1)
    further = tf.gather(distances, further, batch_dims=1)
    furthest = tf.reduce_max(tf.where(negatives, distances, distances.dtype.min), axis=1, keepdims=True)
    negative = tf.where(positions < num_negatives, further, furthest)
    counted = positives & (num_negatives > 0)
    losses = tf.nn.relu(tf.boolean_mask(distances - negative, counted) + margin)
    return tf.math.divide_no_nan(tf.reduce_sum(losses), tf.cast(tf.size(losses), losses.dtype))


def batch_all_triplet_loss(labels: tf.Tensor, distances: tf.Tensor, margin: float = 5.0) -> tf.Tensor:
    """`max(0, d(a, p) − d(a, n) + margin)` of all triplets, averaged over those that cost something.

    Args:
        labels: int [batch].
        distances: float [batch, batch].
        margin: how much further off than the positive a negative has to be.

    Returns:
        A scalar; 0 if no triplet costs anything.
    """
    distances = tf.convert_to_tensor(distances)
    positives, negatives = _positives_and_negatives(labels)
    pairs = tf.where(positives)
    anchors = pairs[:, 0]
    losses = tf.nn.relu(tf.gather_nd(distances, pairs)[:, tf.newaxis] - tf.gather(distances, anchors) + margin)
    losses = tf.where(tf.gather(negatives, anchors), losses, 0.0)
    num_costly = tf.reduce_sum(tf.cast(losses > _COSTS_NOTHING, losses.dtype))
    return tf.math.divide_no_nan(tf.reduce_sum(losses), num_costly)


def _positives_and_negatives(labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Of each row, bool [batch, batch] twice."""
    labels = tf.convert_to_tensor(labels)
    same = labels[:, tf.newaxis] == labels
    itself = tf.eye(tf.size(labels), dtype=tf.bool)
    return same & ~itself, ~same


class BatchHardSoftMarginTripletLoss(Loss):
    """`batch_hard_triplet_loss` with the soft margin, which has nothing to set and never stops pulling.

    Args:
        distance: "euclidean" or "cosine".

    Raises:
        SettingsError: the distance is unknown.
    """

    name = "batch-hard-soft-margin"
    shapes = ("classes",)
    compares_rows = True
    labels = "classes"

    def __init__(self, distance: str = "euclidean"):
        require_one_of("distance", distance, _DISTANCES)
        self.distance = distance

    def call(self, labels: tf.Tensor, embeddings: Sequence[tf.Tensor]) -> tf.Tensor:
        """Computes the loss of `(embeddings,)`; `labels` are classes."""
        (vectors,) = embeddings
        return self._loss(labels, all_distances(tf.convert_to_tensor(vectors), self.distance))

    def get_config(self) -> dict[str, Any]:
        """The distance."""
        return {"distance": self.distance}

    def _loss(self, labels: tf.Tensor, distances: tf.Tensor) -> tf.Tensor:
        return batch_hard_triplet_loss(labels, distances, margin=None)


class BatchHardTripletLoss(BatchHardSoftMarginTripletLoss):
    """`batch_hard_triplet_loss`: of each anchor its furthest positive and its closest negative.

    Args:
        distance: "euclidean" or "cosine".
        margin: how much further off the negative has to be; 5 suits Euclidean distances of vectors that are not
            normalized.

    Raises:
        SettingsError: the margin is not positive, or the distance is unknown.
    """

    name = "batch-hard"

    def __init__(self, distance: str = "euclidean", margin: float = 5.0):
        super().__init__(distance)
        require_positive("margin", margin)
        self.margin = margin

    def get_config(self) -> dict[str, Any]:
        """Distance and margin."""
        return {"distance": self.distance, "margin": self.margin}

    def _loss(self, labels: tf.Tensor, distances: tf.Tensor) -> tf.Tensor:
        return batch_hard_triplet_loss(labels, distances, self.margin)


class BatchSemiHardTripletLoss(BatchHardTripletLoss):
    """`batch_semi_hard_triplet_loss`; settings as for `BatchHardTripletLoss`."""

    name = "batch-semi-hard"

    def _loss(self, labels: tf.Tensor, distances: tf.Tensor) -> tf.Tensor:
        return batch_semi_hard_triplet_loss(labels, distances, self.margin)


class BatchAllTripletLoss(BatchHardTripletLoss):
    """`batch_all_triplet_loss`; settings as for `BatchHardTripletLoss`.

    Its memory grows with the number of triplets, so it wants small batches or small classes.
    """

    name = "batch-all"

    def _loss(self, labels: tf.Tensor, distances: tf.Tensor) -> tf.Tensor:
        return batch_all_triplet_loss(labels, distances, self.margin)
