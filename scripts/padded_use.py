"""The default encoder in the usual padded form: the same layers and weights on [batch, tokens] with masks."""

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_text as text

from tfsiamese.encoders.packaged_weights import read_packaged_tokenizer, read_packaged_weights
from tfsiamese.encoders.reusable import ReusableParts, write_reusable_saved_model
from tfsiamese.encoders.use_multilingual import UseMultilingual

__all__ = ["PaddedUse", "largest_difference", "write_padded"]

_WINDOWS = ((2, 0), (3, 1), (5, 2))  # order, neighbours to the left


class PaddedUse(UseMultilingual):
    """The network: strings [batch] -> unit vectors [batch, 512]. A batch takes the time of its longest text."""

    def __init__(self, weights: dict[str, np.ndarray], tokenizer_model: bytes):
        super().__init__(weights, tokenizer_model)
        self._sentence_pieces = text.SentencepieceTokenizer(tokenizer_model, add_bos=True, add_eos=True)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="texts")])
    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        """Encodes texts, strings [batch], to float32 [batch, 512] of length 1."""
        tokens = self._sentence_pieces.tokenize(texts)
        lengths = tf.cast(tokens.row_lengths(), tf.int32)
        pieces = tokens.to_tensor(0)
        mask = tf.sequence_mask(lengths, tf.shape(pieces)[1], tf.float32)[:, :, tf.newaxis]
        embedded = tf.gather(self._weights["embedding_table"], pieces) * mask
        branches = [self._padded_branch(embedded, mask, order, left) for order, left in _WINDOWS]
        hidden = self._layer_norm(tf.concat([embedded, *branches], axis=2), "pooling") * mask
        length = tf.cast(lengths, tf.float32)[:, tf.newaxis]
        weights = self._weights
        projected = tf.reduce_sum(hidden, axis=1) @ weights["pooling/kernel"] + length * weights["pooling/bias"]
        return self._dense(projected / tf.sqrt(length))

    def _padded_branch(self, embedded: tf.Tensor, mask: tf.Tensor, order: int, left: int) -> tf.Tensor:
        """Two residual layers over windows of neighbouring tokens: [batch, tokens, 512] -> [batch, tokens, 256]."""
        scope, weights = f"ngram_{order}", self._weights
        hidden = embedded @ weights[f"{scope}/projection_kernel"] + weights[f"{scope}/projection_bias"]
        hidden = self._layer_norm(hidden, scope) * mask
        for layer in (1, 2):
            kernel, bias = weights[f"{scope}/kernel_{layer}"], weights[f"{scope}/bias_{layer}"]
            hidden = (tf.nn.relu(_windows(hidden, order, left) @ kernel + bias) + hidden) * mask
        return hidden


def _windows(hidden: tf.Tensor, order: int, left: int) -> tf.Tensor:
    """Concatenates each token's neighbours, zeros outside: [batch, tokens, width] -> [batch, tokens, order · width]."""
    padded = tf.pad(hidden, [[0, 0], [left, order - 1 - left], [0, 0]])
    count = tf.shape(hidden)[1]
    return tf.concat([padded[:, start : start + count] for start in range(order)], axis=2)


def write_padded(folder: Path) -> None:
    """Writes the Reusable SavedModel of the padded form."""
    network = PaddedUse(read_packaged_weights(), read_packaged_tokenizer())
    variables = network.variables
    write_reusable_saved_model(folder, ReusableParts(network, network.__call__, variables, variables))


def largest_difference(folder: Path, encoder: Any, texts: list[str]) -> float:
    """Between the numbers of the padded form's vectors and of the encoder's."""
    model = tf.saved_model.load(str(folder))
    vectors = [model(tf.constant(texts[start : start + 64])).numpy() for start in range(0, len(texts), 64)]
    return float(np.abs(np.concatenate(vectors) - encoder.encode(texts)).max())
