"""The part of a layer that works on each token for itself."""

import tensorflow as tf

from tfsiamese.encoders.transformer.activations import get_activation
from tfsiamese.encoders.transformer.configuration import TransformerConfiguration
from tfsiamese.encoders.transformer.dropout import Dropout
from tfsiamese.encoders.transformer.layers import Dense, Weights

__all__ = ["FeedForward"]


class FeedForward(tf.Module):
    """Two dense layers with an activation between them, or a gated one.

    Args:
        weights: holds `name`/inner and `name`/outer; where the configuration is gated, the columns of the inner kernel
            are those that get the activation, then those that it is multiplied by.
        name: where they are.
        configuration: of the transformer.
        compute_type: of the products.

    Reference: for the gated form, Shazeer, "GLU Variants Improve Transformer", arXiv:2002.05202.
    """

    def __init__(self, weights: Weights, name: str, configuration: TransformerConfiguration, compute_type: tf.DType):
        super().__init__()
        self.inner = Dense(weights, f"{name}/inner", compute_type)
        self.outer = Dense(weights, f"{name}/outer", compute_type)
        self._activations = {training: get_activation(configuration.activation, training) for training in (True, False)}
        self._compute_type = compute_type
        self._gated = configuration.gated
        self._dropout_rate = configuration.intermediate_dropout

    def __call__(self, states: tf.Tensor, dropout: Dropout) -> tf.Tensor:
        """Float32 [tokens, width] -> [tokens, width]."""
        # The gradient of the activation wants float32; so do cubes and products of what is within float16.
        exact = dropout.training or self._compute_type == tf.float16
        inner = self.inner(states, tf.float32 if exact else self._compute_type)
        activation = self._activations[dropout.training]
        if self._gated:
            activated, factors = tf.split(inner, 2, axis=-1)
            inner = activation(activated) * factors
        else:
            inner = activation(inner)
        return self.outer(dropout(inner, self._dropout_rate))
