"""How weights are stored in fewer bits, and how floats are made of them again.

A table whose rows are looked up stays in its stored form in memory, and the rows of a batch are decoded. Other weights
are decoded once, when the model is loaded, so that they are as fast as before.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import tensorflow as tf

from tfsiamese.errors import ExportError

__all__ = ["PRECISIONS", "Float16", "Int8", "StoredKernel", "WeightFormat", "weight_format"]

PRECISIONS = ("float32", "float16", "int8")

_LARGEST_CODE = 127.0
_BYTES_OF_SCALE = 4


@dataclass(frozen=True)
class StoredKernel:
    """A weight as it is stored.

    Attributes:
        codes: of the shape of the weight.
        scales: what the codes are multiplied by, of a shape that broadcasts to it; None for nothing.
    """

    codes: np.ndarray
    scales: np.ndarray | None


class WeightFormat(Protocol):
    """A way to store weights."""

    stored_type: tf.DType

    def store_rows(self, table: np.ndarray, name: str) -> np.ndarray:
        """Float32 [rows, width] -> an array with as many rows, each of which can be decoded by itself."""

    def decode_rows(self, rows: tf.Tensor) -> tf.Tensor:
        """What `store_rows` made, [..., stored width] -> float32 [..., width]."""

    def store_kernel(self, kernel: np.ndarray, name: str) -> StoredKernel:
        """Float32 [..., outputs] -> what is stored of it."""


class Float16:
    """Half precision: 11 significant bits, numbers up to 65,504."""

    stored_type = tf.float16

    def store_rows(self, table: np.ndarray, name: str) -> np.ndarray:
        """See `WeightFormat`."""
        largest = np.abs(table).max(initial=0.0)
        if not largest <= np.finfo(np.float16).max:
            raise ExportError(
                f"The weight {name} has numbers up to {largest:.3g}. Expected at most 65,504, the largest of float16: "
                "export it as int8 or float32."
            )
        return table.astype(np.float16)

    def decode_rows(self, rows: tf.Tensor) -> tf.Tensor:
        """See `WeightFormat`."""
        return tf.cast(rows, tf.float32)

    def store_kernel(self, kernel: np.ndarray, name: str) -> StoredKernel:
        """See `WeightFormat`."""
        return StoredKernel(self.store_rows(kernel, name), None)


class Int8:
    """Eight bits a number, symmetric round zero, with a float32 scale for each row of a table or output of a kernel.

    A row of a table carries its scale in its last four bytes, so that one lookup finds both.
    """

    stored_type = tf.int8

    def store_rows(self, table: np.ndarray, name: str) -> np.ndarray:
        """See `WeightFormat`."""
        codes, scales = _quantize(table, name, axis=-1)
        return np.concatenate([codes, scales.view(np.int8)], axis=-1)

    def decode_rows(self, rows: tf.Tensor) -> tf.Tensor:
        """See `WeightFormat`."""
        codes, scales = rows[..., :-_BYTES_OF_SCALE], rows[..., -_BYTES_OF_SCALE:]
        return tf.cast(codes, tf.float32) * tf.bitcast(scales, tf.float32)[..., tf.newaxis]

    def store_kernel(self, kernel: np.ndarray, name: str) -> StoredKernel:
        """See `WeightFormat`."""
        return StoredKernel(*_quantize(kernel, name, axis=-2))


def weight_format(precision: str) -> WeightFormat:
    """The format of a precision that is not float32.

    Raises:
        ExportError: there is no such precision.
    """
    formats: dict[str, WeightFormat] = {"float16": Float16(), "int8": Int8()}
    if precision not in formats:
        raise ExportError(f"Unknown precision {precision!r}. Expected one of {', '.join(PRECISIONS)}.")
    return formats[precision]


def _quantize(values: np.ndarray, name: str, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes from −127 to 127, and the scales along `axis`, of size 1 there."""
    largest = np.abs(values).max(axis=axis, keepdims=True)
    if not np.isfinite(largest).all():
        raise ExportError(
            f"The weight {name} has numbers that are not finite. Train the encoder again, or export an earlier one."
        )
    scales = (largest / _LARGEST_CODE).astype(np.float32)
    codes = np.rint(values / np.where(scales > 0, scales, 1.0))
    return np.clip(codes, -_LARGEST_CODE, _LARGEST_CODE).astype(np.int8), scales
