"""Dense layers, norms and where their weights come from."""

from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from tfsiamese.encoders.transformer.half_precision import scaled_rows
from tfsiamese.encoders.transformer.lora import DOWN, UP

__all__ = ["Dense", "Norm", "Weights"]

# In float16: the sum over 10,000 inputs with weights up to 6 is within the range.
_GREATEST_INPUT = 1.0


class Weights:
    """Makes the variables of a network from arrays, and knows them by name in the order in which they were made.

    Args:
        arrays: float arrays by name.
        lora_scale: what the product of low-rank factors is multiplied by, where there are any among the arrays.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray], lora_scale: float = 1.0):
        self._arrays = arrays
        self.lora_scale = lora_scale
        self.variables: dict[str, tf.Variable] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def variable(self, name: str) -> tf.Variable:
        """The variable of a name, float32."""
        self.variables[name] = tf.Variable(np.asarray(self._arrays[name], np.float32), name=name)
        return self.variables[name]


class Dense(tf.Module):
    """x · kernel + bias.

    Args:
        weights: holds `name`/kernel [inputs, outputs] and perhaps `name`/bias [outputs] and low-rank factors.
        name: where they are.
        compute_type: the type of the product.
    """

    def __init__(self, weights: Weights, name: str, compute_type: tf.DType = tf.float32):
        super().__init__()
        self.kernel = weights.variable(f"{name}/kernel")
        self.bias = weights.variable(f"{name}/bias") if f"{name}/bias" in weights else None
        factors = f"{name}/{DOWN}", f"{name}/{UP}"
        self.factors = tuple(weights.variable(factor) for factor in factors) if factors[0] in weights else ()
        self._factor_scale = weights.lora_scale
        self._compute_type = compute_type

    def __call__(self, inputs: tf.Tensor, output_type: tf.DType = tf.float32) -> tf.Tensor:
        """Floats [n, inputs] -> [n, outputs].

        Args:
            inputs: float32, or of the type of the product.
            output_type: float32, or the type of the product: the bias is then added in it too, in one with the product.
        """
        outputs = self._multiply(inputs, self.kernel, output_type)
        if self.factors:
            down, up = self.factors
            outputs += self._multiply(self._multiply(inputs, down), up, output_type) * self._factor_scale
        return outputs if self.bias is None else tf.nn.bias_add(outputs, tf.cast(self.bias, output_type))

    def _multiply(self, inputs: tf.Tensor, kernel: tf.Variable, output_type: tf.DType = tf.float32) -> tf.Tensor:
        if self._compute_type == tf.float16:
            rows, scales = scaled_rows(inputs, _GREATEST_INPUT)
            return tf.cast(tf.cast(tf.matmul(rows, tf.cast(kernel, tf.float16)), tf.float32) * scales, output_type)
        product = tf.matmul(tf.cast(inputs, self._compute_type), tf.cast(kernel, self._compute_type))
        return tf.cast(product, output_type)


class Norm(tf.Module):
    """LayerNorm, or RMSNorm where `kind` is "rms".

    Args:
        weights: holds `name`/gain [width] and perhaps `name`/bias [width].
        name: where they are.
        kind: "layer" or "rms".
        epsilon: added to the variance.

    References: Ba et al., "Layer Normalization", arXiv:1607.06450; Zhang and Sennrich, "Root Mean Square Layer
        Normalization", arXiv:1910.07467.
    """

    def __init__(self, weights: Weights, name: str, kind: str, epsilon: float):
        super().__init__()
        self.gain = weights.variable(f"{name}/gain")
        self.bias = weights.variable(f"{name}/bias") if f"{name}/bias" in weights else None
        self._centered = kind == "layer"
        self._epsilon = epsilon

    def __call__(self, inputs: tf.Tensor) -> tf.Tensor:
        """Float32 [..., width] -> the same, each vector standardized, then scaled by the gain."""
        outputs = _standardize(inputs, self._epsilon, self._centered) * self.gain
        return outputs if self.bias is None else outputs + self.bias


def _standardize(inputs: tf.Tensor, epsilon: float, centered: bool) -> tf.Tensor:
    """Divides by the root of the variance, or of the mean square, along the last axis."""

    @tf.custom_gradient
    def standardize(inputs: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        deviations = inputs - tf.reduce_mean(inputs, axis=-1, keepdims=True) if centered else inputs
        variances = tf.reduce_mean(tf.square(deviations), axis=-1, keepdims=True)
        scales = tf.math.rsqrt(variances + epsilon)
        outputs = deviations * scales

        def gradient(upstream: tf.Tensor) -> tf.Tensor:
            # The part of the upstream gradient along the mean and along the output changes nothing.
            inward = upstream - outputs * tf.reduce_mean(upstream * outputs, axis=-1, keepdims=True)
            if centered:
                inward -= tf.reduce_mean(upstream, axis=-1, keepdims=True)
            return inward * scales

        return outputs, gradient

    return standardize(inputs)
