"""Losses on the order of graded pairs: what is graded higher should be more similar."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tfsiamese import similarity as similarities
from tfsiamese.losses.checks import require_one_of, require_positive
from tfsiamese.losses.loss import Loss

__all__ = ["AnglELoss", "CoSENTLoss", "angle_similarity", "cosent_loss"]

_SIMILARITIES = ("cosine", "dot", "angular")


def cosent_loss(labels: tf.Tensor, similarities: tf.Tensor, scale: float = 20.0) -> tf.Tensor:
    """`log(1 + Σ exp(scale · (sⱼ − sᵢ)))` over all i, j of the batch with labelᵢ > labelⱼ.

    Sorted by label, the sum over j for each i is a cumulative one, so a batch of n costs n log n and not n².

    Args:
        labels: float [batch]; only their order counts.
        similarities: float [batch].
        scale: the inverse of the temperature.

    Returns:
        A scalar; 0 where all labels are equal.

    Reference: Su, "CoSENT: a better sentence embedding scheme than Sentence-BERT", kexue.fm/archives/8847.
    """
    labels = tf.convert_to_tensor(labels)
    order = tf.argsort(labels, stable=True)
    labels, scores = tf.gather(labels, order), scale * tf.gather(similarities, order)
    nothing = tf.fill([1], scores.dtype.min)
    higher = tf.concat([tf.math.cumulative_logsumexp(-scores, reverse=True), nothing], axis=0)
    higher = tf.gather(higher, tf.searchsorted(labels, labels, side="right"))
    return tf.reduce_logsumexp(tf.concat([tf.zeros([1], scores.dtype), scores + higher], axis=0))


def angle_similarity(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """`|Σ Re(x · ȳ) + Im(x · ȳ)|` of the normalized vectors as complex ones: first half real, second half imaginary.

    Args:
        left: x, float [batch, dimension]; a zero is added to an odd dimension.
        right: y, float [batch, dimension].

    Returns:
        float [batch], from 0 to √2.

    Reference: Li and Li, "AnglE-optimized Text Embeddings", arXiv:2309.12871.
    """
    (left_real, left_imaginary), (right_real, right_imaginary) = _complex(left), _complex(right)
    real = left_real * right_real + left_imaginary * right_imaginary
    imaginary = left_imaginary * right_real - left_real * right_imaginary
    return tf.abs(tf.reduce_sum(real + imaginary, axis=-1))


def _complex(vectors: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    vectors = tf.math.l2_normalize(vectors, axis=-1)
    vectors = tf.pad(vectors, [[0, 0], [0, tf.shape(vectors)[-1] % 2]])
    half = tf.shape(vectors)[-1] // 2
    return vectors[:, :half], vectors[:, half:]


class CoSENTLoss(Loss):
    """`cosent_loss` of a similarity: the order of the scores counts, not their size.

    It learns from comparisons within a batch, so it wants larger batches than a squared error does.

    Args:
        scale: the inverse of the temperature.
        similarity: "cosine", "dot" or "angular".

    Raises:
        SettingsError: the scale is not positive, or the similarity is unknown.
    """

    name = "cosent"
    compares_rows = True

    def __init__(self, scale: float = 20.0, similarity: str = "cosine"):
        require_positive("scale", scale)
        require_one_of("similarity", similarity, _SIMILARITIES)
        self.scale = scale
        self.similarity = similarity

    def call(self, labels: tf.Tensor, embeddings: Sequence[tf.Tensor]) -> tf.Tensor:
        """Computes the loss of `(left, right)` embeddings."""
        left, right = (tf.convert_to_tensor(vectors) for vectors in embeddings)
        return cosent_loss(labels, similarities.get(self.similarity)(left, right), self.scale)

    def get_config(self) -> dict[str, Any]:
        """Scale and similarity."""
        return {"scale": self.scale, "similarity": self.similarity}


class AnglELoss(Loss):
    """`cosent_loss` of `angle_similarity`, whose gradient doesn't vanish where the cosine's does.

    As sentence-transformers has it: the angle's term alone, without the two others of the paper.

    Args:
        scale: the inverse of the temperature.

    Raises:
        SettingsError: the scale is not positive.
    """

    name = "angle"
    compares_rows = True

    def __init__(self, scale: float = 20.0):
        require_positive("scale", scale)
        self.scale = scale

    def call(self, labels: tf.Tensor, embeddings: Sequence[tf.Tensor]) -> tf.Tensor:
        """Computes the loss of `(left, right)` embeddings."""
        left, right = (tf.convert_to_tensor(vectors) for vectors in embeddings)
        return cosent_loss(labels, angle_similarity(left, right), self.scale)

    def get_config(self) -> dict[str, Any]:
        """The scale."""
        return {"scale": self.scale}
