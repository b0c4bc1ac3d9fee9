"""Self-attention of the tokens of each row."""

import math
from typing import NamedTuple

import tensorflow as tf

from tfsiamese.encoders.transformer.configuration import LayerConfiguration, TransformerConfiguration
from tfsiamese.encoders.transformer.dropout import Dropout
from tfsiamese.encoders.transformer.flat_tokens import FlatTokens
from tfsiamese.encoders.transformer.half_precision import scaled_rows
from tfsiamese.encoders.transformer.layers import Dense, Norm, Weights
from tfsiamese.encoders.transformer.positions import rotate

__all__ = ["Attention", "AttentionContext"]

# Of one layer at a time: 128 MB.
_MOST_SCORES = 32 * 2**20

# In float16: scores are within the range for heads of 256 with keys up to 4,000.
_GREATEST_QUERY = 1 / 16


class AttentionContext(NamedTuple):
    """What all layers share in one pass.

    Attributes:
        tokens: where the tokens are.
        biases: by the layers' greatest distance, what is added to attention scores: 0, a large negative number where
            a token does not attend to another, and relative positions' biases.
        rotations: by the layers' rotary base, the cosines and sines of each token's angles, two of them,
            float32 [tokens, 1, head size / 2].
        dropout: drops attention probabilities and outputs.
    """

    tokens: FlatTokens
    biases: dict[int | None, tf.Tensor]
    rotations: dict[float, tuple[tf.Tensor, tf.Tensor]]
    dropout: Dropout


class Attention(tf.Module):
    """Multi-head attention with one product for queries, keys and values.

    Args:
        weights: holds `name`/projection, `name`/output and perhaps `name`/query_norm and `name`/key_norm.
        name: where they are.
        configuration: of the transformer.
        layer: of this layer.
        compute_type: of the products.

    Reference: Vaswani et al., "Attention Is All You Need", arXiv:1706.03762; grouped keys and values: Ainslie et al.,
        "GQA", arXiv:2305.13245.
    """

    def __init__(
        self,
        weights: Weights,
        name: str,
        configuration: TransformerConfiguration,
        layer: LayerConfiguration,
        compute_type: tf.DType,
    ):
        super().__init__()
        self.projection = Dense(weights, f"{name}/projection", compute_type)
        self.output = Dense(weights, f"{name}/output", compute_type)
        self.norms: tuple[Norm, ...] = ()
        if configuration.head_norm:
            norms = (f"{name}/query_norm", f"{name}/key_norm")
            self.norms = tuple(Norm(weights, norm, configuration.norm, configuration.norm_eps) for norm in norms)
        self._configuration = configuration
        self._layer = layer
        self._compute_type = compute_type

    def __call__(self, states: tf.Tensor, context: AttentionContext) -> tf.Tensor:
        """Float32 [tokens, width] -> [tokens, width]."""
        configuration, tokens = self._configuration, context.tokens
        # Turning vectors, and the sums of gradients, want float32.
        exact = context.dropout.training or self.norms or self._layer.rotary_base is not None
        exact = exact or self._compute_type == tf.float16
        projected = self._turn(self.projection(states, tf.float32 if exact else self._compute_type), context)
        heads, key_heads, size = configuration.num_heads, configuration.num_key_value_heads, configuration.head_size
        batch, longest = tf.unstack(tf.shape(tokens.padded))
        padded = tf.cast(tokens.pad(projected), self._compute_type)
        padded = tf.reshape(padded, [batch, longest, heads + 2 * key_heads, size])
        by_head = tf.transpose(padded, [2, 0, 1, 3])
        queries, keys, values = tf.split(by_head, [heads, key_heads, key_heads])
        # Heads that share keys and values stand side by side; with as many keys as queries, [heads, 1, …].
        queries = tf.reshape(queries, [key_heads, heads // key_heads, batch, longest, size])
        keys, values = keys[:, tf.newaxis], values[:, tf.newaxis]
        bias = context.biases[self._layer.max_distance]
        if context.dropout.training:
            attended = self._attend(queries, keys, values, bias, context.dropout)
        else:
            block = tf.maximum(_MOST_SCORES // (heads * batch * longest + 1), 1)
            attended = tf.cond(
                block >= longest,
                lambda: self._attend(queries, keys, values, bias, context.dropout),
                lambda: self._attend_in_blocks(queries, keys, values, bias, block),
            )
        attended = tf.transpose(tf.reshape(attended, [heads, batch, longest, size]), [1, 2, 0, 3])
        attended = tf.reshape(attended, [batch, longest, configuration.query_width])
        return self.output(tokens.flatten(attended))

    def _attend(
        self, queries: tf.Tensor, keys: tf.Tensor, values: tf.Tensor, bias: tf.Tensor, dropout: Dropout
    ) -> tf.Tensor:
        """What queries [key heads, heads each, batch, n, size] find among keys and values: of the same shape."""
        scale: float | tf.Tensor = 1.0 / math.sqrt(self._configuration.head_size)
        if self._compute_type == tf.float16:
            queries, scales = scaled_rows(queries, _GREATEST_QUERY)
            scale *= scales
        scores = tf.cast(tf.matmul(queries, keys, transpose_b=True), tf.float32)
        scores = scores * scale + bias
        probabilities = dropout(tf.nn.softmax(scores), self._configuration.attention_dropout)
        return tf.matmul(tf.cast(probabilities, self._compute_type), values)

    def _attend_in_blocks(
        self, queries: tf.Tensor, keys: tf.Tensor, values: tf.Tensor, bias: tf.Tensor, block: tf.Tensor
    ) -> tf.Tensor:
        """The same for `block` queries at a time, so that long texts do not fill the memory with scores."""
        longest = tf.shape(queries)[3]
        num_blocks = (longest + block - 1) // block

        def add_block(index: tf.Tensor, found: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
            rows = slice(index * block, (index + 1) * block)
            own_bias = bias if bias.shape[3] == 1 else bias[:, :, :, rows]
            attended = self._attend(queries[:, :, :, rows], keys, values, own_bias, Dropout(None))
            return index + 1, found.write(index, tf.transpose(attended, [3, 0, 1, 2, 4]))

        found = tf.TensorArray(queries.dtype, num_blocks, infer_shape=False)
        _, found = tf.while_loop(lambda index, _: index < num_blocks, add_block, (0, found), parallel_iterations=1)
        # The batch has no static size, so that the shape is told again.
        joined = tf.transpose(found.concat(), [1, 2, 3, 0, 4])
        return tf.ensure_shape(joined, queries.shape)

    def _turn(self, projected: tf.Tensor, context: AttentionContext) -> tf.Tensor:
        """Norms and rotary positions, on queries and keys."""
        base = self._layer.rotary_base
        if base is None and not self.norms:
            return projected
        configuration = self._configuration
        queries, keys, values = tf.split(
            projected, [configuration.query_width, configuration.key_width, configuration.key_width], axis=-1
        )
        turned = []
        for index, part in enumerate((queries, keys)):
            heads = tf.reshape(part, [-1, part.shape[-1] // configuration.head_size, configuration.head_size])
            heads = self.norms[index](heads) if self.norms else heads
            heads = heads if base is None else rotate(heads, *context.rotations[base])
            turned.append(tf.reshape(heads, [-1, part.shape[-1]]))
        return tf.concat([*turned, values], axis=-1)
