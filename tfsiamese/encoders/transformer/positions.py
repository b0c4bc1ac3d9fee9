"""What tells tokens where they are: rotary angles, buckets of relative positions, and masks."""

import math

import numpy as np
import tensorflow as tf

from tfsiamese.encoders.transformer.flat_tokens import FlatTokens

__all__ = ["attention_mask", "relative_buckets", "rotary_angles", "rotate"]

# Added to the scores of what must not be attended to; far below any score, and finite in bfloat16 too.
_NEVER = -1e30
_FARTHEST = 128


def attention_mask(tokens: FlatTokens, causal: bool, max_distance: int | None) -> tf.Tensor:
    """What is added to attention scores: 0 or a large negative number, float32 [batch, longest or 1, longest]."""
    allowed = tokens.is_token[:, tf.newaxis, :]
    if causal or max_distance is not None:
        places = tf.range(tf.shape(tokens.padded)[1])
        distances = places[:, tf.newaxis] - places[tf.newaxis, :]
        if causal:
            allowed &= distances >= 0
        if max_distance is not None:
            allowed &= tf.abs(distances) <= max_distance
        # A padding query may be left without any key; its softmax is over equal scores, and nobody reads it.
    return tf.where(allowed, 0.0, _NEVER)


def rotary_angles(positions: tf.Tensor, base: float, head_size: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Cosines and sines of the angles that each token's vectors are turned by.

    Args:
        positions: int32 [tokens].
        base: the ratio of the longest to the shortest wavelength.
        head_size: length of the vectors.

    Returns:
        Two float32 [tokens, 1, head size / 2].

    Reference: Su et al., "RoFormer", arXiv:2104.09864.
    """
    exponents = np.arange(0, head_size, 2, dtype=np.float32) / np.float32(head_size)
    frequencies = np.float32(1.0) / np.power(np.float32(base), exponents)
    angles = tf.cast(positions, tf.float32)[:, tf.newaxis, tf.newaxis] * frequencies
    return tf.cos(angles), tf.sin(angles)


def rotate(vectors: tf.Tensor, cosines: tf.Tensor, sines: tf.Tensor) -> tf.Tensor:
    """Turns float32 [tokens, heads, head size]; number i pairs with number i + head size / 2."""
    first, second = tf.split(vectors, 2, axis=-1)
    return tf.concat([first * cosines - second * sines, second * cosines + first * sines], axis=-1)


def relative_buckets(longest: tf.Tensor, num_buckets: int) -> tf.Tensor:
    """The bucket of each query's and key's distance: int32 [longest, longest].

    Half of the buckets are for keys after the query. In each half, one half is for each small distance, the other for
    logarithmically growing ranges up to 128 tokens, and the last one also for all beyond.

    Reference: Raffel et al., "Exploring the Limits of Transfer Learning", arXiv:1910.10683, section 2.1.
    """
    places = tf.range(longest)
    distances = places[tf.newaxis, :] - places[:, tf.newaxis]
    half = num_buckets // 2
    exact = half // 2
    # The table is computed once, in float32 as where the weights were trained; distances beyond it share a bucket.
    table = np.arange(_FARTHEST + 1)
    with np.errstate(divide="ignore"):
        logarithms = np.log(table.astype(np.float32) / np.float32(exact)) / np.float32(math.log(_FARTHEST / exact))
    far = exact + np.maximum(logarithms * np.float32(half - exact), 0).astype(np.int32)
    table = np.where(table < exact, table, np.minimum(far, half - 1)).astype(np.int32)
    near = tf.gather(tf.constant(table), tf.minimum(tf.abs(distances), _FARTHEST))
    return tf.where(distances > 0, half, 0) + near
