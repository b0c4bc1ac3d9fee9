"""Where the tokens of a batch are: side by side without padding, and in the padded rows that attention needs.

Dense layers and norms work on [tokens, width], so that nothing is computed for padding.
"""

from typing import NamedTuple

import tensorflow as tf

__all__ = ["FlatTokens"]


class FlatTokens(NamedTuple):
    """The tokens of a batch of rows, each row with at least one.

    Attributes:
        ids: int32 [tokens].
        rows: int32 [tokens], the row that a token is in.
        positions: int32 [tokens], counted from 0 in each row.
        lengths: int32 [batch], the tokens of each row.
        places: int32 [tokens], where a token is among the flattened padded rows [batch · longest].
        padded: int32 [batch, longest], the token at each place; padding holds tokens of the rows that follow.
    """

    ids: tf.Tensor
    rows: tf.Tensor
    positions: tf.Tensor
    lengths: tf.Tensor
    places: tf.Tensor
    padded: tf.Tensor

    @classmethod
    def from_ragged(cls, ids: tf.RaggedTensor) -> "FlatTokens":
        """From token ids int32 [batch, None] without an empty row."""
        rows = tf.cast(ids.value_rowids(), tf.int32)
        starts = tf.cast(ids.row_starts(), tf.int32)
        lengths = tf.cast(ids.row_lengths(), tf.int32)
        num_tokens = tf.size(ids.flat_values)
        positions = tf.range(num_tokens) - tf.gather(starts, rows)
        longest = tf.maximum(tf.reduce_max(tf.concat([lengths, [1]], axis=0)), 1)
        padded = tf.minimum(starts[:, tf.newaxis] + tf.range(longest), num_tokens - 1)
        return cls(ids.flat_values, rows, positions, lengths, rows * longest + positions, padded)

    @property
    def is_token(self) -> tf.Tensor:
        """Bool [batch, longest], false for padding."""
        return tf.sequence_mask(self.lengths, tf.shape(self.padded)[1])

    def pad(self, values: tf.Tensor) -> tf.Tensor:
        """[tokens, n] -> [batch, longest, n]; padding holds some token's values, and takes no part in gradients."""
        places = self.places

        @tf.custom_gradient
        def pad(values: tf.Tensor) -> tuple[tf.Tensor, object]:
            def gradient(upstream: tf.Tensor) -> tf.Tensor:
                return tf.gather(tf.reshape(upstream, [-1, upstream.shape[-1]]), places)

            return tf.gather(values, self.padded), gradient

        return pad(values)

    def flatten(self, padded_values: tf.Tensor) -> tf.Tensor:
        """[batch, longest, n] -> [tokens, n]."""
        padded, is_token = self.padded, self.is_token

        @tf.custom_gradient
        def flatten(values: tf.Tensor) -> tuple[tf.Tensor, object]:
            def gradient(upstream: tf.Tensor) -> tf.Tensor:
                return tf.where(is_token[:, :, tf.newaxis], tf.gather(upstream, padded), tf.zeros([], upstream.dtype))

            return tf.gather(tf.reshape(values, [-1, values.shape[-1]]), self.places), gradient

        return flatten(padded_values)

    def start_of_row(self) -> tf.Tensor:
        """int32 [batch], each row's first token."""
        return tf.cumsum(self.lengths, exclusive=True)
