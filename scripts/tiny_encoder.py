"""An encoder that costs next to nothing, so that reading the examples is what is measured."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from tfsiamese.encoders.reusable import ReusableParts, write_reusable_saved_model

__all__ = ["write_tiny_encoder"]

NUM_ROWS, WIDTH = 1024, 32


class _TinyNetwork(tf.Module):
    """The mean of hashed word embeddings: strings [batch] -> float32 [batch, 32]."""

    def __init__(self) -> None:
        super().__init__(name="tiny")
        values = np.random.default_rng(0).normal(size=[NUM_ROWS, WIDTH])
        self._table = tf.Variable(values, name="embedding_table", dtype=tf.float32)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        words = tf.strings.split(tf.strings.join(["<s>", texts], separator=" "))
        rows = tf.strings.to_hash_bucket_fast(words.flat_values, NUM_ROWS)
        total = tf.math.segment_sum(tf.gather(self._table, rows), words.value_rowids())
        return tf.ensure_shape(total / tf.cast(words.row_lengths(), tf.float32)[:, tf.newaxis], [None, WIDTH])


def write_tiny_encoder(folder: Path) -> Path:
    """Writes it as a Reusable SavedModel."""
    network = _TinyNetwork()
    write_reusable_saved_model(folder, ReusableParts(network, network.__call__, network.variables, network.variables))
    return folder
