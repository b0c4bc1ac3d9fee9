"""Similarities of vectors, row by row and all against all.

The row-wise functions take `left` and `right`, both [batch, dimension], and return [batch]. They are differentiable
everywhere, also where two vectors are equal or one of them is zero.
"""

import math
from collections.abc import Callable

import tensorflow as tf

from tfsiamese.errors import SettingsError

__all__ = ["all_pairs", "angular", "cosine", "cosine_distance", "dot", "euclidean_distance", "get"]

Similarity = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]

_COSINE_LIMIT = 0.99999


def cosine(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """The dot product of the normalized vectors, from −1 to 1; 0 where a vector is zero."""
    return dot(_normalize(left), _normalize(right))


def angular(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """`1 − arccos(clip(cosine, ±0.99999)) / π`: from 0 (opposite) over 0.5 (orthogonal) to 1 (the same direction).

    The clip keeps the gradient finite where two vectors are the same: arccos has none at 1. It bounds the result to
    0.00142…0.99858.

    Reference: Cer et al., "Universal Sentence Encoder", arXiv:1803.11175, section 5.
    """
    return _angular_from_cosine(cosine(left, right))


def dot(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """The dot product, unbounded; the same as the cosine for vectors of length 1."""
    return tf.reduce_sum(tf.convert_to_tensor(left) * right, axis=-1)


def cosine_distance(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """`1 − cosine`, from 0 to 2."""
    return 1.0 - cosine(left, right)


def euclidean_distance(left: tf.Tensor, right: tf.Tensor) -> tf.Tensor:
    """The length of the difference. Its gradient is 0, not NaN, where the vectors are equal."""
    squared = tf.reduce_sum(tf.math.squared_difference(left, right), axis=-1)
    positive = squared > 0
    safe = tf.where(positive, squared, tf.ones_like(squared))
    return tf.where(positive, tf.sqrt(safe), tf.zeros_like(squared))


def all_pairs(left: tf.Tensor, right: tf.Tensor, name: str = "cosine") -> tf.Tensor:
    """Every vector of `left` against every vector of `right`.

    Args:
        left: float [n, dimension].
        right: float [m, dimension].
        name: "angular", "cosine" or "dot".

    Returns:
        float [n, m].
    """
    get(name)
    if name != "dot":
        left, right = _normalize(left), _normalize(right)
    products = tf.matmul(left, right, transpose_b=True)
    return _angular_from_cosine(products) if name == "angular" else products


def get(name: str) -> Similarity:
    """The row-wise similarity of that name: "angular", "cosine" or "dot".

    Raises:
        SettingsError: the name is unknown.
    """
    if name not in _SIMILARITIES:
        raise SettingsError(f"Unknown similarity {name!r}. Expected one of {', '.join(sorted(_SIMILARITIES))}.")
    return _SIMILARITIES[name]


def _normalize(vectors: tf.Tensor) -> tf.Tensor:
    return tf.math.l2_normalize(vectors, axis=-1)


def _angular_from_cosine(cosines: tf.Tensor) -> tf.Tensor:
    return 1.0 - tf.acos(tf.clip_by_value(cosines, -_COSINE_LIMIT, _COSINE_LIMIT)) / math.pi


_SIMILARITIES: dict[str, Similarity] = {"angular": angular, "cosine": cosine, "dot": dot}
