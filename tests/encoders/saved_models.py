"""Small SavedModels of many kinds, as other people export them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import tensorflow as tf

__all__ = [
    "DropoutNetwork",
    "MixedNetwork",
    "WordNetwork",
    "write_dropout",
    "write_frozen",
    "write_mixed",
    "write_reusable",
    "write_signatures",
]

NUM_ROWS, DIMENSION = 64, 4
TEXTS = tf.TensorSpec([None], tf.string, name="text")


class WordNetwork(tf.Module):
    """The mean of hashed word embeddings through one dense layer; no `__call__`, so that signatures stand alone."""

    def __init__(self, seed: int = 0):
        super().__init__()
        self.table = tf.Variable(tf.random.stateless_normal([NUM_ROWS, DIMENSION], [seed, 1]), name="table")
        self.kernel = tf.Variable(tf.random.stateless_normal([DIMENSION, DIMENSION], [seed, 2]), name="kernel")

    def encode(self, texts: tf.Tensor) -> tf.Tensor:
        words = tf.strings.split(tf.strings.join(["<s>", texts], separator=" "))
        rows = tf.strings.to_hash_bucket_fast(words.flat_values, NUM_ROWS)
        return tf.math.segment_mean(tf.gather(self.table, rows), words.value_rowids()) @ self.kernel


class MixedNetwork(tf.Module):
    """Variables that training may change between others that it may not."""

    def __init__(self):
        super().__init__()
        self.a = tf.Variable(tf.ones([DIMENSION]), name="a_statistics", trainable=False)
        self.b = tf.Variable(tf.ones([DIMENSION]), name="b_kernel")
        self.c = tf.Variable(tf.ones([DIMENSION]), name="c_statistics", trainable=False)
        self.d = tf.Variable(tf.range(DIMENSION, dtype=tf.float32), name="d_kernel")

    @tf.function(input_signature=[TEXTS])
    def encode(self, texts: tf.Tensor) -> tf.Tensor:
        return tf.cast(tf.strings.length(texts), tf.float32)[:, tf.newaxis] * self.a * self.b + self.c + self.d


class DropoutNetwork(tf.Module):
    """Twelve units, of which training drops half."""

    def __init__(self):
        super().__init__()
        self.scale = tf.Variable(tf.ones([12]), name="scale")

    @tf.function
    def encode(self, texts: tf.Tensor, training: bool = False) -> tf.Tensor:
        lengths = tf.cast(tf.strings.length(texts), tf.float32)[:, tf.newaxis] * self.scale
        return tf.nn.dropout(lengths, 0.5) if training else lengths


def write_reusable(
    folder: Path,
    network: tf.Module,
    call: Callable,
    regularization_losses: Sequence[Callable] = (),
) -> Path:
    """Writes what https://www.tensorflow.org/hub/reusable_saved_models asks for, and nothing more."""
    root = tf.train.Checkpoint(network=network)
    root.__call__ = call
    root.variables = list(network.variables)
    root.trainable_variables = list(network.trainable_variables)
    root.regularization_losses = list(regularization_losses)
    tf.saved_model.save(root, str(folder))
    return folder


def write_mixed(folder: Path) -> Path:
    network = MixedNetwork()
    return write_reusable(folder, network, network.encode)


def write_dropout(folder: Path) -> Path:
    """With one trace for training and one for inference."""
    network = DropoutNetwork()
    for training in (True, False):
        network.encode.get_concrete_function(TEXTS, training=training)
    return write_reusable(folder, network, network.encode)


def write_signatures(folder: Path, functions: dict[str, Callable[[tf.Tensor], dict]], owner: tf.Module) -> Path:
    """A SavedModel that can be called through signatures only, each from one batch of strings."""
    signatures = {name: tf.function(function, input_signature=[TEXTS]) for name, function in functions.items()}
    tf.saved_model.save(owner, str(folder), signatures=signatures)
    return folder


def write_frozen(folder: Path) -> Path:
    """A signature whose weights are constants of the graph, as inference-only exports have them."""
    table = WordNetwork().table.numpy()

    def serve(text: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"embeddings": tf.gather(tf.constant(table), tf.strings.to_hash_bucket_fast(text, NUM_ROWS))}

    return write_signatures(folder, {"serving_default": serve}, tf.Module())
