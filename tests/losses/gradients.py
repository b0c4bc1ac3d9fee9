"""A loss's value and gradients, as a test asks for them."""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf


def value_and_gradients(
    function: Callable[..., tf.Tensor], tensors: Sequence[tf.Tensor], compiled: bool = False
) -> tuple[float, list[np.ndarray]]:
    """Of `function(*tensors)`; compiled, as training does it, for batches of any size."""

    def compute(*tensors: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        with tf.GradientTape() as tape:
            tape.watch(tensors)
            value = function(*tensors)
        return value, tape.gradient(value, tensors, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    if compiled:
        signature = [tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype) for tensor in tensors]
        compute = tf.function(compute, input_signature=signature)
    value, gradients = compute(*tensors)
    return float(value), [np.asarray(tf.convert_to_tensor(gradient)) for gradient in gradients]


def normal(seed: int, *shape: int) -> tf.Tensor:
    """Numbers of a normal distribution, the same for the same seed."""
    return tf.constant(np.random.default_rng(seed).normal(size=shape), tf.float32)
