"""Keeping what the base encoder knew."""

import tensorflow as tf

from tfsiamese import similarity

__all__ = ["retention_loss"]


def retention_loss(embeddings: tf.Tensor, base: tf.Tensor) -> tf.Tensor:
    """`mean((cos(eᵢ, eⱼ) − cos(bᵢ, bⱼ))²)` over all i, j: how far the similarities of general texts have moved.

    A term to add, weighted, to the loss of a domain: computed on a few general texts at each step, it holds their
    similarities where the base encoder had them, while the embeddings themselves are free to move. The encoders may
    have different dimensions.

    Args:
        embeddings: float [n, dimension], of the encoder in training.
        base: float [n, base dimension], of the same texts by the encoder that training started from. No gradient
            flows to it.

    Returns:
        A scalar.

    Reference: a form of relational knowledge distillation, Park et al., arXiv:1904.05068, with cosines in place of its
        distances and angles.
    """
    kept = similarity.all_pairs(base, base)
    now = similarity.all_pairs(embeddings, embeddings)
    return tf.reduce_mean(tf.math.squared_difference(now, tf.stop_gradient(kept)))
