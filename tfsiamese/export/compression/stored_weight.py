"""Weights that are stored in fewer bits and decoded when the model is loaded."""

import uuid
from typing import Protocol

import numpy as np
import tensorflow as tf

from tfsiamese.export.compression.weight_formats import WeightFormat, weight_format

__all__ = ["DecodedWeight", "PlainWeight", "StoredWeight", "stored_weight"]


class StoredWeight(Protocol):
    """A weight whose value is float32, however it is stored."""

    @property
    def stored(self) -> list[tf.Variable]:
        """What is stored of it; whoever exports the weight has to track these variables and the weight."""

    def value(self) -> tf.Tensor:
        """The weight."""


def stored_weight(values: np.ndarray, precision: str, name: str) -> StoredWeight:
    """A trackable object that stands for `values`, float32 [..., outputs], stored in a precision.

    Raises:
        ExportError: the precision is unknown, or a number is out of its range.
    """
    if precision == "float32":
        return PlainWeight(values, name)
    return DecodedWeight(values, weight_format(precision), name)


class PlainWeight(tf.Module):
    """A float32 weight that is stored as it is."""

    def __init__(self, values: np.ndarray, name: str):
        super().__init__()
        self._values = tf.Variable(values, trainable=False, name=name)

    @property
    def stored(self) -> list[tf.Variable]:
        """See `StoredWeight`."""
        return [self._values]

    def value(self) -> tf.Tensor:
        """See `StoredWeight`."""
        return self._values.read_value()


class DecodedWeight(tf.saved_model.experimental.TrackableResource):
    """A float32 weight that is made of stored numbers when the model is loaded, and is not stored itself.

    Loading one export several times in a process shares it, which is harmless since it is the same, and why it is not
    destroyed with any of them.

    Args:
        values: float32 [..., outputs].
        format_: how it is stored.
        name: of the stored variables.
    """

    def __init__(self, values: np.ndarray, format_: WeightFormat, name: str):
        super().__init__()
        stored = format_.store_kernel(values, name)
        self.codes = tf.Variable(stored.codes, trainable=False, name=name)
        self.scales = (
            None if stored.scales is None else tf.Variable(stored.scales, trainable=False, name=f"{name}/scales")
        )
        self._shared_name = f"decoded_{uuid.uuid4().hex}"

    @property
    def stored(self) -> list[tf.Variable]:
        """What is stored of it."""
        return [self.codes] if self.scales is None else [self.codes, self.scales]

    def value(self) -> tf.Tensor:
        """The weight, float32."""
        value = tf.raw_ops.ReadVariableOp(resource=self.resource_handle, dtype=tf.float32)
        return tf.ensure_shape(value, self.codes.shape)

    def _create_resource(self) -> tf.Tensor:
        return tf.raw_ops.VarHandleOp(dtype=tf.float32, shape=self.codes.shape, shared_name=self._shared_name)

    def _initialize(self) -> None:
        values = tf.cast(self.codes, tf.float32)
        values = values if self.scales is None else values * self.scales
        tf.raw_ops.AssignVariableOp(resource=self.resource_handle, value=values)
