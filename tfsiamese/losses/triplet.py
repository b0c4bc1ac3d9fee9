"""An anchor closer to its positive than to its negative, by a margin."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from tfsiamese import similarity
from tfsiamese.losses.checks import require_one_of, require_positive
from tfsiamese.losses.examples import triplet_embeddings
from tfsiamese.losses.loss import Loss

__all__ = ["TripletLoss", "triplet_loss"]


def _manhattan_distance(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.abs(left - right), axis=-1)


_DISTANCES: dict[str, Callable[[tf.Tensor, tf.Tensor], tf.Tensor]] = {
    "euclidean": similarity.euclidean_distance,
    "cosine": similarity.cosine_distance,
    "manhattan": _manhattan_distance,
}


def triplet_loss(embeddings: Sequence[tf.Tensor], distance: str = "euclidean", margin: float = 5.0) -> tf.Tensor:
    """`mean(max(0, d(a, p) − d(a, n) + margin))` over all triplets of the batch.

    Each negative of a row makes one triplet. Rows without a negative make none.

    Args:
        embeddings: `(anchors, positives, negatives)`: [batch, dimension] twice, and a `tf.RaggedTensor`
            [batch, (number of negatives), dimension] or a dense tensor of these axes.
        distance: d, "euclidean", "cosine" (1 − cosine) or "manhattan".
        margin: how much further off than the positive a negative has to be.

    Returns:
        A scalar; 0 for a batch without negatives.

    Reference: Hermans, Beyer and Leibe, "In Defense of the Triplet Loss for Person Re-Identification",
        arXiv:1703.07737.
    """
    batch = triplet_embeddings(embeddings)
    distances = _DISTANCES[distance]
    positive = tf.gather(distances(batch.anchors, batch.positives), batch.negative_rows)
    negative = distances(tf.gather(batch.anchors, batch.negative_rows), batch.negatives)
    losses = tf.nn.relu(positive - negative + margin)
    return tf.math.divide_no_nan(tf.reduce_sum(losses), tf.cast(tf.size(losses), losses.dtype))


class TripletLoss(Loss):
    """`triplet_loss` with a distance and a margin.

    As sentence-transformers has it, which takes one negative a row.

    Args:
        distance: "euclidean", "cosine" or "manhattan".
        margin: how much further off than the positive a negative has to be. 5 suits Euclidean distances of vectors
            that are not normalized; vectors of length 1 are at most 2 apart.

    Raises:
        SettingsError: the margin is not positive, or the distance is unknown.
    """

    name = "triplet"
    shapes = ("triplets",)
    labels = "none"
    needs_negatives = True

    def __init__(self, distance: str = "euclidean", margin: float = 5.0):
        require_one_of("distance", distance, _DISTANCES)
        require_positive("margin", margin)
        self.distance = distance
        self.margin = margin

    def call(self, labels: Any, embeddings: Sequence[tf.Tensor]) -> tf.Tensor:
        """Computes the loss of `(anchors, positives, negatives)`; labels are not read."""
        return triplet_loss(embeddings, self.distance, self.margin)

    def get_config(self) -> dict[str, Any]:
        """Distance and margin."""
        return {"distance": self.distance, "margin": self.margin}
