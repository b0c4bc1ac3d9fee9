"""Networks of one table and the layers after it, and NumPy's idea of weights in eight bits."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfsiamese.encoders import ReusableParts, write_reusable_saved_model

__all__ = ["OUTPUTS", "ROWS", "TEXTS", "WIDTH", "WideNetwork", "of_eight_bits", "parts_of", "row_numbers"]

ROWS, WIDTH, OUTPUTS = 512, 12, 200
TEXTS = tf.TensorSpec([None], tf.string)


def of_eight_bits(weight: np.ndarray, axis: int) -> np.ndarray:
    """What is left of a weight after storing it as whole numbers from -127 to 127 times the largest along an axis."""
    largest = np.abs(weight).max(axis=axis, keepdims=True).astype(np.float64)
    steps = np.round(np.divide(weight * 127.0, largest, out=np.zeros(weight.shape), where=largest > 0))
    return (steps * largest / 127.0).astype(np.float32)


def row_numbers(texts: list[str]) -> np.ndarray:
    """Which rows of the table texts are."""
    return tf.strings.to_hash_bucket_fast(tf.constant(texts), ROWS).numpy()


def parts_of(network: tf.Module, encode: Callable, **prompted: Callable) -> ReusableParts:
    """The parts of an encoder on a network's variables."""
    variables = list(network.variables)
    return ReusableParts(network, encode, variables, variables, network_encodes=False, prompted=prompted)


class WideNetwork(tf.Module):
    """A row of the table for each text through a kernel that is large, and one that is not: [batch, 3]."""

    def __init__(self, seed: int = 0):
        super().__init__()
        random = np.random.default_rng(seed)
        self.table = tf.Variable(random.normal(size=[ROWS, WIDTH]), dtype=tf.float32, name="table")
        self.kernel = tf.Variable(random.normal(size=[WIDTH, OUTPUTS]), dtype=tf.float32, name="kernel")
        self.small = tf.Variable(random.normal(size=[OUTPUTS, 3]), dtype=tf.float32, name="small")

    @tf.function(input_signature=[TEXTS])
    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        rows = tf.gather(self.table, tf.strings.to_hash_bucket_fast(texts, ROWS))
        return tf.tanh(rows @ self.kernel) @ self.small

    def encode_by_numpy(self, texts: list[str], change: Callable[[np.ndarray, int], np.ndarray]) -> np.ndarray:
        """The vectors with the two large weights changed."""
        table, kernel = change(self.table.numpy(), 1), change(self.kernel.numpy(), 0)
        return np.tanh(table[row_numbers(texts)] @ kernel) @ self.small.numpy()

    def write(self, folder: Path) -> Path:
        """Writes it as a Reusable SavedModel."""
        variables = list(self.variables)
        write_reusable_saved_model(folder, ReusableParts(self, self.__call__, variables, variables))
        return folder
