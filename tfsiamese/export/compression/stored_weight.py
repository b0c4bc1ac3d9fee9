"""Weights that are stored in fewer bits and decoded when the model is loaded."""

from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from tfsiamese.export.compression.weight_formats import WeightFormat, weight_format

__all__ = ["DecodedWeight", "PlainWeight", "StoredWeight", "stored_weight"]


class StoredWeight(Protocol):
    """A weight whose value is float32, however it is stored."""

    @property
    def tracked(self) -> list[Any]:
        """Whoever exports the weight has to track these."""

    @property
    def decoded_weights(self) -> list[tf.Variable]:
        """Variables that are made when the model is loaded, and so need not be stored."""

    def value(self) -> tf.Tensor:
        """The weight."""


def stored_weight(values: np.ndarray, precision: str, name: str) -> StoredWeight:
    """What stands for `values`, float32 [..., outputs], stored in a precision.

    Raises:
        ExportError: the precision is unknown, or a number is out of its range.
    """
    if precision == "float32":
        return PlainWeight(values, name)
    return DecodedWeight(values, weight_format(precision), name)


class PlainWeight:
    """A float32 weight that is stored as it is."""

    def __init__(self, values: np.ndarray, name: str):
        self._values = tf.Variable(values, trainable=False, name=name)

    @property
    def tracked(self) -> list[Any]:
        """See `StoredWeight`."""
        return [self._values]

    @property
    def decoded_weights(self) -> list[tf.Variable]:
        """See `StoredWeight`."""
        return []

    def value(self) -> tf.Tensor:
        """See `StoredWeight`."""
        return self._values.read_value()


class DecodedWeight(tf.saved_model.experimental.TrackableResource):
    """A float32 weight that is made of stored numbers when the model is loaded.

    The resource itself holds nothing: it is there because a loader initializes resources after it has read variables.

    Args:
        values: float32 [..., outputs].
        format_: how it is stored.
        name: of the variables.

    Attributes:
        stored: what is stored of it.
        variable: the weight.
    """

    def __init__(self, values: np.ndarray, format_: WeightFormat, name: str):
        super().__init__()
        kernel = format_.store_kernel(values, name)
        self._codes = tf.Variable(kernel.codes, trainable=False, name=name)
        self._scales = None
        if kernel.scales is not None:
            self._scales = tf.Variable(kernel.scales, trainable=False, name=f"{name}/scales")
        self.stored = [self._codes] if self._scales is None else [self._codes, self._scales]
        self.variable = tf.Variable(self._decode(), trainable=False, name=f"{name}/decoded")

    @property
    def tracked(self) -> list[Any]:
        """See `StoredWeight`."""
        return [self, self.variable, *self.stored]

    @property
    def decoded_weights(self) -> list[tf.Variable]:
        """See `StoredWeight`."""
        return [self.variable]

    def value(self) -> tf.Tensor:
        """See `StoredWeight`."""
        return self.variable.read_value()

    def _decode(self) -> tf.Tensor:
        values = tf.cast(self._codes, tf.float32)
        return values if self._scales is None else values * self._scales

    def _create_resource(self) -> tf.Tensor:
        return tf.raw_ops.VarHandleOp(dtype=tf.bool, shape=[], shared_name="tfsiamese_decoder")

    def _initialize(self) -> None:
        self.variable.assign(self._decode())
