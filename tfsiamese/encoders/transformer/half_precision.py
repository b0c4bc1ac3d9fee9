"""Brings numbers into the range of float16, whose largest is 65,504 and whose smallest with all its digits is 6e-5.

Each row of a factor is divided by a number of its own, which the product is multiplied by in float32. Loss scaling does
the same for gradients as a whole: Micikevicius et al., "Mixed Precision Training", arXiv:1710.03740.
"""

import tensorflow as tf

__all__ = ["scaled_rows"]

_SMALLEST = 1e-30


def scaled_rows(values: tf.Tensor, greatest: float) -> tuple[tf.Tensor, tf.Tensor]:
    """Divides the rows of a factor.

    Args:
        values: floats [..., n].
        greatest: the magnitude that each row is to have, of its greatest number.

    Returns:
        float16 [..., n], and float32 [..., 1], the numbers that rows were divided by. Those are constants to gradients.
    """
    values = tf.cast(values, tf.float32)
    magnitudes = tf.reduce_max(tf.abs(tf.stop_gradient(values)), axis=-1, keepdims=True)
    scales = tf.maximum(magnitudes, _SMALLEST) * (1.0 / greatest)
    return tf.cast(values / scales, tf.float16), scales
