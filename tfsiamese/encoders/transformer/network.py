"""The transformer: token ids -> a vector for each token."""

from collections.abc import Callable, Mapping

import numpy as np
import tensorflow as tf

from tfsiamese.encoders.transformer.attention import Attention, AttentionContext
from tfsiamese.encoders.transformer.configuration import LayerConfiguration, TransformerConfiguration
from tfsiamese.encoders.transformer.dropout import Dropout
from tfsiamese.encoders.transformer.embeddings import Embeddings
from tfsiamese.encoders.transformer.feed_forward import FeedForward
from tfsiamese.encoders.transformer.flat_tokens import FlatTokens
from tfsiamese.encoders.transformer.layers import Norm, Weights
from tfsiamese.encoders.transformer.lora import DOWN, UP, LoraSettings
from tfsiamese.encoders.transformer.positions import attention_mask, relative_buckets, rotary_angles

__all__ = ["Transformer"]


class Transformer(tf.Module):
    """A stack of layers on flat tokens.

    Args:
        configuration: its shape.
        arrays: the weights by name: "embeddings/…", "layers/<n>/…", "final_norm/…", "relative_bias/table".
        compute_type: the type of matrix products; everything else is float32.
        lora: adapters beside the kernels.

    Attributes:
        weights: the variables by name, from the embeddings up.
    """

    def __init__(
        self,
        configuration: TransformerConfiguration,
        arrays: Mapping[str, np.ndarray],
        compute_type: tf.DType = tf.float32,
        lora: LoraSettings | None = None,
    ):
        super().__init__()
        weights = Weights(arrays) if lora is None else Weights({**arrays, **lora.factors(arrays)}, lora.scale)
        self._lora = lora
        self.configuration = configuration
        self._compute_type = compute_type
        self.embeddings = Embeddings(weights, configuration)
        self.relative_bias = weights.variable("relative_bias/table") if configuration.num_relative_buckets else None
        self.layers = [
            _Layer(weights, f"layers/{index}", configuration, layer, compute_type)
            for index, layer in enumerate(configuration.layers)
        ]
        self.final_norm = None
        if configuration.final_norm:
            self.final_norm = Norm(weights, "final_norm", configuration.norm, configuration.norm_eps)
        self.weights = weights.variables

    def __call__(self, tokens: FlatTokens, dropout: Dropout) -> tf.Tensor:
        """Float32 [tokens, width], one vector for each token."""
        states = self.embeddings(tokens, dropout)
        context = self._context(tokens, dropout)
        for layer in self.layers:
            states = layer(states, context)
        return states if self.final_norm is None else self.final_norm(states)

    def merged_arrays(self) -> dict[str, np.ndarray]:
        """The weights as they are now, by name, with adapters added into their kernels."""
        arrays = {name: variable.numpy() for name, variable in self.weights.items()}
        if self._lora is None:
            return arrays
        for name in [name for name in arrays if name.endswith(f"/{DOWN}")]:
            layer = name.removesuffix(f"/{DOWN}")
            arrays[f"{layer}/kernel"] = arrays[f"{layer}/kernel"] + self._lora.scale * arrays.pop(name) @ arrays.pop(
                f"{layer}/{UP}"
            )
        return arrays

    def merged(self) -> "Transformer":
        """The same transformer with adapters added into its kernels, in variables of its own."""
        return Transformer(self.configuration, self.merged_arrays(), self._compute_type)

    def _context(self, tokens: FlatTokens, dropout: Dropout) -> AttentionContext:
        configuration = self.configuration
        biases = {}
        for distance in {layer.max_distance for layer in configuration.layers}:
            # [keys' heads, heads for each, batch, longest, longest], which has size 1 where all are alike.
            biases[distance] = attention_mask(tokens, configuration.causal, distance)[tf.newaxis, tf.newaxis]
            if self.relative_bias is not None:
                buckets = relative_buckets(tf.shape(tokens.padded)[1], configuration.num_relative_buckets)
                by_head = tf.transpose(tf.gather(self.relative_bias, buckets), [2, 0, 1])
                biases[distance] += by_head[:, tf.newaxis, tf.newaxis]
        bases = {layer.rotary_base for layer in configuration.layers if layer.rotary_base is not None}
        rotations = {base: rotary_angles(tokens.positions, base, configuration.head_size) for base in bases}
        return AttentionContext(tokens, biases, rotations, dropout)


class _Layer(tf.Module):
    """Attention, then the feed-forward part, each with its residual sum and norm."""

    def __init__(
        self,
        weights: Weights,
        name: str,
        configuration: TransformerConfiguration,
        layer: LayerConfiguration,
        compute_type: tf.DType,
    ):
        super().__init__()
        self._norm_first = configuration.norm_first
        self._rates = configuration.attention_output_dropout, configuration.feed_forward_dropout
        kind, epsilon = configuration.norm, configuration.norm_eps
        self.attention = Attention(weights, f"{name}/attention", configuration, layer, compute_type)
        # The first layer of ModernBERT has none: the embeddings are normed already.
        self.attention_norm: Callable[[tf.Tensor], tf.Tensor] = tf.identity
        if layer.attention_norm:
            self.attention_norm = Norm(weights, f"{name}/attention_norm", kind, epsilon)
        self.feed_forward = FeedForward(weights, f"{name}/feed_forward", configuration, compute_type)
        self.feed_forward_norm = Norm(weights, f"{name}/feed_forward_norm", kind, epsilon)

    def __call__(self, states: tf.Tensor, context: AttentionContext) -> tf.Tensor:
        dropout = context.dropout
        attention_rate, feed_forward_rate = self._rates
        if self._norm_first:
            states += dropout(self.attention(self.attention_norm(states), context), attention_rate)
            return states + dropout(self.feed_forward(self.feed_forward_norm(states), dropout), feed_forward_rate)
        states = self.attention_norm(states + dropout(self.attention(states, context), attention_rate))
        return self.feed_forward_norm(states + dropout(self.feed_forward(states, dropout), feed_forward_rate))
