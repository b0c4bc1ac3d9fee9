"""Raw texts to vectors: tokenizer, transformer, pooling and modules as one traceable object."""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from tfsiamese.encoders.checkpoint.modules import VectorModule
from tfsiamese.encoders.checkpoint.pooling import Pooling
from tfsiamese.encoders.tokenizers import Tokenizer
from tfsiamese.encoders.transformer import Transformer
from tfsiamese.encoders.transformer.dropout import Dropout
from tfsiamese.encoders.transformer.flat_tokens import FlatTokens

__all__ = ["CheckpointNetwork", "Encoded"]


class Encoded(NamedTuple):
    """What the network makes of a batch.

    Attributes:
        vectors: float32 [batch, dimension].
        lengths: int32 [batch], tokens of each text with special tokens, before it was cut.
    """

    vectors: tf.Tensor
    lengths: tf.Tensor


class CheckpointNetwork(tf.Module):
    """Everything of a checkpoint that computes.

    Args:
        tokenizer: cuts texts to its `max_length`.
        transformer: token ids to vectors of tokens.
        pooling: vectors of tokens to vectors of texts.
        modules: what comes after it.
        truncated_dimension: how many numbers of each vector are kept; None for all.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        transformer: Transformer,
        pooling: Pooling,
        modules: Sequence[VectorModule],
        truncated_dimension: int | None = None,
    ):
        super().__init__()
        self.tokenizer = tokenizer
        self.transformer = transformer
        self.pooling = pooling
        self.modules = list(modules)
        self._truncated_dimension = truncated_dimension

    def __call__(
        self,
        texts: tf.Tensor,
        prompt: str = "",
        skipped: int = 0,
        training: bool = False,
        seed: tf.Tensor | None = None,
    ) -> Encoded:
        """Encodes strings [batch].

        Args:
            texts: string [batch].
            prompt: stands before each text.
            skipped: how many tokens at the beginning don't take part in pooling.
            training: whether the vectors are to be differentiated.
            seed: int32 [2], of the dropout; None drops nothing.
        """
        if prompt:
            texts = tf.strings.join([prompt, texts])
        ids, lengths = self.tokenizer.tokenize(texts)
        is_empty = lengths == 0
        if self.tokenizer.num_special == 0:
            ids = _fill(ids, is_empty)
        tokens = FlatTokens.from_ragged(ids)
        states = self.transformer(tokens, Dropout(seed, training))
        vectors = self.pooling(states, tokens, skipped)
        vectors = tf.where(is_empty[:, tf.newaxis], 0.0, vectors)
        for module in self.modules:
            vectors = module(vectors)
        return Encoded(vectors[:, : self._truncated_dimension], lengths)

    def with_transformer(self, transformer: Transformer) -> "CheckpointNetwork":
        """The same network round another transformer."""
        return CheckpointNetwork(self.tokenizer, transformer, self.pooling, self.modules, self._truncated_dimension)

    @property
    def weights(self) -> dict[str, tf.Variable]:
        """All variables by name, from the embeddings up."""
        weights = dict(self.transformer.weights)
        for module in self.modules:
            weights |= module.weights
        return weights


def _fill(ids: tf.RaggedTensor, is_empty: tf.Tensor) -> tf.RaggedTensor:
    """Gives each empty row a token, whose vector is not used: every row of `FlatTokens` has one."""
    counts = tf.cast(is_empty, tf.int64)
    filler = tf.RaggedTensor.from_row_lengths(tf.zeros([tf.reduce_sum(counts)], tf.int32), counts, validate=False)
    return tf.cond(tf.reduce_any(is_empty), lambda: tf.concat([ids, filler], axis=1), lambda: ids)
