"""The vectors that tokens begin with."""

import tensorflow as tf

from tfsiamese.encoders.transformer.configuration import TransformerConfiguration
from tfsiamese.encoders.transformer.dropout import Dropout
from tfsiamese.encoders.transformer.flat_tokens import FlatTokens
from tfsiamese.encoders.transformer.layers import Norm, Weights

__all__ = ["Embeddings"]


class Embeddings(tf.Module):
    """Words, learned positions and token types, summed, then normed.

    Args:
        weights: holds embeddings/word and, as the configuration says, embeddings/position, embeddings/type and
            embeddings/norm.
        configuration: of the transformer.
    """

    def __init__(self, weights: Weights, configuration: TransformerConfiguration):
        super().__init__()
        self._configuration = configuration
        self.word = weights.variable("embeddings/word")
        self.position = weights.variable("embeddings/position") if configuration.num_positions else None
        self.type = weights.variable("embeddings/type") if configuration.num_token_types else None
        self.norm = None
        if configuration.embedding_norm:
            self.norm = Norm(weights, "embeddings/norm", configuration.norm, configuration.norm_eps)

    def __call__(self, tokens: FlatTokens, dropout: Dropout) -> tf.Tensor:
        """Float32 [tokens, width]."""
        states = tf.gather(self.word, tokens.ids)
        if self.position is not None:
            states += tf.gather(self.position, self._position_rows(tokens))
        if self.type is not None:
            states += self.type[0]
        states = states if self.norm is None else self.norm(states)
        return dropout(states, self._configuration.embedding_dropout)

    def _position_rows(self, tokens: FlatTokens) -> tf.Tensor:
        """The row of each token's position; padding tokens in a text share one where the family gives them none."""
        offset, padding_id = self._configuration.position_offset, self._configuration.padding_id
        if padding_id is None:
            return tokens.positions + offset
        is_padding = tokens.ids == padding_id
        paddings = tf.cast(is_padding, tf.int32)
        before = tf.cumsum(paddings, exclusive=True)
        before -= tf.gather(tf.gather(before, tokens.start_of_row()), tokens.rows)
        return tf.where(is_padding, padding_id, tokens.positions - before + offset)
