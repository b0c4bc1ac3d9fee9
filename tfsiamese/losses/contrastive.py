"""Losses that pull the same together and push what differs beyond a margin. Labels are 1 (same) or 0 (different)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfsiamese import similarity
from tfsiamese.losses.checks import require_one_of, require_positive
from tfsiamese.losses.loss import Loss, require_binary_labels

__all__ = ["ContrastiveLoss", "OnlineContrastiveLoss", "contrastive_loss", "online_contrastive_loss"]

_DISTANCES = {"cosine": similarity.cosine_distance, "euclidean": similarity.euclidean_distance}


def contrastive_loss(labels: tf.Tensor, distances: tf.Tensor, margin: float = 0.5) -> tf.Tensor:
    """`mean(½ · (y · d² + (1 − y) · max(0, margin − d)²))`.

    Args:
        labels: float [batch], 1 where the pair is the same, else 0.
        distances: float [batch], not negative.
        margin: the distance beyond which a different pair costs nothing.

    Returns:
        A scalar.

    Reference: Hadsell, Chopra and LeCun, "Dimensionality Reduction by Learning an Invariant Mapping", CVPR 2006,
        equation 4, where Y = 1 − y.
    """
    labels = tf.cast(labels, distances.dtype)
    same = labels * tf.square(distances)
    different = (1.0 - labels) * tf.square(tf.nn.relu(margin - distances))
    return tf.reduce_mean(0.5 * (same + different))


def online_contrastive_loss(labels: tf.Tensor, distances: tf.Tensor, margin: float = 0.5) -> tf.Tensor:
    """The contrastive loss over a batch's hard pairs only, summed and without the factor ½.

    Hard are the same pairs that lie further apart than the closest different pair, and the different pairs that lie
    closer than the furthest same pair. Where a batch holds no same pair, the mean over the different ones stands for
    that bound, and the other way round.

    Args:
        labels: float [batch], 1 where the pair is the same, else 0.
        distances: float [batch], not negative.
        margin: the distance beyond which a different pair costs nothing.

    Returns:
        A scalar; 0 for a batch without hard pairs.

    Reference: `OnlineContrastiveLoss` of sentence-transformers (sbert.net), which introduced it.
    """
    is_same = tf.cast(labels, tf.bool)
    same, different = distances[is_same], distances[~is_same]
    furthest_same = tf.cond(tf.size(same) > 0, lambda: tf.reduce_max(same), lambda: tf.reduce_mean(different))
    closest_different = tf.cond(tf.size(different) > 0, lambda: tf.reduce_min(different), lambda: tf.reduce_mean(same))
    hard_same = same[same > closest_different]
    hard_different = different[different < furthest_same]
    return tf.reduce_sum(tf.square(hard_same)) + tf.reduce_sum(tf.square(tf.nn.relu(margin - hard_different)))


class ContrastiveLoss(Loss):
    """`contrastive_loss` on a distance of the embeddings.

    Args:
        margin: the distance beyond which a different pair costs nothing; 0.5 suits the cosine distance.
        distance: "cosine" (1 − cosine, 0 to 2) or "euclidean".

    Raises:
        SettingsError: the margin is not positive, or the distance is unknown.
    """

    name = "contrastive"

    def __init__(self, margin: float = 0.5, distance: str = "cosine"):
        require_positive("margin", margin)
        require_one_of("distance", distance, _DISTANCES)
        self.margin = margin
        self.distance = distance

    def call(self, labels: tf.Tensor, embeddings: Sequence[tf.Tensor]) -> tf.Tensor:
        """Computes the loss of `(left, right)` embeddings."""
        return contrastive_loss(labels, self._distances(embeddings), self.margin)

    def check_labels(self, labels: np.ndarray) -> None:
        """Wants 0 and 1 only."""
        require_binary_labels(labels, self.name)

    def get_config(self) -> dict[str, Any]:
        """Margin and distance."""
        return {"margin": self.margin, "distance": self.distance}

    def _distances(self, embeddings: Sequence[tf.Tensor]) -> tf.Tensor:
        left, right = (tf.convert_to_tensor(vectors) for vectors in embeddings)
        return _DISTANCES[self.distance](left, right)


class OnlineContrastiveLoss(ContrastiveLoss):
    """`online_contrastive_loss` on a distance of the embeddings; settings as for `ContrastiveLoss`.

    It learns from the hard pairs of each batch, so it wants larger batches than the plain loss: 32 and more.
    """

    name = "online-contrastive"
    compares_rows = True

    def call(self, labels: tf.Tensor, embeddings: Sequence[tf.Tensor]) -> tf.Tensor:
        """Computes the loss of `(left, right)` embeddings."""
        return online_contrastive_loss(labels, self._distances(embeddings), self.margin)
