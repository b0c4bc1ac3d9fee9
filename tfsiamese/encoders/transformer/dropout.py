"""Dropout whose masks follow from a seed, so that a training run can be repeated and resumed."""

import tensorflow as tf

__all__ = ["Dropout"]

_LEVELS = 65_536


class Dropout:
    """Drops numbers at random; each call under one seed draws other masks.

    Args:
        seed: int32 [2]; None drops nothing, as in inference.
        training: whether the pass through the network is one of training, with or without dropout.
    """

    def __init__(self, seed: tf.Tensor | None, training: bool = False):
        self.training = training
        self._seed = seed
        self._calls = 0

    def __call__(self, values: tf.Tensor, rate: float) -> tf.Tensor:
        """Sets each number to 0 with the probability `rate`, in steps of 1/65,536, and scales the others up."""
        threshold = round(rate * _LEVELS)
        if self._seed is None or threshold == 0:
            return values
        self._calls += 1
        # Half of a random word decides for each number: drawing them is a good part of the cost.
        size = tf.size(values)
        seed = self._seed + tf.constant([0, 1_000_003 * self._calls % 2**31], tf.int32)
        words = tf.random.stateless_uniform([(size + 1) // 2], seed, None, None, tf.int32)
        halves = tf.reshape(tf.bitcast(words, tf.uint16), [-1])[:size]
        keep = tf.cast(halves >= threshold, values.dtype) * (_LEVELS / (_LEVELS - threshold))
        return values * tf.reshape(keep, tf.shape(values))
